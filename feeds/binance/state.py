"""The state that Binance's streams need: every message is a whole, but only its time (or update id) orders it.

Each state takes a payload in two ways. ``quick`` takes the usual payload, typed, in a handful of comparisons; it
returns ``None`` and changes nothing for whatever is not quite usual. ``careful`` takes any payload field by field.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from core.errors import DecodeError
from core.events import FaultKind, Ticker
from core.instruments import instrument_id
from feeds.best import BestTexts
from feeds.binance import facts
from feeds.binance.products import is_dated
from feeds.binance.wire import BookTicker, CoinBookTicker, CoinMarkPrice, MarkPrice, Payload, SpotBookTicker
from feeds.fields import PRICE_CEILING, PRICE_FLOOR, TIME_STEP_MS, Fields, ahead_of_clock, sound_rate


def refusal(kind: FaultKind, channel: str, field: str = "", detail: str = "") -> DecodeError:
    """Why a frame, or one field of it, is not used."""
    return DecodeError(facts.VENUE, kind, channel=channel, field=field, detail=detail)


def event_time(fields: Fields, received_ns: int) -> int | None:
    """``E`` in ms; noted as bad where it lies beyond the clock."""
    time = fields.milliseconds("E")
    if time is not None and ahead_of_clock(time, received_ns):
        fields.note("E", "a time not after the clock's")
    return time


_BOOKS: Final[dict[str, type[BookTicker | SpotBookTicker]]] = {
    "usdm": BookTicker,
    "coinm": CoinBookTicker,
    "spot": SpotBookTicker,
}
"""What a market's book ticker is decoded as."""


class State(ABC):
    """One symbol on one stream."""

    __slots__ = ("blank", "event_time", "symbol")
    suffix = ""
    """What follows the symbol in the stream's name; names the channel of a raw frame."""

    def __init__(self, market: str, symbol: str, stream: str) -> None:
        self.symbol = symbol
        self.blank = Ticker(
            instrument=instrument_id(facts.VENUE, market, symbol),
            channel=stream or f"{symbol.lower()}@{self.suffix}",
        )
        self.event_time = 0

    @abstractmethod
    def careful(self, fields: Fields, received_ns: int) -> Ticker:
        """The event of any payload; bad fields are noted. Raises DecodeError where nothing of it may be used."""

    def in_order(self, time: int) -> int:
        """``time``, remembered. Raises DecodeError (OUT_OF_ORDER) if a later one was seen."""
        if time < self.event_time:
            raise refusal(FaultKind.OUT_OF_ORDER, self.blank.channel, "", f"E {time} after E {self.event_time}")
        self.event_time = time
        return time


class MarkState(State):
    """``markPriceUpdate`` of one contract. Its funding fields are kept: they change less often than they are sent."""

    __slots__ = ("_dated", "_funding_ms", "_kind", "_rate", "_rate_text", "_settling")
    suffix = "markPrice"

    def __init__(self, market: str, symbol: str, stream: str) -> None:
        super().__init__(market, symbol, stream)
        self._kind: type[MarkPrice] = CoinMarkPrice if market == "coinm" else MarkPrice
        self._dated = is_dated(symbol)
        self._rate: Decimal | None = None
        self._rate_text: str | None = None
        self._funding_ms: int | None = None
        self._settling = self.blank

    def quick(self, data: Payload, received_ns: int) -> Ticker | None:
        """The event of a payload in which all is as usual."""
        if type(data) is not self._kind:
            return None
        time, mark, index, rate_text = data.event_time, data.mark_price, data.index_price, data.funding_rate
        if (
            not 0 <= time - self.event_time <= TIME_STEP_MS
            or data.symbol != self.symbol
            or data.next_funding_time != self._funding_ms
            or not PRICE_FLOOR < mark < PRICE_CEILING
            or not PRICE_FLOOR < index < PRICE_CEILING
        ):
            return None
        if rate_text != self._rate_text:
            rate = Decimal(rate_text)
            if not sound_rate(rate):
                return None
            self._rate, self._rate_text = rate, rate_text
        self.event_time = time
        return replace(
            self._settling,
            received_ns=received_ns,
            venue_time_ns=time * 1_000_000,
            mark_price=mark,
            index_price=index,
            funding_rate=self._rate,
        )

    def careful(self, fields: Fields, received_ns: int) -> Ticker:
        """See :meth:`State.careful`: without its time or its mark price the payload is refused."""
        time = event_time(fields, received_ns)
        mark = fields.price("p")
        if time is None or fields.bad:
            raise refusal(FaultKind.BAD_FIELD, self.blank.channel, *fields.bad[0])
        self.in_order(time)
        index = fields.price("i")
        self._rate = None if self._dated and fields.blank("r") else fields.rate("r")
        self._rate_text = None if "r" in dict(fields.bad) else fields.shown("r")
        self._funding_ms = fields.whole("T") if self._dated else fields.milliseconds("T")
        funding_ns = self._funding_ms * 1_000_000 if self._funding_ms else None
        self._settling = replace(self.blank, next_funding_time_ns=funding_ns)
        return replace(
            self._settling,
            received_ns=received_ns,
            venue_time_ns=time * 1_000_000,
            mark_price=mark,
            index_price=index,
            funding_rate=self._rate,
        )


class BookState(State):
    """``bookTicker`` of one symbol; ``u`` orders it, on futures ``E`` too."""

    __slots__ = ("_best", "_kind", "_update_id")
    suffix = "bookTicker"

    def __init__(self, market: str, symbol: str, stream: str) -> None:
        super().__init__(market, symbol, stream)
        self._kind = _BOOKS[market]
        self._best = BestTexts()
        self._update_id = 0

    def quick(self, data: Payload, received_ns: int) -> Ticker | None:
        """The event of a payload in which all is as usual.

        Raises ValueError or decimal.InvalidOperation for numbers that are not.
        """
        if type(data) is not self._kind:
            return None
        time = None if self._kind is SpotBookTicker else data.event_time  # type: ignore[union-attr]
        if (
            data.update_id < self._update_id
            or data.symbol != self.symbol
            or (time is not None and not 0 <= time - self.event_time <= TIME_STEP_MS)
        ):
            return None
        bid, bid_size, ask, ask_size = self._best.numbers(data.bid_price, data.bid_size, data.ask_price, data.ask_size)
        self._update_id = data.update_id
        if time is not None:
            self.event_time = time
        return replace(
            self.blank,
            received_ns=received_ns,
            venue_time_ns=None if time is None else time * 1_000_000,
            bid_price=bid,
            bid_size=bid_size,
            ask_price=ask,
            ask_size=ask_size,
        )

    def careful(self, fields: Fields, received_ns: int) -> Ticker:
        """See :meth:`State.careful`: without what orders it the payload is refused."""
        time = None if self._kind is SpotBookTicker else event_time(fields, received_ns)
        update_id = fields.whole("u")
        if update_id is None or fields.bad:
            raise refusal(FaultKind.BAD_FIELD, self.blank.channel, *fields.bad[0])
        if update_id < self._update_id:
            raise refusal(FaultKind.OUT_OF_ORDER, self.blank.channel, "", f"u {update_id} after u {self._update_id}")
        if time is not None:
            self.in_order(time)
        self._update_id = update_id
        return replace(
            self.blank,
            received_ns=received_ns,
            venue_time_ns=None if time is None else time * 1_000_000,
            bid_price=fields.price("b"),
            bid_size=fields.size("B"),
            ask_price=fields.price("a"),
            ask_size=fields.size("A"),
        )


class LastState(State):
    """``24hrTicker`` or ``24hrMiniTicker`` of one symbol: of these only the last price is used."""

    __slots__ = ()
    suffix = "ticker"

    def careful(self, fields: Fields, received_ns: int) -> Ticker:
        """See :meth:`State.careful`: the time and the last price are all there is."""
        time = event_time(fields, received_ns)
        last = fields.price("c")
        if time is None or fields.bad:
            raise refusal(FaultKind.BAD_FIELD, self.blank.channel, *fields.bad[0])
        return replace(
            self.blank,
            received_ns=received_ns,
            venue_time_ns=self.in_order(time) * 1_000_000,
            last_price=last,
        )


class MiniState(LastState):
    """``24hrMiniTicker``: as :class:`LastState` under another stream name."""

    __slots__ = ()
    suffix = "miniTicker"
