"""What all of WEEX's websockets have in common: the greeting, the venue's pings, limits, and how requests are answered.

Every socket is greeted. About once a minute the venue pings in JSON and cuts who has left more than ten unanswered; a
socket that has asked for nothing for as long is cut without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from feeds.sim.exchange import Exchange
from feeds.sim.limits import RollingLimits
from feeds.sim.sockets import Hub, Socket
from feeds.sim.wire import decode, encode, wall_ms

PING_MS = 60_000
IDLE_MS = 60_000
UNANSWERED = 10
OPERATIONS_PER_HOUR = 240
CHANNELS = 100


class _Client(msgspec.Struct):
    """One socket: whether it is private, and how it has kept its manners."""

    private: bool
    pinged_ms: int
    unanswered: int = 0


class Manners:
    """Keeps every socket of the venue, public and private."""

    def __init__(self, exchange: Exchange, hub: Hub) -> None:
        self._exchange, self._hub = exchange, hub
        self._clients: dict[Socket, _Client] = {}
        self._operations = RollingLimits()

    def opened(self, socket: Socket, *, private: bool) -> None:
        """Greet a socket."""
        self._clients[socket] = _Client(private, wall_ms())
        greeting = {"cid": socket.identity, "event": "connected", "time": str(self._exchange.now_ms)}
        socket.answer(encode(greeting))

    def closed(self) -> None:
        """Forget the sockets that are gone."""
        for socket in self._clients.keys() - self._hub.sockets:
            del self._clients[socket]

    def housekeeping(self) -> None:
        """Ping, and cut who does not answer or wants nothing; called once a second."""
        now = wall_ms()
        for socket, client in list(self._clients.items()):
            if not socket.topics and now - socket.opened_ms >= IDLE_MS:
                socket.drop()
            elif now - client.pinged_ms >= PING_MS:
                if client.unanswered >= UNANSWERED:
                    socket.drop()
                    continue
                client.pinged_ms, client.unanswered = now, client.unanswered + 1
                name = "type" if client.private else "event"
                socket.answer(encode({name: "ping", "time": str(self._exchange.now_ms)}))

    def requested(
        self,
        socket: Socket,
        text: str,
        subscribe: Callable[[list[str]], str],
        unsubscribe: Callable[[list[str]], None],
    ) -> None:
        """Answer one request. ``subscribe`` returns why it refuses them all, if it does."""
        try:
            request = decode(text)
        except msgspec.DecodeError:
            request = None
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            message = f"INVALID_ARGUMENT: unrecognized message : {text[:80]}"
            socket.answer(encode({"result": False, "msg": message}))
            return
        self._request(socket, request, subscribe, unsubscribe)

    def _request(
        self,
        socket: Socket,
        request: dict[str, Any],
        subscribe: Callable[[list[str]], str],
        unsubscribe: Callable[[list[str]], None],
    ) -> None:
        method, identity = request["method"].upper(), request.get("id")
        given = request.get("params")
        names = [str(name) for name in given] if isinstance(given, list) else []
        refusal = ""
        match method:
            case "PONG":
                self._clients[socket].unanswered = 0
                socket.answer(encode({"id": identity, "method": "PONG"}))
                return
            case "PING":
                pass
            case "SUBSCRIBE" | "UNSUBSCRIBE" if names:
                refusal = self._too_much(socket, names, subscribing=method == "SUBSCRIBE")
                if not refusal and method == "SUBSCRIBE":
                    refusal = subscribe(names)
                elif not refusal:
                    unsubscribe(names)
            case _:
                refusal = f"invalid method : {method}"
        if refusal:
            socket.answer(encode({"result": False, "id": identity, "msg": f"INVALID_ARGUMENT: {refusal}"}))
        else:
            socket.answer(encode({"result": True, "id": identity}))

    def _too_much(self, socket: Socket, names: list[str], *, subscribing: bool) -> str:
        taken, _, _ = self._operations.take(socket.identity, OPERATIONS_PER_HOUR, 3600, wall_ms())
        if not taken:
            return "too many operations"
        more = len({*socket.topics, *names}) if subscribing else 0
        return "too many channels" if more > CHANNELS else ""
