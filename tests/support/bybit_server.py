"""A scripted Bybit on a loopback socket, a feed that speaks to it, and the real engine and host on top.

The frames are the venue's own shapes; what the server does beyond sending them is one coroutine a test.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from core.books import Book
from core.demo_book import seed_book
from core.engine import Engine
from core.events import AnyEvent, ConnectionState
from core.figures import Freshness
from core.snapshot import FeedView, HedgeLine, Mode, Snapshot
from feeds.host import EngineHost
from feeds.paper import PaperBroker
from feeds.registry import decoder_for
from feeds.timing import Timing
from feeds.venue import CandlesWanted, ConnectionPlan, Decoder, PlainStream, PollPlan, Subscription
from tests.support.builders import LINEAR, listed, tiers
from tests.support.clocks import TwoThreadsClock
from tests.support.patience import PATIENCE

TOPIC = "tickers.BTCUSDT"

QUICK = Timing(
    open_seconds=PATIENCE,
    first_data_seconds=0.25,
    send_gap_seconds=0.0,
    refused_retry_seconds=0.5,
    quiet_seconds=0.15,
    pong_seconds=0.15,
    first_delay_seconds=0.05,
    longest_delay_seconds=0.2,
    longest_swap_delay_seconds=0.2,
    steady_seconds=0.3,
    attempts=50,
    attempts_window_seconds=60.0,
    read_hz=200.0,
)
"""The production limits, some thirty times shorter; but opening is not timed by the hosts' clock, and so has time."""


def ticker_snapshot(price: float, symbol: str = "BTCUSDT", *, ms: int | None = None) -> str:
    """A whole ticker frame; its mark is the price and its stamp the present."""
    return json.dumps(
        {
            "topic": f"tickers.{symbol}",
            "type": "snapshot",
            "data": {
                "symbol": symbol,
                "lastPrice": f"{price:.2f}",
                "markPrice": f"{price:.2f}",
                "indexPrice": f"{price + 10:.2f}",
                "fundingRate": "0.0001",
                "nextFundingTime": str((time.time_ns() // 10**6) + 3_600_000),
                "fundingIntervalHour": "8",
                "bid1Price": f"{price - 0.1:.2f}",
                "bid1Size": "5",
                "ask1Price": f"{price + 0.1:.2f}",
                "ask1Size": "5",
            },
            "cs": time.time_ns() // 1000,
            "ts": time.time_ns() // 10**6 if ms is None else ms,
        }
    )


def ticker_delta(price: float, symbol: str = "BTCUSDT", *, ms: int | None = None) -> str:
    """A change of the mark price alone."""
    return json.dumps(
        {
            "topic": f"tickers.{symbol}",
            "type": "delta",
            "data": {"symbol": symbol, "markPrice": f"{price:.2f}"},
            "cs": time.time_ns() // 1000,
            "ts": time.time_ns() // 10**6 if ms is None else ms,
        }
    )


class BybitServer:
    """``script`` is what it does on each socket; ``sockets`` counts those it has opened."""

    def __init__(self, script: Callable[[BybitServer, ServerConnection], Awaitable[None]]) -> None:
        self.script = script
        self.sockets = 0
        self.live: set[ServerConnection] = set()
        self.most_live = 0
        self.asked: list[list[str]] = []
        self.port = 0
        self.frames = 0
        """How many frames of market data :meth:`stream` has sent."""

    async def handle(self, socket: ServerConnection) -> None:
        self.sockets += 1
        self.live.add(socket)
        self.most_live = max(self.most_live, len(self.live))
        task = asyncio.create_task(self._play(socket))
        try:
            await socket.wait_closed()
        finally:
            task.cancel()
            self.live.discard(socket)

    async def _play(self, socket: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self.script(self, socket)
        await socket.close()

    async def request(self, socket: ServerConnection) -> dict[str, Any]:
        """The next subscribe request; pings are answered on the way."""
        while True:
            content: dict[str, Any] = json.loads(await socket.recv())
            if content["op"] == "subscribe":
                self.asked.append(content["args"])
                return content
            await socket.send(json.dumps({"success": True, "ret_msg": "pong", "conn_id": "c", "op": "ping"}))

    async def acknowledge(self, socket: ServerConnection) -> list[str]:
        """Acknowledge the next subscribe request; its topics."""
        request = await self.request(socket)
        await self.answer(socket, request, success=True)
        topics: list[str] = request["args"]
        return topics

    async def answer(self, socket: ServerConnection, request: dict[str, Any], *, success: bool, text: str = "") -> None:
        """Answer a subscribe request."""
        await socket.send(
            json.dumps(
                {
                    "success": success,
                    "ret_msg": text,
                    "conn_id": "c",
                    "req_id": request.get("req_id", ""),
                    "op": "subscribe",
                }
            )
        )

    async def stream(
        self,
        socket: ServerConnection,
        price: float = 60_000,
        *,
        seconds: float | None = None,
        deltas: int | None = None,
    ) -> None:
        """A snapshot, then a delta every 20 ms, the price rising by a cent each; for so long, or so many."""
        loop = asyncio.get_running_loop()
        end = None if seconds is None else loop.time() + seconds
        await socket.send(ticker_snapshot(price))
        for number in itertools.count(1):
            self.frames += 1
            if (end is not None and loop.time() >= end) or (deltas is not None and number > deltas):
                return
            await asyncio.sleep(0.02)
            await socket.send(ticker_delta(price + number / 100))

    async def serve_well(self, socket: ServerConnection) -> None:
        """What a venue does on a good day."""
        await self.acknowledge(socket)
        await self.stream(socket)


@contextlib.asynccontextmanager
async def bybit_server(
    script: Callable[[BybitServer, ServerConnection], Awaitable[None]], port: int = 0
) -> AsyncIterator[BybitServer]:
    """A server on a free port of loopback, or on the one given."""
    server = BybitServer(script)
    async with serve(server.handle, "127.0.0.1", port, compression=None) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server


class ScriptedFeed(PlainStream):
    """Bybit's linear tickers from any port; the reference data is made up, the decoder the venue's own."""

    venue = "bybit"

    def __init__(self, port: int, topics: Sequence[str] = (TOPIC,)) -> None:
        self.port, self.topics = port, topics
        self.lifetime_seconds: float | None = None
        self.silence_seconds = 0.25
        self.references = 0
        self._ids = itertools.count(1)

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        return (
            ConnectionPlan(
                venue="bybit",
                name="linear",
                url=f"ws://127.0.0.1:{self.port}/v5/public/linear",
                subscriptions=tuple(
                    Subscription(channel=topic, silence_seconds=self.silence_seconds) for topic in self.topics
                ),
                heartbeat_seconds=0.1,
                lifetime_seconds=self.lifetime_seconds,
            ),
        )

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        return decoder_for("bybit", "linear")

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        return [json.dumps({"req_id": str(next(self._ids)), "op": "subscribe", "args": list(channels)})]

    def heartbeat_frame(self) -> str | None:
        return '{"op":"ping"}'

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        return ()

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        return ()

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        self.references += 1
        now_ns = time.time_ns()
        replace, table = msgspec.structs.replace, tiers()
        return [
            replace(listed(), received_ns=now_ns),
            replace(table, received_ns=now_ns, table=replace(table.table, as_of_ns=now_ns)),
        ]

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        for _ in wanted:
            yield ()


class WatchedHost(EngineHost):
    """A host that keeps every snapshot it cuts."""

    def _finish_snapshot(self, snapshot: Snapshot) -> Snapshot:
        self.cuts.append(snapshot)
        return snapshot

    cuts: list[Snapshot]


@contextlib.contextmanager
def running_host(
    feed: ScriptedFeed, *, timing: Timing = QUICK, book: Book | None = None, **options: Any
) -> Iterator[WatchedHost]:
    """The real engine, paper broker and host on a feed, at 50 snapshots a second; for servers on the running loop."""
    book = book or seed_book()
    engine = Engine([book], mode=Mode.PAPER, source="test")
    broker = PaperBroker(book.accounts, engine.positions)
    clock = TwoThreadsClock()
    host = WatchedHost(engine, [feed], [LINEAR], broker, clock, refresh_hz=50.0, timing=timing, **options)
    host.cuts = []
    ticking = asyncio.get_running_loop().create_task(clock.run())
    host.start()
    try:
        yield host
    finally:
        host.stop(PATIENCE)
        ticking.cancel()


async def shown(host: EngineHost, predicate: Callable[[Snapshot], bool], seconds: float = PATIENCE) -> Snapshot:
    """The first snapshot for which the predicate holds. Raises AssertionError if none comes in time."""
    snapshot = await asyncio.to_thread(host.wait_until, predicate, seconds)
    assert snapshot is not None
    assert predicate(snapshot), [(feed.state, feed.reason, feed.channels) for feed in snapshot.feeds]
    return snapshot


def hedge(snapshot: Snapshot) -> HedgeLine:
    """The only hedge of the only book."""
    return snapshot.books[0].hedges[0]


def mark_is_live(snapshot: Snapshot) -> bool:
    """True where the mark price is shown as fresh."""
    mark = hedge(snapshot).mark_price
    return mark.known and mark.freshness.value == "live"


def linear(snapshot: Snapshot) -> FeedView:
    """The linear connection, or how it looks before anything is known of it."""
    unknown = FeedView(
        venue="bybit",
        connection="linear",
        state=ConnectionState.CONNECTING,
        reason="",
        freshness=Freshness.UNKNOWN,
        last_data_ns=None,
        frames=0,
        faults=0,
        reconnects=0,
        last_fault="",
    )
    return next((feed for feed in snapshot.feeds if feed.connection == "linear"), unknown)


def feed_state(snapshot: Snapshot) -> str:
    """The state of the linear connection, in a word."""
    return linear(snapshot).state.value
