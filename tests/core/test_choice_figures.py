from __future__ import annotations

from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from core import choice_figures

POSITIVE = st.decimals(min_value="0.001", max_value="1000000", places=3)


def test_margin_and_collateral_of_a_coin_at_a_haircut() -> None:
    assert choice_figures.initial_margin(D(150000), D(3)) == 50000
    assert choice_figures.collateral_needed(D(150000), D(3), D("0.95") * 60000) * D("0.95") * 60000 == 50000
    assert choice_figures.collateral_value(D(2), D(60000)) == 120000
    assert choice_figures.effective_leverage(D(150000), D(2), D("0.5") * 60000) == D("2.5")


def test_a_trade_costs_its_fee_and_half_a_spread_and_a_settlement_its_fee() -> None:
    assert choice_figures.cost_of_crossing(D("0.0005"), D("0.0001"), D(130000)) == 78
    assert choice_figures.cost_of_crossing(D("-0.0002"), D("0.0001"), D(10000)) == -1
    assert choice_figures.cost_of_settling(D("0.0002"), D(130000)) == 26


@given(POSITIVE, POSITIVE, POSITIVE)
def test_the_collateral_that_a_leverage_asks_for_has_that_leverage(value: D, leverage: D, counts: D) -> None:
    needed = choice_figures.collateral_needed(value, leverage, counts)
    found = choice_figures.effective_leverage(value, needed, counts)
    assert abs(found - leverage) <= leverage * D("1e-20")
