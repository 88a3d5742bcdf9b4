"""Request and answer of ``carry``."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.declared import by
from core.calculators.fields import (
    QUANTITY_HELP,
    YEAR_DAYS_HELP,
    Answer,
    ContractSizeField,
    Exact,
    FeeRate,
    Hours,
    IntervalRate,
    KindField,
    NotNegative,
    Number,
    Positive,
    Request,
    Side,
    Undefined,
    YearDays,
)
from core.exact import ONE, ZERO
from core.funding import YEAR


class ElsewhereField(Request):
    """The same hedge on another contract or venue."""

    name: str = Field(min_length=1, max_length=100, description="What to call it in the answer.")
    rate: IntervalRate = Field(description="Its funding rate, a fraction per its own interval.")
    interval_hours: Hours = Field(description="Hours between its settlements.")
    open_fee_rate: FeeRate = Field(default=ZERO, description="Fee to open there, a fraction of notional.")
    spread_fraction: NotNegative = Field(default=ZERO, description="Its spread, bid to ask, as a fraction of price.")


class BorrowField(Request):
    """A stablecoin balance that losses of the hedge may have made negative."""

    balance: Number = Field(description="In the stablecoin; negative is owed.")
    yearly_rate: NotNegative = Field(description="Interest a year, a fraction: 0.1 is 10%.")


class CarryRequest(Request):
    """What a hedge earns or costs while it is held.

    Give rate and interval_hours, and the position: quantity and mark_price, or notional. Without one, money is per 1
    of notional. settled_rates make the outlook beyond the next settlement; without them the rate is held.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "linear",
                    "side": "short",
                    "quantity": "2.5",
                    "mark_price": "60000",
                    "rate": "-0.0003",
                    "interval_hours": 8,
                    "open_fee_rate": "0.0005",
                    "close_fee_rate": "0.0005",
                    "horizon_days": "30",
                },
                {
                    "kind": "inverse",
                    "side": "short",
                    "quantity": "1500",
                    "contract_size": "100",
                    "mark_price": "60000",
                    "rate": "0.0001",
                    "settled_rates": ["0.0002", "-0.0001", "0.0001", "0.0002"],
                    "interval_hours": 8,
                    "hours_to_next": "3.5",
                    "open_fee_rate": "0.0005",
                    "close_fee_rate": "0.0005",
                    "spread": "6",
                    "funding_received": "-0.0005",
                    "budget": "0.01",
                    "elsewhere": [{"name": "other", "rate": "0.0001", "interval_hours": 4, "open_fee_rate": "0.0004"}],
                },
            ]
        }
    )

    kind: KindField
    side: Side = Field(default="short", description="Side of the hedge.")
    quantity: Positive | None = Field(default=None, description=QUANTITY_HELP)
    contract_size: ContractSizeField = ONE
    mark_price: Positive | None = Field(default=None, description="Mark price, quote per coin; held from here on.")
    notional: Positive | None = Field(
        default=None, description="Value of the hedge in the settle currency, instead of quantity and mark_price."
    )
    rate: IntervalRate | None = Field(
        description="Rate of the next settlement as predicted now, a fraction per interval, positive when longs pay "
        "shorts. Null: not known."
    )
    settled_rates: tuple[IntervalRate, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=10_000,
        description="Rates of the last settlements, oldest first: their mean stands for those after the next, their "
        "least and greatest for its bounds.",
    )
    interval_hours: Hours | None = Field(
        description="Hours between settlements of this contract; there is no default. Null: not known."
    )
    hours_to_next: NotNegative | None = Field(
        default=None, description="Hours to the next settlement; a whole interval where left out."
    )
    cap: IntervalRate | None = Field(default=None, description="Highest rate the venue allows.")
    floor: IntervalRate | None = Field(default=None, description="Lowest rate the venue allows (signed).")
    open_fee_rate: FeeRate = Field(default=ZERO, description="Fee to open, a fraction of notional; - is a rebate.")
    close_fee_rate: FeeRate = Field(default=ZERO, description="Fee to close, a fraction of notional.")
    spread: NotNegative | None = Field(
        default=None, description="From bid to ask, quote per coin: half is lost at each end. Needs mark_price."
    )
    spread_fraction: NotNegative | None = Field(default=None, description="The same as a fraction of the price.")
    horizon_days: Positive = Field(
        default=Decimal(30),
        description="Days the hedge is to be held, for what it costs and the price that pays for it.",
    )
    funding_received: Number = Field(default=ZERO, description="Funding so far, settle currency, + received, - paid.")
    budget: Positive | None = Field(
        default=None, description="What funding may cost in all, settle currency: asks for the share used."
    )
    year_days: YearDays = Field(default=YEAR, description=YEAR_DAYS_HELP)
    compounding_hours: Hours | None = Field(
        default=None,
        description="Hours after which what came in is reinvested, for annualised_compounded: 24 for daily. Left out: "
        "every interval.",
    )
    previous_interval_hours: Hours | None = Field(
        default=None, description="The interval before the venue changed it: asks for interval_change."
    )
    borrow: BorrowField | None = Field(default=None, description="Asks for the interest on a negative balance.")
    elsewhere: tuple[ElsewhereField, ...] = Field(
        default=(), max_length=1000, description="The same hedge elsewhere: gain a month against the cost to move."
    )


class ProjectionField(Answer):
    """Funding to come over some hours. Money in the settle currency, + received."""

    hours: Exact
    settlements: Exact = Field(description="How many fall into them.")
    expected: Exact = Field(description="The next at rate, the others at rate_assumed.")
    expected_quote: Exact | None = Field(
        description="In quote at the mark; null for quanto and without a mark.",
        json_schema_extra=by(linear="expected", inverse="expected * mark_price"),
    )
    low: Exact | None = Field(description="With the worst settled rate for all after the next; null without them.")
    high: Exact | None = Field(description="With the best of them.")


class IntervalChangeField(Answer):
    """The printed rate under the interval before and the present one."""

    per_8_hours_before: Exact
    per_8_hours_after: Exact
    annualised_before: Exact
    annualised_after: Exact
    equal_rate: Exact = Field(description="Printed rate of the present interval that costs what rate did before.")


class StreakField(Answer):
    """The run of one sign with which settled_rates ends."""

    pays: Literal["shorts", "longs", "nobody"] = Field(description="Whom the last settlement paid.")
    length: Exact = Field(description="Settlements of that sign in a row.")
    flips: Exact = Field(description="Changes of sign in all.")


class MoveField(Answer):
    """Moving the hedge. Money in the settle currency."""

    name: str
    carry_per_day: Exact
    gain_per_month: Exact = Field(description="30 days of carry there less 30 here.")
    cost: Exact = Field(description="Fee and half-spread to close here and to open there, + paid.")
    days_to_repay: Exact | None = Field(description="cost / gain a day; null where moving gains nothing.")


class CarryAnswer(Answer):
    """Money in the settle currency, + received; costs and fees + paid. All beyond the next settlement is estimated."""

    status: Literal["ok"] = "ok"
    settle: str = Field(description="quote, coin, settlement coin; or 1 of notional where no position is given.")
    estimate: Literal[True] = Field(default=True, description="Rates to come are not known and the mark is held.")
    assumption: str = Field(description="What stands for the rates after the next settlement.")
    notional: Exact
    rate: Exact = Field(description="Of the next settlement, within cap and floor.")
    rate_assumed: Exact = Field(description="Of the settlements after it, within cap and floor.")
    rate_per_8_hours: Exact = Field(
        description="rate_assumed * 8 / interval_hours.", json_schema_extra=by("rate_assumed * 8 / interval_hours")
    )
    annualised: Exact = Field(
        description="rate_assumed simple per year, positive when longs pay shorts.",
        json_schema_extra=by("rate_assumed * 24 * year_days / interval_hours"),
    )
    annualised_compounded: Exact = Field(
        description="(1 + rate_assumed) ^ (24 * year_days / interval_hours) - 1; with compounding_hours: "
        "(1 + rate_assumed * compounding_hours / interval_hours) ^ (24 * year_days / compounding_hours) - 1.",
        json_schema_extra=by(
            "(1 + rate_assumed * compounding_hours / interval_hours) ** (24 * year_days / compounding_hours) - 1",
            "(1 + rate_assumed) ** (24 * year_days / interval_hours) - 1",
        ),
    )
    next_payment: Exact = Field(description="Cash of the next settlement.")
    next_payment_quote: Exact | None = Field(
        json_schema_extra=by(linear="next_payment", inverse="next_payment * mark_price")
    )
    projections: tuple[ProjectionField, ...] = Field(description="Over 24 hours, 7 days and 30 days.")
    carry_per_day: Exact = Field(description="At rate_assumed.")
    carry_per_month: Exact = Field(description="30 days of it.", json_schema_extra=by("carry_per_day * 30"))
    carry_per_year: Exact = Field(description="year_days of it.", json_schema_extra=by("carry_per_day * year_days"))
    carry_per_day_quote: Exact | None = Field(
        json_schema_extra=by(linear="carry_per_day", inverse="carry_per_day * mark_price")
    )
    carry_per_month_quote: Exact | None = Field(
        json_schema_extra=by(linear="carry_per_month", inverse="carry_per_month * mark_price")
    )
    carry_per_year_quote: Exact | None = Field(
        json_schema_extra=by(linear="carry_per_year", inverse="carry_per_year * mark_price")
    )
    cost_per_day: Exact = Field(
        description="What the hedge costs a day: the carry with its sign turned; - is income.",
        json_schema_extra=by("-carry_per_day"),
    )
    round_trip_cost: Exact = Field(description="Fees to open and close and the spread, + paid.")
    break_even_days: Exact | None = Field(description="Days of carry that repay round_trip_cost.")
    break_even_rate: Exact = Field(
        description="Rate an interval in the hedge's favour that repays round_trip_cost over horizon_days.",
        json_schema_extra=by("round_trip_cost / notional * interval_hours / (24 * horizon_days)"),
    )
    net_annualised: Exact = Field(
        description="Carry over horizon_days less round_trip_cost, as a simple yearly fraction of notional; + gain.",
        json_schema_extra=by("(carry_per_day * horizon_days - round_trip_cost) / notional * year_days / horizon_days"),
    )
    cost_over_horizon: Exact = Field(
        description="round_trip_cost - funding_received - carry over horizon_days: what the price must pay; - is gain.",
        json_schema_extra=by("round_trip_cost - funding_received - carry_per_day * horizon_days"),
    )
    pays_back_move: Exact | None = Field(
        description="Move of the price, a fraction, at which the hedge itself has gained cost_over_horizon: negative "
        "(a fall) for a short that costs money, positive where it may give income back.",
        json_schema_extra=by("(pays_back_price - mark_price) / mark_price"),
    )
    pays_back_price: Exact | None = Field(description="That price; null without a mark_price.")
    budget_used: Exact | None = Field(description="-funding_received / budget: negative where funding came in.")
    budget_left: Exact | None = Field(
        description="budget + funding_received.", json_schema_extra=by("budget + funding_received")
    )
    budget_days: Exact | None = Field(description="Days until it is used up at the carry of carry_per_day.")
    streak: StreakField | None
    interval_change: IntervalChangeField | None
    borrow_per_day: Exact | None = Field(description="Interest a day on borrow.balance in its currency, - paid.")
    borrow_over_horizon: Exact | None
    elsewhere: tuple[MoveField, ...]
    undefined: Undefined
