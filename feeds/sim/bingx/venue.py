"""The simulated BingX: USDT-margined and coin-margined contracts and spot, REST and websockets, on one port.

REST paths are the venue's own. ``/swap-market`` stands for the sockets of USDT-margined contracts, ``/cswap/market``
and ``/spot/market`` for those of coin-margined ones and of spot, which the venue has on hosts of their own under
``/market``. With ``?listenKey=`` each is that market's private socket.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from feeds.sim.bingx.private import UserData
from feeds.sim.bingx.rest import Rest
from feeds.sim.bingx.streams import Streams
from feeds.sim.events import AccountEvent, KeyExpired, Notice
from feeds.sim.exchange import Exchange
from feeds.sim.sockets import Hub
from feeds.sim.venue import SimVenue, VenueOptions

MATCHING_SECONDS = 0.005
"""How long after its answer an order reaches the book, or leaves it."""

PATHS = {"linear": "/swap-market", "inverse": "/cswap/market", "spot": "/spot/market"}


class Bingx(SimVenue):
    """BingX's wire format over one :class:`Exchange`."""

    name = "bingx"
    limit_statuses = (429, 418)

    def __init__(self, exchange: Exchange, options: VenueOptions) -> None:
        super().__init__(exchange, options, Hub(pack))
        self.user_data = UserData(exchange, self.hub)
        self.streams = Streams(exchange, self.hub, self.user_data)
        self.rest = Rest(exchange, self.faults, self.user_data, _soon)

    def application(self) -> web.Application:
        """Everything this venue serves."""
        app = web.Application()
        self.rest.add_routes(app)
        for market, path in PATHS.items():
            app.router.add_get(path, self._connect(market))
        return app

    def publish(self) -> None:
        """Send what the last step changed."""
        self.streams.publish()

    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's sockets what happened to it."""
        self.user_data.on_event(event)

    def on_notice(self, notice: Notice) -> None:
        """Cut the sockets of a key that has expired; BingX announces nothing else on its streams."""
        if isinstance(notice, KeyExpired):
            self.streams.expire(notice.account)

    @property
    def offers(self) -> Mapping[str, Callable[[], None]]:
        """See :attr:`SimVenue.offers`."""
        return {"expire_listen_keys": self.expire_listen_keys}

    def expire_listen_keys(self) -> None:
        """Let every listenKey expire now."""
        self.user_data.expire(at_once=True)

    def housekeeping(self) -> None:
        """Ping, drop who does not answer, and repeat every account's settings; called once a second."""
        self.user_data.expire()
        self.user_data.repeat_settings()
        self.streams.ping()

    def _connect(self, market: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def connect(request: web.Request) -> web.StreamResponse:
            return await self.streams.connect(request, market)

        return connect


def pack(frame: bytes) -> bytes:
    """A frame as it is sent: one gzip member."""
    return gzip.compress(frame, compresslevel=1, mtime=0)


def _soon(act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(MATCHING_SECONDS, act)
