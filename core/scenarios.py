"""Which scenarios somebody is looking at, and when they are reckoned anew: at most every five seconds, or when told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.book_scenario import Built, build
from core.books import Book
from core.exact import exactly
from core.freshness import SECOND_NS
from core.scenario_report import reckon
from core.scenario_view import ScenarioAxis, ScenarioView
from core.snapshot import BookView
from core.valuation import Valuation

EVERY_NS = 5 * SECOND_NS


class Scenarios:
    """Nothing is reckoned while nobody looks; what is, goes part by part, one with each step of the engine.

    ``grounds`` are what the ``view`` was reckoned from: the newest, and the one before for parts that still stand.
    """

    def __init__(self, books: Iterable[Book], valuation: Valuation) -> None:
        self._books = {book.name: book for book in books}
        self._valuation = valuation
        self._shown: tuple[str, ScenarioAxis] | None = None
        self._work: Iterator[ScenarioView] | None = None
        self._due_ns = 0
        self.view: ScenarioView | None = None
        self.grounds: tuple[Built, ...] = ()

    def show(self, book: str, axis: ScenarioAxis) -> None:
        """Reckon this book's scenarios from now on; told again, reckon them anew."""
        if self._shown is None or self._shown[0] != book:
            self.view, self.grounds = None, ()
        self._shown, self._work, self._due_ns = (book, axis), None, 0

    def hide(self) -> None:
        """Reckon no more."""
        self._shown = self._work = self.view = None
        self.grounds = ()

    @exactly
    def step(self, views: Iterable[BookView], now_ns: int) -> None:
        """Reckon one part, if it is time; ``views`` are the books as they stand now."""
        if self._shown is None:
            return
        if self._work is None and now_ns >= self._due_ns:
            self._begin(views, now_ns)
        if self._work is not None:
            self.view = next(self._work, self.view)
            if self.view is not None and self.view.complete:
                self._work = None

    def _begin(self, views: Iterable[BookView], now_ns: int) -> None:
        assert self._shown is not None
        name, axis = self._shown
        shown = next((view for view in views if view.name == name), None)
        if shown is None:
            return
        book = self._books[name]
        standing = self._valuation.standing(book, shown.bag, now_ns)
        venues = {account.name: account.venue for account in book.accounts}
        old = self.view if self.view is not None and self.view.ground.value is not None else None
        built = build(standing)
        self.grounds = (built, *self.grounds[:1])
        self._work = reckon(name, built, shown.totals.ratio, venues, axis, now_ns, old)
        self._due_ns = now_ns + EVERY_NS
