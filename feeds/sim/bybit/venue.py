"""The simulated Bybit: one web application, REST and websockets on one port."""

from __future__ import annotations

from aiohttp import web

from feeds.sim.bybit.market_data import MarketData
from feeds.sim.bybit.public import PublicStreams
from feeds.sim.bybit.rest import Rest
from feeds.sim.exchange import Exchange
from feeds.sim.sockets import Hub

IDLE_MS = 600_000


class Bybit:
    """Bybit's wire format over one :class:`Exchange`."""

    name = "bybit"

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.hub = Hub()
        self.public = PublicStreams(exchange, self.hub)
        self._rest = Rest(MarketData(exchange))

    def application(self) -> web.Application:
        """Everything this venue serves."""
        app = web.Application()
        self._rest.add_routes(app)
        app.router.add_get("/v5/public/{category}", self.public.connect)
        return app

    def publish(self) -> None:
        """Send what the last step changed."""
        self.public.publish()

    def housekeeping(self) -> None:
        """Cut sockets that have said nothing for ten minutes; called now and then."""
        for socket in tuple(self.hub.sockets):
            if self.exchange.now_ms - socket.heard_ms > IDLE_MS:
                socket.close(1000, "idle")
