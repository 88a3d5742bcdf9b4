"""The command palette's source: the same registry that feeds the keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.actions import ACTIONS, Action, keys_label

if TYPE_CHECKING:
    from tui.app import HedgerowApp


class ActionCommands(Provider):
    """Every action that makes sense from the palette."""

    @property
    def _monitor(self) -> HedgerowApp:
        from tui.app import HedgerowApp

        assert isinstance(self.app, HedgerowApp)
        return self.app

    async def discover(self) -> Hits:
        """All of them, while nothing has been typed."""
        for action in _offered():
            yield DiscoveryHit(action.description, partial(self._run, action), help=_help(action))

    async def search(self, query: str) -> Hits:
        """Those whose description matches what has been typed."""
        matcher = self.matcher(query)
        for action in _offered():
            if (score := matcher.match(action.description)) > 0:
                yield Hit(score, matcher.highlight(action.description), partial(self._run, action), help=_help(action))

    def _run(self, action: Action) -> None:
        self._monitor.run_by_id(action.id)


def _offered() -> list[Action]:
    return [action for action in ACTIONS if action.palette]


def _help(action: Action) -> str:
    return f"{action.group}, key {keys_label(action)}".replace("[", r"\[")
