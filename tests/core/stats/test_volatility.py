from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.stats.insufficient import Insufficient
from core.stats.volatility import (
    DAILY,
    HOURLY,
    RANGE_ESTIMATORS,
    TRADING_DAYS,
    Candle,
    Sampling,
    Volatility,
    close_to_close,
    daily_volatility,
    ewma,
    ewma_variance,
    ewma_volatility,
    garman_klass,
    garman_klass_yang_zhang,
    half_life,
    of_returns,
    parkinson,
    rogers_satchell,
    sampling,
    yang_zhang,
)

CLOSES = [100.0, 101.0, 99.5, 102.0, 103.5, 101.0]


def walk(count: int, sigma: float, seed: int, steps: int = 400, gap: float = 0.0) -> list[Candle]:
    """Candles of a driftless walk watched ``steps`` times a bar, with a jump between bars of deviation ``gap``."""
    dice = random.Random(seed)
    level, found = math.log(100.0), []
    for _ in range(count):
        level += dice.gauss(0, gap) if gap else 0.0
        path = [level]
        for _ in range(steps):
            path.append(path[-1] + dice.gauss(0, sigma / math.sqrt(steps)))
        level = path[-1]
        found.append(Candle(math.exp(path[0]), math.exp(max(path)), math.exp(min(path)), math.exp(level)))
    return found


@st.composite
def candles(draw: st.DrawFn, least: int = 3) -> list[Candle]:
    price = st.floats(0.5, 2)
    found = []
    for _ in range(draw(st.integers(least, 12))):
        prices = sorted(draw(st.tuples(price, price, price, price)))
        first, last = draw(st.permutations(prices[1:3]))
        found.append(Candle(first, prices[3], prices[0], last))
    return found


def reference(name: str, bars: Sequence[Candle]) -> float:
    """Variance per bar, from arrays of logs."""
    o, h, low, c = (np.log([bar[part] for bar in bars]) for part in range(4))
    gk = 0.5 * (h - low) ** 2 - (2 * np.log(2) - 1) * (c - o) ** 2
    rs = (h - c) * (h - o) + (low - c) * (low - o)
    jump = o[1:] - c[:-1]
    n = len(bars) - 1
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    if name == "parkinson":
        return float(np.mean((h - low) ** 2) / (4 * np.log(2)))
    if name == "garman-klass":
        return float(np.mean(gk))
    if name == "garman-klass-yang-zhang":
        return float(np.mean(gk[1:] + jump**2))
    if name == "rogers-satchell":
        return float(np.mean(rs))
    return float(np.var(jump, ddof=1) + k * np.var((c - o)[1:], ddof=1) + (1 - k) * np.mean(rs[1:]))


@pytest.mark.parametrize("name", RANGE_ESTIMATORS)
@given(candles())
def test_an_estimator_is_its_formula(name: str, bars: list[Candle]) -> None:
    found = RANGE_ESTIMATORS[name](bars, DAILY)
    assert found.per_bar == pytest.approx(math.sqrt(reference(name, bars)), rel=1e-9, abs=1e-12)
    assert found.annual == pytest.approx(found.per_bar * math.sqrt(365))
    assert found.daily == found.per_bar
    assert found.estimator == name
    before = name in ("yang-zhang", "garman-klass-yang-zhang")
    assert found.bars == found.observations == len(bars) - before


@pytest.mark.parametrize("name", RANGE_ESTIMATORS)
@given(candles(), st.floats(0.01, 1000))
def test_an_estimator_does_not_depend_on_the_unit_of_price(name: str, bars: list[Candle], factor: float) -> None:
    scaled = [Candle(*(price * factor for price in bar)) for bar in bars]
    estimator = RANGE_ESTIMATORS[name]
    assert estimator(scaled, DAILY).per_bar == pytest.approx(estimator(bars, DAILY).per_bar, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("name", RANGE_ESTIMATORS)
def test_an_estimator_finds_the_volatility_of_a_walk(name: str) -> None:
    """A driftless walk of 2% a bar: ranges between looks are missed, hence the slack downwards."""
    found = RANGE_ESTIMATORS[name](walk(1500, 0.02, 7), DAILY)
    assert 0.0187 < found.per_bar < 0.0205


def test_only_some_estimators_see_jumps_between_bars() -> None:
    bars = walk(1500, 0.01, 11, gap=0.02)
    true = math.sqrt(0.01**2 + 0.02**2)
    for seeing in (yang_zhang, garman_klass_yang_zhang):
        assert seeing(bars).per_bar == pytest.approx(true, rel=0.06)
    for blind in (parkinson, garman_klass, rogers_satchell):
        assert blind(bars).per_bar == pytest.approx(0.01, rel=0.06)


@pytest.mark.parametrize("name", RANGE_ESTIMATORS)
def test_a_price_that_stands_still_has_no_volatility(name: str) -> None:
    assert RANGE_ESTIMATORS[name]([Candle(5, 5, 5, 5)] * 4, DAILY).annual == 0


def test_close_to_close_by_log_or_simple_returns_and_by_either_divisor() -> None:
    log = np.diff(np.log(CLOSES))
    simple = np.diff(CLOSES) / CLOSES[:-1]
    found = close_to_close(CLOSES)
    assert found.per_bar == pytest.approx(np.std(log, ddof=1))
    assert (found.bars, found.observations) == (6, 5)
    assert close_to_close(CLOSES, returns="simple").per_bar == pytest.approx(np.std(simple, ddof=1))
    assert close_to_close(CLOSES, divisor="population").per_bar == pytest.approx(np.std(log))
    assert of_returns(list(log)).per_bar == pytest.approx(found.per_bar)
    assert of_returns(list(log)).bars == 5


@pytest.mark.parametrize(
    ("bars", "annual", "daily"),
    [
        (DAILY, math.sqrt(365), 1),
        (HOURLY, math.sqrt(8760), math.sqrt(24)),
        (TRADING_DAYS, math.sqrt(252), 1),
        (sampling(8760), math.sqrt(8760), math.sqrt(24)),
        (sampling(260), math.sqrt(260), 1),
        (sampling(366), math.sqrt(366), 1),
        (sampling(2190), math.sqrt(2190), math.sqrt(6)),
        (sampling(365, 12), math.sqrt(365), math.sqrt(2)),
    ],
)
def test_annual_and_daily_figures_follow_the_bars(bars: Sampling, annual: float, daily: float) -> None:
    found = close_to_close(CLOSES, bars)
    assert found.annual == pytest.approx(found.per_bar * annual)
    assert found.daily == pytest.approx(found.per_bar * daily)
    assert (found.periods_per_year, found.bar_hours) == bars


def test_ewma_step_of_the_textbook() -> None:
    assert ewma_variance(0.0001, 0.02, 0.9) == pytest.approx(0.00013)
    assert ewma_volatility(0.01, 0.02, 0.9) == pytest.approx(0.0114, abs=5e-5)
    assert ewma_variance(0.0001, -0.02, 0.9) == ewma_variance(0.0001, 0.02, 0.9)


@given(st.lists(st.floats(-0.1, 0.1), min_size=1, max_size=20), st.floats(0.5, 0.99), st.floats(0.001, 0.1))
def test_ewma_weighs_each_square_by_its_age(returns: list[float], decay: float, seed: float) -> None:
    ages = np.arange(len(returns))[::-1]
    seeded = decay ** len(returns) * seed**2 + np.sum((1 - decay) * decay**ages * np.square(returns))
    assert ewma(returns, decay=decay, seed_volatility=seed).per_bar == pytest.approx(math.sqrt(seeded))
    weights = (1 - decay) * decay**ages
    weights[0] = decay ** (len(returns) - 1)
    assert ewma(returns, decay=decay).per_bar == pytest.approx(math.sqrt(np.sum(weights * np.square(returns))))


@given(st.floats(-0.2, 0.2), st.integers(1, 50), st.floats(0.01, 0.99))
def test_ewma_of_a_constant_series_is_its_size(value: float, count: int, decay: float) -> None:
    assert ewma([value] * count, decay=decay).per_bar == pytest.approx(abs(value), abs=1e-12)


def test_half_life_of_the_usual_decay() -> None:
    assert half_life(0.94) == pytest.approx(11.2023, abs=1e-4)
    assert half_life(0.5) == pytest.approx(1)


class Exact(NamedTuple):
    """A candle as venues send them."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def test_the_monitor_takes_thirty_days_and_the_close_before() -> None:
    bars = walk(45, 0.03, 3)
    found = daily_volatility(bars)
    assert found == yang_zhang(bars[-31:])
    assert isinstance(found, Volatility)
    assert (found.estimator, found.bars, found.bar_hours) == ("yang-zhang", 30, 24)
    assert daily_volatility(bars[:31]) == yang_zhang(bars[:31])
    exact = [Exact(*(Decimal(str(price)) for price in bar)) for bar in bars]
    assert msgspec.structs.astuple(daily_volatility(exact))[1] == pytest.approx(found.annual)


def test_the_monitor_says_nothing_of_fewer_than_ten_days() -> None:
    bars = walk(11, 0.03, 3)
    found = daily_volatility(bars)
    assert isinstance(found, Volatility)
    assert found.bars == 10
    assert daily_volatility(bars[:10]) == Insufficient("daily candles", 11, 10)
    assert str(daily_volatility([])) == "insufficient data: 11 daily candles needed, 0 found"


@pytest.mark.parametrize(
    ("call", "key", "expected"),
    [
        (lambda: yang_zhang(walk(2, 0.01, 1)), "candles", "at least 3, found 2"),
        (lambda: garman_klass_yang_zhang(walk(1, 0.01, 1)), "candles", "at least 2, found 1"),
        (lambda: parkinson([]), "candles", "at least 1, found 0"),
        (lambda: close_to_close([1.0, 2.0]), "closes", "at least 3 closes, found 2"),
        (lambda: close_to_close([1.0], divisor="population"), "closes", "at least 2 closes"),
        (lambda: close_to_close([1.0, 0.0, 2.0]), "closes.1", "above zero"),
        (lambda: close_to_close([1.0, math.nan, 2.0]), "closes.1", "finite"),
        (lambda: of_returns([0.1]), "returns", "at least 2"),
        (lambda: of_returns([0.1, math.inf]), "returns.1", "finite"),
        (lambda: ewma([]), "returns", "at least 1"),
        (lambda: ewma([0.1], decay=1.0), "decay", "below 1"),
        (lambda: ewma([0.1], decay=0.0), "decay", "above 0"),
        (lambda: ewma_volatility(-0.1, 0.1), "previous_volatility", "zero or more"),
        (lambda: parkinson([Candle(1, 2, 1, 2), Candle(3, 2, 1, 1.5)]), "candles.1.high", "the highest"),
        (lambda: parkinson([Candle(1, 2, 1.5, 2)]), "candles.0.low", "the lowest"),
        (lambda: parkinson([Candle(1, 2, 0, 2)]), "candles.0.low", "above zero"),
        (lambda: sampling(0), "periods_per_year", "above zero"),
        (lambda: parkinson(walk(3, 0.01, 1), Sampling(365, 0)), "bar_hours", "above zero"),
    ],
)
def test_what_cannot_be_estimated_is_refused_by_name(call: Callable[[], object], key: str, expected: str) -> None:
    with pytest.raises(RequestError, match=expected) as refused:
        call()
    assert refused.value.key == key
