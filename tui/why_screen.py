"""Why this number: the figures of a panel, and each of them explained down to where it comes from."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from core.explanation import Explanation
from tui.actions import WHY, bindings, hints
from tui.format import Cell
from tui.glyphs import SELECTED
from tui.panel import Canvas
from tui.picture import View
from tui.rows import Row, fit, row_width, spread, wrapped
from tui.screens import Overlay, ScrolledPanel
from tui.why_figures import Asked, figures_of
from tui.why_text import PARTS, explanation_page, listed_cell

SUBJECT, WIDEST_SUBJECT = 12, 15
ROOMY = 60
"""From this width on subjects stand in a column of their own, however short they are."""


class WhyScreen(Overlay):
    """A list of figures; one of them opened, and its inputs in turn."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(WHY)

    def __init__(self, canvas: Canvas, panel: str) -> None:
        self.pages = WhyPages(canvas, panel)
        super().__init__(canvas, self.pages, hints(WHY))

    def body_size(self, width: int, height: int) -> tuple[int, int]:
        """All the height there is, and no wider than reads well."""
        return min(width, 110), height - 3

    def move(self, step: int) -> None:
        """Select another figure or input, or scroll where there is none further."""
        if self.view is not None:
            self.pages.move(self.view, step)
            self.paint(self.view)

    def turn(self, step: int) -> None:
        """Scroll by half a page."""
        self.pages.first += step * max(1, self.pages.place.height // 2)
        if self.view is not None:
            self.paint(self.view)

    def enter(self) -> str | None:
        """Go into what is selected; the path to ask for now, ``None`` where there is nothing to go into."""
        return None if self.view is None else self.pages.enter(self.view)

    def back(self) -> str | None:
        """Go back; the path to ask for now (empty for the list), ``None`` where the list is already shown."""
        return self.pages.back()


class WhyPages(ScrolledPanel):
    """The list, or the explanation of the last of the paths that were gone into."""

    def __init__(self, canvas: Canvas, panel: str) -> None:
        super().__init__(canvas, "body", f"why: {panel}")
        self._panel = panel
        self._trail: list[str] = []
        self._path = ""
        self._input = 0
        self._before: list[tuple[int, int]] = []

    def enter(self, view: View) -> str | None:
        """The path gone into."""
        if not self._trail:
            chosen = self._chosen(figures_of(self._panel, view))
            wanted = "" if chosen is None else chosen.path
        else:
            told = self._told(view)
            inputs = () if told is None else told.inputs
            wanted = inputs[self._input].path if self._input < len(inputs) else ""
        if not wanted:
            return None
        self._before.append((self._input, self.first))
        self._trail.append(wanted)
        self._input = self.first = 0
        return wanted

    def back(self) -> str | None:
        """The path that is shown again."""
        if not self._trail:
            return None
        self._trail.pop()
        self._input, self.first = self._before.pop()
        return self._trail[-1] if self._trail else ""

    def move(self, view: View, step: int) -> None:
        """Select another figure or input and bring it into sight."""
        room = max(1, self.place.height - 2)
        if not self._trail:
            asked = figures_of(self._panel, view)
            chosen = self._chosen(asked)
            if chosen is not None:
                index = max(0, min(len(asked) - 1, asked.index(chosen) + step))
                self._path = asked[index].path
                self.first = max(index - room + 1, min(self.first, index))
            return
        told = self._told(view)
        if told is None:
            return
        begins = explanation_page(view.live_show, told, self.place.width - 4).inputs
        wanted = self._input + step
        in_sight = not begins or self.first <= begins[min(self._input, len(begins) - 1)] < self.first + room
        if not in_sight or not 0 <= wanted < len(begins):
            self.first += step
            return
        self._input = wanted
        row = begins[wanted]
        self.first = max(row - room + 2, min(self.first, row)) if wanted else 0

    def all_rows(self, view: View, width: int) -> list[Row]:
        """The list, or the page."""
        if not self._trail:
            self.title = f"why: {self._panel}"
            return self._list(view, width)
        self.title = "why: " + " ‹ ".join(path.rpartition("/")[2] for path in reversed(self._trail))
        told = self._told(view)
        if told is not None:
            return explanation_page(view.live_show, told, width, self._input).rows
        return wrapped(f"{self._trail[-1]}: not explained yet, or no longer there", width, "label")

    def _told(self, view: View) -> Explanation | None:
        told = view.live.explanation
        return told if told is not None and told.path == self._trail[-1] else None

    def _chosen(self, asked: list[Asked]) -> Asked | None:
        return next((item for item in asked if item.path == self._path), asked[0] if asked else None)

    def _list(self, view: View, width: int) -> list[Row]:
        asked = figures_of(self._panel, view)
        chosen = self._chosen(asked)
        size = max([SUBJECT if width >= ROOMY else 1, *(min(len(item.subject), WIDEST_SUBJECT) for item in asked)])
        rows: list[Row] = []
        for item in asked:
            cell = listed_cell(view.live_show, item.figure, item.unit)
            left: Row = (
                Cell(f"{SELECTED} " if item is chosen else "  ", "mark"),
                Cell(fit(item.subject, size) + " ", "label"),
                Cell(item.name, "strong" if item is chosen else "text"),
            )
            shown = item.figure.value is not None and not item.unit.startswith(PARTS)
            unit = f" {item.unit}" if shown else ""
            if row_width(left) + 2 + len(cell.text) + len(unit) > width:
                unit = ""
            rows.append(spread(left, (Cell(f"  {cell.text}", cell.role), Cell(unit, "label")), width))
        return rows or [(Cell("there is no figure here to ask about", "label"),)]
