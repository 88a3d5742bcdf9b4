"""Binance's public websocket frames, typed: only the fields that are read.

``Combined`` frames (``/stream``) wrap the payload with the stream's name; raw ones (``/ws``) are the bare payload.
Array streams carry a JSON array of payloads. The payload's ``e`` tells the futures types apart; the book ticker of
spot has none. ``st`` is 1 for USDⓈ-M and 2 for COIN-M: of the other product nothing is used. Streams of a single symbol
may leave it out.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec


class MarkPrice(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="markPriceUpdate"):
    """``markPriceUpdate``. ``T`` is 0 and ``r`` empty on dated contracts."""

    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    mark_price: Decimal = msgspec.field(name="p")
    index_price: Decimal = msgspec.field(name="i")
    funding_rate: str = msgspec.field(name="r")
    next_funding_time: int = msgspec.field(name="T")
    product: Literal[1] = msgspec.field(name="st", default=1)


class BookTicker(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="bookTicker"):
    """``bookTicker`` of futures."""

    update_id: int = msgspec.field(name="u")
    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    bid_price: str = msgspec.field(name="b")
    bid_size: str = msgspec.field(name="B")
    ask_price: str = msgspec.field(name="a")
    ask_size: str = msgspec.field(name="A")
    product: Literal[1] = msgspec.field(name="st", default=1)


class CoinMarkPrice(MarkPrice, frozen=True, gc=False, tag_field="e", tag="markPriceUpdate"):
    """``markPriceUpdate`` of COIN-M."""

    product: Literal[2] = msgspec.field(name="st", default=2)  # type: ignore[assignment]


class CoinBookTicker(BookTicker, frozen=True, gc=False, tag_field="e", tag="bookTicker"):
    """``bookTicker`` of COIN-M; sizes in contracts."""

    product: Literal[2] = msgspec.field(name="st", default=2)  # type: ignore[assignment]


class SpotBookTicker(msgspec.Struct, frozen=True, gc=False):
    """``bookTicker`` of spot: no event type (what has another is none) and no time."""

    update_id: int = msgspec.field(name="u")
    symbol: str = msgspec.field(name="s")
    bid_price: str = msgspec.field(name="b")
    bid_size: str = msgspec.field(name="B")
    ask_price: str = msgspec.field(name="a")
    ask_size: str = msgspec.field(name="A")
    event_type: Literal["bookTicker"] = msgspec.field(name="e", default="bookTicker")


FuturesPayload = MarkPrice | BookTicker
CoinPayload = CoinMarkPrice | CoinBookTicker
Payload = FuturesPayload | SpotBookTicker


class Combined(msgspec.Struct, frozen=True, gc=False):
    """A futures payload under the name of its stream."""

    stream: str
    data: FuturesPayload


class CombinedCoin(msgspec.Struct, frozen=True, gc=False):
    """A COIN-M payload under the name of its stream."""

    stream: str
    data: CoinPayload


class CombinedMarks(msgspec.Struct, frozen=True, gc=False):
    """An array of mark prices under the name of its stream."""

    stream: str
    data: list[MarkPrice]


class CombinedCoinMarks(msgspec.Struct, frozen=True, gc=False):
    """An array of COIN-M mark prices under the name of its stream."""

    stream: str
    data: list[CoinMarkPrice]


class CombinedSpot(msgspec.Struct, frozen=True, gc=False):
    """A spot book ticker under the name of its stream."""

    stream: str
    data: SpotBookTicker
