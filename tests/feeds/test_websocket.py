"""The socket under the connections: it reads in batches, over TLS too, and loses nothing at its edges."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from feeds.clock import Clock
from feeds.websocket import MarketSocket, open_market_socket
from tests.support.patience import PATIENCE

Script = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    async with serve(script, "127.0.0.1", 0, compression=None, ssl=tls) as server:
        scheme = "ws" if tls is None else "wss"
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Reader:
    """Takes frames as they come and wakes whoever waits for a number of them."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.reads: set[int] = set()
        self._more = asyncio.Event()

    @property
    def reads_a_second(self) -> float:
        """How often it was woken, from the first time to the last."""
        times = sorted(self.reads)
        return (len(times) - 1) / max(times[-1] - times[0], 1) * 1e9

    def take(self, frame: bytes, read_ns: int) -> None:
        self.frames.append(frame)
        self.reads.add(read_ns)
        self._more.set()

    async def until(self, number: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.frames) < number:
                self._more.clear()
                await self._more.wait()


async def connect(url: str, reader: Reader, read_hz: float | None) -> MarketSocket:
    socket = await open_market_socket(url, open_seconds=PATIENCE, maximum_bytes=1 << 20, ping_seconds=None)
    socket.attach(reader.take, Clock().now_ns, read_hz)
    return socket


async def send_hundred(socket: ServerConnection) -> None:
    for number in range(100):
        await socket.send(b"%d" % number)
        await asyncio.sleep(0.002)
    await socket.wait_closed()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate that this process trusts for the length of a test."""
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(chain), "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


@pytest.mark.parametrize("read_hz", [20.0, None])
async def test_every_frame_comes_in_order_and_batches_take_fewer_reads(read_hz: float | None) -> None:
    reader = Reader()
    async with serving(send_hundred) as url:
        socket = await connect(url, reader, read_hz)
        await reader.until(100)
        socket.hang_up()
    assert reader.frames == [b"%d" % number for number in range(100)]
    if read_hz is not None:
        assert reader.reads_a_second <= 1.2 * read_hz, "not one wake-up for each frame"


async def test_batches_work_under_tls(certificate: ssl.SSLContext) -> None:
    reader = Reader()
    async with serving(send_hundred, certificate) as url:
        socket = await connect(url, reader, 20.0)
        await reader.until(100)
        socket.hang_up()
    assert reader.frames == [b"%d" % number for number in range(100)]
    assert reader.reads_a_second <= 1.2 * 20.0


async def test_frames_sent_with_the_handshake_are_not_lost() -> None:
    async def at_once(socket: ServerConnection) -> None:
        await socket.send("first")
        await socket.send("second")
        await socket.wait_closed()

    reader = Reader()
    async with serving(at_once) as url:
        socket = await open_market_socket(url, open_seconds=PATIENCE, maximum_bytes=1 << 20, ping_seconds=None)
        await asyncio.sleep(0.05)  # they arrive before anybody is attached
        socket.attach(reader.take, Clock().now_ns, 50.0)
        await reader.until(2)
        socket.hang_up()
    assert reader.frames == [b"first", b"second"]


async def test_nothing_is_delivered_after_hanging_up_and_the_peer_hears_a_goodbye() -> None:
    heard: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def listen(socket: ServerConnection) -> None:
        await socket.wait_closed()
        heard.set_result(socket.close_code)

    reader = Reader()
    async with serving(listen) as url:
        socket = await connect(url, reader, 50.0)
        socket.hang_up()
        assert socket.ended.done()
        async with asyncio.timeout(PATIENCE):
            assert await heard == 1000
        socket.hang_up()
    assert reader.frames == []


async def test_a_close_frame_ends_it_though_the_peer_keeps_the_socket_open() -> None:
    seen = asyncio.Event()

    async def close_by_half(socket: ServerConnection) -> None:
        socket.protocol.send_close(1001, "going\taway")
        socket.transport.write(b"".join(socket.protocol.data_to_send()))
        await seen.wait()

    async with serving(close_by_half) as url:
        socket = await connect(url, Reader(), 50.0)
        async with asyncio.timeout(PATIENCE):
            await socket.ended
        assert socket.end_reason() == "closed by the venue: 1001 goingaway"
        socket.hang_up()
        seen.set()


async def test_broken_framing_is_the_venue_s_fault() -> None:
    seen = asyncio.Event()

    async def break_framing(socket: ServerConnection) -> None:
        socket.transport.write(b"\xff\xff\xff\xff")
        await seen.wait()

    async with serving(break_framing) as url:
        socket = await connect(url, Reader(), 50.0)
        async with asyncio.timeout(PATIENCE):
            await socket.ended
        assert socket.end_reason() == "the venue broke the websocket protocol"
        socket.hang_up()
        seen.set()
