"""What one topic of one contract needs to remember, and its usual frames to events in a handful of comparisons.

The functions take typed frames and return ``None``, changing nothing, for whatever is not quite usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, DayStatistics, FaultKind, Ticker
from core.instruments import instrument_id
from feeds.fields import PRICE_CEILING, PRICE_FLOOR, TIME_STEP_MS, plausible_symbol, sound_rate, sound_size
from feeds.mexc import facts
from feeds.mexc.wire import BookFrame, DayData, DayFrame, IndexFrame, MarkFrame, TickerFrame

_DAY: Final = msgspec.json.Decoder(DayFrame).decode
_price: Final = itemgetter(0)
RESTART_MS: Final = 5_000
"""A book's version may begin anew so long after what is held."""

DAY_EVERY_MS: Final = 10_000
"""How often a ticker's figures of the last 24 hours are told: they take as long to read as its prices."""


def refusal(kind: FaultKind, channel: str, field: str = "", detail: str = "") -> DecodeError:
    """Why a frame, or one field of it, is not used."""
    return DecodeError(facts.VENUE, kind, channel=channel, field=field, detail=detail)


def market_of(symbol: str) -> str:
    """The market of a contract, from how its name ends."""
    return facts.INVERSE if symbol.endswith("_USD") else facts.LINEAR


class TopicState:
    """One topic of one contract: the order of its frames."""

    __slots__ = ("channel", "day_due", "instrument", "symbol", "ts", "version")

    def __init__(self, topic: str, symbol: str) -> None:
        """Raises DecodeError for what cannot be a contract."""
        if not plausible_symbol(symbol) or "_" not in symbol:
            raise refusal(FaultKind.UNKNOWN_TOPIC, topic, "symbol", "no contract")
        self.symbol, self.channel = symbol, f"{topic}.{symbol}"
        self.instrument = instrument_id(facts.VENUE, market_of(symbol), symbol)
        self.ts = self.version = self.day_due = 0

    def follows(self, ts: int) -> bool:
        """True for a stamp that is as usual after the one before it."""
        return 0 <= ts - self.ts <= TIME_STEP_MS

    def check_order(self, ts: int) -> None:
        """Raises DecodeError (OUT_OF_ORDER) for a frame older than what is held."""
        if ts < self.ts:
            raise refusal(FaultKind.OUT_OF_ORDER, self.channel, "ts", f"ts {ts} after ts {self.ts}")


def quick_ticker(state: TopicState, frame: TickerFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
    """Prices and the running estimate of the funding rate; the day's figures where they are due."""
    data, ts = frame.data, frame.ts
    mark, index, last, rate = data.mark_price, data.index_price, data.last_price, data.funding_rate
    bid, ask = data.bid_price, data.ask_price
    if not (
        state.follows(ts)
        and data.symbol == state.symbol
        and PRICE_FLOOR < mark < PRICE_CEILING
        and PRICE_FLOOR < index < PRICE_CEILING
        and PRICE_FLOOR < last < PRICE_CEILING
        and PRICE_FLOOR < bid < PRICE_CEILING
        and PRICE_FLOOR < ask < PRICE_CEILING
        and sound_rate(rate)
    ):
        return None
    day: DayStatistics | None = None
    if ts >= state.day_due and (day := _quick_day(state, _DAY(raw).data, ts, received_ns)) is None:
        return None
    state.ts = ts
    ticker = Ticker(
        received_ns=received_ns,
        instrument=state.instrument,
        channel=state.channel,
        venue_time_ns=ts * 1_000_000,
        mark_price=mark,
        index_price=index,
        last_price=last,
        bid_price=bid,
        ask_price=ask,
        funding_rate=rate,
    )
    if day is None:
        return (ticker,)
    state.day_due = ts + DAY_EVERY_MS
    return (ticker, day)


def _quick_day(state: TopicState, data: DayData, ts: int, received_ns: int) -> DayStatistics | None:
    high, low = data.high_price, data.low_price
    if not (
        PRICE_FLOOR < high < PRICE_CEILING
        and PRICE_FLOOR < low < PRICE_CEILING
        and sound_size(data.volume)
        and sound_size(data.turnover)
    ):
        return None
    return DayStatistics(
        received_ns=received_ns,
        instrument=state.instrument,
        channel=state.channel,
        venue_time_ns=ts * 1_000_000,
        high_price=high,
        low_price=low,
        last_price=data.last_price,
        volume=data.volume,
        turnover=data.turnover,
    )


def quick_mark(state: TopicState, frame: MarkFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
    """The fair price, which is the mark price."""
    data, ts = frame.data, frame.ts
    if not (state.follows(ts) and data.symbol == state.symbol and PRICE_FLOOR < data.price < PRICE_CEILING):
        return None
    state.ts = ts
    return (
        Ticker(
            received_ns=received_ns,
            instrument=state.instrument,
            channel=state.channel,
            venue_time_ns=ts * 1_000_000,
            mark_price=data.price,
        ),
    )


def quick_index(state: TopicState, frame: IndexFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
    """The index price."""
    data, ts = frame.data, frame.ts
    if not (state.follows(ts) and data.symbol == state.symbol and PRICE_FLOOR < data.price < PRICE_CEILING):
        return None
    state.ts = ts
    return (
        Ticker(
            received_ns=received_ns,
            instrument=state.instrument,
            channel=state.channel,
            venue_time_ns=ts * 1_000_000,
            index_price=data.price,
        ),
    )


def quick_book(state: TopicState, frame: BookFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
    """The best level of each side of a whole book; levels come in any order."""
    data, ts = frame.data, frame.ts
    if not (state.follows(ts) and data.version >= state.version and data.bids and data.asks):
        return None
    bid, bid_size, _ = max(data.bids, key=_price)
    ask, ask_size, _ = min(data.asks, key=_price)
    if not (PRICE_FLOOR < bid < PRICE_CEILING and PRICE_FLOOR < ask < PRICE_CEILING):
        return None
    if not (min(data.bids, key=_price)[0] > PRICE_FLOOR and max(data.asks, key=_price)[0] < PRICE_CEILING):
        return None
    if not (sound_size(bid_size) and sound_size(ask_size)):
        return None
    state.ts, state.version = ts, data.version
    return (
        Ticker(
            received_ns=received_ns,
            instrument=state.instrument,
            channel=state.channel,
            venue_time_ns=ts * 1_000_000,
            bid_price=bid,
            bid_size=bid_size,
            ask_price=ask,
            ask_size=ask_size,
        ),
    )
