"""Every action a user can take, once: its keys, what it says of itself, and what it does.

Key bindings, the help overlay, the command palette, the footer, the documentation's table and the tests all read
:data:`ACTIONS`; nothing else binds a key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

from core.scenario_view import ScenarioAxis
from tui.handlers import (
    COARSE,
    FINE,
    acknowledge_all,
    acknowledge_selected,
    acknowledge_worst,
    change_rate,
    clear_anchor,
    close_overlay,
    close_scenarios,
    close_why,
    drop_order,
    enter_why,
    leave_page,
    measure_from_here,
    open_why,
    quit_monitor,
    reckon_scenarios,
    reopen_feeds,
    scroll_alone,
    scroll_by,
    select_hedge,
    send_order,
    show_scenarios,
    stage_order,
    step_target,
    take_mark,
    toggle_freeze,
    toggle_private,
    turn_why,
    type_mark,
    undo_target,
    zoom_on,
)
from tui.layout import PANEL_NAMES

if TYPE_CHECKING:
    from tui.app import HedgerowApp

EVERYWHERE = "everywhere"
MONITOR = "monitor"
PREVIEW = "preview"
ALERTS = "alerts"
HELP = "help"
PALETTE = "palette"
SCENARIOS = "scenarios"
WHY = "why"
TYPING = "typing"

_FOOTER_ORDER = ("target", "order", "help", "quit", "freeze", "zoom", "ack", "find")
"""The most wanted keys, which a footer of 80 columns has room for; the others follow where there is more."""

PANEL_WORDS = {"profit": "P&L", "ratio": "hedge ratio"}
"""Panels that are called otherwise on the screen than here."""

_KEY_LABELS = {
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "underscore": "_",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "question_mark": "?",
    "colon": ":",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "escape": "esc",
    "backspace": "bksp",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "up": "up",
    "down": "down",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a user can do.

    ``keys`` are Textual's names, the first being the one shown. ``scope`` is the screen it belongs to. ``hint`` is
    its word in the footer, empty where it has no place there; ``palette`` puts it into the command palette.
    """

    id: str
    keys: tuple[str, ...]
    description: str
    group: str
    run: Callable[[HedgerowApp], None]
    scope: str = MONITOR
    hint: str = ""
    palette: bool = True


def key_label(key: str) -> str:
    """A key as it is written for the user."""
    return _KEY_LABELS.get(key, key)


def keys_label(action: Action) -> str:
    """All keys of an action, as written for the user."""
    return " ".join(dict.fromkeys(key_label(key) for key in action.keys))


ACTIONS: tuple[Action, ...] = (
    Action(
        "target_up",
        ("plus", "equals_sign"),
        "Raise the target by 5 points",
        "Hedge",
        step_target(COARSE),
        hint="target",
    ),
    Action("target_down", ("minus",), "Lower the target by 5 points", "Hedge", step_target(-COARSE), hint="target"),
    Action(
        "target_up_fine",
        ("right_square_bracket",),
        "Raise the target by 1 point",
        "Hedge",
        step_target(FINE),
        hint="by 1",
    ),
    Action(
        "target_down_fine",
        ("left_square_bracket",),
        "Lower the target by 1 point",
        "Hedge",
        step_target(-FINE),
        hint="by 1",
    ),
    Action("undo_target", ("u",), "Undo the last target change", "Hedge", undo_target, hint="undo"),
    Action("stage", ("enter",), "Preview the order to target", "Hedge", stage_order, hint="order"),
    Action("type_mark", ("e",), "Type the mark price of the hedge", "Hedge", type_mark),
    Action("measure", ("m",), "Measure the P&L from here too", "Profit", measure_from_here, hint="measure"),
    Action("clear_anchor", ("M",), "Clear the anchor that m has set", "Profit", clear_anchor),
    Action("select_next", ("down", "j"), "Select the next hedge", "Hedge", select_hedge(1), palette=False),
    Action("select_previous", ("up", "k"), "Select the previous hedge", "Hedge", select_hedge(-1), palette=False),
    Action(
        "freeze",
        ("space",),
        "Freeze or resume the picture",
        "Picture",
        toggle_freeze,
        hint="freeze",
    ),
    *(
        Action(
            f"zoom_{name}",
            (str(digit),),
            f"Zoom the {PANEL_WORDS.get(name, name)} panel",
            "Picture",
            zoom_on(name),
            hint="zoom",
        )
        for digit, name in PANEL_NAMES.items()
    ),
    Action("overview", ("0", "escape"), "Show all panels", "Picture", lambda app: app.zoom("")),
    Action("focus_next", ("tab",), "Mark the next panel", "Picture", lambda app: app.move_focus(1), palette=False),
    Action(
        "focus_previous",
        ("shift+tab",),
        "Mark the previous panel",
        "Picture",
        lambda app: app.move_focus(-1),
        palette=False,
    ),
    Action(
        "zoom_focused",
        ("z",),
        "Zoom the marked panel",
        "Picture",
        lambda app: app.zoom_focused(),
        palette=False,
    ),
    Action("zoom_down", ("pagedown",), "Read on in the panel that is alone", "Picture", scroll_alone(1), palette=False),
    Action("zoom_up", ("pageup",), "Read back in the panel that is alone", "Picture", scroll_alone(-1), palette=False),
    Action("private", ("p",), "Hide or show amounts", "Picture", toggle_private, hint="private"),
    Action("slower", ("greater_than_sign",), "Renew the picture less often", "Picture", change_rate(-1)),
    Action("faster", ("less_than_sign",), "Renew the picture more often", "Picture", change_rate(1)),
    Action("theme", ("t",), "Change the colours", "Picture", lambda app: app.next_theme(), hint="theme"),
    Action("scenarios", ("s",), "Show what moves and failures would do", "Picture", show_scenarios, hint="scenarios"),
    Action("why", ("w",), "Ask why a figure is what it is", "Picture", open_why, hint="why"),
    Action("acknowledge", ("a",), "Acknowledge the worst alert", "Alerts and feeds", acknowledge_worst, hint="ack"),
    Action(
        "alert_list", ("A",), "List all alerts", "Alerts and feeds", lambda app: app.open_alert_list(), hint="alerts"
    ),
    Action("resync", ("r",), "Reopen every feed now", "Alerts and feeds", reopen_feeds, hint="resync"),
    Action(
        "palette",
        ("colon", "ctrl+p"),
        "Find a command by name",
        "Program",
        lambda app: app.open_palette(),
        hint="find",
        palette=False,
    ),
    Action(
        "help",
        ("question_mark",),
        "Show keys, and what marks mean",
        "Program",
        lambda app: app.open_help(),
        hint="help",
    ),
    Action("quit", ("q",), "Quit", "Program", quit_monitor, hint="quit"),
    Action("redraw", ("ctrl+l",), "Draw everything again", "Program", lambda app: app.redraw(), EVERYWHERE),
    Action(
        "quit_now",
        ("ctrl+c",),
        "Quit at once, from anywhere",
        "Program",
        lambda app: app.leave(),
        EVERYWHERE,
        palette=False,
    ),
    Action(
        "send",
        ("y",),
        "Send it as a paper order",
        "Preview",
        send_order,
        PREVIEW,
        hint="send",
        palette=False,
    ),
    Action(
        "cancel",
        ("x", "escape", "q"),
        "Drop the order",
        "Preview",
        drop_order,
        PREVIEW,
        hint="drop",
        palette=False,
    ),
    Action("preview_private", ("p",), "Hide or show amounts", "Preview", toggle_private, PREVIEW, palette=False),
    Action("take_mark", ("enter",), "Take the price typed", "Typing a mark", take_mark, TYPING, "take", palette=False),
    Action(
        "typing_close",
        ("escape",),
        "Leave the mark as it is",
        "Typing a mark",
        close_overlay,
        TYPING,
        hint="close",
        palette=False,
    ),
    Action("alert_down", ("down", "j"), "Select the next alert", "Alert list", scroll_by(1), ALERTS, palette=False),
    Action("alert_up", ("up", "k"), "Select the previous alert", "Alert list", scroll_by(-1), ALERTS, palette=False),
    Action(
        "acknowledge_this",
        ("a", "enter"),
        "Acknowledge the selected alert",
        "Alert list",
        acknowledge_selected,
        ALERTS,
        hint="acknowledge",
        palette=False,
    ),
    Action(
        "acknowledge_all",
        ("X",),
        "Acknowledge every alert",
        "Alert list",
        acknowledge_all,
        ALERTS,
        hint="all",
        palette=False,
    ),
    Action(
        "alerts_close",
        ("escape", "A", "q"),
        "Close the list",
        "Alert list",
        close_overlay,
        ALERTS,
        hint="close",
        palette=False,
    ),
    Action("help_down", ("down", "j", "pagedown"), "Read on", "Help", scroll_by(1), HELP, palette=False),
    Action("help_up", ("up", "k", "pageup"), "Read back", "Help", scroll_by(-1), HELP, palette=False),
    Action(
        "help_close",
        ("escape", "question_mark", "q"),
        "Close the help",
        "Help",
        close_overlay,
        HELP,
        hint="close",
        palette=False,
    ),
    Action(
        "palette_down", ("down", "ctrl+n"), "Choose the next command", "Palette", scroll_by(1), PALETTE, palette=False
    ),
    Action("palette_up", ("up",), "Choose the previous command", "Palette", scroll_by(-1), PALETTE, palette=False),
    Action(
        "palette_run",
        ("enter",),
        "Run the chosen command",
        "Palette",
        lambda app: app.run_chosen(),
        PALETTE,
        hint="run",
        palette=False,
    ),
    Action(
        "palette_close",
        ("escape", "ctrl+p"),
        "Close the palette",
        "Palette",
        close_overlay,
        PALETTE,
        hint="close",
        palette=False,
    ),
    Action(
        "scenarios_down",
        ("down", "j", "pagedown"),
        "Read on",
        "Scenarios",
        scroll_by(1),
        SCENARIOS,
        "read on",
        palette=False,
    ),
    Action("scenarios_up", ("up", "k", "pageup"), "Read back", "Scenarios", scroll_by(-1), SCENARIOS, palette=False),
    *(
        Action(
            f"scenarios_{axis.name.lower()}",
            (axis.name[0].lower(),),
            f"Price by {word} in the grid",
            "Scenarios",
            reckon_scenarios(axis),
            SCENARIOS,
            hint="grid",
            palette=False,
        )
        for axis, word in (
            (ScenarioAxis.HEDGE, "hedge ratio"),
            (ScenarioAxis.BASIS, "basis"),
            (ScenarioAxis.FUNDING, "funding"),
        )
    ),
    Action(
        "scenarios_again",
        ("r",),
        "Reckon again now",
        "Scenarios",
        reckon_scenarios(None),
        SCENARIOS,
        hint="again",
        palette=False,
    ),
    Action("scenarios_private", ("p",), "Hide or show amounts", "Scenarios", toggle_private, SCENARIOS, palette=False),
    Action(
        "scenarios_close",
        ("escape", "s", "q"),
        "Close the scenarios",
        "Scenarios",
        close_scenarios,
        SCENARIOS,
        hint="close",
        palette=False,
    ),
    Action("why_down", ("down", "j"), "Select the next figure or input", "Why", scroll_by(1), WHY, palette=False),
    Action("why_up", ("up", "k"), "Select the one before", "Why", scroll_by(-1), WHY, palette=False),
    Action("why_page_down", ("pagedown",), "Read on", "Why", turn_why(1), WHY, palette=False),
    Action("why_page_up", ("pageup",), "Read back", "Why", turn_why(-1), WHY, palette=False),
    Action(
        "why_enter",
        ("enter",),
        "Explain the selected figure or input",
        "Why",
        enter_why,
        WHY,
        hint="explain",
        palette=False,
    ),
    Action(
        "why_back",
        ("backspace", "escape"),
        "Go back to where you came from",
        "Why",
        leave_page,
        WHY,
        hint="back",
        palette=False,
    ),
    Action("why_private", ("p",), "Hide or show amounts", "Why", toggle_private, WHY, palette=False),
    Action(
        "why_close",
        ("q", "w"),
        "Close the explanations",
        "Why",
        close_why,
        WHY,
        hint="close",
        palette=False,
    ),
)

BY_ID = {action.id: action for action in ACTIONS}


def bindings(scope: str) -> list[BindingType]:
    """The bindings of one screen, or of the whole app."""
    return [
        Binding(
            ",".join(action.keys),
            f"app.do('{action.id}')",
            action.description,
            id=action.id,
            show=False,
            priority=scope == EVERYWHERE,
        )
        for action in ACTIONS
        if action.scope == scope
    ]


def hints(scope: str) -> list[tuple[str, str]]:
    """Keys and words for a footer; keys that share a word are shown together."""
    grouped: dict[str, list[str]] = {}
    for action in ACTIONS:
        if action.scope == scope and action.hint:
            grouped.setdefault(action.hint, []).append(key_label(action.keys[0]))
    if scope == MONITOR:
        grouped = {word: grouped[word] for word in _FOOTER_ORDER} | grouped
        grouped["zoom"] = [f"{min(PANEL_NAMES)}-{max(PANEL_NAMES)}"]
    return [("/".join(keys), word) for word, keys in grouped.items()]


def keys_table() -> str:
    """All keys as a Markdown table, for the documentation."""
    lines = ["| keys | what they do | where |", "|---|---|---|"]
    lines += [f"| `{keys_label(action)}` | {action.description} | {action.group} |" for action in ACTIONS]
    return "\n".join(lines)
