"""What must be ready before anything heavy is imported: display options, the check for a terminal, a first picture.

This module imports nothing beyond the standard library, so that something is on the screen within a few hundredths
of a second while Textual and the venues' clients are still being imported.
"""

from __future__ import annotations

import atexit
import os
import sys
from dataclasses import dataclass

NO_TERMINAL = 2
"""Exit code where the monitor is asked for without a terminal to show it on."""


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """How the monitor looks and behaves.

    ``refresh_hz`` is pictures a second (alerts come at once). ``theme`` is the name of a theme of ours or of
    Textual's; empty picks one for the terminal. ``private`` starts with amounts hidden, ``bell`` rings for alerts.
    """

    refresh_hz: float = 2.0
    theme: str = ""
    mouse: bool = False
    private: bool = False
    ascii: bool = False
    bell: bool = True


def require_terminal() -> None:
    """Leave with a clear message and exit code 2 unless there is a terminal that can show the monitor."""
    if problem := _terminal_problem():
        print(f"hedgerow: {problem}", file=sys.stderr)
        raise SystemExit(NO_TERMINAL)


def _terminal_problem() -> str:
    hint = "for use in scripts there are `hedgerow status --json` and `hedgerow replay FILE --json`"
    for name, stream in (("input", sys.__stdin__), ("output", sys.__stdout__)):
        if stream is None or stream.closed or not stream.isatty():
            return f"the monitor needs a terminal, and standard {name} is not one; {hint}"
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return f"the monitor needs a terminal that can address its cells, and TERM is {term or 'not set'!s}; {hint}"
    return ""


class Skeleton:
    """The monitor's outline, painted before the monitor itself can be."""

    def __init__(self) -> None:
        self._shown = False

    def show(self, mode: str) -> None:
        """Switch to the alternate screen and paint the outline; ``mode`` is the word for the header (``DEMO`` …)."""
        if self._shown or sys.__stdout__ is None:
            return
        self._shown = True
        atexit.register(self.withdraw)
        columns, rows = _terminal_size()
        rule = "─" * max(0, columns - 2)
        _write(
            "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
            f"\x1b[1;1H\x1b[1m hedgerow \x1b[0m\x1b[7m {mode} \x1b[0m  starting …"
            f"\x1b[2;1H\x1b[2m╭{rule}╮\x1b[{max(3, rows - 1)};1H╰{rule}╯\x1b[0m"
        )

    def adopted(self) -> None:
        """The monitor has taken over the screen and will give it back itself."""
        self._shown = False

    def withdraw(self) -> None:
        """Give the screen back, where the monitor never came to do it."""
        if self._shown:
            self._shown = False
            _write("\x1b[?7h\x1b[?1049l\x1b[?25h")


skeleton = Skeleton()
"""The one outline of this process."""


def _terminal_size() -> tuple[int, int]:
    try:
        size = os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ is not None else 1)
    except (OSError, ValueError):
        return 80, 24
    return size.columns or 80, size.lines or 24


def _write(text: str) -> None:
    stream = sys.__stdout__
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError, UnicodeEncodeError):
        return
