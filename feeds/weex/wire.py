"""WEEX's public websocket frames, typed: only the fields that are read.

Every frame names its kind in ``e``, its time in ``E`` (ms) and its symbol in ``s``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec


class TickerData(msgspec.Struct, frozen=True, gc=False):
    """The one element of a contract's ticker: last, mark and index price. Its statistics are read elsewhere."""

    last_price: Decimal = msgspec.field(name="c")
    mark_price: Decimal = msgspec.field(name="m")
    index_price: Decimal = msgspec.field(name="i")


class TickerFrame(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="ticker"):
    """``SYM@ticker`` of a contract."""

    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    data: tuple[TickerData] = msgspec.field(name="d")


class DepthFrame(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="depth"):
    """A change of ``SYM@depth15``; ``U`` repeats ``u`` of the change before it."""

    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    first_id: int = msgspec.field(name="U")
    last_id: int = msgspec.field(name="u")
    levels: Literal[15] = msgspec.field(name="l")
    kind: Literal["CHANGED"] = msgspec.field(name="d")
    bids: list[tuple[Decimal, Decimal]] = msgspec.field(name="b")
    asks: list[tuple[Decimal, Decimal]] = msgspec.field(name="a")


class BookTickerFrame(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="bookTicker"):
    """``SYM@bookTicker`` of a spot pair."""

    event_time: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    update_id: int = msgspec.field(name="u")
    bid_price: Decimal = msgspec.field(name="b")
    bid_size: Decimal = msgspec.field(name="B")
    ask_price: Decimal = msgspec.field(name="a")
    ask_size: Decimal = msgspec.field(name="A")
