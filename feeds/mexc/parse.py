"""MEXC's public contract frames to events, pure and without I/O. Spot's are in ``spot.py``.

The usual frames take one typed decode and a handful of comparisons. Whatever does not fit (texts for numbers, another
order of magnitude, a topic not seen before) is read again field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, DayStatistics, FaultKind, Heard, Ticker
from feeds.fields import Fields, ahead_of_clock
from feeds.frames import as_bytes, clip, fault, open_frame, with_faults
from feeds.mexc import facts
from feeds.mexc.control import control, spot_control
from feeds.mexc.state import (
    DAY_EVERY_MS,
    RESTART_MS,
    TopicState,
    quick_book,
    quick_index,
    quick_mark,
    quick_ticker,
    refusal,
)
from feeds.mexc.wire import BookFrame, IndexFrame, MarkFrame, TickerFrame

_QUICK_BYTES: Final = 2048
_BACKSLASH: Final = b"\\"
_PUSH: Final = "push."
_NOT_USUAL: Final = (msgspec.DecodeError, InvalidOperation, LookupError, RecursionError, ValueError)
"""Another channel, a type or a number that does not fit, a contract not seen before on this topic."""

_CHANNEL: Final = b'"channel":"push.'
_TOPIC_AT: Final = len(_CHANNEL)


class _Quick(NamedTuple):
    """How the usual frame of a topic is read. It names its contract so often, which holds the only underscores: where
    there are more, one may stand within a number that a venue does not write so."""

    topic: str
    channel: str
    decode: Callable[[bytes], Any]
    read: Callable[[TopicState, Any, int, bytes], Sequence[AnyEvent] | None]
    underscores: int


def _quick(topic: str, frame: type, read: Callable[..., Sequence[AnyEvent] | None], underscores: int) -> _Quick:
    return _Quick(topic, _PUSH + topic, msgspec.json.Decoder(frame).decode, read, underscores)


_QUICK: Final = {
    ord("t"): _quick(facts.TICKER, TickerFrame, quick_ticker, 2),
    ord("f"): _quick(facts.MARK, MarkFrame, quick_mark, 2),
    ord("i"): _quick(facts.INDEX, IndexFrame, quick_index, 2),
    ord("d"): _quick(facts.BOOK, BookFrame, quick_book, 1),
}
"""By the first letter of the topic, which is a hint that the typed decode proves."""

_PRICES: Final = (
    ("fairPrice", "mark_price", Fields.price),
    ("indexPrice", "index_price", Fields.price),
    ("lastPrice", "last_price", Fields.price),
    ("bid1", "bid_price", Fields.price),
    ("ask1", "ask_price", Fields.price),
    ("fundingRate", "funding_rate", Fields.rate),
)
_DAY: Final = (
    ("high24Price", "high_price", Fields.price),
    ("lower24Price", "low_price", Fields.price),
    ("lastPrice", "last_price", Fields.price),
    ("volume24", "volume", Fields.size),
    ("amount24", "turnover", Fields.size),
)


class Decoder:
    """Turns the frames of one contract socket into events; see :class:`feeds.venue.Decoder`.

    Linear and inverse contracts share a socket: each is told under the market that its name says.
    """

    def __init__(self, connection: str = facts.CONTRACT) -> None:
        self._connection = connection
        self._topics: dict[str, dict[str, TopicState]] = {}
        self.reset()

    def reset(self) -> None:
        """Forget the order of frames."""
        topics = (facts.TICKER, facts.MARK, facts.INDEX, facts.FUNDING, facts.BOOK)
        self._topics = {topic: {} for topic in topics}

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        if isinstance(frame, str):
            frame = as_bytes(frame)
        if len(frame) <= _QUICK_BYTES and _BACKSLASH not in frame and frame.isascii():
            try:
                topic, channel, decode, read, underscores = _QUICK[frame[frame.rindex(_CHANNEL) + _TOPIC_AT]]
                message = decode(frame)
                if message.channel == channel and frame.count(b"_") == underscores:
                    events = read(self._topics[topic][message.symbol], message, received_ns, frame)
                    if events is not None:
                        return events
            except _NOT_USUAL:
                pass
        try:
            return self._careful(frame, received_ns)
        except DecodeError as error:
            return (fault(error, self._connection, received_ns),)

    def _careful(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent]:
        opened = open_frame(facts.VENUE, frame)
        if isinstance(opened, list):
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "an array")
        fields = Fields(opened)
        if "channel" not in fields and "msg" in fields:
            return (spot_control(fields, received_ns),)
        if "channel" not in fields:
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "no channel")
        channel = fields.text("channel")
        if channel is None:
            raise refusal(FaultKind.BAD_FIELD, "", *fields.bad[0])
        topic = channel.removeprefix(_PUSH)
        if topic == channel:
            return (control(channel, fields, received_ns),)
        if topic == "tickers":
            return self._all_tickers(fields, received_ns)
        if topic in self._topics:
            return self._topic(topic, fields, received_ns)
        if topic in facts.UNUSED_TOPICS or topic.startswith("personal."):
            return (Heard(received_ns=received_ns, kind="unused", channel=clip(topic)),)
        raise refusal(FaultKind.UNKNOWN_TOPIC, clip(channel))

    def _topic(self, topic: str, fields: Fields, received_ns: int) -> Sequence[AnyEvent]:
        ts = stamp(fields, received_ns)
        symbol = fields.text("symbol")
        data = fields.object("data")
        if data is not None and symbol is not None and topic != facts.BOOK and data.text("symbol") != symbol:
            data.note("symbol", f"{clip(symbol, 40)} as beside the data")
            fields.bad += data.bad
        if fields.bad or data is None or symbol is None or ts is None:
            raise refusal(FaultKind.BAD_FIELD, topic, *fields.bad[0])
        states = self._topics[topic]
        state = states.get(symbol)
        if state is None:
            state = TopicState(topic, symbol)
            if len(states) >= facts.MAX_SYMBOLS:
                raise refusal(FaultKind.UNKNOWN_TOPIC, topic, "", "more contracts than the venue lists")
        state.check_order(ts)
        events = self._data(topic, state, data, ts, received_ns)
        states[symbol], state.ts = state, ts
        return events

    def _data(self, topic: str, state: TopicState, data: Fields, ts: int, received_ns: int) -> Sequence[AnyEvent]:
        base = Ticker(
            received_ns=received_ns,
            instrument=state.instrument,
            channel=state.channel,
            venue_time_ns=ts * 1_000_000,
        )
        match topic:
            case facts.TICKER:
                return self._ticker(base, data, self._day_is_due(state, ts))
            case facts.MARK:
                values: dict[str, Decimal | int | None] = {"mark_price": data.price("price")}
            case facts.INDEX:
                values = {"index_price": data.price("price")}
            case facts.FUNDING:
                values = {"funding_rate": data.rate("rate")}
                if "nextSettleTime" in data:
                    values["next_funding_time_ns"] = data.nanoseconds("nextSettleTime")
            case _:
                values = _book(state, data, ts)
        return with_faults(msgspec.structs.replace(base, **values), facts.VENUE, data.bad, self._connection)

    @staticmethod
    def _day_is_due(state: TopicState, ts: int) -> bool:
        due = ts >= state.day_due
        if due:
            state.day_due = ts + DAY_EVERY_MS
        return due

    def _ticker(self, base: Ticker, data: Fields, day_is_due: bool) -> Sequence[AnyEvent]:
        """Prices, and the day's figures where they are due, as far as they are there; the mark price has to be."""
        prices = {ours: read(data, name) for name, ours, read in _PRICES if name in data or name == "fairPrice"}
        day = {ours: read(data, name) for name, ours, read in _DAY if name in data and day_is_due}
        events: list[AnyEvent] = [
            *with_faults(msgspec.structs.replace(base, **prices), facts.VENUE, data.bad, self._connection)
        ]
        if any(value is not None for name, value in day.items() if name != "last_price"):
            events.append(
                DayStatistics(
                    received_ns=base.received_ns,
                    instrument=base.instrument,
                    channel=base.channel,
                    venue_time_ns=base.venue_time_ns,
                    **day,
                )
            )
        return events

    def _all_tickers(self, fields: Fields, received_ns: int) -> Sequence[AnyEvent]:
        """``push.tickers``: rows of every contract that changed, without funding rates and books."""
        ts, rows = stamp(fields, received_ns), fields.array("data")
        if fields.bad or rows is None or ts is None:
            raise refusal(FaultKind.BAD_FIELD, "tickers", *fields.bad[0])
        events: list[AnyEvent] = []
        for raw in rows:
            row = Fields({"row": raw}).object("row") or Fields({})
            symbol = row.text("symbol")
            try:
                state = TopicState("tickers", symbol or "")
            except DecodeError:
                detail = f"expected a contract, found {row.shown('symbol') or 'nothing'}"
                error = refusal(FaultKind.BAD_FIELD, "tickers", "symbol", detail)
                events.append(fault(error, self._connection, received_ns))
                continue
            base = Ticker(
                received_ns=received_ns,
                instrument=state.instrument,
                channel="tickers",
                venue_time_ns=ts * 1_000_000,
            )
            events += self._ticker(base, row, day_is_due=True)
        return events


def stamp(fields: Fields, received_ns: int) -> int | None:
    """The frame's ``ts``; one that lies ahead of the clock is noted as bad."""
    ts = fields.milliseconds("ts")
    if ts is not None and ahead_of_clock(ts, received_ns):
        fields.note("ts", "a time not after the clock's")
    return ts


def _book(state: TopicState, data: Fields, ts: int) -> dict[str, Decimal | int | None]:
    """The best level of each side; one that is no good is noted in ``data``.

    Raises DecodeError (OUT_OF_ORDER) for a version older than what is held.
    """
    version = data.whole("version")
    if version is not None and version < state.version and ts - state.ts < RESTART_MS:
        detail = f"version {version} after version {state.version}"
        raise refusal(FaultKind.OUT_OF_ORDER, state.channel, "version", detail)
    if version is not None:
        state.version = version
    return best_levels(data)


def best_levels(data: Fields) -> dict[str, Decimal | int | None]:
    """Price and contracts of the best bid and ask among levels of any order; a bad side is noted in ``data``."""
    bid, bid_size = _best(data, "bids", highest=True)
    ask, ask_size = _best(data, "asks", highest=False)
    return {"bid_price": bid, "bid_size": bid_size, "ask_price": ask, "ask_size": ask_size}


def _best(data: Fields, side: str, *, highest: bool) -> tuple[Decimal | None, Decimal | None]:
    """Price and contracts of a side's best level; ``None`` for an empty side, and for one with a bad price."""
    best: tuple[Decimal, msgspec.Raw] | None = None
    for raw in data.array(side) or ():
        try:
            price_raw, size_raw = msgspec.json.decode(raw, type=list[msgspec.Raw])[:2]
        except (msgspec.DecodeError, ValueError):
            data.note(side, "levels of price, contracts and orders")
            return None, None
        level = Fields({"price": price_raw})
        price = level.price("price")
        if price is None:
            data.bad.append((side, level.bad[0][1]))
            return None, None
        if best is None or (price > best[0] if highest else price < best[0]):
            best = price, size_raw
    if best is None:
        return None, None
    level = Fields({"size": best[1]})
    size = level.size("size")
    if size is None:
        data.bad.append((side, level.bad[0][1]))
        return None, None
    return best[0], size
