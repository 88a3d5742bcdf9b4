"""Binance's websockets: three USDⓈ-M routes that serve only their own streams, COIN-M and spot without routes.

A stream asked on the wrong route, in upper case, or of an unknown symbol is acked and stays silent, as at the venue.
The unrouted paths serve spot here, those under ``/dstream`` COIN-M (route ``coin``); a stream of another product that
is asked there is silent too, and none of it is an error. All-market streams carry both futures products on either host.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.binance.depth import DepthBooks
from feeds.sim.binance.stream_names import StreamNames
from feeds.sim.exchange import Exchange
from feeds.sim.sockets import Hub, Socket
from feeds.sim.wire import decode, encode, wall_ms

MESSAGES_PER_SECOND = {"spot": 5}
FUTURES_MESSAGES_PER_SECOND = 10
MAXIMUM_STREAMS = 1024

ROUTES = {"public": "public", "market": "market", "private": "private", "dstream": "coin", "": "spot"}
"""By the first part of the path."""


class _Client(msgspec.Struct):
    """What a socket asked for, whether it is served or not."""

    route: str
    combined: bool
    asked: dict[str, None]
    events: frozenset[str]
    heard: deque[int]


class Streams:
    """Serves every websocket path of public streams, and makes each stream's frame once for all who want it."""

    def __init__(self, exchange: Exchange, hub: Hub) -> None:
        self._hub = hub
        self.depth = DepthBooks(exchange)
        self._clients: dict[Socket, _Client] = {}
        self._names = StreamNames(exchange, self.depth)
        self.private_names: Callable[[str, str], bool] = lambda *_: False
        """Whether a stream name is a live listenKey of a route."""

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve ``[/{route}]/ws[/…]`` and ``[/{route}]/stream``."""
        route, shape = ROUTES[request.match_info.get("route", "")], request.match_info["shape"]
        events = frozenset(part for text in request.query.getall("events", []) for part in text.split("/") if part)
        client = _Client(route, shape == "stream", {}, events, deque(maxlen=FUTURES_MESSAGES_PER_SECOND + 1))
        wanted = initial_streams(request.match_info.get("path", ""), request.query.getall("streams", []))
        wanted += request.query.getall("listenKey", []) if route == "private" else []

        def opened(socket: Socket) -> None:
            self._clients[socket] = client
            for name in wanted:
                self._add(socket, client, name)

        async def on_text(socket: Socket, text: str) -> None:
            self._on_text(socket, client, text)

        response = await self._hub.accept(request, on_text, opened=opened, on_any=self._count)
        for socket in self._clients.keys() - self._hub.sockets:
            del self._clients[socket]
        return response

    def is_futures(self, socket: Socket) -> bool:
        """Whether a socket was opened on a path of futures streams."""
        return socket in self._clients and self._clients[socket].route != "spot"

    def publish(self) -> None:
        """Send what is due at this step."""
        self._names.steps += 1
        wanted: dict[tuple[str, str], list[str]] = {}
        for key in self._hub.topics():
            route, _, rest = key.partition("|")
            _, _, name = rest.partition("|")
            wanted.setdefault((route, name), []).append(key)
        for (route, name), keys in wanted.items():
            stream = self._names.find(route, name)
            if stream is not None and stream.each_step is not None:
                stream.each_step()
            if stream is None or self._names.steps % stream.every_steps:
                continue
            body = stream.make()
            if body is not None:
                self._send(name, encode(body), keys)

    def announce(self, name: str, body: Any) -> None:
        """Send an event stream's frame (``!contractInfo``, ``<s>@forceOrder``) to whoever wants it, on either host."""
        self._send(name, encode(body), [*topic_keys("market", name), *topic_keys("coin", name)])

    def deliver(self, listen_key: str, body: Any) -> None:
        """Send a private event to every socket of a listenKey that did not ask for other kinds only."""
        raw = encode(body)
        for key in topic_keys("private", listen_key):
            frame = wrapped(listen_key, raw) if key.startswith("private|combined") else raw
            for socket in self._hub.listeners(key):
                events = self._clients[socket].events
                if not events or body["e"] in events:
                    socket.data(frame)

    def _send(self, name: str, raw: bytes, keys: list[str]) -> None:
        for key in keys:
            if self._hub.wanted(key):
                combined = key.split("|", 2)[1] == "combined"
                self._hub.publish(key, wrapped(name, raw) if combined else raw)

    # --- requests -------------------------------------------------------------------------------------------

    def _count(self, socket: Socket) -> None:
        """Close a socket that sends too much; pings and pongs count."""
        client, now = self._clients[socket], wall_ms()
        client.heard.append(now)
        limit = MESSAGES_PER_SECOND.get(client.route, FUTURES_MESSAGES_PER_SECOND)
        if sum(1 for moment in client.heard if moment > now - 1000) > limit:
            socket.close(1008, "Too many requests")

    def _on_text(self, socket: Socket, client: _Client, text: str) -> None:
        try:
            request = decode(text)
        except msgspec.DecodeError:
            socket.answer(encode({"error": {"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"}}))
            return
        if not isinstance(request, dict):
            request = {}
        identity = request.get("id")
        answer = self._answer(socket, client, request)
        socket.answer(encode(answer | {"id": identity}))

    def _answer(self, socket: Socket, client: _Client, request: dict[str, Any]) -> dict[str, Any]:
        identity, method, parameters = request.get("id"), request.get("method"), request.get("params")
        if isinstance(identity, bool | float | list | dict) or (isinstance(identity, str) and len(identity) > 36):
            return _invalid("request ID must be an unsigned integer or a string")
        if method == "LIST_SUBSCRIPTIONS":
            return {"result": list(client.asked)}
        if not isinstance(parameters, list):
            return _invalid(f"unknown variant `{method}`" if method is None else "missing field `params`")
        match method:
            case "SUBSCRIBE" if all(isinstance(name, str) for name in parameters):
                if len(client.asked) + len(parameters) > MAXIMUM_STREAMS:
                    return _invalid("too many streams")
                for name in parameters:
                    self._add(socket, client, name)
            case "UNSUBSCRIBE" if all(isinstance(name, str) for name in parameters):
                for name in parameters:
                    self._remove(socket, client, name)
            case "SET_PROPERTY":
                return self._set_property(socket, client, parameters)
            case "GET_PROPERTY":
                return {"result": client.combined} if parameters == ["combined"] else _error(0, "Unknown property")
            case _:
                return _invalid(f"unknown variant `{method}`")
        return {"result": None}

    def _set_property(self, socket: Socket, client: _Client, parameters: list[Any]) -> dict[str, Any]:
        if parameters[:1] != ["combined"]:
            return _error(0, "Unknown property")
        if len(parameters) != 2 or not isinstance(parameters[1], bool):
            return _error(1, "Invalid value type: expected Boolean")
        asked = list(client.asked)
        for name in asked:
            self._remove(socket, client, name)
        client.combined = parameters[1]
        for name in asked:
            self._add(socket, client, name)
        return {"result": None}

    def _add(self, socket: Socket, client: _Client, name: str) -> None:
        client.asked[name] = None
        stream = None if client.route == "private" else self._names.find(client.route, name)
        if stream is not None and stream.begin is not None:
            stream.begin()
        if self.private_names(client.route, name):
            self._hub.subscribe(socket, topic_key("private", name, combined=client.combined))
        elif stream is not None:
            self._hub.subscribe(socket, topic_key(client.route, name, combined=client.combined))

    def _remove(self, socket: Socket, client: _Client, name: str) -> None:
        client.asked.pop(name, None)
        for route in (client.route, "private"):
            self._hub.unsubscribe(socket, topic_key(route, name, combined=client.combined))


def initial_streams(path: str, queries: list[str]) -> list[str]:
    """The streams that an address asks for; a lone number in the path is a client's shard, not a stream."""
    parts = [part for part in path.split("/") if part and not part.isdigit()]
    for query in queries:
        parts += [part for part in query.split("/") if part]
    return parts


def topic_key(route: str, name: str, *, combined: bool) -> str:
    """How the hub files a stream: route, shape and name."""
    return f"{route}|{'combined' if combined else 'raw'}|{name}"


def topic_keys(route: str, name: str) -> list[str]:
    """Both shapes of a stream."""
    return [topic_key(route, name, combined=combined) for combined in (False, True)]


def wrapped(name: str, raw: bytes) -> bytes:
    """A frame as a combined socket gets it."""
    return b'{"stream":' + encode(name) + b',"data":' + raw + b"}"


def _invalid(text: str) -> dict[str, Any]:
    return _error(2, f"Invalid request: {text}")


def _error(code: int, text: str) -> dict[str, Any]:
    return {"error": {"code": code, "msg": text}}
