"""``beta`` from summary figures: which of them tell what, and a step further with the returns since."""

from __future__ import annotations

import itertools
import math
from typing import Literal

from core.calculators.beta_fields import BetaAnswer, BetaRequest, UpdatedField
from core.calculators.estimates import floats, known
from core.errors import RequestError
from core.explain import note
from core.stats.guards import paired
from core.stats.joint import Weights, exponential, joint_after, reverting
from core.stats.moments import deviation as deviation_of
from core.stats.moments import returns_of

Told = Literal["everything", "a ratio", "effectiveness"]
_SERIES = ("hedge_returns", "hedge_prices", "bag_returns", "bag_prices")
_HEDGED = ("hedged_deviation", "hedged_variance", "hedged_returns")
_RELATED = ("correlation", "covariance", "r_squared")
_BAG = ("bag_deviation", "bag_variance")
_HEDGE = ("hedge_deviation", "hedge_variance")
_LATER = ("later_hedge_returns", "later_bag_returns", "later_hedge_prices", "later_bag_prices")
_NEED_A_RATIO = (
    *("prior_deviation", "held_ratio", "observations", "days", "bag_value", "contract_value"),
    *("bag_quantity", "contract_quantity", "bag_price", "contract_price"),
)
_NAMES = {
    "bag_returns": "later_bag_returns",
    "hedge_returns": "later_hedge_returns",
    "covariance_omega": "garch.covariance_omega",
}
_NEED_ALL = ("observations", "held_ratio", "prior_deviation", "days")


def is_summary(request: BetaRequest) -> bool:
    """Whether the request is about figures that were estimated already."""
    return any(map(request.given, (*_RELATED, *_BAG, *_HEDGE, *_HEDGED)))


def told_by(request: BetaRequest) -> Told:
    """What the figures given tell: all, a ratio and nothing on how well it hedges, or that and nothing else."""
    if any(map(request.given, _HEDGED)) or request.given("r_squared"):
        return "effectiveness"
    if request.given("covariance") and not any(map(request.given, _BAG)):
        return "a ratio"
    if request.given("correlation") and not any(map(request.given, (*_BAG, *_HEDGE, *_LATER))):
        return "effectiveness"
    return "everything"


def summary_gaps(request: BetaRequest) -> list[tuple[str, ...]]:
    """What is missing of them. Raises RequestError for figures that do not belong together."""
    for names in (_RELATED, _BAG, _HEDGE, _HEDGED):
        request.exclude_each_other(*names)
    if request.given("hedged_returns"):
        return _measured_gaps(request)
    request.refuse("beside summary figures", *_SERIES)
    told = told_by(request)
    later = any(map(request.given, _LATER)) or request.given("garch")
    if later:
        if told != "everything":
            request.refuse("without both deviations and a correlation", *_LATER, "garch")
        request.refuse("beside summary figures, which have no series", "lags")
        return [*(request.lacking(*names) for names in (_RELATED[:2], _BAG, _HEDGE)), *_later_gaps(request)]
    request.refuse("beside summary figures, which have no series", "decay", "lags", "return_kind")
    if told == "effectiveness":
        request.refuse("where there is no ratio", *_NEED_A_RATIO)
        if any(map(request.given, _HEDGED)):
            request.refuse("beside a measured effect of the hedge", *_RELATED, *_HEDGE)
            return [request.lacking(*_HEDGED), request.lacking(*_BAG, why="beside a measured effect of the hedge")]
        request.refuse("beside r_squared, which has no sign (give correlation)", *_BAG, *_HEDGE)
        return [request.lacking(*_RELATED)]
    if told == "a ratio":
        request.refuse("without bag_deviation or bag_variance", *_NEED_ALL)
        return [request.lacking(*_RELATED[:2]), request.lacking(*_HEDGE)]
    return [request.lacking(*names) for names in (_RELATED[:2], _BAG, _HEDGE)]


def _measured_gaps(request: BetaRequest) -> list[tuple[str, ...]]:
    beside = ("hedge_returns", "hedge_prices", "bag_prices", *_RELATED, *_BAG, *_HEDGE, *_LATER, "garch")
    request.refuse("beside hedged_returns", *beside)
    request.refuse("where there is no ratio", *_NEED_A_RATIO, "decay", "lags", "return_kind")
    return [request.lacking("hedged_returns"), request.lacking("bag_returns", why="beside hedged_returns")]


def _later_gaps(request: BetaRequest) -> list[tuple[str, ...]]:
    if request.given("garch"):
        request.refuse("beside garch, which has weights of its own", "decay")
    for of in ("hedge", "bag"):
        request.exclude_each_other(f"later_{of}_returns", f"later_{of}_prices")
    if request.given("later_hedge_returns") or request.given("later_bag_returns"):
        request.refuse("beside returns", "return_kind", "later_hedge_prices", "later_bag_prices")
        gaps = [request.lacking("later_hedge_returns"), request.lacking("later_bag_returns")]
    else:
        gaps = [request.lacking("later_hedge_prices", "later_hedge_returns", why="to go on from the summary figures")]
        gaps.append(request.lacking("later_bag_prices", why="beside later_hedge_prices"))
    if request.garch is not None:
        request.garch.exclude_each_other("omega", "bag_omega", within="garch.")
        request.garch.exclude_each_other("omega", "hedge_omega", within="garch.")
    elif request.given("garch"):
        gaps.append(("garch",))
    return gaps


# --- answers from less than everything ---------------------------------------------------------------------------


def deviation(request: BetaRequest, of: Literal["bag", "hedge", "hedged"]) -> float:
    """The standard deviation as stated, or the root of the variance that is."""
    stated = getattr(request, f"{of}_deviation")
    if stated is not None:
        return float(stated)
    square = known(getattr(request, f"{of}_variance"))
    found = math.sqrt(square)
    note(f"{of} deviation", f"sqrt({of}_variance)", found, {f"{of}_variance": square})
    return found


def answer_of_a_ratio(request: BetaRequest, contracts: float | None, ratio: float, hedge: float) -> BetaAnswer:
    """What covariance and the hedge's variance tell: the ratio and the contracts."""
    told = {"ratio": ratio, "hedge_deviation": hedge, "held_ratio": ratio, "contracts": contracts}
    return _partly(request, **told, covariance=known(request.covariance))


def answer_of_effectiveness(request: BetaRequest) -> BetaAnswer:
    """What is removed of the variance, where that is measured or follows from the correlation alone."""
    if request.correlation is not None or request.r_squared is not None:
        related = None if request.correlation is None else float(request.correlation)
        if related is not None and abs(related) > 1:
            raise RequestError("correlation", "a correlation from -1 to 1", str(request.correlation))
        removed = float(request.r_squared or 0) if related is None else related**2
        given = {"r_squared": removed} if related is None else {"correlation": related}
        formula = "r_squared" if related is None else "correlation ** 2"
        note("effectiveness", formula, removed, given, source="Hull, Options, Futures, ch. 3")
        return _partly(request, correlation=related, r_squared=removed, effectiveness=removed)
    bag, hedged = _measured(request)
    removed = 1 - (hedged / bag) ** 2
    given = {"hedged_deviation": hedged, "bag_deviation": bag}
    source = "Ederington, Journal of Finance 34 (1979)"
    note("effectiveness", "1 - (hedged_deviation / bag_deviation) ** 2", removed, given, source=source)
    return _partly(request, effectiveness=removed, bag_deviation=bag, hedged_deviation=hedged)


def _measured(request: BetaRequest) -> tuple[float, float]:
    """Standard deviation of the bag alone, and of bag and hedge together."""
    if request.hedged_returns is None or request.bag_returns is None:
        return deviation(request, "bag"), deviation(request, "hedged")
    pair = paired("bag_returns", request.bag_returns, "hedged_returns", request.hedged_returns, 2)
    found = deviation_of(pair[0])
    if not found:
        raise RequestError("bag_returns", "returns that vary", "the same throughout")
    return found, deviation_of(pair[1])


def _partly(request: BetaRequest, **told: float | None) -> BetaAnswer:
    unknown = dict.fromkeys(name for name, field in BetaAnswer.model_fields.items() if field.is_required())
    return BetaAnswer.model_validate({**unknown, "confidence": float(request.confidence), **told})


# --- a step further ----------------------------------------------------------------------------------------------


def returns_made(prices: list[float], kind: Literal["log", "simple", "change"]) -> list[float]:
    """Returns, or price changes, from one price to the next."""
    if kind == "change":
        return [after - before for before, after in itertools.pairwise(prices)]
    return returns_of(prices, kind)


def updated(request: BetaRequest, bag: float, hedge: float, correlation: float) -> UpdatedField | None:
    """Deviations and correlation after the later returns; none where there are none."""
    weights = _weights(request)
    if request.later_hedge_returns is not None and request.later_bag_returns is not None:
        pair = floats(request.later_bag_returns), floats(request.later_hedge_returns)
    elif request.later_hedge_prices is not None and request.later_bag_prices is not None:
        prices = ("later_hedge_prices", request.later_hedge_prices, "later_bag_prices", request.later_bag_prices)
        hedges, bags = (returns_made(series, request.return_kind) for series in paired(*prices, 2))
        pair = bags, hedges
    else:
        return None
    try:
        found = joint_after(bag, hedge, correlation, *pair, weights)
    except RequestError as error:
        raise RequestError(_NAMES.get(error.key, error.key), error.expected, error.found) from None
    ratio = found.correlation * found.bag_deviation / found.hedge_deviation
    return UpdatedField(
        covariance=found.covariance,
        correlation=found.correlation,
        bag_deviation=found.bag_deviation,
        hedge_deviation=found.hedge_deviation,
        ratio=ratio,
        alpha=weights.alpha,
        beta=weights.beta,
        returns=len(pair[0]),
    )


def _weights(request: BetaRequest) -> Weights:
    model = request.garch
    if model is None:
        return exponential(request.decay)
    try:
        return reverting(
            model.alpha,
            model.beta,
            bag_omega=model.omega or model.bag_omega or 0,
            hedge_omega=model.omega or model.hedge_omega or 0,
            covariance_omega=model.covariance_omega,
        )
    except RequestError as error:
        raise RequestError(f"garch.{error.key}", error.expected, error.found) from None
