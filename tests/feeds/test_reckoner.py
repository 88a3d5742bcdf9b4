"""Scenarios in a process of their own: they come to the same, give way at once, and leave no process behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.commands import HideScenarios, ShowScenarios
from core.engine import Engine
from core.scenario_view import ScenarioAxis, ScenarioView
from feeds.reckoner import Reckoner
from tests.core.test_scenarios import by_itself
from tests.support.builders import at, feed, market_at, running
from tests.support.patience import PATIENCE
from tests.support.reckonings import endless

ROOT = Path(__file__).parents[2]


@dataclass
class Desk:
    """An engine, whoever reckons for it, and what was told."""

    engine: Engine
    reckoner: Reckoner
    told: asyncio.Event
    seen: list[ScenarioView | None] = field(default_factory=list)

    def ask(self, when: float, axis: ScenarioAxis = ScenarioAxis.HEDGE) -> None:
        """Look at scenarios, as a key does."""
        self.engine.command(ShowScenarios(book="bitcoin", axis=axis), at(when))
        self.look(when)

    async def ask_for_ever(self, when: float) -> None:
        """The same of the basis, and the process comes to no end with it; returns when that has begun."""
        self.engine.command(ShowScenarios(book="bitcoin", axis=ScenarioAxis.BASIS), at(when))
        self.engine.advance(at(when))
        assert self.engine.scenarios.wanted is not None
        self.engine.scenarios.wanted = endless(self.engine.scenarios.wanted)
        self.reckoner.look()
        await self.until(lambda view: view.axis is ScenarioAxis.BASIS)

    def look(self, when: float) -> None:
        """Let time pass, as the engine's loop does."""
        self.engine.advance(at(when))
        self.reckoner.look()

    async def until(self, condition: Callable[[ScenarioView], bool]) -> ScenarioView:
        """The first view for which the condition holds."""
        async with asyncio.timeout(PATIENCE):
            while (view := self.engine.scenarios.view) is None or not condition(view):
                self.told.clear()
                await self.told.wait()
        return view


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    made, told = running(75_000), asyncio.Event()
    opened = Desk(made, Reckoner(made.scenarios, lambda: tell()), told)

    def tell() -> None:
        opened.seen.append(made.scenarios.view)
        told.set()

    task = asyncio.create_task(opened.reckoner.run())
    await asyncio.sleep(0)
    try:
        yield opened
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def complete(view: ScenarioView) -> bool:
    return view.complete


def state(pid: int) -> str:
    """What a process does; ``Z`` where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


def gone(pid: int) -> bool:
    return state(pid) == "Z"


async def sooner_or_later(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.01)


async def test_it_comes_to_what_the_engine_reckons_by_itself() -> None:
    async with desk() as it:
        assert it.reckoner.pid is None, "nobody has looked at scenarios"
        it.ask(1)
        assert await it.until(complete) == by_itself()
        assert it.engine.scenarios.wanted is None


async def test_the_grid_is_told_before_the_rest_and_every_five_seconds_all_of_it() -> None:
    async with desk() as it:
        it.ask(1)
        await it.until(complete)
        first, last = it.seen[0], it.seen[-1]
        assert first is not None
        assert first.grid is not None
        assert last is not None
        assert last.complete
        feed(it.engine, market_at(6, 60_000))
        it.look(6)
        view = await it.until(lambda view: view.complete and view.reckoned_ns == at(6))
        assert view.price.value == 60_000


async def test_the_engine_goes_on_while_scenarios_are_reckoned() -> None:
    async with desk() as it:
        it.ask(1)
        feed(it.engine, market_at(2, 52_000))
        assert it.engine.snapshot(at(2)).books[0].hedges[0].mark_price.value == 52_000
        view = await it.until(complete)
        assert view.price.value == 75_000
        assert view.reckoned_ns == at(1)


async def test_another_question_interrupts_a_search_that_would_never_end() -> None:
    async with desk() as it:
        it.ask(1)
        await it.until(complete)
        pid = it.reckoner.pid
        await it.ask_for_ever(2)
        it.ask(3, ScenarioAxis.FUNDING)
        view = await it.until(lambda view: view.complete and view.reckoned_ns == at(3))
        assert view.grid is not None
        assert view.grid.axis is ScenarioAxis.FUNDING
        assert it.reckoner.pid == pid


async def test_leaving_the_screen_ends_the_work_and_nothing_more_is_told() -> None:
    async with desk() as it:
        await it.ask_for_ever(1)
        it.engine.command(HideScenarios(), at(2))
        it.look(2)
        told, pid = len(it.seen), it.reckoner.pid
        assert pid is not None
        await sooner_or_later(lambda: state(pid) != "R")
        assert (it.engine.snapshot(at(2)).scenario, len(it.seen)) == (None, told)
        it.ask(3)
        assert (await it.until(complete)).reckoned_ns == at(3)
        assert it.reckoner.pid == pid


async def test_a_process_that_is_killed_is_started_anew_and_no_scenario_is_lost() -> None:
    async with desk() as it:
        await it.ask_for_ever(1)
        first = it.reckoner.pid
        assert first is not None
        it.ask(2)
        os.kill(first, signal.SIGKILL)
        view = await it.until(lambda view: view.complete and view.reckoned_ns == at(2))
        assert view.grid is not None


async def test_a_process_killed_while_nobody_asks_is_started_when_somebody_does() -> None:
    async with desk() as it:
        it.ask(1)
        await it.until(complete)
        first = it.reckoner.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await sooner_or_later(lambda: it.reckoner.pid is None)
        it.ask(2)
        assert (await it.until(lambda view: view.complete and view.reckoned_ns == at(2))).grid is not None
        assert it.reckoner.pid not in (None, first)


@pytest.mark.parametrize("program", ["/bin/false", "/nowhere/python"])
async def test_where_no_process_can_be_had_the_engine_reckons_by_itself(
    program: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    async with desk() as it:
        it.ask(1)
        await sooner_or_later(lambda: not it.engine.scenarios.elsewhere)
        for _ in range(12):
            it.look(1)
        assert it.engine.scenarios.view == by_itself()
        assert "reckons them by itself" in caplog.text


async def test_the_process_ends_with_the_loop() -> None:
    async with desk() as it:
        it.ask(1)
        await it.until(complete)
        pid = it.reckoner.pid
        assert pid is not None
        assert not gone(pid)
    assert gone(pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see a process end")
def test_the_process_dies_with_a_killed_parent_in_the_middle_of_a_search() -> None:
    script = (
        "import asyncio\n"
        "from tests.feeds.test_reckoner import *\n"
        "async def main():\n"
        "    async with desk() as it:\n"
        "        await it.ask_for_ever(1)\n"
        "        print(it.reckoner.pid, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert not gone(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + PATIENCE
    while not gone(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert gone(child)
