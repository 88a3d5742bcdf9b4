"""What restores a liquidation price: put back into the pool, it is liquidated exactly there."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.errors import RequestError
from core.exact import exactly
from core.hedged_book import BookPool, HeldLeg, Market, pool_at
from core.instruments import ContractKind, Tier, TierTable
from core.liquidation_results import LiquidationPrice
from core.path_reach import path_reach
from core.pool import WeightStep
from core.pool_liquidation import coin_path, contract_path
from core.top_up import (
    Cut,
    Impossible,
    TopUp,
    Wanted,
    add_collateral,
    amount_that_counts,
    cut_position,
    margin_plan,
)
from tests.core.money import amounts, decimals
from tests.core.scenario_books import D, coins, isolated, short, table, tier_tables

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
MARKET = Market({"BTC": D(1), "ETH": D(0), "USDT": D(0)})
TIERS = table(ContractKind.LINEAR, ("0", "0.004"), ("50000", "0.005"), ("250000", "0.01"))


@exactly
def near(found: Decimal | None, wanted: Decimal) -> bool:
    return found is not None and abs(found - wanted) <= wanted * D("1e-40")


@st.composite
def hedges(draw: st.DrawFn) -> BookPool:
    """A short of BTC, isolated or in cross behind coins with haircuts, linear or coin-margined."""
    kind = draw(st.sampled_from(["linear", "inverse"]))
    family = ContractKind.LINEAR if kind == "linear" else ContractKind.INVERSE
    usd = draw(decimals("20000", "400000", 0))
    leg = short(
        "BTC",
        f"{usd / 60000:.6f}" if kind == "linear" else str(usd),
        kind=kind,
        entry=str(draw(decimals("50000", "70000", 0))),
        tiers=draw(tier_tables(family, D(50000) if kind == "linear" else D("0.8333"))),
        taker=str(draw(decimals("0", "0.001", 5))),
        fee_rate=draw(st.sampled_from([D(0), D("0.0005")])),
    )
    share = draw(decimals("0.2", "0.9", 2))
    if draw(st.booleans()):
        margin = usd * share if kind == "linear" else usd * share / 60000
        return isolated("isolated", f"{margin:.6f}", leg)
    held = (coins("USDT", f"{usd * share:.2f}"), coins("ETH", "2", ("0", "0.9"), ("1", "0.7")))
    return BookPool(name="cross", account="venue", collateral=held, legs=(leg,))


@SLOW
@given(pool=hedges(), rise=decimals("0.05", "1", 3), asset=st.sampled_from(["USDT", "BTC", "ETH"]))
def test_with_what_is_added_the_pool_is_liquidated_at_the_wanted_price(
    pool: BookPool, rise: Decimal, asset: str
) -> None:
    wanted = Wanted(MARKET, 1 + rise)
    prices = {"USDT": D(1), "BTC": D(60000), "ETH": D(3000)}
    try:
        found = add_collateral(
            pool, wanted, asset, price=prices[asset], steps=(WeightStep(D(0), D("0.95")), WeightStep(D(1), D("0.8")))
        )
    except RequestError as refused:
        assume(refused.key != "notional")
        raise
    assert isinstance(found, TopUp)
    assume(found.amount > 0)
    if pool_at(found.pool, MARKET, D(1)).surplus <= D("1e-30"):
        return
    reach, ladder = path_reach(found.pool, MARKET), pool.legs[0].leg.ladder
    assert ladder is not None
    if reach.unknown_above or (ladder.table.whole_position and not near(reach.above, 1 + rise)):
        return
    assert near(reach.above, 1 + rise)
    kernel = coin_path(pool_at(found.pool, MARKET, D(1)), "BTC", D(60000))
    assert isinstance(kernel.above, LiquidationPrice)
    assert near(kernel.above.price, 60000 * (1 + rise))


@SLOW
@given(pool=hedges(), rise=decimals("0.05", "1", 3))
def test_after_the_cut_the_pool_is_liquidated_at_the_wanted_price(pool: BookPool, rise: Decimal) -> None:
    wanted = Wanted(MARKET, 1 + rise)
    assume(pool_at(pool, MARKET, D(1)).surplus > 0)
    try:
        found = cut_position(pool, wanted, 0)
    except RequestError as refused:
        assume(refused.key != "notional")
        raise
    assume(isinstance(found, Cut) and 0 < found.share < 1)
    assert isinstance(found, Cut)
    after = pool_at(found.pool, MARKET, 1 + rise)
    if after.surplus > D("1e-20"):  # a table that jumps: at the cap of the lower tier
        return
    assume(pool_at(found.pool, MARKET, D(1)).surplus > 0)
    ladder = found.pool.legs[0].leg.ladder
    assert ladder is not None
    if not ladder.table.whole_position:
        assert near(path_reach(found.pool, MARKET).above, 1 + rise)


def test_the_seed_short_for_a_rise_of_three_quarters() -> None:
    pool = isolated("short", "75000", short("BTC", "2.5", tiers=TIERS, taker="0.001"))
    wanted = Wanted(MARKET, D("1.75"))
    added = add_collateral(pool, wanted, "USDT")
    assert isinstance(added, TopUp)
    assert added.amount == D("2.5") * 105000 * D("1.01") - 1300 - 150000 - 75000
    assert added.cost == added.amount
    cut = cut_position(pool, wanted, 0)
    assert isinstance(cut, Cut)
    left = D("2.5") - cut.quantity
    assert abs(left * 105000 * D("1.005") - 50 - left * 60000 - 75000 + cut.fee) < D("1e-20")
    assert cut.realised == 0
    assert abs(cut.fee - cut.quantity * 60) < D("1e-20")
    assert abs(cut.pool.legs[0].leg.quantity + left) < D("1e-20")


def test_nothing_is_needed_where_there_is_enough() -> None:
    pool = isolated("short", "75000", short("BTC", "2.5", tiers=TIERS))
    wanted = Wanted(MARKET, D("1.2"))
    added, cut = add_collateral(pool, wanted, "USDT"), cut_position(pool, wanted, 0)
    assert isinstance(added, TopUp)
    assert isinstance(cut, Cut)
    assert (added.amount, cut.quantity, cut.pool) == (D(0), D(0), pool)


def test_a_coin_counts_at_its_price_there_and_at_its_weight() -> None:
    leg = short("BTC", "2.5", tiers=table(ContractKind.LINEAR, ("0", "0.005")))
    pool = BookPool(name="cross", account="venue", collateral=(coins("USDT", "20000"),), legs=(leg,))
    added = add_collateral(pool, Wanted(MARKET, D(2)), "BTC", price=D(60000), steps=(WeightStep(D(0), D("0.95")),))
    assert isinstance(added, TopUp)
    assert abs(added.amount - (D("2.5") * 120600 - 170000) / (120000 * D("0.95"))) < D("1e-20")
    assert abs(added.cost - added.amount * 60000) < D("1e-20")


def test_money_that_counts_for_nothing_and_a_pool_beyond_help() -> None:
    leg = short("BTC", "2.5", tiers=TIERS)
    other = short("ETH", "100", entry="3000", fixed_requirement=D(900000))
    pool = BookPool(name="cross", account="venue", collateral=(coins("USDT", "75000"),), legs=(leg, other))
    wanted = Wanted(MARKET, D("1.75"))
    assert isinstance(cut_position(pool, wanted, 0), Impossible)
    assert isinstance(add_collateral(pool, wanted, "ETH", steps=(WeightStep(D(0), D(0)),)), Impossible)
    with pytest.raises(RequestError, match="position"):
        cut_position(pool, wanted, 2)


def test_the_amount_that_counts_goes_through_debts_and_steps() -> None:
    stepped = coins("ETH", "1", ("0", "0.9"), ("2", "0.5"))
    assert amount_that_counts(stepped, D("0.9")) == 1
    assert amount_that_counts(stepped, D("1.4")) == 2
    debt = coins("USDT", "-100")
    assert amount_that_counts(debt, D(40)) == 40
    assert amount_that_counts(debt, D(150)) == 150
    assert amount_that_counts(coins("ETH", "1", ("0", "0.9"), ("2", "0")), D(5)) is None


def test_a_haircut_of_several_steps_is_gone_through_to_the_one_that_is_enough() -> None:
    stepped = coins("ETH", "1", ("0", "0.9"), ("2", "0.5"), ("4", "0.25"))
    assert [amount_that_counts(stepped, D(more)) for more in ("0.45", "0.9", "1.4", "1.9", "2.4")] == [
        D("0.5"), D(1), D(2), D(3), D(5)
    ]  # fmt: skip
    assert amount_that_counts(coins("ETH", "1", ("0", "0.9"), ("2", "0")), D("0.9")) == 1


@pytest.mark.parametrize("lacking", ["0.5", "1", "5000"])
def test_whatever_little_is_lacking_is_asked_for(lacking: str) -> None:
    """105,000 a coin: 1,262.5 of requirement and 112,500 of loss, less what the pool has of it."""
    margin = D("2.5") * 105000 * D("1.005") - 50 - 150000 - D(lacking)
    tiers = table(ContractKind.LINEAR, ("0", "0.004"), ("50000", "0.005"))
    pool = isolated("short", str(margin), short("BTC", "2.5", tiers=tiers))
    wanted = Wanted(Market({"BTC": D(1), "USDT": D(0), "USDC": D(0)}), D("1.75"))
    for asset in ("USDT", "USDC"):
        added = add_collateral(pool, wanted, asset)
        assert isinstance(added, TopUp)
        assert added.amount == D(lacking)
    cut = cut_position(pool, wanted, 0)
    assert isinstance(cut, Cut)
    assert cut.quantity > 0
    assert abs(pool_at(cut.pool, wanted.market, wanted.x).surplus) < D("1e-20")


def test_a_cut_down_to_the_tier_below_is_found_where_tiers_are_in_contracts() -> None:
    """30 contracts of 0.1 BTC keep half their value at 72,000, 20 keep a hundredth: closing ten is enough."""
    tiers = (Tier(D(0), D(20), D("0.01"), D(0)), Tier(D(20), None, D("0.5"), D(0)))
    jumping = TierTable("test", "contracts", tiers, 0, "test", whole_position=True)
    pool = isolated("short", "60000", short("BTC", "30", size="0.1", tiers=jumping))
    cut = cut_position(pool, Wanted(MARKET, D("1.2")), 0)
    assert isinstance(cut, Cut)
    assert abs(cut.quantity - 10) < D("1e-40")


def test_the_margin_plan_of_a_long_is_for_falls_and_a_move_that_helps_needs_nothing() -> None:
    falls = margin_plan(short("BTC", "-2.5", tiers=TIERS), (D("-0.5"), D("0.5")), (D(2),))
    assert [row.initial for row in falls] == [75000, 75000]
    assert [(row.needed, row.extra) for row in falls] == [amounts(75325, 325), amounts(0, 0)]
    helped = margin_plan(held(), (D("-0.5"),), (D(2),))
    assert [(row.needed, row.extra) for row in helped] == [amounts(0, 0)]


def held(**rules: str) -> HeldLeg:
    return short("BTC", "2.5", tiers=TIERS, **rules)


def test_the_margin_plan_is_liquidated_where_it_says() -> None:
    rows = margin_plan(held(entry="50000"), (D("0.2"), D("0.5")), (D(2), D(5)))
    assert [(str(row.leverage), str(row.move), str(row.initial.normalize() + 0)) for row in rows] == [
        ("2", "0.2", "75000"),
        ("2", "0.5", "75000"),
        ("5", "0.2", "30000"),
        ("5", "0.5", "30000"),
    ]
    assert [row.needed for row in rows] == [30850, 76075, 30850, 76075]
    assert [row.extra for row in rows] == [0, 1075, 850, 46075]
    pool = pool_at(isolated("short", "76075", held()), MARKET, D(1))
    found = contract_path(pool, "BTC-linear").above
    assert isinstance(found, LiquidationPrice)
    assert found.price == 90000


def test_what_is_missing_now_is_the_least_that_is_needed() -> None:
    backing = (coins("BTC", "3"), coins("USDT", "-60000"))
    leg = short("BTC", "2.5", entry="10000", tiers=table(ContractKind.LINEAR, ("0", "0.005")))
    pool = BookPool(name="cross", account="venue", collateral=backing, legs=(leg,))
    added = add_collateral(pool, Wanted(MARKET, D("1.5")), "USDT")
    assert isinstance(added, TopUp)
    assert added.amount == 5750


def test_a_marked_up_debt_is_paid_off_first() -> None:
    debt = msgspec.structs.replace(coins("USDT", "-100"), debt_weight=D("1.1"))
    assert amount_that_counts(debt, D(55)) == 50
    assert amount_that_counts(debt, D(130)) == 120


def test_a_cut_whose_profit_counts_in_steps() -> None:
    backing = (coins("USDT", "60000", ("0", "1"), ("69000", "0.5")),)
    pool = BookPool(
        name="cross", account="venue", collateral=backing, legs=(short("BTC", "2.5", entry="70000", tiers=TIERS),)
    )
    found = cut_position(pool, Wanted(MARKET, D("1.9")), 0)
    assert isinstance(found, Cut)
    assert found.pool.collateral[0].amount > 69000
    assert near(path_reach(found.pool, MARKET).above, D("1.9"))
