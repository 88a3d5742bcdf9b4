"""WEEX's order-book channels: a snapshot, then changes whose first number is the last one's last."""

from __future__ import annotations

from typing import Any

import msgspec

from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.weex.reference import levels
from feeds.sim.wire import encode


class _Told(msgspec.Struct):
    """What the subscribers of one channel were told last."""

    bids: dict[str, str]
    asks: dict[str, str]
    update: int


class Books:
    """The books that somebody follows, by topic."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._told: dict[str, _Told] = {}
        self._update = 14_000_000_000

    def snapshot(self, topic: str, listing: Listing | None, symbol: str, depth: int, *, fresh: bool) -> bytes:
        """What a new subscriber is told: as the others know the book, or the present one. A contract that is gone has
        an empty book of number 0."""
        if listing is None:
            return self._frame("depthSnapshot", symbol, depth, "SNAPSHOT", (0, 0), {}, {})
        if fresh or topic not in self._told:
            self._told[topic] = self._present(listing, depth)
        told = self._told[topic]
        return self._frame("depthSnapshot", symbol, depth, "SNAPSHOT", (told.update,) * 2, told.bids, told.asks)

    def change(self, topic: str, listing: Listing, depth: int) -> bytes | None:
        """What has changed since the last frame of the topic; nothing where nothing has."""
        before = self._told.get(topic)
        if before is None:
            return self.snapshot(topic, listing, listing.symbol, depth, fresh=True)
        now = self._present(listing, depth)
        bids, asks = _changes(before.bids, now.bids), _changes(before.asks, now.asks)
        if not bids and not asks and not self._exchange.still(listing):
            return None
        self._told[topic] = now
        return self._frame("depth", listing.symbol, depth, "CHANGED", (before.update, now.update), bids, asks)

    def forget(self, topic: str) -> None:
        """Nobody follows the topic any more."""
        self._told.pop(topic, None)

    def _present(self, listing: Listing, depth: int) -> _Told:
        self._update += 14
        return _Told(*levels(self._exchange, listing, depth), self._update)

    def _frame(
        self,
        event: str,
        symbol: str,
        depth: int,
        kind: str,
        numbers: tuple[int, int],
        bids: dict[str, str],
        asks: dict[str, str],
    ) -> bytes:
        first, last = numbers
        head: dict[str, Any] = {"e": event, "E": self._exchange.now_ms, "s": symbol, "U": first, "u": last}
        return encode(head | {"l": depth, "d": kind, "b": list(bids.items()), "a": list(asks.items())})


def _changes(before: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    """Sizes that are new, and 0 for prices that have left the levels told."""
    gone = {price: "0" for price in before if price not in now}
    return gone | {price: size for price, size in now.items() if before.get(price) != size}
