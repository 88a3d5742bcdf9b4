"""The signals that Textual and the monitor handle while they run, and nobody after them."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

HANDLED = (
    signal.SIGHUP,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGTSTP,
    signal.SIGCONT,
    signal.SIGWINCH,
    signal.SIGTTOU,
    signal.SIGTTIN,
)


@contextlib.contextmanager
def signals_restored() -> Iterator[None]:
    """Give every one of them back to whoever handled it before."""
    before = {number: signal.getsignal(number) for number in HANDLED}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # None: it was not set from Python, so neither can it be set back
                signal.signal(number, handler)
