"""``hedge-size``: how many contracts hedge a bag, and the order that gets there."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.fields import (
    Answer,
    ContractSizeField,
    Exact,
    NotNegative,
    Number,
    Positive,
    Request,
    Unknown,
    contract_kind,
)
from core.exact import ONE, ZERO, exactly
from core.hedging import Filters, Sizing, drift, hedge_ratio, order_to_quantity, target_quantity
from core.pnl import delta, notional


class HedgeSizeRequest(Request):
    """The short that hedges a share of a bag of spot coins, and the order that gets there.

    Give bag_quantity (coins) or bag_value (quote), and target_ratio; the venue's filters where it has them.
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

    kind: Literal["linear", "inverse"] = Field(
        description="linear: contracts of coins; inverse: contracts of quote (USD), whose coin exposure falls as the "
        "price rises.",
    )
    contract_size: ContractSizeField = ONE
    bag_quantity: Positive | None = Field(default=None, description="Coins held.")
    bag_value: Positive | None = Field(
        default=None, description="Value held in quote, instead of bag_quantity; divided by price."
    )
    beta: Positive = Field(
        default=ONE,
        description="Move of the bag per move of the hedging contract's coin; 1 where they are the same coin.",
    )
    target_ratio: NotNegative | None = Field(
        description="Share of the bag (times beta) to hedge: 0.5 is half, 0 asks to close the hedge. Null: not known."
    )
    price: Positive | None = Field(
        default=None,
        description="Price of the contract, quote per coin, usually the mark. May be left out for a linear contract "
        "with bag_quantity and no minimum_notional.",
    )
    current_quantity: Number = Field(
        default=ZERO, description="Hedge held now in the venue's order unit, signed: short is negative."
    )
    quantity_step: Positive | None = Field(
        default=None, description="The venue's quantity step, in its order unit. Left out: nothing is rounded."
    )
    minimum_quantity: Positive | None = Field(default=None, description="Smallest order, in the order unit.")
    maximum_quantity: Positive | None = Field(default=None, description="Largest order, in the order unit.")
    minimum_notional: Positive | None = Field(default=None, description="Smallest order value, in quote.")


class HedgeSizeAnswer(Answer):
    """Quantities in the venue's order unit, deltas and residual in coins."""

    status: Literal["ok"] = "ok"
    exposure: Exact = Field(description="The bag in coins of the hedging contract: coins * beta.")
    target_delta: Exact = Field(description="Delta the hedge should have, coins, negative: -target_ratio * exposure.")
    target_quantity: Exact = Field(description="Position that has it, signed, not rounded.")
    side: Literal["buy", "sell"] | None = Field(description="Side of the order; null where none is needed.")
    raw_quantity: Exact = Field(description="Size of the order before rounding.")
    quantity: Exact = Field(
        description="Size of the order rounded to quantity_step so as never to hedge more than the target: sales down, "
        "purchases up (but never through zero)."
    )
    reduce_only: bool = Field(description="True where the order only reduces the position held now.")
    notional: Exact | None = Field(description="Value of the order in quote; null without a price.")
    quantity_after: Exact = Field(description="Position after the order, signed.")
    ratio_before: Exact = Field(description="-delta / exposure of the position held now.")
    ratio_after: Exact = Field(description="The same after the order.")
    drift_before: Exact = Field(description="ratio_before - target_ratio; positive is over-hedged.")
    drift_after: Exact = Field(description="ratio_after - target_ratio.")
    residual_coins: Exact = Field(description="Delta still wanted after the order, signed; negative: more to sell.")
    refusals: tuple[str, ...] = Field(description="Why the order cannot be sent; empty where it can.")


@exactly
def hedge_size(request: HedgeSizeRequest) -> HedgeSizeAnswer | Unknown:
    """Answer a ``hedge-size`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other("bag_quantity", "bag_value")
    missing = _missing(request)
    if missing or request.target_ratio is None:
        return Unknown(missing=missing)
    # Without a price nothing below depends on it: see _missing.
    price = ONE if request.price is None else request.price
    coins = request.bag_quantity if request.bag_quantity is not None else (request.bag_value or ZERO) / price
    kind, size = contract_kind(request.kind), request.contract_size
    wanted = target_quantity(kind, size, coins * request.beta, request.target_ratio, price)
    filters = Filters(
        quantity_step=request.quantity_step,
        minimum_quantity=request.minimum_quantity,
        maximum_quantity=request.maximum_quantity,
        minimum_notional=request.minimum_notional,
    )
    sizing = order_to_quantity(kind, size, wanted, request.current_quantity, price, filters)
    return _answer(request, coins * request.beta, wanted, sizing, price)


def _missing(request: HedgeSizeRequest) -> tuple[str, ...]:
    gaps = [("target_ratio",) if request.target_ratio is None else (), request.lacking("bag_quantity", "bag_value")]
    if request.kind == "inverse":
        gaps.append(request.lacking("price", why="for an inverse contract"))
    elif request.bag_value is not None:
        gaps.append(request.lacking("price", why="beside bag_value"))
    elif request.minimum_notional is not None:
        gaps.append(request.lacking("price", why="beside minimum_notional"))
    return tuple(name for gap in gaps for name in gap)


def _answer(
    request: HedgeSizeRequest, exposure: Decimal, wanted: Decimal, sizing: Sizing, price: Decimal
) -> HedgeSizeAnswer:
    kind, size = contract_kind(request.kind), request.contract_size
    after = request.current_quantity + sizing.signed_quantity
    target = request.target_ratio or ZERO
    before_ratio = hedge_ratio(delta(kind, request.current_quantity, size, price), exposure)
    after_ratio = hedge_ratio(delta(kind, after, size, price), exposure)
    return HedgeSizeAnswer(
        exposure=exposure,
        target_delta=-target * exposure,
        target_quantity=wanted,
        side=sizing.side or None,
        raw_quantity=sizing.raw_quantity,
        quantity=sizing.quantity,
        reduce_only=sizing.reduce_only,
        notional=None if request.price is None else notional(kind, sizing.quantity, size, price),
        quantity_after=after,
        ratio_before=before_ratio,
        ratio_after=after_ratio,
        drift_before=drift(before_ratio, target),
        drift_after=drift(after_ratio, target),
        residual_coins=sizing.residual_coins,
        refusals=sizing.refusals,
    )
