"""The base of everything on the screen: widgets made of rows of styled text, of which only changed rows are painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widget import Widget

from core.figures import Figure, Freshness
from tui.format import Cell, age
from tui.glyphs import SELECTED, to_ascii
from tui.layout import Place
from tui.picture import View, oldest
from tui.rows import Row, boxed, joined, pad, wrapped
from tui.trend import LEAST_ROWS, Trend, trend_rows

if TYPE_CHECKING:
    from tui.hotcells import HotCells


UNLIMITED = 1000
"""Rows that are more than any panel has to show."""


class Canvas(Protocol):
    """What a row widget needs of the app it is painted by."""

    @property
    def role_styles(self) -> Mapping[str, Style]:
        """The style of every role in the present theme."""
        ...

    @property
    def ascii_only(self) -> bool:
        """True where only ASCII may be painted."""
        ...


class Lines(Widget, can_focus=False):
    """Rows of styled text, each exactly as wide as the widget.

    :meth:`show` is the only way to change them: it compares and paints what differs, through :mod:`tui.hotcells`
    where that is possible and as dirty rows where it is not.
    """

    ALLOW_SELECT: ClassVar[bool] = False
    auto_links: Reactive[bool] = Reactive(False)

    DEFAULT_CSS = """
    Lines { width: 1fr; height: 1fr; background: transparent; }
    """

    def __init__(self, canvas: Canvas, name: str) -> None:
        super().__init__(name=name, id=name, markup=False)
        self.place = Place(0, 0, 0, 0)
        self._canvas = canvas
        self._rows: list[Row] = []

    @staticmethod
    def whole(width: int, height: int) -> Place:
        """A place that fills a screen of this size (none at all where it is 0)."""
        return Place(0, 0, width, height)

    @property
    def rows(self) -> Sequence[Row]:
        """What is shown."""
        return self._rows

    @property
    def text(self) -> str:
        """What is shown, without styles."""
        return "\n".join("".join(cell.text for cell in row) for row in self._rows)

    def lines(self, view: View) -> list[Row]:
        """The rows for ``view``, as many as :attr:`place` is high."""
        raise NotImplementedError

    def show(self, view: View, hot: HotCells | None = None) -> None:
        """Bring the rows up to date with ``view`` and paint those that differ."""
        self.show_rows(self.lines(view), hot)

    def show_rows(self, rows: Sequence[Row], hot: HotCells | None = None) -> None:
        """Show ``rows`` and paint those that differ from what is shown."""
        width, height = self.place.width, self.place.height
        fresh = [pad(row, width) for row in rows[:height]]
        fresh += [pad((), width)] * (height - len(fresh))
        if self._canvas.ascii_only:
            fresh = [tuple(Cell(to_ascii(text), role) for text, role in row) for row in fresh]
        before, self._rows = self._rows, fresh
        if len(before) != len(fresh):
            self.refresh()
            return
        regions = []
        for y, (old, new) in enumerate(zip(before, fresh, strict=True)):
            if old != new and not (hot is not None and hot.change(self, y, old, new)):
                regions.append(Region(0, y, width, 1))
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One row as Textual wants it."""
        styles = self._canvas.role_styles
        if y >= len(self._rows):
            return Strip.blank(self.size.width, styles["text"])
        return Strip([Segment(text, styles[role]) for text, role in self._rows[y] if text])


class Panel(Lines):
    """A box with its number and name in the title at the left and the age of its data at the right."""

    NUMBER: ClassVar[int] = 0
    TITLE: ClassVar[str] = ""
    HELP: ClassVar[str] = ""

    def __init__(self, canvas: Canvas, name: str) -> None:
        super().__init__(canvas, name)
        self.focused_panel = False
        self.alone = False
        self._first = 0

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """The rows inside the box for ``view``, the most important first."""
        raise NotImplementedError

    def figures(self, view: View) -> tuple[Figure, ...]:
        """The figures whose age the title tells."""
        return ()

    def trend(self, view: View) -> Trend | None:
        """What the panel draws where it has room to spare."""
        return None

    def everything(self, view: View, width: int, height: int) -> list[Row]:
        """The rows where the panel is alone on the screen: all there are, for they can be scrolled."""
        return self.content(view, width, UNLIMITED)

    def scroll(self, step: int) -> None:
        """Move by half a page, where not all rows are in sight."""
        self._first += step * max(1, (self.place.height - 2) // 2)

    def back_to_top(self) -> None:
        """Show the first row again."""
        self._first = 0

    def lines(self, view: View) -> list[Row]:
        """The whole box."""
        width, height = self.place.width, self.place.height
        frame = "focus" if self.focused_panel else "frame"
        mark = (Cell(SELECTED, "mark"),) if self.focused_panel else ()
        title = (*mark, Cell(str(self.NUMBER), "key"), Cell(f" {self.TITLE}", "title"))
        content, sight = self._content(view, width - 4, height - 2)
        spare = height - 2 - len(content) - 1
        if spare >= LEAST_ROWS and (trend := self.trend(view)) is not None:
            content = [*content, (), *trend_rows(trend, width - 4, spare)]
        return boxed(title, joined(row for row in (sight, self._age(view)) if row), content, width, height, frame)

    def _content(self, view: View, width: int, height: int) -> tuple[list[Row], Row]:
        """The rows in sight, and which of how many they are where they are not all."""
        if not self.alone:
            return self.content(view, width, height), ()
        rows = [*self.everything(view, width, height), (), *wrapped(self.HELP, min(width, 100), "label")]
        self._first = max(0, min(self._first, len(rows) - height))
        last = min(len(rows), self._first + height)
        sight = Cell(f"pgdn pgup {self._first + 1}-{last} of {len(rows)}", "key")
        return rows[self._first : last], (sight,) if len(rows) > height else ()

    def _age(self, view: View) -> Row:
        figures = self.figures(view)
        if not figures:
            return ()
        if view.frozen_ns is not None:
            return (Cell("frozen", "watch"),)
        nanoseconds, freshness = oldest(view.show, figures)
        if freshness is Freshness.UNKNOWN:
            return (Cell("INCOMPLETE" if any(map(view.show.known, figures)) else "NO DATA", "blind"),)
        if nanoseconds is None:
            return ()
        if freshness is Freshness.STALE:
            return (Cell(f"STALE {age(nanoseconds)}", "warning"),)
        if freshness is Freshness.LATE:
            return (Cell(f"late {age(nanoseconds)}", "watch"),)
        return (Cell(age(nanoseconds), "age"),)
