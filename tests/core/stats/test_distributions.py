from __future__ import annotations

import math

import pytest

from core.errors import RequestError
from core.stats.distributions import scaled_tail, student_quantile
from core.stats.linear import condition_number, solve


def mills(x: float) -> float:
    """The normal's tail over its density, by Laplace's continued fraction, from the inside out."""
    value = x
    for term in range(400, 0, -1):
        value = x + term / value
    return 1 / value


@pytest.mark.parametrize("x", [1.5, 5, 24.9, 25, 25.1, 30, 37, 100, 1e6])
def test_a_tail_far_out_keeps_its_digits_where_the_exponent_makes_up_for_it(x: float) -> None:
    expected = mills(x) / math.sqrt(2 * math.pi)
    assert scaled_tail(x * x / 2, x) == pytest.approx(expected, rel=3e-11, abs=0)
    assert scaled_tail(x * x / 2 - 3, x) == pytest.approx(expected * math.exp(-3), rel=3e-11, abs=0)


@pytest.mark.parametrize("probability", [0, 1, -0.1, 1.5, math.nan])
def test_a_quantile_is_of_a_probability(probability: float) -> None:
    with pytest.raises(RequestError) as refused:
        student_quantile(probability, 5)
    assert refused.value.key == "probability"


def test_a_system_is_solved_though_its_diagonal_is_empty() -> None:
    assert solve([[0, 1], [1, 0]], [2, 3]) == [3, 2]
    assert solve([[0, 2, 0], [0, 0, 4], [5, 0, 0]], [2, 8, 15]) == [3, 1, 2]
    small = solve([[1e-12, 1], [1, 1]], [1, 2])
    assert small == pytest.approx([1, 1], rel=1e-10)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_whether_a_matrix_is_singular_does_not_depend_on_its_unit(unit: float) -> None:
    assert condition_number([[2 * unit, 0], [0, unit]]) == pytest.approx(2)
    assert condition_number([[unit, 0], [0, 1e-12 * unit]]) == pytest.approx(1e12)
    assert condition_number([[unit, 0], [0, 1e-14 * unit]]) == math.inf
