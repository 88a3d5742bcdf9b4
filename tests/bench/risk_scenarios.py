"""Milliseconds for a 21 x 21 grid of scenarios over a book of many positions, and for one cell exactly.

``python -m tests.bench.risk_scenarios [--repeats N]`` prints a table; it asserts nothing. Five accounts hold 60
positions each in cross margin on 20 coins, with all 20 as collateral in haircut steps; prices follow betas. The curve
takes fewer positions of the same accounts. The exact engine's cell is the far corner of the same grid, in the same run.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from core.beta_path import deaths
from core.hedged_book import BookPool, HedgedBook, HeldLeg, SpotHolding
from core.instruments import ContractKind, Tier, TierTable
from core.pool import Collateral, Contract, Ladder, Leg, WeightStep
from core.scenario import Scenario, run
from core.scenario_grid import Axis, grid

ACCOUNTS, POSITIONS, COINS, SIDE = 5, 60, 20, 21
CURVE = (60, 120, 180, 240, 300)
D = Decimal


def tier_table(kind: ContractKind, unit: Decimal) -> TierTable:
    """Eleven tiers with deductions, the last one open: as many as a large contract has."""
    floors = [unit * step for step in (0, 1, 2, 4, 8, 16, 32, 64, 100, 140, 200)]
    tiers: list[Tier] = []
    for index, floor in enumerate(floors):
        rate = D("0.004") + D("0.0035") * index
        before = tiers[-1] if tiers else None
        deduction = floor * (rate - before.rate) + before.deduction if before else D(0)
        tiers.append(Tier(floor, floors[index + 1] if index + 1 < len(floors) else None, rate, deduction))
    return TierTable("bench", "coin" if kind is ContractKind.INVERSE else "quote", tuple(tiers), 0, "bench")


def make_book(positions: int) -> HedgedBook:
    """The book with so many positions in all, from a fixed seed."""
    chance = random.Random(7)
    names = [f"C{index}" for index in range(COINS)]
    prices = {name: D(str(round(10 ** chance.uniform(-1, 4.7), 4))) for name in names}
    betas = {name: D(str(round(chance.uniform(0.5, 2), 2))) for name in names} | {"C0": D(1), "USDT": D(0)}
    pools = []
    for account in range(ACCOUNTS):
        held = [make_leg(chance, index, names[index % COINS], prices) for index in range(positions // ACCOUNTS)]
        worth = sum((abs(leg.leg.base) * leg.settle_price for leg in held), D(0))
        coins = [Collateral(asset="USDT", amount=(worth / 4).quantize(D(1)))]
        steps = (WeightStep(D(0), D("0.95")), WeightStep(D(1000), D("0.9")), WeightStep(D(10000), D("0.8")))
        for name in names:
            amount = (worth / 60 / prices[name]).quantize(D("0.0001"))
            coins.append(Collateral(asset=name, amount=amount, price=prices[name], steps=steps))
        name = f"venue {account}"
        pools.append(BookPool(name=name, account=name, collateral=tuple(coins), legs=tuple(held)))
    spot = tuple(SpotHolding(asset=name, quantity=D(100), price=prices[name]) for name in names)
    return HedgedBook(spot=spot, pools=tuple(pools), betas=betas)


def make_leg(chance: random.Random, number: int, coin: str, prices: dict[str, Decimal]) -> HeldLeg:
    """A short of 20,000 to 400,000 USD, one in four coin-margined."""
    inverse = chance.random() < 0.25
    kind, usd = (ContractKind.INVERSE if inverse else ContractKind.LINEAR), D(chance.randrange(20_000, 400_000))
    contract = Contract(
        name=f"{coin}-{kind}-{number}", coin=coin, kind=kind, contract_size=D(1), settle=coin if inverse else "USDT"
    )
    quantity = usd if inverse else (usd / prices[coin]).quantize(D("0.0001"))
    entry = prices[coin] * D(str(round(chance.uniform(0.85, 1.1), 3)))
    unit = (50_000 / prices[coin]).quantize(D("0.0001")) if inverse else D(50_000)
    leg = Leg(contract, -quantity, entry, Ladder(tier_table(kind, unit), kind))
    return HeldLeg(
        leg=leg,
        mark_price=prices[coin],
        settle_price=prices[coin] if inverse else D(1),
        funding_rate=D("0.0001"),
        taker_fee_rate=D("0.00055"),
    )


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    """Median of the repeats, the garbage collector off."""
    found = []
    for _ in range(repeats):
        gc.collect()
        gc.disable()
        try:
            start = time.perf_counter()
            work()
            found.append((time.perf_counter() - start) * 1000)
        finally:
            gc.enable()
    return statistics.median(found)


def points(low: str, high: str) -> tuple[Decimal, ...]:
    """21 evenly spaced points."""
    step = (D(high) - D(low)) / (SIDE - 1)
    return tuple(D(low) + step * index for index in range(SIDE))


COLUMNS = {
    Axis.BASIS: points("-0.05", "0.05"),
    Axis.FUNDING: points("-0.001", "0.001"),
    Axis.VOLATILITY: points("0.5", "1.5"),
    Axis.HEDGE: points("0.2", "1.2"),
}


def time_book(positions: int, repeats: int) -> tuple[list[float], float, int]:
    """Milliseconds of a grid on each axis and of one exact cell, and how many liquidations the cells hold."""
    held, rows, scenario = make_book(positions), points("0.5", "2"), Scenario(days=D(30), volatility=0.6)
    figures = []
    for axis in Axis:
        figures.append(milliseconds(partial(grid, held, scenario, rows, axis, COLUMNS[axis]), repeats))
    corner = Scenario(path=(rows[-1],), days=D(30), basis=COLUMNS[Axis.BASIS][-1])
    liquidated = grid(held, scenario, rows, Axis.BASIS, COLUMNS[Axis.BASIS]).liquidated
    return figures, milliseconds(partial(run, held, corner), 1), int(liquidated.sum())


def main() -> None:
    """Time grids by axis and size, the exact cell, and the liquidation search."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.risk_scenarios", description=__doc__)
    options.add_argument("--repeats", type=int, default=7)
    repeats = options.parse_args().repeats
    print(f"{SIDE} x {SIDE} cells, median of {repeats}, milliseconds")
    heads = "".join(f"{axis.value:>20}" for axis in Axis)
    print(f"{'positions':>9}{heads}{'exact cell':>12}{'a grid cell is':>24}{'liquidations':>14}")
    for positions in CURVE:
        figures, cell, liquidated = time_book(positions, repeats)
        ratio = cell / (max(figures) / SIDE**2)
        row = "".join(f"{figure:>20.1f}" for figure in figures)
        print(f"{positions:>9}{row}{cell:>12.1f}{ratio:>17.0f}x faster{liquidated:>14}")
    held = make_book(CURVE[-1])
    found = milliseconds(partial(deaths, held), repeats)
    print(f"liquidation multiples of {len(held.pools)} pools with {CURVE[-1]} positions: {found:.1f} ms")


if __name__ == "__main__":
    main()
