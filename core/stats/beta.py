"""Beta of a bag to what hedges it: the hedge ratio, by several estimators.

``hedge`` is always the series of the hedging instrument and ``bag`` that of what is hedged, at the same times, oldest
first: returns (fractions) for a ratio of values, or price changes for a ratio of quantities; never one of each. A
ratio of 0.8 means: short 0.8 of the hedge for each 1 of the bag.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from core.errors import RequestError
from core.explain import is_recording, note
from core.stats.distributions import student_quantile
from core.stats.guards import Real, above_zero, correlation_of, inside_unit, not_negative, paired, real
from core.stats.linear import solve
from core.stats.moments import centred, correlation, deviation, dot
from core.stats.regression import ordinary_least_squares
from core.stats.volatility import RISK_METRICS_DECAY


class MinimumVariance(msgspec.Struct, frozen=True, kw_only=True):
    """The ratio that leaves least variance, and what it leaves.

    ``error``, ``low`` and ``high`` (standard error and 95% interval, or as asked) are ``None`` where the number of
    observations is not known. Deviations are per period of the data, in its units.
    """

    ratio: float
    error: float | None
    low: float | None
    high: float | None
    r_squared: float
    bag_deviation: float
    hedge_deviation: float
    correlation: float
    residual_deviation: float
    residual_variance: float
    observations: int | None


class EwmaBeta(msgspec.Struct, frozen=True, kw_only=True):
    """An exponentially weighted beta after the last observation; ``correlation`` is ``None`` where the bag is still.

    ``effective_sample`` is how many equally weighted observations would know as much; ``error`` is the standard error
    on it, ``None`` where it is not above two.
    """

    beta: float
    error: float | None
    correlation: float | None
    decay: float
    effective_sample: float
    observations: int


class LeadLag(msgspec.Struct, frozen=True, kw_only=True):
    """The lag at which two series are most correlated, by absolute size.

    ``lag`` above zero: the bag follows the hedge by so many periods; below zero: it leads. ``correlations`` holds every
    lag tried, in order; a correlation is ``None`` where a series did not vary.
    """

    lag: int
    correlation: float
    correlations: tuple[tuple[int, float | None], ...]
    observations: int


def minimum_variance_ratio(
    bag_deviation: float,
    hedge_deviation: float,
    related: float,
    observations: int | None = None,
    confidence: float = 0.95,
) -> MinimumVariance:
    """``h = ρ σ_bag / σ_hedge`` from summary figures; with the number of observations also its error.

    ``σ_bag/σ_hedge · √((1 - ρ²)/(n - 2))`` is the standard error. Raises RequestError for deviations that are not
    above zero (the bag's may be zero), a correlation outside -1 … 1, or fewer than three observations.
    Source: Hull, Options, Futures, and Other Derivatives, ch. 3; Ederington, Journal of Finance 34 (1979).
    """
    held, short = not_negative("bag_deviation", bag_deviation), above_zero("hedge_deviation", hedge_deviation)
    rho = correlation_of("correlation", related)
    inside_unit("confidence", confidence)
    ratio, error, reach = rho * held / short, None, None
    if observations is not None:
        if observations < 3:
            raise RequestError("observations", "three or more", str(observations))
        error = held / short * math.sqrt((1 - rho**2) / (observations - 2))
        times = student_quantile((1 + confidence) / 2, observations - 2)
        reach = times * error
        _tell_interval(ratio, error, times, observations, confidence)
    return MinimumVariance(
        ratio=ratio,
        error=error,
        low=None if reach is None else ratio - reach,
        high=None if reach is None else ratio + reach,
        r_squared=rho**2,
        bag_deviation=held,
        hedge_deviation=short,
        correlation=rho,
        residual_deviation=held * math.sqrt(1 - rho**2),
        residual_variance=held**2 * (1 - rho**2),
        observations=observations,
    )


def _tell_interval(ratio: float, error: float, times: float, observations: int, confidence: float) -> None:
    """Explain the interval of a ratio: so many standard errors either way."""
    how = "Student's t with (1 + confidence) / 2 below it, for observations - 2 degrees of freedom"
    given: dict[str, object] = {"confidence": confidence, "observations": observations}
    note("standard errors either way", how, times, given, kind="search", source="Abramowitz and Stegun, 26.7.1")
    given = {"ratio": ratio, "times": times, "ratio_error": error}
    note("ratio low", "ratio - times * ratio_error", ratio - times * error, given)
    note("ratio high", "ratio + times * ratio_error", ratio + times * error, given)


def minimum_variance_from(hedge: Sequence[Real], bag: Sequence[Real], confidence: float = 0.95) -> MinimumVariance:
    """:func:`minimum_variance_ratio` from the series, with sample deviations (n - 1).

    Raises RequestError for fewer than three pairs or a series that does not vary.
    """
    found_hedge, found_bag = paired("hedge", hedge, "bag", bag, 3)
    related = correlation(found_hedge, found_bag)
    note("observations", "count(bag)", len(found_bag), {"bag": found_bag})
    if related is None:
        still = "hedge" if max(found_hedge) == min(found_hedge) else "bag"
        raise RequestError(still, "values that vary", "one value throughout")
    return minimum_variance_ratio(deviation(found_bag), deviation(found_hedge), related, len(found_bag), confidence)


def hedge_contracts(ratio: float, bag_size: float, contract_size: float) -> float:
    """``N = h · Q_A / Q_F`` (coins, for a ratio of price changes) or ``β · V_A / V_F`` (values, for one of returns).

    Not rounded; above zero: contracts to sell. Both sizes in one unit. Source: Hull, ch. 3.
    """
    return real("ratio", ratio) * not_negative("bag_size", bag_size) / above_zero("contract_size", contract_size)


def ewma_beta(hedge: Sequence[Real], bag: Sequence[Real], decay: float = RISK_METRICS_DECAY) -> EwmaBeta:
    """``cov = λ cov + (1 - λ) x y`` over ``var = λ var + (1 - λ) x²``, means taken as zero; the start cancels.

    The effective sample ``(Σw)²/Σw²`` tends to (1 + λ)/(1 - λ), 32 for 0.94. Raises RequestError for fewer than two
    pairs or a hedge that was zero throughout. Source: J.P. Morgan, RiskMetrics (1996), ch. 5.
    """
    found_hedge, found_bag = paired("hedge", hedge, "bag", bag, 2)
    kept = inside_unit("decay", decay)
    weights = [kept**age for age in range(len(found_hedge) - 1, -1, -1)]
    weighted = [weight * x for weight, x in zip(weights, found_hedge, strict=True)]
    square = dot(weighted, found_hedge)
    if not square:
        raise RequestError("hedge", "returns other than zero", "zero throughout")
    bag_square = math.fsum(weight * y * y for weight, y in zip(weights, found_bag, strict=True))
    together = dot(weighted, found_bag)
    related = None
    if bag_square:
        related = min(1.0, max(-1.0, together / (math.sqrt(square) * math.sqrt(bag_square))))
    sample = math.fsum(weights) ** 2 / dot(weights, weights)
    error = None
    if sample > 2:
        left = 0.0 if related is None else (1 - related**2) * bag_square / square
        error = math.sqrt(left / (sample - 2))
    if is_recording():
        given: dict[str, object] = {"weights": weights, "hedge": found_hedge, "bag": found_bag}
        source = "J.P. Morgan, RiskMetrics (1996), ch. 5"
        squares = "sum(weights * hedge ** 2)"
        note("weighted beta", f"sum(weights * hedge * bag) / {squares}", together / square, given, source=source)
        note("effective sample", "sum(weights) ** 2 / sum(weights ** 2)", sample, {"weights": weights})
        if related is not None:
            formula = f"sum(weights * hedge * bag) / sqrt({squares} * sum(weights * bag ** 2))"
            note("weighted correlation", formula, related, given, source=source)
        if error is not None and related is not None:
            formula = f"sqrt((1 - correlation ** 2) * sum(weights * bag ** 2) / {squares} / (sample - 2))"
            note("weighted error", formula, error, {**given, "correlation": related, "sample": sample})
    return EwmaBeta(
        beta=together / square,
        error=error,
        correlation=related,
        decay=kept,
        effective_sample=sample,
        observations=len(found_hedge),
    )


def shrunk(beta: float, error: float, prior_deviation: float, prior: float = 1.0) -> float:
    """``w β + (1 - w) · prior`` with ``w = τ²/(τ² + se²)``: the less is known, the nearer to the prior.

    ``prior_deviation`` τ is how far betas of such coins lie from the prior; ``error`` the estimate's standard error.
    Source: Vasicek, Journal of Finance 28 (1973).
    """
    wide, narrow = not_negative("error", error) ** 2, above_zero("prior_deviation", prior_deviation) ** 2
    weight = narrow / (narrow + wide)
    found = weight * real("beta", beta) + (1 - weight) * real("prior", prior)
    given = {"prior_deviation": prior_deviation, "error": error}
    note("weight", "prior_deviation ** 2 / (prior_deviation ** 2 + error ** 2)", weight, given)
    given = {"weight": weight, "beta": beta, "prior": prior}
    source = "Vasicek, Journal of Finance 28 (1973)"
    note("shrunk", "weight * beta + (1 - weight) * prior", found, given, source=source)
    return found


def scholes_williams(hedge: Sequence[Real], bag: Sequence[Real]) -> float:
    """``(β₋₁ + β₀ + β₊₁)/(1 + 2ρ)``: beta of a coin that trades too seldom to move with the hedge at once.

    Each β is a slope on the hedge one period earlier, at the time, or later; ρ the hedge's autocorrelation. Raises
    RequestError for fewer than five pairs or a hedge that does not vary.
    Source: Scholes and Williams, Journal of Financial Economics 5 (1977).
    """
    found_hedge, found_bag = paired("hedge", hedge, "bag", bag, 5)
    early = ordinary_least_squares(found_hedge[:-1], found_bag[1:]).slope
    late = ordinary_least_squares(found_hedge[1:], found_bag[:-1]).slope
    repeated = correlation(found_hedge[:-1], found_hedge[1:])
    divisor = 1 + 2 * (repeated or 0.0)
    if divisor <= 0:
        raise RequestError("hedge", "an autocorrelation above -1/2", str(repeated))
    slope = ordinary_least_squares(found_hedge, found_bag).slope
    found = (early + slope + late) / divisor
    given = {"early": early, "slope": slope, "late": late, "autocorrelation": repeated or 0.0}
    source = "Scholes and Williams, Journal of Financial Economics 5 (1977)"
    note("scholes williams", "(early + slope + late) / (1 + 2 * autocorrelation)", found, given, source=source)
    return found


def dimson(hedge: Sequence[Real], bag: Sequence[Real], lags: int = 1) -> float:
    """Sum of the slopes on the hedge from ``lags`` periods earlier to ``lags`` later, in one regression.

    Raises RequestError for a lag below zero, too few pairs, or hedge returns that say too little to part the lags.
    Source: Dimson, Journal of Financial Economics 7 (1979).
    """
    if lags < 0:
        raise RequestError("lags", "zero or more", str(lags))
    found_hedge, found_bag = paired("hedge", hedge, "bag", bag, 4 * lags + 3)
    rows = len(found_hedge) - 2 * lags
    columns = [centred(found_hedge[shift : shift + rows]) for shift in range(2 * lags + 1)]
    target = centred(found_bag[lags : lags + rows])
    gram = [[dot(a, b) for b in columns] for a in columns]
    slopes = solve(gram, [dot(column, target) for column in columns])
    if slopes is None:
        raise RequestError("hedge", "returns that differ from one lag to the next", "a pattern that repeats")
    given = {"columns": columns, "target": target}
    note("slopes", "of one regression of target on all columns", slopes, given, kind="words")
    source = "Dimson, Journal of Financial Economics 7 (1979)"
    note("dimson", "sum(slopes)", math.fsum(slopes), {"slopes": slopes}, source=source)
    return math.fsum(slopes)


def lead_lag(hedge: Sequence[Real], bag: Sequence[Real], most: int = 3) -> LeadLag:
    """The lag from ``-most`` to ``most`` at which ``hedge`` now and ``bag`` then are most correlated.

    A lag other than zero means stale prices or clocks that differ: the beta at lag zero is then too small. Of equals
    the shortest lag. Raises RequestError for fewer than ``most + 3`` pairs or where a series does not vary.
    """
    if most < 0:
        raise RequestError("most", "zero or more", str(most))
    found_hedge, found_bag = paired("hedge", hedge, "bag", bag, most + 3)
    tried = [(lag, _lagged(found_hedge, found_bag, lag)) for lag in range(-most, most + 1)]
    known = [(lag, related) for lag, related in tried if related is not None]
    if not known:
        raise RequestError("hedge", "series that vary", "one value throughout")
    lag, related = max(known, key=lambda found: (round(abs(found[1]), 12), -abs(found[0]), found[0]))
    lags, found = [item[0] for item in known], [item[1] for item in known]
    given = {"lags": lags, "correlations": found}
    note("lag", "that of the correlation of greatest size", lag, given, kind="search")
    note("lags tried", "from the lead to the lag asked for", [item[0] for item in tried], {}, kind="words")
    return LeadLag(lag=lag, correlation=related, correlations=tuple(tried), observations=len(found_hedge))


def _lagged(hedge: list[float], bag: list[float], lag: int) -> float | None:
    if lag >= 0:
        return correlation(hedge[: len(hedge) - lag], bag[lag:])
    return correlation(hedge[-lag:], bag[:lag])
