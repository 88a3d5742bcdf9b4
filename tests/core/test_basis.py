from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given

from core.basis import (
    DAY_NS,
    Compounding,
    NotYearly,
    Quoted,
    Yearly,
    at_maturity,
    basis,
    days_to_expiry,
    fair_price,
    implied_rate,
    roll,
    synthetic_dollar,
    yearly,
)
from core.errors import RequestError
from core.instruments import ContractKind
from core.pnl import unrealised
from tests.core.money import KINDS, PRICES, QUANTITIES, SIGNS, SIZES, amounts, decimals, near

DAYS = decimals("1", "400", 3)
FEES = decimals("0", "0.002", 5)
SPREADS = decimals("0", "0.01", 3)


def quoted(price: str, days: str, spread: str = "0", fee_rate: str = "0") -> Quoted:
    return Quoted(price=Decimal(price), spread=Decimal(spread), days=Decimal(days), fee_rate=Decimal(fee_rate))


@pytest.mark.parametrize("compounding", get_args(Compounding))
@given(PRICES, PRICES, DAYS, decimals("-0.5", "2", 3), decimals("0", "0.9", 2))
def test_the_rate_that_a_price_implies_makes_that_price_fair(
    compounding: Compounding, price: Decimal, spot: Decimal, days: Decimal, coupon: Decimal, share: Decimal
) -> None:
    """Wherever it is a rate at all, and 1 and the rate are figures of one size: of -100 % nothing is left."""
    carried = {"dividend_yield": coupon, "income": spot * share, "year_days": Decimal(360)}
    rate = implied_rate(price, spot, days, compounding=compounding, **carried)
    if rate <= Decimal("-0.9999999999") or rate.adjusted() > 30:
        return
    if compounding == "simple" and 1 + (rate - coupon) * days / 360 <= 0:
        return
    again = fair_price(spot, days, rate, compounding=compounding, **carried)
    # What the rate's 50 digits leave open is multiplied by the years, and by the size of the rate itself.
    assert abs(again - price) <= price * Decimal("1e-30")


@pytest.mark.parametrize(("compounding", "rate"), [
    ("continuous", "0.0792105091847"),
    ("yearly", "0.08243216"),
    ("half-yearly", "0.0808"),
    ("quarterly", "0.08"),
    ("simple", "0.08"),
])  # fmt: skip
def test_two_per_cent_a_quarter_by_every_convention(compounding: Compounding, rate: str) -> None:
    found = implied_rate(Decimal(102), Decimal(100), Decimal(90), compounding=compounding, year_days=Decimal(360))
    assert abs(found - Decimal(rate)) < Decimal("1e-12")


def test_interest_paid_more_often_comes_nearer_to_continuous() -> None:
    often: tuple[Compounding, ...] = ("yearly", "half-yearly", "quarterly", "monthly", "daily", "continuous")
    prices = [fair_price(Decimal(100), Decimal(365), Decimal("0.1"), compounding=each) for each in often]
    assert prices == sorted(prices)
    assert prices[0] == 110
    assert prices[1] == Decimal("110.25")


@given(PRICES, PRICES)
def test_a_basis_is_positive_above_spot_and_turns_its_sign_when_the_prices_are_swapped(
    contract: Decimal, spot: Decimal
) -> None:
    found, swapped = basis(contract, spot), basis(spot, contract)
    assert near(found, Fraction(contract) / Fraction(spot) - 1)
    assert (found > 0) == (contract > spot)
    assert (found > 0) == (swapped < 0)
    assert near((1 + Fraction(found)) * (1 + Fraction(swapped)), Fraction(1), Fraction(10**8))


@given(PRICES, PRICES, QUANTITIES)
def test_a_short_against_its_coins_earns_the_basis_of_the_start_by_expiry_whatever_the_price_does(
    contract: Decimal, expiry: Decimal, coins: Decimal
) -> None:
    spot = Decimal(60_000)
    gained = unrealised(ContractKind.LINEAR, -coins, Decimal(1), contract, expiry) + coins * (expiry - spot)
    assert near(gained, Fraction(basis(contract, spot)) * Fraction(spot) * Fraction(coins), Fraction(coins * 200_000))


@pytest.mark.parametrize(
    ("spot", "years", "rate", "dividends", "income", "price"),
    [
        ("930", "4/12", "0.06", "0", "0", "948.79"),
        ("50", "10/12", "0.08", "0", "2.162", "51.14"),
        ("25", "6/12", "0.10", "0.0396", "0", "25.77"),
        ("1300", "3/12", "0.05", "0.01", "0", "1313.07"),
        ("0.62", "2", "0.07", "0.05", "0", "0.6453"),
    ],
)
def test_the_textbooks_forward_prices(
    spot: str, years: str, rate: str, dividends: str, income: str, price: str
) -> None:
    """Hull, ch. 5: a zero bond, a stock with dividends of known worth, of a known yield, an index, a currency."""
    part, _, whole = years.partition("/")
    days = Decimal(part) * 365 / Decimal(whole or 1)
    found = fair_price(Decimal(spot), days, Decimal(rate), dividend_yield=Decimal(dividends), income=Decimal(income))
    assert abs(found - Decimal(price)) < Decimal("0.006") * (1 if Decimal(price) > 1 else Decimal("0.01"))


@given(PRICES, DAYS, decimals("-0.5", "0.5", 3))
def test_a_fair_price_has_the_basis_of_its_interest(spot: Decimal, days: Decimal, rate: Decimal) -> None:
    """Each compounding is the yearly figure of the same name, the other way round."""
    names: dict[Compounding, str] = {"continuous": "logarithmic", "yearly": "compounded", "simple": "simple"}
    for compounding, name in names.items():
        if compounding == "simple" and 1 + rate * days / 365 <= 0:
            continue
        fair = fair_price(spot, days, rate, compounding=compounding)
        found = yearly(fair, spot, days)
        assert isinstance(found, Yearly)
        assert abs(getattr(found, name) - rate) < Decimal("1e-35")


@given(PRICES, DAYS, decimals("-0.5", "0.5", 3))
def test_a_coin_that_yields_the_interest_is_carried_for_nothing(spot: Decimal, days: Decimal, rate: Decimal) -> None:
    for compounding in get_args(Compounding):
        fair = fair_price(spot, days, rate, dividend_yield=rate, compounding=compounding)
        assert near(fair, Fraction(spot))


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"income": "60000"}, "income"),
        ({"interest_rate": "-1"}, "interest_rate"),
        ({"dividend_yield": "-1"}, "dividend_yield"),
        ({"days": "0"}, "days"),
        ({"spot_price": "0"}, "spot_price"),
        ({"dividend_yield": "9", "days": "365", "compounding": "simple"}, "dividend_yield"),
    ],
)
def test_a_carry_that_cannot_be_is_refused(arguments: dict[str, str], key: str) -> None:
    usual = {"spot_price": "60000", "days": "30", "interest_rate": "0.05", **arguments}
    compounding: Compounding = "simple" if usual.pop("compounding", None) else "continuous"
    with pytest.raises(RequestError) as refused:
        fair_price(compounding=compounding, **{name: Decimal(value) for name, value in usual.items()})
    assert refused.value.key == key


def test_a_quarter_at_two_per_cent_is_8_11_a_year_simple() -> None:
    found = yearly(Decimal(85_680), Decimal(84_000), Decimal(90))
    assert isinstance(found, Yearly)
    assert near(found.simple, Fraction(2, 100) * 365 / 90)
    assert float(found.logarithmic) == pytest.approx(math.log(1.02) * 365 / 90, rel=1e-12)
    assert float(found.compounded) == pytest.approx(1.02 ** (365 / 90) - 1, rel=1e-12)


@given(PRICES, decimals("-0.2", "0.2", 4), DAYS)
def test_simple_is_linear_in_the_basis_and_the_three_conventions_are_ordered(
    spot: Decimal, premium: Decimal, days: Decimal
) -> None:
    one, two = yearly(spot * (1 + premium), spot, days), yearly(spot * (1 + 2 * premium), spot, days)
    assert isinstance(one, Yearly)
    assert isinstance(two, Yearly)
    assert near(two.simple, 2 * Fraction(one.simple), Fraction(1) + abs(Fraction(two.simple)))
    assert one.logarithmic <= one.simple + Decimal("1e-40")
    assert one.logarithmic <= one.compounded + Decimal("1e-40")


@given(PRICES, PRICES, decimals("0.001", "0.999", 3))
def test_within_a_day_of_expiry_there_is_no_yearly_figure_and_a_day_before_there_is(
    contract: Decimal, spot: Decimal, days: Decimal
) -> None:
    assert isinstance(yearly(contract, spot, days), NotYearly)
    assert isinstance(yearly(contract, spot, Decimal(1)), Yearly)


def test_days_are_counted_to_the_instant_of_expiry() -> None:
    assert days_to_expiry(0, 36 * 3_600_000_000_000) == Decimal("1.5")
    assert days_to_expiry(0, DAY_NS) == 1
    assert days_to_expiry(DAY_NS // 2, 3 * DAY_NS) == Decimal("2.5")
    assert days_to_expiry(5, 6) * DAY_NS == 1
    for now in (DAY_NS, DAY_NS + 1):
        with pytest.raises(RequestError, match="expiry: expected an instant after now"):
            days_to_expiry(now, DAY_NS)


def test_a_short_of_two_and_a_half_coins_rolls_into_a_dearer_contract() -> None:
    near_contract, far_contract = quoted("60000", "10", "20", "0.0005"), quoted("61200", "101", "40", "0.0005")
    found = roll(ContractKind.LINEAR, Decimal("-2.5"), Decimal(1), near_contract, far_contract)
    assert (found.gap, found.gain, found.spread_cost) == amounts(1200, 3000, 75)
    assert found.fees == Decimal("2.5") * (60_010 + 61_180) * Decimal("0.0005")
    assert found.net == found.gain - found.spread_cost - found.fees
    assert found.net_per_coin == found.net / Decimal("2.5")
    assert float(found.yearly) == pytest.approx(math.log(1.02) * 365 / 91, rel=1e-12)
    long = roll(ContractKind.LINEAR, Decimal("2.5"), Decimal(1), near_contract, far_contract)
    assert (long.gain, long.spread_cost) == amounts(-3000, 75)
    assert long.fees == Decimal("2.5") * (59_990 + 61_220) * Decimal("0.0005")


@given(KINDS, SIGNS, QUANTITIES, SIZES, PRICES, PRICES, SPREADS, FEES)
def test_a_roll_is_the_gap_less_its_costs_and_costs_never_gain(
    kind: ContractKind,
    sign: int,
    quantity: Decimal,
    size: Decimal,
    first: Decimal,
    second: Decimal,
    spread: Decimal,
    fee_rate: Decimal,
) -> None:
    one = Quoted(price=first, spread=spread, days=Decimal(5), fee_rate=fee_rate)
    other = Quoted(price=second, spread=spread, days=Decimal(95), fee_rate=fee_rate)
    found = roll(kind, sign * quantity, size, one, other)
    assert found.spread_cost >= 0
    assert found.fees >= 0
    assert near(
        found.net,
        Fraction(found.gain) - Fraction(found.spread_cost) - Fraction(found.fees),
        Fraction(abs(found.gain) + found.spread_cost + found.fees),
    )
    assert (found.gain > 0) == (-sign * (second - first) > 0)
    if kind is ContractKind.LINEAR:
        assert near(found.gain, -sign * Fraction(quantity * size) * Fraction(second - first))
    free = roll(kind, sign * quantity, size, quoted(str(first), "5"), quoted(str(second), "95"))
    assert near(free.net_per_coin, -sign * Fraction(second - first))


@given(PRICES, PRICES)
def test_a_roll_back_undoes_the_roll(first: Decimal, second: Decimal) -> None:
    there = roll(ContractKind.LINEAR, Decimal(-1), Decimal(1), quoted(str(first), "5"), quoted(str(second), "95"))
    back = roll(ContractKind.LINEAR, Decimal(-1), Decimal(1), quoted(str(second), "5"), quoted(str(first), "95"))
    assert there.net + back.net == 0
    assert near(there.yearly, -Fraction(back.yearly))


@pytest.mark.parametrize(("spread", "refused"), [("1.5", False), ("1.99", False), ("2", True), ("3", True)])
def test_a_spread_leaves_a_bid_above_nothing(spread: str, refused: bool) -> None:
    """Half of it either side of a price of 100: below twice the price there is a bid."""
    near, far = quoted("100", "10", spread=str(Decimal(spread) * 100)), quoted("101", "40")
    if refused:
        with pytest.raises(RequestError, match=r"near\.spread"):
            roll(ContractKind.LINEAR, Decimal(-1), Decimal(1), near, far)
        return
    assert roll(ContractKind.LINEAR, Decimal(-1), Decimal(1), near, far).spread_cost == Decimal(spread) * 50


def test_a_flat_position_rolls_for_nothing() -> None:
    found = roll(ContractKind.INVERSE, Decimal(0), Decimal(100), quoted("100", "1", "1", "0.001"), quoted("110", "9"))
    assert (found.gain, found.spread_cost, found.fees, found.net, found.net_per_coin) == amounts(0, 0, 0, 0, 0)


@given(decimals("-0.5", "2", 4), decimals("-0.5", "2", 4), decimals("1", "90", 2), decimals("91", "300", 2))
def test_a_constant_maturity_lies_between_its_contracts_and_meets_them(
    low: Decimal, high: Decimal, start: Decimal, end: Decimal
) -> None:
    assert at_maturity((low, start), (high, end), start) == low
    assert at_maturity((low, start), (high, end), end) == high
    middle = at_maturity((low, start), (high, end), (start + end) / 2)
    assert near(middle, Fraction(low + high) / 2, Fraction(4))


def test_thirty_days_from_a_20_and_a_60_day_contract() -> None:
    assert at_maturity((Decimal("0.08"), Decimal(20)), (Decimal("0.12"), Decimal(60)), Decimal(30)) == Decimal("0.09")


@given(QUANTITIES, PRICES, PRICES, PRICES)
def test_a_synthetic_dollar_is_worth_its_locked_dollars_at_any_expiry_price(
    coins: Decimal, future: Decimal, spot: Decimal, expiry: Decimal
) -> None:
    found = synthetic_dollar(coins, future, spot)
    assert found.locked == coins * future
    assert found.worth == coins * spot
    assert found.earned == basis(future, spot)
    gained = unrealised(ContractKind.INVERSE, -found.locked, Decimal(1), future, expiry)
    assert near((Fraction(coins) + Fraction(gained)) * Fraction(expiry), Fraction(found.locked), Fraction(10**10))


ZERO_SPREAD, FAR = quoted("100", "5"), quoted("1", "9")


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: basis(Decimal(0), Decimal(1)), "contract_price"),
        (lambda: basis(Decimal(1), Decimal(-1)), "spot_price"),
        (lambda: basis(Decimal("NaN"), Decimal(1)), "contract_price"),
        (lambda: yearly(Decimal(1), Decimal(1), Decimal(0)), "days"),
        (lambda: yearly(Decimal(1), Decimal(1), Decimal("Infinity")), "days"),
        (lambda: at_maturity((Decimal(0), Decimal(9)), (Decimal(0), Decimal(9)), Decimal(9)), "far.days"),
        (lambda: at_maturity((Decimal(0), Decimal(1)), (Decimal(0), Decimal(9)), Decimal("0.9")), "days"),
        (lambda: at_maturity((Decimal(0), Decimal(1)), (Decimal(0), Decimal(9)), Decimal("9.1")), "days"),
        (lambda: at_maturity((Decimal(0), Decimal(0)), (Decimal(0), Decimal(9)), Decimal(1)), "near.days"),
        (lambda: roll(ContractKind.LINEAR, Decimal(1), Decimal(1), ZERO_SPREAD, quoted("100", "5")), "far.days"),
        (lambda: roll(ContractKind.LINEAR, Decimal(1), Decimal(1), ZERO_SPREAD, quoted("0", "9")), "far.price"),
        (lambda: roll(ContractKind.LINEAR, Decimal(1), Decimal(1), quoted("1", "5", "2"), quoted("1", "9")), "near.sp"),
        (lambda: roll(ContractKind.LINEAR, Decimal(1), Decimal(1), quoted("1", "5", "-1"), quoted("1", "9")), "near.s"),
        (lambda: roll(ContractKind.LINEAR, Decimal(1), Decimal(1), quoted("1", "-5"), quoted("1", "9")), "near.days"),
        (lambda: roll(ContractKind.LINEAR, Decimal(1), Decimal(1), quoted("1", "5", "0", "NaN"), FAR), "near.fee_rate"),
        (lambda: at_maturity((Decimal("NaN"), Decimal(1)), (Decimal(0), Decimal(9)), Decimal(9)), "near.yearly"),
        (lambda: synthetic_dollar(Decimal(0), Decimal(1), Decimal(1)), "coins"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call: Callable[[], object], named: str) -> None:
    with pytest.raises(RequestError, match=f"^{named}"):
        call()
