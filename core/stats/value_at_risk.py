"""Value at risk and expected shortfall: the loss that a share of periods exceeds, and the mean loss in those periods.

Losses are positive here, as the field writes them. Amounts are estimates in the currency of the deviation or of the
profits handed in. Neither figure says anything about the liquidation of the hedge on the way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from core.errors import RequestError
from core.explain import explained, is_recording, note
from core.stats.distributions import normal_below, normal_density, normal_quantile
from core.stats.guards import Real, correlation_of, inside_unit, not_negative, real, series


class TailLoss(msgspec.Struct, frozen=True, kw_only=True):
    """Losses of past periods, in the currency of the profits: + is a loss.

    ``tail_observations`` is ``(1 - confidence) · n``: how many periods, whole and part, the shortfall rests on.
    """

    value_at_risk: float
    expected_shortfall: float
    tail_observations: float
    observations: int


def multiple_for(confidence: float) -> float:
    """Standard deviations of the normal loss at ``confidence``: 1.645 at 0.95, 2.326 at 0.99."""
    found = normal_quantile(inside_unit("confidence", confidence))
    note("multiple", "the standard normal with confidence below it", found, {"confidence": confidence}, kind="search")
    return found


@explained("multiple * deviation * sqrt(periods)", unit="money", source="Hull, Options, Futures, ch. 22")
def normal_value_at_risk(deviation: float, multiple: float, periods: float = 1.0) -> float:
    """``multiple · deviation · √periods``, mean zero; ``deviation`` in money, of one period (a day).

    Source: Hull, Options, Futures, and Other Derivatives, ch. 22.
    """
    return (
        real("multiple", multiple) * not_negative("deviation", deviation) * math.sqrt(not_negative("periods", periods))
    )


@explained(
    "phi(multiple) / Phi(-multiple) * deviation * sqrt(periods)", unit="money", source="Hull, Options, Futures, ch. 22"
)
def normal_expected_shortfall(deviation: float, multiple: float, periods: float = 1.0) -> float:
    """``deviation · √periods · φ(z)/(1 - Φ(z))``: the mean loss beyond the value at risk of that ``multiple`` z.

    Source: Hull, ch. 22 (Microsoft and AT&T examples).
    """
    z = real("multiple", multiple)
    beyond = normal_below(-z)
    if not beyond:
        raise RequestError("multiple", "a multiple that leaves a tail", str(multiple))
    mean_beyond = normal_density(z) / beyond
    note("mean of the tail in deviations", "phi(multiple) / Phi(-multiple)", mean_beyond, {"multiple": z})
    return normal_value_at_risk(deviation, mean_beyond, periods)


def portfolio_deviation(deviations: Sequence[Real], correlations: float | Sequence[Sequence[Real]]) -> float:
    """``√(Σ ρ_ij σ_i σ_j)`` of positions' money deviations; a short has a negative one.

    ``correlations`` is one number for every pair, or the whole matrix. Raises RequestError for a matrix of another
    size, not symmetric, without ones on its diagonal, or impossible (a variance below zero).
    """
    found = series("deviations", deviations, 1)
    matrix = _matrix(correlations, len(found))
    total = math.fsum(matrix[i][j] * found[i] * found[j] for i in range(len(found)) for j in range(len(found)))
    if total < -1e-12 * math.fsum(value**2 for value in found):
        raise RequestError("correlations", "correlations that are possible together", "a variance below zero")
    found_deviation = math.sqrt(max(total, 0.0))
    if isinstance(correlations, Sequence):
        given: dict[str, object] = {"deviations": found, "correlations": matrix}
        formula = "sqrt(max(sum(deviations * dot(correlations, deviations)), 0))"
    else:
        given = {"deviations": found, "correlation": float(correlations)}
        formula = "sqrt(max((1 - correlation) * sum(deviations ** 2) + correlation * sum(deviations) ** 2, 0))"
    note("deviation", formula, found_deviation, given, unit="money")
    return found_deviation


def historical(profits: Sequence[Real], confidence: float, *, beyond: bool = False) -> TailLoss:
    """Value at risk and expected shortfall of past profits (+ gained) applied to today's holdings.

    With n periods the tail is the worst ``(1 - confidence) · n``: the value at risk is the smallest loss in it (the
    fifth worst of 500 at 0.99), the shortfall its mean, the last period counting for the part of it that is inside.
    With ``beyond`` the shortfall is the mean of the periods before that one (the four worst, as Hull has it), or the
    worst loss where there is none.
    Raises RequestError for fewer than two periods. Source: Hull, ch. 22; Acerbi and Tasche (2002) for the part.
    """
    worst = sorted(-value for value in series("profits", profits, 2, "profits"))[::-1]
    # (1 - 0.95) * 100 is 5.000000000000004 in binary; nobody means that.
    tail = round((1 - inside_unit("confidence", confidence)) * len(worst), 9)
    whole = int(tail)
    part = tail - whole
    losses = [*worst[:whole], *([part * worst[whole]] if part else [])]
    place = max(math.ceil(tail), 1) - 1
    shortfall, least = math.fsum(losses) / tail if tail else worst[0], worst[place]
    if beyond:
        shortfall = math.fsum(worst[:place]) / place if place else worst[0]
    if is_recording():
        given: dict[str, object] = {"confidence": confidence, "profits": [float(value) for value in profits]}
        note("observations", "count(profits)", len(worst), {"profits": given["profits"]})
        note("tail observations", "rounded((1 - confidence) * count(profits), 0.000000001)", tail, given)
        if beyond:
            note("expected shortfall", "mean(losses)", shortfall, {"losses": worst[:place] or worst[:1]}, unit="money")
        else:
            told = {"losses": losses or worst[:1], "tail_observations": tail or 1.0}
            note("expected shortfall", "sum(losses) / tail_observations", shortfall, told, unit="money")
        given = {"losses": worst, "tail_observations": tail}
        how = "the smallest of the tail_observations greatest losses"
        note("value at risk", how, least, given, unit="money", kind="words")
    return TailLoss(
        value_at_risk=least,
        expected_shortfall=shortfall,
        tail_observations=tail,
        observations=len(worst),
    )


def _matrix(correlations: float | Sequence[Sequence[Real]], size: int) -> list[list[float]]:
    if isinstance(correlations, Sequence):
        if len(correlations) != size or any(len(row) != size for row in correlations):
            raise RequestError("correlations", f"{size} rows of {size}", f"{len(correlations)} rows")
        found = [
            [correlation_of(f"correlations.{i}.{j}", value) for j, value in enumerate(row)]
            for i, row in enumerate(correlations)
        ]
        for i in range(size):
            if found[i][i] != 1:
                raise RequestError(f"correlations.{i}.{i}", "1", str(found[i][i]))
            for j in range(i):
                if found[i][j] != found[j][i]:
                    raise RequestError(
                        f"correlations.{i}.{j}", f"the same as across it, {found[j][i]}", str(found[i][j])
                    )
        return found
    rho = correlation_of("correlations", correlations)
    return [[1.0 if i == j else rho for j in range(size)] for i in range(size)]
