"""Spot's requests over a websocket: what an account's stream is asked for with, and its events.

Every answer tells of the request limits. A subscription ends with its socket, when it is asked to, or when its key
expires.
"""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.accounts import Account, ApiKey
from feeds.sim.binance import encode_spot
from feeds.sim.binance.protocol import BAD_KEY, BinanceRefusal, check_signature, mandatory
from feeds.sim.events import AccountEvent, BalanceChanged, OrderChanged
from feeds.sim.exchange import Exchange
from feeds.sim.rest_faults import RestFaults
from feeds.sim.sockets import Hub, Socket
from feeds.sim.wire import decode, encode

_LIMITS = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000, "count": 2},
]


class _Session(msgspec.Struct):
    """One subscription of a socket."""

    number: int
    account: Account
    key: ApiKey


class SpotSessions:
    """Serves ``/ws-api/v3``."""

    def __init__(self, exchange: Exchange, hub: Hub, faults: RestFaults) -> None:
        self._exchange, self._hub, self._faults = exchange, hub, faults
        self._sessions: dict[Socket, list[_Session]] = {}

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket to its end."""

        async def on_text(socket: Socket, text: str) -> None:
            self._on_text(socket, text)

        response = await self._hub.accept(request, on_text)
        for socket in self._sessions.keys() - self._hub.sockets:
            del self._sessions[socket]
        return response

    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's subscriptions what happened to its spot wallet and orders."""
        bodies = self._bodies(event)
        if not bodies:
            return
        frames = [
            (socket, encode({"subscriptionId": session.number, "event": body}))
            for socket, sessions in self._sessions.items()
            for session in sessions
            if session.account is event.account
            for body in bodies
        ]

        def send() -> None:
            for socket, frame in frames:
                socket.data(frame)

        if frames:
            self._hub.private(send)

    def end(self, key: ApiKey | None = None) -> None:
        """End the subscriptions of a key, or all."""
        now = self._exchange.now_ms
        for socket, sessions in self._sessions.items():
            for session in [item for item in sessions if key is None or item.key == key]:
                sessions.remove(session)
                event = {"e": "eventStreamTerminated", "E": now}
                socket.data(encode({"subscriptionId": session.number, "event": event}))

    def _bodies(self, event: AccountEvent) -> list[dict[str, Any]]:
        now, account = self._exchange.now_ms, event.account
        if isinstance(event, OrderChanged) and event.order.listing.spot:
            instrument = event.order.listing.instrument
            report = encode_spot.execution_report(event, now)
            if event.fill is not None:  # the balances come by themselves
                return [report]
            return [report, encode_spot.account_position(account, (instrument.base, instrument.quote), now)]
        if isinstance(event, BalanceChanged) and event.wallet == "spot":
            told = [encode_spot.account_position(account, event.assets, now)]
            if event.reason == "transfer":
                told += [encode_spot.balance_update(asset, event.change, now) for asset in event.assets]
            return told
        return []

    def _on_text(self, socket: Socket, text: str) -> None:
        try:
            request = decode(text)
        except msgspec.DecodeError:
            request = None
        if not isinstance(request, dict):
            socket.answer(encode(_refused(None, BinanceRefusal(-1135, "Invalid JSON request"))))
            return
        identity = request.get("id")
        try:
            result = self._answer(socket, str(request.get("method", "")), request.get("params") or {})
        except BinanceRefusal as refusal:
            socket.answer(encode(_refused(identity, refusal)))
            return
        socket.answer(encode({"id": identity, "status": 200, "result": result, "rateLimits": _LIMITS}))

    def _answer(self, socket: Socket, method: str, parameters: dict[str, Any]) -> Any:
        match method:
            case "ping":
                return {}
            case "time":
                return {"serverTime": self._faults.now_ms()}
            case "userDataStream.subscribe.signature":
                return self._subscribe(socket, parameters)
            case "userDataStream.unsubscribe":
                number = parameters.get("subscriptionId")
                sessions = self._sessions.get(socket, [])
                sessions[:] = [item for item in sessions if number is not None and item.number != number]
                return {}
            case "session.logon":
                raise BinanceRefusal(-1022, "Signature for this request is not valid.")  # Ed25519 keys only
            case _:
                raise BinanceRefusal(-1020, "This operation is not supported.")

    def _subscribe(self, socket: Socket, parameters: dict[str, Any]) -> Any:
        sent = {name: str(value) for name, value in parameters.items()}
        found = self._exchange.book.find(mandatory(sent, "apiKey"))
        if found is None:
            raise BinanceRefusal(-2015, BAD_KEY, 401)
        key, account = found
        payload = "&".join(f"{name}={sent[name]}" for name in sorted(sent) if name != "signature")
        check_signature(sent, payload.encode(), key.secret, self._faults.now_ms())
        sessions = self._sessions.setdefault(socket, [])
        used = {item.number for item in sessions}
        number = next(number for number in itertools.count() if number not in used)
        sessions.append(_Session(number, account, key))
        self._hub.subscribe(socket, f"private|spot|{account.name}")
        return {"subscriptionId": number}


def _refused(identity: Any, refusal: BinanceRefusal) -> dict[str, Any]:
    error = {"code": refusal.code, "msg": refusal.message}
    return {"id": identity, "status": refusal.status, "error": error, "rateLimits": _LIMITS}
