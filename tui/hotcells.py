"""Changed characters written straight to the terminal: the cheapest way to show figures that change all the time.

Textual repaints a changed row from its widget's left edge, every style spelt out anew. Here the old and the new row
are compared cell by cell and only the differing cells are written, addressed by the cursor, while the row is marked
dirty in Textual's cache, so that whatever Textual paints later is right as well. Textual must not be in the middle of
anything that changes what is where: in every other state :meth:`HotCells.begin` says no, and rows are repainted the
ordinary way.

Private names of Textual 8.2.8 used here: ``App._driver``, ``App._batch_count``, ``App._running``,
``App._resize_event``, ``App._resize_timer``, ``Screen._compositor``, ``Screen._layout_required``,
``Screen._scroll_required``, ``Screen._repaint_required``, ``Screen._dirty_widgets``, ``Compositor._dirty_regions``,
``Widget._styles_cache`` and ``Widget._repaint_required``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from tui.panel import Lines
from tui.rows import Row

GAP_BYTES = 4
"""Unchanged cells between two changed ones are written again if they cost no more than moving the cursor does."""

_COLOUR_SYSTEMS = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT}


class Sgr(NamedTuple):
    """A style as the terminal is told it: attribute, foreground and background codes."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""


class Run(NamedTuple):
    """Neighbouring cells of one style that changed; ``width`` equals the number of characters."""

    role: str
    y: int
    x: int
    text: str


class HotCells:
    """Collects the changed cells of one update and writes them in one piece.

    ``begin``, then any number of ``change``, then ``flush``.
    """

    def __init__(self, app: App[Any], styles: Callable[[], Mapping[str, Style]]) -> None:
        self._app = app
        self._styles = styles
        self._codes: dict[str, Sgr] = {}
        self._runs: list[Run] = []
        self._visible: Mapping[Any, tuple[Region, Region]] | None = None
        self._uncovered: dict[Lines, Region] = {}

    def reset(self) -> None:
        """Forget cached styles and places: the theme or the terminal has changed."""
        self._codes.clear()
        self._visible = None

    def begin(self, screen: Screen[Any]) -> bool:
        """True where changed cells of ``screen`` may be written directly just now."""
        self._runs.clear()
        app = self._app
        compositor = screen._compositor
        if (
            app._driver is None
            or app.is_headless
            or not app._running
            or app._batch_count
            or app._resize_event is not None
            or app._resize_timer is not None
            or app.screen is not screen
            or screen._layout_required
            or screen._scroll_required
            or screen._repaint_required
            or screen._dirty_widgets
            or compositor._dirty_regions
            or compositor.size != app.size
        ):
            return False
        visible = compositor.visible_widgets
        if visible is not self._visible:
            self._visible = visible
            self._uncovered = _uncovered(screen, visible)
        return bool(self._uncovered)

    def change(self, widget: Lines, y: int, old: Row, new: Row) -> bool:
        """Take over the painting of row ``y`` of ``widget``; false where Textual must do it."""
        region = self._uncovered.get(widget)
        if region is None or widget._repaint_required or y >= region.height:
            return False
        runs = _changed_runs(old, new, region.x, region.y + y)
        if runs is None:
            return False
        self._runs.extend(runs)
        widget._styles_cache.set_dirty(Region(0, y, region.width, 1))
        return True

    def flush(self) -> None:
        """Write what has been collected."""
        if self._runs and self._app._driver is not None:
            self._app._driver.write(self._sequence())
        self._runs.clear()

    def _sequence(self) -> str:
        parts: list[str] = []
        cursor = (-1, -1)
        sgr = Sgr()
        for role, y, x, text in sorted(self._runs):
            if cursor != (y, x):
                parts.append(f"\x1b[{x + 1}G" if cursor[0] == y else f"\x1b[{y + 1};{x + 1}H")
            wanted = self._sgr(role)
            parts.append(_transition(sgr, wanted))
            parts.append(text)
            sgr, cursor = wanted, (y, x + len(text))
        if sgr != Sgr():
            parts.append("\x1b[0m")
        return "".join(parts)

    def _sgr(self, role: str) -> Sgr:
        codes = self._codes.get(role)
        if codes is None:
            codes = self._codes[role] = self._painted(self._styles()[role])
        return codes

    def _painted(self, style: Style) -> Sgr:
        """The codes of ``style`` after Textual's own filters, as its compositor would write them."""
        app = self._app
        strip = Strip([Segment("x", style)], 1)
        background = app.screen.background_colors[1]
        for line_filter in app.get_line_filters():
            strip = strip.apply_filter(line_filter, background)
        painted = next(iter(strip)).style or Style()
        system = _COLOUR_SYSTEMS.get(app.console.color_system or "", ColorSystem.TRUECOLOR)
        foreground = painted.color.downgrade(system).get_ansi_codes() if painted.color else ()
        background_codes = painted.bgcolor.downgrade(system).get_ansi_codes(foreground=False) if painted.bgcolor else ()
        attributes = Strip.render_ansi(painted.without_color, system)
        return Sgr(attributes, ";".join(foreground), ";".join(background_codes))


def _uncovered(screen: Screen[Any], visible: Mapping[Any, tuple[Region, Region]]) -> dict[Lines, Region]:
    """The row widgets of ``screen`` that are whole and that nothing lies over; none where anything else is visible."""
    regions: dict[Lines, Region] = {}
    for widget, (region, clip) in visible.items():
        if widget is screen:
            continue
        if not isinstance(widget, Lines):
            return {}
        if clip.contains_region(region) and region.area:
            regions[widget] = region
    return regions


def _transition(before: Sgr, after: Sgr) -> str:
    """The shortest codes that turn the style ``before`` into ``after``."""
    if before == after:
        return ""
    attributes_end = bool(before.attributes) and before.attributes != after.attributes
    colour_ends = any(was and not now for was, now in zip(before[1:], after[1:], strict=True))
    if attributes_end or colour_ends:
        codes = ["0", *(part for part in after if part)] if any(after) else ["0"]
    else:
        codes = [now for was, now in zip(before, after, strict=True) if now != was]
    return f"\x1b[{';'.join(codes)}m"


@lru_cache(4096)
def _narrow(text: str) -> bool:
    """True where every character of ``text`` takes exactly one cell."""
    return text.isascii() or all(cell_len(character) == 1 for character in text)


def _changed_runs(old: Row, new: Row, x: int, y: int) -> list[Run] | None:
    """The cells of ``new`` that differ from ``old``, as runs on screen; ``None`` where cells cannot be counted."""
    if not all(_narrow(text) for text, _role in old) or not all(_narrow(text) for text, _role in new):
        return None
    before = [(character, role) for text, role in old for character in text]
    after = [(character, role) for text, role in new for character in text]
    if len(before) != len(after):
        return None
    runs: list[Run] = []
    end = -1
    for index, cell in enumerate(after):
        if before[index] == cell:
            continue
        character, role = cell
        if runs and runs[-1].role == role and _worth_bridging(after, end, index, role):
            bridge = "".join(item[0] for item in after[end:index])
            runs[-1] = runs[-1]._replace(text=runs[-1].text + bridge + character)
        else:
            runs.append(Run(role, y, x + index, character))
        end = index + 1
    return runs


def _worth_bridging(cells: list[tuple[str, str]], start: int, end: int, role: str) -> bool:
    if end - start > GAP_BYTES or any(cell[1] != role for cell in cells[start:end]):
        return False
    return sum(len(cell[0].encode()) for cell in cells[start:end]) <= GAP_BYTES
