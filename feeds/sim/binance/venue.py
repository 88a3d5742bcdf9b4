"""The simulated Binance: USDⓈ-M and spot, REST and websockets, on one port."""

from __future__ import annotations

from aiohttp import web

from feeds.sim.binance.market_data import MarketData
from feeds.sim.binance.private import UserData
from feeds.sim.binance.reference import contract_info_event
from feeds.sim.binance.rest import ListenKeys, Rest
from feeds.sim.binance.streams import Streams
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.sockets import Hub

PING_MS = {"futures": 180_000, "spot": 20_000}
PATIENCE_MS = {"futures": 600_000, "spot": 60_000}


class Binance:
    """Binance's wire format over one :class:`Exchange`."""

    name = "binance"

    def __init__(self, exchange: Exchange, *, lifetime_ms: int) -> None:
        self.exchange = exchange
        self.hub = Hub()
        self.streams = Streams(exchange, self.hub)
        depth = self.streams.depth
        self.user_data = UserData(exchange, self.hub.faults, self.streams.deliver, self.streams.announce)
        self.streams.private_names = self.user_data.alive
        exchange.listener = self.user_data.on_event
        exchange.settlement.on_liquidation = self.user_data.on_liquidation
        keys = ListenKeys(self.user_data.create, self.user_data.renew, self.user_data.close)
        futures, spot = (MarketData(exchange, depth, category) for category in ("usdm", "spot"))
        self.rest = Rest(exchange, futures, spot, keys)
        self._lifetime_ms = lifetime_ms

    def application(self) -> web.Application:
        """Everything this venue serves."""
        app = web.Application()
        self.rest.add_routes(app)
        for prefix in ("", "/{route:public|market|private}"):
            app.router.add_get(prefix + "/{shape:ws|stream}", self.streams.connect)
            app.router.add_get(prefix + "/{shape:ws}/{path:.*}", self.streams.connect)
            app.router.add_get(prefix + "/{shape:stream}/{path:[0-9]+}", self.streams.connect)
        return app

    def announce_delisting(self, listing: Listing) -> None:
        """Tell ``!contractInfo`` that a contract no longer trades."""
        self.streams.announce("!contractInfo", contract_info_event(listing, "SETTLING", self.exchange.now_ms))

    def publish(self) -> None:
        """Send what the last step changed."""
        self.streams.publish()

    def housekeeping(self) -> None:
        """Ping, drop who does not answer, and cut sockets that have lived their day; called now and then."""
        self.user_data.expire()
        now = self.exchange.now_ms
        for socket in tuple(self.hub.sockets):
            product = "spot" if self.streams.is_spot(socket) else "futures"
            if now - socket.opened_ms > self._lifetime_ms:
                socket.close(1001, "24 hours")
            elif now - max(socket.ponged_ms, socket.opened_ms) > PATIENCE_MS[product]:
                socket.drop()
            elif now - max(socket.pinged_ms, socket.opened_ms) > PING_MS[product]:
                socket.ping()
