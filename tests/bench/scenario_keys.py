"""Milliseconds from key to paint with scenarios off, starting and running, and the longest pauses of the engine's loop.

    python -m tests.bench.scenario_keys [--accounts 1 4] [--positions 3] [--runs 3] [--seconds 10]

The real monitor runs on a real engine in a terminal that this program plays (``tests/bench/scenario_desk.py``). ``off``
is the monitor's own screen, ``starting`` the first seconds after ``s`` is pressed for the first time, and ``running``
as many seconds after those. ``view`` is the key ``p``, which masks every amount or shows it and counts as painted when
the header's word for that is there, or gone; the press of ``s`` is among them. ``grid`` is the key of the grid's other
axis, painted when that grid is shown: the engine has to answer. ``whole`` is the time from ``s`` to the first grid.
Printed are the median of each figure over the runs and, in brackets, the least and the greatest; a machine that is busy
otherwise shows in the load.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.terminal.pseudo import PseudoTerminal, environment

PHASES = ("off", "starting", "running")
START_SECONDS, SETTLE_SECONDS = 120.0, 3.0
PATIENCE = 20.0
MASKED = "PRIVATE"
AXES = {"b": "shift of the basis", "h": "hedge ratio across"}
GRID_EVERY = 8
"""How many keys of the view there are to one of the grid."""
HEADS = ("view p50", "view p99", "view max", "grid p50", "grid max", "whole", "longest pause")


def main() -> None:
    """Measure each number of accounts and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--positions", type=int, default=3, help="of each account, where there are several")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long a phase lasts")
    options = parser.parse_args()
    print(f"{'accounts':>8} {'phase':<9}{'keys':>5}" + "".join(f"{head:>17}" for head in HEADS) + f"{'load':>6}")
    for accounts in options.accounts:
        load = os.getloadavg()[0]
        runs = [measure(accounts, options.positions, options.seconds) for _ in range(options.runs)]
        for phase in PHASES:
            cells = [_spread([run[phase][head] for run in runs if head in run[phase]]) for head in HEADS]
            keys = sum(int(run[phase]["keys"]) for run in runs)
            print(f"{accounts:>8} {phase:<9}{keys:>5}" + "".join(f"{cell:>17}" for cell in cells) + f"{load:>6.2f}")
        sys.stdout.flush()


def _spread(figures: list[float]) -> str:
    return f"{statistics.median(figures):.0f} ({min(figures):.0f}-{max(figures):.0f})" if figures else ""


def measure(accounts: int, positions: int, seconds: float) -> dict[str, dict[str, float]]:
    """One run of the monitor: the figures of every phase."""
    found: dict[str, dict[str, float]] = {}
    spans = {}
    with tempfile.TemporaryDirectory() as folder:
        pauses = Path(folder) / "pauses"
        command = [sys.executable, "-m", "tests.bench.scenario_desk", "--accounts", str(accounts)]
        command += ["--positions", str(positions), "--pauses", str(pauses)]
        with PseudoTerminal(command, env=environment()) as terminal:
            terminal.wait_for_text("help", START_SECONDS)
            terminal.read(SETTLE_SECONDS)
            for phase in PHASES:
                begin = time.monotonic()
                found[phase] = Keys(terminal).press(phase, begin + seconds)
                spans[phase] = (begin, time.monotonic())
            terminal.send("q")
            terminal.exit_code(5)
        lines = [tuple(map(float, line.split())) for line in pauses.read_text().splitlines()]
    for phase, (begin, end) in spans.items():
        found[phase]["longest pause"] = max((late for when, late in lines if begin <= when <= end), default=0.0)
    return found


class Keys:
    """Presses keys and notes the milliseconds until each is answered."""

    def __init__(self, terminal: PseudoTerminal) -> None:
        self._terminal = terminal
        self._view: list[float] = []
        self._grid: list[float] = []

    def press(self, phase: str, until: float) -> dict[str, float]:
        """Press keys until then; median, 99th percentile and greatest of the times."""
        whole = self._open() if phase == "starting" else {}
        pressed = 0
        while time.monotonic() < until:
            self._terminal.read(random.uniform(0.03, 0.2))
            pressed += 1
            if phase != "off" and pressed % GRID_EVERY == 0:
                self._turn("bh"[len(self._grid) % 2])
            else:
                self._mask()
        return {"keys": pressed} | whole | _figures("view", self._view) | _figures("grid", self._grid)

    def _open(self) -> dict[str, float]:
        begin = time.monotonic()
        self._view.append(self._timed("s", lambda: "─ scenarios" in self._terminal.text))
        self._terminal.wait_for(lambda: AXES["h"] in self._terminal.text, PATIENCE, "the first grid")
        return {"whole": 1000 * (self._terminal.last_read - begin)}

    def _mask(self) -> None:
        before = is_masked(self._terminal)
        self._view.append(self._timed("p", lambda: is_masked(self._terminal) != before))

    def _turn(self, key: str) -> None:
        self._grid.append(self._timed(key, lambda: AXES[key] in self._terminal.text))

    def _timed(self, key: str, painted: Callable[[], bool]) -> float:
        begin = time.monotonic()
        self._terminal.send(key)
        self._terminal.wait_for(painted, PATIENCE, f"the paint of {key}")
        return 1000 * (self._terminal.last_read - begin)


def _figures(name: str, taken: list[float]) -> dict[str, float]:
    if not taken:
        return {}
    taken = sorted(taken)
    last = len(taken) - 1
    return {f"{name} p50": taken[last // 2], f"{name} p99": taken[round(0.99 * last)], f"{name} max": taken[last]}


def is_masked(terminal: PseudoTerminal) -> bool:
    """Whether amounts are hidden, read from the header alone: the whole screen would take longer than the key."""
    return MASKED in "".join(terminal.screen.buffer[0][x].data for x in range(terminal.size[0]))


if __name__ == "__main__":
    main()
