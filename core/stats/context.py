"""The market's state as context for a hedger: never a reason to trade by itself.

Each figure is ``Insufficient`` where there is too little data for it: that is not a zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from core.errors import RequestError
from core.explain import explained, note
from core.stats.guards import Real, above_zero, not_negative, series
from core.stats.insufficient import Insufficient
from core.stats.moments import centred, deviation, mean
from core.stats.regression import ordinary_least_squares

LONG_AVERAGE_DAYS = 200
LEAST_FOR_REVERSION = 30
LEAST_FOR_A_SCORE = 3


class Reversion(msgspec.Struct, frozen=True, kw_only=True):
    """``x_t - x_{t-1} = a + (φ - 1) x_{t-1}``: how fast a series returns to its mean.

    ``half_life`` is in bars, ``None`` where the series does not return (φ outside 0 … 1). ``significant`` where φ - 1
    is more than 2.86 standard errors below zero: a random walk looks as if it returned, and gives such a figure in one
    sample of twenty.
    """

    persistence: float
    error: float
    half_life: float | None
    significant: bool
    observations: int


_DICKEY_FULLER_FIVE_PERCENT = -2.86


def distance_to_average(closes: Sequence[Real], window: int = LONG_AVERAGE_DAYS) -> float | Insufficient:
    """Last close over the mean of the last ``window`` closes, less one: 0.1 is 10% above the average."""
    if len(closes) < window or window < 1:
        return Insufficient("closes", max(window, 1), len(closes))
    found = [above_zero("closes", close) for close in closes[-window:]]
    away = found[-1] / mean(found) - 1
    note("distance to average", "last / mean(closes) - 1", away, {"last": found[-1], "closes": found})
    return away


def z_score(values: Sequence[Real], window: int) -> float | Insufficient:
    """Last value less the mean of the last ``window``, in their standard deviations (n - 1).

    Insufficient below ``window`` values (at least three), and where those do not vary.
    """
    needed = max(window, LEAST_FOR_A_SCORE)
    if len(values) < needed:
        return Insufficient("values", needed, len(values))
    found = series("values", values[-needed:], needed)
    spread = deviation(found)
    if not spread:
        return Insufficient("values that vary", 2, 1)
    score = centred(found)[-1] / spread
    note(
        "z score", "(last - mean(values)) / deviation", score, {"last": found[-1], "values": found, "deviation": spread}
    )
    return score


def mean_reversion(values: Sequence[Real]) -> Reversion | Insufficient:
    """Half-life of the way back to the mean, ``-ln 2 / ln φ``, from a regression of each change on the value before.

    For a spread, a basis or a log price, oldest first; insufficient below 30 values or where they do not vary.
    Source: Dickey and Fuller, JASA 74 (1979), for the bound of the test (-2.86, with a constant, 5%).
    """
    if len(values) < LEAST_FOR_REVERSION:
        return Insufficient("values", LEAST_FOR_REVERSION, len(values))
    found = series("values", values, LEAST_FOR_REVERSION)
    before = found[:-1]
    if max(before) == min(before):
        return Insufficient("values that vary", 2, 1)
    changes = [after - value for value, after in zip(before, found[1:], strict=True)]
    fit = ordinary_least_squares(before, changes)
    persistence = 1 + fit.slope
    note("persistence", "1 + slope", persistence, {"slope": fit.slope})
    half_life = -math.log(2) / math.log(persistence) if 0 < persistence < 1 else None
    if half_life is not None:
        note("half life", "-ln(2) / ln(persistence)", half_life, {"persistence": persistence})
    return Reversion(
        persistence=persistence,
        error=fit.slope_error,
        half_life=half_life,
        significant=fit.slope < _DICKEY_FULLER_FIVE_PERCENT * fit.slope_error,
        observations=fit.observations,
    )


@explained("min(1, max(0, 1 - target / volatility))", unit="fraction")
def volatility_target_ratio(volatility: float, target: float) -> float:
    """``1 - σ*/σ`` within 0 … 1: the hedge ratio that leaves a volatility of ``target``; both of one period.

    Follow a slow volatility with a band, or the rule trades the noise.
    """
    left = not_negative("target", target) / above_zero("volatility", volatility)
    return min(1.0, max(0.0, 1 - left))


def cost_of_variance_removed(cost: float, ratio: float, volatility: float, value: float) -> tuple[float, float]:
    """The share of a bag's variance that a hedge of the same coin removes, ``h (2 - h)``, and what each unit costs.

    ``cost`` a year in quote, + paid; ``volatility`` a year; ``value`` of the bag in quote. The price is
    ``cost / (share · σ² · V²)``, per quote squared: to compare ratios and contracts by. RequestError for a ratio
    outside 0 … 2, which removes nothing.
    """
    if not 0 < ratio < 2:
        raise RequestError("ratio", "above 0 and below 2", str(ratio))
    share = ratio * (2 - ratio)
    note("variance removed", "hedge_ratio * (2 - hedge_ratio)", share, {"hedge_ratio": ratio})
    price = cost / (share * (above_zero("volatility", volatility) * above_zero("value", value)) ** 2)
    given = {"yearly_cost": cost, "variance_removed": share, "volatility": volatility, "bag_value": value}
    note("cost per variance", "yearly_cost / (variance_removed * (volatility * bag_value) ** 2)", price, given)
    return share, price
