"""Keeps instruments and tiers of one venue read."""

from __future__ import annotations

from collections.abc import Sequence

from feeds.clock import Clock
from feeds.keeper import Keeper
from feeds.records import Tap
from feeds.venue import Emit, VenueFeed

EVERY_SECONDS = 6 * 3600.0
"""Venues change instruments and tiers about daily, without notice."""

CONNECTION = "reference"
"""The name under which trouble with REST is told, as a connection's."""


class ReferenceKeeper(Keeper):
    """Reads one venue's reference data into ``emit``."""

    name = CONNECTION

    def __init__(
        self,
        feed: VenueFeed,
        instruments: Sequence[str],
        emit: Emit,
        clock: Clock,
        *,
        tap: Tap | None = None,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        super().__init__(feed.venue, emit, clock, tap=tap, every_seconds=every_seconds)
        self._feed, self._instruments = feed, instruments

    async def _read(self) -> None:
        for event in await self._feed.reference(self._instruments):
            self._emit(event)
