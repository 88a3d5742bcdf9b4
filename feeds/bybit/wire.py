"""Bybit's public websocket frames, typed: only the fields that are read."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType


class TickerData(msgspec.Struct, frozen=True, gc=False):
    """``data`` of ``tickers.*``; derivatives send deltas with only what changed, spot whole snapshots.

    The price of a side comes with its size, changed or not: as recorded, 98 of 100 are those of before.
    """

    symbol: str
    mark_price: Decimal | UnsetType = msgspec.field(name="markPrice", default=UNSET)
    index_price: Decimal | UnsetType = msgspec.field(name="indexPrice", default=UNSET)
    last_price: Decimal | UnsetType = msgspec.field(name="lastPrice", default=UNSET)
    bid_price: str | UnsetType = msgspec.field(name="bid1Price", default=UNSET)
    bid_size: Decimal | UnsetType = msgspec.field(name="bid1Size", default=UNSET)
    ask_price: str | UnsetType = msgspec.field(name="ask1Price", default=UNSET)
    ask_size: Decimal | UnsetType = msgspec.field(name="ask1Size", default=UNSET)
    funding_rate: str | UnsetType = msgspec.field(name="fundingRate", default=UNSET)
    next_funding_time: str | UnsetType = msgspec.field(name="nextFundingTime", default=UNSET)
    funding_interval_hour: str | UnsetType = msgspec.field(name="fundingIntervalHour", default=UNSET)


class TickerFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``tickers.*``; ``ts`` in ms, ``cs`` orders the frames of one symbol."""

    topic: str
    type: str
    ts: int
    cs: int
    data: TickerData


class BookData(msgspec.Struct, frozen=True, gc=False):
    """``data`` of ``orderbook.1.*``: the best level of each side, and the update id."""

    symbol: str = msgspec.field(name="s")
    bids: tuple[tuple[str, str]] = msgspec.field(name="b")
    asks: tuple[tuple[str, str]] = msgspec.field(name="a")
    update_id: int = msgspec.field(name="u")


class BookFrame(msgspec.Struct, frozen=True, gc=False):
    """One frame of ``orderbook.1.*``."""

    topic: str
    type: str
    ts: int
    data: BookData
