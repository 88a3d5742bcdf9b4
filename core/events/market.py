"""What venues say of their instruments: prices, the day, funding, terms and history."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.events.base import Event
from core.instruments import Instrument, TierTable


class Ticker(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="ticker"):
    """What a venue says of one instrument now; every field present was affirmed by this frame.

    Where a venue sends sparse deltas the adapter merges them, so a field is present if the venue vouches for it
    at this moment, changed or not. Prices in quote per coin, sizes in the venue's quantity unit.
    ``funding_rate`` is the estimate for the running interval, a fraction, positive when longs pay shorts,
    charged at ``next_funding_time_ns``; ``funding_interval_hours`` is that contract's own interval.
    """

    instrument: str
    channel: str
    venue_time_ns: int | None = None
    mark_price: Decimal | None = None
    index_price: Decimal | None = None
    last_price: Decimal | None = None
    bid_price: Decimal | None = None
    bid_size: Decimal | None = None
    ask_price: Decimal | None = None
    ask_size: Decimal | None = None
    funding_rate: Decimal | None = None
    next_funding_time_ns: int | None = None
    funding_interval_hours: int | None = None


class DayStatistics(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="day"):
    """What a venue says of the last 24 hours of one instrument (its own rolling window).

    Prices in quote per coin; ``volume`` in the venue's quantity unit and ``turnover`` in quote (linear, spot) or in the
    coin (inverse), where the venue tells them so.
    """

    instrument: str
    channel: str
    venue_time_ns: int | None = None
    open_price: Decimal | None = None
    high_price: Decimal | None = None
    low_price: Decimal | None = None
    last_price: Decimal | None = None
    volume: Decimal | None = None
    turnover: Decimal | None = None


class FundingSettled(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="settled"):
    """The funding rate that was charged at ``settled_ns``: past, and never the estimate for the running interval.

    ``rate`` is a fraction of notional for that interval, positive when longs pay shorts.
    """

    instrument: str
    rate: Decimal
    settled_ns: int
    mark_price: Decimal | None = None
    interval_hours: int | None = None


class InstrumentListed(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="instrument"):
    """An instrument's description, new or changed."""

    instrument: Instrument


class TiersLoaded(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="tiers"):
    """A maintenance-margin table, new or changed."""

    table: TierTable


class CandlePrice(StrEnum):
    """Which price candles are of: a contract's mark price, its index price, its trades (where the venue keeps neither
    of the others), or the trades of a spot pair."""

    MARK = "mark"
    INDEX = "index"
    LAST = "last"
    SPOT = "spot"


class Candle(msgspec.Struct, frozen=True, gc=False):
    """First, highest, lowest and last price of one interval that begins at ``start_ns``, in quote per coin."""

    start_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class CandlesLoaded(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="candles"):
    """A stretch of price history as its venue keeps it: closed candles only, oldest first.

    ``interval_ns`` is the length of each. Loads overlap: of two candles of one interval the later one counts.
    """

    instrument: str
    price: CandlePrice
    interval_ns: int
    candles: tuple[Candle, ...]
