"""The state that Bybit's topics need: a ticker topic sends deltas, a book topic numbers its snapshots.

Each state takes a frame in two ways. ``quick`` takes the usual frame, typed, in a handful of comparisons; it returns
``None`` and changes nothing for whatever is not quite usual. ``careful`` takes any frame field by field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from core.errors import DecodeError
from core.events import FaultKind, Ticker
from core.exact import ZERO
from core.instruments import instrument_id
from feeds.best import BestTexts
from feeds.bybit import facts
from feeds.bybit.wire import BookFrame, TickerFrame
from feeds.fields import PRICE_CEILING, PRICE_FLOOR, SIZE_CEILING, TIME_STEP_MS, Fields, plausible_symbol, sound_size

_INVERSE_DATED = re.compile(r"[FGHJKMNQUVXZ]\d\d$")

_TICKER_FIELDS: Final[Mapping[str, tuple[str, Callable[[Fields, str], Decimal | int | None]]]] = {
    "markPrice": ("mark_price", Fields.price),
    "indexPrice": ("index_price", Fields.price),
    "lastPrice": ("last_price", Fields.price),
    "bid1Price": ("bid_price", Fields.price),
    "bid1Size": ("bid_size", Fields.size),
    "ask1Price": ("ask_price", Fields.price),
    "ask1Size": ("ask_size", Fields.size),
    "fundingRate": ("funding_rate", Fields.rate),
    "nextFundingTime": ("next_funding_time_ns", Fields.nanoseconds),
    "fundingIntervalHour": ("funding_interval_hours", Fields.hours),
}
"""The venue's field, ours, and its reader. Spot's ``usdIndexPrice`` is left out: it is in US dollars, not in the
pair's quote."""

_BLANK_WHEN_DATED: Final = frozenset({"fundingRate", "nextFundingTime", "fundingIntervalHour"})


def refusal(kind: FaultKind, channel: str, field: str = "", detail: str = "") -> DecodeError:
    """Why a frame, or one field of it, is not used."""
    return DecodeError(facts.VENUE, kind, channel=channel, field=field, detail=detail)


def is_dated(market: str, symbol: str) -> bool:
    """True for a contract that expires, and so pays no funding."""
    return market != "spot" and ("-" in symbol or (market == "inverse" and _INVERSE_DATED.search(symbol) is not None))


def blank_ticker(market: str, symbol: str, topic: str) -> Ticker:
    """A ticker that says nothing yet. Raises DecodeError for what cannot be a symbol."""
    if not plausible_symbol(symbol):
        raise refusal(FaultKind.UNKNOWN_TOPIC, topic, "", "no symbol")
    return Ticker(instrument=instrument_id(facts.VENUE, market, symbol), channel=topic)


class TickerState:
    """One ``tickers`` topic, merged.

    A field that a delta names and that is no good is forgotten, not kept: the venue has said that it changed.
    """

    __slots__ = (
        *("_ask", "_ask_text", "_bid", "_bid_text"),
        *("_blank", "_cs", "_dated", "_quick_type", "_spot", "_ts", "symbol", "ticker", "topic"),
    )

    def __init__(self, market: str, symbol: str, topic: str) -> None:
        self.symbol, self.topic = symbol, topic
        self.ticker = self._blank = blank_ticker(market, symbol, topic)
        self._spot = market == "spot"
        self._quick_type = "snapshot" if self._spot else "delta"
        self._dated = is_dated(market, symbol)
        self._cs = self._ts = 0
        self._bid = self._ask = ZERO
        self._bid_text = self._ask_text = ""

    def quick(self, frame: TickerFrame, received_ns: int) -> Ticker | None:
        """The merged ticker after a frame in which all is as usual."""
        data, ts = frame.data, frame.ts
        if (
            not 0 <= ts - self._ts <= TIME_STEP_MS
            or frame.cs < self._cs
            or data.symbol != self.symbol
            or not (data.funding_rate is data.next_funding_time is data.funding_interval_hour is UNSET)
        ):
            return None
        if frame.type == self._quick_type:
            held = self._blank if self._spot else self.ticker
        else:
            return None

        mark, index, last = held.mark_price, held.index_price, held.last_price
        if (said := data.mark_price) is not UNSET:
            if not PRICE_FLOOR < said < PRICE_CEILING:
                return None
            mark = said
        if (said := data.index_price) is not UNSET:
            if not PRICE_FLOOR < said < PRICE_CEILING:
                return None
            index = said
        if (said := data.last_price) is not UNSET:
            if not PRICE_FLOOR < said < PRICE_CEILING:
                return None
            last = said
        bid, bid_size, ask, ask_size = held.bid_price, held.bid_size, held.ask_price, held.ask_size
        if (text := data.bid_price) is not UNSET:
            bid = self._bid if text == self._bid_text else Decimal(text)
            if not PRICE_FLOOR < bid < PRICE_CEILING:
                return None
            self._bid, self._bid_text = bid, text
        if (said := data.bid_size) is not UNSET:
            if not (PRICE_FLOOR < said < SIZE_CEILING or sound_size(said)):
                return None
            bid_size = said
        if (text := data.ask_price) is not UNSET:
            ask = self._ask if text == self._ask_text else Decimal(text)
            if not PRICE_FLOOR < ask < PRICE_CEILING:
                return None
            self._ask, self._ask_text = ask, text
        if (said := data.ask_size) is not UNSET:
            if not (PRICE_FLOOR < said < SIZE_CEILING or sound_size(said)):
                return None
            ask_size = said
        if self._spot and last is None:
            return None

        self._ts, self._cs = ts, frame.cs
        self.ticker = ticker = replace(
            held,
            received_ns=received_ns,
            venue_time_ns=ts * 1_000_000,
            mark_price=mark,
            index_price=index,
            last_price=last,
            bid_price=bid,
            bid_size=bid_size,
            ask_price=ask,
            ask_size=ask_size,
        )
        return ticker

    def careful(self, data: Fields, *, snapshot: bool, ts: int, cs: int | None, received_ns: int) -> Ticker:
        """The merged ticker after any frame; bad fields are noted in ``data``.

        Raises DecodeError (OUT_OF_ORDER) for a frame older than what is held. Fields of a late delta are forgotten:
        what they were before it is out of date, and whether they changed again after it is not known.
        """
        try:
            self._check_order(snapshot, ts, cs)
        except DecodeError:
            if not snapshot:
                self.forget(data)
            raise
        values: dict[str, Decimal | int | None] = {}
        for name, (ours, read) in _TICKER_FIELDS.items():
            if name in data:
                inapplicable = self._dated and name in _BLANK_WHEN_DATED and data.blank(name)
                values[ours] = None if inapplicable else read(data, name)
        always = "lastPrice" if self._spot else "markPrice"
        if snapshot and always not in data:
            data.note(always, "a price")
        held = self._blank if snapshot else self.ticker
        self._ts, self._cs = ts, self._cs if cs is None else cs
        self.ticker = replace(held, received_ns=received_ns, venue_time_ns=ts * 1_000_000, **values)
        return self.ticker

    def forget(self, data: Fields) -> None:
        """Drop the fields that an unusable delta says have changed."""
        named = {ours: None for name, (ours, _) in _TICKER_FIELDS.items() if name in data}
        self.ticker = replace(self.ticker, **named)

    def _check_order(self, snapshot: bool, ts: int, cs: int | None) -> None:
        if snapshot and not self._spot:
            old = ts < self._ts - facts.RESET_SLACK_MS
        else:
            old = ts < self._ts or (cs is not None and cs < self._cs)
        if old:
            detail = f"ts {ts} cs {cs} after ts {self._ts} cs {self._cs}"
            raise refusal(FaultKind.OUT_OF_ORDER, self.topic, "", detail)


class BookState:
    """One ``orderbook.1`` topic: the order of its snapshots; the same ``u`` again says that nothing has changed."""

    __slots__ = ("_best", "_blank", "_ts", "_update_id", "symbol", "topic")

    def __init__(self, market: str, symbol: str, topic: str) -> None:
        self.symbol, self.topic = symbol, topic
        self._blank = blank_ticker(market, symbol, topic)
        self._best = BestTexts()
        self._ts = self._update_id = 0

    def quick(self, frame: BookFrame, received_ns: int) -> Ticker | None:
        """The best bid and ask of a two-sided snapshot that follows another.

        Raises ValueError or decimal.InvalidOperation for numbers that are none, or out of bounds.
        """
        data = frame.data
        if (
            not 0 <= frame.ts - self._ts <= TIME_STEP_MS
            or data.update_id < self._update_id
            or data.symbol != self.symbol
            or frame.type != "snapshot"
        ):
            return None
        ((bid_text, bid_size_text),), ((ask_text, ask_size_text),) = data.bids, data.asks
        bid, bid_size, ask, ask_size = self._best.numbers(bid_text, bid_size_text, ask_text, ask_size_text)
        self._ts, self._update_id = frame.ts, data.update_id
        return Ticker(
            received_ns=received_ns,
            instrument=self._blank.instrument,
            channel=self.topic,
            venue_time_ns=frame.ts * 1_000_000,
            bid_price=bid,
            bid_size=bid_size,
            ask_price=ask,
            ask_size=ask_size,
        )

    def careful(self, data: Fields, *, ts: int, update_id: int, received_ns: int) -> Ticker:
        """The best bid and ask of any snapshot; a side that is no good is noted in ``data``.

        Raises DecodeError (OUT_OF_ORDER) for an older snapshot; ``u`` 1 begins a new count.
        """
        if update_id != 1 and (update_id < self._update_id or ts < self._ts):
            detail = f"u {update_id} ts {ts} after u {self._update_id} ts {self._ts}"
            raise refusal(FaultKind.OUT_OF_ORDER, self.topic, "", detail)
        self._ts, self._update_id = ts, update_id
        bid, bid_size = data.best_level("b")
        ask, ask_size = data.best_level("a")
        return replace(
            self._blank,
            received_ns=received_ns,
            venue_time_ns=ts * 1_000_000,
            bid_price=bid,
            bid_size=bid_size,
            ask_price=ask,
            ask_size=ask_size,
        )
