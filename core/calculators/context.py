"""``context``: where a price or a spread stands in its own history, and what rules that follow volatility ask for."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from pydantic import ConfigDict, Field

from core.calculators.estimates import Count, Estimate, EstimateAnswer, Numbers, Prices, estimating, floats, known
from core.calculators.fields import Answer, NoValue, Number, Positive, Request, Undefined, Unknown
from core.errors import RequestError
from core.stats.context import (
    LEAST_FOR_A_SCORE,
    LONG_AVERAGE_DAYS,
    Reversion,
    cost_of_variance_removed,
    distance_to_average,
    mean_reversion,
    volatility_target_ratio,
    z_score,
)
from core.stats.insufficient import Insufficient

_Figure = TypeVar("_Figure")


class ContextRequest(Request):
    """Context for a hedger, never a reason to trade by itself; give what you ask about.

    closes asks for the distance to the long average; values (a spread, a basis, a log price, or closes) for the z-score
    and the half-life; volatility with target_volatility for the ratio that a volatility target wants; volatility with
    bag_value, hedge_ratio and yearly_cost for the price of the variance that a hedge removes.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "closes": ["60000", "61000", "59500", "62000", "63500"],
                    "average_window": 5,
                    "volatility": "0.6",
                    "target_volatility": "0.3",
                    "bag_value": "300000",
                    "hedge_ratio": "0.5",
                    "yearly_cost": "5400",
                }
            ]
        }
    )

    closes: Prices | None = Field(default=None, description="Closing prices, oldest first.")
    average_window: Count = Field(default=LONG_AVERAGE_DAYS, description="Closes in the average: 200 days for many.")
    values: Numbers | None = Field(default=None, description="A series that may return to its mean, oldest first.")
    z_window: Count | None = Field(default=None, description="The last so many of values. Left out: all of them.")
    volatility: Positive | None = Field(default=None, description="Of the coin a year, a fraction.")
    target_volatility: Positive | None = Field(default=None, description="To be left after the hedge, a year.")
    bag_value: Positive | None = Field(default=None, description="Value of the bag, in quote.")
    hedge_ratio: Positive | None = Field(default=None, description="Share of it hedged by the same coin, below 2.")
    yearly_cost: Number | None = Field(
        default=None, description="What the hedge costs a year, in quote, + paid; negative where it earns."
    )


class ReversionField(Answer):
    """How fast values return to their mean: each change regressed on the value before."""

    persistence: Estimate = Field(description="Share of a deviation that is left after a bar.")
    error: Estimate = Field(description="Standard error of it.")
    half_life: Estimate | None = Field(description="Bars; null where the series does not return.")
    significant: bool = Field(description="Whether a random walk would show so fast a return in under 5% of samples.")
    observations: Estimate = Field(description="Changes regressed.")


class ContextAnswer(EstimateAnswer):
    """Each figure is null where it was not asked for, or where undefined says why."""

    distance_to_average: Estimate | None = Field(
        description="Last close / mean of the last average_window closes - 1: 0.1 is 10% above."
    )
    z_score: Estimate | None = Field(description="Last of values less their mean, in deviations (n - 1).")
    reversion: ReversionField | None
    volatility_target_ratio: Estimate | None = Field(
        description="1 - target_volatility / volatility, within 0 and 1: the hedge ratio that leaves the target."
    )
    variance_removed: Estimate | None = Field(
        description="hedge_ratio * (2 - hedge_ratio): the share of the bag's variance that the hedge removes."
    )
    cost_per_variance: Estimate | None = Field(
        description="yearly_cost / (variance_removed * (volatility * bag_value) ^ 2): quote for each quote squared."
    )
    undefined: Undefined = Field(default_factory=dict)


@estimating
def context(request: ContextRequest) -> ContextAnswer | Unknown:
    """Answer a ``context`` request. Raises RequestError for fields that are lacking or do not belong."""
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    undefined: dict[str, NoValue | Unknown] = {}
    average = score = target = removed = price = None
    back: Reversion | None = None
    if request.closes is not None:
        found = distance_to_average(floats(request.closes), request.average_window)
        average = _known("distance_to_average", found, undefined)
    if request.values is not None:
        values = floats(request.values)
        window = len(values) if request.z_window is None else request.z_window
        score = _known("z_score", z_score(values, window), undefined)
        back = _known("reversion", mean_reversion(values), undefined)
    if request.target_volatility is not None:
        target = volatility_target_ratio(known(request.volatility), known(request.target_volatility))
    if request.hedge_ratio is not None:
        removed, price = cost_of_variance_removed(
            known(request.yearly_cost), known(request.hedge_ratio), known(request.volatility), known(request.bag_value)
        )
    return ContextAnswer(
        distance_to_average=average,
        z_score=score,
        reversion=None if back is None else _reversion(back),
        volatility_target_ratio=target,
        variance_removed=removed,
        cost_per_variance=price,
        undefined=undefined,
    )


def _missing(request: ContextRequest) -> tuple[str, ...]:
    if request.average_window < 1:
        raise RequestError("average_window", "at least 1", str(request.average_window))
    if request.z_window is not None and request.z_window < LEAST_FOR_A_SCORE:
        raise RequestError("z_window", f"at least {LEAST_FOR_A_SCORE}", str(request.z_window))
    if not request.given("closes"):
        request.refuse("without closes", "average_window")
    if not request.given("values"):
        request.refuse("without values", "z_window")
    gaps: list[tuple[str, ...]] = [
        (name,) for name in ("closes", "values") if request.given(name) and getattr(request, name) is None
    ]
    cost = ("bag_value", "hedge_ratio", "yearly_cost")
    asked = [name for name in cost if request.given(name)]
    if asked:
        gaps += [request.lacking(name, why=f"beside {asked[0]}") for name in cost]
    if request.given("target_volatility"):
        gaps.append(request.lacking("target_volatility"))
    if asked or request.given("target_volatility"):
        gaps.append(request.lacking("volatility", why=f"beside {asked[0] if asked else 'target_volatility'}"))
    elif request.given("volatility"):
        raise RequestError("target_volatility", "a value beside volatility, or hedge_ratio with its cost", "nothing")
    elif not request.given("closes") and not request.given("values"):
        raise RequestError("closes", "something to reckon: closes, values, or volatility", "nothing")
    if request.hedge_ratio is not None and request.hedge_ratio >= Decimal(2):
        raise RequestError("hedge_ratio", "below 2: from there on a hedge removes nothing", str(request.hedge_ratio))
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _known(name: str, found: _Figure | Insufficient, undefined: dict[str, NoValue | Unknown]) -> _Figure | None:
    """A statistic; where there is too little data for it, what is needed is put into ``undefined``."""
    if not isinstance(found, Insufficient):
        return found
    series = "closes" if name == "distance_to_average" else "values"
    what = f"{series}: {found.needed} needed, {found.found} given"
    if found.what == "values that vary":
        what = "values: values that vary"
    undefined[name] = Unknown(missing=(what,))
    return None


def _reversion(found: Reversion) -> ReversionField:
    return ReversionField(
        persistence=found.persistence,
        error=found.error,
        half_life=found.half_life,
        significant=found.significant,
        observations=found.observations,
    )
