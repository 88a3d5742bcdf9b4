"""Orders against the synthetic book: checks on entry, matching, fills, and the money they move.

Entry and matching are two steps, because venues differ in what they answer in between: ``accept`` checks an order and
makes it exist, ``execute`` lets it trade. Resting orders fill whole at their own price once the best opposite price
reaches them; they are not shown in the public book. Fills can be kept small by ``most_per_fill``, and then an order
fills bit by bit: what it takes at once in many fills, what rests one fill a step.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from feeds.sim.accounts import (
    ZERO,
    Account,
    AccountBook,
    Order,
    OrderStatus,
    Position,
    Purpose,
    TimeInForce,
    order_identity,
)
from feeds.sim.book import Level, side_levels
from feeds.sim.catalogue import Listing
from feeds.sim.events import AccountEvent, BalanceChanged, OrderChanged
from feeds.sim.fills import Fills
from feeds.sim.order_checks import OrderChecks, OrderRequest, Refused, Trading, Why
from feeds.sim.quotes import Quote
from feeds.sim.risk import Risk

_DEPTH = 200
_FORCED = {
    Purpose.LIQUIDATION: "autoclose",
    Purpose.ADL: "adl_autoclose",
    Purpose.DELIVERY: "settlement_autoclose",
}
"""How the venue's own orders are named."""


class Matching:
    """Takes orders for all accounts of one venue and reports what became of them."""

    def __init__(
        self,
        book: AccountBook,
        risk: Risk,
        quote: Callable[[Listing], Quote],
        trading: Callable[[Listing], Trading],
        now_ms: Callable[[], int],
        tell: Callable[[AccountEvent], None],
    ) -> None:
        self._book, self._risk, self._quote, self._now, self._tell = book, risk, quote, now_ms, tell
        self._checks = OrderChecks(book, risk, quote, trading)
        self._fills = Fills(book, risk, now_ms)
        self.most_per_fill: dict[str, Decimal] = {}
        """The largest single fill (order units) by instrument id, as a fault; no limit for those that are not there."""

    # --- entry ----------------------------------------------------------------------------------------------

    def accept(self, account: Account, request: OrderRequest, *, ids_for_ever: bool) -> Order:
        """Check a request and make it an open order. Raises Refused.

        ``ids_for_ever`` forbids a client id that was ever used; otherwise only one that is open.
        """
        self._checks.open_for(request)
        self._checks.identity(account, request, ids_for_ever=ids_for_ever)
        request = self._checks.fitted(account, request)
        self._checks.filters(request)
        number = self._book.number()
        order = Order(
            number=number,
            identity=order_identity(number),
            client_id=request.client_id,
            listing=request.listing,
            side=request.side,
            quantity=request.quantity,
            price=request.price,
            time_in_force=request.time_in_force,
            reduce_only=request.reduce_only,
            position_side=request.position_side,
            created_ms=self._now(),
            updated_ms=self._now(),
        )
        self._checks.funds(account, order)
        if request.client_id:
            account.used_client_ids.add(request.client_id)
        account.orders[order.identity] = order
        return order

    def fillable(self, request: OrderRequest) -> Decimal:
        """How much of an order would trade at once."""
        levels = self._reachable(request.listing, request.side, request.price, request.quantity)
        return min(request.quantity, sum((level.size for level in levels), ZERO))

    def execute(self, account: Account, order: Order) -> None:
        """Announce a new order and let it trade against the book."""
        if not order.is_open():
            return
        self._tell(OrderChanged(account, order, "amend" if order.announced else "new"))
        order.announced = True
        levels = self._reachable(order.listing, order.side, order.price, order.left)
        if order.time_in_force is TimeInForce.POST_ONLY and levels:
            self._end(account, order, OrderStatus.CANCELLED, "post_only")
            return
        if order.time_in_force is TimeInForce.FOK and sum((level.size for level in levels), ZERO) < order.left:
            self._end(account, order, OrderStatus.EXPIRED, "fok")
            return
        for level in levels:
            size = min(level.size, order.left)
            while size and order.is_open():
                part = self._part(order, size)
                self._fill(account, order, level.price, part, maker=False)
                size -= part
            if not order.is_open():
                return
        if order.price is None or order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            self._end(account, order, OrderStatus.EXPIRED, "unfilled")

    def cancel(self, account: Account, order: Order, reason: str = "user") -> None:
        """End an open order. Raises Refused."""
        if not order.is_open():
            raise Refused(Why.UNKNOWN_ORDER)
        self._end(account, order, OrderStatus.CANCELLED, reason)

    def amend(self, account: Account, order: Order, quantity: Decimal, price: Decimal) -> None:
        """Change an open limit order. Raises Refused."""
        if not order.is_open() or order.price is None or quantity <= order.filled:
            raise Refused(Why.UNKNOWN_ORDER)
        request = OrderRequest(
            listing=order.listing,
            side=order.side,
            quantity=quantity,
            price=price,
            time_in_force=order.time_in_force,
            reduce_only=order.reduce_only,
            position_side=order.position_side,
        )
        self._checks.filters(request)
        before = order.quantity, order.price
        order.quantity, order.price = quantity, price
        try:
            self._checks.funds(account, order, entered=True)
        except Refused:
            order.quantity, order.price = before
            raise
        order.updated_ms = self._now()
        self.execute(account, order)

    def step(self) -> None:
        """Fill resting orders that the market has reached."""
        for account in self._book.accounts:
            for order in account.open_orders():
                if order.price is not None and order.announced and self._reached(order):
                    self._fill(account, order, order.price, self._part(order, order.left), maker=True)

    def force(
        self, account: Account, position: Position, purpose: Purpose, price: Decimal, quantity: Decimal | None = None
    ) -> Order:
        """Close a position, or so much of it (unsigned), by the venue's own order, of which the account learns as of
        any other."""
        number, held = self._book.number(), position.quantity
        order = Order(
            number=number,
            identity=order_identity(number),
            client_id=f"{_FORCED[purpose]}-{number}",
            listing=position.listing,
            side="sell" if held > 0 else "buy",
            quantity=abs(held) if quantity is None else min(quantity, abs(held)),
            price=price,
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
            position_side=position.side,
            created_ms=self._now(),
            updated_ms=self._now(),
            purpose=purpose,
        )
        account.orders[order.identity] = order
        self._fill(account, order, price, order.quantity, maker=False)
        return order

    # --- matching -------------------------------------------------------------------------------------------

    def _part(self, order: Order, size: Decimal) -> Decimal:
        most = self.most_per_fill.get(order.listing.instrument.id)
        return size if most is None else min(size, most)

    def _reached(self, order: Order) -> bool:
        quote = self._quote(order.listing)
        assert order.price is not None
        return quote.ask <= order.price if order.side == "buy" else quote.bid >= order.price

    def _reachable(self, listing: Listing, side: str, price: Decimal | None, quantity: Decimal) -> list[Level]:
        """The levels of the other side that a price reaches and a quantity uses."""
        buying = side == "buy"
        used: list[Level] = []
        for level in side_levels(listing, self._quote(listing), bids=not buying, depth=_DEPTH):
            beyond = price is not None and (level.price > price if buying else level.price < price)
            if beyond or quantity <= 0:
                break
            used.append(level)
            quantity -= level.size
        return used

    def _fill(self, account: Account, order: Order, price: Decimal, quantity: Decimal, *, maker: bool) -> None:
        listing = order.listing
        if order.closes:
            quantity = min(quantity, abs(account.position(listing, order.position_side).quantity))
            if not quantity:
                self._end(account, order, OrderStatus.CANCELLED, "reduce_only")
                return
        fill = self._fills.apply(account, order, price, quantity, maker=maker)
        order.status = OrderStatus.PARTIALLY_FILLED if order.left else OrderStatus.FILLED
        if not order.is_open():
            self._retire(account, order)
        self._tell(OrderChanged(account, order, "trade", fill))
        instrument = listing.instrument
        assets = (instrument.base, instrument.quote) if listing.spot else (instrument.settle,)
        positions = () if listing.spot else account.sides(listing)
        wallet = account.rules.wallets[listing.category]
        self._tell(BalanceChanged(account, "order", assets, positions, ZERO, fill, wallet))

    def _end(self, account: Account, order: Order, status: OrderStatus, reason: str) -> None:
        order.status, order.reason, order.updated_ms = status, reason, self._now()
        self._retire(account, order)
        self._tell(OrderChanged(account, order, "cancel" if status is OrderStatus.CANCELLED else "expire"))

    def _retire(self, account: Account, order: Order) -> None:
        account.orders.pop(order.identity, None)
        account.closed_orders.append(order)
