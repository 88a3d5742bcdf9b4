from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.instruments import ContractKind, Tier, TierTable
from core.margin_rules import RequirementAt
from core.pool import Collateral, Contract, Ladder, Leg, WeightStep, counted, value_leg, value_pool
from tests.core.money import decimals, near
from tests.core.pools import CONTRACTS, PRICES, Held, Pot, counted_coins, legs, pots

TABLE = TierTable(
    "test",
    "quote",
    (
        Tier(Decimal(0), Decimal(50_000), Decimal("0.004"), Decimal(0)),
        Tier(Decimal(50_000), Decimal(250_000), Decimal("0.005"), Decimal(50)),
    ),
    0,
    "test",
)
LINEAR = CONTRACTS["BTCUSDT"]
STEPS = (
    WeightStep(Decimal(0), Decimal("0.98")),
    WeightStep(Decimal(20), Decimal("0.95")),
    WeightStep(Decimal(50), Decimal("0.5")),
)


@given(pots(smooth=False))
def test_a_pool_is_worth_its_coins_and_profits_less_nothing(pot: Pot) -> None:
    found, size = pot.value(), pot.scale()
    coins = sum((counted_coins(item) * Fraction(item.price) for item in pot.coins), Fraction(0))
    assert near(found.collateral, coins, size)
    assert near(found.equity, pot.surplus({}, {}, owed=False), size)
    assert near(found.surplus, pot.surplus({}, {}), size)
    assert near(found.requirement, Fraction(found.equity) - Fraction(found.surplus), size)
    assert near(found.profit, Fraction(found.equity) - Fraction(found.collateral), size)


@given(legs(smooth=False))
def test_a_leg_at_its_mark(held: Held) -> None:
    found, mark = held.valued(), Fraction(held.mark)
    scale = held.value(mark) + held.value(Fraction(held.entry)) + 1
    assert near(found.value, held.value(mark), scale)
    assert near(found.profit, held.profit(mark), scale)
    assert near(found.requirement, held.owed(mark), scale)
    settle = Fraction(PRICES[held.contract.settle])
    assert near(found.surplus, (held.profit(mark) - held.owed(mark)) * settle, scale * settle)


@given(legs(smooth=False), decimals("1", "100", 1))
def test_initial_margin_is_the_value_at_mark_over_leverage(held: Held, leverage: Decimal) -> None:
    leg = held.leg()
    leg.leverage = leverage
    price = PRICES[held.contract.settle]
    pool = value_pool([], [value_leg(leg, held.mark, price)] * 2)
    true = held.value(Fraction(held.mark)) / Fraction(leverage)
    assert near(pool.legs[0].initial_margin, true)
    assert near(pool.initial_margin, 2 * true * Fraction(price))


@pytest.mark.parametrize(
    ("size", "tier"), [("0", 0), ("50000", 0), ("50000.01", 1), ("250000", 1)], ids=lambda part: str(part)
)
def test_a_tier_holds_up_to_and_including_its_cap(size: str, tier: int) -> None:
    ladder = Ladder(TABLE, ContractKind.LINEAR)
    assert ladder.find(Decimal(size)) == tier
    assert ladder.tier(tier) == TABLE.tiers[tier]


def test_above_the_last_tier_there_is_none() -> None:
    with pytest.raises(RequestError, match="notional: expected at most 250000"):
        Ladder(TABLE, ContractKind.LINEAR).find(Decimal("250000.01"))
    with pytest.raises(RequestError, match="notional"):
        value_leg(Leg(LINEAR, Decimal(-500), Decimal(60_000), Ladder(TABLE, LINEAR.kind)), Decimal(60_000))


def test_an_open_ended_table_holds_for_any_size() -> None:
    table = TierTable("test", "quote", (Tier(Decimal(0), None, Decimal("0.01"), Decimal(0)),), 0, "test")
    assert Ladder(table, ContractKind.LINEAR).find(Decimal("1e30")) == 0


@pytest.mark.parametrize(
    ("changes", "kind", "named"),
    [
        ({"tiers": ()}, ContractKind.LINEAR, "table.tiers"),
        ({"tiers": TABLE.tiers[1:]}, ContractKind.LINEAR, "table.tiers"),
        ({"unit": "coin"}, ContractKind.LINEAR, "table.unit"),
        ({}, ContractKind.INVERSE, "table.unit"),
        ({}, ContractKind.QUANTO, "table.unit"),
        ({}, ContractKind.SPOT, "table.unit"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(changes: dict[str, object], kind: ContractKind, named: str) -> None:
    with pytest.raises(RequestError) as refused:
        Ladder(msgspec.structs.replace(TABLE, **changes), kind)
    assert refused.value.key == named


@pytest.mark.parametrize(
    ("levels", "rising", "jumps"),
    [
        ((("0", "0.01", "0"),), True, False),
        ((("0", "0.01", "0"), ("100", "0.02", "1"), ("200", "0.03", "3")), True, False),
        ((("0", "0.01", "0"), ("100", "0.02", "1"), ("200", "0.03", "0")), True, True),
        ((("0", "0.01", "0"), ("100", "0.02", "0"), ("200", "0.03", "2")), True, True),
        ((("0", "0.01", "0"), ("100", "0.03", "2"), ("200", "0.02", "0")), False, False),
        ((("0", "0.01", "0"), ("100", "0.01", "0"), ("200", "0.02", "2")), False, False),
    ],
)
def test_a_table_that_jumps_or_falls_anywhere_is_one_that_does(
    levels: tuple[tuple[str, str, str], ...], rising: bool, jumps: bool
) -> None:
    floors = [Decimal(floor) for floor, _, _ in levels]
    tiers = [
        Tier(floor, cap, Decimal(rate), Decimal(deduction))
        for floor, cap, (_, rate, deduction) in zip(floors, (*floors[1:], None), levels, strict=True)
    ]
    ladder = Ladder(TierTable("test", "quote", tuple(tiers), 0, "test"), ContractKind.LINEAR)
    assert (ladder.rising, ladder.jumps) == (rising, jumps)


@pytest.mark.parametrize(
    ("rate", "fee", "sound"),
    [
        ("0.99", "0.009", True), ("0.99", "0.01", False), ("1", "0", False), ("1.5", "0", False), ("-0.01", "0", False),
        ("-0.01", "0.02", True), ("NaN", "0", False), ("sNaN", "0", False), ("Infinity", "0", False), ("0", "0", True),
    ],
)  # fmt: skip
def test_rate_and_fee_are_a_fraction_together(rate: str, fee: str, sound: bool) -> None:
    tiers = (Tier(Decimal(0), None, Decimal(rate), Decimal(0)),)
    ladder = Ladder(TierTable("test", "quote", tiers, 0, "test"), ContractKind.LINEAR)
    if sound:
        Leg(LINEAR, Decimal(1), Decimal(60_000), ladder, fee_rate=Decimal(fee))
        return
    with pytest.raises(RequestError) as refused:
        Leg(LINEAR, Decimal(1), Decimal(60_000), ladder, fee_rate=Decimal(fee))
    assert refused.value.key == "table.tiers.rate"


@given(decimals("-100", "100", 3))
def test_haircuts_take_each_coin_once(amount: Decimal) -> None:
    held = Collateral(asset="BTC", amount=amount, steps=STEPS, debt_weight=Decimal("1.1"))
    whole = Fraction(amount)
    true = whole * Fraction(11, 10)
    if amount > 0:
        first, second = min(whole, Fraction(20)), min(max(whole - 20, Fraction(0)), Fraction(30))
        true = Fraction("0.98") * first + Fraction("0.95") * second + (whole - first - second) / 2
    assert Fraction(counted(held)) == true


@pytest.mark.parametrize(
    ("steps", "named"),
    [
        ((), "collateral.steps"),
        ((WeightStep(Decimal(1), Decimal(1)),), "collateral.steps"),
        ((WeightStep(Decimal(0), Decimal(1)), WeightStep(Decimal(0), Decimal(1))), "collateral.steps"),
        ((WeightStep(Decimal(0), Decimal("1.01")),), "collateral.ratio"),
        ((WeightStep(Decimal(0), Decimal("-0.01")),), "collateral.ratio"),
        ((WeightStep(Decimal(0), Decimal("NaN")),), "collateral.ratio"),
    ],
)
def test_impossible_haircuts_are_refused(steps: tuple[WeightStep, ...], named: str) -> None:
    with pytest.raises(RequestError) as refused:
        counted(Collateral(asset="BTC", amount=Decimal(1), steps=steps))
    assert refused.value.key == named


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("amount", Decimal("NaN"), "collateral.amount"),
        ("price", Decimal(0), "collateral.price"),
        ("price", Decimal(-1), "collateral.price"),
        ("debt_weight", Decimal(0), "collateral.debt_weight"),
    ],
)
def test_impossible_collateral_is_refused(field: str, value: Decimal, named: str) -> None:
    held = msgspec.structs.replace(Collateral(asset="BTC", amount=Decimal(-1)), **{field: value})
    with pytest.raises(RequestError) as refused:
        value_pool([held], [])
    assert refused.value.key == named


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"quantity": Decimal(0)}, "quantity"),
        ({"quantity": Decimal("NaN")}, "quantity"),
        ({"entry_price": Decimal(0)}, "entry_price"),
        ({"entry_price": Decimal("1e60")}, "entry_price"),
        ({"leverage": Decimal(0)}, "leverage"),
        ({"fee_rate": Decimal("-0.1")}, "fee_rate"),
        ({"fee_rate": Decimal("0.995")}, "table.tiers.rate"),
        ({"fixed_fee": Decimal(-1)}, "fixed_fee"),
        ({"ladder": None}, "tiers"),
        ({"contract": msgspec.structs.replace(LINEAR, contract_size=Decimal(0))}, "contract_size"),
        ({"requirement_at": RequirementAt.AT_ENTRY, "quantity": Decimal(500)}, "notional"),
    ],
)
def test_an_impossible_leg_is_refused(changes: dict[str, object], named: str) -> None:
    fields: dict[str, object] = {
        "contract": LINEAR,
        "quantity": Decimal(1),
        "entry_price": Decimal(60_000),
        "ladder": Ladder(TABLE, LINEAR.kind),
        **changes,
    }
    with pytest.raises(RequestError) as refused:
        Leg(**fields)  # type: ignore[arg-type]
    assert refused.value.key == named


@pytest.mark.parametrize("side", [1, -1])
def test_a_requirement_taken_at_entry_finds_its_tier_by_the_contracts_held(side: int) -> None:
    """30 contracts of 0.01 BTC lie above the 20 of the first tier, long or short: 2% of the 15,000 at entry."""
    tiers = (
        Tier(Decimal(0), Decimal(20), Decimal("0.01"), Decimal(0)),
        Tier(Decimal(20), None, Decimal("0.02"), Decimal(0)),
    )
    ladder = Ladder(TierTable("test", "contracts", tiers, 0, "test", whole_position=True), LINEAR.kind)
    leg = Leg(LINEAR, 30 * Decimal(side), Decimal(50_000), ladder, requirement_at=RequirementAt.AT_ENTRY)
    assert value_leg(leg, Decimal(60_000)).requirement == 300


@pytest.mark.parametrize("at", RequirementAt)
def test_a_requirement_that_the_venue_states_is_not_replaced_by_that_of_the_table(at: RequirementAt) -> None:
    ladder = Ladder(TABLE, LINEAR.kind)
    leg = Leg(LINEAR, Decimal(-10), Decimal(60_000), ladder, requirement_at=at, fixed_requirement=Decimal(77))
    assert value_leg(leg, Decimal(50_000)).requirement == 77


@pytest.mark.parametrize(("mark", "settle", "named"), [("0", "1", "mark_price"), ("1", "-1", "settle_price")])
def test_impossible_prices_are_refused(mark: str, settle: str, named: str) -> None:
    leg = Leg(LINEAR, Decimal(1), Decimal(60_000), Ladder(TABLE, LINEAR.kind))
    with pytest.raises(RequestError) as refused:
        value_leg(leg, Decimal(mark), Decimal(settle))
    assert refused.value.key == named


def test_an_empty_pool_is_worth_nothing() -> None:
    found = value_pool([], [])
    assert not any((found.equity, found.requirement, found.surplus, found.initial_margin))


@given(pots(smooth=True), st.sampled_from(["BTCUSDT", "BTCUSD"]), decimals("1", "100", 0))
def test_a_hedged_pair_at_the_mark_changes_only_the_requirement(pot: Pot, name: str, quantity: Decimal) -> None:
    contract: Contract = CONTRACTS[name]
    unit = "quote" if contract.kind is ContractKind.LINEAR else "coin"
    table = TierTable("test", unit, (Tier(Decimal(0), None, Decimal("0.01"), Decimal(0)),), 0, "test")
    mark = PRICES[contract.coin]
    pair = [Held(contract, sign * quantity, mark, mark, table) for sign in (1, -1)]
    before, after = pot.value(), Pot([*pot.legs, *pair], pot.coins).value()
    assert near(after.equity, Fraction(before.equity), pot.scale())
    added = 2 * pair[0].value(Fraction(mark)) * Fraction(PRICES[contract.settle]) / 100
    assert near(after.requirement, Fraction(before.requirement) + added, pot.scale() + added)
