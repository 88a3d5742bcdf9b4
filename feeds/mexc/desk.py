"""One account at MEXC: its private streams, what REST tells of it, and its orders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.errors import DecodeError, VenueError
from core.events import AccountSettings, AccountSwept, AnyEvent, OrderState, OrderUpdate
from core.legs import Leg
from core.orders import OrderRequest
from feeds.clock import Clock
from feeds.mexc import account, facts, orders, sign
from feeds.mexc.client import CONTRACT_PING, SPOT_PING, contract_url, spot_url
from feeds.mexc.private import Mode, PrivateDecoder
from feeds.mexc.spot import SpotDecoder
from feeds.order_fate import SentOrders, became
from feeds.plans import by_market
from feeds.venue import ConnectionPlan, Credentials, Decoder, Endpoints, Opening, PlainStream, Subscription

if TYPE_CHECKING:
    from feeds.mexc.sweep import Sweeper
    from feeds.rest import RestClient

_CONTRACTS: Final = "private"
_SPOT: Final = "private spot"
_PERSONAL: Final = "personal"
NOT_KNOWN: Final = "the venue knows no order of that name"
_EVERYTHING: Final = json.dumps({"method": "personal.filter", "param": {"filters": []}}, separators=(",", ":"))
"""After a login all pushes come by themselves; asking for all of them is how the venue is heard to serve a socket."""


class MexcDesk(PlainStream):
    """See :class:`feeds.venue.AccountFeed`. Nothing is ever set at the venue: margin mode, leverage and position mode
    are read, and orders repeat what was read."""

    venue = facts.VENUE

    def __init__(self, name: str, endpoints: Endpoints | None, credentials: Credentials) -> None:
        self.account = name
        self._endpoints, self._credentials = endpoints or facts.LIVE, credentials
        self._clock = Clock()
        self._mode = Mode()
        self._names: dict[str, str] = {}
        """What the client calls its orders, by the venue's numbers, as far as it was looked up."""
        self._sent = SentOrders(round(facts.VALID_SECONDS * 1e9), self._clock.now_ns())
        self._listen_key = ""
        self._rest: RestClient | None = None

    # --- the streams ---

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """One socket for contracts, one for the spot wallet where a pair is wanted."""
        wanted = by_market(facts.VENUE, facts.MARKETS, instruments)
        plans = []
        if facts.LINEAR in wanted or facts.INVERSE in wanted:
            plans.append(self._plan(_CONTRACTS, contract_url(self._endpoints), _PERSONAL, CONTRACT_PING))
        if facts.SPOT in wanted:
            plans.append(self._plan(_SPOT, spot_url(self._endpoints), facts.SPOT_ACCOUNT, SPOT_PING))
        return plans

    def _plan(self, name: str, url: str, channel: str, ping: str) -> ConnectionPlan:
        spot = name == _SPOT
        return ConnectionPlan(
            venue=self.venue,
            name=name,
            url=url,
            subscriptions=(Subscription(channel=channel, silence_seconds=None),),
            heartbeat_seconds=facts.HEARTBEAT_SECONDS,
            lifetime_seconds=facts.SPOT_LIFETIME_SECONDS if spot else None,
            private=True,
            keep_alive_seconds=facts.LISTEN_KEY_SECONDS if spot else None,
            answers_pings=False,
            heartbeat=ping,
        )

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """A fresh decoder for one connection."""
        if plan.name == _SPOT:
            return SpotDecoder(plan.name, facts.spot_wallet(self.account))
        return PrivateDecoder(self.account, plan.name, self._mode)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """The request that the venue acknowledges."""
        if plan.name == _SPOT:
            return [json.dumps({"method": "SUBSCRIPTION", "params": list(channels)})]
        return [_EVERYTHING for _ in channels]

    def heartbeat_frame(self) -> str | None:
        """Every plan has its own."""
        return CONTRACT_PING

    async def opening(self, plan: ConnectionPlan) -> Opening:
        """For spot, an address with a fresh listen key; for contracts, once it is known how positions are held: their
        pushes do not say. Raises VenueError."""
        if plan.name == _SPOT:
            return Opening(f"{plan.url}?listenKey={await self._fresh_listen_key()}")
        if self._mode.hedge is None:
            async with self._client() as rest:
                await self._sweeper(rest).read_mode()
        return Opening(plan.url)

    def login_frames(self, plan: ConnectionPlan) -> Sequence[str]:
        """The login of the contract socket; spot's address says who asks."""
        if plan.name == _SPOT:
            return ()
        return (sign.login_frame(self._credentials, self._client().venue_now_ms),)

    async def keep_alive(self, plan: ConnectionPlan) -> None:
        """Extend the listen key. Raises VenueError."""
        if plan.name == _SPOT:
            async with self._client() as rest:
                await rest.ask("PUT", facts.LISTEN_KEY_PATH, {"listenKey": self._listen_key})

    async def _fresh_listen_key(self) -> str:
        async with self._client() as rest:
            try:
                self._listen_key = account.listen_key(await rest.ask("POST", facts.LISTEN_KEY_PATH))
            except DecodeError as error:
                raise VenueError(self.venue, "bad_answer", str(error)) from None
        return self._listen_key

    # --- the sweep ---

    async def sweep(self, instruments: Sequence[str], since_ns: int) -> Sequence[AnyEvent]:
        """See :class:`feeds.venue.AccountFeed`. Raises VenueError."""
        try:
            async with self._client() as rest:
                sweeper = self._sweeper(rest)
                events = await sweeper.sweep(instruments, since_ns)
        except DecodeError as error:
            raise VenueError(self.venue, "bad_answer", str(error)) from None
        for number in [*self._names][: -facts.MOST_ORDERS]:
            del self._names[number]
        return [*events, AccountSwept(received_ns=self._clock.now_ns(), account=self.account)]

    def _sweeper(self, rest: RestClient) -> Sweeper:
        from feeds.mexc.sweep import Sweeper

        return Sweeper(rest, self.account, self._mode, self._clock, self._names)

    # --- orders ---

    async def place(self, order: OrderRequest, *, post_only: bool = False) -> Sequence[AnyEvent]:
        """See :class:`feeds.venue.AccountFeed`. An order of that name which the venue knows already, or may still come
        to know, is told, not sent again. Raises VenueError."""
        symbol = orders.check(order)
        async with self._client() as rest:
            known = await self._known_before(rest, order, symbol)
            if known is not None:
                return known
            margin = await self._margin(rest, order, symbol)
            asked = orders.body(order, symbol, margin, post_only=post_only)
            self._sent.sent(order, self._clock.now_ns())
            try:
                answer = await rest.ask("POST", facts.CREATE_PATH, body=asked)
                number = orders.created_number(facts.CREATE_PATH, answer)
            except VenueError as error:
                return await self._not_placed(rest, order, symbol, error)
            except DecodeError as error:
                return [self._unknown(order, str(error))]
            sent = became(order, OrderState.SENT, self._clock.now_ns(), venue_order_id=number)
            try:
                return await self._look_up(rest, order, symbol) or [sent]
            except VenueError:
                return [sent]

    async def _known_before(self, rest: RestClient, order: OrderRequest, symbol: str) -> Sequence[AnyEvent] | None:
        """What is known of an order before it is sent; ``None`` where nothing is, and it cannot still arrive.

        Raises VenueError for a look-up that fails, of an order that never left from here."""
        try:
            known = await self._look_up(rest, order, symbol)
        except VenueError as error:
            if not self._sent.was_sent(order):
                raise
            return [self._unknown(order, str(error))]
        if known is None and self._sent.may_come(order, self._clock.now_ns()):
            return [self._unknown(order, NOT_KNOWN)]
        return known

    def _unknown(self, order: OrderRequest, reason: str) -> OrderUpdate:
        return became(order, OrderState.UNKNOWN, self._clock.now_ns(), reason=reason)

    async def _not_placed(
        self, rest: RestClient, order: OrderRequest, symbol: str, error: VenueError
    ) -> Sequence[AnyEvent]:
        """What a failed request means for the order. Raises VenueError where it certainly did not reach the venue."""
        if error.outcome_unknown:
            self._sent.sent(order, self._clock.now_ns())  # it may have been signed as late as now
            return [self._unknown(order, str(error))]
        if error.code in facts.CODES_DUPLICATE:
            return await self._known_before(rest, order, symbol) or [self._unknown(order, str(error))]
        self._sent.refused(order)
        if not error.code.lstrip("-").isdigit() or error.code in facts.CODES_TOO_MANY:
            raise error
        reason = f"{error.code} {error.message}"
        return [became(order, OrderState.REJECTED, self._clock.now_ns(), reason=reason)]

    async def cancel(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """See :class:`feeds.venue.AccountFeed`: looked up by its name, cancelled by the venue's number. Raises
        VenueError."""
        symbol = orders.check(order)
        async with self._client() as rest:
            number = await self._number(rest, order, symbol)
            if number:
                answer = await rest.ask("POST", facts.CANCEL_PATH, body=[number])
                self._check_cancelled(answer)
            return await self._found(rest, order, symbol)

    def _check_cancelled(self, answer: bytes) -> None:
        """Raises VenueError for an order that still stands: each row has to be looked at, the envelope says success."""
        try:
            rows = orders.cancelled(facts.CANCEL_PATH, answer)
        except DecodeError as error:
            raise VenueError(self.venue, "bad_answer", str(error), outcome_unknown=True) from None
        for row in rows:
            if row.code not in facts.CODES_GONE:
                raise VenueError(self.venue, row.code or "no_code", row.message)

    async def query(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """See :class:`feeds.venue.AccountFeed`. One that was made or sent a moment ago and is not found is UNKNOWN.
        Raises VenueError."""
        symbol = orders.check(order)
        async with self._client() as rest:
            return await self._found(rest, order, symbol)

    async def _found(self, rest: RestClient, order: OrderRequest, symbol: str) -> Sequence[AnyEvent]:
        known = await self._look_up(rest, order, symbol)
        if known is not None:
            return known
        now_ns = self._clock.now_ns()
        return [became(order, self._sent.unheard_of(order, now_ns), now_ns, reason=NOT_KNOWN)]

    async def _number(self, rest: RestClient, order: OrderRequest, symbol: str) -> str:
        """The venue's number of an order that may still be cancelled; empty where there is none."""
        sweeper = self._sweeper(rest)
        update = await sweeper.order(symbol, order.client_order_id)
        resting = (OrderState.SENT, OrderState.OPEN, OrderState.PARTIALLY_FILLED)
        return update.venue_order_id if update is not None and update.state in resting else ""

    async def _look_up(self, rest: RestClient, order: OrderRequest, symbol: str) -> Sequence[AnyEvent] | None:
        """The order and its fills; ``None`` where the venue does not know it. Raises VenueError."""
        sweeper = self._sweeper(rest)
        update = await sweeper.order(symbol, order.client_order_id)
        if update is None:
            return None
        return [update, *(await sweeper.fills_of(update) if update.filled_quantity else ())]

    async def _margin(self, rest: RestClient, order: OrderRequest, symbol: str) -> orders.Margin:
        """How the account is set now for the order's contract and leg: an order that repeated something older would set
        it back. Raises VenueError where the venue does not tell."""
        try:
            told = await self._sweeper(rest).leverage(symbol)
        except DecodeError as error:
            raise VenueError(self.venue, "bad_answer", str(error)) from None
        legs = (Leg.NET, Leg.LONG, Leg.SHORT) if order.leg is Leg.NET else (Leg.NET, order.leg)
        for event in told:
            if not isinstance(event, AccountSettings) or event.leg not in legs:
                continue
            if event.margin_mode is not None and event.leverage is not None:
                return orders.Margin(event.margin_mode, event.leverage)
        raise VenueError(self.venue, "no_margin_mode", f"{symbol}: the venue does not tell margin mode and leverage")

    def _client(self) -> RestClient:
        from feeds.mexc.rest import MexcDialect
        from feeds.rest import RestClient

        if self._rest is None:
            self._rest = RestClient(MexcDialect(), self._endpoints.rest, self._credentials)
        return self._rest
