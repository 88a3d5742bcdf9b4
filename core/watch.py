"""Watching: when a book is valued anew, its rules applied, and what became news.

A book is valued at most four times a second of engine time, except that a mark which moved by a thousandth since the
last valuation is looked at at once: a breach never waits for a snapshot, and a flood of small ticks costs little.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from core.alerts import Alerts, Condition
from core.books import Book
from core.conditions import feed_condition, journal_condition
from core.exact import exactly
from core.feeds_health import FeedsHealth
from core.freshness import SECOND_NS
from core.instrument_market import InstrumentMarket
from core.memo import Memo
from core.records import AlertChanged, Recorder
from core.rules import LIQUIDATED, LineFindings, findings
from core.snapshot import AlertView, BookView
from core.valuation import Valuation

EVERY_NS = SECOND_NS // 4
MARK_STEP = Decimal("0.001")


class _Leg:
    """The mark of one contract between which bounds a book need not be looked at before its time."""

    __slots__ = ("high", "low", "watch")

    def __init__(self, watch: BookWatch) -> None:
        self.watch = watch
        self.low = self.high = Decimal(0)


class BookWatch:
    """One book, its newest view and when that was derived."""

    __slots__ = ("book", "evaluated_ns", "found", "legs", "settled", "view")

    def __init__(self, book: Book) -> None:
        self.book = book
        self.view: BookView | None = None
        self.found: Memo[LineFindings] = Memo()
        self.evaluated_ns = -EVERY_NS
        self.settled = False
        """False while something was folded since ``evaluated_ns``."""
        names = [hedge.instrument for hedge in book.hedges]
        names += [lot.price for lot in book.lots if lot.price is not None]
        names += [item.price for account in book.accounts for item in account.collateral if item.price is not None]
        self.legs = {name: _Leg(self) for name in dict.fromkeys(names)}


class Watch:
    """Keeps every book's view and alerts up to date."""

    def __init__(
        self, books: Iterable[Book], valuation: Valuation, feeds: FeedsHealth, alerts: Alerts, recorder: Recorder
    ) -> None:
        self._valuation = valuation
        self._feeds = feeds
        self._alerts = alerts
        self._recorder = recorder
        self._books = tuple(BookWatch(book) for book in books)
        self._by_instrument: dict[str, tuple[_Leg, ...]] = {}
        self._news: list[AlertView] = []
        self._start_ns: int | None = None
        for watch in self._books:
            for name, leg in watch.legs.items():
                self._by_instrument[name] = (*self._by_instrument.get(name, ()), leg)

    def started(self, now_ns: int) -> None:
        """Note when the engine first heard of the time."""
        if self._start_ns is None:
            self._start_ns = now_ns

    def touched(self, market: InstrumentMarket, now_ns: int) -> None:
        """Market data of one instrument came: value its books if it is time, or if the mark has moved."""
        for leg in self._by_instrument.get(market.id, ()):
            watch = leg.watch
            watch.settled = False
            if now_ns - watch.evaluated_ns >= EVERY_NS:
                self._evaluate(watch, now_ns)
                continue
            mark = market.mark.value
            if mark is not None and not leg.low < mark < leg.high:
                self._evaluate(watch, now_ns)

    def changed(self, now_ns: int) -> None:
        """Something other than market data changed: value every book now."""
        for watch in self._books:
            self._evaluate(watch, now_ns)

    def advance(self, now_ns: int) -> None:
        """Time passed: value every book that is not valued for this very moment, and look at every feed."""
        for watch in self._books:
            if watch.evaluated_ns != now_ns or not watch.settled:
                self._evaluate(watch, now_ns)
        self.feeds(now_ns)

    def feeds(self, now_ns: int) -> None:
        """Apply the rules about connections and the journal."""
        start_ns = now_ns if self._start_ns is None else self._start_ns
        for connection in self._feeds.connections():
            self._alerts.check(feed_condition(connection, now_ns, start_ns), now_ns)
        self._alerts.check(journal_condition(self._recorder.failure, unread=self._recorder.unread), now_ns)
        self._publish(now_ns)

    def check(self, condition: Condition, now_ns: int) -> None:
        """Apply a condition found elsewhere (an order's fate)."""
        self._alerts.check(condition, now_ns)
        self._publish(now_ns)

    @exactly
    def _evaluate(self, watch: BookWatch, now_ns: int) -> None:
        view = self._valuation.book(watch.book, now_ns)
        watch.view, watch.evaluated_ns, watch.settled = view, now_ns, True
        for line in view.hedges:
            mark = line.mark_price.value
            if mark is not None:
                leg = watch.legs[line.instrument]
                leg.low, leg.high = mark * (1 - MARK_STEP), mark * (1 + MARK_STEP)
        latched = frozenset(key for key in self._alerts.open_keys() if key.endswith(f"/{LIQUIDATED}"))
        start_ns = now_ns if self._start_ns is None else self._start_ns
        found = findings(watch.book, view, now_ns, start_ns, latched, watch.found)
        for reading in found.readings:
            self._alerts.measure(reading, now_ns)
        for condition in found.conditions:
            self._alerts.check(condition, now_ns)
        self._publish(now_ns)

    def _publish(self, now_ns: int) -> None:
        for view in self._alerts.take_changes():
            self._recorder.note(AlertChanged(alert=view), now_ns)
            self._news.append(view)

    def take_news(self) -> list[AlertView]:
        """Alerts raised, worsened or ended since last asked."""
        news, self._news = self._news, []
        return news

    def views(self) -> tuple[BookView, ...]:
        """The newest view of every book that was ever valued."""
        return tuple(watch.view for watch in self._books if watch.view is not None)
