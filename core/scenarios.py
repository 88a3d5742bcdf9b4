"""Which scenarios somebody is looking at, and when they are reckoned anew: at most every five seconds, or when told."""

from __future__ import annotations

from collections.abc import Iterable

from core.books import Book
from core.freshness import SECOND_NS
from core.scenario_report import report
from core.scenario_view import ScenarioAxis, ScenarioView
from core.snapshot import BookView
from core.valuation import Valuation

EVERY_NS = 5 * SECOND_NS


class Scenarios:
    """Nothing is reckoned while nobody looks."""

    def __init__(self, books: Iterable[Book], valuation: Valuation) -> None:
        self._books = {book.name: book for book in books}
        self._valuation = valuation
        self._shown: tuple[str, ScenarioAxis] | None = None
        self._view: ScenarioView | None = None

    def show(self, book: str, axis: ScenarioAxis) -> None:
        """Reckon this book's scenarios from now on; told again, reckon them anew."""
        self._shown, self._view = (book, axis), None

    def hide(self) -> None:
        """Reckon no more."""
        self._shown = self._view = None

    def view(self, views: Iterable[BookView], now_ns: int) -> ScenarioView | None:
        """The scenarios looked at, ``None`` where nobody does; ``views`` are the books as they stand now."""
        if self._shown is None:
            return None
        if self._view is None or now_ns - self._view.reckoned_ns >= EVERY_NS:
            name, axis = self._shown
            shown = next((view for view in views if view.name == name), None)
            if shown is not None:
                book = self._books[name]
                standing = self._valuation.standing(book, shown.bag, now_ns)
                venues = {account.name: account.venue for account in book.accounts}
                self._view = report(name, standing, shown.totals.ratio, venues, axis, now_ns)
        return self._view
