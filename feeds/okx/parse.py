"""OKX's public frames to events, pure and without I/O.

The usual mark price, index price, best levels and ticker take one typed decode and a handful of comparisons. Whatever
does not fit (odd types, an empty side, a number out of range, funding, an answer) is read again field by field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import InvalidOperation
from typing import Any, Final, NamedTuple

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, Heard, Ticker
from feeds.fields import Fields, plausible_symbol
from feeds.frames import as_bytes, clip, fault, open_frame, with_faults
from feeds.okx import facts
from feeds.okx.state import Line, refusal, topic
from feeds.okx.wire import BookFrame, IndexFrame, MarkFrame, TickerFrame

_QUICK_BYTES: Final = 2048
_BACKSLASH, _UNDERSCORE = b"\\_"
_CHANNEL_AT: Final = len('{"arg":{"channel":"')
_NAMED: Final = re.compile(r"channel: ?([\w-]+), ?instId: ?([\w-]+)")

_READ: Final = frozenset({facts.MARK, facts.INDEX, facts.FUNDING, facts.BOOK, facts.TICKERS})
_NOT_USUAL: Final = (msgspec.DecodeError, InvalidOperation, LookupError, ValueError, RecursionError)
"""A type or a number that does not fit, a subscription not heard before, more or fewer rows than one."""


def _typed(frame: type) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(frame, strict=False).decode


_Read = Callable[[Line, Any, int, bytes], Sequence[AnyEvent] | None]

_READERS: Final[Mapping[str, tuple[Callable[[bytes], Any], _Read]]] = {
    facts.MARK: (_typed(MarkFrame), Line.mark),
    facts.INDEX: (_typed(IndexFrame), Line.index),
    facts.BOOK: (_typed(BookFrame), Line.book),
    facts.TICKERS: (_typed(TickerFrame), Line.tick),
}
"""How the usual frame of a channel is decoded, and read."""


class _Usual(NamedTuple):
    """How the usual frame of a channel is decoded, the channel's lines, and how they read it."""

    typed: Callable[[bytes], Any]
    lines: Mapping[str, Line]
    read: _Read


class Decoder:
    """Turns the frames of one public socket into events; see :class:`feeds.venue.Decoder`.

    Every frame names its instrument, whose market its name tells: the market given is only what faults are told under.
    """

    def __init__(self, market: str, connection: str = "") -> None:
        self._connection = connection or market
        self._lines: dict[str, dict[str, Line]] = {channel: {} for channel in _READ}
        self._usual = {
            ord(channel[0]): _Usual(typed, self._lines[channel], read) for channel, (typed, read) in _READERS.items()
        }
        """By the first letter of a frame's channel, which the typed decode proves."""

    def reset(self) -> None:
        """Forget the order of what was heard."""
        for lines in self._lines.values():
            lines.clear()

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        if isinstance(frame, str):
            frame = as_bytes(frame)
        if len(frame) <= _QUICK_BYTES and _BACKSLASH not in frame and _UNDERSCORE not in frame and frame.isascii():
            try:
                typed, lines, read = self._usual[frame[_CHANNEL_AT]]
                message = typed(frame)
                events = read(lines[message.subject.instrument], message, received_ns, frame)
                if events is not None:
                    return events
            except _NOT_USUAL:
                pass
        try:
            return self._careful(frame, received_ns)
        except DecodeError as error:
            return (fault(error, self._connection, received_ns),)

    # --- all other frames ------------------------------------------------------------------------------------

    def _careful(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent]:
        if frame.strip() == b"pong":
            return (Heard(received_ns=received_ns, kind="pong"),)
        opened = open_frame(facts.VENUE, frame)
        if isinstance(opened, list):
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "an array")
        fields = Fields(opened)
        if "event" in fields:
            return (_control(fields, received_ns),)
        if "arg" not in fields:
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "neither a subscription's data nor an answer")
        channel, symbol = _subject(fields)
        if channel in facts.UNUSED_CHANNELS or "candle" in channel:
            return (Heard(received_ns=received_ns, kind="unused", channel=clip(topic(channel, symbol))),)
        if channel not in _READ:
            raise refusal(FaultKind.UNKNOWN_TOPIC, topic(channel, symbol))
        if not plausible_symbol(symbol):
            raise refusal(FaultKind.UNKNOWN_TOPIC, topic(channel, symbol), "", "no symbol")
        return self._data(channel, symbol, fields, received_ns)

    def _data(self, channel: str, symbol: str, fields: Fields, received_ns: int) -> Sequence[AnyEvent]:
        rows = fields.array("data")
        if rows is not None and not rows:
            fields.note("data", "a row")
        if not rows:
            raise refusal(FaultKind.BAD_FIELD, topic(channel, symbol), *fields.bad[0])
        line = self._line(channel, symbol)
        events: list[AnyEvent] = []
        for raw in rows:
            row = Fields({"data": raw}).object("data")
            if row is None:
                raise refusal(FaultKind.BAD_FIELD, topic(channel, symbol), "data", "expected rows that are objects")
            told = line.careful(channel, row, received_ns)
            ticker = told[0]
            assert isinstance(ticker, Ticker)
            events += [*with_faults(ticker, facts.VENUE, row.bad, self._connection), *told[1:]]
        return events

    def _line(self, channel: str, symbol: str) -> Line:
        """The line of a subscription. Raises DecodeError where garbage would grow the memory."""
        lines = self._lines[channel]
        if (line := lines.get(symbol)) is None:
            line = Line(channel, symbol)
            if len(lines) >= facts.MAX_CHANNELS:
                raise refusal(FaultKind.UNKNOWN_TOPIC, topic(channel, symbol), "", "more than a venue lists")
            lines[symbol] = line
        return line


def _subject(fields: Fields) -> tuple[str, str]:
    """Channel and symbol of a frame's ``arg``. Raises DecodeError where it has none."""
    subject = fields.object("arg")
    channel = symbol = None
    if subject is not None:
        channel = subject.text("channel")
        symbol = subject.text("instId") if "instId" in subject else ""
        fields.bad += subject.bad
    if channel is None or symbol is None:
        raise refusal(FaultKind.BAD_FIELD, clip(channel or ""), *fields.bad[0])
    return channel, symbol


def _control(fields: Fields, received_ns: int) -> Heard:
    """An answer to a request, or a notice. Raises DecodeError for any other."""
    event, request = fields.text("event"), fields.shown("id")
    if event in ("subscribe", "unsubscribe"):
        channel, symbol = _subject(fields)
        name = clip(topic(channel, symbol))
        return Heard(received_ns=received_ns, kind="ack", channel=name, request=request, detail=event)
    code, message = fields.shown("code"), fields.shown("msg")
    if event == "error":
        named = _NAMED.search(fields.text("msg") or "")
        name = clip(topic(*named.groups())) if named else ""
        return Heard(
            received_ns=received_ns, kind="refusal", channel=name, request=request, detail=f"{code} {message}".strip()
        )
    if event == "notice":
        kind = "notice" if code == facts.CODE_CLOSING else "unused"
        return Heard(received_ns=received_ns, kind=kind, detail=f"{code} {message}".strip())
    if event == "channel-conn-count":
        return Heard(received_ns=received_ns, kind="unused", channel=clip(fields.shown("channel")))
    raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", f"event {fields.shown('event')!r}")
