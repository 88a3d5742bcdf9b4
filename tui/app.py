"""The monitor: follows an engine through its link, paints what it says, turns keys into commands.

This module composes; what is shown is in ``tui.panels``, what keys do in ``tui.actions``, what is known and chosen
in ``tui.picture``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import App
from textual.binding import BindingType

from core.commands import AnyCommand
from core.link import EngineLink
from core.snapshot import AlertView
from tui.actions import BY_ID, EVERYWHERE, bindings
from tui.crash import headline, write_log
from tui.driver import STALLED_SECONDS, MonitorDriver, TerminalGone
from tui.glyphs import ascii_needed
from tui.hotcells import HotCells
from tui.mark_screen import MarkScreen
from tui.monitor import MonitorScreen
from tui.palette import PaletteScreen
from tui.picture import Picture, View
from tui.scenario_screen import ScenarioScreen
from tui.screens import AlertsScreen, HelpScreen, Overlay, PreviewScreen
from tui.signals import signals_restored
from tui.start import DisplayOptions, require_terminal, skeleton
from tui.themes import ANSI_THEME, DEFAULT_THEME, MONO_THEME, OWN_THEMES, known_theme, own_themes, palette_of
from tui.why_screen import WhyScreen
from tui.words import SEVERITY_RANKS

__all__ = ["DisplayOptions", "HedgerowApp", "require_terminal", "run_monitor", "skeleton"]

LOOK_SECONDS = 0.1
"""How often the engine is asked for news. Its pictures come at their own pace, and an alert must not wait for one."""
HURRY_SECONDS = 0.3
"""How long after a command the engine is asked for its answer more often than that."""
HURRY_STEP = 0.002
EARLY, LATE = 0.95, 1.5
"""Refresh intervals after which a new picture may be painted, and the old one is painted again."""
DEEP_BACKLOG = 128 * 1024
BELL_RANK = 1
SWITCH_INTERVAL = 0.001
"""Seconds a thread may hold the interpreter while another wants it: the engine's must not delay a key."""
GONE_CODE = 129
FAILED = 1


class HedgerowApp(App[None], inherit_bindings=False):
    """The monitor as a Textual app."""

    TITLE = "hedgerow"
    BINDINGS: ClassVar[list[BindingType]] = bindings(EVERYWHERE)
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, link: EngineLink, display: DisplayOptions | None = None) -> None:
        display = display or DisplayOptions()
        # Textual paints NO_COLOR in greys unless its colours are the terminal's own; then it paints none.
        super().__init__(driver_class=MonitorDriver, ansi_color=True if "NO_COLOR" in os.environ else None)
        self.picture = Picture(link, display)
        self.ascii_only = display.ascii or ascii_needed()
        self._options = display
        self._palette: Mapping[str, Style] = {}
        self._hot = HotCells(self, lambda: self._palette)
        self._holding = contextlib.ExitStack()
        self._held = False
        self._next_look: asyncio.TimerHandle | None = None
        self._painted = 0.0
        self._unpainted = False
        self._told_lost = False
        self._hurry_until = 0.0
        self._sent = False
        self._left_stages: set[str] = set()
        self._quit_until = 0.0
        for theme in own_themes():
            self.register_theme(theme)
        self.theme = self._first_theme(display.theme)

    # --- life ----------------------------------------------------------------------------------------------

    def get_default_screen(self) -> MonitorScreen:
        """The monitor."""
        return MonitorScreen(self)

    def on_mount(self) -> None:
        """Begin to follow the engine."""
        skeleton.adopted()
        self._catch_signals()
        self.tick()
        self._painted = time.monotonic()
        self._look_after(LOOK_SECONDS)
        if not self.is_headless:
            # Nothing that is there by now goes away: left out, it no longer holds every thread up at each collection.
            gc.freeze()

    def _catch_signals(self) -> None:
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._leave, number)

    def _leave(self, number: signal.Signals) -> None:
        """Leave in order, the terminal restored."""
        self.exit(return_code=128 + number)

    @on(TerminalGone)
    def _terminal_gone(self) -> None:
        self.exit(return_code=GONE_CODE)

    def _handle_exception(self, error: Exception) -> None:
        """The last resort: one line that gives nothing away, a traceback without values in the log, a failure code."""
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._return_code = 1
        path = write_log(error)
        told = f"the traceback is in {path}" if path is not None else "the log could not be written"
        self.panic(Text(f"hedgerow: stopped by an internal error: {headline(error)}; {told}"))

    # --- following the engine ------------------------------------------------------------------------------

    def _look_after(self, seconds: float) -> None:
        """Look at the engine that much later, and not before."""
        if self._next_look is not None:
            self._next_look.cancel()
        self._next_look = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        """See whether the engine has said anything new; runs outside Textual's message loop."""
        if self._exit or self._closing:
            return
        now = time.monotonic()
        try:
            fresh = self.picture.poll()
            due = self._due(fresh, now)
            if fresh or due:
                with self._context():
                    self.tick(paint=due)
        except Exception as error:
            self._handle_exception(error)
            return
        self._look_after(HURRY_STEP if now < self._hurry_until else LOOK_SECONDS)

    def _due(self, fresh: bool, now: float) -> bool:
        """Whether to paint: a new picture when it is time for one, at once if it is the answer to a command.

        Without a new one the old is painted now and then: it may have fallen silent, a word may have been said.
        """
        period = 1 / self.picture.refresh_hz
        self._unpainted = self._unpainted or fresh
        due = now - self._painted >= LATE * period
        awaited = now < self._hurry_until or (isinstance(self.screen, ScenarioScreen) and self.screen.waiting)
        if self._unpainted and (awaited or now - self._painted >= EARLY * period):
            due = True
        if due:
            self._painted, self._unpainted = now, False
        return due

    def tick(self, *, paint: bool = True) -> None:
        """One step of the monitor: ask, judge, paint (without ``paint``, only what cannot wait)."""
        self.picture.poll()
        view = self.picture.view()
        if view is None:
            screen = self.screen
            if isinstance(screen, MonitorScreen):
                screen.waiting.tell(self.picture.lost)
            return
        alerts = self.picture.new_alerts()
        self._ring(alerts)
        self._follow_stage(view)
        urgent = bool(alerts) or (bool(view.lost) and not self._told_lost)
        self._told_lost = bool(view.lost)
        if not self._hold_frames() and (paint or urgent):
            self.paint(view)

    def paint(self, view: View | None = None) -> None:
        """Paint the present picture on whatever is on top."""
        view = view or self.picture.view()
        if view is None:
            return
        screen = self.screen
        if isinstance(screen, MonitorScreen):
            hot = self._hot if self._hot.begin(screen) else None
            screen.paint(view, hot)
            if hot is not None:
                hot.flush()
        elif isinstance(screen, Overlay):
            screen.paint(view)

    def send(self, command: AnyCommand) -> bool:
        """Hand a command to the engine and look out for its answer."""
        self._sent = self.picture.send(command)
        if self._sent:
            self._hurry_until = time.monotonic() + HURRY_SECONDS
            self._look_after(0)
        return self._sent

    def _ring(self, alerts: list[AlertView]) -> None:
        if self._options.bell and any(SEVERITY_RANKS[alert.severity] >= BELL_RANK for alert in alerts):
            self.bell()

    def _follow_stage(self, view: View) -> None:
        """Open the preview when the engine has staged an order, close it when the order has gone."""
        stage = view.live.stage
        screen = self.screen
        if isinstance(screen, PreviewScreen):
            if stage is None or stage.client_order_id in self._left_stages:
                self.close_overlay()
        elif isinstance(screen, MonitorScreen) and stage is not None and not view.lost:
            left = stage.client_order_id in self._left_stages
            if not left:
                self._open(PreviewScreen(self))

    # --- a terminal that does not read ---------------------------------------------------------------------

    def _hold_frames(self) -> bool:
        """Make no frames while the terminal takes none; true while they are held."""
        driver = self._driver
        if not isinstance(driver, MonitorDriver):
            return False
        if not self._held and (driver.stalled_seconds > STALLED_SECONDS or driver.backlog > DEEP_BACKLOG):
            self._held = True
            self._holding.enter_context(self.batch_update())
            driver.call_when_drained(self._release_frames)
        return self._held

    def _release_frames(self) -> None:
        if self._held and self.is_running:
            self._held = False
            self._holding.close()
            with self._context():
                self.tick()
                self.redraw()

    # --- what actions need ---------------------------------------------------------------------------------

    def action_do(self, action_id: str) -> None:
        """Run an action of the registry and show what it did."""
        self.run_by_id(action_id)

    def run_by_id(self, action_id: str) -> None:
        """Run an action of the registry and show what it did."""
        self._sent = False
        BY_ID[action_id].run(self)
        # After a command there is nothing to show before the engine's answer, which is painted when it comes.
        if not self._exit and not self._held and not self._sent:
            self.paint()

    @property
    def monitor(self) -> MonitorScreen:
        """The monitor's own screen, whatever lies over it."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MonitorScreen)
        return screen

    def zoom(self, name: str) -> None:
        """Show one panel alone, or all."""
        self.monitor.zoom(name)

    def zoom_focused(self) -> None:
        """Show the marked panel alone, or all."""
        self.monitor.zoom_focused()

    def move_focus(self, step: int) -> None:
        """Mark another panel."""
        self.monitor.move_focus(step)

    def open_help(self) -> None:
        """Show the keys."""
        self._open(HelpScreen(self))

    def open_alert_list(self) -> None:
        """Show all alerts."""
        self._open(AlertsScreen(self))

    def open_scenarios(self) -> None:
        """Show scenarios."""
        self._open(ScenarioScreen(self))

    def open_palette(self) -> None:
        """Find a command by name."""
        self._open(PaletteScreen(self))

    def open_why(self) -> None:
        """List the figures of the panel that is marked or alone on the screen; of the hedge where none is."""
        self._open(WhyScreen(self, self.monitor.chosen_panel))

    def open_mark(self, instrument: str) -> None:
        """Type the mark price of a contract."""
        self._open(MarkScreen(self, instrument))

    @property
    def typed_mark(self) -> tuple[str, Decimal | None]:
        """The contract whose mark is being typed and the price typed, ``None`` while it is none."""
        return self.screen.typed if isinstance(self.screen, MarkScreen) else ("", None)

    @property
    def why_screen(self) -> WhyScreen | None:
        """The explanations, if they are open."""
        return self.screen if isinstance(self.screen, WhyScreen) else None

    def run_chosen(self) -> None:
        """Run the command chosen in the palette, on the monitor."""
        action = self.screen.chosen if isinstance(self.screen, PaletteScreen) else None
        self.close_overlay()
        if action is not None:
            self.call_next(self.run_by_id, action.id)

    def _open(self, screen: Overlay) -> None:
        screen.view = self.picture.view()
        self.push_screen(screen)

    def close_overlay(self) -> None:
        """Go back to the monitor."""
        if isinstance(self.screen, Overlay):
            self.pop_screen()
            self.call_next(self.paint)

    def leave_preview(self, client_order_id: str) -> None:
        """Close the preview and do not open it for this order again."""
        self._left_stages.add(client_order_id)
        if isinstance(self.screen, PreviewScreen):
            self.close_overlay()

    def looked_at(self, client_order_id: str) -> bool:
        """True where the preview has shown this very order before now."""
        return isinstance(self.screen, PreviewScreen) and self.screen.looked_at(client_order_id)

    @property
    def selected_alert(self) -> AlertView | None:
        """The alert selected in the list, if that is open."""
        return self.screen.selected_alert if isinstance(self.screen, AlertsScreen) else None

    def scroll(self, step: int) -> None:
        """Move within the overlay that is open."""
        if isinstance(self.screen, HelpScreen | AlertsScreen | PaletteScreen | ScenarioScreen | WhyScreen):
            self.screen.move(step)

    def set_refresh(self, rate: float) -> None:
        """Renew the picture ``rate`` times a second."""
        self.picture.refresh_hz = rate
        every = f"every {1 / rate:g} seconds" if rate < 1 else f"{rate:g} times a second"
        self.picture.say(f"The picture is renewed {every}; alerts come at once")

    def redraw(self) -> None:
        """Paint every cell anew."""
        self._hot.reset()
        for screen in self.screen_stack:
            screen.refresh()

    def leave(self) -> None:
        """End the monitor; with a failure code where the engine has stopped."""
        self.exit(return_code=FAILED if self.picture.lost else 0)

    def asked_to_quit(self, seconds: float) -> bool:
        """True where quitting was asked for within the last ``seconds``; from now on it was."""
        now = time.monotonic()
        again, self._quit_until = now < self._quit_until, now + seconds
        return again

    # --- colours -------------------------------------------------------------------------------------------

    @property
    def role_styles(self) -> Mapping[str, Style]:
        """The style of every role in the present theme."""
        return self._palette

    def next_theme(self) -> None:
        """Change to the next of our themes."""
        if "NO_COLOR" in os.environ:
            self.picture.say("NO_COLOR is set: there are no colours to change")
            return
        index = OWN_THEMES.index(self.theme) if self.theme in OWN_THEMES else -1
        self.theme = OWN_THEMES[(index + 1) % len(OWN_THEMES)]
        self.picture.say(f"Theme {self.theme}")

    def watch_theme(self, theme: str) -> None:
        """Take the new theme's palette."""
        self._palette = palette_of(self.current_theme)
        self._hot.reset()
        if self.is_running:
            self.redraw()

    def _first_theme(self, wanted: str) -> str:
        if "NO_COLOR" in os.environ:
            return MONO_THEME
        if wanted and known_theme(wanted):
            return wanted
        if wanted:
            self.picture.say(f"There is no theme {wanted}: the default is shown")
        return ANSI_THEME if self.console.color_system == "standard" else DEFAULT_THEME


def run_monitor(link: EngineLink, display: DisplayOptions | None = None) -> int:
    """Show the monitor until the user leaves it; the process's exit code.

    0 after ``q``; 1 where the engine has stopped, or after an internal error: one line says so; 128 + the signal's
    number after a signal; 129 where the terminal has gone. Leaves with 2 where there is no terminal.
    """
    require_terminal()
    display = display or DisplayOptions()
    previous = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        with signals_restored():
            app = HedgerowApp(link, display)
            app.run(mouse=display.mouse)
        if app.picture.lost and app.return_code == FAILED:
            print(f"hedgerow: the engine had stopped: {app.picture.lost}", file=sys.stderr)
        return app.return_code or 0
    except Exception as error:
        skeleton.withdraw()
        path = write_log(error)
        print(f"hedgerow: stopped by an internal error: {headline(error)}; see {path}", file=sys.stderr)
        return 1
    finally:
        skeleton.withdraw()
        sys.setswitchinterval(previous)
