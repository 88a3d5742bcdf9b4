"""Being told to leave while a command is still starting.

An exception that a signal handler raises inside an import is swallowed or turned into another one, depending on where
it strikes. While a command starts, signals are therefore noted, and looked at where leaving is safe.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LEAVING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN_SECONDS = 0.1


class Deferred:
    """The signals noted so far."""

    def __init__(self) -> None:
        self._told: int | None = None
        self._handed_over = False

    def note(self, number: int, _frame: object) -> None:
        """The handler."""
        if self._told is None:
            self._told = number
        if self._handed_over:
            again = threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()

    def check(self) -> None:
        """Leave now (SystemExit, 128 + the signal's number) where that was asked for."""
        if self._told is not None:
            raise SystemExit(128 + self._told)

    def hand_over(self) -> None:
        """Leave now where that was asked for; from here on a signal comes again until somebody else handles it."""
        self._handed_over = True
        self.check()


@contextmanager
def deferred_signals() -> Iterator[Deferred]:
    """Note the signals that ask to leave, except those that this process was told to ignore."""
    deferred = Deferred()
    before = {number: signal.getsignal(number) for number in LEAVING}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, deferred.note)
    try:
        yield deferred
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) == deferred.note:
                signal.signal(number, handler)
