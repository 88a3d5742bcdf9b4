"""BingX's usual public websocket frames, typed: only the fields that are read.

All markets share these shapes; their order of keys, and whether numbers are texts, differ. ``bookTicker`` has prices
under lower-case letters, ``ticker`` under upper-case ones.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Mark(msgspec.Struct, frozen=True, gc=False):
    """``data`` of ``@markPrice``."""

    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    price: Decimal = msgspec.field(name="p")


class MarkFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``@markPrice``."""

    topic: str = msgspec.field(name="dataType")
    data: Mark
    code: int = 0


class Book(msgspec.Struct, frozen=True, gc=False):
    """``data`` of ``@bookTicker``."""

    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    bid_price: Decimal = msgspec.field(name="b")
    bid_size: Decimal = msgspec.field(name="B")
    ask_price: Decimal = msgspec.field(name="a")
    ask_size: Decimal = msgspec.field(name="A")


class BookFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``@bookTicker``."""

    topic: str = msgspec.field(name="dataType")
    data: Book
    code: int = 0


class Day(msgspec.Struct, frozen=True, gc=False):
    """``data`` of ``@ticker``."""

    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    last_price: Decimal = msgspec.field(name="c")
    open_price: Decimal = msgspec.field(name="o")
    high_price: Decimal = msgspec.field(name="h")
    low_price: Decimal = msgspec.field(name="l")
    volume: Decimal = msgspec.field(name="v")
    bid_price: Decimal = msgspec.field(name="B")
    bid_size: Decimal = msgspec.field(name="b")
    ask_price: Decimal = msgspec.field(name="A")
    ask_size: Decimal = msgspec.field(name="a")


class SpotDay(Day, frozen=True, gc=False):
    """The same of a spot pair, with its turnover in the quote."""

    turnover: Decimal = msgspec.field(name="q")


class InverseDay(Day, frozen=True, gc=False):
    """The same of a coin-margined contract, with its turnover in the coin."""

    turnover: Decimal = msgspec.field(name="m")


class DayFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``@ticker`` of a USDT-margined contract."""

    topic: str = msgspec.field(name="dataType")
    data: Day
    code: int = 0


class SpotDayFrame(DayFrame, frozen=True, gc=False):
    """One frame of ``@ticker`` of a spot pair."""

    data: SpotDay


class InverseDayFrame(DayFrame, frozen=True, gc=False):
    """One frame of ``@ticker`` of a coin-margined contract."""

    data: InverseDay
