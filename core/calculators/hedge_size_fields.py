"""What a ``hedge-size`` request may hold, and what its answer holds."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.declared import by
from core.calculators.fields import (
    Answer,
    ContractSizeField,
    Exact,
    Kind,
    NotNegative,
    Number,
    Positive,
    Request,
)
from core.exact import ONE, ZERO

HEDGE_KIND_HELP = (
    "linear: contracts of coins; inverse: contracts of quote (USD), whose coin exposure falls as the price rises; "
    "quanto: priced in quote and paid in a third coin, whose price the exposure follows."
)
SETTLE_PRICE_HELP = "Price of a quanto contract's settle coin, quote per coin; needed for quanto only."


class OtherHedge(Request):
    """Another hedge of the same bag."""

    kind: Kind = Field(default="linear", description=HEDGE_KIND_HELP)
    quantity: Number = Field(description="Position in the order unit, signed: short is negative.")
    contract_size: ContractSizeField = ONE
    price: Positive | None = Field(
        default=None,
        description="Price of that contract. Needed where it is inverse, and where the bag is given by its value.",
    )
    settle_price: Positive | None = Field(default=None, description=SETTLE_PRICE_HELP)
    beta: Positive = Field(default=ONE, description="Move of the bag per move of that contract's coin.")


class BagCoin(Request):
    """A coin of a bag of several: its value, or quantity and price."""

    name: str = Field(min_length=1, description="What to call it.")
    value: NotNegative | None = Field(default=None, description="Value held, in quote.")
    quantity: NotNegative | None = Field(default=None, description="Coins held, with price instead of value.")
    price: Positive | None = Field(default=None, description="Quote per coin, beside quantity.")
    beta: Number | None = Field(
        description="Move of the coin per move of the contract's coin: 1 for the same coin, 0 for a stablecoin."
    )


class LineAnswer(Answer):
    """One step of the arithmetic."""

    name: str
    formula: str = Field(description="How it was reckoned, with its numbers, to 12 digits.")
    value: Exact


class HedgeSizeRequest(Request):
    """The short that hedges a share of a bag of spot coins, and the order that gets there, line by line.

    Only a target_beta above the bag's own is answered by a long, and note says so.

    Give bag_quantity (coins), bag_value (quote), or bag (several coins with a beta each), and one target: target_ratio,
    target_money, target_coins, or target_floor with target_floor_price; the venue's filters where it has them. A bag
    hedged on another coin needs beta and bag_price (or bag_value); hedges that it has already go in other_hedges.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "linear",
                    "bag_quantity": "5",
                    "target_ratio": "0.55",
                    "price": "60000",
                    "current_quantity": "-2.5",
                    "quantity_step": "0.001",
                    "minimum_quantity": "0.001",
                    "minimum_notional": "100",
                }
            ]
        }
    )

    kind: Kind = Field(description=HEDGE_KIND_HELP)
    contract_size: ContractSizeField = ONE
    settle_price: Positive | None = Field(default=None, description=SETTLE_PRICE_HELP)
    bag_quantity: Positive | None = Field(default=None, description="Coins held.")
    bag_value: Positive | None = Field(
        default=None, description="Value held in quote, instead of bag_quantity; divided by price."
    )
    bag: tuple[BagCoin, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="The coins of the bag, instead of bag_quantity, bag_value and beta: their values add up to "
        "bag_value, and beta is the mean of theirs, weighted by value.",
    )
    bag_price: Positive | None = Field(
        default=None,
        description="Price of the bag's own coin, quote per coin, where the contract is on another coin. Left out: the "
        "contract's coin is the bag's.",
    )
    beta: Positive = Field(
        default=ONE,
        description="Move of the bag per move of the hedging contract's coin; 1 where they are the same coin.",
    )
    contract_beta: Positive = Field(
        default=ONE,
        description="Move of the contract itself per move of what beta is measured against (a futures contract's own "
        "beta): it takes beta / contract_beta of the contract.",
    )
    target_ratio: NotNegative | None = Field(
        default=None,
        description="Share of the bag (times beta) to hedge: 0.5 is half, 0 asks to close the hedge. Null: not known.",
    )
    target_beta: Number | None = Field(
        default=None,
        description="Beta that bag and hedge together are to have, instead of target_ratio, which is then "
        "1 - target_beta / beta. Above the bag's beta that takes a purchase: the answer is then a long, and says so.",
    )
    target_money: NotNegative | None = Field(
        default=None, description="Value of the bag to hedge, in quote, instead of target_ratio; needs a price."
    )
    target_coins: NotNegative | None = Field(
        default=None, description="Coins of the bag to hedge, instead of target_ratio."
    )
    target_floor: Positive | None = Field(
        default=None,
        description="Worth of bag and hedge together, in quote, that must be kept down to target_floor_price, instead "
        "of target_ratio: the short is (floor - hedge_profit - bag * floor price) / (price - floor price) coins, or 0.",
    )
    target_floor_price: NotNegative | None = Field(
        default=None, description="Worst price of the bag's coin to count with, below the present one; 0: any price."
    )
    hedge_profit: Number | None = Field(
        default=ZERO, description="What the hedge has earned so far, in quote; counts towards target_floor."
    )
    price: Positive | None = Field(
        default=None,
        description="Price of the contract, quote per coin, usually the mark. May be left out for a linear contract "
        "with bag_quantity, target_ratio or target_coins, and no minimum_notional.",
    )
    current_quantity: Number = Field(
        default=ZERO, description="Hedge held now in the venue's order unit, signed: short is negative."
    )
    other_hedges: tuple[OtherHedge, ...] = Field(
        default=(), max_length=100, description="Other hedges of the same bag: what they hedge is not hedged again."
    )
    quantity_step: Positive | None = Field(
        default=None, description="The venue's quantity step, in its order unit. Left out: nothing is rounded."
    )
    minimum_quantity: Positive | None = Field(default=None, description="Smallest order, in the order unit.")
    maximum_quantity: Positive | None = Field(default=None, description="Largest order, in the order unit.")
    minimum_notional: Positive | None = Field(default=None, description="Smallest order value, in quote.")


class HedgeSizeAnswer(Answer):
    """Quantities in the venue's order unit, deltas and residual in coins of the contract."""

    status: Literal["ok"] = "ok"
    exposure: Exact = Field(
        description="The bag in coins of the hedging contract: coins * beta / contract_beta, or value * beta / "
        "(price * contract_beta)."
    )
    target_ratio: Exact = Field(description="The target as a share of the bag; negative: a long that adds to it.")
    other_ratio: Exact = Field(description="Share of the bag that the other hedges have: the sum of theirs.")
    contract_ratio: Exact = Field(
        description="Share that is left for this contract: target_ratio - other_ratio, not below 0 (not above it where "
        "target_ratio is negative).",
    )
    target_delta: Exact = Field(
        description="Delta it should have, coins: -contract_ratio * exposure, negative for a short.",
        json_schema_extra=by("-contract_ratio * exposure"),
    )
    target_quantity: Exact = Field(description="Position that has it, signed, not rounded.")
    side: Literal["buy", "sell"] | None = Field(description="Side of the order; null where none is needed.")
    raw_quantity: Exact = Field(
        description="Size of the order before rounding.",
        json_schema_extra=by("abs(target_quantity - current_quantity)"),
    )
    quantity: Exact = Field(
        description="Size of the order rounded to quantity_step so as never to hedge more than the target: sales down, "
        "purchases up (but never through zero). A long is never larger than its target: purchases down, sales up."
    )
    reduce_only: bool = Field(description="True where the order only reduces the position held now.")
    notional: Exact | None = Field(description="Value of the order in quote; null without a price.")
    quantity_after: Exact = Field(description="Position after the order, signed.")
    ratio_before: Exact = Field(description="-delta / exposure of the position held now, and of the other hedges.")
    ratio_after: Exact = Field(description="The same after the order.")
    drift_before: Exact = Field(
        description="ratio_before - target_ratio; positive is over-hedged.",
        json_schema_extra=by("ratio_before - target_ratio"),
    )
    drift_after: Exact = Field(
        description="ratio_after - target_ratio.", json_schema_extra=by("ratio_after - target_ratio")
    )
    residual_coins: Exact = Field(description="Delta still wanted after the order, signed; negative: more to sell.")
    beta_after: Exact | None = Field(
        description="Beta of bag and hedge after the order: beta * (1 - ratio_after); null without target_beta."
    )
    note: str | None = Field(description="Where the target takes a long: that it does. Null for a short.")
    refusals: tuple[str, ...] = Field(description="Why the order cannot be sent; empty where it can.")
    lines: tuple[LineAnswer, ...] = Field(description="The arithmetic, step by step.")
