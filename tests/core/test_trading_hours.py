"""Sessions, breaks, holidays and clock changes of an exchange."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.trading_hours import TradingHours, WeeklySpan, is_open, next_close, next_open, parse_span

CHICAGO = TradingHours(
    zone="America/Chicago",
    sessions=(parse_span("Sun 17:00 - Fri 16:00"),),
    breaks=tuple(parse_span(f"{day} 16:00 - {day} 17:00") for day in ("Mon", "Tue", "Wed", "Thu")),
    holidays=(date(2026, 12, 25),),
)
ALWAYS = TradingHours(zone="UTC", sessions=(parse_span("Mon 00:00 - Mon 00:00"),))


def local(text: str, zone: str = "America/Chicago") -> int:
    """A wall time of the exchange, in ns."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 10**9


def utc(text: str) -> int:
    return local(text, "UTC")


def said(time_ns: int | None) -> str:
    assert time_ns is not None
    return datetime.fromtimestamp(time_ns / 10**9, UTC).isoformat()[:16]


@pytest.mark.parametrize(
    ("when", "opened"),
    [
        ("2026-11-22T16:59:59", False),  # Sunday, before the week opens
        ("2026-11-22T17:00:00", True),
        ("2026-11-23T15:59:59", True),
        ("2026-11-23T16:00:00", False),  # Monday's break
        ("2026-11-23T16:59:59", False),
        ("2026-11-23T17:00:00", True),
        ("2026-11-27T15:59:59", True),
        ("2026-11-27T16:00:00", False),  # Friday's close
        ("2026-11-28T12:00:00", False),  # Saturday
        ("2026-12-24T23:59:59", True),
        ("2026-12-25T00:00:00", False),  # Christmas, a Friday
        ("2026-12-25T12:00:00", False),
    ],
)
def test_a_market_is_open_in_its_sessions_only(when: str, opened: bool) -> None:
    assert is_open(CHICAGO, local(when)) is opened


def test_sessions_follow_the_clocks_of_their_zone() -> None:
    """Chicago is six hours behind UTC in winter and five in summer: from 8 March 2026 Sunday opens at 22:00 UTC."""
    assert said(next_open(CHICAGO, local("2026-02-28T12:00"))) == "2026-03-01T23:00"
    assert said(next_open(CHICAGO, local("2026-03-07T12:00"))) == "2026-03-08T22:00"
    assert said(next_open(CHICAGO, local("2026-10-31T12:00"))) == "2026-11-01T23:00"


def test_the_next_opening_and_closing_are_those_after_now() -> None:
    monday = local("2026-11-23T12:00")
    assert said(next_close(CHICAGO, monday)) == "2026-11-23T22:00"
    assert said(next_open(CHICAGO, monday)) == "2026-11-23T23:00"
    at_close = local("2026-11-23T16:00")
    assert said(next_close(CHICAGO, at_close)) == "2026-11-24T22:00"
    assert said(next_open(CHICAGO, local("2026-11-23T17:00"))) == "2026-11-24T23:00"


def test_a_holiday_moves_the_close_forward_and_the_opening_back() -> None:
    eve = local("2026-12-24T20:00")
    assert said(next_close(CHICAGO, eve)) == "2026-12-25T06:00"
    assert said(next_open(CHICAGO, eve)) == "2026-12-27T23:00"


def test_a_market_that_never_closes_has_no_next_close() -> None:
    assert is_open(ALWAYS, utc("2026-11-25T03:00"))
    assert next_close(ALWAYS, utc("2026-11-25T03:00")) is None
    assert next_open(ALWAYS, utc("2026-11-25T03:00")) is None


def test_sessions_that_touch_are_one() -> None:
    """Monday and Tuesday trade without a pause between them, over the start of a break that is none."""
    days = TradingHours(zone="UTC", sessions=(parse_span("Mon 08:00 - Tue 00:00"), parse_span("Tue 00:00 - Tue 20:00")))
    assert said(next_close(days, utc("2026-11-23T12:00"))) == "2026-11-24T20:00"
    assert said(next_open(days, utc("2026-11-23T12:00"))) == "2026-11-30T08:00"


@pytest.mark.parametrize(
    "spans", [("Mon 08:00 - Mon 18:00", "Mon 12:00 - Mon 20:00"), ("Mon 08:00 - Mon 20:00", "Mon 10:00 - Mon 12:00")]
)
def test_sessions_that_overlap_are_open_until_the_last_of_them_ends(spans: tuple[str, ...]) -> None:
    hours = TradingHours(zone="UTC", sessions=tuple(map(parse_span, spans)))
    assert said(next_close(hours, utc("2026-11-23T11:00"))) == "2026-11-23T20:00"
    assert said(next_open(hours, utc("2026-11-23T11:00"))) == "2026-11-30T08:00"
    assert is_open(hours, utc("2026-11-23T19:59"))


def test_a_market_that_never_closes_but_for_a_holiday_closes_for_that_alone() -> None:
    holiday = msgspec.structs.replace(ALWAYS, holidays=(date(2026, 12, 25),))
    assert said(next_close(holiday, utc("2026-11-25T03:00"))) == "2026-12-25T00:00"
    assert said(next_open(holiday, utc("2026-11-25T03:00"))) == "2026-12-26T00:00"
    assert next_close(holiday, utc("2026-12-26T00:00")) is None


def test_a_break_at_the_end_of_a_session_ends_it() -> None:
    early = TradingHours(
        zone="UTC", sessions=(parse_span("Mon 08:00 - Mon 20:00"),), breaks=(parse_span("Mon 18:00 - Mon 20:00"),)
    )
    assert said(next_close(early, utc("2026-11-23T12:00"))) == "2026-11-23T18:00"
    assert said(next_open(early, utc("2026-11-23T12:00"))) == "2026-11-30T08:00"


def test_a_market_without_sessions_never_opens() -> None:
    never = msgspec.structs.replace(ALWAYS, sessions=())
    assert not is_open(never, utc("2026-11-25T03:00"))
    assert next_open(never, utc("2026-11-25T03:00")) is None


def test_a_session_over_the_end_of_the_week_is_open_on_both_sides() -> None:
    overnight = TradingHours(zone="Europe/London", sessions=(parse_span("Sun 22:00 - Mon 02:00"),))
    assert is_open(overnight, local("2026-11-22T23:00", "Europe/London"))
    assert is_open(overnight, local("2026-11-23T01:59", "Europe/London"))
    assert not is_open(overnight, local("2026-11-23T02:00", "Europe/London"))


def test_wall_times_that_a_clock_change_skips_or_repeats_are_told_apart() -> None:
    """London, 29 March 2026: 01:00 becomes 02:00, so a session from 01:30 opens at 02:30. 25 October: 01:30 comes
    twice, and the session opens the first time and is not closed by the second."""
    night = TradingHours(zone="Europe/London", sessions=(parse_span("Sun 01:30 - Sun 03:00"),))
    assert said(next_open(night, utc("2026-03-28T12:00"))) == "2026-03-29T01:30"
    assert said(next_close(night, utc("2026-03-28T12:00"))) == "2026-03-29T02:00"
    assert said(next_open(night, utc("2026-10-24T12:00"))) == "2026-10-25T00:30"
    assert is_open(night, utc("2026-10-25T01:10")), "01:10 for the second time"
    assert said(next_close(night, utc("2026-10-25T00:40"))) == "2026-10-25T03:00"


@given(st.integers(0, 3 * 365 * 24 * 60))
def test_the_market_turns_where_it_is_said_to(minutes: int) -> None:
    """Just before the next opening it is closed and at it open; just before the next closing open and at it closed."""
    now = utc("2025-01-01T00:00") + minutes * 60 * 10**9
    opening, closing = next_open(CHICAGO, now), next_close(CHICAGO, now)
    assert opening is not None
    assert closing is not None
    assert (is_open(CHICAGO, opening - 1), is_open(CHICAGO, opening)) == (False, True)
    assert (is_open(CHICAGO, closing - 1), is_open(CHICAGO, closing)) == (True, False)
    assert is_open(CHICAGO, now) == (closing < opening)


@given(st.integers(0, 3 * 365 * 1440))
def test_a_zone_without_clock_changes_agrees_with_plain_minutes(passed: int) -> None:
    hours = TradingHours(
        zone="UTC", sessions=(parse_span("Tue 08:00 - Wed 01:30"), parse_span("Fri 20:00 - Mon 04:00"))
    )
    minute = passed % (7 * 1440)
    inside = 1440 + 480 <= minute < 2 * 1440 + 90 or minute >= 4 * 1440 + 1200 or minute < 240
    assert is_open(hours, utc("2025-01-06T00:00") + passed * 60 * 10**9) == inside, "2025-01-06 is a Monday"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sun 17:00",
        "Sun 17:00-Fri 16:00",
        "Sunday 17:00 - Fri 16:00",
        "Sun 24:00 - Mon 01:00",
        "Sun 7:00 - Mon 01:00",
    ],
)
def test_a_span_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="a span of the week"):
        parse_span(text)


def test_a_span_counts_from_monday() -> None:
    assert parse_span("Mon 00:00 - Mon 00:01") == WeeklySpan(0, 1)
    assert parse_span("Sun 23:59 - Mon 00:00") == WeeklySpan(7 * 1440 - 1, 7 * 1440)
    assert parse_span("Wed 12:00 - Wed 12:00") == WeeklySpan(3600, 3600 + 7 * 1440)
