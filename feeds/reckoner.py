"""Scenarios reckoned in a process of their own, so that neither the engine's loop nor the screen ever waits for them.

An exact search takes a tenth of a second and more, and a thread that reckons keeps the interpreter from the others. The
process is started when scenarios are first looked at. It is given what is wanted and sends views of it back
(:mod:`feeds.reckoning`); whatever else comes to be wanted takes the place of that. It ends with the loop, or when this
process does, however that happens. Where it fails again and again, the engine reckons by itself, part by part.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from core.reckoning import Reckoning
from core.scenarios import Scenarios
from feeds.reckoning import LENGTH_BYTES, Reckoned

MOST_FAILURES = 3
"""So often in a row the process may end before it has reckoned anything to the end."""
STOP_SECONDS = 1.0

_LOGGER = logging.getLogger("hedgerow.engine")
_DECODER = msgspec.msgpack.Decoder(Reckoned)


class Reckoner:
    """Reckons what an engine's scenarios want. ``tell`` is called when somebody waits for what has been reckoned: the
    first view, another grid, the whole of it.

    All calls are made on the engine's loop.
    """

    def __init__(self, scenarios: Scenarios, tell: Callable[[], None]) -> None:
        self._scenarios, self._tell = scenarios, tell
        self._given: Reckoning | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._asked = asyncio.Event()
        self._failures = 0

    @property
    def pid(self) -> int | None:
        """The process that reckons; ``None`` while there is none."""
        return self._process.pid if self._process is not None else None

    def look(self) -> bool:
        """See whether something else is wanted than what the process was given, and give it that; True where it was."""
        wanted = self._scenarios.wanted
        if wanted is self._given:
            return False
        if self._process is None:
            self._asked.set()
            return False
        self._given = wanted
        assert self._process.stdin is not None
        data = pickle.dumps(wanted, pickle.HIGHEST_PROTOCOL)
        self._process.stdin.write(len(data).to_bytes(LENGTH_BYTES) + data)
        return True

    async def run(self) -> None:
        """Reckon until cancelled, or until the process has failed too often."""
        self._scenarios.elsewhere = True
        while self._failures < MOST_FAILURES:
            self.look()
            await self._asked.wait()
            self._asked.clear()
            self._failures += 1
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, msgspec.MsgspecError):
                await self._use_process()
        _LOGGER.error("scenarios cannot be reckoned in a process of their own: the engine reckons them by itself")
        self._scenarios.elsewhere = False

    async def _use_process(self) -> None:
        """Start a process and take in what it sends. Raises IncompleteReadError when it ends."""
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "feeds.reckoning"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(_paths())},
            start_new_session=True,
        )
        try:
            self.look()
            assert process.stdout is not None
            while True:
                length = await process.stdout.readexactly(LENGTH_BYTES)
                self._take(_DECODER.decode(await process.stdout.readexactly(int.from_bytes(length))))
        finally:
            self._process = self._given = None
            await _end(process)

    def _take(self, found: Reckoned) -> None:
        shown, view = self._scenarios.view, found.view
        if not self._scenarios.reckoned(found.number, view):
            return
        if view.complete:
            self._failures = 0
        if view.complete or shown is None or (shown.grid is None, shown.axis) != (view.grid is None, view.axis):
            self._tell()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a process whose input is closed; kill it where it does not end."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _paths() -> list[str]:
    """Where the process finds our modules: where this one has them from."""
    return [str(Path(__file__).parents[1]), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
