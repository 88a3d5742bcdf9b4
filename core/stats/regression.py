"""Ordinary least squares of one series on another, with the error bar without which a slope says little."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from core.errors import RequestError
from core.explain import is_recording, note
from core.stats.distributions import student_quantile
from core.stats.guards import Real, inside_unit, paired
from core.stats.moments import centred, correlation, dot, mean


class Regression(msgspec.Struct, frozen=True, kw_only=True):
    """``y = intercept + slope · x + residual``.

    ``slope`` is in units of y per unit of x, ``slope_error`` its standard error, ``low`` and ``high`` its confidence
    interval (Student's t with n - 2 degrees). ``residual_deviation`` has n - 2 in its divisor. ``correlation`` and
    ``r_squared`` are ``None`` where y does not vary.
    """

    slope: float
    intercept: float
    slope_error: float
    low: float
    high: float
    confidence: float
    correlation: float | None
    r_squared: float | None
    residual_deviation: float
    observations: int


def ordinary_least_squares(x: Sequence[Real], y: Sequence[Real], confidence: float = 0.95) -> Regression:
    """Regress ``y`` on ``x``. For a hedge x is the hedging instrument and y what is hedged, never the other way round.

    Raises RequestError for series of unequal length, fewer than three pairs, or an x that does not vary. The error
    holds for independent residuals: overlapping returns make it too small. Source: any textbook of statistics; for
    hedges Hull, Options, Futures, and Other Derivatives, ch. 3.
    """
    found_x, found_y = paired("x", x, "y", y, 3)
    inside_unit("confidence", confidence)
    away_x, away_y = centred(found_x), centred(found_y)
    spread = dot(away_x, away_x)
    if not spread:
        raise RequestError("x", "values that vary", "one value throughout")
    slope = dot(away_x, away_y) / spread
    formula = "sum((x - mean(x)) * (y - mean(y))) / sum((x - mean(x)) ** 2)"
    note("slope", formula, slope, {"x": found_x, "y": found_y})
    residuals = [b - slope * a for a, b in zip(away_x, away_y, strict=True)]
    count = len(found_x)
    residual_variance = dot(residuals, residuals) / (count - 2)
    error = math.sqrt(residual_variance / spread)
    if is_recording():
        given = {"x": found_x, "y": found_y, "slope": slope}
        away = "y - mean(y) - slope * (x - mean(x))"
        told = f"sqrt(sum(({away}) ** 2) / (count(x) - 2) / sum((x - mean(x)) ** 2))"
        note("slope error", told, error, given)
        note("observations", "count(x)", count, {"x": found_x})
    reach = student_quantile((1 + confidence) / 2, count - 2) * error
    related = correlation(found_x, found_y)
    return Regression(
        slope=slope,
        intercept=mean(found_y) - slope * mean(found_x),
        slope_error=error,
        low=slope - reach,
        high=slope + reach,
        confidence=confidence,
        correlation=related,
        r_squared=None if related is None else related**2,
        residual_deviation=math.sqrt(residual_variance),
        observations=count,
    )
