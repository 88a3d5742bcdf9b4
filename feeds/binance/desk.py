"""An account at Binance: its private streams, and its orders."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AccountSettings, AccountSwept, AnyEvent, BalanceUpdate
from core.orders import OrderRequest
from feeds.binance import facts, sign
from feeds.binance.known import Known
from feeds.binance.private import AccountDecoder
from feeds.binance.products import COINM, PRODUCTS, SPOT, USDM, at_home, rest_base, tells_rights
from feeds.clock import Clock
from feeds.order_fate import SentOrders
from feeds.plans import by_market
from feeds.venue import ConnectionPlan, Credentials, Endpoints, Opening, PlainStream, Subscription

if TYPE_CHECKING:
    from feeds.rest import RestClient

_NS_PER_MS = 1_000_000
_ACCOUNT = " account"
"""What follows the market in the name of its private connection."""


class _ListenKey(msgspec.Struct):
    key: str = msgspec.field(name="listenKey")


class _Time(msgspec.Struct):
    milliseconds: int = msgspec.field(name="serverTime")


class BinanceAccount(PlainStream):
    """See :class:`feeds.venue.AccountFeed`.

    Each market has a wallet of its own. That of the first market among the instruments asked for (USDⓈ-M before COIN-M
    before spot) is the account itself; what is told of another wallet names ``account/market``.
    """

    venue = facts.VENUE

    def __init__(self, account: str, endpoints: Endpoints | None, credentials: Credentials) -> None:
        self.account = account
        self._endpoints = at_home(endpoints)
        self._credentials = credentials
        self._clock = Clock()
        self._requests = itertools.count(1)
        self._rest: dict[str, RestClient] = {}
        self._listen_keys: dict[str, str] = {}
        self._ahead_ms = 0
        self._names: Mapping[str, str] = {}
        self._known = {market: Known() for market in PRODUCTS}
        self._spot_assets: set[str] = set()
        self._fates = SentOrders(facts.ORDER_VALID_NS, self._clock.now_ns())

    # --- private streams ---------------------------------------------------------------------------------------------

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """A connection for each market."""
        self._names = self._names_for(instruments)
        return [self._plan(market) for market in self._names]

    def decoder(self, plan: ConnectionPlan) -> AccountDecoder:
        """A fresh decoder for one connection."""
        market = _market(plan)
        return AccountDecoder(market, self._names.get(market, self.account), plan.name)

    async def opening(self, plan: ConnectionPlan) -> Opening:
        """The plan's address; for futures once there is a listenKey to subscribe to. Raises VenueError."""
        from feeds.rest import Haste

        market = _market(plan)
        product = PRODUCTS[market]
        async with self._client(market) as rest:
            if market == SPOT:  # the login is signed by the venue's clock
                venue_ms = _time_of(await rest.ask("GET", product.path("time"), signed=False, haste=Haste.VITAL))
                self._ahead_ms = venue_ms - self._clock.now_ns() // _NS_PER_MS
            else:
                self._listen_keys[market] = _listen_key(
                    await rest.ask("POST", product.path("listenKey"), haste=Haste.VITAL)
                )
        return Opening(plan.url)

    def login_frames(self, plan: ConnectionPlan) -> Sequence[str]:
        """Spot's session is opened by a signed request; futures are known by their listenKey."""
        if _market(plan) != SPOT:
            return ()
        now_ms = self._clock.now_ns() // _NS_PER_MS + self._ahead_ms
        parameters = sign.signed_parameters(self._credentials, now_ms)
        method = "userDataStream.subscribe.signature"
        return (json.dumps({"id": facts.LOGIN, "method": method, "params": parameters}),)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """The listenKey is the name of the stream. Spot's subscription came with the login: there an answer proves that
        the session is served."""
        market, number = _market(plan), next(self._requests)
        self._known[market].forget_settings()
        if market == SPOT:
            return (json.dumps({"id": str(number), "method": "ping"}),)
        return (json.dumps({"method": "SUBSCRIBE", "params": [self._listen_keys.get(market, "")], "id": number}),)

    def heartbeat_frame(self) -> str | None:
        """None: the venue pings, and the websocket library answers."""
        return None

    async def keep_alive(self, plan: ConnectionPlan) -> None:
        """Renew the listenKey for an hour. Raises VenueError where it is gone."""
        from feeds.rest import Haste

        market = _market(plan)
        async with self._client(market) as rest:
            await rest.ask("PUT", PRODUCTS[market].path("listenKey"), haste=Haste.VITAL)

    # --- reading over REST -------------------------------------------------------------------------------------------

    async def sweep(self, instruments: Sequence[str], since_ns: int) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.sweep`."""
        names = self._names_for(instruments)
        try:
            events = await self._swept(instruments, since_ns, names)
        except BaseException as error:  # nothing is told, so nothing is known
            for known in self._known.values():
                known.forget_settings()
            if isinstance(error, DecodeError):
                raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
            raise
        received_ns = self._clock.now_ns()
        if not tells_rights(self._endpoints):
            unverified = AccountSettings(received_ns=received_ns, account=self.account, key_verified=False)
            events.append(unverified)
        return [*events, *(AccountSwept(received_ns=received_ns, account=name) for name in names.values())]

    async def _swept(self, instruments: Sequence[str], since_ns: int, names: Mapping[str, str]) -> list[AnyEvent]:
        """What each market tells. Raises VenueError and DecodeError."""
        from feeds.binance.sweep import Sweep

        events: list[AnyEvent] = []
        for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items():
            async with self._client(market) as rest:
                sweep = Sweep(rest, market, names[market], self._clock, self._known[market])
                read = await sweep.events(symbols, since_ns // _NS_PER_MS)
            events += read if market != SPOT else [*read, *self._gone(read, names[market])]
        return events

    # --- orders ------------------------------------------------------------------------------------------------------

    async def place(self, order: OrderRequest, *, post_only: bool = False) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.place`.

        The venue takes an id again once its order is filled: what was sent before is looked up before it is sent.
        """
        from feeds.binance.placing import Placing

        async with self._client(_checked(order)) as rest:
            return await Placing(rest, self._clock, self._fates).place(order, post_only=post_only)

    async def cancel(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.cancel`."""
        from feeds.binance.placing import Placing

        async with self._client(_checked(order)) as rest:
            return await Placing(rest, self._clock, self._fates).cancel(order)

    async def query(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.query`."""
        from feeds.binance.placing import Placing

        async with self._client(_checked(order)) as rest:
            return await Placing(rest, self._clock, self._fates).query(order)

    def _gone(self, read: Sequence[AnyEvent], name: str) -> list[AnyEvent]:
        """Spot balances that were told before and are left out now, because nothing is left of them."""
        held = {event.asset for event in read if isinstance(event, BalanceUpdate)}
        gone, self._spot_assets = self._spot_assets - held, held
        received_ns = self._clock.now_ns()
        return [
            BalanceUpdate(received_ns=received_ns, account=name, asset=asset, wallet_balance=Decimal(0))
            for asset in sorted(gone)
        ]

    # --- pieces ------------------------------------------------------------------------------------------------------

    def _names_for(self, instruments: Sequence[str]) -> dict[str, str]:
        """What each market's wallet is called."""
        markets = by_market(facts.VENUE, facts.MARKETS, instruments)
        first = next(iter(markets), "")
        return {market: self.account if market == first else f"{self.account}/{market}" for market in markets}

    def _client(self, market: str) -> RestClient:
        from feeds.binance.rest import BinanceDialect
        from feeds.rest import RestClient

        if market not in self._rest:
            base = rest_base(self._endpoints, market)
            dialect = BinanceDialect(PRODUCTS[market])
            self._rest[market] = RestClient(dialect, base, self._credentials, pauses=dialect.pause_seconds)
        return self._rest[market]

    def _plan(self, market: str) -> ConnectionPlan:
        home, more = self._endpoints.websocket, self._endpoints.more
        urls = {
            USDM: home + facts.PRIVATE_PATH,
            COINM: more[facts.COINM_WEBSOCKET] + facts.COINM_PATH,
            SPOT: more[facts.SPOT_API] + facts.SPOT_API_PATH,
        }
        return ConnectionPlan(
            venue=self.venue,
            name=f"{market}{_ACCOUNT}",
            url=urls[market],
            subscriptions=(Subscription(channel=facts.USER_DATA, silence_seconds=None),),
            heartbeat_seconds=None,
            lifetime_seconds=facts.LIFETIME_SECONDS,
            private=True,
            keep_alive_seconds=None if market == SPOT else facts.LISTEN_KEY_KEPT_SECONDS,
        )


def _market(plan: ConnectionPlan) -> str:
    return plan.name.removesuffix(_ACCOUNT)


def _checked(order: OrderRequest) -> str:
    """The market of an order that can be asked for. Raises VenueError."""
    from feeds.binance import orders

    orders.check(order)
    return order.instrument.split(":")[1]


def _listen_key(body: bytes) -> str:
    """Raises VenueError for a body without one; what the body holds is not shown."""
    try:
        key = msgspec.json.decode(body, type=_ListenKey).key
    except (msgspec.DecodeError, UnicodeDecodeError):
        key = ""
    if not key:
        raise VenueError(facts.VENUE, "bad_answer", "no listenKey")
    return key


def _time_of(body: bytes) -> int:
    try:
        return msgspec.json.decode(body, type=_Time).milliseconds
    except msgspec.DecodeError:
        raise VenueError(facts.VENUE, "bad_answer", "no serverTime") from None
