"""``volatility``: how much a price moves, by the estimator that is asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeVar

from pydantic import ConfigDict, Field

from core.calculators.declared import by
from core.calculators.estimates import (
    LONGEST_SERIES,
    PERIODS_HELP,
    CandleInput,
    Count,
    Estimate,
    EstimateAnswer,
    Numbers,
    Prices,
    estimating,
    floats,
    maybe,
)
from core.calculators.fields import NotNegative, Positive, Request, Share, Unknown
from core.errors import RequestError
from core.stats.moments import ReturnKind, returns_of
from core.stats.volatility import (
    NEED_THE_CLOSE_BEFORE,
    RANGE_ESTIMATORS,
    Sampling,
    Volatility,
    close_to_close,
    ewma,
    half_life,
    of_returns,
    sampling,
)

Estimator = Literal[
    "close-to-close",
    "parkinson",
    "garman-klass",
    "garman-klass-yang-zhang",
    "rogers-satchell",
    "yang-zhang",
    "ewma",
]
_Item = TypeVar("_Item")
_SOURCES = ("candles", "closes", "returns")


class VolatilityRequest(Request):
    """Volatility from candles, closes or returns, oldest first.

    Give one of them. The estimators that read ranges need candles; yang-zhang and garman-klass-yang-zhang also need
    one candle before the window, for its close.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "candles": [
                        ["60000", "61200", "59500", "60800"],
                        ["60800", "62000", "60100", "61500"],
                        ["61500", "61800", "58900", "59200"],
                        ["59200", "60400", "58600", "60100"],
                        ["60100", "60900", "59700", "60300"],
                    ],
                    "estimator": "yang-zhang",
                },
                {"previous_volatility": "0.01", "returns": ["0.02"], "decay": "0.9", "estimator": "ewma"},
            ]
        }
    )

    candles: tuple[CandleInput, ...] | None = Field(
        default=None,
        max_length=LONGEST_SERIES,
        description="Candles as objects of open, high, low, close or as arrays [open, high, low, close].",
    )
    closes: Prices | None = Field(default=None, description="Closing prices, instead of candles.")
    returns: Numbers | None = Field(default=None, description="Returns, fractions per bar, instead of prices.")
    estimator: Estimator | None = Field(
        default=None,
        description="Left out: yang-zhang for candles, close-to-close for closes and returns. ewma is the "
        "exponentially weighted root mean square of the returns.",
    )
    window: Count | None = Field(
        default=None,
        description="Use the last so many bars (candles, closes, or returns where those are given); n closes give "
        "n - 1 returns. Left out: all of them, less the one that only gives the close before.",
    )
    return_kind: ReturnKind = Field(
        default="log", description="log: ln(p/q); simple: p/q - 1. For close-to-close and ewma from prices."
    )
    divisor: Literal["sample", "population"] = Field(
        default="sample", description="n - 1 (sample) or n (population) in the divisor of close-to-close."
    )
    periods_per_year: Positive = Field(default=Decimal(365), description=PERIODS_HELP)
    bar_hours: Positive | None = Field(
        default=None,
        description="Length of a bar in hours, for the figure per day. Left out: 24 for 240 to 366 periods a year, "
        "else 8760 / periods_per_year.",
    )
    decay: Share = Field(
        default=Decimal("0.94"), description="Lambda of ewma: weight of the past, above 0 and below 1."
    )
    previous_volatility: NotNegative | None = Field(
        default=None,
        description="Volatility per bar before the first return, for ewma. Left out: starts from the first return.",
    )


class VolatilityAnswer(EstimateAnswer):
    """Standard deviations of returns, fractions: 0.6 is 60 %."""

    estimator: Estimator
    annual: Estimate = Field(
        description="Per year: per_bar * sqrt(periods_per_year).",
        json_schema_extra=by("per_bar * sqrt(periods_per_year)"),
    )
    daily: Estimate = Field(
        description="Per day: per_bar * sqrt(24 / bar_hours).", json_schema_extra=by("per_bar * sqrt(24 / bar_hours)")
    )
    per_bar: Estimate = Field(description="Per bar, not annualised.")
    variance_per_bar: Estimate = Field(description="per_bar squared.", json_schema_extra=by("per_bar ** 2"))
    bars: Estimate = Field(description="Bars in the window (closes, for close-to-close).")
    observations: Estimate = Field(description="Terms averaged: one a return or a bar.")
    bar_hours: Estimate
    periods_per_year: Estimate
    return_kind: ReturnKind | None = Field(description="log or simple; null where returns were given.")
    divisor: Literal["sample", "population"] | None = Field(description="Of close-to-close; null for the others.")
    decay: Estimate | None = Field(description="Lambda of ewma; null for the others.")
    half_life: Estimate | None = Field(
        description="Bars after which a return weighs half, for ewma.", json_schema_extra=by("ln(0.5) / ln(decay)")
    )


@estimating
def volatility(request: VolatilityRequest) -> VolatilityAnswer | Unknown:
    """Answer a ``volatility`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other(*_SOURCES)
    estimator = request.estimator or ("close-to-close" if request.candles is None else "yang-zhang")
    missing = _missing(request, estimator)
    if missing:
        return Unknown(missing=missing)
    bars = sampling(float(request.periods_per_year), maybe(request.bar_hours))
    if estimator in RANGE_ESTIMATORS:
        return _answer(request, estimator, _from_candles(request, estimator, bars))
    if estimator == "ewma":
        returns = _returns(request)
        seed = maybe(request.previous_volatility)
        return _answer(request, estimator, ewma(returns, bars, decay=float(request.decay), seed_volatility=seed))
    if request.returns is not None:
        returns = _last(floats(request.returns), request.window, "returns")
        return _answer(request, estimator, of_returns(returns, bars, divisor=request.divisor))
    closes = _last(_closes(request), request.window, "closes")
    found = close_to_close(closes, bars, returns=request.return_kind, divisor=request.divisor)
    return _answer(request, estimator, found)


def _missing(request: VolatilityRequest, estimator: Estimator) -> tuple[str, ...]:
    if request.window == 0:
        raise RequestError("window", "one or more", "0")
    if estimator != "ewma":
        request.refuse(f"beside {estimator}", "decay", "previous_volatility")
    if estimator != "close-to-close":
        request.refuse(f"beside {estimator}", "divisor")
    optional = ("window", "bar_hours", "previous_volatility")
    unknown = tuple(name for name in optional if request.given(name) and getattr(request, name) is None)
    return request.lacking(*_SOURCES) + unknown


def _from_candles(request: VolatilityRequest, estimator: str, bars: Sampling) -> Volatility:
    if request.candles is None:
        raise RequestError("candles", f"candles for {estimator}", "closes" if request.closes is not None else "returns")
    before = estimator in NEED_THE_CLOSE_BEFORE
    window = None if request.window is None else request.window + before
    return RANGE_ESTIMATORS[estimator](_last(list(request.candles), window, "candles"), bars)


def _closes(request: VolatilityRequest) -> list[float]:
    if request.closes is not None:
        return floats(request.closes)
    return floats(candle.close for candle in request.candles or ())


def _returns(request: VolatilityRequest) -> list[float]:
    if request.returns is not None:
        return _last(floats(request.returns), request.window, "returns")
    closes = _last(_closes(request), request.window, "closes")
    return returns_of(closes, request.return_kind, "closes")


def _last(values: list[_Item], window: int | None, name: str) -> list[_Item]:
    if window is None:
        return values
    if len(values) < window:
        raise RequestError(name, f"at least {window} for this window", str(len(values)))
    return values[-window:]


def _answer(request: VolatilityRequest, estimator: Estimator, found: Volatility) -> VolatilityAnswer:
    of_closes = estimator in ("close-to-close", "ewma") and request.returns is None
    decay = float(request.decay) if estimator == "ewma" else None
    return VolatilityAnswer(
        estimator=estimator,
        annual=found.annual,
        daily=found.daily,
        per_bar=found.per_bar,
        variance_per_bar=found.per_bar**2,
        bars=found.bars,
        observations=found.observations,
        bar_hours=found.bar_hours,
        periods_per_year=found.periods_per_year,
        return_kind=request.return_kind if of_closes else None,
        divisor=request.divisor if estimator == "close-to-close" else None,
        decay=decay,
        half_life=None if decay is None else half_life(decay),
    )
