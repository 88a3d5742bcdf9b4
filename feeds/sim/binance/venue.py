"""The simulated Binance: USDⓈ-M and spot, REST and websockets, on one port.

REST paths are the venue's own (``/fapi``, ``/api``, ``/sapi``). ``/public``, ``/market`` and ``/private`` before
``/ws`` and ``/stream`` are the routes of fstream; the bare ``/ws`` and ``/stream`` are the spot streams.
"""

from __future__ import annotations

from aiohttp import web

from feeds.sim.binance.encode import force_order
from feeds.sim.binance.market_data import MarketData
from feeds.sim.binance.private import UserData
from feeds.sim.binance.reference import contract_info_event
from feeds.sim.binance.rest import ListenKeys, Rest
from feeds.sim.binance.streams import Streams
from feeds.sim.events import AccountEvent, Liquidated, Notice, Term, TermsChanged
from feeds.sim.exchange import Exchange
from feeds.sim.order_checks import Trading
from feeds.sim.venue import SimVenue, VenueOptions

PING_MS = {"futures": 180_000, "spot": 20_000}
STATUSES = {Trading.TRADING: "TRADING", Trading.CLOSING_ONLY: "TRADING"}
"""As ``!contractInfo`` tells them; a contract that is going or gone is ``SETTLING``."""
PATIENCE_MS = {"futures": 600_000, "spot": 60_000}


class Binance(SimVenue):
    """Binance's wire format over one :class:`Exchange`."""

    name = "binance"
    offers = frozenset({"expire_listen_keys"})
    limit_statuses = (429, 418)

    def __init__(self, exchange: Exchange, options: VenueOptions) -> None:
        super().__init__(exchange, options)
        self.streams = Streams(exchange, self.hub)
        depth = self.streams.depth
        self.user_data = UserData(exchange, self.hub, self.streams.deliver)
        self.streams.private_names = self.user_data.alive
        keys = ListenKeys(self.user_data.create, self.user_data.renew, self.user_data.close)
        futures, spot = (MarketData(exchange, depth, category) for category in ("usdm", "spot"))
        self.rest = Rest(exchange, self.faults, futures, spot, keys)

    def application(self) -> web.Application:
        """Everything this venue serves."""
        app = web.Application()
        self.rest.add_routes(app)
        for prefix in ("", "/{route:public|market|private}"):
            app.router.add_get(prefix + "/{shape:ws|stream}", self.streams.connect)
            app.router.add_get(prefix + "/{shape:ws}/{path:.*}", self.streams.connect)
            app.router.add_get(prefix + "/{shape:stream}/{path:[0-9]+}", self.streams.connect)
        return app

    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's sockets what happened to it."""
        self.user_data.on_event(event)

    def on_notice(self, notice: Notice) -> None:
        """Tell ``!contractInfo`` of a contract's new status or brackets, and ``forceOrder`` of a liquidation."""
        if isinstance(notice, TermsChanged) and notice.listing.category == "usdm":
            if notice.term in (Term.TRADING, Term.TIERS):
                status = STATUSES.get(self.exchange.trading(notice.listing), "SETTLING")
                event = contract_info_event(notice.listing, status, self.exchange.now_ms)
                self.streams.announce("!contractInfo", event)
        elif isinstance(notice, Liquidated) and notice.fill.listing.category == "usdm":
            event = force_order(notice.fill, self.exchange.now_ms)
            self.streams.announce(f"{notice.fill.listing.symbol.lower()}@forceOrder", event)
            self.streams.announce("!forceOrder@arr", event)

    def expire_listen_keys(self) -> None:
        """Let every listenKey expire now."""
        self.user_data.expire(at_once=True)

    def publish(self) -> None:
        """Send what the last step changed."""
        self.streams.publish()

    def housekeeping(self) -> None:
        """Ping, drop who does not answer, and cut sockets that have lived their day; called now and then."""
        self.user_data.expire()
        now = self.exchange.now_ms
        for socket in tuple(self.hub.sockets):
            product = "spot" if self.streams.is_spot(socket) else "futures"
            if now - socket.opened_ms > self.options.lifetime_ms:
                socket.close(1001, "24 hours")
            elif now - max(socket.ponged_ms, socket.opened_ms) > PATIENCE_MS[product]:
                socket.drop()
            elif now - max(socket.pinged_ms, socket.opened_ms) > PING_MS[product]:
                socket.ping()
