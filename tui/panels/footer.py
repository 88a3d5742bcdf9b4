"""The line at the bottom: what the engine or the screen has to say, else the keys."""

from __future__ import annotations

from collections.abc import Sequence

from tui.format import Cell, mask_digits
from tui.panel import Canvas, Lines
from tui.picture import View
from tui.rows import Row, fit, row_width

Hints = Sequence[tuple[str, str]]
"""Keys and what they do, the most wanted first."""


class Footer(Lines):
    """One row. ``first`` are keys that are wanted more than any other just now."""

    def __init__(self, canvas: Canvas, name: str, hints: Hints) -> None:
        super().__init__(canvas, name)
        self._hints = hints
        self.first: Hints = ()

    def lines(self, view: View) -> list[Row]:
        """A message while there is one, else as many keys as fit whole."""
        width = self.place.width
        if view.notice:
            text = mask_digits(view.notice) if view.show.private else view.notice
            return [(Cell(fit(f" {text}", width), "notice"),)]
        return [key_line((*self.first, *self._hints), width)]


def key_line(hints: Hints, width: int) -> Row:
    """Keys and their meanings in one row, as many as fit whole."""
    cells: list[Cell] = [Cell(" ", "text")]
    for index, (key, meaning) in enumerate(hints):
        piece = (Cell("  " if index else "", "text"), Cell(key, "key"), Cell(f" {meaning}", "label"))
        if row_width((*cells, *piece)) > width:
            break
        cells.extend(piece)
    return tuple(cells)
