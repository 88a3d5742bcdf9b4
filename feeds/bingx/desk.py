"""An account at BingX: its private sockets, a sweep over REST, and its orders."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping, Sequence

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, Heard, OrderState, OrderUpdate
from core.legs import Leg
from core.orders import OrderRequest
from feeds.bingx import facts, orders
from feeds.bingx.asking import Asker, read_mode
from feeds.bingx.client import socket_url, with_sockets
from feeds.bingx.dealings import OPEN_STATES
from feeds.bingx.listen_key import key_of
from feeds.bingx.parse import pong
from feeds.bingx.private import Decoder
from feeds.bingx.rest import BingxDialect
from feeds.bingx.rows import PositionMode
from feeds.bingx.sweep import Account, Sweep
from feeds.clock import Clock
from feeds.order_fate import SentOrders, became
from feeds.plans import by_market
from feeds.rest import RestClient
from feeds.venue import ConnectionPlan, Credentials, Endpoints, Opening, RestAnswer, Subscription


class BingxDesk:
    """See :class:`feeds.venue.AccountFeed`. One private socket a market, each with a listen key of its own.

    A contract's wallet and spot's hold the same coins apart: where contracts of an account are wanted, their wallets
    tell the assets that they are settled in, and spot's tells the others.
    """

    venue = facts.VENUE

    def __init__(self, account: str, endpoints: Endpoints | None, credentials: Credentials) -> None:
        self.account = account
        self._endpoints = with_sockets(endpoints or facts.LIVE)
        self._clock = Clock()
        self._requests = itertools.count(1)
        self._rest = RestClient(BingxDialect(), self._endpoints.rest, credentials)
        self._asker = Asker(self._rest, self._clock, account)
        self._known = Account()
        self._mode = self._known.modes[facts.LINEAR]
        self._fates = SentOrders(facts.ORDER_VALID_NS, self._clock.now_ns())
        self._keys: dict[str, str] = {}
        self._elsewhere: frozenset[str] = frozenset()

    # --- private sockets -----------------------------------------------------------------------------------------

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """A private connection for each market among the instruments."""
        markets = by_market(facts.VENUE, facts.MARKETS, instruments)
        self._elsewhere = contract_assets(markets)
        return [
            ConnectionPlan(
                venue=self.venue,
                name=f"{market}-account",
                url=socket_url(self._endpoints, market),
                subscriptions=(
                    (Subscription(channel=facts.SPOT_BALANCES, silence_seconds=None),) if market == facts.SPOT else ()
                ),
                heartbeat_seconds=None,
                lifetime_seconds=None,
                private=True,
                keep_alive_seconds=facts.LISTEN_KEY_SECONDS,
            )
            for market in markets
        ]

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """A fresh decoder for one connection."""
        market = plan.name.partition("-")[0]
        not_assets = self._elsewhere if market == facts.SPOT else ()
        mode = self._known.modes.get(market)
        return Decoder(market, self.account, plan.name, mode=mode, not_assets=not_assets)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """One topic a frame; only spot has any."""
        return [
            json.dumps({"id": f"{plan.name}-{next(self._requests)}", "reqType": "sub", "dataType": channel})
            for channel in channels
        ]

    def heartbeat_frame(self) -> str | None:
        """None: the venue asks."""
        return None

    def answer_frame(self, plan: ConnectionPlan, heard: Heard) -> str | None:
        """The pong that the venue waits for."""
        return pong(heard.detail)

    async def opening(self, plan: ConnectionPlan) -> Opening:
        """The address with a new listen key. The position mode is read first: without it a frame that names a side
        cannot be told from one that names a leg. Raises VenueError."""
        coin_margined = self._known.modes[facts.INVERSE]
        async with self._rest:
            if self._mode.hedge is None and plan.name.startswith(facts.LINEAR):
                await read_mode(self._asker, self._mode)
            elif coin_margined.hedge is None and plan.name.startswith(facts.INVERSE):
                await self._known.ask_mode(self._asker)
                coin_margined.hedge = bool(self._mode.hedge)
            key = key_of(await self._rest.ask("POST", facts.LISTEN_KEY_PATH))
        self._keys[plan.name] = key
        return Opening(f"{plan.url}?listenKey={key}")

    def login_frames(self, plan: ConnectionPlan) -> Sequence[str]:
        """None: the address says who asks."""
        return ()

    async def keep_alive(self, plan: ConnectionPlan) -> None:
        """Renew the listen key. Raises VenueError."""
        key = self._keys.get(plan.name)
        if key is not None:
            async with self._rest:
                await self._rest.ask("PUT", facts.LISTEN_KEY_PATH, {"listenKey": key})

    # --- the sweep -----------------------------------------------------------------------------------------------

    async def sweep(self, instruments: Sequence[str], since_ns: int) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.sweep`."""
        markets = by_market(facts.VENUE, facts.MARKETS, instruments)
        async with self._rest:
            try:
                return await Sweep(self._asker, self._known, markets, since_ns).run()
            except DecodeError as error:
                raise VenueError(self.venue, "bad_answer", str(error)) from None

    # --- orders --------------------------------------------------------------------------------------------------

    async def place(self, order: OrderRequest, *, post_only: bool = False) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.place`."""
        async with self._rest:
            market, _ = orders.market_of(order)
            if self._fates.was_sent(order):
                known = await self._sent_before(order)
                if known:
                    return known
            if self._mode.hedge is None and market == facts.LINEAR:
                await read_mode(self._asker, self._mode)
            path, parameters = orders.placing(order, self._of(market), post_only=post_only)
            self._fates.sent(order, self._clock.now_ns())
            try:
                answer = await self._sent("POST", path, parameters)
            except VenueError as error:
                return await self._not_placed(order, error)
        return self._placed(order, answer, market)

    async def _sent_before(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """What became of an order that this desk has sent already; nothing where it came to nothing for sure."""
        try:
            found = await self._look_up(order)
        except VenueError as error:
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        if found is None and self._fates.may_come(order, self._clock.now_ns()):
            return [self._said(order, OrderState.UNKNOWN, "it was sent a moment ago, and is not known yet")]
        return found or ()

    async def _not_placed(self, order: OrderRequest, error: VenueError) -> Sequence[AnyEvent]:
        """What a failed request means for its order."""
        if error.code in facts.CODES_DUPLICATE | facts.CODES_PERHAPS_DUPLICATE:
            return await self._duplicated(order, error)
        if error.outcome_unknown:
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        self._fates.refused(order)
        if _certain(error):
            raise error
        return [self._said(order, OrderState.REJECTED, f"{error.code}: {error.message}")]

    async def _duplicated(self, order: OrderRequest, error: VenueError) -> Sequence[AnyEvent]:
        """The order that has the id already; UNKNOWN where it is not found and the refusal was, or may have been, for
        the id."""
        try:
            found = await self._look_up(order)
        except VenueError:
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        if found is not None:
            return found
        if error.code in facts.CODES_DUPLICATE or orders.is_about_id(error.message):
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        self._fates.refused(order)
        return [self._said(order, OrderState.REJECTED, f"{error.code}: {error.message}")]

    def _placed(self, order: OrderRequest, answer: RestAnswer, market: str) -> Sequence[AnyEvent]:
        """What a good answer to an order says: the venue's id of it, perhaps more; UNKNOWN where it says nothing."""
        try:
            told = orders.orders(answer, self._of(market))
            known = orders.placed_id(answer)
        except (DecodeError, VenueError) as error:
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        ours = [event for event in told if isinstance(event, OrderUpdate)]
        if not (ours and ours[0].client_order_id == order.client_order_id):
            if not known:
                return [self._said(order, OrderState.UNKNOWN, "the answer names no order")]
            ours = [became(order, OrderState.OPEN, answer.received_ns, venue_order_id=known)]
        if market == facts.INVERSE:
            self._known.modes[market].shown = order.leg is not Leg.NET
        self._remember(ours[0])
        return ours

    async def cancel(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.cancel`. The answer to a cancel may still call an order pending: then it
        is looked up, and more than once where it has not ended yet."""
        path, parameters = orders.cancelling(order)
        told: Sequence[AnyEvent] = ()
        async with self._rest:
            try:
                answer = await self._sent("DELETE", path, parameters)
                ended = [event for event in self._orders(answer, order) if isinstance(event, OrderUpdate)]
                if ended and all(event.state not in OPEN_STATES for event in ended):
                    return ended
            except DecodeError as error:
                raise VenueError(self.venue, "bad_answer", str(error), outcome_unknown=True) from None
            except VenueError as error:
                if error.code not in facts.CODES_NO_SUCH_ORDER:
                    raise
            for pause in facts.CANCEL_PAUSES:
                told = await self._looked_up(order)
                if not any(isinstance(event, OrderUpdate) and event.state in OPEN_STATES for event in told):
                    break
                await asyncio.sleep(pause)
            return told

    async def query(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.query`."""
        async with self._rest:
            return await self._looked_up(order)

    async def _looked_up(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """An order as the venue tells it. One that it does not know came to nothing, unless it may still come."""
        found = await self._look_up(order)
        if found is not None:
            return found
        state = self._fates.unheard_of(order, self._clock.now_ns())
        return [self._said(order, state, "the venue does not know this order")]

    async def _look_up(self, order: OrderRequest) -> Sequence[AnyEvent] | None:
        """The order and its fills; ``None`` where the venue does not know it. Raises VenueError."""
        path, parameters = orders.querying(order)
        try:
            answer = await self._sent("GET", path, parameters)
            told = self._orders(answer, order)
            found = next((event for event in told if isinstance(event, OrderUpdate)), None)
            if found is None:
                raise VenueError(self.venue, "bad_answer", f"{path}: no order in the answer")
            self._remember(found)
            return [*told, *await self._fills(order, found)]
        except DecodeError as error:
            raise VenueError(self.venue, "bad_answer", str(error)) from None
        except VenueError as error:
            if error.code not in facts.CODES_NO_SUCH_ORDER:
                raise
        return None

    def _remember(self, found: OrderUpdate) -> None:
        """So that a sweep finds what becomes of it, however long it rests."""
        self._known.orders.name_order(found.venue_order_id, found.client_order_id)
        if found.state in OPEN_STATES:
            self._known.orders.rests(found.venue_order_id, found.instrument)

    def _said(self, order: OrderRequest, state: OrderState, reason: str) -> OrderUpdate:
        return became(order, state, self._clock.now_ns(), reason=reason)

    def _orders(self, answer: RestAnswer, order: OrderRequest) -> Sequence[AnyEvent]:
        """The orders of an answer about one of ours, under its own id: it was asked for by that."""
        return orders.named(orders.orders(answer, self._of(orders.market_of(order)[0])), order)

    async def _fills(self, order: OrderRequest, found: OrderUpdate) -> Sequence[AnyEvent]:
        if not found.filled_quantity or not found.venue_order_id:
            return ()
        market, symbol = orders.market_of(order)
        names = {found.venue_order_id: order.client_order_id}
        asked = {"orderId": found.venue_order_id}
        path = facts.INVERSE_FILLS_PATH
        if market == facts.LINEAR:
            path = facts.FILLS_PATH
            start_ms = max(0, order.created_ns // 1_000_000 - 3_600_000)
            asked |= {
                "symbol": symbol,
                "startTs": str(start_ms),
                "endTs": str(self._rest.venue_now_ms + facts.RECV_WINDOW_MS),
                "pageSize": str(facts.PAGE),
            }
        answer = await self._sent("GET", path, asked)
        told = orders.fills(answer, self._of(market), names)
        mine = [event for event in told if getattr(event, "client_order_id", "") == order.client_order_id]
        return orders.named(mine, order)

    async def _sent(self, method: str, path: str, parameters: Mapping[str, str]) -> RestAnswer:
        body = await self._rest.ask(method, path, parameters)
        return RestAnswer(
            path=path,
            body=body,
            received_ns=self._clock.now_ns(),
            parameters=parameters,
            method=method,
            account=self.account,
        )

    def _of(self, market: str) -> PositionMode:
        """The position mode as far as it is known of a market: that of coin-margined contracts is not told."""
        return self._mode if market == facts.LINEAR else PositionMode()


def contract_assets(markets: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """What the wallets of these contracts hold."""
    assets = {symbol.rpartition("-")[2] for symbol in markets.get(facts.LINEAR, ())}
    assets |= {symbol.rpartition("-")[0] for symbol in markets.get(facts.INVERSE, ())}
    return frozenset(assets)


def _certain(error: VenueError) -> bool:
    """True for an error that says that the order did not get as far as the market."""
    if error.retry_after_seconds is not None or error.code in facts.CODES_NOT_ENTITLED:
        return True
    return not error.code.isdigit() or len(error.code) == 3
