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
from core.stats.linear import condition_number, eigenvalues, solve
from core.stats.multi_hedge import bag_beta, bag_returns, hedge_weights, removed
from core.stats.regression import ordinary_least_squares

Series = dict[str, list[float]]


def market(count: int, seed: int, rho: float = 0.8) -> tuple[list[float], Series]:
    dice = np.random.default_rng(seed)
    btc = dice.normal(0, 0.03, count)
    eth = 0.04 / 0.03 * rho * btc + 0.04 * math.sqrt(1 - rho**2) * dice.normal(0, 1, count)
    bag = 0.5 * btc + 0.7 * eth + dice.normal(0, 0.01, count)
    return list(map(float, bag)), {"BTC": list(map(float, btc)), "ETH": list(map(float, eth))}


def test_without_a_ridge_the_weights_are_the_multiple_regression() -> None:
    bag, both = market(250, 1)
    design = np.column_stack([np.ones(250), both["BTC"], both["ETH"]])
    slopes = np.linalg.lstsq(design, np.array(bag), rcond=None)[0]
    found = hedge_weights(bag, both, ridge=0)
    assert list(found.weights) == ["BTC", "ETH"]
    assert found.weights["BTC"] == pytest.approx(slopes[1])
    assert found.weights["ETH"] == pytest.approx(slopes[2])
    left = np.array(bag) - design[:, 1:] @ slopes[1:]
    assert found.r_squared == pytest.approx(1 - np.var(left) / np.var(bag))
    assert found.residual_deviation == pytest.approx(np.std(left, ddof=1))
    assert found.condition == pytest.approx(np.linalg.cond(np.corrcoef([both["BTC"], both["ETH"]])))
    assert (found.ridge, found.observations) == (0, 250)
    assert removed(bag, both, found.weights) == pytest.approx(found.r_squared)


def test_one_instrument_without_a_ridge_is_the_plain_beta() -> None:
    bag, both = market(60, 2)
    found = hedge_weights(bag, {"BTC": both["BTC"]}, ridge=0)
    line = ordinary_least_squares(both["BTC"], bag)
    assert found.weights["BTC"] == pytest.approx(line.slope)
    assert found.r_squared == pytest.approx(line.r_squared)
    assert found.condition == pytest.approx(1)
    assert hedge_weights(bag, {"BTC": both["BTC"]}, ridge=0.25).weights["BTC"] == pytest.approx(line.slope / 1.25)


def test_a_ridge_tames_instruments_that_are_nearly_copies() -> None:
    bag, both = market(40, 3, rho=0.9999)
    wild, tame = hedge_weights(bag, both, ridge=0), hedge_weights(bag, both)
    assert wild.condition > 1000
    assert max(map(abs, wild.weights.values())) > 3 * max(map(abs, tame.weights.values()))
    assert tame.r_squared == pytest.approx(wild.r_squared, abs=0.03)
    same = {"a": both["BTC"], "b": both["BTC"]}
    found = hedge_weights(bag, same)
    assert found.weights["a"] == pytest.approx(found.weights["b"])
    assert found.condition == math.inf


def test_units_scale_the_weights_and_nothing_else() -> None:
    bag, both = market(50, 4)
    plain = hedge_weights(bag, both)
    moved = hedge_weights([7 * v + 1 for v in bag], {"BTC": [v / 3 for v in both["BTC"]], "ETH": both["ETH"]})
    assert moved.weights["BTC"] == pytest.approx(21 * plain.weights["BTC"])
    assert moved.weights["ETH"] == pytest.approx(7 * plain.weights["ETH"])
    assert moved.r_squared == pytest.approx(plain.r_squared)


def test_no_purchase_takes_the_best_subset_and_equals_a_search() -> None:
    dice = random.Random(6)
    one, two, three = ([dice.gauss(0, 1) for _ in range(80)] for _ in range(3))
    bag = [a - 0.8 * b + 0.1 * c + dice.gauss(0, 0.2) for a, b, c in zip(one, two, three, strict=True)]
    series = {"one": one, "two": two, "three": three}
    free = hedge_weights(bag, series, ridge=0)
    assert free.weights["two"] < -0.5
    found = hedge_weights(bag, series, ridge=0, no_long=True)
    assert found.weights["two"] == 0
    assert all(weight >= 0 for weight in found.weights.values())
    grid = [i / 20 for i in range(31)]
    best = max(
        removed(bag, series, dict(zip(series, weights, strict=True)))
        for weights in itertools.product(grid, [0.0, 0.05, 0.1], grid)
    )
    assert found.r_squared >= best - 1e-12
    assert found.r_squared == pytest.approx(best, abs=0.005)


def test_where_every_sale_would_hurt_nothing_is_sold() -> None:
    bag, both = market(50, 5)
    found = hedge_weights([-v for v in bag], {"BTC": both["BTC"]}, no_long=True)
    assert found.weights == {"BTC": 0}
    assert found.r_squared == pytest.approx(0)


def test_bag_beta_from_weights_and_from_past_returns() -> None:
    """The article's bag: 210,000 of altcoins at beta 1.3 and 90,000 of BTC."""
    values = {"ALT": 210_000.0, "BTC": 90_000.0}
    assert bag_beta(values, {"ALT": 1.3, "BTC": 1.0}) == pytest.approx(363_000 / 300_000)
    btc = [0.01, -0.02, 0.03, 0.005]
    past = bag_returns(values, {"ALT": [1.3 * v for v in btc], "BTC": btc})
    assert past == pytest.approx([1.21 * v for v in btc])
    assert ordinary_least_squares(btc, past).slope == pytest.approx(1.21)


@given(st.integers(1, 6), st.integers(0, 500))
def test_small_systems_by_another_library(size: int, seed: int) -> None:
    dice = np.random.default_rng(seed)
    loose = dice.normal(0, 1, (size, size))
    matrix = loose @ loose.T + 0.1 * np.eye(size)
    right = dice.normal(0, 1, size)
    assert solve(matrix.tolist(), right.tolist()) == pytest.approx(np.linalg.solve(matrix, right).tolist(), rel=1e-6)
    assert eigenvalues(matrix.tolist()) == pytest.approx(np.linalg.eigvalsh(matrix).tolist(), rel=1e-8)
    assert condition_number(matrix.tolist()) == pytest.approx(np.linalg.cond(matrix), rel=1e-7)


def test_a_singular_system_has_no_solution() -> None:
    assert solve([[1, 1], [1, 1]], [1, 2]) is None
    assert solve([[0, 0], [0, 0]], [1, 2]) is None
    assert solve([[0, 1], [1, 0]], [3, 4]) == [4, 3]
    assert condition_number([[1, 1], [1, 1]]) == math.inf


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: hedge_weights([1, 2, 3], {}), "instruments"),
        (lambda: hedge_weights([1, 2, 3], {str(i): [1.0, 2, 4] for i in range(9)}), "instruments"),
        (lambda: hedge_weights([1, 2], {"a": [1, 2]}), "bag"),
        (lambda: hedge_weights([1, 1, 1], {"a": [1, 2, 4]}), "bag"),
        (lambda: hedge_weights([1, 2, 4], {"a": [1, 1, 1]}), "instruments.a"),
        (lambda: hedge_weights([1, 2, 4], {"a": [1, 2, 4, 5]}), "instruments.a"),
        (lambda: hedge_weights([1, 2, 4], {"a": [1, 2, 4]}, ridge=-1), "ridge"),
        (lambda: hedge_weights([1, 2, 4, 3], {"a": [1, 2, 4, 4], "b": [2, 4, 8, 8]}, ridge=0), "instruments"),
        (lambda: removed([1, 2], {"a": [1, 2]}, {}), "weights.a"),
        (lambda: removed([1, 2], {"a": [1, 2, 3]}, {"a": 1}), "instruments.a"),
        (lambda: bag_beta({"a": 1}, {}), "betas.a"),
        (lambda: bag_beta({"a": 0}, {"a": 1}), "values"),
        (lambda: bag_beta({"a": -1}, {"a": 1}), "values.a"),
        (lambda: bag_returns({}, {}), "values"),
        (lambda: bag_returns({"a": 1}, {}), "returns.a"),
        (lambda: bag_returns({"a": 1, "b": 1}, {"a": [1, 2], "b": [1]}), "returns.b"),
    ],
)
def test_what_gives_no_weights_is_refused_by_name(call: Callable[[], object], key: str) -> None:
    with pytest.raises(RequestError) as refused:
        call()
    assert refused.value.key == key
