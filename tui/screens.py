"""What lies over the monitor: help, the order preview, the list of alerts. All are opaque, with the live header on top.

Each is a screen of a few row widgets; while one is open, the panels below are not painted at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.screen import Screen
from textual.widget import Widget

from core.snapshot import AlertView
from tui.actions import ALERTS, HELP, PREVIEW, bindings, hints
from tui.format import Cell
from tui.glyphs import SELECTED
from tui.help import help_rows
from tui.layout import Place, Plan
from tui.panel import Canvas, Lines
from tui.panels.alerts import alert_rows
from tui.panels.answers import Banner
from tui.panels.footer import Footer, Hints
from tui.panels.header import Header
from tui.panels.preview import PreviewPanel
from tui.picture import View
from tui.rows import Row, boxed
from tui.words import open_alerts

if TYPE_CHECKING:
    from tui.hotcells import HotCells


class PlanLayout(Layout):
    """Puts widgets where the screen's plan says; those without a place are not shown."""

    name = "plan"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """The placements for ``size``."""
        assert isinstance(parent, PlannedScreen)
        places = parent.place_all(size.width, size.height)
        return [
            WidgetPlacement(
                Region(place.x, place.y, place.width, place.height), NULL_OFFSET, NULL_SPACING, child, 0, False, False
            )
            for child in children
            if (place := places.get(child.id or "")) is not None
        ]


class PlannedScreen(Screen[None], inherit_bindings=False):
    """A screen of row widgets whose places are computed, not negotiated."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    PlannedScreen { background: $background; overflow: hidden; }
    """

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.canvas = canvas
        self.view: View | None = None
        self.parts: dict[str, Lines] = {}
        self._planned = PlanLayout()

    @property
    def layout(self) -> Layout:
        """The plan, whatever the style sheet says."""
        return self._planned

    def plan(self, width: int, height: int) -> Plan:
        """The places of the widgets on a screen of this size."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The row widgets."""
        yield from self.parts.values()

    def add(self, *widgets: Lines) -> None:
        """Make these row widgets part of the screen."""
        self.parts |= {widget.id or "": widget for widget in widgets}

    def place_all(self, width: int, height: int) -> Mapping[str, Place]:
        """Plan for this size, and fill every widget for its new place."""
        planned = self.plan(width, height)
        for name, place in planned.places.items():
            if self.parts[name].place != place:
                self.parts[name].place = place
        self.placed(planned)
        if self.view is not None:
            self.paint(self.view)
        return planned.places

    def plan_again(self) -> None:
        """Lay the screen out anew. Textual keeps a screen's arrangement until one of its widgets asks for another."""
        next(iter(self.parts.values())).refresh(layout=True)

    def placed(self, planned: Plan) -> None:
        """Called when places may have changed, before anything is filled."""

    def paint(self, view: View, hot: HotCells | None = None) -> None:
        """Bring every widget that has a place up to date."""
        self.view = view
        for part in self.parts.values():
            if part.place.height:
                part.show(view, hot)


def _framed(width: int, height: int, body: Place) -> Plan:
    return Plan(
        {
            "header": Place(0, 0, width, 1),
            "banner": Place(0, 1, width, 1),
            "body": body,
            "footer": Place(0, height - 1, width, 1),
        }
    )


class Overlay(PlannedScreen):
    """A screen over the monitor: live header and banner, one body, a footer of its own keys."""

    def __init__(self, canvas: Canvas, body: Lines, hints: Hints) -> None:
        super().__init__(canvas)
        self.body = body
        self.add(Header(canvas, "header"), Banner(canvas, "banner"), body, Footer(canvas, "footer", hints))

    def body_size(self, width: int, height: int) -> tuple[int, int]:
        """How large the body wants to be on a screen of this size."""
        return width, height - 3

    def plan(self, width: int, height: int) -> Plan:
        """The body in the middle below the header."""
        body_width, body_height = self.body_size(width, height)
        body_width, body_height = min(body_width, width), max(1, min(body_height, height - 3))
        top = 2 + max(0, (height - 3 - body_height) // 3)
        return _framed(width, height, Place((width - body_width) // 2, top, body_width, body_height))


class PreviewScreen(Overlay):
    """The staged order: what it is, what it costs, and what the book would be after it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(PREVIEW)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, PreviewPanel(canvas, "body"), hints(PREVIEW))
        self._seen: str | None = None

    def body_size(self, width: int, height: int) -> tuple[int, int]:
        """As high as the order needs, and no wider than reads well."""
        assert isinstance(self.body, PreviewPanel)
        wide = min(width, 84)
        return wide, self.body.height_for(self.view, wide) if self.view is not None else 20

    def looked_at(self, client_order_id: str) -> bool:
        """True where this very order was already on the screen; from now on it was."""
        seen, self._seen = self._seen, client_order_id
        return seen == client_order_id

    def paint(self, view: View, hot: HotCells | None = None) -> None:
        """Remember the first order shown."""
        if self._seen is None and view.live.stage is not None:
            self._seen = view.live.stage.client_order_id
        super().paint(view, hot)


class ScrolledPanel(Lines):
    """A box of rows that can be more than it is high."""

    def __init__(self, canvas: Canvas, name: str, title: str) -> None:
        super().__init__(canvas, name)
        self.title = title
        self.first = 0

    def all_rows(self, view: View, width: int) -> list[Row]:
        """Every row, whether it is in sight or not."""
        raise NotImplementedError

    def lines(self, view: View) -> list[Row]:
        """The rows in sight."""
        width, height = self.place.width, self.place.height
        rows = self.all_rows(view, width - 4)
        room = height - 2
        self.first = max(0, min(self.first, len(rows) - room))
        right: Row = ()
        if len(rows) > room:
            right = (Cell(f"{self.first + 1}-{min(len(rows), self.first + room)} of {len(rows)}", "age"),)
        return boxed((Cell(self.title, "title"),), right, rows[self.first : self.first + room], width, height, "frame")


class HelpScreen(Overlay):
    """The keys by group, and what the marks on the screen mean."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(HELP)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, HelpText(canvas, "body", "help"), hints(HELP))

    def body_size(self, width: int, height: int) -> tuple[int, int]:
        """As high as the text needs, if there is room."""
        wide = min(width, 100)
        return wide, len(help_rows(wide - 4)) + 2

    def move(self, step: int) -> None:
        """Scroll by half a page."""
        assert isinstance(self.body, HelpText)
        self.body.first += step * max(1, self.body.place.height // 2)
        if self.view is not None:
            self.paint(self.view)


class HelpText(ScrolledPanel):
    """The help's rows."""

    def all_rows(self, view: View, width: int) -> list[Row]:
        """Every row."""
        return help_rows(width)


class AlertsScreen(Overlay):
    """All alerts, open ones first; one is selected."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ALERTS)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, AlertList(canvas), hints(ALERTS))

    @property
    def selected_alert(self) -> AlertView | None:
        """The alert that keys act on."""
        assert isinstance(self.body, AlertList)
        return self.body.chosen(self.view) if self.view is not None else None

    def move(self, step: int) -> None:
        """Select another alert."""
        assert isinstance(self.body, AlertList)
        if self.view is not None:
            self.body.move(self.view, step)
            self.paint(self.view)


class AlertList(ScrolledPanel):
    """Every alert with its whole text."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, "body", "alerts")
        self._key = ""
        self._since_ns = 0

    def alerts(self, view: View) -> list[AlertView]:
        """Open alerts, the worst first, then ended ones, the newest first."""
        ended = [alert for alert in view.live.alerts if alert.ended_ns is not None]
        return [*open_alerts(view.live.alerts), *sorted(ended, key=lambda alert: -(alert.ended_ns or 0))]

    def chosen(self, view: View) -> AlertView | None:
        """The selected alert, which stays selected while others come and go. One that came again after it had ended
        has its key twice: then its beginning tells which it is."""
        alerts = self.alerts(view)
        same = [alert for alert in alerts if alert.key == self._key]
        return next((alert for alert in same if alert.since_ns == self._since_ns), next(iter([*same, *alerts]), None))

    def move(self, view: View, step: int) -> None:
        """Select the alert ``step`` lines further down."""
        alerts = self.alerts(view)
        current = self.chosen(view)
        if current is not None:
            index = max(0, min(len(alerts) - 1, alerts.index(current) + step))
            self._key, self._since_ns = alerts[index].key, alerts[index].since_ns
            heights = [len(block) for block in self._blocks(view, self.place.width - 4)]
            top, bottom = sum(heights[:index]), sum(heights[: index + 1])
            self.first = max(bottom - max(1, self.place.height - 2), min(self.first, top))

    def all_rows(self, view: View, width: int) -> list[Row]:
        """Every alert whole; the selected one is marked."""
        rows = [row for block in self._blocks(view, width) for row in block]
        return rows or [(Cell("no alerts, open or ended", "safe"),)]

    def _blocks(self, view: View, width: int) -> list[list[Row]]:
        """The rows of each alert."""
        current = self.chosen(view)
        blocks = []
        for alert in self.alerts(view):
            first, *others = alert_rows(view.live_show, alert, width - 1)
            mark = Cell(SELECTED if alert is current else " ", "mark")
            blocks.append([(mark, *first), *((Cell(" ", "mark"), *row) for row in others)])
        return blocks
