"""A venue's public websocket on loopback: answers its clients as the venue does and sends its busiest stream.

Run by ``tests.bench.streams``: ``python -m tests.bench.stream_server VENUE RATE SECONDS``. It prints its port, serves
one client, begins a second after the last request, says goodbye after ``SECONDS``, prints what it has sent, and ends.
A client that does not read fast enough is sent less: what it is owed is never kept for it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import struct
import sys
import time
import zlib
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.bench.stream_frames import Stream, stamp, streams

QUIET_SECONDS, OPENING_SECONDS = 1.0, 40.0
TICK_SECONDS = 0.001
BACKLOG_BYTES = 4 << 20
"""What a client may have outstanding here, beside the kernel's buffers."""
COMPANION_EVERY, PING_SECONDS = 250, 5.0


def _wire(payload: bytes, packed: bool) -> bytes:
    """An unmasked frame: text, or binary where the venue packs it."""
    if packed:
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        payload = packer.compress(payload) + packer.flush()
    first, size = 0x82 if packed else 0x81, len(payload)
    head = struct.pack("!BB", first, size) if size < 126 else struct.pack("!BBH", first, 126, size)
    return head + payload


# --- answers -------------------------------------------------------------------------------------------------------


def _binance(request: dict[str, Any]) -> tuple[Any, list[str]]:
    return {"result": None, "id": request["id"]}, request.get("params", [])


def _bybit(request: dict[str, Any]) -> tuple[Any, list[str]]:
    word = request["op"]
    answer = {"success": True, "ret_msg": "pong" if word == "ping" else "", "conn_id": "bench", "op": word}
    return answer | {"req_id": request.get("req_id", "")}, request.get("args") or []


def _bingx(request: dict[str, Any]) -> tuple[Any, list[str]]:
    if "reqType" not in request:
        return None, []
    return {"id": request["id"], "code": 0, "msg": "", "dataType": "", "data": None}, [request["dataType"]]


def _weex(request: dict[str, Any]) -> tuple[Any, list[str]]:
    if request["method"] == "PONG":
        return None, []
    return {"result": True, "id": request["id"]}, request["params"]


def _mexc(request: dict[str, Any]) -> tuple[Any, list[str]]:
    word, now_ms = request["method"], time.time_ns() // 1_000_000
    if word == "ping":
        return {"channel": "pong", "data": now_ms, "ts": now_ms}, []
    answer = {"channel": f"rs.{word}", "data": "success", "ts": now_ms}
    return answer, [f"{word.removeprefix('sub.')}.{request['param']['symbol']}"]


ANSWERS: dict[str, Callable[[dict[str, Any]], tuple[Any, list[str]]]] = {
    "binance": _binance,
    "bybit": _bybit,
    "bingx": _bingx,
    "weex": _weex,
    "mexc": _mexc,
}
"""What a request is answered with, and the channels it asks for."""


# --- sending -------------------------------------------------------------------------------------------------------


class Served:
    """One client's connection."""

    def __init__(self, socket: ServerConnection, stream: Stream) -> None:
        self.socket, self.stream = socket, stream
        self.channels: set[str] = set()
        self.sent = self.held_back = self.number = 0
        self._asking = asyncio.Event()

    def send(self, *payloads: bytes) -> None:
        """Past the library, which would take each frame through its own bookkeeping."""
        self.sent += len(payloads)
        self.socket.transport.write(b"".join([_wire(payload, self.stream.packed) for payload in payloads]))

    async def answer(self) -> None:
        """Until the client is gone."""
        path = self.socket.request.path if self.socket.request else ""
        if named := re.search(r"[?&]streams=([^&]+)", path):  # asked for in the address
            self._asked(named.group(1).split("/"))
        async for message in self.socket:
            if message == "Pong":
                continue
            answer, channels = ANSWERS[self.stream.venue](json.loads(message))
            if answer is not None:
                self.send(json.dumps(answer).encode())
            if channels:
                self._asked(channels)

    def _asked(self, channels: list[str]) -> None:
        self.channels.update(channels)
        self._asking.set()

    async def _all_asked(self) -> None:
        """Wait until something was asked for, and nothing more for a while."""
        await self._asking.wait()
        with contextlib.suppress(TimeoutError):
            while True:
                self._asking.clear()
                await asyncio.wait_for(self._asking.wait(), QUIET_SECONDS)

    async def flood(self, rate: float, seconds: float) -> None:
        """The stream, as soon as nothing more is asked for. A tick that was late is made up for."""
        await self._all_asked()
        now_ms = time.time_ns() // 1_000_000
        self.send(*(stamp(snapshot, now_ms, -1) for snapshot in self.stream.snapshots))
        start = pinged = time.monotonic()
        due, total = 0, round(rate * seconds)
        while due < total and not self.socket.transport.is_closing():
            now = time.monotonic()
            fresh = min(total, round((now - start) * rate)) - due
            due += fresh
            if self.socket.transport.get_write_buffer_size() > BACKLOG_BYTES:
                self.held_back += fresh
            else:
                self.send(*self._next(fresh))
            if now - pinged >= PING_SECONDS:
                pinged = now
                self._ping()
            await asyncio.sleep(TICK_SECONDS)

    def _next(self, count: int) -> list[bytes]:
        frames, now_ms = self.stream.frames, time.time_ns() // 1_000_000
        made = []
        for _ in range(count):
            number, self.number = self.number, self.number + 1
            if number % COMPANION_EVERY == 0:
                companions = [frame for name, frame in self.stream.companions.items() if name in self.channels]
                made += [stamp(frame, now_ms, number) for frame in companions]
            made.append(stamp(frames[number % len(frames)], now_ms, number // 2))
        return made

    def _ping(self) -> None:
        if self.stream.venue == "bingx":
            self.send(b"Ping")
        elif self.stream.venue == "weex":
            self.send(json.dumps({"event": "ping", "time": str(time.time_ns() // 1_000_000)}).encode())


async def _serve(venue: str, rate: float, seconds: float) -> None:
    done: asyncio.Future[Served] = asyncio.get_running_loop().create_future()

    async def handle(socket: ServerConnection) -> None:
        if done.done():
            return
        path = socket.request.path if socket.request else ""
        (stream,) = (each for each in streams(bare="/ws" in path) if each.venue == venue)
        served = Served(socket, stream)
        answering = asyncio.create_task(served.answer())
        flooding = asyncio.create_task(served.flood(rate, seconds))
        await asyncio.wait((answering, flooding), return_when=asyncio.FIRST_COMPLETED)
        for task in (answering, flooding):
            if task.done() and (error := task.exception()) and not isinstance(error, ConnectionClosed):
                print(f"{venue}: {error!r}", file=sys.stderr)
            task.cancel()
        if not done.done():
            done.set_result(served)
        await socket.close()

    async with serve(handle, "127.0.0.1", 0, compression=None, ping_timeout=None, close_timeout=3.0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        served = await asyncio.wait_for(done, OPENING_SECONDS + seconds)
        print(json.dumps({"sent": served.sent, "held_back": served.held_back}), flush=True)


def main() -> None:
    """Serve one client."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("venue", choices=tuple(ANSWERS))
    parser.add_argument("rate", type=float)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    asyncio.run(_serve(options.venue, options.rate, options.seconds))


if __name__ == "__main__":
    main()
