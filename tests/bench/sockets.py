"""CPU from a websocket to a normalised event: ours beside a bare websockets client and ccxt.pro, on the same bytes.

``python -m tests.bench.sockets`` starts the server in a process of its own and each client in another, one after the
other, and prints CPU microseconds a message when flooded and the share of a core at 2,000 frames a second. Read the
ratios: the figures themselves vary with the machine. It ends by itself within two minutes or so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec

from core.events import AnyEvent, Ticker
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.registry import decoder_for
from feeds.timing import Timing
from feeds.venue import CandlesWanted, ConnectionPlan, Decoder, PlainStream, Subscription

STREAM = "btcusdt@markPrice@1s"
FRAME = {
    "stream": STREAM,
    "data": {
        "e": "markPriceUpdate",
        "E": 1_790_000_000_000,
        "s": "BTCUSDT",
        "p": "65117.43000000",
        "ap": "65116.90127312",
        "P": "65102.11459854",
        "i": "65138.36086957",
        "r": "0.00010000",
        "T": 1_790_006_400_000,
        "st": 1,
    },
}
FLOOD_MESSAGES = 200_000
SLOW_FLOOD_MESSAGES = 40_000
RATE = 2_000.0
RATE_SECONDS = 4
LIMIT_SECONDS = 60
ROUNDS = 3


# --- the server ----------------------------------------------------------------------------------------------


def _wire(payload: bytes) -> bytes:
    """An unmasked text frame."""
    length = (
        struct.pack("!BB", 0x81, len(payload)) if len(payload) < 126 else struct.pack("!BBH", 0x81, 126, len(payload))
    )
    return length + payload


async def _serve(messages: int, rate: float) -> None:
    from websockets.asyncio.server import ServerConnection, serve

    frame = _wire(json.dumps(FRAME, separators=(",", ":")).encode())

    async def handle(socket: ServerConnection) -> None:
        request = json.loads(await socket.recv())
        await socket.send(json.dumps({"result": None, "id": request["id"]}))
        await (_flood(socket, frame, messages) if not rate else _pace(socket, frame, messages, rate))
        await socket.wait_closed()

    async with serve(handle, "127.0.0.1", 0, compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.sleep(LIMIT_SECONDS)


async def _flood(socket: Any, frame: bytes, messages: int) -> None:
    block = frame * 100
    for _ in range(messages // 100):
        socket.transport.write(block)
        await socket.drain()


async def _pace(socket: Any, frame: bytes, messages: int, rate: float) -> None:
    loop = asyncio.get_running_loop()
    start, sent = loop.time(), 0
    while sent < messages and not socket.transport.is_closing():
        while sent < min(messages, (loop.time() - start) * rate):
            socket.transport.write(frame)
            sent += 1
        await asyncio.sleep(0.0004)


# --- the clients ---------------------------------------------------------------------------------------------


class Meter:
    """Counts messages; CPU and wall time run from the first to the last."""

    def __init__(self, messages: int) -> None:
        self.messages, self.count = messages, 0
        self.done = asyncio.Event()
        self.cpu = self.wall = 0.0

    def tick(self) -> None:
        """One message has become an event."""
        self.count += 1
        if self.count == 1:
            self.cpu, self.wall = time.process_time(), time.perf_counter()
        elif self.count == self.messages:
            self.cpu, self.wall = time.process_time() - self.cpu, time.perf_counter() - self.wall
            self.done.set()


class _BenchFeed(PlainStream):
    """One Binance mark-price stream from the bench's own server, decoded by the venue's decoder."""

    venue = "binance"

    def __init__(self, port: int) -> None:
        self.plan = ConnectionPlan(
            venue="binance",
            name="market",
            url=f"ws://127.0.0.1:{port}/market/stream",
            subscriptions=(Subscription(channel=STREAM, silence_seconds=10.0),),
            heartbeat_seconds=None,
            lifetime_seconds=None,
        )

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        return (self.plan,)

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        return decoder_for("binance", "usdm")

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        return [json.dumps({"method": "SUBSCRIBE", "params": list(channels), "id": 1})]

    def heartbeat_frame(self) -> str | None:
        return None

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        return ()

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        for _ in wanted:
            yield ()


async def _ours(port: int, meter: Meter, read_hz: float | None) -> None:
    def emit(event: AnyEvent) -> None:
        if type(event) is Ticker:
            meter.tick()

    feed = _BenchFeed(port)
    connection = Connection(feed, feed.plan, emit, Clock(), timing=Timing(read_hz=read_hz))
    task = asyncio.create_task(connection.run())
    await meter.done.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _bare(port: int, meter: Meter) -> None:
    """What the library's own documentation shows, with our decoder behind it."""
    from websockets.asyncio.client import connect

    decoder, clock = decoder_for("binance", "usdm"), Clock()
    async with connect(f"ws://127.0.0.1:{port}/market/stream", compression=None, proxy=None) as socket:
        await socket.send(json.dumps({"method": "SUBSCRIBE", "params": [STREAM], "id": 1}))
        while not meter.done.is_set():
            for event in decoder.decode(await socket.recv(decode=False), clock.now_ns()):
                if type(event) is Ticker:
                    meter.tick()


async def _ccxt(port: int, meter: Meter) -> None:
    import ccxt.pro

    class Counting(ccxt.pro.binanceusdm):  # type: ignore[misc]
        def handle_message(self, client: Any, message: Any) -> None:
            super().handle_message(client, message)
            if "stream" in message:
                meter.tick()

    exchange = Counting({"newUpdates": True})
    market = {
        "id": "BTCUSDT", "lowercaseId": "btcusdt", "symbol": "BTC/USDT:USDT",
        "base": "BTC", "quote": "USDT", "settle": "USDT",
        "baseId": "BTC", "quoteId": "USDT", "settleId": "USDT", "type": "swap", "spot": False, "margin": False,
        "swap": True, "future": False, "option": False, "contract": True, "linear": True, "inverse": False,
        "contractSize": 1.0, "active": True, "subType": "linear",
        "precision": {"amount": 0.001, "price": 0.1}, "limits": {}, "info": {},
    }  # fmt: skip
    exchange.set_markets([market])
    exchange.urls["api"]["ws"]["linear"] = f"ws://127.0.0.1:{port}/ws"
    watching = asyncio.create_task(_watch(exchange))
    await meter.done.wait()
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    await exchange.close()


async def _watch(exchange: Any) -> None:
    while True:
        await exchange.watch_mark_price("BTC/USDT:USDT")


CLIENTS: dict[str, Callable[[int, Meter], Awaitable[None]]] = {
    "ours, read 50 times a second": lambda port, meter: _ours(port, meter, 50.0),
    "ours, read at once": lambda port, meter: _ours(port, meter, None),
    "websockets, bare, our decoder": _bare,
    "ccxt.pro": _ccxt,
}


# --- measuring -----------------------------------------------------------------------------------------------


class Reading(msgspec.Struct):
    """CPU and wall seconds of one run."""

    messages: int
    cpu: float
    wall: float


def _client(name: str, port: int, messages: int) -> None:
    meter: Meter

    async def run() -> Meter:
        meter = Meter(messages)
        async with asyncio.timeout(LIMIT_SECONDS):
            await CLIENTS[name](port, meter)
        return meter

    meter = asyncio.run(run())
    print(msgspec.json.encode(Reading(messages, meter.cpu, meter.wall)).decode())


def _measure(name: str, messages: int, rate: float) -> Reading | None:
    """One run in fresh processes; ``None`` where the client could not do it."""
    command = [sys.executable, "-m", "tests.bench.sockets"]
    with subprocess.Popen([*command, "--serve", str(messages), str(rate)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            port = server.stdout.readline().strip()
            done = subprocess.run(
                [*command, "--client", name, port, str(messages)],
                capture_output=True,
                text=True,
                timeout=LIMIT_SECONDS + 10,
                check=False,
            )
        finally:
            server.kill()
    try:
        return msgspec.json.decode(done.stdout, type=Reading)
    except msgspec.DecodeError:
        print(f"{name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None


def _rounds(name: str, messages: int, rate: float) -> list[Reading]:
    """Several runs; none at all if one fails."""
    readings = []
    for _ in range(ROUNDS):
        reading = _measure(name, messages, rate)
        if reading is None:
            return []
        readings.append(reading)
    return readings


def _report() -> None:
    print(f"{'client':34}{'flooded, µs a message':>24}{'x ours':>8}{'2,000 a second, % of a core':>30}{'x ours':>8}")
    base: tuple[float, float] | None = None
    for name in CLIENTS:
        messages = SLOW_FLOOD_MESSAGES if name == "ccxt.pro" else FLOOD_MESSAGES
        flooded = _rounds(name, messages, 0.0)
        paced = _rounds(name, round(RATE * RATE_SECONDS), RATE) if flooded else []
        if not flooded or not paced:
            print(f"{name:34}{'could not be measured':>24}")
            continue
        micros = statistics.median(1e6 * item.cpu / item.messages for item in flooded)
        share = statistics.median(100 * item.cpu / item.wall for item in paced)
        base = base or (micros, share)
        print(f"{name:34}{micros:>24.2f}{micros / base[0]:>8.2f}{share:>30.1f}{share / base[1]:>8.2f}", flush=True)


def main() -> None:
    """Measure all clients, or be one of the processes of a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs=2, metavar=("MESSAGES", "RATE"), help=argparse.SUPPRESS)
    parser.add_argument("--client", nargs=3, metavar=("NAME", "PORT", "MESSAGES"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_serve(int(options.serve[0]), float(options.serve[1])))
    elif options.client:
        _client(options.client[0], int(options.client[1]), int(options.client[2]))
    else:
        _report()


if __name__ == "__main__":
    main()
