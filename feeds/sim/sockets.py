"""The websocket side that all simulated venues share: bounded queues to clients, and who subscribes to what."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections import deque
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import WSMsgType, web

from feeds.sim.wire import wall_ms

QUEUE_FRAMES = 5_000
MAXIMUM_CLIENT_FRAME = 1 << 20


class SocketFaults(msgspec.Struct):
    """What is made to go wrong on a venue's websockets; see ``faults`` for the names tests and demos use."""

    silent: bool = False
    """Nothing is sent, not even acks and pongs."""
    acks_only: bool = False
    """Requests are answered and no data follows."""
    garbage_left: int = 0
    """So many data frames to come are replaced by garbage, each by the next kind in turn."""
    refuse_until_ms: int = 0
    """Until then new connections are refused with HTTP 503."""
    gap_left: int = 0
    """So many data frames to come are not sent."""
    duplicates_left: int = 0
    """So many data frames to come are sent twice."""
    swaps_left: int = 0
    """So many data frames to come are sent after the next one of their topic instead of before it."""
    mute_paths: tuple[str, ...] = ()
    """Sockets opened on a path that begins so are answered and get no data: the wrong route."""
    private_delay_ms: int = 0
    """Private events are held back so long, or until this ends."""
    private_lost: int = 0
    """So many private events to come are not sent."""

    def clear(self) -> None:
        """End them all."""
        for name, default in msgspec.structs.asdict(SocketFaults()).items():
            setattr(self, name, default)


_GARBAGE: tuple[bytes, ...] = (
    b"\x00\xff not json at all",
    b'{"topic":"tickers.BTCUSDT","type":"snapsh',
    b"[]",
    b"null",
    b'{"topic":"no.such.topic","e":"noSuchEvent","data":{}}',
    b'{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"NaN"},"ts":1}',
    b'{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":null},"ts":1}',
    b'{"e":"markPriceUpdate","E":1,"s":"BTCUSDT","p":"-1","i":"","r":"x","T":0}',
    b'{"e":"markPriceUpdate","E":1,"s":"BTCUSDT"}',
)


class Socket:
    """One client's connection. Frames wait in a bounded queue; a client that does not read is dropped.

    With ``pack`` every frame of ours is packed by it and sent as binary.
    """

    def __init__(
        self, response: web.WebSocketResponse, request: web.Request, faults: SocketFaults, pack: Pack | None
    ) -> None:
        self.identity = str(uuid.uuid4())
        self.path = request.path
        self.topics: set[str] = set()
        self.opened_ms = self.heard_ms = self.ponged_ms = wall_ms()
        self.pinged_ms = self.sent_ms = 0
        self._response, self._request, self._faults, self._pack = response, request, faults, pack
        self._held: dict[str, bytes] = {}
        self._stalled = False
        self._queue: deque[tuple[bytes, int]] = deque()
        self._ready = asyncio.Event()
        self._closing: tuple[int, bytes] | None = None

    def answer(self, frame: bytes) -> None:
        """Send a control frame: an ack, a pong, an error."""
        if not self._faults.silent:
            self._frame(frame)

    def data(self, frame: bytes, topic: str = "", *, binary: bool = False) -> None:
        """Send a data frame, public or private, as faults allow; frames of one ``topic`` may be made to change places.

        ``binary`` is for a frame that is none of text, whether or not the venue packs its frames.
        """
        faults = self._faults
        if faults.silent or faults.acks_only or (faults.mute_paths and self.path.startswith(faults.mute_paths)):
            return
        if faults.gap_left > 0:
            faults.gap_left -= 1
            return
        if faults.garbage_left > 0:
            faults.garbage_left -= 1
            frame = _GARBAGE[faults.garbage_left % len(_GARBAGE)]
            binary = frame[:1] == b"\x00"
        held = self._held.pop(topic, None)
        if held is None and faults.swaps_left > 0:
            faults.swaps_left -= 1
            self._held[topic] = frame
            return
        self.sent_ms = wall_ms()
        self._frame(frame, binary=binary)
        if faults.duplicates_left > 0:
            faults.duplicates_left -= 1
            self._frame(frame, binary=binary)
        if held is not None:
            self._frame(held, binary=binary)

    def stall(self) -> None:
        """Neither read nor write any more, and do not close: a line that is half open."""
        self._stalled = True
        self._reading(on=False)

    def resume(self) -> None:
        """Read and write again after :meth:`stall`; what was to be written meanwhile is lost."""
        if self._stalled:
            self._stalled = False
            self._reading(on=True)

    def ping(self) -> None:
        """Send a protocol ping."""
        self.pinged_ms = wall_ms()
        if not self._faults.silent:
            self._put(str(self.pinged_ms).encode(), WSMsgType.PING)

    def close(self, code: int, reason: str = "") -> None:
        """Close properly once the queue is sent."""
        if self._stalled:
            return
        self._closing = (code, reason.encode())
        self._ready.set()

    def drop(self) -> None:
        """Cut the connection without a goodbye."""
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    async def serve(self, on_text: OnText, on_any: OnSocket | None = None) -> None:
        """Send and receive until either side ends."""
        sender = asyncio.create_task(self._send())
        try:
            async for message in self._response:
                self.heard_ms = wall_ms()
                if on_any is not None:
                    on_any(self)
                if message.type is WSMsgType.TEXT:
                    await on_text(self, message.data)
                elif message.type is WSMsgType.PING:
                    self._pong(message.data)
                elif message.type is WSMsgType.PONG:
                    self.ponged_ms = self.heard_ms
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def _pong(self, payload: bytes) -> None:
        if not self._faults.silent:
            self._put(payload, WSMsgType.PONG)

    def _reading(self, *, on: bool) -> None:
        transport = self._request.transport
        if isinstance(transport, asyncio.Transport) and not transport.is_closing():
            (transport.resume_reading if on else transport.pause_reading)()

    def _frame(self, frame: bytes, *, binary: bool = False) -> None:
        if self._pack is not None and not binary:
            frame, binary = self._pack(frame), True
        self._put(frame, WSMsgType.BINARY if binary else WSMsgType.TEXT)

    def _put(self, frame: bytes, opcode: int) -> None:
        if self._stalled:
            return
        if len(self._queue) >= QUEUE_FRAMES:
            self.drop()
            return
        self._queue.append((frame, opcode))
        self._ready.set()

    async def _send(self) -> None:
        queue, response = self._queue, self._response
        try:
            while True:
                await self._ready.wait()
                self._ready.clear()
                while queue:
                    frame, opcode = queue.popleft()
                    await response.send_frame(frame, WSMsgType(opcode))
                if self._closing is not None:
                    code, reason = self._closing
                    await response.close(code=code, message=reason)
                    return
        except (ConnectionError, RuntimeError):
            self.drop()


OnText = Callable[[Socket, str], Awaitable[None]]
OnSocket = Callable[[Socket], None]
Pack = Callable[[bytes], bytes]


class Hub:
    """Who is connected to one venue, and who wants which topic. Only subscribers are served.

    ``pack`` turns every frame into what is sent as binary (a venue that compresses its frames one by one).
    """

    def __init__(self, pack: Pack | None = None) -> None:
        self.faults = SocketFaults()
        self._pack = pack
        self.sockets: set[Socket] = set()
        self._wanted: dict[str, set[Socket]] = {}
        self._held_back: dict[int, tuple[asyncio.TimerHandle, Callable[[], None]]] = {}
        self._numbers = itertools.count()

    async def accept(
        self,
        request: web.Request,
        on_text: OnText,
        *,
        opened: OnSocket | None = None,
        on_any: OnSocket | None = None,
    ) -> web.StreamResponse:
        """Upgrade a request and serve it to its end; ``on_any`` hears of every frame, pings and pongs included."""
        if wall_ms() < self.faults.refuse_until_ms:
            return web.Response(status=503, text="Service Unavailable")
        response = web.WebSocketResponse(compress=False, autoping=False, max_msg_size=MAXIMUM_CLIENT_FRAME, timeout=1.0)
        await response.prepare(request)
        socket = Socket(response, request, self.faults, self._pack)
        self.sockets.add(socket)
        try:
            if opened is not None:
                opened(socket)
            await socket.serve(on_text, on_any)
        finally:
            self.sockets.discard(socket)
            self.forget(socket)
        return response

    def subscribe(self, socket: Socket, topic: str) -> None:
        """Send the topic's frames to this socket from now on."""
        socket.topics.add(topic)
        self._wanted.setdefault(topic, set()).add(socket)

    def unsubscribe(self, socket: Socket, topic: str) -> None:
        """Stop sending a topic to this socket."""
        socket.topics.discard(topic)
        listeners = self._wanted.get(topic)
        if listeners is not None:
            listeners.discard(socket)
            if not listeners:
                del self._wanted[topic]

    def forget(self, socket: Socket) -> None:
        """Drop all subscriptions of a socket."""
        for topic in tuple(socket.topics):
            self.unsubscribe(socket, topic)

    def wanted(self, topic: str) -> bool:
        """True where somebody subscribes to the topic."""
        return topic in self._wanted

    def topics(self) -> tuple[str, ...]:
        """Every topic somebody subscribes to."""
        return tuple(self._wanted)

    def listeners(self, topic: str) -> tuple[Socket, ...]:
        """Who wants the topic."""
        return tuple(self._wanted.get(topic, ()))

    def publish(self, topic: str, frame: bytes) -> None:
        """Send one frame, made once, to all who want the topic."""
        for socket in self.listeners(topic):
            socket.data(frame, topic)

    def private(self, send: Callable[[], None]) -> None:
        """Let a private event go out as faults allow; ``send`` delivers its frames, made already."""
        if self.faults.private_lost > 0:
            self.faults.private_lost -= 1
        elif self.faults.private_delay_ms:
            number = next(self._numbers)
            timer = asyncio.get_running_loop().call_later(self.faults.private_delay_ms / 1000, self._let_go, number)
            self._held_back[number] = (timer, send)
        else:
            send()

    def _let_go(self, number: int) -> None:
        timer, send = self._held_back.pop(number)
        timer.cancel()
        send()

    def stall_all(self) -> None:
        """Leave every connection half open; those to come are well."""
        for socket in self.sockets:
            socket.stall()

    def clear(self) -> None:
        """End every fault; what is held back goes out."""
        self.faults.clear()
        for number in tuple(self._held_back):
            self._let_go(number)
        for socket in self.sockets:
            socket.resume()

    def drop_all(self) -> None:
        """Cut every connection."""
        for socket in tuple(self.sockets):
            socket.drop()
