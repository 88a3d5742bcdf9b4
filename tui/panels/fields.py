"""Labelled figures and small tables: the two forms in which panels say things."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.figures import Figure
from core.snapshot import BookView, HedgeLine
from core.symbols import read_name
from tui.format import Cell, Formatter
from tui.glyphs import SELECTED
from tui.picture import View
from tui.rows import Row, columns, fit, row_width, spread, told_apart
from tui.words import NOTHING, SAFE, Verdict

LABEL = 11
VALUE = 13
FIELD = 36
"""The width every field fits in: the inside of a panel on a terminal of 80 columns."""
COLUMN_GAP = 4
NAME = 8
NO_HEDGE = "no hedge: [[books.hedges]] in the configuration adds one"

_INSTRUMENT = re.compile(r" of \w+:\w+:\w+$")
"""The panel names the hedge already."""
_WORDS = {"description": "contract details"}
"""What is missing, in words that say more where the contract is not named."""


def badge(verdict: Verdict) -> Cell:
    """The verdict's word: plain while calm, on a ground of its own once it matters."""
    if verdict.role in ("warning", "danger", "critical", "blind"):
        return Cell(f" {verdict.word} ", f"{verdict.role}_badge")
    return Cell(f" {verdict.word}", verdict.role)


def table_badge(verdict: Verdict, width: int) -> Row:
    """The verdict's word in a column of a table."""
    cell = badge(SAFE if verdict is NOTHING else verdict)
    return (cell, Cell(" " * (width - len(cell.text)), "text"))


@dataclass(frozen=True, slots=True)
class Field:
    """One labelled figure: ``unit`` after it, then a verdict's word or a ``note``; ``hint`` where there is room."""

    label: str
    figure: Figure
    cell: Cell
    unit: str = ""
    verdict: Verdict | None = None
    note: str = ""
    hint: str = ""

    def row(self, show: Formatter, width: int) -> Row:
        """The field in ``width`` cells."""
        left: list[Cell] = [Cell(fit(self.label, LABEL), "label"), Cell(self.cell.text.rjust(VALUE), self.cell.role)]
        if self.figure.value is None:
            return self._without_value(width)
        if self.unit:
            left.append(Cell(f" {self.unit}", "label"))
        if self.verdict is not None:
            left.append(badge(self.verdict))
        if self.note and row_width(tuple(left)) + 1 + len(self.note) <= width:
            left.append(Cell(f" {self.note}", "text"))
        aged = show.age_note(self.figure)
        right: Row = (Cell(f" {aged}", "watch"),) if aged else ()
        room = width - row_width(tuple(left)) - row_width(right)
        if room < 0:
            right = ()
        if self.hint and len(self.hint) + 3 <= room:
            left.append(Cell(f"   {self.hint}", "label"))
        return spread(tuple(left), right, width)

    def _without_value(self, width: int) -> Row:
        """The dash, and in words what is missing or why there rightly is nothing."""
        why, role = self.figure.absent, "label"
        if self.figure.missing:
            missing = _INSTRUMENT.sub("", self.figure.missing[0])
            why, role = f"needs {_WORDS.get(missing, missing)}", "unknown"
        label = Cell(fit(self.label, LABEL), "label")
        word = (badge(self.verdict),) if self.verdict is not None and self.verdict.rank else ()
        room = width - LABEL - VALUE - row_width(word)
        if len(why) + 1 <= room or word:
            value = Cell(self.cell.text.rjust(VALUE), self.cell.role)
            return (label, value, *word, Cell(f" {why}" if len(why) + 1 <= room else "", role))
        mark = self.cell.text.strip()
        return (label, Cell(f" {mark}", self.cell.role), Cell(fit(f" {why}", width - LABEL - len(mark) - 1), role))


def field_rows(show: Formatter, fields: Sequence[Field], width: int) -> list[Row]:
    """The fields below each other, in as many columns as fit."""
    count = max(1, (width + COLUMN_GAP) // (FIELD + COLUMN_GAP)) if len(fields) > 4 else 1
    each = (width - COLUMN_GAP * (count - 1)) // count
    return columns([field.row(show, each) for field in fields], count, width, COLUMN_GAP)


def hedge_names(hedges: Sequence[tuple[BookView, HedgeLine]]) -> list[str]:
    """A name for every hedge, as short as tells it from the others of its book: the coin, the venue, the contract."""
    books: dict[str, list[HedgeLine]] = {}
    for book, hedge in hedges:
        books.setdefault(book.name, []).append(hedge)
    several = len(books) > 1
    names = [(book.name, _name(hedge, books[book.name])) for book, hedge in hedges]
    return [f"{book}/{name}" if several else name for book, name in names]


def _name(hedge: HedgeLine, others: Sequence[HedgeLine]) -> str:
    peers = [other for other in others if other.asset == hedge.asset]
    if len(peers) == 1:
        return hedge.asset
    if len({peer.venue for peer in peers}) == len(peers):
        return hedge.venue if len(peers) == len(others) else f"{hedge.asset} {hedge.venue}"
    if len({peer.symbol for peer in peers}) == len(peers):
        return hedge.symbol
    return f"{hedge.venue}:{hedge.symbol}"


def coins_of(hedge: HedgeLine) -> str:
    """The coin that a hedge's delta is in: that of its contract, which is another than its asset where it is hedged by
    beta."""
    terms = read_name(hedge.instrument)
    if terms is not None:
        return terms.base
    return hedge.asset if hedge.symbol.startswith(hedge.asset) else "coins"


def after_space(cell: Cell) -> Cell:
    """A figure of a table with a space before it, so that it never runs into the one at its left."""
    return Cell(f" {cell.text}", cell.role)


def hedge_table(
    view: View, head: Sequence[tuple[str, int]], cells: Sequence[Row], width: int, height: int
) -> list[Row]:
    """A table with one row a hedge: a heading, then ``cells`` for each, the selected one marked and in sight.

    ``head`` names the columns after the first and their widths; where not all hedges fit, those around the selected
    one are shown and the last row counts the rest.
    """
    hedges = view.hedges
    names = hedge_names(hedges)
    name_width = max(NAME, width - sum(size for _name, size in head)) if width > FIELD else NAME
    name_width = min(name_width, max(NAME, *(len(name) + 3 for name in names)))
    heading: Row = (
        Cell(fit("  hedge", name_width), "label"),
        *(Cell(name.rjust(size), "label") for name, size in head),
    )
    selected = view.hedge
    rows = []
    chosen = 0
    names = told_apart(names, name_width - 2)
    for index, ((book, hedge), name, row) in enumerate(zip(hedges, names, cells, strict=True)):
        is_selected = selected is not None and selected[0].name == book.name and selected[1] is hedge
        chosen = index if is_selected else chosen
        mark = Cell(f"{SELECTED} " if is_selected else "  ", "mark")
        rows.append((mark, Cell(name, "strong" if is_selected else "text"), *row))
    return [heading, *_window(rows, chosen, height - 1)]


def _window(rows: list[Row], chosen: int, height: int) -> list[Row]:
    if len(rows) <= height or height < 1:
        return rows
    room = max(1, height - 1)
    start = max(0, min(chosen - room // 2, len(rows) - room))
    hidden = len(rows) - room
    return [*rows[start : start + room], (Cell(f"  {hidden} more: j k to move", "label"),)][:height]
