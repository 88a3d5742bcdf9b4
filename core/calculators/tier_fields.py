"""Maintenance tiers as a request states them."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Protocol

import msgspec
from pydantic import Field

from core.calculators.fields import Answer, Exact, Kind, NotNegative, Positive, Request, Share, contract_kind
from core.errors import RequestError
from core.exact import ZERO, exactly
from core.explain import note
from core.instruments import ContractKind, Tier, TierTable
from core.margin import TIER_UNIT
from core.margin_rules import MarginRules
from core.pool import Ladder

TIERS_HELP = (
    "Maintenance-margin tiers, lowest first. A tier holds for floor < notional <= cap and asks for notional * rate - "
    "deduction, all in the settle currency (quote for linear, coin for inverse)."
)


TIER_UNIT_HELP = (
    "Unit of floor and cap. settle (the default): value in the settle currency; contracts: quantity, with the rate on "
    "the whole position. Needed where the venue's own tiers are in contracts (okx, mexc)."
)
TierUnit = Literal["settle", "contracts"]


class TierField(Request):
    """One maintenance-margin tier."""

    floor: NotNegative = Field(description="Notional above which the tier holds, in the settle currency.")
    cap: Positive | None = Field(
        default=None,
        description="Notional up to which it holds. Left out or null: the next tier's floor, and no end for the last.",
    )
    rate: Share = Field(description="Maintenance rate, a fraction of the whole notional.")
    deduction: NotNegative | None = Field(
        default=None,
        description="Amount taken off (settle currency). Left out or null: what continuity asks for, 0 in the first "
        "tier and floor * (rate - rate before) + deduction before in the others. Write 0 where a venue charges the "
        "rate on the whole position without a deduction.",
    )


class TierAnswer(Answer):
    """A maintenance-margin tier with its deduction filled in."""

    floor: Exact
    cap: Exact | None = Field(description="Null: no upper end.")
    rate: Exact = Field(description="Fraction of the notional.")
    deduction: Exact


ROUNDING = Decimal("0.000001")
"""Venues round their deductions: so much of a tier's floor may be lost to it."""


@exactly
def tier_table(kind: Kind, tiers: tuple[TierField, ...], *, whole_position: bool = False) -> TierTable:
    """The table that the tiers of a request describe. Raises RequestError naming a tier that is out of place.

    Deductions must keep the requirement continuous, unless all of them are 0: then, as with ``whole_position``, a
    tier's rate applies to the whole position.
    """
    jumps = whole_position or (len(tiers) > 1 and all(tier.deduction == 0 for tier in tiers))
    built: list[Tier] = []
    for index, tier in enumerate(tiers):
        name = f"tiers.{index}"
        following = tiers[index + 1].floor if index + 1 < len(tiers) else None
        cap = following if tier.cap is None else tier.cap
        if cap is not None and cap <= tier.floor:
            raise RequestError(f"{name}.cap", f"more than the tier's floor of {tier.floor}", str(cap))
        if following is not None and cap != following:
            raise RequestError(f"{name}.cap", f"the next tier's floor of {following}", str(cap))
        before = built[-1] if built else None
        if before is not None and tier.rate <= before.rate:
            raise RequestError(f"{name}.rate", f"more than {before.rate}, the rate of the tier before", str(tier.rate))
        built.append(Tier(tier.floor, cap, tier.rate, ZERO if jumps else _deduction(name, tier, before)))
    unit = TIER_UNIT[contract_kind(kind)]
    return TierTable("request", unit, tuple(built), 0, "request", whole_position=jumps)


def _deduction(name: str, tier: TierField, before: Tier | None) -> Decimal:
    """The deduction as stated, checked against the tier before; the one that continuity asks for where none is."""
    expected = tier.floor * (tier.rate - before.rate) + before.deduction if before else ZERO
    if before is not None and tier.deduction is None:
        given = {
            "floor": tier.floor,
            "rate": tier.rate,
            "rate_before": before.rate,
            "deduction_before": before.deduction,
        }
        note("deduction", "floor * (rate - rate_before) + deduction_before", expected, given, unit="settle")
    if tier.deduction is None:
        return expected
    if before is not None and abs(tier.deduction - expected) > ROUNDING * max(tier.floor, expected):
        raise RequestError(f"{name}.deduction", f"{expected.normalize():f} for continuity", str(tier.deduction))
    return tier.deduction


def contracts_tier(kind: Kind, tiers: tuple[TierField, ...], quantity: Decimal) -> Tier | None:
    """The tier that a quantity of contracts lies in, floors and caps in contracts and each rate on the whole position.

    ``None`` above the last tier. Raises RequestError for tiers out of place, and for a deduction.
    """
    for index, stated in enumerate(tiers):
        if stated.deduction:
            raise RequestError(f"tiers.{index}.deduction", "0 for tiers in contracts", str(stated.deduction))
    for tier in tier_table(kind, tiers, whole_position=True).tiers:
        if quantity <= tier.floor:
            break
        if tier.cap is None or quantity <= tier.cap:
            return tier
    return None


def single_rate(kind: Kind, rate: Decimal, deduction: Decimal) -> TierTable:
    """A table of one open-ended tier."""
    note("floor of the one tier", "0", ZERO, {}, unit="settle")
    return TierTable("request", TIER_UNIT[contract_kind(kind)], (Tier(ZERO, None, rate, deduction),), 0, "request")


def tier_answer(tier: Tier) -> TierAnswer:
    """A tier as an answer shows it."""
    return TierAnswer(floor=tier.floor, cap=tier.cap, rate=tier.rate, deduction=tier.deduction)


class Maintenance(Protocol):
    """The part of a request that states what a position must keep."""

    @property
    def kind(self) -> Kind: ...
    @property
    def tiers(self) -> tuple[TierField, ...] | None: ...
    @property
    def tier_unit(self) -> TierUnit | None: ...
    @property
    def maintenance_rate(self) -> Decimal | None: ...
    @property
    def maintenance_deduction(self) -> Decimal: ...


def ladder(stated: Maintenance, key: str, kind: ContractKind, rules: MarginRules) -> Ladder | None:
    """The maintenance table of a position at ``key`` of a request; ``None`` where it states neither tiers nor a rate.

    Raises RequestError for tiers out of place, and where the rules count contracts and the unit was not said.
    """
    contracts = stated.tier_unit == "contracts"
    if stated.maintenance_rate is not None:
        table = single_rate(stated.kind, stated.maintenance_rate, stated.maintenance_deduction)
    elif stated.tiers is None:
        return None
    else:
        if stated.tiers[0].floor:
            raise RequestError(f"{key}.tiers.0.floor", "0: the whole table is needed", str(stated.tiers[0].floor))
        if stated.tier_unit is None and rules.tier_unit == "contracts" and len(stated.tiers) > 1:
            raise RequestError(f"{key}.tier_unit", f"settle or contracts: {rules.name} states contracts", "nothing")
        try:
            table = tier_table(stated.kind, stated.tiers, whole_position=rules.whole_position or contracts)
        except RequestError as refused:
            raise RequestError(f"{key}.{refused.key}", refused.expected, refused.found) from None
    unit = "contracts" if contracts and stated.tiers is not None else TIER_UNIT[kind]
    return Ladder(msgspec.structs.replace(table, unit=unit), kind)
