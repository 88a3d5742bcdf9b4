"""The probability that a price touches a barrier, and what a bet on it is worth: geometric Brownian motion.

Prices in quote, ``volatility`` and ``drift`` fractions a year, time in years of 365 days. The barrier is above or below
the spot as it stands. A risk display takes no view, so the drift is zero unless it is given. Real prices jump and
their volatility clusters: far barriers are touched more often than these figures say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from core.errors import RequestError
from core.explain import is_recording, note, unrecorded
from core.funding import DAYS_A_YEAR
from core.stats.distributions import normal_below, scaled_tail
from core.stats.guards import above_zero, not_negative, real

DISCRETE_WATCHING = 0.5826
"""``-ζ(½) / √(2π)``, of Broadie, Glasserman and Kou."""
HORIZONS_DAYS = (1.0, 7.0, 30.0)
SIGMA_FACTORS = (0.8, 1.0, 1.3)


class TouchRange(NamedTuple):
    """Probability of touching within ``days``: at the volatility stated, and the range over factors on it."""

    days: float
    probability: float
    lowest: float
    highest: float


class _Path(NamedTuple):
    """Log distance to the barrier, and the log price's drift towards it, a year."""

    distance: float
    drift: float
    volatility: float


def touch_probability(spot: float, barrier: float, volatility: float, years: float, drift: float = 0.0) -> float:
    """Probability, 0 … 1, of touching the barrier before ``years`` have gone; 1 where the spot is on it.

    Watched all the time, as venues watch the mark price. ``drift`` is the price's expected growth a year (0.1 is
    10%), of which the log price keeps ``drift - σ²/2``. Raises RequestError for prices or a volatility not above
    zero and for negative time. Source: Harrison, Brownian Motion and Stochastic Flow Systems (1985), ch. 1.
    """
    return _touched(_path(spot, barrier, volatility, drift), not_negative("years", years), 0.0)


def end_beyond_probability(spot: float, barrier: float, volatility: float, years: float, drift: float = 0.0) -> float:
    """Probability of being beyond the barrier at the end: about half of touching it, and no measure of liquidation."""
    path = _path(spot, barrier, volatility, drift)
    spread = path.volatility * math.sqrt(above_zero("years", years))
    found = normal_below((path.drift * years - path.distance) / spread)
    formula = "Phi((drift * years - distance) / (volatility * sqrt(years)))"
    note("end beyond probability", formula, found, {**path._asdict(), "years": years})
    return found


def ever_probability(spot: float, barrier: float, volatility: float, drift: float = 0.0) -> float:
    """Probability of ever touching: 1 where the log price does not drift away, else ``exp(2 ν b / σ²)``."""
    path = _path(spot, barrier, volatility, drift)
    found = math.exp(min(0.0, 2 * path.drift * path.distance / path.volatility**2))
    note("probability ever", "exp(min(0, 2 * drift * distance / volatility ** 2))", found, path._asdict())
    return found


def expected_years(spot: float, barrier: float, volatility: float, drift: float = 0.0) -> float:
    """Mean time to the touch, years, given that it happens: ``b / |ν|``; infinite where the log price has no drift."""
    path = _path(spot, barrier, volatility, drift)
    if not path.distance:
        return 0.0
    if not path.drift:
        return math.inf
    found = path.distance / abs(path.drift)
    note("expected years", "distance / abs(drift)", found, {"distance": path.distance, "drift": path.drift})
    return found


def median_years(spot: float, barrier: float, volatility: float, drift: float = 0.0) -> float:
    """Time by which the barrier is touched with probability one half, years; infinite where it never is.

    ``(b / 0.6745 σ)²`` without a drift of the log price; in general by bisection.
    """
    path = _path(spot, barrier, volatility, drift)
    if not path.distance:
        return 0.0
    if ever_probability(spot, barrier, volatility, drift) <= 0.5:
        return math.inf
    found = _halfway(path)
    note("median years", "where the touch has probability 1/2", found, path._asdict(), kind="search")
    return found


@unrecorded()
def _halfway(path: _Path) -> float:
    low, high = 0.0, (path.distance / path.volatility) ** 2
    while _touched(path, high, 0.0) < 0.5 and high < 1e100:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _touched(path, middle, 0.0) < 0.5 else (low, middle)
    return (low + high) / 2


def watched_barrier(spot: float, barrier: float, volatility: float, interval_years: float) -> float:
    """The barrier moved away by ``exp(0.5826 σ √Δt)``: for one that is only looked at every ``interval_years``.

    Source: Broadie, Glasserman and Kou, Mathematical Finance 7 (1997).
    """
    path = _path(spot, barrier, volatility, 0.0)
    shift = DISCRETE_WATCHING * path.volatility * math.sqrt(not_negative("interval_years", interval_years))
    if not path.distance:
        return float(barrier)
    side = 1 if barrier > spot else -1
    found = barrier * math.exp(side * shift)
    note(
        "watched barrier",
        "barrier * exp(side * 0.5826 * volatility * sqrt(interval_years))",
        found,
        {"barrier": barrier, "side": side, "volatility": volatility, "interval_years": interval_years},
        source="Broadie, Glasserman and Kou, Mathematical Finance 7 (1997)",
    )
    return found


def one_touch_at_hit(
    cash: float, spot: float, barrier: float, volatility: float, years: float, rate: float = 0.0, yield_: float = 0.0
) -> float:
    """Value of ``cash`` paid when the barrier is touched: ``cash · E[exp(-rate · time)]``, drift ``rate - yield_``.

    Both are continuous, a year. Source: Haug, The Complete Guide to Option Pricing Formulas (1998), p. 95.
    """
    path = _path(spot, barrier, volatility, real("rate", rate) - real("yield_", yield_))
    least = -((path.drift / path.volatility) ** 2) / 2
    if rate < least:
        raise RequestError("rate", f"at least {least:.6g}, for which the formula holds", str(rate))
    touched = _touched(path, not_negative("years", years), rate)
    found = not_negative("cash", cash) * touched
    source = "Haug, The Complete Guide to Option Pricing Formulas (1998), p. 95"
    note(
        "one touch at hit", "cash * discounted_touch", found, {"cash": cash, "discounted_touch": touched}, source=source
    )
    return found


def one_touch_at_expiry(
    cash: float, spot: float, barrier: float, volatility: float, years: float, rate: float = 0.0, yield_: float = 0.0
) -> float:
    """Value of ``cash`` paid at the end if the barrier was touched: discounted probability of the touch."""
    probability = touch_probability(spot, barrier, volatility, years, real("rate", rate) - real("yield_", yield_))
    found = not_negative("cash", cash) * math.exp(-rate * years) * probability
    given = {"cash": cash, "rate": rate, "years": years, "probability": probability}
    note("one touch at expiry", "cash * exp(-rate * years) * probability", found, given)
    return found


def no_touch_at_expiry(
    cash: float, spot: float, barrier: float, volatility: float, years: float, rate: float = 0.0, yield_: float = 0.0
) -> float:
    """Value of ``cash`` paid at the end if the barrier was not touched; with the one-touch it makes certain cash."""
    certain = not_negative("cash", cash) * math.exp(-real("rate", rate) * not_negative("years", years))
    touched = one_touch_at_expiry(cash, spot, barrier, volatility, years, rate, yield_)
    given = {"cash": cash, "rate": rate, "years": years, "one_touch": touched}
    note("no touch at expiry", "cash * exp(-rate * years) - one_touch", certain - touched, given)
    return certain - touched


def distance_in_sigmas(spot: float, barrier: float, volatility: float, years: float) -> float:
    """Distance to the barrier in standard deviations of the log price over ``years``: ``|ln(H/S)| / (σ √T)``."""
    path = _path(spot, barrier, volatility, 0.0)
    return path.distance / (path.volatility * math.sqrt(above_zero("years", years)))


def sigma_days(spot: float, barrier: float, volatility: float) -> float:
    """Days after which one standard deviation reaches the barrier: ``365 (ln(H/S) / σ)²``."""
    path = _path(spot, barrier, volatility, 0.0)
    return DAYS_A_YEAR * (path.distance / path.volatility) ** 2


def days_at_drift(spot: float, barrier: float, daily_drift: float) -> float | None:
    """Days to the barrier at a steady log drift a day (fraction); ``None`` where it leads away from it or nowhere."""
    gap = math.log(above_zero("barrier", barrier) / above_zero("spot", spot))
    if not gap:
        return 0.0
    towards = real("daily_drift", daily_drift) * math.copysign(1, gap)
    return abs(gap) / towards if towards > 0 else None


def touch_ranges(
    spot: float,
    barrier: float,
    volatility: float,
    drift: float = 0.0,
    horizons_days: Sequence[float] = HORIZONS_DAYS,
    factors: Sequence[float] = SIGMA_FACTORS,
) -> tuple[TouchRange, ...]:
    """Touch probability over each horizon, with its range over ``factors`` on the volatility.

    A range, because the volatility to come is not known to two digits.
    """
    found = []
    for days in horizons_days:
        years = not_negative("horizons_days", days) / DAYS_A_YEAR
        likely = touch_probability(spot, barrier, volatility, years, drift)
        others = [touch_probability(spot, barrier, volatility * factor, years, drift) for factor in factors]
        least, most = min(likely, *others), max(likely, *others)
        given = {"probability": likely, "others": others}
        note("probability lowest", "min(probability, others)", least, given)
        note("probability highest", "max(probability, others)", most, given)
        found.append(TouchRange(days, likely, least, most))
    return tuple(found)


def _path(spot: float, barrier: float, volatility: float, drift: float) -> _Path:
    gap = math.log(above_zero("barrier", barrier) / above_zero("spot", spot))
    sigma = above_zero("volatility", volatility)
    growth = real("drift", drift) - sigma**2 / 2
    side = 1 if gap >= 0 else -1
    if is_recording():
        note("distance", "abs(ln(barrier / price))", abs(gap), {"barrier": barrier, "price": spot})
        given = {"side": side, "drift": drift, "volatility": sigma}
        note("drift of the log price towards the barrier", "side * (drift - volatility ** 2 / 2)", side * growth, given)
    return _Path(abs(gap), side * growth, sigma)


def _touched(path: _Path, years: float, rate: float) -> float:
    """``E[exp(-rate · τ); τ <= years]`` of the time τ of the touch; with no rate, its probability."""
    if not path.distance:
        return 1.0
    if not years:
        return 0.0
    square = path.volatility**2
    spread = path.volatility * math.sqrt(years)
    speed = math.sqrt(max(path.drift**2 + 2 * rate * square, 0.0))
    first = math.exp((path.drift - speed) * path.distance / square)
    first *= normal_below((speed * years - path.distance) / spread)
    second = scaled_tail((path.drift + speed) * path.distance / square, (path.distance + speed * years) / spread)
    found = min(1.0, first + second) if rate >= 0 else first + second
    if is_recording():
        _tell_touch(path, years, rate, speed, found)
    return found


def _tell_touch(path: _Path, years: float, rate: float, speed: float, found: float) -> None:
    """Explain the probability of a touch, or its discounted value."""
    formula = (
        "exp((drift - speed) * distance / volatility ** 2)"
        " * Phi((speed * years - distance) / (volatility * sqrt(years)))"
        " + exp((drift + speed) * distance / volatility ** 2)"
        " * Phi((-distance - speed * years) / (volatility * sqrt(years)))"
    )
    given = {"drift": path.drift, "rate": rate, "volatility": path.volatility}
    note("speed", "sqrt(max(drift ** 2 + 2 * rate * volatility ** 2, 0))", speed, given)
    given = {**path._asdict(), "speed": speed, "years": years}
    source = "Harrison, Brownian Motion and Stochastic Flow Systems (1985), ch. 1"
    note("touch probability", f"min(1, {formula})" if rate >= 0 else formula, found, given, source=source)
