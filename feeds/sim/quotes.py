"""What one listing shows at one moment, made from the coin's fair price: index, mark, last, best bid and ask.

All venues take as mark price the median of two reckoned prices and the last trade::

    price 1 = index · (1 + funding rate · share of the interval still to run)
    price 2 = index + moving average of (mid of bid and ask − index)

over as long as the venue's rules say (30 s at Binance, 150 s at Bybit); that of a dated contract is price 2. A
perpetual's basis reverts to a level that itself drifts over hours, so that funding differs from contract to contract
and from day to day.
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

_FAST_BASIS = 0.00015
_SLOW_BASIS_PER_VOLATILITY = 0.0007
_SPOT_NOISE = 0.00003
_TRADE_CHANCE = 0.6
_RESIZE_CHANCE = 0.5
_SIZE_SPREAD = 0.5
_MEAN_SIZE = math.exp(_SIZE_SPREAD**2 / 2)
REFERENCE_STEPS = 2
"""How many steps an index and a mark price stand."""


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

    def __init__(
        self,
        listing: Listing,
        seed: int,
        fair: float,
        pinned: Decimal | None,
        *,
        basis_seconds: int,
        carry: float = 0.0,
    ) -> None:
        """``carry`` is what a dated contract stands above the index, as a fraction; it is not worn off."""
        instrument = listing.instrument
        self.carry = carry
        self.listing = listing
        self._generator = generator = random.Random(f"{seed}/quote/{instrument.id}")
        step_seconds = STEP_MS / 1000
        drift = COIN[instrument.base].volatility * _SLOW_BASIS_PER_VOLATILITY
        fast, slow = (_SPOT_NOISE, 0.0) if instrument.kind is ContractKind.SPOT else (_FAST_BASIS, drift)
        self._fast = Reverting(generator.gauss(0, fast), spread=fast, half_life_seconds=120, step_seconds=step_seconds)
        self._slow = Reverting(
            generator.gauss(0, slow), spread=slow, half_life_seconds=6 * 3600, step_seconds=step_seconds
        )
        self._basis: deque[float] = deque(maxlen=basis_seconds)
        self._basis.append(fair * (self._slow.level + carry))
        self._steps = 0
        self._interest = Reverting(0.0, spread=0.05, half_life_seconds=3600, step_seconds=step_seconds)
        self._day_volume = float(listing.daily_volume)
        self._before: Quote | None = None
        self.quote = self._make(fair, pinned, 0.0)

    @property
    def premium(self) -> float:
        """The basis as a fraction of index, before rounding to ticks."""
        return self._fast.level + self._slow.level + self.carry

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
        """The next quote. Not everything changes at every step, as at a venue."""
        listing, before = self.listing, self._before
        self._steps += 1
        trades, buys, resizes = (self._generator.random() for _ in range(3))
        sizes = [self._generator.lognormvariate(0, _SIZE_SPREAD) for _ in range(3)]
        bid, ask = self._best(fair, pinned, listing.instrument.tick_size)
        index, mark = self._reference(fair, pinned, bid, ask, funding_ahead)
        traded = before is None or trades < _TRADE_CHANCE or not bid <= before.last <= ask
        side = ("Buy" if buys < 0.5 else "Sell") if traded or before is None else before.last_side
        last = (ask if side == "Buy" else bid) if traded or before is None else before.last
        expected = float(listing.daily_volume) * STEP_MS / 86_400_000 / _TRADE_CHANCE
        last_size = self._size(sizes[2] * expected)
        if traded:
            self._day_volume += float(last_size) - expected * _MEAN_SIZE
        top, kept = float(listing.top_size), None if before is None or resizes < _RESIZE_CHANCE else before
        quote = self._before = Quote(
            index=index,
            mark=mark,
            last=last if pinned is None else pinned,
            bid=bid,
            ask=ask,
            bid_size=self._size(sizes[0] * top) if kept is None or kept.bid != bid else kept.bid_size,
            ask_size=self._size(sizes[1] * top) if kept is None or kept.ask != ask else kept.ask_size,
            last_size=last_size,
            last_side=side,
            traded=traded,
            volume=on_tick(self._day_volume, listing.instrument.quantity_step),
            turnover=self._turnover(float(bid)) if traded or before is None else before.turnover,
            open_interest=self._open_interest(before),
            book_seed=self._steps,
        )
        return quote

    def _reference(
        self, fair: float, pinned: Decimal | None, bid: Decimal, ask: Decimal, funding_ahead: float
    ) -> tuple[Decimal, Decimal]:
        """Index and mark price, which the venue reckons anew every few steps, and at once when a coin is pinned."""
        before = self._before
        if pinned is not None:
            return pinned, pinned
        if before is not None and self._steps % REFERENCE_STEPS:
            return before.index, before.mark
        mid = float(bid + ask) / 2
        if self._steps % STEPS_PER_SECOND < REFERENCE_STEPS:
            self._basis.append(mid - fair)
        last = mid if before is None else float(before.last)
        return on_tick(fair, self.listing.index_tick), self._mark(fair, last, funding_ahead)

    def _open_interest(self, before: Quote | None) -> Decimal:
        if before is not None and self._steps % STEPS_PER_SECOND:
            return before.open_interest
        interest = float(self.listing.open_interest) * math.exp(self._interest.level)
        return on_tick(interest, self.listing.instrument.quantity_step)

    def _best(self, fair: float, pinned: Decimal | None, tick: Decimal) -> tuple[Decimal, Decimal]:
        if pinned is not None:
            return pinned - tick, pinned + tick
        middle = fair * (1 + self.premium) / float(tick)
        bid = math.floor(middle)
        return tick * bid, tick * (bid + 1)

    def _mark(self, fair: float, last: float, funding_ahead: float) -> Decimal:
        reckoned = fair * (1 + funding_ahead)
        averaged = fair + sum(self._basis) / len(self._basis)
        if self.listing.instrument.expiry_ns is not None:
            return on_tick(averaged, self.listing.mark_tick)
        return on_tick(sorted((reckoned, averaged, last))[1], self.listing.mark_tick)

    def _size(self, quantity: float) -> Decimal:
        instrument = self.listing.instrument
        return max(on_tick(quantity, instrument.quantity_step), instrument.minimum_quantity)

    def _turnover(self, fair: float) -> Decimal:
        amount = self._day_volume * float(self.listing.instrument.contract_size)
        return on_tick(amount / fair if self.listing.inverse else amount * fair, Decimal("0.0001"))
