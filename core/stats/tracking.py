"""How far a hedged book strays: tracking error, effectiveness, and basis risk in money."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.errors import RequestError
from core.funding import DAYS_A_YEAR
from core.stats.guards import Real, above_zero, correlation_of, not_negative, paired, series
from core.stats.moments import deviation, variance


def tracking_error(hedged_returns: Sequence[Real], periods_per_year: float = DAYS_A_YEAR) -> float:
    """Standard deviation (n - 1) of the hedged book's returns per √year: fractions of what the returns are of.

    Raises RequestError for fewer than two returns.
    """
    found = series("hedged_returns", hedged_returns, 2, "returns")
    return deviation(found) * math.sqrt(above_zero("periods_per_year", periods_per_year))


def hedged(hedge: Sequence[Real], bag: Sequence[Real], ratio: float) -> list[float]:
    """Returns of the bag with ``ratio`` of the hedge sold against it: ``bag - ratio · hedge``."""
    found_hedge, found_bag = paired("hedge", hedge, "bag", bag, 1)
    return [y - ratio * x for x, y in zip(found_hedge, found_bag, strict=True)]


def over_horizon(annual: float, days: float) -> float:
    """A yearly standard deviation over ``days`` of 365: times ``√(days/365)``. Too small where volatility clusters."""
    return not_negative("annual", annual) * math.sqrt(not_negative("days", days) / DAYS_A_YEAR)


def residual_volatility(volatility: float, correlation: float) -> float:
    """``σ √(1 - ρ²)``: what the best hedge of correlation ρ leaves of the bag's volatility, in the same unit.

    Source: Ederington, Journal of Finance 34 (1979).
    """
    rho = correlation_of("correlation", correlation)
    return not_negative("volatility", volatility) * math.sqrt(1 - rho**2)


def effectiveness(unhedged: Sequence[Real], hedged_series: Sequence[Real]) -> float:
    """Share of the variance that the hedge removed, ``1 - Var(hedged)/Var(unhedged)``; negative where it added some.

    Out of sample it is a test of the hedge; in the sample that the ratio was fitted to it flatters. Raises
    RequestError for fewer than two pairs or an unhedged book that does not vary.
    """
    before, after = paired("unhedged", unhedged, "hedged_series", hedged_series, 2)
    whole = variance(before)
    if not whole:
        raise RequestError("unhedged", "values that vary", "one value throughout")
    return 1 - variance(after) / whole


def basis_risk(value: float, volatility: float, correlation: float, days: float) -> float:
    """One standard deviation of what a perfect proxy hedge leaves over ``days``: ``V σ √(1 - ρ²) √(days/365)``.

    An estimate in the currency of ``value``; ``volatility`` a fraction a year.
    """
    return not_negative("value", value) * over_horizon(residual_volatility(volatility, correlation), days)
