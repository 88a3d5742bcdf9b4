"""What a ``margin`` request may hold, and what its answer holds."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.declared import by
from core.calculators.fields import (
    QUANTITY_HELP,
    SIDE_HELP,
    Answer,
    ContractSizeField,
    Exact,
    FeeRate,
    KindField,
    NotNegative,
    Number,
    Part,
    Positive,
    Request,
    Share,
    Side,
    Undefined,
)
from core.calculators.tier_fields import TIER_UNIT_HELP, TIERS_HELP, TierAnswer, TierField, TierUnit
from core.exact import ONE, ZERO


class MarginRequest(Request):
    """Margin of a position, and how near its account is to the line; give what you ask about.

    The position is quantity with mark_price and/or entry_price, or a bare notional. leverage asks for initial margin;
    tiers or maintenance_rate for maintenance margin; wallet_balance (with side, entry_price and mark_price, so that
    unrealised profit can be added) or equity for the ratios; side and entry_price with leverage or wallet_balance for
    the bankruptcy price. tiers alone fills in their deductions; equity with the other_ fields reckons an account.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "linear",
                    "side": "short",
                    "quantity": "2.5",
                    "entry_price": "60000",
                    "mark_price": "63000",
                    "leverage": "2",
                    "wallet_balance": "75000",
                    "tiers": [{"floor": "0", "rate": "0.004"}, {"floor": "50000", "rate": "0.005"}],
                }
            ]
        }
    )

    kind: KindField
    side: Side | None = Field(default=None, description=SIDE_HELP)
    quantity: Positive | None = Field(default=None, description=QUANTITY_HELP)
    contract_size: ContractSizeField = ONE
    entry_price: Positive | None = Field(default=None, description="Average entry price, quote per coin.")
    mark_price: Positive | None = Field(
        default=None,
        description="Mark price, quote per coin. Notional is taken at mark; at entry where no mark is given.",
    )
    notional: Positive | None = Field(
        default=None, description="Value of the position in the settle currency, instead of quantity and prices."
    )
    leverage: Positive | None = Field(default=None, description="Leverage chosen; asks for the initial margin.")
    initial_rate: Part | None = Field(
        default=None, description="Initial margin rate, a fraction of notional, instead of leverage (1 / leverage)."
    )
    initial_rate_slope: NotNegative = Field(
        default=ZERO,
        description="Added to initial_rate per coin of size, for venues with a continuous ladder (Deribit).",
    )
    initial_per_contract: Positive | None = Field(
        default=None,
        description="Initial margin of one contract in the settle currency, instead of leverage, as exchanges with "
        "clearing state it (CME); needs quantity.",
    )
    initial_margin_at: Literal["mark", "entry"] = Field(
        default="mark",
        description="Price at which the venue reckons initial margin and the opening fee: mark (Binance) or entry "
        "(Bybit). Where only one price is given it is that one.",
    )
    maintenance_margin_at: Literal["mark", "entry"] = Field(
        default="mark",
        description="Price at which the venue reckons maintenance margin: mark (Binance), or entry (Bybit isolated, "
        "Toobit). Where only one price is given it is that one.",
    )
    opening_fee_rate: FeeRate = Field(default=ZERO, description="Fee to open, a fraction of notional.")
    closing_fee_rate: FeeRate = Field(
        default=ZERO, description="Fee to close, a fraction of notional, where the venue adds it to its requirements."
    )
    closing_fee_at: Literal["mark", "bankruptcy", "value_and_margin"] = Field(
        default="mark",
        description="What the closing fee is reckoned on: the notional; the value at the bankruptcy price (Bybit; "
        "needs side and entry_price); or the entry value plus the position's margin (KuCoin; needs entry_price). Both "
        "need leverage, initial_rate or wallet_balance.",
    )
    adjustment_factor: NotNegative | None = Field(
        default=None,
        description="Asks for margin_rate, where a venue liquidates once equity / initial margin has fallen to this "
        "fraction (HTX; BingX standard futures: 0.1).",
    )
    tiers: tuple[TierField, ...] | None = Field(default=None, min_length=1, max_length=1000, description=TIERS_HELP)
    tier_unit: TierUnit | None = Field(default=None, description=f"{TIER_UNIT_HELP} contracts needs quantity.")
    maintenance_rate: Share | None = Field(
        default=None, description="Maintenance rate, a fraction of notional, instead of tiers."
    )
    maintenance_per_contract: Positive | None = Field(
        default=None,
        description="Maintenance margin of one contract, settle currency, instead of tiers; needs quantity.",
    )
    maintenance_deduction: NotNegative = Field(
        default=ZERO, description="Taken off maintenance_rate * notional, settle currency."
    )
    maintenance_rate_slope: NotNegative = Field(
        default=ZERO,
        description="Added to maintenance_rate per coin of size, for venues with a continuous ladder (Deribit).",
    )
    wallet_balance: Number | None = Field(
        default=None,
        description="Isolated margin, or the whole wallet in cross, without unrealised profit; settle currency.",
    )
    equity: Number | None = Field(
        default=None,
        description="Margin balance including all unrealised profit, settle currency, instead of wallet_balance.",
    )
    other_unrealised: Number | None = Field(
        default=ZERO, description="Unrealised profit of the other positions on the wallet, settle currency."
    )
    other_initial_margin: NotNegative | None = Field(
        default=ZERO, description="Initial margin of the other positions, settle currency."
    )
    other_maintenance_margin: NotNegative | None = Field(
        default=ZERO, description="Maintenance margin of the other positions, settle currency."
    )


class MarginAnswer(Answer):
    """Money in the settle currency. A figure that was not asked for is null; see ``undefined`` for the others."""

    status: Literal["ok"] = "ok"
    settle: str
    notional: Exact | None = Field(description="Position value at mark, or at entry where no mark is given.")
    notional_quote: Exact | None = Field(
        description="The same in quote.",
        json_schema_extra=by(linear="notional", inverse=["notional * mark_price", "notional * entry_price"]),
    )
    delta: Exact | None = Field(description="Exposure in coins, unsigned unless a side is given; null for quanto.")
    initial_rate: Exact | None = Field(description="Initial margin rate that applies; null with leverage.")
    initial_margin: Exact | None = Field(
        description="Value / leverage, value * initial_rate, or so much a contract; without fees."
    )
    opening_fee: Exact | None
    closing_fee: Exact | None
    fees: Exact | None = Field(
        description="opening_fee + closing_fee.", json_schema_extra=by("opening_fee + closing_fee")
    )
    initial_requirement: Exact | None = Field(
        description="initial_margin + closing_fee (Bybit's positionIM).",
        json_schema_extra=by("initial_margin + closing_fee"),
    )
    order_cost: Exact | None = Field(
        description="initial_margin + opening_fee + closing_fee.",
        json_schema_extra=by("initial_margin + opening_fee + closing_fee"),
    )
    tiers: tuple[TierAnswer, ...] | None = Field(description="The tiers with caps and deductions filled in.")
    tier: TierAnswer | None = Field(description="The tier that the notional falls in.")
    maintenance_rate: Exact | None = Field(description="The rate that applies, a fraction of notional.")
    maintenance_margin: Exact | None = Field(description="notional * rate - deduction, without fees.")
    maintenance_requirement: Exact | None = Field(
        description="maintenance_margin + closing_fee (Bybit's positionMM; what OKX compares equity with).",
        json_schema_extra=by("maintenance_margin + closing_fee"),
    )
    unrealised: Exact | None = Field(description="Unrealised profit from entry to mark.")
    equity: Exact | None = Field(
        description="Margin balance: wallet + all unrealised profit.",
        json_schema_extra=by("wallet_balance + unrealised + other_unrealised", "wallet_balance + other_unrealised"),
    )
    margin_usage: Exact | None = Field(
        description="All maintenance requirements / equity: 1 is liquidation, higher is worse (margin ratio of "
        "Binance).",
        json_schema_extra=by(
            "(maintenance_requirement + other_maintenance_margin) / equity", "other_maintenance_margin / equity"
        ),
    )
    health: Exact | None = Field(
        description="equity / all maintenance requirements: 1 is liquidation (OKX's ratio).",
        json_schema_extra=by(
            "equity / (maintenance_requirement + other_maintenance_margin)", "equity / other_maintenance_margin"
        ),
    )
    initial_usage: Exact | None = Field(
        description="All initial requirements / equity.",
        json_schema_extra=by("(initial_requirement + other_initial_margin) / equity", "other_initial_margin / equity"),
    )
    available: Exact | None = Field(
        description="equity - all initial requirements.",
        json_schema_extra=by("equity - initial_requirement - other_initial_margin", "equity - other_initial_margin"),
    )
    effective_leverage: Exact | None = Field(
        description="notional / equity; null where there is none.", json_schema_extra=by("notional / equity")
    )
    equity_to_notional: Exact | None = Field(
        description="equity / notional.", json_schema_extra=by("equity / notional")
    )
    margin_rate: Exact | None = Field(
        description="equity / all initial margin (without fees) - adjustment_factor: 0 is liquidation.",
        json_schema_extra=by(
            "equity / (initial_margin + other_initial_margin) - adjustment_factor",
            "equity / other_initial_margin - adjustment_factor",
        ),
    )
    bankruptcy_price: Exact | None = Field(
        description="Price at which this position's own margin (wallet_balance, or entry value / leverage) is used up. "
        "With side, entry_price and leverage alone: that of every size."
    )
    bankruptcy_price_after_fee: Exact | None = Field(description="The same with the closing fee paid out of it too.")
    undefined: Undefined = Field(default_factory=dict)
