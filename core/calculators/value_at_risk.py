"""``value-at-risk``: the loss that a book exceeds in few periods, and the mean loss in those."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.declared import by
from core.calculators.estimates import Estimate, EstimateAnswer, Numbers, estimating, floats, known
from core.calculators.fields import NotNegative, Number, Positive, Request, Share, Unknown
from core.errors import RequestError
from core.exact import ONE, ZERO
from core.explain import note
from core.stats.distributions import normal_below
from core.stats.value_at_risk import (
    historical,
    multiple_for,
    normal_expected_shortfall,
    normal_value_at_risk,
    portfolio_deviation,
)

_SOURCES = ("deviation", "deviations", "positions", "profits")
_MOST_POSITIONS = 200


class RiskyPositionField(Request):
    """One position: its value and its volatility."""

    value: Number = Field(description="In quote; a short is negative.")
    volatility: NotNegative | None = Field(default=None, description="A year, a fraction.")
    daily_volatility: NotNegative | None = Field(default=None, description="A day, a fraction, instead of volatility.")


class ValueAtRiskRequest(Request):
    """Value at risk and expected shortfall.

    Normal: give deviation (of the whole book, in money, a day), or deviations or positions with their correlation.
    Historical: give profits of past days on today's holdings.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "positions": [
                        {"value": "210000", "volatility": "0.9"},
                        {"value": "-210000", "volatility": "0.6"},
                    ],
                    "correlation": "0.8",
                    "confidence": "0.99",
                    "days": 10,
                },
                {
                    "profits": ["120", "-80", "35", "-310", "60", "-45", "210", "-150", "20", "-5"],
                    "confidence": "0.8",
                },
            ]
        }
    )

    deviation: NotNegative | None = Field(
        default=None, description="Standard deviation of the book's profit in a day, in money."
    )
    deviations: Numbers | None = Field(
        default=None, description="Those of its positions, in money; a short's is negative."
    )
    positions: tuple[RiskyPositionField, ...] | None = Field(
        default=None, max_length=_MOST_POSITIONS, description="Values and volatilities, instead of deviations."
    )
    profits: Numbers | None = Field(default=None, description="Past profits of a day, in money, + gained: historical.")
    shortfall_of: Literal["tail", "beyond"] = Field(
        default="tail",
        description="Historical: the expected shortfall is the mean of the tail, the value at risk among it (the five "
        "worst of 500 at 0.99), or of the losses beyond that (the four worst, as in Hull).",
    )
    correlation: Number | None = Field(
        default=None, description="Between every two of deviations or positions, from -1 to 1."
    )
    correlations: tuple[Numbers, ...] | None = Field(
        default=None, max_length=_MOST_POSITIONS, description="The whole matrix, instead of one correlation."
    )
    confidence: Share | None = Field(
        default=None, description="Share of days on which the loss is smaller. Left out: 0.99, or what multiple means."
    )
    multiple: Positive | None = Field(
        default=None, description="Deviations of the normal loss, instead of confidence: 2.33 in many books."
    )
    mean: Number = Field(
        default=ZERO,
        description="Expected profit of the book in a day, in money: a normal loss is less by it, over the horizon.",
    )
    days: Positive = Field(default=ONE, description="Horizon: a normal loss grows with its root. Historical: 1.")
    days_per_year: Positive = Field(
        default=Decimal(365), description="Days to which a yearly volatility is spread; 252 trading days."
    )


class ValueAtRiskAnswer(EstimateAnswer):
    """Losses in money, + is a loss. Nothing here says that the hedge survives until then."""

    method: Literal["normal", "historical"]
    value_at_risk: Estimate = Field(description="Loss over the horizon exceeded with probability 1 - confidence.")
    expected_shortfall: Estimate = Field(description="Mean of the losses beyond it; historical: as shortfall_of says.")
    confidence: Estimate
    multiple: Estimate | None = Field(description="Deviations that value_at_risk is; null for historical.")
    deviation: Estimate | None = Field(description="Of the book's profit in a day; null for historical.")
    deviation_over_days: Estimate | None = Field(
        description="Over the horizon; null for historical.", json_schema_extra=by("deviation * sqrt(days)")
    )
    days: Estimate
    observations: Estimate | None = Field(description="Past days, for historical.")
    tail_observations: Estimate | None = Field(
        description="(1 - confidence) * observations: what the shortfall rests on, for historical."
    )


@estimating
def value_at_risk(request: ValueAtRiskRequest) -> ValueAtRiskAnswer | Unknown:
    """Answer a ``value-at-risk`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other(*_SOURCES)
    request.exclude_each_other("confidence", "multiple")
    if not any(position.given("volatility") for position in request.positions or ()):
        request.refuse("without a yearly volatility", "days_per_year")
    request.exclude_each_other("correlation", "correlations")
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    return _historical(request) if request.profits is not None else _normal(request)


def _missing(request: ValueAtRiskRequest) -> tuple[str, ...]:
    gaps = [request.lacking(*_SOURCES)]
    gaps += [(name,) for name in ("confidence", "multiple") if request.given(name) and getattr(request, name) is None]
    if request.profits is not None:
        request.refuse("beside profits", "multiple", "correlation", "correlations", "days", "mean")
    else:
        request.refuse("without profits", "shortfall_of")
    if request.deviation is not None:
        request.refuse("beside deviation", "correlation", "correlations")
    for name in ("deviations", "positions"):
        held = getattr(request, name)
        if held is not None and not held:
            raise RequestError(name, "at least one", "none")
        if held is not None and len(held) > 1:
            gaps.append(request.lacking("correlation", "correlations", why=f"beside {name}"))
    for index, position in enumerate(request.positions or ()):
        within = f"positions.{index}."
        position.exclude_each_other("volatility", "daily_volatility", within=within)
        gaps.append(position.lacking("volatility", "daily_volatility", within=within))
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _historical(request: ValueAtRiskRequest) -> ValueAtRiskAnswer:
    confidence = _confidence(request)
    found = historical(request.profits or (), confidence, beyond=request.shortfall_of == "beyond")
    return ValueAtRiskAnswer(
        method="historical",
        value_at_risk=found.value_at_risk,
        expected_shortfall=found.expected_shortfall,
        confidence=confidence,
        multiple=None,
        deviation=None,
        deviation_over_days=None,
        days=1,
        observations=found.observations,
        tail_observations=found.tail_observations,
    )


def _normal(request: ValueAtRiskRequest) -> ValueAtRiskAnswer:
    if request.multiple is not None:
        multiple = float(request.multiple)
        confidence = normal_below(multiple)
        note("confidence", "Phi(multiple)", confidence, {"multiple": multiple})
    else:
        confidence = _confidence(request)
        multiple = multiple_for(confidence)
    deviation, days = _deviation(request), float(request.days)
    return ValueAtRiskAnswer(
        method="normal",
        value_at_risk=_less_mean(request, "value at risk", normal_value_at_risk(deviation, multiple, days)),
        expected_shortfall=_less_mean(
            request, "expected shortfall", normal_expected_shortfall(deviation, multiple, days)
        ),
        confidence=confidence,
        multiple=multiple,
        deviation=deviation,
        deviation_over_days=deviation * math.sqrt(days),
        days=days,
        observations=None,
        tail_observations=None,
    )


def _less_mean(request: ValueAtRiskRequest, name: str, loss: float) -> float:
    """A loss about the mean as one about zero: what is expected meanwhile comes off it."""
    if not request.mean:
        return loss
    given = {"loss": loss, "mean": float(request.mean), "days": float(request.days)}
    left = loss - given["mean"] * given["days"]
    note(f"{name} less what is expected", "loss - mean * days", left, given, unit="money")
    return left


def _confidence(request: ValueAtRiskRequest) -> float:
    if request.confidence is not None:
        return float(request.confidence)
    note("confidence", "0.99", 0.99, {})
    return 0.99


def _deviation(request: ValueAtRiskRequest) -> float:
    if request.deviation is not None:
        return float(request.deviation)
    parts = floats(request.deviations or ())
    for position in request.positions or ():
        daily = position.daily_volatility
        sigma = float(daily) if daily is not None else known(position.volatility) / math.sqrt(request.days_per_year)
        parts.append(float(position.value) * sigma)
        if daily is None:
            given = {"volatility": known(position.volatility), "days_per_year": float(request.days_per_year)}
            note("daily volatility", "volatility / sqrt(days_per_year)", sigma, given)
        given = {"value": float(position.value), "daily_volatility": sigma}
        note("deviation of a position", "value * daily_volatility", parts[-1], given, unit="money")
    if request.correlations is not None:
        return portfolio_deviation(parts, request.correlations)
    return portfolio_deviation(parts, 0.0 if request.correlation is None else float(request.correlation))
