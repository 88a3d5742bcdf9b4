"""One reckoning of a book's scenarios: all that goes into it, as plain data, so that another process can do it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core.book_scenario import Built
from core.figures import Figure
from core.scenario_report import reckon
from core.scenario_view import ScenarioAxis, ScenarioView


class Reckoning(msgspec.Struct, frozen=True, kw_only=True):
    """A book as it stood at ``now_ns``, and what is wanted of it; ``number`` tells it from every other.

    ``ratio`` is the book's hedge ratio, ``venues`` are those of its accounts by name, and ``old`` is the view whose
    parts stand until they are reckoned anew.
    """

    number: int
    book: str
    built: Built
    ratio: Figure
    venues: dict[str, str]
    axis: ScenarioAxis
    now_ns: int
    old: ScenarioView | None = None

    def views(self, *, grid_first: bool = False) -> Iterator[ScenarioView]:
        """The view with ever more of its parts; the last is complete. See :func:`core.scenario_report.reckon`."""
        return reckon(
            self.book, self.built, self.ratio, self.venues, self.axis, self.now_ns, self.old, grid_first=grid_first
        )
