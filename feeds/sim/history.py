"""What a coin's price did before now: minute candles of 26 hours, hourly ones of a year, and the running minute.

The past before the start is drawn backwards from the start price with the coin's own volatility, from a generator of
its own, so that asking for candles never changes the path that follows.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from feeds.sim.catalogue import Coin

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_MINUTES_DRAWN = 26 * 60
_MINUTES_KEPT = 14 * 24 * 60
_HOURS_BEFORE = 365 * 24
_YEAR_MINUTES = 365.25 * 24 * 60


class Candle(NamedTuple):
    """Prices in quote per coin; ``share`` is the candle's part of a typical day's volume."""

    start_ms: int
    open: float
    high: float
    low: float
    close: float
    share: float


class DaySummary(NamedTuple):
    """The last 24 hours: the price then, the highest and lowest since, and the price an hour ago."""

    open: float
    high: float
    low: float
    hour_ago: float


class PriceHistory:
    """One coin's candles, fed by the steps of the market."""

    def __init__(self, coin: Coin, seed: int, price: float, now_ms: int) -> None:
        self._coin = coin
        self._generator = random.Random(f"{seed}/history/{coin.name}")
        self._minute_ms = now_ms - now_ms % MINUTE_MS
        self._live = Candle(self._minute_ms, price, price, price, price, 0.0)
        self._closed: deque[Candle] = deque(maxlen=_MINUTES_KEPT)
        self._past: tuple[float, int] | None = (price, self._minute_ms)
        self._first_ms, self._first_price = self._minute_ms, price
        self._hours: list[Candle] | None = None
        self._summary: tuple[int, DaySummary] | None = None

    def observe(self, price: float, now_ms: int) -> None:
        """Take the price of this moment into the running minute."""
        while now_ms >= self._minute_ms + MINUTE_MS:
            self._closed.append(self._live)
            self._minute_ms += MINUTE_MS
            close = self._live.close
            self._live = Candle(self._minute_ms, close, close, close, close, 0.0)
        live = self._live
        self._live = Candle(
            live.start_ms,
            live.open,
            max(live.high, price),
            min(live.low, price),
            price,
            (now_ms - live.start_ms) / DAY_MS,
        )

    def day(self) -> DaySummary:
        """The last 24 hours, to the minute; the running minute counts."""
        if self._summary is None or self._summary[0] != self._minute_ms:
            self._summary = self._minute_ms, self._summarise()
        summary, live = self._summary[1], self._live
        return DaySummary(summary.open, max(summary.high, live.high), min(summary.low, live.low), summary.hour_ago)

    def candles(self, interval_ms: int, start_ms: int, end_ms: int, limit: int) -> list[Candle]:
        """The last ``limit`` candles that open in ``start_ms`` … ``end_ms``, oldest first, the running one last."""
        start_ms -= start_ms % interval_ms
        parts = self._parts(interval_ms, max(start_ms, end_ms - (limit + 1) * interval_ms))
        found = [candle for candle in _merge(parts, interval_ms) if start_ms <= candle.start_ms <= end_ms]
        return found[-limit:]

    def price_at(self, time_ms: int) -> float:
        """The price at a moment of the past, to the candle; the earliest known one before that."""
        interval = MINUTE_MS if time_ms >= self._minutes()[0].start_ms else HOUR_MS
        found = self.candles(interval, time_ms, time_ms, 1)
        return found[0].open if found else self._first_price

    def _parts(self, interval_ms: int, from_ms: int) -> Iterator[Candle]:
        minutes = self._minutes()
        if interval_ms >= HOUR_MS:
            if self._hours is None:
                self._hours = list(self._backwards(self._first_price, self._first_ms, HOUR_MS, _HOURS_BEFORE))[::-1]
            yield from (candle for candle in self._hours if candle.start_ms >= from_ms)
        yield from (candle for candle in minutes if candle.start_ms >= from_ms)
        yield self._live

    def _minutes(self) -> deque[Candle]:
        """The closed minutes, those before the start drawn when they are first asked for."""
        if self._past is not None:
            price, start_ms = self._past
            missing = max(0, _MINUTES_DRAWN - len(self._closed))
            self._closed.extendleft(self._backwards(price, start_ms, MINUTE_MS, missing))
            self._first_ms, self._first_price = self._closed[0].start_ms, self._closed[0].open
            self._past = None
        return self._closed

    def _backwards(self, price: float, end_ms: int, interval_ms: int, count: int) -> Iterator[Candle]:
        spread = self._coin.volatility * math.sqrt(interval_ms / MINUTE_MS / _YEAR_MINUTES)
        generator, close = self._generator, price
        for number in range(1, count + 1):
            before = close * math.exp(-generator.gauss(0, spread))
            high = max(before, close) * math.exp(abs(generator.gauss(0, spread / 2)))
            low = min(before, close) * math.exp(-abs(generator.gauss(0, spread / 2)))
            share = interval_ms / DAY_MS * generator.lognormvariate(-0.08, 0.4)
            yield Candle(end_ms - number * interval_ms, before, high, low, close, share)
            close = before

    def _summarise(self) -> DaySummary:
        day = list(self._minutes())[-24 * 60 :]
        return DaySummary(day[0].open, max(c.high for c in day), min(c.low for c in day), day[-60].open)


def _merge(parts: Iterable[Candle], interval_ms: int) -> Iterator[Candle]:
    merged: Candle | None = None
    for part in parts:
        start = part.start_ms - part.start_ms % interval_ms
        if merged is not None and merged.start_ms == start:
            merged = Candle(
                start,
                merged.open,
                max(merged.high, part.high),
                min(merged.low, part.low),
                part.close,
                merged.share + part.share,
            )
            continue
        if merged is not None:
            yield merged
        merged = part._replace(start_ms=start)
    if merged is not None:
        yield merged
