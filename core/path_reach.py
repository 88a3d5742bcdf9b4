"""How far the driver may move before a pool of a book is liquidated: exact.

Where a single coin moves, the walk over tier boundaries (:mod:`core.pool_liquidation`) gives the answer in one
division. Where several move by their betas, the surplus is looked at in steps of half a percent outwards and the
first change of sign is closed in on by Ridders' method, which keeps the root between two points and halves their
distance at least (Ridders, IEEE Transactions on Circuits and Systems 26, 1979). Tiers are taken afresh at every point.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

import msgspec

from core.errors import RequestError
from core.exact import CONTEXT, ONE, exactly
from core.explain import note, unrecorded
from core.hedged_book import BookPool, Market, pool_at, power
from core.instruments import ContractKind
from core.liquidation_results import Liquidation, LiquidationPrice, UnknownLiquidation
from core.margin_rules import RequirementAt
from core.pool_liquidation import coin_path

STEP = Decimal("0.005")
"""Step of the search in the logarithm of the driver."""
WIDEST = Decimal(20)
"""The driver is followed to 20 times its price, and to a 20th."""
_CLOSE = Decimal("1e-45")
_MOST_STEPS = 400


class PathReach(msgspec.Struct, frozen=True):
    """The driver's multiples at which the pool is liquidated, nearest ``above`` and ``below``; ``None``: not reached.

    ``unknown_above`` and ``unknown_below`` name what is not known (a tier above the last) where the search had to stop,
    at the multiple given by ``above`` or ``below``. A pool that is past its requirement where the search starts has
    that point for both.
    """

    above: Decimal | None = None
    below: Decimal | None = None
    unknown_above: str = ""
    unknown_below: str = ""


@exactly
def path_reach(
    pool: BookPool, market: Market, low: Decimal = ONE / WIDEST, high: Decimal = WIDEST, *, start: Decimal = ONE
) -> PathReach:
    """Where the pool is liquidated while the driver goes from ``start`` up to ``high``, and from there to ``low``.

    Raises RequestError naming a beta that is not known.
    """
    moving = _moving(pool, market)
    surplus = surplus_along(pool, market)
    now = surplus(start)
    if now is None:
        name = unknown_name(pool, market, start)
        return PathReach(start, start, name, name)
    if pool.legs and now <= 0:
        return PathReach(start, start)
    if not pool.legs or not moving:
        return PathReach()
    coin = _straight(pool, moving)
    if coin is not None:
        return _by_walk(pool, market, coin, start, (low, high))
    above, above_unknown = _search(surplus, start, high)
    below, below_unknown = _search(surplus, start, low)
    return PathReach(
        above,
        below,
        unknown_name(pool, market, above) if above is not None and above_unknown else "",
        unknown_name(pool, market, below) if below is not None and below_unknown else "",
    )


def _moving(pool: BookPool, market: Market) -> set[str]:
    names = {item.asset for item in pool.collateral}
    for held in pool.legs:
        names |= {held.leg.contract.coin, held.leg.contract.settle}
    return {name for name in names if market.beta(name)}


def _straight(pool: BookPool, moving: set[str]) -> str | None:
    """The one coin that moves, where the pool's surplus is a straight line in it; ``None`` elsewhere.

    A requirement that a venue takes at the mark moves with the mark here, which the walk does not follow.
    """
    if len(moving) > 1:
        return None
    (coin,) = moving
    for held in pool.legs:
        leg, contract = held.leg, held.leg.contract
        inverse = contract.kind is ContractKind.INVERSE
        if leg.requirement_at is RequirementAt.AT_MARK:
            return None
        if (contract.settle == coin) is not (inverse and contract.coin == coin):
            return None
        if inverse and contract.coin == coin != contract.settle:
            return None
    return coin


def _by_walk(pool: BookPool, market: Market, coin: str, start: Decimal, limits: tuple[Decimal, Decimal]) -> PathReach:
    beta, (low, high) = market.beta(coin), limits
    reach = coin_path(pool_at(pool, market, start), coin, power(start, beta))
    upwards, downwards = (reach.above, reach.below) if beta > 0 else (reach.below, reach.above)
    above, unknown_above = _within(pool, market, upwards, beta, (start, high))
    below, unknown_below = _within(pool, market, downwards, beta, (start, low))
    return PathReach(above, below, unknown_above, unknown_below)


def _within(
    pool: BookPool, market: Market, found: Liquidation, beta: Decimal, way: tuple[Decimal, Decimal]
) -> tuple[Decimal | None, str]:
    """What the walk found, as a multiple of the driver, if it lies on the way."""
    if isinstance(found, LiquidationPrice):
        x = power(found.price, ONE / beta)
        note("multiple of the driver", "multiple ** (1 / beta)", x, {"multiple": found.price, "beta": beta})
        return (x, "") if min(way) <= x <= max(way) else (None, "")
    if isinstance(found, UnknownLiquidation):
        name = unknown_name(pool, market, way[1])
        if name:
            return _search(surplus_along(pool, market), *way)[0], name
    return None, ""


def surplus_along(pool: BookPool, market: Market) -> Callable[[Decimal], Decimal | None]:
    """The surplus at a multiple of the driver; ``None`` above a last tier."""

    def surplus(x: Decimal) -> Decimal | None:
        try:
            return pool_at(pool, market, x).surplus
        except RequestError as refused:
            if refused.key != "notional":
                raise
            return None

    return surplus


@unrecorded()
def unknown_name(pool: BookPool, market: Market, x: Decimal) -> str:
    """Which tier the pool lacks at the driver's multiple ``x``; empty where it lacks none."""
    for held in pool.legs:
        alone = msgspec.structs.replace(pool, legs=(held,))
        try:
            pool_at(alone, market, x)
        except RequestError as refused:
            if refused.key != "notional":
                raise
            assert held.leg.ladder is not None
            return f"a maintenance tier of {held.leg.contract.name} above {held.leg.ladder.caps[-1]}"
    return ""


def _search(
    surplus: Callable[[Decimal], Decimal | None], start: Decimal, limit: Decimal
) -> tuple[Decimal | None, bool]:
    """The first root between ``start`` and ``limit``, and whether it is where the surplus stops being known instead."""
    found, unknown = _root(surplus, start, limit)
    if found is not None:
        given = {"from": start, "to": limit}
        note("multiple where the surplus is zero", "the first on the way", found, given, kind="search")
    return found, unknown


@unrecorded()
def _root(surplus: Callable[[Decimal], Decimal | None], start: Decimal, limit: Decimal) -> tuple[Decimal | None, bool]:
    inside = start
    for point in points(start, limit):
        value = surplus(point)
        if value is None or value <= 0:
            found = close_in(surplus, inside, point)
            return found, value is None and surplus(found) is None
        inside = point
    return None, False


@exactly
def close_in(function: Callable[[Decimal], Decimal | None], inside: Decimal, outside: Decimal) -> Decimal:
    """Where ``function``, positive at ``inside``, ends being so on the way to ``outside``: to 1e-45 relative.

    A value of ``None`` (not known) counts as ended. Where the function jumps, the answer is on the far side.
    """
    ok, end = function(inside), function(outside)
    before = inside
    for _ in range(_MOST_STEPS):
        if abs(outside - inside) <= _CLOSE * abs(outside) or end == 0:
            break
        middle = (inside + outside) / 2
        value = function(middle)
        guess = middle
        if ok is not None and end is not None and value is not None and value:
            root = CONTEXT.sqrt(value * value - ok * end)
            guess = middle + (middle - inside) * value / root
        inside, outside, ok, end = _narrow(inside, outside, ok, end, middle, value)
        if guess != middle and min(inside, outside) <= guess <= max(inside, outside):
            if abs(guess - before) <= _CLOSE * abs(guess):
                return guess
            before = guess
            if inside != guess != outside:
                inside, outside, ok, end = _narrow(inside, outside, ok, end, guess, function(guess))
    return outside


def _narrow(
    inside: Decimal,
    outside: Decimal,
    ok: Decimal | None,
    end: Decimal | None,
    point: Decimal,
    value: Decimal | None,
) -> tuple[Decimal, Decimal, Decimal | None, Decimal | None]:
    if value is None or value <= 0:
        return inside, point, ok, value
    return point, outside, value, end


@exactly
def points(start: Decimal, limit: Decimal) -> list[Decimal]:
    """Multiples from ``start`` (left out) to ``limit`` in steps of half a percent, ``limit`` last."""
    upwards = limit > start
    found: list[Decimal] = []
    while limit != start:
        index = len(found) + 1
        point = start * _power_of_step(index if upwards else -index)
        if point >= limit if upwards else point <= limit:
            return [*found, limit]
        found.append(point)
    return found


@lru_cache(maxsize=2048)
def _power_of_step(index: int) -> Decimal:
    return CONTEXT.exp(STEP * index)
