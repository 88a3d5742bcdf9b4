"""Request and answer of ``basis``."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from core.basis import Compounding
from core.calculators.declared import by
from core.calculators.fields import (
    QUANTITY_HELP,
    YEAR_DAYS_HELP,
    Answer,
    ContractSizeField,
    Exact,
    FeeRate,
    Instant,
    Kind,
    NotNegative,
    Number,
    Positive,
    Request,
    Side,
    Undefined,
    YearDays,
    YearlyRate,
)
from core.exact import ONE, ZERO
from core.funding import YEAR

EXPIRY_HELP = "Instant of expiry with its time zone (crypto venues: 08:00 UTC), instead of days; needs now."


class ContractField(Request):
    """A contract as it trades: its price (or bid and ask) and how long it runs (days, or expiry)."""

    price: Positive | None = Field(default=None, description="Middle or mark price, quote per coin.")
    bid_price: Positive | None = Field(default=None, description="With ask_price instead of price and spread.")
    ask_price: Positive | None = Field(default=None, description="With bid_price instead of price and spread.")
    spread: NotNegative = Field(default=ZERO, description="From bid to ask, quote per coin; half is paid each way.")
    days: Positive | None = Field(default=None, description="Days to expiry; may have a fraction.")
    years: Positive | None = Field(default=None, description="Years of year_days to expiry, instead of days.")
    expiry: Instant | None = Field(default=None, description=EXPIRY_HELP)
    fee_rate: FeeRate = Field(default=ZERO, description="Fee of a fill, a fraction of its notional.")


class BasisRequest(ContractField):
    """A contract against spot. For a perpetual leave out days, years and expiry.

    Add far for a roll or a constant maturity, coins for a synthetic dollar, side and quantity for amounts, and
    interest_rate for what the contract is worth by its cost of carry; price may then be left out.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "spot_price": "60000",
                    "price": "61200",
                    "now": "2026-01-26T08:00:00Z",
                    "expiry": "2026-03-27T08:00:00Z",
                },
                {
                    "bid_price": "60190",
                    "ask_price": "60210",
                    "days": "10",
                    "fee_rate": "0.0005",
                    "far": {"bid_price": "61180", "ask_price": "61220", "days": "101", "fee_rate": "0.0005"},
                    "spot_price": "60000",
                    "side": "short",
                    "quantity": "2.5",
                    "maturity_days": "30",
                },
            ]
        }
    )

    spot_price: Positive | None = Field(
        default=None, description="Spot or index price of the coin, quote per coin. May be left out for a roll only."
    )
    now: Instant | None = Field(default=None, description="The present instant with its time zone, beside an expiry.")
    far: ContractField | None = Field(default=None, description="A later contract of the same kind and size.")
    maturity_days: Positive | None = Field(
        default=None, description="Days of a constant maturity between the two contracts; needs far and spot_price."
    )
    kind: Kind = Field(
        default="linear", description="linear, inverse (coin-margined) or quanto: decides in what a roll is paid."
    )
    side: Side = Field(default="short", description="Side of the position held in the contract.")
    quantity: Positive | None = Field(default=None, description=QUANTITY_HELP)
    contract_size: ContractSizeField = ONE
    interest_rate: YearlyRate | None = Field(
        default=None, description="Interest a year, a fraction: asks for fair_price; needs spot_price and days."
    )
    dividend_yield: YearlyRate = Field(
        default=ZERO, description="What the coin yields a year (staking, lending, a dividend), a fraction."
    )
    income: Number = Field(
        default=ZERO,
        description="Present value of what a coin pays until expiry, quote per coin; negative: what storing it costs.",
    )
    compounding: Compounding = Field(
        default="continuous",
        description="Of interest_rate, dividend_yield and implied_rate: continuous, so often a year, or simple.",
    )
    year_days: YearDays = Field(default=YEAR, description=YEAR_DAYS_HELP)
    coins: Positive | None = Field(
        default=None,
        description="Coins put up as the whole margin of a coin-margined short: asks for synthetic_dollar.",
    )


class RollField(Answer):
    """Leaving the contract for the far one, per coin in quote and for the quantity in the settle currency."""

    gap: Exact = Field(description="far price - price, quote per coin: what a short receives before costs.")
    gain_per_coin: Exact = Field(description="Before costs, quote per coin; + received (a long: minus the gap).")
    net_per_coin: Exact = Field(description="After two fees and two half-spreads, quote per coin.")
    yearly: Exact = Field(
        description="ln(far / near) * year_days / (far days - days): what a short earns a year, before costs."
    )
    gain: Exact | None = Field(description="For the quantity, settle currency; null without one.")
    spread_cost: Exact | None = Field(description="Two half-spreads, + paid.")
    fees: Exact | None = Field(description="Fees of both fills, + paid.")
    net: Exact | None = Field(description="gain - spread_cost - fees.")
    net_quote: Exact | None = Field(description="net in quote, at the far price; null for quanto.")


class SyntheticDollarField(Answer):
    """Coins hedged whole by a coin-margined short held to expiry."""

    locked: Exact = Field(description="coins * price: quote to sell, and what it is worth at expiry at any price.")
    worth: Exact = Field(description="Worth now at spot.")
    earned: Exact = Field(description="locked / worth - 1, a fraction over the days left.")


class BasisAnswer(Answer):
    """Rates are fractions of spot; positive is a contract above spot, which a short earns by expiry."""

    status: Literal["ok"] = "ok"
    settle: str
    days: Exact | None = Field(description="Days to expiry, with their fraction; null for a perpetual.")
    basis: Exact | None = Field(description="price / spot_price - 1.")
    basis_quote: Exact | None = Field(description="price - spot_price, quote per coin.")
    annualised: Exact | None = Field(description="Simple: basis * year_days / days.")
    annualised_log: Exact | None = Field(description="ln(price / spot_price) * year_days / days.")
    annualised_compounded: Exact | None = Field(description="(price / spot_price) ^ (year_days / days) - 1.")
    earned_by_expiry: Exact | None = Field(
        description="What the position earns against its own coins by expiry, in quote: + earned. Linear: quantity * "
        "(price - spot); inverse: its dollars * (1 - spot / price); the opposite for a long. Null for quanto."
    )
    far_basis: Exact | None = Field(description="The far contract's basis.")
    far_annualised: Exact | None = Field(description="The far contract's, simple.")
    maturity_annualised: Exact | None = Field(
        description="At maturity_days, linear in days between the simple yearly figures of the two contracts."
    )
    roll: RollField | None
    synthetic_dollar: SyntheticDollarField | None
    implied_rate: Exact | None = Field(
        description="Interest a year, compounded as compounding says, at which fair_price is the price: what buying "
        "the coin and selling the contract earns (implied repo)."
    )
    fair_price: Exact | None = Field(
        description="Cost of carry: (spot_price - income) grown at interest_rate less dividend_yield, quote per coin."
    )
    mispricing: Exact | None = Field(
        description="price - fair_price: what selling the contract and carrying the coin gains, before costs.",
        json_schema_extra=by("price - fair_price", "(bid_price + ask_price) / 2 - fair_price"),
    )
    undefined: Undefined
