"""Variances of two series and their covariance, one step further with every pair of returns.

``variance = omega + alpha · return² + beta · variance before`` for each, and the same with the product of the two
returns for the covariance; the mean return is taken as zero. Exponential weights are the case of ``alpha = 1 - λ``,
``beta = λ`` and no omega. Source: Hull, Options, Futures, and Other Derivatives, ch. 23.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from core.errors import RequestError
from core.explain import is_recording, note
from core.stats.guards import Real, correlation_of, inside_unit, not_negative, paired, real

SOURCE = "Hull, Options, Futures, ch. 23; J.P. Morgan, RiskMetrics"
_ROUNDING = 1e-12


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """``alpha`` of the last square or product, ``beta`` of what was before, and the constants per period."""

    alpha: float
    beta: float
    bag_omega: float = 0.0
    hedge_omega: float = 0.0
    covariance_omega: float = 0.0


class Joint(msgspec.Struct, frozen=True, kw_only=True):
    """What two series do together: deviations and covariance per period, and their correlation."""

    bag_deviation: float
    hedge_deviation: float
    covariance: float
    correlation: float


def exponential(decay: Real) -> Weights:
    """Exponential weights of ``decay`` λ (above 0 and below 1)."""
    kept = inside_unit("decay", decay)
    note("alpha", "1 - decay", 1 - kept, {"decay": kept})
    return Weights(alpha=1 - kept, beta=kept)


def reverting(
    alpha: Real, beta: Real, *, bag_omega: Real = 0, hedge_omega: Real = 0, covariance_omega: Real = 0
) -> Weights:
    """Weights of GARCH(1,1), the same for both variances and for the covariance, each with its constant.

    Raises RequestError for weights or constants of variances below zero, and for weights above 1 together.
    """
    kept = not_negative("alpha", alpha), not_negative("beta", beta)
    if sum(kept) > 1 + _ROUNDING:
        raise RequestError("beta", f"at most {1 - kept[0]:g}, so that alpha + beta is no more than 1", f"{kept[1]:g}")
    return Weights(
        alpha=kept[0],
        beta=kept[1],
        bag_omega=not_negative("bag_omega", bag_omega),
        hedge_omega=not_negative("hedge_omega", hedge_omega),
        covariance_omega=real("covariance_omega", covariance_omega),
    )


def joint_after(
    bag_deviation: Real,
    hedge_deviation: Real,
    correlation: Real,
    bag_returns: Sequence[Real],
    hedge_returns: Sequence[Real],
    weights: Weights,
) -> Joint:
    """The two after the last pair of returns (fractions, oldest first), from what was estimated before the first.

    Raises RequestError for series of different lengths, for deviations that come to zero, and for constants that make
    of the covariance more than the deviations allow.
    """
    hedge, bag = paired("hedge_returns", hedge_returns, "bag_returns", bag_returns, 1)
    first = not_negative("bag_deviation", bag_deviation), not_negative("hedge_deviation", hedge_deviation)
    related = correlation_of("correlation", correlation)
    starts = first[0] ** 2, first[1] ** 2, related * first[0] * first[1]
    series, omegas = ((bag, bag), (hedge, hedge), (bag, hedge)), (weights.bag_omega, weights.hedge_omega)
    square, other, covariance = (
        _after(start, *pair, weights, omega)
        for start, pair, omega in zip(starts, series, (*omegas, weights.covariance_omega), strict=True)
    )
    deviations = math.sqrt(square), math.sqrt(other)
    reach = deviations[0] * deviations[1]
    if not reach:
        raise RequestError("bag_returns", "deviations and returns that are not all zero", "zero")
    if abs(covariance) > reach * (1 + _ROUNDING):
        raise RequestError("covariance_omega", "one that leaves a correlation from -1 to 1", f"{covariance / reach:g}")
    found = Joint(
        bag_deviation=deviations[0],
        hedge_deviation=deviations[1],
        covariance=covariance,
        correlation=max(-1.0, min(1.0, covariance / reach)),
    )
    if is_recording():
        given = {"bag_deviation": first[0], "hedge_deviation": first[1], "correlation": related}
        _tell(given, bag, hedge, weights, (square, other), found)
    return found


def _after(start: float, one: list[float], other: list[float], weights: Weights, omega: float) -> float:
    current = start
    for pair in zip(one, other, strict=True):
        current = omega + weights.alpha * pair[0] * pair[1] + weights.beta * current
    return current


def _tell(
    before: dict[str, float],
    bag: list[float],
    hedge: list[float],
    weights: Weights,
    squares: tuple[float, float],
    found: Joint,
) -> None:
    ages = [weights.beta**age for age in range(len(bag) - 1, -1, -1)]
    kept = {"alpha": weights.alpha, "beta": weights.beta, "weights": ages}
    for name, square, returns, omega in (
        ("bag", squares[0], bag, weights.bag_omega),
        ("hedge", squares[1], hedge, weights.hedge_omega),
    ):
        deviation = f"{name}_deviation"
        formula = f"{deviation} ** 2 * beta ** count(returns) + sum(weights * (omega + alpha * returns ** 2))"
        given = {deviation: before[deviation], **kept, "omega": omega, "returns": returns}
        note(f"{name} variance", formula, square, given, source=SOURCE)
    formula = "correlation * bag_deviation * hedge_deviation * beta ** count(bag)"
    formula += " + sum(weights * (omega + alpha * bag * hedge))"
    given = {**before, **kept, "omega": weights.covariance_omega, "bag": bag, "hedge": hedge}
    note("covariance", formula, found.covariance, given, source=SOURCE)
    for name, square, root in (
        ("bag", squares[0], found.bag_deviation),
        ("hedge", squares[1], found.hedge_deviation),
    ):
        note(f"{name} deviation", f"sqrt({name}_variance)", root, {f"{name}_variance": square})
    made = {
        "covariance": found.covariance,
        "bag_deviation": found.bag_deviation,
        "hedge_deviation": found.hedge_deviation,
    }
    note("correlation", "covariance / (bag_deviation * hedge_deviation)", found.correlation, made)
    note("returns", "count(bag)", len(bag), {"bag": bag})
