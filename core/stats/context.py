"""The market's state as context for a hedger: never a reason to trade by itself.

Each figure is ``Insufficient`` where there is too little data for it: that is not a zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from core.stats.guards import Real, above_zero, not_negative, series
from core.stats.insufficient import Insufficient
from core.stats.moments import centred, deviation, mean
from core.stats.regression import ordinary_least_squares

LONG_AVERAGE_DAYS = 200
LEAST_FOR_REVERSION = 30


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
    """Last close over the mean of the last ``window`` closes, less one: 0.1 is 10 % above the average."""
    if len(closes) < window or window < 1:
        return Insufficient("closes", max(window, 1), len(closes))
    found = [above_zero("closes", close) for close in closes[-window:]]
    return found[-1] / mean(found) - 1


def z_score(values: Sequence[Real], window: int) -> float | Insufficient:
    """Last value less the mean of the last ``window``, in their standard deviations (n - 1).

    Insufficient below ``window`` values (at least three), and where those do not vary.
    """
    needed = max(window, 3)
    if len(values) < needed:
        return Insufficient("values", needed, len(values))
    found = series("values", values[-needed:], needed)
    spread = deviation(found)
    if not spread:
        return Insufficient("values that vary", 2, 1)
    return centred(found)[-1] / spread


def mean_reversion(values: Sequence[Real]) -> Reversion | Insufficient:
    """Half-life of the way back to the mean, ``-ln 2 / ln φ``, from a regression of each change on the value before.

    For a spread, a basis or a log price, oldest first; insufficient below 30 values or where they do not vary.
    Source: Dickey and Fuller, JASA 74 (1979), for the bound of the test (-2.86, with a constant, 5 %).
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
    return Reversion(
        persistence=persistence,
        error=fit.slope_error,
        half_life=-math.log(2) / math.log(persistence) if 0 < persistence < 1 else None,
        significant=fit.slope < _DICKEY_FULLER_FIVE_PERCENT * fit.slope_error,
        observations=fit.observations,
    )


def volatility_target_ratio(volatility: float, target: float) -> float:
    """``1 - σ*/σ`` within 0 … 1: the hedge ratio that leaves a volatility of ``target``; both of one period.

    Follow a slow volatility with a band, or the rule trades the noise.
    """
    left = not_negative("target", target) / above_zero("volatility", volatility)
    return min(1.0, max(0.0, 1 - left))
