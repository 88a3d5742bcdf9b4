"""A grid of scenarios in floating point: price shocks by a second axis, with liquidations on the way to each cell.

Every cell is what :func:`core.scenario.run` gives for the same shocks, to 1e-9 of the book. Pools are searched once for
each column, not for each cell: where the driver liquidates a pool does not depend on where its path ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from core.beta_path import close_in, first_ends
from core.errors import RequestError
from core.exact import finite, not_negative, positive
from core.hedged_book import BookPool, HedgedBook, HeldLeg, Market
from core.margin_rules import RequirementAt
from core.projection import (
    Array,
    Legs,
    Projection,
    compile_coins,
    compile_pools,
    select,
    values,
)
from core.scenario import Scenario
from core.scenario_start import Change, scaled, start_cash

Flags = npt.NDArray[np.bool_]


class Axis(StrEnum):
    """What the second axis of a grid shifts: its points are what :class:`core.scenario.Scenario` has there."""

    BASIS = "basis"
    FUNDING = "funding_rate"
    VOLATILITY = "volatility_multiple"
    HEDGE = "hedge"


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Net and what is left of the book, USD, by [row, column]; NaN where the cell is not known.

    ``liquidated`` has a third axis, the pools in the order of ``names``. ``above`` and ``below`` are the driver's
    multiples at which a pool is liquidated, by [column, pool], NaN where no row gets there. ``sigmas`` is how many
    standard deviations a cell's move is, ``None`` without a volatility and a horizon.
    """

    rows: tuple[Decimal, ...]
    columns: tuple[Decimal, ...]
    axis: Axis
    names: tuple[str, ...]
    net: Array
    left: Array
    liquidated: Flags
    above: Array
    below: Array
    sigmas: Array | None = None

    def pools(self, row: int, column: int) -> tuple[str, ...]:
        """Names of the pools that are liquidated on the way to a cell."""
        return tuple(name for name, dead in zip(self.names, self.liquidated[row, column], strict=True) if dead)


class _Column(NamedTuple):
    """A column's pools as the move finds them, compiled under its basis."""

    projection: Projection
    scenario: Scenario


def grid(
    book: HedgedBook,
    scenario: Scenario,
    rows: Sequence[Decimal],
    axis: Axis,
    columns: Sequence[Decimal],
) -> Grid:
    """The scenario with its path ending at each of ``rows``, and the axis at each of ``columns``.

    What the scenario's path holds before its end is gone through before each row. Raises RequestError for impossible
    figures, and for accounts gone or shorts closed by force: those are scenarios of their own.
    """
    _check(scenario, rows, axis, columns)
    stages = _columns(book, scenario, axis, columns)
    points = [math.log(point) for point in scenario.path[:-1]]
    ends = np.array([math.log(row) for row in rows])
    before = float(_spot(book, Scenario(), np.zeros(1))[0] + _worth(book))
    searched = stages[:1] if axis is Axis.VOLATILITY else stages
    net, dead, above, below = _cells(book, searched, points, ends)
    if len(searched) < len(stages):
        net, dead = np.repeat(net, len(stages), axis=1), np.repeat(dead, len(stages), axis=1)
        above, below = (np.repeat(part, len(stages), axis=0) for part in (above, below))
    net -= before
    return Grid(
        rows=tuple(rows),
        columns=tuple(columns),
        axis=axis,
        names=tuple(pool.name for pool in book.pools),
        net=net,
        left=net + before,
        liquidated=dead,
        above=np.exp(above),
        below=np.exp(below),
        sigmas=_sigmas(stages, points, ends),
    )


def _cells(
    book: HedgedBook, stages: Sequence[_Column], points: Sequence[float], ends: Array
) -> tuple[Array, Flags, Array, Array]:
    """What is left by [row, column], who is liquidated by [row, column, pool], and where by [column, pool]."""
    above, left_above = _reached(stages, max(0.0, *points, *ends))
    below, left_below = _reached(stages, min(0.0, *points, *ends))
    spot = _spot(book, stages[0].scenario, ends)
    shape = (len(ends), len(stages))
    left, dead = np.empty(shape), np.empty((*shape, len(book.pools)), dtype=np.bool_)
    for index, stage in enumerate(stages):
        at_ends = values(stage.projection, ends)
        worth = at_ends.full + at_ends.profit
        if stage.scenario.close:
            worth -= _closing_fees(stage.projection, ends)
        up, down = _first(points, ends, above[index], below[index])
        worth = np.where(up, left_above[index], np.where(down, left_below[index], worth))
        dead[:, index] = (up | down) & ~np.isnan(worth)
        left[:, index] = spot + worth.sum(axis=1)
    return left, dead, above, below


def _check(scenario: Scenario, rows: Sequence[Decimal], axis: Axis, columns: Sequence[Decimal]) -> None:
    for row in (*rows, *scenario.path):
        positive("rows", row)
    for column in columns:
        if axis is Axis.BASIS:
            positive("basis + 1", 1 + column)
        {Axis.BASIS: finite, Axis.FUNDING: finite, Axis.VOLATILITY: positive, Axis.HEDGE: not_negative}[axis](
            axis.value, column
        )
    if not rows or not columns:
        raise RequestError("rows" if columns else "columns", "at least one", "none")
    if scenario.gone or scenario.force_closed_at is not None:
        raise RequestError("gone" if scenario.gone else "force_closed_at", "a single scenario, not a grid", "a grid")


def _columns(book: HedgedBook, scenario: Scenario, axis: Axis, columns: Sequence[Decimal]) -> list[_Column]:
    """The compiled pools of each column. Only what the axis shifts is compiled again."""
    market = Market(book.betas, basis=scenario.basis, jumps=scenario.jumps)
    first = compile_pools(book.pools, market)
    out: list[_Column] = []
    for column in columns:
        shift = float(column) if axis is Axis.VOLATILITY else column
        here = msgspec.structs.replace(scenario, **{axis.value: shift})
        if out and axis in (Axis.BASIS, Axis.VOLATILITY):
            coins = out[0].projection.coins
        else:
            coins = compile_coins(_started(book.pools, here), market)
        legs = first.legs
        if axis is Axis.HEDGE or here.hedge != 1:
            legs = _scaled(legs, book.pools, here.hedge, market)
        if axis is Axis.BASIS:
            shifted = (1.0 + float(here.basis)) / float(market.basis)
            legs = legs._replace(size=legs.size * shifted**legs.turn)
        out.append(_Column(Projection(legs, coins, first.isolated), here))
    return out


def _started(pools: Sequence[BookPool], scenario: Scenario) -> list[BookPool]:
    change = Change(scenario.hedge, scenario.days, scenario.funding_rate)
    return [start_cash(pool, change).pool for pool in pools]


def _scaled(legs: Legs, pools: Sequence[BookPool], hedge: Decimal, market: Market) -> Legs:
    """The legs with every short ``hedge`` times as large, averaged at its mark where it grows.

    Where a tier follows the number of contracts, or the requirement is that of the entry, the leg is compiled afresh.
    """
    held: list[tuple[BookPool, HeldLeg]] = [(pool, item) for pool in pools for item in pool.legs]
    multiple = np.array([float(hedge) if item.leg.quantity < 0 else 1.0 for _, item in held])
    now = np.array([_present(item) for _, item in held])
    grown = np.maximum(multiple, 1.0)
    base = legs.base * np.minimum(multiple, 1.0) - (grown - 1.0) * now
    out = legs._replace(size=legs.size * multiple, base=base, fixed=legs.fixed * multiple)
    for index, (pool, item) in enumerate(held):
        ladder = item.leg.ladder
        at_entry = item.leg.requirement_at is RequirementAt.AT_ENTRY
        if item.leg.quantity < 0 and hedge and ladder is not None and (ladder.by_contracts or at_entry):
            again = _recompiled(pool, item, hedge, market)
            if again is None:
                out.fixed[index] = np.nan
            else:
                out.fixed[index] = again.fixed[0]
                out = _with_table(out, index, again)
    return out


def _recompiled(pool: BookPool, item: HeldLeg, hedge: Decimal, market: Market) -> Legs | None:
    """One leg at another size; ``None`` above its last tier."""
    try:
        again = scaled(item, hedge)
        legs = () if again is None else (again,)
        return compile_pools([BookPool(name="", account=pool.account, legs=legs)], market).legs
    except RequestError as refused:
        if refused.key != "notional":
            raise
        return None


def _with_table(legs: Legs, index: int, row: Legs) -> Legs:
    """The legs with another tier table in one row; it is no longer than the one it replaces."""
    tables = []
    for name in ("caps", "rates", "deductions"):
        table = getattr(legs, name).copy()
        table[index, : getattr(row, name).shape[1]] = getattr(row, name)[0]
        tables.append(table)
    return legs._replace(caps=tables[0], rates=tables[1], deductions=tables[2])


def _present(item: HeldLeg) -> float:
    leg, mark = item.leg, float(item.mark_price)
    return float(leg.amount) * mark if leg.direct else -float(leg.amount) / mark


def _reached(stages: Sequence[_Column], limit: float) -> tuple[Array, Array]:
    """Where each column's pools are liquidated on the way to ``limit`` (logarithm, NaN if not), and what is left."""
    pools = stages[0].projection.pools
    at, left = (np.full((len(stages), pools), np.nan) for _ in range(2))
    starts: list[tuple[int, int]] = []
    brackets: list[tuple[float, float]] = []
    for index, stage in enumerate(stages):
        before, after = first_ends(stage.projection, limit)
        for pool in np.flatnonzero(~np.isnan(after)).tolist():
            starts.append((index, pool))
            brackets.append((before[pool], after[pool]))
    if not starts:
        return at, left
    chosen = select([stage.projection for stage in stages], starts)
    ends = np.array(brackets)
    found = close_in(chosen, ends[:, 0], ends[:, 1])
    there = values(chosen, found[None, :])
    rest = there.full[0] - there.counted[0] + np.minimum(there.surplus[0], 0.0)
    rest = np.where(chosen.isolated & ~np.isnan(rest), 0.0, np.maximum(rest, 0.0))
    where = tuple(np.array(starts).T)
    at[where], left[where] = found, rest
    return at, left


def _first(points: Sequence[float], ends: Array, above: Array, below: Array) -> tuple[Flags, Flags]:
    """By [row, pool]: whether the path to the row first meets the multiple above, and the one below; both where it
    begins beyond them."""
    up = np.zeros((len(ends), len(above)), dtype=np.bool_)
    down = up.copy()
    for point in (*(np.full(len(ends), point) for point in points), ends):
        alive = ~(up | down)
        up |= alive & (point[:, None] >= above)
        down |= alive & (point[:, None] <= below)
    return up, down


def _spot(book: HedgedBook, scenario: Scenario, ends: Array) -> Array:
    market = Market(book.betas, jumps=scenario.jumps)
    worth = np.array([float(item.quantity * item.price * market.jump(item.asset)) for item in book.spot])
    betas = np.array([float(market.beta(item.asset)) for item in book.spot])
    return np.asarray(np.exp(np.multiply.outer(ends, betas)) @ worth)


def _worth(book: HedgedBook) -> float:
    now = values(compile_pools(book.pools, Market(book.betas)), np.zeros(1))
    return float((now.full + now.profit).sum())


def _closing_fees(projection: Projection, ends: Array) -> Array:
    """Taker fees of closing every leg, by [point, pool], USD: a requirement of the fee alone."""
    legs = projection.legs
    fees = legs._replace(
        caps=np.full((len(legs.pool), 1), np.inf),
        rates=legs.taker[:, None],
        deductions=np.zeros((len(legs.pool), 1)),
        fixed=np.zeros(len(legs.pool)),
    )
    return values(Projection(fees, projection.coins, projection.isolated), ends).requirement


def _sigmas(stages: Sequence[_Column], points: Sequence[float], ends: Array) -> Array | None:
    first = stages[0].scenario
    if not first.volatility or not first.days:
        return None
    spread = first.volatility * math.sqrt(float(first.days) / 365)
    widest: Array = np.maximum(np.abs(ends), max((abs(point) for point in points), default=0.0))
    sizes: Array = widest[:, None] / np.array([spread * stage.scenario.volatility_multiple for stage in stages])
    return sizes
