"""The live engine: connections, reference data, paper broker and engine, running in a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

from core.commands import AnyCommand, Resync
from core.errors import HedgerowError, VenueError
from core.events import ConnectionChanged, ConnectionState
from feeds.clock import Clock
from feeds.connection import DEFAULT_TIMING, Connection, Timing
from feeds.engine_thread import EngineThread
from feeds.pacing import Pacing
from feeds.records import Tap
from feeds.runner import Broker, EngineCore
from feeds.venue import VenueFeed

REFERENCE_SECONDS = 6 * 3600.0
"""How often instruments and tiers are read again: venues change them about daily, without notice."""

_LOGGER = logging.getLogger("hedgerow.host")


class EngineHost(EngineThread):
    """An engine on live venues.

    ``instruments`` are ids; each feed is given those of its venue. Snapshots are cut ``refresh_hz`` times a second,
    and at once for an alert or after a command. ``tap`` sees every raw frame, in the engine's thread.
    """

    def __init__(
        self,
        engine: EngineCore,
        feeds: Sequence[VenueFeed],
        instruments: Sequence[str],
        broker: Broker,
        clock: Clock,
        refresh_hz: float = 2.0,
        *,
        timing: Timing = DEFAULT_TIMING,
        tap: Tap | None = None,
        reference_seconds: float = REFERENCE_SECONDS,
    ) -> None:
        super().__init__(engine, broker, refresh_hz)
        self._feeds, self._instruments, self._clock = feeds, tuple(instruments), clock
        self._timing, self._tap, self._reference_seconds = timing, tap, reference_seconds
        self._resync = asyncio.Event()
        self._connections: list[Connection] = []

    def _now_ns(self) -> int:
        return self._clock.now_ns()

    def _work(self) -> Iterator[Coroutine[Any, Any, None]]:
        for feed in self._feeds:
            wanted = [item for item in self._instruments if item.partition(":")[0] == feed.venue]
            yield self._keep_reference(feed, wanted)
            for plan in feed.plans(wanted):
                connection = Connection(feed, plan, self._emit, self._clock, timing=self._timing, tap=self._tap)
                self._connections.append(connection)
                yield connection.run()

    def _take_command(self, command: AnyCommand) -> None:
        super()._take_command(command)
        if isinstance(command, Resync):
            for connection in self._connections:
                connection.reopen("asked for")
            self._resync.set()

    async def _keep_reference(self, feed: VenueFeed, instruments: Sequence[str]) -> None:
        """Read instruments and tiers until they are there, then again and again; trouble is a connection's."""
        pacing = Pacing(first_seconds=1, cap_seconds=60, attempts=12, window_seconds=60)
        while True:
            self._resync.clear()
            pacing.attempted(self._clock.now_ns())
            problem, stay_away = await self._read_reference(feed, instruments)
            if problem:
                self._say_reference(feed, ConnectionState.RECONNECTING, problem, pacing.failures)
                wait = pacing.delay_seconds(self._clock.now_ns(), at_least=stay_away)
            else:
                if pacing.failures:
                    self._say_reference(feed, ConnectionState.LIVE, "", 0)
                pacing.reset()
                wait = self._reference_seconds
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._resync.wait()

    async def _read_reference(self, feed: VenueFeed, instruments: Sequence[str]) -> tuple[str, float]:
        """Read once; what went wrong, if anything, and for how long (seconds) the venue wants to be left alone."""
        try:
            events = await feed.reference(instruments)
        except VenueError as error:
            return str(error), error.retry_after_seconds or 0.0
        except HedgerowError as error:
            return str(error), 0.0
        except Exception as error:
            # The supervisor's net: reading again may help, and the prices go on meanwhile.
            _LOGGER.error("%s reference: %s", feed.venue, type(error).__name__)
            return f"internal error ({type(error).__name__})", 0.0
        for event in events:
            self._emit(event)
        return "", 0.0

    def _say_reference(self, feed: VenueFeed, state: ConnectionState, reason: str, attempt: int) -> None:
        self._emit(
            ConnectionChanged(
                received_ns=self._clock.now_ns(),
                venue=feed.venue,
                connection="reference",
                state=state,
                reason=reason,
                attempt=attempt,
            )
        )
