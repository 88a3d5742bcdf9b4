"""When an account is swept, since when, and in what order it is told, on a feed and a clock of the tests' own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import cast

import pytest

from core.errors import VenueError
from core.events import (
    AccountSettings,
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    ConnectionChanged,
    ConnectionState,
    FeeCharged,
    Fill,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.freshness import ACCOUNT_AGES_NS
from feeds.account_keeper import EVERY_SECONDS, LEAST_SECONDS, OVERLAP_NS, AccountKeeper, in_order
from feeds.clock import Clock
from feeds.venue import AccountFeed
from tests.support.builders import LINEAR, SECOND, at
from tests.support.patience import PATIENCE

FIRST_NS = at(-3600)
"""From when on records are wanted at first."""


class SetClock(Clock):
    """Time that passes only as the tests let it."""

    def __init__(self) -> None:
        super().__init__()
        self.ns = at(0)

    def now_ns(self) -> int:
        return self.ns


class Told:
    """An account that answers each sweep with the next of ``answers`` after ``seconds``, and none after the last."""

    venue, account = "toy", "mine"

    def __init__(self, clock: SetClock, answers: Sequence[Sequence[AnyEvent] | VenueError], seconds: float) -> None:
        self._clock, self._answers, self._seconds = clock, list(answers), seconds
        self.swept: list[tuple[int, tuple[str, ...], int]] = []
        self.all_asked = asyncio.Event()

    async def sweep(self, instruments: Sequence[str], since_ns: int) -> Sequence[AnyEvent]:
        if not self._answers:
            self.all_asked.set()
            await asyncio.Event().wait()
        self.swept.append((self._clock.ns, tuple(instruments), since_ns))
        self._clock.ns += round(self._seconds * SECOND)
        answer = self._answers.pop(0)
        if isinstance(answer, VenueError):
            raise answer
        return answer


class Kept:
    """A keeper of such an account, and what it told. Where it sleeps the clock goes on by as much, and nobody waits."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *answers: Sequence[AnyEvent] | VenueError,
        seconds: float = 0,
        key_verified: bool | None = None,
    ) -> None:
        self.clock = SetClock()
        self.feed = Told(self.clock, answers, seconds)
        self.events: list[AnyEvent] = []
        self.keeper = AccountKeeper(
            cast("AccountFeed", self.feed),
            [LINEAR],
            self.events.append,
            self.clock,
            lambda: FIRST_NS,
            key_verified=key_verified,
            every_seconds=0,
        )
        turn = asyncio.sleep

        async def sleep(seconds: float) -> None:
            assert seconds >= 0
            self.clock.ns += round(seconds * SECOND)
            await turn(0)

        monkeypatch.setattr("feeds.account_keeper.asyncio.sleep", sleep)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Until every answer was given and told."""
        task = asyncio.create_task(self.keeper.run())
        try:
            async with asyncio.timeout(PATIENCE):
                await self.feed.all_asked.wait()
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def fill() -> Fill:
    return Fill(
        received_ns=at(1), account="mine", fill_id="f", client_order_id="", instrument=LINEAR, side="sell",
        price=Decimal(60_000), quantity=Decimal(1), fee=Decimal(0), fee_asset="USDT",
    )  # fmt: skip


def funding() -> FundingPayment:
    return FundingPayment(
        account="mine", payment_id="p", instrument=LINEAR, amount=Decimal(1), asset="USDT", rate=Decimal(0),
        mark_price=Decimal(60_000), settled_ns=at(1),
    )  # fmt: skip


def fee() -> FeeCharged:
    return FeeCharged(
        account="mine", record_id="r", amount=Decimal(1), asset="USDT", kind="liquidation", charged_ns=at(1)
    )


def order() -> OrderUpdate:
    return OrderUpdate(
        account="mine", client_order_id="c", instrument=LINEAR, side="sell", quantity=Decimal(1), state=OrderState.OPEN
    )


def position() -> PositionUpdate:
    return PositionUpdate(account="mine", instrument=LINEAR, quantity=Decimal(-1), entry_price=Decimal(60_000))


def balance() -> BalanceUpdate:
    return BalanceUpdate(account="mine", asset="USDT", wallet_balance=Decimal(5))


def swept() -> AccountSwept:
    return AccountSwept(account="mine")


def line(state: ConnectionState) -> ConnectionChanged:
    return ConnectionChanged(received_ns=at(1), venue="toy", connection="private", state=state)


def test_what_happened_is_told_before_what_is_and_reports_say_when_they_were_asked_for() -> None:
    told = in_order([balance(), fill(), position(), funding(), order(), fee(), swept()], at(7))
    assert [type(event) for event in told] == [
        Fill, FundingPayment, FeeCharged, BalanceUpdate, PositionUpdate, OrderUpdate, AccountSwept,
    ]  # fmt: skip
    asked = {type(event): event.asked_ns for event in told if isinstance(event, BalanceUpdate | PositionUpdate)}
    assert asked == {BalanceUpdate: at(7), PositionUpdate: at(7)}
    assert isinstance(told[-1], AccountSwept)
    assert told[-1].asked_ns == at(7)
    assert told[:3] == [fill(), funding(), fee()]
    assert told[5] == order()


def test_an_account_that_is_swept_in_time_is_never_late() -> None:
    assert ACCOUNT_AGES_NS.late > (EVERY_SECONDS + LEAST_SECONDS) * SECOND


async def test_what_a_sweep_tells_is_passed_on_with_when_it_was_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(monkeypatch, [position(), fill(), swept()], seconds=2)
    async with kept.running():
        ((begun_ns, instruments, _),) = kept.feed.swept
        assert instruments == (LINEAR,)
        assert kept.events == in_order([fill(), position(), swept()], begun_ns)


async def test_each_sweep_looks_back_beyond_the_beginning_of_the_last_whole_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = Kept(monkeypatch, [swept()], [swept()], [swept()], seconds=40)
    async with kept.running():
        begun = [begun_ns for begun_ns, _, _ in kept.feed.swept]
        since = [since_ns for _, _, since_ns in kept.feed.swept]
        assert since == [FIRST_NS, begun[0] - OVERLAP_NS, begun[1] - OVERLAP_NS]
        assert begun == [at(0), at(40), at(80)], "which took long enough to begin again at once"
    assert OVERLAP_NS == 10 * 60 * SECOND


async def test_a_sweep_that_failed_is_made_up_for_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = VenueError("toy", "busy", "come again", retry_after_seconds=0)
    kept = Kept(monkeypatch, [swept()], busy, [swept()])
    async with kept.running():
        first, failed, after = (since_ns for _, _, since_ns in kept.feed.swept)
        assert first == FIRST_NS
        assert failed == after == kept.feed.swept[0][0] - OVERLAP_NS
        states = [event for event in kept.events if isinstance(event, ConnectionChanged)]
        assert [(event.venue, event.connection, event.state) for event in states] == [
            ("toy", "account mine", ConnectionState.RECONNECTING),
            ("toy", "account mine", ConnectionState.LIVE),
        ]


@pytest.mark.parametrize(("seconds", "apart"), [(0, 3), (1, 3), (2.5, 3), (3, 3), (10, 10)])
async def test_sweeps_begin_no_sooner_after_each_other_than_a_venue_bears(
    monkeypatch: pytest.MonkeyPatch, seconds: float, apart: float
) -> None:
    kept = Kept(monkeypatch, *[[swept()]] * 3, seconds=seconds)
    async with kept.running():
        begun = [begun_ns for begun_ns, _, _ in kept.feed.swept]
        assert begun == [at(0), at(apart), at(2 * apart)], "and the first waits for nothing"


@pytest.mark.parametrize("verified", [True, False])
async def test_what_the_key_may_do_is_told_once_and_first(monkeypatch: pytest.MonkeyPatch, verified: bool) -> None:
    kept = Kept(monkeypatch, [swept()], [swept()], key_verified=verified)
    async with kept.running():
        first, *others = kept.events
        assert first == AccountSettings(received_ns=at(0), account="mine", key_verified=verified)
        assert [type(event) for event in others] == [AccountSwept, AccountSwept]


async def test_of_a_key_that_nobody_looked_at_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(monkeypatch, [swept()])
    async with kept.running():
        assert [type(event) for event in kept.events] == [AccountSwept]


@pytest.mark.parametrize(
    ("event", "again"),
    [
        (line(ConnectionState.LIVE), True),
        (line(ConnectionState.RECONNECTING), False),
        (line(ConnectionState.CLOSED), False),
        (fill(), False),
        (order(), False),
    ],
)
def test_what_the_stream_says_is_passed_on_and_the_account_is_read_anew_once_it_is_back(
    monkeypatch: pytest.MonkeyPatch, event: AnyEvent, again: bool
) -> None:
    kept, asked = Kept(monkeypatch), list[bool]()
    monkeypatch.setattr(kept.keeper, "reread", lambda: asked.append(True))
    kept.keeper.streamed(event)
    assert kept.events == [event]
    assert asked == [True] * again
