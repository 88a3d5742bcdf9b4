"""The supervised websocket that every venue's market data comes through.

A :class:`Connection` stays open for ever. It believes data and nothing else: an open socket, an ack or a pong proves
nothing. It reconnects with jittered, capped delays that start again only after seconds of *data*, replaces a socket
before its venue cuts it (the new one live before the old one closes), and says every change of state as an event.
"""

from __future__ import annotations

import asyncio
import contextlib
import random

from core.events import ChannelChanged, ConnectionChanged, ConnectionState
from feeds.channels import Channel
from feeds.clock import Clock
from feeds.leg import Leg
from feeds.pacing import Pacing
from feeds.records import Tap
from feeds.timing import DEFAULT_TIMING, Timing
from feeds.venue import ConnectionPlan, Emit, StreamFeed

_NS = 1_000_000_000


class Connection:
    """One connection of a plan, held open for ever by :meth:`run`.

    ``emit`` takes every event; ``tap`` every raw frame, for recording. One task runs it; nothing here is safe to
    call from another thread.
    """

    def __init__(
        self,
        feed: StreamFeed,
        plan: ConnectionPlan,
        emit: Emit,
        clock: Clock,
        *,
        timing: Timing = DEFAULT_TIMING,
        tap: Tap | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self.feed, self.plan, self.emit, self.clock, self.timing, self.tap = feed, plan, emit, clock, timing, tap
        self._pacing, self._swaps = (
            Pacing(
                first_seconds=timing.first_delay_seconds,
                cap_seconds=longest,
                attempts=timing.attempts,
                window_seconds=timing.attempts_window_seconds,
                chance=chance,
            )
            for longest in (timing.longest_delay_seconds, timing.longest_swap_delay_seconds)
        )
        self._swap_not_before_ns = 0
        self._wake = asyncio.Event()
        self._asked = False
        self._leg: Leg | None = None
        self._legs = 0
        self._state: tuple[ConnectionState, str] | None = None

    async def run(self) -> None:
        """Hold the connection until cancelled. Raises nothing but cancellation."""
        try:
            async with asyncio.TaskGroup() as group:
                reason, at_least = "", 0.0
                while True:
                    leg = await self._next_leg(group, reason, at_least)
                    leg = await self._hold(group, leg)
                    reason, at_least = leg.reason, leg.retry_after
        finally:
            self._say(ConnectionState.CLOSED, "stopped")

    def reopen(self, reason: str) -> None:
        """Drop the socket and connect again now (the limit on attempts still holds)."""
        self._asked = True
        if self._leg is not None:
            self._leg.finish(reason)
        self.wake()

    def wake(self) -> None:
        """Something changed in a leg: look again."""
        self._wake.set()

    def say_channel(self, channel: Channel) -> None:
        """Say where a channel stands now."""
        self.emit(
            ChannelChanged(
                received_ns=self.clock.now_ns(),
                venue=self.plan.venue,
                connection=self.plan.name,
                channel=channel.name,
                state=channel.state,
                reason=channel.reason,
            )
        )

    # --- opening and holding ---

    async def _next_leg(self, group: asyncio.TaskGroup, reason: str, at_least: float) -> Leg:
        """Wait as long as is decent, then start the next primary leg."""
        if self._legs:
            wait = self._pacing.delay_seconds(self.clock.now_ns(), at_least=at_least)
            self._say(ConnectionState.RECONNECTING, reason)
            await self._pause(wait)
        self._asked = False
        leg = self._start(group, self._pacing)
        leg.intake.primary = True
        self._leg = leg
        self._say(ConnectionState.CONNECTING, "")
        return leg

    def _start(self, group: asyncio.TaskGroup, pacing: Pacing) -> Leg:
        pacing.attempted(self.clock.now_ns())
        self._legs += 1
        leg = Leg(self, f"{self.plan.venue}.{self.plan.name}.{self._legs}")
        leg.task = group.create_task(leg.run(), name=leg.identity)
        return leg

    async def _hold(self, group: asyncio.TaskGroup, leg: Leg) -> Leg:
        """Follow a leg, and those that replace it, until one ends with none to take its place: that one."""
        heir: Leg | None = None
        while True:
            self._wake.clear()
            if heir is not None and self._settle(leg, heir):
                leg, heir = (heir, None) if heir.intake.primary else (leg, None)
                self._leg = leg
            if leg.ended and heir is None:
                if leg.intake.steady(self.timing.steady_seconds):
                    self._pacing.reset()
                return leg
            if not leg.ended:
                self._say_state(leg)
                if heir is None and self._heir_due(leg):
                    heir = self._start(group, self._swaps)
            await self._sleep_until(self._next_look_ns(leg, heir))

    def _settle(self, leg: Leg, heir: Leg) -> bool:
        """Decide on a leg that is to replace another: True once it has (it is primary then) or has failed to."""
        now_ns = self.clock.now_ns()
        if not heir.ended and (self._covers(heir, leg) or (leg.ended and heir.opened)):
            reason = leg.reason or "replaced by a fresh socket"
            if leg.ended and not self._covers(heir, leg):
                self._say(ConnectionState.RECONNECTING, reason)
            heir.intake.take_over(leg.intake)
            leg.finish(reason)
            self._swaps.reset()
            if heir.board.complete():
                self._say(ConnectionState.LIVE, reason)
            for channel in heir.board.channels.values():
                self.say_channel(channel)
            return True
        if heir.ended or now_ns >= self._heir_deadline_ns(heir) or leg.ended:
            heir.finish("not needed")
            self._swap_not_before_ns = now_ns + round(self._swaps.delay_seconds(now_ns) * _NS)
            return True
        return False

    def _covers(self, heir: Leg, leg: Leg) -> bool:
        """True where the heir has data on all that the leg has, and on some channel that the leg has lost."""
        has, had = heir.board.satisfied_names(), leg.board.satisfied_names()
        if not heir.opened or not has >= had or not has:
            return False
        return self._lifetime_due(leg) or has > had

    def _heir_due(self, leg: Leg) -> bool:
        if self.clock.now_ns() < self._swap_not_before_ns or not leg.opened:
            return False
        return self._lifetime_due(leg) or bool(leg.hopeless_channels())

    def _lifetime_due(self, leg: Leg) -> bool:
        """True where the venue has cut, or will soon cut, this socket."""
        end_ns = self._lifetime_end_ns(leg)
        return leg.leaving or (end_ns is not None and self.clock.now_ns() >= end_ns)

    def _lifetime_end_ns(self, leg: Leg) -> int | None:
        if self.plan.lifetime_seconds is None:
            return None
        return leg.opened_ns + round(self.plan.lifetime_seconds * _NS)

    def _heir_deadline_ns(self, heir: Leg) -> int:
        return heir.started_ns + round((self.timing.open_seconds + self.timing.first_data_seconds) * _NS)

    def _next_look_ns(self, leg: Leg, heir: Leg | None) -> int | None:
        if heir is not None:
            return self._heir_deadline_ns(heir)
        now_wanted = leg.leaving or leg.hopeless_channels()
        due_ns = self.clock.now_ns() if now_wanted else self._lifetime_end_ns(leg)
        return None if due_ns is None or not leg.opened else max(due_ns, self._swap_not_before_ns)

    async def _pause(self, seconds: float) -> None:
        """Wait, unless somebody asks for a connection meanwhile (then only the limit on attempts counts)."""
        end_ns = self.clock.now_ns() + round(seconds * _NS)
        while (now_ns := self.clock.now_ns()) < end_ns:
            if self._asked:
                end_ns = min(end_ns, now_ns + round(self._pacing.seconds_until_allowed(now_ns) * _NS))
            self._wake.clear()
            await self._sleep_until(end_ns)

    async def _sleep_until(self, moment_ns: int | None) -> None:
        seconds = None if moment_ns is None else max(0, moment_ns - self.clock.now_ns()) / _NS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    # --- what it says ---

    def _say_state(self, leg: Leg) -> None:
        trouble = leg.board.troubled()
        if not leg.opened:
            return
        if trouble:
            names = ", ".join(f"{item.name} {item.state.value}" for item in trouble[:3])
            more = f" and {len(trouble) - 3} more" if len(trouble) > 3 else ""
            self._say(ConnectionState.DEGRADED, names + more)
        elif leg.board.complete():
            self._say(ConnectionState.LIVE, "")
        else:
            self._say(ConnectionState.SUBSCRIBING, "")

    def _say(self, state: ConnectionState, reason: str) -> None:
        if self._state == (state, reason):
            return
        self._state = (state, reason)
        self.emit(
            ConnectionChanged(
                received_ns=self.clock.now_ns(),
                venue=self.plan.venue,
                connection=self.plan.name,
                state=state,
                reason=reason,
                attempt=self._pacing.failures,
            )
        )
