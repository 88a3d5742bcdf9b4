"""A terminal of our own for the real app: a pty, an emulator behind it, and a clock for whoever waits.

The test plays the terminal: it reads (or does not), answers the mode queries a modern terminal would answer, sends
keys and size changes, and can hang up.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte

from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
# Sequences that pyte does not know and would print: the kitty keyboard protocol and mode queries.
_UNKNOWN = re.compile(rb"\x1b\[[<>=][0-9;]*u|\x1b\[\?[0-9]+\$p")

Cells = list[list[tuple[str, str, str, bool, bool, bool, bool]]]


def environment(**extra: str) -> dict[str, str]:
    """The environment of a colour terminal, without anything that would change what is painted."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("TEXTUAL", "COLUMNS", "LINES", "TMUX")) and key not in ("NO_COLOR", "COLORTERM")
    }
    return kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"} | extra


class PseudoTerminal:
    """A process under a pty, with an emulator that keeps what would be on the screen."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        env: dict[str, str] | None = None,
        before_exec: Callable[[], object] | None = None,
        synchronised: bool = True,
    ) -> None:
        self.size = size
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.output = bytearray()
        self.last_read = 0.0
        self.synchronised = synchronised
        self._status: int | None = None
        self._carry = b""
        self.master, slave = pty.openpty()
        self._set_size(*size)
        self.started = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            _become(slave, self.master, command, env or environment(), before_exec)
        os.close(slave)

    # --- reading -------------------------------------------------------------------------------------------

    def read(self, seconds: float) -> bytes:
        """Read for this long; what came is fed to the emulator and kept in ``output``."""
        got = bytearray()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            got += self.read_some(min(left, 0.05))
        return bytes(got)

    def read_left(self) -> None:
        """Read what a process that has ended has left."""
        while self.read_some(0.05):
            pass

    def wait_for(self, condition: Callable[[], bool], seconds: float = PATIENCE, what: str = "") -> float:
        """Read until ``condition`` holds; how long that took. Fails with the screen's text where it never does."""
        begin = time.monotonic()
        while not condition():
            if time.monotonic() - begin > seconds:
                raise AssertionError(f"not within {seconds} s: {what}\n" + "\n".join(self.screen.display))
            self.read_some(0.02)
        return time.monotonic() - begin

    def wait_for_text(self, text: str, seconds: float = PATIENCE) -> float:
        """Read until ``text`` is on the screen."""
        return self.wait_for(lambda: text in self.text, seconds, text)

    def wait_for_no_text(self, text: str) -> float:
        """Read until ``text`` is not on the screen any more."""
        return self.wait_for(lambda: text not in self.text, what=f"no {text}")

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.screen.display)

    def cells(self) -> Cells:
        """Every cell: character, colours, bold, italics, underline, reverse."""
        width, height = self.size
        return [
            [
                (cell.data, cell.fg, cell.bg, cell.bold, cell.italics, cell.underscore, cell.reverse)
                for cell in (self.screen.buffer[y][x] for x in range(width))
            ]
            for y in range(height)
        ]

    def read_some(self, seconds: float) -> bytes:
        """Wait at most this long for something to read; what came is fed to the emulator and kept in ``output``."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self.master, 65_536)
        except OSError:
            time.sleep(min(seconds, 0.01))
            return b""
        self.last_read = time.monotonic()
        self.output += data
        self._answer(data)
        self._feed(data)
        return data

    def _feed(self, data: bytes) -> None:
        data = self._carry + data
        # A sequence may be split between two reads: keep an unfinished one for the next.
        start = data.rfind(b"\x1b")
        if start >= 0 and not re.match(rb"\x1b(\[[0-9;?<>=$]*[A-Za-z@`~]|[^\[])", data[start:]):
            data, self._carry = data[:start], data[start:]
        else:
            self._carry = b""
        self.stream.feed(_UNKNOWN.sub(b"", data))

    def _answer(self, data: bytes) -> None:
        for mode, supported in ((b"2026", self.synchronised), (b"2048", False)):
            if b"\x1b[?" + mode + b"$p" in data:
                self.send_bytes(b"\x1b[?" + mode + (b";2$y" if supported else b";0$y"))

    # --- acting --------------------------------------------------------------------------------------------

    def send(self, keys: str) -> None:
        """Type these characters."""
        self.send_bytes(keys.encode())

    def send_bytes(self, data: bytes) -> None:
        """Send raw bytes to the process."""
        os.write(self.master, data)

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size, as dragging its corner does."""
        self.size = (columns, rows)
        self.screen.resize(rows, columns)
        self._set_size(columns, rows)
        self.signal(signal.SIGWINCH)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the terminal's end."""
        os.close(self.master)
        self.master = -1

    def stopped(self) -> bool:
        """Whether the process has been stopped since this was last asked, and not ended."""
        done, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
        return bool(done) and os.WIFSTOPPED(status)

    # --- the end -------------------------------------------------------------------------------------------

    def exit_code(self, seconds: float = PATIENCE, *, reading: bool = True) -> int | None:
        """Wait for the process to end: its exit code (negative: killed by that signal), ``None`` while it runs.

        ``reading`` says whether the terminal goes on reading meanwhile.
        """
        end = time.monotonic() + seconds
        while self._status is None and time.monotonic() < end:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self._status = os.waitstatus_to_exitcode(status)
            elif self.master >= 0 and reading:
                self.read_some(0.02)
            else:
                time.sleep(0.01)
        if self._status is not None and self.master >= 0 and reading:
            self.read_left()
        return self._status

    def close(self) -> None:
        """End the process, whatever state it is in."""
        if self._status is None:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _become(
    slave: int, master: int, command: Sequence[str], env: dict[str, str], before_exec: Callable[[], object] | None
) -> None:
    """In the child: take the terminal as the controlling one and become the command."""
    try:
        os.close(master)
        os.setsid()
        if before_exec is not None:
            before_exec()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for descriptor in (0, 1, 2):
            os.dup2(slave, descriptor)
        if slave > 2:
            os.close(slave)
        os.chdir(ROOT)
        os.execvpe(command[0], list(command), env)  # noqa: S606
    finally:
        os._exit(127)


def runner(*options: str) -> list[str]:
    """The command of the real app on a scripted engine (``tests/terminal/monitor_run.py``)."""
    return [sys.executable, "-m", "tests.terminal.monitor_run", *options]
