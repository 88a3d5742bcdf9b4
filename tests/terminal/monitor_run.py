"""The real monitor on an engine that runs on its own thread and moves a made-up market: for tests and measurements.

    python -m tests.terminal.monitor_run [--hertz 20] [--legs 2] [--ticks FILE] [--alerts] [--frozen-after N] …

``--ticks`` gets one line a second with the ticks the engine has made: proof that nothing ever held it up.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import threading
import time
from decimal import Decimal
from pathlib import Path

from core.commands import AnyCommand
from core.figures import Freshness
from core.snapshot import Severity, Snapshot
from tests.tui.samples import BTC, ETH, FakeLink, Leg, Marks, alert, degraded_feed, feed
from tui.start import DisplayOptions, skeleton


class MovingLink:
    """A thread that moves prices ``hertz`` times a second and cuts a snapshot of each; commands act at once."""

    def __init__(self, options: argparse.Namespace) -> None:
        legs = [BTC, ETH, *(dataclasses.replace(ETH, asset=f"C{n:02d}") for n in range(20))][: options.legs]
        self._inner = FakeLink(*legs, **_state(options))
        self._lock = threading.Lock()
        self._random = random.Random(7)
        self._options = options
        self._changed = options.changed
        self.ticks = 0
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def latest(self) -> Snapshot | None:
        """The newest snapshot."""
        return self._inner.latest()

    def send(self, command: AnyCommand) -> None:
        """Act at once."""
        with self._lock:
            self._inner.send(command)

    def _run(self) -> None:
        path = Path(self._options.ticks) if self._options.ticks else None
        written = 0.0
        while not self._options.frozen_after or self.ticks < self._options.frozen_after:
            time.sleep(1 / self._options.hertz)
            with self._lock:
                self.ticks += 1
                self._move()
            if path is not None and time.monotonic() - written >= 0.25:
                written = time.monotonic()
                with path.open("a") as file:
                    file.write(f"{written:.3f} {self.ticks}\n")

    def _move(self) -> None:
        inner = self._inner
        if self._options.dead_after and self.ticks > self._options.dead_after:
            inner.closed = "the journal's disk is full"
        for index, leg in enumerate(inner.legs):
            if self._random.random() < self._changed:
                inner.legs[index] = self._moved(leg)
        if self._options.alerts and self.ticks % 400 == 1:
            inner.alerts = (alert(severity=Severity.ALARM, since_ns=inner.time_ns),)
        elif self._options.alerts and self.ticks % 400 == 201:
            inner.alerts = ()
        inner.cut(
            self._options.step or 1 / self._options.hertz,
            **({"source": f"tick {self.ticks}"} if self._options.ticks else {}),
        )

    def _moved(self, leg: Leg) -> Leg:
        factor = 1 + Decimal(self._random.randint(-200, 200)) / 1_000_000
        index = (leg.index * factor).quantize(Decimal("0.01"))
        basis = Decimal(self._random.randint(-5, 20)) / 100
        return dataclasses.replace(leg, index=index, mark=index + basis)


def _state(options: argparse.Namespace) -> dict[str, object]:
    """How fresh everything is."""
    state: dict[str, object] = {}
    steps = ((3, Freshness.LIVE), (10, Freshness.LATE), (30, Freshness.STALE))
    freshness = next((name for limit, name in steps if options.age < limit), Freshness.UNKNOWN)
    state["marks"] = Marks(int(options.age * 1e9), freshness)
    if options.degraded:
        state["feeds"] = (feed("spot"), degraded_feed())
    return state


def main() -> int:
    """Run the monitor; its exit code is the process's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hertz", type=float, default=20.0)
    parser.add_argument("--refresh", type=float, default=2.0)
    parser.add_argument("--legs", type=int, default=1)
    parser.add_argument("--changed", type=float, default=1.0)
    parser.add_argument("--step", type=float, default=0.0, help="seconds of engine time a tick (default: real time)")
    parser.add_argument("--ticks", default="")
    parser.add_argument("--alerts", action="store_true")
    parser.add_argument("--frozen-after", type=int, default=0)
    parser.add_argument("--age", type=float, default=0.2, help="seconds since the market's last word")
    parser.add_argument("--dead-after", type=int, default=0)
    parser.add_argument("--degraded", action="store_true")
    parser.add_argument("--mouse", action="store_true")
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--theme", default="")
    options = parser.parse_args()
    skeleton.show("DEMO")
    from tui.app import run_monitor

    link = MovingLink(options)
    display = DisplayOptions(refresh_hz=options.refresh, theme=options.theme, mouse=options.mouse, ascii=options.ascii)
    return run_monitor(link, display)


if __name__ == "__main__":
    raise SystemExit(main())
