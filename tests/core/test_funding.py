from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.funding import (
    annualised,
    cap_from_margins,
    compounded,
    funding_rate,
    interest_for,
    payment,
    per_8_hours,
    per_day,
)
from core.instruments import ContractKind
from core.pnl import settle_notional
from tests.core.money import KINDS, PRICES, QUANTITIES, RATES, SIGNS, SIZES, near

HOURS = st.sampled_from([1, 2, 4, 8])


@given(KINDS, SIGNS, QUANTITIES, SIZES, PRICES, RATES)
def test_a_payment_is_the_rate_of_the_value_against_the_side(
    kind: ContractKind, sign: int, quantity: Decimal, size: Decimal, mark: Decimal, rate: Decimal
) -> None:
    received = payment(kind, sign * quantity, size, mark, rate)
    value = Fraction(settle_notional(kind, quantity, size, mark))
    assert near(received, -sign * Fraction(rate) * value)


@given(
    st.sampled_from([ContractKind.LINEAR, ContractKind.INVERSE, ContractKind.QUANTO]),
    QUANTITIES,
    QUANTITIES,
    SIZES,
    PRICES,
    RATES.filter(lambda rate: rate > 0),
)
def test_a_short_earns_positive_funding_in_every_contract_kind_and_position_mode(
    kind: ContractKind,
    quantity: Decimal,
    beside: Decimal,
    size: Decimal,
    mark: Decimal,
    rate: Decimal,
) -> None:
    """One-way, or beside the long leg of hedge mode: the short receives, and two legs receive what their net does."""
    short, long = payment(kind, -quantity, size, mark, rate), payment(kind, beside, size, mark, rate)
    assert short > 0
    assert long < 0
    assert payment(kind, quantity, size, mark, rate) == short.copy_negate()
    net = payment(kind, beside - quantity, size, mark, rate)
    assert (net > 0) == (quantity > beside)
    assert near(Fraction(short) + Fraction(long), Fraction(net), scale=Fraction(short) - Fraction(long))


def test_the_seed_hedge_earns_15_a_settlement_45_a_day_1350_in_30_days() -> None:
    cash = payment(ContractKind.LINEAR, Decimal("-2.5"), Decimal(1), Decimal(60_000), Decimal("0.0001"))
    assert [cash, per_day(cash, 8), 30 * per_day(cash, 8)] == [Decimal(15), Decimal(45), Decimal(1350)]
    cost = payment(ContractKind.LINEAR, Decimal("-2.5"), Decimal(1), Decimal(60_000), Decimal("-0.0003"))
    assert 30 * per_day(cost, 8) == -4050


@given(QUANTITIES, PRICES, PRICES, RATES)
def test_an_inverse_payment_is_worth_the_same_dollars_at_any_mark(
    dollars: Decimal, mark: Decimal, other: Decimal, rate: Decimal
) -> None:
    worth = [
        Fraction(payment(ContractKind.INVERSE, -dollars, Decimal(1), at, rate)) * Fraction(at) for at in (mark, other)
    ]
    assert near(worth[0], worth[1])


@given(RATES, HOURS)
def test_a_shorter_interval_makes_the_same_rate_dearer_in_proportion(rate: Decimal, hours: int) -> None:
    assert near(annualised(rate, hours), Fraction(rate) * 24 * 365 / hours)
    assert annualised(rate, hours) == annualised(rate, 8) * (8 // hours)
    assert near(per_8_hours(rate, hours), Fraction(rate) * 8 / hours)


def test_one_basis_point_per_8_hours_is_10_95_a_year_and_11_57_compounded() -> None:
    assert annualised(Decimal("0.0001"), 8) == Decimal("0.1095")
    assert compounded(Decimal("0.0001"), 8).quantize(Decimal("0.0001")) == Decimal("0.1157")
    assert interest_for(Decimal("0.0003"), 8) == Decimal("0.0001")
    assert cap_from_margins(Decimal("0.01"), Decimal("0.005"), Decimal("0.75")) == Decimal("0.00375")


@given(RATES, RATES, st.decimals(Decimal(0), Decimal("0.01"), places=5))
def test_the_rate_stays_within_the_clamp_of_the_premium_and_reaches_for_the_interest(
    premium: Decimal, interest: Decimal, clamp: Decimal
) -> None:
    rate = funding_rate(premium, interest, clamp)
    assert abs(rate - premium) <= clamp
    assert rate == interest or abs(rate - premium) == clamp
    assert min(premium, interest) <= rate <= max(premium, interest)


@given(RATES, RATES, RATES, RATES)
def test_cap_and_floor_bound_the_rate(premium: Decimal, interest: Decimal, one: Decimal, other: Decimal) -> None:
    cap, floor = max(one, other), min(one, other)
    assert floor <= funding_rate(premium, interest, Decimal("0.0005"), cap, floor) <= cap


@given(RATES, RATES, RATES)
def test_a_venue_may_state_a_cap_without_a_floor_and_a_floor_without_a_cap(
    premium: Decimal, interest: Decimal, bound: Decimal
) -> None:
    clamp = Decimal("0.0005")
    free = funding_rate(premium, interest, clamp)
    assert funding_rate(premium, interest, clamp, cap=bound) == min(free, bound)
    assert funding_rate(premium, interest, clamp, floor=bound) == max(free, bound)


def test_what_cannot_be_is_refused_by_name() -> None:
    for hours in (0, -8, True):
        with pytest.raises(RequestError, match="interval_hours"):
            annualised(Decimal("0.0001"), hours)
    for lost in ("-1", "-1.5"):
        with pytest.raises(RequestError, match="rate: expected above -1"):
            compounded(Decimal(lost), 8)
    for initial in ("0.005", "0.004"):
        with pytest.raises(RequestError, match="maintenance_rate"):
            cap_from_margins(Decimal(initial), Decimal("0.005"), Decimal("0.75"))
    with pytest.raises(RequestError, match="rate"):
        per_day(Decimal("NaN"), 8)
    with pytest.raises(RequestError, match="floor"):
        funding_rate(Decimal(0), Decimal(0), Decimal(0), cap=Decimal("-0.01"), floor=Decimal("0.01"))
    with pytest.raises(RequestError, match="clamp"):
        funding_rate(Decimal(0), Decimal(0), Decimal("-0.0005"))
    with pytest.raises(RequestError, match="price: expected a number above zero"):
        payment(ContractKind.LINEAR, Decimal(1), Decimal(1), Decimal(0), Decimal("0.0001"))
