"""How far the price of a contract sheet may be trusted: by the time that its market was open, and never too far."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contract_sheet import priced_contracts
from core.figures import Freshness
from core.sheet_price import PricedContract, ages_of
from core.trading_hours import is_open, open_ns
from tests.core.sheets import PRICED, config, priced
from tests.support.builders import SECOND

HOUR = 3600 * SECOND
DAY = 24 * HOUR


def contract(source: str = 'file = "a"', *, always_open: bool = False) -> PricedContract:
    return priced_contracts(config(priced(source, always_open=always_open)).contracts)[PRICED]


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


@pytest.mark.parametrize(
    ("age", "freshness"),
    [
        (0, Freshness.LIVE),
        (29.999, Freshness.LIVE),
        (30, Freshness.LATE),
        (59.999, Freshness.LATE),
        (60, Freshness.STALE),
        (239.999, Freshness.STALE),
        (240, Freshness.UNKNOWN),
    ],
)
def test_while_the_market_is_open_a_price_ages_by_the_clock(age: float, freshness: Freshness) -> None:
    seen = utc("2026-11-25T18:00:00")  # Wednesday noon in Chicago
    for always in (True, False):
        assert contract(always_open=always).freshness(seen, seen + round(age * SECOND)) is freshness


def test_over_a_weekend_the_last_price_rests_and_is_late() -> None:
    held = contract()
    seen = utc("2026-11-20T21:59:50")  # ten seconds before the close on Friday, 16:00 in Chicago
    assert held.freshness(seen, seen + 20 * SECOND) is Freshness.LIVE
    for hours in (1, 24, 48):
        assert held.freshness(seen, seen + hours * HOUR) is Freshness.LATE
        assert held.rests(seen, seen + hours * HOUR)
    opening = utc("2026-11-22T23:00:00")
    assert held.freshness(seen, opening + 49 * SECOND) is Freshness.LATE, "new prices may come any moment"
    assert not held.rests(seen, opening)
    assert held.freshness(seen, opening + 50 * SECOND) is Freshness.STALE
    assert held.freshness(seen, opening + 230 * SECOND) is Freshness.UNKNOWN


def test_a_price_that_stayed_away_before_the_close_does_not_rest() -> None:
    held, close = contract(), utc("2026-11-20T22:00:00")
    assert held.freshness(close - 60 * SECOND, close + DAY) is Freshness.STALE
    assert not held.rests(close - 60 * SECOND, close + DAY)
    assert held.freshness(close - 240 * SECOND, close + DAY) is Freshness.UNKNOWN


def test_a_market_that_never_opens_makes_a_price_unknown_in_the_end() -> None:
    assert contract().freshness(utc("2020-01-01T00:00:00"), utc("2026-11-25T00:00:00")) is Freshness.UNKNOWN
    hours = contract().hours
    assert open_ns(hours, utc("2020-01-01T00:00:00"), utc("2026-11-25T00:00:00"), 100 * DAY) == 100 * DAY


@given(st.integers(0, 20 * DAY // SECOND), st.integers(0, 20 * DAY // SECOND))
def test_open_time_adds_up_and_is_what_the_hours_say(first: int, second: int) -> None:
    hours, start = contract().hours, utc("2026-11-13T03:00:00")
    middle, end = start + first * SECOND, start + (first + second) * SECOND
    whole = open_ns(hours, start, end, 10**20)
    assert whole == open_ns(hours, start, middle, 10**20) + open_ns(hours, middle, end, 10**20)
    assert 0 <= whole <= end - start
    assert open_ns(hours, start, end, whole // 2) == whole // 2
    assert open_ns(hours, end, end + SECOND, 10**20) == SECOND * is_open(hours, end) or not is_open(
        hours, end + SECOND
    ), "a second of an open market is a second"


def test_ages_are_half_once_and_four_times_what_is_said() -> None:
    assert ages_of(Decimal("1.5")) == (750_000_000, 1_500_000_000, 6_000_000_000)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('file = "folder/mbt.txt"', "mark price from the file mbt.txt"),
        ('url = "https://a.example/x?key=1"\npointer = "/p"\nprice = "last"', "last price from a.example"),
        ('url = "http://127.0.0.1:80?key=1"\npointer = ""', "mark price from 127.0.0.1:80"),
        ('typed = true\nprice = "settlement"', "settlement price typed in"),
    ],
)
def test_a_price_says_what_it_is_and_whence_without_folders_and_queries(source: str, words: str) -> None:
    assert contract(source).price.words == words
