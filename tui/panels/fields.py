"""Labelled figures and small tables: the two forms in which panels say things."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.figures import Figure
from core.snapshot import BookView, HedgeLine
from tui.format import Cell, Formatter
from tui.glyphs import SELECTED
from tui.picture import View
from tui.rows import Row, columns, fit, pad, row_width, spread
from tui.words import Verdict

LABEL = 11
VALUE = 13
FIELD = 36
"""The width every field fits in: the inside of a panel on a terminal of 80 columns."""
COLUMN_GAP = 4
NAME = 8

_INSTRUMENT = re.compile(r" of \w+:\w+:\w+$")
"""The panel names the hedge already."""


def badge(verdict: Verdict) -> Cell:
    """The verdict's word: plain while calm, on a ground of its own once it matters."""
    if verdict.role in ("warning", "danger", "critical", "blind"):
        return Cell(f" {verdict.word} ", f"{verdict.role}_badge")
    return Cell(f" {verdict.word}", verdict.role)


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
        if self.note:
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
            why, role = f"needs {_INSTRUMENT.sub('', self.figure.missing[0])}", "unknown"
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
    """A name for every hedge, as short as tells them apart."""
    several_books = len({book.name for book, _hedge in hedges}) > 1
    assets = Counter((book.name, hedge.asset) for book, hedge in hedges)
    venues = Counter((name, asset) for name, asset, _ in {(book.name, h.asset, h.venue) for book, h in hedges})
    names = []
    for book, hedge in hedges:
        if assets[book.name, hedge.asset] == 1:
            name = hedge.asset
        elif venues[book.name, hedge.asset] == 1:
            name = hedge.symbol
        else:
            name = f"{hedge.venue}:{hedge.symbol}"
        names.append(f"{book.name}/{name}" if several_books else name)
    return names


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
    for index, ((book, hedge), name, row) in enumerate(zip(hedges, names, cells, strict=True)):
        is_selected = selected is not None and selected[0].name == book.name and selected[1] is hedge
        chosen = index if is_selected else chosen
        mark = Cell(f"{SELECTED} " if is_selected else "  ", "mark")
        rows.append((mark, Cell(fit(name, name_width - 2), "strong" if is_selected else "text"), *row))
    return [heading, *_window(rows, chosen, height - 1)]


def _window(rows: list[Row], chosen: int, height: int) -> list[Row]:
    if len(rows) <= height or height < 1:
        return rows
    room = max(1, height - 1)
    start = max(0, min(chosen - room // 2, len(rows) - room))
    hidden = len(rows) - room
    return [*rows[start : start + room], (Cell(f"  {hidden} more: j k to move", "label"),)][:height]


def rest(rows: list[Row], width: int, height: int) -> list[Row]:
    """``rows`` that are whole and fit."""
    return [pad(row, width) for row in rows[:height]]
