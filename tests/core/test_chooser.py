from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chooser import Candidate, Choice, Need, choose
from core.errors import RequestError
from core.hedging import Filters
from core.instruments import ContractKind, Tier, TierTable
from core.liquidation_results import AlwaysLiquidated, LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.margin_rules import rules_named
from core.pool import Contract, Ladder
from tests.core.money import decimals, near

NEED = Need(coins=Decimal(5), ratio=Decimal("0.5"), horizon_days=Decimal(90), spot_price=Decimal(60_000))
LINEAR, INVERSE = ContractKind.LINEAR, ContractKind.INVERSE


def candidate(kind: ContractKind = LINEAR, **changes: Any) -> Candidate:
    """A perpetual at 60,000 that pays the short 0.01% every 8 hours, for 0.05% to cross, at 2x."""
    unit, settle, size = ("quote", "quote", "0.001") if kind is LINEAR else ("coin", "coin", "100")
    table = TierTable("t", unit, (Tier(Decimal(0), None, Decimal("0.005"), Decimal(0)),), 0, "t")
    plain = Candidate(
        key="candidates.0",
        label="one",
        contract=Contract(name="one", coin="coin", kind=kind, contract_size=Decimal(size), settle=settle),
        rules=rules_named("generic", kind),
        mark_price=Decimal(60_000),
        ladder=Ladder(table, kind),
        filters=Filters(quantity_step=Decimal(1)),
        funding_rate=Decimal("0.0001"),
        funding_interval_hours=8,
        taker_fee_rate=Decimal("0.0005"),
        half_spread=Decimal(0),
        leverage=Decimal(2),
        collateral_asset=settle,
    )
    return msgspec.structs.replace(plain, **changes)


def only(found: Candidate, need: Need = NEED) -> Choice:
    (choice,) = choose(need, [found])
    return choice


@given(
    st.sampled_from([LINEAR, INVERSE]),
    decimals("0.01", "50", 2),
    decimals("0.05", "1.2", 2),
    decimals("100", "200000", 1),
    st.sampled_from([Decimal(1), Decimal(7), Decimal(100)]),
)
def test_no_candidate_hedges_more_than_asked(
    kind: ContractKind, coins: Decimal, ratio: Decimal, price: Decimal, step: Decimal
) -> None:
    need = msgspec.structs.replace(NEED, coins=coins, ratio=ratio)
    found = only(candidate(kind, mark_price=price, filters=Filters(quantity_step=step)), need)
    assert found.quantity is not None
    assert found.quantity % step == 0
    if not found.quantity:
        assert found.refusals
        assert (found.value.value, found.liquidation) == (None, NoLiquidation("no position"))
        return
    assert found.hedged_coins.value is not None
    assert found.residual_coins.value is not None
    wanted = Fraction(coins) * Fraction(ratio)
    assert Fraction(found.hedged_coins.value) <= wanted * (1 + Fraction(1, 10**45))
    assert near(Fraction(found.hedged_coins.value) + Fraction(found.residual_coins.value), wanted)
    size = Fraction(step) * (Fraction(1, 1000) if kind is LINEAR else 100 / Fraction(price))
    assert Fraction(found.residual_coins.value) < size


@given(decimals("-0.003", "0.003", 5), st.sampled_from([1, 2, 4, 8]), st.sampled_from([LINEAR, INVERSE]))
def test_carry_of_a_perpetual_is_its_funding_and_costs_come_off_it(
    rate: Decimal, hours: int, kind: ContractKind
) -> None:
    found = only(candidate(kind, funding_rate=rate, funding_interval_hours=hours))
    a_day = Fraction(rate) * 150_000 * 24 / hours
    assert found.carry_per_day.value is not None
    assert near(found.carry_per_day.value, a_day, Fraction(1))
    assert found.net.value is not None
    net = a_day * 90 - 150
    assert near(found.net.value, net, Fraction(1000))
    if rate > 0:
        assert found.break_even_days.value is not None
        assert near(found.break_even_days.value, 150 / a_day)
    else:
        assert found.break_even_days.absent == "it earns nothing: carry is paid, or zero"
    if net < 0:
        assert found.break_even_fall.value is not None
        assert near(found.break_even_fall.value, -net / 150_000)
    else:
        assert found.break_even_fall.absent == "carry pays for the hedge"
    assert ("the hedge pays carry" in found.flags) is (rate < 0)


@pytest.mark.parametrize(
    ("days", "carry", "closing"), [("60", "3000", "15"), ("90", "3000", "15"), ("180", "1500", "75")]
)
def test_a_dated_contract_earns_its_basis_up_to_its_expiry(days: str, carry: str, closing: str) -> None:
    """2.5 coins at a basis of 1,200; a settlement fee of 0.01% of 153,000 where it expires within the horizon."""
    dated = candidate(
        mark_price=Decimal(61_200),
        dated=True,
        days_to_expiry=Decimal(days),
        taker_fee_rate=Decimal(75) / 153_000,
        settlement_fee_rate=Decimal(15) / 153_000,
    )
    found = only(dated)
    assert found.carry_horizon.value is not None
    assert found.close_cost.value is not None
    assert near(found.carry_horizon.value, Fraction(carry))
    assert abs(found.close_cost.value - Decimal(closing)) < Decimal("1e-20")
    assert ("expires before the horizon: what follows is not counted" in found.flags) is (days == "60")


def test_a_rebate_larger_than_the_fees_is_earned_at_once() -> None:
    found = only(candidate(taker_fee_rate=Decimal("-0.0001"), funding_rate=Decimal("-0.0001")))
    assert found.break_even_days.value == 0
    free = only(candidate(taker_fee_rate=Decimal(0), funding_rate=Decimal("-0.0001")))
    assert free.break_even_days.value == 0


def test_collateral_of_just_the_initial_margin_is_enough() -> None:
    enough = only(candidate(collateral=Decimal(75_000)))
    short = only(candidate(collateral=Decimal("74999.99")))
    flag = "the collateral offered is below the initial margin"
    assert (flag in enough.flags, flag in short.flags) == (False, True)


@pytest.mark.parametrize(
    ("changes", "figure", "missing"),
    [
        ({"funding_rate": None}, "net", "candidates.0.funding_rate"),
        ({"funding_interval_hours": None}, "carry_per_day", "candidates.0.funding_interval_hours"),
        ({"taker_fee_rate": None}, "round_trip", "candidates.0.taker_fee_rate"),
        ({"half_spread": None}, "open_cost", "candidates.0.half_spread"),
        ({"leverage": None}, "collateral", "candidates.0.leverage"),
        ({"mark_price": None}, "value", "candidates.0.mark_price"),
        ({"dated": True}, "carry_horizon", "candidates.0.days_to_expiry"),
    ],
)
def test_what_is_not_known_is_named_and_ranks_behind(changes: dict[str, Any], figure: str, missing: str) -> None:
    unsure = msgspec.structs.replace(candidate(label="unsure"), **changes)
    poor = candidate(label="poor", funding_rate=Decimal("-0.01"))
    found = choose(NEED, [unsure, poor])
    by_name = {choice.candidate.label: choice for choice in found}
    assert getattr(by_name["unsure"], figure).missing == (missing,)
    if by_name["unsure"].net.value is None:
        assert [choice.candidate.label for choice in found] == ["poor", "unsure"]


def test_liquidation_needs_collateral_and_a_maintenance_table() -> None:
    assert only(candidate(leverage=None)).liquidation == UnknownLiquidation(("candidates.0.collateral",))
    assert only(candidate(ladder=None)).liquidation == UnknownLiquidation(("candidates.0.tiers",))


def test_best_first_and_what_cannot_be_ordered_last() -> None:
    rich, poor = candidate(label="rich"), candidate(label="poor", taker_fee_rate=Decimal("0.001"))
    unsure = candidate(label="unsure", funding_rate=None)
    refused = candidate(label="refused", filters=Filters(quantity_step=Decimal(1), minimum_quantity=Decimal(9999)))
    found = choose(NEED, [refused, unsure, poor, rich])
    assert [choice.candidate.label for choice in found] == ["rich", "poor", "unsure", "refused"]
    assert found[-1].refusals == ("2500 is below the minimum quantity of 9999",)


@pytest.mark.parametrize(
    ("kind", "leverage", "multiple"),
    [(LINEAR, 1, "2/1.005"), (LINEAR, 3, "4/3.015"), (INVERSE, 2, "1.99/1"), (INVERSE, 1, None)],
)
def test_where_a_rise_ends_it(kind: ContractKind, leverage: int, multiple: str | None) -> None:
    found = only(candidate(kind, leverage=Decimal(leverage)))
    assert found.effective_leverage.value is not None
    assert near(found.effective_leverage.value, Fraction(leverage))
    assert ("cannot be liquidated by a rise" in found.flags) is (multiple is None)
    if multiple is None:
        assert isinstance(found.liquidation, NoLiquidation)
        assert found.distance is None
        return
    over, under = (Fraction(part) for part in multiple.split("/"))
    true = over / under
    assert isinstance(found.liquidation, LiquidationPrice)
    assert near(found.liquidation.price, 60_000 * true)
    assert found.distance is not None
    assert near(found.distance, true - 1)


@pytest.mark.parametrize(
    ("collateral", "price", "flag"),
    [
        ("2", "150000/0.6125", False),
        ("2.643", None, False),
        ("2.645", None, False),
        ("1.3", "150000/1.2775", True),
        ("0.01", "gone", True),
    ],
)
def test_coin_collateral_with_a_haircut_moves_with_the_coin(collateral: str, price: str | None, flag: bool) -> None:
    """0.95 b P + 2.5 (60000 − P) = 0.005·2.5 P; 1.3158 coins are what 2x asks for."""
    offered = candidate(
        collateral=Decimal(collateral), collateral_asset="coin", collateral_ratio=Decimal("0.95"), leverage=Decimal(2)
    )
    found = only(offered)
    assert "coin lies at the venue" in found.flags
    assert "collateral counts at a haircut" in found.flags
    assert ("the collateral offered is below the initial margin" in found.flags) is flag
    worth = Fraction(collateral) * 60_000
    assert found.collateral_value.value == worth
    if price == "gone":
        assert isinstance(found.liquidation, AlwaysLiquidated)
        return
    under = Fraction("2.5125") - Fraction(collateral) * Fraction("0.95")
    if under <= 0:
        assert isinstance(found.liquidation, NoLiquidation)
        return
    assert isinstance(found.liquidation, LiquidationPrice)
    assert near(found.liquidation.price, 150_000 / under)


def test_the_collateral_that_leverage_asks_for_counts_for_the_initial_margin_after_its_haircut() -> None:
    found = only(candidate(collateral_asset="coin", collateral_ratio=Decimal("0.8")))
    assert found.initial_margin.value == 75_000
    assert found.collateral.value == Decimal("1.5625")
    assert found.collateral_value.value == 93_750
    assert found.effective_leverage.value == 2


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"collateral_ratio": Decimal(0)}, "collateral_ratio"),
        ({"collateral_ratio": Decimal("1.01")}, "collateral_ratio"),
        ({"leverage": Decimal(0)}, "leverage"),
        ({"collateral": Decimal(0)}, "collateral"),
        ({"dated": True, "days_to_expiry": Decimal(0)}, "days_to_expiry"),
    ],
)
def test_the_impossible_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestError) as refused:
        only(msgspec.structs.replace(candidate(), **changes))
    assert refused.value.key == named


def test_a_horizon_in_the_past_is_refused() -> None:
    with pytest.raises(RequestError, match="horizon_days"):
        choose(msgspec.structs.replace(NEED, horizon_days=Decimal(-1)), [candidate()])


def test_nothing_to_compare_is_no_choice() -> None:
    assert choose(NEED, []) == ()
