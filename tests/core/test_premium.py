from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.funding import funding_rate
from core.premium import average_premium, mean_premium, predicted_rate, premium_index, premium_of_price
from tests.core.money import PRICES, RATES, decimals, near

SAMPLES = st.lists(RATES, min_size=1, max_size=60)


@given(PRICES, PRICES, PRICES)
def test_the_premium_is_zero_while_the_index_lies_between_the_impact_prices(
    one: Decimal, other: Decimal, index: Decimal
) -> None:
    bid, ask = min(one, other), max(one, other)
    found = premium_index(bid, ask, index)
    assert (found > 0) == (bid > index)
    assert (found < 0) == (ask < index)
    excess = bid - index if bid > index else ask - index if ask < index else Decimal(0)
    assert near(found, Fraction(excess) / Fraction(index))


@given(SAMPLES)
def test_an_average_weighs_a_sample_by_its_place_and_lies_within_the_samples(samples: list[Decimal]) -> None:
    found = average_premium(samples)
    weights = range(1, len(samples) + 1)
    true = sum(Fraction(sample) * weight for sample, weight in zip(samples, weights, strict=True)) / sum(weights)
    assert near(found, Fraction(true), Fraction(1))
    assert min(samples) - Decimal("1e-45") <= found <= max(samples) + Decimal("1e-45")


@given(SAMPLES)
def test_a_plain_average_does_not_mind_the_order(samples: list[Decimal]) -> None:
    true = sum(map(Fraction, samples)) / len(samples)
    assert near(mean_premium(samples), Fraction(true), Fraction(1))
    assert near(mean_premium(samples[::-1]), Fraction(true), Fraction(1))


def test_no_samples_have_no_average() -> None:
    with pytest.raises(RequestError):
        mean_premium([])


@given(PRICES, PRICES)
def test_the_premium_of_a_price_is_that_of_impact_prices_that_meet(price: Decimal, index: Decimal) -> None:
    ratio = Fraction(price) / Fraction(index)
    assert near(premium_of_price(price, index), ratio - 1, max(ratio, Fraction(1)))
    assert abs(premium_of_price(price, index) - premium_index(price, price, index)) < Decimal("1e-40")


@given(RATES, RATES, RATES)
def test_an_added_rate_is_not_clamped_but_capped(premium: Decimal, interest: Decimal, cap: Decimal) -> None:
    assert funding_rate(premium, interest, Decimal(0), added=True) == premium + interest
    assert funding_rate(premium, interest, Decimal(0), abs(cap), added=True) == min(premium + interest, abs(cap))
    assert funding_rate(premium, interest, Decimal(0), None, -abs(cap), added=True) == max(
        premium + interest, -abs(cap)
    )


def test_the_newest_sample_weighs_most() -> None:
    assert average_premium([Decimal("0.003"), Decimal(0), Decimal(0)]) == Decimal("0.0005")
    assert average_premium([Decimal(0), Decimal(0), Decimal("0.003")]) == Decimal("0.0015")


@given(SAMPLES, decimals("0", "0.01", 4))
def test_a_predicted_rate_respects_cap_and_floor_and_is_the_formula_of_the_average(
    samples: list[Decimal], bound: Decimal
) -> None:
    interest, clamp = Decimal("0.0001"), Decimal("0.0005")
    found = predicted_rate(samples, interest, clamp, bound, -bound)
    assert -bound <= found <= bound
    assert predicted_rate(samples, interest, clamp) == funding_rate(average_premium(samples), interest, clamp)


def test_what_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(RequestError, match="samples: expected one premium or more"):
        average_premium([])
    with pytest.raises(RequestError, match="samples"):
        average_premium([Decimal(0), Decimal("NaN")])
    with pytest.raises(RequestError, match="impact_ask: expected no less than the impact bid of 101"):
        premium_index(Decimal(101), Decimal(100), Decimal(100))
    with pytest.raises(RequestError, match="index_price"):
        premium_index(Decimal(100), Decimal(101), Decimal(0))
