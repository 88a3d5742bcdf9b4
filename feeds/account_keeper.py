"""Keeps one account at its venue read: swept over REST again and again, at once after its stream was interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from core.events import (
    AccountSettings,
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    ConnectionChanged,
    ConnectionState,
    FeeCharged,
    Fill,
    FundingPayment,
    PositionUpdate,
)
from feeds.clock import Clock
from feeds.keeper import Keeper
from feeds.venue import AccountFeed, Emit

EVERY_SECONDS = 15.0
"""Less than the age at which what is known of an account counts as late, by as much as a sweep takes."""

LEAST_SECONDS = 3.0
"""Between the beginnings of two sweeps. A stream that comes and goes asks for one each time, and there are venues that
shut an address out for minutes when one endpoint is asked too often within a second."""

OVERLAP_NS = 600 * 1_000_000_000
"""Records of a venue's ledger appear late: each sweep looks so far back beyond the last one. What was booked already is
known by its id."""


_HAPPENED = (Fill, FundingPayment, FeeCharged)


def in_order(events: Sequence[AnyEvent], asked_ns: int) -> list[AnyEvent]:
    """A sweep as it is to be told: first what happened, in its order, then what is, each report with when it was asked
    for.

    A position that already counts a fill must not come before it, and none is closed before it is opened. Many lists
    begin with the newest: there, what happened at one moment is told in the order of the list turned round. What a
    position pays or is charged at the moment of a fill comes after it.
    """
    happened = [event for event in events if isinstance(event, _HAPPENED)]
    standing = [event for event in events if not isinstance(event, _HAPPENED)]
    fills = [_happened_ns(event) for event in happened if isinstance(event, Fill)]
    if fills and fills[0] > fills[-1]:
        happened.reverse()
    happened.sort(key=lambda event: (_happened_ns(event), not isinstance(event, Fill)))
    return [*happened, *(_asked(event, asked_ns) for event in standing)]


def _happened_ns(event: Fill | FundingPayment | FeeCharged) -> int:
    if isinstance(event, Fill):
        return event.venue_time_ns or event.received_ns
    return event.settled_ns if isinstance(event, FundingPayment) else event.charged_ns


def _asked(event: AnyEvent, asked_ns: int) -> AnyEvent:
    if isinstance(event, PositionUpdate | BalanceUpdate | AccountSwept):
        return msgspec.structs.replace(event, asked_ns=asked_ns)
    return event


class AccountKeeper(Keeper):
    """Reads one account into ``emit``.

    ``since_ns`` is from when on fills, funding and fees are wanted, ``key_verified`` whether it was seen what the key
    may do (``None`` for not said).
    """

    def __init__(
        self,
        feed: AccountFeed,
        instruments: Sequence[str],
        emit: Emit,
        clock: Clock,
        since_ns: Callable[[], int],
        *,
        key_verified: bool | None = None,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        super().__init__(feed.venue, emit, clock, tap=None, every_seconds=every_seconds)
        self.name = f"account {feed.account}"
        self._account, self._instruments, self._since_ns = feed, tuple(instruments), since_ns
        self._asked_ns = self._swept_ns = 0
        self._key_verified = key_verified

    async def _read(self) -> None:
        await asyncio.sleep(max(0, self._asked_ns + round(LEAST_SECONDS * 1e9) - self._clock.now_ns()) / 1e9)
        begun_ns = self._asked_ns = self._clock.now_ns()
        since_ns = self._swept_ns - OVERLAP_NS if self._swept_ns else self._since_ns()
        if self._key_verified is not None:
            self._emit(
                AccountSettings(received_ns=begun_ns, account=self._account.account, key_verified=self._key_verified)
            )
            self._key_verified = None
        for event in in_order(await self._account.sweep(self._instruments, since_ns), begun_ns):
            self._emit(event)
        self._swept_ns = begun_ns

    def streamed(self, event: AnyEvent) -> None:
        """Take what the private stream says; once it has begun anew, read what it may have missed."""
        self._emit(event)
        if isinstance(event, ConnectionChanged) and event.state is ConnectionState.LIVE:
            self.reread()
