"""Binance public frames to events, pure and without I/O.

The usual mark price and book ticker frames take one typed decode and a handful of comparisons. Whatever does not fit
(odd types, an empty string, a number out of range, another event, an answer) is read again field by field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import InvalidOperation
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, Heard
from feeds.binance import facts
from feeds.binance.state import BookState, LastState, MarkState, MiniState, State, refusal
from feeds.binance.wire import (
    CoinMarkPrice,
    CoinPayload,
    Combined,
    CombinedCoin,
    CombinedCoinMarks,
    CombinedMarks,
    CombinedSpot,
    FuturesPayload,
    MarkPrice,
    Payload,
    SpotBookTicker,
)
from feeds.fields import Fields, odd_underscore, plausible_symbol
from feeds.frames import MAX_FRAME_BYTES, as_bytes, clip, fault, open_frame, with_faults

_QUICK_BYTES: Final = 1024
"""What one payload may take."""

_BACKSLASH, _UNDERSCORE, _LETTER_S = b"\\_s"
_KEY_AT: Final = len('{"')
_ARRAY_OF_MARKS: Final = re.compile(
    rb'(?:\{"stream":"[!a-z0-9]+@markPrice(?:@arr)?(?:@1s)?","data":)?\[\{"e":"markPriceUpdate"'
)
"""How an array of mark prices begins: of the whole market (USDⓈ-M), of a pair (COIN-M)."""


class _Typed(NamedTuple):
    """How the usual frames of one market are decoded: one payload and an array of them, wrapped and bare."""

    combined: Callable[[bytes], Combined | CombinedCoin | CombinedSpot]
    raw: Callable[[bytes], Payload]
    combined_marks: Callable[[bytes], CombinedMarks | CombinedCoinMarks] | None = None
    raw_marks: Callable[[bytes], Sequence[MarkPrice]] | None = None


_RAW_USDM: Final[Callable[[bytes], FuturesPayload]] = msgspec.json.Decoder(FuturesPayload).decode
_RAW_COINM: Final[Callable[[bytes], CoinPayload]] = msgspec.json.Decoder(CoinPayload).decode
_TYPED: Final = {
    "usdm": _Typed(
        msgspec.json.Decoder(Combined).decode,
        _RAW_USDM,
        msgspec.json.Decoder(CombinedMarks).decode,
        msgspec.json.Decoder(list[MarkPrice]).decode,
    ),
    "coinm": _Typed(
        msgspec.json.Decoder(CombinedCoin).decode,
        _RAW_COINM,
        msgspec.json.Decoder(CombinedCoinMarks).decode,
        msgspec.json.Decoder(list[CoinMarkPrice]).decode,
    ),
    "spot": _Typed(msgspec.json.Decoder(CombinedSpot).decode, msgspec.json.Decoder(SpotBookTicker).decode),
}
_SPOT_BOOK: Final = frozenset("usbBaA")
"""The keys of spot's book ticker, which has no ``e``; one of which most are there lacks the others."""

_NOT_USUAL: Final = (msgspec.DecodeError, InvalidOperation, LookupError, ValueError, RecursionError)
"""A type or a number that does not fit, a symbol not seen before."""

_State = TypeVar("_State", bound=State)


class _Table(Generic[_State]):
    """The states of one event type, by stream (empty for raw frames) and symbol: only within these is there order."""

    def __init__(self, make: type[_State], market: str) -> None:
        self._make, self._market = make, market
        self.states: dict[str, dict[str, _State]] = {}
        self._count = 0

    def state(self, stream: str, symbol: str) -> _State:
        """The state, made if need be. Raises DecodeError where garbage would grow the memory."""
        found = self.states.get(stream, {}).get(symbol)
        if found is None:
            if self._count >= facts.MAX_SYMBOLS:
                raise refusal(FaultKind.UNKNOWN_TOPIC, stream, "", "more symbols than a market lists")
            self._count += 1
            found = self.states.setdefault(stream, {})[symbol] = self._make(self._market, symbol, stream)
        return found

    def clear(self) -> None:
        """Forget all."""
        self.states.clear()
        self._count = 0


class Decoder:
    """Turns the frames of one socket into events; see :class:`feeds.venue.Decoder`."""

    def __init__(self, market: str, connection: str = "") -> None:
        self._connection = connection or market
        marks = _Table(MarkState, market)
        self._marks = marks.states
        self._tables: dict[str, _Table[Any]] = {
            "bookTicker": _Table(BookState, market),
            "24hrTicker": _Table(LastState, market),
            "24hrMiniTicker": _Table(MiniState, market),
        }
        typed = _TYPED[market]
        self._combined, self._raw = typed.combined, typed.raw
        self._combined_marks, self._raw_marks = typed.combined_marks, typed.raw_marks
        self._product = facts.PRODUCTS.get(market, 0)
        if market != "spot":
            self._tables["markPriceUpdate"] = marks
        self._usual: dict[str, MarkState | BookState] = {}
        """The state that a stream's (raw: a symbol's) frames went to last."""

    def reset(self) -> None:
        """Forget the order of what was seen."""
        for table in self._tables.values():
            table.clear()
        self._usual.clear()

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        if isinstance(frame, str):
            frame = as_bytes(frame)
        if (
            len(frame) <= _QUICK_BYTES
            and _BACKSLASH not in frame
            and frame.isascii()
            and (_UNDERSCORE not in frame or not odd_underscore(frame))
        ):
            try:
                if frame[_KEY_AT] == _LETTER_S:  # a hint at the wrapper, which the typed decode proves
                    message = self._combined(frame)
                    event = self._usual[message.stream].quick(message.data, received_ns)
                else:
                    payload = self._raw(frame)
                    event = self._usual[payload.symbol].quick(payload, received_ns)
                if event is not None:
                    return (event,)
            except _NOT_USUAL:
                pass
        try:
            return self._quick_array(frame, received_ns) or self._careful(frame, received_ns)
        except DecodeError as error:
            return (fault(error, self._connection, received_ns),)

    def _quick_array(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent]:
        """The events of an array of mark prices in which all is as usual; none where anything is not."""
        combined, raw = self._combined_marks, self._raw_marks
        if combined is None or raw is None or len(frame) > MAX_FRAME_BYTES or not frame.isascii():
            return ()
        if not _ARRAY_OF_MARKS.match(frame):
            return ()
        if _BACKSLASH in frame or (_UNDERSCORE in frame and odd_underscore(frame)):
            return ()
        try:
            if frame[_KEY_AT] == _LETTER_S:
                message = combined(frame)
                stream: str = message.stream
                payloads: Sequence[MarkPrice] = message.data
            else:
                stream, payloads = "", raw(frame)
            if len(frame) > _QUICK_BYTES * len(payloads):
                return ()
            states, events = self._marks[stream], []
            for payload in payloads:
                event = states[payload.symbol].quick(payload, received_ns)
                if event is None:
                    return ()
                events.append(event)
        except _NOT_USUAL:
            return ()
        return events

    # --- all other frames ------------------------------------------------------------------------------------

    def _careful(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent]:
        opened = open_frame(facts.VENUE, frame)
        if isinstance(opened, list):
            return self._array(opened, "", received_ns)
        fields = Fields(opened)
        if "stream" in fields and "data" in fields:
            stream = fields.text("stream")
            if stream is not None and fields.is_array("data"):
                return self._array(fields.array("data") or [], stream, received_ns)
            data = fields.object("data")
            if stream is None or data is None:
                raise refusal(FaultKind.BAD_FIELD, stream or "", *fields.bad[0])
            return self._payload(data, stream, received_ns)
        if "e" in fields or _is_book(fields):
            return self._payload(fields, "", received_ns)
        event = fields.object("event") if "event" in fields else None
        return (_answer(fields, received_ns),) if event is None else self._payload(event, "", received_ns)

    def _array(self, items: Sequence[msgspec.Raw], stream: str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of each element; what is not used is told once, not for each element."""
        if len(items) > facts.MAX_SYMBOLS:
            raise refusal(FaultKind.OVERSIZE, stream, "", f"an array of {len(items)}")
        events: list[AnyEvent] = []
        unused: Sequence[AnyEvent] = (Heard(received_ns=received_ns, kind="unused", channel=clip(stream)),)
        for item in items:
            try:
                fields = Fields(msgspec.json.decode(item, type=dict[str, msgspec.Raw]))
                told = self._payload(fields, stream, received_ns)
            except msgspec.DecodeError:
                told = (self._fault(refusal(FaultKind.BAD_FIELD, stream, "", "an element is no object"), received_ns),)
            except DecodeError as error:
                told = (self._fault(error, received_ns),)
            events += (event for event in told if not isinstance(event, Heard))
        return events or unused

    def _payload(self, fields: Fields, stream: str, received_ns: int) -> Sequence[AnyEvent]:
        kind = "bookTicker" if _is_book(fields) else fields.shown("e")
        if kind in facts.NOTICES:
            return (Heard(received_ns=received_ns, kind="notice", channel=clip(stream), detail=kind),)
        unused = Heard(received_ns=received_ns, kind="unused", channel=clip(stream or kind))
        if kind in facts.UNUSED_EVENTS:
            return (unused,)
        table = self._tables.get(kind)
        if table is None:
            raise refusal(FaultKind.UNKNOWN_TOPIC, stream, "", f"event type {kind!r}")
        product = fields.whole("st") if self._product and "st" in fields else self._product
        symbol = fields.text("s")
        if symbol is not None and not plausible_symbol(symbol):
            fields.note("s", "a symbol")
        if symbol is None or fields.bad:
            raise refusal(FaultKind.BAD_FIELD, stream or kind, *fields.bad[0])
        if product != self._product:
            return (unused,)
        state = table.state(stream, symbol)
        ticker = state.careful(fields, received_ns)
        if isinstance(state, MarkState | BookState):
            self._usual[stream or symbol] = state
        return with_faults(ticker, facts.VENUE, fields.bad, self._connection)

    def _fault(self, error: DecodeError, received_ns: int) -> AnyEvent:
        return fault(error, self._connection, received_ns)


def _is_book(fields: Fields) -> bool:
    return "e" not in fields and 2 * sum(key in fields for key in _SPOT_BOOK) > len(_SPOT_BOOK)


def _answer(fields: Fields, received_ns: int) -> Heard:
    """Acks and refusals, the latter nested (futures) or flat (spot)."""
    request = fields.shown("id")
    error = fields.object("error") if "error" in fields else None
    if error is None and "code" in fields and "msg" in fields:
        error = fields
    if error is not None:
        detail = f"{error.shown('code')}: {error.shown('msg')}"
        return Heard(received_ns=received_ns, kind="refusal", request=request, detail=detail)
    if "result" in fields:
        return Heard(received_ns=received_ns, kind="ack", request=request)
    raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "neither an event nor an answer")
