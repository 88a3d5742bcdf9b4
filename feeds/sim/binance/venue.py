"""The simulated Binance: USDⓈ-M, COIN-M and spot, REST and websockets, on one port.

REST paths are the venue's own (``/fapi``, ``/dapi``, ``/api``, ``/sapi``). ``/public``, ``/market`` and ``/private``
before ``/ws`` and ``/stream`` are the routes of fstream, ``/dstream`` before them is dstream, the bare ``/ws`` and
``/stream`` are the spot streams, and ``/ws-api/v3`` is ws-api.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from feeds.sim.binance.encode import force_order
from feeds.sim.binance.market_data import MarketData
from feeds.sim.binance.private import UserData
from feeds.sim.binance.reference import contract_info_event
from feeds.sim.binance.rest import ListenKeys, Rest
from feeds.sim.binance.spot_session import SpotSessions
from feeds.sim.binance.streams import Streams
from feeds.sim.events import AccountEvent, KeyExpired, Liquidated, Notice, Term, TermsChanged
from feeds.sim.exchange import Exchange
from feeds.sim.order_checks import Trading
from feeds.sim.venue import SimVenue, VenueOptions

FUTURES = ("usdm", "coinm")
PING_MS = {"futures": 180_000, "spot": 20_000}
STATUSES = {Trading.TRADING: "TRADING", Trading.CLOSING_ONLY: "TRADING"}
"""As ``!contractInfo`` tells them; a contract that is going or gone is ``SETTLING``."""
PATIENCE_MS = {"futures": 600_000, "spot": 60_000}


class Binance(SimVenue):
    """Binance's wire format over one :class:`Exchange`."""

    name = "binance"
    limit_statuses = (429, 418)

    def __init__(self, exchange: Exchange, options: VenueOptions) -> None:
        super().__init__(exchange, options)
        self.streams = Streams(exchange, self.hub)
        deliver = self.streams.deliver
        self.user_data = {category: UserData(exchange, self.hub, deliver, category) for category in FUTURES}
        self.streams.private_names = self._is_listen_key
        self.sessions = SpotSessions(exchange, self.hub, self.faults)
        keys = {name: ListenKeys(data.create, data.renew, data.close) for name, data in self.user_data.items()}
        data = {name: MarketData(exchange, self.streams.depth, name, self.faults.now_ms) for name in (*FUTURES, "spot")}
        self.rest = Rest(exchange, self.faults, data, keys)

    def application(self) -> web.Application:
        """Everything this venue serves."""
        app = web.Application()
        self.rest.add_routes(app)
        app.router.add_get("/ws-api/v3", self.sessions.connect)
        for prefix in ("", "/{route:public|market|private|dstream}"):
            app.router.add_get(prefix + "/{shape:ws|stream}", self.streams.connect)
            app.router.add_get(prefix + "/{shape:ws}/{path:.*}", self.streams.connect)
            app.router.add_get(prefix + "/{shape:stream}/{path:[0-9]+}", self.streams.connect)
        return app

    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's sockets what happened to it."""
        for data in self.user_data.values():
            data.on_event(event)
        self.sessions.on_event(event)

    def on_notice(self, notice: Notice) -> None:
        """Tell ``!contractInfo`` of a contract's new status or brackets, ``forceOrder`` of a liquidation, and a key's
        sessions that it has expired."""
        if isinstance(notice, KeyExpired):
            self.sessions.end(notice.key)
        elif isinstance(notice, TermsChanged) and not notice.listing.spot:
            if notice.term in (Term.TRADING, Term.TIERS):
                status = STATUSES.get(self.exchange.trading(notice.listing), "SETTLING")
                event = contract_info_event(notice.listing, status, self.exchange.now_ms)
                self.streams.announce("!contractInfo", event)
        elif isinstance(notice, Liquidated):
            event = force_order(notice.fill, self.exchange.now_ms)
            self.streams.announce(f"{notice.fill.listing.symbol.lower()}@forceOrder", event)
            self.streams.announce("!forceOrder@arr", event)

    @property
    def offers(self) -> Mapping[str, Callable[[], None]]:
        """See :attr:`SimVenue.offers`."""
        return {"expire_listen_keys": self.expire_listen_keys}

    def expire_listen_keys(self) -> None:
        """Let every listenKey expire now, and spot's subscriptions end."""
        for data in self.user_data.values():
            data.expire(at_once=True)
        self.sessions.end()

    def publish(self) -> None:
        """Send what the last step changed."""
        self.streams.publish()

    def housekeeping(self) -> None:
        """Ping, drop who does not answer, and cut sockets that have lived their day; called now and then."""
        for data in self.user_data.values():
            data.expire()
        now = self.exchange.now_ms
        for socket in tuple(self.hub.sockets):
            product = "futures" if self.streams.is_futures(socket) else "spot"
            if now - socket.opened_ms > self.options.lifetime_ms:
                socket.close(1001, "24 hours")
            elif now - max(socket.ponged_ms, socket.opened_ms) > PATIENCE_MS[product]:
                socket.drop()
            elif now - max(socket.pinged_ms, socket.opened_ms) > PING_MS[product]:
                socket.ping()

    def _is_listen_key(self, route: str, name: str) -> bool:
        return any(data.alive(route, name) for data in self.user_data.values())
