"""One position, one order, and what a fill makes of a position.

Money conventions: fees + paid, funding + received, realised P&L + gained, all in the account's settle currency. An
isolated position's margin grows by what opening asks for what is added (:func:`core.margin.opening_margin`) and is
released in proportion when it is reduced. A leg of hedge mode is its own position: no fill of it touches the other leg,
and none takes it through zero.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.anchors import UNSEEN, Moment, Traded, with_trade
from core.books import Account, MarginMode
from core.errors import RequestError
from core.events import Fill, OrderState
from core.instruments import Instrument
from core.legs import Leg, PositionKey
from core.margin import opening_margin
from core.orders import OrderRequest
from core.pnl import Holding, apply_fill, holding_before, order_sign

ZERO = Decimal(0)

FINAL_STATES = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED})


def opening_id(instrument: str, leg: Leg = Leg.NET) -> str:
    """The fill id of a position opened by assumption: one per position, so that it happens once."""
    return f"opening:{instrument}" if leg is Leg.NET else f"opening:{instrument}:{leg.value}"


class Position(msgspec.Struct, kw_only=True):
    """One contract in one account: the whole of it, or one leg in hedge mode.

    ``quantity`` signed in the order unit. ``margin`` is the isolated margin, ``None`` in cross mode or where unknown;
    ``margin_estimated`` where funding that was only reckoned has been taken from it. ``venue_liquidation`` is the
    venue's own figure where one was reported, at ``reported_ns``. ``foreign_sums`` are fees paid in assets other than
    the settle currency, by asset, which are therefore not in ``fees``; ``unbooked_funding`` names payments that are not
    in ``funding``. ``opened`` is what was held already when it was declared (or first reported: fills up to
    ``opened_ns`` were counted in that report, and those that came are taken out of it), ``traded`` the running
    sums over the fills since, by which a profit is told apart by cause, and ``unexplained`` by how much its venue's
    reports have moved the quantity beyond them, at prices that nobody told. ``pending`` names what the position waits
    for before its quantity is known (one that is to be opened at the first mark price), ``unbooked`` what happened to
    it that could not be folded: its quantity is not known until its venue reports it anew.
    """

    account: str
    instrument: str
    quantity: Decimal = ZERO
    entry_price: Decimal | None = None
    margin: Decimal | None = None
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    foreign_sums: dict[str, Decimal] = {}
    funding: Decimal = ZERO
    funding_estimated: bool = False
    unbooked_funding: tuple[str, ...] = ()
    margin_estimated: bool = False
    venue_liquidation: Decimal | None = None
    reported_ns: int = 0
    note: str = ""
    pending: str = ""
    unbooked: str = ""
    leg: Leg = Leg.NET
    opened: Holding = Holding()
    opened_ns: int = 0
    traded: Traded = Traded()
    unexplained: Decimal = ZERO

    @property
    def key(self) -> PositionKey:
        """What tells it from every other position."""
        return PositionKey(self.account, self.instrument, self.leg)

    @property
    def open(self) -> bool:
        """True while anything is held."""
        return bool(self.quantity)

    @property
    def ever_held(self) -> bool:
        """True where anything was held in it since it was declared, as far as is known."""
        return self.open or bool(self.opened.quantity) or self.traded != Traded()

    @property
    def foreign_fees(self) -> tuple[str, ...]:
        """The assets other than the settle currency in which fees were paid."""
        return tuple(self.foreign_sums)


class Order(msgspec.Struct, kw_only=True):
    """One order that was sent, and what became of it."""

    request: OrderRequest
    state: OrderState = OrderState.SENT
    filled_quantity: Decimal = ZERO
    average_price: Decimal | None = None
    reason: str = ""
    updated_ns: int = 0

    @property
    def outstanding(self) -> bool:
        """True until the order can no longer change anything."""
        return self.state not in FINAL_STATES


def filled(
    position: Position, account: Account, instrument: Instrument, fill: Fill, moment: Moment = UNSEEN
) -> tuple[Position, Decimal]:
    """The position after a fill, and what the wallet gains by it (realised P&L less fee).

    Pure: the preview of a staged order and the folding of a real fill are one calculation. Raises RequestError for
    impossible numbers, where the entry price of what is held is not known, and where a leg of hedge mode would be
    taken through zero: a leg cannot turn into the other one.
    """
    before = Holding(quantity=position.quantity, entry_price=position.entry_price)
    after, realised = apply_fill(
        instrument.kind, instrument.contract_size, before, fill.side, fill.price, fill.quantity
    )
    if wrong_side(position.leg, after.quantity):
        raise RequestError("quantity", f"at most what the {position.leg.value} leg holds", f"{fill.quantity:f}")
    settled_fee = fill.fee if fill.fee_asset == account.settle else ZERO
    foreign = position.foreign_sums
    if fill.fee and fill.fee_asset != account.settle:
        foreign = foreign | {fill.fee_asset: foreign.get(fill.fee_asset, ZERO) + fill.fee}
    change = order_sign(fill.side) * fill.quantity
    changed = msgspec.structs.replace(
        position,
        quantity=after.quantity,
        entry_price=after.entry_price,
        margin=_margin_after(position, account, instrument, after.quantity, fill.price),
        realised=position.realised + realised,
        fees=position.fees + settled_fee,
        foreign_sums=foreign,
        traded=with_trade(position.traded, instrument.kind, instrument.contract_size, change, fill.price, moment),
        margin_estimated=position.margin_estimated and bool(after.quantity),
        venue_liquidation=None,
    )
    return changed, realised - settled_fee


def filled_before(
    position: Position, account: Account, instrument: Instrument, fill: Fill, moment: Moment = UNSEEN
) -> tuple[Position, Decimal]:
    """The position after a fill from before its venue's first report, which counts it already, and what the wallet
    gained by it.

    What is held stays as reported, and ``opened`` is what it was before the fill. Where that cannot be told, the record
    of the position begins after the fill, and nothing is another. Raises RequestError for impossible numbers.
    """
    opened = holding_before(instrument.kind, position.opened, fill.side, fill.price, fill.quantity)
    if opened is None or wrong_side(position.leg, opened.quantity) or (opened.quantity and not opened.entry_price):
        return position, ZERO
    then = msgspec.structs.replace(position, quantity=opened.quantity, entry_price=opened.entry_price)
    after, gained = filled(then, account, instrument, fill, moment)
    now = msgspec.structs.replace(
        after,
        quantity=position.quantity,
        entry_price=position.entry_price,
        margin=position.margin,
        margin_estimated=position.margin_estimated,
        venue_liquidation=position.venue_liquidation,
        opened=opened,
    )
    return now, gained


def wrong_side(leg: Leg, quantity: Decimal) -> bool:
    """True for a quantity that this leg cannot hold: a short in the long leg, a long in the short leg."""
    return (leg is Leg.LONG and quantity < 0) or (leg is Leg.SHORT and quantity > 0)


def _margin_after(
    position: Position, account: Account, instrument: Instrument, quantity: Decimal, price: Decimal
) -> Decimal | None:
    if account.margin_mode is MarginMode.CROSS:
        return None
    if not quantity:
        return ZERO
    held, margin = position.quantity, position.margin if position.quantity else ZERO
    added = abs(quantity) - abs(held)
    if held and (held > 0) != (quantity > 0):
        held, margin, added = ZERO, ZERO, abs(quantity)
    if margin is None:
        return None
    if added <= 0:
        return margin * quantity / held
    return margin + opening_margin(instrument, added, price, account.leverage)
