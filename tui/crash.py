"""What is told of an error nobody expected: one line on the screen, a traceback in a file, no values in either.

An exception's text and its local variables may hold a key or an amount. The screen names only the error's kind and
place; the file has the traceback without local variables, its texts redacted.
"""

from __future__ import annotations

import os
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

LOG_NAME = "hedgerow.log"
LOG_LIMIT = 1 << 20
REDACTED = "[redacted]"

_ASSIGNED = re.compile(r"(?i)\b(\w*(?:key|secret|token|password|passphrase|signature|sign)\w*\W{1,4})[^\s,;'\"]+")
_LONG = re.compile(r"(?=[A-Za-z0-9+=_-]*[0-9])(?=[A-Za-z0-9+=_-]*[A-Za-z])[A-Za-z0-9+=_-]{16,}")


def redact(text: str) -> str:
    """``text`` without anything that looks like a secret."""
    return _LONG.sub(REDACTED, _ASSIGNED.sub(rf"\1{REDACTED}", text))


def log_path() -> Path:
    """The log file, in the user's state folder."""
    return Path(platformdirs.user_state_path("hedgerow")) / LOG_NAME


def headline(error: BaseException) -> str:
    """The error's kind and where it was raised, and nothing that was in it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def write_log(error: BaseException, moment: datetime | None = None) -> Path | None:
    """Append a traceback without local variables to the log; ``None`` where it cannot be written."""
    path = log_path()
    when = (moment or datetime.now(UTC)).isoformat(timespec="seconds")
    text = f"{when} {headline(error)}\n{_traceback(error)}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".old"))
        with os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return None
    return path


def _traceback(error: BaseException) -> str:
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind, colon, text = "".join(traceback.format_exception_only(current)).partition(": ")
        parts.append("".join([*traceback.format_tb(current.__traceback__), kind, colon, redact(text)]))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "caused by:\n".join(parts)
