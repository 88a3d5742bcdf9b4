"""What one listing shows at one moment, made from the coin's fair price: index, mark, last, best bid and ask.

Binance and Bybit both take as mark price the median of two reckoned prices and the last trade::

    price 1 = index · (1 + funding rate · share of the interval still to run)
    price 2 = index + moving average of (mid of bid and ask − index)

over 30 s (Binance) or 150 s (Bybit). The perpetual's basis reverts to a level that itself drifts over hours, so that
funding differs from contract to contract and from day to day.
"""

from __future__ import annotations

import math
import random
from collections import deque
from decimal import Decimal

import msgspec

from core.instruments import ContractKind
from feeds.sim.catalogue import COIN, Listing
from feeds.sim.market import STEP_MS, STEPS_PER_SECOND, Reverting

BASIS_AVERAGE_SECONDS = {"binance": 30, "bybit": 150}

_FAST_BASIS = 0.00015
_SLOW_BASIS_PER_VOLATILITY = 0.0007
_SPOT_NOISE = 0.00003
_TRADE_CHANCE = 0.6


class Quote(msgspec.Struct, kw_only=True):
    """Prices in quote per coin, sizes in order units; 24 h figures are of the contract's own trades.

    ``volume`` is in order units, ``turnover`` its counter-value (quote for linear and spot, coin for inverse).
    ``book_seed`` counts the steps and shapes the depth behind the best prices.
    """

    index: Decimal
    mark: Decimal
    last: Decimal
    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal
    last_size: Decimal
    last_side: str
    traded: bool
    volume: Decimal
    turnover: Decimal
    open_interest: Decimal
    book_seed: int

    @property
    def mid(self) -> Decimal:
        """Half way between best bid and best ask."""
        return (self.bid + self.ask) / 2


def on_tick(value: float, tick: Decimal) -> Decimal:
    """The multiple of ``tick`` nearest to a float, exact from here on."""
    return tick * round(value / float(tick))


class Quoter:
    """Turns fair prices into one listing's quotes. Every step draws the same number of random figures."""

    def __init__(self, listing: Listing, seed: int, fair: float, pinned: Decimal | None) -> None:
        instrument = listing.instrument
        self.listing = listing
        self._generator = generator = random.Random(f"{seed}/quote/{instrument.id}")
        step_seconds = STEP_MS / 1000
        drift = COIN[instrument.base].volatility * _SLOW_BASIS_PER_VOLATILITY
        fast, slow = (_SPOT_NOISE, 0.0) if instrument.kind is ContractKind.SPOT else (_FAST_BASIS, drift)
        self._fast = Reverting(generator.gauss(0, fast), spread=fast, half_life_seconds=120, step_seconds=step_seconds)
        self._slow = Reverting(
            generator.gauss(0, slow), spread=slow, half_life_seconds=6 * 3600, step_seconds=step_seconds
        )
        self._basis: deque[float] = deque(maxlen=BASIS_AVERAGE_SECONDS[instrument.venue])
        self._basis.append(fair * self._slow.level)
        self._steps = 0
        self._interest = Reverting(0.0, spread=0.05, half_life_seconds=3600, step_seconds=step_seconds)
        self._day_volume = float(listing.daily_volume)
        self._last: Decimal | None = None
        self._last_side = "Buy"
        self.quote = self._make(fair, pinned, 0.0)

    @property
    def premium(self) -> float:
        """The basis as a fraction of index, before rounding to ticks."""
        return self._fast.level + self._slow.level

    def step(self, fair: float, pinned: Decimal | None, funding_ahead: float) -> Quote:
        """The quote after one more step.

        ``funding_ahead`` is the funding rate times the share of its interval still to run; ``pinned`` overrides
        every price (see ``Market.pin``).
        """
        self._fast.step(self._generator.gauss(0, 1))
        self._slow.step(self._generator.gauss(0, 1))
        self._interest.step(self._generator.gauss(0, 1))
        self.quote = self._make(fair, pinned, funding_ahead)
        return self.quote

    def _make(self, fair: float, pinned: Decimal | None, funding_ahead: float) -> Quote:
        listing, tick = self.listing, self.listing.instrument.tick_size
        self._steps += 1
        trades, buys = self._generator.random(), self._generator.random()
        sizes = [self._generator.lognormvariate(0, 0.5) for _ in range(3)]
        bid, ask = self._best(fair, pinned, tick)
        traded = self._last is None or trades < _TRADE_CHANCE or not bid <= self._last <= ask
        if traded:
            self._last_side = "Buy" if buys < 0.5 else "Sell"
            self._last = ask if self._last_side == "Buy" else bid
        assert self._last is not None
        last = pinned if pinned is not None else self._last
        index = pinned if pinned is not None else on_tick(fair, listing.index_tick)
        mark = pinned if pinned is not None else self._mark(fair, float(bid + ask) / 2, float(last), funding_ahead)
        expected = float(listing.daily_volume) * STEP_MS / 86_400_000
        last_size = self._size(sizes[2] * expected / _TRADE_CHANCE)
        self._day_volume += (float(last_size) if traded else 0.0) - expected
        return Quote(
            index=index,
            mark=mark,
            last=last,
            bid=bid,
            ask=ask,
            bid_size=self._size(sizes[0] * float(listing.top_size)),
            ask_size=self._size(sizes[1] * float(listing.top_size)),
            last_size=last_size,
            last_side=self._last_side,
            traded=traded,
            volume=on_tick(self._day_volume, listing.instrument.quantity_step),
            turnover=self._turnover(fair),
            open_interest=on_tick(
                float(listing.open_interest) * math.exp(self._interest.level), listing.instrument.quantity_step
            ),
            book_seed=self._steps,
        )

    def _best(self, fair: float, pinned: Decimal | None, tick: Decimal) -> tuple[Decimal, Decimal]:
        if pinned is not None:
            return pinned - tick, pinned + tick
        middle = fair * (1 + self.premium) / float(tick)
        bid = math.floor(middle)
        return tick * bid, tick * (bid + 1)

    def _mark(self, fair: float, mid: float, last: float, funding_ahead: float) -> Decimal:
        if self._steps % STEPS_PER_SECOND == 0:
            self._basis.append(mid - fair)
        reckoned = fair * (1 + funding_ahead)
        averaged = fair + sum(self._basis) / len(self._basis)
        return on_tick(sorted((reckoned, averaged, last))[1], self.listing.mark_tick)

    def _size(self, quantity: float) -> Decimal:
        instrument = self.listing.instrument
        return max(on_tick(quantity, instrument.quantity_step), instrument.minimum_quantity)

    def _turnover(self, fair: float) -> Decimal:
        inverse = self.listing.instrument.kind is ContractKind.INVERSE
        return on_tick(self._day_volume / fair if inverse else self._day_volume * fair, Decimal("0.0001"))
