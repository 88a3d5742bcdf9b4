"""BingX's websockets: a path for each market, every frame packed, its own pings, and one topic a request."""

from __future__ import annotations

import re
import uuid
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.accounts import Account
from feeds.sim.bingx.frames import Frames
from feeds.sim.bingx.private import UserData, topic_of
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.sockets import Hub, Socket
from feeds.sim.wire import decode, encode, wall_ms

MOST_TOPICS = 200
PING_MS = 5_000
PATIENCE_MS = 30_000

_TOPIC = re.compile(r"(?P<symbol>[A-Z0-9]+-[A-Z]+)@(?P<channel>\w+(?:@\w+)?)\Z")
_INVERSE_DEPTH = "code:100400:incrDepth dataType is not supported"


class Peer(msgspec.Struct):
    """One client: on which market's path it came, whose account it listens to, and when it last answered a ping."""

    market: str
    account: Account | None
    answered_ms: int
    pinged_ms: int = 0


class Streams:
    """Serves the sockets of all markets."""

    def __init__(self, exchange: Exchange, hub: Hub, user_data: UserData) -> None:
        self._exchange, self._hub, self._user_data = exchange, hub, user_data
        self._frames = Frames(exchange)
        self._peers: dict[Socket, Peer] = {}
        self._steps = 0

    async def connect(self, request: web.Request, market: str) -> web.StreamResponse:
        """Serve one socket; with a listen key it is private."""
        key = request.query.get("listenKey")
        account = None if key is None else self._user_data.owner(key)
        if key is not None and account is None:
            return web.Response(status=401, text="listenKey is not valid")
        peer = Peer(market, account, wall_ms())

        def opened(socket: Socket) -> None:
            self._peers[socket] = peer
            if account is not None:
                self._user_data.opened(socket, account, market)

        try:
            return await self._hub.accept(request, self._on_text, opened=opened)
        finally:
            self._peers = {socket: found for socket, found in self._peers.items() if found is not peer}

    def publish(self) -> None:
        """Send what this step changed, or what is due."""
        self._steps += 1
        for key in self._hub.topics():
            market, _, topic = key.partition(":")
            listing = self._listing(market, topic)
            if listing is None:
                continue
            frame = self._frames.due(listing, topic.partition("@")[2], key, self._steps)
            if frame is not None:
                self._hub.publish(key, frame)

    def ping(self) -> None:
        """Ping everybody every five seconds, and drop who has not answered for half a minute; called once a second."""
        now = wall_ms()
        for socket, peer in tuple(self._peers.items()):
            if now - peer.answered_ms > PATIENCE_MS:
                socket.drop()
            elif now - peer.pinged_ms >= PING_MS:
                peer.pinged_ms = now
                socket.answer(self._ping_frame(peer.market))

    def expire(self, account: Account) -> None:
        """Cut the private sockets of an account whose key has expired."""
        for socket, peer in tuple(self._peers.items()):
            if peer.account is account:
                socket.close(1000, "api key expired")

    def _ping_frame(self, market: str) -> bytes:
        if market != "spot":
            return b"Ping"
        stamp = "2026-01-01T00:00:00.000+0800"
        return encode({"ping": uuid.uuid4().hex, "time": stamp})

    # --- requests ------------------------------------------------------------------------------------------------

    async def _on_text(self, socket: Socket, text: str) -> None:
        """A request, or a pong. What is no JSON gets no answer."""
        peer = self._peers.get(socket)
        if peer is None:
            return
        if text.strip() == "Pong":
            peer.answered_ms = wall_ms()
            return
        try:
            request = decode(text)
        except msgspec.DecodeError:
            return
        if not isinstance(request, dict):
            return
        if "pong" in request:
            peer.answered_ms = wall_ms()
        elif isinstance(request.get("dataType"), list):
            return  # a list of topics is ignored in silence
        else:
            self._on_request(socket, peer, request)

    def _on_request(self, socket: Socket, peer: Peer, request: dict[str, Any]) -> None:
        topic, kind = str(request.get("dataType", "")), request.get("reqType", "sub")
        refusal = self._refusal(socket, peer, topic)
        if refusal is not None:
            socket.answer(self._answer(peer.market, request, *refusal))
            return
        key = self._key(peer, topic)
        if kind == "unsub":
            self._hub.unsubscribe(socket, key)
            socket.answer(self._answer(peer.market, request))
            return
        new = key not in socket.topics
        self._hub.subscribe(socket, key)
        socket.answer(self._answer(peer.market, request))
        listing = self._listing(peer.market, topic)
        if new and listing is not None:
            first = self._frames.first(listing, topic.partition("@")[2], key)
            if first is not None:
                socket.data(first, key)

    def _refusal(self, socket: Socket, peer: Peer, topic: str) -> tuple[int, str] | None:
        if not topic:
            return 80014, "dataType can not be empty"
        if peer.market == "spot" and peer.account is not None and topic in ("ACCOUNT_UPDATE", "spot.executionReport"):
            return None
        channel = topic.partition("@")[2]
        if peer.market == "inverse" and channel.startswith("incrDepth"):
            return 100400, _INVERSE_DEPTH
        if self._listing(peer.market, topic) is None or not self._frames.serves(peer.market, channel):
            return 80015, "dataType not support"
        if len(socket.topics) >= MOST_TOPICS and self._key(peer, topic) not in socket.topics:
            return 80403, f"your topic num over max {MOST_TOPICS}"
        return None

    def _answer(self, market: str, request: dict[str, Any], code: int = 0, message: str = "") -> bytes:
        identity = request.get("id", "")
        if market == "linear":
            return encode({"id": identity, "code": code, "msg": message, "dataType": "", "data": None})
        stamp = self._exchange.now_ms
        if code and market == "inverse" and message == _INVERSE_DEPTH:
            return encode({"code": code, "msg": message, "timestamp": stamp})
        return encode({"code": code, "id": identity, "msg": message or "SUCCESS", "timestamp": stamp})

    def _key(self, peer: Peer, topic: str) -> str:
        if peer.account is not None and "@" not in topic:
            return topic_of(peer.account, f"spot|{topic}")
        return f"{peer.market}:{topic}"

    def _listing(self, market: str, topic: str) -> Listing | None:
        match = _TOPIC.match(topic)
        return None if match is None else self._exchange.find(market, match["symbol"])
