"""Plays a capture through the venues' decoders into an engine, on the capture's own clock.

The engine's time is the records' time, and it is told the time at a fixed cadence of it, so the same capture gives the
same snapshots to the byte, however fast it is played and on whatever machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec

from core.events import AnyEvent
from core.snapshot import Snapshot
from feeds.capture import Capture
from feeds.engine_thread import EngineThread
from feeds.player import Player
from feeds.records import AnyRecord
from feeds.runner import Broker, EngineCore, Runner

CADENCE_NS = 250_000_000
"""How often, in capture time, the engine is told the time."""

_LONGEST_GAP_NS = 3600 * 1_000_000_000
"""A longer gap between two records is crossed in one step: nothing is left to watch in it."""

_RECORDS_A_TURN = 200
_NS = 1_000_000_000


def replay_events(path: Path) -> Iterator[AnyEvent]:
    """Every event of a capture, in order. Raises CaptureError where the file is none."""
    player = Player()
    for record in Capture(path).records():
        yield from player.events(record)


def replay_to_end(path: Path, engine: EngineCore, broker: Broker) -> Snapshot:
    """Play a capture as fast as possible; the snapshot at its last record. Raises CaptureError."""
    return Replay(path, Runner(engine, broker)).to_end()


class Replay:
    """One capture on its way into an engine. ``now_ns`` is the time in the capture."""

    def __init__(self, path: Path, runner: Runner) -> None:
        """Raises CaptureError where the file cannot be read or is no capture."""
        self.capture = Capture(path)
        self.player = Player()
        self.runner = runner
        self.now_ns = 0
        self.records = 0
        self._next_tick_ns = 0

    @property
    def notes(self) -> list[str]:
        """What the user should know about the capture, once it has been played: damage, sources left out."""
        skipped = [f"{count} records of {source} left out" for source, count in sorted(self.player.skipped.items())]
        return [*filter(None, [self.capture.damage]), *skipped]

    def take(self, record: AnyRecord) -> None:
        """Let time pass up to a record, and apply it."""
        if not self.records:
            self._next_tick_ns = record.ns + CADENCE_NS
        self.records += 1
        self.now_ns = max(self.now_ns, record.ns)
        if self.now_ns - self._next_tick_ns > _LONGEST_GAP_NS:
            self._next_tick_ns = self.now_ns
        while self._next_tick_ns <= self.now_ns:
            self.runner.advance(self._next_tick_ns)
            self._next_tick_ns += CADENCE_NS
        for event in self.player.events(record):
            self.runner.apply(event)

    def to_end(self) -> Snapshot:
        """Take every record; the snapshot at the last."""
        for record in self.capture.records():
            self.take(record)
        self.runner.advance(self.now_ns)
        return self.runner.engine.snapshot(self.now_ns)


class ReplayHost(EngineThread):
    """An engine on a capture, for the screen. When the capture ends the picture stays, its ages as they were.

    ``speed`` 1 plays as it was recorded, ``None`` as fast as possible.
    """

    def __init__(
        self, path: Path, engine: EngineCore, broker: Broker, *, speed: float | None = 1.0, refresh_hz: float = 2.0
    ) -> None:
        """Raises CaptureError where the file cannot be read or is no capture."""
        super().__init__(engine, broker, refresh_hz)
        self.replay = Replay(path, self._runner)
        self.finished = False
        self._speed = speed
        self._start_ns = self._due_ns = 0
        self._start_seconds = 0.0

    def _now_ns(self) -> int:
        if self._speed is None or self.finished or self._loop is None or not self._due_ns:
            return self.replay.now_ns
        played = round((self._loop.time() - self._start_seconds) * self._speed * _NS)
        return max(self.replay.now_ns, min(self._due_ns, self._start_ns + played))

    def _work(self) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._play()

    async def _play(self) -> None:
        assert self._loop is not None
        for record in self.replay.capture.records():
            if not self._start_ns:
                self._start_ns, self._start_seconds = record.ns, self._loop.time()
            self._due_ns = record.ns
            await self._until_due(record)
            self._guarded(self.replay.take, record)
        self.finished = True
        self._cut_now()

    async def _until_due(self, record: AnyRecord) -> None:
        assert self._loop is not None
        if self._speed is None:
            if self.replay.records % _RECORDS_A_TURN == 0:
                await asyncio.sleep(0)
            return
        due = self._start_seconds + (record.ns - self._start_ns) / _NS / self._speed
        if due > self._loop.time():
            await asyncio.sleep(due - self._loop.time())

    def _finish_snapshot(self, snapshot: Snapshot) -> Snapshot:
        if not self.finished:
            return snapshot
        words = "; ".join(["finished", *self.replay.notes])
        return msgspec.structs.replace(snapshot, source=f"{snapshot.source}, {words}")
