"""The first zero of a pool's surplus, found by walking from the present price over the tier boundaries, outwards.

This finds it whatever the tables are like: also where the requirement jumps at a boundary, and where a pool that is
past its requirement comes back above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.explain import note
from core.instruments import Tier
from core.liquidation_results import Liquidation, LiquidationPrice, UnknownLiquidation
from core.pool import LegValue
from core.surplus_path import Path, first_tier, is_tiered, line, never, price_at, whole
from core.surplus_told import crossing

_End = tuple[Decimal, Decimal, Decimal]
"""Where a tier ends on the way: ``t``, and the two whose quotient it is, so that a price there is divided once."""


def walk(path: Path, *, upwards: bool, past: bool) -> Liquidation:
    """The first zero of the surplus for ``t`` above (or below) 1, crossing downwards, or upwards where ``past``."""
    moving, requirement = path.moving, path.requirement
    tiers = [leg.tier for leg, _ in moving]
    lines = [line(leg, scaled, leg.tier, requirement) for leg, scaled in moving]
    ends = [_end(leg, scaled, leg.tier, requirement, upwards) for leg, scaled in moving]
    jumps = requirement and any(leg.leg.ladder is not None and leg.leg.ladder.jumps for leg, _ in moving)
    reached: _End | None = None
    constant, slope = whole(path, lines)
    while True:
        end = _nearest(ends, upwards=upwards)
        if jumps and reached is not None and (constant + slope * reached[0] > 0) is past:
            return _at_jump(path, reached, first_tier(path, tiers))
        if _crosses(constant, slope, end, upwards=upwards, past=past):
            return crossing(path, lines, tiers)  # anew: adding and taking off on the way has left its dust
        if end is None:
            return never(path, upwards=upwards, past=past)
        for index, (leg, scaled) in enumerate(moving):
            own = ends[index]
            if own is None or own[0] != end[0]:
                continue
            reached = own
            following = _next(leg, tiers[index], rises=upwards is not scaled)
            if following is None:
                assert leg.leg.ladder is not None
                return UnknownLiquidation((f"a maintenance tier above {leg.leg.ladder.caps[-1]}",))
            before, after = lines[index], line(leg, scaled, following, requirement)
            constant, slope = constant + (after[0] - before[0]), slope + (after[1] - before[1])
            tiers[index], lines[index] = following, after
            ends[index] = _end(leg, scaled, following, requirement, upwards)


def _end(leg: LegValue, scaled: bool, tier: int | None, requirement: bool, upwards: bool) -> _End | None:
    """Where a leg leaves a tier, walking outwards; ``None`` where nothing bounds it."""
    ladder = leg.leg.ladder
    if tier is None or ladder is None or not is_tiered(leg, requirement):
        return None
    bound = ladder.caps[tier] if upwards is not scaled else ladder.floors[tier]
    if not bound:
        return None
    return (leg.value / bound, leg.value, bound) if scaled else (bound / leg.value, bound, leg.value)


def _nearest(ends: Sequence[_End | None], *, upwards: bool) -> _End | None:
    """The end that is met first."""
    nearest: _End | None = None
    for end in ends:
        if end is not None and (nearest is None or (end[0] < nearest[0] if upwards else end[0] > nearest[0])):
            nearest = end
    return nearest


def _crosses(constant: Decimal, slope: Decimal, end: _End | None, *, upwards: bool, past: bool) -> bool:
    """Whether the line crosses zero up to where the first leg leaves its tier."""
    if end is not None:
        at_end = constant + slope * end[0]
        return at_end > 0 if past else at_end <= 0
    towards = slope if upwards else constant  # it goes on for ever, or down to zero
    return towards > 0 if past else towards < 0


def _at_jump(path: Path, end: _End, tier: Tier | None) -> LiquidationPrice:
    """The price at the boundary behind which the surplus is on the other side of zero."""
    _, over, under = end
    price = price_at(path, over, under)
    formula = "price_now * value_now / boundary" if path.inverted else "price_now * boundary / value_now"
    given = {"price_now": path.price, "boundary": over, "value_now": under}
    note("liquidation price at the jump of a tier", formula, price, given, unit="quote a coin")
    return LiquidationPrice(price, tier)


def _next(leg: LegValue, tier: int | None, *, rises: bool) -> int | None:
    """The tier after ``tier`` where the value rises or falls; ``None`` above the last one."""
    assert tier is not None
    assert leg.leg.ladder is not None
    following = tier + 1 if rises else tier - 1
    return following if following < len(leg.leg.ladder.caps) else None
