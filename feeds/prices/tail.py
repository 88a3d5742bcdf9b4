"""A file followed as it grows: by whole lines, through rotation, truncation and being written anew.

Nothing here waits or knows of prices. A line counts once its end is written: what follows the last line end may be
half of a number.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

MOST_BYTES = 64 * 1024
"""No more than this is read at once, from the end: a price is among the last lines or is no present one."""

LONGEST_LINE = 4096
_REMEMBERED = 64


class Batch(NamedTuple):
    """Lines in their order. ``written_ns`` is the file's last change; of lines that were there before anybody looked,
    ``found`` is true and only the last usable one is of interest."""

    lines: list[bytes]
    written_ns: int
    found: bool


class FollowedFile:
    """One path, whatever file it leads to."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._identity = (0, 0)
        self._seen = (-1, -1)
        self._offset = 0
        self._before = b""
        self._skipping = False
        self.unfinished = 0
        """Bytes after the last line end."""

        self.oversize = False
        """True after a look that met a line too long to be one."""

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def look(self) -> list[Batch]:
        """What was written since the last look. Raises OSError where the path leads to no plain file."""
        self.oversize = False
        found = os.stat(self._path)
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is no plain file")
        if self._descriptor is not None and (found.st_dev, found.st_ino) == self._identity:
            return self._grown(self._descriptor, found)
        left = [] if self._descriptor is None else self._grown(self._descriptor, os.fstat(self._descriptor))
        self.close()
        self._descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        opened = os.fstat(self._descriptor)
        self._identity = (opened.st_dev, opened.st_ino)
        self._begin()
        return left + self._read(self._descriptor, opened, found=True)

    def _begin(self) -> None:
        self._offset, self._before, self._skipping = 0, b"", False

    def _grown(self, descriptor: int, now: os.stat_result) -> list[Batch]:
        if (now.st_size, now.st_mtime_ns) == self._seen:
            return []
        # Longer and alike up to where it was read: it has grown. Anything else, it was written anew.
        grown = now.st_size > self._offset and self._alike(descriptor)
        if not grown:
            self._begin()
        return self._read(descriptor, now, found=not grown)

    def _alike(self, descriptor: int) -> bool:
        return os.pread(descriptor, len(self._before), self._offset - len(self._before)) == self._before

    def _read(self, descriptor: int, now: os.stat_result, *, found: bool) -> list[Batch]:
        """The whole lines up to the size of ``now``."""
        self._seen = (now.st_size, now.st_mtime_ns)
        start = max(self._offset, now.st_size - MOST_BYTES)
        self._skipping = self._skipping or start > self._offset
        content = os.pread(descriptor, now.st_size - start, start)
        *lines, rest = content.split(b"\n")
        if self._skipping and lines:
            del lines[0]
            self._skipping = False
        whole = content[: len(content) - len(rest)]
        before = self._before + whole if start == self._offset else whole
        self._before, self._offset, self.unfinished = before[-_REMEMBERED:], start + len(whole), len(rest)
        if len(rest) > LONGEST_LINE:
            self._skip(rest)
        if any(len(line) > LONGEST_LINE for line in lines):
            self.oversize = True
            lines = [line for line in lines if len(line) <= LONGEST_LINE]
        lines = [line for line in lines if line.strip()]
        return [Batch(lines, now.st_mtime_ns, found)] if lines else []

    def _skip(self, rest: bytes) -> None:
        """Read no further into a line that never ends."""
        self.oversize, self._skipping = True, True
        self._offset += len(rest)
        self._before, self.unfinished = rest[-_REMEMBERED:], 0
