"""What venues tell of an instrument's last 24 hours and of its last settled funding: past facts, kept apart from the
quotes and from the funding rate that is still to be charged."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from core.books import Ages
from core.events import DayStatistics, FundingSettled
from core.figures import Figure, Freshness, unknown
from core.freshness import by_age, nanoseconds

DAY_AGES_NS = nanoseconds(Ages(late=180, stale=600, unknown=3600))
"""Venues are asked once a minute."""

SETTLED_AGES_NS = nanoseconds(Ages(late=9 * 3600, stale=25 * 3600, unknown=8 * 24 * 3600))
"""By the age of the settlement itself: the longest interval is a day."""


class PastShown(msgspec.Struct, frozen=True, gc=False):
    """Figures of one instrument's past, the same object until one of them is another."""

    settled_rate: Figure
    settled_ns: Figure
    day_open: Figure
    day_high: Figure
    day_low: Figure
    day_volume: Figure
    day_turnover: Figure


class MarketDay:
    """The newest of each, by instrument."""

    def __init__(self) -> None:
        self._days: dict[str, DayStatistics] = {}
        self._settled: dict[str, FundingSettled] = {}
        self._shown: dict[str, tuple[tuple[object, ...], PastShown]] = {}

    def day(self, event: DayStatistics) -> None:
        """Take in the statistics of an instrument; what this event does not say is not known of this day."""
        self._days[event.instrument] = event

    def settled(self, event: FundingSettled) -> None:
        """Take in a settled rate, unless a later settlement is known."""
        held = self._settled.get(event.instrument)
        if held is None or event.settled_ns >= held.settled_ns:
            self._settled[event.instrument] = event

    def shown(self, instrument: str, now_ns: int) -> PastShown:
        """The figures at ``now_ns``."""
        day, settled = self._days.get(instrument), self._settled.get(instrument)
        aged = None if day is None else by_age(now_ns - day.received_ns, DAY_AGES_NS)
        settled_aged = None if settled is None else by_age(now_ns - settled.settled_ns, SETTLED_AGES_NS)
        made_of = (day, settled, aged, settled_aged)
        kept = self._shown.get(instrument)
        if kept is None or not all(one is other for one, other in zip(kept[0], made_of, strict=True)):
            kept = (made_of, _past(instrument, day, settled, aged, settled_aged))
            self._shown[instrument] = kept
        return kept[1]


def _past(
    instrument: str,
    day: DayStatistics | None,
    settled: FundingSettled | None,
    aged: Freshness | None,
    settled_aged: Freshness | None,
) -> PastShown:
    def of_day(read: Callable[[DayStatistics], Decimal | None], what: str) -> Figure:
        value = None if day is None else read(day)
        if day is None or value is None or aged is None or aged is Freshness.UNKNOWN:
            return unknown(f"{what} of {instrument}")
        return Figure(value=value, freshness=aged, observed_ns=day.received_ns)

    def of_settlement(read: Callable[[FundingSettled], Decimal]) -> Figure:
        if settled is None or settled_aged is None or settled_aged is Freshness.UNKNOWN:
            return unknown(f"settled funding rate of {instrument}")
        return Figure(value=read(settled), freshness=settled_aged, observed_ns=settled.received_ns)

    return PastShown(
        settled_rate=of_settlement(lambda event: event.rate),
        settled_ns=of_settlement(lambda event: Decimal(event.settled_ns)),
        day_open=of_day(lambda event: event.open_price, "24 h open"),
        day_high=of_day(lambda event: event.high_price, "24 h high"),
        day_low=of_day(lambda event: event.low_price, "24 h low"),
        day_volume=of_day(lambda event: event.volume, "24 h volume"),
        day_turnover=of_day(lambda event: event.turnover, "24 h turnover"),
    )
