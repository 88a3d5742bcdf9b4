"""Commands carried out: targets moved, orders staged and sent, alerts acknowledged, and the last word to the user."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from core.alerts import Alerts
from core.books import Book, Hedge
from core.commands import (
    AcknowledgeAlerts,
    AnyCommand,
    CancelStage,
    ClearAnchor,
    ConfirmStage,
    Explain,
    HideScenarios,
    Resync,
    SetAnchor,
    SetTarget,
    ShowScenarios,
    StageHedge,
    StepTarget,
    TypeMark,
    UndoTarget,
)
from core.errors import JournalError
from core.events import OrderState
from core.ledger import Ledger
from core.measuring import Measuring
from core.order_gate import percent
from core.orders import OrderRequest, order_in_words
from core.positions import Order
from core.records import CommandTaken, OrderIntended, Recorder, TargetChanged
from core.rules import ORDER_REJECTED
from core.scenarios import Scenarios
from core.staging import Refused, Staging
from core.targets import Targets
from core.typed_marks import TypedMarkets
from core.why.explainer import Explainer


class Requests:
    """Takes commands for the engine; what it refuses, it explains."""

    def __init__(
        self,
        books: Iterable[Book],
        ledger: Ledger,
        targets: Targets,
        staging: Staging,
        recorder: Recorder,
        alerts: Alerts,
        measuring: Measuring,
        scenarios: Scenarios,
        explainer: Explainer,
        typed: TypedMarkets,
    ) -> None:
        self._books = {book.name: book for book in books}
        self._ledger = ledger
        self._targets = targets
        self._staging = staging
        self._recorder = recorder
        self._alerts = alerts
        self._measuring = measuring
        self._scenarios = scenarios
        self._explainer = explainer
        self._typed = typed
        self._outbox: list[OrderRequest] = []
        self.message = ""
        self.message_ns = 0

    def say(self, text: str, now_ns: int) -> None:
        """Make ``text`` the engine's last word to the user."""
        self.message, self.message_ns = text, now_ns

    def take(self, command: AnyCommand, now_ns: int) -> None:
        """Carry out one command."""
        try:
            text = self._carry_out(command, now_ns)
        except (Refused, JournalError) as error:
            text = str(error)
        if text:
            self.say(text, now_ns)

    def take_orders(self) -> list[OrderRequest]:
        """Orders to send, each once."""
        orders, self._outbox = self._outbox, []
        return orders

    def _carry_out(self, command: AnyCommand, now_ns: int) -> str:
        match command:
            case StepTarget(book=book, instrument=instrument, step=step):
                self._hedge(book, instrument)
                _check_number(step)
                return self._move(self._ratio(book, instrument) + step, book, instrument, now_ns)
            case SetTarget(book=book, instrument=instrument, ratio=ratio):
                self._hedge(book, instrument)
                _check_number(ratio)
                return self._move(ratio, book, instrument, now_ns)
            case UndoTarget(book=book):
                move = self._targets.propose_undo(self._book(book).name)
                return self._make(move, now_ns) if move is not None else "no change of target to take back"
            case StageHedge(book=book, instrument=instrument):
                return self._stage(command, self._book(book), self._hedge(book, instrument), now_ns)
            case ConfirmStage(client_order_id=name):
                return self._confirm(name, now_ns)
            case CancelStage(client_order_id=name):
                return self._cancel(command, name, now_ns)
            case TypeMark(instrument=instrument, price=price):
                return self._type_mark(instrument, price, now_ns)
            case AcknowledgeAlerts(key=key):
                return self._acknowledge(command, key, now_ns)
            case SetAnchor(book=book):
                return self._measuring.set_anchor(self._book(book).name, now_ns)
            case ClearAnchor(book=book):
                return self._measuring.clear_anchor(self._book(book).name, now_ns)
            case Resync():
                self._recorder.note(CommandTaken(command=command), now_ns)
                return "all feeds are reopened"
            case ShowScenarios(book=book, axis=axis):
                self._scenarios.show(self._book(book).name, axis)
                return ""
            case HideScenarios():
                self._scenarios.hide()
                return ""
            case Explain(path=path):
                self._explainer.ask(path)
                return ""

    def _book(self, name: str) -> Book:
        if name not in self._books:
            raise Refused(f"there is no book named {name}")
        return self._books[name]

    def _hedge(self, book: str, instrument: str) -> Hedge:
        for hedge in self._book(book).hedges:
            if hedge.instrument == instrument:
                return hedge
        raise Refused(f"book {book} has no hedge on {instrument}")

    # --- targets ---------------------------------------------------------------------------------------------

    def _ratio(self, book: str, instrument: str) -> Decimal:
        ratio = self._targets.ratio(book, instrument)
        if ratio is None:
            raise Refused(f"the target of {instrument} is no ratio but an amount: change it in the configuration")
        return ratio

    def _move(self, ratio: Decimal, book: str, instrument: str, now_ns: int) -> str:
        move = self._targets.propose(book, instrument, self._ratio(book, instrument), ratio)
        if move.after == move.before:
            return f"the target stays at {percent(move.after)}: it is at its limit"
        return self._make(move, now_ns)

    def _make(self, move: TargetChanged, now_ns: int) -> str:
        self._recorder.intend(move, now_ns)
        self._targets.apply(move)
        staged = self._staging.staged
        dropped = ""
        if staged is not None and (staged.book.name, staged.hedge.instrument) == (move.book, move.instrument):
            self._staging.drop()
            dropped = "; the staged order was for the old target and is dropped"
        back = "back to " if move.undo else ""
        return f"target of {move.instrument}: {back}{percent(move.after)}, was {percent(move.before)}{dropped}"

    def _type_mark(self, instrument: str, price: Decimal, now_ns: int) -> str:
        record = self._typed.propose(instrument, price, now_ns)
        self._recorder.intend(record, now_ns)
        self._typed.apply(record)
        return f"mark price of {instrument}: {price.normalize():f}, as you typed it"

    # --- orders ----------------------------------------------------------------------------------------------

    def _stage(self, command: StageHedge, book: Book, hedge: Hedge, now_ns: int) -> str:
        staged = self._staging.stage(book, hedge, now_ns)
        self._recorder.note(CommandTaken(command=command), now_ns)
        words = order_in_words(staged.sizing.side, staged.sizing.quantity, hedge.instrument, hedge.account)
        return f"staged, not sent: {words}" if staged.sizing.quantity else "staged, and cannot be sent: look why"

    def _confirm(self, name: str, now_ns: int) -> str:
        request = self._staging.confirm(name, now_ns, self._recorder.failure)
        self._recorder.intend(OrderIntended(request=request), now_ns)
        self._ledger.sent(request)
        self._outbox.append(request)
        self._staging.drop()
        return f"sent: {request.in_words}"

    def _cancel(self, command: CancelStage, name: str, now_ns: int) -> str:
        staged = self._staging.staged
        if staged is None or staged.client_order_id != name:
            raise Refused("that order is not staged")
        self._recorder.note(CommandTaken(command=command), now_ns)
        self._staging.drop()
        return "the staged order is dropped, nothing was sent"

    def order_changed(self, order: Order, now_ns: int) -> None:
        """Tell what became of an order; a fill has spoken for itself."""
        if order.state is OrderState.FILLED:
            return
        reason = f": {order.reason}" if order.reason else ""
        self.say(f"the order to {order.request.in_words} is {order.state.value.replace('_', ' ')}{reason}", now_ns)

    # --- alerts ----------------------------------------------------------------------------------------------

    def _acknowledge(self, command: AcknowledgeAlerts, key: str, now_ns: int) -> str:
        count = self._alerts.acknowledge(key)
        self._recorder.note(CommandTaken(command=command), now_ns)
        for name in self._alerts.open_keys():
            # A rejection has no later state to wait for: having been seen is its end.
            if name.endswith(f"/{ORDER_REJECTED}") and key in ("", name):
                self._alerts.end(name, now_ns)
        return f"{count} alert{'' if count == 1 else 's'} acknowledged"


def _check_number(value: Decimal) -> None:
    if not value.is_finite():
        raise Refused(f"a target is a number, not {value}")
