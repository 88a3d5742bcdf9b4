"""The state that BingX's topics need: every frame is a whole, and its time orders it.

Each state takes a frame in two ways. ``quick`` takes the usual frame, typed, in a handful of comparisons; it returns
``None`` and changes nothing for whatever is not quite usual. ``careful`` takes the data of any frame field by field.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, DayStatistics, FaultKind, Ticker
from core.instruments import instrument_id
from feeds.bingx import facts
from feeds.bingx.wire import BookFrame, DayFrame, InverseDayFrame, MarkFrame, SpotDayFrame
from feeds.fields import (
    PRICE_CEILING,
    PRICE_FLOOR,
    SIZE_CEILING,
    TIME_STEP_MS,
    Fields,
    ahead_of_clock,
    plausible_symbol,
    sound_size,
)
from feeds.frames import clip, with_faults

_MARK = msgspec.json.Decoder(MarkFrame).decode
_BOOK = msgspec.json.Decoder(BookFrame).decode
_DAY: Final[dict[str, Callable[[bytes], Any]]] = {
    facts.LINEAR: msgspec.json.Decoder(DayFrame).decode,
    facts.INVERSE: msgspec.json.Decoder(InverseDayFrame).decode,
    facts.SPOT: msgspec.json.Decoder(SpotDayFrame).decode,
}
"""By market: each tells its turnover under another name, if at all."""


def refusal(kind: FaultKind, channel: str, field: str = "", detail: str = "") -> DecodeError:
    """Why a frame, or one field of it, is not used."""
    return DecodeError(facts.VENUE, kind, channel=channel, field=field, detail=detail)


class State(ABC):
    """One topic."""

    __slots__ = ("event_time", "instrument", "market", "symbol", "topic")

    def __init__(self, market: str, symbol: str, topic: str) -> None:
        """Raises DecodeError for what cannot be a symbol."""
        if not plausible_symbol(symbol):
            raise refusal(FaultKind.UNKNOWN_TOPIC, topic, "", "no symbol")
        self.market, self.symbol, self.topic = market, symbol, topic
        self.instrument = instrument_id(facts.VENUE, market, symbol)
        self.event_time = 0

    @abstractmethod
    def quick(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent] | None:
        """The events of a frame in which all is as usual."""

    @abstractmethod
    def read(self, fields: Fields, time: int, received_ns: int) -> tuple[Ticker, DayStatistics | None]:
        """What the data of a frame say; bad fields are noted."""

    def careful(self, fields: Fields, received_ns: int, connection: str) -> Sequence[AnyEvent]:
        """The events of any frame's data.

        Raises DecodeError where nothing of it may be used: another symbol's, without its time, or older than another.
        """
        symbol = fields.text("s")
        time = fields.milliseconds("E")
        if symbol is not None and symbol != self.symbol:
            fields.note("s", f"{clip(self.symbol)} as in the topic")
        if time is not None and ahead_of_clock(time, received_ns):
            fields.note("E", "a time not after the clock's")
        if time is None or fields.bad:
            raise refusal(FaultKind.BAD_FIELD, self.topic, *fields.bad[0])
        if time < self.event_time:
            raise refusal(FaultKind.OUT_OF_ORDER, self.topic, "", f"E {time} after E {self.event_time}")
        self.event_time = time
        ticker, day = self.read(fields, time, received_ns)
        told: list[AnyEvent] = list(with_faults(ticker, facts.VENUE, fields.bad, connection))
        return told if day is None else [*told, day]


class MarkState(State):
    """``@markPrice`` of one contract."""

    __slots__ = ()

    def quick(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent] | None:
        """See :meth:`State.quick`."""
        message = _MARK(frame)
        data = message.data
        if (
            message.topic != self.topic
            or message.code
            or data.symbol != self.symbol
            or not 0 <= data.event_time - self.event_time <= TIME_STEP_MS
            or not PRICE_FLOOR < data.price < PRICE_CEILING
        ):
            return None
        self.event_time = data.event_time
        return (
            Ticker(
                received_ns=received_ns,
                instrument=self.instrument,
                channel=self.topic,
                venue_time_ns=data.event_time * 1_000_000,
                mark_price=data.price,
            ),
        )

    def read(self, fields: Fields, time: int, received_ns: int) -> tuple[Ticker, DayStatistics | None]:
        """The price under ``p``."""
        ticker = Ticker(
            received_ns=received_ns,
            instrument=self.instrument,
            channel=self.topic,
            venue_time_ns=time * 1_000_000,
            mark_price=fields.price("p"),
        )
        return ticker, None


class LastState(State):
    """``@lastPrice``; coin-margined contracts have it under another letter."""

    __slots__ = ()

    def quick(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent] | None:
        """Never: it is not subscribed to here."""
        return None

    def read(self, fields: Fields, time: int, received_ns: int) -> tuple[Ticker, DayStatistics | None]:
        """The price under ``p`` of coin-margined contracts, ``c`` of others."""
        ticker = Ticker(
            received_ns=received_ns,
            instrument=self.instrument,
            channel=self.topic,
            venue_time_ns=time * 1_000_000,
            last_price=fields.price("p" if self.market == facts.INVERSE else "c"),
        )
        return ticker, None


class BookState(State):
    """``@bookTicker`` of one symbol."""

    __slots__ = ()

    def quick(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent] | None:
        """See :meth:`State.quick`."""
        message = _BOOK(frame)
        data = message.data
        bid, bid_size, ask, ask_size = data.bid_price, data.bid_size, data.ask_price, data.ask_size
        if (
            message.topic != self.topic
            or message.code
            or data.symbol != self.symbol
            or not 0 <= data.event_time - self.event_time <= TIME_STEP_MS
            or not PRICE_FLOOR < bid < PRICE_CEILING
            or not PRICE_FLOOR < ask < PRICE_CEILING
            or not _sound(bid_size)
            or not _sound(ask_size)
        ):
            return None
        self.event_time = data.event_time
        return (
            Ticker(
                received_ns=received_ns,
                instrument=self.instrument,
                channel=self.topic,
                venue_time_ns=data.event_time * 1_000_000,
                bid_price=bid,
                bid_size=bid_size,
                ask_price=ask,
                ask_size=ask_size,
            ),
        )

    def read(self, fields: Fields, time: int, received_ns: int) -> tuple[Ticker, DayStatistics | None]:
        """Prices under ``b`` and ``a``, sizes under ``B`` and ``A``."""
        ticker = Ticker(
            received_ns=received_ns,
            instrument=self.instrument,
            channel=self.topic,
            venue_time_ns=time * 1_000_000,
            bid_price=fields.price("b"),
            bid_size=fields.size("B"),
            ask_price=fields.price("a"),
            ask_size=fields.size("A"),
        )
        return ticker, None


class DayState(State):
    """``@ticker`` of one symbol: statistics of 24 hours, and the present last price, bid and ask."""

    __slots__ = ("_turnover", "_typed")

    def __init__(self, market: str, symbol: str, topic: str) -> None:
        super().__init__(market, symbol, topic)
        self._turnover, self._typed = TURNOVER_FIELDS[market], _DAY[market]

    def quick(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent] | None:
        """See :meth:`State.quick`."""
        message = self._typed(frame)
        data = message.data
        bid, ask, last = data.bid_price, data.ask_price, data.last_price
        opened, high, low = data.open_price, data.high_price, data.low_price
        turnover = data.turnover if self._turnover else None
        if (
            message.topic != self.topic
            or message.code
            or data.symbol != self.symbol
            or not 0 <= data.event_time - self.event_time <= TIME_STEP_MS
            or not PRICE_FLOOR < bid <= ask < PRICE_CEILING
            or not PRICE_FLOOR < low <= last <= high < PRICE_CEILING
            or not low <= opened <= high
            or not PRICE_FLOOR < data.bid_size < SIZE_CEILING
            or not PRICE_FLOOR < data.ask_size < SIZE_CEILING
            or not PRICE_FLOOR < data.volume < SIZE_CEILING
            or (turnover is not None and not PRICE_FLOOR < turnover < SIZE_CEILING)
        ):
            return None
        self.event_time = data.event_time
        time_ns = data.event_time * 1_000_000
        return (
            Ticker(
                received_ns=received_ns,
                instrument=self.instrument,
                channel=self.topic,
                venue_time_ns=time_ns,
                last_price=last,
                bid_price=bid,
                bid_size=data.bid_size,
                ask_price=ask,
                ask_size=data.ask_size,
            ),
            DayStatistics(
                received_ns=received_ns,
                instrument=self.instrument,
                channel=self.topic,
                venue_time_ns=time_ns,
                open_price=opened,
                high_price=high,
                low_price=low,
                last_price=last,
                volume=data.volume,
                turnover=turnover,
            ),
        )

    def read(self, fields: Fields, time: int, received_ns: int) -> tuple[Ticker, DayStatistics | None]:
        """Prices under ``B`` and ``A``, sizes under ``b`` and ``a``."""
        last = fields.price("c")
        ticker = Ticker(
            received_ns=received_ns,
            instrument=self.instrument,
            channel=self.topic,
            venue_time_ns=time * 1_000_000,
            last_price=last,
            bid_price=fields.price("B"),
            bid_size=fields.size("b"),
            ask_price=fields.price("A"),
            ask_size=fields.size("a"),
        )
        day = DayStatistics(
            received_ns=received_ns,
            instrument=self.instrument,
            channel=self.topic,
            venue_time_ns=time * 1_000_000,
            open_price=fields.price("o"),
            high_price=fields.price("h"),
            low_price=fields.price("l"),
            last_price=last,
            volume=fields.size("v"),
            turnover=fields.size(self._turnover) if self._turnover else None,
        )
        said = (day.open_price, day.high_price, day.low_price, day.last_price, day.volume, day.turnover)
        return ticker, None if all(value is None for value in said) else day


TURNOVER_FIELDS: Final = {facts.LINEAR: "", facts.INVERSE: "m", facts.SPOT: "q"}
"""Where a ticker tells turnover. That of USDT-margined contracts is left out: samples of it differ in their unit by a
factor of ten thousand."""

STATES: Final[dict[str, type[State]]] = {
    "markPrice": MarkState,
    "bookTicker": BookState,
    "ticker": DayState,
    "lastPrice": LastState,
}
"""By channel, the part of a topic after ``@``."""


def _sound(size: Decimal) -> bool:
    return PRICE_FLOOR < size < SIZE_CEILING or sound_size(size)
