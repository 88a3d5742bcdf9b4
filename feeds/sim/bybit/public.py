"""Bybit's public websockets: one socket path a category, snapshot then sparse deltas, its own acks and pongs."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.book import Level, side_levels
from feeds.sim.bybit.candles import STREAM_INTERVALS, candle_rows
from feeds.sim.bybit.reference import stream_ticker
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.sockets import Hub, Socket
from feeds.sim.wire import decode, encode, plain

CATEGORIES = ("linear", "inverse", "spot")
SPOT_MAXIMUM_ARGUMENTS = 10
MAXIMUM_ARGUMENT_LENGTH = 21_000

_DEPTHS = (1, 50, 200, 1000)
_REPEAT_TOP_MS = 3_000
_KLINE_EVERY_STEPS = 10
_TOPIC = re.compile(r"(tickers|publicTrade|allLiquidation|orderbook\.\d+|kline\.\w+)\.([A-Z0-9-]+)\Z")

_Levels = dict[str, str]


class _Book(msgspec.Struct):
    """What subscribers of one order-book topic were last told."""

    bids: _Levels
    asks: _Levels
    update: int
    sent_ms: int


class PublicStreams:
    """Makes each topic's frame once a step, for whoever subscribes."""

    def __init__(self, exchange: Exchange, hub: Hub) -> None:
        self._exchange, self._hub = exchange, hub
        self._tickers: dict[str, dict[str, str]] = {}
        self._books: dict[str, _Book] = {}
        self._sequence = 9_000_000_000
        self._update = 1_000_000
        self._steps = 0
        self.skips_snapshots = False
        """As a fault: new subscribers get differences without the snapshot that they continue."""

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve ``/v5/public/{category}``."""
        category = request.match_info["category"]
        if category not in CATEGORIES:
            raise web.HTTPNotFound

        async def on_text(socket: Socket, text: str) -> None:
            self._on_text(category, socket, text)

        return await self._hub.accept(request, on_text)

    def publish(self) -> None:
        """Send what this step changed."""
        self._steps += 1
        self._sequence += 7
        for key in self._hub.topics():
            category, _, topic = key.partition(":")
            if category in CATEGORIES:
                frame = self._step_frame(category, topic, key)
                if frame is not None:
                    self._hub.publish(key, frame)

    def resnapshot(self) -> None:
        """Send every ticker's and book's snapshot anew, as after a restart of the venue's service."""
        self._sequence += 1_000_000
        for key in self._hub.topics():
            category, _, topic = key.partition(":")
            if category in CATEGORIES:
                frame = self._snapshot(category, topic, key, fresh=True)
                if frame is not None:
                    self._hub.publish(key, frame)

    # --- requests -------------------------------------------------------------------------------------------

    def _on_text(self, category: str, socket: Socket, text: str) -> None:
        try:
            request = decode(text)
        except msgspec.DecodeError:
            request = None
        if not isinstance(request, dict):
            socket.answer(self._ack(socket, {}, "", success=False, message="error:invalid request"))
            return
        operation, arguments = request.get("op"), request.get("args")
        if operation == "ping":
            socket.answer(self._pong(category, socket, request))
        elif operation in ("subscribe", "unsubscribe") and isinstance(arguments, list):
            topics = [str(argument) for argument in arguments]
            refusal = self._refusal(category, socket, topics, subscribing=operation == "subscribe")
            message = refusal or ("subscribe" if category == "spot" and operation == "subscribe" else "")
            socket.answer(self._ack(socket, request, operation, success=not refusal, message=message))
            if not refusal:
                self._apply(category, socket, topics, subscribing=operation == "subscribe")
        else:
            socket.answer(self._ack(socket, request, str(operation), success=False, message="error:unknown op"))

    def _refusal(self, category: str, socket: Socket, topics: list[str], *, subscribing: bool) -> str:
        """Why the whole frame is refused; empty if it is not. One bad topic fails them all."""
        if category == "spot" and len(topics) > SPOT_MAXIMUM_ARGUMENTS:
            return f"args size >{SPOT_MAXIMUM_ARGUMENTS}"
        if sum(map(len, topics)) + sum(map(len, socket.topics)) > MAXIMUM_ARGUMENT_LENGTH:
            return "args length exceeds the limit"
        for topic in topics:
            if self._listing(category, topic) is None:
                match = _TOPIC.match(topic)
                known = match is not None and _handled(match.group(1))
                return f"Invalid symbol :[{topic}]" if known else f"error:handler not found,topic:{topic}"
            if subscribing and f"{category}:{topic}" in socket.topics:
                return f"error:already subscribed,topic:{topic}"
        return ""

    def _apply(self, category: str, socket: Socket, topics: list[str], *, subscribing: bool) -> None:
        for topic in topics:
            key = f"{category}:{topic}"
            if not subscribing:
                self._hub.unsubscribe(socket, key)
                continue
            frame = self._snapshot(category, topic, key, fresh=not self._hub.wanted(key))
            self._hub.subscribe(socket, key)
            if frame is not None and not self.skips_snapshots:
                socket.data(frame, key)

    def _ack(self, socket: Socket, request: dict[str, Any], operation: str, *, success: bool, message: str) -> bytes:
        answer = {
            "success": success,
            "ret_msg": message,
            "conn_id": socket.identity,
            "req_id": request.get("req_id", ""),
            "op": operation,
        }
        return encode(answer)

    def _pong(self, category: str, socket: Socket, request: dict[str, Any]) -> bytes:
        pong: dict[str, Any] = {"success": True, "ret_msg": "pong", "conn_id": socket.identity}
        if category != "spot":
            pong["req_id"] = request.get("req_id", "")
        return encode(pong | {"op": "ping"})

    # --- frames ---------------------------------------------------------------------------------------------

    def _listing(self, category: str, topic: str) -> Listing | None:
        match = _TOPIC.match(topic)
        if match is None or not _handled(match.group(1)):
            return None
        return self._exchange.find(category, match.group(2))

    def _snapshot(self, category: str, topic: str, key: str, *, fresh: bool) -> bytes | None:
        """What a new subscriber is told first; ``fresh`` starts from the present, else from what others were told."""
        listing = self._listing(category, topic)
        if listing is None:
            return None
        if topic.startswith("tickers."):
            if fresh or key not in self._tickers:
                self._tickers[key] = stream_ticker(self._exchange, listing)
            return self._frame(category, topic, "snapshot", self._tickers[key])
        if topic.startswith("orderbook."):
            if fresh or key not in self._books:
                self._books[key] = self._book(listing, topic)
            return self._book_frame(listing, topic, "snapshot", self._books[key], self._books[key])
        return None

    def _step_frame(self, category: str, topic: str, key: str) -> bytes | None:
        listing = self._listing(category, topic)
        if listing is None:
            return None
        match topic.split(".")[0]:
            case "tickers":
                return self._ticker_step(category, topic, key, listing)
            case "orderbook":
                return self._book_step(topic, key, listing)
            case "publicTrade":
                return self._trade(topic, listing)
            case "kline" if self._steps % _KLINE_EVERY_STEPS == 0:
                return self._kline(topic, listing)
        return None

    def _frame(self, category: str, topic: str, kind: str, data: Any) -> bytes:
        stamp = self._exchange.now_ms
        if category == "spot":
            return encode({"topic": topic, "ts": stamp, "type": kind, "cs": self._sequence, "data": data})
        return encode({"topic": topic, "type": kind, "data": data, "cs": self._sequence, "ts": stamp})

    def _ticker_step(self, category: str, topic: str, key: str, listing: Listing) -> bytes | None:
        now, before = stream_ticker(self._exchange, listing), self._tickers.get(key, {})
        still = self._exchange.still(listing)
        self._tickers[key] = now
        if category == "spot":
            return self._frame(category, topic, "snapshot", now) if now != before or still else None
        changed = {name: value for name, value in now.items() if before.get(name) != value}
        if still:
            changed |= {name: now[name] for name in ("bid1Price", "bid1Size")}
        if changed.keys() & {"ask1Price", "ask1Size"}:
            changed |= {name: now[name] for name in ("ask1Price", "ask1Size")}
        if changed.keys() & {"bid1Price", "bid1Size"}:
            changed |= {name: now[name] for name in ("bid1Price", "bid1Size")}
        return self._frame(category, topic, "delta", {"symbol": listing.symbol, **changed}) if changed else None

    def _book(self, listing: Listing, topic: str) -> _Book:
        depth, quote = int(topic.split(".")[1]), self._exchange.quote(listing)
        self._update += 1
        return _Book(
            bids=_levels(side_levels(listing, quote, bids=True, depth=depth)),
            asks=_levels(side_levels(listing, quote, bids=False, depth=depth)),
            update=self._update,
            sent_ms=self._exchange.now_ms,
        )

    def _book_step(self, topic: str, key: str, listing: Listing) -> bytes | None:
        before, now = self._books.get(key), self._book(listing, topic)
        if before is None:
            self._books[key] = now
            return self._book_frame(listing, topic, "snapshot", now, now)
        if (before.bids, before.asks) == (now.bids, now.asks):
            if not topic.startswith("orderbook.1.") or now.sent_ms - before.sent_ms < _REPEAT_TOP_MS:
                return None
            before.sent_ms = now.sent_ms
            return self._book_frame(listing, topic, "snapshot", before, before)
        self._books[key] = now
        if topic.startswith("orderbook.1."):
            return self._book_frame(listing, topic, "snapshot", now, now)
        changes = _Book(_changes(before.bids, now.bids), _changes(before.asks, now.asks), now.update, now.sent_ms)
        return self._book_frame(listing, topic, "delta", now, changes)

    def _book_frame(self, listing: Listing, topic: str, kind: str, book: _Book, levels: _Book) -> bytes:
        data = {
            "s": listing.symbol,
            "b": list(levels.bids.items()),
            "a": list(levels.asks.items()),
            "u": book.update,
            "seq": self._sequence,
        }
        stamp = self._exchange.now_ms
        return encode({"topic": topic, "type": kind, "ts": stamp, "data": data, "cts": stamp - 2})

    def _trade(self, topic: str, listing: Listing) -> bytes | None:
        quote = self._exchange.quote(listing)
        if not quote.traded or self._exchange.still(listing):
            return None
        trade = {
            "T": self._exchange.now_ms,
            "s": listing.symbol,
            "S": quote.last_side,
            "v": plain(quote.last_size),
            "p": plain(quote.last),
            "i": f"{listing.instrument.base}-{self._sequence}",
            "BT": False,
            "RPI": False,
            "seq": self._sequence,
        }
        if listing.category != "spot":
            trade["L"] = "PlusTick" if quote.last_side == "Buy" else "MinusTick"
        return encode({"topic": topic, "type": "snapshot", "ts": self._exchange.now_ms, "data": [trade]})

    def _kline(self, topic: str, listing: Listing) -> bytes | None:
        interval, now = topic.split(".")[1], self._exchange.now_ms
        rows = candle_rows(self._exchange, listing, STREAM_INTERVALS[interval], now - 1, now, 1)
        if not rows:
            return None
        start, opened, high, low, close, volume, turnover = rows[-1]
        candle = {
            "start": int(start),
            "end": int(start) + STREAM_INTERVALS[interval] - 1,
            "interval": interval,
            "open": opened,
            "close": close,
            "high": high,
            "low": low,
            "volume": volume,
            "turnover": turnover,
            "confirm": False,
            "timestamp": now,
        }
        return encode({"topic": topic, "data": [candle], "ts": now, "type": "snapshot"})


def _handled(handler: str) -> bool:
    name, _, parameter = handler.partition(".")
    if name == "orderbook":
        return parameter.isdigit() and int(parameter) in _DEPTHS
    return name != "kline" or parameter in STREAM_INTERVALS


def _levels(levels: list[Level]) -> _Levels:
    return {plain(level.price): plain(level.size) for level in levels}


def _changes(before: _Levels, now: _Levels) -> _Levels:
    gone = {price: "0" for price in before if price not in now}
    return gone | {price: size for price, size in now.items() if before.get(price) != size}
