from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.instruments import ContractKind, Tier, TierTable
from core.liquidation import bankruptcy, cross, isolated
from core.liquidation_results import AlwaysLiquidated, Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.margin_rules import RequirementAt
from core.pool import Collateral, WeightStep, value_pool
from core.pool_liquidation import Reach, bankruptcy_price, coin_path, contract_path, printed_price
from tests.core.money import LEVERAGES, decimals, tables
from tests.core.pools import CONTRACTS, INVERSE, LINEAR, PRICES, QUANTITIES, QUANTO, Held, Pot, jumping, pots

TINY = Fraction(1, 10**40)
INSIDE = [Fraction(share, 20) for share in (1, 5, 10, 15, 19)]
BTC = PRICES["BTC"]


def flat(kind: ContractKind, rate: str = "0.005", deduction: str = "0") -> TierTable:
    unit = "quote" if kind is LINEAR else "coin"
    return TierTable("test", unit, (Tier(Decimal(0), None, Decimal(rate), Decimal(deduction)),), 0, "test")


def short(quantity: str, entry: str = "60000", *, mark: Decimal = BTC, table: TierTable | None = None) -> Held:
    """A short in hundredths of a BTC."""
    return Held(CONTRACTS["BTCUSDT"], -Decimal(quantity) * 100, Decimal(entry), mark, table or flat(LINEAR))


def coin_short(usd: str, entry: str = "60000", *, table: TierTable | None = None) -> Held:
    return Held(CONTRACTS["BTCUSD"], -Decimal(usd) / 100, Decimal(entry), BTC, table or flat(INVERSE))


def usdt(amount: str) -> Collateral:
    return Collateral(asset="USDT", amount=Decimal(amount))


def btc(amount: str, ratio: str = "1") -> Collateral:
    return Collateral(asset="BTC", amount=Decimal(amount), price=BTC, steps=(WeightStep(Decimal(0), Decimal(ratio)),))


def check_way(
    surplus: Callable[[Fraction], Fraction], now: Decimal, found: Liquidation, scale: Fraction, *, up: bool, past: bool
) -> None:
    """What an answer promises: zero at the price, the present side of zero before it, all the way if there is none."""
    sign = -1 if past else 1
    present = Fraction(now)
    if isinstance(found, LiquidationPrice):
        price = Fraction(found.price)
        assert price >= present if up else price <= present
        size = scale * max(Fraction(1), price / present, present / price)
        assert abs(surplus(price)) <= size * TINY
        for share in INSIDE:
            assert sign * surplus(present + (price - present) * share) >= -size * TINY
        return
    if isinstance(found, NoLiquidation | AlwaysLiquidated):
        assert isinstance(found, AlwaysLiquidated) is past
        for factor in (Fraction(101, 100), Fraction(2), Fraction(30), Fraction(10) ** 6):
            price = present * factor if up else present / factor
            assert sign * surplus(price) >= -scale * factor * TINY


def check_reach(reach: Reach, surplus: Callable[[Fraction], Fraction], now: Decimal, scale: Fraction) -> None:
    assert reach.past is (surplus(Fraction(now)) <= 0)
    check_way(surplus, now, reach.above, scale, up=True, past=reach.past)
    check_way(surplus, now, reach.below, scale, up=False, past=reach.past)


def clear(pot: Pot) -> bool:
    """True where rounding cannot decide on which side of zero the pool is."""
    return abs(pot.surplus({}, {})) > pot.scale() * TINY


@given(pots(smooth=True))
def test_at_the_price_of_a_contract_equity_meets_the_requirement_and_not_before(pot: Pot) -> None:
    assume(clear(pot))
    pool = pot.value()
    for name in {leg.contract.name for leg in pot.legs}:
        mark = next(leg.mark for leg in pot.legs if leg.contract.name == name)
        for owed in (True, False):
            check_reach(
                contract_path(pool, name, requirement=owed),
                lambda price, name=name, owed=owed: pot.on_contract(name, price, owed=owed),  # type: ignore[misc]
                mark,
                pot.scale(),
            )


@given(pots(smooth=False), st.booleans())
def test_the_bankruptcy_price_is_where_equity_is_used_up_on_the_side_that_loses(pot: Pot, short: bool) -> None:
    pool = pot.value()
    for name in {leg.contract.name for leg in pot.legs}:
        reach = contract_path(pool, name, requirement=False)
        losing = reach.above if short is not reach.past else reach.below
        assert bankruptcy_price(pool, name, short=short) == losing
    assert bankruptcy_price(pool, "another", short=short) == NoLiquidation("no position")


@given(pots(smooth=True), st.sampled_from(["BTC", "ETH"]))
def test_at_the_price_of_a_coin_equity_meets_the_requirement_and_not_before(pot: Pot, coin: str) -> None:
    assume(clear(pot))
    pool = pot.value()
    for owed in (True, False):
        check_reach(
            coin_path(pool, coin, PRICES[coin], requirement=owed),
            lambda price, owed=owed: pot.on_coin(coin, price, owed=owed),  # type: ignore[misc]
            PRICES[coin],
            pot.scale(),
        )


@given(pots(smooth=False), st.sampled_from(["BTC", "ETH"]))
def test_where_a_table_jumps_the_price_is_the_first_that_is_not_safe(pot: Pot, coin: str) -> None:
    """Just before it the pool is on its present side of zero, and just past it on the other."""
    check_first_unsafe(pot, coin)


def check_first_unsafe(pot: Pot, coin: str) -> None:
    assume(clear(pot))
    reach = coin_path(pot.value(), coin, PRICES[coin])
    sign, now, tiny = -1 if reach.past else 1, Fraction(PRICES[coin]), Fraction(1, 10**30)
    for found, way in ((reach.above, 1), (reach.below, -1)):
        if isinstance(found, LiquidationPrice):
            price = Fraction(found.price)
            slack = pot.scale() * max(price / now, Fraction(1)) / 10**25
            assert (price - now) * way >= 0
            assert -sign * pot.on_coin(coin, price * (1 + way * tiny)) >= -slack
            for share in INSIDE:
                assert sign * pot.on_coin(coin, now + (price - now) * share) >= -slack
            if price != now:
                assert sign * pot.on_coin(coin, price * (1 - way * tiny)) >= -slack


@st.composite
def crowded(draw: st.DrawFn) -> Pot:
    """Two or three positions on BTC whose tiers end one after another near their present sizes, each by itself."""
    held: list[Held] = []
    for name in draw(st.lists(st.sampled_from(["BTCUSDT", "BTCUSD"]), min_size=2, max_size=3)):
        contract = CONTRACTS[name]
        quantity = draw(decimals("50", "300", 0)) * (10 if contract.kind is INVERSE else 1)
        leg = Held(contract, quantity * draw(st.sampled_from([1, -1, -1])), BTC, BTC, None)
        caps = sorted(draw(st.lists(decimals("0.4", "2.5", 2), min_size=1, max_size=4, unique=True)))
        value = Decimal(leg.value(Fraction(BTC)).numerator) / leg.value(Fraction(BTC)).denominator
        tiers: list[Tier] = []
        floor, rate, deduction, jumps = Decimal(0), Decimal("0.002"), Decimal(0), draw(st.booleans())
        for cap in (*caps, None):
            step = draw(decimals("0.001", "0.03", 3))
            deduction += 0 if jumps else floor * step * bool(tiers)
            rate += step if tiers else 0
            top = None if cap is None else value * cap
            tiers.append(Tier(floor, top, rate, deduction))
            floor = top or floor
        unit = "coin" if contract.kind is INVERSE else "quote"
        leg.table = TierTable(name, unit, tuple(tiers), 0, "test", whole_position=jumps)
        held.append(leg)
    worth = sum((abs(leg.units) * (1 if leg.contract.kind is INVERSE else Fraction(BTC)) for leg in held), Fraction(0))
    share = draw(decimals("-0.02", "0.6", 3))
    return Pot(held, [usdt(str(round(Decimal(int(worth)) * share, 2)))])


@given(crowded())
def test_where_tiers_of_several_positions_end_one_after_another_none_is_left_out(pot: Pot) -> None:
    check_first_unsafe(pot, "BTC")


@given(crowded(), st.sampled_from(["1e-9", "1e6"]))
def test_a_pool_of_any_size_ends_at_the_same_prices(pot: Pot, factor: str) -> None:
    times = Decimal(factor)
    for leg in pot.legs:
        assert leg.table is not None
    small = Pot(
        [
            replace(leg, quantity=leg.quantity * times, table=scaled_table(leg.table, times))
            for leg in pot.legs
            if leg.table is not None
        ],
        [msgspec.structs.replace(coin, amount=coin.amount * times) for coin in pot.coins],
    )
    assume(clear(pot))
    whole, part = (coin_path(item.value(), "BTC", BTC) for item in (pot, small))
    assert whole.past is part.past
    for one, other in ((whole.above, part.above), (whole.below, part.below)):
        assert type(one) is type(other)
        if isinstance(one, LiquidationPrice) and isinstance(other, LiquidationPrice):
            assert abs(one.price - other.price) < one.price * Decimal("1e-25")


def scaled_table(table: TierTable, times: Decimal) -> TierTable:
    tiers = (
        Tier(tier.floor * times, None if tier.cap is None else tier.cap * times, tier.rate, tier.deduction * times)
        for tier in table.tiers
    )
    return msgspec.structs.replace(table, tiers=tuple(tiers))


@given(pots(smooth=False), decimals("1", "100000", 2), st.sampled_from(["BTC", "ETH"]))
def test_more_collateral_never_brings_liquidation_nearer(pot: Pot, more: Decimal, coin: str) -> None:
    before = coin_path(pot.value(), coin, PRICES[coin])
    richer = Pot(pot.legs, [*pot.coins, usdt(str(more))])
    after = coin_path(richer.value(), coin, PRICES[coin])
    if before.past:
        return
    assert not after.past
    for one, other, way in ((before.above, after.above, 1), (before.below, after.below, -1)):
        if isinstance(one, NoLiquidation):
            assert isinstance(other, NoLiquidation)
        if isinstance(one, LiquidationPrice) and isinstance(other, LiquidationPrice):
            assert (other.price - one.price) * way >= -abs(one.price) * Decimal("1e-40")


@st.composite
def single(draw: st.DrawFn) -> Held:
    name = draw(st.sampled_from(["BTCUSDT", "BTCUSD"]))
    kind = CONTRACTS[name].kind
    quantity = draw(QUANTITIES[name]) * draw(st.sampled_from([1, -1]))
    held = Held(CONTRACTS[name], quantity, draw(decimals("40000", "90000", 1)), BTC, draw(tables(kind)))
    held.at = draw(st.sampled_from(RequirementAt))
    held.fee = draw(decimals("0", "0.001", 5))
    return held


def venue_price(reach: Reach, *, long: bool) -> Liquidation:
    return reach.below if long is not reach.past else reach.above


def same(one: Liquidation, other: Liquidation) -> None:
    assert type(one) is type(other)
    if isinstance(one, LiquidationPrice) and isinstance(other, LiquidationPrice):
        assert abs(one.price - other.price) <= one.price * Decimal("1e-40")


@given(single(), LEVERAGES)
def test_one_position_has_the_isolated_price_and_its_bankruptcy_price(held: Held, leverage: Decimal) -> None:
    kind, size = held.contract.kind, held.contract.contract_size
    margin = Decimal(str(round(float(held.value(Fraction(held.entry)) / Fraction(leverage)), 6)))
    settle = Collateral(asset=held.contract.settle, amount=margin, price=PRICES[held.contract.settle])
    pool = value_pool([settle], [held.valued()])
    reach = contract_path(pool, held.contract.name)
    alone = isolated(
        kind,
        held.quantity,
        size,
        held.entry,
        margin,
        held.table,
        requirement_at=held.at,
        closing_fee_rate=held.fee,
        mark_price=held.mark,
    )
    if not reach.past:
        same(venue_price(reach, long=held.quantity > 0), alone)
    gone = contract_path(pool, held.contract.name, requirement=False)
    if not gone.past:
        same(venue_price(gone, long=held.quantity > 0), bankruptcy(kind, held.quantity, size, held.entry, margin))


@given(single(), single(), decimals("0.1", "500000", 2))
def test_two_positions_have_the_cross_price_with_the_other_at_its_mark(one: Held, other: Held, wallet: Decimal) -> None:
    assume(one.contract.settle == other.contract.settle)
    other = renamed(other)
    settle = Collateral(asset=one.contract.settle, amount=wallet, price=PRICES[one.contract.settle])
    first, second = one.valued(), other.valued()
    reach = contract_path(value_pool([settle], [first, second]), one.contract.name)
    venue = cross(
        one.contract.kind,
        one.quantity,
        one.contract.contract_size,
        one.entry,
        wallet,
        one.table,
        others_unrealised=second.profit,
        others_maintenance=second.requirement,
        requirement_at=one.at,
        closing_fee_rate=one.fee,
        mark_price=one.mark,
    )
    if not reach.past:
        same(venue_price(reach, long=one.quantity > 0), venue)


def renamed(held: Held) -> Held:
    """The same position in a contract of another name, so that only the first one moves."""
    held.contract = msgspec.structs.replace(held.contract, name="other")
    return held


# --- closed forms -------------------------------------------------------------------------------------------------


@given(
    decimals("0.1", "5", 2), decimals("0", "100000", 2), decimals("0", "6", 3), st.sampled_from(["1", "0.95", "0.8"])
)
def test_a_short_behind_stable_and_coin_collateral(q: Decimal, stable: Decimal, coins: Decimal, ratio: str) -> None:
    """(U + qE + c)/(q(1 + r) − b·k), and none where the coins that count cover q(1 + r)."""
    steps = (Tier(Decimal(0), Decimal(1), Decimal("0.004"), Decimal(0)),)
    table = TierTable("t", "quote", (*steps, Tier(Decimal(1), None, Decimal("0.054"), Decimal("0.05"))), 0, "t")
    held = Held(CONTRACTS["BTCUSDT"], -q * 100, BTC, BTC, table)
    pot = Pot([held], [usdt(str(stable)), btc(str(coins), ratio)])
    reach = coin_path(pot.value(), "BTC", BTC)
    assume(not reach.past)
    under = Fraction(q) * Fraction("1.054") - Fraction(coins) * Fraction(ratio)
    if under <= 0:
        assert reach.above == NoLiquidation("the margin covers the position through any rise of the price")
        return
    assert isinstance(reach.above, LiquidationPrice)
    true = (Fraction(stable) + Fraction(q) * 60_000 + Fraction("0.05")) / under
    assert abs(Fraction(reach.above.price) - true) <= true * TINY
    assert reach.above.tier == table.tiers[1]


@pytest.mark.parametrize(
    ("coins", "stable", "expected"),
    [("1", "20000", "108832"), ("2.6", "0", "150050/0.0425"), ("2.7", "0", None)],
    ids=["stable and coin", "coins just short of it", "coins enough"],
)
def test_haircuts_leave_a_coin_short_of_covering_a_coin(coins: str, stable: str, expected: str | None) -> None:
    held = short(
        "2.5",
        table=TierTable(
            "t",
            "quote",
            (
                Tier(Decimal(0), Decimal(50_000), Decimal("0.004"), Decimal(0)),
                Tier(Decimal(50_000), None, Decimal("0.005"), Decimal(50)),
            ),
            0,
            "t",
        ),
    )
    reach = coin_path(Pot([held], [usdt(stable), btc(coins, "0.95")]).value(), "BTC", BTC)
    if expected is None:
        assert isinstance(reach.above, NoLiquidation)
        return
    over, _, under = expected.partition("/")
    assert isinstance(reach.above, LiquidationPrice)
    assert abs(reach.above.price - Decimal(over) / Decimal(under or "1")) < Decimal("1e-15")


@given(decimals("100", "500000", 0), st.integers(0, 3))
def test_the_synthetic_dollar_is_worth_as_much_at_any_price_and_never_liquidated(usd: Decimal, power: int) -> None:
    """A coin-margined short with all its coins as margin: N dollars, health 1/r."""
    usd = (usd // 6) * 6
    held = coin_short(str(usd))
    pot = Pot([held], [btc(str(usd / 60_000))])
    pool = pot.value()
    for reach in (contract_path(pool, "BTCUSD"), coin_path(pool, "BTC", BTC)):
        assert reach.above == NoLiquidation("the margin covers the position through any rise of the price")
        assert reach.below == NoLiquidation("the margin covers the position through any fall of the price")
    for price in (Fraction(60_000) * 10**power, Fraction(60_000, 10**power)):
        assert pot.on_coin("BTC", price, owed=False) == Fraction(usd)
        assert pot.on_coin("BTC", price) == Fraction(usd) * Fraction("0.995")


def test_a_coin_lost_to_fees_gives_the_synthetic_dollar_a_far_price() -> None:
    """E·(1 − r)/φ after fees and funding have taken the fraction φ of the coins."""
    pool = Pot([coin_short("150000")], [btc(str(Decimal("2.5") * Decimal("0.99")))]).value()
    for found in (contract_path(pool, "BTCUSD").above, coin_path(pool, "BTC", BTC).above):
        assert isinstance(found, LiquidationPrice)
        assert abs(found.price - 60_000 * Decimal("99.5")) < Decimal("1e-30")


@given(decimals("0.1", "3", 2), decimals("0.1", "3", 2), decimals("5000", "200000", 0), decimals("-3000", "3000", 0))
def test_both_legs_of_one_contract_share_a_price(long: Decimal, sold: Decimal, wallet: Decimal, other: Decimal) -> None:
    """(W + U − MM + c_L + c_S − L·E_L + Sh·E_S)/(L·r_L + Sh·r_S − L + Sh), each leg with its own rate."""
    contract, mark = CONTRACTS["BTCUSDT"], BTC
    up = Held(contract, long * 100, Decimal(58_000), mark, flat(LINEAR, "0.01"))
    down = Held(contract, -sold * 100, Decimal(61_000), mark, flat(LINEAR, "0.02"))
    eth = Held(CONTRACTS["ETHUSDT"], Decimal(1), PRICES["ETH"] - other, PRICES["ETH"], None, fixed=Decimal(7))
    assume(other < PRICES["ETH"])
    pot = Pot([up, down, eth], [usdt(str(wallet))])
    reach = contract_path(pot.value(), "BTCUSDT")
    assume(not reach.past)
    over = Fraction(wallet) + Fraction(other) - 7 - Fraction(long) * 58_000 + Fraction(sold) * 61_000
    under = Fraction(long) * Fraction("-0.99") + Fraction(sold) * Fraction("1.02")
    found = reach.above if under > 0 else reach.below
    if isinstance(found, LiquidationPrice):
        assert abs(Fraction(found.price) - over / under) <= abs(over / under) * TINY
    else:
        assert over / under <= 0


def test_a_linear_account_is_linear_in_both_its_legs() -> None:
    """Twice the legs behind twice the collateral is liquidated at the same price."""
    one = Pot([short("1"), short("0.3", "50000")], [usdt("30000"), btc("0.2", "0.9")]).value()
    two = Pot([short("2"), short("0.6", "50000")], [usdt("60000"), btc("0.4", "0.9")]).value()
    assert coin_path(one, "BTC", BTC) == coin_path(two, "BTC", BTC)


# --- edges --------------------------------------------------------------------------------------------------------


def test_a_price_beyond_the_last_tier_is_unknown_and_names_the_tier() -> None:
    table = TierTable("t", "quote", (Tier(Decimal(0), Decimal(160_000), Decimal("0.005"), Decimal(0)),), 0, "t")
    reach = contract_path(Pot([short("2.5", table=table)], [usdt("75000")]).value(), "BTCUSDT")
    assert reach.above == UnknownLiquidation(("a maintenance tier above 160000",))
    assert isinstance(reach.below, NoLiquidation)


def test_a_bankruptcy_price_needs_no_tier() -> None:
    """2.5 short, 75,000 behind them: nothing is left at 90,000, where no tier tells a requirement any more."""
    table = TierTable("t", "quote", (Tier(Decimal(0), Decimal(160_000), Decimal("0.005"), Decimal(0)),), 0, "t")
    pool = Pot([short("2.5", table=table)], [usdt("75000")]).value()
    assert contract_path(pool, "BTCUSDT", requirement=False).above == LiquidationPrice(Decimal(90_000), None)
    assert coin_path(pool, "BTC", BTC, requirement=False).above == LiquidationPrice(Decimal(90_000), None)


def test_a_price_at_the_end_of_the_last_tier_is_known() -> None:
    """2.5 · 72,000 = 180,000: the loss there is 30,000 and the requirement 900."""
    table = TierTable("t", "quote", (Tier(Decimal(0), Decimal(180_000), Decimal("0.005"), Decimal(0)),), 0, "t")
    reach = contract_path(Pot([short("2.5", table=table)], [usdt("30900")]).value(), "BTCUSDT")
    assert reach.above == LiquidationPrice(Decimal(72_000), table.tiers[0])
    richer = contract_path(Pot([short("2.5", table=table)], [usdt("30900.01")]).value(), "BTCUSDT")
    assert isinstance(richer.above, UnknownLiquidation)


JUMP = TierTable(
    "t",
    "quote",
    (
        Tier(Decimal(0), Decimal(150_000), Decimal("0.01"), Decimal(0)),
        Tier(Decimal(150_000), None, Decimal("0.1"), Decimal(0)),
    ),
    0,
    "t",
    whole_position=True,
)


def test_a_position_at_the_cap_of_a_tier_that_jumps_is_liquidated_by_any_rise() -> None:
    """150,000 at the cap: 1,500 is kept now, 15,000 just above it, and there are 10,000."""
    pool = Pot([short("2.5", table=JUMP)], [usdt("10000")]).value()
    reach = contract_path(pool, "BTCUSDT")
    assert not reach.past
    assert reach.above == LiquidationPrice(BTC, JUMP.tiers[1])
    assert isinstance(reach.below, NoLiquidation)


def test_a_jump_on_the_way_is_where_it_ends() -> None:
    pool = Pot([short("2.5", mark=Decimal(50_000), entry="50000", table=JUMP)], [usdt("30000")]).value()
    assert contract_path(pool, "BTCUSDT").above == LiquidationPrice(BTC, JUMP.tiers[1])


@pytest.mark.parametrize("at", RequirementAt)
def test_where_the_requirement_is_evaluated(at: RequirementAt) -> None:
    """2.5 short from 60,000 at 63,000 behind 75,000, 1%: kept at the price, at entry (1,500), at the mark (1,575)."""
    held = short("2.5", mark=Decimal(63_000), table=flat(LINEAR, "0.01"))
    held.at = at
    found = contract_path(Pot([held], [usdt("75000")]).value(), "BTCUSDT").above
    assert isinstance(found, LiquidationPrice)
    true = {
        RequirementAt.AT_LIQUIDATION: Fraction(225_000) / Fraction("2.525"),
        RequirementAt.AT_ENTRY: Fraction(223_500) / Fraction("2.5"),
        RequirementAt.AT_MARK: Fraction(223_425) / Fraction("2.5"),
    }[at]
    assert abs(Fraction(found.price) - true) <= true * TINY


@pytest.mark.parametrize(("rate", "fixed", "true"), [("0.0005", "0", "225000/2.51375"), ("0", "60", "224940/2.5125")])
def test_closing_fees_bring_liquidation_nearer(rate: str, fixed: str, true: str) -> None:
    held = short("2.5")
    held.fee, held.fixed_fee = Decimal(rate), Decimal(fixed)
    pool = Pot([held], [usdt("75000")]).value()
    found = contract_path(pool, "BTCUSDT").above
    over, under = (Fraction(part) for part in true.split("/"))
    assert isinstance(found, LiquidationPrice)
    assert abs(Fraction(found.price) - over / under) <= over / under * TINY
    gone = contract_path(pool, "BTCUSDT", requirement=False).above
    assert gone == LiquidationPrice(Decimal(90_000))


@pytest.mark.parametrize("at", [RequirementAt.AT_MARK, None])
def test_a_closing_fee_counts_once_on_top_of_what_no_price_moves(at: RequirementAt | None) -> None:
    """750 is kept whatever the price, and 50 to close: 75,000 − 2.5·(P − 60,000) = 800."""
    held = short("2.5") if at else Held(CONTRACTS["BTCUSDT"], Decimal(-250), BTC, BTC, None, fixed=Decimal(750))
    held.at, held.fixed_fee = at or RequirementAt.AT_LIQUIDATION, Decimal(50)
    found = contract_path(Pot([held], [usdt("75000")]).value(), "BTCUSDT").above
    assert isinstance(found, LiquidationPrice)
    assert found.price == Decimal(89_680)


def test_tiers_in_contracts_do_not_move_with_the_price() -> None:
    table = TierTable(
        "t",
        "contracts",
        (
            Tier(Decimal(0), Decimal(250), Decimal("0.004"), Decimal(0)),
            Tier(Decimal(250), None, Decimal("0.5"), Decimal(0)),
        ),
        0,
        "t",
        whole_position=True,
    )
    found = contract_path(Pot([short("2.5", table=table)], [usdt("75000")]).value(), "BTCUSDT").above
    assert isinstance(found, LiquidationPrice)
    assert found.tier == table.tiers[0]
    assert abs(Fraction(found.price) - Fraction(225_000) / Fraction("2.51")) < TINY * 100_000


def test_past_the_requirement_the_price_is_the_way_back() -> None:
    pool = Pot([short("2.5", "40000")], [usdt("10000")]).value()
    reach = contract_path(pool, "BTCUSDT")
    assert reach.past
    assert isinstance(reach.above, AlwaysLiquidated)
    assert isinstance(reach.below, LiquidationPrice)
    assert abs(Fraction(reach.below.price) - Fraction(110_000) / Fraction("2.5125")) < TINY * 100_000


def test_equity_just_at_the_requirement_is_past_it() -> None:
    pool = Pot([short("2.5")], [usdt("750")]).value()
    reach = contract_path(pool, "BTCUSDT")
    assert reach.past
    assert isinstance(reach.above, AlwaysLiquidated)
    assert isinstance(reach.below, LiquidationPrice)
    assert reach.below.price == BTC
    assert coin_path(pool, "SOL", Decimal(100)).past
    assert not contract_path(Pot([short("2.5")], [usdt("750.01")]).value(), "BTCUSDT").past


def test_a_debt_that_no_price_pays_is_always_liquidated() -> None:
    fixed = Held(CONTRACTS["BTCUSDT"], Decimal(1), BTC, BTC, None, fixed=Decimal(5))
    held = Held(CONTRACTS["ETHUSDT"], Decimal(1), PRICES["ETH"], PRICES["ETH"], flat(LINEAR))
    reach = contract_path(Pot([fixed, held], [usdt("-10000")]).value(), "ETHUSDT")
    assert isinstance(reach.below, AlwaysLiquidated)
    assert isinstance(reach.above, LiquidationPrice)


@pytest.mark.parametrize(("stable", "past"), [("3000", False), ("2", True)])
def test_a_pair_that_cancels_out_stays_where_it_is(stable: str, past: bool) -> None:
    pair = [Held(CONTRACTS["BTCUSDT"], Decimal(sign), BTC, BTC, None, fixed=Decimal(2)) for sign in (1, -1)]
    reach = contract_path(Pot(pair, [usdt(stable)]).value(), "BTCUSDT")
    assert reach.past is past
    expected = AlwaysLiquidated if past else NoLiquidation
    assert isinstance(reach.above, expected)
    assert isinstance(reach.below, expected)


def ending_at(cap: int) -> TierTable:
    """0.1% up to ``cap`` of value and 40.1% of what is above it."""
    steep = Tier(Decimal(cap), None, Decimal("0.401"), Decimal(cap) * Decimal("0.4"))
    return TierTable("t", "quote", (Tier(Decimal(0), Decimal(cap), Decimal("0.001"), Decimal(0)), steep), 0, "t")


@pytest.mark.parametrize("caps", [(54_000, 42_000), (42_000, 54_000)])
def test_tier_boundaries_are_met_in_the_order_of_the_way(caps: tuple[int, int]) -> None:
    """Two longs of one BTC whose tiers end at 54,000 and at 42,000 of value: what is kept below either is less."""
    held = [Held(CONTRACTS["BTCUSDT"], Decimal(100), BTC, BTC, ending_at(cap)) for cap in caps]
    found = contract_path(Pot(held, [usdt("22000")]).value(), "BTCUSDT").below
    assert isinstance(found, LiquidationPrice)
    # Between the two: 22000 + 2P - 120000 = 0.001P + 0.401P - 16800.
    true = Fraction(81_200) / Fraction("1.598")
    assert abs(Fraction(found.price) - true) <= true * TINY
    assert found.tier == ending_at(caps[0]).tiers[0 if caps[0] == 54_000 else 1]


@pytest.mark.parametrize("caps", [(66_000, 90_000), (90_000, 66_000)])
def test_tier_boundaries_above_are_met_in_the_order_of_the_way(caps: tuple[int, int]) -> None:
    """Two shorts of one BTC whose tiers end at 66,000 and at 90,000 of value: more is kept above the first alone."""
    held = [Held(CONTRACTS["BTCUSDT"], Decimal(-100), BTC, BTC, ending_at(cap)) for cap in caps]
    found = contract_path(Pot(held, [usdt("30000")]).value(), "BTCUSDT").above
    assert isinstance(found, LiquidationPrice)
    # Between the two: 30000 + 120000 - 2P = 0.001P + 0.401P - 26400.
    true = Fraction(176_400) / Fraction("2.402")
    assert abs(Fraction(found.price) - true) <= true * TINY
    assert found.tier == ending_at(caps[0]).tiers[0 if caps[0] == 90_000 else 1]


def test_a_pool_past_its_requirement_comes_back_within_the_tier_that_holds_its_price() -> None:
    """A short that is safe again half a dollar before its tier ends: the price is not that of the tier's end."""
    tiers = (
        Tier(Decimal(0), Decimal(54_000), Decimal("0.01"), Decimal(0)),
        Tier(Decimal(54_000), None, Decimal("0.02"), Decimal(540)),
    )
    held = Held(CONTRACTS["BTCUSDT"], Decimal(-100), BTC, BTC, TierTable("t", "quote", tiers, 0, "t"))
    reach = contract_path(Pot([held], [usdt("-5459.5")]).value(), "BTCUSDT")
    assert reach.past
    assert isinstance(reach.below, LiquidationPrice)
    # -5459.5 + 60000 - P = 0.02 P - 540
    true = Fraction("55080.5") / Fraction("1.02")
    assert abs(Fraction(reach.below.price) - true) <= true * TINY
    assert reach.below.tier == tiers[1]


def test_a_coin_margined_pool_just_at_its_requirement_is_past_it() -> None:
    """A short of 60,000 USD at 60,000 keeps 0.005 BTC, and has just that."""
    reach = contract_path(Pot([coin_short("60000")], [btc("0.005")]).value(), "BTCUSD")
    assert reach.past
    assert isinstance(reach.above, AlwaysLiquidated)
    assert reach.below == LiquidationPrice(BTC, flat(INVERSE).tiers[0])
    assert not contract_path(Pot([coin_short("60000")], [btc("0.00500001")]).value(), "BTCUSD").past


# --- the price that a venue prints ------------------------------------------------------------------------------


@given(pots(smooth=False))
def test_a_venue_prints_the_price_on_the_side_where_the_position_loses(pot: Pot) -> None:
    """Above for a net short and below for a net long; a pool past its requirement has it behind the mark."""
    assume(clear(pot))
    pool = pot.value()
    for name in {leg.contract.name for leg in pot.legs}:
        reach, net = contract_path(pool, name), sum(leg.units for leg in pot.legs if leg.contract.name == name)
        if net:
            assert printed_price(pool, name) == venue_price(reach, long=net > 0)


@pytest.mark.parametrize("sign", [1, -1])
def test_legs_that_cancel_out_print_the_one_price_that_there_is(sign: int) -> None:
    """One long and one short of one BTC, whose requirement grows with the price: 2% of it, out of 2,000."""
    table = flat(LINEAR, "0.01")
    pair = [Held(CONTRACTS["BTCUSDT"], Decimal(sign * side * 100), BTC, BTC, table) for side in (1, -1)]
    assert printed_price(Pot(pair, [usdt("2000")]).value(), "BTCUSDT") == LiquidationPrice(
        Decimal(100_000), table.tiers[0]
    )
    back = printed_price(Pot(pair, [usdt("1000")]).value(), "BTCUSDT")
    assert back == LiquidationPrice(Decimal(50_000), table.tiers[0])


def test_a_pool_just_at_its_requirement_prints_its_mark() -> None:
    found = printed_price(Pot([short("2.5")], [usdt("750")]).value(), "BTCUSDT")
    assert found == LiquidationPrice(BTC, flat(LINEAR).tiers[0])
    near = printed_price(Pot([short("2.5")], [usdt("750.5")]).value(), "BTCUSDT")
    assert isinstance(near, LiquidationPrice)
    assert near.price > BTC


def test_a_contract_that_is_not_held_has_no_price_to_print() -> None:
    pool = Pot([short("1")], [usdt("60000")]).value()
    assert printed_price(pool, "SOLUSDT") == NoLiquidation("no position")


def test_what_the_pool_does_not_hold_cannot_end_it() -> None:
    pool = Pot([short("1")], [usdt("60000")]).value()
    assert contract_path(pool, "SOLUSDT") == Reach(NoLiquidation("no position"), NoLiquidation("no position"))
    none = NoLiquidation("nothing here depends on SOL")
    assert coin_path(pool, "SOL", Decimal(100)) == Reach(none, none)
    assert coin_path(Pot([short("1")], [usdt("300.5")]).value(), "SOL", Decimal(100)) == Reach(none, none)
    gone = AlwaysLiquidated("equity is below the requirement all the way")
    assert coin_path(Pot([short("1")], [usdt("0")]).value(), "SOL", Decimal(100)) == Reach(gone, gone, past=True)


def test_coins_alone_are_never_liquidated_and_a_debt_in_coins_is() -> None:
    assert isinstance(coin_path(Pot([], [btc("2")]).value(), "BTC", BTC).below, NoLiquidation)
    reach = coin_path(Pot([], [usdt("90000"), btc("-1")]).value(), "BTC", BTC)
    assert reach.above == LiquidationPrice(Decimal(90_000))


@pytest.mark.parametrize(
    ("kind", "settle", "named"),
    [
        (QUANTO, "BTC", "a straight path of odd, settled in the coin it follows"),
        (INVERSE, "USDT", "a straight path of odd, an inverse contract not settled in its coin"),
    ],
)
def test_a_path_that_is_not_straight_is_unknown(kind: ContractKind, settle: str, named: str) -> None:
    contract = msgspec.structs.replace(CONTRACTS["BTCUSD"], name="odd", kind=kind, settle=settle)
    pot = Pot([Held(contract, Decimal(1), BTC, BTC, flat(kind))], [usdt("90000")])
    unknown = UnknownLiquidation((named,))
    assert coin_path(pot.value(), "BTC", BTC) == Reach(unknown, unknown)


@given(jumping("contracts"), decimals("1", "500", 0))
def test_the_tier_named_is_that_of_the_contract(table: TierTable, quantity: Decimal) -> None:
    top = table.tiers[-1].cap
    assume(top is None or quantity <= top)
    held = Held(CONTRACTS["BTCUSDT"], -quantity, BTC, BTC, table)
    found = contract_path(Pot([held], [usdt("400000")]).value(), "BTCUSDT").above
    if isinstance(found, LiquidationPrice):
        assert found.tier in table.tiers
        assert found.tier.floor < quantity
        assert found.tier.cap is None or quantity <= found.tier.cap
