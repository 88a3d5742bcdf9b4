"""The target hedge ratio of every hedge leg, its moves and how to take them back."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from core.books import Book
from core.records import TargetChanged


class Targets:
    """Targets by book and instrument. Moves are proposed first, so that they can be journaled before they count."""

    def __init__(self, books: Iterable[Book]) -> None:
        self._maximum = {book.name: book.limits.maximum_ratio for book in books}
        self._ratios: dict[tuple[str, str], Decimal] = {}
        self._moves: list[TargetChanged] = []

    def begin(self, book: str, instrument: str, ratio: Decimal) -> None:
        """Start from the ratio that the user declared; earlier moves of this leg can no longer be undone."""
        self._ratios[book, instrument] = ratio
        self._moves = [move for move in self._moves if (move.book, move.instrument) != (book, instrument)]

    def ratio(self, book: str, instrument: str) -> Decimal:
        """The present target."""
        return self._ratios[book, instrument]

    def propose(self, book: str, instrument: str, ratio: Decimal) -> TargetChanged:
        """The move to ``ratio``, clamped to 0 … the book's maximum."""
        clamped = min(max(ratio, Decimal(0)), self._maximum[book])
        return TargetChanged(book=book, instrument=instrument, before=self.ratio(book, instrument), after=clamped)

    def propose_undo(self, book: str) -> TargetChanged | None:
        """The move that takes back the last one in this book; ``None`` where there is none."""
        last = next((move for move in reversed(self._moves) if move.book == book), None)
        if last is None:
            return None
        now = self.ratio(book, last.instrument)
        return TargetChanged(book=book, instrument=last.instrument, before=now, after=last.before, undo=True)

    def apply(self, move: TargetChanged) -> None:
        """Make a proposed (or restored) move."""
        if (move.book, move.instrument) not in self._ratios:
            return
        self._ratios[move.book, move.instrument] = move.after
        if not move.undo:
            self._moves.append(move)
            return
        for index in range(len(self._moves) - 1, -1, -1):
            if self._moves[index].book == move.book:
                del self._moves[index]
                return
