from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.stats.context import (
    Reversion,
    cost_of_variance_removed,
    distance_to_average,
    mean_reversion,
    volatility_target_ratio,
    z_score,
)
from core.stats.insufficient import Insufficient


def reverting(persistence: float, count: int, seed: int) -> list[float]:
    dice = random.Random(seed)
    found = [0.0]
    for _ in range(count - 1):
        found.append(persistence * found[-1] + dice.gauss(0, 1))
    return found


def test_the_distance_to_the_200_day_average() -> None:
    closes = [1000.0] * 50 + [100.0] * 199 + [120.0]
    assert distance_to_average(closes) == pytest.approx(120 / 100.1 - 1)
    assert distance_to_average(closes[-200:]) == distance_to_average(closes)
    assert distance_to_average(closes[-199:]) == Insufficient("closes", 200, 199)
    assert distance_to_average([90.0, 110.0], 2) == pytest.approx(0.1)
    assert distance_to_average([], 0) == Insufficient("closes", 1, 0)
    with pytest.raises(RequestError, match="above zero"):
        distance_to_average([0.0, 1.0], 2)


def test_the_z_score_of_the_last_value_in_its_window() -> None:
    values = [99.0, 1.0, 2.0, 3.0, 6.0]
    assert z_score(values, 4) == pytest.approx((6 - 3) / float(np.std([1, 2, 3, 6], ddof=1)))
    assert z_score(values, 6) == Insufficient("values", 6, 5)
    assert z_score([5.0, 5.0, 5.0], 3) == Insufficient("values that vary", 2, 1)
    assert z_score([5.0, 6.0], 1) == Insufficient("values", 3, 2)
    assert z_score([5.0, 6.0, 5.5], 1) == pytest.approx(0)


@pytest.mark.parametrize("persistence", [0.5, 0.9])
def test_the_half_life_of_a_series_that_returns(persistence: float) -> None:
    found = mean_reversion(reverting(persistence, 20_000, 4))
    assert isinstance(found, Reversion)
    assert found.persistence == pytest.approx(persistence, abs=4 * found.error)
    assert found.half_life == pytest.approx(math.log(0.5) / math.log(found.persistence))
    assert found.half_life == pytest.approx(math.log(0.5) / math.log(persistence), rel=0.1)
    assert found.significant
    assert found.observations == 19_999


def test_a_random_walk_is_seldom_taken_for_one_that_returns() -> None:
    taken = 0
    for seed in range(300):
        found = mean_reversion(reverting(1.0, 250, seed))
        assert isinstance(found, Reversion)
        taken += found.significant
    assert taken / 300 == pytest.approx(0.05, abs=0.035)


def test_what_does_not_return_has_no_half_life() -> None:
    growing = mean_reversion([1.05**day for day in range(40)])
    assert isinstance(growing, Reversion)
    assert growing.persistence == pytest.approx(1.05)
    assert (growing.half_life, growing.significant) == (None, False)
    swinging = mean_reversion([(-0.9) ** day for day in range(40)])
    assert isinstance(swinging, Reversion)
    assert swinging.persistence == pytest.approx(-0.9)
    assert swinging.half_life is None
    assert mean_reversion([1.0, 2.0] * 14) == Insufficient("values", 30, 28)
    assert mean_reversion([1.0] * 30) == Insufficient("values that vary", 2, 1)


@given(st.floats(0.01, 3), st.floats(0, 3))
def test_the_volatility_target_leaves_the_target_where_it_can(volatility: float, target: float) -> None:
    ratio = volatility_target_ratio(volatility, target)
    assert 0 <= ratio <= 1
    assert (1 - ratio) * volatility == pytest.approx(min(target, volatility))


def test_the_volatility_target_hedges_more_when_it_is_wilder() -> None:
    assert volatility_target_ratio(0.8, 0.4) == pytest.approx(0.5)
    assert volatility_target_ratio(0.3, 0.4) == 0
    assert volatility_target_ratio(0.3, 0) == 1
    with pytest.raises(RequestError, match="volatility: expected a number above zero"):
        volatility_target_ratio(0, 0.4)


@pytest.mark.parametrize(("ratio", "share"), [(0.5, 0.75), (1.0, 1.0), (1.5, 0.75), (0.1, 0.19)])
def test_a_hedge_removes_variance_up_to_a_ratio_of_one_and_gives_it_back_beyond(ratio: float, share: float) -> None:
    removed, price = cost_of_variance_removed(900.0, ratio, 0.5, 2000.0)
    assert removed == pytest.approx(share)
    assert price == pytest.approx(900 / (share * 1000**2))


def test_a_hedge_that_is_paid_has_a_negative_price_for_its_variance() -> None:
    assert cost_of_variance_removed(-900.0, 1.0, 0.5, 2000.0)[1] == pytest.approx(-0.0009)


@pytest.mark.parametrize(
    ("ratio", "volatility", "value"), [(0.0, 1, 1), (2.0, 1, 1), (-1.0, 1, 1), (1.0, 0, 1), (1.0, 1, 0)]
)
def test_what_removes_no_variance_has_no_price(ratio: float, volatility: float, value: float) -> None:
    with pytest.raises(RequestError):
        cost_of_variance_removed(1.0, ratio, volatility, value)
