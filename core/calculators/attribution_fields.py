"""Request and answer of ``attribution``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from core.calculators.declared import by
from core.calculators.fields import (
    QUANTITY_HELP,
    Answer,
    ContractSizeField,
    Exact,
    FeeRate,
    KindField,
    NotNegative,
    Number,
    Positive,
    Request,
    Undefined,
)
from core.exact import ONE, ZERO

Name = Annotated[str, Field(min_length=1, max_length=60)]
SPOT_HELP = "that the basis is reckoned against; left out: the bag's price of the same asset and quote."


class FlowField(Request):
    """Coins that came in or went out between start and end: deposits, withdrawals, purchases, sales."""

    quantity: Number = Field(description="Coins, + in, - out.")
    price: Positive = Field(description="What a coin was worth (or cost) then, in quote.")
    rate: Positive = Field(default=ONE, description="Value of 1 quote in currency then.")


class BagField(Request):
    """One asset of the bag, coins posted as margin included once."""

    asset: Name = Field(description="Its name, such as BTC.")
    quote: Name | None = Field(default=None, description="Currency of its prices; left out: currency.")
    quantity: NotNegative | None = Field(description="Coins at the start. Null: not known.")
    start_price: Positive | None = Field(default=None, description="Spot at the start; not needed for no coins.")
    end_price: Positive | None = Field(description="Spot at the end. Null: not known.")
    flows: tuple[FlowField, ...] = Field(default=(), max_length=10_000, description="What came in and went out.")
    end_quantity: NotNegative | None = Field(
        default=None, description="Coins at the end where flows do not explain them: the difference is the residual."
    )


class TradeField(Request):
    """One execution between start and end."""

    side: Literal["buy", "sell"]
    quantity: Positive = Field(description=QUANTITY_HELP)
    price: Positive = Field(description="Quote per coin.")
    fee: Number | None = Field(default=None, description="In the settle currency, + paid; instead of fee_rate.")
    fee_rate: FeeRate | None = Field(default=None, description="Fraction of the fill's notional.")
    mark_price: Positive | None = Field(
        default=None, description="Mark of that moment, for slippage; without it there is taken to be none."
    )
    spot_price: Positive | None = Field(
        default=None, description="Spot of that moment; without it the basis is taken to have been that of the start."
    )


class EarlierField(Request):
    """What a contract had brought before the start, in its settle currency: it is revalued, not earned again."""

    realised: Number = Field(default=ZERO, description="Profit locked in, + gained.")
    fees: Number = Field(default=ZERO, description="+ paid.")
    funding: Number = Field(default=ZERO, description="+ received.")


class ContractField(Request):
    """One contract of the hedge."""

    name: Name | None = Field(default=None, description="What to call it; left out: its place in the list.")
    kind: KindField
    contract_size: ContractSizeField = ONE
    asset: Name = Field(description="The coin it is on, such as BTC.")
    quote: Name | None = Field(default=None, description="Currency of its prices; left out: currency.")
    settle: Name | None = Field(
        default=None,
        description="Currency it is settled in; left out: quote (linear), asset (inverse). For a quanto its "
        "coin, which needs a rate.",
    )
    quantity: Number = Field(default=ZERO, description="Held at the start, order unit, signed: short is negative.")
    entry_price: Positive | None = Field(
        default=None, description="Average entry of what was held at the start; left out: opened at start_mark."
    )
    start_mark: Positive | None = Field(
        default=None, description="Mark at the start; not needed where nothing was held."
    )
    end_mark: Positive | None = Field(description="Mark at the end (or the settlement price). Null: not known.")
    start_spot: Positive | None = Field(default=None, description=f"Spot at the start, {SPOT_HELP}")
    end_spot: Positive | None = Field(default=None, description=f"Spot at the end, {SPOT_HELP}")
    fills: tuple[TradeField, ...] = Field(default=(), max_length=10_000, description="Executions, oldest first.")
    funding: Number = Field(default=ZERO, description="Received between start and end, settle currency; - paid.")
    fees: Number = Field(default=ZERO, description="Paid between start and end beside those of the fills; + paid.")
    earlier: EarlierField = Field(default=EarlierField(), description="Running sums at the start.")


class RateField(Request):
    """What 1 unit of another currency is worth in currency."""

    of: Name = Field(description="The other currency, such as USDT.")
    start: Positive | None = Field(description="At the start. Null: not known.")
    end: Positive | None = Field(description="At the end. Null: not known.")


class AttributionRequest(Request):
    """Where the profit of a bag and its hedge came from between two instants."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "currency": "USDT",
                    "bag": [{"asset": "BTC", "quantity": "5", "start_price": "60000", "end_price": "48000"}],
                    "contracts": [
                        {
                            "kind": "linear",
                            "asset": "BTC",
                            "quantity": "-2.5",
                            "start_mark": "60060",
                            "end_mark": "48012",
                            "funding": "45",
                            "fees": "82.5",
                        }
                    ],
                    "cost": "300000",
                },
                {
                    "currency": "USD",
                    "rates": [{"of": "USDT", "start": "1", "end": "0.998"}],
                    "bag": [
                        {
                            "asset": "BTC",
                            "quote": "USDT",
                            "quantity": "5",
                            "start_price": "60000",
                            "end_price": "50000",
                            "flows": [{"quantity": "-1", "price": "55000", "rate": "0.999"}],
                        }
                    ],
                    "contracts": [
                        {
                            "kind": "inverse",
                            "contract_size": "100",
                            "asset": "BTC",
                            "quote": "USDT",
                            "quantity": "-1500",
                            "entry_price": "64000",
                            "start_mark": "60000",
                            "end_mark": "50000",
                            "fills": [
                                {
                                    "side": "buy",
                                    "quantity": "500",
                                    "price": "54990",
                                    "fee_rate": "0.0005",
                                    "mark_price": "54980",
                                    "spot_price": "55000",
                                }
                            ],
                            "funding": "0.0006",
                        }
                    ],
                },
            ]
        }
    )

    currency: Name = Field(description="Currency of the answer, such as USD.")
    bag: tuple[BagField, ...] = Field(default=(), max_length=1000, description="The coins held.")
    contracts: tuple[ContractField, ...] = Field(default=(), max_length=1000, description="The hedge.")
    rates: tuple[RateField, ...] = Field(
        default=(), max_length=1000, description="A rate for every quote and settle currency other than currency."
    )
    cost: Number | None = Field(
        default=None,
        description="What the bag was bought for together, in currency: asks for effective_cost. One asset only.",
    )


class PartsField(Answer):
    """Profit by cause, + gained; they sum to total exactly."""

    price: Exact = Field(description="Coins (a contract: its delta at the start) times the move of spot.")
    basis: Exact = Field(description="Delta times the move of mark less spot.")
    convexity: Exact = Field(
        description="Coin-settled contracts: coins gained or lost before the start, times the move of the mark."
    )
    funding: Exact = Field(description="+ received, - paid.")
    fees: Exact = Field(description="- paid.")
    slippage: Exact = Field(description="Fills against the mark of their moment; - worse than mark.")
    fx: Exact = Field(description="Move of quote and settle currencies on what was valued in them.")
    residual: Exact = Field(description="What none of these explains.")
    total: Exact = Field(json_schema_extra=by("price + basis + convexity + funding + fees + slippage + fx + residual"))
    gross: Exact = Field(
        description="total before funding and fees.",
        json_schema_extra=by("price + basis + convexity + slippage + fx + residual"),
    )


class AttributionAnswer(Answer):
    """Money in currency, + gained. Multiples of 1e-18, so that the parts sum exactly."""

    status: Literal["ok"] = "ok"
    currency: str
    bag: PartsField
    hedge: PartsField
    together: PartsField
    hedged: Exact = Field(description="Profit of the book as it is: together.total.")
    unhedged: Exact = Field(description="What the bag alone would have made: bag.total.")
    protection: Exact = Field(
        description="hedged - unhedged: + the hedge saved that much, - upside given up and costs."
    )
    realised: Exact = Field(description="Locked in by the hedge between start and end, before fees and funding.")
    unrealised: Exact = Field(description="Open profit of the hedge at the end.")
    effective_cost: Exact | None = Field(
        description="Per coin of the bag at the end, net of the hedge: (cost - realised - funding + fees) / coins."
    )
    estimate: bool = Field(
        description="True where mark or spot of a fill was assumed: the split is an estimate, not the sum."
    )
    includes: str = Field(description="What the figures include.")
    undefined: Undefined
