"""WEEX's REST bodies that tell prices of now, to events. Pure; the streams tell the same sooner.

``symbolPrice`` tells one fresh price. Mark and index of ``ticker/24hr`` may be a minute old and are left out.

Source: https://www.weex.com/api-doc/contract/Market_API
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, TypeVar

import msgspec
from pydantic import Field

from core.events import AnyEvent, DayStatistics, Ticker
from core.instruments import instrument_id
from feeds.bodies import Body, NotNegative, Positive, Symbol, Whole, read_rows, rows_of
from feeds.candles import open_body
from feeds.fields import TIME_CEILING_MS
from feeds.venue import RestAnswer
from feeds.weex import facts

Milliseconds = Annotated[Whole, Field(gt=0, lt=TIME_CEILING_MS)]


class _Price(Body):
    symbol: Symbol
    price: Positive
    time_ms: Milliseconds = Field(alias="time")


class _Best(Body):
    symbol: Symbol
    bid_price: Positive = Field(alias="bidPrice")
    bid_size: NotNegative = Field(alias="bidQty")
    ask_price: Positive = Field(alias="askPrice")
    ask_size: NotNegative = Field(alias="askQty")
    time_ms: Milliseconds = Field(alias="time")


class _Day(Body):
    symbol: Symbol
    open: Positive = Field(alias="openPrice")
    high: Positive = Field(alias="highPrice")
    low: Positive = Field(alias="lowPrice")
    last: Positive = Field(alias="lastPrice")
    volume: NotNegative
    turnover: NotNegative = Field(alias="quoteVolume")
    time_ms: Milliseconds = Field(alias="closeTime")


_Row = TypeVar("_Row", bound=Body)


def rows_in(body: bytes, place: str) -> list[msgspec.Raw]:
    """The rows of an array, or a lone object as the only row. Raises DecodeError for neither."""
    lone = body.lstrip()[:1] == b"{"
    return open_body(facts.VENUE, place, b"[%b]" % body if lone else body, list[msgspec.Raw])


def _read(answer: RestAnswer, model: type[_Row], event: Callable[[RestAnswer, _Row], AnyEvent]) -> list[AnyEvent]:
    rows = rows_of(rows_in(answer.body, answer.path), None)
    good, faults = read_rows(facts.VENUE, answer.path, rows, model, answer.received_ns)
    return [*(event(answer, row) for row in good), *faults]


def _price(answer: RestAnswer, row: _Price) -> Ticker:
    """Of the index, unless the question was for the mark price."""
    mark = answer.parameters.get("priceType", "INDEX") == "MARK"
    return Ticker(
        received_ns=answer.received_ns,
        instrument=instrument_id(facts.VENUE, facts.LINEAR, row.symbol),
        channel=answer.path,
        venue_time_ns=row.time_ms * 1_000_000,
        mark_price=row.price if mark else None,
        index_price=None if mark else row.price,
    )


def _best(answer: RestAnswer, row: _Best) -> Ticker:
    return Ticker(
        received_ns=answer.received_ns,
        instrument=instrument_id(facts.VENUE, facts.LINEAR, row.symbol),
        channel=answer.path,
        venue_time_ns=row.time_ms * 1_000_000,
        bid_price=row.bid_price,
        bid_size=row.bid_size,
        ask_price=row.ask_price,
        ask_size=row.ask_size,
    )


def _day(answer: RestAnswer, row: _Day) -> DayStatistics:
    return DayStatistics(
        received_ns=answer.received_ns,
        instrument=instrument_id(facts.VENUE, facts.LINEAR, row.symbol),
        channel=answer.path,
        venue_time_ns=row.time_ms * 1_000_000,
        open_price=row.open,
        high_price=row.high,
        low_price=row.low,
        last_price=row.last,
        volume=row.volume,
        turnover=row.turnover,
    )


PATHS: Final = (facts.PRICE_PATH, facts.BEST_PATH, facts.DAY_PATH)
"""Whose bodies :func:`events` reads."""


def events(answer: RestAnswer) -> list[AnyEvent]:
    """What the body of one of :data:`PATHS` says; a FrameFault for each row that cannot be read. Raises DecodeError."""
    if answer.path == facts.PRICE_PATH:
        return _read(answer, _Price, _price)
    return _read(answer, _Best, _best) if answer.path == facts.BEST_PATH else _read(answer, _Day, _day)
