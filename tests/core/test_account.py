from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.account import Balance, MarginPool, Position, build_pools, unused, value_at_bankruptcy
from core.account_figures import CoinFigures, coin_figures, coins_of, leg_figures, nearest, pool_figures
from core.books import MarginMode
from core.errors import RequestError
from core.instruments import ContractKind, Tier, TierTable
from core.liquidation import bankruptcy
from core.liquidation_results import AlwaysLiquidated, Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.margin_rules import Backing, MarginRatio, MarginRules, RequirementAt, rules_named
from core.pnl import held_sign, settle_notional
from core.pool import Ladder
from tests.core.money import KINDS, LEVERAGES, PRICES, QUANTITIES, near
from tests.core.pools import CONTRACTS, INVERSE, LINEAR

BTC, ETH = Decimal(60_000), Decimal(3_000)
AT = {"BTC": BTC, "ETH": ETH}
GENERIC = {kind: rules_named("generic", kind) for kind in (LINEAR, INVERSE, ContractKind.QUANTO)}


def ladder(kind: ContractKind, rate: str = "0.005", cap: str | None = None) -> Ladder:
    unit = "quote" if kind is LINEAR else "coin"
    tier = Tier(Decimal(0), None if cap is None else Decimal(cap), Decimal(rate), Decimal(0))
    return Ladder(TierTable("t", unit, (tier,), 0, "t"), kind)


def held(name: str = "BTCUSDT", **changes: Any) -> Position:
    """A short of 2.5 BTC (or 150,000 USD of it) opened at the mark, cross, at 3x."""
    contract = CONTRACTS[name]
    price = AT[contract.coin]
    quantity = Decimal(1500) if contract.kind is INVERSE else Decimal(250)
    plain = Position(
        key="positions.0",
        contract=contract,
        side="short",
        quantity=quantity,
        entry_price=price,
        mark_price=price,
        ladder=ladder(contract.kind),
        leverage=Decimal(3),
    )
    return msgspec.structs.replace(plain, **changes)


def usdt(amount: str | None) -> Balance:
    return Balance(key="collateral.0", asset="USDT", amount=None if amount is None else Decimal(amount))


def pools(
    *positions: Position,
    balances: tuple[Balance, ...] = (usdt("75000"),),
    rules: dict[ContractKind, MarginRules] = GENERIC,
    backing: Backing = Backing.SETTLE,
    prices: dict[str, Decimal] = AT,
) -> tuple[MarginPool, ...]:
    return build_pools(positions, balances, rules, prices, quote="USDT", backing=backing)


def one(*positions: Position, **how: Any) -> MarginPool:
    (pool,) = pools(*positions, **how)
    return pool


# --- what shares a pool -------------------------------------------------------------------------------------------


def test_each_settle_currency_and_each_isolated_leg_has_its_pool() -> None:
    legs = (
        held(),
        held("ETHUSDT", key="positions.1"),
        held("BTCUSD", key="positions.2"),
        held(key="positions.3", margin_mode=MarginMode.ISOLATED),
        held(key="positions.4", margin_mode=MarginMode.ISOLATED, side="long"),
    )
    coins = (usdt("75000"), Balance(key="collateral.1", asset="BTC", amount=Decimal(1)))
    found = pools(*legs, balances=coins)
    assert [(pool.name, [leg.key for leg in pool.positions]) for pool in found] == [
        ("cross USDT", ["positions.0", "positions.1"]),
        ("cross BTC", ["positions.2"]),
        ("isolated BTCUSDT short", ["positions.3"]),
        ("isolated BTCUSDT long", ["positions.4"]),
    ]
    assert [pool.value.collateral for pool in found if pool.value] == [75_000, 60_000, 50_000, 50_000]
    assert {pool.currency for pool in found} == {"USDT"}


def test_all_coins_share_one_pool_and_isolated_margin_is_not_in_it() -> None:
    coins = (usdt("20000"), Balance(key="collateral.1", asset="ETH", amount=Decimal(2)))
    legs = (held(), held("BTCUSD"), held(margin_mode=MarginMode.ISOLATED, isolated_margin=Decimal(7)))
    shared, alone = pools(*legs, balances=coins, backing=Backing.ALL_COINS)
    assert shared.value is not None
    assert alone.value is not None
    assert [shared.value.collateral, alone.value.collateral] == [26_000, 7]
    assert len(shared.positions) == 2


def test_an_isolated_margin_comes_from_the_leverage_at_entry_and_what_was_added() -> None:
    linear = held(margin_mode=MarginMode.ISOLATED, entry_price=Decimal(48_000), added_margin=Decimal(11))
    coin = held("BTCUSD", margin_mode=MarginMode.ISOLATED, entry_price=Decimal(50_000), leverage=Decimal(2))
    first, second = pools(linear, coin, balances=())
    assert first.value is not None
    assert second.value is not None
    assert first.value.collateral == 40_011
    assert second.value.coins == (("BTC", Decimal("1.5"), BTC),)


def test_a_coin_pool_without_a_price_is_valued_in_the_coin() -> None:
    coins = (Balance(key="collateral.0", asset="BTC", amount=Decimal(3)),)
    pool = one(held("BTCUSD"), balances=coins, prices={})
    assert (pool.currency, pool.equity_missing) == ("BTC", ())
    assert pool_figures(pool).equity.value == 3
    priced = one(held("BTCUSD"), balances=coins)
    assert leg_figures(pool, 0).liquidation == leg_figures(priced, 0).liquidation


def test_what_backs_nothing_is_named() -> None:
    coins = (usdt("1"), Balance(key="collateral.1", asset="ETH", amount=Decimal(1)))
    assert unused([held()], coins, Backing.SETTLE) == ("ETH",)
    assert unused([held()], coins, Backing.ALL_COINS) == ()
    assert unused([held(margin_mode=MarginMode.ISOLATED)], coins, Backing.ALL_COINS) == ("USDT", "ETH")


# --- unknown is not zero ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["quantity", "entry_price", "mark_price"])
def test_a_position_that_cannot_be_valued_leaves_the_whole_pool_unknown(name: str) -> None:
    pool = one(msgspec.structs.replace(held(), **{name: None}), held("ETHUSDT", key="positions.1"))
    gap = f"positions.0.{name}"
    figures = pool_figures(pool)
    for figure in (figures.equity, figures.requirement, figures.health, figures.usage, figures.available):
        assert (figure.value, figure.missing) == (None, (gap,))
    assert leg_figures(pool, 0).value.missing == (gap,)
    other = leg_figures(pool, 1)
    assert other.value.value == 750_000
    assert other.liquidation == other.bankruptcy == UnknownLiquidation((gap,))
    assert coin_figures(pool, "ETH", AT).above == UnknownLiquidation((gap,))


def test_without_tiers_the_equity_and_the_bankruptcy_price_are_known() -> None:
    pool = one(held(ladder=None))
    figures, leg = pool_figures(pool), leg_figures(pool, 0)
    assert figures.equity.value == 75_000
    assert figures.requirement.missing == figures.health.missing == leg.requirement.missing == ("positions.0.tiers",)
    assert leg.liquidation == UnknownLiquidation(("positions.0.tiers",))
    assert leg.bankruptcy == LiquidationPrice(Decimal(90_000))


@pytest.mark.parametrize("at", [RequirementAt.AT_LIQUIDATION, RequirementAt.AT_ENTRY])
def test_a_position_above_the_last_tier_is_unknown_and_names_it(at: RequirementAt) -> None:
    rules = {LINEAR: msgspec.structs.replace(GENERIC[LINEAR], requirement_at=at)}
    pool = one(held(ladder=ladder(LINEAR, cap="149999")), rules=rules)
    gap = ("positions.0: a maintenance tier above 149999",)
    assert pool.requirement_missing == leg_figures(pool, 0).requirement.missing == gap
    assert leg_figures(pool, 0).liquidation == UnknownLiquidation(gap)
    assert pool_figures(pool).equity.value == 75_000


def test_without_leverage_only_initial_margin_is_unknown() -> None:
    figures = pool_figures(one(held(leverage=None)))
    assert figures.initial.missing == figures.available.missing == ("positions.0.leverage",)
    assert figures.health.value == 100


def test_a_balance_that_was_not_listed_or_not_known_is_not_zero() -> None:
    assert one(held("BTCUSD")).equity_missing == ("collateral of BTC",)
    assert one(held(), balances=(usdt(None),)).equity_missing == ("collateral.0.amount",)
    other = Balance(key="collateral.1", asset="SOL", amount=Decimal(5))
    shared = one(held(), balances=(usdt("1"), other), backing=Backing.ALL_COINS)
    assert shared.equity_missing == ("collateral.1.price",)
    haircut = msgspec.structs.replace(other, asset="ETH", steps=None)
    assert one(held(), balances=(haircut,), backing=Backing.ALL_COINS).equity_missing == ("collateral.1.ratio",)


@pytest.mark.parametrize("name", ["quantity", "entry_price", "leverage"])
def test_an_isolated_margin_that_cannot_be_reckoned_is_unknown(name: str) -> None:
    alone = msgspec.structs.replace(held(margin_mode=MarginMode.ISOLATED), **{name: None})
    pool = one(alone, balances=())
    assert pool.value is None
    assert "positions.0.isolated_margin" in pool.equity_missing
    assert value_at_bankruptcy(alone) is None


def test_a_coin_that_settles_a_position_needs_its_price_in_a_pool_of_all_coins() -> None:
    pool = one(held("BTCUSD"), backing=Backing.ALL_COINS, prices={"ETH": ETH})
    assert pool.value is None
    assert pool.equity_missing == ("coin_prices.BTC",)


@pytest.mark.parametrize(("amount", "known"), [("0.5", False), ("0", True), ("-2", True)])
def test_only_coins_that_are_there_need_a_collateral_ratio(amount: str, known: bool) -> None:
    """A debt counts whole, whatever the haircut, and nothing is nothing."""
    coins = Balance(key="collateral.1", asset="ETH", amount=Decimal(amount), steps=None)
    pool = one(held(), balances=(usdt("75000"), coins), backing=Backing.ALL_COINS)
    assert pool.equity_missing == (() if known else ("collateral.1.ratio",))
    if known:
        assert pool.value is not None
        assert pool.value.equity == 75_000 + Decimal(amount) * ETH


def test_a_balance_of_nothing_needs_no_price() -> None:
    nothing = Balance(key="collateral.1", asset="SOL", amount=Decimal(0))
    pool = one(held(), balances=(usdt("75000"), nothing), backing=Backing.ALL_COINS)
    assert pool.value is not None
    assert pool.value.equity == 75_000


def test_isolated_positions_alone_make_no_pool_of_all_coins() -> None:
    found = pools(held(margin_mode=MarginMode.ISOLATED), backing=Backing.ALL_COINS)
    assert [pool.name for pool in found] == ["isolated BTCUSDT short"]


def test_a_table_that_cannot_be_is_refused_and_not_called_too_short() -> None:
    with pytest.raises(RequestError, match=r"table\.tiers\.rate"):
        pools(held(ladder=ladder(LINEAR, rate="1")))


def test_an_impossible_number_is_refused_and_not_called_unknown() -> None:
    with pytest.raises(RequestError, match="entry_price"):
        pools(held(entry_price=Decimal(-1)))
    with pytest.raises(RequestError, match="quantity"):
        pools(held(quantity=Decimal(-1)))


# --- the rules of a venue -----------------------------------------------------------------------------------------


@given(KINDS, QUANTITIES, PRICES, LEVERAGES, st.sampled_from(["long", "short"]))
def test_the_value_at_bankruptcy_is_that_of_the_margin_that_leverage_gives(
    kind: ContractKind, quantity: Decimal, entry: Decimal, leverage: Decimal, side: Literal["long", "short"]
) -> None:
    contract = CONTRACTS["BTCUSDT" if kind is LINEAR else "BTCUSD"]
    position = held(contract.name, quantity=quantity, entry_price=entry, leverage=leverage, side=side, mark_price=entry)
    found = value_at_bankruptcy(position)
    size = Fraction(quantity) * Fraction(contract.contract_size)
    value = size * Fraction(entry) if kind is LINEAR else size / Fraction(entry)
    sign = held_sign(side) * (1 if kind is LINEAR else -1)
    assert found is not None
    assert near(found, value * (1 - sign / Fraction(leverage)), value)
    margin = settle_notional(kind, quantity, contract.contract_size, entry) / leverage
    gone = bankruptcy(kind, held_sign(side) * quantity, contract.contract_size, entry, margin)
    if isinstance(gone, LiquidationPrice) and leverage > 1:
        at_price = settle_notional(kind, quantity, contract.contract_size, gone.price)
        assert abs(at_price - found) <= Decimal(float(value)) * Decimal("1e-20")


def test_a_unified_account_holds_the_fee_at_bankruptcy_in_both_margins() -> None:
    """2.5 BTC at 3x: bankrupt at 80,000, so 0.00055 of 200,000 is 110 on top."""
    rules = {LINEAR: rules_named("bybit-unified", LINEAR)}
    pool = one(held(taker_fee_rate=Decimal("0.00055"), mark_price=Decimal(63_000)), rules=rules)
    figures, leg = pool_figures(pool), leg_figures(pool, 0)
    assert figures.requirement.value == Decimal("787.5") + 110
    assert figures.initial.value == 50_000 + 110
    assert leg.closing_fee.value == 110
    assert (figures.ratio_label, figures.worse, figures.ratio.value) == ("MM rate", "higher", figures.usage.value)


@pytest.mark.parametrize("name", ["taker_fee_rate", "leverage"])
def test_a_fee_that_cannot_be_reckoned_leaves_the_requirement_unknown(name: str) -> None:
    rules = {LINEAR: rules_named("bybit-unified", LINEAR)}
    position = msgspec.structs.replace(held(taker_fee_rate=Decimal("0.00055")), **{name: None})
    gap = "positions.0.closing_fee_rate" if name == "taker_fee_rate" else "positions.0.leverage"
    pool = one(position, rules=rules)
    assert pool.requirement_missing == leg_figures(pool, 0).closing_fee.missing == (gap,)


def test_a_fee_that_is_not_known_is_not_left_out_of_initial_margin() -> None:
    """The amount held for closing is part of it at this venue: without the rate nothing may be called available."""
    rules = {LINEAR: rules_named("bybit-unified", LINEAR)}
    pool = one(held(), rules=rules)
    gap = ("positions.0.closing_fee_rate",)
    assert pool.initial_missing == gap
    figures = pool_figures(pool)
    assert figures.initial.missing == figures.available.missing == leg_figures(pool, 0).initial.missing == gap
    stated = pool_figures(one(held(fixed_requirement=Decimal(700)), rules=rules))
    assert stated.initial.value == 50_000
    at_price = one(held(), rules={LINEAR: rules_named("okx", LINEAR)})
    assert (at_price.initial_missing, at_price.requirement_missing) == ((), gap)


def test_ratios_as_venues_show_them() -> None:
    """7,500 of equity against 750 (1,500 with the fee of 0.5%) and a value of 150,000."""
    cases = {"binance-usdm": ("0.1", "higher"), "weex": ("0.05", "lower"), "okx": ("5", "lower")}
    for name, (shown, worse) in cases.items():
        rules = {LINEAR: rules_named(name, LINEAR)}
        figures = pool_figures(one(held(taker_fee_rate=Decimal("0.005")), balances=(usdt("7500"),), rules=rules))
        assert (figures.ratio.value, figures.worse) == (Decimal(shown), worse)
        assert (figures.liquidates_at is None) is (name == "weex")


def test_a_ratio_to_the_value_counts_coin_margined_positions_in_quote() -> None:
    """0.25 BTC of equity behind 150,000 USD of position: a tenth."""
    rules = {INVERSE: msgspec.structs.replace(rules_named("generic", INVERSE), ratio=MarginRatio.EQUITY_TO_VALUE)}
    coins = (Balance(key="collateral.0", asset="BTC", amount=Decimal("0.25")),)
    assert pool_figures(one(held("BTCUSD"), balances=coins, rules=rules)).ratio.value == Decimal("0.1")


def test_a_pool_without_equity_has_no_usage_and_one_without_requirement_no_health() -> None:
    gone = pool_figures(one(held(), balances=(usdt("0"),)))
    assert [gone.usage.value, gone.ratio.value, gone.health.value] == [None, None, 0]
    assert gone.usage.absent == "equity is zero or less: past liquidation"
    free = pool_figures(one(held(ladder=None, fixed_requirement=Decimal(0))))
    assert [free.health.value, free.usage.value] == [None, 0]
    assert free.health.absent == "nothing is required: no position"


# --- where it ends ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["long", "short"])
def test_each_side_fears_its_own_way(side: Literal["long", "short"]) -> None:
    leg = leg_figures(one(held(side=side), balances=(usdt("30000"),)), 0)
    sign = held_sign(side)
    true = (Fraction(150_000) - sign * 30_000) / (Fraction("2.5") * (1 - sign * Fraction("0.005")))
    assert isinstance(leg.liquidation, LiquidationPrice)
    assert near(leg.liquidation.price, true)
    assert leg.bankruptcy == LiquidationPrice(BTC - sign * 12_000)
    assert leg.distance is not None
    assert near(leg.distance, -sign * (true / 60_000 - 1), Fraction(1))
    assert not leg.past


def test_two_legs_of_one_contract_share_the_price_of_their_net() -> None:
    long = held(side="long", quantity=Decimal(100), key="positions.1")
    pool = one(held(), long, balances=(usdt("30000"),))
    one_leg, other = leg_figures(pool, 0), leg_figures(pool, 1)
    assert one_leg.liquidation == other.liquidation
    assert isinstance(one_leg.liquidation, LiquidationPrice)
    assert near(one_leg.liquidation.price, Fraction(120_000) / Fraction("1.5175"))
    assert one_leg.distance == other.distance


def test_a_pair_of_equal_legs_is_ended_by_what_a_rise_asks_for() -> None:
    """No profit either way, but 0.5% of both values: 30,000 = 0.005 · 5 · P."""
    pool = one(held(), held(side="long", key="positions.1"), balances=(usdt("30000"),))
    for index in (0, 1):
        assert leg_figures(pool, index).liquidation == LiquidationPrice(Decimal(1_200_000), ladder(LINEAR).tier(0))


def test_past_the_requirement_the_way_back_is_named_and_the_distance_is_negative() -> None:
    leg = leg_figures(one(held(entry_price=Decimal(40_000)), balances=(usdt("10000"),)), 0)
    assert leg.past
    assert isinstance(leg.liquidation, LiquidationPrice)
    assert near(leg.liquidation.price, Fraction(110_000) / Fraction("2.5125"))
    assert leg.distance is not None
    assert leg.distance < 0


@pytest.mark.parametrize(
    ("venue", "disputed", "nearer"),
    [
        ("91200", False, "ours"),
        ("91200.01", True, "ours"),
        ("88800", False, "venue"),
        ("88799.99", True, "venue"),
        ("90000", False, "equal"),
    ],
)
def test_two_prices_further_apart_than_a_fiftieth_of_the_mark_are_disputed(
    venue: str, disputed: bool, nearer: str
) -> None:
    free = held(ladder=None, fixed_requirement=Decimal(0), venue_price=LiquidationPrice(Decimal(venue)))
    found = leg_figures(one(free), 0).comparison
    assert found is not None
    assert (found.disputed, found.nearer) == (disputed, nearer)
    assert found.difference == 90_000 - Decimal(venue)
    assert found.fraction is not None
    assert near(found.fraction, abs(Fraction(90_000) - Fraction(venue)) / 60_000)


def test_where_only_one_side_has_a_price_it_is_disputed_and_silence_is_no_price() -> None:
    safe = held(side="long", venue_price=LiquidationPrice(Decimal(1)))
    found = leg_figures(one(safe, balances=(usdt("200000"),)), 0).comparison
    assert found is not None
    assert (found.disputed, found.nearer, found.difference) == (True, "venue", None)
    silent = leg_figures(one(held(venue_price=UnknownLiquidation(("venue",)))), 0).comparison
    assert silent is not None
    assert (silent.disputed, silent.nearer, silent.fraction) == (None, None, None)
    assert leg_figures(one(held()), 0).comparison is None


def test_the_coins_of_a_pool_are_what_moves_it() -> None:
    coins = (usdt("1"), Balance(key="collateral.1", asset="ETH", amount=Decimal(1)))
    assert coins_of(one(held(), balances=coins, backing=Backing.ALL_COINS)) == ("BTC", "ETH")
    assert coins_of(one(held("BTCUSD"), balances=(Balance(key="c", asset="BTC", amount=Decimal(1)),))) == ("BTC",)


def test_a_coin_without_a_price_has_an_unknown_way() -> None:
    pool = one(held())
    assert coin_figures(pool, "BTC", {}).above == UnknownLiquidation(("coin_prices.BTC",))
    found = coin_figures(pool, "BTC", AT)
    assert isinstance(found.above, LiquidationPrice)
    assert isinstance(found.below, NoLiquidation)


def coin(above: Liquidation, *, past: bool = False) -> CoinFigures:
    return CoinFigures(coin="BTC", price=BTC, above=above, below=above, past=past)


def test_the_first_pool_to_die_is_named_and_the_unknown_hides_what_lies_beyond() -> None:
    near_one, far = LiquidationPrice(Decimal(70_000)), LiquidationPrice(Decimal(90_000))
    none, unknown = NoLiquidation("covered"), UnknownLiquidation(("x",))
    gone = AlwaysLiquidated("below")
    found = [("none", coin(none)), ("far", coin(far)), ("near", coin(near_one))]
    assert nearest(found, lambda item: item.above, BTC).pool == "near"
    assert nearest([*found, ("unknown", coin(unknown))], lambda item: item.above, BTC).pool == "unknown"
    past = ("past", coin(gone, past=True))
    assert nearest([*found, ("unknown", coin(unknown)), past], lambda item: item.above, BTC).pool == "past"
    assert nearest(found[:1], lambda item: item.above, BTC).liquidation == none
