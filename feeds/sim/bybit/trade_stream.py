"""Bybit's order entry by websocket: requests as over REST, without a signature each, and answers of another shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.accounts import Account, ApiKey
from feeds.sim.bybit.private import PrivateStreams
from feeds.sim.bybit.protocol import AHEAD_MS, DEFAULT_WINDOW_MS, BybitRefusal, Parameters, text
from feeds.sim.exchange import Exchange
from feeds.sim.rest_faults import RestFaults
from feeds.sim.sockets import Hub, Socket
from feeds.sim.wire import decode, encode

Order = Callable[[Parameters, Account, ApiKey], dict[str, Any]]


class TradeStream:
    """Serves ``/v5/trade``. ``orders`` are the operations by name, ``budget`` counts a request of an account against
    the limit that REST has for it, and fills in the headers that say so."""

    def __init__(
        self,
        exchange: Exchange,
        hub: Hub,
        private: PrivateStreams,
        orders: Mapping[str, Order],
        budget: Callable[[Account, str, dict[str, str]], None],
        faults: RestFaults,
    ) -> None:
        self._exchange, self._hub, self._private = exchange, hub, private
        self._orders, self._budget, self._faults = orders, budget, faults
        self._owners: dict[Socket, tuple[ApiKey, Account]] = {}
        self._asked: dict[Socket, set[str]] = {}

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket."""
        response = await self._hub.accept(request, self._on_text)
        for socket in (self._owners.keys() | self._asked.keys()) - self._hub.sockets:
            self._owners.pop(socket, None)
            self._asked.pop(socket, None)
        return response

    def expire(self, key: ApiKey) -> None:
        """Close the sockets that a key opened."""
        for socket, (owner, _) in self._owners.items():
            if owner.key == key.key:
                socket.close(1000, "api key expired")

    async def _on_text(self, socket: Socket, frame: str) -> None:
        try:
            request = decode(frame)
        except msgspec.DecodeError:
            request = None
        if not isinstance(request, dict):
            request = {}
        operation = str(request.get("op"))
        if operation == "ping":
            self._say(socket, {"retCode": 0, "retMsg": "OK", "op": "pong", "data": [str(self._exchange.now_ms)]})
        elif operation == "auth":
            self._authenticate(socket, request)
        else:
            self._order(socket, request, operation)

    def _authenticate(self, socket: Socket, request: dict[str, Any]) -> None:
        arguments = request.get("args")
        owner = self._private.owner(arguments if isinstance(arguments, list) else [])
        if socket in self._owners:
            self._say(socket, {"retCode": 20001, "retMsg": "Repeat auth", "op": "auth"})
        elif isinstance(owner, str):
            self._say(socket, {"retCode": 10004, "retMsg": owner, "op": "auth"})
            socket.close(1000, "auth failed")
        else:
            self._owners[socket] = owner
            self._say(socket, {"retCode": 0, "retMsg": "OK", "op": "auth"})

    def _order(self, socket: Socket, request: dict[str, Any], operation: str) -> None:
        """Carry an order request out, and answer it."""
        headers: dict[str, str] = {}
        answer: dict[str, Any] = {"reqId": request.get("reqId", ""), "op": operation}
        try:
            data = self._carried_out(socket, request, operation, headers)
            answer |= {"retCode": 0, "retMsg": "OK", "data": data}
            if self._faults.lost_answers > 0:
                self._faults.lost_answers -= 1
                if self._faults.cut:
                    return
                raise BybitRefusal(10016, "Server error.")
        except BybitRefusal as refusal:
            answer |= {"retCode": refusal.code, "retMsg": refusal.message, "data": {}}
        stamp = {"Traceid": socket.identity.replace("-", ""), "Timenow": str(self._exchange.now_ms)}
        self._say(socket, answer | {"retExtInfo": {}, "header": headers | stamp})

    def _carried_out(
        self, socket: Socket, request: dict[str, Any], operation: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        order, owner, arguments = self._orders.get(operation), self._owners.get(socket), request.get("args")
        if owner is None:
            raise BybitRefusal(10003, "Request not authorized")
        if order is None:
            raise BybitRefusal(10404, f"op {operation} is not found")
        if not isinstance(arguments, list) or len(arguments) != 1 or not isinstance(arguments[0], dict):
            raise BybitRefusal(10001, "params error: args")
        if self._faults.limited() is not None:
            raise BybitRefusal(10403, "Exceed IP rate limit. Frequent requests under the same session.")
        self._check(socket, request)
        key, account = owner
        self._budget(account, operation, headers)
        if not key.may_trade:
            raise BybitRefusal(10005, "Permission denied, please check your API key permissions.")
        return order(arguments[0], account, key)

    def _check(self, socket: Socket, request: dict[str, Any]) -> None:
        """Raise BybitRefusal for a request that is late, or whose id was used on this socket before."""
        header = request.get("header")
        if not isinstance(header, dict):
            raise BybitRefusal(10001, "params error: header")
        stamp, now = text(header, "X-BAPI-TIMESTAMP"), self._faults.now_ms()
        window = text(header, "X-BAPI-RECV-WINDOW", str(DEFAULT_WINDOW_MS))
        if not (stamp.isdigit() and window.isdigit() and now - int(window) <= int(stamp) < now + AHEAD_MS):
            raise BybitRefusal(10002, "The request time exceeds the time window range.")
        identity, asked = text(request, "reqId"), self._asked.setdefault(socket, set())
        if identity and identity in asked:
            raise BybitRefusal(20006, "reqId is duplicated")
        asked.add(identity)

    @staticmethod
    def _say(socket: Socket, answer: dict[str, Any]) -> None:
        socket.answer(encode(answer | {"connId": socket.identity}))
