"""The past of an instrument: what is settled is never taken for what is to come, and what is old says so."""

from __future__ import annotations

from decimal import Decimal

from core.engine import Engine
from core.events import ChannelChanged, ChannelState, ConnectionChanged, ConnectionState, DayStatistics, FundingSettled
from core.figures import Freshness
from core.snapshot import MarketView
from tests.support.builders import LINEAR, at, engine, feed, market_at, optional, reference


def settled(rate: str, when: float, *, received: float = 0) -> FundingSettled:
    return FundingSettled(received_ns=at(received), instrument=LINEAR, rate=Decimal(rate), settled_ns=at(when))


def day(when: float, *, high: str, opened: str | None = None, volume: str | None = None) -> DayStatistics:
    return DayStatistics(
        received_ns=at(when),
        instrument=LINEAR,
        channel="24 h",
        high_price=Decimal(high),
        open_price=optional(opened),
        volume=optional(volume),
    )


def market(made: Engine, when: float) -> MarketView:
    return next(item for item in made.snapshot(at(when)).markets if item.instrument == LINEAR)


def watching() -> Engine:
    made = engine()
    feed(made, reference(), market_at(0, 60_000))
    return made


def test_a_settled_rate_stands_beside_the_estimate_and_changes_nothing_of_it() -> None:
    made = watching()
    before = market(made, 1)
    feed(made, settled("0.0007", -3600))
    after = market(made, 1)
    assert (after.settled_rate.value, after.settled_ns.value) == (Decimal("0.0007"), Decimal(at(-3600)))
    assert after.funding_rate == before.funding_rate
    assert after.next_funding_ns == before.next_funding_ns
    assert before.settled_rate.missing == (f"settled funding rate of {LINEAR}",)


def test_an_older_settlement_that_comes_later_is_not_the_last() -> None:
    made = watching()
    feed(made, settled("0.0002", -100), settled("0.0009", -30_000))
    assert market(made, 1).settled_rate.value == Decimal("0.0002")


def test_what_is_not_said_of_a_day_is_unknown() -> None:
    made = watching()
    feed(made, day(1, high="61000", volume="12", opened="59000"), day(2, high="62000"))
    seen = market(made, 2)
    assert (seen.day_high.value, seen.day_open.value, seen.day_volume.value) == (Decimal(62_000), None, None)


def test_statistics_age_and_end() -> None:
    made = watching()
    feed(made, day(0, high="61000"))
    stages = {
        179: Freshness.LIVE, 180: Freshness.LATE, 599: Freshness.LATE, 600: Freshness.STALE, 3599: Freshness.STALE,
        3600: Freshness.UNKNOWN,
    }  # fmt: skip
    found = {seconds: market(made, seconds).day_high.freshness for seconds in stages}
    assert found == stages
    assert market(made, 3600).day_high.value is None


def test_a_settled_rate_is_late_after_the_usual_interval_and_stale_after_the_longest() -> None:
    made, hour = watching(), 3600
    feed(made, settled("0.0001", 0))
    stages = {
        9 * hour - 1: Freshness.LIVE, 9 * hour: Freshness.LATE, 25 * hour - 1: Freshness.LATE,
        25 * hour: Freshness.STALE, 192 * hour - 1: Freshness.STALE, 192 * hour: Freshness.UNKNOWN,
    }  # fmt: skip
    found = {seconds: market(made, seconds).settled_rate.freshness for seconds in stages}
    assert found == stages
    gone = market(made, 192 * hour)
    assert gone.settled_rate.missing == gone.settled_ns.missing == (f"settled funding rate of {LINEAR}",)


def test_what_has_not_changed_is_the_same_object() -> None:
    """The picture is made of many such figures: those that stand still must cost nothing."""
    made = watching()
    feed(made, day(0, high="61000"), settled("0.0001", -10))
    assert market(made, 1) is market(made, 2)


def test_what_is_asked_for_once_a_minute_is_not_late_within_it() -> None:
    made = watching()
    asked = ConnectionChanged(
        received_ns=at(0), venue="bybit", connection="24 h", state=ConnectionState.LIVE, every_seconds=60
    )
    told = ChannelChanged(
        received_ns=at(0), venue="bybit", connection="24 h", channel="/tickers", state=ChannelState.LIVE
    )
    feed(made, asked, told)
    stages = {50: Freshness.LIVE, 130: Freshness.LATE, 250: Freshness.STALE, 800: Freshness.UNKNOWN}
    found = {}
    for seconds in stages:
        (view,) = [item for item in made.snapshot(at(seconds)).feeds if item.connection == "24 h"]
        found[seconds] = view.freshness
        assert view.last_data_ns == at(0)
    assert found == stages
