"""One websocket's life: open, subscribe, verify by data, keep alive, end. ``feeds.connection`` supervises legs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import Final, Protocol

from websockets.exceptions import WebSocketException

from core.errors import VenueError
from core.events import Heard
from feeds.channels import Channel, ChannelBoard, Request
from feeds.clock import Clock
from feeds.intake import Intake
from feeds.records import Closed, Connected, Sent, Tap
from feeds.timing import Timing
from feeds.venue import ConnectionPlan, Emit, StreamFeed
from feeds.websocket import OPENING_ERRORS, MarketSocket, open_market_socket, opening_reason, retry_after_seconds

LOGIN: Final = "login"
"""The channel of a refusal that is one of the login."""

KEEP_AGAIN_SECONDS: Final = 60.0
"""After a request to keep a stream that failed for a reason that passes."""

_NS = 1_000_000_000
_LOGGER = logging.getLogger("hedgerow.connection")


class Owner(Protocol):
    """What a leg needs of its connection."""

    feed: StreamFeed
    plan: ConnectionPlan
    emit: Emit
    clock: Clock
    timing: Timing
    tap: Tap | None

    def wake(self) -> None:
        """Something changed in a leg: look again."""
        ...

    def say_channel(self, channel: Channel) -> None:
        """Say where a channel stands now."""
        ...


class Leg:
    """One socket's life, from opening to its end. A connection has one, and two while it swaps: the events of only one
    of them, the primary, are told.
    """

    def __init__(self, owner: Owner, identity: str) -> None:
        self.owner, self.identity = owner, identity
        self.plan, self.timing = owner.plan, owner.timing
        self.opened = False
        self._wake = asyncio.Event()
        self.retry_after = 0.0
        self.leaving = False
        """True once the venue has announced that it will close this socket."""
        self.board = ChannelBoard(
            owner.plan,
            lambda names: owner.feed.subscribe_frames(owner.plan, names),
            self._channel_changed,
            first_data_seconds=owner.timing.first_data_seconds,
            refused_retry_seconds=owner.timing.refused_retry_seconds,
        )
        self.opened_ns = self.started_ns = owner.clock.now_ns()
        self._outbox: deque[Request] = deque()
        self._answers: deque[str] = deque()
        """What the venue waits for: pongs and the login. They go out before anything else and without a pause."""
        self._logged_in = False
        self._tap = None if owner.plan.private else owner.tap
        self.intake = Intake(
            owner.plan,
            identity,
            self.board,
            owner.emit,
            tap=self._tap,
            largest_frame_bytes=owner.timing.largest_frame_bytes,
            heard=self._heard,
            news=self._wake.set,
        )
        self._next_send_ns = self._pinged_ns = 0
        self._quiet_ns = round(owner.timing.quiet_seconds * _NS)
        self._pong_ns = round(owner.timing.pong_seconds * _NS)
        self._finish_reason = ""
        self._socket: MarketSocket | None = None
        self.task: asyncio.Task[str] | None = None

    # --- what the owner asks and says ---

    @property
    def ended(self) -> bool:
        """True once the socket is gone."""
        return self.task is not None and self.task.done()

    @property
    def reason(self) -> str:
        """Why it ended."""
        if self.task is None or not self.task.done():
            return ""
        return self._finish_reason if self.task.cancelled() else self.task.result()

    def finish(self, reason: str) -> None:
        """End it soon, for this reason."""
        self._finish_reason = self._finish_reason or reason
        self._wake.set()
        if not self.opened and self.task is not None:
            self.task.cancel()

    def hopeless_channels(self) -> list[Channel]:
        """Channels that only another socket may bring back."""
        return self.board.given_up(self.owner.clock.now_ns())

    # --- its life ---

    async def run(self) -> str:
        """Open, subscribe, hold; returns why it ended. Raises nothing but cancellation."""
        stopped = False
        try:
            return await self._live()
        except asyncio.CancelledError:
            stopped = True
            raise
        except Exception as error:
            return self._why(error)
        finally:
            self._close(stopped=stopped)
            self.owner.wake()

    def _why(self, error: Exception) -> str:
        if isinstance(error, VenueError):  # the address could not be made
            self.retry_after = min(error.retry_after_seconds or 0.0, self.timing.stay_away_seconds)
            return str(error)
        if self._socket is None and isinstance(error, OPENING_ERRORS):
            self.retry_after = retry_after_seconds(error, self.timing.stay_away_seconds)
            return opening_reason(error)
        if self._socket is not None and isinstance(error, OSError | WebSocketException):
            return self._socket.end_reason()
        # The supervisor's net: a fault of ours must not end the watch. Its text may hold anything, so only its type
        # is told.
        _LOGGER.error("%s %s: %s", self.plan.venue, self.plan.name, type(error).__name__)
        return f"internal error ({type(error).__name__})"

    async def _live(self) -> str:
        feed, plan = self.owner.feed, self.plan
        self.intake.decoder = feed.decoder(plan)
        opening = await feed.opening(plan)
        self._socket = socket = await open_market_socket(
            opening.url,
            headers=opening.headers,
            open_seconds=self.timing.open_seconds,
            maximum_bytes=self.timing.hard_limit_bytes,
            ping_seconds=plan.heartbeat_seconds if self._heartbeat() is None else None,
        )
        self.opened, self.opened_ns = True, self.owner.clock.now_ns()
        self._tap_connected()
        self.owner.wake()
        socket.ended.add_done_callback(lambda _: self._wake.set())
        socket.attach(self.intake.take, self.owner.clock.now_ns, None if plan.private else self.timing.read_hz)
        if reason := await self._log_in(socket):
            return reason
        self._outbox.extend(self.board.ask_all())
        keeping = asyncio.create_task(self._keep_alive()) if plan.keep_alive_seconds is not None else None
        try:
            return await self._hold(socket)
        finally:
            if keeping is not None:
                keeping.cancel()

    async def _log_in(self, socket: MarketSocket) -> str:
        """Say who asks, where the venue wants to know before anything else; what went wrong, if anything."""
        frames = self.owner.feed.login_frames(self.plan)
        if not frames:
            return ""
        for frame in frames:
            await self._send(socket, frame)
        due_ns = self.owner.clock.now_ns() + round(self.timing.first_data_seconds * _NS)
        while not (self._logged_in or self._finish_reason or socket.ended.done()):
            if self.owner.clock.now_ns() >= due_ns:
                return "no answer to the login"
            self._wake.clear()
            await self._sleep_until(due_ns)
        return self._finish_reason or ("" if self._logged_in else socket.end_reason())

    async def _keep_alive(self) -> None:
        """Keep a private stream served; a socket that will not be is ended."""
        assert self.plan.keep_alive_seconds is not None
        wait = self.plan.keep_alive_seconds
        while True:
            await asyncio.sleep(wait)
            wait = self.plan.keep_alive_seconds
            try:
                await self.owner.feed.keep_alive(self.plan)
            except VenueError as error:
                passing = error.outcome_unknown or error.code in ("timeout", "unreachable")
                if not passing and error.retry_after_seconds is None:
                    self.finish(f"the stream will not be kept: {error.code}")
                wait = min(wait, max(KEEP_AGAIN_SECONDS, error.retry_after_seconds or 0.0))

    async def _hold(self, socket: MarketSocket) -> str:
        heartbeat_ns = self._heartbeat_after(self.opened_ns)
        while True:
            self._wake.clear()
            now_ns = self.owner.clock.now_ns()
            if self._finish_reason:
                return self._finish_reason
            if socket.ended.done():
                return self._ended_reason(socket, now_ns)
            while self._answers:
                await self._send(socket, self._answers.popleft())
            self._outbox.extend(self.board.check(now_ns))
            if self.board.dead(now_ns):
                return "no data on any channel"
            if socket.heard_ns < self._pinged_ns <= now_ns - self._pong_ns:
                return "no answer to a ping"
            if self.hopeless_channels():
                self.owner.wake()
            if self._outbox and now_ns >= self._next_send_ns:
                request = self._outbox.popleft()
                await self._send(socket, request.frame)
                self.board.sent(request, now_ns)
            elif heartbeat_ns is not None and now_ns >= heartbeat_ns:
                await self._send(socket, self._heartbeat() or "")
                heartbeat_ns = self._heartbeat_after(now_ns)
            await self._ping_if_quiet(socket, now_ns)
            await self._sleep_until(self._next_ns(socket, heartbeat_ns, now_ns))

    async def _ping_if_quiet(self, socket: MarketSocket, now_ns: int) -> None:
        if self._pinged_ns <= socket.heard_ns <= now_ns - self._quiet_ns:
            self._pinged_ns = now_ns
            if not self.plan.answers_pings:
                await self._send(socket, self._heartbeat() or "")
                return
            async with asyncio.timeout(self.timing.send_seconds):
                await socket.ping()

    def _next_ns(self, socket: MarketSocket, heartbeat_ns: int | None, now_ns: int) -> int:
        pinged = self._pinged_ns > socket.heard_ns
        due = [self._pinged_ns + self._pong_ns if pinged else socket.heard_ns + self._quiet_ns]
        due += [moment for moment in (heartbeat_ns, self.board.next_check_ns(now_ns)) if moment is not None]
        if self._outbox:
            due.append(self._next_send_ns)
        return min(due)

    async def _sleep_until(self, moment_ns: int) -> None:
        seconds = max(0, moment_ns - self.owner.clock.now_ns()) / _NS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _send(self, socket: MarketSocket, frame: str) -> None:
        async with asyncio.timeout(self.timing.send_seconds):
            await socket.send(frame)
        now_ns = self.owner.clock.now_ns()
        self._next_send_ns = now_ns + round(self.timing.send_gap_seconds * _NS)
        if self._tap is not None:
            self._tap(Sent(ns=now_ns, conn=self.identity, data=frame))

    def _heartbeat(self) -> str | None:
        return self.plan.heartbeat or self.owner.feed.heartbeat_frame()

    def _heartbeat_after(self, now_ns: int) -> int | None:
        if self.plan.heartbeat_seconds is None or self._heartbeat() is None:
            return None
        return now_ns + round(self.plan.heartbeat_seconds * _NS)

    def _ended_reason(self, socket: MarketSocket, now_ns: int) -> str:
        if socket.oversize:
            self.intake.oversize(self.timing.hard_limit_bytes, now_ns)
        return socket.end_reason()

    def _close(self, *, stopped: bool) -> None:
        if self._socket is not None:
            self._socket.hang_up()
            # A recording that is stopped just ends; only a connection that was lost is part of what happened.
            if self._tap is not None and not stopped:
                self._tap(Closed(ns=self.owner.clock.now_ns(), conn=self.identity))

    # --- what it is told ---

    def _heard(self, event: Heard) -> None:
        if event.kind == "refusal" and event.channel == LOGIN:
            self.finish(f"the login was refused: {event.detail}")
        elif event.kind in ("ack", "refusal"):
            self._outbox.extend(self.board.answer(event))
            self._wake.set()
        elif event.kind == "notice":
            self.leaving = True
            self.owner.wake()
        elif event.kind == "ping":
            answer = self.owner.feed.answer_frame(self.plan, event)
            if answer is not None:
                self._answers.append(answer)
                self._wake.set()
        elif event.kind == "login":
            self._logged_in = True
            self._wake.set()
        elif event.kind == "expired":
            self.finish(event.detail or "the venue ended the stream")

    def _channel_changed(self, channel: Channel) -> None:
        if self.intake.primary:
            self.owner.say_channel(channel)
        self.owner.wake()

    def _tap_connected(self) -> None:
        if self._tap is not None:
            address = self.plan.url.partition("?")[0]  # what follows may be a secret
            self._tap(
                Connected(
                    ns=self.opened_ns,
                    conn=self.identity,
                    addr=address,
                    venue=self.plan.venue,
                    connection=self.plan.name,
                )
            )
