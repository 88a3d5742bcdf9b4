from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.stats.bands import (
    TradeTo,
    black_scholes,
    decide,
    edge_trading,
    futures_half_width,
    practical_half_width,
    target_trading,
    whalley_wilmott_half_width,
)
from core.stats.distributions import normal_below

SIZES = st.floats(0.01, 100)


def call_price(spot: float, strike: float, years: float, sigma: float, rate: float, yield_: float) -> float:
    spread = sigma * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate - yield_ + sigma**2 / 2) * years) / spread
    kept = strike * math.exp(-rate * years) * normal_below(d1 - spread)
    return spot * math.exp(-yield_ * years) * normal_below(d1) - kept


@given(st.floats(50, 200), st.floats(0.05, 3), st.floats(0.1, 1.5), st.floats(-0.1, 0.2), st.floats(-0.1, 0.2))
def test_delta_and_gamma_are_the_slopes_of_the_price(
    spot: float, years: float, sigma: float, rate: float, yield_: float
) -> None:
    step = 0.01
    terms = (100, years, sigma, rate, yield_)
    below, here, above = (call_price(at, *terms) for at in (spot - step, spot, spot + step))
    found = black_scholes(spot, *terms)
    assert found.delta == pytest.approx((above - below) / (2 * step), abs=1e-5)
    assert found.gamma == pytest.approx((above - 2 * here + below) / step**2, abs=1e-5)
    put = black_scholes(spot, *terms, "put")
    assert put.delta == pytest.approx(found.delta - math.exp(-yield_ * years))
    assert put.gamma == found.gamma


def test_whalley_and_wilmotts_band() -> None:
    assert whalley_wilmott_half_width(100, 0.02, 0.001) == pytest.approx((1.5 * 0.001 * 100 * 0.0004) ** (1 / 3))
    width = whalley_wilmott_half_width(100, -0.02, 0.001, 2)
    assert width == pytest.approx((0.75 * 0.001 * 100 * 0.0004) ** (1 / 3))
    assert whalley_wilmott_half_width(100, 0.02, 0.008) == pytest.approx(
        2 * whalley_wilmott_half_width(100, 0.02, 0.001)
    )
    assert whalley_wilmott_half_width(100, 0.02, 0, 1) == 0
    discounted = whalley_wilmott_half_width(100, 0.02, 0.001, discount=0.125)
    assert discounted == pytest.approx(whalley_wilmott_half_width(100, 0.02, 0.001) / 2)


def test_a_futures_hedge_of_five_basis_points() -> None:
    assert futures_half_width(60_000, 0.0005, 0.6, 0.6, 2e-6) == pytest.approx(0.184, abs=5e-4)


@given(st.floats(10, 1e5), st.floats(1e-5, 0.01), st.floats(0.01, 10), st.floats(0.1, 2), st.floats(1e-7, 1e-3))
def test_the_half_width_costs_least(spot: float, cost: float, wander: float, sigma: float, aversion: float) -> None:
    """Risk of the miss and cost of the turnover, a year, from the upkeep of trading to the edge."""

    def yearly(width: float) -> float:
        kept = edge_trading(width, wander)
        return aversion * sigma**2 * spot**2 * kept.mean_square_miss / 2 + cost * spot * kept.turnover

    best = futures_half_width(spot, cost, wander, sigma, aversion)
    assert yearly(best) <= yearly(best * 1.05)
    assert yearly(best) <= yearly(best * 0.95)
    gamma = wander / (sigma * spot)
    assert best == pytest.approx(whalley_wilmott_half_width(spot, gamma, cost, aversion))


@pytest.mark.parametrize(("trade_to", "upkeep"), [("edge", edge_trading), ("target", target_trading)])
def test_a_simulated_target_costs_the_turnover_and_misses_as_much(
    trade_to: TradeTo, upkeep: Callable[[float, float], tuple[float, float]]
) -> None:
    """500 targets wander by 1 coin per √year around bands of half a coin for two years, after half a year's start."""
    dice = np.random.default_rng(12)
    step, books = 1 / 10_000, 500
    miss = np.zeros(books)
    traded, squares = 0.0, 0.0
    for tick in range(25_000):
        miss += dice.normal(0, math.sqrt(step), books)
        for book in np.flatnonzero(np.abs(miss) > 0.5):
            decision = decide(float(miss[book]), 0.0, 0.5, trade_to)
            miss[book] = decision.hold
            traded += abs(decision.trade) if tick >= 5_000 else 0.0
        squares += float(miss @ miss) if tick >= 5_000 else 0.0
    turnover, mean_square = upkeep(0.5, 1.0)
    assert squares / (20_000 * books) == pytest.approx(mean_square, rel=0.05)
    assert traded / (2 * books) == pytest.approx(turnover, rel=0.05)


def test_a_target_that_wanders_twice_as_far_costs_four_times_the_turnover() -> None:
    assert edge_trading(0.5, 2) == (4, 0.5**2 / 3)
    assert target_trading(0.5, 2) == (8, 0.5**2 / 6)


def test_the_practical_band_is_the_narrower_limit_but_no_narrower_than_what_is_known() -> None:
    assert practical_half_width(363_000, 0.1, 20_000) == (20_000 / 363_000, "money")
    assert practical_half_width(100_000, 0.1, 20_000) == (0.1, "ratio")
    assert practical_half_width(100_000, 0.1) == (0.1, "ratio")
    assert practical_half_width(100_000, money=5_000) == (0.05, "money")
    assert practical_half_width(100_000, 0.1, 20_000, 0.15) == (0.15, "estimation")
    assert practical_half_width(100_000, 0.1, 20_000, 0.05) == (0.1, "ratio")


@pytest.mark.parametrize(
    ("held", "trade_to", "expected"),
    [
        (0.55, "edge", (False, 0.55, 0)),
        (0.6, "target", (False, 0.6, 0)),
        (0.4, "target", (False, 0.4, 0)),
        (0.75, "edge", (True, 0.6, -0.15)),
        (0.75, "half", (True, 0.55, -0.2)),
        (0.75, "target", (True, 0.5, -0.25)),
        (0.3, "edge", (True, 0.4, 0.1)),
        (0.3, "half", (True, 0.45, 0.15)),
        (0.3, "target", (True, 0.5, 0.2)),
    ],
)
def test_inside_nothing_is_traded_and_outside_as_asked(
    held: float, trade_to: TradeTo, expected: tuple[bool, float, float]
) -> None:
    found = decide(held, 0.5, 0.1 + 1e-12, trade_to)
    assert found.outside == expected[0]
    assert found.hold == pytest.approx(expected[1])
    assert found.trade == pytest.approx(expected[2])


def test_the_edge_itself_belongs_to_the_band() -> None:
    assert decide(0.75, 0.5, 0.25, "target") == (False, 0.75, 0)
    assert decide(0.25, 0.5, 0.25, "target") == (False, 0.25, 0)
    assert decide(0.75, 0.5, 0.2499, "target").outside


def test_without_rates_an_option_at_its_strike_has_a_delta_just_above_a_half() -> None:
    found = black_scholes(100, 100, 1, 0.2)
    assert found.delta == pytest.approx(0.539827837277)
    assert found.gamma == pytest.approx(math.exp(-0.005) / math.sqrt(2 * math.pi) / 20)


@given(SIZES, SIZES, st.floats(0, 10), st.sampled_from(["edge", "half", "target"]))
def test_a_trade_ends_inside_the_band_and_never_passes_the_target(
    held: float, target: float, width: float, trade_to: TradeTo
) -> None:
    found = decide(held, target, width, trade_to)
    slack = 1e-9 * (held + target)
    assert abs(found.hold - target) <= width + slack
    assert (found.hold - target) * (held - target) >= -(slack**2)
    assert found.hold == pytest.approx(held + found.trade)


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: black_scholes(1, 1, 0, 0.2), "years"),
        (lambda: black_scholes(1, 1, 1, 0), "volatility"),
        (lambda: black_scholes(0, 1, 1, 1), "spot"),
        (lambda: whalley_wilmott_half_width(1, 1, -0.1), "cost_rate"),
        (lambda: whalley_wilmott_half_width(1, 1, 0.1, 0), "risk_aversion"),
        (lambda: futures_half_width(1, 0.1, 1, 1, 0), "risk_aversion"),
        (lambda: futures_half_width(1, 0.1, -1, 1, 1), "tracking_volatility"),
        (lambda: edge_trading(0, 1), "half_width"),
        (lambda: target_trading(0, 1), "half_width"),
        (lambda: practical_half_width(1), "ratio_points"),
        (lambda: practical_half_width(0, 1), "exposure"),
        (lambda: practical_half_width(1, 0), "ratio_points"),
        (lambda: practical_half_width(1, 0.1, -5), "money"),
        (lambda: practical_half_width(1, 0.1, 5, math.nan), "estimation"),
        (lambda: decide(1, math.nan, 1), "target"),
        (lambda: decide(1, 1, -1), "half_width"),
    ],
)
def test_what_makes_no_band_is_refused_by_name(call: Callable[[], object], key: str) -> None:
    with pytest.raises(RequestError) as refused:
        call()
    assert refused.value.key == key
