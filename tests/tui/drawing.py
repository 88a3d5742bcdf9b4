"""Panels drawn without an app: a canvas, a view of a snapshot, and what they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.style import Style

from core.snapshot import Snapshot
from tests.tui.samples import START
from tui.layout import Place
from tui.panel import Lines, Panel
from tui.picture import Picture, View
from tui.rows import row_width
from tui.start import DisplayOptions
from tui.themes import DEFAULT_THEME, own_themes, palette_of


@dataclass
class StillLink:
    """A link to an engine that has said one thing."""

    snapshot: Snapshot | None

    def latest(self) -> Snapshot | None:
        """It."""
        return self.snapshot

    def send(self, command: object) -> None:
        """Nobody listens."""


@dataclass
class PlainCanvas:
    """What panels need of an app."""

    ascii_only: bool = False
    role_styles: Mapping[str, Style] = field(default_factory=lambda: palette_of(own_themes()[0]))


def view_of(snapshot: Snapshot, *, private: bool = False) -> View:
    """The view of a snapshot that has just come."""
    picture = Picture(StillLink(snapshot), DisplayOptions(private=private), monotonic_ns=lambda: START)
    picture.poll()
    view = picture.view()
    assert view is not None
    return view


def drawn(widget: Lines, view: View, width: int, height: int) -> list[str]:
    """The widget's rows as text; those of a box are exactly as wide as it, no other is wider."""
    widget.place = Place(0, 0, width, height)
    rows = widget.lines(view)
    assert len(rows) <= height
    sizes = {row_width(row) for row in rows}
    assert sizes == {width} if isinstance(widget, Panel) else max(sizes, default=0) <= width
    return ["".join(cell.text for cell in row) for row in rows]


assert own_themes()[0].name == DEFAULT_THEME
