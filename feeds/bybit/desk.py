"""An account at Bybit: its private stream, a sweep over REST, and its orders."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.errors import DecodeError, VenueError
from core.events import AccountSwept, AnyEvent
from core.orders import OrderRequest
from feeds.bybit import facts, sign
from feeds.bybit.modes import Modes
from feeds.bybit.private import AccountDecoder
from feeds.clock import Clock
from feeds.plans import by_market
from feeds.venue import ConnectionPlan, Credentials, Endpoints, Opening, PlainStream, Subscription

if TYPE_CHECKING:
    from feeds.bybit.placing import Placing
    from feeds.bybit.sweep import Sweep
    from feeds.rest import RestClient

_NS_PER_MS: Final = 1_000_000


class BybitAccount(PlainStream):
    """See :class:`feeds.venue.AccountFeed`. One unified account: one wallet and one private socket for everything."""

    venue = facts.VENUE

    def __init__(self, account: str, endpoints: Endpoints | None, credentials: Credentials) -> None:
        self.account = account
        self._endpoints = endpoints or facts.LIVE
        self._credentials = credentials
        self._clock = Clock()
        self._requests = itertools.count(1)
        self._client: RestClient | None = None
        self._modes = Modes()
        self._coins: set[str] = set()
        self._planned: tuple[str, ...] = ()
        self._ahead_ms = 0
        self._sent_ns: dict[str, int] = {}
        """When each order was last sent, so that an id that the venue does not know yet is not taken for free."""

    # --- the private stream ------------------------------------------------------------------------------------------

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """One connection, where there is anything to know."""
        self._planned = tuple(instruments)
        if not by_market(facts.VENUE, facts.MARKETS, instruments):
            return ()
        more = self._endpoints.more
        return (
            ConnectionPlan(
                venue=self.venue,
                name="account",
                url=more.get(facts.PRIVATE_WEBSOCKET, self._endpoints.websocket) + facts.PRIVATE_PATH,
                subscriptions=tuple(Subscription(channel=topic, silence_seconds=None) for topic in facts.TOPICS),
                heartbeat_seconds=facts.HEARTBEAT_SECONDS,
                lifetime_seconds=None,
                private=True,
            ),
        )

    def decoder(self, plan: ConnectionPlan) -> AccountDecoder:
        """A fresh decoder for one connection."""
        return AccountDecoder(facts.LINEAR, self.account, plan.name, modes=self._modes)

    async def opening(self, plan: ConnectionPlan) -> Opening:
        """The plan's address. The venue's time is read for the login, and the position modes that are not known yet:
        without them an execution cannot be told to a leg. Raises VenueError."""
        rest = self._rest()
        async with rest:
            await self._read_clock(rest)
            try:
                await self._sweep(rest).learn_modes(by_market(facts.VENUE, facts.MARKETS, self._planned))
            except DecodeError as error:
                raise VenueError(self.venue, "bad_answer", str(error)) from None
        return Opening(plan.url)

    async def _read_clock(self, rest: RestClient) -> None:
        from feeds.bybit.rest import BybitDialect

        asked_ms = self._clock.now_ns() // _NS_PER_MS
        self._ahead_ms = BybitDialect().clock_ms(await rest.get(facts.TIME_PATH)) - asked_ms

    def login_frames(self, plan: ConnectionPlan) -> Sequence[str]:
        """The key, and a signature that expires soon by the venue's clock."""
        expires = self._clock.now_ns() // _NS_PER_MS + self._ahead_ms + facts.LOGIN_SECONDS * 1000
        signature = sign.sign(self._credentials.secret, sign.greeting(expires))
        arguments = [self._credentials.key, expires, signature]
        return (json.dumps({"req_id": facts.LOGIN, "op": "auth", "args": arguments}),)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """One request for all; its ``req_id`` comes back in the answer."""
        request = {"req_id": f"{plan.name}-{next(self._requests)}", "op": "subscribe", "args": list(channels)}
        return (json.dumps(request),)

    def heartbeat_frame(self) -> str | None:
        """The ping that the venue wants from its clients."""
        return facts.PING

    # --- the sweep ---------------------------------------------------------------------------------------------------

    async def sweep(self, instruments: Sequence[str], since_ns: int) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.sweep`."""
        rest = self._rest()
        async with rest:
            try:
                markets = by_market(facts.VENUE, facts.MARKETS, instruments)
                events = await self._sweep(rest).events(markets, since_ns // _NS_PER_MS)
            except DecodeError as error:
                raise VenueError(self.venue, "bad_answer", str(error)) from None
        return [*events, AccountSwept(received_ns=self._clock.now_ns(), account=self.account)]

    # --- orders ------------------------------------------------------------------------------------------------------

    async def place(self, order: OrderRequest, *, post_only: bool = False) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.place`."""
        placing = self._placing(order)
        async with self._rest():
            return await placing.place(order, post_only=post_only)

    async def cancel(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.cancel`."""
        placing = self._placing(order)
        async with self._rest():
            return await placing.cancel(order)

    async def query(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.query`."""
        placing = self._placing(order)
        async with self._rest():
            return await placing.query(order)

    # --- pieces ------------------------------------------------------------------------------------------------------

    def _rest(self) -> RestClient:
        from feeds.bybit.rest import BybitDialect
        from feeds.rest import RestClient

        if self._client is None:
            self._client = RestClient(BybitDialect(), self._endpoints.rest, self._credentials)
        return self._client

    def _sweep(self, rest: RestClient) -> Sweep:
        from feeds.bybit.sweep import Sweep

        return Sweep(rest, self.account, self._clock, self._modes, self._coins)

    def _placing(self, order: OrderRequest) -> Placing:
        """For an order that can be asked for. Raises VenueError."""
        from feeds.bybit import orders
        from feeds.bybit.placing import Placing

        orders.check(order)
        return Placing(self._rest(), self._clock, self._modes, self._sent_ns)
