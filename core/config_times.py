"""What days, moments and weekly hours in the configuration file may be: rules like those of ``core.config_rules``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.config_rules import Rule
from core.errors import RequestError
from core.trading_hours import WeeklySpan, parse_span

_YEARS = range(2000, 2100)


def _day(value: object) -> date | None:
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return value if isinstance(value, date) and is_day and value.year in _YEARS else None


@dataclass(frozen=True)
class Day(Rule):
    """A calendar day."""

    @property
    def expected(self) -> str:
        return "a day such as 2026-12-25"

    def check(self, value: object) -> date:
        day = _day(value)
        if day is None:
            raise self.refuse()
        return day


@dataclass(frozen=True)
class Days(Rule):
    """A list of calendar days, none twice."""

    @property
    def expected(self) -> str:
        return "a list of days such as [2026-12-25], none of them twice"

    def check(self, value: object) -> tuple[date, ...]:
        if not isinstance(value, list):
            raise self.refuse()
        days = tuple(day for day in map(_day, value) if day is not None)
        if len(days) != len(value) or len(set(days)) != len(days):
            raise self.refuse()
        return days


@dataclass(frozen=True)
class Moment(Rule):
    """An instant: a date and time that says its offset from UTC."""

    @property
    def expected(self) -> str:
        return "a date and time with its offset, such as 2026-12-25T16:00:00Z"

    def check(self, value: object) -> datetime:
        if not isinstance(value, datetime) or value.utcoffset() is None or value.year not in _YEARS:
            raise self.refuse()
        return value


@dataclass(frozen=True)
class Spans(Rule):
    """A list of stretches of the week."""

    least: int = 0

    @property
    def expected(self) -> str:
        some = "of at least one span" if self.least else "of spans"
        return f'a list {some} of the week such as ["Sun 17:00 - Fri 16:00"]'

    @staticmethod
    def read(text: str) -> WeeklySpan:
        """A span that the rule has let through."""
        return parse_span(text)

    def check(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) < self.least:
            raise self.refuse()
        spans = tuple(text for text in value if isinstance(text, str))
        try:
            for text in spans:
                parse_span(text)
        except RequestError:
            raise self.refuse() from None
        if len(spans) != len(value):
            raise self.refuse()
        return spans
