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
        self._ratios: dict[tuple[str, str], Decimal | None] = {}
        self._moves: list[TargetChanged] = []

    def begin(self, book: str, instrument: str, ratio: Decimal | None) -> None:
        """Start from the ratio that the user declared (``None``: a target of another kind).

        Earlier moves of this leg can no longer be undone.
        """
        self._ratios[book, instrument] = ratio
        self._moves = [move for move in self._moves if (move.book, move.instrument) != (book, instrument)]

    def ratio(self, book: str, instrument: str) -> Decimal | None:
        """The present target; ``None`` where the hedge aims at an amount and not at a ratio."""
        return self._ratios[book, instrument]

    def propose(self, book: str, instrument: str, before: Decimal, ratio: Decimal) -> TargetChanged:
        """The move from ``before`` to ``ratio``, clamped to 0 … the book's maximum."""
        clamped = min(max(ratio, Decimal(0)), self._maximum[book])
        return TargetChanged(book=book, instrument=instrument, before=before, after=clamped)

    def propose_undo(self, book: str) -> TargetChanged | None:
        """The move that takes back the last one in this book; ``None`` where there is none."""
        last = next((move for move in reversed(self._moves) if move.book == book), None)
        now = self.ratio(book, last.instrument) if last is not None else None
        if last is None or now is None:
            return None
        return TargetChanged(book=book, instrument=last.instrument, before=now, after=last.before, undo=True)

    def apply(self, move: TargetChanged) -> None:
        """Make a proposed (or restored) move."""
        if self._ratios.get((move.book, move.instrument)) is None:
            return  # a leg that is gone, or whose user has meanwhile declared a target of another kind
        self._ratios[move.book, move.instrument] = move.after
        if not move.undo:
            self._moves.append(move)
            return
        for index in range(len(self._moves) - 1, -1, -1):
            if self._moves[index].book == move.book:
                del self._moves[index]
                return
