"""The zero of a pool's surplus on one way, found from outside in a few straight lines instead of by walking there.

Where requirements are continuous and their rates rise, the surplus bends downwards only: it is concave in ``t``, and
the line of any set of tiers lies on it or above it. A pool above its requirement therefore has one zero on a way at
most, Newton's method comes to it from outside without passing it, and a zero of a line that lies within the tiers of
that line is the zero of the surplus: whatever the method did before, this alone is what an answer rests on.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal

from core.liquidation_results import Liquidation
from core.pool import Ladder, LegValue
from core.surplus_path import Path, is_tiered, line, never, whole
from core.surplus_told import crossing

SLACK = Decimal("1e-30")
"""How near to a boundary, as a fraction of the size, rounding could decide on which side of it a zero lies."""


def first_zero(path: Path, *, upwards: bool) -> Liquidation | None:
    """The zero of the surplus of a pool above its requirement, for ``t`` above (or below) 1; ``None``: it must be
    walked to, for a table that jumps or ends, or a zero at a boundary."""
    requirement, bounded = path.requirement, False
    if not requirement:
        return _straight_zero(path, upwards=upwards)
    if len(path.moving) == 1:
        return _zero_of_one(path, *path.moving[0], upwards=upwards)
    tiers, tiered = [leg.tier for leg, _ in path.moving], []
    for index, (leg, scaled) in enumerate(path.moving):
        ladder = leg.leg.ladder
        if ladder is None or not is_tiered(leg, requirement):
            continue
        if not ladder.rising or ladder.jumps:
            return None
        rises = upwards is not scaled
        tiers[index] = outermost = len(ladder.caps) - 1 if rises else 0
        bounded = bounded or (rises and ladder.caps[outermost] is not None)
        tiered.append((index, leg, scaled, ladder))
    lines = [line(leg, scaled, tier, requirement) for (leg, scaled), tier in zip(path.moving, tiers, strict=True)]
    constant, slope = whole(path, lines)
    if (slope if upwards else constant) >= 0:  # above zero now, and not below it far away
        return None if bounded else never(path, upwards=upwards, past=False)
    while True:
        t, moved = -constant / slope, False
        for index, leg, scaled, ladder in tiered:
            tier, size = tiers[index], leg.value / t if scaled else leg.value * t
            assert tier is not None
            if _holds(ladder, tier, size):
                continue
            inner = bisect_left(ladder.bounds, size)
            if not (inner < tier if upwards is not scaled else inner > tier):
                return None
            tiers[index], lines[index], moved = inner, line(leg, scaled, inner, requirement), True
        if not moved:
            return crossing(path, lines, tiers)
        constant, slope = whole(path, lines)


def _zero_of_one(path: Path, leg: LegValue, scaled: bool, *, upwards: bool) -> Liquidation | None:
    """:func:`first_zero` where one leg moves, as on the path of a contract."""
    ladder, tier, tiered, bounded = leg.leg.ladder, leg.tier, False, False
    rises = upwards is not scaled
    if ladder is not None and is_tiered(leg, True):
        if not ladder.rising or ladder.jumps:
            return None
        tiered, tier = True, len(ladder.caps) - 1 if rises else 0
        bounded = rises and ladder.caps[tier] is not None
    found = line(leg, scaled, tier, True)
    constant, slope = path.constant + found[0], path.slope + found[1]
    if (slope if upwards else constant) >= 0:
        return None if bounded else never(path, upwards=upwards, past=False)
    while tiered:
        assert ladder is not None
        assert tier is not None
        t = -constant / slope
        size = leg.value / t if scaled else leg.value * t
        if _holds(ladder, tier, size):
            break
        inner = bisect_left(ladder.bounds, size)
        if not (inner < tier if rises else inner > tier):
            return None
        tier = inner
        found = line(leg, scaled, tier, True)
        constant, slope = path.constant + found[0], path.slope + found[1]
    return crossing(path, [found], [tier])


def _straight_zero(path: Path, *, upwards: bool) -> Liquidation:
    """The zero of the equity, which goes through no tiers: that of one line."""
    lines = [line(leg, scaled, None, False) for leg, scaled in path.moving]
    constant, slope = whole(path, lines)
    if (slope if upwards else constant) >= 0:
        return never(path, upwards=upwards, past=False)
    return crossing(path, lines, [leg.tier for leg, _ in path.moving])


def _holds(ladder: Ladder, tier: int, size: Decimal) -> bool:
    """True where a size lies between the bounds of a tier beyond doubt."""
    doubt, cap = size * SLACK, ladder.caps[tier]
    return size - doubt > ladder.floors[tier] and (cap is None or size + doubt < cap)
