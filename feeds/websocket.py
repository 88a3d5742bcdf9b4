"""A market-data websocket that hands over whole frames as they are read, in batches.

Waking the event loop for every frame costs far more than decoding it. A monitor loses nothing by reading 50 times a
second, so reading is paused after each batch; what has come meanwhile is then read and handed over in one go. An
account or order socket must not be read this way (``read_hz=None``).
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import urllib.parse
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, PayloadTooBig, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event, State

Deliver = Callable[[bytes, int], None]
"""Takes one whole frame and the time it was read (ns, engine timeline)."""

DRAINED_BYTES = 65_536
"""A read shorter than this has emptied the socket's buffer, so reading may pause."""

OPENING_ERRORS = (OSError, TimeoutError, WebSocketException, UnicodeError, ValueError)
"""What an address that is wrong, unreachable or no websocket can raise while opening."""

# The library logs what it is told to send and receive; addresses and frames do not belong in a log.
_LOGGER = logging.getLogger("hedgerow.websocket")
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False


class MarketSocket(ClientConnection):
    """The client side of one open websocket. Frames go to :meth:`attach`'s receiver; ``recv`` is not used."""

    def __init__(self, protocol: ClientProtocol, **options: Any) -> None:
        super().__init__(protocol, **options)
        self.ended: asyncio.Future[None] = self.loop.create_future()
        """Done as soon as no further frame can come, whether or not the peer has closed its side."""
        self._deliver: Deliver | None = None
        self._now: Callable[[], int] = lambda: 0
        self.heard_ns = 0
        """When bytes of any kind were last read (ns, engine timeline)."""
        self._pause_seconds: float | None = None
        self._early: list[bytes] = []
        self._parts: bytearray | None = None
        self._wire: asyncio.ReadTransport
        """What is paused between two reads."""

    def attach(self, deliver: Deliver, now: Callable[[], int], read_hz: float | None) -> None:
        """Hand every frame to ``deliver`` from now on, reading ``read_hz`` times a second (``None``: at once)."""
        self._deliver, self._now = deliver, now
        self._pause_seconds = None if read_hz is None else 1 / read_hz
        early, self._early, self.heard_ns = self._early, [], now()
        for frame in early:
            deliver(frame, self.heard_ns)

    def hang_up(self) -> None:
        """Say goodbye if that takes no waiting, and drop the connection."""
        self._deliver = None
        if self.protocol.state is State.OPEN:
            self.protocol.send_close(1000)
            self.send_data()
        self.transport.abort()
        self._end()

    def end_reason(self) -> str:
        """Why the connection ended, in words that hold nothing secret."""
        if isinstance(self.protocol.parser_exc, PayloadTooBig):
            return "the venue sent a frame over the size limit"
        if self.protocol.close_rcvd is not None:
            words = "".join(char for char in self.protocol.close_rcvd.reason if char.isprintable())[:80]
            return f"closed by the venue: {self.protocol.close_rcvd.code} {words}".rstrip()
        if self.protocol.parser_exc is not None and not isinstance(self.protocol.parser_exc, EOFError):
            return "the venue broke the websocket protocol"
        return "connection lost"

    @property
    def oversize(self) -> bool:
        """True where the connection had to be given up for a frame over the hard limit."""
        return isinstance(self.protocol.parser_exc, PayloadTooBig)

    # --- called by asyncio and by the library ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is there."""
        super().connection_made(transport)
        # Under TLS, pausing the outer transport leaves the socket's own being woken for every packet. asyncio offers
        # no public way to the inner one; without it the pauses save less, and nothing else changes.
        inner = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
        self._wire = inner if isinstance(inner, asyncio.ReadTransport) else self.transport

    def data_received(self, data: bytes) -> None:
        """Parse one read; every frame in it is delivered before this returns."""
        self.heard_ns = self._now()
        super().data_received(data)
        if self.protocol.state is State.CLOSING:
            self._end()
        elif self._pause_seconds is not None and len(data) < DRAINED_BYTES:
            self._wire.pause_reading()
            self.loop.call_later(self._pause_seconds, self._wire.resume_reading)

    def process_event(self, event: Event) -> None:
        """Deliver data frames instead of queueing them; leave the rest to the library."""
        if type(event) is Frame:
            if event.opcode is Opcode.TEXT or event.opcode is Opcode.BINARY:
                if event.fin:
                    self._hand_over(bytes(event.data))
                else:
                    self._parts = bytearray(event.data)
                return
            if event.opcode is Opcode.CONT and self._parts is not None:
                self._parts += event.data
                if event.fin:
                    whole, self._parts = bytes(self._parts), None
                    self._hand_over(whole)
                return
        super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        super().connection_lost(exc)
        self._end()

    def _hand_over(self, frame: bytes) -> None:
        if self._deliver is not None:
            self._deliver(frame, self.heard_ns)
        elif not self.ended.done():
            self._early.append(frame)

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


async def open_market_socket(
    url: str,
    *,
    open_seconds: float,
    maximum_bytes: int,
    ping_seconds: float | None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> MarketSocket:
    """Open ``url``; raises one of :data:`OPENING_ERRORS`, told in words by :func:`opening_reason`.

    ``maximum_bytes`` is the hard limit on a message, past which the connection has to be given up. No compression:
    market data is read far more often than its bandwidth is paid for.
    """
    proxy: Literal[True] | None = None if _is_loopback(url) else True
    socket = await connect(
        url,
        additional_headers=dict(headers),
        create_connection=MarketSocket,
        compression=None,
        proxy=proxy,
        open_timeout=open_seconds,
        ping_interval=ping_seconds,
        ping_timeout=None,
        max_size=maximum_bytes,
        max_queue=None,
        logger=_LOGGER,
    )
    assert isinstance(socket, MarketSocket)
    return socket


def opening_reason(error: BaseException) -> str:
    """Why a connection could not be opened. Names classes and codes only: an address may hold a secret."""
    if isinstance(error, InvalidStatus):
        return f"the venue answered HTTP {error.response.status_code}"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, InvalidURI | ValueError):
        return "not a websocket address"
    if isinstance(error, InvalidHandshake):
        return "the venue did not answer as a websocket"
    return f"could not connect ({type(error).__name__})"


def retry_after_seconds(error: BaseException, ceiling: float) -> float:
    """How long the venue asked us to stay away (``Retry-After`` in seconds), at most ``ceiling``; else 0."""
    if not isinstance(error, InvalidStatus):
        return 0.0
    return min(_seconds(error.response), ceiling)


def _seconds(response: Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _is_loopback(url: str) -> bool:
    try:
        host = urllib.parse.urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
