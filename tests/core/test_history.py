"""Price history: what is kept of what venues load, what is refused by name, how old it is, and common returns."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RequestError
from core.events import AnyEvent, Candle, CandlePrice, CandlesLoaded, FaultKind, FrameFault
from core.figures import Freshness
from core.history import CAPACITY, DAY_NS, HOUR_NS, AlignedReturns, History, PriceSeries, aligned_returns
from core.snapshot import Snapshot
from tests.support.builders import HOUR, LINEAR, SECOND, SPOT, engine

TODAY = 1_786_320_000 * SECOND
"""Midnight; days are counted from it, backwards as negative ones."""

OTHER = "bybit:linear:ETHUSDT"


def day(number: int) -> int:
    return TODAY + number * DAY_NS


def candle(number: int, close: str = "100", *, interval_ns: int = DAY_NS, **changes: str) -> Candle:
    """The candle that begins ``number`` intervals from today; its body and wicks follow from its close."""
    price = Decimal(close)
    values = {"open": price, "high": price + 1, "low": price - 1, "close": price}
    values |= {name: Decimal(value) for name, value in changes.items()}
    return Candle(TODAY + number * interval_ns, **values)


def days(numbers: Iterable[int], close: str = "100") -> tuple[Candle, ...]:
    return tuple(candle(number, close) for number in numbers)


def load(
    candles: Iterable[Candle],
    *,
    name: str = LINEAR,
    interval_ns: int = DAY_NS,
    price: CandlePrice = CandlePrice.MARK,
    when: int = TODAY,
) -> CandlesLoaded:
    return CandlesLoaded(
        received_ns=when, instrument=name, price=price, interval_ns=interval_ns, candles=tuple(candles)
    )


def starts(series: PriceSeries) -> list[int]:
    """The days that are held, counted from today."""
    return [(item.start_ns - TODAY) // series.interval_ns for item in series.candles]


def held(history: History, when: int = TODAY, name: str = LINEAR, interval_ns: int = DAY_NS) -> PriceSeries:
    return history.series(name, interval_ns, when)


# --- loads -----------------------------------------------------------------------------------------------------------


def test_nothing_loaded_is_unknown_and_not_empty_calm() -> None:
    series = held(History())
    assert (series.candles, series.freshness, series.age_ns, series.missing) == ((), Freshness.UNKNOWN, None, 0)
    assert (series.price, series.revision, series.unbroken) == (None, 0, ())


def test_overlapping_loads_become_one_history() -> None:
    history = History()
    assert history.loaded(load(days(range(-10, -3)))) == []
    assert history.loaded(load(days(range(-6, 0)))) == []
    series = held(history)
    assert starts(series) == list(range(-10, 0))
    assert (series.missing, series.price, series.unbroken) == (0, CandlePrice.MARK, series.candles)


def test_of_two_candles_of_one_day_the_later_load_counts() -> None:
    history = History()
    history.loaded(load(days(range(-3, 0), "100")))
    first = held(history).revision
    history.loaded(load([candle(-1, "101")]))
    assert [item.close for item in held(history).candles] == [Decimal(100), Decimal(100), Decimal(101)]
    assert held(history).revision == first + 1


def test_a_load_that_says_nothing_new_is_no_revision() -> None:
    history = History()
    history.loaded(load(days(range(-3, 0))))
    before = held(history)
    history.loaded(load(days(range(-3, 0)), when=TODAY + HOUR))
    history.loaded(load((), when=TODAY + HOUR))
    assert held(history) == before


def test_intervals_instruments_and_prices_are_kept_apart() -> None:
    history = History()
    history.loaded(load(days([-1], "100")))
    history.loaded(load([candle(-1, "200", interval_ns=HOUR_NS)], interval_ns=HOUR_NS))
    history.loaded(load(days([-1], "300"), name=SPOT, price=CandlePrice.SPOT))
    history.loaded(load(days([-1], "400"), price=CandlePrice.INDEX))
    assert held(history).candles[0].close == 100
    assert held(history, interval_ns=HOUR_NS).candles[0].close == 200
    assert held(history, name=SPOT).candles[0].close == 300
    assert history.series(LINEAR, DAY_NS, TODAY, CandlePrice.INDEX).candles[0].close == 400
    assert history.series(LINEAR, DAY_NS, TODAY, CandlePrice.SPOT).candles == ()


@pytest.mark.parametrize("there", [CandlePrice.INDEX, CandlePrice.LAST])
def test_the_next_best_stands_in_where_no_mark_price_was_loaded(there: CandlePrice) -> None:
    history = History()
    history.loaded(load(days([-1]), price=there))
    assert held(history).price is there


def test_an_index_is_better_than_trades() -> None:
    history = History()
    history.loaded(load(days([-1]), price=CandlePrice.LAST))
    history.loaded(load(days([-1]), price=CandlePrice.INDEX))
    assert held(history).price is CandlePrice.INDEX


@pytest.mark.parametrize(("interval_ns", "most"), [(DAY_NS, 400), (HOUR_NS, 1440)])
def test_memory_is_bounded_and_the_newest_are_kept(interval_ns: int, most: int) -> None:
    history = History()
    everything = [candle(number, interval_ns=interval_ns) for number in range(-most - 50, 0)]
    for begin in range(0, len(everything), 60):
        history.loaded(load(everything[begin : begin + 90], interval_ns=interval_ns))
    series = held(history, interval_ns=interval_ns)
    assert starts(series) == list(range(-most, 0))
    assert CAPACITY[interval_ns] == most


# --- what is refused -------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[Candle, str]] = {
    "nan": (candle(-2, high="NaN"), "high"),
    "signalling nan": (candle(-2, low="sNaN"), "low"),
    "infinite": (candle(-2, high="Infinity"), "high"),
    "zero": (candle(-2, low="0"), "low"),
    "negative": (candle(-2, open="-100"), "open"),
    "absurd": (candle(-2, high="1e300"), "high"),
    "high below low": (candle(-2, high="98.9"), "high"),
    "open above high": (candle(-2, open="101.1"), "open"),
    "open below low": (candle(-2, low="99.5", open="99.4"), "open"),
    "close below low": (candle(-2, "99.4", low="99.5", open="100"), "close"),
    "close above high": (candle(-2, high="102", open="101", low="99", close="102.5"), "close"),
    "not on the interval": (Candle(day(-2) + 1, *[Decimal(100)] * 4), "start_ns"),
    "before the epoch": (Candle(-DAY_NS, *[Decimal(100)] * 4), "start_ns"),
    "at the epoch": (Candle(0, *[Decimal(100)] * 4), "start_ns"),
    "after all times": (Candle(day(40_000), *[Decimal(100)] * 4), "start_ns"),
    "not closed": (candle(0), "start_ns"),
}


@pytest.mark.parametrize(("bad", "field"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_and_the_good_ones_are_kept(bad: Candle, field: str) -> None:
    history = History()
    faults = history.loaded(load([candle(-3), bad, candle(-1)]))
    assert [(item.kind, item.field) for item in faults[:1]] == [(FaultKind.BAD_FIELD, field)]
    assert starts(held(history, TODAY + DAY_NS)) == [-3, -1]
    assert (faults[0].venue, faults[0].connection) == ("bybit", "history")
    assert faults[0].channel == f"daily candles of {LINEAR}"


def test_a_candle_is_taken_from_the_moment_it_closes() -> None:
    history = History()
    assert [item.detail for item in history.loaded(load([candle(-1)], when=TODAY - 1))] == [
        "2026-08-09T00:00Z is not closed yet"
    ]
    assert history.loaded(load([candle(-1)], when=TODAY)) == []
    assert starts(held(history, TODAY)) == [-1]


def test_a_flat_candle_is_a_good_one() -> None:
    history = History()
    assert history.loaded(load([candle(-1, high="100", low="100")])) == []


def test_a_row_that_comes_twice_or_out_of_order_is_refused() -> None:
    history = History()
    faults = history.loaded(load([candle(-3), candle(-3, "200"), candle(-1), candle(-2), candle(-1)]))
    told = [(item.kind, item.detail) for item in faults if item.kind is FaultKind.OUT_OF_ORDER]
    assert told == [
        (FaultKind.OUT_OF_ORDER, "2026-08-07T00:00Z comes twice"),
        (FaultKind.OUT_OF_ORDER, "2026-08-08T00:00Z comes after a later one"),
        (FaultKind.OUT_OF_ORDER, "2026-08-09T00:00Z comes twice"),
    ]
    assert starts(held(history)) == [-3, -1]
    assert held(history).candles[0].close == 100


def test_a_hole_is_counted_and_named_once() -> None:
    history = History()
    faults = history.loaded(load(days([-9, -8, -5, -4, -2, -1])))
    assert [item.detail for item in faults] == [
        "2 missing before 2026-08-05T00:00Z",
        "1 missing before 2026-08-08T00:00Z",
    ]
    assert {item.field for item in faults} == {"start_ns"}
    series = held(history)
    assert (series.missing, starts(series)) == (3, [-9, -8, -5, -4, -2, -1])
    assert [item.start_ns for item in series.unbroken] == [day(-2), day(-1)]
    assert history.loaded(load(days([-9, -8, -5, -4, -2, -1]))) == []
    history = History()
    history.loaded(load(days([-5, -3])))
    assert [item.start_ns for item in held(history).unbroken] == [day(-3)]


def test_a_hole_is_filled_by_a_later_load_and_may_open_between_loads() -> None:
    history = History()
    history.loaded(load(days([-5, -4, -1])))
    assert [item.detail for item in history.loaded(load(days([-3])))] == ["1 missing before 2026-08-09T00:00Z"]
    assert history.loaded(load(days([-2]))) == []
    assert (held(history).missing, len(held(history).unbroken)) == (0, 5)
    assert [item.detail for item in history.loaded(load(days([3]), when=day(5)))] == [
        "3 missing before 2026-08-13T00:00Z"
    ]


@pytest.mark.parametrize("interval_ns", [0, -1, 60 * SECOND, 7 * DAY_NS])
def test_other_intervals_are_refused(interval_ns: int) -> None:
    (told,) = History().loaded(load([candle(-1)], interval_ns=interval_ns))
    assert (told.field, told.kind) == ("interval_ns", FaultKind.BAD_FIELD)


# --- age -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "freshness"),
    [
        (0, Freshness.LIVE),
        (25.999, Freshness.LIVE),
        (26, Freshness.LATE),
        (49.999, Freshness.LATE),
        (50, Freshness.STALE),
        (167.999, Freshness.STALE),
        (168, Freshness.UNKNOWN),
    ],
)
def test_daily_candles_age_from_the_newest_close(hours: float, freshness: Freshness) -> None:
    history = History()
    history.loaded(load(days(range(-3, 0))))
    series = held(history, TODAY + round(hours * HOUR))
    assert (series.freshness, series.age_ns) == (freshness, round(hours * HOUR))
    assert len(series.candles) == (0 if freshness is Freshness.UNKNOWN else 3)


@pytest.mark.parametrize(
    ("hours", "freshness"),
    [(2.999, Freshness.LIVE), (3, Freshness.LATE), (6, Freshness.STALE), (24, Freshness.UNKNOWN)],
)
def test_hourly_candles_age_faster(hours: float, freshness: Freshness) -> None:
    history = History()
    history.loaded(load([candle(-1, interval_ns=HOUR_NS)], interval_ns=HOUR_NS))
    assert held(history, TODAY + round(hours * HOUR), interval_ns=HOUR_NS).freshness is freshness


def test_what_is_not_closed_at_the_moment_asked_about_is_not_shown() -> None:
    history = History()
    history.loaded(load(days(range(-5, 0))))
    assert starts(held(history, TODAY - 1)) == [-5, -4, -3, -2]
    assert starts(held(history, day(-2))) == [-5, -4, -3]
    assert starts(held(history, day(-2) - 1)) == [-5, -4]
    assert held(history, day(-5)).freshness is Freshness.UNKNOWN


# --- common returns --------------------------------------------------------------------------------------------------


def two(first: Iterable[tuple[int, str]], second: Iterable[tuple[int, str]]) -> AlignedReturns:
    history = History()
    history.loaded(load(candle(number, close) for number, close in first))
    history.loaded(load((candle(number, close) for number, close in second), name=OTHER))
    return history.aligned(LINEAR, OTHER, DAY_NS, TODAY)


def test_returns_are_logarithmic_and_of_the_same_days() -> None:
    found = two([(-3, "100"), (-2, "110"), (-1, "99")], [(-3, "10"), (-2, "9"), (-1, "18")])
    assert found.first == pytest.approx((math.log(1.1), math.log(0.9)))
    assert found.second == pytest.approx((math.log(0.9), math.log(2)))
    assert (found.closes_ns, found.dropped) == ((day(-1), day(0)), 0)


def test_a_missing_candle_costs_both_the_two_returns_around_it() -> None:
    whole = [(number, str(100 + number)) for number in range(-7, 0)]
    holed = [row for row in whole if row[0] != -4]
    for found in (two(whole, holed), two(holed, whole)):
        assert found.closes_ns == (day(-5), day(-4), day(-1), day(0))
        assert (len(found.first), len(found.second), found.dropped) == (4, 4, 2)
        assert found.first == pytest.approx(found.second)


def test_only_the_span_that_both_cover_counts() -> None:
    found = two([(number, "100") for number in range(-20, -4)], [(number, "100") for number in range(-8, 0)])
    assert (len(found.first), found.dropped) == (3, 0)


@pytest.mark.parametrize(
    ("first", "second"),
    [([], []), ([(-1, "100")], []), ([(-1, "100")], [(-1, "100")]), ([(-9, "1.5")], [(-1, "1.5")])],
)
def test_too_little_gives_no_return_and_no_error(first: list[tuple[int, str]], second: list[tuple[int, str]]) -> None:
    assert two(first, second) == AlignedReturns((), (), (), 0)


def test_hours_and_days_do_not_mix() -> None:
    history = History()
    daily, hourly = held(history), held(history, interval_ns=HOUR_NS)
    with pytest.raises(RequestError, match="interval_ns"):
        aligned_returns(daily, hourly)


NUMBERS = st.lists(st.integers(-7, -1), unique=True).map(sorted)  # older candles would be too old to be used


@settings(deadline=None)
@given(first=NUMBERS, second=NUMBERS)
def test_returns_used_and_dropped_add_up_to_the_common_span(first: list[int], second: list[int]) -> None:
    found = two(((number, str(100 - number)) for number in first), ((number, "7") for number in second))
    span = min(max(first), max(second)) - max(min(first), min(second)) if first and second else 0
    assert len(found.first) + found.dropped == max(0, span)
    both = set(first) & set(second)
    assert [(close - TODAY) // DAY_NS - 1 for close in found.closes_ns] == sorted(
        number for number in both if number - 1 in both
    )


@settings(deadline=None)
@given(parts=st.lists(st.lists(st.integers(-40, -1), unique=True).map(sorted), max_size=6))
def test_in_whatever_pieces_it_is_loaded_history_is_the_same(parts: list[list[int]]) -> None:
    history, at_once = History(), History()
    for part in parts:
        history.loaded(load(candle(number, str(200 + number)) for number in part))
    everything = sorted({number for part in parts for number in part})
    at_once.loaded(load(candle(number, str(200 + number)) for number in everything))
    when = day(everything[-1] + 1) if everything else TODAY
    assert held(history, when).candles == held(at_once, when).candles
    assert held(history, when).missing == (everything[-1] - everything[0] + 1 - len(everything) if everything else 0)


# --- in the engine ---------------------------------------------------------------------------------------------------


def shown(*events: AnyEvent) -> Snapshot:
    made = engine()
    for event in events:
        made.apply(event)
    return made.snapshot(TODAY)


def test_the_engine_keeps_history_and_counts_what_it_refuses() -> None:
    made = engine()
    made.apply(load([candle(-3), candle(-2, low="0"), candle(-1)]))
    assert starts(held(made.history)) == [-3, -1]
    (feed,) = made.snapshot(TODAY).feeds
    assert (feed.connection, feed.state, feed.faults) == ("history", "live", 2)
    assert "missing before" in feed.last_fault


def test_good_history_is_no_feed_of_its_own_and_no_alert() -> None:
    assert shown(load(days(range(-3, 0)))).feeds == ()
    before = FrameFault(received_ns=TODAY, venue="bybit", connection="history", kind=FaultKind.BAD_FIELD)
    assert not [alert for alert in shown(before).alerts if "history" in alert.key]
