"""What a pool and its positions answer, where a sign, a fee or a small amount could be lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec
import pytest

from core.account import Balance
from core.account_figures import CoinFigures, leg_figures, nearest, pool_figures
from core.liquidation_results import LiquidationPrice, NoLiquidation
from core.margin_rules import ClosingFee, MarginRatio, MarginRules, RequirementAt, rules_named
from core.pnl import held_sign
from tests.core.pools import LINEAR
from tests.core.test_account import BTC, GENERIC, held, one, usdt

SIDES: tuple[Literal["long", "short"], ...] = ("long", "short")


def coins(amount: str) -> tuple[Balance, ...]:
    return (Balance(key="collateral.0", asset="BTC", amount=Decimal(amount)),)


def linear(**changes: object) -> dict[object, MarginRules]:
    return {LINEAR: msgspec.structs.replace(GENERIC[LINEAR], **changes)}


def test_a_pool_in_coins_has_its_ratios_though_its_amounts_are_below_one() -> None:
    """Half a bitcoin behind 2.5, of which 0.0125 must be kept."""
    found = pool_figures(one(held("BTCUSD"), balances=coins("0.5"), prices={}))
    assert [found.equity.value, found.requirement.value] == [Decimal("0.5"), Decimal("0.0125")]
    assert [found.health.value, found.usage.value] == [40, Decimal("0.025")]


def test_initial_margin_of_coin_margined_positions_is_in_the_pools_currency() -> None:
    found = pool_figures(one(held("BTCUSD", leverage=Decimal(5)), balances=coins("2.5")))
    assert found.initial.value == 30_000
    assert found.available.value == 120_000


@pytest.mark.parametrize("side", SIDES)
def test_initial_margin_at_entry_is_that_of_the_entry_on_both_sides(side: Literal["long", "short"]) -> None:
    rules = {LINEAR: msgspec.structs.replace(rules_named("bybit-classic", LINEAR))}
    pool = one(held(side=side, mark_price=Decimal(63_000)), rules=rules)
    assert pool_figures(pool).initial.value == leg_figures(pool, 0).initial.value == 50_000


def test_why_there_is_no_ratio_is_told_apart() -> None:
    free = held(ladder=None, fixed_requirement=Decimal(0))
    for ratio in (MarginRatio.EQUITY_TO_REQUIREMENT, MarginRatio.REQUIREMENT_TO_EQUITY):
        gone = pool_figures(one(held(), balances=(usdt("0"),), rules=linear(ratio=MarginRatio.REQUIREMENT_TO_EQUITY)))
        assert gone.ratio.absent == "equity is zero or less: past liquidation"
        found = pool_figures(one(free, balances=(usdt("0.5"),), rules=linear(ratio=ratio))).ratio
        if ratio is MarginRatio.EQUITY_TO_REQUIREMENT:
            assert found.absent == "nothing is required: no position"
        else:
            assert found.value == 0


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("at", "fee"), [(RequirementAt.AT_LIQUIDATION, "78.75"), (RequirementAt.AT_ENTRY, "75"), (None, "0")]
)
def test_the_closing_fee_is_that_of_the_value_where_the_requirement_is_evaluated(
    side: Literal["long", "short"], at: RequirementAt | None, fee: str
) -> None:
    """0.05% of 150,000 at entry or of 157,500 at the mark; none in a requirement that the venue states."""
    rules = linear(
        closing_fee_cross=ClosingFee.AT_PRICE, requirement_at=RequirementAt.AT_LIQUIDATION if at is None else at
    )
    position = held(side=side, mark_price=Decimal(63_000), taker_fee_rate=Decimal("0.0005"))
    if at is None:
        position = msgspec.structs.replace(position, fixed_requirement=Decimal(700))
    leg = leg_figures(one(position, rules=rules), 0)
    assert leg.closing_fee.value == Decimal(fee)
    kept = {"78.75": Decimal("787.5") + Decimal("78.75"), "75": Decimal(750 + 75), "0": Decimal(700)}[fee]
    assert leg.requirement.value == kept


def test_a_tier_is_named_where_the_requirement_follows_one() -> None:
    table = GENERIC[LINEAR]
    assert leg_figures(one(held()), 0).tier == held().ladder.tier(0)  # type: ignore[union-attr]
    fixed = one(held(), rules={LINEAR: msgspec.structs.replace(table, requirement_at=RequirementAt.AT_ENTRY)})
    assert leg_figures(fixed, 0).tier is None
    assert leg_figures(fixed, 0).requirement.value == 750
    assert leg_figures(one(held(ladder=None, fixed_requirement=Decimal(5))), 0).tier is None


@pytest.mark.parametrize(("long", "short"), [("250", "100"), ("1.5", "1"), ("100", "250")])
def test_legs_of_one_contract_fear_the_way_of_the_larger(long: str, short: str) -> None:
    legs = (held(quantity=Decimal(short)), held(side="long", quantity=Decimal(long), key="positions.1"))
    found = leg_figures(one(*legs, balances=(usdt("30") if long == "1.5" else usdt("30000"),)), 0).liquidation
    assert isinstance(found, LiquidationPrice)
    assert (found.price < BTC) is (Decimal(long) > Decimal(short))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("share", "nearer"), [("0.9", "venue"), ("1.1", "ours"), ("1", "equal"), ("-1.1", "venue")])
def test_the_nearer_of_two_prices_is_so_on_either_side_of_the_mark(
    side: Literal["long", "short"], share: str, nearer: str
) -> None:
    """Ours is half the mark away, 30,000 or 90,000; the venue's a little more or less."""
    venue = BTC - held_sign(side) * 30_000 * Decimal(share)
    position = held(side=side, ladder=None, fixed_requirement=Decimal(0), venue_price=LiquidationPrice(venue))
    found = leg_figures(one(position), 0).comparison
    assert found is not None
    assert found.nearer == nearer


def test_the_first_pool_met_on_the_way_down_is_the_one_nearest_below() -> None:
    found = [
        (name, CoinFigures(coin="BTC", price=BTC, above=NoLiquidation("x"), below=LiquidationPrice(price), past=False))
        for name, price in (("far", Decimal(20_000)), ("near", Decimal(55_000)), ("between", Decimal(40_000)))
    ]
    assert nearest(found, lambda item: item.below, BTC).pool == "near"
    around = [*found, ("above", msgspec.structs.replace(found[0][1], below=LiquidationPrice(Decimal(64_000))))]
    assert nearest(around, lambda item: item.below, BTC).pool == "above"
