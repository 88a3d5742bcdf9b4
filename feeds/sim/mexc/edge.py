"""MEXC's contract socket, ``/edge``: public topics for all, and after a login whatever happens to the account.

Requests are answered without the name of the contract, methods that are not known not at all. Accounts get no snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from core.books import MarginMode
from feeds.sim.accounts import Account, ApiKey, PositionSide
from feeds.sim.catalogue import Listing
from feeds.sim.events import AccountEvent, BalanceChanged, OrderChanged, Setting
from feeds.sim.exchange import Exchange
from feeds.sim.mexc import encode as rows
from feeds.sim.mexc.encode import HEDGE, ONE_WAY, PositionIds
from feeds.sim.mexc.frames import ALL, Frames
from feeds.sim.mexc.protocol import MexcRefusal, login_accepted
from feeds.sim.rest_faults import RestFaults
from feeds.sim.sockets import Hub, Socket
from feeds.sim.wire import decode
from feeds.sim.wire import encode as to_json

FILTERS = {
    "asset": "asset",
    "order": "order",
    "order.deal": "order.deal",
    "position": "position",
    "risk.limit": "risk.limit",
}
ALWAYS = ("position.mode",)
"""Pushes that no filter names: they come to whoever gets any."""

IDLE_MS, UNPINGED_MS = 60_000, 68_000
"""A socket on which nothing goes either way is cut, and later one whose client is silent although data flows."""


class Edge:
    """Serves ``/edge``: requests, the frames of each step, and the events of accounts."""

    def __init__(self, exchange: Exchange, hub: Hub, frames: Frames, ids: PositionIds, faults: RestFaults) -> None:
        self._exchange, self._hub, self._frames, self._ids, self._faults = exchange, hub, frames, ids, faults
        self._accounts: dict[Socket, tuple[Account, str]] = {}
        self._sockets: set[Socket] = set()

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket."""
        answer = await self._hub.accept(request, self._on_text, opened=self._sockets.add)
        for socket in self._sockets - self._hub.sockets:
            self._sockets.discard(socket)
            self._accounts.pop(socket, None)
        return answer

    def housekeeping(self) -> None:
        """Cut, without a goodbye, who has not pinged."""
        now = self._exchange.now_ms
        for socket in tuple(self._sockets):
            idle = now - max(socket.heard_ms, socket.sent_ms)
            if idle > IDLE_MS or now - socket.heard_ms > UNPINGED_MS:
                socket.drop()

    def expire(self, key: ApiKey) -> None:
        """Cut the sockets that a key has opened."""
        for socket, (_, name) in tuple(self._accounts.items()):
            if name == key.key:
                socket.drop()

    # --- requests -------------------------------------------------------------------------------------------

    async def _on_text(self, socket: Socket, text: str) -> None:
        try:
            request = decode(text)
        except msgspec.DecodeError:
            return
        if not isinstance(request, dict):
            return
        method = str(request.get("method", ""))
        given = request.get("param", request.get("params"))
        param = given if isinstance(given, dict) else {}
        if method == "ping":
            socket.answer(to_json({"channel": "pong", "data": self._exchange.now_ms}))
        elif method == "login":
            self._login(socket, param, subscribes=request.get("subscribe") is not False)
        elif method == "personal.filter":
            self._filter(socket, param)
        elif method.startswith(("sub.", "unsub.")):
            self._subscribe(socket, method, param)

    def _answer(self, socket: Socket, channel: str, data: str) -> None:
        socket.answer(to_json({"channel": channel, "data": data, "ts": self._exchange.now_ms}))

    def _login(self, socket: Socket, param: dict[str, Any], *, subscribes: bool) -> None:
        book = self._exchange.book
        key = login_accepted(param, book.secret, self._faults.now_ms())
        found = None if key is None else book.find(key)
        if found is None:
            self._answer(socket, "rs.error", "authentication fail!")
            return
        self._accounts[socket] = found[1], found[0].key
        self._answer(socket, "rs.login", "success")
        if subscribes:
            self._want(socket, found[1], tuple(FILTERS))

    def _filter(self, socket: Socket, param: dict[str, Any]) -> None:
        """Replace what is wanted of an account; an empty list wants everything."""
        known = self._accounts.get(socket)
        if known is None:
            self._answer(socket, "rs.error", "not login")
            return
        filters = param.get("filters")
        named = [str(item.get("filter")) for item in filters if isinstance(item, dict)] if filters else list(FILTERS)
        if unknown := [name for name in named if name not in FILTERS]:
            self._answer(socket, "rs.error", f"unknown filter {unknown[0]}")
            return
        self._want(socket, known[0], named)
        self._answer(socket, "rs.personal.filter", "success")

    def _want(self, socket: Socket, account: Account, names: Sequence[str]) -> None:
        for topic in tuple(socket.topics):
            if topic.startswith("private|"):
                self._hub.unsubscribe(socket, topic)
        for name in (*names, *ALWAYS):
            self._hub.subscribe(socket, _key(account, name))

    def _subscribe(self, socket: Socket, method: str, param: dict[str, Any]) -> None:
        verb, _, topic = method.partition(".")
        if not self._frames.known(topic, param):
            return
        if topic in ALL:
            key = f"edge|{topic}"
        else:
            try:
                listing = self._frames.listing(param)
            except MexcRefusal:
                self._answer(socket, "rs.error", f"Contract [{param.get('symbol')}] not exists")
                return
            key = self._frames.key(topic, listing, param)
        if verb == "unsub":
            self._hub.unsubscribe(socket, key)
            self._answer(socket, f"rs.{method}", "success")
            return
        self._answer(socket, f"rs.{method}", "success")
        if key not in socket.topics:
            self._hub.subscribe(socket, key)
            first = self._frames.first(key)
            if first is not None:
                socket.data(first, key)

    # --- accounts -------------------------------------------------------------------------------------------

    def on_event(self, event: AccountEvent) -> None:
        """Send what an event means, as far as somebody wants it."""
        if isinstance(event, OrderChanged):
            told = self._order_pushes(event)
        elif isinstance(event, BalanceChanged):
            told = self._balance_pushes(event)
        elif event.setting is Setting.POSITION_MODE:
            mode = HEDGE if event.account.hedge_mode else ONE_WAY
            told = [("position.mode", {"positionMode": mode})]
        else:
            told = (
                [] if event.listing is None else [("risk.limit", self._limit(event.account, event.listing, event.side))]
            )
        frames = [
            (_key(event.account, topic), self._frame(topic, data))
            for topic, data in told
            if self._hub.wanted(_key(event.account, topic))
        ]
        if frames:
            self._hub.private(lambda: self._send(frames))

    def _send(self, frames: Sequence[tuple[str, bytes]]) -> None:
        for key, frame in frames:
            self._hub.publish(key, frame)

    def _frame(self, topic: str, data: Any) -> bytes:
        return to_json({"channel": f"push.personal.{topic}", "data": data, "ts": self._exchange.now_ms})

    def _order_pushes(self, event: OrderChanged) -> list[tuple[str, Any]]:
        if event.order.listing.spot:
            return []
        told: list[tuple[str, Any]] = [("order", rows.pushed_order(event.account, event.order))]
        if event.fill is not None:
            told.append(("order.deal", rows.deal_row(event.fill, pushed=True)))
        return told + self._assets(event.account, event.order.listing.instrument.settle)

    def _balance_pushes(self, event: BalanceChanged) -> list[tuple[str, Any]]:
        if event.wallet == "spot":
            return []
        told: list[tuple[str, Any]] = [
            ("position", rows.position_row(self._exchange, event.account, position, self._ids))
            for position in event.positions
            if position.quantity or (event.fill is not None and event.fill.position_side is position.side)
        ]
        for asset in event.assets:
            told += self._assets(event.account, asset)
        return told

    def _assets(self, account: Account, currency: str) -> list[tuple[str, Any]]:
        return [("asset", rows.pushed_asset(self._exchange, account, currency))]

    @staticmethod
    def _limit(account: Account, listing: Listing, side: PositionSide) -> dict[str, Any]:
        shown = PositionSide.SHORT if side is PositionSide.SHORT else PositionSide.LONG
        row = rows.leverage_row(account, listing, shown)
        isolated = account.mode(listing, side) is MarginMode.ISOLATED
        return row | {"symbol": listing.symbol, "openType": 1 if isolated else 2, "riskSource": 0}


def _key(account: Account, topic: str) -> str:
    return f"private|{account.name}|{topic}"
