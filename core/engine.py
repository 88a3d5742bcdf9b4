"""The engine: folds events into one book of truth, takes commands, and cuts snapshots.

Pure but for the journal: no clock, no network. Time is the receive time of events and the ``now_ns`` of calls, and
never runs backwards. The same events, commands and times give the same snapshots to the byte. Whoever runs an engine
calls :meth:`Engine.advance` at least four times a second, so that silence is noticed as fast as a bad price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args

from core import picture
from core.account_events import AccountEvent, AccountEvents
from core.alerts import Alerts
from core.books import Book
from core.claims import check_books
from core.commands import AnyCommand, HideScenarios, ShowScenarios
from core.contract_sheet import ContractSheet, priced_contracts
from core.events import (
    AnyEvent,
    CandlesLoaded,
    ChannelChanged,
    ConnectionChanged,
    DayStatistics,
    FrameFault,
    FundingSettled,
    Heard,
    InstrumentListed,
    Ticker,
    TiersLoaded,
)
from core.exact import exactly
from core.feeds_health import FeedsHealth
from core.figures import Figure
from core.history import History
from core.instrument_market import Field
from core.journal import Journal
from core.ledger import Ledger
from core.market import Market
from core.market_day import MarketDay
from core.measuring import Measuring
from core.memo import Memo
from core.opening import Openings
from core.orders import OrderRequest
from core.positions import Position
from core.records import ContractDescribed, Recorder
from core.requests import Requests
from core.restore import Restorer
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
        check_books(self._books)
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
        self._legs = frozenset(hedge.instrument for book in self._books for hedge in book.hedges)
        self._accounts = AccountEvents(
            self._market, self._ledger, self._recorder, self._requests, self._watch, self._legs
        )
        self._openings = Openings(
            self._books, self._market, self._ledger, self._valuation, self._requests, self._accounts.fill
        )
        self._handlers: dict[type, Callable[[Any], None]] = {
            Ticker: self._ticker,
            InstrumentListed: self._listed,
            TiersLoaded: self._tiers,
            CandlesLoaded: self._candles,
            ConnectionChanged: self._connection,
            ChannelChanged: self._channel,
            FrameFault: self._feeds.fault,
            Heard: self._feeds.heard,
            DayStatistics: self._past.day,
            FundingSettled: self._past.settled,
            **dict.fromkeys(get_args(AccountEvent), self._account_event),
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
        self._accounts.advance(self._now_ns)
        self._openings.run(self._now_ns)
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
        if self._openings.waiting:
            self._openings.run(self._now_ns)
        self._watch.touched(market, self._now_ns)

    def _listed(self, event: InstrumentListed) -> None:
        instrument = event.instrument
        self._market.listed(instrument)
        if self._ledger.described(instrument) and instrument.id in self._legs:
            self._recorder.note(ContractDescribed(instrument=instrument), self._now_ns)
        self._openings.run(self._now_ns)
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

    def _account_event(self, event: AccountEvent) -> None:
        self._accounts.take(event, self._now_ns)
