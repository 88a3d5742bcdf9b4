"""Binance's order-book streams: whole top levels, and differences that continue a REST snapshot.

Each difference stream tells every level that was touched since its own last event, changed back or not, so that a
snapshot of any moment in between is continued rightly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from feeds.sim.binance.frames import depth_levels
from feeds.sim.book import Level
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.wire import plain

DIFFERENCE_DEPTH = 100
REMEMBERED_STEPS = 20
"""A stream that told nothing for longer begins anew."""

_Side = dict[str, str]


class _Book(msgspec.Struct, frozen=True):
    bids: _Side
    asks: _Side
    update: int


class _Touched(msgspec.Struct, frozen=True):
    update: int
    bids: frozenset[str]
    asks: frozenset[str]


class _Followed(msgspec.Struct):
    book: _Book
    touched: deque[_Touched]
    told: dict[str, int]


class DepthBooks:
    """The books whose differences somebody follows."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._followed: dict[str, _Followed] = {}

    def begin(self, listing: Listing, stream: str) -> None:
        """Let a stream's differences start at the present, so that they continue any later snapshot."""
        self.step(listing)
        followed = self._followed[listing.instrument.id]
        if followed.book.update - followed.told.get(stream, -REMEMBERED_STEPS) >= REMEMBERED_STEPS:
            followed.told[stream] = followed.book.update

    def step(self, listing: Listing) -> None:
        """Note what this step touched; called at every step while a book is followed."""
        name, now = listing.instrument.id, self._present(listing, DIFFERENCE_DEPTH)
        followed = self._followed.get(name)
        if followed is None or now.update - followed.book.update > REMEMBERED_STEPS:
            self._followed[name] = _Followed(now, deque(maxlen=REMEMBERED_STEPS), {})
            return
        before = followed.book
        if now.update != before.update:
            touched = _Touched(now.update, _touched(before.bids, now.bids), _touched(before.asks, now.asks))
            followed.touched.append(touched)
            followed.book = now

    def snapshot(self, listing: Listing, depth: int) -> dict[str, Any]:
        """The REST body: no level beyond those whose changes are told."""
        book, stamp = self._present(listing, min(depth, DIFFERENCE_DEPTH)), self._exchange.now_ms
        body: dict[str, Any] = {"lastUpdateId": book.update}
        if listing.inverse:
            body |= {"symbol": listing.symbol, "pair": listing.pair}
        if listing.category != "spot":
            body |= {"E": stamp, "T": stamp}
        return body | {"bids": list(book.bids.items()), "asks": list(book.asks.items())}

    def difference(self, listing: Listing, stream: str) -> dict[str, Any] | None:
        """The ``depthUpdate`` event of a stream since its last one; nothing where nothing happened."""
        followed = self._followed[listing.instrument.id]
        book = followed.book
        since = followed.told.get(stream, book.update)
        followed.told[stream] = book.update
        if since == book.update:
            return None
        recent = [touched for touched in followed.touched if touched.update > since]
        stamp, futures = self._exchange.now_ms, listing.category != "spot"
        event: dict[str, Any] = {"e": "depthUpdate", "E": stamp}
        if futures:
            event["T"] = stamp - 2
        event |= {"s": listing.symbol, **_pair(listing), "U": since + 1, "u": book.update}
        if futures:
            event["pu"] = since
        bids, asks = _union(item.bids for item in recent), _union(item.asks for item in recent)
        return event | {"b": _levels(book.bids, bids), "a": _levels(book.asks, asks)}

    def top(self, listing: Listing, depth: int) -> dict[str, Any]:
        """A partial-depth stream's frame: the best levels, whole."""
        book, stamp = self._present(listing, depth), self._exchange.now_ms
        bids, asks = list(book.bids.items()), list(book.asks.items())
        if listing.category == "spot":
            return {"lastUpdateId": book.update, "bids": bids, "asks": asks}
        head = {"e": "depthUpdate", "E": stamp, "T": stamp - 2, "s": listing.symbol, **_pair(listing)}
        return head | {"U": book.update, "u": book.update, "pu": book.update - 1, "b": bids, "a": asks}

    def _present(self, listing: Listing, depth: int) -> _Book:
        bids, asks = depth_levels(self._exchange, listing, depth)
        return _Book(_side(bids), _side(asks), self._exchange.quote(listing).book_seed)


def _pair(listing: Listing) -> dict[str, str]:
    """COIN-M names the pair too."""
    return {"ps": listing.pair} if listing.inverse else {}


def _side(levels: list[Level]) -> _Side:
    return {plain(level.price): plain(level.size) for level in levels}


def _touched(before: _Side, now: _Side) -> frozenset[str]:
    changed = {price for price, size in now.items() if before.get(price) != size}
    return frozenset(changed | (before.keys() - now.keys()))


def _union(parts: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*parts)


def _levels(side: _Side, prices: frozenset[str]) -> list[tuple[str, str]]:
    return [(price, side.get(price, "0")) for price in sorted(prices, key=float)]
