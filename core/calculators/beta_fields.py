"""Requests and answers of ``beta``."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.calculators.declared import by
from core.calculators.estimates import PERIODS_HELP, Count, Estimate, EstimateAnswer, Numbers, Prices
from core.calculators.fields import NotNegative, Number, Part, Positive, Request, Share
from core.exact import ONE, ZERO


class CovarianceModelField(Request):
    """GARCH(1,1) of both variances and of the covariance, per period: omega + alpha * product + beta * before."""

    alpha: NotNegative = Field(description="Weight of the last return squared, or of the product of the last two.")
    beta: NotNegative = Field(description="Weight of the variance, or covariance, before.")
    omega: NotNegative | None = Field(default=None, description="Constant of both variances; left out: 0.")
    bag_omega: NotNegative | None = Field(default=None, description="Instead of omega: that of the bag's variance.")
    hedge_omega: NotNegative | None = Field(default=None, description="Instead of omega: that of the hedge's.")
    covariance_omega: Number = Field(default=ZERO, description="Constant of the covariance.")


class BetaRequest(Request):
    """Hedge ratio of a bag to a hedging instrument, with its error bar.

    Give hedge_returns and bag_returns, or hedge_prices and bag_prices (same times, oldest first), or summary figures:
    correlation (or covariance), bag_deviation (or bag_variance) and hedge_deviation (or hedge_variance), with
    observations where an error bar is wanted; covariance and hedge_variance alone give the ratio. Returns go with
    values (bag_value, contract_value), price changes with quantities (bag_quantity, contract_quantity), unless
    bag_price and contract_price make values of them.

    How well a hedge works is also told by a correlation alone, by r_squared, or as measured: bag_variance (or
    bag_deviation) without the hedge and hedged_variance (or hedged_deviation) with it, or bag_returns and
    hedged_returns. Returns since the summary figures were estimated (later_hedge_returns and later_bag_returns, or
    prices) take deviations and correlation further: answer.updated.
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
    r_squared: Part | None = Field(
        default=None, description="R² of a regression of the bag on the hedge, alone: what it removes of the variance."
    )
    hedged_deviation: NotNegative | None = Field(
        default=None, description="Measured standard deviation of bag and hedge together, beside bag_deviation."
    )
    hedged_variance: NotNegative | None = Field(default=None, description="Instead of hedged_deviation: its square.")
    hedged_returns: Numbers | None = Field(
        default=None, description="Instead: returns of bag and hedge together, beside bag_returns."
    )
    later_hedge_returns: Numbers | None = Field(
        default=None,
        description="Returns of the hedging instrument since the summary figures, oldest first: ask for updated.",
    )
    later_bag_returns: Numbers | None = Field(default=None, description="Those of what is hedged, at the same times.")
    later_hedge_prices: Prices | None = Field(
        default=None, description="Instead: prices, the first being that at which the summary figures were estimated."
    )
    later_bag_prices: Prices | None = Field(default=None, description="Those of what is hedged, at the same times.")
    garch: CovarianceModelField | None = Field(
        default=None, description="How the later returns are weighed, instead of decay."
    )
    observations: Count | None = Field(
        default=None, description="Pairs that the summary figures rest on: asks for the error bar."
    )
    confidence: Share = Field(default=Decimal("0.95"), description="Level of the interval of the ratio.")
    decay: Share = Field(
        default=Decimal("0.94"), description="Lambda of the weighted (EWMA) beta, or of what is made of later returns."
    )
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


class UpdatedField(BaseModel):
    """Deviations and correlation after the later returns, per period."""

    covariance: Estimate
    correlation: Estimate
    bag_deviation: Estimate
    hedge_deviation: Estimate
    ratio: Estimate = Field(
        description="correlation * bag_deviation / hedge_deviation.",
        json_schema_extra=by("correlation * bag_deviation / hedge_deviation"),
    )
    alpha: Estimate = Field(description="Weight of the last product of returns: 1 - decay, or garch.alpha.")
    beta: Estimate = Field(description="Weight of what was before: decay, or garch.beta.")
    returns: Estimate = Field(description="Pairs of returns that were added.")


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

    ratio: Estimate | None = Field(
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
    covariance: Estimate | None = Field(
        description="correlation * bag_deviation * hedge_deviation, or as given.",
        json_schema_extra=by("correlation * bag_deviation * hedge_deviation"),
    )
    r_squared: Estimate | None = Field(
        description="Share of the variance that the ratio removes in this sample; it flatters out of it.",
        json_schema_extra=by("correlation ** 2"),
    )
    bag_deviation: Estimate | None = Field(description="Sample deviation (n - 1), or as given.")
    hedge_deviation: Estimate | None
    hedged_deviation: Estimate | None = Field(description="As measured with the hedge; null where it was not.")
    residual_deviation: Estimate | None = Field(
        description="bag_deviation * sqrt(1 - correlation^2).",
        json_schema_extra=by("bag_deviation * sqrt(1 - correlation ** 2)"),
    )
    residual_variance: Estimate | None = Field(
        description="Its square.", json_schema_extra=by("bag_deviation ** 2 * (1 - correlation ** 2)")
    )
    observations: Estimate | None
    shrunk: Estimate | None = Field(description="Weighted between ratio and prior, where prior_deviation was given.")
    updated: UpdatedField | None = Field(description="Null without later returns.")
    weighted: WeightedField | None = Field(description="EWMA; null for summary figures.")
    lead_lag: LeadLagField | None = Field(description="Null for summary figures, and for series too short.")
    scholes_williams: Estimate | None = Field(
        description="Beta of a thinly traded coin; null for summary figures and where the series do not allow it."
    )
    dimson: Estimate | None = Field(description="Sum of the betas at lags -1, 0 and 1; null likewise.")
    held_ratio: Estimate | None = Field(
        description="The ratio that the figures below are for.", json_schema_extra=by("held_ratio", "ratio")
    )
    effectiveness: Estimate | None = Field(
        description="1 - Var(hedged) / Var(unhedged): of held_ratio, as measured, or correlation ** 2 where only that "
        "is known; below zero: the hedge adds variance.",
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
