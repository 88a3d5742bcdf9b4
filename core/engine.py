"""The engine: folds events into one book of truth, takes commands, and cuts snapshots.

Pure but for the journal: no clock, no network. Time is the receive time of events and the ``now_ns`` of calls, and
never runs backwards. The same events, commands and times give the same snapshots to the byte. Whoever runs an engine
calls :meth:`Engine.advance` at least four times a second, so that silence is noticed as fast as a bad price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from core import picture
from core.alerts import Alerts
from core.anchors import Moment
from core.books import Book, Hedge
from core.commands import AnyCommand, HideScenarios, ShowScenarios
from core.contract_sheet import ContractSheet, priced_contracts
from core.errors import RequestError
from core.events import (
    AccountSettings,
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    CandlesLoaded,
    ChannelChanged,
    ConnectionChanged,
    DayStatistics,
    FeeCharged,
    Fill,
    FrameFault,
    FundingPayment,
    FundingSettled,
    Heard,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.exact import exactly
from core.feeds_health import FeedsHealth
from core.figures import Figure, Freshness
from core.freshness import SECOND_NS
from core.hedge_targets import check_target
from core.history import History
from core.instrument_market import Field
from core.journal import Journal
from core.ledger import Ledger
from core.market import Market
from core.market_day import MarketDay
from core.measuring import Measuring
from core.memo import Memo
from core.opening import opening_fill
from core.orders import OrderRequest
from core.positions import Order, Position
from core.records import ContractDescribed, EventTaken, Recorder
from core.requests import Requests
from core.restore import Restorer
from core.rules import key_condition, order_conditions, settings_condition
from core.scenarios import Scenarios
from core.snapshot import AlertView, MarketView, Mode, Snapshot
from core.staging import Staging
from core.targets import Targets
from core.tiers import assumed_table
from core.typed_marks import TypedMarkets
from core.valuation import Valuation
from core.watch import Watch
from core.why.explainer import Explainer
from core.why.sources import Sources

SWEEP_NOTED_NS = 300 * SECOND_NS
"""A sweep is noted so often, for the next run to know from when on records have to be read."""

SENT_TIMEOUT_NS = 10 * SECOND_NS
"""An order sent this long ago, of which nothing was heard since, has an unknown outcome."""


class Engine:
    """One book of truth for one or more books. Used by one thread at a time."""

    def __init__(
        self,
        books: Iterable[Book],
        *,
        mode: Mode,
        source: str,
        journal: Journal | None = None,
        journal_failure: str = "",
        sheets: Iterable[ContractSheet] = (),
    ) -> None:
        """``journal=None`` keeps nothing; with a ``journal_failure`` (why the wanted one could not be opened) orders
        and targets are refused while the market is watched all the same. ``sheets`` say where the prices of contracts
        come from that no feed speaks of.

        Raises RequestError where two books claim one position, JournalError where the journal cannot be read.
        """
        self._books = tuple(books)
        _check_books(self._books)
        self._mode, self._source = mode, source
        self._now_ns = 0
        self._sequence = self._events = 0
        self._feeds = FeedsHealth()
        hedged = {hedge.instrument for book in self._books for hedge in book.hedges}
        priced = {name: item for name, item in priced_contracts(sheets).items() if name in hedged}
        self._market = Market(self._feeds, priced)
        for hedge in (hedge for book in self._books for hedge in book.hedges):
            if hedge.maintenance_rate is not None:
                self._market.assume_tiers(assumed_table(hedge.instrument, hedge.maintenance_rate))
        self._past = MarketDay()
        self._market_views: Memo[MarketView] = Memo()
        self._history = History()
        self._ledger = Ledger(account for book in self._books for account in book.accounts)
        self._targets = Targets(self._books)
        self._valuation = Valuation(self._market, self._ledger, self._targets.ratio, self._history)
        self._recorder = Recorder(journal, journal_failure)
        self._sweeps_noted: dict[str, int] = {}
        self._alerts = Alerts()
        self._staging = Staging(self._market, self._ledger, self._valuation, self._targets)
        self._measuring = Measuring(self._books, self._market, self._ledger, self._valuation, self._recorder)
        typed = TypedMarkets(priced, self._market)
        kept = (self._ledger, self._targets, self._staging, self._alerts, self._measuring, typed)
        Restorer(self._books, self._recorder, *kept).run()
        self._watch = Watch(self._books, self._valuation, self._feeds, self._alerts, self._recorder)
        self._scenarios = Scenarios(self._books, self._valuation)
        sources = Sources(
            self._books,
            self._market,
            self._ledger,
            self._targets.ratio,
            self._valuation,
            self._staging,
            self._measuring,
            self._scenarios,
        )
        self._explainer = Explainer(sources, self._look)
        self._requests = Requests(
            self._books,
            self._ledger,
            self._targets,
            self._staging,
            self._recorder,
            self._alerts,
            self._measuring,
            self._scenarios,
            self._explainer,
            typed,
        )
        self._opening = self._to_open()
        self._legs = frozenset(hedge.instrument for book in self._books for hedge in book.hedges)
        self._handlers: dict[type, Callable[[Any], None]] = {
            Ticker: self._ticker,
            InstrumentListed: self._listed,
            TiersLoaded: self._tiers,
            CandlesLoaded: self._candles,
            ConnectionChanged: self._connection,
            ChannelChanged: self._channel,
            FrameFault: self._feeds.fault,
            Heard: self._feeds.heard,
            OrderUpdate: self._order,
            Fill: self._fill,
            FundingPayment: self._funding,
            BalanceUpdate: self._account_event,
            PositionUpdate: self._account_event,
            DayStatistics: self._past.day,
            FundingSettled: self._past.settled,
            FeeCharged: self._charge,
            AccountSettings: self._settings,
            AccountSwept: self._swept,
        }

    # --- what goes in ----------------------------------------------------------------------------------------

    def apply(self, event: AnyEvent) -> None:
        """Fold one event in. Never raises on what an event says."""
        received_ns = event.received_ns
        if received_ns > self._now_ns:
            if not self._now_ns:
                self._watch.started(received_ns)
            self._now_ns = received_ns
        self._events += 1
        self._handlers[type(event)](event)

    @exactly
    def command(self, command: AnyCommand, now_ns: int) -> None:
        """Carry out a command, or say in the snapshot's message why not."""
        self._pass_time(now_ns)
        self._requests.take(command, self._now_ns)
        if not isinstance(command, ShowScenarios | HideScenarios):  # those change nothing that is valued
            self._watch.changed(self._now_ns)
        self._watch.feeds(self._now_ns)

    @exactly
    def advance(self, now_ns: int) -> None:
        """Let time pass: ages, dwells, orders that nobody answers, a journal that may be writable again."""
        self._pass_time(now_ns)
        self._recorder.retry(self._now_ns)
        for order in list(self._ledger.orders.values()):
            if order.state is OrderState.SENT and self._now_ns - order.updated_ns >= SENT_TIMEOUT_NS:
                self._order(_unanswered(order, self._now_ns))
        self._open_hedges()
        self._watch.advance(self._now_ns)
        self._measuring.advance(self._watch.views(), self._now_ns)
        for text in self._measuring.take_news():
            self._requests.say(text, self._now_ns)
        self._scenarios.step(self._watch.views(), self._now_ns)

    def _pass_time(self, now_ns: int) -> None:
        self._watch.started(now_ns)
        self._now_ns = max(self._now_ns, now_ns)

    # --- what comes out --------------------------------------------------------------------------------------

    @exactly
    def snapshot(self, now_ns: int) -> Snapshot:
        """The whole picture at ``now_ns``; lets time pass up to it."""
        self.advance(now_ns)
        self._sequence += 1
        return self._explainer.told(self._picture())

    def _look(self) -> Snapshot:
        """The present picture for whoever must know what is in it."""
        self._watch.advance(self._now_ns)
        return self._picture()

    def _picture(self) -> Snapshot:
        """Everything as it was last valued, without an explanation."""
        books = tuple(self._measuring.measured(view, self._now_ns) for view in self._watch.views())
        age_ns, freshness = picture.oldest_input(books, self._now_ns)
        return Snapshot(
            sequence=self._sequence,
            time_ns=self._now_ns,
            mode=self._mode,
            source=self._source,
            books=books,
            alerts=self._alerts.views(self._now_ns),
            feeds=tuple(connection.view(self._now_ns) for connection in self._feeds.connections()),
            markets=picture.markets(self._market, self._past, self._market_views, self._now_ns),
            stage=self._staging.view(self._now_ns, self._recorder.failure),
            orders=picture.orders(self._ledger),
            events=self._events,
            worst_age_ns=age_ns,
            worst_freshness=freshness,
            message=self._requests.message,
            message_ns=self._requests.message_ns,
            journal=self._recorder.state,
            scenario=self._scenarios.view,
        )

    def take_orders(self) -> list[OrderRequest]:
        """Orders confirmed and journaled since last asked; each is handed out once in the life of its journal."""
        return self._requests.take_orders()

    def take_news(self) -> list[AlertView]:
        """Alerts raised, worsened or ended since last asked: for the bell and the log."""
        return self._watch.take_news()

    def positions(self) -> list[Position]:
        """Every position held now: what the paper broker settles funding on."""
        return [position for position in self._ledger.positions.values() if position.open]

    def read_ns(self, account: str) -> int:
        """From when on an account's records have to be read: its last whole sweep that is known; 0 where none is."""
        return self._ledger.read_ns.get(account, 0)

    def sheet_mark(self, instrument: str, now_ns: int) -> Figure | None:
        """The mark price of a contract that its sheet tells; ``None`` for every other one."""
        return self._market.figure(instrument, Field.MARK, now_ns) if self._market.unquoted(instrument) else None

    @property
    def history(self) -> History:
        """Price history as it was loaded: what volatility and betas are reckoned from. Read it, do not write it."""
        return self._history

    @property
    def scenarios(self) -> Scenarios:
        """What is reckoned for whoever looks at scenarios; part by part with :meth:`advance`, unless elsewhere."""
        return self._scenarios

    # --- market data and feeds -------------------------------------------------------------------------------

    def _ticker(self, event: Ticker) -> None:
        market = self._market.apply(event)
        if self._opening:
            self._open_hedges()
        self._watch.touched(market, self._now_ns)

    def _listed(self, event: InstrumentListed) -> None:
        instrument = event.instrument
        self._market.listed(instrument)
        if self._ledger.described(instrument) and instrument.id in self._legs:
            self._recorder.note(ContractDescribed(instrument=instrument), self._now_ns)
        self._open_hedges()
        self._watch.touched(self._market.of(instrument.id), self._now_ns)

    def _tiers(self, event: TiersLoaded) -> None:
        self._market.tiers_loaded(event.table)
        self._watch.touched(self._market.of(event.table.instrument), self._now_ns)

    def _candles(self, event: CandlesLoaded) -> None:
        for fault in self._history.loaded(event):
            self._feeds.fault(fault)

    def _connection(self, event: ConnectionChanged) -> None:
        self._feeds.connection_changed(event)
        self._watch.changed(self._now_ns)
        self._watch.feeds(self._now_ns)

    def _channel(self, event: ChannelChanged) -> None:
        self._feeds.channel_changed(event)
        self._watch.changed(self._now_ns)

    # --- accounts --------------------------------------------------------------------------------------------

    def _order(self, event: OrderUpdate) -> None:
        order = self._ledger.order(event)
        if order is None:
            return
        self._recorder.note(EventTaken(happened=event), self._now_ns)
        self._requests.order_changed(order, self._now_ns)
        for condition in order_conditions(order):
            self._watch.check(condition, self._now_ns)

    def _fill(self, event: Fill) -> None:
        moment = self._moment(event.instrument)
        if not self._ledger.fill(event, moment):
            return
        self._recorder.note(EventTaken(happened=event, moment=moment), self._now_ns)
        if self._ledger.position(event.account, event.instrument, event.leg).unbooked:
            self._requests.say(f"a fill of {event.instrument} cannot be booked: its position is unknown", self._now_ns)
        else:
            verb, quantity = "sold" if event.side == "sell" else "bought", event.quantity.normalize()
            self._requests.say(f"{verb} {quantity:f} {event.instrument} at {event.price:f}", self._now_ns)
        self._watch.changed(self._now_ns)

    def _moment(self, instrument: str) -> Moment:
        """What the market of a contract is now, as far as it can be relied on."""
        prices = (self._market.figure(instrument, field, self._now_ns) for field in (Field.MARK, Field.INDEX))
        return Moment(*(None if price.freshness is Freshness.STALE else price.value for price in prices))

    def _funding(self, event: FundingPayment) -> None:
        if self._ledger.funding(event):
            self._recorder.note(EventTaken(happened=event), self._now_ns)
            self._requests.say(_funding_words(event), self._now_ns)
            self._watch.changed(self._now_ns)

    def _account_event(self, event: BalanceUpdate | PositionUpdate) -> None:
        changed = (
            self._ledger.wallets.reported(event) if isinstance(event, BalanceUpdate) else self._ledger.reported(event)
        )
        if changed:
            self._recorder.note(EventTaken(happened=event), self._now_ns)
            self._watch.changed(self._now_ns)

    def _charge(self, event: FeeCharged) -> None:
        if self._ledger.charged(event):
            self._recorder.note(EventTaken(happened=event), self._now_ns)
            self._watch.changed(self._now_ns)

    def _settings(self, event: AccountSettings) -> None:
        if self._ledger.reports.set(event):
            self._check_settings(event.account)

    def _swept(self, event: AccountSwept) -> None:
        if self._ledger.swept(event):
            if self._now_ns - self._sweeps_noted.get(event.account, -SWEEP_NOTED_NS) >= SWEEP_NOTED_NS:
                self._sweeps_noted[event.account] = self._now_ns
                self._recorder.note(EventTaken(happened=event), self._now_ns)
            self._watch.changed(self._now_ns)

    def _check_settings(self, account: str) -> None:
        """How the account is set at its venue is told where it is not what the figures here go by."""
        differences = list(self._ledger.reports.differences(account, self._legs))
        self._watch.check(settings_condition(account, differences), self._now_ns)
        unverified = self._ledger.reports.unverified(account)
        self._watch.check(key_condition(account, unverified=unverified), self._now_ns)

    # --- opening at market -----------------------------------------------------------------------------------

    def _to_open(self) -> list[tuple[Book, Hedge]]:
        legs = [(book, hedge) for book in self._books for hedge in book.hedges if hedge.open_at_market]
        return [(book, hedge) for book, hedge in legs if self._ledger.position(*hedge.key).pending]

    def _open_hedges(self) -> None:
        still = []
        for book, hedge in self._opening:
            if not self._ledger.position(*hedge.key).pending:
                continue  # its venue has told of a position meanwhile
            try:
                fill = opening_fill(book, hedge, self._market, self._ledger, self._valuation, self._now_ns)
            except RequestError as error:
                self._ledger.not_opened(hedge.key, str(error))
                self._requests.say(f"{hedge.instrument} was not opened: {error}", self._now_ns)
                continue
            if fill is None:
                still.append((book, hedge))
                continue
            self._fill(fill)
            self._requests.say(f"{hedge.instrument}: {self._ledger.position(*hedge.key).note}", self._now_ns)
        self._opening = still


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


def _check_books(books: tuple[Book, ...]) -> None:
    """Two books may share an account only if they describe it alike, and never a position."""
    accounts: dict[str, object] = {}
    legs: set[tuple[str, str]] = set()  # by account, and by book: targets are told apart by their contract
    names: set[str] = set()
    for book in books:
        if book.name in names:
            raise RequestError("books", "each book named once", book.name)
        names.add(book.name)
        for account in book.accounts:
            if accounts.setdefault(account.name, account) != account:
                raise RequestError("accounts", f"one description of account {account.name}", "two that differ")
        for hedge in book.hedges:
            if hedge.account not in {account.name for account in book.accounts}:
                raise RequestError("hedges.account", f"an account of book {book.name}", hedge.account)
            claims = {(f"account {hedge.account}", hedge.instrument), (f"book {book.name}", hedge.instrument)}
            if claims & legs:
                raise RequestError("hedges", "each contract of an account or a book in one leg", hedge.instrument)
            legs |= claims
            check_target(hedge)
            ratio = hedge.target_ratio
            if ratio is not None and not Decimal(0) <= ratio <= book.limits.maximum_ratio:
                raise RequestError("hedges.target_ratio", f"0 to {book.limits.maximum_ratio}", str(ratio))
