"""OKX's public websocket frames, typed: only the fields that are read. Stamps are milliseconds in a text."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Subject(msgspec.Struct, frozen=True, gc=False):
    """``arg``: what a frame is about."""

    channel: str
    instrument: str = msgspec.field(name="instId")


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A row of ``mark-price``."""

    instrument: str = msgspec.field(name="instId")
    price: Decimal = msgspec.field(name="markPx")
    ts: str


class Index(msgspec.Struct, frozen=True, gc=False):
    """A row of ``index-tickers``; the instrument is the index."""

    instrument: str = msgspec.field(name="instId")
    price: Decimal = msgspec.field(name="idxPx")
    ts: str


class Book(msgspec.Struct, frozen=True, gc=False):
    """A row of ``bbo-tbt``: levels of price, size, a number of no meaning, and how many orders."""

    asks: list[tuple[Decimal, Decimal, str, str]]
    bids: list[tuple[Decimal, Decimal, str, str]]
    ts: str


class MarkFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``mark-price``."""

    subject: Subject = msgspec.field(name="arg")
    data: list[Mark]


class IndexFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``index-tickers``."""

    subject: Subject = msgspec.field(name="arg")
    data: list[Index]


class BookFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``bbo-tbt``."""

    subject: Subject = msgspec.field(name="arg")
    data: list[Book]


class Tick(msgspec.Struct, frozen=True, gc=False):
    """A row of ``tickers``, as far as it is read every time."""

    instrument: str = msgspec.field(name="instId")
    last: Decimal
    ts: str


class TickerFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``tickers``."""

    subject: Subject = msgspec.field(name="arg")
    data: list[Tick]
