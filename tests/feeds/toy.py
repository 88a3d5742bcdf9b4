"""A venue small enough to read at a glance, on a real socket, and a log of events that tests can wait on."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from decimal import Decimal

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from core.events import AnyEvent, ChannelChanged, ConnectionChanged, FaultKind, FrameFault, Heard, Ticker
from feeds.connection import Connection
from feeds.timing import Timing
from feeds.venue import CandlesWanted, ConnectionPlan, PlainStream, PollPlan, Subscription
from tests.support.clocks import LoopClock
from tests.support.patience import PATIENCE

QUICK = Timing(
    open_seconds=PATIENCE,
    first_data_seconds=0.25,
    send_gap_seconds=0.0,
    refused_retry_seconds=0.3,
    quiet_seconds=0.15,
    pong_seconds=0.15,
    first_delay_seconds=0.02,
    longest_delay_seconds=0.1,
    longest_swap_delay_seconds=0.2,
    steady_seconds=0.3,
    attempts=1000,
    read_hz=200.0,
)
"""The production limits, some thirty times shorter; but opening is not timed by the loop's clock, and so has time."""


class ToyDecoder:
    """``{"topic","t","mark"}`` is data, ``{"id","ok"}`` an answer, anything else a fault."""

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        try:
            content = json.loads(frame)
            if "ok" in content:
                kind = "ack" if content["ok"] else "refusal"
                detail = content.get("why", "")
                return (Heard(received_ns=received_ns, kind=kind, request=str(content["id"]), detail=detail),)
            if content.get("topic") == "shutdown":
                return (Heard(received_ns=received_ns, kind="notice", detail="shutdown"),)
            return (
                Ticker(
                    received_ns=received_ns,
                    instrument=f"toy:spot:{content['topic']}",
                    channel=content["topic"],
                    venue_time_ns=content["t"],
                    mark_price=Decimal(content["mark"]),
                ),
            )
        except (ValueError, KeyError, TypeError) as error:
            kind_of = FaultKind.NOT_JSON if isinstance(error, ValueError) else FaultKind.BAD_FIELD
            return (FrameFault(received_ns=received_ns, venue="toy", connection="main", kind=kind_of),)

    def reset(self) -> None:
        """Nothing is merged."""


class ToyFeed(PlainStream):
    """A feed with one connection."""

    venue = "toy"

    def __init__(self, url: str, channels: Sequence[str] = ("a",), *, heartbeat: str | None = None) -> None:
        self.url, self.channels, self._heartbeat = url, channels, heartbeat
        self.silence_seconds: float | None = 0.25
        self.heartbeat_seconds: float | None = None
        self.own_heartbeat = ""
        self.lifetime_seconds: float | None = None
        self.group = 10
        self._ids = itertools.count(1)

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        subscriptions = tuple(
            Subscription(channel=name, silence_seconds=self.silence_seconds) for name in self.channels
        )
        return (
            ConnectionPlan(
                venue="toy",
                name="main",
                url=self.url,
                subscriptions=subscriptions,
                heartbeat_seconds=self.heartbeat_seconds,
                lifetime_seconds=self.lifetime_seconds,
                heartbeat=self.own_heartbeat,
            ),
        )

    def decoder(self, plan: ConnectionPlan) -> ToyDecoder:
        return ToyDecoder()

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        groups = [list(channels[start : start + self.group]) for start in range(0, len(channels), self.group)]
        return [json.dumps({"id": next(self._ids), "op": "subscribe", "args": group}) for group in groups]

    def heartbeat_frame(self) -> str | None:
        return self._heartbeat

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        return ()

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        return ()

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        return ()

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        for _ in wanted:
            yield ()


class EventLog:
    """Every event emitted, in order, and a way to wait for one."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self._more = asyncio.Event()

    def emit(self, event: AnyEvent) -> None:
        self.events.append(event)
        self._more.set()

    async def until(self, predicate: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until the predicate holds; it is looked at after each event."""
        async with asyncio.timeout(seconds):
            while not predicate():
                self._more.clear()
                await self._more.wait()

    @property
    def states(self) -> list[str]:
        """The connection's states, in order."""
        return [event.state.value for event in self.events if isinstance(event, ConnectionChanged)]

    @property
    def reasons(self) -> list[str]:
        """What was said with the connection's states."""
        return [event.reason for event in self.events if isinstance(event, ConnectionChanged)]

    @property
    def faults(self) -> list[str]:
        """The kinds of fault, in order."""
        return [event.kind.value for event in self.events if isinstance(event, FrameFault)]

    def channel_states(self, channel: str) -> list[str]:
        """One channel's states, in order."""
        return [
            event.state.value for event in self.events if isinstance(event, ChannelChanged) and event.channel == channel
        ]

    def marks(self, channel: str = "a") -> list[Decimal | None]:
        """The mark prices of one channel, in order."""
        return [event.mark_price for event in self.events if isinstance(event, Ticker) and event.channel == channel]


Handler = Callable[["ToyServer", ServerConnection], Awaitable[None]]


class ToyServer:
    """A server whose behaviour is one coroutine per connection; it remembers what it was sent."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.opened = 0
        self.received: list[str] = []
        self.url = ""
        self.live: set[ServerConnection] = set()
        self.most_live = 0

    async def handle(self, socket: ServerConnection) -> None:
        self.opened += 1
        self.live.add(socket)
        self.most_live = max(self.most_live, len(self.live))
        script = asyncio.create_task(self._play(socket))
        try:
            await socket.wait_closed()
        finally:
            script.cancel()
            self.live.discard(socket)

    async def _play(self, socket: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self.handler(self, socket)
        await socket.close()

    async def subscription(self, socket: ServerConnection) -> tuple[int, list[str]]:
        """The next subscribe frame: its id and channels."""
        while True:
            text = str(await socket.recv())
            self.received.append(text)
            content = msgspec.json.decode(text)
            if content.get("op") == "subscribe":
                return content["id"], content["args"]


@contextlib.asynccontextmanager
async def toy_server(handler: Handler, port: int = 0) -> AsyncIterator[ToyServer]:
    """A server on a free loopback port."""
    toy = ToyServer(handler)
    async with serve(toy.handle, "127.0.0.1", port, compression=None, max_size=None) as server:
        toy.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield toy


@contextlib.asynccontextmanager
async def connected(
    feed: ToyFeed, timing: Timing = QUICK, log: EventLog | None = None, **options: object
) -> AsyncIterator[tuple[Connection, EventLog]]:
    """A running connection and what it emits; ended on leaving."""
    log = log or EventLog()
    clock = LoopClock()
    connection = Connection(feed, feed.plans(())[0], log.emit, clock, timing=timing, **options)  # type: ignore[arg-type]
    ticking = asyncio.create_task(clock.run())
    task = asyncio.create_task(connection.run())
    try:
        yield connection, log
    finally:
        for each in (task, ticking):
            each.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await each


def data(topic: str, mark: int, t: int | None = None) -> str:
    """A data frame whose venue time follows its price unless told."""
    return json.dumps({"topic": topic, "t": mark if t is None else t, "mark": str(mark)})


async def acknowledge(server: ToyServer, socket: ServerConnection) -> list[str]:
    """Read one subscribe frame and acknowledge it."""
    identity, channels = await server.subscription(socket)
    await socket.send(json.dumps({"id": identity, "ok": True}))
    return channels


async def stream(socket: ServerConnection, channels: Sequence[str], *, gap: float = 0.02, start: int = 1) -> None:
    """Send data on these channels for ever."""
    for number in itertools.count(start):
        for channel in channels:
            await socket.send(data(channel, number))
        await asyncio.sleep(gap)
