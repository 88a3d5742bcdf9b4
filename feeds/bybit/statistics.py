"""Bybit's REST tickers and settled funding rates to events. Pure.

Source: https://bybit-exchange.github.io/docs/v5/market/tickers and …/v5/market/history-fund-rate
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec
from pydantic import Field

from core.events import AnyEvent, DayStatistics, FundingSettled, Ticker
from core.instruments import instrument_id
from feeds.bodies import Body, Fraction, MaybeFraction, Symbol, read_rows, rows_of
from feeds.bybit import facts
from feeds.bybit.numbers import MaybeMilliseconds, MaybePrice, MaybeSize, Milliseconds
from feeds.bybit.state import is_dated

_NS: Final = 1_000_000


class _TickerRow(Body):
    """One instrument: linear volumes are in coins and quote, inverse ones in dollars and coins. ``fundingRate`` is the
    estimate for the running interval; a dated contract has none, and writes ``nextFundingTime`` "0"."""

    symbol: Symbol
    last: MaybePrice = Field(alias="lastPrice", default=None)
    mark: MaybePrice = Field(alias="markPrice", default=None)
    index: MaybePrice = Field(alias="indexPrice", default=None)
    bid: MaybePrice = Field(alias="bid1Price", default=None)
    bid_size: MaybeSize = Field(alias="bid1Size", default=None)
    ask: MaybePrice = Field(alias="ask1Price", default=None)
    ask_size: MaybeSize = Field(alias="ask1Size", default=None)
    funding_rate: MaybeFraction = Field(alias="fundingRate", default=None)
    next_funding_ms: MaybeMilliseconds = Field(alias="nextFundingTime", default=0)
    funding_hours: MaybeMilliseconds = Field(alias="fundingIntervalHour", default=0, le=168)
    open: MaybePrice = Field(alias="prevPrice24h", default=None)
    high: MaybePrice = Field(alias="highPrice24h", default=None)
    low: MaybePrice = Field(alias="lowPrice24h", default=None)
    volume: MaybeSize = Field(alias="volume24h", default=None)
    turnover: MaybeSize = Field(alias="turnover24h", default=None)


class _SettledRow(Body):
    symbol: Symbol
    rate: Fraction = Field(alias="fundingRate")
    time_ms: Milliseconds = Field(alias="fundingRateTimestamp")


def days(
    market: str, raws: Iterable[msgspec.Raw], wanted: Collection[str] | None, time_ns: int | None, received_ns: int
) -> list[AnyEvent]:
    """The last 24 hours of each instrument in rows of ``tickers``, and faults."""
    rows, faults = _read(raws, wanted, received_ns)
    told: list[AnyEvent] = [
        DayStatistics(
            received_ns=received_ns,
            instrument=instrument_id(facts.VENUE, market, row.symbol),
            channel=facts.TICKERS_PATH,
            venue_time_ns=time_ns,
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


def prices(market: str, raws: Iterable[msgspec.Raw], time_ns: int | None, received_ns: int) -> list[AnyEvent]:
    """What stands now of each instrument in rows of ``tickers``."""
    return [_ticker(market, row, time_ns, received_ns) for row in _read(raws, None, received_ns)[0]]


def _ticker(market: str, row: _TickerRow, time_ns: int | None, received_ns: int) -> Ticker:
    perpetual = market != facts.SPOT and not is_dated(market, row.symbol)
    return Ticker(
        received_ns=received_ns,
        instrument=instrument_id(facts.VENUE, market, row.symbol),
        channel=facts.TICKERS_PATH,
        venue_time_ns=time_ns,
        mark_price=row.mark,
        index_price=row.index,
        last_price=row.last,
        bid_price=row.bid,
        bid_size=row.bid_size if row.bid else None,
        ask_price=row.ask,
        ask_size=row.ask_size if row.ask else None,
        funding_rate=row.funding_rate if perpetual else None,
        next_funding_time_ns=row.next_funding_ms * _NS or None if perpetual else None,
        funding_interval_hours=row.funding_hours or None if perpetual else None,
    )


def settled(market: str, raws: Iterable[msgspec.Raw], received_ns: int) -> list[AnyEvent]:
    """The settled rates in rows of ``funding/history``, oldest first, and faults."""
    rows, faults = read_rows(facts.VENUE, facts.SETTLED_PATH, rows_of(raws, None), _SettledRow, received_ns)
    told: list[AnyEvent] = [
        FundingSettled(
            received_ns=received_ns,
            instrument=instrument_id(facts.VENUE, market, row.symbol),
            rate=row.rate,
            settled_ns=row.time_ms * _NS,
        )
        for row in sorted(rows, key=lambda row: row.time_ms)
    ]
    return told + faults


def _read(
    raws: Iterable[msgspec.Raw], wanted: Collection[str] | None, received_ns: int
) -> tuple[list[_TickerRow], list[AnyEvent]]:
    return read_rows(facts.VENUE, facts.TICKERS_PATH, rows_of(raws, wanted), _TickerRow, received_ns)
