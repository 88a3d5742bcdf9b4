"""``margin``: what a position ties up, what it must keep, and how near the account is to the line."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core.calculators.fields import NoValue, Unknown, contract_kind, in_quote, number_text, settle_of, signed
from core.calculators.margin_fields import MarginAnswer, MarginRequest
from core.calculators.tier_fields import TierAnswer, TierField, contracts_tier, tier_answer, tier_table
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import note
from core.instruments import ContractKind, Tier
from core.liquidation import bankruptcy
from core.liquidation_results import Liquidation, LiquidationPrice, NoLiquidation
from core.margin import initial_margin, margin_usage
from core.pnl import delta, fee, settle_notional, unrealised
from core.tiers import requirement, tier_for

_FIGURES = (
    "other_unrealised",
    "other_initial_margin",
    "other_maintenance_margin",
    "tiers",
    "maintenance_rate",
    "wallet_balance",
    "equity",
    "leverage",
    "adjustment_factor",
)
_NEED_POSITION = ("entry_price", "mark_price", "contract_size", "leverage", "opening_fee_rate", "closing_fee_rate")
_SUBJECTS = ("quantity", "notional", "tiers", "wallet_balance", "equity")

_Undefined = dict[str, NoValue | Unknown]


class _Value(NamedTuple):
    """What the position is worth, in the settle currency: now, and at the price that initial margin is taken at."""

    notional: Decimal
    initial: Decimal
    price: Decimal | None


class _Maintenance(NamedTuple):
    tiers: tuple[TierAnswer, ...] | None = None
    tier: Tier | None = None
    rate: Decimal | None = None
    margin: Decimal | None = None


@exactly
def margin(request: MarginRequest) -> MarginAnswer | Unknown:
    """Answer a ``margin`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other("tiers", "maintenance_rate")
    request.exclude_each_other("wallet_balance", "equity")
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    undefined: _Undefined = {}
    value = _value(request)
    bust = _bankruptcies(request, undefined)
    return _answer(request, value, _maintenance(request, value, undefined), bust, undefined)


def _missing(request: MarginRequest) -> tuple[str, ...]:
    if request.notional is not None:
        request.refuse("beside notional", "quantity", "contract_size", "entry_price", "mark_price")
    if request.equity is not None:
        request.refuse("beside equity, which includes it", "other_unrealised")
    if not request.given("tiers"):
        request.refuse("without tiers", "tier_unit")
    gaps = [tuple(name for name in _FIGURES if request.given(name) and getattr(request, name) is None)]
    if request.quantity is not None:
        gaps.append(request.lacking("mark_price", "entry_price", why="beside quantity"))
    elif request.notional is None and any(request.given(name) for name in _NEED_POSITION):
        gaps.append(request.lacking("quantity", "notional", why="for what the request asks"))
    if request.closing_fee_at == "bankruptcy":
        gaps += [request.lacking("side"), request.lacking("entry_price"), request.lacking("leverage", "wallet_balance")]
    if request.closing_fee_at == "value_and_margin":
        gaps += [request.lacking("entry_price"), request.lacking("leverage", "wallet_balance")]
    if request.wallet_balance is not None and request.quantity is not None and request.mark_price is not None:
        why = "to reckon unrealised profit on top of wallet_balance"
        gaps += [request.lacking("entry_price", why=why), request.lacking("side", why=why)]
    if not any(gaps) and not any(getattr(request, name) is not None for name in _SUBJECTS):
        raise RequestError("quantity", f"something to reckon: one of {', '.join(_SUBJECTS)}", "nothing")
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _value(request: MarginRequest) -> _Value | None:
    if request.notional is not None:
        return _Value(request.notional, request.notional, None)
    price = request.entry_price if request.mark_price is None else request.mark_price
    if request.quantity is None or price is None:
        return None
    kind, size = contract_kind(request.kind), request.contract_size
    at_entry = request.initial_margin_at == "entry" and request.entry_price is not None
    initial_price = request.entry_price if at_entry and request.entry_price is not None else price
    return _Value(
        settle_notional(kind, request.quantity, size, price),
        settle_notional(kind, request.quantity, size, initial_price),
        price,
    )


def _maintenance(request: MarginRequest, value: _Value | None, undefined: _Undefined) -> _Maintenance:
    if request.maintenance_rate is not None:
        coins = _coins(request) or ZERO
        rate = request.maintenance_rate + request.maintenance_rate_slope * abs(coins)
        slope = request.maintenance_rate_slope
        given = {"maintenance_rate": request.maintenance_rate, "maintenance_rate_slope": slope, "coins": coins}
        if slope:
            note("maintenance rate", "maintenance_rate + maintenance_rate_slope * abs(coins)", rate, given)
        owed = None if value is None else value.notional * rate - request.maintenance_deduction
        if value is not None:
            deduction = request.maintenance_deduction
            given = {"notional": value.notional, "rate": rate, "maintenance_deduction": deduction}
            note("maintenance margin", "notional * rate - maintenance_deduction", owed, given, unit="settle")
        return _Maintenance(rate=rate, margin=owed)
    if request.tiers is None:
        return _Maintenance()
    if request.tier_unit == "contracts":
        return _by_contracts(request, request.tiers, value, undefined)
    table = tier_table(request.kind, request.tiers)
    shown = tuple(tier_answer(tier) for tier in table.tiers)
    if value is None:
        return _Maintenance(tiers=shown)
    try:
        tier = tier_for(table, value.notional)
    except RequestError:
        gap = f"a tier for a notional of {number_text(value.notional)}"
        undefined["maintenance_margin"] = Unknown(missing=(gap,))
        return _Maintenance(tiers=shown)
    return _Maintenance(shown, tier, tier.rate, requirement(tier, value.notional))


def _by_contracts(
    request: MarginRequest, tiers: tuple[TierField, ...], value: _Value | None, undefined: _Undefined
) -> _Maintenance:
    """Tiers in contracts: the quantity says which, and its rate is on the whole position."""
    if request.quantity is None or value is None:
        raise RequestError("tier_unit", "settle, or contracts with a quantity and a price", "contracts alone")
    tier = contracts_tier(request.kind, tiers, request.quantity)
    shown = tuple(tier_answer(each) for each in tier_table(request.kind, tiers, whole_position=True).tiers)
    if tier is None:
        gap = f"a maintenance tier for {number_text(request.quantity)} contracts"
        undefined["maintenance_margin"] = Unknown(missing=(gap,))
        return _Maintenance(tiers=shown)
    return _Maintenance(shown, tier, tier.rate, requirement(tier, value.notional))


def _coins(request: MarginRequest) -> Decimal | None:
    price = request.entry_price if request.mark_price is None else request.mark_price
    if request.quantity is None or price is None or request.kind == "quanto":
        return None
    held = request.quantity if request.side is None else signed(request.side, request.quantity)
    return delta(contract_kind(request.kind), held, request.contract_size, price)


class _Bankruptcies(NamedTuple):
    price: Decimal | None = None
    after_fee: Decimal | None = None


def _bankruptcies(request: MarginRequest, undefined: _Undefined) -> _Bankruptcies:
    if request.side is None or request.quantity is None or request.entry_price is None:
        return _Bankruptcies()
    kind, size, held = contract_kind(request.kind), request.contract_size, signed(request.side, request.quantity)
    pot = request.wallet_balance
    if pot is None and request.leverage is not None:
        pot = initial_margin(kind, held, size, request.entry_price, request.leverage)
    if pot is None:
        return _Bankruptcies()
    rate = max(request.closing_fee_rate, ZERO)
    plain = bankruptcy(kind, held, size, request.entry_price, pot)
    after_fee = bankruptcy(kind, held, size, request.entry_price, pot, rate)
    return _Bankruptcies(
        _price_or_reason(plain, "bankruptcy_price", undefined),
        _price_or_reason(after_fee, "bankruptcy_price_after_fee", undefined),
    )


def _price_or_reason(result: Liquidation, name: str, undefined: _Undefined) -> Decimal | None:
    if isinstance(result, LiquidationPrice):
        return result.price
    reason = result.reason if isinstance(result, NoLiquidation) else "equity is below zero at every price"
    undefined[name] = NoValue(reason=reason)
    return None


def _closing_fee(request: MarginRequest, value: _Value | None, bust: _Bankruptcies) -> Decimal | None:
    if value is None:
        return None
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
    pot = request.wallet_balance
    if pot is None:
        pot = value / (request.leverage or ONE)
        given = {"value": value, "leverage": request.leverage or ONE}
        note("margin", "value / leverage", pot, given, unit="settle")
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
    equity_to_notional: Decimal | None = None


def _answer(
    request: MarginRequest,
    value: _Value | None,
    maintenance: _Maintenance,
    bust: _Bankruptcies,
    undefined: _Undefined,
) -> MarginAnswer:
    closing = _closing_fee(request, value, bust)
    opening = None if value is None else value.initial * request.opening_fee_rate
    initial = None if value is None or request.leverage is None else value.initial / request.leverage
    if value is not None:
        given = {"value": value.initial, "opening_fee_rate": request.opening_fee_rate}
        note("opening fee", "value * opening_fee_rate", opening, given, unit="settle")
    if value is not None and request.leverage is not None:
        given = {"value": value.initial, "leverage": request.leverage}
        note("initial margin", "value / leverage", initial, given, unit="settle")
    required = _plus(maintenance.margin, closing)
    own = _equity(request)
    ratios = _ratios(request, value, own.equity, _plus(initial, closing), required, undefined)
    return MarginAnswer(
        settle=settle_of(request.kind),
        notional=None if value is None else value.notional,
        notional_quote=None if value is None else in_quote(request.kind, value.notional, value.price),
        delta=_coins(request),
        initial_margin=initial,
        opening_fee=opening,
        closing_fee=closing,
        fees=_plus(opening, closing),
        initial_requirement=_plus(initial, closing),
        order_cost=_plus(initial, opening, closing),
        tiers=maintenance.tiers,
        tier=None if maintenance.tier is None else tier_answer(maintenance.tier),
        maintenance_rate=maintenance.rate,
        maintenance_margin=maintenance.margin,
        maintenance_requirement=required,
        unrealised=own.unrealised,
        equity=own.equity,
        margin_usage=ratios.margin_usage,
        health=ratios.health,
        initial_usage=ratios.initial_usage,
        available=ratios.available,
        equity_to_notional=ratios.equity_to_notional,
        margin_rate=_margin_rate(request, initial if value is not None else ZERO, own.equity, undefined),
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
    undefined: _Undefined,
) -> _Ratios:
    """The ratios of the account; the position's own part counts as zero only where there is no position."""
    if equity is None:
        return _Ratios()
    absent = ZERO if value is None else None
    all_initial = _plus(absent if initial is None else initial, request.other_initial_margin)
    all_maintenance = _plus(absent if maintenance is None else maintenance, request.other_maintenance_margin)
    return _Ratios(
        margin_usage=_usage("margin_usage", all_maintenance, equity, undefined),
        health=equity / all_maintenance if all_maintenance else None,
        initial_usage=_usage("initial_usage", all_initial, equity, undefined),
        available=None if all_initial is None else equity - all_initial,
        equity_to_notional=None if value is None else equity / value.notional,
    )


def _margin_rate(
    request: MarginRequest, initial: Decimal | None, equity: Decimal | None, undefined: _Undefined
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


def _usage(name: str, required: Decimal | None, equity: Decimal, undefined: _Undefined) -> Decimal | None:
    if required is None:
        return None
    if required and equity > 0:
        return margin_usage(required, equity)
    undefined[name] = NoValue(
        reason="equity is zero or less: past liquidation" if required else "nothing is required: no position"
    )
    return None
