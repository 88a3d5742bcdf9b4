"""When what is known turns late, stale and unknown: each kind at the very age that the documents name."""

from __future__ import annotations

from itertools import pairwise

import pytest

from core.events import Ticker
from core.feeds_health import FeedsHealth
from core.figures import Freshness
from core.freshness import (
    ACCOUNT_AGES_NS,
    FUNDING_AGES_NS,
    MARK_AGES_NS,
    SPOT_PRICE_AGES_NS,
    TIER_AGES_NS,
    AgesNs,
    by_age,
)
from core.instrument_market import Field
from core.market import Market
from tests.support.builders import LINEAR, START, at, perpetual, tiers

HOUR = 3600
DAY = 24 * HOUR
KINDS = [
    (MARK_AGES_NS, (3, 10, 30)),
    (SPOT_PRICE_AGES_NS, (10, 30, 300)),
    (FUNDING_AGES_NS, (30, 120, 600)),
    (ACCOUNT_AGES_NS, (20, 60, 120)),
    (TIER_AGES_NS, (DAY, 26 * HOUR, 7 * DAY)),
]
BETTER = [Freshness.LIVE, Freshness.LATE, Freshness.STALE, Freshness.UNKNOWN]


@pytest.mark.parametrize(("ages", "seconds"), KINDS)
def test_each_kind_turns_at_the_very_age_named_and_not_a_nanosecond_before(
    ages: AgesNs, seconds: tuple[int, int, int]
) -> None:
    for turn, (before, after) in zip(seconds, pairwise(BETTER), strict=True):
        assert (by_age(at(turn) - START - 1, ages), by_age(at(turn) - START, ages)) == (before, after)
    assert by_age(-1, ages) is by_age(0, ages) is Freshness.LIVE


def market(*events: Ticker) -> Market:
    made = Market(FeedsHealth())
    for event in events:
        made.apply(event)
    return made


@pytest.mark.parametrize(
    ("age", "freshness"),
    [
        (DAY - 1, Freshness.LIVE),
        (DAY, Freshness.LATE),
        (26 * HOUR, Freshness.STALE),
        (7 * DAY - 1, Freshness.STALE),
        (7 * DAY, Freshness.UNKNOWN),
    ],
)
def test_tiers_that_are_not_read_again_age_over_days_and_are_then_no_tiers(age: int, freshness: Freshness) -> None:
    made = market(perpetual(0, 60_000))
    assert made.tiers(LINEAR, at(0)) == (None, Freshness.UNKNOWN)
    told = tiers(LINEAR).table
    made.tiers_loaded(told)
    assert made.tiers(LINEAR, at(age)) == (None if freshness is Freshness.UNKNOWN else told, freshness)


def test_a_funding_rate_and_a_mark_of_one_ticker_age_each_in_its_own_way() -> None:
    made = market(perpetual(0, 60_000))
    for when, mark, rate in ((29, Freshness.STALE, Freshness.LIVE), (31, Freshness.UNKNOWN, Freshness.LATE)):
        assert made.figure(LINEAR, Field.MARK, at(when)).freshness is mark
        assert made.figure(LINEAR, Field.FUNDING_RATE, at(when)).freshness is rate
