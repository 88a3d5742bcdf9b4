"""Where the pools of a book are liquidated when everything moves by its beta: searched in floating point.

All pools are followed at once, outwards from the present price in steps of half a percent, to the first point where the
surplus is not above zero; there all of them are closed in on together by Ridders' method (IEEE Transactions on Circuits
and Systems 26, 1979). The exact counterpart is :mod:`core.path_reach`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec
import numpy as np

from core.hedged_book import BookPool, HedgedBook, Market
from core.projection import Array, Projection, compile_pools, select, values

STEP = 0.005
"""Step of the search in the logarithm of the driver."""
WIDEST = math.log(20)
_CHUNK = 100
_CLOSE = 1e-14


class Multiple(msgspec.Struct, frozen=True):
    """The pool is liquidated when the driver is multiplied by ``multiple``; 1 where it is past its requirement now."""

    multiple: float


class Never(msgspec.Struct, frozen=True):
    """No multiple from a 20th to 20 liquidates the pool on this way; ``reason`` says why."""

    reason: str


class Unknown(msgspec.Struct, frozen=True):
    """Cannot be known beyond ``multiple`` for want of the inputs named; never to be read as safe."""

    missing: tuple[str, ...]
    multiple: float


class Death(NamedTuple):
    """The nearest multiples of the driver, above and below 1, at which a pool is liquidated."""

    above: Multiple | Never | Unknown
    below: Multiple | Never | Unknown


def first_ends(projection: Projection, log_limit: float) -> tuple[Array, Array]:
    """For every pool the step in which its surplus first ends being positive, on the way from 1 to a limit.

    Returns the logarithms before and after; NaN for pools that reach the limit. A pool past its requirement where it
    starts has 0 for both.
    """
    before, after = (np.full(projection.pools, np.nan) for _ in range(2))
    held = projection.legs.pool[projection.legs.size > 0]
    open_pools = np.bincount(held, minlength=projection.pools) > 0
    for log_x in way(log_limit):
        ends, begun = _ends(values(projection, log_x).surplus, log_x)
        found = open_pools & ~np.isnan(ends)
        before[found], after[found] = begun[found], ends[found]
        open_pools &= ~found
        if not open_pools.any():
            break
    return before, after


def way(log_limit: float) -> list[Array]:
    """Logarithms from 0 to the limit in steps of half a percent, in chunks that share their ends."""
    steps = math.ceil(abs(log_limit) / STEP - 1e-9)
    points = np.append(np.arange(steps) * math.copysign(STEP, log_limit), log_limit) if steps else np.zeros(1)
    return [points[begin : begin + _CHUNK + 1] for begin in range(0, max(1, len(points) - 1), _CHUNK)]


def _ends(surplus: Array, log_x: Array) -> tuple[Array, Array]:
    """(the point, the point before) where each column first is not above zero; NaN where it stays so."""
    ended = ~(surplus > 0)
    index = ended.argmax(axis=0)
    hit = ended[index, np.arange(surplus.shape[1])]
    ends: Array = np.where(hit, log_x[index], np.nan)
    return ends, np.where(hit, log_x[np.maximum(index - 1, 0)], np.nan)


def close_in(projection: Projection, inside: Array, outside: Array) -> Array:
    """Where each pool's surplus ends being positive between two logarithms, by Ridders' method in all pools at once.

    A surplus that is not known counts as ended; where one jumps, the answer is on the far side.
    """

    def surplus(log_x: Array) -> Array:
        found: Array = values(projection, log_x[None, :]).surplus[0]
        return found

    inside, outside = inside.copy(), outside.copy()
    ok, end = surplus(inside), surplus(outside)
    best: Array = outside.copy()
    done = np.zeros(len(inside), dtype=np.bool_)
    for _ in range(60):
        middle = (inside + outside) / 2
        value = surplus(middle)
        with np.errstate(invalid="ignore", divide="ignore"):
            guess = middle + (middle - inside) * value / np.sqrt(value * value - ok * end)
        _narrow(inside, outside, ok, end, middle, value)
        good = (guess >= np.minimum(inside, outside)) & (guess <= np.maximum(inside, outside))
        guess = np.where(good, guess, outside)
        settled = good & (np.abs(guess - best) < _CLOSE)
        _narrow(inside, outside, ok, end, guess, surplus(guess))
        best = np.where(done, best, guess)
        done |= settled | (np.abs(outside - inside) < _CLOSE)
        if done.all():
            break
    return best


def _narrow(inside: Array, outside: Array, ok: Array, end: Array, point: Array, value: Array) -> None:
    """Move the end that the new point replaces; a point at an end itself changes nothing."""
    alive, moved = value > 0, (point != outside) & (point != inside)
    inside[alive & moved], ok[alive & moved] = point[alive & moved], value[alive & moved]
    dead = ~alive & moved
    outside[dead], end[dead] = point[dead], value[dead]


def deaths(book: HedgedBook, market: Market | None = None) -> tuple[Death, ...]:
    """For every pool of the book, where on the beta path it is liquidated: the nearest multiples above and below 1."""
    market = Market(book.betas) if market is None else market
    projection = compile_pools(book.pools, market)
    above, below = (_one_way(book, projection, market, limit) for limit in (WIDEST, -WIDEST))
    return tuple(Death(up, down) for up, down in zip(above, below, strict=True))


def _one_way(
    book: HedgedBook, projection: Projection, market: Market, log_limit: float
) -> list[Multiple | Never | Unknown]:
    before, after = first_ends(projection, log_limit)
    reached = np.flatnonzero(~np.isnan(after))
    where = "20 times its price" if log_limit > 0 else "a 20th of its price"
    found: list[Multiple | Never | Unknown] = [
        Never(f"the collateral covers the positions until the driver is at {where}")
        if pool.legs else Never("no position") for pool in book.pools
    ]  # fmt: skip
    if not len(reached):
        return found
    chosen = select([projection], [(0, int(pool)) for pool in reached])
    ends = close_in(chosen, before[reached], after[reached])
    surplus = values(chosen, ends[None, :]).surplus[0]
    for pool, log_x, value in zip(reached, ends, surplus, strict=True):
        multiple = math.exp(log_x)
        missing = gaps(book.pools[pool], market, multiple) if math.isnan(value) else ()
        found[pool] = Unknown(missing, multiple) if missing else Multiple(multiple)
    return found


def gaps(pool: BookPool, market: Market, multiple: float) -> tuple[str, ...]:
    """The tiers that a pool lacks at a multiple of the driver."""
    found = []
    for held in pool.legs:
        legs = compile_pools([BookPool(name="", account=pool.account, legs=(held,))], market)
        if np.isnan(values(legs, np.array([math.log(multiple)])).surplus).any():
            assert held.leg.ladder is not None
            found.append(f"a maintenance tier of {held.leg.contract.name} above {held.leg.ladder.caps[-1]}")
    return tuple(found)
