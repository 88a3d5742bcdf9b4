"""``python -m feeds.reckoning``: the process that reckons scenarios (see :mod:`feeds.reckoner`).

Both ways a message is its length and its bytes. In comes a pickled :class:`core.reckoning.Reckoning`, or ``None`` to
rest; each takes the place of the one before. Out go MessagePack views of it: one as soon as the grid is there, then a
few a second, the complete one last. The process ends when its input does.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterator
from decimal import localcontext
from types import FrameType
from typing import BinaryIO

import msgspec

from core.exact import CONTEXT
from core.reckoning import Reckoning
from core.scenario_view import ScenarioView

LENGTH_BYTES = 4
EVERY_SECONDS = 0.25
"""How often a view is sent that is neither complete nor the first with its grid."""


class Reckoned(msgspec.Struct, frozen=True):
    """A view of the reckoning of that number."""

    number: int
    view: ScenarioView


class Superseded(BaseException):
    """Something else is wanted than what is being reckoned."""


class Inbox:
    """What is wanted, read in a thread: the newest message alone counts, and the end of the input is our end.

    A new message interrupts whoever reckons in the main thread, in the middle of a search if need be.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._changed = threading.Condition()
        self._newest: Reckoning | None = None
        self._reckoning = False
        signal.signal(signal.SIGUSR1, self._interrupt)
        self._thread = threading.Thread(target=self._read, name="inbox", daemon=True)
        self._thread.start()

    def another(self, done: Reckoning | None) -> Reckoning:
        """Wait until something is wanted that is not ``done``."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None and self._newest is not done)
            assert self._newest is not None
            return self._newest

    def while_newest(self, wanted: Reckoning) -> Iterator[ScenarioView]:
        """The views of a reckoning, as long as nothing else is wanted."""
        views = wanted.views(grid_first=True)
        with contextlib.suppress(Superseded):
            while True:
                self._reckoning = True
                view = next(views, None) if self._newest is wanted else None
                self._reckoning = False
                if view is None:
                    return
                yield view

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._reckoning:
            self._reckoning = False
            raise Superseded

    def _read(self) -> None:
        while len(head := self._stream.read(LENGTH_BYTES)) == LENGTH_BYTES:
            data = self._stream.read(int.from_bytes(head))
            wanted = pickle.loads(data)  # noqa: S301 - from the process that started this one, through its own pipe
            with self._changed:
                self._newest = wanted
                self._changed.notify()
            _thread.interrupt_main(signal.SIGUSR1)
        os._exit(0)


def worth_sending(wanted: Reckoning, views: Iterator[ScenarioView]) -> Iterator[ScenarioView]:
    """Those views that somebody would notice."""
    grid, sent = wanted.old and wanted.old.grid, time.monotonic()
    for view in views:
        if view.complete or view.grid is not grid or time.monotonic() - sent >= EVERY_SECONDS:
            yield view
            grid, sent = view.grid, time.monotonic()


def main() -> None:
    """Reckon what is wanted until the input ends."""
    inbox, wanted = Inbox(sys.stdin.buffer), None
    while True:
        wanted = inbox.another(wanted)
        with localcontext(CONTEXT):
            for view in worth_sending(wanted, inbox.while_newest(wanted)):
                data = msgspec.msgpack.encode(Reckoned(wanted.number, view))
                sys.stdout.buffer.write(len(data).to_bytes(LENGTH_BYTES) + data)
                sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
