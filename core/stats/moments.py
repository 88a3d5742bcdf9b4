"""Means, variances, returns: the small change of the statistics, each sum rounded once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

from core.explain import is_recording, note
from core.stats.guards import Real, above_zero, series

Divisor = Literal["sample", "population"]
ReturnKind = Literal["log", "simple"]


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean. Needs at least one value."""
    return math.fsum(values) / len(values)


def centred(values: Sequence[float]) -> list[float]:
    """The values less their mean; all exactly zero where they are all the same."""
    if max(values) == min(values):
        return [0.0] * len(values)
    middle = mean(values)
    return [value - middle for value in values]


def dot(x: Sequence[float], y: Sequence[float]) -> float:
    """Sum of products."""
    return math.fsum(a * b for a, b in zip(x, y, strict=True))


def variance(values: Sequence[float], divisor: Divisor = "sample") -> float:
    """Variance with n - 1 (sample) or n (population) in the divisor."""
    away = centred(values)
    return dot(away, away) / (len(values) - 1 if divisor == "sample" else len(values))


def deviation(values: Sequence[float], divisor: Divisor = "sample") -> float:
    """Standard deviation with n - 1 (sample) or n (population) in the divisor."""
    found = math.sqrt(variance(values, divisor))
    if is_recording():
        formula = "sqrt(sum((values - mean(values)) ** 2) / (count(values) - 1))"
        told = formula if divisor == "sample" else formula.replace(" - 1))", "))")
        note("deviation", told, found, {"values": list(values)})
    return found


def correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Pearson's correlation, -1 … 1; ``None`` where one of the series does not vary: there is none then."""
    a, b = centred(x), centred(y)
    a_size, b_size = math.sqrt(dot(a, a)), math.sqrt(dot(b, b))
    if not a_size or not b_size:
        return None
    related = min(1.0, max(-1.0, math.fsum((p / a_size) * (q / b_size) for p, q in zip(a, b, strict=True))))
    if is_recording():
        formula = "sum((x - mean(x)) * (y - mean(y))) / sqrt(sum((x - mean(x)) ** 2) * sum((y - mean(y)) ** 2))"
        note("correlation", formula, related, {"x": list(x), "y": list(y)})
    return related


def returns_of(prices: Sequence[Real], kind: ReturnKind = "log", name: str = "prices") -> list[float]:
    """Returns from one price to the next, fractions: ``ln(p/q)`` or ``p/q - 1``; one fewer than there are prices.

    Raises RequestError for fewer than two prices or one that is not above zero.
    """
    found = [above_zero(f"{name}.{index}", price) for index, price in enumerate(series(name, prices, 2, "prices"))]
    steps = itertools.pairwise(found)
    if kind == "simple":
        returns = [after / before - 1 for before, after in steps]
    else:
        returns = [math.log(after / before) for before, after in steps]
    if is_recording():
        formula = "after / before - 1" if kind == "simple" else "ln(after / before)"
        note("returns", formula, returns, {"after": found[1:], "before": found[:-1]})
    return returns
