"""Request and answer of ``funding``."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.declared import by
from core.calculators.fields import (
    QUANTITY_HELP,
    SIDE_HELP,
    YEAR_DAYS_HELP,
    Answer,
    ContractSizeField,
    Exact,
    Hours,
    IntervalRate,
    KindField,
    Positive,
    Request,
    Share,
    Side,
    YearDays,
)
from core.exact import ONE
from core.funding import YEAR

INTERVAL_HELP = (
    "Hours between settlements of this contract. There is no default: contracts of 1, 2, 4 and 8 hours exist side by "
    "side. Asks for the figures per day and per year."
)


class SettlementField(Request):
    """One funding settlement."""

    rate: IntervalRate = Field(description="Fraction of notional, positive when longs pay shorts.")
    mark_price: Positive = Field(description="Mark price of the settlement, quote per coin.")


class InterestField(Request):
    """Interest from the two borrowing rates, each a fraction per day: (quote - base) * interval_hours / 24."""

    quote_per_day: IntervalRate = Field(description="Rate to borrow the quote currency, a fraction per day.")
    base_per_day: IntervalRate = Field(description="Rate to borrow the base coin, a fraction per day.")


class CapFromMarginsField(Request):
    """A cap on the size of the rate, as a share of the gap between the margin rates."""

    initial_rate: Share = Field(description="Initial margin rate at the greatest leverage, a fraction.")
    maintenance_rate: Share = Field(description="Maintenance margin rate, a fraction.")
    share: Positive = Field(default=Decimal("0.75"), description="Share of their difference.")


class PremiumPointField(Request):
    """One sample: (max(0, impact_bid - index) - max(0, index - impact_ask)) / index, or price / index - 1."""

    impact_bid: Positive | None = Field(
        default=None, description="Average price at which the impact notional is sold, quote per coin."
    )
    impact_ask: Positive | None = Field(
        default=None, description="Average price at which it is bought, quote per coin."
    )
    price: Positive | None = Field(
        default=None,
        description="Mark or middle price, quote per coin, instead of the impact prices, for venues that use none "
        "(Deribit).",
    )
    index_price: Positive = Field(description="Index price of that moment.")


class RateFormulaField(Request):
    """rate = premium + clamp(interest - premium, -clamp, +clamp), then cap and floor. All fractions per interval.

    With period_hours they are fractions per so many hours, and the interval's rate is its part of that.
    """

    rule: Literal["clamped", "added"] = Field(
        default="clamped", description="clamped: as above; added: premium + interest, nothing clamped (dYdX)."
    )
    period_hours: Hours | None = Field(
        default=None,
        description="Hours that the formula's rate is for where that is not the interval: 8 where an 8-hour rate is "
        "paid an eighth an hour (Hyperliquid, dYdX). Needs interval_hours.",
    )

    premium: IntervalRate | None = Field(default=None, description="Average premium of the perpetual over the index.")
    premium_samples: tuple[IntervalRate, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=100_000,
        description="Instead of premium: the interval's samples so far, oldest first, averaged as weights says. The "
        "rate is then the one predicted now.",
    )
    weights: Literal["rising", "equal"] = Field(
        default="rising", description="Of the samples: 1, 2, 3 and so on (Binance, Bybit), or all alike (Hyperliquid)."
    )
    premium_points: tuple[PremiumPointField, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=100_000,
        description="Instead of premium_samples: the prices and index they are made of.",
    )
    interest: IntervalRate | None = Field(
        default=None, description="Interest of one interval, 0.0001 per 8 hours for many."
    )
    interest_from: InterestField | None = Field(
        default=None, description="Instead of interest: the borrowing rates; needs interval_hours."
    )
    clamp: Share = Field(
        default=Decimal("0.0005"),
        description="Bound on interest - premium. With interest 0 it is a damper: no rate within it (Deribit).",
    )
    cap: IntervalRate | None = Field(default=None, description="Highest rate the venue allows.")
    floor: IntervalRate | None = Field(default=None, description="Lowest rate the venue allows (signed).")
    cap_from_margins: CapFromMarginsField | None = Field(
        default=None, description="Instead of cap and floor: plus and minus share * (initial - maintenance rate)."
    )


class FundingRequest(Request):
    """Funding of one position, or just the meaning of a rate.

    Give one of rate, settlements, rate_formula. For payments add side with quantity and mark_price, or side with
    notional; for figures per day and year add interval_hours.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "linear",
                    "side": "short",
                    "quantity": "2.5",
                    "mark_price": "60000",
                    "rate": "0.0001",
                    "interval_hours": 8,
                },
                {
                    "kind": "linear",
                    "rate_formula": {"premium": "0.0012", "interest": "0.0001", "cap": "0.005", "floor": "-0.005"},
                    "interval_hours": 4,
                },
            ]
        }
    )

    kind: KindField
    side: Side | None = Field(default=None, description=SIDE_HELP)
    quantity: Positive | None = Field(default=None, description=QUANTITY_HELP)
    contract_size: ContractSizeField = ONE
    mark_price: Positive | None = Field(default=None, description="Mark price at settlement, quote per coin.")
    notional: Positive | None = Field(
        default=None,
        description="Value of the position in the settle currency, instead of quantity and mark_price.",
    )
    rate: IntervalRate | None = Field(
        default=None, description="Funding rate, a fraction per interval, positive when longs pay shorts."
    )
    settlements: tuple[SettlementField, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=100_000,
        description="Several settlements of a position of unchanged quantity, instead of rate and mark_price.",
    )
    rate_formula: RateFormulaField | None = Field(default=None, description="Compute the rate instead of stating it.")
    interval_hours: Hours | None = Field(default=None, description=INTERVAL_HELP)
    held_minutes: Positive | None = Field(
        default=None,
        description="Minutes of the interval for which the position was held, at a venue that pays all the time "
        "(Deribit): the payment is that part of it. Needs interval_hours; at other venues only the instant counts.",
    )

    year_days: YearDays = Field(default=YEAR, description=YEAR_DAYS_HELP)
    compounding_hours: Hours | None = Field(
        default=None,
        description="Hours after which what came in is reinvested, for annualised_compounded: 24 for daily. Left out: "
        "every interval. Needs interval_hours.",
    )


class FundingAnswer(Answer):
    """Rates are fractions; money is in the settle currency, + received, - paid."""

    status: Literal["ok"] = "ok"
    settle: str
    premium: Exact | None = Field(description="Average premium that rate_formula used.")
    interest: Exact | None = Field(description="Interest of one interval that rate_formula used.")
    rate_cap: Exact | None = Field(description="Cap that rate_formula applied; null where none.")
    rate: Exact | None = Field(description="Rate per interval; null for several settlements.")
    rate_per_day: Exact | None = Field(
        description="rate * 24 / interval_hours.", json_schema_extra=by("rate * 24 / interval_hours")
    )
    rate_per_8_hours: Exact | None = Field(
        description="rate * 8 / interval_hours, to compare contracts.",
        json_schema_extra=by("rate * 8 / interval_hours"),
    )
    annualised: Exact | None = Field(
        description="Simple: rate * (24 / interval_hours) * year_days.",
        json_schema_extra=by("rate * 24 * year_days / interval_hours"),
    )
    annualised_compounded: Exact | None = Field(
        description="(1 + rate) ^ (24 * year_days / interval_hours) - 1; with compounding_hours: "
        "(1 + rate * compounding_hours / interval_hours) ^ (24 * year_days / compounding_hours) - 1.",
        json_schema_extra=by(
            "(1 + rate * compounding_hours / interval_hours) ** (24 * year_days / compounding_hours) - 1",
            "(1 + rate) ** (24 * year_days / interval_hours) - 1",
        ),
    )
    notional: Exact | None = Field(description="Value the rate is charged on; null for several settlements.")
    payments: tuple[Exact, ...] = Field(description="Cash of each settlement in order, + received.")
    payment: Exact | None = Field(
        description="Their sum: cash to the holder, + received, - paid.", json_schema_extra=by("sum(payments)")
    )
    payment_quote: Exact | None = Field(description="The sum in quote, each at its own mark price; null for quanto.")
    payment_per_day: Exact | None = Field(
        description="payment * 24 / interval_hours, for a single rate; null with held_minutes.",
        json_schema_extra=by("payment * 24 / interval_hours"),
    )
