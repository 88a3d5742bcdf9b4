from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.stats.value_at_risk import (
    historical,
    multiple_for,
    normal_expected_shortfall,
    normal_value_at_risk,
    portfolio_deviation,
)

PROFITS = st.lists(st.floats(-1000, 1000), min_size=2, max_size=60)
LEVELS = st.floats(0.5, 0.995)


@pytest.mark.parametrize(
    ("confidence", "multiple", "shortfall"), [(0.95, 1.645, 2.063), (0.975, 1.960, 2.338), (0.99, 2.326, 2.665)]
)
def test_the_printed_multiples(confidence: float, multiple: float, shortfall: float) -> None:
    assert multiple_for(confidence) == pytest.approx(multiple, abs=5e-4)
    assert normal_value_at_risk(1, multiple_for(confidence)) == multiple_for(confidence)
    assert normal_expected_shortfall(1, multiple_for(confidence)) == pytest.approx(shortfall, abs=5e-4)


def test_microsoft_and_att() -> None:
    assert normal_value_at_risk(200_000, 2.33) == pytest.approx(466_000)
    assert normal_value_at_risk(200_000, 2.33, 10) == pytest.approx(1_473_621, abs=1)
    assert normal_value_at_risk(50_000, 2.33, 10) == pytest.approx(368_405, abs=1)
    assert portfolio_deviation([200_000, 50_000], 0.3) == pytest.approx(220_227, abs=1)


@given(st.floats(0.1, 1e6), LEVELS, st.floats(0.1, 250), st.floats(0.1, 10))
def test_normal_losses_grow_with_size_and_with_the_root_of_time(
    deviation: float, confidence: float, days: float, factor: float
) -> None:
    multiple = multiple_for(confidence)
    for loss in (normal_value_at_risk, normal_expected_shortfall):
        assert loss(deviation * factor, multiple, days) == pytest.approx(factor * loss(deviation, multiple, days))
        assert loss(deviation, multiple, 4 * days) == pytest.approx(2 * loss(deviation, multiple, days))
    assert normal_expected_shortfall(deviation, multiple) > normal_value_at_risk(deviation, multiple)


def test_the_shortfall_is_the_mean_of_the_losses_beyond() -> None:
    losses = np.random.default_rng(4).normal(0, 100, 2_000_000)
    beyond = losses[losses > normal_value_at_risk(100, multiple_for(0.95))]
    assert len(beyond) / len(losses) == pytest.approx(0.05, abs=5e-4)
    assert float(beyond.mean()) == pytest.approx(normal_expected_shortfall(100, multiple_for(0.95)), rel=2e-3)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=6), st.integers(0, 100))
def test_the_deviation_of_a_book_by_matrices(deviations: list[float], seed: int) -> None:
    count = len(deviations)
    loose = np.random.default_rng(seed).normal(0, 1, (count, count + 2))
    matrix = np.atleast_2d(np.corrcoef(loose)).tolist()
    matrix = [[1.0 if i == j else matrix[max(i, j)][min(i, j)] for j in range(count)] for i in range(count)]
    weights = np.array(deviations)
    expected = math.sqrt(max(float(weights @ np.array(matrix) @ weights), 0))
    assert portfolio_deviation(deviations, matrix) == pytest.approx(expected, abs=1e-5)


def test_a_short_takes_away_and_a_perfect_hedge_leaves_nothing() -> None:
    assert portfolio_deviation([100, -100], 1) == 0
    assert portfolio_deviation([100, 100], 1) == pytest.approx(200)
    assert portfolio_deviation([3, 4], 0) == pytest.approx(5)
    assert portfolio_deviation([100, -100], 0.8) == pytest.approx(math.sqrt(2 * 100**2 * 0.2))
    assert portfolio_deviation([-7], 0) == 7


def test_past_losses_whole_and_part() -> None:
    """500 days at 99%: the fifth worst, and the mean of five. 250 days: two and a half."""
    days = [float(day) for day in range(-500, 0)]
    found = historical(days, 0.99)
    assert (found.value_at_risk, found.expected_shortfall) == (496, 498)
    assert (found.tail_observations, found.observations) == (5, 500)
    assert historical(days, 0.99, beyond=True).expected_shortfall == 498.5
    assert historical(days, 0.99, beyond=True).value_at_risk == 496
    assert historical(days[:250], 0.99, beyond=True).expected_shortfall == 499.5
    assert historical(days[:100], 0.99, beyond=True).expected_shortfall == 500
    half = historical(days[:250], 0.99)
    assert half.tail_observations == 2.5
    assert half.value_at_risk == 498
    assert half.expected_shortfall == pytest.approx((500 + 499 + 0.5 * 498) / 2.5)
    assert historical([float(day) for day in range(100)], 0.95).value_at_risk == -4
    few = historical([-3.0, 5.0], 0.99)
    assert (few.value_at_risk, few.expected_shortfall) == (3, 3)
    assert few.tail_observations == pytest.approx(0.02)
    none = historical([-3.0, 5.0], 1 - 1e-12)
    assert (none.value_at_risk, none.expected_shortfall, none.tail_observations) == (3, 3, 0)


@given(PROFITS, LEVELS)
def test_a_shortfall_is_no_smaller_and_both_lie_among_the_losses(profits: list[float], confidence: float) -> None:
    found = historical(profits, confidence)
    assert found.expected_shortfall >= found.value_at_risk - 1e-9
    assert found.value_at_risk in [-profit for profit in profits]
    assert found.expected_shortfall <= max(-profit for profit in profits) + 1e-9
    worse = sum(-profit > found.value_at_risk for profit in profits)
    assert worse <= found.tail_observations + 1e-9


@given(PROFITS, LEVELS, st.floats(0.1, 10), st.floats(-100, 100))
def test_units_and_certain_gains_move_past_losses_as_they_must(
    profits: list[float], confidence: float, unit: float, gain: float
) -> None:
    found = historical(profits, confidence)
    moved = historical([unit * profit + gain for profit in profits], confidence)
    assert moved.value_at_risk == pytest.approx(unit * found.value_at_risk - gain, abs=1e-6)
    assert moved.expected_shortfall == pytest.approx(unit * found.expected_shortfall - gain, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: multiple_for(1), "confidence"),
        (lambda: multiple_for(0), "confidence"),
        (lambda: normal_value_at_risk(-1, 2), "deviation"),
        (lambda: normal_value_at_risk(1, 2, -1), "periods"),
        (lambda: normal_expected_shortfall(1, 60), "multiple"),
        (lambda: portfolio_deviation([], 0.3), "deviations"),
        (lambda: portfolio_deviation([1, 2], 1.5), "correlations"),
        (lambda: portfolio_deviation([1, 2], [[1.0, 0.5]]), "correlations"),
        (lambda: portfolio_deviation([1, 2], [[1.0, 0.5], [0.5]]), "correlations"),
        (lambda: portfolio_deviation([1, 2], [[1.0, 0.5], [0.4, 1.0]]), "correlations.1.0"),
        (lambda: portfolio_deviation([1, 2], [[1.0, 0.5], [0.5, 0.9]]), "correlations.1.1"),
        (lambda: portfolio_deviation([1, 2], [[1.0, 2.0], [2.0, 1.0]]), "correlations.0.1"),
        (lambda: portfolio_deviation([1, 1, 1], -0.9), "correlations"),
        (lambda: historical([1.0], 0.9), "profits"),
        (lambda: historical([1.0, math.nan], 0.9), "profits.1"),
        (lambda: historical([1.0, 2.0], 1.0), "confidence"),
    ],
)
def test_what_is_no_tail_is_refused_by_name(call: Callable[[], object], key: str) -> None:
    with pytest.raises(RequestError) as refused:
        call()
    assert refused.value.key == key
