"""The app under a pilot, without a terminal: the test ticks, presses keys and reads the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from textual.pilot import Pilot

from core.snapshot import Snapshot
from tests.tui.emulated import quiet_display
from tests.tui.samples import FakeLink
from tui.app import HedgerowApp


@dataclass
class Driven:
    """An app, its engine and the pilot's hands."""

    app: HedgerowApp
    link: FakeLink
    pilot: Pilot[Any]

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def on_monitor(self) -> bool:
        """True where nothing lies over the monitor."""
        return self.app.screen is self.app.monitor

    @property
    def commands(self) -> list[str]:
        """The commands sent so far, by name."""
        return [type(command).__name__ for command in self.link.commands]

    async def press(self, *keys: str) -> None:
        """Press keys and let their consequences come."""
        await self.pilot.press(*keys)
        await self.settle()

    async def tick(self) -> None:
        """Let the app take its next look at the engine."""
        self.app.tick()
        await self.settle()

    async def cut(self, seconds: float = 0.5, **changes: object) -> Snapshot:
        """Let the engine cut a snapshot and the app look at it."""
        snapshot = self.link.cut(seconds, **changes)
        await self.tick()
        return snapshot

    async def settle(self) -> None:
        """Wait until everything that was asked for has been done."""
        await self.pilot.pause()


@asynccontextmanager
async def driven(
    link: FakeLink | None = None, size: tuple[int, int] = (80, 24), **display: object
) -> AsyncIterator[Driven]:
    """The monitor on a fake engine."""
    link = link or FakeLink()
    app = HedgerowApp(link, quiet_display(**display))
    async with app.run_test(size=size) as pilot:
        it = Driven(app, link, pilot)
        await it.settle()
        yield it
