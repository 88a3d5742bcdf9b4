"""WEEX's public frames to events, pure and without I/O.

The usual ticker, book change and book ticker take one typed decode and a handful of comparisons. Whatever does not fit
(odd types, an empty string, a number out of range, a snapshot, an answer) is read again field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import InvalidOperation
from typing import Any, Final, TypeVar

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, FrameFault, Heard, Ticker
from feeds.fields import Fields, plausible_symbol
from feeds.frames import as_bytes, clip, fault, open_frame, with_faults
from feeds.weex import facts
from feeds.weex.book import BookState
from feeds.weex.state import BookTickerState, SpotTickerState, TickerState, refusal
from feeds.weex.wire import BookTickerFrame, DepthFrame, TickerFrame

_QUICK_BYTES: Final = 4096
_BACKSLASH, _UNDERSCORE = b"\\_"
_KIND_AT: Final = len('{"e":"')
_TICKER, _DEPTH, _BOOK_TICKER = (
    msgspec.json.Decoder(kind).decode for kind in (TickerFrame, DepthFrame, BookTickerFrame)
)

_NOT_USUAL: Final = (msgspec.DecodeError, InvalidOperation, LookupError, ValueError, RecursionError)
"""A type or a number that does not fit, a symbol not seen before."""


_KINDS: Final = {
    facts.LINEAR: frozenset({"ticker", "depth", "depthSnapshot"}),
    facts.SPOT: frozenset({"ticker", "bookTicker"}),
}
"""The values of ``e`` that are read, by market."""

_State = TypeVar("_State", TickerState, SpotTickerState, BookTickerState, BookState)


class Decoder:
    """Turns the frames of one public socket into events; see :class:`feeds.venue.Decoder`."""

    def __init__(self, market: str, connection: str = "") -> None:
        self._market = market
        self._connection = connection or market
        self._kinds = _KINDS[market]
        self._tickers: dict[str, TickerState] = {}
        self._spot_tickers: dict[str, SpotTickerState] = {}
        self._books: dict[str, BookState] = {}
        self._book_tickers: dict[str, BookTickerState] = {}
        self._usual: dict[int, tuple[Callable[[bytes], Any], Mapping[str, Any]]] = {
            ord("t"): (_TICKER, self._tickers),
            ord("d"): (_DEPTH, self._books),
            ord("b"): (_BOOK_TICKER, self._book_tickers),
        }
        """By the first letter of a frame's kind, which the typed decode proves: that, and its states by symbol."""

    def reset(self) -> None:
        """Forget all books and the order of what was seen."""
        for table in (self._tickers, self._spot_tickers, self._books, self._book_tickers):
            table.clear()

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        if isinstance(frame, str):
            frame = as_bytes(frame)
        if len(frame) <= _QUICK_BYTES and _BACKSLASH not in frame and _UNDERSCORE not in frame and frame.isascii():
            try:
                typed, states = self._usual[frame[_KIND_AT]]
                message = typed(frame)
                events: Sequence[AnyEvent] | None = states[message.symbol].quick(message, received_ns, frame)
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
        opened = open_frame(facts.VENUE, frame)
        if isinstance(opened, list):
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "an array")
        fields = Fields(opened)
        if "e" not in fields:
            return (control(fields, received_ns),)
        kind, symbol = fields.text("e"), fields.text("s")
        if kind in facts.UNUSED_EVENTS:
            return (Heard(received_ns=received_ns, kind="unused", channel=clip(f"{symbol}@{kind}")),)
        if kind is None or kind not in self._kinds:
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", f"event type {fields.shown('e')!r}")
        if symbol is not None and not plausible_symbol(symbol):
            fields.note("s", "a symbol")
        if symbol is None or fields.bad:
            raise refusal(FaultKind.BAD_FIELD, kind, *fields.bad[0])
        if kind == "ticker" and self._market == facts.SPOT:
            return self._whole(self._admitted(self._spot_tickers, SpotTickerState, symbol), fields, received_ns)
        if kind == "ticker":
            return self._whole(self._admitted(self._tickers, TickerState, symbol), fields, received_ns)
        if kind == "bookTicker":
            return self._whole(self._admitted(self._book_tickers, BookTickerState, symbol), fields, received_ns)
        return self._book(self._admitted(self._books, BookState, symbol), fields, received_ns)

    def _whole(self, state: TickerState | BookTickerState, fields: Fields, received_ns: int) -> Sequence[AnyEvent]:
        ticker, *others = state.careful(fields, received_ns)
        assert isinstance(ticker, Ticker)
        return [*with_faults(ticker, facts.VENUE, fields.bad, self._connection), *others]

    def _book(self, state: BookState, fields: Fields, received_ns: int) -> Sequence[AnyEvent]:
        """A book that is lost ends the socket, since no frame of it brings the book back; it is said once."""
        had = not state.lost
        try:
            return state.careful(fields, received_ns)
        except DecodeError as error:
            told: FrameFault = fault(error, self._connection, received_ns)
            if not had:
                return (told,)
            detail = f"the book of {state.symbol} is lost"
            return (told, Heard(received_ns=received_ns, kind="expired", channel=told.channel, detail=detail))

    def _admitted(self, table: dict[str, _State], make: Callable[[str, str], _State], symbol: str) -> _State:
        """The state of a channel, made if need be. Raises DecodeError where garbage would grow the memory."""
        found = table.get(symbol)
        if found is None:
            if len(table) >= facts.MAX_SYMBOLS:
                raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "more symbols than a market lists")
            found = table[symbol] = make(self._market, symbol)
        return found


def control(fields: Fields, received_ns: int) -> Heard:
    """Greetings, pings, pongs, acks and refusals, the same on public and private sockets. Raises DecodeError."""
    request = fields.shown("id")
    word = fields.shown("event") or fields.shown("type")
    if word == "ping":
        return Heard(received_ns=received_ns, kind="ping", detail=fields.shown("time"))
    if word == "connected":
        return Heard(received_ns=received_ns, kind="unused", detail=word)
    if word == "pong" or fields.shown("method") == "PONG":
        return Heard(received_ns=received_ns, kind="pong", request=request)
    if fields.shown("result") == "true":
        return Heard(received_ns=received_ns, kind="ack", request=request)
    if fields.shown("result") == "false":
        return Heard(received_ns=received_ns, kind="refusal", request=request, detail=fields.shown("msg"))
    raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "neither an event nor an answer")
