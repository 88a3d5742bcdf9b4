"""Reading price history: after the reference data, again after failures, and never at the cost of anything else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import pytest

from core.errors import VenueError
from core.events import AnyEvent, CandlePrice, CandlesLoaded, ConnectionChanged
from core.history import DAY_NS, HOUR_NS
from feeds.clock import Clock
from feeds.history import HistoryKeeper, wanted_of
from feeds.keeper import Keeper
from feeds.reference import ReferenceKeeper
from feeds.venue import CandlesWanted, PollPlan
from tests.feeds.toy import EventLog, ToyFeed

NAMES = ("toy:perp:AB", "toy:spot:AB", "toy:perp:CD")
ALL = [
    *(("toy:perp:AB", DAY_NS, 90), ("toy:spot:AB", DAY_NS, 90), ("toy:perp:CD", DAY_NS, 90)),
    *(("toy:perp:AB", HOUR_NS, 336), ("toy:perp:CD", HOUR_NS, 336)),
]


class Library(ToyFeed):
    """A venue whose history can be made to fail; ``asked`` is what it was asked for, in order."""

    def __init__(self) -> None:
        super().__init__("ws://unused")
        self.asked: list[tuple[str, int, int]] = []
        self.failures: dict[tuple[str, int], list[Exception]] = {}
        self.reference_failures: list[Exception] = []

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        return ()

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        return ()

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        if self.reference_failures:
            raise self.reference_failures.pop(0)
        return ()

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        for each in wanted:
            self.asked.append((each.instrument, each.interval_ns, each.count))
            failures = self.failures.get((each.instrument, each.interval_ns))
            if failures:
                raise failures.pop(0)
            yield [
                CandlesLoaded(
                    instrument=each.instrument, price=CandlePrice.MARK, interval_ns=each.interval_ns, candles=()
                )
            ]


@contextlib.asynccontextmanager
async def kept(
    feed: Library, *, names: Sequence[str] = NAMES, every_seconds: float = 3600.0
) -> AsyncIterator[tuple[Keeper, Keeper, EventLog]]:
    """Both keepers of a venue at work, and what they say."""
    log = EventLog()
    reference = ReferenceKeeper(feed, names, log.emit, Clock())
    history = HistoryKeeper(feed, names, log.emit, Clock(), reference, every_seconds=every_seconds)
    tasks = [asyncio.create_task(keeper.run()) for keeper in (history, reference)]
    try:
        yield reference, history, log
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def loaded(log: EventLog) -> list[tuple[str, int]]:
    return [(event.instrument, event.interval_ns) for event in log.events if isinstance(event, CandlesLoaded)]


@pytest.fixture(autouse=True)
def _no_waiting_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.keeper.Pacing.delay_seconds", _at_once)


def _at_once(pacing: object, now_ns: int, *, at_least: float = 0.0) -> float:
    pacing.failures += 1  # type: ignore[attr-defined]
    return at_least


def test_days_of_everything_come_before_hours_of_contracts() -> None:
    assert [(each.instrument, each.interval_ns, each.count) for each in wanted_of(NAMES)] == ALL


async def test_history_is_read_once_the_reference_data_is_there() -> None:
    feed = Library()
    feed.reference_failures = [VenueError("toy", "503", "down")] * 2
    async with kept(feed) as (reference, _, log):
        await log.until(lambda: len(log.states) >= 1)
        assert (feed.asked, reference.has_read.is_set()) == ([], False)
        await log.until(lambda: len(loaded(log)) == len(ALL))
    assert feed.asked == ALL
    assert log.states == ["reconnecting", "reconnecting", "live"]


async def test_a_failure_is_told_and_only_what_is_missing_is_asked_again_the_failed_one_last() -> None:
    feed = Library()
    feed.failures["toy:spot:AB", DAY_NS] = [VenueError("toy", "500", "no"), KeyError("a bug of ours")]
    async with kept(feed) as (_, history, log):
        await log.until(lambda: bool(log.states) and log.states[-1] == "live")
        assert history.has_read.is_set()
    assert feed.asked == [ALL[0], ALL[1], *ALL[2:], ALL[1], ALL[1]]
    assert sorted(loaded(log)) == sorted((name, interval_ns) for name, interval_ns, _ in ALL)
    told = [event for event in log.events if isinstance(event, ConnectionChanged)]
    assert {(event.venue, event.connection) for event in told} == {("toy", "history")}
    assert log.reasons == ["toy: 500: no", "internal error (KeyError)", ""]


async def test_everything_is_read_again_in_time_and_when_asked_for() -> None:
    feed = Library()
    async with kept(feed, every_seconds=0.01) as (_, _, log):
        await log.until(lambda: len(loaded(log)) >= 2 * len(ALL))
    assert feed.asked[: 2 * len(ALL)] == ALL * 2
    feed = Library()
    async with kept(feed) as (_, history, log):
        await log.until(lambda: len(loaded(log)) == len(ALL))
        await history.has_read.wait()
        history.reread()
        await log.until(lambda: len(loaded(log)) == 2 * len(ALL))
    assert feed.asked == ALL * 2


async def test_a_venue_of_which_nothing_is_held_is_left_alone() -> None:
    feed = Library()
    async with kept(feed, names=()) as (reference, history, _):
        await reference.has_read.wait()
        assert not history.has_read.is_set()
    assert feed.asked == []
