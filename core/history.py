"""Price history: closed candles by instrument and interval, merged from overlapping loads and checked row by row.

What never becomes history: a price that is not finite or not positive, a high below its low, an open or close outside
of both, a candle that does not begin on its interval or is not closed yet, one that comes twice or out of order. Such
rows are named as faults and the good ones are kept. A hole between candles is named once, when it first shows.

Prices stay exact; returns are statistics, and floats.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from core.books import Ages
from core.errors import RequestError
from core.events import Candle, CandlePrice, CandlesLoaded, FaultKind, FrameFault
from core.exact import exactly, positive
from core.figures import Freshness
from core.freshness import SECOND_NS, by_age, nanoseconds

HOUR_NS = 3600 * SECOND_NS
DAY_NS = 24 * HOUR_NS

CAPACITY = MappingProxyType({DAY_NS: 400, HOUR_NS: 24 * 60})
"""Candles kept of one instrument, by interval: the newest so many."""

DAILY_AGES = Ages(late=26 * 3600.0, stale=50 * 3600.0, unknown=7 * 24 * 3600.0)
"""Ages of daily candles since the newest closed: one is due every day, and is read within the hour that follows."""

HOURLY_AGES = Ages(late=3 * 3600.0, stale=6 * 3600.0, unknown=24 * 3600.0)
"""The same of hourly candles: one is due every hour, and is read within the hour that follows."""

CONNECTION = "history"
"""The connection that faults of price history are told under."""

_AGES_NS = MappingProxyType({DAY_NS: nanoseconds(DAILY_AGES), HOUR_NS: nanoseconds(HOURLY_AGES)})
_WORDS = MappingProxyType({DAY_NS: "daily", HOUR_NS: "hourly"})
_PREFERRED = (CandlePrice.MARK, CandlePrice.INDEX, CandlePrice.LAST, CandlePrice.SPOT)
_LATEST_NS = 4_102_444_800 * SECOND_NS
"""2100-01-01: no candle begins later."""


class PriceSeries(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one instrument's past at one moment.

    ``candles`` are closed, oldest first, and none where ``freshness`` is UNKNOWN (there are none, or the newest is too
    old to be used); ``price`` says of what. ``missing`` counts the candles that should lie between the first and the
    last and do not. ``age_ns`` runs from the close of the newest; ``None`` where there never was one. ``revision``
    changes whenever the history does, so that what is reckoned from it need not be reckoned twice.
    """

    instrument: str
    interval_ns: int
    price: CandlePrice | None = None
    candles: tuple[Candle, ...] = ()
    missing: int = 0
    age_ns: int | None = None
    freshness: Freshness = Freshness.UNKNOWN
    revision: int = 0

    @property
    def unbroken(self) -> tuple[Candle, ...]:
        """The newest candles that follow one another without a hole, oldest first."""
        for place in range(len(self.candles) - 1, 0, -1):
            if self.candles[place].start_ns - self.candles[place - 1].start_ns != self.interval_ns:
                return self.candles[place:]
        return self.candles


class AlignedReturns(NamedTuple):
    """Logarithmic returns of two instruments over the same intervals, oldest first: floats, per interval.

    ``closes_ns`` is when each interval ended. ``dropped`` counts the intervals of the span both cover for which one
    of the two has no candle at the beginning or at the end.
    """

    closes_ns: tuple[int, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]
    dropped: int


class _Kept:
    """The candles of one instrument, price and interval."""

    def __init__(self, interval_ns: int) -> None:
        self.interval_ns = interval_ns
        self.candles: tuple[Candle, ...] = ()
        self.revision = 0

    def merge(self, good: Sequence[Candle]) -> list[tuple[Candle, int]]:
        """Take candles in; the holes that this made, as the candle after each and how many are missing before it."""
        before = set(self.holes())
        by_start = {candle.start_ns: candle for candle in (*self.candles, *good)}
        newest = sorted(by_start)[-CAPACITY[self.interval_ns] :]
        merged = tuple(by_start[start] for start in newest)
        if merged != self.candles:
            self.candles, self.revision = merged, self.revision + 1
        return [(by_start[start], count) for start, count in self.holes() if (start, count) not in before]

    def holes(self) -> Iterator[tuple[int, int]]:
        """Where a candle follows a hole, and how many candles are missing there."""
        for earlier, later in zip(self.candles, self.candles[1:], strict=False):
            absent = (later.start_ns - earlier.start_ns) // self.interval_ns - 1
            if absent:
                yield later.start_ns, absent

    def closed(self, now_ns: int) -> tuple[Candle, ...]:
        """Those that are closed at this moment."""
        if not self.candles or self.candles[-1].start_ns + self.interval_ns <= now_ns:
            return self.candles
        return self.candles[: bisect_right(self.candles, now_ns - self.interval_ns, key=_start)]


class History:
    """The past of every instrument that candles were loaded of."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], dict[CandlePrice, _Kept]] = {}

    def loaded(self, event: CandlesLoaded) -> list[FrameFault]:
        """Take candles in; a fault for each row that is refused and for each new hole. Raises nothing."""
        if event.interval_ns not in CAPACITY:
            return [_fault(event, "interval_ns", f"expected a day or an hour, found {event.interval_ns} ns")]
        good, faults = _sift(event)
        if good:
            prices = self._kept.setdefault((event.instrument, event.interval_ns), {})
            kept = prices.setdefault(event.price, _Kept(event.interval_ns))
            for candle, count in kept.merge(good):
                faults.append(_fault(event, "start_ns", f"{count} missing before {_shown(candle.start_ns)}"))
        return faults

    def series(self, instrument: str, interval_ns: int, now_ns: int, price: CandlePrice | None = None) -> PriceSeries:
        """What is known of an instrument at ``now_ns``: its mark price unless told, else the next best there is."""
        prices = self._kept.get((instrument, interval_ns))
        if prices is not None:
            for kind in _PREFERRED if price is None else (price,):
                kept = prices.get(kind)
                candles = () if kept is None else kept.closed(now_ns)
                if kept is not None and candles:
                    return _series(instrument, kind, kept, candles, now_ns)
        return PriceSeries(instrument=instrument, interval_ns=interval_ns, price=price)

    def aligned(self, first: str, second: str, interval_ns: int, now_ns: int) -> AlignedReturns:
        """The returns of two instruments over the intervals that both have candles of, as of ``now_ns``."""
        return aligned_returns(self.series(first, interval_ns, now_ns), self.series(second, interval_ns, now_ns))


@exactly
def aligned_returns(first: PriceSeries, second: PriceSeries) -> AlignedReturns:
    """Returns of both series over common intervals; a return is close to close of two candles in a row.

    Raises RequestError where the series differ in their interval.
    """
    interval_ns = first.interval_ns
    if second.interval_ns != interval_ns:
        raise RequestError("interval_ns", f"the same for both series ({interval_ns})", str(second.interval_ns))
    one, other = ({candle.start_ns: candle.close for candle in series.candles} for series in (first, second))
    if not one or not other:
        return AlignedReturns((), (), (), 0)
    begin, end = max(min(one), min(other)), min(max(one), max(other))
    common = one.keys() & other.keys()
    spans = [(start - interval_ns, start) for start in sorted(common) if start - interval_ns in common]
    return AlignedReturns(
        closes_ns=tuple(start + interval_ns for _, start in spans),
        first=tuple(math.log(one[start] / one[before]) for before, start in spans),
        second=tuple(math.log(other[start] / other[before]) for before, start in spans),
        dropped=max(0, (end - begin) // interval_ns) - len(spans),
    )


def _series(instrument: str, price: CandlePrice, kept: _Kept, candles: tuple[Candle, ...], now_ns: int) -> PriceSeries:
    interval_ns = kept.interval_ns
    age_ns = now_ns - candles[-1].start_ns - interval_ns
    freshness = by_age(age_ns, _AGES_NS[interval_ns])
    if freshness is Freshness.UNKNOWN:
        candles = ()
    span = (candles[-1].start_ns - candles[0].start_ns) // interval_ns + 1 if candles else 0
    return PriceSeries(
        instrument=instrument,
        interval_ns=interval_ns,
        price=price,
        candles=candles,
        missing=span - len(candles),
        age_ns=age_ns,
        freshness=freshness,
        revision=kept.revision,
    )


def _sift(event: CandlesLoaded) -> tuple[list[Candle], list[FrameFault]]:
    """The candles that can be used, and a fault for each of the others."""
    good: list[Candle] = []
    faults: list[FrameFault] = []
    for candle in event.candles:
        problem = _problem(candle, event)
        if problem is not None:
            faults.append(_fault(event, *problem))
        elif good and candle.start_ns <= good[-1].start_ns:
            detail = "comes twice" if candle.start_ns == good[-1].start_ns else "comes after a later one"
            faults.append(_fault(event, "start_ns", f"{_shown(candle.start_ns)} {detail}", FaultKind.OUT_OF_ORDER))
        else:
            good.append(candle)
    return good, faults


def _problem(candle: Candle, event: CandlesLoaded) -> tuple[str, str] | None:
    """The field that is no good and why, if one is."""
    start_ns = candle.start_ns
    if not 0 < start_ns < _LATEST_NS or start_ns % event.interval_ns:
        return "start_ns", f"expected the beginning of an interval, found {start_ns}"
    when = _shown(start_ns)
    if start_ns + event.interval_ns > event.received_ns:
        return "start_ns", f"{when} is not closed yet"
    for name in ("open", "high", "low", "close"):
        try:
            positive(name, getattr(candle, name))
        except RequestError as error:
            return name, f"{when}: {error}"
    if candle.high < candle.low:
        return "high", f"{when}: {candle.high} is below the low {candle.low}"
    for name, price in (("open", candle.open), ("close", candle.close)):
        if not candle.low <= price <= candle.high:
            return name, f"{when}: {price} is not within {candle.low} to {candle.high}"
    return None


def _fault(event: CandlesLoaded, field: str, detail: str, kind: FaultKind = FaultKind.BAD_FIELD) -> FrameFault:
    words = _WORDS.get(event.interval_ns, "odd")
    return FrameFault(
        received_ns=event.received_ns,
        venue=event.instrument.partition(":")[0],
        connection=CONNECTION,
        kind=kind,
        channel=f"{words} candles of {event.instrument}",
        field=field,
        detail=detail,
    )


def _shown(start_ns: int) -> str:
    return datetime.fromtimestamp(start_ns // SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%MZ")


def _start(candle: Candle) -> int:
    return candle.start_ns
