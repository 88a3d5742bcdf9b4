"""Funding by the venues' formulas: against the arithmetic of core, and over an interval of the calendar."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.funding import funding_rate, interest_for
from feeds.sim.funding import FundingSchedule, premium_index, venue_rate
from feeds.sim.registry import venue_rules
from tests.feeds.sim.desk import START_MS

CAP = Decimal("0.00375")
PREMIUMS = some.decimals(Decimal("-0.02"), Decimal("0.02"), places=8)
HOURS = some.sampled_from([1, 2, 4, 8])


def schedule(venue: str, symbol: str, now_ms: int = START_MS, every: int | None = None) -> FundingSchedule:
    rules = venue_rules(venue)
    listing = next(
        item for item in rules.listings(START_MS) if item.symbol == symbol and item.category in ("linear", "usdm")
    )
    return FundingSchedule(listing, rules.funding, 1, now_ms, 0.0, every)


@given(premium=PREMIUMS, hours=HOURS)
def test_bybit_scales_the_interest_to_the_interval(premium: Decimal, hours: int) -> None:
    expected = funding_rate(premium, interest_for(Decimal("0.0003"), hours), Decimal("0.0005"), CAP, -CAP)
    assert venue_rate(venue_rules("bybit").funding, premium, hours, CAP, -CAP) == expected.quantize(
        Decimal("0.00000001")
    )


@given(premium=PREMIUMS, hours=HOURS)
def test_binance_scales_the_finished_rate_to_the_interval(premium: Decimal, hours: int) -> None:
    eight_hours = funding_rate(premium, Decimal("0.0001"), Decimal("0.0005"))
    expected = min(max(eight_hours * hours / 8, -CAP), CAP)
    assert venue_rate(venue_rules("binance").funding, premium, hours, CAP, -CAP) == expected.quantize(
        Decimal("0.00000001")
    )


@pytest.mark.parametrize(
    ("premium", "rate"),
    [("0", "0.0001"), ("0.0006", "0.0001"), ("-0.0004", "0.0001"), ("0.001", "0.0005"), ("-0.001", "-0.0005")],
)
def test_inside_the_dead_band_the_rate_is_the_interest(premium: str, rate: str) -> None:
    for venue in ("bybit", "binance"):
        assert venue_rate(venue_rules(venue).funding, Decimal(premium), 8, CAP, -CAP) == Decimal(rate)


def test_the_premium_is_what_the_impact_prices_clear_the_index_by() -> None:
    index = Decimal(10_000)
    assert premium_index(Decimal(10_010), Decimal(10_012), index) == Decimal("0.001")
    assert premium_index(Decimal(9_980), Decimal(9_990), index) == Decimal("-0.001")
    assert premium_index(Decimal(9_995), Decimal(10_005), index) == 0


@pytest.mark.parametrize(("venue", "seconds"), [("bybit", 60), ("binance", 5)])
def test_later_samples_weigh_more(venue: str, seconds: int) -> None:
    start = START_MS - START_MS % 28_800_000
    running = schedule(venue, "BTCUSDT", start)
    premiums = [Decimal("0.001"), Decimal("0.002"), Decimal("0.004")]
    for number, premium in enumerate(premiums, start=1):
        running.observe(start + number * seconds * 1000 - 1, lambda: Decimal(9))
        running.observe(start + number * seconds * 1000, lambda premium=premium: premium)  # type: ignore[misc]
    assert running.average_premium == Decimal("0.017") / 6
    assert running.rate == venue_rate(venue_rules(venue).funding, Decimal("0.017") / 6, 8, running.cap, running.floor)


@pytest.mark.parametrize(("symbol", "hours"), [("BTCUSDT", 8), ("SOLUSDT", 4), ("DOGEUSDT", 1)])
def test_each_contract_settles_on_its_own_calendar(symbol: str, hours: int) -> None:
    running = schedule("bybit", symbol)
    assert running.hours == hours
    assert running.next_ms % (hours * 3_600_000) == 0
    assert START_MS < running.next_ms <= START_MS + hours * 3_600_000
    due, rate = running.next_ms, running.rate
    settled = running.settle(Decimal(60_000))
    assert (settled.time_ms, settled.rate, settled.mark) == (due, rate, Decimal(60_000))
    assert running.next_ms == due + hours * 3_600_000
    assert running.settled[-1] is settled
    assert running.average_premium == 0


def test_the_clock_can_be_hurried_without_changing_what_a_rate_is_per() -> None:
    running = schedule("bybit", "BTCUSDT", every=10)
    assert running.hours == 8
    assert 0 < running.next_ms - START_MS <= 10_000


def test_the_past_has_settlements() -> None:
    running = schedule("binance", "SOLUSDT")
    times = [settled.time_ms for settled in running.settled]
    assert times == sorted(times)
    assert times[-1] == running.next_ms - 4 * 3_600_000
    assert all(running.floor <= settled.rate <= running.cap for settled in running.settled)
