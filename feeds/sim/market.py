"""The coins' fair prices: a correlated jump-diffusion with stochastic volatility, stepped 100 ms at a time.

For each coin, with W the Brownian motions and N Poisson counters::

    d ln S = -σ²/2 dt + σ (β dW_market + √(1-β²) dW_own) + J_market dN_market + J_own dN_own
    σ      = σ₀ · exp(x - var(x)),   dx = -κ x dt + η dW_x,   corr(dW_x, dW_market) < 0

The volatility is Scott's (the logarithm follows an Ornstein-Uhlenbeck process), so it stays positive; a share of it
moves the whole market at once and falls as prices rise. Jumps are Merton's: rare, normal in the logarithm.

The path is a function of the seed and the step number alone. Wall time has no part in it: a step is 100 ms of market
time whenever it is made. (What is reckoned from the calendar does depend on it: funding, and so a perpetual's mark,
and the carry of a dated contract.) Every coin and every factor draws from its own generator, so that another coin
would not change the paths of these. Floats are confined to this file and to ``quotes``; whoever asks for a price gets
a ``Decimal`` on a tick.
"""

from __future__ import annotations

import math
import random
from decimal import Decimal

from core.errors import RequestError
from feeds.sim.catalogue import COIN, COINS, Coin, coarsest_tick

STEP_MS = 100
STEPS_PER_SECOND = 1000 // STEP_MS
STEP_YEARS = STEP_MS / 1000 / (365.25 * 24 * 3600)

_JUMPS_PER_YEAR = 4 * 365.25
_MARKET_JUMP = 0.004
_OWN_JUMP = 0.003
_VOLATILITY_SPREAD = 0.35
_VOLATILITY_HALF_LIFE_SECONDS = 4 * 3600
_VOLATILITY_MARKET_SHARE = 0.8
_LEVERAGE = -0.5
_CALM = math.exp(-(_VOLATILITY_SPREAD**2))


class Reverting:
    """A mean-reverting (Ornstein-Uhlenbeck) level with a stationary standard deviation, stepped exactly."""

    def __init__(self, level: float, *, spread: float, half_life_seconds: float, step_seconds: float) -> None:
        self.level = level
        self._keep = 0.5 ** (step_seconds / half_life_seconds)
        self._kick = spread * math.sqrt(1 - self._keep**2)

    def step(self, shock: float) -> float:
        """Move by one step with a standard normal ``shock``; the new level."""
        self.level = self.level * self._keep + self._kick * shock
        return self.level


class _Shocks:
    """What the whole market shares in one step: a return, a volatility move and, rarely, a jump."""

    __slots__ = ("jump", "market", "volatility")

    def __init__(self, generator: random.Random) -> None:
        self.market = generator.gauss(0, 1)
        self.volatility = _LEVERAGE * self.market + math.sqrt(1 - _LEVERAGE**2) * generator.gauss(0, 1)
        self.jump = _jump(generator, _MARKET_JUMP)


def _jump(generator: random.Random, size: float) -> float:
    return generator.gauss(0, size) if generator.random() < _JUMPS_PER_YEAR * STEP_YEARS else 0.0


class CoinPath:
    """One coin's process. ``price`` is the present fair price in quote (USD) per coin."""

    def __init__(self, coin: Coin, seed: int) -> None:
        self._coin = coin
        self._generator = random.Random(f"{seed}/coin/{coin.name}")
        self._log_price = math.log(coin.start_price)
        self._unrest = Reverting(
            0.0,
            spread=_VOLATILITY_SPREAD,
            half_life_seconds=_VOLATILITY_HALF_LIFE_SECONDS,
            step_seconds=STEP_MS / 1000,
        )

    @property
    def price(self) -> float:
        """The fair price now."""
        return math.exp(self._log_price)

    @property
    def volatility(self) -> float:
        """The volatility of the diffusion now, a year."""
        return self._coin.volatility * math.exp(self._unrest.level) * _CALM

    def step(self, shocks: _Shocks) -> None:
        """Advance by one step."""
        generator, share = self._generator, self._coin.market_share
        own, unrest = generator.gauss(0, 1), generator.gauss(0, 1)
        volatility = self.volatility
        shock = share * shocks.market + math.sqrt(1 - share**2) * own
        jump = shocks.jump * self._coin.jump_scale + _jump(generator, _OWN_JUMP)
        self._log_price += -(volatility**2) / 2 * STEP_YEARS + volatility * math.sqrt(STEP_YEARS) * shock + jump
        joint = _VOLATILITY_MARKET_SHARE
        self._unrest.step(joint * shocks.volatility + math.sqrt(1 - joint**2) * unrest)


class Market:
    """All coins, and the pins that hold some of them still.

    While a coin is pinned its hidden path goes on; unpinned, the price continues from the pin with the path's
    returns, so that a pin never causes a jump by ending and never changes another coin.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.steps = 0
        self._generator = random.Random(f"{seed}/market")
        self._paths = {coin.name: CoinPath(coin, seed) for coin in COINS}
        self._scale = dict.fromkeys(self._paths, 1.0)
        self._pins: dict[str, Decimal] = {}

    def step(self) -> None:
        """Advance every coin by 100 ms."""
        shocks = _Shocks(self._generator)
        for path in self._paths.values():
            path.step(shocks)
        self.steps += 1

    def fair(self, coin: str) -> float:
        """The fair price as a float; for quoting only."""
        pinned = self._pins.get(coin)
        return self._paths[coin].price * self._scale[coin] if pinned is None else float(pinned)

    def volatility(self, coin: str) -> float:
        """The coin's present volatility, a year, jumps left out."""
        return self._paths[coin].volatility

    def pinned(self, coin: str) -> Decimal | None:
        """The price a coin is held at, if it is."""
        return self._pins.get(coin)

    def pin(self, coin: str, price: Decimal) -> None:
        """Hold a coin's index, mark and spot price at exactly ``price`` (quote per coin) from the next step on.

        Raises RequestError for a coin that is not listed and for a price that cannot be quoted on every listing.
        """
        if coin not in COIN:
            raise RequestError("pin", f"one of {', '.join(COIN)}", coin)
        tick = coarsest_tick(coin)
        if not price.is_finite() or price <= tick * 2 or price % tick:
            raise RequestError("pin", f"a price of {coin} above {tick * 2} in steps of {tick}", str(price))
        self._pins[coin] = price

    def unpin(self, coin: str) -> None:
        """Let a pinned coin move again, from where it is."""
        if coin not in COIN:
            raise RequestError("unpin", f"one of {', '.join(COIN)}", coin)
        price = self._pins.pop(coin, None)
        if price is not None:
            self._scale[coin] = float(price) / self._paths[coin].price
