"""When an exchange is open: weekly sessions in its own time zone, the breaks within them, and its holidays.

Sessions are wall-clock times of the exchange and follow its clock changes: a session that opens on Sunday at 17:00 in
Chicago opens an hour earlier, by UTC, in summer. A wall time that a clock change skips counts as the same stretch
later; one that comes twice counts when it comes first. Times in and out are ns since the epoch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from core.errors import RequestError

SECOND_NS = 1_000_000_000
DAY_MINUTES, WEEK_MINUTES = 24 * 60, 7 * 24 * 60
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HORIZON_WEEKS = 60
"""How far ahead an opening or a closing is looked for: more than a year of holidays is no market."""

_TIME = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01][0-9]|2[0-3]):([0-5][0-9])"
_SPAN = re.compile(rf"{_TIME} - {_TIME}")


class WeeklySpan(NamedTuple):
    """A stretch of every week, in minutes of wall time since Monday 00:00; ``end`` may lie in the week after."""

    start: int
    end: int


class TradingHours(msgspec.Struct, frozen=True, kw_only=True):
    """``zone`` is an IANA name; ``holidays`` are calendar days there on which the market is closed all day."""

    zone: str
    sessions: tuple[WeeklySpan, ...]
    breaks: tuple[WeeklySpan, ...] = ()
    holidays: tuple[date, ...] = ()


def parse_span(text: str) -> WeeklySpan:
    """A span such as ``Sun 17:00 - Fri 16:00``; the same time twice is the whole week. Raises RequestError."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise RequestError("span", 'a span of the week such as "Sun 17:00 - Fri 16:00"', repr(text))
    start, end = _minutes(*match.groups()[:3]), _minutes(*match.groups()[3:])
    return WeeklySpan(start, end if end > start else end + WEEK_MINUTES)


def _minutes(day: str, hour: str, minute: str) -> int:
    return DAYS.index(day) * DAY_MINUTES + int(hour) * 60 + int(minute)


def is_open(hours: TradingHours, time_ns: int) -> bool:
    """Whether the market trades at this moment: it does at the instant of opening and not at that of closing."""
    return any(start <= time_ns < end for start, end in _open_spans(hours, _monday(hours, time_ns)))


def next_open(hours: TradingHours, time_ns: int) -> int | None:
    """The next moment after ``time_ns`` at which the market turns open; ``None`` where it does not within a year."""
    return next((start for start, _ in _following(hours, time_ns) if start > time_ns), None)


def next_close(hours: TradingHours, time_ns: int) -> int | None:
    """The next moment after ``time_ns`` at which it turns closed; ``None`` where it does not within a year."""
    return next((end for _, end in _following(hours, time_ns) if end is not None and end > time_ns), None)


def open_ns(hours: TradingHours, start_ns: int, end_ns: int, at_most: int) -> int:
    """For how long the market was open between two moments, in ns, counted no further than ``at_most``.

    A span longer than is looked ahead for an opening counts as ``at_most``.
    """
    monday, total = _monday(hours, start_ns), 0
    for _ in range(HORIZON_WEEKS):
        following = monday + timedelta(weeks=1)
        low, high = _instant(hours.zone, monday, 0), _instant(hours.zone, following, 0)
        for start, end in _open_spans(hours, monday):
            total += max(0, min(end, end_ns, high) - max(start, start_ns, low))
        if total >= at_most or high >= end_ns:
            return min(total, at_most)
        monday = following
    return at_most


def _following(hours: TradingHours, time_ns: int) -> Iterator[tuple[int, int | None]]:
    """Open stretches from around ``time_ns`` on, those that touch joined; one that goes on to the horizon has no end
    that is known."""
    monday = _monday(hours, time_ns)
    held: tuple[int, int] | None = None
    for week in range(HORIZON_WEEKS):
        for start, end in _open_spans(hours, monday + timedelta(weeks=week)):
            if held is None:
                held = (start, end)
            elif start <= held[1]:
                held = (held[0], max(held[1], end))
            else:
                yield held
                held = (start, end)
    if held is not None:
        horizon = _instant(hours.zone, monday + timedelta(weeks=HORIZON_WEEKS - 1), 0)
        yield held[0], held[1] if held[1] < horizon else None


@lru_cache(maxsize=256)
def _open_spans(hours: TradingHours, monday: date) -> tuple[tuple[int, int], ...]:
    """Open stretches of the weeks before, of and after ``monday``, by instant, joined and less breaks and holidays."""
    weeks = [monday + timedelta(weeks=shift) for shift in (-1, 0, 1)]
    sessions = sorted(_placed(hours.zone, week, span) for week in weeks for span in hours.sessions)
    closed = [_placed(hours.zone, week, span) for week in weeks for span in hours.breaks]
    closed += [_placed(hours.zone, day, WeeklySpan(0, DAY_MINUTES)) for day in hours.holidays]
    return tuple(_without(_joined(sessions), sorted(closed)))


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found


def _without(spans: list[tuple[int, int]], closed: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in spans:
        at = start
        for gap_start, gap_end in closed:
            if gap_end <= at or gap_start >= end:
                continue
            if gap_start > at:
                yield at, gap_start
            at = max(at, gap_end)
        if at < end:
            yield at, end


def _placed(zone: str, day: date, span: WeeklySpan) -> tuple[int, int]:
    return _instant(zone, day, span.start), _instant(zone, day, span.end)


def _instant(zone: str, day: date, minutes: int) -> int:
    """The moment at which the zone's clocks first show so many minutes after the start of ``day``."""
    wall = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) + timedelta(minutes=minutes)
    return int(wall.timestamp()) * SECOND_NS


def _monday(hours: TradingHours, time_ns: int) -> date:
    today = local_date(hours.zone, time_ns)
    return today - timedelta(days=today.weekday())


def local_date(zone: str, time_ns: int) -> date:
    """The calendar day in a zone."""
    return datetime.fromtimestamp(time_ns // SECOND_NS, UTC).astimezone(ZoneInfo(zone)).date()
