"""The simulated WEEX: contracts and spot, REST and websockets, on one port.

REST paths are the venue's own: ``/capi/v3`` those of api-contract, ``/api/v3`` those of api-spot. ``/v3/ws`` bare or
after ``/contract`` are the sockets of ws-contract, after ``/spot`` those of ws-spot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from feeds.sim.events import AccountEvent, KeyExpired, Notice
from feeds.sim.exchange import Exchange
from feeds.sim.venue import SimVenue, VenueOptions
from feeds.sim.weex.private import PrivateStreams
from feeds.sim.weex.public import PublicStreams
from feeds.sim.weex.rest import Rest
from feeds.sim.weex.sockets import Manners


class Weex(SimVenue):
    """WEEX's wire format over one :class:`Exchange`."""

    name = "weex"
    limit_statuses = (429,)

    def __init__(self, exchange: Exchange, options: VenueOptions) -> None:
        super().__init__(exchange, options)
        self.manners = Manners(exchange, self.hub)
        self.public = PublicStreams(exchange, self.hub, self.manners)
        self.private = PrivateStreams(exchange, self.faults, self.hub, self.manners)
        self.rest = Rest(exchange, self.faults)

    def application(self) -> web.Application:
        """Everything this venue serves."""
        app = web.Application()
        self.rest.add_routes(app)
        for prefix in ("", "/{host:contract|spot}"):
            app.router.add_get(f"{prefix}/v3/ws/public", self.public.connect)
            app.router.add_get(f"{prefix}/v3/ws/private", self.private.connect)
        return app

    def publish(self) -> None:
        """Send what the last step changed."""
        self.public.publish()

    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's sockets what happened to it."""
        self.private.on_event(event)

    def on_notice(self, notice: Notice) -> None:
        """Cut the sockets of a key that has expired; nothing else is announced."""
        if isinstance(notice, KeyExpired):
            self.private.expire(notice.key)

    def clear(self) -> None:
        """End every fault."""
        super().clear()
        self.public.skips_snapshots = False

    @property
    def offers(self) -> Mapping[str, Callable[[], None]]:
        """See :attr:`SimVenue.offers`."""
        return {"resnapshot": self.resnapshot, "skip_snapshots": self.skip_snapshots}

    def resnapshot(self) -> None:
        """Send the snapshot of every book anew."""
        self.public.resnapshot()

    def skip_snapshots(self) -> None:
        """Give new subscribers changes only."""
        self.public.skips_snapshots = True

    def housekeeping(self) -> None:
        """Ping, and cut sockets that do not answer or want nothing."""
        self.manners.housekeeping()
