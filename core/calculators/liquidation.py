"""``liquidation``: at which price a position is liquidated, and how far away that is."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core.books import MarginMode
from core.calculators.fields import NoValue, Unknown, contract_kind, number_text, settle_of, signed
from core.calculators.liquidation_fields import (
    LiquidatedAnswer,
    LiquidationAnswer,
    LiquidationRequest,
    NoLiquidationAnswer,
)
from core.calculators.rule_fields import check_closing_fee, named_rules
from core.calculators.tier_fields import contracts_tier, single_rate, tier_answer, tier_table
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import note
from core.instruments import Tier, TierTable
from core.liquidation import bankruptcy, cross, distance, with_fixed_requirement
from core.liquidation_results import AlwaysLiquidated, Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.margin_rules import MarginRules, RequirementAt
from core.pnl import quantity_of, settle_notional, unrealised

_KEPT = ("tiers", "maintenance_rate", "maintenance_margin", "maintenance_per_contract")


class _Setting(NamedTuple):
    """The request, resolved: how much is held, what price the profit counts from, and the margin that goes with it."""

    held: Decimal
    entry_price: Decimal
    margin: Decimal
    requirement_at: RequirementAt
    rules: MarginRules | None


@exactly
def liquidation(
    request: LiquidationRequest,
) -> LiquidationAnswer | NoLiquidationAnswer | LiquidatedAnswer | Unknown:
    """Answer a ``liquidation`` request. Raises RequestError for fields that are lacking or contradict each other."""
    _check(request)
    rules = _rules(request)
    if rules is not None:
        fee = request.closing_fee_rate if request.given("closing_fee_rate") else None
        check_closing_fee(rules, MarginMode(request.margin_mode), fee)
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    quantity = _quantity(request)
    if request.tier_unit == "contracts" and _tier_in_contracts(request, quantity) is None:
        return Unknown(missing=(f"a maintenance tier for {number_text(quantity)} contracts",))
    setting = _setting(request, quantity)
    result = _solve(request, setting)
    if isinstance(result, UnknownLiquidation):
        return Unknown(missing=result.missing)
    if isinstance(result, AlwaysLiquidated):
        return LiquidatedAnswer(reason=result.reason)
    estimate, note = _provenance(request, setting)
    if isinstance(result, NoLiquidation):
        return NoLiquidationAnswer(reason=result.reason, estimate=estimate, note=note)
    return _answer(request, setting, result)


def _check(request: LiquidationRequest) -> None:
    request.exclude_each_other("quantity", "notional")
    if request.margin is None or request.leverage is None or _size_given(request):
        request.exclude_each_other("margin", "wallet_balance", "leverage", "equity")
    else:
        request.exclude_each_other("margin", "wallet_balance", "equity")
        request.refuse("where the size is margin * leverage", "extra_margin")
    request.exclude_each_other(*_KEPT)
    request.exclude_each_other("requirement_at", "venue")
    if request.margin_mode == "isolated":
        request.refuse("in isolated mode", "wallet_balance", "other_unrealised", "other_maintenance_margin")
    else:
        request.refuse("in cross mode", "margin", "leverage", "extra_margin")
    if request.leverage is None:
        request.refuse("without leverage", "extra_margin")
    if request.equity is not None:
        request.refuse("beside equity, which includes it", "other_unrealised")
    if not request.given("maintenance_rate"):
        request.refuse("without maintenance_rate", "maintenance_deduction")
    if not request.given("tiers"):
        request.refuse("without tiers", "tier_unit")
    if _is_fixed(request):
        request.refuse("beside a maintenance margin that is fixed", "requirement_at", "venue", "closing_fee_rate")


def _missing(request: LiquidationRequest) -> tuple[str, ...]:
    if request.margin_mode == "isolated":
        gaps = [request.lacking("margin", "leverage", "equity")]
    else:
        gaps = [request.lacking("wallet_balance", "equity")]
        others = ("other_unrealised", "other_maintenance_margin")
        gaps.append(tuple(name for name in others if request.given(name) and getattr(request, name) is None))
    gaps.append(request.lacking(*_KEPT))
    if not _any_size(request) and not _size_given(request):
        bought = ("margin", "leverage")
        if not all(map(request.given, bought)):
            gaps.append(request.lacking("quantity", "notional", why="(or margin with leverage)"))
        gaps.append(tuple(name for name in bought if request.given(name) and getattr(request, name) is None))
    if request.notional is not None:
        gaps.append(request.lacking("entry_price", why="beside notional"))
    requirement_at = _requirement_at(request)
    backed = any(value is not None for value in (request.margin, request.wallet_balance, request.leverage))
    by_equity = request.given("equity") and not backed
    if by_equity:
        gaps.append(request.lacking("mark_price", why="beside equity"))
    if not by_equity or requirement_at is RequirementAt.AT_ENTRY:
        gaps.append(request.lacking("entry_price"))
    if requirement_at is RequirementAt.AT_MARK:
        gaps.append(request.lacking("mark_price", why="for requirement_at at_mark"))
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _is_fixed(request: LiquidationRequest) -> bool:
    return request.maintenance_margin is not None or request.maintenance_per_contract is not None


def _fixed(request: LiquidationRequest, quantity: Decimal) -> Decimal:
    """A requirement that does not move with the price."""
    if request.maintenance_per_contract is None:
        return request.maintenance_margin or ZERO
    kept = quantity * request.maintenance_per_contract
    given = {"quantity": quantity, "maintenance_per_contract": request.maintenance_per_contract}
    note("maintenance margin", "quantity * maintenance_per_contract", kept, given, unit="settle")
    return kept


def _size_given(request: LiquidationRequest) -> bool:
    return request.quantity is not None or request.notional is not None


def _any_size(request: LiquidationRequest) -> bool:
    """Whether the price is the same for every size: all of it grows with the position."""
    grows = request.given("leverage") and request.margin is None and request.given("maintenance_rate")
    return grows and not request.maintenance_deduction and not request.extra_margin


def _quantity(request: LiquidationRequest) -> Decimal:
    """The size held, unsigned; one unit where every size has the same price and none is given."""
    if request.quantity is not None:
        return request.quantity
    value = request.notional
    if value is None and request.margin is not None and request.leverage is not None:
        value = request.margin * request.leverage
        note("value", "margin * leverage", value, {"margin": request.margin, "leverage": request.leverage})
    if value is None or request.entry_price is None:
        note("quantity, any being alike", "1", ONE, {}, unit="order unit")
        return ONE
    if value <= 0:
        raise RequestError("margin", "above zero beside leverage", str(request.margin))
    return quantity_of(contract_kind(request.kind), value, request.contract_size, request.entry_price)


def _rules(request: LiquidationRequest) -> MarginRules | None:
    if request.venue is None:
        return None
    if request.kind == "quanto":
        raise RequestError("venue", "none for a quanto contract", request.venue)
    return named_rules(request.venue, contract_kind(request.kind))


def _requirement_at(request: LiquidationRequest) -> RequirementAt:
    rules = _rules(request)
    if rules is not None:
        return rules.requirement_at
    return request.requirement_at or RequirementAt.AT_LIQUIDATION


def _setting(request: LiquidationRequest, quantity: Decimal) -> _Setting:
    kind, size, held = contract_kind(request.kind), request.contract_size, signed(request.side, quantity)
    entry = request.entry_price
    pot = request.wallet_balance if request.margin is None else request.margin
    if request.equity is not None:
        assert request.mark_price is not None
        # Equity at mark is a margin for a position opened at mark; with the entry known, take its profit off again.
        entry = request.mark_price if entry is None else entry
        own = unrealised(kind, held, size, entry, request.mark_price)
        pot = request.equity - own
        note("margin", "equity - unrealised", pot, {"equity": request.equity, "unrealised": own}, unit="settle")
    assert entry is not None
    if request.leverage is not None and request.margin is None:
        value = settle_notional(kind, held, size, entry)
        pot = value / request.leverage + request.extra_margin
        given = {"value": value, "leverage": request.leverage, "extra_margin": request.extra_margin}
        note("margin", "value / leverage + extra_margin", pot, given, unit="settle")
    assert pot is not None
    return _Setting(held, entry, pot, _requirement_at(request), _rules(request))


def _solve(request: LiquidationRequest, setting: _Setting) -> Liquidation:
    kind, size, held = contract_kind(request.kind), request.contract_size, setting.held
    others_unrealised = request.other_unrealised or ZERO
    others_maintenance = request.other_maintenance_margin or ZERO
    if _is_fixed(request):
        pot = setting.margin + others_unrealised - others_maintenance
        return with_fixed_requirement(kind, held, size, setting.entry_price, pot, _fixed(request, abs(held)))
    return cross(
        kind,
        held,
        size,
        setting.entry_price,
        setting.margin,
        _table(request, setting),
        others_unrealised=others_unrealised,
        others_maintenance=others_maintenance,
        requirement_at=setting.requirement_at,
        closing_fee_rate=request.closing_fee_rate,
        mark_price=request.mark_price,
    )


def _table(request: LiquidationRequest, setting: _Setting) -> TierTable:
    if request.tiers is None:
        return single_rate(request.kind, request.maintenance_rate or ZERO, request.maintenance_deduction)
    if request.tiers[0].floor:
        raise RequestError("tiers.0.floor", "0: liquidation needs the whole table", str(request.tiers[0].floor))
    rules = _rules(request)
    if rules is not None and rules.tier_unit == "contracts" and request.tier_unit is None and len(request.tiers) > 1:
        raise RequestError("tier_unit", f"settle or contracts: {rules.name} states contracts", "nothing")
    tier = _tier_in_contracts(request, abs(setting.held))
    if tier is not None:
        return single_rate(request.kind, tier.rate, ZERO)
    return tier_table(request.kind, request.tiers, whole_position=rules is not None and rules.whole_position)


def _tier_in_contracts(request: LiquidationRequest, quantity: Decimal) -> Tier | None:
    """The tier of the quantity held, at whatever price, where tiers are in contracts; ``None`` elsewhere."""
    if request.tier_unit != "contracts" or request.tiers is None:
        return None
    return contracts_tier(request.kind, request.tiers, quantity)


def _provenance(request: LiquidationRequest, setting: _Setting) -> tuple[bool | None, str | None]:
    rules = setting.rules
    if rules is None:
        return None, None
    return not rules.exact(MarginMode(request.margin_mode)), f"{rules.note} ({rules.dated})"


def _answer(request: LiquidationRequest, setting: _Setting, result: LiquidationPrice) -> LiquidationAnswer:
    undefined: dict[str, NoValue | Unknown] = {}
    estimate, note = _provenance(request, setting)
    away = None
    if request.mark_price is not None:
        away = distance(result.price, request.mark_price, request.side)
    fixed = _is_fixed(request)
    tier = _tier_in_contracts(request, abs(setting.held)) or result.tier
    return LiquidationAnswer(
        liquidation_price=result.price,
        distance=away,
        settle=settle_of(request.kind),
        margin=setting.margin
        if _size_given(request) or request.leverage is None or request.margin is not None
        else None,
        tier=None if tier is None else tier_answer(tier),
        requirement_at="fixed" if fixed else setting.requirement_at.value,
        bankruptcy_price=_bankruptcy(request, setting, ZERO, "bankruptcy_price", undefined),
        bankruptcy_price_after_fee=_bankruptcy(
            request, setting, request.closing_fee_rate, "bankruptcy_price_after_fee", undefined
        ),
        estimate=estimate,
        note=note,
        undefined=undefined,
    )


def _bankruptcy(
    request: LiquidationRequest,
    setting: _Setting,
    closing_fee_rate: Decimal,
    name: str,
    undefined: dict[str, NoValue | Unknown],
) -> Decimal | None:
    if request.margin_mode == "cross":
        return None
    kind = contract_kind(request.kind)
    result = bankruptcy(
        kind, setting.held, request.contract_size, setting.entry_price, setting.margin, closing_fee_rate
    )
    if isinstance(result, LiquidationPrice):
        return result.price
    reason = result.reason if isinstance(result, NoLiquidation) else "equity is below zero at every price"
    undefined[name] = NoValue(reason=reason)
    return None
