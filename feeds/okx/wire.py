"""OKX's public websocket frames, typed: only the fields that are read.

A frame says in ``arg`` what it is about, and has one row. Stamps are milliseconds in a text: the decoders are not
strict, so as to read that as a number.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A row of ``mark-price``."""

    instrument: str = msgspec.field(name="instId")
    price: Decimal = msgspec.field(name="markPx")
    ts: int


class Index(msgspec.Struct, frozen=True, gc=False):
    """A row of ``index-tickers``; the instrument is the index."""

    instrument: str = msgspec.field(name="instId")
    price: Decimal = msgspec.field(name="idxPx")
    ts: int


class Book(msgspec.Struct, frozen=True, gc=False):
    """A row of ``bbo-tbt``: a level of each side, of price, size, a number of no meaning, and how many orders."""

    asks: tuple[tuple[str, str, str, str]]
    bids: tuple[tuple[str, str, str, str]]
    ts: int


class MarkSubject(msgspec.Struct, frozen=True, gc=False):
    """``arg`` of ``mark-price``."""

    channel: Literal["mark-price"]
    instrument: str = msgspec.field(name="instId")


class MarkFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``mark-price``."""

    subject: MarkSubject = msgspec.field(name="arg")
    data: tuple[Mark]


class IndexSubject(msgspec.Struct, frozen=True, gc=False):
    """``arg`` of ``index-tickers``."""

    channel: Literal["index-tickers"]
    instrument: str = msgspec.field(name="instId")


class IndexFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``index-tickers``."""

    subject: IndexSubject = msgspec.field(name="arg")
    data: tuple[Index]


class BookSubject(msgspec.Struct, frozen=True, gc=False):
    """``arg`` of ``bbo-tbt``."""

    channel: Literal["bbo-tbt"]
    instrument: str = msgspec.field(name="instId")


class BookFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``bbo-tbt``."""

    subject: BookSubject = msgspec.field(name="arg")
    data: tuple[Book]


class Tick(msgspec.Struct, frozen=True, gc=False):
    """A row of ``tickers``, as far as it is read every time."""

    instrument: str = msgspec.field(name="instId")
    last: Decimal
    ts: int


class Day(msgspec.Struct, frozen=True, gc=False):
    """A row of ``tickers``, read for the figures of the last 24 hours."""

    open_price: Decimal = msgspec.field(name="open24h")
    high_price: Decimal = msgspec.field(name="high24h")
    low_price: Decimal = msgspec.field(name="low24h")
    volume: Decimal = msgspec.field(name="vol24h")
    turnover: Decimal = msgspec.field(name="volCcy24h")


class DayFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``tickers``, read for the figures of the last 24 hours."""

    data: tuple[Day]


class TickSubject(msgspec.Struct, frozen=True, gc=False):
    """``arg`` of ``tickers``."""

    channel: Literal["tickers"]
    instrument: str = msgspec.field(name="instId")


class TickerFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``tickers``."""

    subject: TickSubject = msgspec.field(name="arg")
    data: tuple[Tick]
