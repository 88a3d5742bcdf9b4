from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.parts import Parts, added, summed
from tests.core.money import decimals

THIRD = Decimal(1) / 3
NONE, UNIT = Decimal(0), Decimal("1e-18")
FIGURES = decimals("-1000000", "1000000", 20)


def test_units_of_the_last_place_go_to_the_largest_part_and_not_to_what_is_unexplained() -> None:
    third = Decimal("0.333333333333333333")
    found = summed([Parts(price=THIRD, basis=THIRD, fx=THIRD + 2 * UNIT)], NONE, Decimal(1))
    assert found == Parts(price=third, basis=third, fx=third + UNIT)
    assert found.total == 1


@pytest.mark.parametrize("left", ["0.000000000000000011", "0.001", "9", "-9"])
def test_more_than_rounding_is_not_explained(left: str) -> None:
    found = summed([Parts(price=Decimal(100))], Decimal(50), Decimal(150) + Decimal(left))
    assert found == Parts(price=Decimal(100), residual=Decimal(left))


@pytest.mark.parametrize("sign", [1, -1])
def test_figures_too_large_for_all_places_are_cut_to_fewer_in_gains_and_in_losses(sign: int) -> None:
    vast = sign * (Decimal(10) ** 37 + THIRD)
    found = summed([Parts(price=vast)], NONE, vast)
    assert found.price == found.total
    assert abs(Fraction(found.price) - Fraction(vast)) <= Fraction(1, 1000)
    assert found.residual == 0


@given(st.lists(st.builds(Parts, price=FIGURES, basis=FIGURES, funding=FIGURES, fees=FIGURES), max_size=4), FIGURES)
def test_the_sum_is_the_change_of_worth_whatever_explains_it(lines: list[Parts], before: Decimal) -> None:
    after = before + sum((line.total for line in lines), NONE)
    found = summed(lines, before, after)
    assert found.total == after.quantize(UNIT) - before.quantize(UNIT)
    assert found.residual == 0
    assert found.gross == found.total - found.funding - found.fees


@given(st.builds(Parts, price=FIGURES, residual=FIGURES), st.builds(Parts, price=FIGURES, fees=FIGURES))
def test_parts_are_added_cause_by_cause(one: Parts, other: Parts) -> None:
    both = added(one, other)
    assert (both.price, both.fees, both.residual) == (one.price + other.price, other.fees, one.residual)
