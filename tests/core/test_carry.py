from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calculators.fields import number_text
from core.carry import (
    Never,
    Outlook,
    PaysBack,
    borrow_interest,
    break_even_days,
    budget_days,
    budget_used,
    interval_change,
    outlook,
    pays_back_at,
    project,
    round_trip_cost,
    settlements_within,
    streak,
    unit_cash,
)
from core.errors import RequestError
from core.exact import CONTEXT
from core.funding import payment
from core.instruments import ContractKind
from core.pnl import unrealised
from tests.core.money import KINDS, PRICES, QUANTITIES, RATES, SIGNS, SIZES, decimals, near

ALL_KINDS = st.sampled_from([ContractKind.LINEAR, ContractKind.INVERSE, ContractKind.QUANTO])
HOURS = st.sampled_from([1, 2, 4, 8])
HISTORY = st.lists(RATES, min_size=1, max_size=30)
COSTS = decimals("0.01", "100000", 2)
MINUS_3 = Decimal("-0.0003")


def steady(rate: Decimal) -> Outlook:
    return outlook(rate, [rate])


@given(HOURS, decimals("0", "1", 4), st.integers(1, 60))
def test_a_whole_number_of_intervals_holds_as_many_settlements_wherever_one_begins(
    interval: int, share: Decimal, count: int
) -> None:
    assert settlements_within(interval * count, interval, interval * share) == count
    assert settlements_within(interval * count, interval) == count


@given(HISTORY, RATES, RATES)
def test_a_cap_binds_without_a_floor_and_a_floor_without_a_cap(
    settled: list[Decimal], predicted: Decimal, bound: Decimal
) -> None:
    free = outlook(predicted, settled)
    capped, floored = outlook(predicted, settled, cap=bound), outlook(predicted, settled, floor=bound)
    for name in ("following", "mean", "low", "high"):
        assert getattr(capped, name) == min(getattr(free, name), bound)
        assert getattr(floored, name) == max(getattr(free, name), bound)


@given(RATES, RATES)
def test_a_stretch_without_a_settlement_brings_nothing(rate: Decimal, cash: Decimal) -> None:
    found = project(cash, steady(rate), 8, 7)
    assert (found.hours, found.settlements) == (7, 0)
    assert not any((found.expected, found.low, found.high))


@pytest.mark.parametrize("hours", [0, -8, True])
def test_a_number_of_hours_that_is_none_is_refused(hours: int) -> None:
    with pytest.raises(RequestError) as refused:
        settlements_within(hours, 8)
    assert refused.value.key == "hours"
    with pytest.raises(RequestError) as refused:
        settlements_within(24, hours)
    assert refused.value.key == "interval_hours"


def test_a_day_of_8_hours_has_three_settlements_and_one_just_ahead_counts() -> None:
    assert [settlements_within(hours, 8) for hours in (7, 8, 24, 168, 720)] == [0, 1, 3, 21, 90]
    assert settlements_within(3, 8, Decimal(3)) == 1
    assert settlements_within(3, 8, Decimal("3.01")) == 0
    assert settlements_within(3, 8, Decimal("0.5")) == 1
    assert settlements_within(9, 8, Decimal("0.5")) == 2


@given(ALL_KINDS, QUANTITIES, SIZES, PRICES, RATES.filter(lambda rate: rate > 0), HOURS)
def test_a_short_earns_positive_funding_in_every_kind_and_a_long_pays_the_same(
    kind: ContractKind, quantity: Decimal, size: Decimal, mark: Decimal, rate: Decimal, interval: int
) -> None:
    short = project(unit_cash(kind, -quantity, size, mark), steady(rate), interval, 24)
    long = project(unit_cash(kind, quantity, size, mark), steady(rate), interval, 24)
    assert short.expected > 0
    assert (long.expected, long.low, long.high) == (
        short.expected.copy_negate(),
        short.high.copy_negate(),
        short.low.copy_negate(),
    )
    one = Fraction(payment(kind, -quantity, size, mark, rate))
    assert near(short.expected, one * 24 / interval)


@given(QUANTITIES, RATES, HISTORY, HOURS, st.integers(1, 720))
def test_a_projection_is_the_predicted_rate_once_and_the_mean_after_it_within_its_bounds(
    notional: Decimal, predicted: Decimal, settled: list[Decimal], interval: int, hours: int
) -> None:
    found = project(notional, outlook(predicted, settled), interval, hours)
    count = hours // interval
    assert found.settlements == count
    mean = sum(map(Fraction, settled), Fraction(0)) / len(settled)
    true = Fraction(notional) * (Fraction(predicted) + mean * (count - 1)) if count else Fraction(0)
    scale = Fraction(notional) * (count + 1)
    assert near(found.expected, true, scale)
    slack = scale / 10**40
    assert Fraction(found.low) - slack <= Fraction(found.expected) <= Fraction(found.high) + slack
    if count:
        spread = Fraction(notional) * (count - 1) * (Fraction(max(settled)) - Fraction(min(settled)))
        assert near(Fraction(found.high) - Fraction(found.low), spread, scale)


@given(RATES, HISTORY, decimals("0", "0.01", 4), decimals("-0.01", "0", 4))
def test_no_rate_of_an_outlook_lies_outside_cap_and_floor(
    predicted: Decimal, settled: list[Decimal], cap: Decimal, floor: Decimal
) -> None:
    found = outlook(predicted, settled, cap, floor)
    free = outlook(predicted, settled)
    for name in Outlook.__struct_fields__:
        rate = getattr(found, name)
        assert floor <= rate <= cap
        assert rate == getattr(free, name) or rate in (cap, floor)
    assert free.following == predicted
    assert (free.low, free.high) == (min(settled), max(settled))


def test_the_seed_hedge_is_paid_1350_in_a_month_and_pays_4050_at_three_points_against_it() -> None:
    each = unit_cash(ContractKind.LINEAR, Decimal("-2.5"), Decimal(1), Decimal(60_000))
    assert each == 150_000
    month = project(each, steady(Decimal("0.0001")), 8, 720)
    assert (month.settlements, month.expected) == (90, Decimal(1350))
    assert project(each, steady(MINUS_3), 8, 720).expected == -4050
    assert project(each, steady(MINUS_3), 1, 720).expected == -32_400


def test_a_streak_is_the_run_of_one_sign_at_the_end() -> None:
    rates = [Decimal(text) for text in ("0.0001", "-0.0002", "-0.0001", "0.0003", "0.0001")]
    found = streak(rates)
    assert (found.sign, found.length, found.flips) == (1, 2, 2)
    assert streak(rates[:3]).length == 2
    assert streak(rates[:3]).sign == -1
    assert (streak(rates[3:]).length, streak(rates[3:]).flips) == (2, 0)
    assert (streak([Decimal(1), Decimal(0)]).sign, streak([Decimal(1), Decimal(0)]).length) == (0, 1)


@given(RATES, HOURS, HOURS)
def test_the_same_printed_rate_counts_more_the_shorter_its_interval(rate: Decimal, before: int, after: int) -> None:
    found = interval_change(rate, before, after)
    assert found.annualised_after * after == found.annualised_before * before
    assert found.per_8_hours_after * after == found.per_8_hours_before * before
    assert near(interval_change(found.equal_rate, after, before).annualised_before, Fraction(found.annualised_before))


def test_an_interval_cut_from_8_to_4_hours_doubles_the_year_and_to_1_hour_makes_it_eightfold() -> None:
    cut = interval_change(Decimal("0.0001"), 8, 4)
    assert (cut.annualised_before, cut.annualised_after) == (Decimal("0.1095"), Decimal("0.219"))
    assert cut.equal_rate == Decimal("0.00005")
    assert interval_change(Decimal("0.0001"), 8, 1).per_8_hours_after == Decimal("0.0008")


@given(KINDS, SIGNS, QUANTITIES, SIZES, PRICES, RATES, RATES)
def test_a_round_trip_costs_both_fees_and_one_spread_in_the_settle_currency(
    kind: ContractKind, sign: int, quantity: Decimal, size: Decimal, price: Decimal, opening: Decimal, closing: Decimal
) -> None:
    spread = price / 1000
    units, at = Fraction(quantity) * Fraction(size), Fraction(price)
    value = units / at if kind is ContractKind.INVERSE else units * at
    low, high = at - Fraction(spread) / 2, at + Fraction(spread) / 2
    crossed = units / low - units / high if kind is ContractKind.INVERSE else units * Fraction(spread)
    found = round_trip_cost(kind, sign * quantity, size, price, opening, closing, spread)
    assert near(found, value * (Fraction(opening) + Fraction(closing)) + crossed, value)
    fees_only = round_trip_cost(kind, sign * quantity, size, price, opening, closing)
    assert near(fees_only, value * (Fraction(opening) + Fraction(closing)), value)


@given(COSTS, decimals("0.0001", "1000", 4))
def test_break_even_days_of_daily_carry_are_the_cost_to_the_40_digits_of_an_answer(
    cost: Decimal, carry: Decimal
) -> None:
    days = break_even_days(cost, carry)
    assert isinstance(days, Decimal)
    repaid = Fraction(days) * Fraction(carry)
    assert abs(repaid - Fraction(cost)) <= Fraction(cost) / 10**45
    with localcontext(CONTEXT):
        assert number_text(days * carry) == number_text(cost)


def test_costs_that_no_carry_repays_and_costs_that_are_none() -> None:
    assert isinstance(break_even_days(Decimal(1), Decimal(0)), Never)
    assert isinstance(break_even_days(Decimal(1), Decimal("-0.01")), Never)
    assert break_even_days(Decimal(0), Decimal(-5)) == 0
    assert break_even_days(Decimal(-3), Decimal(5)) == 0
    assert break_even_days(Decimal(90), Decimal(45)) == 2


@given(KINDS, SIGNS, QUANTITIES, SIZES, PRICES, decimals("-0.5", "0.5", 3).filter(bool))
def test_at_the_price_that_pays_back_the_position_has_gained_just_the_cost(
    kind: ContractKind, sign: int, quantity: Decimal, size: Decimal, price: Decimal, share: Decimal
) -> None:
    value = quantity * size / price if kind is ContractKind.INVERSE else quantity * size * price
    cost = value * share
    found = pays_back_at(kind, sign * quantity, size, price, cost)
    assert isinstance(found, PaysBack)
    assert near(unrealised(kind, sign * quantity, size, price, found.price), Fraction(cost), Fraction(value) * 10**6)
    assert near(found.move, Fraction(found.price) / Fraction(price) - 1, Fraction(1))
    assert (found.move > 0) == (sign * share > 0)


def test_three_points_against_a_short_for_a_month_and_its_fees_need_a_fall_of_2_8_per_cent() -> None:
    cost = 4050 + round_trip_cost(
        ContractKind.LINEAR, Decimal("-2.5"), Decimal(1), Decimal(60_000), Decimal("0.0005"), Decimal("0.0005")
    )
    found = pays_back_at(ContractKind.LINEAR, Decimal("-2.5"), Decimal(1), Decimal(60_000), cost)
    assert found == PaysBack(price=Decimal(58_320), move=Decimal("-0.028"))


def test_a_cost_that_no_price_pays_back_is_said_to_be_one() -> None:
    linear, inverse = ContractKind.LINEAR, ContractKind.INVERSE
    assert isinstance(pays_back_at(linear, Decimal(-1), Decimal(1), Decimal(100), Decimal(100)), Never)
    assert isinstance(pays_back_at(linear, Decimal(-1), Decimal(1), Decimal(100), Decimal("99.99")), PaysBack)
    assert isinstance(pays_back_at(inverse, Decimal(100), Decimal(1), Decimal(100), Decimal(1)), Never)
    assert isinstance(pays_back_at(inverse, Decimal(100), Decimal(1), Decimal(100), Decimal("0.99")), PaysBack)
    assert isinstance(pays_back_at(inverse, Decimal(-100), Decimal(1), Decimal(100), Decimal(-2)), Never)


def test_a_budget_is_used_by_funding_paid_and_filled_by_funding_received() -> None:
    assert budget_used(Decimal(-500), Decimal(2000)) == Decimal("0.25")
    assert budget_used(Decimal(500), Decimal(2000)) == Decimal("-0.25")
    assert budget_days(Decimal(-500), Decimal(2000), Decimal(-150)) == 10
    assert budget_days(Decimal(-2000), Decimal(2000), Decimal(-150)) == 0
    assert budget_days(Decimal(-2500), Decimal(2000), Decimal(10)) == 0
    assert budget_days(Decimal(-2000), Decimal(2000), Decimal(10)) == 0
    assert isinstance(budget_days(Decimal(-500), Decimal(2000), Decimal(0)), Never)
    assert isinstance(budget_days(Decimal(-500), Decimal(2000), Decimal(45)), Never)


def test_interest_is_paid_on_what_is_owed_and_on_nothing_else() -> None:
    assert borrow_interest(Decimal(-36_500), Decimal("0.1"), Decimal(30)) == -300
    assert borrow_interest(Decimal(36_500), Decimal("0.1"), Decimal(30)) == 0
    assert borrow_interest(Decimal(-36_500), Decimal(0), Decimal(30)) == 0


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: outlook(Decimal(0), []), "settled"),
        (lambda: outlook(Decimal("NaN"), [Decimal(0)]), "predicted"),
        (lambda: outlook(Decimal(0), [Decimal("Infinity")]), "settled"),
        (lambda: outlook(Decimal(0), [Decimal(0)], Decimal("-0.1"), Decimal("0.1")), "floor"),
        (lambda: settlements_within(0, 8), "hours"),
        (lambda: settlements_within(24, 0), "interval_hours"),
        (lambda: settlements_within(24, 8, Decimal("8.1")), "hours_to_next"),
        (lambda: settlements_within(24, 8, Decimal(-1)), "hours_to_next"),
        (lambda: streak([]), "settled"),
        (lambda: interval_change(Decimal(0), 8, 0), "interval_hours"),
        (
            lambda: round_trip_cost(
                ContractKind.LINEAR, Decimal(1), Decimal(1), Decimal(1), Decimal(0), Decimal(0), Decimal(2)
            ),
            "spread",
        ),
        (lambda: pays_back_at(ContractKind.LINEAR, Decimal(0), Decimal(1), Decimal(1), Decimal(1)), "quantity"),
        (lambda: budget_used(Decimal(1), Decimal(0)), "budget"),
        (lambda: borrow_interest(Decimal(-1), Decimal(-1), Decimal(1)), "yearly_rate"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call: Callable[[], object], named: str) -> None:
    with pytest.raises(RequestError, match=f"^{named}"):
        call()
