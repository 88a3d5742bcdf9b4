"""``margin``: what a position ties up, what it must keep, and how near the account is to the line."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core.calculators.fields import NoValue, Unknown, contract_kind, in_quote, settle_of, signed
from core.calculators.margin_fields import MarginAnswer, MarginRequest
from core.calculators.margin_initial import initial_of, initial_rate, own_margin
from core.calculators.margin_maintenance import Maintenance, Undefined, coins_of, maintenance
from core.calculators.tier_fields import tier_answer
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import note
from core.instruments import ContractKind
from core.liquidation import bankruptcy
from core.liquidation_results import Liquidation, LiquidationPrice, NoLiquidation
from core.margin import margin_usage
from core.pnl import fee, settle_notional, unrealised

_PER_CONTRACT = ("initial_per_contract", "maintenance_per_contract")
_FIGURES = (
    "other_unrealised",
    "other_initial_margin",
    "other_maintenance_margin",
    "tiers",
    "maintenance_rate",
    "wallet_balance",
    "equity",
    "leverage",
    "initial_rate",
    *_PER_CONTRACT,
    "adjustment_factor",
)
_NEED_POSITION = (
    "entry_price",
    "mark_price",
    "contract_size",
    "leverage",
    "initial_rate",
    *_PER_CONTRACT,
    "opening_fee_rate",
    "closing_fee_rate",
)
_OTHERS = ("other_unrealised", "other_initial_margin", "other_maintenance_margin")
_PRICE_ONLY = ("side", "entry_price", "leverage")
_BESIDE = {
    "tiers": ("tier_unit",),
    "maintenance_rate": ("maintenance_deduction", "maintenance_rate_slope"),
    "initial_rate": ("initial_rate_slope",),
}
_OWN_MARGIN = ("leverage", "initial_rate", "initial_per_contract", "wallet_balance")
_SUBJECTS = ("quantity", "notional", "tiers", "wallet_balance", "equity")


class _Value(NamedTuple):
    """What the position is worth, in the settle currency: now, and at the prices that margins are taken at."""

    notional: Decimal
    initial: Decimal
    maintenance: Decimal
    price: Decimal | None


@exactly
def margin(request: MarginRequest) -> MarginAnswer | Unknown:
    """Answer a ``margin`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other("tiers", "maintenance_rate", "maintenance_per_contract")
    request.exclude_each_other("wallet_balance", "equity")
    request.exclude_each_other("leverage", "initial_rate", "initial_per_contract")
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    undefined: Undefined = {}
    value = _value(request)
    bust = _bankruptcies(request, undefined)
    kept = maintenance(request, None if value is None else value.maintenance, undefined)
    return _answer(request, value, kept, bust, undefined)


def _missing(request: MarginRequest) -> tuple[str, ...]:
    if request.notional is not None:
        request.refuse("beside notional", "quantity", "contract_size", "entry_price", "mark_price")
    if request.equity is not None:
        request.refuse("beside equity, which includes it", "other_unrealised")
    if not any(map(request.given, ("wallet_balance", "equity"))):
        request.refuse("without wallet_balance or equity, which they stand beside", *_OTHERS)
    for name in _PER_CONTRACT:
        if request.given(name) and request.notional is not None:
            raise RequestError(name, "a quantity beside it", "a notional")
    for needed, names in _BESIDE.items():
        if not request.given(needed):
            request.refuse(f"without {needed}", *names)
    gaps = [tuple(name for name in _FIGURES if request.given(name) and getattr(request, name) is None)]
    if request.quantity is not None:
        gaps.append(() if _priceless(request) else request.lacking("mark_price", "entry_price", why="beside quantity"))
    elif _price_only(request):
        gaps.append(tuple(name for name in _PRICE_ONLY if getattr(request, name) is None))
    elif request.notional is None and any(map(request.given, _NEED_POSITION)):
        gaps.append(request.lacking("quantity", "notional", why="for what the request asks"))
    if request.closing_fee_at == "bankruptcy":
        gaps += [request.lacking("side"), request.lacking("entry_price"), request.lacking(*_OWN_MARGIN)]
    if request.closing_fee_at == "value_and_margin":
        gaps += [request.lacking("entry_price"), request.lacking(*_OWN_MARGIN)]
    if request.wallet_balance is not None and request.quantity is not None and request.mark_price is not None:
        why = "to reckon unrealised profit on top of wallet_balance"
        gaps += [request.lacking("entry_price", why=why), request.lacking("side", why=why)]
    if not any(gaps) and not _price_only(request) and not any(getattr(request, name) is not None for name in _SUBJECTS):
        raise RequestError("quantity", f"something to reckon: one of {', '.join(_SUBJECTS)}", "nothing")
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _priceless(request: MarginRequest) -> bool:
    """Whether all that is asked for is so much a contract, whatever its price."""
    by_price = ("tiers", "maintenance_rate", "leverage", "initial_rate", "opening_fee_rate", "closing_fee_rate")
    return any(map(request.given, _PER_CONTRACT)) and not any(map(request.given, by_price))


def _price_only(request: MarginRequest) -> bool:
    """Whether only a bankruptcy price can be meant, which is the same for every size at a leverage."""
    sized = any(map(request.given, ("quantity", "notional", "wallet_balance", "equity")))
    return not sized and all(map(request.given, _PRICE_ONLY))


def _value(request: MarginRequest) -> _Value | None:
    if request.notional is not None:
        return _Value(request.notional, request.notional, request.notional, None)
    price = request.entry_price if request.mark_price is None else request.mark_price
    if request.quantity is None or price is None:
        return None
    kind, size, entry = contract_kind(request.kind), request.contract_size, request.entry_price or price
    now, opened = (settle_notional(kind, request.quantity, size, at) for at in (price, entry))
    initial, kept = (where == "entry" for where in (request.initial_margin_at, request.maintenance_margin_at))
    return _Value(now, opened if initial else now, opened if kept else now, price)


class _Bankruptcies(NamedTuple):
    price: Decimal | None = None
    after_fee: Decimal | None = None


def _bankruptcies(request: MarginRequest, undefined: Undefined) -> _Bankruptcies:
    quantity = request.quantity
    if _price_only(request):
        quantity = ONE
        note("quantity, any being alike", "1", ONE, {}, unit="order unit")
        gaps = ("initial_margin", "maintenance_margin") if request.maintenance_rate is not None else ("initial_margin",)
        undefined.update(dict.fromkeys(gaps, Unknown(missing=("quantity",))))
    if request.side is None or quantity is None or request.entry_price is None:
        return _Bankruptcies()
    kind, size, held = contract_kind(request.kind), request.contract_size, signed(request.side, quantity)
    pot = own_margin(request, quantity, request.entry_price)
    if pot is None:
        return _Bankruptcies()
    rate = max(request.closing_fee_rate, ZERO)
    plain = bankruptcy(kind, held, size, request.entry_price, pot)
    after_fee = bankruptcy(kind, held, size, request.entry_price, pot, rate)
    return _Bankruptcies(
        _price_or_reason(plain, "bankruptcy_price", undefined),
        _price_or_reason(after_fee, "bankruptcy_price_after_fee", undefined),
    )


def _price_or_reason(result: Liquidation, name: str, undefined: Undefined) -> Decimal | None:
    if isinstance(result, LiquidationPrice):
        return result.price
    reason = result.reason if isinstance(result, NoLiquidation) else "equity is below zero at every price"
    undefined[name] = NoValue(reason=reason)
    return None


def _closing_fee(request: MarginRequest, value: _Value | None, bust: _Bankruptcies) -> Decimal | None:
    if value is None:
        return ZERO if _priceless(request) and request.quantity is not None else None
    if request.closing_fee_at == "mark":
        return fee(ContractKind.LINEAR, value.notional, ONE, ONE, request.closing_fee_rate)
    if request.closing_fee_at == "value_and_margin":
        return _fee_of_value_and_margin(request)
    if request.quantity is None or bust.price is None:
        return ZERO
    return fee(
        contract_kind(request.kind), request.quantity, request.contract_size, bust.price, request.closing_fee_rate
    )


def _fee_of_value_and_margin(request: MarginRequest) -> Decimal:
    if request.quantity is None or request.entry_price is None:
        return ZERO
    value = settle_notional(contract_kind(request.kind), request.quantity, request.contract_size, request.entry_price)
    pot = own_margin(request, request.quantity, request.entry_price) or ZERO
    paid = (value + pot) * request.closing_fee_rate
    given = {"value": value, "margin": pot, "closing_fee_rate": request.closing_fee_rate}
    note("closing fee", "(value + margin) * closing_fee_rate", paid, given, unit="settle")
    return paid


class _Equity(NamedTuple):
    unrealised: Decimal | None
    equity: Decimal | None


def _equity(request: MarginRequest) -> _Equity:
    own = None
    if request.side and request.quantity and request.entry_price and request.mark_price:
        held = signed(request.side, request.quantity)
        own = unrealised(
            contract_kind(request.kind), held, request.contract_size, request.entry_price, request.mark_price
        )
    if request.equity is not None or request.wallet_balance is None:
        return _Equity(own, request.equity)
    return _Equity(own, request.wallet_balance + (own or ZERO) + (request.other_unrealised or ZERO))


def _plus(*parts: Decimal | None) -> Decimal | None:
    """The sum, or ``None`` as soon as a part is."""
    known = [part for part in parts if part is not None]
    return sum(known, ZERO) if len(known) == len(parts) else None


class _Ratios(NamedTuple):
    margin_usage: Decimal | None = None
    health: Decimal | None = None
    initial_usage: Decimal | None = None
    available: Decimal | None = None
    effective_leverage: Decimal | None = None
    equity_to_notional: Decimal | None = None


def _answer(
    request: MarginRequest,
    value: _Value | None,
    kept: Maintenance,
    bust: _Bankruptcies,
    undefined: Undefined,
) -> MarginAnswer:
    closing = _closing_fee(request, value, bust)
    opening = None if value is None else value.initial * request.opening_fee_rate
    initial = initial_of(request, None if value is None else value.initial)
    if value is not None:
        given = {"value": value.initial, "opening_fee_rate": request.opening_fee_rate}
        note("opening fee", "value * opening_fee_rate", opening, given, unit="settle")
    required = _plus(kept.margin, closing)
    own = _equity(request)
    ratios = _ratios(request, value, own.equity, _plus(initial, closing), required, undefined)
    return MarginAnswer(
        settle=settle_of(request.kind),
        notional=None if value is None else value.notional,
        notional_quote=None if value is None else in_quote(request.kind, value.notional, value.price),
        delta=coins_of(request),
        initial_rate=initial_rate(request),
        initial_margin=initial,
        opening_fee=opening,
        closing_fee=closing,
        fees=_plus(opening, closing),
        initial_requirement=_plus(initial, closing),
        order_cost=_plus(initial, opening, closing),
        tiers=kept.tiers,
        tier=None if kept.tier is None else tier_answer(kept.tier),
        maintenance_rate=kept.rate,
        maintenance_margin=kept.margin,
        maintenance_requirement=required,
        unrealised=own.unrealised,
        equity=own.equity,
        margin_usage=ratios.margin_usage,
        health=ratios.health,
        initial_usage=ratios.initial_usage,
        available=ratios.available,
        effective_leverage=ratios.effective_leverage,
        equity_to_notional=ratios.equity_to_notional,
        margin_rate=_margin_rate(
            request, ZERO if initial is None and value is None else initial, own.equity, undefined
        ),
        bankruptcy_price=bust.price,
        bankruptcy_price_after_fee=bust.after_fee,
        undefined=undefined,
    )


def _ratios(
    request: MarginRequest,
    value: _Value | None,
    equity: Decimal | None,
    initial: Decimal | None,
    maintenance: Decimal | None,
    undefined: Undefined,
) -> _Ratios:
    """The ratios of the account; the position's own part counts as zero only where there is no position."""
    if equity is None:
        return _Ratios()
    absent = ZERO if value is None and request.quantity is None else None
    all_initial = _plus(absent if initial is None else initial, request.other_initial_margin)
    all_maintenance = _plus(absent if maintenance is None else maintenance, request.other_maintenance_margin)
    return _Ratios(
        margin_usage=_usage("margin_usage", all_maintenance, equity, undefined),
        health=equity / all_maintenance if all_maintenance else None,
        initial_usage=_usage("initial_usage", all_initial, equity, undefined),
        available=None if all_initial is None else equity - all_initial,
        effective_leverage=value.notional / equity if value is not None and equity > 0 else None,
        equity_to_notional=None if value is None else equity / value.notional,
    )


def _margin_rate(
    request: MarginRequest, initial: Decimal | None, equity: Decimal | None, undefined: Undefined
) -> Decimal | None:
    if request.adjustment_factor is None:
        return None
    all_initial = _plus(initial, request.other_initial_margin)
    if all_initial is None or equity is None:
        needs = "wallet_balance or equity" if equity is None else "leverage"
        raise RequestError("adjustment_factor", f"{needs} beside it", "nothing")
    if not all_initial:
        undefined["margin_rate"] = NoValue(reason="nothing is required: no position")
        return None
    return equity / all_initial - request.adjustment_factor


def _usage(name: str, required: Decimal | None, equity: Decimal, undefined: Undefined) -> Decimal | None:
    if required is None:
        return None
    if required and equity > 0:
        return margin_usage(required, equity)
    undefined[name] = NoValue(
        reason="equity is zero or less: past liquidation" if required else "nothing is required: no position"
    )
    return None
