"""What each account holds: fills, funding and balances folded into positions and wallets, each exactly once.

Money conventions: fees + paid, funding + received, realised P&L + gained, all in the account's settle currency. The
wallet is the whole wallet, margin moved to positions included, without unrealised P&L. An isolated position's margin
grows by notional ÷ leverage of what is added, is released in proportion when it is reduced, and pays funding first
when funding is due; funding received goes to the free wallet, so that safety is never improved by an assumption.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from core.books import Account, Hedge, MarginMode
from core.errors import RequestError
from core.events import BalanceUpdate, Fill, FundingPayment, OrderState, OrderUpdate, PositionUpdate
from core.exact import exactly
from core.instruments import Instrument
from core.margin import initial_margin
from core.orders import OrderRequest
from core.pnl import Holding, apply_fill

ZERO = Decimal(0)

FINAL_STATES = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED})


def opening_id(instrument: str) -> str:
    """The fill id of a position opened by assumption: one per contract and account, so that it happens once."""
    return f"opening:{instrument}"


class Position(msgspec.Struct, kw_only=True):
    """One contract in one account.

    ``quantity`` signed in the order unit. ``margin`` is the isolated margin, ``None`` in cross mode or where unknown;
    ``margin_estimated`` where funding that was only reckoned has been taken from it. ``venue_liquidation`` is the
    venue's own figure where one was reported, at ``reported_ns``. ``foreign_fees`` names assets other than the settle
    currency in which fees were paid and that are therefore not in ``fees``; ``unbooked_funding`` names payments that
    are not in ``funding``. ``pending`` names what the position waits for before its quantity is known (one that is to
    be opened at the first mark price), ``unbooked`` what happened to it that could not be folded: its quantity is not
    known until its venue reports it anew.
    """

    account: str
    instrument: str
    quantity: Decimal = ZERO
    entry_price: Decimal | None = None
    margin: Decimal | None = None
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    foreign_fees: tuple[str, ...] = ()
    funding: Decimal = ZERO
    funding_estimated: bool = False
    unbooked_funding: tuple[str, ...] = ()
    margin_estimated: bool = False
    venue_liquidation: Decimal | None = None
    reported_ns: int = 0
    note: str = ""
    pending: str = ""
    unbooked: str = ""

    @property
    def open(self) -> bool:
        """True while anything is held."""
        return bool(self.quantity)


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


def filled(position: Position, account: Account, instrument: Instrument, fill: Fill) -> tuple[Position, Decimal]:
    """The position after a fill, and what the wallet gains by it (realised P&L less fee).

    Pure: the preview of a staged order and the folding of a real fill are one calculation. Raises RequestError for
    impossible numbers, and where the entry price of what is held is not known.
    """
    before = Holding(quantity=position.quantity, entry_price=position.entry_price)
    after, realised = apply_fill(
        instrument.kind, instrument.contract_size, before, fill.side, fill.price, fill.quantity
    )
    settled_fee = fill.fee if fill.fee_asset == account.settle else ZERO
    foreign = position.foreign_fees
    if fill.fee and fill.fee_asset != account.settle and fill.fee_asset not in foreign:
        foreign = (*foreign, fill.fee_asset)
    changed = msgspec.structs.replace(
        position,
        quantity=after.quantity,
        entry_price=after.entry_price,
        margin=_margin_after(position, account, instrument, after.quantity, fill.price),
        realised=position.realised + realised,
        fees=position.fees + settled_fee,
        foreign_fees=foreign,
        margin_estimated=position.margin_estimated and bool(after.quantity),
        venue_liquidation=None,
    )
    return changed, realised - settled_fee


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
    return margin + initial_margin(instrument.kind, added, instrument.contract_size, price, account.leverage)


class Ledger:
    """All accounts, positions and orders. Every event changes it at most once, whatever is sent twice."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.accounts = {account.name: account for account in accounts}
        self.wallets = {account.name: account.wallet_balance for account in self.accounts.values()}
        self.positions: dict[tuple[str, str], Position] = {}
        self.orders: dict[str, Order] = {}
        self.contracts: dict[str, Instrument] = {}
        self.estimated_wallets: set[str] = set()
        """Accounts whose wallet holds payments that were only reckoned, since their venue last reported it."""
        self._fills: set[tuple[str, str]] = set()
        self._filled: dict[str, Decimal] = {}
        self._payments: set[tuple[str, str]] = set()
        self._waiting: list[Fill] = []
        self._undeclared: set[tuple[str, str]] = set()

    def position(self, account: str, instrument: str) -> Position:
        """The position, flat if nothing is known of it."""
        found = self.positions.get((account, instrument))
        return found or Position(account=account, instrument=instrument)

    def knows_fill_id(self, account: str, fill_id: str) -> bool:
        """True where a fill of this id was folded (or waits to be) for the account."""
        return (account, fill_id) in self._fills

    def filled_quantity(self, client_order_id: str) -> Decimal:
        """How much of an order the fills seen so far add up to."""
        return self._filled.get(client_order_id, ZERO)

    def not_opened(self, account: str, instrument: str, reason: str) -> None:
        """Give up a position that was to open by itself; it stays as declared, and its note says why."""
        position = self.position(account, instrument)
        position.pending, position.note = "", reason

    def unfolded(self, instrument: str) -> bool:
        """True while a fill of this contract waits for the contract's description."""
        return any(fill.instrument == instrument for fill in self._waiting)

    @exactly
    def begin(self, hedge: Hedge) -> None:
        """Take a hedge's position as the user describes it; what was folded before it is superseded."""
        position = Position(
            account=hedge.account,
            instrument=hedge.instrument,
            quantity=hedge.quantity,
            entry_price=hedge.entry_price if hedge.quantity else None,
            margin=self._declared_margin(hedge),
            pending=f"mark price of {hedge.instrument}, at which the position opens" if hedge.open_at_market else "",
        )
        key = (hedge.account, hedge.instrument)
        self.positions[key] = position
        self._waiting = [fill for fill in self._waiting if (fill.account, fill.instrument) != key]
        self._fills.discard((hedge.account, opening_id(hedge.instrument)))
        self._undeclared.discard(key)
        if position.quantity and position.margin is None:
            self._undeclared.add(key)
        if hedge.instrument in self.contracts:
            self._complete_margin(self.contracts[hedge.instrument])

    def _declared_margin(self, hedge: Hedge) -> Decimal | None:
        if self.accounts[hedge.account].margin_mode is MarginMode.CROSS:
            return None
        return ZERO if not hedge.quantity else hedge.isolated_margin

    @exactly
    def described(self, instrument: Instrument) -> bool:
        """Learn a contract's payoff; true if it is new or changed. Fills that waited for it are folded now."""
        known = self.contracts.get(instrument.id)
        self.contracts[instrument.id] = instrument
        self._complete_margin(instrument)
        ready = [fill for fill in self._waiting if fill.instrument == instrument.id]
        self._waiting = [fill for fill in self._waiting if fill.instrument != instrument.id]
        for fill in ready:
            self._fold(fill, instrument)
        return known != instrument

    def _complete_margin(self, instrument: Instrument) -> None:
        """The margin of an isolated position declared without one: its notional at entry ÷ leverage."""
        for key in sorted(self._undeclared):
            position, account = self.positions[key], self.accounts[key[0]]
            if key[1] != instrument.id or position.entry_price is None or account.margin_mode is MarginMode.CROSS:
                continue
            self._undeclared.discard(key)
            position.margin = initial_margin(
                instrument.kind, position.quantity, instrument.contract_size, position.entry_price, account.leverage
            )

    @exactly
    def fill(self, fill: Fill) -> bool:
        """Fold a fill in; false if it was seen before or is of an account that is not ours.

        One that cannot be folded leaves the position's quantity unknown (``Position.unbooked``): it has happened.
        """
        if fill.account not in self.accounts or self.knows_fill_id(fill.account, fill.fill_id):
            return False
        self._fills.add((fill.account, fill.fill_id))
        if not all(number.is_finite() for number in (fill.price, fill.quantity, fill.fee)):
            self._cannot_book(fill, "not all of its numbers are finite")
            return True
        if fill.client_order_id:
            self._filled[fill.client_order_id] = self.filled_quantity(fill.client_order_id) + fill.quantity
        instrument = self.contracts.get(fill.instrument)
        if instrument is None:
            self._waiting.append(fill)
        else:
            self._fold(fill, instrument)
        return True

    def _cannot_book(self, fill: Fill, reason: str) -> None:
        position = self.position(fill.account, fill.instrument)
        position.unbooked = f"a fill of {fill.instrument} that cannot be booked ({reason})"
        self.positions[fill.account, fill.instrument] = position

    def _fold(self, fill: Fill, instrument: Instrument) -> None:
        before = self.position(fill.account, fill.instrument)
        try:
            after, gained = filled(before, self.accounts[fill.account], instrument, fill)
        except RequestError as error:
            self._cannot_book(fill, str(error))
            return
        if fill.fill_id == opening_id(fill.instrument):
            verb = "short" if fill.side == "sell" else "long"
            size = f"{fill.quantity.normalize():f}"
            after.note = f"opened {verb} {size} at mark {fill.price:f}: assumed, no order was sent"
            after.pending = ""
        self.positions[fill.account, fill.instrument] = after
        self.wallets[fill.account] += gained

    @exactly
    def funding(self, payment: FundingPayment) -> bool:
        """Book a funding payment; false if it was seen before or is of an account that is not ours."""
        if payment.account not in self.accounts or (payment.account, payment.payment_id) in self._payments:
            return False
        self._payments.add((payment.account, payment.payment_id))
        position = self.position(payment.account, payment.instrument)
        self.positions[payment.account, payment.instrument] = position
        if payment.asset != self.accounts[payment.account].settle or not payment.amount.is_finite():
            position.unbooked_funding = (*position.unbooked_funding, f"funding of {payment.amount} {payment.asset}")
            return True
        position.funding += payment.amount
        position.funding_estimated = position.funding_estimated or payment.estimated
        if position.margin is not None and payment.amount < 0:
            position.margin += payment.amount
            position.margin_estimated = position.margin_estimated or payment.estimated
        position.venue_liquidation = None
        self.wallets[payment.account] += payment.amount
        if payment.estimated:
            self.estimated_wallets.add(payment.account)
        return True

    def balance(self, event: BalanceUpdate) -> bool:
        """Take a wallet balance as its venue reports it; false where it concerns no account of ours."""
        account = self.accounts.get(event.account)
        if account is None or account.settle != event.asset or not event.wallet_balance.is_finite():
            return False
        self.wallets[event.account] = event.wallet_balance
        self.estimated_wallets.discard(event.account)
        return True

    def reported(self, event: PositionUpdate) -> bool:
        """Take a position as its venue reports it; false where it concerns no account of ours or has no quantity."""
        account = self.accounts.get(event.account)
        if account is None or not event.quantity.is_finite():
            return False
        self._undeclared.discard((event.account, event.instrument))
        before = self.position(event.account, event.instrument)
        isolated = account.margin_mode is MarginMode.ISOLATED
        self.positions[event.account, event.instrument] = msgspec.structs.replace(
            before,
            quantity=event.quantity,
            entry_price=_price(event.entry_price),
            margin=(_amount(event.isolated_margin) if event.quantity else ZERO) if isolated else None,
            margin_estimated=False,
            venue_liquidation=_price(event.liquidation_price),
            reported_ns=event.received_ns,
            pending="",
            unbooked="",
        )
        return True

    def sent(self, request: OrderRequest) -> None:
        """Remember an order from the moment that its intent is journaled."""
        self.orders[request.client_order_id] = Order(request=request, updated_ns=request.created_ns)

    def order(self, event: OrderUpdate) -> Order | None:
        """Take in an order's state; ``None`` where it changes nothing: unknown to us, or already final."""
        order = self.orders.get(event.client_order_id)
        if order is None or not order.outstanding or event.filled_quantity < order.filled_quantity:
            return None
        order.state = event.state
        order.filled_quantity = event.filled_quantity
        order.average_price = event.average_price or order.average_price
        order.reason = event.reason
        order.updated_ns = max(order.updated_ns, event.received_ns)
        return order

    def outstanding(self, account: str, instrument: str) -> list[Order]:
        """Orders of one contract that may still change the position."""
        return [
            order
            for order in self.orders.values()
            if order.outstanding and (order.request.account, order.request.instrument) == (account, instrument)
        ]


def _amount(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value.is_finite() else None


def _price(value: Decimal | None) -> Decimal | None:
    """A price as venues send it: zero, where they have none, is not one."""
    return value if value is not None and value.is_finite() and value > 0 else None
