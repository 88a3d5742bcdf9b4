"""Which scenarios somebody is looking at, and when they are reckoned anew: at most every five seconds, or when told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.book_scenario import Built, build
from core.books import Book
from core.exact import exactly
from core.freshness import SECOND_NS
from core.reckoning import Reckoning
from core.scenario_view import ScenarioAxis, ScenarioView
from core.snapshot import BookView
from core.valuation import Valuation

EVERY_NS = 5 * SECOND_NS


class Scenarios:
    """Nothing is reckoned while nobody looks; what is, goes part by part, one with each step of the engine.

    Where ``elsewhere`` is set the steps only say what is ``wanted``: whoever set it reckons that beside the engine and
    tells what is :meth:`reckoned`. ``grounds`` are what the ``view`` was reckoned from: the newest, and the one before
    for parts that still stand.
    """

    def __init__(self, books: Iterable[Book], valuation: Valuation) -> None:
        self._books = {book.name: book for book in books}
        self._valuation = valuation
        self._shown: tuple[str, ScenarioAxis] | None = None
        self._parts: Iterator[ScenarioView] | None = None
        self._due_ns = self._number = 0
        self.elsewhere = False
        self.wanted: Reckoning | None = None
        self.view: ScenarioView | None = None
        self.grounds: tuple[Built, ...] = ()

    def show(self, book: str, axis: ScenarioAxis) -> None:
        """Reckon this book's scenarios from now on; told again, reckon them anew."""
        if self._shown is None or self._shown[0] != book:
            self.view, self.grounds = None, ()
        self._shown, self._due_ns = (book, axis), 0
        self.wanted = self._parts = None

    def hide(self) -> None:
        """Reckon no more."""
        self._shown = self.wanted = self._parts = self.view = None
        self.grounds = ()

    @exactly
    def step(self, views: Iterable[BookView], now_ns: int) -> None:
        """Begin a reckoning if it is time, and do a part of it; ``views`` are the books as they stand now."""
        if self._shown is None:
            return
        if self.wanted is None and now_ns >= self._due_ns:
            self._begin(views, now_ns)
        if self.wanted is not None and not self.elsewhere:
            self._parts = self._parts or self.wanted.views()
            self.reckoned(self.wanted.number, next(self._parts))

    def reckoned(self, number: int, view: ScenarioView) -> bool:
        """Take in a view of the reckoning that is wanted; False, and nothing is taken, where it no longer is."""
        if self.wanted is None or self.wanted.number != number:
            return False
        self.view = view
        if view.complete:
            self.wanted = self._parts = None
        return True

    def _begin(self, views: Iterable[BookView], now_ns: int) -> None:
        assert self._shown is not None
        name, axis = self._shown
        shown = next((view for view in views if view.name == name), None)
        if shown is None:
            return
        book = self._books[name]
        built = build(self._valuation.standing(book, shown.bag, now_ns))
        self.grounds = (built, *self.grounds[:1])
        self._number += 1
        self.wanted = Reckoning(
            number=self._number,
            book=name,
            built=built,
            ratio=shown.totals.ratio,
            venues={account.name: account.venue for account in book.accounts},
            axis=axis,
            now_ns=now_ns,
            old=self.view if self.view is not None and self.view.ground.value is not None else None,
        )
        self._due_ns = now_ns + EVERY_NS
