from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.stats.barrier import (
    days_at_drift,
    distance_in_sigmas,
    end_beyond_probability,
    ever_probability,
    expected_years,
    median_years,
    no_touch_at_expiry,
    one_touch_at_expiry,
    one_touch_at_hit,
    sigma_days,
    touch_probability,
    touch_ranges,
    watched_barrier,
)

MONTH = 30 / 365
RATIOS = st.floats(0.2, 5)
SIGMAS = st.floats(0.05, 3)
YEARS = st.floats(0.001, 5)
DRIFTS = st.floats(-2, 2)
Times = npt.NDArray[np.float64]


@pytest.mark.parametrize(
    ("rise", "sigma", "percent"),
    [
        (1.1, 0.4, 38.7),
        (1.1, 0.8, 64.5),
        (1.2, 0.6, 26.4),
        (1.33, 0.4, 1.1),
        (1.33, 0.6, 8.4),
        (1.33, 0.8, 18.5),
        (1.5, 0.6, 1.5),
        (1.5, 0.8, 6.3),
    ],
)
def test_shorts_of_two_and_three_times_in_a_month(rise: float, sigma: float, percent: float) -> None:
    assert 100 * touch_probability(100, 100 * rise, sigma, MONTH) == pytest.approx(percent, abs=0.06)


@given(RATIOS, SIGMAS, YEARS, DRIFTS)
def test_a_probability_is_one_and_touching_is_likelier_than_ending_beyond(
    ratio: float, sigma: float, years: float, drift: float
) -> None:
    touched = touch_probability(1, ratio, sigma, years, drift)
    assert 0 <= touched <= 1
    if ratio != 1:
        assert touched >= end_beyond_probability(1, ratio, sigma, years, drift) - 1e-12
    assert touched <= ever_probability(1, ratio, sigma, drift) + 1e-12


@given(RATIOS, SIGMAS, YEARS, DRIFTS, st.floats(1, 4))
def test_a_touch_is_likelier_with_time_with_nearness_and_without_drift_with_volatility(
    ratio: float, sigma: float, years: float, drift: float, factor: float
) -> None:
    touched = touch_probability(1, ratio, sigma, years, drift)
    assert touch_probability(1, ratio, sigma, years * factor, drift) >= touched - 1e-12
    assert touch_probability(1, ratio**factor, sigma, years, drift) <= touched + 1e-12
    still = touch_probability(1, ratio, sigma, years)
    assert touch_probability(1, ratio, sigma * factor, years) >= still - 1e-12


@given(RATIOS, SIGMAS, YEARS, DRIFTS)
def test_only_the_ratio_of_barrier_and_price_counts(ratio: float, sigma: float, years: float, drift: float) -> None:
    near = touch_probability(1, ratio, sigma, years, drift)
    assert touch_probability(60_000, 60_000 * ratio, sigma, years, drift) == pytest.approx(near, rel=1e-6, abs=1e-12)


def hitting_density(distance: float, drift: float, sigma: float, times: Times) -> Times:
    """The law of the time of the touch, from which every figure here can be had by summing."""
    spread = sigma * np.sqrt(times)
    density: Times = (
        distance / (spread * times * np.sqrt(2 * np.pi)) * np.exp(-(((distance - drift * times) / spread) ** 2) / 2)
    )
    return density


@pytest.mark.parametrize("barrier", [70.0, 95.0, 110.0, 150.0])
@pytest.mark.parametrize("drift", [-0.4, 0.0, 0.1, 0.5])
def test_probability_and_value_are_sums_over_the_time_of_the_touch(barrier: float, drift: float) -> None:
    sigma, years, rate = 0.45, 0.7, 0.08
    log_drift = (drift - sigma**2 / 2) * (1 if barrier > 100 else -1)
    edges = np.linspace(0, years, 400_001)
    times = (edges[1:] + edges[:-1]) / 2
    density = hitting_density(abs(math.log(barrier / 100)), log_drift, sigma, times) * (edges[1] - edges[0])
    assert touch_probability(100, barrier, sigma, years, drift) == pytest.approx(float(density.sum()), abs=1e-7)
    at_hit = one_touch_at_hit(20, 100, barrier, sigma, years, rate, rate - drift)
    assert at_hit == pytest.approx(20 * float((density * np.exp(-rate * times)).sum()), abs=1e-6)


def test_a_simulated_walk_touches_as_often() -> None:
    """Bridges between the points make the watching continuous."""
    dice = np.random.default_rng(20_240_601)
    sigma, steps, paths = 0.6, 60, 40_000
    step = MONTH / steps
    moves = dice.normal(-(sigma**2) / 2 * step, sigma * math.sqrt(step), (paths, steps))
    levels = np.concatenate([np.zeros((paths, 1)), np.cumsum(moves, axis=1)], axis=1)
    barrier = math.log(1.3)
    below = np.clip(barrier - levels, 0, None)
    missed = 1 - np.exp(-2 * below[:, :-1] * below[:, 1:] / (sigma**2 * step))
    frequency = 1 - float(np.prod(missed, axis=1).mean())
    assert touch_probability(100, 130, sigma, MONTH) == pytest.approx(frequency, abs=0.004)
    looked = float((levels.max(axis=1) >= barrier).mean())
    shifted = watched_barrier(100, 130, sigma, step)
    assert touch_probability(100, shifted, sigma, MONTH) == pytest.approx(looked, abs=0.005)


def test_watching_seldom_moves_the_barrier_away_on_either_side() -> None:
    away = math.exp(0.5826 * 0.6 * math.sqrt(1 / 365))
    assert watched_barrier(100, 130, 0.6, 1 / 365) == pytest.approx(130 * away)
    assert watched_barrier(100, 70, 0.6, 1 / 365) == pytest.approx(70 / away)
    assert watched_barrier(100, 130, 0.6, 0) == 130
    assert watched_barrier(100, 100, 0.6, 1) == 100


def test_ever_and_when() -> None:
    assert ever_probability(100, 125, 0.6) == pytest.approx(0.8)
    assert ever_probability(100, 80, 0.6) == 1
    assert ever_probability(100, 125, 0.6, drift=0.18) == 1
    assert ever_probability(100, 80, 0.6, drift=0.36) == pytest.approx(0.8)
    assert expected_years(100, 80, 0.6) == pytest.approx(math.log(1.25) / 0.18)
    assert expected_years(100, 125, 0.6) == pytest.approx(math.log(1.25) / 0.18)
    assert expected_years(100, 125, 0.6, drift=0.18) == math.inf
    assert median_years(100, 125, 0.6, drift=0.18) == pytest.approx((math.log(1.25) / (0.6744897501960817 * 0.6)) ** 2)
    assert median_years(100, 250, 0.6) == math.inf
    assert (expected_years(5, 5, 0.6), median_years(5, 5, 0.6), ever_probability(5, 5, 0.6)) == (0, 0, 1)


@given(st.floats(1.01, 3), SIGMAS, st.floats(-0.5, 3))
def test_the_median_is_when_half_have_touched(ratio: float, sigma: float, drift: float) -> None:
    median = median_years(1, ratio, sigma, drift)
    if median < 1e6:
        assert touch_probability(1, ratio, sigma, median, drift) == pytest.approx(0.5, abs=1e-9)
    else:
        assert ever_probability(1, ratio, sigma, drift) <= 0.5 + 1e-3


@given(RATIOS, SIGMAS, YEARS, st.floats(0, 0.3), st.floats(0, 0.3))
def test_bets_for_and_against_make_certain_cash(
    ratio: float, sigma: float, years: float, rate: float, yield_: float
) -> None:
    terms = (1, ratio, sigma, years, rate, yield_)
    certain = 7 * math.exp(-rate * years)
    touched, missed = one_touch_at_expiry(7, *terms), no_touch_at_expiry(7, *terms)
    assert touched + missed == pytest.approx(certain)
    assert touched - 1e-9 <= one_touch_at_hit(7, *terms) <= 7
    likely = touch_probability(1, ratio, sigma, years, rate - yield_)
    assert touched == pytest.approx(certain * likely)
    assert one_touch_at_hit(7, 1, ratio, sigma, years, 0, yield_) == pytest.approx(
        7 * touch_probability(1, ratio, sigma, years, -yield_), abs=1e-9
    )


def test_distances() -> None:
    assert distance_in_sigmas(100, 133, 0.6, 30 / 365) == pytest.approx(math.log(1.33) / (0.6 * math.sqrt(30 / 365)))
    assert distance_in_sigmas(100, 75, 0.6, 1) == pytest.approx(-math.log(0.75) / 0.6)
    assert sigma_days(100, 133, 0.6) == pytest.approx(365 * (math.log(1.33) / 0.6) ** 2)
    assert distance_in_sigmas(100, 133, 0.6, sigma_days(100, 133, 0.6) / 365) == pytest.approx(1)
    assert days_at_drift(100, 133, 0.01) == pytest.approx(28.5178942)
    assert days_at_drift(100, 75, -0.01) == pytest.approx(28.7682072)
    assert days_at_drift(100, 133, -0.01) is None
    assert days_at_drift(100, 133, 0) is None
    assert days_at_drift(100, 100, 0) == 0


def test_a_range_for_each_horizon() -> None:
    day, week, month = touch_ranges(100, 133, 0.6)
    assert (day.days, week.days, month.days) == (1, 7, 30)
    assert month.probability == touch_probability(100, 133, 0.6, MONTH)
    assert month.lowest == touch_probability(100, 133, 0.6 * 0.8, MONTH)
    assert month.highest == touch_probability(100, 133, 0.6 * 1.3, MONTH)
    assert week.highest < month.lowest
    certain = touch_ranges(100, 133, 0.2, drift=5, horizons_days=(60,), factors=(0.5, 2))[0]
    assert certain.lowest < certain.probability < certain.highest


def test_on_the_barrier_and_at_once() -> None:
    assert touch_probability(100, 100, 0.6, 0) == 1
    assert touch_probability(100, 101, 0.6, 0) == 0
    assert one_touch_at_hit(5, 100, 100, 0.6, 0, 0.1) == 5


@pytest.mark.parametrize(
    ("barrier", "sigma", "years", "drift", "expected"),
    [
        (2, 0.01, 1, 0, 0),
        (1.0001, 5, 100, 50, 1),
        (1e30, 0.1, 1e-6, 0, 0),
        (1.2, 0.001, 1, 0.5, 1),
        (0.5, 0.001, 1, 0.5, 0),
    ],
)
def test_extremes_neither_overflow_nor_leave_the_unit_interval(
    barrier: float, sigma: float, years: float, drift: float, expected: float
) -> None:
    assert touch_probability(1, barrier, sigma, years, drift) == pytest.approx(expected, abs=1e-9)


def test_the_second_term_joins_its_asymptote_without_a_step() -> None:
    """Where the tail is computed by another formula (25 deviations) the probability stays smooth."""
    sigma, drift = 0.05, 0.9
    years = np.linspace(0.9, 2.2, 200)
    found = [one_touch_at_hit(1, 1, 2.2, sigma, float(year), 0.0, -drift) for year in years]
    assert all(later >= earlier - 1e-12 for earlier, later in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: touch_probability(0, 1, 0.5, 1), "spot"),
        (lambda: touch_probability(1, -1, 0.5, 1), "barrier"),
        (lambda: touch_probability(1, 2, 0, 1), "volatility"),
        (lambda: touch_probability(1, 2, 0.5, -1), "years"),
        (lambda: touch_probability(1, 2, math.nan, 1), "volatility"),
        (lambda: touch_probability(1, 2, 0.5, 1, math.inf), "drift"),
        (lambda: end_beyond_probability(1, 2, 0.5, 0), "years"),
        (lambda: one_touch_at_hit(1, 1, 2, 0.5, 1, -0.05, -0.05), "rate"),
        (lambda: one_touch_at_expiry(-1, 1, 2, 0.5, 1), "cash"),
    ],
)
def test_what_has_no_probability_is_refused_by_name(call: Callable[[], object], key: str) -> None:
    with pytest.raises(RequestError) as refused:
        call()
    assert refused.value.key == key


@pytest.mark.parametrize("barrier", [80.0, 120.0])
def test_cash_at_the_touch_under_a_rate_below_zero_lies_between_the_touch_and_all_its_interest(barrier: float) -> None:
    """At −2% the cash is worth more the later it comes, and a year is the latest."""
    touched = touch_probability(100.0, barrier, 0.2, 1.0, 0.1)
    value = one_touch_at_hit(1.0, 100.0, barrier, 0.2, 1.0, -0.02, -0.12)
    assert touched < value < touched * math.exp(0.02)
    later = one_touch_at_hit(1.0, 100.0, barrier, 0.2, 1.0, 0.02, -0.08)
    assert touched * math.exp(-0.02) < later < touched


def test_without_a_word_on_drift_or_rates_there_are_none() -> None:
    touched = touch_probability(100.0, 120.0, 0.5, 0.5, 0.0)
    assert touch_probability(100.0, 120.0, 0.5, 0.5) == touched
    assert one_touch_at_hit(7.0, 100.0, 120.0, 0.5, 0.5) == pytest.approx(7 * touched, rel=1e-12)
    assert one_touch_at_expiry(7.0, 100.0, 120.0, 0.5, 0.5) == pytest.approx(7 * touched, rel=1e-12)
    assert no_touch_at_expiry(7.0, 100.0, 120.0, 0.5, 0.5) == pytest.approx(7 * (1 - touched), rel=1e-12)
    assert ever_probability(100.0, 120.0, 0.5) == ever_probability(100.0, 120.0, 0.5, 0.0)
    assert median_years(100.0, 120.0, 0.5) == median_years(100.0, 120.0, 0.5, 0.0)
    assert expected_years(100.0, 120.0, 0.5) == expected_years(100.0, 120.0, 0.5, 0.0)
