"""What all sources of a sheet's price share: they look, tell what they saw, and wait until they may look again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod

from core.events import (
    ChannelChanged,
    ChannelState,
    ConnectionChanged,
    ConnectionState,
    FaultKind,
    FrameFault,
    Ticker,
)
from core.sheet_price import PricedContract
from feeds.clock import Clock
from feeds.prices.values import Quoted, Unusable
from feeds.venue import Emit

AHEAD_NS = 2_000_000_000
"""A price may be dated so far in the future, for clocks that differ; further, and it is refused."""

AFTER_FAILURE_SECONDS = 5.0

_LOGGER = logging.getLogger("hedgerow.prices")


class PriceKeeper(ABC):
    """Tells the price of one contract into ``emit``, as a connection with one channel, both called ``name``."""

    def __init__(self, contract: PricedContract, kind: str, emit: Emit, clock: Clock) -> None:
        self._contract, self._emit, self._clock = contract, emit, clock
        self._venue, _, rest = contract.instrument.partition(":")
        self.name = f"{rest.rpartition(':')[2]} {kind}"
        self._again = asyncio.Event()
        self._said: tuple[ConnectionState, str] | None = None
        self._newest_ns = 0
        self._attempts = 0

    def reread(self) -> None:
        """Look again now."""
        self._again.set()

    @abstractmethod
    async def look(self) -> float:
        """Look once and tell what was seen; for how many seconds to wait before the next time."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of whatever is open."""

    async def run(self) -> None:
        """Look until cancelled. Raises nothing but cancellation."""
        self._say(ConnectionState.CONNECTING)
        try:
            await self._keep_looking()
        finally:
            await self.close()

    async def _keep_looking(self) -> None:
        while True:
            self._again.clear()
            try:
                seconds = await self.look()
            except Exception as error:
                # The supervisor's net: looking again may help. The text may hold anything, so only its type is told.
                _LOGGER.error("%s %s: %s", self._venue, self.name, type(error).__name__)
                self._say(ConnectionState.RECONNECTING, f"internal error ({type(error).__name__})")
                seconds = AFTER_FAILURE_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._again.wait()

    # --- what is told ---

    def _say(self, state: ConnectionState, reason: str = "") -> None:
        """Tell a state, if it is a new one."""
        if self._said == (state, reason):
            return
        self._said = (state, reason)
        self._attempts = self._attempts + 1 if state is ConnectionState.RECONNECTING else 0
        now_ns = self._clock.now_ns()
        self._emit(
            ConnectionChanged(
                received_ns=now_ns,
                venue=self._venue,
                connection=self.name,
                state=state,
                reason=reason,
                attempt=self._attempts,
            )
        )
        channel = {ConnectionState.LIVE: ChannelState.LIVE, ConnectionState.DEGRADED: ChannelState.SILENT}
        self._emit(
            ChannelChanged(
                received_ns=now_ns,
                venue=self._venue,
                connection=self.name,
                channel=self.name,
                state=channel.get(state, ChannelState.REQUESTED),
            )
        )

    def _lost(self, reason: str) -> None:
        """The source cannot be reached; the price that is held ages."""
        self._say(ConnectionState.RECONNECTING, reason)

    def _take(self, found: Quoted, otherwise_ns: int | None = None) -> None:
        """Tell a price; one without a time is as old as ``otherwise_ns``, or as this moment. Raises Unusable."""
        now_ns = self._clock.now_ns()
        time_ns = found.time_ns
        if time_ns is None:
            time_ns = now_ns if otherwise_ns is None else min(otherwise_ns, now_ns)
        if time_ns > now_ns + AHEAD_NS:
            raise Unusable(FaultKind.BAD_FIELD, "its time is in the future", "time")
        if time_ns < self._newest_ns:
            raise Unusable(FaultKind.OUT_OF_ORDER, "its time is before that of the price held", "time")
        self._newest_ns = time_ns
        self._say(ConnectionState.LIVE)
        self._emit(
            Ticker(
                received_ns=now_ns,
                instrument=self._contract.instrument,
                channel=self.name,
                venue_time_ns=time_ns,
                mark_price=found.price,
            )
        )

    def _refused(self, problem: Unusable) -> None:
        """What came is no price: counted, shown, and nothing of it is used."""
        self._say(ConnectionState.DEGRADED, problem.text)
        self._emit(
            FrameFault(
                received_ns=self._clock.now_ns(),
                venue=self._venue,
                connection=self.name,
                kind=problem.kind,
                channel=self.name,
                field=problem.field,
                detail=problem.text,
            )
        )
