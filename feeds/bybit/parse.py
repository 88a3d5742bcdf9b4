"""Bybit public frames to events, pure and without I/O.

The usual ticker and book frames take one typed decode and a handful of comparisons. Whatever does not fit (odd types,
an empty string, a number out of range, another topic, another order of keys) is read again field by field.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import InvalidOperation
from typing import Final, TypeVar

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, Heard, Ticker
from feeds.bybit import facts
from feeds.bybit.state import BookState, TickerState, refusal
from feeds.bybit.wire import BookFrame, TickerFrame
from feeds.fields import Fields, ahead_of_clock
from feeds.frames import as_bytes, clip, fault, open_frame, with_faults

_QUICK_BYTES: Final = 2048
_BACKSLASH, _UNDERSCORE, _LETTER_T = b"\\_t"
_TOPIC_AT: Final = len('{"topic":"')
_TICKER_PREFIX: Final = "tickers."
_BOOK_PREFIX: Final = "orderbook.1."
_BOOK_HINT: Final = _BOOK_PREFIX.encode()
_TICKER = msgspec.json.Decoder(TickerFrame).decode
_BOOK = msgspec.json.Decoder(BookFrame).decode
_TOPIC_IN_TEXT = re.compile(r"[A-Za-z]+(?:\.\w+)*\.[0-9A-Z-]+")

_NOT_USUAL: Final = (msgspec.DecodeError, InvalidOperation, LookupError, ValueError, RecursionError)
"""A type or a number that does not fit, a topic not seen before."""

_State = TypeVar("_State", TickerState, BookState)


class Decoder:
    """Turns the frames of one public socket (one category) into events; see :class:`feeds.venue.Decoder`."""

    def __init__(self, market: str, connection: str = "") -> None:
        self._market = market
        self._connection = connection or market
        self._tickers: dict[str, TickerState] = {}
        self._books: dict[str, BookState] = {}

    def reset(self) -> None:
        """Forget all merged state."""
        self._tickers.clear()
        self._books.clear()

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        if isinstance(frame, str):
            frame = as_bytes(frame)
        if len(frame) <= _QUICK_BYTES and _BACKSLASH not in frame and _UNDERSCORE not in frame and frame.isascii():
            try:
                if frame[_TOPIC_AT] == _LETTER_T:  # a hint at its type, which the typed decode proves
                    message = _TICKER(frame)
                    event = self._tickers[message.topic].quick(message, received_ns)
                else:
                    event = self._quick_book(frame, received_ns)
                if event is not None:
                    return (event,)
            except _NOT_USUAL:
                pass
        try:
            return self._careful(frame, received_ns)
        except DecodeError as error:
            return (fault(error, self._connection, received_ns),)

    def _quick_book(self, frame: bytes, received_ns: int) -> Ticker | None:
        if not frame.startswith(_BOOK_HINT, _TOPIC_AT):
            return None
        message = _BOOK(frame)
        return self._books[message.topic].quick(message, received_ns)

    def _careful(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent]:
        opened = open_frame(facts.VENUE, frame)
        if isinstance(opened, list):
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "an array")
        fields = Fields(opened)
        if "topic" not in fields:
            return (control(fields, received_ns),)
        topic = fields.text("topic")
        if topic is None:
            raise refusal(FaultKind.BAD_FIELD, "", *fields.bad[0])
        if topic.startswith(_TICKER_PREFIX):
            return self._ticker(topic, fields, received_ns)
        if topic.startswith(_BOOK_PREFIX):
            return self._book(topic, fields, received_ns)
        if topic.partition(".")[0] in facts.UNUSED_TOPICS:
            return (Heard(received_ns=received_ns, kind="unused", channel=clip(topic)),)
        raise refusal(FaultKind.UNKNOWN_TOPIC, topic)

    def _ticker(self, topic: str, fields: Fields, received_ns: int) -> Sequence[AnyEvent]:
        symbol = topic.removeprefix(_TICKER_PREFIX)
        state = self._tickers.get(topic)
        kind = _kind(fields, "snapshot", "delta")
        ts = _time(fields, received_ns)
        cs = fields.whole("cs") if "cs" in fields else None
        data = _data(fields, "symbol", symbol)
        if fields.bad or data is None or ts is None:
            if state is not None and data is not None and kind == "delta":
                state.forget(data)
            raise refusal(FaultKind.BAD_FIELD, topic, *fields.bad[0])
        if state is None:
            if kind == "delta":
                raise refusal(FaultKind.BEFORE_SNAPSHOT, topic)
            state = _admitted(self._tickers, topic, TickerState(self._market, symbol, topic))
        ticker = state.careful(data, snapshot=kind == "snapshot", ts=ts, cs=cs, received_ns=received_ns)
        return with_faults(ticker, facts.VENUE, data.bad, self._connection)

    def _book(self, topic: str, fields: Fields, received_ns: int) -> Sequence[AnyEvent]:
        symbol = topic.removeprefix(_BOOK_PREFIX)
        _kind(fields, "snapshot")
        ts = _time(fields, received_ns)
        data = _data(fields, "s", symbol)
        update_id = None if data is None else data.whole("u")
        if data is not None:
            fields.bad += data.bad
        if fields.bad or data is None or ts is None or update_id is None:
            raise refusal(FaultKind.BAD_FIELD, topic, *fields.bad[0])
        state = self._books.get(topic)
        if state is None:
            state = _admitted(self._books, topic, BookState(self._market, symbol, topic))
        ticker = state.careful(data, ts=ts, update_id=update_id, received_ns=received_ns)
        return with_faults(ticker, facts.VENUE, data.bad, self._connection)


def control(fields: Fields, received_ns: int) -> Heard:
    """Acks, refusals and every shape of pong."""
    operation = fields.shown("op")
    message = fields.shown("ret_msg") or fields.shown("retMsg")
    request = fields.shown("req_id") or fields.shown("reqId")
    if operation == "pong" or message == "pong":
        return Heard(received_ns=received_ns, kind="pong", request=request)
    if "success" not in fields and "retCode" not in fields:
        raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "neither a topic nor an answer")
    if fields.shown("success") in ("true", "") and fields.shown("retCode") in ("0", ""):
        return Heard(received_ns=received_ns, kind="ack", request=request, detail=operation)
    named = _TOPIC_IN_TEXT.search(message)
    channel = named.group() if named else ""
    return Heard(received_ns=received_ns, kind="refusal", channel=channel, request=request, detail=message)


def _kind(fields: Fields, *allowed: str) -> str | None:
    kind = fields.text("type")
    if kind is not None and kind not in allowed:
        fields.note("type", " or ".join(allowed))
    return kind


def _time(fields: Fields, received_ns: int) -> int | None:
    ts = fields.milliseconds("ts")
    if ts is not None and ahead_of_clock(ts, received_ns):
        fields.note("ts", "a time not after the clock's")
    return ts


def _data(fields: Fields, name: str, symbol: str) -> Fields | None:
    """The frame's ``data``; a symbol that contradicts the topic is noted as bad."""
    data = fields.object("data")
    if data is not None:
        if data.text(name) not in (None, symbol):
            data.note(name, f"{clip(symbol)} as in the topic")
        fields.bad += data.bad
    return data


def _admitted(table: dict[str, _State], topic: str, state: _State) -> _State:
    """``state``, remembered under its topic. Raises DecodeError where garbage would grow the memory."""
    if len(table) >= facts.MAX_SYMBOLS:
        raise refusal(FaultKind.UNKNOWN_TOPIC, topic, "", "more symbols than a market lists")
    table[topic] = state
    return state
