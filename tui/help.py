"""The text of the help overlay: every action of the registry, then what the marks on the screen mean."""

from __future__ import annotations

from functools import lru_cache

from tui.actions import ACTIONS, Action, keys_label
from tui.format import Cell
from tui.rows import Row, columns, fit, wrapped

KEYS = 11
_MARKS = (
    (Cell("—", "unknown"), "not known; the panel says what is missing"),
    (Cell("≈", "value"), "an estimate, not exact by the venue's own rules"),
    (Cell("none", "label"), "rightly absent, for instance no liquidation price"),
    (Cell("late 4s", "watch"), "older than it should be: the age is said"),
    (Cell("STALE 14s", "stale"), "too old to act on: dimmed, and later a dash"),
    (Cell("BLIND", "blind"), "cannot be judged, which is an alarm in itself"),
    (Cell("+12.50", "plus"), "received or gained"),
    (Cell("−12.50", "minus"), "paid or lost"),
    (Cell("•••••", "value"), "hidden by private mode"),
)


@lru_cache(8)
def help_rows(width: int) -> list[Row]:
    """The whole help for this width, in two columns where they fit."""
    count = 2 if width >= 92 else 1
    each = (width - 4 * (count - 1)) // count
    rows: list[Row] = []
    groups: dict[str, list[Action]] = {}
    for action in ACTIONS:
        groups.setdefault(action.group, []).append(action)
    for group, actions in groups.items():
        rows += [(Cell(group, "title"),), *columns([_line(action, each) for action in actions], count, width, 4), ()]
    rows.append((Cell("What the marks mean", "title"),))
    for mark, meaning in _MARKS:
        first, *others = wrapped(meaning, width - KEYS, "text")
        rows.append((Cell(fit(mark.text, KEYS), mark.role), *first))
        rows += [(Cell(" " * KEYS, "text"), *other) for other in others]
    return rows


def _line(action: Action, width: int) -> Row:
    return (Cell(fit(keys_label(action), KEYS), "key"), Cell(fit(action.description, width - KEYS), "text"))
