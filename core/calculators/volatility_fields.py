"""Request and answer of ``volatility``."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

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
)
from core.calculators.fields import NotNegative, Positive, Request, Share
from core.stats.moments import ReturnKind

Estimator = Literal[
    "close-to-close",
    "parkinson",
    "garman-klass",
    "garman-klass-yang-zhang",
    "rogers-satchell",
    "yang-zhang",
    "ewma",
    "garch",
    "stated",
]


class VolatilityRequest(Request):
    """Volatility from candles, closes or returns, oldest first; or per_bar, one that is known, to restate it.

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
    per_bar: NotNegative | None = Field(
        default=None,
        description="A volatility per bar that is known, instead of data; with periods_per_year 1 a yearly one.",
    )
    estimator: Estimator | None = Field(
        default=None,
        description="Left out: yang-zhang for candles, close-to-close for closes and returns, stated for per_bar. ewma "
        "is the exponentially weighted root mean square of the returns; garch is GARCH(1,1) with given parameters.",
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
    about: Literal["mean", "zero"] = Field(
        default="mean",
        description="What close-to-close measures deviations from: the mean of the returns, or zero (then over n).",
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
        description="Volatility per bar before the first return, for ewma and garch. Left out: ewma starts from the "
        "first return, garch from its long run. garch needs no returns beside it.",
    )
    omega: Positive | None = Field(default=None, description="garch: the constant, a variance per bar.")
    long_run_volatility: Positive | None = Field(
        default=None, description="garch: volatility per bar that it reverts to, instead of omega."
    )
    alpha: NotNegative | None = Field(default=None, description="garch: weight of the last return squared.")
    beta: NotNegative | None = Field(default=None, description="garch: weight of the variance before.")
    horizon: Count | None = Field(
        default=None, description="garch: bars ahead; asks for the volatility expected for that bar."
    )
    days: Positive | None = Field(default=None, description="Asks for the volatility over so many days.")
    price: Positive | None = Field(
        default=None, description="Price, quote per coin, beside days: asks for the move of one deviation in quote."
    )


class VolatilityAnswer(EstimateAnswer):
    """Standard deviations of returns, fractions: 0.6 is 60%."""

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
    observations: Estimate = Field(description="Terms averaged: one a return or a bar; 0 where it was stated.")
    bar_hours: Estimate
    periods_per_year: Estimate
    return_kind: ReturnKind | None = Field(description="log or simple; null where returns were given.")
    divisor: Literal["sample", "population"] | None = Field(description="Of close-to-close; null for the others.")
    decay: Estimate | None = Field(description="Lambda of ewma; null for the others.")
    half_life: Estimate | None = Field(
        description="Bars after which a return weighs half, for ewma.", json_schema_extra=by("ln(0.5) / ln(decay)")
    )
    over_days: Estimate | None = Field(description="daily * sqrt(days).", json_schema_extra=by("daily * sqrt(days)"))
    expected_move: Estimate | None = Field(
        description="price * over_days: one deviation, in quote.", json_schema_extra=by("price * over_days")
    )
    persistence: Estimate | None = Field(description="garch: alpha + beta.")
    long_run_per_bar: Estimate | None = Field(description="garch: the volatility it reverts to.")
    forecast_per_bar: Estimate | None = Field(
        description="garch: volatility expected of the bar at the horizon.",
        json_schema_extra=by(
            "sqrt(long_run_per_bar ** 2 + persistence ** horizon * (per_bar ** 2 - long_run_per_bar ** 2))"
        ),
    )
