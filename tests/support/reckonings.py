"""A reckoning that never ends, for whoever must see it given up. A process of its own imports this module."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core.reckoning import Reckoning
from core.scenario_view import ScenarioView


class Endless(Reckoning, frozen=True, kw_only=True):
    """Has its grid, and is never done with what comes after it."""

    def views(self, *, grid_first: bool = False) -> Iterator[ScenarioView]:
        """See :class:`core.reckoning.Reckoning`."""
        for view in super().views(grid_first=grid_first):
            yield view
            if view.grid is not None and view.grid is not (self.old and self.old.grid):
                break
        while True:
            pass


def endless(reckoning: Reckoning) -> Endless:
    """The same reckoning without an end."""
    return Endless(**msgspec.structs.asdict(reckoning))
