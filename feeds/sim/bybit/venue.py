"""The simulated Bybit: one web application, REST and websockets on one port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from feeds.sim.bybit.private import PrivateStreams
from feeds.sim.bybit.public import PublicStreams
from feeds.sim.bybit.rest import Rest
from feeds.sim.exchange import Exchange
from feeds.sim.sockets import Hub

IDLE_MS = 600_000
MATCHING_SECONDS = 0.005
"""How long after its answer an order reaches the book."""


class Bybit:
    """Bybit's wire format over one :class:`Exchange`."""

    name = "bybit"

    def __init__(self, exchange: Exchange, *, idle_contracts: int = 0) -> None:
        self.exchange = exchange
        self.hub = Hub()
        self.public = PublicStreams(exchange, self.hub)
        self.private = PrivateStreams(exchange, self.hub)
        self.rest = Rest(exchange, _soon, idle_contracts)
        exchange.listener = self.private.on_event

    def application(self) -> web.Application:
        """Everything this venue serves."""
        app = web.Application()
        self.rest.add_routes(app)
        app.router.add_get("/v5/public/{category}", self.public.connect)
        app.router.add_get("/v5/private", self.private.connect)
        return app

    def publish(self) -> None:
        """Send what the last step changed."""
        self.public.publish()

    def housekeeping(self) -> None:
        """Cut sockets on which neither side has said anything for too long; called now and then."""
        for socket in tuple(self.hub.sockets):
            busy_ms = max(socket.heard_ms, socket.sent_ms)
            if self.exchange.now_ms - busy_ms > (self.private.idle_limit(socket) or IDLE_MS):
                socket.close(1000, "idle")


def _soon(act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(MATCHING_SECONDS, act)
