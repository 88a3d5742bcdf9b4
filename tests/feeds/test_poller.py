"""What is told over REST only, asked again and again: its health is told as that of a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from decimal import Decimal

from core.errors import VenueError
from core.events import AnyEvent, ChannelChanged, ConnectionChanged, Ticker
from feeds.clock import Clock
from feeds.poller import Poller
from feeds.records import AnyRecord, Fetched
from feeds.rest import listener
from feeds.venue import PollPlan
from tests.feeds.toy import EventLog, ToyFeed

PLAN = PollPlan(venue="toy", name="rates", every_seconds=0.01, instruments=("toy:spot:a",), channels=("/rate",))


class Polled(ToyFeed):
    """A feed that is polled; ``ask`` says what comes of the n-th time."""

    def __init__(self, ask: Callable[[int], Sequence[AnyEvent]]) -> None:
        super().__init__("")
        self.asked = 0
        self._ask = ask

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        self.asked += 1
        if (tell := listener.get()) is not None:
            tell("http://toy/rate", b"{}")
        return self._ask(self.asked)


def rate(number: int) -> Sequence[AnyEvent]:
    return (Ticker(instrument="toy:spot:a", channel="/rate", funding_rate=Decimal(number)),)


@asynccontextmanager
async def polling(feed: Polled, plan: PollPlan = PLAN, taken: list[AnyRecord] | None = None) -> AsyncIterator[EventLog]:
    log = EventLog()
    tap = None if taken is None else taken.append
    poller = Poller(feed, plan, log.emit, Clock(), tap=tap)
    task = asyncio.create_task(poller.run())
    try:
        yield log
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def health(log: EventLog) -> list[tuple[str, str]]:
    """What was said of connection and channel, in order."""
    return [
        (type(event).__name__, event.state.value)
        for event in log.events
        if isinstance(event, ConnectionChanged | ChannelChanged)
    ]


async def test_it_is_live_with_its_first_answer_and_goes_on() -> None:
    async with polling(Polled(rate)) as log:
        await log.until(lambda: sum(isinstance(event, Ticker) for event in log.events) >= 3)
    told = health(log)
    assert told[:2] == [("ConnectionChanged", "connecting"), ("ConnectionChanged", "live")]
    assert set(told[2:]) == {("ChannelChanged", "live")}, "each answer is data of its channel"
    assert len(told) >= 4


async def test_a_refusal_is_said_and_the_end_of_it_too() -> None:
    def failing_once(number: int) -> Sequence[AnyEvent]:
        if number == 2:
            raise VenueError("toy", "429", "too many")
        return rate(number)

    async with polling(Polled(failing_once)) as log:
        await log.until(lambda: log.states.count("live") >= 2)
    assert log.states == ["connecting", "live", "reconnecting", "live"]
    assert log.channel_states("/rate")[:3] == ["live", "silent", "live"]
    assert "toy: 429: too many" in log.reasons


async def test_a_fault_of_ours_ends_nothing_and_says_no_more_than_its_kind() -> None:
    def broken(number: int) -> Sequence[AnyEvent]:
        if number == 1:
            raise KeyError("a secret")
        return rate(number)

    async with polling(Polled(broken)) as log:
        await log.until(lambda: "live" in log.states)
    assert "internal error (KeyError)" in log.reasons
    assert "secret" not in repr(log.events)


async def test_every_answer_is_recorded() -> None:
    taken: list[AnyRecord] = []
    async with polling(Polled(rate), taken=taken) as log:
        await log.until(lambda: len(taken) >= 2)
    assert all(isinstance(record, Fetched) and record.url == "http://toy/rate" for record in taken)


async def test_it_can_be_asked_again_before_its_time() -> None:
    feed, log = Polled(rate), EventLog()
    rare = PollPlan(venue="toy", name="rates", every_seconds=3600, instruments=(), channels=("/rate",))
    poller = Poller(feed, rare, log.emit, Clock())
    task = asyncio.create_task(poller.run())
    await log.until(lambda: "live" in log.states)
    poller.reread()
    await log.until(lambda: sum(isinstance(event, Ticker) for event in log.events) >= 2)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert feed.asked == 2
