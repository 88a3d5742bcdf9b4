from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.explain import recording
from core.stats.garch import Garch, forecast, garch, long_run_volatility, variance_after

WEIGHTS = st.floats(0, 0.49)
RETURNS = st.lists(st.floats(-0.3, 0.3), max_size=8)
VOLATILITIES = st.floats(0.001, 0.5)


def test_the_textbooks_step_and_long_run() -> None:
    """Hull, ch. 23: a volatility of 1.6% and a return of 1% give 1.53%, and the long run is 1.4%."""
    model = garch(0.13, 0.86, omega=0.000002)
    assert variance_after(model, [0.01], 0.016) == pytest.approx(0.00023516)
    assert long_run_volatility(model) == pytest.approx(0.0002**0.5)


def test_the_textbooks_forecast() -> None:
    """Hull, ch. 23, questions: from 1.3% a day to 1.21% in twenty days, with a long run of 1%."""
    model = garch(0.04, 0.94, omega=0.000002)
    assert math.sqrt(forecast(model, 0.013**2, 20)) == pytest.approx(0.0121, abs=5e-5)


@given(WEIGHTS, WEIGHTS, VOLATILITIES)
def test_omega_and_the_long_run_say_the_same(alpha: float, beta: float, level: float) -> None:
    model = garch(alpha, beta, long_run_volatility=level)
    assert long_run_volatility(model) == pytest.approx(level)
    assert garch(alpha, beta, omega=model.omega) == model


@given(WEIGHTS, WEIGHTS, VOLATILITIES, RETURNS, VOLATILITIES)
def test_each_return_is_one_step(alpha: float, beta: float, level: float, returns: list[float], start: float) -> None:
    model = garch(alpha, beta, long_run_volatility=level)
    stepped = start**2
    for latest in returns:
        stepped = model.omega + alpha * latest**2 + beta * stepped
    assert variance_after(model, returns, start) == pytest.approx(stepped)


@given(WEIGHTS, WEIGHTS, VOLATILITIES, VOLATILITIES, st.integers(0, 50))
def test_a_forecast_goes_from_the_variance_now_to_the_long_run(
    alpha: float, beta: float, level: float, now: float, bars: int
) -> None:
    model = garch(alpha, beta, long_run_volatility=level)
    ahead, low, high = forecast(model, now**2, bars), min(now, level) ** 2, max(now, level) ** 2
    assert low * (1 - 1e-9) <= ahead <= high * (1 + 1e-9)
    assert forecast(model, now**2, 0) == pytest.approx(now**2)
    assert forecast(model, level**2, bars) == pytest.approx(level**2)


def test_without_a_start_it_begins_in_the_long_run() -> None:
    model = garch(0.1, 0.8, long_run_volatility=0.02)
    assert variance_after(model, []) == pytest.approx(0.0004)
    assert variance_after(model, [0.02]) == pytest.approx(0.0004)


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"alpha": -0.1, "beta": 0.5, "omega": 1}, "alpha"),
        ({"alpha": 0.1, "beta": -0.5, "omega": 1}, "beta"),
        ({"alpha": 0.1, "beta": 0.9, "omega": 1}, "beta"),
        ({"alpha": 0.1, "beta": 0.8, "omega": 0}, "omega"),
        ({"alpha": 0.1, "beta": 0.8, "long_run_volatility": 0}, "long_run_volatility"),
        ({"alpha": 0.1, "beta": 0.8}, "omega"),
        ({"alpha": math.nan, "beta": 0.8, "omega": 1}, "alpha"),
    ],
)
def test_a_model_that_reverts_to_nothing_is_refused(arguments: dict[str, float], key: str) -> None:
    with pytest.raises(RequestError) as refused:
        garch(**arguments)
    assert refused.value.key == key


def test_a_horizon_behind_us_is_refused() -> None:
    with pytest.raises(RequestError):
        forecast(Garch(omega=1.0, alpha=0.1, beta=0.1), 1.0, -1)


def test_its_steps_are_told_once_each() -> None:
    with recording() as steps:
        variance_after(garch(0.1, 0.8, long_run_volatility=0.02), [0.01, 0.02], 0.03)
    assert [step.name for step in steps] == ["omega", "variance per bar"]
