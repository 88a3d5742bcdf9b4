"""What a ``margin`` request's position must keep: its tier, the rate, and the maintenance margin."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core.calculators.fields import NoValue, Unknown, contract_kind, number_text, signed
from core.calculators.margin_fields import MarginRequest
from core.calculators.tier_fields import TierAnswer, TierField, contracts_tier, tier_answer, tier_table
from core.errors import RequestError
from core.explain import explained, note
from core.instruments import Tier
from core.pnl import delta
from core.tiers import requirement, tier_for

Undefined = dict[str, NoValue | Unknown]


class Maintenance(NamedTuple):
    """The table with its deductions, and of the position its tier, rate and maintenance margin (settle currency)."""

    tiers: tuple[TierAnswer, ...] | None = None
    tier: Tier | None = None
    rate: Decimal | None = None
    margin: Decimal | None = None


def maintenance(request: MarginRequest, notional: Decimal | None, undefined: Undefined) -> Maintenance:
    """What a position of that notional must keep; a table that has no tier for it is named in ``undefined``."""
    if request.maintenance_rate is not None:
        rate = sloped_rate(request, "maintenance_rate", request.maintenance_rate, request.maintenance_rate_slope)
        owed = None if notional is None else notional * rate - request.maintenance_deduction
        if notional is not None:
            deduction = request.maintenance_deduction
            given = {"notional": notional, "rate": rate, "maintenance_deduction": deduction}
            note("maintenance margin", "notional * rate - maintenance_deduction", owed, given, unit="settle")
        return Maintenance(rate=rate, margin=owed)
    if request.maintenance_per_contract is not None and request.quantity is not None:
        return Maintenance(margin=_of_contracts(request.quantity, request.maintenance_per_contract))
    if request.tiers is None:
        return Maintenance()
    if request.tier_unit == "contracts":
        return _by_contracts(request, request.tiers, notional, undefined)
    table = tier_table(request.kind, request.tiers)
    shown = tuple(tier_answer(tier) for tier in table.tiers)
    if notional is None:
        return Maintenance(tiers=shown)
    try:
        tier = tier_for(table, notional)
    except RequestError:
        gap = f"a tier for a notional of {number_text(notional)}"
        undefined["maintenance_margin"] = Unknown(missing=(gap,))
        return Maintenance(tiers=shown)
    return Maintenance(shown, tier, tier.rate, requirement(tier, notional))


@explained("quantity * maintenance_per_contract", name="maintenance margin", unit="settle")
def _of_contracts(quantity: Decimal, maintenance_per_contract: Decimal) -> Decimal:
    return quantity * maintenance_per_contract


def _by_contracts(
    request: MarginRequest, tiers: tuple[TierField, ...], notional: Decimal | None, undefined: Undefined
) -> Maintenance:
    """Tiers in contracts: the quantity says which, and its rate is on the whole position."""
    if request.quantity is None or notional is None:
        raise RequestError("tier_unit", "settle, or contracts with a quantity and a price", "contracts alone")
    tier = contracts_tier(request.kind, tiers, request.quantity)
    shown = tuple(tier_answer(each) for each in tier_table(request.kind, tiers, whole_position=True).tiers)
    if tier is None:
        gap = f"a maintenance tier for {number_text(request.quantity)} contracts"
        undefined["maintenance_margin"] = Unknown(missing=(gap,))
        return Maintenance(tiers=shown)
    return Maintenance(shown, tier, tier.rate, requirement(tier, notional))


def sloped_rate(request: MarginRequest, name: str, rate: Decimal, slope: Decimal) -> Decimal:
    """A margin rate of the request with what a continuous ladder adds to it per coin of size."""
    if not slope:
        return rate
    coins = coins_of(request)
    if coins is None:
        raise RequestError(f"{name}_slope", "0 where the size in coins is not given", str(slope))
    grown = rate + slope * abs(coins)
    note(name.replace("_", " "), f"{name} + slope * abs(coins)", grown, {name: rate, "slope": slope, "coins": coins})
    return grown


def coins_of(request: MarginRequest) -> Decimal | None:
    """The position in coins, signed where a side is given; ``None`` where that is not known, and for quanto."""
    price = request.entry_price if request.mark_price is None else request.mark_price
    if request.quantity is None or price is None or request.kind == "quanto":
        return None
    held = request.quantity if request.side is None else signed(request.side, request.quantity)
    return delta(contract_kind(request.kind), held, request.contract_size, price)
