"""``beta``: how much of a hedging instrument a bag needs, and how well that is known."""

from __future__ import annotations

import math
from collections.abc import Callable

from core.calculators.beta_fields import BetaAnswer, BetaRequest, LagField, LeadLagField, WeightedField
from core.calculators.beta_summary import (
    answer_of_a_ratio,
    answer_of_effectiveness,
    deviation,
    is_summary,
    returns_made,
    summary_gaps,
    told_by,
    updated,
)
from core.calculators.estimates import estimating, known, maybe
from core.calculators.fields import Unknown
from core.errors import RequestError
from core.explain import note
from core.stats.beta import (
    MinimumVariance,
    dimson,
    ewma_beta,
    hedge_contracts,
    lead_lag,
    minimum_variance_from,
    minimum_variance_ratio,
    scholes_williams,
    shrunk,
)
from core.stats.guards import paired
from core.stats.moments import mean
from core.stats.tracking import over_horizon
from core.stats.volatility import half_life

_Pair = tuple[list[float], list[float]]
_SUMMARY = (("correlation", "covariance"), ("bag_deviation", "bag_variance"), ("hedge_deviation", "hedge_variance"))
_ASKED_BY_NULL = (
    "days",
    "bag_value",
    "bag_quantity",
    "contract_value",
    "contract_quantity",
    "bag_price",
    "contract_price",
    "held_ratio",
    "observations",
)


@estimating
def beta(request: BetaRequest) -> BetaAnswer | Unknown:
    """Answer a ``beta`` request. Raises RequestError for fields that are lacking or contradict each other."""
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    pair = _pair(request)
    confidence = float(request.confidence)
    if pair is not None:
        return _answer(request, minimum_variance_from(*pair, confidence), pair)
    told = told_by(request)
    if told == "effectiveness":
        return answer_of_effectiveness(request)
    if told == "a ratio":
        return _answer_of_a_ratio(request)
    bag, hedge = deviation(request, "bag"), deviation(request, "hedge")
    found = minimum_variance_ratio(bag, hedge, _correlation(request, bag, hedge), request.observations, confidence)
    return _answer(request, found, None)


def _missing(request: BetaRequest) -> tuple[str, ...]:
    request.exclude_each_other("hedge_returns", "hedge_prices", *_SUMMARY[0])
    request.exclude_each_other("bag_returns", "bag_prices", *_SUMMARY[1])
    request.exclude_each_other(*_SUMMARY[2])
    request.exclude_each_other("bag_quantity", "bag_value")
    if is_summary(request):
        gaps = summary_gaps(request)
    elif request.given("hedge_prices") or request.given("bag_prices"):
        request.refuse("beside prices", "hedge_returns", "bag_returns", "observations")
        gaps = [request.lacking("hedge_prices"), request.lacking("bag_prices")]
    else:
        request.refuse("beside returns", "observations", "return_kind")
        gaps = [request.lacking("hedge_returns", why="or prices, or correlation"), request.lacking("bag_returns")]
    beside_each = (
        ("contract_quantity", "bag_quantity"),
        ("contract_value", "bag_value"),
        ("bag_price", "bag_quantity"),
    )
    if not request.given("prior_deviation"):
        request.refuse("without prior_deviation", "prior")
    for size, beside in (*beside_each, ("contract_price", "bag_price"), ("bag_price", "contract_price")):
        if request.given(size):
            gaps.append(request.lacking(beside, why=f"beside {size}"))
    if request.bag_quantity is not None:
        by_value = request.given("bag_price") or request.given("contract_price")
        _refuse_crossed(request, "bag_quantity", (request.return_kind != "change") == by_value)
        gaps.append(request.lacking("contract_quantity", why="beside bag_quantity"))
    if request.bag_value is not None:
        _refuse_crossed(request, "bag_value", request.return_kind != "change")
        if request.contract_value is None and request.days is None:
            gaps.append(request.lacking("contract_value", "days", why="beside bag_value"))
    gaps += [(name,) for name in _ASKED_BY_NULL if request.given(name) and getattr(request, name) is None]
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _refuse_crossed(request: BetaRequest, name: str, fits: bool) -> None:
    """A ratio of returns goes with values, one of price changes with quantities: crossing them is off by a price."""
    if request.hedge_prices is not None and not fits:
        wanted = "change" if name == "bag_quantity" and request.bag_price is None else "log or simple"
        raise RequestError(name, f"return_kind {wanted} beside it", request.return_kind)


def _correlation(request: BetaRequest, bag: float, hedge: float) -> float:
    if request.covariance is None:
        return known(request.correlation)
    together = float(request.covariance)
    if abs(together) > bag * hedge * (1 + 1e-12):
        raise RequestError(
            "covariance", f"no more in size than the deviations' product of {bag * hedge:g}", f"{together:g}"
        )
    found = max(-1.0, min(1.0, together / (bag * hedge)))
    given = {"covariance": together, "bag_deviation": bag, "hedge_deviation": hedge}
    note("correlation", "covariance / (bag_deviation * hedge_deviation)", found, given)
    return found


def _answer_of_a_ratio(request: BetaRequest) -> BetaAnswer:
    hedge = deviation(request, "hedge")
    ratio = known(request.covariance) / hedge**2
    given = {"covariance": known(request.covariance), "hedge_deviation": hedge}
    note("ratio", "covariance / hedge_deviation ** 2", ratio, given, source="Hull, Options, Futures, ch. 3")
    return answer_of_a_ratio(request, _contracts(request, ratio), ratio, hedge)


def _pair(request: BetaRequest) -> _Pair | None:
    if request.hedge_returns is not None and request.bag_returns is not None:
        pair = paired("hedge_returns", request.hedge_returns, "bag_returns", request.bag_returns, 3)
        return _varying("hedge_returns", pair[0]), _varying("bag_returns", pair[1])
    if request.hedge_prices is None or request.bag_prices is None:
        return None
    pair = paired("hedge_prices", request.hedge_prices, "bag_prices", request.bag_prices, 4)
    hedge, bag = (returns_made(prices, request.return_kind) for prices in pair)
    return _varying("hedge_prices", hedge), _varying("bag_prices", bag)


def _varying(name: str, values: list[float]) -> list[float]:
    if max(values) == min(values):
        raise RequestError(name, "returns that vary", "the same throughout")
    return values


def _answer(request: BetaRequest, found: MinimumVariance, pair: _Pair | None) -> BetaAnswer:
    held = found.ratio if request.held_ratio is None else float(request.held_ratio)
    left = _left(found, held)
    tracking = math.sqrt(left) * math.sqrt(float(request.periods_per_year))
    over_days = None if request.days is None else over_horizon(tracking, float(request.days))
    worth = maybe(request.bag_value)
    prior = maybe(request.prior_deviation)
    toward = float(request.prior)
    return BetaAnswer(
        ratio=found.ratio,
        ratio_error=found.error,
        ratio_low=found.low,
        ratio_high=found.high,
        confidence=float(request.confidence),
        intercept=None if pair is None else _intercept(found.ratio, *pair),
        correlation=found.correlation,
        r_squared=found.r_squared,
        bag_deviation=found.bag_deviation,
        hedge_deviation=found.hedge_deviation,
        residual_deviation=found.residual_deviation,
        residual_variance=found.residual_variance,
        observations=found.observations,
        covariance=found.correlation * found.bag_deviation * found.hedge_deviation,
        hedged_deviation=None,
        updated=updated(request, found.bag_deviation, found.hedge_deviation, found.correlation),
        shrunk=None if prior is None else shrunk(found.ratio, _error(found), prior, toward),
        weighted=_weighted(request, pair),
        lead_lag=_lead_lag(request, pair),
        scholes_williams=_where_possible(scholes_williams, pair),
        dimson=_where_possible(dimson, pair),
        held_ratio=held,
        effectiveness=1 - left / found.bag_deviation**2,
        tracking_error=tracking,
        tracking_error_over_days=over_days,
        basis_risk=None if worth is None or over_days is None else worth * over_days,
        contracts=_contracts(request, found.ratio),
    )


def _intercept(ratio: float, hedge: list[float], bag: list[float]) -> float:
    found = mean(bag) - ratio * mean(hedge)
    note("intercept", "mean(bag) - ratio * mean(hedge)", found, {"bag": bag, "ratio": ratio, "hedge": hedge})
    return found


def _left(found: MinimumVariance, held: float) -> float:
    """Variance per period of the bag with ``held`` of the hedge sold against it."""
    away = (held - found.ratio) * found.hedge_deviation
    return found.residual_variance + away**2


def _error(found: MinimumVariance) -> float:
    if found.error is None:
        raise RequestError("observations", "a number of observations, to shrink by", "nothing")
    return found.error


def _weighted(request: BetaRequest, pair: _Pair | None) -> WeightedField | None:
    if pair is None:
        return None
    found = ewma_beta(*pair, float(request.decay))
    return WeightedField(
        beta=found.beta,
        error=found.error,
        correlation=found.correlation,
        decay=found.decay,
        half_life=half_life(found.decay),
        effective_sample=found.effective_sample,
    )


def _lead_lag(request: BetaRequest, pair: _Pair | None) -> LeadLagField | None:
    if pair is None:
        return None
    found = lead_lag(*pair, min(request.lags, len(pair[0]) - 3))
    return LeadLagField(
        lag=found.lag,
        correlation=found.correlation,
        correlations=tuple(LagField(lag=lag, correlation=related) for lag, related in found.correlations),
    )


def _where_possible(estimator: Callable[[list[float], list[float]], float], pair: _Pair | None) -> float | None:
    """The estimate, or ``None`` where the series are too short or too regular for it."""
    if pair is None:
        return None
    try:
        return estimator(*pair)
    except RequestError:
        return None


def _contracts(request: BetaRequest, ratio: float) -> float | None:
    if request.bag_quantity is not None and request.contract_quantity is not None:
        each = float(request.bag_price or 1), float(request.contract_price or 1)
        return hedge_contracts(ratio, float(request.bag_quantity) * each[0], float(request.contract_quantity) * each[1])
    if request.bag_value is not None and request.contract_value is not None:
        return hedge_contracts(ratio, float(request.bag_value), float(request.contract_value))
    return None
