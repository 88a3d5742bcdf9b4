"""One account at WEEX: its private sockets, its sweep, and its orders."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

from core.errors import VenueError
from core.events import AccountSwept, AnyEvent, BalanceUpdate, FrameFault, Heard, OrderState, OrderUpdate
from core.orders import OrderRequest
from feeds.clock import Clock
from feeds.order_fate import SentOrders, became
from feeds.plans import by_market
from feeds.rest import RestClient
from feeds.venue import ConnectionPlan, Credentials, Endpoints, Opening, PlainStream, Subscription
from feeds.weex import facts, orders, sign
from feeds.weex.addresses import rest_base, socket_base, with_spot
from feeds.weex.known import Known
from feeds.weex.private import PrivateDecoder
from feeds.weex.rest import WeexDialect
from feeds.weex.sweep import Sweep, unreadable

_PRIVATE: Final = "private"
_PRIVATE_SPOT: Final = "private spot"
_LOOK_BACK_NS: Final = 300_000_000_000
"""How long before an order was made, by our clock, its history is looked through."""

NOT_KNOWN: Final = "the venue does not know it"


class WeexDesk(PlainStream):
    """See :class:`feeds.venue.AccountFeed`."""

    venue = facts.VENUE

    def __init__(self, account: str, endpoints: Endpoints | None, credentials: Credentials) -> None:
        self.account = account
        self._endpoints, self._credentials = with_spot(endpoints), credentials
        self._clock = Clock()
        self._known = Known()
        self._requests = itertools.count(1)
        self._sent = SentOrders(round(facts.VALID_SECONDS * 1e9), self._clock.now_ns())
        self._rest = self._client(facts.LINEAR, facts.CLOCK_PATH)
        self._spot = self._client(facts.SPOT, facts.SPOT_CLOCK_PATH)

    def _client(self, market: str, clock_path: str) -> RestClient:
        return RestClient(WeexDialect(clock_path), rest_base(self._endpoints, market), self._credentials)

    # --- the stream ----------------------------------------------------------------------------------------------

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """A private socket for contracts, and one for spot where a pair is wanted."""
        symbols = by_market(facts.VENUE, facts.MARKETS, instruments)
        plans = [self._plan(_PRIVATE, facts.LINEAR, facts.PRIVATE_CHANNELS)] if facts.LINEAR in symbols else []
        if facts.SPOT in symbols:
            plans.append(self._plan(_PRIVATE_SPOT, facts.SPOT, facts.SPOT_PRIVATE_CHANNELS))
        return plans

    def _plan(self, name: str, market: str, channels: Sequence[str]) -> ConnectionPlan:
        return ConnectionPlan(
            venue=self.venue,
            name=name,
            url=socket_base(self._endpoints, market) + facts.PRIVATE_PATH,
            subscriptions=tuple(Subscription(channel=name, silence_seconds=None) for name in channels),
            heartbeat_seconds=None,
            lifetime_seconds=None,
            private=True,
        )

    def decoder(self, plan: ConnectionPlan) -> PrivateDecoder:
        """A fresh decoder for one connection. Dollars in the spot wallet are not told: they back no contract."""
        market = facts.SPOT if plan.name == _PRIVATE_SPOT else facts.LINEAR
        return PrivateDecoder(market, self.account, self._known, connection=plan.name, left_out=facts.MARGIN_COINS)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """One request."""
        return [json.dumps({"method": "SUBSCRIBE", "params": list(channels), "id": next(self._requests)})]

    def heartbeat_frame(self) -> str | None:
        """None: the venue pings."""
        return None

    def answer_frame(self, plan: ConnectionPlan, heard: Heard) -> str | None:
        """The answer to the venue's ping."""
        return json.dumps({"method": "PONG", "id": next(self._requests)})

    async def opening(self, plan: ConnectionPlan) -> Opening:
        """The address with headers that vouch for us now. The position mode is asked for first where it is not known:
        without it no row of a position can be told. Raises VenueError."""
        if self._known.hedge is None:
            async with self._rest:
                await self._sweeping().mode()
        return Opening(plan.url, sign.socket_headers(self._credentials, self._rest.venue_now_ms))

    # --- the sweep -----------------------------------------------------------------------------------------------

    def _sweeping(self) -> Sweep:
        return Sweep(self._rest, self.account, self._known, self._clock)

    async def sweep(self, instruments: Sequence[str], since_ns: int) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.sweep`."""
        symbols = by_market(facts.VENUE, facts.MARKETS, instruments)
        linear = symbols.get(facts.LINEAR, [])
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._rest)
            sweeping = self._sweeping()
            events = await sweeping.standing(linear)
            if facts.SPOT in symbols:
                await stack.enter_async_context(self._spot)
                events += await self._spot_coins()
            events += await sweeping.records(linear, since_ns)
        return [*events, AccountSwept(received_ns=self._clock.now_ns(), account=self.account)]

    async def _spot_coins(self) -> list[AnyEvent]:
        spot = Sweep(self._spot, self.account, self._known, self._clock)
        _, told = await spot.ask(facts.SPOT_ACCOUNT_PATH)
        return [event for event in told if not (isinstance(event, BalanceUpdate) and event.asset in facts.MARGIN_COINS)]

    # --- orders --------------------------------------------------------------------------------------------------

    async def place(self, order: OrderRequest, *, post_only: bool = False) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.place`. What was sent before is looked up, and not sent again before the
        first request can no longer be accepted."""
        async with self._rest:
            if self._sent.was_sent(order) and (known := await self._sent_before(order)):
                return known
            if self._known.hedge is None:
                await self._sweeping().mode()
            body = orders.body(order, hedge=self._known.hedge is True, post_only=post_only)
            self._sent.sent(order, self._clock.now_ns())
            try:
                raw = await self._rest.ask("POST", facts.ORDER_PATH, body=body)
            except VenueError as error:
                return await self._not_placed(order, error)
        number = _number(raw)
        if not number:
            return [self._said(order, OrderState.UNKNOWN, "an answer without the number of an order")]
        self._known.name_order(number, order.client_order_id)
        return [became(order, OrderState.OPEN, self._clock.now_ns(), venue_order_id=number)]

    async def _sent_before(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """What became of an order that was sent; nothing where it came to nothing and never will."""
        try:
            found = await self._look_up(order)
        except VenueError as error:
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        if not found and self._sent.may_come(order, self._clock.now_ns()):
            return [self._said(order, OrderState.UNKNOWN, NOT_KNOWN)]
        return found

    async def _not_placed(self, order: OrderRequest, error: VenueError) -> Sequence[AnyEvent]:
        """What an error says of an order: nothing (it may be there), that it was refused, or that it never arrived."""
        if error.code == facts.CODE_CLIENT_ID:  # its name is taken: by itself
            return await self._sent_before(order)
        if error.outcome_unknown:
            self._sent.sent(order, self._clock.now_ns())  # it may have been signed as late as now
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        self._sent.refused(order)
        if not _refused(error):
            raise error
        return [self._said(order, OrderState.REJECTED, str(error))]

    async def cancel(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.cancel`."""
        async with self._rest:
            try:
                await self._rest.ask("DELETE", facts.ORDER_PATH, {"origClientOrderId": order.client_order_id})
            except VenueError as error:
                if not _refused(error):
                    raise
        return await self.query(order)

    async def query(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.query`. One that was made or sent a moment ago and is not found is
        UNKNOWN."""
        async with self._rest:
            found = await self._look_up(order)
        return found or [self._said(order, self._sent.unheard_of(order, self._clock.now_ns()), NOT_KNOWN)]

    def _said(self, order: OrderRequest, state: OrderState, reason: str) -> OrderUpdate:
        return became(order, state, self._clock.now_ns(), reason=reason)

    async def _look_up(self, order: OrderRequest) -> list[AnyEvent]:
        """The order by its client id, and its fills; empty where the venue does not know it. It is found by number
        where that is known, else among the open orders and those of the past: the venue looks up by number only."""
        sweeping, symbol = self._sweeping(), order.instrument.split(":")[2]
        found: list[AnyEvent] = []
        crowded = False
        number = self._known.venue_id(order.client_order_id)
        if number:
            try:
                found = _named(order, (await sweeping.ask(facts.ORDER_PATH, {"orderId": number}))[1])
            except VenueError as error:
                if error.code != facts.CODE_NO_ORDER:
                    raise
        if not found:
            asked = {"symbol": symbol, "limit": str(facts.PAGE_ROWS)}
            _, resting = await sweeping.ask(facts.OPEN_ORDERS_PATH, asked)
            found, crowded = _named(order, resting), len(resting) >= facts.PAGE_ROWS
        if not found:
            found = _named(order, await sweeping.ended_orders(symbol, order.created_ns - _LOOK_BACK_NS))
        if not found and crowded:
            raise VenueError(self.venue, "too_many_records", f"{symbol}: it may be among open orders beyond a page")
        number = self._known.venue_id(order.client_order_id)
        if not found or not number:
            return found
        _, fills = await sweeping.ask(facts.TRADES_PATH, {"symbol": symbol, "orderId": number})
        return [*found, *fills]


def _named(order: OrderRequest, events: Sequence[AnyEvent]) -> list[AnyEvent]:
    """The last word on the order among these. Raises VenueError where what cannot be read may be about it."""
    told = [
        event for event in events if isinstance(event, OrderUpdate) and event.client_order_id == order.client_order_id
    ]
    bad = next((event for event in events if isinstance(event, FrameFault)), None)
    if not told and bad is not None:
        raise unreadable(bad)
    return [*told[-1:]]


def _refused(error: VenueError) -> bool:
    """True where the venue itself said no, for a reason that is about the request and not about how many there were."""
    return error.retry_after_seconds is None and (error.code.startswith("-") or error.code == "refused")


def _number(raw: bytes) -> str:
    """The venue's number of an order in its answer; empty where it is not told."""
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    return str(content.get("orderId") or "") if isinstance(content, dict) else ""
