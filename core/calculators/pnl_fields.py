"""Request and answer of ``pnl``."""

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
    Number,
    Positive,
    Request,
    Side,
    Undefined,
)
from core.exact import ONE, ZERO


class FillField(Request):
    """One execution."""

    side: Literal["buy", "sell"]
    quantity: Positive = Field(description=QUANTITY_HELP)
    price: Positive = Field(description="Quote per coin.")
    fee_rate: FeeRate | None = Field(default=None, description="Fraction of the fill's notional; negative is a rebate.")
    fee: Number | None = Field(
        default=None, description="The fee itself in the settle currency, + paid, instead of fee_rate."
    )


class PnlRequest(Request):
    """Profit and loss of one position.

    Give either side, quantity (or notional), entry_price and exit_price; or fills, and exit_price if what is still
    open is to be valued; or gross, a profit that is already known. Fees, funding, wallet_balance and initial_margin (or
    leverage) may be added. target_net or target_return ask for the exit price that makes them; exit_price is then not
    needed.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "linear",
                    "side": "short",
                    "quantity": "2.5",
                    "entry_price": "60000",
                    "exit_price": "48000",
                    "open_fee_rate": "0.00055",
                    "close_fee_rate": "0.00055",
                    "funding": "45",
                },
                {
                    "kind": "inverse",
                    "fills": [
                        {"side": "sell", "quantity": 100000, "price": 60000},
                        {"side": "sell", "quantity": 50000, "price": 62000},
                        {"side": "buy", "quantity": 30000, "price": 58000},
                    ],
                    "exit_price": 48000,
                },
            ]
        }
    )

    kind: KindField
    contract_size: ContractSizeField = ONE
    side: Side | None = Field(default=None, description=SIDE_HELP)
    quantity: Positive | None = Field(default=None, description=QUANTITY_HELP)
    notional: Positive | None = Field(
        default=None, description="Value of the position at entry_price in the settle currency, instead of quantity."
    )
    entry_price: Positive | None = Field(default=None, description="Average entry price, quote per coin.")
    fills: tuple[FillField, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=10_000,
        description="The executions that made the position, oldest first, instead of side, quantity and entry_price. "
        "Average-cost method: adding averages the entry (harmonically for inverse), reducing realises against it, a "
        "flip restarts it.",
    )
    gross: Number | None = Field(
        default=None,
        description="Profit before fees and funding as a venue states it, in the settle currency, instead of a "
        "position or fills: asks for what is left of it, and for the return on margin.",
    )
    exit_price: Positive | None = Field(
        default=None,
        description="Price at which the position is closed or valued (mark price), quote per coin. May be left out "
        "with fills or a target: then what depends on it is null.",
    )
    open_fee_rate: FeeRate = Field(
        default=ZERO, description="Fee to open, a fraction of notional at entry_price; negative is a rebate."
    )
    close_fee_rate: FeeRate = Field(
        default=ZERO, description="Fee to close what is open at exit_price, a fraction of notional there."
    )
    fees_paid: Number = Field(
        default=ZERO,
        description="Fees that have been paid, as an amount in the settle currency, + paid; beside any from rates.",
    )
    funding: Number = Field(default=ZERO, description="Funding so far in the settle currency, + received, - paid.")
    wallet_balance: Number | None = Field(
        default=None,
        description="Collateral in the settle currency, without unrealised profit: asks for equity.",
    )
    initial_margin: Positive | None = Field(
        default=None,
        description="What was put up for the position, in the settle currency: asks for the returns on it, which "
        "venues print as ROE or PNL %.",
    )
    leverage: Positive | None = Field(
        default=None, description="Instead of initial_margin, which is then the entry value / leverage."
    )
    target_net: Number | None = Field(
        default=None, description="Net profit wanted, settle currency: asks for the exit price that makes it."
    )
    target_return: Number | None = Field(
        default=None,
        description="Net profit wanted as a fraction of the initial margin (1 is 100%), instead of target_net.",
    )


class PnlAnswer(Answer):
    """Money in the settle currency unless its name says otherwise; + is gained."""

    status: Literal["ok"] = "ok"
    settle: str = Field(description="quote (linear), coin (inverse) or settlement coin (quanto).")
    side: Literal["long", "short", "flat"] | None = Field(description="Side of what is still open; null with gross.")
    quantity: Exact | None = Field(description="Open quantity in the order unit, without sign; null with gross.")
    entry_price: Exact | None = Field(description="Average entry price; null when flat.")
    exit_price: Exact | None
    entry_value: Exact | None = Field(description="Open position's value at the entry price; null with gross.")
    exit_value: Exact | None = Field(description="Open position's value at exit_price; null without one.")
    realised: Exact | None = Field(description="Profit that reducing fills locked in, before fees; null with gross.")
    unrealised: Exact | None = Field(description="Profit of what is open at exit_price; null without one.")
    gross: Exact | None = Field(
        description="realised + unrealised, before fees and funding.", json_schema_extra=by("realised + unrealised")
    )
    fees_open: Exact = Field(description="Fees of the fills, or of opening, and fees_paid; + paid.")
    fees_close: Exact | None = Field(description="Fee to close what is open at exit_price; + paid.")
    fees: Exact | None = Field(
        description="fees_open + fees_close; + paid.", json_schema_extra=by("fees_open + fees_close")
    )
    funding: Exact = Field(description="+ received.")
    net: Exact | None = Field(description="gross - fees + funding.", json_schema_extra=by("gross - fees + funding"))
    gross_quote: Exact | None = Field(
        description="gross in quote, at exit_price; null for quanto.",
        json_schema_extra=by(linear="gross", inverse="gross * exit_price"),
    )
    net_quote: Exact | None = Field(
        description="net in quote, at exit_price; null for quanto.",
        json_schema_extra=by(linear="net", inverse="net * exit_price"),
    )
    equity: Exact | None = Field(
        description="wallet_balance + unrealised; null without a wallet_balance.",
        json_schema_extra=by("wallet_balance + unrealised"),
    )
    equity_quote: Exact | None = Field(
        description="equity in quote, at exit_price.",
        json_schema_extra=by(linear="equity", inverse="equity * exit_price"),
    )
    initial_margin: Exact | None = Field(description="As given, or entry_value / leverage.")
    return_on_margin: Exact | None = Field(
        description="net / initial_margin; null without an initial_margin.",
        json_schema_extra=by("net / initial_margin"),
    )
    gross_return_on_margin: Exact | None = Field(
        description="gross / initial_margin.", json_schema_extra=by("gross / initial_margin")
    )
    break_even_price: Exact | None = Field(
        description="Exit price at which net is 0: with fees so far, the fee to close there, funding so far and what "
        "has been realised. Null with gross."
    )
    target_price: Exact | None = Field(description="Exit price at which net is target_net, or what target_return asks.")
    undefined: Undefined = Field(default_factory=dict)
