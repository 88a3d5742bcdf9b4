"""What one socket says: frames decoded to events, each channel's data noted, and nothing older than what was shown."""

from __future__ import annotations

import logging
from collections.abc import Callable

from core.events import FaultKind, FrameFault, Heard, Ticker
from feeds.channels import Channel, ChannelBoard
from feeds.records import Oversized, Received, Tap
from feeds.venue import ConnectionPlan, Decoder, Emit

_LOGGER = logging.getLogger("hedgerow.connection")


class Intake:
    """Takes the frames of one socket from the moment that it is open.

    ``heard`` is told what carries no market data; ``news`` is called where a channel begins to speak, or speaks again.
    """

    def __init__(
        self,
        plan: ConnectionPlan,
        identity: str,
        board: ChannelBoard,
        emit: Emit,
        *,
        tap: Tap | None,
        largest_frame_bytes: int,
        heard: Callable[[Heard], None],
        news: Callable[[], None],
    ) -> None:
        self.primary = False
        """Only the primary one's events are emitted; another's are dropped until it takes over."""
        self.first_data_ns: int | None = None
        self.last_data_ns: int | None = None
        self.decoder: Decoder
        self._plan, self._identity, self._board, self._emit, self._tap = plan, identity, board, emit, tap
        self._largest_frame_bytes, self._tell_heard, self._news = largest_frame_bytes, heard, news

    def steady(self, seconds: float) -> bool:
        """True where it has carried data for so long."""
        if self.first_data_ns is None or self.last_data_ns is None:
            return False
        return self.last_data_ns - self.first_data_ns >= seconds * 1_000_000_000

    def take_over(self, other: Intake) -> None:
        """Speak from now on, in place of ``other``; nothing older than what it showed will be shown."""
        other.primary, self.primary = False, True
        for name, channel in self._board.channels.items():
            shown = other._board.channels[name].newest
            channel.floors = {key: event.venue_time_ns or 0 for key, event in shown.items()}
            for key, event in channel.newest.items():
                if event.venue_time_ns is not None and event.venue_time_ns > channel.floors.get(key, 0):
                    self._emit(event)

    def take(self, frame: bytes, read_ns: int) -> None:
        """One frame was read. The hot path: a few dictionary look-ups beside the decoder and the engine."""
        if len(frame) > self._largest_frame_bytes:
            self.oversize(len(frame), read_ns)
            return
        if self._tap is not None:
            self._tap(Received(ns=read_ns, conn=self._identity, data=frame))
        try:
            events = self.decoder.decode(frame, read_ns)
        except Exception as error:
            # The supervisor's net again: decoders promise not to raise, and a broken promise must not kill a feed.
            _LOGGER.error("%s %s: decoder: %s", self._plan.venue, self._plan.name, type(error).__name__)
            self._fault(FaultKind.BAD_FIELD, f"decoder failed ({type(error).__name__})", read_ns)
            return
        if self._plan.private and self._board.complete():  # its channels may rest for days: any frame proves it good
            self.first_data_ns, self.last_data_ns = self.first_data_ns or read_ns, read_ns
        channels = self._board.channels
        for event in events:
            if type(event) is Ticker:
                channel = channels.get(event.channel)
                if channel is not None and not self._hear(channel, event, read_ns):
                    continue
            elif type(event) is Heard:
                self._heard(event, read_ns)
            if self.primary:
                self._emit(event)

    def _hear(self, channel: Channel, event: Ticker, read_ns: int) -> bool:
        """Note a channel's data; False where it is older than what the socket before this one has shown."""
        stamp = event.venue_time_ns
        if stamp is not None:
            if channel.floors:
                if stamp < channel.floors.get(event.instrument, 0):
                    return False
                channel.floors.pop(event.instrument, None)
            channel.newest[event.instrument] = event
        self._spoke(channel, read_ns)
        return True

    def _spoke(self, channel: Channel, read_ns: int) -> None:
        self.last_data_ns = read_ns
        if channel.data_ns is None or not channel.satisfied:
            if self.first_data_ns is None:
                self.first_data_ns = read_ns
            self._board.data(channel, read_ns)
            self._news()
        else:
            channel.data_ns = read_ns

    def _heard(self, event: Heard, read_ns: int) -> None:
        if event.kind == "unused" and event.channel in self._board.channels:
            self._spoke(self._board.channels[event.channel], read_ns)
        else:
            self._tell_heard(event)

    def oversize(self, size: int, now_ns: int) -> None:
        """Note that a frame was too long to be used."""
        if self._tap is not None:
            self._tap(Oversized(ns=now_ns, conn=self._identity, size=size))
        self._fault(FaultKind.OVERSIZE, f"{size} bytes or more", now_ns)

    def _fault(self, kind: FaultKind, detail: str, now_ns: int) -> None:
        if self.primary:
            self._emit(
                FrameFault(
                    received_ns=now_ns, venue=self._plan.venue, connection=self._plan.name, kind=kind, detail=detail
                )
            )
