"""Hedging a bag with several instruments at once, and the beta of a bag of several coins."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import msgspec

from core.errors import RequestError
from core.explain import is_recording, note
from core.stats.guards import Real, not_negative, real, series
from core.stats.linear import condition_number, solve
from core.stats.moments import centred, dot

DEFAULT_RIDGE = 0.01
MAXIMUM_INSTRUMENTS = 8


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """How much of each instrument to sell short against 1 of the bag, by name; below zero: buy.

    ``r_squared`` is the share of the bag's variance that these weights remove in the sample that they were fitted to.
    ``condition`` is the condition number of the instruments' correlations: above some 30 the weights are not to be
    told apart. ``residual_deviation`` is per period (n - 1).
    """

    weights: dict[str, float]
    r_squared: float
    residual_deviation: float
    condition: float
    ridge: float
    observations: int


def hedge_weights(
    bag: Sequence[Real],
    instruments: Mapping[str, Sequence[Real]],
    *,
    ridge: float = DEFAULT_RIDGE,
    no_long: bool = False,
) -> Weights:
    """Minimum-variance weights ``(C + ridge · I)⁻¹ c`` on series scaled to one deviation, then scaled back.

    All series are returns at the same times. ``no_long`` allows no purchase: the best subset of instruments whose
    weights are all above zero is taken. Raises RequestError for no instrument or too many, series of unequal length,
    too few observations, a series that does not vary, or instruments that are copies of each other without a ridge.
    Source: Hoerl and Kennard, Technometrics 12 (1970), for the ridge.
    """
    names = list(instruments)
    if not 1 <= len(names) <= MAXIMUM_INSTRUMENTS:
        raise RequestError("instruments", f"1 to {MAXIMUM_INSTRUMENTS}", str(len(names)))
    target, target_size = _unit("bag", bag, len(names) + 2)
    scaled = {name: _unit(f"instruments.{name}", values, len(names) + 2) for name, values in instruments.items()}
    for name, (values, _) in scaled.items():
        _as_long_as_the_bag(name, values, len(target))
    columns = [scaled[name][0] for name in names]
    correlations = [[dot(a, b) for b in columns] for a in columns]
    with_bag = [dot(column, target) for column in columns]
    fitted = _best(correlations, with_bag, not_negative("ridge", ridge), no_long)
    left = [
        value - math.fsum(share * column[index] for share, column in zip(fitted, columns, strict=True))
        for index, value in enumerate(target)
    ]
    unexplained = dot(left, left)
    weights = {name: share * target_size / scaled[name][1] for name, share in zip(names, fitted, strict=True)}
    residual = target_size * math.sqrt(unexplained / (len(target) - 1))
    condition = condition_number(correlations)
    if is_recording():
        given = {"correlations": correlations, "with_bag": with_bag, "ridge": ridge}
        how = "solution of (correlations + ridge * identity) * shares = with_bag, scaled back"
        source = "Hoerl and Kennard, Technometrics 12 (1970)"
        note("weights", how, list(weights.values()), given, kind="words", source=source)
        note("condition", "largest over smallest eigenvalue of correlations", condition, given, kind="words")
        _tell_removed(bag, instruments, weights, 1 - unexplained)
        note("observations", "count(bag)", len(target), {"bag": [float(value) for value in bag]})
        given = {"bag": [float(value) for value in bag], "r_squared": 1 - unexplained}
        formula = "sqrt(sum((bag - mean(bag)) ** 2) * (1 - r_squared) / (count(bag) - 1))"
        note("residual deviation", formula, residual, given)
    return Weights(
        weights=weights,
        r_squared=1 - unexplained,
        residual_deviation=residual,
        condition=condition,
        ridge=ridge,
        observations=len(target),
    )


def removed(bag: Sequence[Real], instruments: Mapping[str, Sequence[Real]], weights: Mapping[str, float]) -> float:
    """Share of the bag's variance that ``weights`` remove in these series: R² out of sample if fitted on others.

    Below zero where the hedge adds variance. Raises RequestError for series of unequal length, an instrument without
    a weight, or a bag that does not vary.
    """
    target, size = _unit("bag", bag, 2)
    left = target
    for name, values in instruments.items():
        if name not in weights:
            raise RequestError(f"weights.{name}", "a weight", "nothing")
        _as_long_as_the_bag(name, values, len(target))
        away = centred(series(f"instruments.{name}", values, 2))
        left = [a - weights[name] * b / size for a, b in zip(left, away, strict=True)]
    found = 1 - dot(left, left)
    if is_recording():
        _tell_removed(bag, instruments, weights, found)
    return found


def _tell_removed(
    bag: Sequence[Real], instruments: Mapping[str, Sequence[Real]], weights: Mapping[str, float], found: float
) -> None:
    """Explain the share of variance removed, by the hedged returns."""
    columns = [[float(value) for value in values] for values in instruments.values()]
    rows = [list(row) for row in zip(*columns, strict=True)]
    shares, plain = [weights[name] for name in instruments], [float(value) for value in bag]
    hedged = [
        value - math.fsum(share * each for share, each in zip(shares, row, strict=True))
        for value, row in zip(plain, rows, strict=True)
    ]
    note("hedged returns", "bag - dot(rows, weights)", hedged, {"bag": plain, "rows": rows, "weights": shares})
    formula = "1 - sum((hedged - mean(hedged)) ** 2) / sum((bag - mean(bag)) ** 2)"
    note("r squared", formula, found, {"hedged": hedged, "bag": plain})


def bag_beta(values: Mapping[str, float], betas: Mapping[str, float]) -> float:
    """``Σ V β / Σ V`` at today's values (quote) of the coins, by name.

    Raises RequestError for a coin without a beta, a negative value, or a bag worth nothing.
    """
    for name in values:
        if name not in betas:
            raise RequestError(f"betas.{name}", "a beta", "nothing")
    worth = math.fsum(not_negative(f"values.{name}", value) for name, value in values.items())
    if not worth:
        raise RequestError("values", "a bag that is worth something", "0")
    return math.fsum(value * real(f"betas.{name}", betas[name]) for name, value in values.items()) / worth


def bag_returns(values: Mapping[str, float], returns: Mapping[str, Sequence[Real]]) -> list[float]:
    """Past returns of today's bag: today's shares of its value applied to each coin's returns.

    Regress these on the hedge for the bag's own beta and R²: the coins' correlations are then in it. Raises
    RequestError as :func:`bag_beta` does, or for series of unequal length.
    """
    worth = math.fsum(not_negative(f"values.{name}", value) for name, value in values.items())
    if not worth:
        raise RequestError("values", "a bag that is worth something", "0")
    columns = []
    for name, value in values.items():
        if name not in returns:
            raise RequestError(f"returns.{name}", "returns", "nothing")
        columns.append([value / worth * item for item in series(f"returns.{name}", returns[name], 1, "returns")])
        if len(columns[-1]) != len(columns[0]):
            raise RequestError(
                f"returns.{name}", f"as many returns as the first coin has ({len(columns[0])})", str(len(columns[-1]))
            )
    return [math.fsum(row) for row in zip(*columns, strict=True)]


def _unit(name: str, values: Sequence[Real], least: int) -> tuple[list[float], float]:
    """The series about its mean at length one, and the length it had."""
    away = centred(series(name, values, least, "returns"))
    size = math.sqrt(dot(away, away))
    if not size:
        raise RequestError(name, "returns that vary", "one value throughout")
    return [value / size for value in away], size


def _as_long_as_the_bag(name: str, values: Sequence[Real], count: int) -> None:
    if len(values) != count:
        raise RequestError(f"instruments.{name}", f"as many returns as the bag has ({count})", str(len(values)))


def _best(matrix: list[list[float]], right: list[float], ridge: float, no_long: bool) -> list[float]:
    count = len(right)
    sizes = range(count + 1) if no_long else (count,)
    candidates = []
    for chosen in itertools.chain.from_iterable(itertools.combinations(range(count), size) for size in sizes):
        part = [[matrix[i][j] + (ridge if i == j else 0.0) for j in chosen] for i in chosen]
        found = solve(part, [right[i] for i in chosen])
        if found is None or (no_long and any(weight < 0 for weight in found)):
            continue
        shares = [0.0] * count
        for index, weight in zip(chosen, found, strict=True):
            shares[index] = weight
        # What these shares take off the penalised sum of squares.
        candidates.append((math.fsum(a * b for a, b in zip(shares, right, strict=True)), shares))
    if not candidates:
        raise RequestError("instruments", "instruments that differ from each other, or a ridge above 0", "copies")
    return max(candidates, key=lambda candidate: candidate[0])[1]
