"""Funding by the venues' own formulas: premium samples, the running estimate, and the settled rates.

The premium index is averaged over the interval with weights 1, 2, 3 …; a venue's rule says how often it is sampled and
what is scaled to the interval: the interest (Bybit, each minute) or the finished rate (Binance, every 5 s; its form
since 2025-09-18). With I the interest and N the interval in hours::

    interest  F = clamp(P + clamp(I·N/8 − P, ±0.05%), floor, cap)
    rate      F = clamp((P + clamp(I − P, ±0.05%)) · N/8, floor, cap)

The calendar is UTC's: intervals begin at multiples of their length.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from decimal import Decimal

import msgspec

from feeds.sim.catalogue import Listing
from feeds.sim.rules import FundingRule, Scaled

HOUR_MS = 3_600_000
INTEREST_PER_8_HOURS = Decimal("0.0001")
DEAD_BAND = Decimal("0.0005")
_EIGHT = Decimal(8)
_PLACES = Decimal("0.00000001")
_SETTLED_KEPT = 200


class Settled(msgspec.Struct, frozen=True):
    """One settlement: when (ms), the rate charged (a fraction of notional, + longs pay), and the mark price."""

    time_ms: int
    rate: Decimal
    mark: Decimal


def venue_rate(rule: FundingRule, premium: Decimal, hours: int, cap: Decimal, floor: Decimal) -> Decimal:
    """The funding rate of an interval of ``hours`` from its average premium (a fraction), to eight places."""
    share = Decimal(hours) / _EIGHT
    if rule.scaled is Scaled.INTEREST:
        rate = premium + _clamp(INTEREST_PER_8_HOURS * share - premium, -DEAD_BAND, DEAD_BAND)
    else:
        rate = (premium + _clamp(INTEREST_PER_8_HOURS - premium, -DEAD_BAND, DEAD_BAND)) * share
    return _clamp(rate, floor, cap).quantize(_PLACES)


def premium_index(impact_bid: Decimal, impact_ask: Decimal, index: Decimal) -> Decimal:
    """[max(0, impact bid − index) − max(0, index − impact ask)] ÷ index, to eight places."""
    premium = max(Decimal(0), impact_bid - index) - max(Decimal(0), index - impact_ask)
    return (premium / index).quantize(_PLACES)


class FundingSchedule:
    """One perpetual's funding: samples in, an estimate at any time, a settlement when it is due.

    ``every_seconds`` settles that often instead of at the contract's own interval, for demonstrations; the rate
    stays that of the contract's interval, so a quicker clock charges the same rate more often.
    """

    def __init__(
        self,
        listing: Listing,
        rule: FundingRule,
        seed: int,
        now_ms: int,
        premium: float,
        every_seconds: int | None,
    ) -> None:
        instrument = listing.instrument
        assert instrument.funding_interval_hours is not None
        assert instrument.funding_rate_cap is not None
        assert instrument.funding_rate_floor is not None
        self.hours = instrument.funding_interval_hours
        self.cap, self.floor = instrument.funding_rate_cap, instrument.funding_rate_floor
        self.period_ms = self.hours * HOUR_MS if every_seconds is None else every_seconds * 1000
        self._rule, self._every = rule, every_seconds
        self._sample_ms = min(rule.sample_seconds * 1000, max(self.period_ms // 20, 100))
        self._weighted, self._samples = Decimal(0), 0
        self._rate, self.next_ms, self._next_sample_ms = Decimal(0), now_ms, now_ms
        self.settled: deque[Settled] = deque(maxlen=_SETTLED_KEPT)
        self._begin(now_ms - now_ms % self.period_ms)
        self._prefill(random.Random(f"{seed}/funding/{instrument.id}"), now_ms, premium)

    @property
    def average_premium(self) -> Decimal:
        """The weighted average of the samples so far; zero before the first."""
        count = self._samples
        return self._weighted / (count * (count + 1) // 2) if count else Decimal(0)

    @property
    def rate(self) -> Decimal:
        """The estimate for the running interval, a fraction per the contract's own interval."""
        return self._rate

    def share_left(self, now_ms: int) -> float:
        """The share of the interval still to run, 1 at its start and 0 at settlement."""
        return max(0.0, (self.next_ms - now_ms) / self.period_ms)

    def observe(self, now_ms: int, premium: Callable[[], Decimal]) -> None:
        """Take a sample if one is due; ``premium`` is asked only then."""
        if now_ms >= self._next_sample_ms:
            self._sample(premium())
            self._next_sample_ms = now_ms - now_ms % self._sample_ms + self._sample_ms

    def settle(self, mark: Decimal) -> Settled:
        """Close the interval at its own time and begin the next; what was charged."""
        settled = Settled(self.next_ms, self._rate, mark)
        self.settled.append(settled)
        self._begin(self.next_ms)
        return settled

    def settle_now(self, now_ms: int, mark: Decimal) -> Settled:
        """Charge the running estimate at once, outside the calendar; the interval goes on."""
        settled = Settled(now_ms, self._rate, mark)
        self.settled.append(settled)
        return settled

    def change_interval(self, hours: int, now_ms: int) -> None:
        """Settle every so many hours from now on; the running interval ends where the new calendar's does."""
        self.hours = hours
        if self._every is None:
            self.period_ms = hours * HOUR_MS
            self.next_ms = now_ms - now_ms % self.period_ms + self.period_ms
        self._rate = venue_rate(self._rule, self.average_premium, hours, self.cap, self.floor)

    def _begin(self, start_ms: int) -> None:
        self.next_ms = start_ms + self.period_ms
        self._next_sample_ms = start_ms + self._sample_ms
        self._weighted, self._samples = Decimal(0), 0
        self._rate = venue_rate(self._rule, Decimal(0), self.hours, self.cap, self.floor)

    def _sample(self, premium: Decimal) -> None:
        self._samples += 1
        self._weighted += premium * self._samples
        self._rate = venue_rate(self._rule, self.average_premium, self.hours, self.cap, self.floor)

    def _prefill(self, generator: random.Random, now_ms: int, premium: float) -> None:
        """Stand in for what happened before the start: settled rates, and this interval's earlier samples."""
        level, past = premium, []
        for number in range(_SETTLED_KEPT // 2):
            level = 0.8 * level + 0.2 * generator.gauss(0.0001, 0.0008)
            rate = venue_rate(self._rule, Decimal(level).quantize(_PLACES), self.hours, self.cap, self.floor)
            past.append(Settled(self.next_ms - (number + 1) * self.period_ms, rate, Decimal(0)))
        self.settled.extend(reversed(past))
        missed = (now_ms - (self.next_ms - self.period_ms)) // self._sample_ms
        for number in range(1, missed + 1):
            self._samples = number
            self._weighted += Decimal(generator.gauss(premium, 0.0001)).quantize(_PLACES) * number
        self._next_sample_ms += missed * self._sample_ms
        if missed:
            self._rate = venue_rate(self._rule, self.average_premium, self.hours, self.cap, self.floor)


def _clamp(value: Decimal, low: Decimal, high: Decimal) -> Decimal:
    return min(max(value, low), high)
