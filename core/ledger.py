"""What each account holds: fills, funding and reports folded into positions, each exactly once.

An isolated position pays funding out of its margin; funding received goes to the free wallet, so that safety is never
improved by an assumption.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from core.anchors import UNSEEN, Moment
from core.books import Account, Hedge, MarginMode
from core.errors import RequestError
from core.events import AccountSwept, FeeCharged, Fill, FundingPayment, OrderUpdate, PositionUpdate
from core.exact import exactly, stated_price
from core.instruments import Instrument
from core.last_words import LastWord
from core.legs import Leg, PositionKey
from core.margin import opening_margin
from core.orders import OrderRequest
from core.pnl import Holding
from core.positions import ZERO, Order, Position, filled, filled_before, opening_id, wrong_side
from core.venue_accounts import VenueAccounts
from core.wallets import Wallets


class Ledger:
    """All accounts, positions and orders. Every event changes it at most once, whatever is sent twice."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.accounts = {account.name: account for account in accounts}
        self.reports = VenueAccounts(self.accounts.values())
        """What is known of the accounts that a venue keeps."""
        self.wallets = Wallets(self.accounts, self.reports)
        self.positions: dict[PositionKey, Position] = {}
        self.orders: dict[str, Order] = {}
        self.contracts: dict[str, Instrument] = {}
        self._fills: set[tuple[str, str]] = set()
        self._filled: dict[str, Decimal] = {}
        self._payments: set[tuple[str, str]] = set()
        self._charges: set[tuple[str, str]] = set()
        self.read_ns: dict[str, int] = {}
        """From when on all records of each account were read, by its last whole sweep."""
        self._words: dict[PositionKey, LastWord] = {}
        self._superseded: dict[PositionKey, Holding] = {}
        """What a position was by the fills before its venue's last report: fills that it counts already may come after
        it."""
        self._waiting: list[tuple[Fill, Moment]] = []
        """Fills of contracts that nobody has described yet."""
        self._early: dict[PositionKey, list[tuple[Fill, Moment]]] = {}
        """Fills of positions of which their venue has not reported anything yet."""
        self._undeclared: set[PositionKey] = set()

    def position(self, account: str, instrument: str, leg: Leg = Leg.NET) -> Position:
        """The position, flat if nothing is known of it."""
        found = self.positions.get(PositionKey(account, instrument, leg))
        return found or Position(account=account, instrument=instrument, leg=leg)

    def of_account(self, account: str) -> list[Position]:
        """Every position that anything is known of in one account, flat ones too."""
        return [position for position in self.positions.values() if position.account == account]

    def knows_fill_id(self, account: str, fill_id: str) -> bool:
        """True where a fill of this id was folded (or waits to be) for the account."""
        return (account, fill_id) in self._fills

    def filled_quantity(self, client_order_id: str) -> Decimal:
        """How much of an order the fills seen so far add up to."""
        return self._filled.get(client_order_id, ZERO)

    def not_opened(self, key: PositionKey, reason: str) -> None:
        """Give up a position that was to open by itself; it stays as declared, and its note says why."""
        position = self.position(*key)
        position.pending, position.note = "", reason

    def unfolded(self, instrument: str) -> bool:
        """True while a fill of this contract waits for the contract's description."""
        return any(fill.instrument == instrument for fill, _ in self._waiting)

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
            leg=hedge.leg,
            opened=Holding(hedge.quantity, hedge.entry_price) if hedge.quantity else Holding(),
        )
        key = hedge.key
        self.positions[key] = position
        self._waiting = [(fill, moment) for fill, moment in self._waiting if _key(fill) != key]
        self._early.pop(key, None)
        self._fills.discard((hedge.account, opening_id(hedge.instrument, hedge.leg)))
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
        waiting, self._waiting = self._waiting, []
        for fill, moment in waiting:
            if fill.instrument == instrument.id:
                self._fold(fill, instrument, moment)
            else:
                self._waiting.append((fill, moment))
        return known != instrument

    def _complete_margin(self, instrument: Instrument) -> None:
        """The margin of an isolated position declared without one: what opening it at its entry asks for."""
        for key in sorted(self._undeclared):
            position, account = self.positions[key], self.accounts[key.account]
            if (
                key.instrument != instrument.id
                or position.entry_price is None
                or account.margin_mode is MarginMode.CROSS
            ):
                continue
            self._undeclared.discard(key)
            position.margin = opening_margin(instrument, position.quantity, position.entry_price, account.leverage)

    @exactly
    def fill(self, fill: Fill, moment: Moment = UNSEEN) -> bool:
        """Fold a fill in; false if it was seen before or is of an account that is not ours. ``moment`` is what the
        market was then.

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
            self._waiting.append((fill, moment))
        else:
            self._fold(fill, instrument, moment)
        return True

    def swept(self, event: AccountSwept) -> bool:
        """All of an account has been told; false where no venue keeps it."""
        if not self.reports.swept(event):
            return False
        self.read_ns[event.account] = max(event.asked_ns or event.received_ns, self.read_ns.get(event.account, 0))
        return True

    def _cannot_book(self, fill: Fill, reason: str) -> None:
        position = self.position(*_key(fill))
        position.unbooked = f"a fill of {position.key.words} that cannot be booked ({reason})"
        self.positions[position.key] = position

    def _fold(self, fill: Fill, instrument: Instrument, moment: Moment) -> None:
        before = self.position(*_key(fill))
        if fill.account in self.reports and before.key not in self._words and not before.open:
            self._early.setdefault(before.key, []).append((fill, moment))
            return
        try:
            after, gained = self._folded(before, instrument, fill, moment)
        except RequestError as error:
            self._cannot_book(fill, str(error))
            return
        if fill.fill_id == opening_id(fill.instrument, fill.leg):
            verb = "short" if fill.side == "sell" else "long"
            size = f"{fill.quantity.normalize():f}"
            after.note = f"opened {verb} {size} at mark {fill.price:f}: assumed, no order was sent"
            after.pending = ""
        self.positions[after.key] = after
        self.wallets.credit(fill.account, self.accounts[fill.account].settle, gained, _time_ns(fill))
        if fill.fee_asset != self.accounts[fill.account].settle:
            self.wallets.credit(fill.account, fill.fee_asset, -fill.fee, _time_ns(fill))

    def _fold_early(self, key: PositionKey) -> None:
        """Fold the fills that waited for the first report of their position: those that it counts from the last back,
        those after it as they happened."""
        early = sorted(self._early.pop(key, ()), key=lambda item: _time_ns(item[0]))
        covers_ns = self._words[key].covers_ns
        counted = [item for item in early if _time_ns(item[0]) <= covers_ns]
        for fill, moment in (*reversed(counted), *early[len(counted) :]):
            instrument = self.contracts.get(fill.instrument)
            if instrument is None:
                self._waiting.append((fill, moment))
            else:
                self._fold(fill, instrument, moment)

    def _folded(self, before: Position, instrument: Instrument, fill: Fill, moment: Moment) -> tuple[Position, Decimal]:
        """The position after a fill, and what the wallet gains by it. Raises RequestError as ``filled`` does.

        A fill that the venue's report of the position already counts is booked for what it earned and cost; what is
        held stays as reported.
        """
        account = self.accounts[fill.account]
        word, held = self._words.get(before.key), self._superseded.get(before.key, Holding())
        if account.paper or word is None or _time_ns(fill) > word.covers_ns:
            return filled(before, account, instrument, fill, moment)
        if _time_ns(fill) <= before.opened_ns:
            return filled_before(before, account, instrument, fill, moment)
        then = msgspec.structs.replace(before, quantity=held.quantity, entry_price=held.entry_price)
        after, gained = filled(then, account, instrument, fill, moment)
        self._superseded[before.key] = Holding(after.quantity, after.entry_price)
        change = after.quantity - held.quantity
        kept = msgspec.structs.replace(
            after,
            quantity=before.quantity,
            entry_price=before.entry_price,
            margin=before.margin,
            margin_estimated=before.margin_estimated,
            venue_liquidation=before.venue_liquidation,
            unexplained=before.unexplained - change,
        )
        return kept, gained

    @exactly
    def funding(self, payment: FundingPayment) -> bool:
        """Book a funding payment; false if it was seen before or is of an account that is not ours."""
        if payment.account not in self.accounts or (payment.account, payment.payment_id) in self._payments:
            return False
        self._payments.add((payment.account, payment.payment_id))
        held = self._meant(_key(payment))
        for position in held:
            self.positions[position.key] = position
        if payment.asset != self.accounts[payment.account].settle or not payment.amount.is_finite():
            for position in held:
                _not_booked(position, payment, "")
            if payment.amount.is_finite():
                self._paid_into_wallet(payment)
            return True
        for position in held:
            if len(held) == 1:
                position.funding += payment.amount
                position.funding_estimated = position.funding_estimated or payment.estimated
            else:
                _not_booked(position, payment, " of the long or the short leg")
            if position.margin is not None and payment.amount < 0:
                position.margin += payment.amount
                position.margin_estimated = position.margin_estimated or payment.estimated or len(held) > 1
            position.venue_liquidation = None
        self._paid_into_wallet(payment)
        return True

    @exactly
    def charged(self, fee: FeeCharged) -> bool:
        """Book a fee from a venue's ledger; false if it was seen before, is in a fill, or is of an account that is not
        ours."""
        key = (fee.account, fee.record_id)
        if fee.account not in self.accounts or key in self._charges or fee.kind == "trade" or fee.fill_id:
            return False
        if not fee.amount.is_finite():
            return False
        self._charges.add(key)
        if fee.instrument:
            meant = self._meant(PositionKey(fee.account, fee.instrument, Leg.NET))
            position = meant[0] if len(meant) == 1 else self.position(fee.account, fee.instrument)
            if fee.asset == self.accounts[fee.account].settle:
                position.fees += fee.amount
            else:
                held = position.foreign_sums.get(fee.asset, ZERO)
                position.foreign_sums = position.foreign_sums | {fee.asset: held + fee.amount}
            self.positions[position.key] = position
        self.wallets.credit(fee.account, fee.asset, -fee.amount, fee.charged_ns)
        return True

    def _paid_into_wallet(self, payment: FundingPayment) -> None:
        time_ns = payment.booked_ns or payment.settled_ns
        self.wallets.credit(payment.account, payment.asset, payment.amount, time_ns, estimated=payment.estimated)

    def _meant(self, key: PositionKey) -> list[Position]:
        """The position that an entry of a venue's ledger is of. One that names no leg where legs are held is of those
        that are open, or of the only one in which anything ever was; else nothing tells of which."""
        if key.leg is not Leg.NET or key in self.positions:
            return [self.position(*key)]
        legs = [self.position(key.account, key.instrument, leg) for leg in (Leg.LONG, Leg.SHORT)]
        held = [position for position in legs if position.open]
        once = [position for position in legs if position.ever_held]
        return held or (once if len(once) == 1 else [self.position(*key)])

    @exactly
    def reported(self, event: PositionUpdate) -> bool:
        """Take a position as its venue reports it; false where it changes nothing: it is of no account of ours, has no
        quantity, is older than what is held, or says the same."""
        account = self.accounts.get(event.account)
        if account is None or not event.quantity.is_finite():
            return False
        before = self.position(*_key(event))
        first = event.account in self.reports and before.key not in self._words
        self._undeclared.discard(before.key)
        if event.account in self.reports:
            if not self._words.setdefault(before.key, LastWord()).takes_report(event):
                return False
            self._superseded[before.key] = Holding(before.quantity, before.entry_price)
        isolated, impossible = account.margin_mode is MarginMode.ISOLATED, wrong_side(event.leg, event.quantity)
        unheard = not (before.open or before.opened.quantity or before.traded.coins or before.reported_ns)
        contradiction = f"a report of {event.quantity:f} in {before.key.words}, which that leg cannot hold"
        after = msgspec.structs.replace(
            before,
            quantity=event.quantity,
            entry_price=stated_price(event.entry_price),
            margin=(_amount(event.isolated_margin) if event.quantity else ZERO) if isolated else None,
            margin_estimated=False,
            venue_liquidation=stated_price(event.liquidation_price),
            reported_ns=event.received_ns,
            pending="",
            unbooked=contradiction if impossible else "",
            opened=Holding(event.quantity, stated_price(event.entry_price)) if unheard else before.opened,
            opened_ns=self._words[before.key].covers_ns if first and unheard else before.opened_ns,
            unexplained=before.unexplained + (0 if unheard else event.quantity - before.quantity),
            unbooked_funding=before.unbooked_funding or self._untold_funding(event),
        )
        self.positions[before.key] = after
        if first:
            self._fold_early(before.key)
        return unheard or msgspec.structs.replace(after, reported_ns=before.reported_ns) != before

    def _untold_funding(self, event: PositionUpdate) -> tuple[str, ...]:
        """The gap in what is known of a position's funding where its venue tells no payments."""
        if not self.reports.no_funding_records(event.account, event.instrument):
            return ()
        venue = self.accounts[event.account].venue
        return (f"funding of {event.instrument}, of which {venue} tells no payments",)

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

    def outstanding(self, key: PositionKey) -> list[Order]:
        """Orders that may still change the position."""
        return [order for order in self.orders.values() if order.outstanding and _key(order.request) == key]


def _key(item: Fill | FundingPayment | PositionUpdate | OrderRequest) -> PositionKey:
    return PositionKey(item.account, item.instrument, item.leg)


def _time_ns(fill: Fill) -> int:
    return fill.venue_time_ns or fill.received_ns


def _not_booked(position: Position, payment: FundingPayment, whose: str) -> None:
    gap = f"funding of {payment.amount} {payment.asset}{whose}"
    position.unbooked_funding = (*position.unbooked_funding, gap)


def _amount(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value.is_finite() else None
