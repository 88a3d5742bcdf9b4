"""``pnl``: what a position, or a run of fills, has gained or lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

from core.calculators.fields import NoValue, Side, Unknown, contract_kind, in_quote, settle_of, signed
from core.calculators.pnl_fields import PnlAnswer, PnlRequest
from core.errors import RequestError
from core.exact import ZERO, exactly
from core.explain import note
from core.pnl import Holding, apply_fill, fee, order_sign, price_of_profit, quantity_of, settle_notional, unrealised

_TARGETS = ("target_net", "target_return")
_OF_A_POSITION = ("contract_size", "open_fee_rate", "close_fee_rate", "wallet_balance", "leverage", *_TARGETS)


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
    request.exclude_each_other("initial_margin", "leverage")
    request.exclude_each_other("target_net", "target_return")
    if request.given("target_return"):
        request.lacking("initial_margin", "leverage", why="beside target_return")
    asked = ("initial_margin", "leverage", *_TARGETS)
    unknown = tuple(name for name in asked if request.given(name) and getattr(request, name) is None)
    position = ("side", "quantity", "notional", "entry_price", "fills")
    if request.gross is not None:
        request.refuse("beside gross", *position, *_OF_A_POSITION)
        return unknown
    if request.given("gross") and not any(request.given(name) for name in position):
        return ("gross", *unknown)
    return (*_position_gaps(request), *unknown)


def _position_gaps(request: PnlRequest) -> tuple[str, ...]:
    if request.fills is not None:
        request.refuse("beside fills", "side", "quantity", "notional", "entry_price", "open_fee_rate")
        return ("exit_price",) if request.given("exit_price") and request.exit_price is None else ()
    if request.given("fills"):
        return ("fills",)
    request.exclude_each_other("quantity", "notional")
    needed = (("side",), ("quantity", "notional"), ("entry_price",))
    gaps = [request.lacking(*names, why="unless fills are given") for names in needed]
    if request.given("exit_price") or not any(map(request.given, _TARGETS)):
        gaps.append(request.lacking("exit_price"))
    return tuple(name for gap in gaps for name in gap)


def _as_stated(request: PnlRequest) -> _Position:
    assert request.side is not None
    assert request.entry_price is not None
    kind, quantity = contract_kind(request.kind), request.quantity
    if quantity is None:
        assert request.notional is not None
        quantity = quantity_of(kind, request.notional, request.contract_size, request.entry_price)
    cost = fee(kind, quantity, request.contract_size, request.entry_price, request.open_fee_rate)
    note("realised, nothing being reduced", "0", ZERO, {}, unit="settle")
    return _Position(signed(request.side, quantity), request.entry_price, ZERO, cost)


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
        for name in ("entry value", "exit value", "unrealised"):
            note(f"{name} of nothing", "0", ZERO, {}, unit="settle")
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
    margin = _margin(request, entry_value)
    undefined: dict[str, NoValue | Unknown] = {}
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
        initial_margin=margin,
        return_on_margin=_return(net, margin),
        gross_return_on_margin=_return(gross, margin),
        break_even_price=_price_for(request, position, opening, ZERO, "break_even_price", undefined),
        target_price=_price_for(request, position, opening, _target(request, margin), "target_price", undefined),
        undefined=undefined,
    )


def _margin(request: PnlRequest, entry_value: Decimal) -> Decimal | None:
    """What was put up; none for what is flat, where only a leverage is known."""
    if request.leverage is None or not entry_value:
        return request.initial_margin
    margin = entry_value / request.leverage
    given = {"entry_value": entry_value, "leverage": request.leverage}
    note("initial margin", "entry_value / leverage", margin, given, unit="settle")
    return margin


def _target(request: PnlRequest, margin: Decimal | None) -> Decimal | None:
    if request.target_return is None or margin is None:
        return request.target_net
    wanted = request.target_return * margin
    given = {"target_return": request.target_return, "initial_margin": margin}
    note("target net", "target_return * initial_margin", wanted, given, unit="settle")
    return wanted


def _price_for(
    request: PnlRequest,
    position: _Position,
    fees_open: Decimal,
    net: Decimal | None,
    name: str,
    undefined: dict[str, NoValue | Unknown],
) -> Decimal | None:
    """The exit price at which the net is ``net``; the reason in ``undefined`` where there is none."""
    if net is None:
        return None
    if position.entry_price is None:
        undefined[name] = NoValue(reason="nothing is open")
        return None
    wanted = net + fees_open - request.funding - position.realised
    given = {"net": net, "fees_open": fees_open, "funding": request.funding, "realised": position.realised}
    note("profit that the close must make", "net + fees_open - funding - realised", wanted, given, unit="settle")
    kind, rate = contract_kind(request.kind), request.close_fee_rate
    price = price_of_profit(kind, position.quantity, request.contract_size, position.entry_price, wanted, rate)
    if price > 0:
        return price
    undefined[name] = NoValue(reason="no price makes so much, or costs so much")
    return None


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
        initial_margin=request.initial_margin,
        return_on_margin=_return(net, request.initial_margin),
        gross_return_on_margin=_return(gross, request.initial_margin),
        break_even_price=None,
        target_price=None,
    )


def _return(profit_made: Decimal | None, margin: Decimal | None) -> Decimal | None:
    return None if profit_made is None or margin is None else profit_made / margin


def _side(quantity: Decimal) -> Side | Literal["flat"]:
    if not quantity:
        return "flat"
    return "long" if quantity > 0 else "short"
