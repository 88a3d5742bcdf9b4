from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.stats.beta import (
    dimson,
    ewma_beta,
    hedge_contracts,
    lead_lag,
    minimum_variance_from,
    minimum_variance_ratio,
    scholes_williams,
    shrunk,
)
from core.stats.regression import ordinary_least_squares
from core.stats.tracking import basis_risk, effectiveness, hedged, over_horizon, residual_volatility, tracking_error

JET = [0.029, 0.02, -0.044, 0.008, 0.026, -0.019, -0.01, -0.007, 0.043, 0.011, -0.036, -0.018, 0.009, -0.032, 0.023]
HEATING = [
    0.021,
    0.035,
    -0.046,
    0.001,
    0.044,
    -0.029,
    -0.026,
    -0.029,
    0.048,
    -0.006,
    -0.036,
    -0.011,
    0.019,
    -0.027,
    0.029,
]


def market(count: int, seed: int, beta: float = 1.4, noise: float = 0.02) -> tuple[list[float], list[float]]:
    dice = random.Random(seed)
    hedge = [dice.gauss(0, 0.03) for _ in range(count)]
    return hedge, [beta * x + dice.gauss(0, noise) for x in hedge]


def test_the_airline_hedges_with_37_contracts() -> None:
    found = minimum_variance_from(HEATING, JET)
    assert found.hedge_deviation == pytest.approx(0.0313, abs=5e-5)
    assert found.bag_deviation == pytest.approx(0.0263, abs=5e-5)
    assert found.correlation == pytest.approx(0.928, abs=5e-4)
    assert found.ratio == pytest.approx(0.78, abs=0.005)
    assert round(hedge_contracts(found.ratio, 2_000_000, 42_000)) == 37
    assert hedge_contracts(0.8, 210_000, 60_000) == pytest.approx(2.8)


@given(st.integers(3, 60), st.integers(0, 1000))
def test_the_minimum_variance_ratio_is_the_regression_of_the_bag_on_the_hedge(count: int, seed: int) -> None:
    hedge, bag = market(count, seed)
    found, line = minimum_variance_from(hedge, bag), ordinary_least_squares(hedge, bag)
    assert found.ratio == pytest.approx(line.slope)
    assert found.error == pytest.approx(line.slope_error)
    assert found.low == pytest.approx(line.low)
    assert found.high == pytest.approx(line.high)
    assert found.r_squared == pytest.approx(line.r_squared)
    assert found.residual_variance == pytest.approx(np.var(hedged(hedge, bag, found.ratio), ddof=1))


@given(st.floats(-1, 3))
def test_no_other_ratio_leaves_less_variance(ratio: float) -> None:
    best = minimum_variance_from(HEATING, JET)
    assert effectiveness(JET, hedged(HEATING, JET, ratio)) <= best.r_squared + 1e-12
    assert effectiveness(JET, hedged(HEATING, JET, best.ratio)) == pytest.approx(best.r_squared)


def test_summary_figures() -> None:
    found = minimum_variance_ratio(1.2, 1.0, 0.8)
    assert found.ratio == pytest.approx(0.96)
    assert found.residual_variance == pytest.approx(0.5184)
    assert found.residual_deviation == pytest.approx(0.72)
    assert found.r_squared == pytest.approx(0.64)
    assert (found.error, found.low, found.high, found.observations) == (None, None, None, None)
    thirty = minimum_variance_ratio(1, 1, 0.7, 30)
    assert thirty.error == pytest.approx(math.sqrt(0.51 / 28))
    assert (thirty.error or 0) / thirty.ratio == pytest.approx(0.193, abs=0.001)
    assert minimum_variance_ratio(0.2, 0.1, 0.8).ratio == pytest.approx(1.6)
    assert minimum_variance_ratio(1, 1, -0.5).ratio == -0.5


@given(st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)), min_size=2, max_size=40), st.floats(0.5, 0.99))
def test_the_weighted_beta_is_the_recursions_quotient(pairs: list[tuple[float, float]], decay: float) -> None:
    hedge, bag = [x for x, _ in pairs], [y for _, y in pairs]
    covariance = variance = 0.0
    for x, y in pairs:
        covariance = decay * covariance + (1 - decay) * x * y
        variance = decay * variance + (1 - decay) * x * x
    if variance > 1e-12:
        assert ewma_beta(hedge, bag, decay).beta == pytest.approx(covariance / variance, rel=1e-6, abs=1e-6)


def test_the_weighted_betas_effective_sample_and_error() -> None:
    hedge, bag = market(400, 3)
    found = ewma_beta(hedge, bag)
    assert found.effective_sample == pytest.approx(1.94 / 0.06, rel=1e-6)
    assert found.beta == pytest.approx(1.4, abs=4 * (found.error or 0))
    weights = 0.94 ** np.arange(399, -1, -1)
    moments = [float(np.sum(weights * np.multiply(a, b))) for a, b in ((hedge, hedge), (bag, bag), (hedge, bag))]
    related = moments[2] / math.sqrt(moments[0] * moments[1])
    assert found.correlation == pytest.approx(related)
    assert found.error == pytest.approx(
        math.sqrt(moments[1] / moments[0] * (1 - related**2) / (found.effective_sample - 2))
    )
    few = ewma_beta(hedge[:2], bag[:2])
    assert few.error is None
    assert few.effective_sample == pytest.approx(1.94**2 / (1 + 0.94**2))
    still = ewma_beta(hedge, [0.0] * 400)
    assert (still.beta, still.correlation, still.error) == (0, None, 0)


@given(st.floats(-3, 3), st.integers(0, 100))
def test_every_beta_of_a_multiple_is_its_factor(factor: float, seed: int) -> None:
    hedge, _ = market(40, seed)
    bag = [factor * x for x in hedge]
    assert ewma_beta(hedge, bag).beta == pytest.approx(factor, abs=1e-9)
    assert ordinary_least_squares(hedge, bag).slope == pytest.approx(factor, abs=1e-9)


def test_shrinking_goes_from_the_estimate_to_the_prior_with_its_error() -> None:
    assert shrunk(2, 0, 0.3) == 2
    assert shrunk(2, 0.3, 0.3) == pytest.approx(1.5)
    assert shrunk(2, 0.6, 0.3) == pytest.approx(1.2)
    assert shrunk(2, 1e6, 0.3) == pytest.approx(1)
    assert shrunk(2, 0.3, 0.3, prior=0) == pytest.approx(1)


def test_a_coin_that_trades_late_has_its_beta_in_the_lags() -> None:
    """Six tenths of the move come at once and four tenths a day later: the plain slope sees only the six."""
    dice = random.Random(17)
    market_returns = [dice.gauss(0, 0.03) for _ in range(4000)]
    late = [
        1.5 * (0.6 * now + 0.4 * before) + dice.gauss(0, 0.005) for before, now in itertools.pairwise(market_returns)
    ]
    hedge = market_returns[1:]
    assert ordinary_least_squares(hedge, late).slope == pytest.approx(0.9, abs=0.02)
    assert dimson(hedge, late) == pytest.approx(1.5, abs=0.03)
    assert dimson(hedge, late, lags=2) == pytest.approx(1.5, abs=0.03)
    assert dimson(hedge, late, lags=0) == pytest.approx(ordinary_least_squares(hedge, late).slope)
    assert scholes_williams(hedge, late) == pytest.approx(1.5, abs=0.06)


def test_dimson_by_matrices_and_scholes_williams_by_its_formula() -> None:
    hedge, bag = market(30, 2)
    x, y = np.array(hedge), np.array(bag)
    design = np.column_stack([np.ones(28), x[:-2], x[1:-1], x[2:]])
    slopes = np.linalg.lstsq(design, y[1:-1], rcond=None)[0]
    assert dimson(hedge, bag) == pytest.approx(float(slopes[1:].sum()))
    early = np.polyfit(x[:-1], y[1:], 1)[0]
    late = np.polyfit(x[1:], y[:-1], 1)[0]
    rho = np.corrcoef(x[:-1], x[1:])[0, 1]
    whole = (early + np.polyfit(x, y, 1)[0] + late) / (1 + 2 * rho)
    assert scholes_williams(hedge, bag) == pytest.approx(float(whole))


@pytest.mark.parametrize("lag", [-3, -2, -1, 0, 1, 2, 3])
def test_the_lag_is_found_and_positive_where_the_bag_follows(lag: int) -> None:
    dice = random.Random(8)
    driver = [dice.gauss(0, 1) for _ in range(206)]
    hedge = driver[3:203]
    bag = [-value for value in driver[3 - lag : 203 - lag]]
    found = lead_lag(hedge, bag)
    assert found.lag == lag
    assert found.correlation == pytest.approx(-1)
    assert [tried for tried, _ in found.correlations] == [-3, -2, -1, 0, 1, 2, 3]
    by_lag = dict(found.correlations)
    assert by_lag[1] == pytest.approx(np.corrcoef(hedge[:-1], bag[1:])[0, 1])
    assert by_lag[-2] == pytest.approx(np.corrcoef(hedge[2:], bag[:-2])[0, 1])


def test_of_equal_lags_the_shortest() -> None:
    swing = [1.0, -1.0] * 10
    assert lead_lag(swing, swing).lag == 0


def test_tracking_of_an_altcoin_bag_behind_a_perfect_hedge() -> None:
    assert residual_volatility(0.9, 0.8) == pytest.approx(0.54)
    assert residual_volatility(0.9, -0.8) == pytest.approx(0.54)
    assert 210_000 * residual_volatility(0.9, 0.8) == pytest.approx(113_400)
    assert basis_risk(210_000, 0.9, 0.8, 30) == pytest.approx(32_500, abs=20)
    assert basis_risk(210_000, 0.9, 1, 30) == 0
    assert over_horizon(0.54, 365) == pytest.approx(0.54)
    assert tracking_error([0.01, -0.01, 0.02, 0.0]) == pytest.approx(
        float(np.std([0.01, -0.01, 0.02, 0.0], ddof=1)) * math.sqrt(365)
    )
    assert tracking_error([0.01, 0.03], 12) == pytest.approx(0.01 * math.sqrt(2) * math.sqrt(12))


def test_a_hedge_the_wrong_way_round_adds_variance() -> None:
    assert effectiveness([1, -1, 2], [0, 0, 0]) == 1
    assert effectiveness([1, -1, 2], [1, -1, 2]) == 0
    assert effectiveness([1, -1, 2], [2, -2, 4]) == pytest.approx(-3)
    assert effectiveness([1, -1, 2], [6, 4, 7]) == pytest.approx(0)


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: minimum_variance_ratio(1, 0, 0.5), "hedge_deviation"),
        (lambda: minimum_variance_ratio(-1, 1, 0.5), "bag_deviation"),
        (lambda: minimum_variance_ratio(1, 1, 1.01), "correlation"),
        (lambda: minimum_variance_ratio(1, 1, 0.5, 2), "observations"),
        (lambda: minimum_variance_from([1, 1, 1], [1, 2, 3]), "hedge"),
        (lambda: minimum_variance_from([1, 2, 3], [1, 1, 1]), "bag"),
        (lambda: minimum_variance_from([1, 2, 3], [1, 2]), "bag"),
        (lambda: minimum_variance_from([], []), "hedge"),
        (lambda: ewma_beta([0, 0], [1, 2]), "hedge"),
        (lambda: ewma_beta([1], [1]), "hedge"),
        (lambda: ewma_beta([1, 2], [1, 2], 1), "decay"),
        (lambda: shrunk(1, 0.1, 0), "prior_deviation"),
        (lambda: shrunk(1, -0.1, 1), "error"),
        (lambda: dimson([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]), "hedge"),
        (lambda: dimson([1, -1] * 8, [1, -1] * 8), "hedge"),
        (lambda: dimson([1, 2, 3], [1, 2, 3], -1), "lags"),
        (lambda: scholes_williams([1, -1, 1, -1, 1, -1], [1, 2, 3, 4, 5, 6]), "hedge"),
        (lambda: scholes_williams([1, 2, 3, 4], [1, 2, 3, 4]), "hedge"),
        (lambda: lead_lag([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]), "hedge"),
        (lambda: lead_lag([1, 1, 1, 1], [1, 2, 3, 4], 1), "hedge"),
        (lambda: lead_lag([1, 2, 3], [1, 2, 3], -1), "most"),
        (lambda: hedge_contracts(1, 1, 0), "contract_size"),
        (lambda: effectiveness([1, 1], [1, 2]), "unhedged"),
        (lambda: effectiveness([1, 2, 3], [1, 2]), "hedged_series"),
        (lambda: tracking_error([1]), "hedged_returns"),
        (lambda: residual_volatility(1, 2), "correlation"),
        (lambda: over_horizon(1, -1), "days"),
        (lambda: basis_risk(-1, 1, 0, 1), "value"),
    ],
)
def test_what_gives_no_beta_is_refused_by_name(call: Callable[[], object], key: str) -> None:
    with pytest.raises(RequestError) as refused:
        call()
    assert refused.value.key == key
