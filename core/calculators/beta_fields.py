"""Requests and answers of ``beta``."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.calculators.declared import by
from core.calculators.estimates import PERIODS_HELP, Count, Estimate, EstimateAnswer, Numbers, Prices
from core.calculators.fields import Number, Positive, Request, Share
from core.exact import ONE


class BetaRequest(Request):
    """Hedge ratio of a bag to a hedging instrument, with its error bar.

    Give hedge_returns and bag_returns, or hedge_prices and bag_prices (same times, oldest first), or summary figures:
    correlation (or covariance), bag_deviation (or bag_variance) and hedge_deviation (or hedge_variance), with
    observations where an error bar is wanted; covariance and hedge_variance alone give the ratio. Returns go with
    values (bag_value, contract_value), price changes with quantities (bag_quantity, contract_quantity), unless
    bag_price and contract_price make values of them.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "correlation": "0.928",
                    "bag_deviation": "0.0263",
                    "hedge_deviation": "0.0313",
                    "observations": 15,
                    "bag_quantity": "2000000",
                    "contract_quantity": "42000",
                },
                {
                    "hedge_returns": ["0.021", "0.035", "-0.046", "0.001", "0.044", "-0.029", "-0.026", "-0.029"],
                    "bag_returns": ["0.029", "0.02", "-0.044", "0.008", "0.026", "-0.019", "-0.01", "-0.007"],
                    "periods_per_year": 12,
                    "lags": 1,
                },
            ]
        }
    )

    hedge_returns: Numbers | None = Field(
        default=None, description="Returns (or price changes) of the hedging instrument, oldest first."
    )
    bag_returns: Numbers | None = Field(default=None, description="Those of what is hedged, at the same times.")
    hedge_prices: Prices | None = Field(default=None, description="Prices of the hedging instrument, instead.")
    bag_prices: Prices | None = Field(default=None, description="Prices (or values) of what is hedged.")
    return_kind: Literal["log", "simple", "change"] = Field(
        default="log", description="What is made of prices: log: ln(p/q); simple: p/q - 1; change: p - q."
    )
    correlation: Number | None = Field(default=None, description="Correlation of the two, from -1 to 1.")
    bag_deviation: Positive | None = Field(
        default=None, description="Standard deviation of what is hedged, per period."
    )
    hedge_deviation: Positive | None = Field(
        default=None, description="Standard deviation of the hedging instrument, per the same period."
    )
    covariance: Number | None = Field(
        default=None, description="Covariance of the two per period, instead of correlation."
    )
    bag_variance: Positive | None = Field(default=None, description="Instead of bag_deviation: its square.")
    hedge_variance: Positive | None = Field(default=None, description="Instead of hedge_deviation: its square.")
    observations: Count | None = Field(
        default=None, description="Pairs that the summary figures rest on: asks for the error bar."
    )
    confidence: Share = Field(default=Decimal("0.95"), description="Level of the interval of the ratio.")
    decay: Share = Field(default=Decimal("0.94"), description="Lambda of the weighted (EWMA) beta.")
    lags: Count = Field(
        default=3,
        description="Lead and lag are tried up to so many periods, fewer where the series are short.",
    )
    prior_deviation: Positive | None = Field(
        default=None,
        description="How far betas of such coins lie from prior, one standard deviation: asks for the shrunk beta.",
    )
    prior: Number = Field(default=ONE, description="Beta that is shrunk towards.")
    held_ratio: Number | None = Field(
        default=None,
        description="Ratio that is or would be held, for tracking error and effectiveness. Left out: the estimated.",
    )
    periods_per_year: Positive = Field(default=Decimal(365), description=PERIODS_HELP)
    bag_quantity: Positive | None = Field(default=None, description="Coins to hedge: asks for contracts.")
    contract_quantity: Positive | None = Field(default=None, description="Coins per contract, beside bag_quantity.")
    bag_price: Positive | None = Field(
        default=None,
        description="Price of a coin of the bag, with contract_price beside bag_quantity: the contracts are then "
        "counted by value, as a ratio of returns wants (tailing the hedge).",
    )
    contract_price: Positive | None = Field(default=None, description="Price of the contract, quote per coin.")
    bag_value: Positive | None = Field(
        default=None, description="Value to hedge, in quote: asks for contracts (with contract_value) or basis risk."
    )
    contract_value: Positive | None = Field(default=None, description="Value of one contract, in quote.")
    days: Positive | None = Field(
        default=None, description="Days of 365 a year over which tracking error and basis risk are asked for as well."
    )


class WeightedField(BaseModel):
    """The exponentially weighted beta, means taken as zero."""

    beta: Estimate
    error: Estimate | None = Field(description="Standard error on the effective sample; null where that is too small.")
    correlation: Estimate | None
    decay: Estimate
    half_life: Estimate = Field(
        description="Periods after which an observation weighs half.", json_schema_extra=by("ln(0.5) / ln(decay)")
    )
    effective_sample: Estimate = Field(description="Equally weighted observations that would know as much.")


class LagField(BaseModel):
    """One lag and the correlation at it."""

    lag: Estimate
    correlation: Estimate | None = Field(description="Null where a series did not vary.")


class LeadLagField(BaseModel):
    """The lag at which the series are most correlated; a lag above zero: the bag follows the hedge."""

    lag: Estimate
    correlation: Estimate
    correlations: tuple[LagField, ...] = Field(description="Every lag tried.")


class BetaAnswer(EstimateAnswer):
    """A ratio of 0.8: short 0.8 of the hedge for each 1 of the bag. Deviations are per period unless said otherwise."""

    ratio: Estimate = Field(
        description="Minimum variance: correlation * bag_deviation / hedge_deviation, which is the slope of ordinary "
        "least squares of the bag on the hedge.",
        json_schema_extra=by("correlation * bag_deviation / hedge_deviation", "covariance / hedge_variance"),
    )
    ratio_error: Estimate | None = Field(
        description="Its standard error; null without observations.",
        json_schema_extra=by("bag_deviation / hedge_deviation * sqrt((1 - correlation ** 2) / (observations - 2))"),
    )
    ratio_low: Estimate | None = Field(description="Interval at the confidence asked for (Student's t).")
    ratio_high: Estimate | None
    confidence: Estimate
    intercept: Estimate | None = Field(description="Of the regression; null for summary figures.")
    correlation: Estimate | None = Field(
        description="Null, as all that rests on it, where only covariance and hedge_variance were given."
    )
    r_squared: Estimate | None = Field(
        description="Share of the variance that the ratio removes in this sample; it flatters out of it.",
        json_schema_extra=by("correlation ** 2"),
    )
    bag_deviation: Estimate | None = Field(description="Sample deviation (n - 1), or as given.")
    hedge_deviation: Estimate
    residual_deviation: Estimate | None = Field(
        description="bag_deviation * sqrt(1 - correlation^2).",
        json_schema_extra=by("bag_deviation * sqrt(1 - correlation ** 2)"),
    )
    residual_variance: Estimate | None = Field(
        description="Its square.", json_schema_extra=by("bag_deviation ** 2 * (1 - correlation ** 2)")
    )
    observations: Estimate | None
    shrunk: Estimate | None = Field(description="Weighted between ratio and prior, where prior_deviation was given.")
    weighted: WeightedField | None = Field(description="EWMA; null for summary figures.")
    lead_lag: LeadLagField | None = Field(description="Null for summary figures, and for series too short.")
    scholes_williams: Estimate | None = Field(
        description="Beta of a thinly traded coin; null for summary figures and where the series do not allow it."
    )
    dimson: Estimate | None = Field(description="Sum of the betas at lags -1, 0 and 1; null likewise.")
    held_ratio: Estimate = Field(
        description="The ratio that the figures below are for.", json_schema_extra=by("held_ratio", "ratio")
    )
    effectiveness: Estimate | None = Field(
        description="1 - Var(hedged) / Var(unhedged); below zero: the hedge adds variance.",
        json_schema_extra=by(
            "1 - (residual_variance + ((held_ratio - ratio) * hedge_deviation) ** 2) / bag_deviation ** 2"
        ),
    )
    tracking_error: Estimate | None = Field(
        description="Deviation of the hedged bag per year, in the data's unit.",
        json_schema_extra=by(
            "sqrt(residual_variance + ((held_ratio - ratio) * hedge_deviation) ** 2) * sqrt(periods_per_year)"
        ),
    )
    tracking_error_over_days: Estimate | None = Field(
        description="The same over days.", json_schema_extra=by("tracking_error * sqrt(days / 365)")
    )
    basis_risk: Estimate | None = Field(
        description="bag_value * tracking error over days: one deviation, in quote.",
        json_schema_extra=by("bag_value * tracking_error_over_days"),
    )
    contracts: Estimate | None = Field(
        description="ratio * bag_quantity / contract_quantity (each times its price where prices are given), or "
        "ratio * bag_value / contract_value; not rounded.",
        json_schema_extra=by(
            "ratio * bag_quantity * bag_price / (contract_quantity * contract_price)",
            "ratio * bag_quantity / contract_quantity",
            "ratio * bag_value / contract_value",
        ),
    )
