"""The floating-point grid against the exact engine."""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from core.errors import RequestError
from core.hedged_book import BookPool, HedgedBook
from core.instruments import ContractKind, Tier, TierTable
from core.margin_rules import RequirementAt
from core.pool import Ladder, Leg
from core.scenario import Outcome, Scenario, UnknownOutcome, run
from core.scenario_grid import Axis, grid
from tests.core.money import decimals
from tests.core.scenario_books import D, book, books, coins, isolated, short, table

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
    jump=st.sampled_from([{}, {"USDT": D("0.9")}, {"BTC": D("0.8")}]),
    close=st.booleans(),
    hedge=st.sampled_from([D(1), D("0.6"), D(0)]),
)
def test_every_cell_is_the_exact_scenario(
    held: HedgedBook,
    axis: Axis,
    rows: list[Decimal],
    via: list[Decimal],
    jump: dict[str, Decimal],
    close: bool,
    hedge: Decimal,
) -> None:
    """``hedge`` is what every column has where the axis is another."""
    scenario = Scenario(path=(*via, D(1)), jumps=jump, days=D(30), close=close, hedge=hedge)
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


def check_ends(held: HedgedBook, scenario: Scenario, rows: list[Decimal], axis: Axis, columns: list[Decimal]) -> None:
    """Every cell has the pools that end in its scenario, what they leave, and where they do."""
    found = grid(held, scenario, rows, axis, columns)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            cell = exact_cell(held, scenario, row, axis, column)
            assert isinstance(cell, Outcome)
            assert found.pools(i, j) == tuple(pool.name for pool in cell.liquidated)
            assert found.left[i, j] == pytest.approx(float(cell.left), abs=1e-4)
            for k, pool in enumerate(cell.pools):
                if pool.liquidated_at is not None:
                    end = found.above[j, k] if row > 1 else found.below[j, k]
                    assert end == pytest.approx(float(pool.liquidated_at), rel=1e-9)


def test_where_pools_end_is_told_by_column_and_only_as_far_as_a_row_gets() -> None:
    held = book(isolated("short", "75000", short("BTC", "2.5")), isolated("long", "12000", short("BTC", "-0.5")))
    far, near = [D("0.4"), D("1.7")], [D("0.7"), D("1.3")]
    check_ends(held, Scenario(), far, Axis.HEDGE, [D("0.6"), D(1), D("1.4")])
    both = grid(held, Scenario(), far, Axis.HEDGE, [D(1)])
    told = [[math.isnan(end) for end in ends[0]] for ends in (both.above, both.below)]
    assert told == [[False, True], [True, False]], "the short above and the long below"
    none = grid(held, Scenario(), near, Axis.HEDGE, [D(1)])
    assert all(math.isnan(end) for end in (*none.above[0], *none.below[0]))


def test_a_requirement_fixed_at_entry_is_taken_afresh_for_another_size_and_a_longs_is_not() -> None:
    tiers = table(ContractKind.LINEAR, ("0", "0.005"), ("100000", "0.2"))
    rules = {"tiers": tiers, "requirement_at": RequirementAt.AT_ENTRY}
    larger, long = short("BTC", "1.5", **rules), short("BTC", "-0.5", **rules)  # type: ignore[arg-type]
    held = book(isolated("short", "45000", larger), isolated("long", "15000", long))
    check_ends(held, Scenario(), [D("0.4"), D("1.8")], Axis.HEDGE, [D("0.5"), D(1), D("1.4"), D(2)])


def test_a_pool_that_a_jump_takes_below_its_requirement_leaves_the_haircuts_less_what_is_missing() -> None:
    """12,500 lost and 750 required, on coins of 15,000 that count for 12,000, of which a fifth goes at once."""
    backing = (coins("ETH", "5", ("0", "0.8")),)
    pool = BookPool(name="cross", account="venue", collateral=backing, legs=(short("BTC", "2.5", entry="55000"),))
    for jump in ({}, {"ETH": D("0.9")}, {"ETH": D("0.2")}):
        check_ends(book(pool), Scenario(jumps=jump), [D("0.9"), D("1.1")], Axis.FUNDING, [D(0)])


@pytest.mark.parametrize("axis", list(Axis))
def test_a_cell_is_as_many_sigmas_as_its_scenario(axis: Axis) -> None:
    held = book(isolated("short", "75000", short("BTC", "2.5")), BTC="5")
    scenario = Scenario(path=(D("0.9"), D("0.7"), D(1)), days=D("91.25"), volatility=0.5)
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


ALONE = "a single scenario, not a grid"


@pytest.mark.parametrize(
    ("scenario", "rows", "columns", "named", "expected"),
    [
        (Scenario(gone=frozenset({"venue"})), (D(1),), (D(0),), "gone", ALONE),
        (Scenario(force_closed_at=D("0.9")), (D(1),), (D(0),), "force_closed_at", ALONE),
        (Scenario(), (D(1),), (), "columns", "at least one"),
        (Scenario(), (), (D(0),), "rows", "at least one"),
        (Scenario(), (D(1),), (D(-1),), "basis + 1", ""),
        (Scenario(), (D(0),), (D(0),), "rows", ""),
    ],
)
def test_what_a_grid_cannot_hold_is_refused(
    scenario: Scenario, rows: tuple[Decimal, ...], columns: tuple[Decimal, ...], named: str, expected: str
) -> None:
    with pytest.raises(RequestError) as refused:
        grid(book(BTC="1"), scenario, rows, Axis.BASIS, columns)
    assert refused.value.key == named
    assert expected in refused.value.expected


@pytest.mark.parametrize(
    ("axis", "wrong"),
    [(axis, wrong) for axis in Axis for wrong in ("NaN", "Infinity")]
    + [(Axis.VOLATILITY, "0"), (Axis.VOLATILITY, "-1"), (Axis.HEDGE, "-0.1"), (Axis.BASIS, "-1")],
)
def test_a_column_that_is_no_such_thing_is_refused_by_the_name_of_its_axis(axis: Axis, wrong: str) -> None:
    with pytest.raises(RequestError) as refused:
        grid(book(BTC="1"), Scenario(), [D(1)], axis, [D("0.1"), D(wrong)])
    assert refused.value.key.startswith(axis.value)
