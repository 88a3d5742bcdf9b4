"""Starting where the last run ended: the journal's records folded back into ledger, targets, orders, typed marks and
alerts.

What the user declared (books) wins over the journal where it has changed since it was last seen: a hedge whose
position was rewritten starts from what is written, one whose target was rewritten from the new target.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.alerts import Alerts, identity
from core.books import Account, Book, Hedge
from core.collateral import declared_balances
from core.commands import StageHedge
from core.conditions import order_conditions
from core.events import (
    AccountSwept,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.ledger import Ledger
from core.legs import PositionKey
from core.measuring import Measuring
from core.records import (
    AccountDeclared,
    AlertChanged,
    AnchorKept,
    AnyRecord,
    BagCounted,
    CommandTaken,
    ContractDescribed,
    EventTaken,
    HedgeDeclared,
    MarkTyped,
    OrderIntended,
    Recorder,
    TargetChanged,
)
from core.rules import LASTING, LIQUIDATED, ORDER_UNKNOWN
from core.staging import Staging
from core.targets import Targets
from core.typed_marks import TypedMarkets

RESTARTED = "the run that sent it ended first"


class Restorer:
    """One pass over the journal, then the declarations of today."""

    def __init__(
        self,
        books: Iterable[Book],
        recorder: Recorder,
        ledger: Ledger,
        targets: Targets,
        staging: Staging,
        alerts: Alerts,
        measuring: Measuring,
        typed: TypedMarkets,
    ) -> None:
        self._books = tuple(books)
        self._recorder = recorder
        self._ledger = ledger
        self._targets = targets
        self._staging = staging
        self._alerts = alerts
        self._measuring = measuring
        self._typed = typed
        self._hedges: dict[tuple[str, str], Hedge] = {}
        """The last declaration of each leg, by book; below the same by account: a position outlives its book's name."""
        self._held: dict[PositionKey, Hedge] = {}
        self._rewritten: set[str] = set()
        """Contracts and accounts that start from a declaration and not from what was folded."""
        self._accounts: dict[str, Account] = {}
        self._last_ns = 0

    def run(self) -> None:
        """Restore. Raises JournalError where the journal cannot be read."""
        for time_ns, record in self._recorder.history():
            self._last_ns = max(self._last_ns, time_ns)
            self._take(record)
        self._rewritten.clear()
        self._declare_accounts()
        self._declare_hedges()
        self._settle_orders()
        self._settle_alerts()

    def _take(self, record: AnyRecord) -> None:
        match record:
            case HedgeDeclared(book=book, hedge=hedge):
                self._begin(book, hedge)
            case AccountDeclared(account=account):
                self._open(account)
            case ContractDescribed(instrument=instrument):
                self._ledger.described(instrument)
            case TargetChanged():
                self._targets.apply(record)
            case MarkTyped():
                self._typed.apply(record)
            case OrderIntended(request=request):
                self._ledger.sent(request)
            case CommandTaken(command=StageHedge()):
                self._staging.count()
            case EventTaken(happened=Fill() as fill, moment=moment):
                self._ledger.fill(fill, moment)
            case EventTaken(happened=event):
                self._fold(event)
            case AnchorKept() | BagCounted():
                self._measuring.restore(record)
            case AlertChanged(alert=alert):
                self._alerts.restore(alert)

    def _fold(self, event: object) -> None:
        match event:
            case FundingPayment():
                self._ledger.funding(event)
            case OrderUpdate():
                self._ledger.order(event)
            case BalanceUpdate():
                self._ledger.wallets.reported(event)
            case PositionUpdate():
                self._ledger.reported(event)
            case FeeCharged():
                self._ledger.charged(event)
            case AccountSwept():
                self._ledger.read_ns[event.account] = event.asked_ns or event.received_ns

    def _begin(self, book: str, hedge: Hedge) -> None:
        before = self._hedges.get((book, hedge.instrument))
        if before is not None and before.key != hedge.key:
            self._held.pop(before.key, None)
        held = self._held.get(hedge.key)
        self._hedges[book, hedge.instrument] = self._held[hedge.key] = hedge
        if hedge.account not in self._ledger.accounts:
            return
        if held is None or held.untargeted != hedge.untargeted:
            self._ledger.begin(hedge)
            self._measuring.rewritten(book)
            self._rewritten |= {hedge.instrument, hedge.account}
        if before is None or before.target != hedge.target:
            self._targets.begin(book, hedge.instrument, hedge.target_ratio)

    def _open(self, account: Account) -> None:
        before = self._accounts.get(account.name)
        self._accounts[account.name] = account
        if account.name not in self._ledger.accounts:
            return
        said, says = declared_balances(before) if before is not None else {}, declared_balances(account)
        settle = self._ledger.accounts[account.name].settle
        for asset in {**said, **says}:
            if said.get(asset) != says.get(asset) and (asset in says or asset != settle):
                self._ledger.wallets.set(account.name, asset, says.get(asset))
                self._rewritten.add(account.name)

    def _declare_accounts(self) -> None:
        for account in self._ledger.accounts.values():
            if self._accounts.get(account.name) != account:
                self._open(account)
                self._recorder.note(AccountDeclared(account=account), self._last_ns)

    def _declare_hedges(self) -> None:
        named = set()
        for book in self._books:
            for hedge in book.hedges:
                named.add(hedge.key)
                if self._hedges.get((book.name, hedge.instrument)) != hedge:
                    self._begin(book.name, hedge)
                    self._recorder.note(HedgeDeclared(book=book.name, hedge=hedge), self._last_ns)
        for key in list(self._ledger.positions):
            if key not in named and self._ledger.accounts[key.account].paper:
                # The user took this leg out of the book: a paper position has no other existence.
                del self._ledger.positions[key]

    def _settle_orders(self) -> None:
        """Orders whose fate the last run did not live to see."""
        for order in list(self._ledger.orders.values()):
            if not order.outstanding:
                continue
            request = order.request
            account = self._ledger.accounts.get(request.account)
            if self._ledger.filled_quantity(request.client_order_id) >= request.quantity:
                state, reason = OrderState.FILLED, ""
            elif account is None or account.paper:
                # The paper broker lived in that run: what it did not fill then it never will.
                state, reason = OrderState.CANCELLED, RESTARTED
            else:
                state, reason = OrderState.UNKNOWN, RESTARTED
            event = OrderUpdate(
                account=request.account,
                client_order_id=request.client_order_id,
                instrument=request.instrument,
                side=request.side,
                quantity=request.quantity,
                state=state,
                filled_quantity=self._ledger.filled_quantity(request.client_order_id),
                average_price=order.average_price,
                limit_price=request.limit_price,
                reduce_only=request.reduce_only,
                leg=request.leg,
                reason=reason,
                received_ns=self._last_ns,
            )
            if self._ledger.order(event) is not None:
                self._recorder.note(EventTaken(happened=event), self._last_ns)

    def _settle_alerts(self) -> None:
        """Open alerts about positions stay open until they are seen to be over, and so do those about orders whose
        outcome is not known; all others end with their run."""
        subjects = [(book.name, hedge.instrument) for book in self._books for hedge in book.hedges]
        subjects += [(book.name, account.name) for book in self._books for account in book.accounts]
        kept = {identity(book, subject, rule) for book, subject in subjects for rule in LASTING}
        kept -= {identity(book, subject, LIQUIDATED) for book, subject in subjects if subject in self._rewritten}
        for order in self._ledger.orders.values():
            for condition in order_conditions(order):
                if condition.rule == ORDER_UNKNOWN and condition.active:
                    kept.add(condition.key)
                    self._alerts.check(condition, self._last_ns)
        for key in self._alerts.open_keys():
            if key not in kept:
                self._alerts.end(key, self._last_ns)
        for view in self._alerts.take_changes():
            self._recorder.note(AlertChanged(alert=view), self._last_ns)
