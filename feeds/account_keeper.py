"""Keeps one account at its venue read: swept over REST again and again, at once after its stream was interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from core.events import AnyEvent, ConnectionChanged, ConnectionState
from feeds.clock import Clock
from feeds.keeper import Keeper
from feeds.leg import Emit
from feeds.venue import AccountFeed

EVERY_SECONDS = 15.0
"""Twice within the age at which what is known of an account counts as late."""

LEAST_SECONDS = 3.0
"""Between the beginnings of two sweeps. A stream that comes and goes asks for one each time, and there are venues that
shut an address out for minutes when one endpoint is asked too often within a second."""

OVERLAP_NS = 600 * 1_000_000_000
"""Records of a venue's ledger appear late: each sweep looks so far back beyond the last one. What was booked already is
known by its id."""


class AccountKeeper(Keeper):
    """Reads one account into ``emit``. ``since_ns`` is from when on fills, funding and fees are wanted."""

    def __init__(
        self,
        feed: AccountFeed,
        instruments: Sequence[str],
        emit: Emit,
        clock: Clock,
        since_ns: Callable[[], int],
        *,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        super().__init__(feed.venue, emit, clock, tap=None, every_seconds=every_seconds)
        self.name = f"account {feed.account}"
        self._account, self._instruments, self._since_ns = feed, tuple(instruments), since_ns
        self._asked_ns = self._swept_ns = 0

    async def _read(self) -> None:
        await asyncio.sleep(max(0, self._asked_ns + round(LEAST_SECONDS * 1e9) - self._clock.now_ns()) / 1e9)
        begun_ns = self._asked_ns = self._clock.now_ns()
        since_ns = self._swept_ns - OVERLAP_NS if self._swept_ns else self._since_ns()
        for event in await self._account.sweep(self._instruments, since_ns):
            self._emit(event)
        self._swept_ns = begun_ns

    def streamed(self, event: AnyEvent) -> None:
        """Take what the private stream says; once it has begun anew, read what it may have missed."""
        self._emit(event)
        if isinstance(event, ConnectionChanged) and event.state is ConnectionState.LIVE:
            self.reread()
