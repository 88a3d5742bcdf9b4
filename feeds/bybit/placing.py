"""Sending, cancelling and looking up orders at Bybit, so that one intent is executed once.

An ``orderLinkId`` is taken once; whether that holds for ids of orders long closed is not documented. So an order is
looked up before it is sent, and one that was sent a moment ago is not sent again before the first request can no longer
be accepted. Answers only say that a request was accepted: what became of it is told by stream, or by looking.
"""

from __future__ import annotations

import asyncio
from typing import Final

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, FrameFault, OrderState, OrderUpdate
from core.orders import OrderRequest
from feeds.bybit import account, facts, orders
from feeds.bybit.modes import Modes
from feeds.clock import Clock
from feeds.order_fate import became
from feeds.rest import RestClient
from feeds.venue import RestAnswer

_DEAD_AFTER_NS: Final = (facts.RECV_WINDOW_MS + 3_000) * 1_000_000
"""So long after it was sent, a request is outside its window wherever it was held up."""

_PLACES: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    (facts.OPEN_ORDERS_PATH, {}),
    (facts.OPEN_ORDERS_PATH, {"openOnly": "1"}),
    (facts.CLOSED_ORDERS_PATH, {}),
)
"""Where an order may be, in the order of its life: open, just closed, closed. Asked the other way round, one that is
closed meanwhile would be missed."""


class Placing:
    """Orders of one account. ``sent_ns`` remembers when each id was last sent, across calls."""

    def __init__(self, rest: RestClient, clock: Clock, modes: Modes, sent_ns: dict[str, int]) -> None:
        self._rest, self._clock, self._modes, self._sent_ns = rest, clock, modes, sent_ns

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
            body = await self._rest.ask("POST", facts.PLACE_PATH, body=orders.placing(order, post_only=post_only))
            taken = orders.ids(facts.PLACE_PATH, body)
        except DecodeError as error:
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        except VenueError as error:
            return await self._not_placed(order, error)
        if taken.client_id not in ("", order.client_order_id):
            return [self._said(order, OrderState.UNKNOWN, "the answer is about another order")]
        return [became(order, OrderState.OPEN, self._clock.now_ns(), venue_order_id=taken.number)]

    async def cancel(self, order: OrderRequest) -> list[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.cancel`."""
        try:
            await self._rest.ask("POST", facts.CANCEL_PATH, body=orders.naming(order))
        except VenueError as error:
            if error.code not in facts.CODES_NOTHING_TO_CANCEL:
                raise
        for _ in range(facts.CANCEL_LOOKS - 1):
            told = await self.query(order)
            if not _is_open(told):
                return told
            await asyncio.sleep(facts.CANCEL_LOOK_SECONDS)
        return await self.query(order)

    async def query(self, order: OrderRequest) -> list[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.query`. An order that was sent a moment ago and is not known yet is
        UNKNOWN."""
        try:
            for path, more in _PLACES:
                found = await self._look(order, path, more)
                if found is not None:
                    return [*(await self._fills(order, found) if found.filled_quantity else ()), found]
        except DecodeError as error:
            raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
        age_ns = self._clock.now_ns() - self._sent_ns.get(order.client_order_id, -_DEAD_AFTER_NS)
        state = OrderState.REJECTED if age_ns >= _DEAD_AFTER_NS else OrderState.UNKNOWN
        return [self._said(order, state, "the venue does not know this order")]

    # --- pieces ------------------------------------------------------------------------------------------------------

    async def _not_placed(self, order: OrderRequest, error: VenueError) -> list[AnyEvent]:
        """What a failed request means for its order."""
        if error.code in facts.CODES_DUPLICATE:
            return await self._looked_up(order, error)
        if error.outcome_unknown:
            return [self._said(order, OrderState.UNKNOWN, str(error))]
        self._sent_ns.pop(order.client_order_id, None)
        if error.retry_after_seconds is None and _of_the_order(error.code):
            return [self._said(order, OrderState.REJECTED, f"{error.code}: {error.message}")]
        raise error

    async def _looked_up(self, order: OrderRequest, error: VenueError) -> list[AnyEvent]:
        """The order of which a duplicate was refused; UNKNOWN where it cannot be found: it may have ended long ago."""
        try:
            known = await self.query(order)
        except VenueError:
            known = []
        return known if known and not _is_unheard_of(known) else [self._said(order, OrderState.UNKNOWN, str(error))]

    async def _look(self, order: OrderRequest, path: str, more: dict[str, str]) -> OrderUpdate | None:
        """The order, if it is in that list. Raises VenueError and DecodeError."""
        answer = await self._asked(path, {**orders.naming(order), **more}, order)
        for event in account.orders(answer):
            if isinstance(event, FrameFault):
                raise DecodeError(facts.VENUE, event.kind, channel=path, field=event.field, detail=event.detail)
            if isinstance(event, OrderUpdate) and event.client_order_id == order.client_order_id:
                return event
        return None

    async def _fills(self, order: OrderRequest, found: OrderUpdate) -> list[AnyEvent]:
        named = {"category": orders.market_of(order), "symbol": orders.symbol_of(order)}
        limit = {"orderId": found.venue_order_id, "limit": str(facts.EXECUTION_ROWS)}
        answer = await self._asked(facts.EXECUTIONS_PATH, named | limit, order)
        page, told = account.listed(answer)
        told = self._modes.known_to(told)
        return [
            event
            for event in account.execution_events(page.rows, told)
            if getattr(event, "client_order_id", order.client_order_id) == order.client_order_id
        ]

    async def _asked(self, path: str, parameters: dict[str, str], order: OrderRequest) -> RestAnswer:
        body = await self._rest.get(path, parameters, signed=True)
        return RestAnswer(
            path=path, body=body, received_ns=self._clock.now_ns(), parameters=parameters, account=order.account
        )

    def _said(self, order: OrderRequest, state: OrderState, reason: str) -> OrderUpdate:
        return became(order, state, self._clock.now_ns(), reason=reason)


def _of_the_order(code: str) -> bool:
    """True for a ``retCode`` that refuses what was asked for, not who asks, when, or how often."""
    return code.isdigit() and len(code) > 3 and code not in facts.CODES_OF_US


def _is_unheard_of(known: list[AnyEvent]) -> bool:
    """True where a look-up says that the venue does not know the order, and cannot come to know it any more."""
    (last,) = known[-1:]
    return isinstance(last, OrderUpdate) and last.state is OrderState.REJECTED and not last.venue_order_id


def _is_open(told: list[AnyEvent]) -> bool:
    (last,) = told[-1:]
    return isinstance(last, OrderUpdate) and last.state in (OrderState.OPEN, OrderState.PARTIALLY_FILLED)
