"""What is known of an order that no row of its venue's tells; above all, what a look-up says that finds nothing.

A venue accepts a signed request for as long as it is valid, wherever it was held up meanwhile. Until then "no such
order" proves nothing: such an order is UNKNOWN, and is not sent again.
"""

from __future__ import annotations

from core.events import OrderState, OrderUpdate
from core.orders import OrderRequest
from feeds.frames import clip


class SentOrders:
    """When each order of a run was last sent. ``valid_ns`` is how long a venue takes a request after it was signed,
    with what its clock and ours may be apart. An order that was made before ``begun_ns``, when this run began, may have
    been sent by an earlier one as soon as it was made."""

    def __init__(self, valid_ns: int, begun_ns: int = 0) -> None:
        self._valid_ns, self._begun_ns = valid_ns, begun_ns
        self._sent_ns: dict[str, int] = {}

    def sent(self, order: OrderRequest, now_ns: int) -> None:
        """The order is about to be sent: to be told before the request leaves."""
        self._sent_ns[order.client_order_id] = now_ns

    def refused(self, order: OrderRequest) -> None:
        """The venue certainly took nothing of what was sent last: it may be sent again at once."""
        self._sent_ns.pop(order.client_order_id, None)

    def was_sent(self, order: OrderRequest) -> bool:
        """True where the venue may know it, from this run or an earlier one, however long ago: a look-up that fails
        leaves it UNKNOWN."""
        return order.client_order_id in self._sent_ns or self._earlier(order)

    def may_come(self, order: OrderRequest, now_ns: int) -> bool:
        """True where a request may still be taken: the order is not to be sent again, found or not."""
        sent_ns = self._sent_ns.get(order.client_order_id, order.created_ns if self._earlier(order) else None)
        return sent_ns is not None and now_ns - sent_ns < self._valid_ns

    def unheard_of(self, order: OrderRequest, now_ns: int) -> OrderState:
        """The state of an order that a look-up does not find: UNKNOWN as long as it may come, REJECTED from then on.

        One that was made a moment ago may have been sent by a run that has ended since.
        """
        may_come = self.may_come(order, now_ns) or now_ns - order.created_ns < self._valid_ns
        return OrderState.UNKNOWN if may_come else OrderState.REJECTED

    def _earlier(self, order: OrderRequest) -> bool:
        return order.created_ns < self._begun_ns


def became(
    order: OrderRequest, state: OrderState, received_ns: int, *, reason: str = "", venue_order_id: str = ""
) -> OrderUpdate:
    """What became of an order of ours, as far as an answer or its absence tells."""
    return OrderUpdate(
        received_ns=received_ns,
        account=order.account,
        client_order_id=order.client_order_id,
        instrument=order.instrument,
        side=order.side,
        quantity=order.quantity,
        state=state,
        limit_price=order.limit_price,
        reduce_only=order.reduce_only,
        reason=clip(reason, 200),
        venue_order_id=venue_order_id,
        leg=order.leg,
    )
