"""The simulated MEXC: one web application, REST and websockets on one port.

REST paths are the venue's own. ``/edge`` is the contract socket (``contract.mexc.com``), ``/ws`` that of spot
(``wbs-api.mexc.com``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import web

from feeds.sim.events import AccountEvent, KeyExpired, Notice
from feeds.sim.exchange import Exchange
from feeds.sim.mexc.account_api import AccountApi
from feeds.sim.mexc.edge import Edge
from feeds.sim.mexc.encode import PositionIds
from feeds.sim.mexc.frames import Frames
from feeds.sim.mexc.market_data import MarketData
from feeds.sim.mexc.rest import Rest
from feeds.sim.mexc.spot_api import SpotApi
from feeds.sim.mexc.spot_streams import SpotStreams
from feeds.sim.mexc.trade_api import TradeApi
from feeds.sim.venue import SimVenue, VenueOptions

MATCHING_SECONDS = 0.005
"""How long after its answer an order reaches the book."""


class Mexc(SimVenue):
    """MEXC's wire format over one :class:`Exchange`."""

    name = "mexc"
    limit_statuses = (429,)

    def __init__(self, exchange: Exchange, options: VenueOptions) -> None:
        super().__init__(exchange, options)
        data, ids = MarketData(exchange, self.faults.now_ms), PositionIds()
        self.frames = Frames(exchange, self.hub, data)
        self.edge = Edge(exchange, self.hub, self.frames, ids, self.faults)
        self.spot_api = SpotApi(exchange, self.faults.now_ms)
        self.spot = SpotStreams(exchange, self.hub, self.spot_api, options.lifetime_ms)
        account, trade = AccountApi(exchange, data, ids), TradeApi(exchange, data, _soon)
        self.rest = Rest(exchange, self.faults, data, account, trade, self.spot_api)

    def application(self) -> web.Application:
        """Everything this venue serves."""
        app = web.Application()
        self.rest.add_routes(app)
        app.router.add_get("/edge", self.edge.connect)
        app.router.add_get("/ws", self.spot.connect)
        return app

    def publish(self) -> None:
        """Send what the last step changed."""
        self.frames.publish()
        self.spot.publish()

    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's sockets what happened to it."""
        self.edge.on_event(event)
        self.spot.on_event(event)

    def on_notice(self, notice: Notice) -> None:
        """Cut the sockets of a key that has expired."""
        if isinstance(notice, KeyExpired):
            self.edge.expire(notice.key)

    def housekeeping(self) -> None:
        """Cut sockets that are idle or too old."""
        self.edge.housekeeping()
        self.spot.housekeeping()

    @property
    def offers(self) -> Mapping[str, Callable[[], None]]:
        """See :attr:`SimVenue.offers`."""
        return {"expire_listen_keys": self.expire_listen_keys}

    def expire_listen_keys(self) -> None:
        """Let every key of a spot account stream expire now."""
        self.spot_api.expire_keys()
        self.spot.housekeeping()


def _soon(act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(MATCHING_SECONDS, act)
