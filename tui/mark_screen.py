"""Typing the mark price of a contract that nothing else prices, beside the mark that is held."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import ClassVar

from textual import events
from textual.binding import BindingType

from core.figures import exact
from core.snapshot import HedgeLine
from core.typed_marks import FAR, change_from
from tui.actions import TYPING, bindings, hints
from tui.format import Cell, age
from tui.panel import Canvas
from tui.picture import View
from tui.rows import Row, boxed, fit, wrapped
from tui.screens import Overlay, ScrolledPanel

_PRICE = re.compile(r"[0-9]+(\.[0-9]+)?")
_LONGEST = 24
_LABEL = 11


class MarkScreen(Overlay):
    """A line to type a price in."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(TYPING)

    def __init__(self, canvas: Canvas, instrument: str) -> None:
        self.line = MarkLine(canvas, instrument)
        super().__init__(canvas, self.line, hints(TYPING))

    def body_size(self, width: int, height: int) -> tuple[int, int]:
        """A few rows."""
        return min(width, 72), 10

    @property
    def typed(self) -> tuple[str, Decimal | None]:
        """The contract, and the price that was typed; ``None`` while it is no price."""
        return self.line.instrument, self.line.price

    def on_key(self, event: events.Key) -> None:
        """Take what is typed."""
        if event.key == "backspace":
            self.line.typed = self.line.typed[:-1]
        elif event.character is not None and event.character in "0123456789." and len(self.line.typed) < _LONGEST:
            self.line.typed += event.character
        elif not event.is_printable:
            return
        event.stop()
        if self.view is not None:
            self.paint(self.view)


class MarkLine(ScrolledPanel):
    """The mark that is held with its age, and below it what is typed."""

    def __init__(self, canvas: Canvas, instrument: str) -> None:
        super().__init__(canvas, "body", "type a mark price")
        self.instrument = instrument
        self.typed = ""

    @property
    def price(self) -> Decimal | None:
        """What is typed, where it is a price."""
        return Decimal(self.typed) if _PRICE.fullmatch(self.typed) and Decimal(self.typed) else None

    def all_rows(self, view: View, width: int) -> list[Row]:
        """The contract, the mark held, the line to type in and how far it is from that mark."""
        held = next((hedge for _book, hedge in view.hedges if hedge.instrument == self.instrument), None)
        rows: list[Row] = [(Cell(fit(self.instrument, width), "strong"),), ()]
        if held is not None:
            rows.append(self._held(view, held))
        unit = "" if held is None else f" {held.quote}"
        rows.append(
            (Cell(fit("new mark", _LABEL), "label"), Cell(self.typed, "strong"), Cell("_", "mark"), Cell(unit, "label"))
        )
        rows.append(() if held is None else self._change(view, held))
        return [*rows, *wrapped("It counts from now on, is kept in the journal, and ages.", width, "label")]

    def _held(self, view: View, held: HedgeLine) -> Row:
        seen = held.mark_price.observed_ns
        old = "" if seen is None else f"   {age(view.live_show.now_ns - seen)} old"
        return (
            Cell(fit("mark held", _LABEL), "label"),
            Cell(view.live_show.price(held.mark_price).text.strip(), "value"),
            Cell(old, "age"),
        )

    def _change(self, view: View, held: HedgeLine) -> Row:
        before, price = held.mark_price.value, self.price
        if before is None or price is None:
            return ()
        change = change_from(before, price)
        moved = view.live_show.percent(exact(change), 9, places=2, signed=True)
        far = abs(change) > FAR
        warning = Cell("   far from the mark held: look again", "warning" if far else "label")
        return (
            Cell(fit("change", _LABEL), "label"),
            Cell(moved.text.strip(), "warning" if far else "value"),
            *((warning,) if far else ()),
        )

    def lines(self, view: View) -> list[Row]:
        """All of it in a box."""
        width, height = self.place.width, self.place.height
        return boxed((Cell(self.title, "title"),), (), self.all_rows(view, width - 4), width, height, "focus")
