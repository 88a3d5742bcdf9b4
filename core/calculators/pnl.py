"""``pnl``: what a position, or a run of fills, has gained or lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

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
    Unknown,
    contract_kind,
    in_quote,
    settle_of,
    signed,
)
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import note
from core.pnl import Holding, apply_fill, fee, order_sign, settle_notional, unrealised


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

    Give either side, quantity, entry_price and exit_price; or fills, and exit_price if what is still open is to be
    valued; or gross, a profit that is already known. Fees, funding, wallet_balance and initial_margin may be added.
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
        "with fills: then only the entry and the realised part are answered.",
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
    return_on_margin: Exact | None = Field(
        description="net / initial_margin; null without an initial_margin.",
        json_schema_extra=by("net / initial_margin"),
    )
    gross_return_on_margin: Exact | None = Field(
        description="gross / initial_margin.", json_schema_extra=by("gross / initial_margin")
    )


class _Position(NamedTuple):
    quantity: Decimal
    entry_price: Decimal | None
    realised: Decimal
    fees: Decimal


@exactly
def profit(request: PnlRequest) -> PnlAnswer | Unknown:
    """Answer a ``pnl`` request. Raises RequestError for fields that are lacking or contradict each other."""
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    if request.gross is not None:
        return _finished(request, request.gross)
    position = _from_fills(request) if request.fills is not None else _as_stated(request)
    return _answer(request, position)


def _missing(request: PnlRequest) -> tuple[str, ...]:
    margin = ("initial_margin",) if request.given("initial_margin") and request.initial_margin is None else ()
    position = ("side", "quantity", "entry_price", "fills")
    if request.gross is not None:
        request.refuse("beside gross", *position, "contract_size", "open_fee_rate", "close_fee_rate", "wallet_balance")
        return margin
    if request.given("gross") and not any(request.given(name) for name in position):
        return ("gross", *margin)
    return (*_position_gaps(request), *margin)


def _position_gaps(request: PnlRequest) -> tuple[str, ...]:
    if request.fills is not None:
        request.refuse("beside fills", "side", "quantity", "entry_price", "open_fee_rate")
        return ("exit_price",) if request.given("exit_price") and request.exit_price is None else ()
    if request.given("fills"):
        return ("fills",)
    gaps = [request.lacking(name, why="unless fills are given") for name in ("side", "quantity", "entry_price")]
    gaps.append(request.lacking("exit_price"))
    return tuple(name for gap in gaps for name in gap)


def _as_stated(request: PnlRequest) -> _Position:
    assert request.side is not None
    assert request.quantity is not None
    assert request.entry_price is not None
    kind = contract_kind(request.kind)
    cost = fee(kind, request.quantity, request.contract_size, request.entry_price, request.open_fee_rate)
    note("realised, nothing being reduced", "0", ZERO, {}, unit="settle")
    return _Position(signed(request.side, request.quantity), request.entry_price, ZERO, cost)


def _from_fills(request: PnlRequest) -> _Position:
    kind, size = contract_kind(request.kind), request.contract_size
    holding, realised, fees = Holding(), ZERO, ZERO
    gains, paid, changes = [], [], []
    for index, fill in enumerate(request.fills or ()):
        if fill.fee is not None and fill.fee_rate is not None:
            raise RequestError(f"fills.{index}.fee", "only one of fee and fee_rate", "both")
        holding, gained = apply_fill(kind, size, holding, fill.side, fill.price, fill.quantity)
        realised += gained
        rate = ZERO if fill.fee_rate is None else fill.fee_rate
        cost = fill.fee if fill.fee is not None else fee(kind, fill.quantity, size, fill.price, rate)
        fees += cost
        gains.append(gained)
        paid.append(cost)
        changes.append(order_sign(fill.side) * fill.quantity)
    note("realised", "sum(gains)", realised, {"gains": gains}, unit="settle")
    note("fees of the fills", "sum(fees)", fees, {"fees": paid}, unit="settle")
    note("quantity", "abs(sum(fills))", abs(holding.quantity), {"fills": changes}, unit="order unit")
    return _Position(holding.quantity, holding.entry_price, realised, fees)


def _answer(request: PnlRequest, position: _Position) -> PnlAnswer:
    kind, size, exit_price = contract_kind(request.kind), request.contract_size, request.exit_price
    entry_value, exit_value, open_profit, closing = ZERO, None, None, None
    if position.entry_price is not None:
        entry_value = settle_notional(kind, position.quantity, size, position.entry_price)
    if position.entry_price is None:
        exit_value, open_profit, closing = ZERO, ZERO, ZERO
    elif exit_price is not None:
        exit_value = settle_notional(kind, position.quantity, size, exit_price)
        open_profit = unrealised(kind, position.quantity, size, position.entry_price, exit_price)
        closing = fee(kind, position.quantity, size, exit_price, request.close_fee_rate)
        note("fees close", "fee", closing, {"fee": closing}, unit="settle")
    gross = None if open_profit is None else position.realised + open_profit
    opening = position.fees + request.fees_paid
    given = {"fees": position.fees, "fees_paid": request.fees_paid}
    note("fees open", "fees + fees_paid", opening, given, unit="settle")
    fees = None if closing is None else opening + closing
    net = None if gross is None or fees is None else gross - fees + request.funding
    held = None if request.wallet_balance is None or open_profit is None else request.wallet_balance + open_profit
    return PnlAnswer(
        settle=settle_of(request.kind),
        side=_side(position.quantity),
        quantity=abs(position.quantity),
        entry_price=position.entry_price,
        exit_price=exit_price,
        entry_value=entry_value,
        exit_value=exit_value,
        realised=position.realised,
        unrealised=open_profit,
        gross=gross,
        fees_open=opening,
        fees_close=closing,
        fees=fees,
        funding=request.funding,
        net=net,
        gross_quote=in_quote(request.kind, gross, exit_price),
        net_quote=in_quote(request.kind, net, exit_price),
        equity=held,
        equity_quote=in_quote(request.kind, held, exit_price),
        return_on_margin=_return(net, request.initial_margin),
        gross_return_on_margin=_return(gross, request.initial_margin),
    )


def _finished(request: PnlRequest, gross: Decimal) -> PnlAnswer:
    net = gross - request.fees_paid + request.funding
    note("fees close, nothing being open", "0", ZERO, {}, unit="settle")
    return PnlAnswer(
        settle=settle_of(request.kind),
        side=None,
        quantity=None,
        entry_price=None,
        exit_price=request.exit_price,
        entry_value=None,
        exit_value=None,
        realised=None,
        unrealised=None,
        gross=gross,
        fees_open=request.fees_paid,
        fees_close=ZERO,
        fees=request.fees_paid,
        funding=request.funding,
        net=net,
        gross_quote=in_quote(request.kind, gross, request.exit_price),
        net_quote=in_quote(request.kind, net, request.exit_price),
        equity=None,
        equity_quote=None,
        return_on_margin=_return(net, request.initial_margin),
        gross_return_on_margin=_return(gross, request.initial_margin),
    )


def _return(profit_made: Decimal | None, margin: Decimal | None) -> Decimal | None:
    return None if profit_made is None or margin is None else profit_made / margin


def _side(quantity: Decimal) -> Side | Literal["flat"]:
    if not quantity:
        return "flat"
    return "long" if quantity > 0 else "short"
