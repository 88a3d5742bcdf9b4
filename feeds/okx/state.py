"""What each subscription of OKX's public sockets needs remembered: the order of its frames.

A line takes a frame in two ways. ``mark``, ``index``, ``tick`` and ``book`` take the usual one, typed, in a handful of
comparisons; they return ``None`` and change nothing for whatever is not quite usual. ``careful`` takes any row field by
field.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from core.errors import DecodeError
from core.events import AnyEvent, DayStatistics, FaultKind, FundingSettled, Ticker
from core.instruments import instrument_id
from core.symbols import read_name
from feeds.best import BestTexts
from feeds.day import usual_day
from feeds.fields import PRICE_CEILING, PRICE_FLOOR, TIME_STEP_MS, Fields, ahead_of_clock
from feeds.okx import facts
from feeds.okx.wire import BookFrame, DayFrame, IndexFrame, MarkFrame, TickerFrame

HOUR_MS: Final = 3_600_000
_DAY = msgspec.json.Decoder(DayFrame).decode
_LEVEL = msgspec.json.Decoder(list[msgspec.Raw])


def refusal(kind: FaultKind, channel: str, field: str = "", detail: str = "") -> DecodeError:
    """Why a frame, or one field of it, is not used."""
    return DecodeError(facts.VENUE, kind, channel=channel, field=field, detail=detail)


def topic(channel: str, symbol: str) -> str:
    """How a subscription is called here: ``mark-price:BTC-USDT-SWAP``."""
    return f"{channel}:{symbol}"


def market_of(symbol: str) -> str:
    """The market that a symbol is spelt as one of; empty where there is none."""
    return next((market for market in facts.MARKETS if read_name(instrument_id(facts.VENUE, market, symbol))), "")


def instrument_of(channel: str, symbol: str) -> str:
    """The instrument that a frame is about, whose index it may name; empty where it is none that is read here."""
    if channel == facts.INDEX:
        symbol += facts.SWAP_SUFFIX
    market = market_of(symbol)
    return instrument_id(facts.VENUE, market, symbol) if market else ""


def hours_between(start_ms: int | None, end_ms: int | None) -> int | None:
    """A funding interval of whole hours, at most a week; ``None`` where it is not one, or an end is not known."""
    if start_ms is None or end_ms is None or (end_ms - start_ms) % HOUR_MS:
        return None
    hours = (end_ms - start_ms) // HOUR_MS
    return hours if 0 < hours <= 168 else None


class Line:
    """One subscription: what its events have in common, and the newest stamp heard on it."""

    __slots__ = ("_best", "_day_due_ns", "_ts", "blank", "symbol")

    def __init__(self, channel: str, symbol: str) -> None:
        """Raises DecodeError for what no contract or pair that is read here is called."""
        name, instrument = topic(channel, symbol), instrument_of(channel, symbol)
        if not instrument:
            raise refusal(FaultKind.UNKNOWN_TOPIC, name, "", "no symbol that is read here")
        self.symbol = symbol
        self.blank = Ticker(instrument=instrument, channel=name)
        self._ts = self._day_due_ns = 0
        self._best = BestTexts()

    # --- the usual frame ---

    def mark(self, frame: MarkFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
        """The event of a ``mark-price`` frame in which all is as usual."""
        (row,) = frame.data
        ts = row.ts
        if (
            not 0 <= ts - self._ts <= TIME_STEP_MS
            or row.instrument != self.symbol
            or not PRICE_FLOOR < row.price < PRICE_CEILING
        ):
            return None
        self._ts = ts
        return (
            Ticker(
                received_ns=received_ns,
                instrument=self.blank.instrument,
                channel=self.blank.channel,
                venue_time_ns=ts * 1_000_000,
                mark_price=row.price,
            ),
        )

    def index(self, frame: IndexFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
        """The event of an ``index-tickers`` frame in which all is as usual."""
        (row,) = frame.data
        ts = row.ts
        if (
            not 0 <= ts - self._ts <= TIME_STEP_MS
            or row.instrument != self.symbol
            or not PRICE_FLOOR < row.price < PRICE_CEILING
        ):
            return None
        self._ts = ts
        return (
            Ticker(
                received_ns=received_ns,
                instrument=self.blank.instrument,
                channel=self.blank.channel,
                venue_time_ns=ts * 1_000_000,
                index_price=row.price,
            ),
        )

    def tick(self, frame: TickerFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
        """The events of a ``tickers`` frame in which all is as usual."""
        (row,) = frame.data
        ts = row.ts
        if (
            not 0 <= ts - self._ts <= TIME_STEP_MS
            or row.instrument != self.symbol
            or not PRICE_FLOOR < row.last < PRICE_CEILING
        ):
            return None
        ticker = Ticker(
            received_ns=received_ns,
            instrument=self.blank.instrument,
            channel=self.blank.channel,
            venue_time_ns=ts * 1_000_000,
            last_price=row.last,
        )
        if received_ns < self._day_due_ns:
            self._ts = ts
            return (ticker,)
        day = usual_day(ticker, *_DAY(raw).data, has_turnover=not _is_linear(ticker))
        if day is None:
            return None
        self._ts, self._day_due_ns = ts, received_ns + facts.DAY_EVERY_NS
        return ticker, day

    def book(self, frame: BookFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
        """The event of a two-sided ``bbo-tbt`` frame in which all is as usual.

        Raises ValueError or decimal.InvalidOperation for numbers that are not.
        """
        (row,) = frame.data
        ts = row.ts
        if not 0 <= ts - self._ts <= TIME_STEP_MS:
            return None
        ((bid_text, bid_size_text, _, _),), ((ask_text, ask_size_text, _, _),) = row.bids, row.asks
        bid, bid_size, ask, ask_size = self._best.numbers(bid_text, bid_size_text, ask_text, ask_size_text)
        self._ts = ts
        return (
            Ticker(
                received_ns=received_ns,
                instrument=self.blank.instrument,
                channel=self.blank.channel,
                venue_time_ns=ts * 1_000_000,
                bid_price=bid,
                bid_size=bid_size,
                ask_price=ask,
                ask_size=ask_size,
            ),
        )

    # --- any row ---

    def careful(self, channel: str, row: Fields, received_ns: int) -> list[AnyEvent]:
        """The events of one row; bad fields are noted in it.

        Raises DecodeError for a row that is older than what was heard, or cannot be dated.
        """
        if channel != facts.BOOK and row.text("instId") not in (None, self.symbol):
            row.note("instId", f"{self.symbol} as in the subscription")
        ts = row.milliseconds("ts")
        if ts is not None and ahead_of_clock(ts, received_ns):
            row.note("ts", "a time not after the clock's")
        if ts is None or row.bad:
            raise refusal(FaultKind.BAD_FIELD, self.blank.channel, *row.bad[0])
        if ts < self._ts:
            raise refusal(FaultKind.OUT_OF_ORDER, self.blank.channel, "", f"ts {ts} after {self._ts}")
        self._ts = ts
        ticker = replace(self.blank, received_ns=received_ns, venue_time_ns=ts * 1_000_000)
        if channel == facts.MARK:
            return [replace(ticker, mark_price=row.price("markPx"))]
        if channel == facts.INDEX:
            return [replace(ticker, index_price=row.price("idxPx"))]
        if channel == facts.BOOK:
            return [_best(ticker, row)]
        if channel == facts.FUNDING:
            return funding_events(ticker, row, ts)
        ticker = replace(ticker, last_price=filled_price(row, "last"))
        if received_ns < self._day_due_ns:
            return [ticker]
        self._day_due_ns = received_ns + facts.DAY_EVERY_NS
        return [ticker, day_statistics(ticker, row)]


def filled_price(row: Fields, name: str) -> Decimal | None:
    """A price; ``None`` where the venue leaves the field blank, which it does for what has not traded."""
    return None if row.blank(name) else row.price(name)


def filled_size(row: Fields, name: str) -> Decimal | None:
    """A size; ``None`` where the venue leaves the field blank."""
    return None if row.blank(name) else row.size(name)


def _is_linear(ticker: Ticker) -> bool:
    return ticker.instrument.startswith(f"{facts.VENUE}:{facts.LINEAR}:")


def day_statistics(ticker: Ticker, row: Fields) -> DayStatistics:
    """The 24 hours of a ``tickers`` row.

    ``volCcy24h`` is in quote for a spot pair and in the coin for a swap: the turnover of an inverse one, and not told
    of a linear one.
    """
    return DayStatistics(
        received_ns=ticker.received_ns,
        instrument=ticker.instrument,
        channel=ticker.channel,
        venue_time_ns=ticker.venue_time_ns,
        open_price=filled_price(row, "open24h"),
        high_price=filled_price(row, "high24h"),
        low_price=filled_price(row, "low24h"),
        last_price=ticker.last_price,
        volume=filled_size(row, "vol24h"),
        turnover=None if _is_linear(ticker) else filled_size(row, "volCcy24h"),
    )


def funding_events(ticker: Ticker, row: Fields, now_ms: int) -> list[AnyEvent]:
    """The estimate for the running interval, charged at ``fundingTime``; and the rate settled before it, where the row
    tells when. While a rate is being charged its time is just past, and no estimate is told."""
    rate, due = row.rate("fundingRate"), row.milliseconds("fundingTime")
    before = _maybe_ms(row, "prevFundingTime")
    after = _maybe_ms(row, "nextFundingTime")
    if due is not None and due < now_ms - facts.OVERDUE_SLACK_MS:
        row.note("fundingTime", "a time to come")
        due = None
    running = due is not None and due > now_ms and rate is not None
    told = replace(
        ticker,
        funding_rate=rate if running else None,
        next_funding_time_ns=due * 1_000_000 if due is not None and running else None,
        funding_interval_hours=(hours_between(before, due) or hours_between(due, after)) if running else None,
    )
    events: list[AnyEvent] = [told]
    if before is not None and row.shown("settState") == "settled" and not row.blank("settFundingRate"):
        settled = row.rate("settFundingRate")
        if settled is not None:
            events.append(
                FundingSettled(
                    received_ns=ticker.received_ns,
                    instrument=ticker.instrument,
                    rate=settled,
                    settled_ns=before * 1_000_000,
                )
            )
    return events


def _maybe_ms(row: Fields, name: str) -> int | None:
    """A time that may be missing, blank or 0."""
    if name not in row or row.shown(name) in ("", "0"):
        return None
    return row.milliseconds(name)


def _best(ticker: Ticker, row: Fields) -> Ticker:
    bid, bid_size = _level(row, "bids")
    ask, ask_size = _level(row, "asks")
    return replace(ticker, bid_price=bid, bid_size=bid_size, ask_price=ask, ask_size=ask_size)


def _level(row: Fields, name: str) -> tuple[Decimal | None, Decimal | None]:
    """Price and size of a side's first level; both ``None`` for an empty side and a bad level."""
    levels = row.array(name)
    if not levels:
        return None, None
    try:
        cells = _LEVEL.decode(levels[0])
    except msgspec.DecodeError:
        cells = []
    if len(cells) < 2:
        row.note(name, "levels of price and size")
        return None, None
    level = Fields({"price": cells[0], "size": cells[1]})
    best = level.price("price"), level.size("size")
    if level.bad:
        row.note(name, "a level of a price and a size")
        return None, None
    return best
