"""Sending, cancelling and looking up orders at Binance, so that one intent is executed once.

The venue refuses an id that is open (-4116) and takes it again once its order is filled; and "order does not exist"
(-2013) right after sending proves nothing. So an order is looked up before it is sent, and one that was sent a moment
ago is not sent again before the first request can no longer be accepted.
"""

from __future__ import annotations

from typing import Final

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, OrderState, OrderUpdate
from core.orders import OrderRequest
from feeds.binance import account, facts, orders
from feeds.binance.products import PRODUCTS
from feeds.clock import Clock
from feeds.rest import RestClient
from feeds.venue import RestAnswer

_DEAD_AFTER_NS: Final = (facts.ORDER_WINDOW_MS + 3_000) * 1_000_000
"""So long after it was sent, a request is outside its window wherever it was held up."""


class Placing:
    """Orders of one market. ``sent_ns`` remembers when each id was last sent, across calls."""

    def __init__(self, rest: RestClient, clock: Clock, sent_ns: dict[str, int]) -> None:
        self._rest, self._clock, self._sent_ns = rest, clock, sent_ns

    async def place(self, order: OrderRequest, *, post_only: bool) -> list[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.place`."""
        try:
            known = await self.query(order)
        except VenueError as error:
            if order.client_order_id in self._sent_ns:
                return [self._said(order, OrderState.UNKNOWN, str(error))]
            raise
        if not _is_unheard_of(known):
            return known
        self._sent_ns[order.client_order_id] = self._clock.now_ns()
        try:
            return [await self._order(order, "POST", orders.placing(order, post_only=post_only))]
        except DecodeError as error:
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        except VenueError as error:
            return await self._not_placed(order, error)

    async def cancel(self, order: OrderRequest) -> list[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.cancel`."""
        try:
            return [await self._order(order, "DELETE", orders.naming(order))]
        except DecodeError as error:
            raise VenueError(facts.VENUE, "bad_answer", str(error), outcome_unknown=True) from None
        except VenueError as error:
            if error.code not in (facts.CODE_NOTHING_TO_CANCEL, facts.CODE_UNKNOWN_ORDER):
                raise
        return await self.query(order)

    async def query(self, order: OrderRequest) -> list[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.query`. An order that was sent a moment ago and is not known yet is
        UNKNOWN."""
        try:
            update = await self._order(order, "GET", orders.naming(order))
            fills = await self._fills(order, update) if update.filled_quantity else []
        except DecodeError as error:
            raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
        except VenueError as error:
            if error.code != facts.CODE_UNKNOWN_ORDER:
                raise
            age_ns = self._clock.now_ns() - self._sent_ns.get(order.client_order_id, -_DEAD_AFTER_NS)
            state = OrderState.REJECTED if age_ns >= _DEAD_AFTER_NS else OrderState.UNKNOWN
            return [self._said(order, state, f"{error.code}: {error.message}")]
        return [*fills, update]

    # --- pieces ------------------------------------------------------------------------------------------------------

    async def _not_placed(self, order: OrderRequest, error: VenueError) -> list[AnyEvent]:
        """What a failed request means for its order."""
        if error.code == facts.CODE_DUPLICATE_ID:
            return await self._looked_up(order, error)
        if error.outcome_unknown:
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        self._sent_ns.pop(order.client_order_id, None)
        if error.retry_after_seconds is None and error.code.startswith("-") and error.code not in facts.CODES_OF_US:
            return [self._said(order, OrderState.REJECTED, f"{error.code}: {error.message}")]
        raise error

    async def _looked_up(self, order: OrderRequest, error: VenueError) -> list[AnyEvent]:
        try:
            return await self.query(order)
        except VenueError:
            return [self._said(order, OrderState.UNKNOWN, str(error))]

    async def _order(self, order: OrderRequest, method: str, parameters: dict[str, str]) -> OrderUpdate:
        """Ask about an order, and read what the venue says of it. Raises VenueError and DecodeError."""
        market = _market(order)
        path = PRODUCTS[market].path("order")
        body = await self._rest.ask(method, path, parameters)
        row = orders.row_of(path, body)
        if row.client_id != order.client_order_id:
            raise VenueError(facts.VENUE, "bad_answer", f"{path}: another order", outcome_unknown=method != "GET")
        return orders.update_of(order, market, row, self._clock.now_ns())

    async def _fills(self, order: OrderRequest, update: OrderUpdate) -> list[AnyEvent]:
        market = _market(order)
        path = PRODUCTS[market].path("userTrades")
        parameters = {"symbol": orders.symbol_of(order), "orderId": update.venue_order_id}
        body = await self._rest.ask("GET", path, parameters)
        answer = RestAnswer(path=path, body=body, received_ns=self._clock.now_ns(), account=order.account)
        rows, faults = account.trades(answer)
        mine = [row for row in rows if str(row.order) == update.venue_order_id]
        return [*(account.fill(market, answer, row, order.client_order_id) for row in mine), *faults]

    def _said(self, order: OrderRequest, state: OrderState, reason: str) -> OrderUpdate:
        return orders.settled_as(order, state, reason, self._clock.now_ns())


def _market(order: OrderRequest) -> str:
    return order.instrument.split(":")[1]


def _is_unheard_of(known: list[AnyEvent]) -> bool:
    """True where a look-up says that the venue does not know the order, and cannot come to know it any more."""
    (last,) = known[-1:]
    return isinstance(last, OrderUpdate) and last.state is OrderState.REJECTED and not last.venue_order_id
