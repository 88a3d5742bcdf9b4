from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.stats.joint import exponential, joint_after, reverting
from core.stats.volatility import ewma_volatility

RETURNS = st.floats(-0.2, 0.2).map(lambda value: round(value, 4))
DEVIATIONS = st.floats(0.001, 0.2).map(lambda value: round(value, 4))
CORRELATIONS = st.floats(-1, 1).map(lambda value: round(value, 3))
DECAYS = st.floats(0.5, 0.99).map(lambda value: round(value, 3))
PAIRS = st.lists(st.tuples(RETURNS, RETURNS), min_size=1, max_size=8)


@given(DEVIATIONS, DEVIATIONS, CORRELATIONS, PAIRS, DECAYS)
def test_each_variance_goes_on_as_it_would_alone_and_the_correlation_stays_one(
    bag: float, hedge: float, related: float, pairs: list[tuple[float, float]], decay: float
) -> None:
    series = [one for one, _ in pairs], [other for _, other in pairs]
    found = joint_after(bag, hedge, related, *series, exponential(decay))
    alone = bag, hedge
    for one, other in pairs:
        alone = ewma_volatility(alone[0], one, decay), ewma_volatility(alone[1], other, decay)
    assert found.bag_deviation == pytest.approx(alone[0], rel=1e-12)
    assert found.hedge_deviation == pytest.approx(alone[1], rel=1e-12)
    assert -1 <= found.correlation <= 1


@given(DEVIATIONS, DEVIATIONS, CORRELATIONS, PAIRS, DECAYS)
def test_the_variance_of_the_sum_is_the_sum_of_what_is_told(
    bag: float, hedge: float, related: float, pairs: list[tuple[float, float]], decay: float
) -> None:
    """What tells a covariance from anything else: the two series added up have the variance that follows from it."""
    series = [one for one, _ in pairs], [other for _, other in pairs]
    found = joint_after(bag, hedge, related, *series, exponential(decay))
    total = bag**2 + hedge**2 + 2 * related * bag * hedge
    for one, other in pairs:
        total = decay * total + (1 - decay) * (one + other) ** 2
    told = found.bag_deviation**2 + found.hedge_deviation**2 + 2 * found.covariance
    # Squares that cancel leave the rounding of the squares, not of what is left.
    size = found.bag_deviation**2 + found.hedge_deviation**2
    assert abs(told - total) <= 1e-12 * size


def test_hull_updates_a_correlation() -> None:
    found = joint_after(0.01, 0.02, 0.6, [0.005], [0.025], exponential(0.95))
    assert found.covariance == pytest.approx(0.00012025, rel=1e-12)
    assert found.correlation == pytest.approx(0.6044, abs=5e-5)
    assert found.bag_deviation == pytest.approx(0.00981, abs=5e-6)
    assert found.hedge_deviation == pytest.approx(0.02028, abs=5e-6)


def test_a_constant_belongs_to_one_of_the_three() -> None:
    weights = reverting(0.1, 0.8, bag_omega=0.01, hedge_omega=0.02, covariance_omega=-0.005)
    found = joint_after(1, 2, 0.5, [0.5], [-1], weights)
    assert found.bag_deviation**2 == pytest.approx(0.01 + 0.025 + 0.8)
    assert found.hedge_deviation**2 == pytest.approx(0.02 + 0.1 + 3.2)
    assert found.covariance == pytest.approx(-0.005 - 0.05 + 0.8)
    assert found.correlation == pytest.approx(0.745 / math.sqrt(0.835 * 3.32))


def test_weights_of_one_together_keep_a_variance_that_does_not_move() -> None:
    assert joint_after(1, 1, 0.5, [1], [1], reverting(0.4, 0.6)).bag_deviation == pytest.approx(1)
    assert joint_after(1, 1, 1, [1], [1], exponential(0.3)).correlation == 1


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: exponential(0), "decay"),
        (lambda: exponential(1), "decay"),
        (lambda: reverting(0.4, 0.601), "beta"),
        (lambda: reverting(-0.1, 0.5), "alpha"),
        (lambda: reverting(0.1, 0.5, bag_omega=-1), "bag_omega"),
        (lambda: reverting(0.1, 0.5, hedge_omega=-1), "hedge_omega"),
        (lambda: reverting(0.1, 0.5, covariance_omega=math.nan), "covariance_omega"),
        (lambda: joint_after(1, 1, 0.5, [], [], exponential(0.9)), "hedge_returns"),
        (lambda: joint_after(1, 1, 0.5, [1, 2], [1], exponential(0.9)), "bag_returns"),
        (lambda: joint_after(1, 1, 1.5, [1], [1], exponential(0.9)), "correlation"),
        (lambda: joint_after(-1, 1, 0.5, [1], [1], exponential(0.9)), "bag_deviation"),
        (lambda: joint_after(1, -1, 0.5, [1], [1], exponential(0.9)), "hedge_deviation"),
        (lambda: joint_after(0, 1, 0.5, [0], [1], exponential(0.9)), "bag_returns"),
        (lambda: joint_after(1, 1, 1, [1], [1], reverting(0.1, 0.8, covariance_omega=1)), "covariance_omega"),
        (lambda: joint_after(1, 1, -1, [1], [-1], reverting(0.1, 0.8, covariance_omega=-1)), "covariance_omega"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(call: object, key: str) -> None:
    assert callable(call)
    with pytest.raises(RequestError) as refused:
        call()
    assert refused.value.key == key
