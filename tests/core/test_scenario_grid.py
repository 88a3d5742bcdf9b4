"""The floating-point grid against the exact engine."""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from core.hedged_book import HedgedBook
from core.scenario import Outcome, Scenario, UnknownOutcome, run
from core.scenario_grid import Axis, grid
from tests.core.money import decimals
from tests.core.scenario_books import D, books

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
COLUMNS = {
    Axis.BASIS: ("-0.03", "0", "0.02"),
    Axis.FUNDING: ("-0.002", "0", "0.0005"),
    Axis.VOLATILITY: ("0.5", "1", "2"),
    Axis.HEDGE: ("0", "0.4", "1", "1.7"),
}


def gross(held: HedgedBook) -> float:
    """What the book's parts are worth without netting."""
    spot: Decimal = sum((abs(item.quantity * item.price) for item in held.spot), D(0))
    for pool in held.pools:
        spot += sum((abs(coin.amount * coin.price) for coin in pool.collateral), D(0))
        for held_leg in pool.legs:
            each = held_leg.mark_price * held_leg.settle_price if held_leg.leg.direct else D(1)
            spot += abs(held_leg.leg.amount) * each
    return float(spot)


def exact_cell(held: HedgedBook, scenario: Scenario, row: Decimal, axis: Axis, column: Decimal) -> object:
    shift = float(column) if axis is Axis.VOLATILITY else column
    path = (*scenario.path[:-1], row)
    return run(held, msgspec.structs.replace(scenario, path=path, **{axis.value: shift}))


@SLOW
@given(
    held=books(),
    axis=st.sampled_from(list(Axis)),
    rows=st.lists(decimals("0.3", "3", 2), min_size=1, max_size=3, unique=True),
    via=st.lists(decimals("0.5", "2", 2), max_size=1),
    jump=st.sampled_from([{}, {"USDT": D("0.9")}]),
    close=st.booleans(),
)
def test_every_cell_is_the_exact_scenario(
    held: HedgedBook, axis: Axis, rows: list[Decimal], via: list[Decimal], jump: dict[str, Decimal], close: bool
) -> None:
    scenario = Scenario(path=(*via, D(1)), jumps=jump, days=D(30), close=close)
    columns = tuple(map(D, COLUMNS[axis]))
    found = grid(held, scenario, rows, axis, columns)
    scale = gross(held) * float(max(D(1), *rows)) ** 2
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            cell = exact_cell(held, scenario, row, axis, column)
            if isinstance(cell, UnknownOutcome):
                assert math.isnan(found.net[i, j])
                continue
            assert isinstance(cell, Outcome)
            assert abs(found.net[i, j] - float(cell.net)) <= 1e-9 * scale, (row, column)
            assert abs(found.left[i, j] - float(cell.left)) <= 1e-9 * scale
            event(f"liquidated {len(cell.liquidated)} left {[bool(p.left) for p in cell.liquidated]}")
            assert found.pools(i, j) == tuple(pool.name for pool in cell.liquidated)
