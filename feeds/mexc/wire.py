"""MEXC's public contract frames, typed: only the fields that are read. Numbers are JSON numbers, times in ms."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class TickerData(msgspec.Struct, frozen=True, gc=False):
    """``data`` of ``push.ticker``, without the day's figures; its bid and ask come without sizes."""

    symbol: str
    mark_price: Decimal = msgspec.field(name="fairPrice")
    index_price: Decimal = msgspec.field(name="indexPrice")
    last_price: Decimal = msgspec.field(name="lastPrice")
    bid_price: Decimal = msgspec.field(name="bid1")
    ask_price: Decimal = msgspec.field(name="ask1")
    funding_rate: Decimal = msgspec.field(name="fundingRate")


class DayData(msgspec.Struct, frozen=True, gc=False):
    """``data`` of ``push.ticker``: the figures of the last 24 hours."""

    high_price: Decimal = msgspec.field(name="high24Price")
    low_price: Decimal = msgspec.field(name="lower24Price")
    last_price: Decimal = msgspec.field(name="lastPrice")
    volume: Decimal = msgspec.field(name="volume24")
    turnover: Decimal = msgspec.field(name="amount24")


class PriceData(msgspec.Struct, frozen=True, gc=False):
    """``data`` of ``push.fair.price`` and ``push.index.price``."""

    symbol: str
    price: Decimal


class BookData(msgspec.Struct, frozen=True, gc=False):
    """``data`` of ``push.depth.full``: price, contracts and number of orders of each level."""

    bids: list[tuple[Decimal, Decimal, int]]
    asks: list[tuple[Decimal, Decimal, int]]
    version: int


class TickerFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``sub.ticker``."""

    symbol: str
    channel: str
    ts: int
    data: TickerData


class DayFrame(msgspec.Struct, frozen=True, gc=False):
    """The same frame, read for the day's figures."""

    data: DayData


class MarkFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``sub.fair.price``."""

    symbol: str
    channel: str
    ts: int
    data: PriceData


class IndexFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``sub.index.price``."""

    symbol: str
    channel: str
    ts: int
    data: PriceData


class BookFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``sub.depth.full``."""

    symbol: str
    channel: str
    ts: int
    data: BookData
