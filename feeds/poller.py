"""Keeps what a venue tells over REST only asked for, and says of each endpoint how it stands, as of a websocket's
channels."""

from __future__ import annotations

import asyncio
import logging

from core.errors import HedgerowError, VenueError
from core.events import ChannelChanged, ChannelState, ConnectionChanged, ConnectionState
from feeds.clock import Clock
from feeds.pacing import Pacing
from feeds.records import Fetched, Tap
from feeds.venue import Emit, PollPlan, VenueFeed

_LOGGER = logging.getLogger("hedgerow.poller")


class Poller:
    """One plan, asked for until cancelled."""

    def __init__(self, feed: VenueFeed, plan: PollPlan, emit: Emit, clock: Clock, *, tap: Tap | None = None) -> None:
        self._feed, self._plan, self._emit, self._clock, self._tap = feed, plan, emit, clock, tap
        self._again = asyncio.Event()
        self._live = False

    def reread(self) -> None:
        """Ask again now."""
        self._again.set()

    async def run(self) -> None:
        """Ask until cancelled. Raises nothing but cancellation."""
        self._listen()
        pacing = Pacing(first_seconds=1, cap_seconds=60, attempts=12, window_seconds=60)
        self._connection(ConnectionState.CONNECTING, "", 0)
        while True:
            self._again.clear()
            pacing.attempted(self._clock.now_ns())
            problem, stay_away = await self._ask()
            if problem:
                wait = pacing.delay_seconds(self._clock.now_ns(), at_least=stay_away)
                self._connection(ConnectionState.RECONNECTING, problem, pacing.failures)
                self._channels(ChannelState.SILENT, problem)
            else:
                if not self._live:
                    self._connection(ConnectionState.LIVE, "", 0)
                self._channels(ChannelState.LIVE, "")
                pacing.reset()
                wait = self._plan.every_seconds
            self._live = not problem
            try:
                async with asyncio.timeout(wait):
                    await self._again.wait()
            except TimeoutError:
                pass

    async def _ask(self) -> tuple[str, float]:
        try:
            for event in await self._feed.poll(self._plan):
                self._emit(event)
        except VenueError as error:
            return str(error), error.retry_after_seconds or 0.0
        except HedgerowError as error:
            return str(error), 0.0
        except Exception as error:
            # The supervisor's net: asking again may help, and the other feeds go on meanwhile.
            _LOGGER.error("%s %s: %s", self._plan.venue, self._plan.name, type(error).__name__)
            return f"internal error ({type(error).__name__})", 0.0
        return "", 0.0

    def _listen(self) -> None:
        """Have the tap told of every public answer that this task asks for."""
        tap = self._tap
        if tap is None:
            return
        from feeds.rest import listener  # the HTTP client is slow to import, and not every run records

        def heard(url: str, body: bytes) -> None:
            tap(Fetched(ns=self._clock.now_ns(), url=url, data=body, venue=self._plan.venue))

        listener.set(heard)

    def _channels(self, state: ChannelState, reason: str) -> None:
        for name in self._plan.channels:
            self._emit(
                ChannelChanged(
                    received_ns=self._clock.now_ns(),
                    venue=self._plan.venue,
                    connection=self._plan.name,
                    channel=name,
                    state=state,
                    reason=reason,
                )
            )

    def _connection(self, state: ConnectionState, reason: str, attempt: int) -> None:
        self._emit(
            ConnectionChanged(
                received_ns=self._clock.now_ns(),
                venue=self._plan.venue,
                connection=self._plan.name,
                state=state,
                reason=reason,
                attempt=attempt,
                every_seconds=self._plan.every_seconds,
            )
        )
