"""A terminal driver whose terminal may stall, hang up or vanish without stopping the app.

Textual's own driver hands writes to a thread through a bounded queue, so that an unread terminal blocks the event
loop after about a second, and reads keys on a thread that spins once the terminal has gone. Here writes are only
ever queued, keys are read on the event loop, and a terminal that has gone is told to the app, once.

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
import threading
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

WRITE_SIZE = 4096
STALLED_SECONDS = 0.25
"""A terminal that has taken nothing for this long, although there was something to take, counts as stalled."""
CANCEL = "\x18"
"""Ends an escape sequence that was cut off in the middle."""
CLOSE_SECONDS = 1.0
RESCUE_SECONDS = 0.3


class TerminalGone(Message):
    """The terminal has hung up: nothing written to it will be seen again."""


class TerminalWriter:
    """Writes to a terminal on a thread of its own; only that thread waits for the terminal to read.

    ``on_gone`` is called on that thread when writing fails for good.
    """

    def __init__(self, fileno: int, on_gone: Callable[[], None]) -> None:
        self._fileno = fileno
        self._on_gone = on_gone
        self._changed = threading.Condition()
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._in_flight = 0
        self._progress = time.monotonic()
        self._closing = False
        self._abandon = False
        self._gone = False
        self._drained_callback: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name="terminal-writer", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """Bytes accepted here that the terminal has not taken yet."""
        return self._queued + self._in_flight

    @property
    def stalled_seconds(self) -> float:
        """How long the terminal has taken nothing although there is something to take."""
        return time.monotonic() - self._progress if self.backlog else 0.0

    def write(self, text: str) -> None:
        """Queue ``text``; never blocks. Dropped where the terminal has gone or the backlog is at its limit."""
        data = text.encode("utf-8", "replace")
        with self._changed:
            if self._gone or self._closing or self.backlog + len(data) > BACKLOG_LIMIT:
                return
            if not self.backlog:
                self._progress = time.monotonic()
            self._queue.append(data)
            self._queued += len(data)
            self._changed.notify()

    def call_when_drained(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` once, on the writer's thread, as soon as nothing is left to write."""
        with self._changed:
            if self.backlog:
                self._drained_callback = callback
                return
        callback()

    def discard(self) -> None:
        """Forget what has not been begun: frames that nobody will see any more."""
        with self._changed:
            self._queue.clear()
            self._queued = 0

    def close(self) -> None:
        """Finish writing and stop the thread, within about a second.

        A terminal that is stalled keeps the thread in the kernel; throwing away what the terminal has not read makes
        room for the last bytes, those that restore it.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(RESCUE_SECONDS)
        if self._thread.is_alive():
            self._abandon = True
            with contextlib.suppress(termios.error):
                termios.tcflush(self._fileno, termios.TCOFLUSH)
            self._thread.join(CLOSE_SECONDS - RESCUE_SECONDS)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._closing:
                    self._changed.wait()
                if not self._queue:
                    return
                data = self._queue.popleft()
                self._in_flight = len(data)
                self._queued -= len(data)
            if not self._send(data):
                self._give_up()
                return
            self._tell_if_drained()

    def _send(self, data: bytes) -> bool:
        view = memoryview(data)
        while view:
            try:
                written = os.write(self._fileno, view[:WRITE_SIZE])
            except BlockingIOError:
                # Some other program has made the terminal non-blocking; it is shared with whoever else has it open.
                with contextlib.suppress(OSError, ValueError):
                    select.select([], [self._fileno], [], 1.0)
                continue
            except OSError:
                return False
            view = view[written:]
            if self._abandon:
                self._abandon = False
                view = view[:0]
            self._in_flight = len(view)
            self._progress = time.monotonic()
        return True

    def _tell_if_drained(self) -> None:
        callback = None
        with self._changed:
            if not self.backlog:
                callback, self._drained_callback = self._drained_callback, None
        if callback is not None:
            callback()

    def _give_up(self) -> None:
        with self._changed:
            self._gone = True
            self._queue.clear()
            self._queued = self._in_flight = 0
        self._on_gone()


class MonitorDriver(LinuxDriver):
    """Textual's Linux driver with a writer that never blocks the loop and keys read on the loop."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if sys.__stdout__ is not None and sys.__stdout__.isatty():
            self._file = sys.__stdout__
        self._output: TerminalWriter | None = None
        self._reading = False
        self._gone_told = False
        self._tick_handle: asyncio.TimerHandle | None = None

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
            self._output.call_when_drained(lambda: self._call_on_loop(callback))

    def write(self, data: str) -> None:
        """Queue ``data`` for the terminal; returns at once."""
        if self._output is not None:
            self._output.write(data)

    def flush(self) -> None:
        """Nothing to do: every write is on its way already."""

    # --- life ----------------------------------------------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take over the terminal, unless that has been done already.

        The kernel follows a hang-up's SIGHUP with SIGCONT, which Textual takes as the end of a suspension.
        """
        if self._reading:
            return
        assert self._file is not None
        self._output = TerminalWriter(self._file.fileno(), self._tell_gone)
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
        if self._output is not None and self.stalled_seconds > STALLED_SECONDS:
            self._output.discard()
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
        if self._tick_handle is not None:
            self._tick_handle.cancel()
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
        if self._tick_handle is not None:
            self._tick_handle.cancel()
        self._tick_handle = self._loop.call_later(constants.ESCAPE_DELAY + 0.01, self._tick)

    def _tick(self) -> None:
        if self._reading:
            for message in self._parser.tick():
                self.process_message(message)

    # --- the end of the terminal ---------------------------------------------------------------------------

    def _tell_gone(self) -> None:
        """Tell the app once; called on the loop or on the writer's thread."""
        if not self._gone_told:
            self._gone_told = True
            self._call_on_loop(lambda: self._app.post_message(TerminalGone()))

    def _call_on_loop(self, callback: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody is left to tell
            self._loop.call_soon_threadsafe(callback)
