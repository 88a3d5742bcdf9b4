"""The state that WEEX's channels need: tickers are wholes, ordered by their time; a book sends changes.

Each state takes a frame in two ways. ``quick`` takes the usual frame, typed, in a handful of comparisons; it returns
``None`` and changes nothing for whatever is not quite usual. ``careful`` takes any frame field by field.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from core.errors import DecodeError
from core.events import AnyEvent, DayStatistics, FaultKind, Ticker
from core.instruments import instrument_id
from feeds.best import BestTexts
from feeds.day import usual_day
from feeds.fields import (
    PRICE_CEILING,
    PRICE_FLOOR,
    TIME_STEP_MS,
    Fields,
    ahead_of_clock,
)
from feeds.weex import facts
from feeds.weex.wire import BookTickerFrame, DayFrame, TickerFrame

Rows = Sequence[tuple[str, str]]
"""Price and size of levels, as texts."""

_DAY: Final = msgspec.json.Decoder(DayFrame).decode
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LEVEL: Final = msgspec.json.Decoder(tuple[msgspec.Raw, msgspec.Raw])


def refusal(kind: FaultKind, channel: str, field: str = "", detail: str = "") -> DecodeError:
    """Why a frame, or one field of it, is not used."""
    return DecodeError(facts.VENUE, kind, channel=channel, field=field, detail=detail)


class State(ABC):
    """One channel: what its tickers are of, and the time of the newest."""

    __slots__ = ("blank", "event_time", "symbol")
    suffix = ""
    """What follows the symbol and ``@`` in the channel's name."""

    def __init__(self, market: str, symbol: str) -> None:
        self.symbol = symbol
        instrument = instrument_id(facts.VENUE, market, symbol)
        self.blank = Ticker(instrument=instrument, channel=f"{symbol}@{self.suffix}")
        self.event_time = 0

    @abstractmethod
    def careful(self, fields: Fields, received_ns: int) -> list[AnyEvent]:
        """The events of any frame; bad fields are noted. Raises DecodeError where nothing of it may be used."""

    def _stamped(self, fields: Fields, received_ns: int) -> Ticker:
        """The blank ticker with the frame's times. Raises DecodeError for a time that is no good, or out of order."""
        time = fields.milliseconds("E")
        if time is not None and ahead_of_clock(time, received_ns):
            fields.note("E", "a time not after the clock's")
            time = None
        if time is None:
            raise refusal(FaultKind.BAD_FIELD, self.blank.channel, *fields.bad[-1])
        if time < self.event_time:
            detail = f"E {time} after E {self.event_time}"
            raise refusal(FaultKind.OUT_OF_ORDER, self.blank.channel, "", detail)
        self.event_time = time
        return replace(self.blank, received_ns=received_ns, venue_time_ns=time * 1_000_000)


class TickerState(State):
    """``SYM@ticker`` of a contract: the prices of every frame, and now and then the statistics of the day in it."""

    __slots__ = ("_day_due_ns",)
    suffix = "ticker"

    def __init__(self, market: str, symbol: str) -> None:
        super().__init__(market, symbol)
        self._day_due_ns = 0

    def quick(self, frame: TickerFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
        """The events of a frame in which all is as usual."""
        time, (data,) = frame.event_time, frame.data
        last, mark, index = data.last_price, data.mark_price, data.index_price
        if (
            not 0 <= time - self.event_time <= TIME_STEP_MS
            or not PRICE_FLOOR < mark < PRICE_CEILING
            or not PRICE_FLOOR < index < PRICE_CEILING
            or not PRICE_FLOOR < last < PRICE_CEILING
        ):
            return None
        ticker = Ticker(
            received_ns=received_ns,
            instrument=self.blank.instrument,
            channel=self.blank.channel,
            venue_time_ns=time * 1_000_000,
            mark_price=mark,
            index_price=index,
            last_price=last,
        )
        if received_ns < self._day_due_ns:
            self.event_time = time
            return (ticker,)
        day = usual_day(ticker, *_DAY(raw).data)
        if day is None:
            return None
        self.event_time, self._day_due_ns = time, received_ns + facts.DAY_EVERY_NS
        return ticker, day

    def careful(self, fields: Fields, received_ns: int) -> list[AnyEvent]:
        """See :meth:`State.careful`: the prices that are good, and the statistics where they are due."""
        ticker = self._stamped(fields, received_ns)
        data = _only_element(fields, self.blank.channel)
        ticker = self._priced(ticker, data)
        events: list[AnyEvent] = [ticker]
        if received_ns >= self._day_due_ns:
            self._day_due_ns = received_ns + facts.DAY_EVERY_NS
            events.append(self._day(data, ticker))
        fields.bad += data.bad
        return events

    def _priced(self, ticker: Ticker, data: Fields) -> Ticker:
        last = data.price("c")
        return replace(ticker, last_price=last, mark_price=data.price("m"), index_price=data.price("i"))

    def _day(self, data: Fields, ticker: Ticker) -> DayStatistics:
        return DayStatistics(
            received_ns=ticker.received_ns,
            instrument=ticker.instrument,
            channel=ticker.channel,
            venue_time_ns=ticker.venue_time_ns,
            open_price=data.price("o"),
            high_price=data.price("h"),
            low_price=data.price("l"),
            last_price=ticker.last_price,
            volume=data.size("v"),
            turnover=data.size("q"),
        )


class SpotTickerState(TickerState):
    """``SYM@ticker`` of a spot pair, which has the last price only. It comes once a second: nothing is quick."""

    __slots__ = ()

    def _priced(self, ticker: Ticker, data: Fields) -> Ticker:
        return replace(ticker, last_price=data.price("c"))


class BookTickerState(State):
    """``SYM@bookTicker`` of a spot pair: a whole each time, ordered by ``u``."""

    __slots__ = ("_best", "_update_id")
    suffix = "bookTicker"

    def __init__(self, market: str, symbol: str) -> None:
        super().__init__(market, symbol)
        self._update_id = 0
        self._best = BestTexts()

    def quick(self, frame: BookTickerFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
        """The event of a frame in which all is as usual.

        Raises ValueError or decimal.InvalidOperation for numbers that are not.
        """
        time, update_id = frame.event_time, frame.update_id
        if not 0 <= time - self.event_time <= TIME_STEP_MS or update_id < self._update_id:
            return None
        bid, bid_size, ask, ask_size = self._best.numbers(
            frame.bid_price, frame.bid_size, frame.ask_price, frame.ask_size
        )
        self.event_time, self._update_id = time, update_id
        return (
            Ticker(
                received_ns=received_ns,
                instrument=self.blank.instrument,
                channel=self.blank.channel,
                venue_time_ns=time * 1_000_000,
                bid_price=bid,
                bid_size=bid_size,
                ask_price=ask,
                ask_size=ask_size,
            ),
        )

    def careful(self, fields: Fields, received_ns: int) -> list[AnyEvent]:
        """See :meth:`State.careful`: without what orders it the frame is refused."""
        update_id = fields.whole("u")
        if update_id is None:
            raise refusal(FaultKind.BAD_FIELD, self.blank.channel, *fields.bad[-1])
        if update_id < self._update_id:
            raise refusal(FaultKind.OUT_OF_ORDER, self.blank.channel, "", f"u {update_id} after u {self._update_id}")
        ticker = self._stamped(fields, received_ns)
        self._update_id = update_id
        sides = {
            "bid_price": fields.price("b"),
            "bid_size": fields.size("B"),
            "ask_price": fields.price("a"),
            "ask_size": fields.size("A"),
        }
        return [replace(ticker, **sides)]


def _only_element(fields: Fields, channel: str) -> Fields:
    """The first element of ``d``. Raises DecodeError where there is none."""
    elements = fields.array("d")
    try:
        if elements:
            return Fields(_OBJECT.decode(elements[0]))
    except msgspec.DecodeError:
        pass
    raise refusal(FaultKind.BAD_FIELD, channel, "d", "expected an array of an object")


def rows_of(fields: Fields, name: str, channel: str) -> Rows:
    """The rows of one side of a book; a size of 0 takes a level away.

    Raises DecodeError for any row that is no good: a book cannot do without one.
    """
    rows = fields.array(name)
    if rows is None:
        raise refusal(FaultKind.BAD_FIELD, channel, *fields.bad[-1])
    found = []
    for row in rows:
        try:
            price_text, size_text = _LEVEL.decode(row)
        except msgspec.DecodeError:
            raise refusal(FaultKind.BAD_FIELD, channel, name, "expected rows of price and size") from None
        level = Fields({"price": price_text, "size": size_text})
        price, size = level.price("price"), level.size("size")
        if price is None or size is None:
            raise refusal(FaultKind.BAD_FIELD, channel, name, level.bad[0][1])
        found.append((str(price), str(size)))
    return found
