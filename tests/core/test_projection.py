"""The floating-point pools against the exact ones: surplus, and where the beta path liquidates them."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from core.beta_path import Multiple, Never, Unknown, deaths
from core.hedged_book import BookPool, Market, full_collateral, pool_at
from core.instruments import ContractKind
from core.path_reach import path_reach, unknown_name
from core.projection import compile_pools, select, values
from tests.core.money import decimals
from tests.core.scenario_books import BETAS, D, book, coins, isolated, pools, short, table

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
NOW = Market(BETAS)


@SLOW
@given(held=pools(), x=decimals("0.2", "5", 2))
def test_a_pool_is_worth_what_the_exact_one_is(held: BookPool, x: object) -> None:
    multiple = D(str(x))
    found = values(compile_pools([held], NOW), np.array([math.log(multiple)]))
    if unknown_name(held, NOW, multiple):
        assert math.isnan(found.surplus[0, 0])
        return
    exact = pool_at(held, NOW, multiple)
    scale = 1e-12 * float(abs(exact.collateral) + abs(exact.profit) + exact.requirement + 1_000_000)
    assert found.surplus[0, 0] == pytest.approx(float(exact.surplus), abs=scale)
    assert found.profit[0, 0] == pytest.approx(float(exact.profit), abs=scale)
    assert found.requirement[0, 0] == pytest.approx(float(exact.requirement), abs=scale)
    assert found.counted[0, 0] == pytest.approx(float(exact.collateral), abs=scale)
    assert found.full[0, 0] == pytest.approx(float(full_collateral(held, NOW, multiple)), abs=scale)


@SLOW
@given(held=pools())
def test_the_beta_path_liquidates_where_the_exact_one_does(held: BookPool) -> None:
    (found,), exact = deaths(book(held)), path_reach(held, NOW)
    for ours, true, unknown in (
        (found.above, exact.above, exact.unknown_above),
        (found.below, exact.below, exact.unknown_below),
    ):
        if unknown:
            assert isinstance(ours, Unknown)
            assert ours.missing == (unknown,)
        elif true is None:
            assert isinstance(ours, Never)
        else:
            assert isinstance(ours, Multiple)
            assert ours.multiple == pytest.approx(float(true), rel=1e-9)


def test_altcoins_behind_a_short_of_bitcoin_move_its_liquidation() -> None:
    """100,000 of altcoins at 80% behind a short of 2.5 BTC at 60,000, requirement 0.5% less 50."""
    tiers = table(ContractKind.LINEAR, ("0", "0.004"), ("50000", "0.005"))
    backing = (coins("SOL", f"{100000 / 150:.12f}", ("0", "0.8")),)
    pool = BookPool(name="cross", account="venue", collateral=backing, legs=(short("BTC", "2.5", tiers=tiers),))
    found = {}
    for beta in ("0", "0.7", "1", "1.3"):
        (death,) = deaths(msgspec.structs.replace(book(pool), betas=BETAS | {"SOL": D(beta)}))
        found[beta] = round(death.above.multiple * 60000) if isinstance(death.above, Multiple) else death.above
    assert [found["0"], found["0.7"], found["1"]] == [91562, 107665, 127251]
    assert isinstance(found["1.3"], Never)


def test_what_is_past_its_requirement_is_liquidated_now_and_nothing_never() -> None:
    past, empty = isolated("short", "500", short("BTC", "2.5")), BookPool(name="empty", account="venue")
    first, second = deaths(book(past, empty))
    assert first == (Multiple(1.0), Multiple(1.0))
    assert second == (Never("no position"), Never("no position"))


def test_single_pools_are_taken_out_of_several_projections() -> None:
    one, two = isolated("a", "75000", short("BTC", "2.5")), isolated("b", "9000", short("ETH", "10"))
    both, other = compile_pools([one, two], NOW), compile_pools([two], NOW)
    here = np.array([0.1])
    chosen = values(select([both, other], [(1, 0), (0, 1), (0, 0)]), here).surplus[0]
    assert chosen.tolist() == [*values(both, here).surplus[0, [1, 1, 0]].tolist()]
