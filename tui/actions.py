"""Every action a user can take, once: its keys, what it says of itself, and what it does.

Key bindings, the help overlay, the command palette, the footer, the documentation's table and the tests all read
:data:`ACTIONS`; nothing else binds a key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

from core.commands import (
    AcknowledgeAlerts,
    CancelStage,
    ConfirmStage,
    Resync,
    StageHedge,
    StepTarget,
    UndoTarget,
)
from core.snapshot import Severity
from tui.layout import PANEL_NAMES
from tui.words import open_alerts

if TYPE_CHECKING:
    from tui.app import HedgerowApp

COARSE = Decimal("0.05")
FINE = Decimal("0.01")
REFRESH_RATES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
QUIT_AGAIN_SECONDS = 3.0

EVERYWHERE = "everywhere"
MONITOR = "monitor"
PREVIEW = "preview"
ALERTS = "alerts"
HELP = "help"
PALETTE = "palette"

_FOOTER_ORDER = ("target", "order", "help", "quit", "freeze", "zoom", "ack", "find")
"""The most wanted keys, which a footer of 80 columns has room for; the others follow where there is more."""

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


# --- the target and the order -------------------------------------------------------------------------------------


def _act_on_hedge(app: HedgerowApp) -> tuple[str, str] | None:
    """Book and instrument the keys act on; ``None`` (and a notice) where acting would be blind."""
    if app.picture.frozen:
        app.picture.say("The picture is frozen: press space first, so that you see what you change")
        return None
    view = app.picture.view()
    if view is None or view.hedge is None:
        app.picture.say("There is no hedge to change")
        return None
    book, hedge = view.hedge
    return book.name, hedge.instrument


def _step(step: Decimal) -> Callable[[HedgerowApp], None]:
    def run(app: HedgerowApp) -> None:
        if hedge := _act_on_hedge(app):
            app.send(StepTarget(book=hedge[0], instrument=hedge[1], step=step))

    return run


def _undo(app: HedgerowApp) -> None:
    if hedge := _act_on_hedge(app):
        app.send(UndoTarget(book=hedge[0]))


def _stage(app: HedgerowApp) -> None:
    if hedge := _act_on_hedge(app):
        app.send(StageHedge(book=hedge[0], instrument=hedge[1]))


def _confirm(app: HedgerowApp) -> None:
    stage = app.picture.stage
    if stage is None:
        return
    if stage.refusals:
        app.picture.say(f"Not sent: {stage.refusals[0]}")
    elif app.picture.private:
        app.picture.say("Not sent: private mode hides the size. Press p to see it, then y")
    elif not app.looked_at(stage.client_order_id):
        app.picture.say("The order has changed: look at it, then press y again")
    elif app.send(ConfirmStage(client_order_id=stage.client_order_id)):
        app.leave_preview(stage.client_order_id)


def _cancel(app: HedgerowApp) -> None:
    stage = app.picture.stage
    if stage is not None:
        app.send(CancelStage(client_order_id=stage.client_order_id))
    app.leave_preview(stage.client_order_id if stage is not None else "")


# --- alerts ----------------------------------------------------------------------------------------------------


def _acknowledge(app: HedgerowApp) -> None:
    live = app.picture.live
    waiting = [alert for alert in open_alerts(live.alerts) if not alert.acknowledged] if live is not None else []
    if not waiting:
        app.picture.say("No alert is waiting to be acknowledged")
    else:
        app.send(AcknowledgeAlerts(key=waiting[0].key))


def _acknowledge_selected(app: HedgerowApp) -> None:
    alert = app.selected_alert
    if alert is None or alert.ended_ns is not None:
        app.picture.say("This alert is over")
    elif alert.acknowledged:
        app.picture.say("This alert has been acknowledged")
    else:
        app.send(AcknowledgeAlerts(key=alert.key))


def _acknowledge_all(app: HedgerowApp) -> None:
    app.send(AcknowledgeAlerts())


# --- the picture -----------------------------------------------------------------------------------------------


def _zoom(name: str) -> Callable[[HedgerowApp], None]:
    return lambda app: app.zoom(name)


def _freeze(app: HedgerowApp) -> None:
    app.picture.toggle_freeze()


def _private(app: HedgerowApp) -> None:
    app.picture.private = not app.picture.private


def _select(step: int) -> Callable[[HedgerowApp], None]:
    return lambda app: app.picture.move_selection(step)


def _scroll(step: int) -> Callable[[HedgerowApp], None]:
    return lambda app: app.scroll(step)


def _rate(step: int) -> Callable[[HedgerowApp], None]:
    def run(app: HedgerowApp) -> None:
        rates = REFRESH_RATES
        nearest = min(range(len(rates)), key=lambda index: abs(rates[index] - app.picture.refresh_hz))
        app.set_refresh(rates[max(0, min(len(rates) - 1, nearest + step))])

    return run


def _resync(app: HedgerowApp) -> None:
    if app.send(Resync()):
        app.picture.say("Reopening every feed")


# --- leaving ---------------------------------------------------------------------------------------------------


def _quit(app: HedgerowApp) -> None:
    """Ask once more where a critical alert has not been acknowledged."""
    live = app.picture.live
    critical = live is not None and any(
        alert.severity is Severity.CRITICAL and not alert.acknowledged for alert in open_alerts(live.alerts)
    )
    if critical and not app.asked_to_quit(QUIT_AGAIN_SECONDS):
        app.picture.say("A critical alert is not acknowledged: press q again to leave it")
    else:
        app.leave()


def _close(app: HedgerowApp) -> None:
    app.close_overlay()


ACTIONS: tuple[Action, ...] = (
    Action(
        "target_up",
        ("plus", "equals_sign"),
        "Raise the target by 5 points",
        "Hedge",
        _step(COARSE),
        hint="target",
    ),
    Action("target_down", ("minus",), "Lower the target by 5 points", "Hedge", _step(-COARSE), hint="target"),
    Action(
        "target_up_fine",
        ("right_square_bracket",),
        "Raise the target by 1 point",
        "Hedge",
        _step(FINE),
        hint="by 1",
    ),
    Action(
        "target_down_fine",
        ("left_square_bracket",),
        "Lower the target by 1 point",
        "Hedge",
        _step(-FINE),
        hint="by 1",
    ),
    Action("undo_target", ("u",), "Undo the last target change", "Hedge", _undo, hint="undo"),
    Action("stage", ("enter",), "Preview the order to target", "Hedge", _stage, hint="order"),
    Action("select_next", ("down", "j"), "Select the next hedge", "Hedge", _select(1), palette=False),
    Action("select_previous", ("up", "k"), "Select the previous hedge", "Hedge", _select(-1), palette=False),
    Action(
        "freeze",
        ("space",),
        "Freeze or resume the picture",
        "Picture",
        _freeze,
        hint="freeze",
    ),
    *(
        Action(
            f"zoom_{name}",
            (str(digit),),
            f"Zoom the {name} panel",
            "Picture",
            _zoom(name),
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
    Action("private", ("p",), "Hide or show amounts", "Picture", _private, hint="private"),
    Action("slower", ("greater_than_sign",), "Renew the picture less often", "Picture", _rate(-1)),
    Action("faster", ("less_than_sign",), "Renew the picture more often", "Picture", _rate(1)),
    Action("theme", ("t",), "Change the colours", "Picture", lambda app: app.next_theme(), hint="theme"),
    Action("acknowledge", ("a",), "Acknowledge the worst alert", "Alerts and feeds", _acknowledge, hint="ack"),
    Action(
        "alert_list", ("A",), "List all alerts", "Alerts and feeds", lambda app: app.open_alert_list(), hint="alerts"
    ),
    Action("resync", ("r",), "Reopen every feed now", "Alerts and feeds", _resync, hint="resync"),
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
    Action("quit", ("q",), "Quit", "Program", _quit, hint="quit"),
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
        _confirm,
        PREVIEW,
        hint="send",
        palette=False,
    ),
    Action(
        "cancel",
        ("x", "escape", "q"),
        "Drop the order",
        "Preview",
        _cancel,
        PREVIEW,
        hint="cancel",
        palette=False,
    ),
    Action("preview_private", ("p",), "Hide or show amounts", "Preview", _private, PREVIEW, palette=False),
    Action("alert_down", ("down", "j"), "Select the next alert", "Alert list", _scroll(1), ALERTS, palette=False),
    Action("alert_up", ("up", "k"), "Select the previous alert", "Alert list", _scroll(-1), ALERTS, palette=False),
    Action(
        "acknowledge_this",
        ("a", "enter"),
        "Acknowledge the selected alert",
        "Alert list",
        _acknowledge_selected,
        ALERTS,
        hint="acknowledge",
        palette=False,
    ),
    Action(
        "acknowledge_all",
        ("X",),
        "Acknowledge every alert",
        "Alert list",
        _acknowledge_all,
        ALERTS,
        hint="all",
        palette=False,
    ),
    Action(
        "alerts_close",
        ("escape", "A", "q"),
        "Close the list",
        "Alert list",
        _close,
        ALERTS,
        hint="close",
        palette=False,
    ),
    Action("help_down", ("down", "j", "pagedown"), "Read on", "Help", _scroll(1), HELP, palette=False),
    Action("help_up", ("up", "k", "pageup"), "Read back", "Help", _scroll(-1), HELP, palette=False),
    Action(
        "help_close",
        ("escape", "question_mark", "q"),
        "Close the help",
        "Help",
        _close,
        HELP,
        hint="close",
        palette=False,
    ),
    Action(
        "palette_down", ("down", "ctrl+n"), "Choose the next command", "Palette", _scroll(1), PALETTE, palette=False
    ),
    Action("palette_up", ("up",), "Choose the previous command", "Palette", _scroll(-1), PALETTE, palette=False),
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
        _close,
        PALETTE,
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
