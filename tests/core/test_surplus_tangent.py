from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.instruments import Tier, TierTable
from core.liquidation_results import LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.pool import Collateral
from core.pool_liquidation import Reach, coin_path, contract_path
from core.surplus_path import Path
from core.surplus_tangent import first_zero
from tests.core.pools import BTC, CONTRACTS, PRICES, Held, Pot, pots

TIERS = (
    Tier(Decimal(0), Decimal(66_000), Decimal("0.01"), Decimal(0)),
    Tier(Decimal(66_000), Decimal(90_000), Decimal("0.02"), Decimal(660)),
    Tier(Decimal(90_000), None, Decimal("0.05"), Decimal(3360)),
)


def one_short(*tiers: Tier) -> Held:
    """A short of one BTC."""
    return Held(CONTRACTS["BTCUSDT"], Decimal(-100), BTC, BTC, TierTable("t", "quote", tiers, 0, "t"))


def path_of(held: Held, cash: str) -> Path:
    leg = held.valued()
    return Path(Decimal(cash), Decimal(0), [(leg, False)], BTC, inverted=False, requirement=True)


def walked(find: Callable[[], Reach]) -> Reach:
    """What walking over every boundary gives."""
    with patch("core.pool_liquidation.first_zero", return_value=None):
        return find()


@given(pots(smooth=True), st.sampled_from(["BTC", "ETH"]), st.booleans())
def test_straight_lines_come_to_the_very_digits_that_a_walk_does(pot: Pot, coin: str, owed: bool) -> None:
    pool = pot.value()

    def along_coin() -> Reach:
        return coin_path(pool, coin, PRICES[coin], requirement=owed)

    assert along_coin() == walked(along_coin)
    for name in {leg.contract.name for leg in pot.legs}:

        def along_contract(name: str = name) -> Reach:
            return contract_path(pool, name, requirement=owed)

        assert along_contract() == walked(along_contract)


@pytest.mark.parametrize(("cash", "tier"), [("5000", 0), ("20000", 1), ("90000", 2)])
def test_a_short_is_liquidated_in_the_tier_that_its_margin_lasts_to(cash: str, tier: int) -> None:
    found = first_zero(path_of(one_short(*TIERS), cash), upwards=True)
    assert isinstance(found, LiquidationPrice)
    held = TIERS[tier]
    true = (Decimal(cash) + BTC + held.deduction) / (1 + held.rate)
    assert abs(found.price - true) <= true * Decimal("1e-27")
    assert found.tier == held


def test_a_fall_of_what_is_short_ends_nothing() -> None:
    assert isinstance(first_zero(path_of(one_short(*TIERS), "5000"), upwards=False), NoLiquidation)


def test_a_zero_at_a_boundary_is_left_to_the_walk() -> None:
    """At 66,000 a short from 60,000 has lost 6,000 and must keep 660."""
    held = one_short(*TIERS)
    assert first_zero(path_of(held, "6660"), upwards=True) is None
    reach = contract_path(Pot([held], [Collateral(asset="USDT", amount=Decimal(6660))]).value(), "BTCUSDT")
    assert reach.above == LiquidationPrice(Decimal(66_000), TIERS[0])


def test_a_table_that_jumps_or_whose_rate_falls_is_left_to_the_walk() -> None:
    jumps = (TIERS[0], Tier(Decimal(66_000), None, Decimal("0.02"), Decimal(0)))
    falls = (TIERS[0], Tier(Decimal(66_000), None, Decimal("0.005"), Decimal(-330)))
    for tiers in (jumps, falls):
        for upwards in (True, False):
            assert first_zero(path_of(one_short(*tiers), "20000"), upwards=upwards) is None


def test_above_the_last_cap_nothing_is_known() -> None:
    """Within the last tier there is an answer, and beyond it none."""
    held = one_short(*TIERS[:2])
    near, far = (Pot([held], [Collateral(asset="USDT", amount=Decimal(cash))]).value() for cash in (20_000, 90_000))
    assert isinstance(first_zero(path_of(held, "20000"), upwards=True), LiquidationPrice)
    assert isinstance(contract_path(near, "BTCUSDT").above, LiquidationPrice)
    assert contract_path(far, "BTCUSDT").above == UnknownLiquidation(("a maintenance tier above 90000",))


def test_coins_that_rise_by_more_than_the_short_loses_cover_any_rise_but_not_one_beyond_the_last_cap() -> None:
    for tiers, known in ((TIERS, True), (TIERS[:2], False)):
        leg = one_short(*tiers).valued()
        path = Path(Decimal(1000), 2 * BTC, [(leg, False)], BTC, inverted=False, requirement=True)
        found = first_zero(path, upwards=True)
        assert isinstance(found, NoLiquidation) if known else found is None
