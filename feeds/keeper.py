"""Keeping something of one venue read over REST: until it is there, then again and again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from typing import Protocol

from core.errors import HedgerowError, VenueError
from core.events import ConnectionChanged, ConnectionState
from feeds.clock import Clock
from feeds.pacing import Pacing
from feeds.records import Fetched, Tap
from feeds.venue import Emit

_LOGGER = logging.getLogger("hedgerow.reference")


class Reader(Protocol):
    """Whatever reads over REST for as long as it is run."""

    def reread(self) -> None:
        """Read again now."""
        ...

    async def run(self) -> None:
        """Read until cancelled. Raises nothing but cancellation."""
        ...


class Keeper(ABC):
    """Reads into ``emit``; trouble is said as that of a connection of its own, which is ``name``."""

    name: str

    def __init__(self, venue: str, emit: Emit, clock: Clock, *, tap: Tap | None, every_seconds: float) -> None:
        self._venue, self._emit, self._clock = venue, emit, clock
        self._tap, self._every_seconds = tap, every_seconds
        self._again = asyncio.Event()
        self.has_read = asyncio.Event()
        """Set once everything was read for the first time."""

    def reread(self) -> None:
        """Read again now."""
        self._again.set()

    @abstractmethod
    async def _read(self) -> None:
        """Read once. Raises VenueError."""

    async def run(self) -> None:
        """Read until cancelled. Raises nothing but cancellation."""
        self._listen()
        pacing = Pacing(first_seconds=1, cap_seconds=60, attempts=12, window_seconds=60)
        while True:
            self._again.clear()
            pacing.attempted(self._clock.now_ns())
            problem, stay_away = await self._try()
            if problem:
                self._say(ConnectionState.RECONNECTING, problem, pacing.failures)
                wait = pacing.delay_seconds(self._clock.now_ns(), at_least=stay_away)
            else:
                if pacing.failures:
                    self._say(ConnectionState.LIVE, "", 0)
                pacing.reset()
                self.has_read.set()
                wait = self._every_seconds
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._again.wait()

    async def _try(self) -> tuple[str, float]:
        """Read once; what went wrong, if anything, and for how long (seconds) the venue wants to be left alone."""
        try:
            await self._read()
        except VenueError as error:
            return str(error), error.retry_after_seconds or 0.0
        except HedgerowError as error:
            return str(error), 0.0
        except Exception as error:
            # The supervisor's net: reading again may help, and the prices go on meanwhile.
            _LOGGER.error("%s %s: %s", self._venue, self.name, type(error).__name__)
            return f"internal error ({type(error).__name__})", 0.0
        return "", 0.0

    def _listen(self) -> None:
        """Have the tap told of every public answer that this task asks for."""
        tap = self._tap
        if tap is None:
            return
        from feeds.rest import listener  # the HTTP client is slow to import, and not every run records

        def heard(url: str, body: bytes) -> None:
            tap(Fetched(ns=self._clock.now_ns(), url=url, data=body, venue=self._venue))

        listener.set(heard)

    def _say(self, state: ConnectionState, reason: str, attempt: int) -> None:
        self._emit(
            ConnectionChanged(
                received_ns=self._clock.now_ns(),
                venue=self._venue,
                connection=self.name,
                state=state,
                reason=reason,
                attempt=attempt,
            )
        )
