"""Binance's order-book streams: whole top levels, and differences that continue a REST snapshot."""

from __future__ import annotations

from typing import Any

import msgspec

from feeds.sim.binance.frames import depth_levels
from feeds.sim.book import Level
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.wire import plain

DIFFERENCE_DEPTH = 100
FOLLOWED_STEPS = 20
"""A difference stream told nothing for longer has no followers."""

_Side = dict[str, str]


class _Published(msgspec.Struct):
    bids: _Side
    asks: _Side
    update: int


class DepthBooks:
    """The last book told of each difference stream, so that snapshots and differences fit together."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._published: dict[str, _Published] = {}

    def snapshot(self, listing: Listing, depth: int) -> dict[str, Any]:
        """The REST body: the book as of the last difference told, or of now where nobody follows."""
        book = self._present(listing, max(depth, DIFFERENCE_DEPTH))
        told = self._published.get(listing.instrument.id)
        if told is not None and book.update - told.update <= FOLLOWED_STEPS:
            book = told
        body: dict[str, Any] = {"lastUpdateId": book.update}
        if listing.category != "spot":
            body |= {"E": self._exchange.now_ms, "T": self._exchange.now_ms}
        return body | {"bids": list(book.bids.items())[:depth], "asks": list(book.asks.items())[:depth]}

    def difference(self, listing: Listing) -> dict[str, Any] | None:
        """The ``depthUpdate`` event since the last one; nothing if the book is the same."""
        name, now = listing.instrument.id, self._present(listing, DIFFERENCE_DEPTH)
        before = self._published.get(name)
        self._published[name] = now
        if before is None or before.update == now.update:
            return None
        stamp = self._exchange.now_ms
        event: dict[str, Any] = {"e": "depthUpdate", "E": stamp}
        futures = listing.category != "spot"
        if futures:
            event["T"] = stamp - 2
        event |= {"s": listing.symbol, "U": before.update + 1, "u": now.update}
        if futures:
            event["pu"] = before.update
        return event | {"b": _changes(before.bids, now.bids), "a": _changes(before.asks, now.asks)}

    def top(self, listing: Listing, depth: int) -> dict[str, Any]:
        """A partial-depth stream's frame: the best levels, whole."""
        book, stamp = self._present(listing, depth), self._exchange.now_ms
        if listing.category == "spot":
            return {
                "lastUpdateId": book.update,
                "bids": list(book.bids.items()),
                "asks": list(book.asks.items()),
            }
        return {
            "e": "depthUpdate",
            "E": stamp,
            "T": stamp - 2,
            "s": listing.symbol,
            "U": book.update,
            "u": book.update,
            "pu": book.update - 1,
            "b": list(book.bids.items()),
            "a": list(book.asks.items()),
        }

    def _present(self, listing: Listing, depth: int) -> _Published:
        bids, asks = depth_levels(self._exchange, listing, depth)
        return _Published(_side(bids), _side(asks), self._exchange.quote(listing).book_seed)


def _side(levels: list[Level]) -> _Side:
    return {plain(level.price): plain(level.size) for level in levels}


def _changes(before: _Side, now: _Side) -> list[tuple[str, str]]:
    gone = [(price, "0") for price in before if price not in now]
    return gone + [(price, size) for price, size in now.items() if before.get(price) != size]
