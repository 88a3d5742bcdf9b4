"""What a ``liquidation`` request may hold, and what its answers hold."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.fields import (
    QUANTITY_HELP,
    Answer,
    ContractSizeField,
    Exact,
    KindField,
    NotNegative,
    Number,
    Positive,
    Request,
    Share,
    SideField,
    Undefined,
)
from core.calculators.rule_fields import RulesName
from core.calculators.tier_fields import TIER_UNIT_HELP, TIERS_HELP, TierAnswer, TierField, TierUnit
from core.exact import ONE, ZERO
from core.margin_rules import RequirementAt


class LiquidationRequest(Request):
    """Liquidation price of one position, isolated or in cross with others held at their marks.

    Give what backs it, one of margin, leverage, equity (isolated) or wallet_balance, equity (cross); what it must
    keep, one of tiers, maintenance_rate, maintenance_margin, maintenance_per_contract; and its size: quantity,
    notional, or margin together with leverage. With leverage and maintenance_rate alone every size has the same price,
    and none need be given.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "linear",
                    "side": "short",
                    "quantity": "2.5",
                    "entry_price": "60000",
                    "leverage": "2",
                    "mark_price": "60000",
                    "tiers": [{"floor": "0", "rate": "0.004"}, {"floor": "50000", "rate": "0.005"}],
                    "venue": "binance",
                },
                {
                    "kind": "inverse",
                    "side": "short",
                    "quantity": "150000",
                    "entry_price": "60000",
                    "margin": "2.5",
                    "maintenance_rate": "0.005",
                },
            ]
        }
    )

    kind: KindField
    side: SideField
    quantity: Positive | None = Field(default=None, description=QUANTITY_HELP)
    notional: Positive | None = Field(
        default=None, description="Value of the position at entry_price in the settle currency, instead of quantity."
    )
    contract_size: ContractSizeField = ONE
    margin_mode: Literal["isolated", "cross"] = Field(
        default="isolated", description="cross counts the other positions' profit and maintenance margin."
    )
    entry_price: Positive | None = Field(
        default=None, description="Average entry price, quote per coin. Not needed with equity and mark_price."
    )
    margin: Number | None = Field(
        default=None,
        description="isolated: margin of the position without unrealised profit, settle currency. Together with "
        "leverage and without a size: the position is worth margin * leverage.",
    )
    wallet_balance: Number | None = Field(
        default=None, description="cross: the whole wallet without unrealised profit, settle currency."
    )
    leverage: Positive | None = Field(
        default=None, description="isolated: margin is the entry value / leverage, plus extra_margin."
    )
    extra_margin: Number = Field(
        default=ZERO, description="Margin added to (or taken from) what leverage gives, settle currency."
    )
    equity: Number | None = Field(
        default=None,
        description="Margin or wallet with all unrealised profit at mark_price, settle currency; needs mark_price.",
    )
    other_unrealised: Number | None = Field(
        default=ZERO, description="cross: unrealised profit of the other positions, settle currency."
    )
    other_maintenance_margin: NotNegative | None = Field(
        default=ZERO, description="cross: maintenance margin of the other positions, settle currency."
    )
    tiers: tuple[TierField, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description=f"{TIERS_HELP} The tier is the one at the liquidation price.",
    )
    tier_unit: TierUnit | None = Field(default=None, description=TIER_UNIT_HELP)
    maintenance_rate: Share | None = Field(
        default=None, description="One maintenance rate, a fraction of notional, instead of tiers."
    )
    maintenance_deduction: NotNegative = Field(
        default=ZERO, description="Taken off maintenance_rate * notional, settle currency."
    )
    maintenance_margin: NotNegative | None = Field(
        default=None, description="The requirement as a fixed amount of settle currency, instead of tiers."
    )
    maintenance_per_contract: Positive | None = Field(
        default=None,
        description="The requirement as a fixed amount of settle currency for each contract, instead of tiers, as "
        "exchanges with clearing state it (CME).",
    )
    closing_fee_rate: Share = Field(
        default=ZERO,
        description="Fee to close, a fraction of notional, where the venue adds it to the requirement (OKX, Gate).",
    )
    requirement_at: RequirementAt | None = Field(
        default=None,
        description="Where the requirement is evaluated: at_liquidation (the unknown price itself; the default), "
        "at_entry (fixed when opened) or at_mark (needs mark_price).",
    )
    venue: RulesName | None = Field(
        default=None,
        description="Take the rules recorded for a venue, or a rule set by its name, instead of requirement_at. Where "
        "they add a closing fee to the requirement (bingx, mexc, okx), closing_fee_rate must be given; where they add "
        "none it must be left out or 0.",
    )
    mark_price: Positive | None = Field(default=None, description="Mark price, quote per coin; asks for the distance.")


class LiquidationAnswer(Answer):
    """A liquidation price and what goes with it."""

    status: Literal["ok"] = "ok"
    liquidation_price: Exact = Field(description="Quote per coin, exact; venues round it to the tick.")
    distance: Exact | None = Field(
        description="Fraction of mark: (mark - price) / mark for a long, (price - mark) / mark for a short. Positive "
        "is safe. Null without a mark_price."
    )
    settle: str
    margin: Exact | None = Field(
        description="The margin or wallet reckoned with, without unrealised profit of the position; null where no size "
        "was given and every size has this price."
    )
    tier: TierAnswer | None = Field(description="The tier at the liquidation price; null for a fixed requirement.")
    requirement_at: Literal["at_liquidation", "at_entry", "at_mark", "fixed"]
    bankruptcy_price: Exact | None = Field(
        description="Where the margin is used up; isolated only, others' positions do not enter it."
    )
    bankruptcy_price_after_fee: Exact | None = Field(description="The same with the closing fee paid out of it too.")
    estimate: bool | None = Field(
        description="With a venue: whether its own figure may differ by more than a tick. Null without one."
    )
    note: str | None = Field(description="With a venue: what its convention rests on, and from when.")
    undefined: Undefined = Field(default_factory=dict)


class NoLiquidationAnswer(Answer):
    """No move of this price liquidates the position."""

    status: Literal["none"] = "none"
    reason: str
    estimate: bool | None = None
    note: str | None = None


class LiquidatedAnswer(Answer):
    """The equity is below the requirement at every price: the opposite of safe."""

    status: Literal["liquidated"] = "liquidated"
    reason: str
