"""The text of the help overlay: every action of the registry, then what the marks on the screen mean."""

from __future__ import annotations

from functools import lru_cache

from tui.actions import ACTIONS, EVERYWHERE, MONITOR, Action, keys_label
from tui.format import Cell
from tui.rows import BLANK, Row, columns, fit, wrapped

KEYS = 12
_MARKS = (
    (Cell("—", "unknown"), "unknown: something is missing"),
    (Cell("≈", "value"), "estimate, not the venue's figure"),
    (Cell("none", "label"), "rightly absent"),
    (Cell("late 4s", "watch"), "older than it should be"),
    (Cell("STALE 14s", "stale"), "too old to act on; then a dash"),
    (Cell("BLIND", "blind"), "cannot be judged: an alarm"),
    (Cell("+12.50", "plus"), "gained or received"),
    (Cell("−12.50", "minus"), "lost or paid"),
    (Cell("bp", "label"), "hundredths of a per cent"),
    (Cell("pt", "label"), "percentage points"),
    (Cell("k M B T", "label"), "thousands, millions, 10⁹, 10¹²"),
    (Cell("▸", "mark"), "selected, or the marked panel"),
    (Cell("L", "danger"), "in the grid of scenarios: liquidated"),
    (Cell("•••••", "value"), "hidden by private mode"),
)


@lru_cache(8)
def help_rows(width: int) -> list[Row]:
    """The whole help for this width, in two columns where they fit."""
    count = 2 if width >= 92 else 1
    each = (width - 4 * (count - 1)) // count
    groups: dict[str, list[Action]] = {}
    for action in ACTIONS:
        groups.setdefault(action.group, []).append(action)
    sections = [
        (group, [_lines(Cell(keys, "key"), text, each) for keys, text in _entries(actions)])
        for group, actions in groups.items()
    ]
    marks = [_lines(mark, meaning, each) for mark, meaning in _MARKS]
    keys_of_the_monitor = len({action.group for action in ACTIONS if action.scope in (MONITOR, EVERYWHERE)})
    sections.insert(keys_of_the_monitor, ("What the marks mean", marks))
    rows: list[Row] = []
    for title, entries in sections:
        rows += [(Cell(title, "title"),), *columns(_beside(entries, count), count, width, 4), ()]
    return rows[:-1]


def _beside(entries: list[list[Row]], count: int) -> list[Row]:
    """The lines of the entries in the order in which columns are filled, so that what takes two keeps to its column."""
    lines: list[Row] = []
    for start in range(0, len(entries), count):
        group = entries[start : start + count]
        group += [[BLANK]] * (count - len(group))
        for number in range(max(map(len, group))):
            lines += [entry[number] if number < len(entry) else BLANK for entry in group]
    return lines


def _entries(actions: list[Action]) -> list[tuple[str, str]]:
    """Keys and descriptions; the digits, which all do the same to another panel, in one entry."""
    panels = [action for action in actions if action.id.startswith("zoom_") and action.keys[0].isdigit()]
    entries = [(keys_label(action), action.description) for action in actions if action not in panels]
    if panels:
        entries.insert(1, (f"{panels[0].keys[0]}-{panels[-1].keys[0]}", "Zoom a panel; again for all"))
    return entries


def _lines(mark: Cell, text: str, width: int) -> list[Row]:
    first, *others = wrapped(text, width - KEYS)
    return [(Cell(fit(mark.text, KEYS), mark.role), *first), *((Cell(" " * KEYS, "text"), *line) for line in others)]
