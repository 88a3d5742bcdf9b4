"""A terminal driver whose terminal may stall, hang up or vanish without stopping the app.

Textual's own driver hands writes to a thread through a bounded queue, so that an unread terminal blocks the event
loop after about a second, and reads keys on a thread that spins once the terminal has gone. Here the terminal is
written to without ever waiting for it, keys are read on the event loop, and a terminal that has gone is told to the
app, once.

Private names of Textual 8.2.8 used here: ``LinuxDriver._file``, ``_key_thread``, ``_writer_thread``, ``_debug``,
``_loop`` and ``_run_input_thread``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
import termios
import time
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import constants
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

if TYPE_CHECKING:
    from textual.app import App

BACKLOG_LIMIT = 1 << 20
"""Bytes kept for a terminal that does not read; what comes after is dropped (the app repaints when it reads again)."""

STALLED_SECONDS = 0.25
"""A terminal that has taken nothing for this long, although there was something to take, counts as stalled."""

CANCEL = "\x18"
"""Ends an escape sequence that was cut off in the middle."""

_PATIENCE_SECONDS = 0.3
_CLOSE_SECONDS = 1.0
_LAST_TRIES = 10
"""How often the last bytes are offered once room was made: counted, so that they are even where the process stood."""


class TerminalGone(Message):
    """The terminal has hung up: nothing written to it will be seen again."""


class TerminalOutput:
    """Writes to a terminal as fast as it reads and never waits for it; all calls are made on the loop's thread.

    ``on_gone`` is called when writing fails for good.
    """

    def __init__(self, fileno: int, loop: asyncio.AbstractEventLoop, on_gone: Callable[[], None]) -> None:
        self._fileno, self._shared = _open_without_waiting(fileno)
        self._loop = loop
        self._on_gone = on_gone
        self._queue: deque[memoryview] = deque()
        self._progress = time.monotonic()
        self._watching = False
        self._gone = False
        self._drained_callback: Callable[[], None] | None = None
        self._last: bytearray | None = None
        self.backlog = 0

    @property
    def stalled_seconds(self) -> float:
        """How long the terminal has taken nothing although there is something to take."""
        return time.monotonic() - self._progress if self.backlog else 0.0

    def write(self, text: str) -> None:
        """Write ``text``, now or when the terminal reads again.

        Dropped where the terminal has gone, or where its backlog is at its limit and :meth:`begin_last` was not called.
        """
        data = text.encode("utf-8", "replace")
        if self._gone or (self._last is None and self.backlog + len(data) > BACKLOG_LIMIT):
            return
        if self._last is not None:
            self._last += data
        if not self.backlog:
            self._progress = time.monotonic()
        self._queue.append(memoryview(data))
        self.backlog += len(data)
        if not self._watching:
            self._send()
            self._watch(bool(self.backlog))

    def call_when_drained(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` once, soon, when nothing is left to write."""
        if self.backlog:
            self._drained_callback = callback
        else:
            self._loop.call_soon(callback)

    def discard(self) -> None:
        """Forget everything that waits: frames that nobody will see any more, the last perhaps cut in the middle."""
        self._queue.clear()
        self.backlog = 0

    def begin_last(self) -> None:
        """What is written from now on restores the terminal, and is written whatever waits before it."""
        if self._last is None:
            self._last = bytearray()

    def close(self) -> None:
        """Write what is left and stop, within about a second.

        Where the terminal takes nothing, or too little in that time, what it has not read is thrown away, and of what
        waits all but the last bytes: those that restore it.
        """
        self._watch(False)
        begin = time.monotonic()
        while self.backlog and self.stalled_seconds <= _PATIENCE_SECONDS and time.monotonic() - begin < _CLOSE_SECONDS:
            self._offer()
        if self.backlog:
            self._make_room()
        for _ in range(_LAST_TRIES):
            if self.backlog:
                self._offer()
        if self._shared:
            with contextlib.suppress(OSError):
                os.set_blocking(self._fileno, True)
        with contextlib.suppress(OSError):
            os.close(self._fileno)

    def _make_room(self) -> None:
        """Throw away what was not read, the beginning of the last bytes perhaps among it: they are written anew."""
        with contextlib.suppress(termios.error):
            termios.tcflush(self._fileno, termios.TCOFLUSH)
        if self._last is not None:
            self.discard()
            self._queue.append(memoryview(CANCEL.encode() + self._last))
            self.backlog = len(self._queue[0])

    def _offer(self) -> None:
        """Send what the terminal takes, waiting a moment for it to take anything."""
        with contextlib.suppress(OSError, ValueError):
            select.select([], [self._fileno], [], 0.02)
        self._send()

    def _send(self) -> None:
        while self._queue:
            view = self._queue[0]
            try:
                written = os.write(self._fileno, view)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._give_up()
                return
            self.backlog -= written
            self._progress = time.monotonic()
            if written < len(view):
                self._queue[0] = view[written:]
            else:
                self._queue.popleft()

    def _on_writable(self) -> None:
        self._send()
        if not self.backlog:
            self._watch(False)
            if self._drained_callback is not None and not self._gone:
                self._loop.call_soon(self._drained_callback)
                self._drained_callback = None

    def _watch(self, wanted: bool) -> None:
        if wanted == self._watching:
            return
        self._watching = wanted
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if wanted:
                self._loop.add_writer(self._fileno, self._on_writable)
            else:
                self._loop.remove_writer(self._fileno)

    def _give_up(self) -> None:
        self._gone = True
        self._queue.clear()
        self.backlog = 0
        self._watch(False)
        self._on_gone()


def _open_without_waiting(fileno: int) -> tuple[int, bool]:
    """The same terminal through a descriptor of our own whose writes do not wait; true where it is a shared one.

    The descriptor we were given is shared with the shell and whoever else has the terminal open: whether writes wait
    is a property of what is shared, so it must be opened anew, and only where that fails changed for all.
    """
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    for find in (os.ttyname, lambda number: f"/proc/self/fd/{number}"):
        with contextlib.suppress(OSError):
            return os.open(find(fileno), flags), False
    own = os.dup(fileno)
    os.set_blocking(own, False)
    return own, True


class MonitorDriver(LinuxDriver):
    """Textual's Linux driver with an output that never waits and keys read on the loop."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if sys.__stdout__ is not None and sys.__stdout__.isatty():
            self._file = sys.__stdout__
        self._output: TerminalOutput | None = None
        self._reading = False
        self._starting = self._wanted = False
        self._gone_told = False
        self._timeout: asyncio.TimerHandle | None = None

    # --- writing -------------------------------------------------------------------------------------------

    @property
    def backlog(self) -> int:
        """Bytes the terminal has not taken yet."""
        return self._output.backlog if self._output is not None else 0

    @property
    def stalled_seconds(self) -> float:
        """How long the terminal has not read although it should."""
        return self._output.stalled_seconds if self._output is not None else 0.0

    def call_when_drained(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` once on the event loop when the terminal has taken everything."""
        if self._output is not None:
            self._output.call_when_drained(callback)

    def write(self, data: str) -> None:
        """Write ``data`` to the terminal, or keep it until the terminal reads; returns at once."""
        if self._output is not None:
            self._output.write(data)

    def flush(self) -> None:
        """Nothing to do: every write is on its way already."""

    # --- life ----------------------------------------------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take over the terminal, unless that has been done already.

        The kernel follows a hang-up's SIGHUP with SIGCONT, which Textual takes as the end of a suspension, even when
        the app has ended. A SIGCONT that comes while this is under way is not taken at once, or two would take over.
        """
        self._wanted = True
        if self._reading or self._starting or not self._loop.is_running():
            return
        self._starting = True
        try:
            while self._wanted and not self._reading:
                self._wanted = False
                self._take_over()
        finally:
            self._starting = False

    def _take_over(self) -> None:
        assert self._file is not None
        self._output = TerminalOutput(self._file.fileno(), self._loop, self._tell_gone)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is None:
            # Refused: the process is in the background, and will be told when it may take the terminal.
            self.close()
            return
        self._writer_thread.stop()
        self._writer_thread = None
        self._start_reading()

    def stop_application_mode(self) -> None:
        """Give the terminal back; one that has stalled gets only what restores it."""
        if self._output is not None:
            stalled = self.stalled_seconds > STALLED_SECONDS
            if stalled:
                self._output.discard()
            self._output.begin_last()
            if stalled:
                self.write(CANCEL)
        super().stop_application_mode()

    def disable_input(self) -> None:
        """Stop listening to the terminal."""
        self._stop_reading()
        super().disable_input()

    def close(self) -> None:
        """Write what is left, within a bounded time."""
        if self._output is not None:
            self._output.close()
            self._output = None

    # --- reading -------------------------------------------------------------------------------------------

    def _run_input_thread(self) -> None:
        """Textual's input thread has nothing to do: the loop reads the keys."""

    def _start_reading(self) -> None:
        self._parser = XTermParser(self._debug)
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._reading = True
        self._loop.add_reader(self.fileno, self._read)

    def _stop_reading(self) -> None:
        if not self._reading:
            return
        self._reading = False
        with contextlib.suppress(OSError, ValueError):
            self._loop.remove_reader(self.fileno)
        if self._timeout is not None:
            self._timeout.cancel()
        with contextlib.suppress(EOFError, ParseError):
            for _ in self._parser.feed(""):
                pass

    def _read(self) -> None:
        try:
            data = os.read(self.fileno, 4096)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._stop_reading()
            self._tell_gone()
            return
        if text := self._decode(data):
            for message in self._parser.feed(text):
                self.process_message(message)
        self._expect_timeout()

    def _expect_timeout(self) -> None:
        """Come back when a sequence that has only begun (a lone escape) must be taken as it is."""
        if self._timeout is not None:
            self._timeout.cancel()
        self._timeout = self._loop.call_later(constants.ESCAPE_DELAY + 0.01, self._time_out)

    def _time_out(self) -> None:
        if self._reading:
            for message in self._parser.tick():
                self.process_message(message)

    # --- the end of the terminal ---------------------------------------------------------------------------

    def _tell_gone(self) -> None:
        """Tell the app, once."""
        if not self._gone_told:
            self._gone_told = True
            self._app.post_message(TerminalGone())
