"""What actions do: each takes the app and acts on its picture, its engine or its screens."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from core.commands import (
    AcknowledgeAlerts,
    CancelStage,
    ClearAnchor,
    ConfirmStage,
    Explain,
    HideScenarios,
    Resync,
    SetAnchor,
    ShowScenarios,
    StageHedge,
    StepTarget,
    TypeMark,
    UndoTarget,
)
from core.scenario_view import ScenarioAxis
from core.snapshot import Severity
from tui.words import open_alerts

if TYPE_CHECKING:
    from tui.app import HedgerowApp

COARSE = Decimal("0.05")
FINE = Decimal("0.01")
REFRESH_RATES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
QUIT_AGAIN_SECONDS = 3.0


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
    if _engine_is_silent(app):
        return None
    book, hedge = view.hedge
    return book.name, hedge.instrument


def _engine_is_silent(app: HedgerowApp) -> bool:
    """True (and a notice) where the engine would act only later, on a market that nobody has seen."""
    view = app.picture.view()
    silent = view is not None and bool(view.silent_ns) and not view.replaying
    if silent:
        app.picture.say("The engine is silent: nothing was sent to it")
    return silent


def step_target(step: Decimal) -> Callable[[HedgerowApp], None]:
    """Move the selected hedge's target by ``step``."""

    def run(app: HedgerowApp) -> None:
        if hedge := _act_on_hedge(app):
            app.send(StepTarget(book=hedge[0], instrument=hedge[1], step=step))

    return run


def undo_target(app: HedgerowApp) -> None:
    """Take back the last move of a target."""
    if hedge := _act_on_hedge(app):
        app.send(UndoTarget(book=hedge[0]))


def type_mark(app: HedgerowApp) -> None:
    """Open the line in which the selected hedge's mark price is typed, where it comes from there."""
    hedge, view = _act_on_hedge(app), app.picture.view()
    if hedge is None or view is None or view.hedge is None:
        return
    line = view.hedge[1]
    if line.price_typed:
        app.open_mark(line.instrument)
    else:
        app.picture.say(f"The mark price of {line.symbol} is not typed: it is the {line.price_source or 'venue’s own'}")


def take_mark(app: HedgerowApp) -> None:
    """Hand the typed price to the engine."""
    instrument, price = app.typed_mark
    if price is None:
        app.picture.say("Type a price above 0, such as 91250.5")
    elif not _engine_is_silent(app) and app.send(TypeMark(instrument=instrument, price=price)):
        app.close_overlay()


def stage_order(app: HedgerowApp) -> None:
    """Stage the order that reaches the target."""
    if hedge := _act_on_hedge(app):
        app.send(StageHedge(book=hedge[0], instrument=hedge[1]))


def send_order(app: HedgerowApp) -> None:
    """Send the order shown, unless something about it has not been seen."""
    stage = app.picture.stage
    if stage is None:
        return
    if stage.refusals:
        app.picture.say(f"Not sent: {stage.refusals[0]}")
    elif app.picture.private:
        app.picture.say("Not sent: private mode hides the size. Press p to see it, then y")
    elif not app.looked_at(stage.client_order_id):
        app.picture.say("The order has changed: look at it, then press y again")
    elif not _engine_is_silent(app) and app.send(ConfirmStage(client_order_id=stage.client_order_id)):
        app.leave_preview(stage.client_order_id)


def drop_order(app: HedgerowApp) -> None:
    """Drop the order shown."""
    stage = app.picture.stage
    if stage is not None:
        app.send(CancelStage(client_order_id=stage.client_order_id))
    app.leave_preview(stage.client_order_id if stage is not None else "")


# --- profit ----------------------------------------------------------------------------------------------------


def measure_from_here(app: HedgerowApp) -> None:
    """Measure the profit of the selected book from here too."""
    if (book := _book_to_measure(app)) is not None:
        app.send(SetAnchor(book=book))


def clear_anchor(app: HedgerowApp) -> None:
    """Measure it from there no longer."""
    if (book := _book_to_measure(app)) is not None:
        app.send(ClearAnchor(book=book))


def _book_to_measure(app: HedgerowApp) -> str | None:
    view = app.picture.view()
    if app.picture.frozen:
        app.picture.say("The picture is frozen: press space first, so that you see what you measure from")
    elif view is None or view.book is None:
        app.picture.say("There is no book to measure")
    elif not _engine_is_silent(app):
        return view.book.name
    return None


# --- alerts ----------------------------------------------------------------------------------------------------


def acknowledge_worst(app: HedgerowApp) -> None:
    """Acknowledge the worst alert that is waiting."""
    live = app.picture.live
    waiting = [alert for alert in open_alerts(live.alerts) if not alert.acknowledged] if live is not None else []
    if not waiting:
        app.picture.say("No alert is waiting to be acknowledged")
    else:
        app.send(AcknowledgeAlerts(key=waiting[0].key))


def acknowledge_selected(app: HedgerowApp) -> None:
    """Acknowledge the alert selected in the list."""
    alert = app.selected_alert
    if alert is None or alert.ended_ns is not None:
        app.picture.say("No alert to acknowledge" if alert is None else "This alert is over")
    elif alert.acknowledged:
        app.picture.say("This alert has been acknowledged")
    else:
        app.send(AcknowledgeAlerts(key=alert.key))


def acknowledge_all(app: HedgerowApp) -> None:
    """Acknowledge every alert."""
    app.send(AcknowledgeAlerts())


# --- the picture -----------------------------------------------------------------------------------------------


def zoom_on(name: str) -> Callable[[HedgerowApp], None]:
    """Show the panel of this name alone, or all again."""
    return lambda app: app.zoom(name)


def toggle_freeze(app: HedgerowApp) -> None:
    """Hold the picture, or let it go on."""
    app.picture.toggle_freeze()


def toggle_private(app: HedgerowApp) -> None:
    """Hide or show amounts."""
    app.picture.private = not app.picture.private


def select_hedge(step: int) -> Callable[[HedgerowApp], None]:
    """Select the hedge ``step`` rows further down."""
    return lambda app: app.picture.move_selection(step)


def scroll_by(step: int) -> Callable[[HedgerowApp], None]:
    """Move within the overlay that is open."""
    return lambda app: app.scroll(step)


def scroll_alone(step: int) -> Callable[[HedgerowApp], None]:
    """Read on (+1) or back (−1) in the panel that is alone on the screen."""

    def run(app: HedgerowApp) -> None:
        if not app.monitor.scroll_alone(step):
            app.picture.say("Nothing to read on: 1 to 9 show one panel alone")

    return run


def change_rate(step: int) -> Callable[[HedgerowApp], None]:
    """Renew the picture more often (+1) or less often (−1)."""

    def run(app: HedgerowApp) -> None:
        rates = REFRESH_RATES
        nearest = min(range(len(rates)), key=lambda index: abs(rates[index] - app.picture.refresh_hz))
        app.set_refresh(rates[max(0, min(len(rates) - 1, nearest + step))])

    return run


def reopen_feeds(app: HedgerowApp) -> None:
    """Drop and reopen every feed."""
    if app.send(Resync()):
        app.picture.say("Reopening every feed")


# --- why this number ---------------------------------------------------------------------------------------------


def open_why(app: HedgerowApp) -> None:
    """List the figures of the marked panel."""
    app.open_why()


def enter_why(app: HedgerowApp) -> None:
    """Explain what is selected, or say that it ends there."""
    screen = app.why_screen
    path = screen.enter() if screen is not None else None
    if path is None:
        app.picture.say("Nothing further to ask here: this is where it comes from")
    else:
        app.send(Explain(path=path))


def leave_page(app: HedgerowApp) -> None:
    """Go back to the figure before, to the list, or to the monitor."""
    screen = app.why_screen
    path = screen.back() if screen is not None else None
    if path is None:
        app.close_overlay()
    else:
        app.send(Explain(path=path))


def close_why(app: HedgerowApp) -> None:
    """Go back to the monitor; the engine need explain nothing more."""
    live = app.picture.live
    if live is not None and live.explanation is not None:
        app.send(Explain())
    app.close_overlay()


def turn_why(step: int) -> Callable[[HedgerowApp], None]:
    """Move by half a page within the explanation."""

    def run(app: HedgerowApp) -> None:
        if app.why_screen is not None:
            app.why_screen.turn(step)

    return run


# --- leaving ---------------------------------------------------------------------------------------------------


def quit_monitor(app: HedgerowApp) -> None:
    """Ask once more where a critical alert has not been acknowledged."""
    live = app.picture.live
    critical = live is not None and any(
        alert.severity is Severity.CRITICAL and not alert.acknowledged for alert in open_alerts(live.alerts)
    )
    if critical and not app.asked_to_quit(QUIT_AGAIN_SECONDS):
        app.picture.say("A critical alert is not acknowledged: press q again to leave it")
    else:
        app.leave()


def close_overlay(app: HedgerowApp) -> None:
    """Go back to the monitor."""
    app.close_overlay()


# --- scenarios ---------------------------------------------------------------------------------------------------


def show_scenarios(app: HedgerowApp) -> None:
    """Show the scenarios of the selected hedge's book."""
    if _shown_book(app):
        app.open_scenarios()
        reckon_scenarios(ScenarioAxis.HEDGE)(app)
    else:
        app.picture.say("There is no book to run scenarios on")


def reckon_scenarios(axis: ScenarioAxis | None) -> Callable[[HedgerowApp], None]:
    """Have them reckoned now, the grid along ``axis`` (``None``: as it is)."""

    def run(app: HedgerowApp) -> None:
        live = app.picture.live
        scenario = live.scenario if live is not None else None
        shown = ScenarioAxis.HEDGE if scenario is None else scenario.axis
        app.send(ShowScenarios(book=_shown_book(app), axis=axis or shown))

    return run


def close_scenarios(app: HedgerowApp) -> None:
    """Go back to the monitor; nothing is reckoned any more."""
    app.send(HideScenarios())
    app.close_overlay()


def _shown_book(app: HedgerowApp) -> str:
    view = app.picture.view()
    return view.book.name if view is not None and view.book is not None else ""
