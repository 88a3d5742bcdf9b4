"""Request and answer of ``adl``."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.fields import (
    KIND_HELP,
    QUANTITY_HELP,
    SIDE_HELP,
    Answer,
    ContractSizeField,
    Exact,
    Kind,
    NotNegative,
    Number,
    Positive,
    Request,
    Side,
    Undefined,
)
from core.exact import ONE


class QueuedField(Request):
    """Another position of the same side in the queue."""

    score: Number = Field(description="Its score by the same rule.")
    quantity: Positive | None = Field(default=None, description="Its size in the order unit; of all or of none.")


class AdlRequest(Request):
    """Where a position stands among those that auto-deleveraging closes first.

    rule position: profit_ratio (or side, entry_price and mark_price), and effective_leverage (or bankruptcy_price,
    leverage, margin or equity). rule account: wallet_balance, unrealised, and maintenance_margin or margin_ratio. With
    a queue also the place in it, and with liquidated_quantity what is closed.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "linear",
                    "side": "short",
                    "quantity": "2.5",
                    "entry_price": "60000",
                    "mark_price": "48000",
                    "leverage": "3",
                    "queue": [{"score": "1.2", "quantity": "4"}, {"score": "0.3", "quantity": "3.5"}],
                    "liquidated_quantity": "5",
                }
            ]
        }
    )

    rule: Literal["position", "account"] = Field(
        default="position",
        description="position: profit on the value at entry times effective leverage, divided by it for a loss "
        "(BitMEX, Bybit); account: profit on the wallet balance times the margin ratio (Binance).",
    )
    kind: Kind = Field(default="linear", description=KIND_HELP)
    contract_size: ContractSizeField = ONE
    side: Side | None = Field(default=None, description=SIDE_HELP)
    quantity: Positive | None = Field(
        default=None, description=f"{QUANTITY_HELP} Needed with margin, equity or sizes of the queue."
    )
    entry_price: Positive | None = Field(default=None, description="Average entry, quote per coin.")
    mark_price: Positive | None = Field(default=None, description="Mark price, quote per coin.")
    profit_ratio: Number | None = Field(
        default=None, description="Profit on the value at entry, a fraction, instead of the prices; a loss is negative."
    )
    effective_leverage: Positive | None = Field(
        default=None, description="Value at the mark over what is left of the margin there."
    )
    bankruptcy_price: Positive | None = Field(
        default=None, description="Instead of effective_leverage: the price at which nothing is left of the margin."
    )
    leverage: Positive | None = Field(
        default=None, description="Instead: leverage set, isolated, so that the margin is the value at entry over it."
    )
    margin: Positive | None = Field(default=None, description="Instead: margin of the position, settle currency.")
    equity: Number | None = Field(
        default=None, description="Instead: what backs it at the mark, profit included (cross), settle currency."
    )
    wallet_balance: Number | None = Field(default=None, description="rule account: balance without profit.")
    unrealised: Number | None = Field(default=None, description="rule account: profit not realised, + gained.")
    maintenance_margin: NotNegative | None = Field(default=None, description="rule account: maintenance margin.")
    margin_ratio: NotNegative | None = Field(
        default=None, description="rule account: maintenance margin over equity, a fraction, instead."
    )
    queue: tuple[QueuedField, ...] | None = Field(
        default=None, max_length=100_000, description="The other positions of the same side, in any order."
    )
    liquidated_quantity: NotNegative | None = Field(
        default=None, description="Size of a bankrupt position of the other side that is handed down the queue."
    )


class AdlAnswer(Answer):
    """The higher the score, the sooner the position is closed. Ratios are fractions."""

    status: Literal["ok"] = "ok"
    rule: Literal["position", "account"]
    profit_ratio: Exact = Field(
        description="Profit on the value at entry; for rule account max(profit, 0) / max(wallet_balance, 1)."
    )
    effective_leverage: Exact | None = Field(description="Null for rule account.")
    margin_ratio: Exact | None = Field(description="Null for rule position.")
    score: Exact | None = Field(
        description="position: profit_ratio * effective_leverage, or / where it is a loss; account: profit_ratio * "
        "margin_ratio."
    )
    rank: Exact | None = Field(description="1 is closed first; null without a queue. Equal scores count as behind.")
    ahead: Exact | None = Field(description="Size of those before it; null where the queue has no sizes.")
    percentile: Exact | None = Field(
        description="Share of the queue up to the end of the position: of sizes where known, else of positions."
    )
    lights: Exact | None = Field(description="What venues show: 5 in the first fifth of the queue, 1 in the last.")
    closed_quantity: Exact | None = Field(
        description="What is closed by force: liquidated_quantity less those ahead, from 0 to quantity."
    )
    undefined: Undefined
