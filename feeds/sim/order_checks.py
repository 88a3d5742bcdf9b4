"""Whether an order may exist: identity, filters, price band, reduce-only, funds and position limits."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

import msgspec

from core.pnl import fee, notional
from feeds.sim.accounts import ZERO, Account, AccountBook, Order, PositionSide, TimeInForce
from feeds.sim.catalogue import Listing
from feeds.sim.quotes import Quote
from feeds.sim.risk import Risk, spot_locked
from feeds.sim.tiers import tier_amount

PRICE_BAND = Decimal("0.05")
MAXIMUM_OPEN_ORDERS = 200


class Trading(StrEnum):
    """What a listing takes."""

    TRADING = "trading"
    CLOSING_ONLY = "closing only"
    """Orders that make a position smaller."""
    DELISTED = "delisted"
    DELIVERED = "delivered"
    """A dated contract after its expiry."""


class Why(StrEnum):
    """Why an order is refused; each venue has its own code for each."""

    DUPLICATE_ID = "duplicate client order id"
    QUANTITY_PRECISION = "quantity finer than the venue keeps"
    QUANTITY_STEP = "quantity off its step"
    QUANTITY_RANGE = "quantity too small or too large"
    PRICE_PRECISION = "price finer than the venue keeps"
    PRICE_TICK = "price off its tick"
    PRICE_BAND = "price too far from mark"
    MINIMUM_NOTIONAL = "notional below minimum"
    REDUCE_ONLY = "reduce-only order would not reduce"
    POSITION_LIMIT = "position too large for the leverage"
    MARGIN = "margin is insufficient"
    TOO_MANY = "too many open orders"
    DELISTED = "contract no longer trades"
    CLOSING_ONLY = "contract takes only orders that close"
    UNKNOWN_ORDER = "no such open order"


class Refused(Exception):
    """An order or a change of one is refused."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why.value)


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks for; ``price`` ``None`` is a market order."""

    listing: Listing
    side: str
    quantity: Decimal
    price: Decimal | None
    time_in_force: TimeInForce
    reduce_only: bool = False
    client_id: str = ""
    position_side: PositionSide = PositionSide.BOTH

    @property
    def closes(self) -> bool:
        """Whether it may only make its position smaller."""
        return self.reduce_only or self.position_side.closed_by(self.side)


class OrderChecks:
    """The checks of one venue; each raises Refused."""

    def __init__(
        self, book: AccountBook, risk: Risk, quote: Callable[[Listing], Quote], trading: Callable[[Listing], Trading]
    ) -> None:
        self._book, self._risk, self._quote, self._trading = book, risk, quote, trading

    def open_for(self, request: OrderRequest) -> None:
        """Raise Refused where the contract takes no orders, or only such as close."""
        state = self._trading(request.listing)
        if state in (Trading.DELISTED, Trading.DELIVERED):
            raise Refused(Why.DELISTED)
        if state is Trading.CLOSING_ONLY and not request.closes:
            raise Refused(Why.CLOSING_ONLY)

    def identity(self, account: Account, request: OrderRequest, *, ids_for_ever: bool) -> None:
        """Raise Refused for a client id that is taken: an open one, or with ``ids_for_ever`` any ever used."""
        identity = request.client_id
        if not identity:
            return
        taken = identity in account.used_client_ids if ids_for_ever else False
        if taken or any(order.client_id == identity for order in account.orders.values()):
            raise Refused(Why.DUPLICATE_ID)

    def fitted(self, account: Account, request: OrderRequest) -> OrderRequest:
        """A closing order cut to what it may close. Raises Refused where that is nothing."""
        if not request.closes:
            return request
        held = account.position(request.listing, request.position_side).quantity
        if not held or (held > 0) == (request.side == "buy"):
            raise Refused(Why.REDUCE_ONLY)
        if request.quantity > abs(held) and not self._book.rules.cuts_reduce_only:
            raise Refused(Why.REDUCE_ONLY)
        return msgspec.structs.replace(request, quantity=min(request.quantity, abs(held)))

    def filters(self, request: OrderRequest) -> None:
        """Raise Refused where quantity, price or notional do not fit the listing."""
        instrument, quantity, price = request.listing.instrument, request.quantity, request.price
        if not quantity.is_finite() or quantity <= 0:
            raise Refused(Why.QUANTITY_RANGE)
        _check_grid(quantity, instrument.quantity_step, Why.QUANTITY_PRECISION, Why.QUANTITY_STEP)
        most = instrument.maximum_quantity
        if quantity < instrument.minimum_quantity or (most is not None and quantity > most):
            raise Refused(Why.QUANTITY_RANGE)
        mark = self._risk.mark(request.listing)
        if price is not None:
            if not price.is_finite() or price <= 0:
                raise Refused(Why.PRICE_BAND)
            _check_grid(price, instrument.tick_size, Why.PRICE_PRECISION, Why.PRICE_TICK)
            if (request.side == "buy" and price > mark * (1 + PRICE_BAND)) or (
                request.side == "sell" and price < mark * (1 - PRICE_BAND)
            ):
                raise Refused(Why.PRICE_BAND)
        value = notional(instrument.kind, quantity, instrument.contract_size, price or mark)
        if not request.closes and value < (instrument.minimum_notional or ZERO):
            raise Refused(Why.MINIMUM_NOTIONAL)

    def funds(self, account: Account, order: Order, *, entered: bool = False) -> None:
        """Raise Refused where the order asks for more than there is; ``entered`` if it is among the open ones."""
        listing = order.listing
        if not entered and len(account.open_orders(listing)) >= MAXIMUM_OPEN_ORDERS:
            raise Refused(Why.TOO_MANY)
        if listing.spot:
            self._check_spot_funds(account, order, entered=entered)
            return
        if order.closes:
            return
        needed = self._risk.order_initial(account, order)
        if not needed:
            return
        self._check_position_limit(account, order)
        instrument, price = listing.instrument, order.price or self._risk.mark(listing)
        needed += fee(instrument.kind, order.left, instrument.contract_size, price, listing.taker_fee)
        available = self._risk.available(account, instrument.settle)
        if entered:
            available += self._risk.order_initial(account, order)
        if needed > available:
            raise Refused(Why.MARGIN)

    def _check_spot_funds(self, account: Account, order: Order, *, entered: bool) -> None:
        instrument = order.listing.instrument
        price = order.price or self._quote(order.listing).ask
        buying = order.side == "buy"
        asset, needed = (instrument.quote, order.left * price) if buying else (instrument.base, order.left)
        locked = spot_locked(account).get(asset, ZERO)
        wallet = account.wallet_of(order.listing.category)
        if needed + (ZERO if entered else locked) > wallet.get(asset, ZERO):
            raise Refused(Why.MARGIN)

    def _check_position_limit(self, account: Account, order: Order) -> None:
        listing = order.listing
        if listing.tiers is None:
            return
        leverage = account.leverage(listing, order.position_side)
        sign = 1 if order.side == "buy" else -1
        after = abs(account.position(listing, order.position_side).quantity + sign * order.left)
        price = order.price or self._risk.mark(listing)
        if tier_amount(listing, after, price) > largest_notional(listing, leverage):
            raise Refused(Why.POSITION_LIMIT)


def largest_notional(listing: Listing, leverage: Decimal) -> Decimal:
    """The largest position (in the tiers' unit) that a leverage may have."""
    assert listing.tiers is not None
    caps = [
        tier.cap
        for tier in listing.tiers.tiers
        if tier.cap is not None and (tier.maximum_leverage is None or tier.maximum_leverage >= leverage)
    ]
    return max(caps, default=ZERO)


def _check_grid(value: Decimal, grid: Decimal, finer: Why, off: Why) -> None:
    if value % grid == 0:
        return
    exponent = value.normalize().as_tuple().exponent
    smallest = grid.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    assert isinstance(smallest, int)
    raise Refused(finer if exponent < smallest else off)
