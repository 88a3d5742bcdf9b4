"""What venues and brokers say of accounts: folded into the ledger, journaled, judged by the rules, told to the user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.anchors import Moment
from core.conditions import key_condition, order_conditions, settings_condition
from core.events import (
    AccountSettings,
    AccountSwept,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.figures import Freshness
from core.freshness import SECOND_NS
from core.instrument_market import Field
from core.ledger import Ledger
from core.market import Market
from core.positions import Order
from core.records import EventTaken, Recorder
from core.requests import Requests
from core.watch import Watch

SWEEP_NOTED_NS = 300 * SECOND_NS
"""A sweep is noted so often, for the next run to know from when on records have to be read."""

SENT_TIMEOUT_NS = 10 * SECOND_NS
"""An order sent this long ago, of which nothing was heard since, has an unknown outcome."""


AccountEvent = (
    OrderUpdate | Fill | FundingPayment | BalanceUpdate | PositionUpdate | FeeCharged | AccountSettings | AccountSwept
)


class AccountEvents:
    """Takes what is said of accounts in, each thing once. ``legs`` are the contracts that books hedge with."""

    def __init__(
        self,
        market: Market,
        ledger: Ledger,
        recorder: Recorder,
        requests: Requests,
        watch: Watch,
        legs: frozenset[str],
    ) -> None:
        self._market = market
        self._ledger = ledger
        self._recorder = recorder
        self._requests = requests
        self._watch = watch
        self._legs = legs
        self._sweeps_noted: dict[str, int] = {}
        self._handlers: dict[type, Callable[[Any, int], None]] = {
            OrderUpdate: self._order,
            Fill: self.fill,
            FundingPayment: self._funding,
            BalanceUpdate: self._told,
            PositionUpdate: self._told,
            FeeCharged: self._charge,
            AccountSettings: self._settings,
            AccountSwept: self._swept,
        }

    def take(self, event: AccountEvent, now_ns: int) -> None:
        """Fold one event in at ``now_ns``."""
        self._handlers[type(event)](event, now_ns)

    def advance(self, now_ns: int) -> None:
        """Let time pass: an order that nobody answers has an unknown outcome."""
        for order in list(self._ledger.orders.values()):
            if order.state is OrderState.SENT and now_ns - order.updated_ns >= SENT_TIMEOUT_NS:
                self._order(_unanswered(order, now_ns), now_ns)

    def _order(self, event: OrderUpdate, now_ns: int) -> None:
        order = self._ledger.order(event)
        if order is None:
            return
        self._recorder.note(EventTaken(happened=event), now_ns)
        self._requests.order_changed(order, now_ns)
        for condition in order_conditions(order):
            self._watch.check(condition, now_ns)

    def fill(self, event: Fill, now_ns: int) -> None:
        """Fold a fill in, a venue's or one that is assumed."""
        moment = self._moment(event.instrument, now_ns)
        if not self._ledger.fill(event, moment):
            return
        self._recorder.note(EventTaken(happened=event, moment=moment), now_ns)
        if self._ledger.position(event.account, event.instrument, event.leg).unbooked:
            self._requests.say(f"a fill of {event.instrument} cannot be booked: its position is unknown", now_ns)
        else:
            verb, quantity = "sold" if event.side == "sell" else "bought", event.quantity.normalize()
            self._requests.say(f"{verb} {quantity:f} of {event.instrument} at {event.price:,f}", now_ns)
        self._watch.changed(now_ns)

    def _moment(self, instrument: str, now_ns: int) -> Moment:
        """What the market of a contract is now, as far as it can be relied on."""
        prices = (self._market.figure(instrument, field, now_ns) for field in (Field.MARK, Field.INDEX))
        return Moment(*(None if price.freshness is Freshness.STALE else price.value for price in prices))

    def _funding(self, event: FundingPayment, now_ns: int) -> None:
        if self._ledger.funding(event):
            self._recorder.note(EventTaken(happened=event), now_ns)
            self._requests.say(_funding_words(event), now_ns)
            self._watch.changed(now_ns)

    def _told(self, event: BalanceUpdate | PositionUpdate, now_ns: int) -> None:
        if isinstance(event, BalanceUpdate):
            changed = self._ledger.wallets.reported(event)
        else:
            changed = self._ledger.reported(event)
        if changed:
            self._recorder.note(EventTaken(happened=event), now_ns)
            self._watch.changed(now_ns)

    def _charge(self, event: FeeCharged, now_ns: int) -> None:
        if self._ledger.charged(event):
            self._recorder.note(EventTaken(happened=event), now_ns)
            self._watch.changed(now_ns)

    def _settings(self, event: AccountSettings, now_ns: int) -> None:
        if self._ledger.reports.set(event):
            self._check_settings(event.account, now_ns)

    def _swept(self, event: AccountSwept, now_ns: int) -> None:
        if self._ledger.swept(event):
            if now_ns - self._sweeps_noted.get(event.account, -SWEEP_NOTED_NS) >= SWEEP_NOTED_NS:
                self._sweeps_noted[event.account] = now_ns
                self._recorder.note(EventTaken(happened=event), now_ns)
            self._watch.changed(now_ns)

    def _check_settings(self, account: str, now_ns: int) -> None:
        """How the account is set at its venue is told where it is not what the figures here go by."""
        differences = list(self._ledger.reports.differences(account, self._legs))
        self._watch.check(settings_condition(account, differences), now_ns)
        unverified = self._ledger.reports.unverified(account)
        self._watch.check(key_condition(account, unverified=unverified), now_ns)


def _funding_words(event: FundingPayment) -> str:
    if not event.amount.is_finite():
        return f"a funding payment on {event.instrument} cannot be booked"
    verb = "received" if event.amount >= 0 else "paid"
    amount = f"{abs(event.amount):.8f}".rstrip("0").rstrip(".")
    return f"funding {verb}: {amount} {event.asset} on {event.instrument}"


def _unanswered(order: Order, now_ns: int) -> OrderUpdate:
    request = order.request
    return OrderUpdate(
        received_ns=now_ns,
        account=request.account,
        client_order_id=request.client_order_id,
        instrument=request.instrument,
        side=request.side,
        quantity=request.quantity,
        state=OrderState.UNKNOWN,
        filled_quantity=order.filled_quantity,
        leg=request.leg,
        reason=f"no answer for {SENT_TIMEOUT_NS // SECOND_NS} s",
    )
