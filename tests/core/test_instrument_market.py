"""The figures of one instrument: the same objects until one is another, and when each turns by the time alone."""

from __future__ import annotations

import pytest

from core.events import ConnectionState, Ticker
from core.feeds_health import FeedsHealth
from core.figures import Freshness
from core.instrument_market import Field, Rhythm
from core.market import Market
from tests.support.builders import LINEAR, SECOND, SPOT, at, connection, perpetual, spot, ticker


def market(*events: Ticker) -> Market:
    made = Market(FeedsHealth())
    for event in events:
        made.apply(event)
    return made


def freshness(made: Market, field: Field, when: float, name: str = LINEAR) -> Freshness:
    return made.figure(name, field, at(when)).freshness


# --- kept ----------------------------------------------------------------------------------------------------


def test_figures_are_the_same_objects_until_something_is_said() -> None:
    made = market(perpetual(0, 60_000))
    first = made.shown(LINEAR, at(1))
    assert made.shown(LINEAR, at(2)) is first
    made.apply(ticker(2, mark=60_001))
    second = made.shown(LINEAR, at(2))
    assert second.mark.value == 60_001
    assert second.index is first.index, "of which nothing was said"
    assert second.bid is first.bid


def test_a_second_price_of_one_moment_takes_the_place_of_the_first() -> None:
    made = market(perpetual(0, 60_000))
    assert made.figure(LINEAR, Field.MARK, at(0)).value == 60_000
    made.apply(ticker(0, mark=60_001))
    assert made.figure(LINEAR, Field.MARK, at(0)).value == 60_001


def test_a_middle_is_the_same_object_until_a_side_is_another() -> None:
    made = market(spot(0, 60_000))
    first = made.middle(SPOT, at(0))
    assert made.middle(SPOT, at(1)) is first
    made.apply(ticker(2, SPOT, ask=60_003))
    assert made.middle(SPOT, at(2)).value == 60_001
    made.apply(ticker(3, SPOT, bid=60_001))
    assert made.middle(SPOT, at(3)).value == 60_002


@pytest.mark.parametrize("field", list(Field))
def test_what_was_looked_at_still_turns_by_its_age_and_back_with_the_time(field: Field) -> None:
    """Looked at just before a turn and just after it, a field is what it is where nobody looked before."""
    seen = market(perpetual(0, 60_000))
    for turn in (3, 10, 30, 120, 600):
        for when in (turn - 0.001, turn, turn - 0.001):
            assert freshness(seen, field, when) is freshness(market(perpetual(0, 60_000)), field, when), when


def test_an_interruption_counts_at_once_though_nothing_is_said() -> None:
    feeds = FeedsHealth()
    made = Market(feeds)
    made.apply(perpetual(0, 60_000))
    assert freshness(made, Field.MARK, 1) is Freshness.LIVE
    feeds.connection_changed(connection(1, ConnectionState.RECONNECTING))
    assert freshness(made, Field.MARK, 1) is Freshness.STALE


# --- frozen --------------------------------------------------------------------------------------------------


def ticking_until(second: int) -> Market:
    """A mark that moved each second until then."""
    return market(*(perpetual(at_second, 60_000 + at_second) for at_second in range(second + 1)))


def test_a_mark_that_was_looked_at_freezes_a_minute_after_its_last_change_with_nothing_said_meanwhile() -> None:
    made = ticking_until(9)
    made.apply(perpetual(68, 60_009))
    assert [freshness(made, Field.MARK, when) for when in (68.5, 68.999)] == [Freshness.LIVE] * 2
    assert freshness(made, Field.MARK, 69) is Freshness.STALE
    assert freshness(made, Field.MARK, 69.5) is Freshness.STALE


def test_only_the_mark_is_frozen() -> None:
    made = ticking_until(9)
    made.apply(perpetual(69, 60_009))
    assert freshness(made, Field.MARK, 69) is Freshness.STALE
    others = [field for field in Field if field is not Field.MARK]
    assert {freshness(made, field, 69) for field in others} == {Freshness.LIVE}


@pytest.mark.parametrize(("intervals", "ticks"), [((1, 60, 1, 1, 1), True), ((60, 1, 1, 1, 1), False)])
def test_one_long_pause_is_forgotten_where_it_is_not_all_that_was_known(
    intervals: tuple[int, ...], ticks: bool
) -> None:
    rhythm = Rhythm()
    for seconds in intervals:
        rhythm.changed(seconds * SECOND)
    assert rhythm.ticks is ticks
