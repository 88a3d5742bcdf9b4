"""Scenarios over the monitor: reckoned by the engine while this screen is open, and only then."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui.actions import SCENARIOS, bindings, hints
from tui.format import Cell
from tui.panel import Canvas
from tui.panels.scenario import scenario_rows
from tui.picture import View
from tui.rows import Row
from tui.screens import Overlay, ScrolledPanel


class ScenarioScreen(Overlay):
    """The scenarios of one book."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(SCENARIOS)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, ScenarioText(canvas, "body", "scenarios"), hints(SCENARIOS))

    @property
    def waiting(self) -> bool:
        """Whether something that is shown here is still being reckoned, so that what comes is to be painted at once."""
        scenario = self.view.live.scenario if self.view is not None else None
        return scenario is None or not scenario.complete

    def move(self, step: int) -> None:
        """Scroll by half a page."""
        assert isinstance(self.body, ScenarioText)
        self.body.first += step * max(1, self.body.place.height // 2)
        if self.view is not None:
            self.paint(self.view)


class ScenarioText(ScrolledPanel):
    """The scenarios' rows; they come from the newest snapshot, also while the picture is frozen."""

    def all_rows(self, view: View, width: int) -> list[Row]:
        """Every row, or a word of waiting until the engine has reckoned them."""
        scenario = view.live.scenario
        if scenario is None:
            return [(Cell("the engine is reckoning …", "label"),)]
        self.title = f"scenarios of {scenario.book}"
        return scenario_rows(view.live_show, scenario, width, self.place.height)
