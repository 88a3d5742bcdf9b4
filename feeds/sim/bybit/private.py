"""Bybit's private websocket: auth, topics, and the events of an account. It sends no snapshots."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from core.instruments import ContractKind
from feeds.sim.accounts import Account, ApiKey, Purpose
from feeds.sim.bybit import encode, encode_wallet
from feeds.sim.bybit.protocol import signature, socket_payload
from feeds.sim.events import AccountEvent, BalanceChanged, OrderChanged, SettingsChanged
from feeds.sim.exchange import Exchange
from feeds.sim.sockets import Hub, Socket
from feeds.sim.wire import decode
from feeds.sim.wire import encode as to_json

_CATEGORISED = ("order", "execution", "execution.fast", "position")
_CATEGORIES = ("linear", "inverse", "spot")
_TOPICS = frozenset(
    [*_CATEGORISED, "wallet", *(f"{topic}.{category}" for topic in _CATEGORISED for category in _CATEGORIES)]
)


class PrivateStreams:
    """Serves ``/v5/private`` and turns account events into its frames."""

    def __init__(self, exchange: Exchange, hub: Hub) -> None:
        self._exchange, self._hub = exchange, hub
        self._accounts: dict[Socket, Account] = {}
        self._keys: dict[Socket, str] = {}
        self._idle_ms: dict[Socket, int] = {}

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket; ``max_active_time`` sets when an idle one is cut."""
        limit = idle_limit(request.query.get("max_active_time", ""))

        def opened(socket: Socket) -> None:
            self._idle_ms[socket] = limit

        response = await self._hub.accept(request, self._on_text, opened=opened)
        for socket in self._idle_ms.keys() - self._hub.sockets:
            self._accounts.pop(socket, None)
            self._keys.pop(socket, None)
            del self._idle_ms[socket]
        return response

    def idle_limit(self, socket: Socket) -> int | None:
        """How long (ms) a private socket may stay silent; ``None`` for one of another kind."""
        return self._idle_ms.get(socket)

    def on_event(self, event: AccountEvent) -> None:
        """Send what an account event means for its topics."""
        if isinstance(event, OrderChanged):
            told = self._order_frames(event)
        elif isinstance(event, BalanceChanged):
            told = self._balance_frames(event)
        else:
            told = self._setting_frames(event)
        frames: list[tuple[str, bytes]] = []
        for topic, category, data in told:
            names = [topic] if category is None else [topic, f"{topic}.{category}"]
            for name in names:
                key = _key(event.account, name)
                if self._hub.wanted(key):
                    frames.append((key, self._frame(name, data)))
        if frames:
            self._hub.private(lambda: self._send(frames))

    def expire(self, key: ApiKey) -> None:
        """Close the sockets that a key opened."""
        for socket, name in self._keys.items():
            if name == key.key:
                socket.close(1000, "api key expired")

    def _send(self, frames: Sequence[tuple[str, bytes]]) -> None:
        for key, frame in frames:
            self._hub.publish(key, frame)

    def _order_frames(self, event: OrderChanged) -> list[tuple[str, str | None, Any]]:
        category = event.order.listing.category
        frames: list[tuple[str, str | None, Any]] = []
        if event.fill is not None:
            frames.append(("execution", category, encode.execution(event.fill)))
            if event.fill.purpose is Purpose.TRADE:
                frames.append(("execution.fast", category, encode.fast_execution(event.fill)))
        frames.append(("order", category, encode.stream_order(event.order)))
        if event.fill is None and event.order.listing.instrument.kind is not ContractKind.SPOT:
            for position in event.account.sides(event.order.listing):
                frames.append(("position", category, encode.stream_position(self._exchange, event.account, position)))
        return frames

    def _balance_frames(self, event: BalanceChanged) -> list[tuple[str, str | None, Any]]:
        frames: list[tuple[str, str | None, Any]] = []
        if event.reason == "funding" and event.fill is not None:
            frames.append(("execution", event.fill.listing.category, encode.execution(event.fill)))
        else:
            for position in event.positions:
                data = encode.stream_position(self._exchange, event.account, position)
                frames.append(("position", position.listing.category, data))
        frames.append(("wallet", None, encode_wallet.wallet(self._exchange, event.account, event.assets)))
        return frames

    def _setting_frames(self, event: SettingsChanged) -> list[tuple[str, str | None, Any]]:
        """A contract's new leverage or mode is told as its positions."""
        if event.listing is None:
            return []
        return [
            ("position", event.listing.category, encode.stream_position(self._exchange, event.account, position))
            for position in event.account.sides(event.listing)
        ]

    def _frame(self, topic: str, data: Any) -> bytes:
        head = {"id": uuid.uuid4().hex, "topic": topic, "creationTime": self._exchange.now_ms}
        return to_json(head | {"data": [data]})

    # --- requests -------------------------------------------------------------------------------------------

    async def _on_text(self, socket: Socket, text: str) -> None:
        try:
            request = decode(text)
        except msgspec.DecodeError:
            request = None
        if not isinstance(request, dict):
            request = {}
        operation, arguments = request.get("op"), request.get("args")
        match operation:
            case "ping":
                stamp = str(self._exchange.now_ms)
                pong = {"req_id": request.get("req_id", ""), "op": "pong", "args": [stamp]}
                socket.answer(to_json(pong | {"conn_id": socket.identity}))
            case "auth":
                self._authenticate(socket, request, arguments if isinstance(arguments, list) else [])
            case "subscribe" | "unsubscribe" if isinstance(arguments, list):
                self._subscribe(socket, request, operation, [str(argument) for argument in arguments])
            case _:
                self._ack(socket, request, str(operation), "error:unknown op")

    def _authenticate(self, socket: Socket, request: dict[str, Any], arguments: Sequence[Any]) -> None:
        owner = self.owner(arguments)
        if isinstance(owner, str):
            self._ack(socket, request, "auth", owner)
            socket.close(1000, "auth failed")
            return
        key, self._accounts[socket] = owner
        self._keys[socket] = key.key
        self._ack(socket, request, "auth", "")

    def owner(self, arguments: Sequence[Any]) -> tuple[ApiKey, Account] | str:
        """Key and account of who signed, or why there is none. ``expires`` comes as a number or as text."""
        if len(arguments) != 3:
            return "Params Error"
        key, expires, given = (str(argument) for argument in arguments)
        found = self._exchange.book.find(key)
        if found is None:
            return "API key is expired." if key in self._exchange.book.expired else "API key is invalid."
        if not expires.isdigit() or int(expires) <= self._exchange.now_ms:
            return "Request expired"
        if not hmac.compare_digest(signature(found[0].secret, socket_payload(expires)), given.lower()):
            return "error sign!"
        return found

    def _subscribe(self, socket: Socket, request: dict[str, Any], operation: str, topics: list[str]) -> None:
        account = self._accounts.get(socket)
        if account is None:
            self._ack(socket, request, operation, "Request not authorized")
            return
        refusal = self._refusal(account, socket, topics, operation)
        self._ack(socket, request, operation, refusal)
        if refusal:
            return
        for topic in topics:
            act = self._hub.subscribe if operation == "subscribe" else self._hub.unsubscribe
            act(socket, _key(account, topic))

    def _refusal(self, account: Account, socket: Socket, topics: list[str], operation: str) -> str:
        """Why all of them are refused: an unknown topic, one that is there, or both forms of one."""
        present = {key.removeprefix(_key(account, "")) for key in socket.topics}
        for topic in topics:
            if topic not in _TOPICS:
                return f"error:handler not found,topic:{topic}"
            if operation == "subscribe" and topic in present:
                return f"error:already subscribed,topic:{topic}"
        if operation == "unsubscribe":
            return ""
        together = present | set(topics)
        for topic in _CATEGORISED:
            if topic in together and any(f"{topic}.{category}" in together for category in _CATEGORIES):
                return f"error:all-in-one and categorised forms are mixed,topic:{topic}"
        return ""

    def _ack(self, socket: Socket, request: dict[str, Any], operation: str, refusal: str) -> None:
        ack = {"success": not refusal, "ret_msg": refusal, "op": operation, "conn_id": socket.identity}
        if "req_id" in request:
            ack["req_id"] = request["req_id"]
        socket.answer(to_json(ack))


def idle_limit(text: str) -> int:
    """``max_active_time`` ("30s" … "600s", "1m" … "10m") in ms; ten minutes for anything else."""
    number, unit = text[:-1], text[-1:]
    seconds = int(number) * {"s": 1, "m": 60}.get(unit, 0) if number.isdigit() else 0
    return seconds * 1000 if 30 <= seconds <= 600 else 600_000


def _key(account: Account, topic: str) -> str:
    return f"private|{account.name}|{topic}"
