"""Haircuts on a unified account's coins, and the requirement that they must cover."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.pool import Collateral, WeightStep, counted
from feeds.sim.collateral import BYBIT_RATIOS, WHOLE, haircut
from tests.feeds.sim.desk import Desk

STEPS = (
    WeightStep(Decimal(0), Decimal("0.9")),
    WeightStep(Decimal(10), Decimal("0.5")),
    WeightStep(Decimal(20), Decimal(0)),
)


@pytest.mark.parametrize(
    ("amount", "lost"),
    [("0", "0"), ("1", "0.1"), ("10", "1"), ("12", "2"), ("20", "6"), ("21", "7"), ("1000", "986"), ("-5", "0")],
)
def test_each_step_costs_its_own_share(amount: str, lost: str) -> None:
    assert haircut(Decimal(amount), STEPS) == Decimal(lost)


@given(some.sampled_from(sorted(BYBIT_RATIOS)), some.decimals(-(10**9), 10**9, places=8))
def test_what_is_left_is_what_core_counts(asset: str, amount: Decimal) -> None:
    steps = BYBIT_RATIOS[asset]
    assert amount - haircut(amount, steps) == counted(Collateral(asset=asset, amount=amount, steps=steps))


def test_stablecoins_count_whole() -> None:
    assert BYBIT_RATIOS["USDT"] == BYBIT_RATIOS["USDC"] == WHOLE
    assert haircut(Decimal(10**9), WHOLE) == 0


def test_a_venue_without_a_common_pot_knows_no_haircut() -> None:
    desk = Desk("binance", wallet={"USDT": "1000", "BTC": "1"})
    health = desk.exchange.risk.health(desk.account, "USDT")
    assert health.equity == health.counted == 1000
    assert health.haircut == 0


def test_ratios_that_change_are_in_force_at_once() -> None:
    desk = Desk("bybit", wallet={"USDT": "1000", "BTC": "1"})
    risk = desk.exchange.risk
    assert risk.health(desk.account, "USDT").haircut == 3000
    desk.exchange.collateral["BTC"] = WHOLE
    assert risk.health(desk.account, "USDT").haircut == 0
    assert risk.health(desk.account, "USDT").available == 61_000


def test_an_account_of_coins_is_liquidated_by_its_haircut_alone() -> None:
    desk = Desk("bybit", wallet={"USDT": "20000", "BTC": "1"})
    desk.trade(desk.request("sell", "2.5", "60000"))
    desk.pin("60000.1")
    desk.exchange.collateral["BTC"] = WHOLE
    desk.pin("110000")
    assert desk.position.quantity
    desk.exchange.collateral["BTC"] = BYBIT_RATIOS["BTC"]
    desk.step()
    assert not desk.position.quantity
