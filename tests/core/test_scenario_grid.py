"""The floating-point grid against the exact engine."""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from core.errors import RequestError
from core.hedged_book import HedgedBook
from core.instruments import ContractKind, Tier, TierTable
from core.pool import Ladder, Leg
from core.scenario import Outcome, Scenario, UnknownOutcome, run
from core.scenario_grid import Axis, grid
from tests.core.money import decimals
from tests.core.scenario_books import D, book, books, isolated, short

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


def test_another_size_has_other_tiers_and_other_fixed_requirements() -> None:
    tiers = (Tier(D(0), D(2), D("0.005"), D(0)), Tier(D(2), D(3), D("0.3"), D(0)))
    ladder = Ladder(TierTable("test", "contracts", tiers, 0, "test"), ContractKind.LINEAR)
    plain = short("BTC", "2.5")
    by_contracts = msgspec.structs.replace(plain, leg=Leg(plain.leg.contract, D("-2.5"), D(60000), ladder))
    fixed = short("BTC", "2.5", fixed_requirement=D(60000))
    held = book(isolated("contracts", "75000", by_contracts), isolated("fixed", "75000", fixed), BTC="5")
    rows, columns = [D("1.2"), D("1.4")], [D("0.4"), D(1), D("1.2"), D("1.5")]
    found = grid(held, Scenario(), rows, Axis.HEDGE, columns)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            cell = run(held, Scenario(path=(row,), hedge=column))
            if isinstance(cell, UnknownOutcome):
                assert math.isnan(found.net[i, j])
            else:
                assert found.net[i, j] == pytest.approx(float(cell.net), abs=1e-4)
                assert found.pools(i, j) == tuple(pool.name for pool in cell.liquidated)
    assert {found.pools(1, 0), found.pools(1, 1)} == {(), ("contracts", "fixed")}


@pytest.mark.parametrize("axis", list(Axis))
def test_a_cell_is_as_many_sigmas_as_its_scenario(axis: Axis) -> None:
    held = book(isolated("short", "75000", short("BTC", "2.5")), BTC="5")
    scenario = Scenario(path=(D("0.7"), D(1)), days=D("91.25"), volatility=0.5)
    rows, columns = [D("0.5"), D("0.9"), D("1.6")], tuple(map(D, COLUMNS[axis]))
    found = grid(held, scenario, rows, axis, columns).sigmas
    assert found is not None
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            cell = exact_cell(held, scenario, row, axis, column)
            assert isinstance(cell, Outcome)
            assert found[i, j] == pytest.approx(cell.sigmas)
    for without in (Scenario(days=D(30)), Scenario(volatility=0.5)):
        assert grid(held, without, rows, axis, columns).sigmas is None


@pytest.mark.parametrize(
    ("scenario", "columns", "named"),
    [
        (Scenario(gone=frozenset({"venue"})), (D(0),), "gone"),
        (Scenario(force_closed_at=D("0.9")), (D(0),), "force_closed_at"),
        (Scenario(), (), "columns"),
        (Scenario(), (D(-1),), "basis"),
    ],
)
def test_what_a_grid_cannot_hold_is_refused(scenario: Scenario, columns: tuple[Decimal, ...], named: str) -> None:
    with pytest.raises(RequestError, match=named):
        grid(book(BTC="1"), scenario, [D(1)], Axis.BASIS, columns)
