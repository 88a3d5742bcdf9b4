"""The app on an emulated terminal within the test's own process: every byte it writes, and what they paint."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pyte
from textual import events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.pilot import Pilot

from tui.app import HedgerowApp
from tui.start import DisplayOptions

Cell = tuple[str, str, str, bool, bool, bool, bool]
Grid = list[list[Cell]]
Script = Callable[["EmulatedApp", "Pilot[None]"], Awaitable[None]]


class CaptureDriver(Driver):
    """Writes into an emulator; to the app it is a terminal like any other."""

    emulator: Emulator

    def write(self, data: str) -> None:
        """Paint."""
        self.emulator.feed(data)

    def start_application_mode(self) -> None:
        """Tell the app its size, as a terminal does."""
        assert self._size is not None
        size = Size(*self._size)
        asyncio.run_coroutine_threadsafe(self._app._post_message(events.Resize(size, size)), loop=self._loop)

    def disable_input(self) -> None:
        """There is no input."""

    def stop_application_mode(self) -> None:
        """There is no terminal to restore."""


class Emulator:
    """What a terminal would show for the bytes written so far."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)
        self.written = 0

    def feed(self, data: str) -> None:
        """Take what is written to the terminal."""
        self.written += len(data.encode())
        self._stream.feed(re.sub(r"\x1b\[[<>=][0-9;]*u|\x1b\[\?[0-9]+\$p", "", data))

    def resize(self, columns: int, rows: int) -> None:
        """Be of another size."""
        self.screen.resize(rows, columns)

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.screen.display)

    def grid(self) -> Grid:
        """Every cell: character, colours, bold, italics, underline, reverse."""
        return [
            [
                (cell.data, cell.fg, cell.bg, cell.bold, cell.italics, cell.underscore, cell.reverse)
                for cell in (self.screen.buffer[y][x] for x in range(self.screen.columns))
            ]
            for y in range(self.screen.lines)
        ]


class EmulatedApp(HedgerowApp):
    """The monitor on an emulator; ``frames`` counts what Textual itself painted."""

    frames = 0

    def start_on(self, columns: int, rows: int) -> None:
        """Use an emulator of this size."""
        self.emulator = Emulator(columns, rows)
        self.driver_class = type("Captured", (CaptureDriver,), {"emulator": self.emulator})

    def post_display_hook(self) -> None:
        """Count a frame."""
        self.frames += 1

    def full_repaint(self) -> Grid:
        """What a fresh terminal shows once everything is painted anew."""
        fresh = Emulator(self.size.width, self.size.height)
        update = self.screen._compositor.render_full_update()
        fresh.feed("\x1b[?7l" + update.render_segments(self.console))
        return fresh.grid()

    async def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size."""
        assert self._driver is not None
        self.emulator.resize(columns, rows)
        self._driver._size = (columns, rows)
        size = Size(columns, rows)
        await self._post_message(events.Resize(size, size))


def run_emulated(app: EmulatedApp, script: Script, size: tuple[int, int]) -> None:
    """Run the app on an emulator of this size, through the script."""
    app.start_on(*size)
    app.emulator.feed("\x1b[?7l")

    async def play(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        await script(app, pilot)
        pilot.app.exit()

    async def run() -> None:
        await App.run_async(app, headless=False, size=size, auto_pilot=play)

    asyncio.run(run())
    if app._exception is not None:
        raise app._exception


def quiet_display(**options: object) -> DisplayOptions:
    """Display options whose own timer does not interfere: the test ticks."""
    return DisplayOptions(refresh_hz=0.01, **options)  # type: ignore[arg-type]


def differences(left: Grid, right: Grid) -> list[str]:
    """Where two screens differ, for a message that helps."""
    found = [
        f"row {y} column {x}: {a} instead of {b}"
        for y, (before, after) in enumerate(zip(left, right, strict=True))
        for x, (a, b) in enumerate(zip(before, after, strict=True))
        if a != b
    ]
    return found[:20] + ([f"… {len(found)} in all"] if len(found) > 20 else [])
