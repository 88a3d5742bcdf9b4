"""MEXC's spot socket, ``/ws``: requests in JSON, pushes in Protocol Buffers, accounts by the key in the address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.accounts import ZERO, Account
from feeds.sim.catalogue import Listing
from feeds.sim.events import AccountEvent, BalanceChanged
from feeds.sim.exchange import Exchange
from feeds.sim.figures import day
from feeds.sim.mexc.protobuf import ACCOUNT, BOOK_TICKER, MINI_TICKER, push
from feeds.sim.mexc.spot_api import SpotApi
from feeds.sim.quotes import Quote
from feeds.sim.risk import spot_locked
from feeds.sim.sockets import Hub, Socket
from feeds.sim.wire import decode, places, plain
from feeds.sim.wire import encode as to_json

MOST_SUBSCRIPTIONS = 30
IDLE_MS, UNSUBSCRIBED_MS = 60_000, 30_000
TICKER_STEPS = 30

_BOOK = re.compile(r"spot@public\.aggre\.bookTicker\.v3\.api\.pb@(100ms|10ms)@([A-Z0-9]+)\Z")
_TICKER = re.compile(r"spot@public\.miniTicker\.v3\.api\.pb@([A-Z0-9]+)@UTC\+8\Z")
_PRIVATE = "spot@private.account.v3.api.pb"
_INVALID = "Invalid listen key"
_TYPES = {"order": "ENTRUST", "transfer": "DEPOSIT"}

Best = tuple[Decimal, Decimal, Decimal, Decimal]


class SpotStreams:
    """Serves ``/ws`` and makes its frames."""

    def __init__(self, exchange: Exchange, hub: Hub, api: SpotApi, lifetime_ms: int) -> None:
        self._exchange, self._hub, self._api, self._lifetime_ms = exchange, hub, api, lifetime_ms
        self._sockets: dict[Socket, str] = {}
        self._best: dict[str, Best] = {}
        self._steps = 0

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket; a key that is not known is told so, and the socket closed."""
        key = request.query.get("listenKey", "")

        def opened(socket: Socket) -> None:
            self._sockets[socket] = key
            if key and self._api.owner(key) is None:
                self._refuse(socket)

        answer = await self._hub.accept(request, self._on_text, opened=opened)
        for socket in self._sockets.keys() - self._hub.sockets:
            del self._sockets[socket]
        return answer

    def housekeeping(self) -> None:
        """Cut who lives too long, subscribes to nothing, or is silent; end the streams of keys that have expired."""
        now = self._exchange.now_ms
        for socket, key in tuple(self._sockets.items()):
            quiet_ms = now - max(socket.heard_ms, socket.sent_ms)
            if now - socket.opened_ms > self._lifetime_ms:
                socket.close(1000, "connection lives 24 hours")
            elif quiet_ms > (IDLE_MS if socket.topics else UNSUBSCRIBED_MS):
                socket.drop()
            elif key and self._api.owner(key) is None:
                self._refuse(socket)

    def _refuse(self, socket: Socket) -> None:
        socket.answer(_INVALID.encode())
        socket.close(1000, _INVALID)

    # --- requests -------------------------------------------------------------------------------------------

    async def _on_text(self, socket: Socket, text: str) -> None:
        try:
            request = decode(text)
        except msgspec.DecodeError:
            return
        if not isinstance(request, dict):
            return
        method, params = request.get("method"), request.get("params")
        names = [str(name) for name in params] if isinstance(params, list) else []
        if method == "PING":
            self._say(socket, request, 0, "PONG")
        elif method in ("SUBSCRIPTION", "UNSUBSCRIPTION"):
            for name in names:
                self._subscribe(socket, request, name, subscribing=method == "SUBSCRIPTION")

    def _subscribe(self, socket: Socket, request: dict[str, Any], name: str, *, subscribing: bool) -> None:
        topic = self._topic(socket, name)
        if topic is None or (subscribing and len(socket.topics) >= MOST_SUBSCRIPTIONS):
            self._say(socket, request, 0, f"Not Subscribed successfully! [{name}]. Reason: Blocked! ")
            return
        (self._hub.subscribe if subscribing else self._hub.unsubscribe)(socket, topic)
        self._say(socket, request, 0, name)

    def _topic(self, socket: Socket, name: str) -> str | None:
        """What a channel is called inside; ``None`` for one that is not served to this socket."""
        if name == _PRIVATE:
            account = self._api.owner(self._sockets.get(socket, ""))
            return None if account is None else _key(account)
        return None if self._listing(name) is None else name

    def _listing(self, name: str) -> Listing | None:
        found = _BOOK.match(name) or _TICKER.match(name)
        return None if found is None else self._exchange.find("spot", found.groups()[-1])

    def _say(self, socket: Socket, request: dict[str, Any], code: int, message: str) -> None:
        socket.answer(to_json({"id": request.get("id", 0), "code": code, "msg": message}))

    # --- frames ---------------------------------------------------------------------------------------------

    def publish(self) -> None:
        """Send what this step changed; the day of each pair every three seconds."""
        self._steps += 1
        for topic in self._hub.topics():
            listing = self._listing(topic)
            if listing is None:
                continue
            if _TICKER.match(topic):
                frame = self._ticker(topic, listing) if self._steps % TICKER_STEPS == 0 else None
            else:
                frame = self._book(topic, listing)
            if frame is not None:
                self._publish(topic, frame)

    def _publish(self, topic: str, frame: bytes) -> None:
        for socket in self._hub.listeners(topic):
            socket.data(frame, topic, binary=True)

    def _book(self, topic: str, listing: Listing) -> bytes | None:
        quote = self._exchange.quote(listing)
        best = _best(quote)
        if self._best.get(topic) == best and not self._exchange.still(listing):
            return None
        self._best[topic] = best
        fields = dict(enumerate(map(plain, best), 1))
        return push(topic, listing.symbol, BOOK_TICKER, fields, self._exchange.now_ms)

    def _ticker(self, topic: str, listing: Listing) -> bytes:
        last_day = day(self._exchange, listing)
        change = places(last_day.change_fraction, 4)
        fields: dict[int, str | int] = {
            1: listing.symbol,
            2: plain(last_day.last),
            3: change,
            4: change,
            5: plain(last_day.high),
            6: plain(last_day.low),
            7: places(last_day.turnover, 2),
            8: plain(last_day.volume),
        }
        return push(topic, listing.symbol, MINI_TICKER, fields, self._exchange.now_ms)

    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's sockets of its spot wallet."""
        if not isinstance(event, BalanceChanged) or event.wallet != "spot":
            return
        topic = _key(event.account)
        if not self._hub.wanted(topic):
            return
        frames = [self._balance(event, asset) for asset in event.assets]
        self._hub.private(lambda: self._send(topic, frames))

    def _send(self, topic: str, frames: Sequence[bytes]) -> None:
        for frame in frames:
            self._publish(topic, frame)

    def _balance(self, event: BalanceChanged, asset: str) -> bytes:
        now, locked = self._exchange.now_ms, spot_locked(event.account).get(asset, ZERO)
        free = event.account.wallets["spot"].get(asset, ZERO) - locked
        fields: dict[int, str | int] = {
            1: asset,
            2: f"id-{asset.lower()}",
            3: plain(free),
            4: plain(event.change),
            5: plain(locked),
            6: "0",
            7: _TYPES.get(event.reason, "ENTRUST"),
            8: now,
        }
        return push(_PRIVATE, "", ACCOUNT, fields, now)


def _key(account: Account) -> str:
    return f"private|{account.name}|spot"


def _best(quote: Quote) -> Best:
    return quote.bid, quote.bid_size, quote.ask, quote.ask_size
