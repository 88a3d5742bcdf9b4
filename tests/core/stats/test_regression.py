from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.stats.distributions import incomplete_beta, normal_below, scaled_tail, student_below, student_quantile
from core.stats.moments import correlation, returns_of
from core.stats.regression import ordinary_least_squares

VALUES = st.floats(-100, 100).map(lambda value: round(value, 6))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    x = draw(st.lists(VALUES, min_size=3, max_size=30).filter(lambda found: max(found) - min(found) > 0.01))
    y = draw(st.lists(VALUES, min_size=len(x), max_size=len(x)))
    return x, y


@given(pairs())
def test_slope_and_errors_by_matrices(pair: tuple[list[float], list[float]]) -> None:
    x, y = pair
    design = np.column_stack([np.ones(len(x)), x])
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ np.array(y)
    residuals = np.array(y) - design @ coefficients
    variance = float(residuals @ residuals) / (len(x) - 2)
    found = ordinary_least_squares(x, y)
    scale = 1 + max(map(abs, y)) / (max(x) - min(x))
    assert found.slope == pytest.approx(coefficients[1], abs=1e-6 * scale)
    assert found.intercept == pytest.approx(coefficients[0], abs=1e-4 * scale)
    assert found.residual_deviation == pytest.approx(math.sqrt(variance), rel=1e-5, abs=1e-5)
    assert found.slope_error == pytest.approx(math.sqrt(variance * inverse[1, 1]), rel=1e-4, abs=1e-5 * scale)
    assert found.observations == len(x)
    assert found.low <= found.slope <= found.high


@given(pairs(), st.floats(0.1, 10), st.floats(-50, 50), st.floats(0.1, 10), st.floats(-50, 50))
def test_units_and_origins_change_the_slope_as_they_must(
    pair: tuple[list[float], list[float]], x_unit: float, x_origin: float, y_unit: float, y_origin: float
) -> None:
    x, y = pair
    found = ordinary_least_squares(x, y)
    moved = ordinary_least_squares([x_unit * v + x_origin for v in x], [y_unit * v + y_origin for v in y])
    scale = y_unit / x_unit
    size = 1 + abs(found.slope) + max(map(abs, y)) / (max(x) - min(x))
    assert moved.slope == pytest.approx(scale * found.slope, abs=1e-6 * size * scale)
    assert moved.slope_error == pytest.approx(scale * found.slope_error, abs=1e-6 * size * scale)
    if max(y) - min(y) > 0.01:
        assert moved.r_squared == pytest.approx(found.r_squared, abs=1e-6)


@given(st.lists(VALUES, min_size=3, max_size=30).filter(lambda x: max(x) - min(x) > 0.01), st.floats(-5, 5))
def test_a_multiple_has_its_factor_for_slope(x: list[float], factor: float) -> None:
    found = ordinary_least_squares(x, [factor * value for value in x])
    assert found.slope == pytest.approx(factor, abs=1e-9)
    assert found.slope_error == pytest.approx(0, abs=1e-7)
    if abs(factor) > 0.01:
        assert found.r_squared == pytest.approx(1)
        assert found.correlation == pytest.approx(math.copysign(1, factor))


def test_the_interval_holds_the_true_slope_as_often_as_it_says() -> None:
    dice = random.Random(5)
    held = 0
    for _ in range(2000):
        x = [dice.gauss(0, 1) for _ in range(8)]
        y = [0.7 * value + dice.gauss(0, 0.5) for value in x]
        found = ordinary_least_squares(x, y, 0.9)
        held += found.low <= 0.7 <= found.high
    assert held / 2000 == pytest.approx(0.9, abs=0.02)


def test_a_series_that_stands_still_has_a_slope_of_zero_and_no_correlation() -> None:
    found = ordinary_least_squares([1, 2, 3, 4], [0.1, 0.1, 0.1, 0.1])
    assert (found.slope, found.slope_error) == (0, 0)
    assert found.correlation is None
    assert found.r_squared is None
    assert correlation([1, 2], [0.1, 0.1]) is None


@pytest.mark.parametrize(
    ("call", "key", "expected"),
    [
        (lambda: ordinary_least_squares([1, 2], [1, 2]), "x", "at least 3"),
        (lambda: ordinary_least_squares([1, 2, 3], [1, 2]), "y", r"as many observations as x \(3\), found 2"),
        (lambda: ordinary_least_squares([0.1, 0.1, 0.1], [1, 2, 3]), "x", "values that vary"),
        (lambda: ordinary_least_squares([1, 2, math.nan], [1, 2, 3]), "x.2", "finite"),
        (lambda: ordinary_least_squares([1, 2, 3], [1, 2, 3], 1.0), "confidence", "below 1"),
        (lambda: ordinary_least_squares([], []), "x", "at least 3"),
        (lambda: returns_of([5]), "prices", "at least 2"),
    ],
)
def test_what_cannot_be_regressed_is_refused_by_name(call: Callable[[], object], key: str, expected: str) -> None:
    with pytest.raises(RequestError, match=expected) as refused:
        call()
    assert refused.value.key == key


@pytest.mark.parametrize(
    ("probability", "degrees", "quantile"),
    [(0.975, 1, 12.7062), (0.975, 5, 2.57058), (0.975, 13, 2.16037), (0.995, 30, 2.74999), (0.95, 120, 1.65765)],
)
def test_students_quantiles_of_the_printed_tables(probability: float, degrees: float, quantile: float) -> None:
    assert student_quantile(probability, degrees) == pytest.approx(quantile, abs=6e-5)
    assert student_quantile(1 - probability, degrees) == pytest.approx(-quantile, abs=6e-5)


def test_student_becomes_normal_with_many_degrees() -> None:
    assert student_quantile(0.975, 1e5) == pytest.approx(1.959988, abs=1e-6)
    assert student_quantile(0.975, 2e6) == pytest.approx(1.959964, abs=1e-6)
    assert student_quantile(0.5, 7) == pytest.approx(0, abs=1e-12)


@given(st.floats(0.01, 0.99), st.floats(1, 500))
def test_the_quantile_inverts_the_distribution(probability: float, degrees: float) -> None:
    assert student_below(student_quantile(probability, degrees), degrees) == pytest.approx(probability, abs=1e-10)


def test_the_incomplete_beta_function_where_it_is_elementary() -> None:
    for x in (0.0, 0.1, 0.5, 0.9, 1.0):
        assert incomplete_beta(3, 1, x) == pytest.approx(x**3)
        assert incomplete_beta(1, 4, x) == pytest.approx(1 - (1 - x) ** 4)
        assert incomplete_beta(2, 2, x) == pytest.approx(3 * x**2 - 2 * x**3)


@given(st.floats(-5, 37))
def test_a_scaled_tail_is_the_product_where_that_can_be_formed(x: float) -> None:
    assert scaled_tail(2.0, x) == pytest.approx(math.exp(2.0) * normal_below(-x), rel=1e-8)
