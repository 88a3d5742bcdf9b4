"""A path of a pool's surplus: what of it moves with one price, and on which straight line within a maintenance tier.

A path is followed in ``t``, which is 1 now and by which the price that moves is multiplied. Amounts are in the pool's
currency. :mod:`core.surplus_walk` and :mod:`core.surplus_tangent` find where such a path ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from core.instruments import Tier
from core.liquidation_results import AlwaysLiquidated, Liquidation, NoLiquidation
from core.margin_rules import RequirementAt
from core.pool import LegValue

BELOW = "equity is below the requirement all the way"

Line = tuple[Decimal, Decimal]
"""``constant + slope·t``. A plain tuple: a revaluation makes thousands of them."""


class Path(NamedTuple):
    """A path in ``t``, 1 now: the straight line of all that has no tiers, and the legs that move.

    A leg is ``scaled`` where its settle currency moves with it. Prices are ``price·t``, or ``price/t`` if ``inverted``.
    """

    constant: Decimal
    slope: Decimal
    moving: Sequence[tuple[LegValue, bool]]
    price: Decimal
    inverted: bool
    requirement: bool


def present(leg: LegValue, requirement: bool) -> Decimal:
    """What a leg adds to the surplus now (to the equity, without the ``requirement``)."""
    return leg.surplus if requirement else leg.profit * leg.settle_price


def is_tiered(leg: LegValue, requirement: bool) -> bool:
    """True where the requirement of a leg goes through tiers as its price moves."""
    if not requirement or leg.tier is None or leg.leg.requirement_at is RequirementAt.AT_MARK:
        return False
    return leg.leg.ladder is not None and not leg.leg.ladder.by_contracts


def line(leg: LegValue, scaled: bool, tier: int | None, requirement: bool) -> Line:
    """The surplus of one leg in one tier. Where the settle currency moves too, everything is multiplied by ``t``, and
    the value, which goes as 1/t in coins, stands still in quote: constant and slope change places."""
    facts, rate = leg.leg, leg.settle_price
    constant, slope = facts.base, leg.slope
    if requirement:
        constant -= facts.fixed_fee
        if tier is None or facts.requirement_at is RequirementAt.AT_MARK:
            constant -= leg.requirement - facts.fixed_fee
        else:
            ladder = facts.ladder
            assert ladder is not None
            constant += ladder.deductions[tier]
            slope -= leg.value * (ladder.rates[tier] + facts.fee_rate)
    if scaled:
        constant, slope = slope, constant
    return (constant, slope) if rate == 1 else (constant * rate, slope * rate)


def whole(path: Path, lines: Sequence[Line]) -> Line:
    """The surplus of the whole path with its legs on these lines."""
    constant, slope = path.constant, path.slope
    for stays, moves in lines:
        constant, slope = constant + stays, slope + moves
    return constant, slope


def price_at(path: Path, over: Decimal, under: Decimal) -> Decimal:
    """The price at ``t = over / under``, divided once."""
    return path.price * under / over if path.inverted else path.price * over / under


def first_tier(path: Path, tiers: Sequence[int | None]) -> Tier | None:
    """The tier of the first moving leg, where it has one."""
    if not path.requirement or not tiers or tiers[0] is None:
        return None
    ladder = path.moving[0][0].leg.ladder
    return None if ladder is None else ladder.tier(tiers[0])


def never(path: Path, *, upwards: bool, past: bool) -> Liquidation:
    """The answer where there is no zero on one way."""
    if past:
        return AlwaysLiquidated(BELOW)
    way = "rise" if upwards is not path.inverted else "fall"
    return NoLiquidation(f"the margin covers the position through any {way} of the price")
