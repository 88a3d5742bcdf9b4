"""The figures of the last 24 hours in a ticker whose typed row has them all, for venues that tell them so."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from core.events import DayStatistics, Ticker
from feeds.fields import PRICE_CEILING, PRICE_FLOOR, sound_size


class DayRow(Protocol):
    """Prices in quote per coin; volume in the venue's quantity unit, turnover in quote (linear) or coins (inverse)."""

    @property
    def open_price(self) -> Decimal: ...
    @property
    def high_price(self) -> Decimal: ...
    @property
    def low_price(self) -> Decimal: ...
    @property
    def volume(self) -> Decimal: ...
    @property
    def turnover(self) -> Decimal: ...


def usual_day(ticker: Ticker, row: DayRow, *, has_turnover: bool = True) -> DayStatistics | None:
    """The statistics of a row in which all is as usual; ``None`` for any other.

    ``has_turnover`` is false where what the venue calls so is none.
    """
    if not (
        PRICE_FLOOR < row.open_price < PRICE_CEILING
        and PRICE_FLOOR < row.high_price < PRICE_CEILING
        and PRICE_FLOOR < row.low_price < PRICE_CEILING
        and sound_size(row.volume)
        and sound_size(row.turnover)
    ):
        return None
    return DayStatistics(
        received_ns=ticker.received_ns,
        instrument=ticker.instrument,
        channel=ticker.channel,
        venue_time_ns=ticker.venue_time_ns,
        open_price=row.open_price,
        high_price=row.high_price,
        low_price=row.low_price,
        last_price=ticker.last_price,
        volume=row.volume,
        turnover=row.turnover if has_turnover else None,
    )
