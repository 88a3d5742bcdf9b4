"""An engine in a thread and event loop of its own: whatever the terminal does, it goes on.

The view holds it as its link. It reads snapshots that no longer change and leaves commands; it can be slow, stopped or
gone without the engine waiting for it at any point.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, ParamSpec, TypeVar

from core.commands import AnyCommand
from core.errors import HedgerowError, LinkClosed
from core.events import AnyEvent
from core.snapshot import Snapshot
from feeds.reckoner import Reckoner
from feeds.runner import Broker, EngineCore, Runner

WATCH_SECONDS = 0.2
"""How often time is told to the engine between snapshots, so that no alert is late for want of a tick."""

STOPPED = "the engine was stopped"

_LOGGER = logging.getLogger("hedgerow.engine")
_P = ParamSpec("_P")
_T = TypeVar("_T")


class EngineThread(ABC):
    """A running engine and broker. Implements ``core.link.EngineLink``; start it once, stop it once.

    Every public method may be called from any thread, and none but ``start``, ``stop`` and ``wait_until`` waits.
    """

    def __init__(self, engine: EngineCore, broker: Broker, refresh_hz: float) -> None:
        self._runner = Runner(engine, broker)
        self._reckoner = Reckoner(engine.scenarios, self._cut_now)
        self._refresh_seconds = 1 / refresh_hz
        self._thread = threading.Thread(target=self._run, name="hedgerow-engine", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._latest: Snapshot | None = None
        self._closed = ""
        self._failure: Exception | None = None
        self._cut = threading.Condition()
        self._running = threading.Event()

    # --- the link ---

    def latest(self) -> Snapshot | None:
        """The newest snapshot, ``None`` before the first. Raises LinkClosed once the engine has stopped."""
        if self._closed:
            raise LinkClosed(self._closed)
        return self._latest

    def send(self, command: AnyCommand) -> None:
        """Queue a command. Raises LinkClosed once the engine has stopped."""
        self._call(lambda: self._take_command(command))

    # --- running it ---

    def start(self) -> None:
        """Start the thread; returns once its loop runs."""
        self._thread.start()
        self._running.wait()

    def stop(self, seconds: float = 3.0) -> None:
        """Stop it and wait for its end, at most so long; again is harmless."""
        with contextlib.suppress(LinkClosed):
            self._call(self._stop.set)
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def wait_until(self, predicate: Callable[[Snapshot], bool], seconds: float) -> Snapshot | None:
        """The first snapshot for which the predicate holds; when time is up, the newest (``None`` if there is none).

        Blocks the calling thread only. Raises LinkClosed if the engine stops meanwhile.
        """
        deadline = time.monotonic() + seconds
        seen: Snapshot | None = None
        while True:
            self._wait_for_another(seen, deadline - time.monotonic())
            snapshot = self.latest()
            if snapshot is seen or (snapshot is not None and predicate(snapshot)):
                return snapshot
            seen = snapshot

    def _wait_for_another(self, snapshot: Snapshot | None, seconds: float) -> None:
        # The lock is held for a look, never for somebody's predicate: the engine takes it for each snapshot.
        with self._cut:
            self._cut.wait_for(lambda: self._closed or self._latest is not snapshot, seconds)

    # --- what a kind of engine thread adds ---

    @abstractmethod
    def _now_ns(self) -> int:
        """The present on the engine's timeline."""

    @abstractmethod
    def _work(self) -> Iterable[Coroutine[Any, Any, None]]:
        """What runs beside the cutting of snapshots, until it is cancelled."""

    def _finish_snapshot(self, snapshot: Snapshot) -> Snapshot:
        """A snapshot as the view is to see it."""
        return snapshot

    # --- the engine's thread ---

    def _run(self) -> None:
        reason = STOPPED
        try:
            asyncio.run(self._main())
        except HedgerowError as error:
            reason = f"the engine stopped: {error}"
        except Exception as error:
            # The supervisor's net: the view must learn that its picture is dead. The error's text may hold
            # anything, so only its type is told, and the log says where.
            reason = f"the engine failed ({type(error).__name__})"
            _LOGGER.error("%s\n%s", reason, "".join(traceback.format_tb(error.__traceback__)))
        finally:
            with self._cut:
                self._closed = reason
                self._cut.notify_all()
            self._running.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running.set()
        works = [*self._work(), self._watch(), self._reckoner.run()]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
            await self._stop.wait()
            for task in tasks:
                task.cancel()
        if self._failure is not None:
            raise self._failure

    async def _watch(self) -> None:
        """Tell the engine the time, and cut a snapshot as often as is wanted, or at once for an alert."""
        assert self._loop is not None
        next_cut = self._loop.time()
        while True:
            now_ns = self._now_ns()
            news = self._guarded(self._runner.advance, now_ns)
            late = self._loop.time() - next_cut
            if self._reckoner.look():
                await asyncio.sleep(0)  # what is wanted was gathered in this turn of the loop
            if news or late >= 0:
                self._cut_at(now_ns)
            if late >= 0:
                next_cut += self._refresh_seconds * (1 + late // self._refresh_seconds)
            await asyncio.sleep(min(WATCH_SECONDS, max(0, next_cut - self._loop.time())))

    # --- one writer ---

    def _emit(self, event: AnyEvent) -> None:
        """:meth:`_guarded`, written out for the hot path."""
        if self._failure is None:
            try:
                self._runner.apply(event)
            except Exception as error:
                self._fail(error)

    def _take_command(self, command: AnyCommand) -> None:
        now_ns = self._now_ns()
        self._guarded(self._runner.command, command, now_ns)
        self._guarded(self._runner.advance, now_ns)
        if self._reckoner.look() and self._loop is not None:
            self._loop.call_soon(self._cut_now)  # what is wanted was gathered in this turn of the loop
        else:
            self._cut_at(now_ns)

    def _cut_now(self) -> None:
        self._cut_at(self._now_ns())

    def _cut_at(self, now_ns: int) -> None:
        snapshot = self._guarded(self._runner.engine.snapshot, now_ns)
        if snapshot is not None:
            with self._cut:
                self._latest = self._finish_snapshot(snapshot)
                self._cut.notify_all()

    def _guarded(self, change: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T | None:
        """Do it, unless the engine has failed; a failure ends the run instead of leaving a half-changed book."""
        if self._failure is not None:
            return None
        try:
            return change(*arguments, **named)
        except Exception as error:
            self._fail(error)
            return None

    def _fail(self, error: Exception) -> None:
        self._failure = error
        self._stop.set()

    def _call(self, function: Callable[[], None]) -> None:
        if self._closed or self._loop is None:
            raise LinkClosed(self._closed or "the engine has not been started")
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:  # the loop closed between the two lines
            raise LinkClosed(STOPPED) from None
