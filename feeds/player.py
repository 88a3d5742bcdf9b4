"""Turns the records of a capture back into the events they gave when they were recorded. Pure: no clock, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from core.errors import DecodeError
from core.events import (
    AnyEvent,
    ChannelChanged,
    ChannelState,
    ConnectionChanged,
    ConnectionState,
    FaultKind,
    FrameFault,
    Ticker,
)
from feeds import origins, registry
from feeds.frames import fault
from feeds.records import AnyRecord, Closed, Connected, Fetched, Oversized, Received
from feeds.reference import CONNECTION
from feeds.venue import Decoder


class _Line:
    """One connection of the capture, over all the sockets that served it."""

    def __init__(self, venue: str, name: str) -> None:
        self.venue, self.name = venue, name
        self.sockets: set[str] = set()
        self.heard: set[str] = set()
        self.newest: dict[tuple[str, str], int] = {}
        """The newest venue time shown of each channel and instrument: sockets overlap while they are swapped."""


class _Socket:
    """One socket of the capture."""

    def __init__(self, line: _Line, decoder: Decoder) -> None:
        self.line, self.decoder = line, decoder


class Player:
    """Feeds records to the venues' own decoders. ``skipped`` counts records of sources that no venue here serves."""

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()
        self._lines: dict[tuple[str, str], _Line] = {}
        self._sockets: dict[str, _Socket] = {}

    def events(self, record: AnyRecord) -> Sequence[AnyEvent]:
        """The events of one record, received at the record's time."""
        if isinstance(record, Received):
            socket = self._sockets.get(record.conn)
            if socket is None:
                self.skipped[record.conn] += 1
                return ()
            return self._frame(socket, record)
        if isinstance(record, Connected):
            return self._connected(record)
        if isinstance(record, Closed):
            return self._closed(record)
        if isinstance(record, Oversized):
            return self._oversized(record)
        if isinstance(record, Fetched):
            return self._fetched(record)
        return ()

    def _connected(self, record: Connected) -> Sequence[AnyEvent]:
        origin = origins.market_at(record.addr, record.venue)
        if origin is None:
            self.skipped[record.addr] += 1
            return ()
        venue, market = origin
        name = record.connection or market
        line = self._lines.setdefault((venue, name), _Line(venue, name))
        self._sockets[record.conn] = _Socket(line, registry.decoder_for(venue, market))
        overlapping = bool(line.sockets)
        line.sockets.add(record.conn)
        return () if overlapping else (self._state(line, ConnectionState.SUBSCRIBING, record.ns),)

    def _closed(self, record: Closed) -> Sequence[AnyEvent]:
        socket = self._sockets.pop(record.conn, None)
        if socket is None:
            return ()
        line = socket.line
        line.sockets.discard(record.conn)
        if line.sockets:
            return ()
        line.heard.clear()
        return (self._state(line, ConnectionState.RECONNECTING, record.ns, "closed in the capture"),)

    def _frame(self, socket: _Socket, record: Received) -> Sequence[AnyEvent]:
        events: list[AnyEvent] = []
        for event in socket.decoder.decode(record.data, record.ns):
            if isinstance(event, Ticker):
                if not self._newest(socket.line, event):
                    continue
                events += self._first_heard(socket.line, event.channel, record.ns)
            elif isinstance(event, FrameFault):
                event = msgspec.structs.replace(event, connection=socket.line.name)
            events.append(event)
        return events

    def _newest(self, line: _Line, event: Ticker) -> bool:
        """False where another socket of the same connection has shown something newer."""
        if event.venue_time_ns is None or len(line.sockets) < 2:
            return True
        key = (event.channel, event.instrument)
        if event.venue_time_ns < line.newest.get(key, 0):
            return False
        line.newest[key] = event.venue_time_ns
        return True

    def _first_heard(self, line: _Line, channel: str, now_ns: int) -> list[AnyEvent]:
        if channel in line.heard:
            return []
        events: list[AnyEvent] = []
        if not line.heard:
            events.append(self._state(line, ConnectionState.LIVE, now_ns))
        line.heard.add(channel)
        events.append(
            ChannelChanged(
                received_ns=now_ns,
                venue=line.venue,
                connection=line.name,
                channel=channel,
                state=ChannelState.LIVE,
            )
        )
        return events

    def _oversized(self, record: Oversized) -> Sequence[AnyEvent]:
        socket = self._sockets.get(record.conn)
        if socket is None:
            return ()
        return (
            FrameFault(
                received_ns=record.ns,
                venue=socket.line.venue,
                connection=socket.line.name,
                kind=FaultKind.OVERSIZE,
                detail=f"{record.size} bytes or more",
            ),
        )

    def _fetched(self, record: Fetched) -> Sequence[AnyEvent]:
        address = record.url.partition("?")[0]
        venue = record.venue or origins.venue_of(address)
        if venue not in registry.VENUES:
            self.skipped[address] += 1
            return ()
        try:
            events = registry.reference_events(venue, record.url, record.data, record.ns)
            if registry.venue_module(venue).POLLS_TICKERS:
                return events
            return [event for event in events if not isinstance(event, Ticker)]
        except DecodeError as error:
            return (fault(error, CONNECTION, record.ns),)

    @staticmethod
    def _state(line: _Line, state: ConnectionState, now_ns: int, reason: str = "") -> ConnectionChanged:
        return ConnectionChanged(received_ns=now_ns, venue=line.venue, connection=line.name, state=state, reason=reason)
