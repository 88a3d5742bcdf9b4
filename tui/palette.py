"""The command palette: type a few letters, choose, run. It offers the same registry that feeds the keys."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType

from tui.actions import ACTIONS, PALETTE, Action, bindings, hints, keys_label
from tui.format import Cell
from tui.glyphs import SELECTED
from tui.panel import Canvas
from tui.picture import View
from tui.rows import Row, boxed, fit, spread
from tui.screens import Overlay, ScrolledPanel


class PaletteScreen(Overlay):
    """A line to type in, and the commands that match it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(PALETTE)

    def __init__(self, canvas: Canvas) -> None:
        self.commands = CommandList(canvas)
        super().__init__(canvas, self.commands, hints(PALETTE))

    def body_size(self, width: int, height: int) -> tuple[int, int]:
        """As high as all commands need, if there is room."""
        return min(width, 72), len(offered("")) + 4

    @property
    def chosen(self) -> Action | None:
        """The command that enter runs."""
        return self.commands.chosen

    def move(self, step: int) -> None:
        """Choose another command."""
        self.commands.move(step)

    def on_key(self, event: events.Key) -> None:
        """Take what is typed."""
        if event.key == "backspace":
            self.commands.type(self.commands.typed[:-1])
        elif event.character is not None and event.is_printable:
            self.commands.type(self.commands.typed + event.character)
        else:
            return
        event.stop()
        if self.view is not None:
            self.paint(self.view)


class CommandList(ScrolledPanel):
    """What has been typed, and below it the commands with their keys."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, "body", "commands")
        self.typed = ""
        self._index = 0

    @property
    def chosen(self) -> Action | None:
        """The command marked."""
        found = offered(self.typed)
        return found[min(self._index, len(found) - 1)] if found else None

    def type(self, query: str) -> None:
        """Look for ``query``."""
        self.typed = query
        self._index = self.first = 0

    def move(self, step: int) -> None:
        """Mark another command and bring it into sight."""
        self._index = max(0, min(len(offered(self.typed)) - 1, self._index + step))
        room = max(1, self.place.height - 4)
        self.first = max(self._index - room + 1, min(self.first, self._index))

    def all_rows(self, view: View, width: int) -> list[Row]:
        """One row a command."""
        chosen = self.chosen
        rows: list[Row] = []
        for action in offered(self.typed):
            marked = action is chosen
            left = (Cell(f"{SELECTED} " if marked else "  ", "mark"),)
            name = Cell(action.description, "strong" if marked else "text")
            rows.append(spread((*left, name), (Cell(keys_label(action), "key"),), width))
        return rows or [(Cell("  no command has these letters", "label"),)]

    def lines(self, view: View) -> list[Row]:
        """The typing line, a rule, the commands in sight."""
        width, height = self.place.width, self.place.height
        inner = width - 4
        prompt: Row = (Cell("> ", "key"), Cell(self.typed, "strong"), Cell("_", "mark"))
        rows = self.all_rows(view, inner)
        room = max(1, height - 4)
        shown = rows[self.first : self.first + room]
        right: Row = (Cell(f"{len(offered(self.typed))} found", "age"),) if self.typed else ()
        content = [prompt, (Cell(fit("", inner), "text"),), *shown]
        return boxed((Cell(self.title, "title"),), right, content, width, height, "focus")


def offered(query: str) -> list[Action]:
    """The commands whose description has all the words of ``query``, those that begin with it first."""
    words = query.lower().split()
    found = [
        action for action in ACTIONS if action.palette and all(word in action.description.lower() for word in words)
    ]
    return sorted(found, key=lambda action: not action.description.lower().startswith(query.lower()))
