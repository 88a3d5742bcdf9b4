"""GARCH(1,1): a variance that reverts to a long-run level, its last step and its forecast.

``variance = omega + alpha · return² + beta · variance before``, per bar, the mean return taken as zero; the parameters
are given, none is estimated here. Source: Hull, Options, Futures, and Other Derivatives, ch. 23.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from core.errors import RequestError
from core.explain import is_recording, note
from core.stats.guards import Real, above_zero, not_negative, series

SOURCE = "Hull, Options, Futures, ch. 23"


class Garch(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters: ``omega`` a variance per bar, ``alpha`` the weight of the last square, ``beta`` of the variance."""

    omega: float
    alpha: float
    beta: float

    @property
    def persistence(self) -> float:
        """``alpha + beta``: what is left of a deviation from the long run after a bar."""
        return self.alpha + self.beta

    @property
    def long_run(self) -> float:
        """The variance per bar that it reverts to: ``omega ÷ (1 - alpha - beta)``."""
        return self.omega / (1 - self.persistence)


def garch(alpha: Real, beta: Real, *, omega: Real | None = None, long_run_volatility: Real | None = None) -> Garch:
    """The model, by its ``omega`` or by the volatility per √bar that it reverts to.

    Raises RequestError for weights below zero, or whose sum is not below one: the variance would revert to nothing.
    """
    kept = not_negative("alpha", alpha), not_negative("beta", beta)
    left = 1 - sum(kept)
    if left <= 0:
        raise RequestError("beta", f"less than {1 - kept[0]:g}, so that alpha + beta is below 1", f"{kept[1]:g}")
    if omega is not None:
        return Garch(omega=above_zero("omega", omega), alpha=kept[0], beta=kept[1])
    if long_run_volatility is None:
        raise RequestError("omega", "omega or long_run_volatility", "neither")
    level = above_zero("long_run_volatility", long_run_volatility)
    found = level**2 * left
    given = {"long_run_volatility": level, "alpha": kept[0], "beta": kept[1]}
    note("omega", "long_run_volatility ** 2 * (1 - alpha - beta)", found, given, source=SOURCE)
    return Garch(omega=found, alpha=kept[0], beta=kept[1])


def variance_after(model: Garch, returns: Sequence[Real], previous_volatility: float | None = None) -> float:
    """Variance per bar after the last return (fractions, oldest first); without a return that of before.

    Starts from ``previous_volatility`` (per √bar), or from the long run.
    """
    found = series("returns", returns, 0, "returns")
    start = model.long_run if previous_volatility is None else not_negative("previous", previous_volatility) ** 2
    current = start
    for latest in found:
        current = model.omega + model.alpha * latest**2 + model.beta * current
    if is_recording():
        _tell(model, found, start, current)
    return current


def forecast(model: Garch, variance: float, bars: int) -> float:
    """Expected variance of the bar so many ahead: ``V + (alpha + beta)^n · (variance - V)``, V the long run."""
    if bars < 0:
        raise RequestError("horizon", "zero or more bars", str(bars))
    ahead = model.long_run + model.persistence**bars * (variance - model.long_run)
    given = {"long_run": model.long_run, "persistence": model.persistence, "horizon": bars, "variance": variance}
    note("forecast variance", "long_run + persistence ** horizon * (variance - long_run)", ahead, given, source=SOURCE)
    return ahead


def _tell(model: Garch, returns: list[float], start: float, current: float) -> None:
    weights = [model.beta**age for age in range(len(returns) - 1, -1, -1)]
    given: dict[str, object] = {"start": start, "omega": model.omega, "alpha": model.alpha, "beta": model.beta}
    if not returns:
        note("variance per bar", "start", current, {"start": start})
        return
    formula = "start * beta ** count(returns) + sum(weights * (omega + alpha * returns ** 2))"
    note("variance per bar", formula, current, {**given, "weights": weights, "returns": returns}, source=SOURCE)


def long_run_volatility(model: Garch) -> float:
    """The volatility per √bar that the model reverts to."""
    found = math.sqrt(model.long_run)
    given = {"omega": model.omega, "alpha": model.alpha, "beta": model.beta}
    note("long run variance", "omega / (1 - alpha - beta)", model.long_run, given, source=SOURCE)
    note("persistence", "alpha + beta", model.persistence, {"alpha": model.alpha, "beta": model.beta})
    note("long run per bar", "sqrt(variance)", found, {"variance": model.long_run})
    return found
