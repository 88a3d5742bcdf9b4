"""WEEX's public websocket frames, typed: only the fields that are read.

Every frame names its kind in ``e``, its time in ``E`` (ms) and its symbol in ``s``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec


class TickerData(msgspec.Struct, frozen=True, gc=False):
    """The one element of a contract's ticker: last, mark and index price."""

    last_price: Decimal = msgspec.field(name="c")
    mark_price: Decimal = msgspec.field(name="m")
    index_price: Decimal = msgspec.field(name="i")


class TickerFrame(msgspec.Struct, frozen=True, gc=False):
    """``SYM@ticker`` of a contract."""

    event: Literal["ticker"] = msgspec.field(name="e")
    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    data: tuple[TickerData] = msgspec.field(name="d")


class DayData(msgspec.Struct, frozen=True, gc=False):
    """The same element, read for the figures of the last 24 hours."""

    open_price: Decimal = msgspec.field(name="o")
    high_price: Decimal = msgspec.field(name="h")
    low_price: Decimal = msgspec.field(name="l")
    volume: Decimal = msgspec.field(name="v")
    turnover: Decimal = msgspec.field(name="q")


class DayFrame(msgspec.Struct, frozen=True, gc=False):
    """``SYM@ticker`` of a contract, read for the figures of the last 24 hours."""

    data: tuple[DayData] = msgspec.field(name="d")


class DepthFrame(msgspec.Struct, frozen=True, gc=False):
    """A change of ``SYM@depth15``; ``U`` repeats ``u`` of the change before it. Levels are texts of price and size."""

    event: Literal["depth"] = msgspec.field(name="e")
    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    first_id: int = msgspec.field(name="U")
    last_id: int = msgspec.field(name="u")
    levels: Literal[15] = msgspec.field(name="l")
    kind: Literal["CHANGED"] = msgspec.field(name="d")
    bids: list[tuple[str, str]] = msgspec.field(name="b")
    asks: list[tuple[str, str]] = msgspec.field(name="a")


class BookTickerFrame(msgspec.Struct, frozen=True, gc=False):
    """``SYM@bookTicker`` of a spot pair."""

    event: Literal["bookTicker"] = msgspec.field(name="e")
    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    update_id: int = msgspec.field(name="u")
    bid_price: str = msgspec.field(name="b")
    bid_size: str = msgspec.field(name="B")
    ask_price: str = msgspec.field(name="a")
    ask_size: str = msgspec.field(name="A")
