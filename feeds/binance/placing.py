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
from feeds.order_fate import SentOrders, became
from feeds.rest import Haste, RestClient
from feeds.venue import RestAnswer

_NOT_FOUND: Final = f"{facts.CODE_UNKNOWN_ORDER}: Order does not exist."


class Placing:
    """Orders of one market. ``fates`` remembers across calls what was sent when."""

    def __init__(self, rest: RestClient, clock: Clock, fates: SentOrders) -> None:
        self._rest, self._clock, self._fates = rest, clock, fates

    async def place(self, order: OrderRequest, *, post_only: bool) -> list[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.place`."""
        try:
            found = await self._look_up(order)
        except VenueError as error:
            if self._fates.was_sent(order):
                return [self._said(order, OrderState.UNKNOWN, str(error))]
            raise
        if found is not None:
            return found
        if self._fates.may_come(order, self._clock.now_ns()):
            return [self._said(order, OrderState.UNKNOWN, _NOT_FOUND)]
        self._fates.sent(order, self._clock.now_ns())
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
        """See :meth:`feeds.venue.AccountFeed.query`. An order that may have been sent a moment ago and is not known yet
        is UNKNOWN."""
        found = await self._look_up(order)
        if found is not None:
            return found
        return [self._said(order, self._fates.unheard_of(order, self._clock.now_ns()), _NOT_FOUND)]

    # --- pieces ------------------------------------------------------------------------------------------------------

    async def _look_up(self, order: OrderRequest) -> list[AnyEvent] | None:
        """The order and its fills; ``None`` where the venue does not know it. Raises VenueError."""
        try:
            update = await self._order(order, "GET", orders.naming(order))
            fills = await self._fills(order, update) if update.filled_quantity else []
        except DecodeError as error:
            raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
        except VenueError as error:
            if error.code != facts.CODE_UNKNOWN_ORDER:
                raise
            return None
        return [*fills, update]

    async def _not_placed(self, order: OrderRequest, error: VenueError) -> list[AnyEvent]:
        """What a failed request means for its order."""
        if error.code == facts.CODE_DUPLICATE_ID:
            return await self._duplicated(order, error)
        if error.outcome_unknown:
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        self._fates.refused(order)
        if error.retry_after_seconds is None and error.code.startswith("-") and error.code not in facts.CODES_OF_US:
            return [self._said(order, OrderState.REJECTED, f"{error.code}: {error.message}")]
        raise error

    async def _duplicated(self, order: OrderRequest, error: VenueError) -> list[AnyEvent]:
        """The order that holds the id already; UNKNOWN where it cannot be found."""
        try:
            found = await self._look_up(order)
        except VenueError:
            found = None
        return found or [self._said(order, OrderState.UNKNOWN, str(error))]

    async def _order(self, order: OrderRequest, method: str, parameters: dict[str, str]) -> OrderUpdate:
        """Ask about an order, and read what the venue says of it. Raises VenueError and DecodeError."""
        market = _market(order)
        path = PRODUCTS[market].path("order")
        haste = Haste.ORDER if method == "POST" else Haste.VITAL
        body = await self._rest.ask(method, path, parameters, haste=haste)
        row = orders.row_of(path, body)
        if row.client_id != order.client_order_id:
            raise VenueError(facts.VENUE, "bad_answer", f"{path}: another order", outcome_unknown=method != "GET")
        return orders.update_of(order, market, row, self._clock.now_ns())

    async def _fills(self, order: OrderRequest, update: OrderUpdate) -> list[AnyEvent]:
        market = _market(order)
        path = PRODUCTS[market].path("userTrades")
        parameters = {"symbol": orders.symbol_of(order), "orderId": update.venue_order_id}
        body = await self._rest.ask("GET", path, parameters, haste=Haste.VITAL)
        answer = RestAnswer(path=path, body=body, received_ns=self._clock.now_ns(), account=order.account)
        rows, faults = account.trades(answer)
        mine = [row for row in rows if str(row.order) == update.venue_order_id]
        return [*(account.fill(market, answer, row, order.client_order_id) for row in mine), *faults]

    def _said(self, order: OrderRequest, state: OrderState, reason: str) -> OrderUpdate:
        return became(order, state, self._clock.now_ns(), reason=reason)


def _market(order: OrderRequest) -> str:
    return order.instrument.split(":")[1]
