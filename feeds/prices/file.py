"""The price of a contract from a file that something else writes."""

from __future__ import annotations

import asyncio

from core.events import ConnectionState, FaultKind
from core.sheet_price import PricedContract, TailedFile
from feeds.clock import Clock
from feeds.prices.keeper import PriceKeeper
from feeds.prices.tail import LONGEST_LINE, Batch, FollowedFile
from feeds.prices.values import Unusable, read_line
from feeds.venue import Emit

LOOK_SECONDS = 0.25
UNFINISHED_NS = 2_000_000_000
"""A last line without an end for so long is told: it is not used, and may never be."""

MOST_LINES = 200
"""Of more lines at once the newest are taken."""


class FileKeeper(PriceKeeper):
    """Follows one file."""

    def __init__(self, contract: PricedContract, source: TailedFile, emit: Emit, clock: Clock) -> None:
        super().__init__(contract, "file", emit, clock)
        self._source = source
        self._file = FollowedFile(source.path)
        self._unfinished: tuple[int, int] = (0, 0)
        self._told_unfinished = False

    async def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    async def look(self) -> float:
        """Look whether lines were added."""
        try:
            # In a thread of its own: a file system that hangs must not hold the engine up.
            batches = await asyncio.to_thread(self._file.look)
        except OSError as error:
            self._lost(f"{self._source.path}: {error.strerror or error}")
            return LOOK_SECONDS
        for batch in batches:
            self._tell(batch)
        if self._file.oversize:
            self._refused(Unusable(FaultKind.OVERSIZE, f"a line of more than {LONGEST_LINE} bytes"))
        self._watch_the_end()
        if self._said is None or self._said[0] in (ConnectionState.CONNECTING, ConnectionState.RECONNECTING):
            # It can be read, and nothing new stands in it.
            self._say(*((ConnectionState.LIVE,) if self._newest_ns else (ConnectionState.SUBSCRIBING, "no price yet")))
        return LOOK_SECONDS

    def _tell(self, batch: Batch) -> None:
        written_ns = batch.written_ns if batch.found else None
        if not batch.found:
            for line in batch.lines[-MOST_LINES:]:
                self._use(line, written_ns)
            return
        for line in reversed(batch.lines[-MOST_LINES:]):
            if self._use(line, written_ns):
                return

    def _use(self, line: bytes, written_ns: int | None) -> bool:
        source = self._source
        try:
            self._take(read_line(line, source.pointer, source.time_pointer, source.time_format), written_ns)
        except Unusable as problem:
            self._refused(problem)
            return False
        return True

    def _watch_the_end(self) -> None:
        """Tell of a last line that is not ended; it is not used."""
        now_ns, length = self._clock.now_ns(), self._file.unfinished
        if length != self._unfinished[0]:
            self._unfinished, self._told_unfinished = (length, now_ns), False
        if length and not self._told_unfinished and now_ns - self._unfinished[1] >= UNFINISHED_NS:
            self._told_unfinished = True
            self._refused(Unusable(FaultKind.TRUNCATED, "the last line is not ended"))
