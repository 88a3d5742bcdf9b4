"""Keeps the price history of one venue's instruments read, after everything that the first picture needs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from core.history import CONNECTION, DAY_NS, HOUR_NS
from feeds.clock import Clock
from feeds.keeper import Keeper
from feeds.records import Tap
from feeds.reference import ReferenceKeeper
from feeds.venue import CandlesWanted, Emit, VenueFeed

EVERY_SECONDS = 3600.0

DAYS = 90
HOURS = 14 * 24
"""How far back candles are read."""


class HistoryKeeper(Keeper):
    """Reads candles into ``emit``, once ``reference`` has been read. A failure repeats only what is still missing."""

    name = CONNECTION

    def __init__(
        self,
        feed: VenueFeed,
        instruments: Sequence[str],
        emit: Emit,
        clock: Clock,
        reference: ReferenceKeeper,
        *,
        tap: Tap | None = None,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        super().__init__(feed.venue, emit, clock, tap=tap, every_seconds=every_seconds)
        self._feed = feed
        self._wanted, self._reference = tuple(wanted_of(instruments)), reference
        self._pending: deque[CandlesWanted] = deque()

    async def run(self) -> None:
        """Wait for the reference data, then read until cancelled. Raises nothing but cancellation."""
        if self._wanted:
            await self._reference.has_read.wait()
            await super().run()

    async def _read(self) -> None:
        pending = self._pending
        if not pending:
            pending.extend(self._wanted)
        try:
            async for events in self._feed.candles(tuple(pending)):
                pending.popleft()
                for event in events:
                    self._emit(event)
        except Exception:
            pending.rotate(-1)  # an answer that stays bad must not keep the others away
            raise


def wanted_of(instruments: Iterable[str]) -> Iterator[CandlesWanted]:
    """What to read of these instruments: daily candles of all first, then hourly ones of the contracts."""
    names = list(instruments)
    for name in names:
        yield CandlesWanted(instrument=name, interval_ns=DAY_NS, count=DAYS)
    for name in names:
        if name.split(":")[1] != "spot":
            yield CandlesWanted(instrument=name, interval_ns=HOUR_NS, count=HOURS)
