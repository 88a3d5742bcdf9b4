"""Binance's rolling 24 hours and settled funding rates to events. Pure.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api/24hr-Ticker-Price-Change-Statistics
and .../Get-Funding-Rate-History
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from pydantic import AliasChoices, Field

from core.events import AnyEvent, DayStatistics, FundingSettled
from core.instruments import instrument_id
from feeds.binance import facts
from feeds.binance.products import PRODUCTS
from feeds.binance.reference import rows_in
from feeds.bodies import Body, Fraction, MaybePositive, NotNegative, Positive, Symbol, Whole, read_rows, rows_of
from feeds.fields import TIME_CEILING_MS

_MINUTE_MS = 60_000


class _Day(Body):
    """COIN-M counts ``volume`` in contracts, and has what was turned over in coins."""

    symbol: Symbol
    open: Positive = Field(alias="openPrice")
    high: Positive = Field(alias="highPrice")
    low: Positive = Field(alias="lowPrice")
    last: Positive = Field(alias="lastPrice")
    volume: NotNegative
    turnover: NotNegative = Field(validation_alias=AliasChoices("quoteVolume", "baseVolume"))
    close_ms: Whole = Field(alias="closeTime", gt=0, lt=TIME_CEILING_MS)


class _Settled(Body):
    symbol: Symbol
    rate: Fraction = Field(alias="fundingRate")
    time_ms: Whole = Field(alias="fundingTime", gt=0, lt=TIME_CEILING_MS)
    mark: MaybePositive = Field(alias="markPrice", default=None)
    kind: str = Field(alias="rateType", default="Regular")


def day(market: str, body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The statistics of a ``ticker/24hr`` body: a lone object or an array. Raises DecodeError for neither."""
    place = PRODUCTS[market].path("ticker/24hr")
    rows, faults = read_rows(facts.VENUE, place, rows_of(rows_in(body, place), wanted), _Day, received_ns)
    told: list[AnyEvent] = [
        DayStatistics(
            received_ns=received_ns,
            instrument=instrument_id(facts.VENUE, market, row.symbol),
            channel=place,
            venue_time_ns=row.close_ms * 1_000_000,
            open_price=row.open,
            high_price=row.high,
            low_price=row.low,
            last_price=row.last,
            volume=row.volume,
            turnover=row.turnover,
        )
        for row in rows
    ]
    return told + faults


def settled(market: str, body: bytes, received_ns: int) -> list[AnyEvent]:
    """The settled rates of a ``fundingRate`` body, oldest first.

    Rates of the type "Special" are dividends of stock contracts: no part of the periodic funding, and left out. The
    venue's stamps lie some milliseconds past the full minute. Raises DecodeError for a body that is no list.
    """
    place = PRODUCTS[market].path("fundingRate")
    rows, faults = read_rows(facts.VENUE, place, rows_of(rows_in(body, place), None), _Settled, received_ns)
    told: list[AnyEvent] = [
        FundingSettled(
            received_ns=received_ns,
            instrument=instrument_id(facts.VENUE, market, row.symbol),
            rate=row.rate,
            settled_ns=settlement_ms(row.time_ms) * 1_000_000,
            mark_price=row.mark,
        )
        for row in sorted(rows, key=lambda row: row.time_ms)
        if row.kind != "Special"
    ]
    return told + faults


def settlement_ms(stamp_ms: int) -> int:
    """The full minute that a stamp of a settlement means."""
    return (stamp_ms + _MINUTE_MS // 2) // _MINUTE_MS * _MINUTE_MS


def rates_by_time(events: Collection[AnyEvent]) -> dict[tuple[str, int], tuple[Decimal, Decimal | None]]:
    """Rate and mark price of each settlement among the events, by instrument and time (ns)."""
    return {
        (event.instrument, event.settled_ns): (event.rate, event.mark_price)
        for event in events
        if isinstance(event, FundingSettled)
    }
