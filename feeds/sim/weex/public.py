"""WEEX's public websockets, contracts and spot: what channels there are, and their frames.

One channel that is wrong refuses the whole request. A book's snapshot may come before the acknowledgement. A contract
that was delisted is acknowledged, and has an empty book.
"""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.sockets import Hub, Socket
from feeds.sim.weex import reference
from feeds.sim.weex.books import Books
from feeds.sim.weex.sockets import Manners
from feeds.sim.wire import encode, plain

CATEGORIES = {"contract": "linear", "spot": "spot"}
DEPTHS = (15, 200)
TICKER_STEPS, SPOT_TICKER_STEPS, BOOK_STEPS, KLINE_STEPS = 2, 10, 5, 10
TRADES_TOLD = 20

_CHANNEL = re.compile(r"(?P<symbol>[A-Za-z0-9]+)@(?P<kind>[A-Za-z]+)(?P<depth>\d*)(?:_(?P<rest>\w+))?\Z")
_PRICES = ("LAST_PRICE", "MARK_PRICE")


class _Channel:
    """A channel's name understood; ``refusal`` says why it is none."""

    def __init__(self, category: str, name: str, exchange: Exchange) -> None:
        match = _CHANNEL.match(name)
        self.refusal = "" if match is not None else f"invalid event : {name.partition('@')[2] or name}"
        self.symbol = self.kind = self.interval = self.price = ""
        self.depth = 0
        if match is None:
            return
        self.symbol, self.kind = match["symbol"].upper(), match["kind"]
        rest = match["rest"] or ""
        self.interval, _, self.price = rest.partition("_")
        if (category, self.symbol) not in exchange.listings:
            self.refusal = f"invalid symbol : {match['symbol']}"
        elif self.kind == "depth":
            self.depth = int(match["depth"] or 0)
            self.refusal = "" if self.depth in DEPTHS else f"invalid depth level : {match['depth']}"
        elif not self._known(category):
            self.refusal = f"invalid event : {name.partition('@')[2]}"

    def _known(self, category: str) -> bool:
        if self.kind == "kline":
            priced = not self.price if category == "spot" else self.price in _PRICES
            return self.interval in reference.INTERVALS and (priced or category == "spot")
        return self.kind in (("ticker", "trade", "bookTicker") if category == "spot" else ("ticker", "trade"))


class PublicStreams:
    """Makes each channel's frame once a step, for whoever subscribes."""

    def __init__(self, exchange: Exchange, hub: Hub, manners: Manners) -> None:
        self._exchange, self._hub, self._manners = exchange, hub, manners
        self._books = Books(exchange)
        self._channels: dict[str, _Channel] = {}
        self._steps = 0
        self.skips_snapshots = False
        """As a fault: new subscribers get changes without the snapshot that they continue."""

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve ``/v3/ws/public`` of either host."""
        category = CATEGORIES[request.match_info.get("host", "contract")]

        async def on_text(socket: Socket, text: str) -> None:
            self._manners.requested(
                socket,
                text,
                lambda names: self._subscribe(socket, category, names),
                lambda names: self._unsubscribe(socket, category, names),
            )

        def opened(socket: Socket) -> None:
            self._manners.opened(socket, private=False)

        response = await self._hub.accept(request, on_text, opened=opened)
        self._manners.closed()
        return response

    def publish(self) -> None:
        """Send what is due at this step."""
        self._steps += 1
        for topic in self._hub.topics():
            category, _, name = topic.partition(":")
            if category in CATEGORIES.values():
                frame = self._frame(category, topic, self._channel(category, name))
                if frame is not None:
                    self._hub.publish(topic, frame)

    def resnapshot(self) -> None:
        """Send the snapshot of every book anew."""
        for topic in self._hub.topics():
            category, _, name = topic.partition(":")
            if category in CATEGORIES.values() and (channel := self._channel(category, name)).kind == "depth":
                self._hub.publish(topic, self._snapshot(category, topic, channel, fresh=True))

    # --- requests ------------------------------------------------------------------------------------------------

    def _channel(self, category: str, name: str) -> _Channel:
        key = f"{category}:{name}"
        if key not in self._channels:
            channel = _Channel(category, name, self._exchange)
            if channel.refusal:
                return channel
            self._channels[key] = channel
        return self._channels[key]

    def _subscribe(self, socket: Socket, category: str, names: list[str]) -> str:
        names = [_upper(name) for name in names]
        for name in names:
            if refusal := self._channel(category, name).refusal:
                return refusal
        for name in names:
            topic = f"{category}:{name}"
            channel, fresh = self._channel(category, name), not self._hub.wanted(topic)
            self._hub.subscribe(socket, topic)
            if channel.kind == "depth" and not self.skips_snapshots:
                socket.data(self._snapshot(category, topic, channel, fresh=fresh), topic)
            elif channel.kind == "trade" and (frame := self._trades(category, channel, "tradeSnapshot", TRADES_TOLD)):
                socket.data(frame, topic)
        return ""

    def _unsubscribe(self, socket: Socket, category: str, names: list[str]) -> None:
        for name in map(_upper, names):
            topic = f"{category}:{name}"
            self._hub.unsubscribe(socket, topic)
            if not self._hub.wanted(topic):
                self._books.forget(topic)

    # --- frames --------------------------------------------------------------------------------------------------

    def _listing(self, category: str, channel: _Channel) -> Listing | None:
        return self._exchange.find(category, channel.symbol)

    def _snapshot(self, category: str, topic: str, channel: _Channel, *, fresh: bool) -> bytes:
        listing = self._listing(category, channel)
        return self._books.snapshot(topic, listing, channel.symbol, channel.depth, fresh=fresh)

    def _frame(self, category: str, topic: str, channel: _Channel) -> bytes | None:
        listing = self._listing(category, channel)
        if listing is None:
            return None
        every = SPOT_TICKER_STEPS if category == "spot" else TICKER_STEPS
        match channel.kind:
            case "ticker" if self._steps % every == 0:
                return self._head("ticker", listing, {"d": [reference.ticker(self._exchange, listing)]})
            case "depth" if self._steps % BOOK_STEPS == 0:
                return self._books.change(topic, listing, channel.depth)
            case "bookTicker":
                return self._best(listing)
            case "trade" if self._exchange.quote(listing).traded and not self._exchange.still(listing):
                return self._trades(category, channel, "trade", 1)
            case "kline" if self._steps % KLINE_STEPS == 0:
                candle = reference.running_candle(self._exchange, listing, channel.interval)
                return self._head("kline", listing, {"p": channel.price or "LAST_PRICE", "d": [candle]})
        return None

    def _head(self, event: str, listing: Listing, rest: dict[str, Any]) -> bytes:
        return encode({"e": event, "E": self._exchange.now_ms, "s": listing.symbol, **rest})

    def _best(self, listing: Listing) -> bytes:
        quote = self._exchange.quote(listing)
        best = {"b": plain(quote.bid), "B": plain(quote.bid_size), "a": plain(quote.ask), "A": plain(quote.ask_size)}
        return self._head("bookTicker", listing, {"u": quote.book_seed, **best})

    def _trades(self, category: str, channel: _Channel, event: str, count: int) -> bytes | None:
        listing = self._listing(category, channel)
        if listing is None:
            return None
        trades = self._exchange.trades(listing, count)
        return self._head(event, listing, {"d": [reference.streamed_trade(trade) for trade in trades]})


def _upper(name: str) -> str:
    """The symbol in capitals: small letters are taken too."""
    symbol, at, rest = name.partition("@")
    return f"{symbol.upper()}{at}{rest}"
