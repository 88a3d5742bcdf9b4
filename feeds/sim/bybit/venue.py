"""The simulated Bybit: one web application, REST and websockets on one port.

REST paths are the venue's own; ``/v5/public/{category}``, ``/v5/private`` and ``/v5/trade`` are those of its
websockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import web

from feeds.sim.bybit.private import PrivateStreams
from feeds.sim.bybit.public import PublicStreams
from feeds.sim.bybit.rest import Rest
from feeds.sim.bybit.trade_stream import TradeStream
from feeds.sim.events import AccountEvent, KeyExpired, Notice
from feeds.sim.exchange import Exchange
from feeds.sim.venue import SimVenue, VenueOptions

IDLE_MS = 600_000
MATCHING_SECONDS = 0.005
"""How long after its answer an order reaches the book."""


class Bybit(SimVenue):
    """Bybit's wire format over one :class:`Exchange`."""

    name = "bybit"
    limit_statuses = (403,)

    def __init__(self, exchange: Exchange, options: VenueOptions) -> None:
        super().__init__(exchange, options)
        self.public = PublicStreams(exchange, self.hub)
        self.private = PrivateStreams(exchange, self.hub)
        self.rest = Rest(exchange, self.faults, _soon, options.idle_contracts)
        trade = self.rest.trade
        orders = {"order.create": trade.create, "order.amend": trade.amend, "order.cancel": trade.cancel}
        self.trade = TradeStream(exchange, self.hub, self.private, orders, self.rest.order_budget, self.faults)

    def application(self) -> web.Application:
        """Everything this venue serves."""
        app = web.Application()
        self.rest.add_routes(app)
        app.router.add_get("/v5/public/{category}", self.public.connect)
        app.router.add_get("/v5/private", self.private.connect)
        app.router.add_get("/v5/trade", self.trade.connect)
        return app

    def publish(self) -> None:
        """Send what the last step changed."""
        self.public.publish()

    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's sockets what happened to it."""
        self.private.on_event(event)

    def on_notice(self, notice: Notice) -> None:
        """Cut the sockets of a key that has expired; Bybit announces nothing else on its streams."""
        if isinstance(notice, KeyExpired):
            self.private.expire(notice.key)
            self.trade.expire(notice.key)

    def clear(self) -> None:
        """End every fault."""
        super().clear()
        self.public.skips_snapshots = False

    @property
    def offers(self) -> Mapping[str, Callable[[], None]]:
        """See :attr:`SimVenue.offers`."""
        return {"resnapshot": self.resnapshot, "skip_snapshots": self.skip_snapshots}

    def resnapshot(self) -> None:
        """Send every ticker's and book's snapshot anew."""
        self.public.resnapshot()

    def skip_snapshots(self) -> None:
        """Give new subscribers differences only."""
        self.public.skips_snapshots = True

    def housekeeping(self) -> None:
        """Cut sockets on which neither side has said anything for too long; called now and then."""
        for socket in tuple(self.hub.sockets):
            busy_ms = max(socket.heard_ms, socket.sent_ms)
            if self.exchange.now_ms - busy_ms > (self.private.idle_limit(socket) or IDLE_MS):
                socket.close(1000, "idle")


def _soon(act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(MATCHING_SECONDS, act)
