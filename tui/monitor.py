"""The monitor's own screen: every panel, of which the plan places those that fit."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui.actions import MONITOR, bindings, hints
from tui.format import Cell
from tui.hotcells import HotCells
from tui.layout import PANEL_NAMES, Plan, Shape, plan
from tui.panel import Canvas, Lines, Panel
from tui.panels.alerts import AlertsPanel
from tui.panels.answers import Answers, Banner
from tui.panels.bag import BagPanel
from tui.panels.feeds import FeedsPanel
from tui.panels.footer import Footer
from tui.panels.funding import FundingPanel
from tui.panels.header import Header
from tui.panels.hedge import HedgePanel
from tui.panels.margin import MarginPanel
from tui.panels.orders import OrdersPanel
from tui.panels.profit import ProfitPanel
from tui.panels.ratio import RatioPanel
from tui.panels.small import Strip, Tiny
from tui.picture import View
from tui.rows import Row, wrapped
from tui.screens import PlannedScreen

PANELS: dict[str, type[Panel]] = {
    "margin": MarginPanel,
    "hedge": HedgePanel,
    "bag": BagPanel,
    "ratio": RatioPanel,
    "funding": FundingPanel,
    "alerts": AlertsPanel,
    "feeds": FeedsPanel,
    "orders": OrdersPanel,
    "profit": ProfitPanel,
}


class MonitorScreen(PlannedScreen):
    """Header, answers, panels, footer."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(MONITOR)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.zoomed = ""
        self._shape = Shape()
        self._focused = ""
        self.banner = Banner(canvas, "banner")
        self.waiting = Waiting(canvas, "waiting")
        self.footer = Footer(canvas, "footer", hints(MONITOR))
        self.add(
            Header(canvas, "header"),
            self.banner,
            Answers(canvas, "answers"),
            *(panel(canvas, name) for name, panel in PANELS.items()),
            Strip(canvas, "strip"),
            Tiny(canvas, "tiny"),
            self.waiting,
            self.footer,
        )

    def plan(self, width: int, height: int) -> Plan:
        """The plan for this size, the zoom and the books; a word of waiting before the first picture."""
        if self.view is None:
            return Plan({"waiting": Lines.whole(width, height)})
        return plan(width, height, self.zoomed, self._shape)

    def placed(self, planned: Plan) -> None:
        """Tell the banner whether the answers are its business, and drop what has no place."""
        self.banner.with_answers = not planned.big_answers
        self.footer.first = (("esc", "all panels"),) if self.zoomed else ()
        for name, part in self.parts.items():
            if name not in planned.places:
                part.place = Lines.whole(0, 0)
            if isinstance(part, Panel):
                part.alone = name == self.zoomed
        if self.view is None:
            self.waiting.tell(self.waiting.reason)

    def paint(self, view: View, hot: HotCells | None = None) -> None:
        """Bring everything up to date; where books have changed shape, lay the screen out anew."""
        shape = _shape_of(view)
        if self.view is None or shape != self._shape:
            self._shape = shape
            self.view = view
            self.plan_again()
            return
        super().paint(view, hot)

    def zoom(self, name: str) -> None:
        """Show one panel alone; the same again, or nothing, shows all."""
        wanted = "" if name == self.zoomed else name
        if wanted != self.zoomed:
            if isinstance(panel := self.parts.get(wanted), Panel):
                panel.back_to_top()
            self.zoomed = wanted
            self.plan_again()

    def scroll_alone(self, step: int) -> bool:
        """Read on or back in the panel that is alone; false where none is."""
        panel = self.parts.get(self.zoomed)
        if not isinstance(panel, Panel):
            return False
        panel.scroll(step)
        return True

    def move_focus(self, step: int) -> None:
        """Move the mark from panel to panel in the order of their numbers."""
        shown = [name for name in PANEL_NAMES.values() if self.parts[name].place.height]
        if not shown:
            return
        index = shown.index(self._focused) + step if self._focused in shown else (0 if step > 0 else -1)
        self._focused = shown[index % len(shown)]
        for name in PANEL_NAMES.values():
            panel = self.parts[name]
            if isinstance(panel, Panel):
                panel.focused_panel = name == self._focused

    @property
    def chosen_panel(self) -> str:
        """The panel that is alone or marked; the hedge where none is."""
        return self.zoomed or self._focused or "hedge"

    def zoom_focused(self) -> None:
        """Show the marked panel alone, or all again."""
        if self._focused or self.zoomed:
            self.zoom(self.zoomed or self._focused)


class Waiting(Lines):
    """What is shown before the engine's first picture."""

    reason = ""

    def tell(self, reason: str = "") -> None:
        """Say that the first picture is awaited, or why it will never come."""
        self.reason = reason
        text = f"The engine stopped before its first picture: {reason}" if reason else "waiting for the engine …"
        width = max(10, self.place.width - 4)
        rows: list[Row] = [(Cell("", "text"),)]
        rows += [(Cell("  ", "text"), *row) for row in wrapped(text, width, "danger" if reason else "label")]
        if reason:
            rows += [(), (Cell("  q", "key"), Cell(" quits", "label"))]
        self.show_rows(rows)

    def lines(self, view: View) -> list[Row]:
        """Nothing: once there is a view, there is nothing to wait for."""
        return []


def _shape_of(view: View) -> Shape:
    books = view.snapshot.books
    return Shape(
        hedges=sum(len(book.hedges) for book in books),
        assets=sum(len(book.bag) for book in books),
        feeds=len(view.live.feeds),
    )
