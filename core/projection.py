"""The pools of a hedged book in floating point: their surplus at many prices at once.

A projection is for grids and for the beta path (``price · x ** beta``), where thousands of revaluations are needed; its
figures are estimates to some 12 digits and never go back into money. Every leg is three numbers and a tier table::

    value = size · x ** exponent          profit = base + slope · x ** exponent
    surplus = (profit − requirement(value)) · settle price · x ** settle exponent

Tiers are taken afresh at every point. Above a last tier a surplus is NaN: not known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from core.hedged_book import BookPool, HeldLeg, Market
from core.instruments import ContractKind
from core.pool import counted

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]


class Legs(NamedTuple):
    """One entry a leg, ordered by pool. ``size`` is the value at x = 1, ``way`` the sign of its part in the profit.

    ``fixed`` is the requirement that no price moves, ``taker`` the fee rate of a trade, ``turn`` 1 where the value goes
    with the mark and −1 where it goes against it. ``caps``, ``rates`` and ``deductions`` have one row a leg, padded at
    the end; a last tier with an end is followed by one of NaN.
    """

    pool: Whole
    exponent: Array
    settle_exponent: Array
    settle_price: Array
    size: Array
    way: Array
    base: Array
    fixed: Array
    taker: Array
    turn: Array
    caps: Array
    rates: Array
    deductions: Array


class Coins(NamedTuple):
    """One entry a collateral: its pool and beta, its worth after and before the haircut, USD."""

    pool: Whole
    beta: Array
    counted: Array
    full: Array


class Projection(NamedTuple):
    """The pools of a book, compiled. ``isolated`` tells the pools that leave nothing when liquidated."""

    legs: Legs
    coins: Coins
    isolated: npt.NDArray[np.bool_]

    @property
    def pools(self) -> int:
        """How many pools there are."""
        return len(self.isolated)


class Values(NamedTuple):
    """Pools at points (rows: points, columns: pools), USD."""

    surplus: Array
    profit: Array
    requirement: Array
    counted: Array
    full: Array


def compile_pools(pools: Sequence[BookPool], market: Market) -> Projection:
    """Arrays of the pools under a market's basis and jumps. Raises RequestError naming a beta that is not known."""
    legs = [(index, pool.account, held) for index, pool in enumerate(pools) for held in pool.legs]
    rows = [_leg_row(held, account, market) for _, account, held in legs]
    caps, rates, deductions = _tables([held for _, _, held in legs])
    columns: Any = np.array(rows, dtype=np.float64).reshape(len(rows), 9)
    owners = np.array([index for index, _, _ in legs], dtype=np.intp)
    return Projection(
        Legs._make([owners, *(column.copy() for column in columns.T), caps, rates, deductions]),
        compile_coins(pools, market),
        np.array([pool.isolated for pool in pools], dtype=np.bool_),
    )


def compile_coins(pools: Sequence[BookPool], market: Market) -> Coins:
    """Arrays of the pools' collateral alone."""
    coins = [(index, pool.account, coin) for index, pool in enumerate(pools) for coin in pool.collateral]
    prices = [float(coin.price * market.jump(coin.asset, account)) for _, account, coin in coins]
    return Coins(
        np.array([index for index, _, _ in coins], dtype=np.intp),
        np.array([float(market.beta(coin.asset)) for _, _, coin in coins]),
        np.array([float(counted(coin)) * price for (_, _, coin), price in zip(coins, prices, strict=True)]),
        np.array([float(coin.amount) * price for (_, _, coin), price in zip(coins, prices, strict=True)]),
    )


def _leg_row(held: HeldLeg, account: str, market: Market) -> tuple[float, ...]:
    leg, contract = held.leg, held.leg.contract
    beta, settle_beta = float(market.beta(contract.coin)), float(market.beta(contract.settle))
    mark = float(held.mark_price * market.mark_multiple(leg, Decimal(1), account))
    settle_price = float(held.settle_price * market.jump(contract.settle, account))
    exponent = beta - (settle_beta if contract.kind is ContractKind.LINEAR else 0.0)
    amount, turn = float(leg.amount), 1.0 if leg.direct else -1.0
    return (
        exponent * turn,
        settle_beta,
        settle_price,
        abs(amount) * mark**turn,
        turn if amount > 0 else -turn,
        float(leg.base),
        float(leg.fixed_fee + (leg.fixed_requirement or 0)),
        float(held.taker_fee_rate),
        turn,
    )


def _tables(held: Sequence[HeldLeg]) -> tuple[Array, Array, Array]:
    """Caps, rates (with the closing fee) and deductions, padded to one width; rate 0 for fixed requirements."""
    rows = [_table(item) for item in held]
    width = max((len(caps) for caps, _, _ in rows), default=1)
    out = [np.full((len(rows), width), filler) for filler in (np.inf, np.nan, np.nan)]
    for index, row in enumerate(rows):
        for target, numbers in zip(out, row, strict=True):
            target[index, : len(numbers)] = numbers
    return out[0], out[1], out[2]


def _table(held: HeldLeg) -> tuple[list[float], list[float], list[float]]:
    leg, ladder = held.leg, held.leg.ladder
    if leg.fixed_requirement is not None or ladder is None:
        return [math.inf], [0.0], [0.0]
    fee = leg.fee_rate
    if ladder.by_contracts:
        tier = ladder.find(abs(leg.quantity))
        return [math.inf], [float(ladder.rates[tier] + fee)], [float(ladder.deductions[tier])]
    caps = [math.inf if cap is None else float(cap) for cap in ladder.caps]
    rates, deductions = [float(rate + fee) for rate in ladder.rates], [float(item) for item in ladder.deductions]
    if caps[-1] != math.inf:
        return [*caps, math.inf], [*rates, math.nan], [*deductions, math.nan]
    return caps, rates, deductions


def values(projection: Projection, log_x: Array, powers: tuple[Array, Array] | None = None) -> Values:
    """All pools at points of the driver: ``log_x`` of shape (points,), or (points, pools) for a point of each its own.

    ``powers`` are :func:`leg_powers` of the same points, for those who ask of several projections.
    """
    legs, coins, count = projection.legs, projection.coins, projection.pools
    grown, settled = leg_powers(projection, log_x) if powers is None else powers
    size = grown * legs.size
    owed = _requirement(legs, size)
    profit = (size * legs.way + legs.base) * legs.settle_price
    owed *= legs.settle_price
    if settled.size:
        profit *= settled
        owed *= settled
    at_coin = log_x[:, None] if log_x.ndim == 1 else log_x[:, coins.pool]
    multiples = np.exp(at_coin * coins.beta)
    per_pool = [_sum(part, legs.pool, count) for part in (profit, owed)]
    weighed = [_sum(multiples * part, coins.pool, count) for part in (coins.counted, coins.full)]
    return Values(weighed[0] + per_pool[0] - per_pool[1], per_pool[0], per_pool[1], weighed[0], weighed[1])


def leg_powers(projection: Projection, log_x: Array) -> tuple[Array, Array]:
    """``x ** exponent`` of every leg at every point, for its value and for its settle price (empty: all are 1)."""
    legs = projection.legs
    if log_x.ndim == 2:
        at_leg = log_x[:, legs.pool]
        grown = np.exp(at_leg * legs.exponent)
        return grown, np.exp(at_leg * legs.settle_exponent) if legs.settle_exponent.any() else np.empty(0)
    distinct, where = np.unique(legs.exponent, return_inverse=True)
    grown = np.exp(np.multiply.outer(log_x, distinct))[:, where]
    if not legs.settle_exponent.any():
        return grown, np.empty(0)
    distinct, where = np.unique(legs.settle_exponent, return_inverse=True)
    return grown, np.exp(np.multiply.outer(log_x, distinct))[:, where]


def _requirement(legs: Legs, size: Array) -> Array:
    """Maintenance of every leg, the tier picked where its value is. Only the caps that are passed are looked at."""
    if not size.size:
        return size.copy()
    row = np.arange(size.shape[1]) * legs.caps.shape[1]
    first = row + (size.min(axis=0)[:, None] > legs.caps).sum(axis=1)
    passed = row + (size.max(axis=0)[:, None] > legs.caps).sum(axis=1) - first
    caps, rates, deductions = legs.caps.ravel(), legs.rates.ravel(), legs.deductions.ravel()
    owed: Array = size * rates[first]
    owed -= deductions[first] - legs.fixed
    crossing = np.flatnonzero(passed)
    if len(crossing):
        sizes, start = size[:, crossing], first[crossing]
        tier = np.tile(start, (len(sizes), 1))
        for step in range(int(passed.max())):
            tier += sizes > np.where(step < passed[crossing], caps[start + np.minimum(step, passed[crossing])], np.inf)
        owed[:, crossing] = sizes * rates[tier] - deductions[tier] + legs.fixed[crossing]
    return owed


def _sum(parts: Array, pool: Whole, count: int) -> Array:
    """Columns added up by pool; ``pool`` is sorted, and pools without a column get zero."""
    out = np.zeros((len(parts), count))
    if len(pool):
        starts = np.flatnonzero(np.diff(pool, prepend=-1))
        out[:, pool[starts]] = np.add.reduceat(parts, starts, axis=1)
    return out


def select(projections: Sequence[Projection], chosen: Sequence[tuple[int, int]]) -> Projection:
    """One projection of single pools, each named by (which projection, which pool of it), in that order."""
    legs = [_rows(projections[which].legs, pool, new) for new, (which, pool) in enumerate(chosen)]
    coins = [_rows(projections[which].coins, pool, new) for new, (which, pool) in enumerate(chosen)]
    isolated = np.array([projections[which].isolated[pool] for which, pool in chosen], dtype=np.bool_)
    return Projection(Legs(*_joined(legs)), Coins(*_joined(coins)), isolated)


def _rows(part: Any, pool: int, new: int) -> list[Any]:
    begin, end = np.searchsorted(part.pool, pool), np.searchsorted(part.pool, pool, side="right")
    cut = [field[begin:end] for field in part]
    cut[0] = np.full(end - begin, new, dtype=np.intp)
    return cut


def _joined(parts: list[list[Any]]) -> list[Any]:
    return [np.concatenate(fields) for fields in zip(*parts, strict=True)]
