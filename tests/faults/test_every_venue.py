"""Faults that any venue can have, met by its own client: the same for every simulated venue.

What is held here of each fault: it is said, nothing that was before it is shown as if it were now, and once it is over
all is there again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest

import core.instrument_market
from core.figures import Freshness
from core.snapshot import FeedView, Snapshot
from feeds.host import EngineHost
from feeds.registry import venue_feed
from feeds.sim.process import start_simulator
from feeds.sim.registry import VENUES
from tests.support.kept import LINE, PATIENT, Desk, line_of, until

BEFORE, AFTER = Decimal(60_000), Decimal(60_400)


@pytest.fixture(scope="module", params=VENUES)
def venue(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """One simulated venue."""
    name: str = request.param
    with start_simulator(venues=[name], pins={"BTC": BEFORE}) as simulator:
        yield Desk(name, simulator)


@pytest.fixture
def desk(venue: Desk) -> Iterator[Desk]:
    """The venue without faults, BTC held at 60,000."""
    venue.simulator.control("pin", coin="BTC", price=str(BEFORE))
    yield venue
    venue.simulator.control("clear")


def mark_of(snapshot: Snapshot) -> tuple[Decimal | None, Freshness]:
    mark = line_of(snapshot)[0].mark_price
    return mark.value, mark.freshness


def live_at(snapshot: Snapshot, price: Decimal) -> bool:
    return mark_of(snapshot) == (price, Freshness.LIVE)


def streams(desk: Desk, snapshot: Snapshot) -> list[FeedView]:
    """The connections that tell prices of contracts."""
    names = {plan.name for plan in venue_feed(desk.venue, desk.endpoints).plans([desk.contract])}
    found = [feed for feed in snapshot.feeds if feed.connection in names]
    assert found
    return found


def well(desk: Desk, snapshot: Snapshot) -> bool:
    return all(feed.state.value == "live" for feed in streams(desk, snapshot))


def troubled(desk: Desk, snapshot: Snapshot, before: Snapshot) -> bool:
    """Whether the line is, or has been since ``before``, less than well."""
    now, then = (sum(feed.reconnects for feed in streams(desk, one)) for one in (snapshot, before))
    return now > then or not well(desk, snapshot)


async def seen(host: EngineHost, what: Any) -> Snapshot:
    return await asyncio.to_thread(until, host, what)


def strike(desk: Desk, fault: str) -> None:
    control = desk.simulator.control
    if fault == "gone for a while":
        control("refuse", venue=desk.venue, seconds=3_600)
        control("drop", venue=desk.venue)
    elif fault == "wrong route":
        for plan in venue_feed(desk.venue, desk.endpoints).plans([desk.contract]):
            control("wrong_route", venue=desk.venue, path=urlsplit(plan.url).path)
    else:
        control(fault, venue=desk.venue)


@pytest.mark.parametrize("fault", ["gone for a while", "half_open", "silent", "acks_only", "wrong route"])
async def test_a_line_that_fails_is_said_and_found_again(desk: Desk, fault: str) -> None:
    with desk.watched(timing=LINE, reads=False) as host:
        before = await seen(host, lambda snapshot: live_at(snapshot, BEFORE) and well(desk, snapshot))
        strike(desk, fault)
        desk.simulator.control("pin", coin="BTC", price=str(AFTER))
        await seen(host, lambda snapshot: troubled(desk, snapshot, before))
        await seen(host, lambda snapshot: not live_at(snapshot, BEFORE))
        old = len(host.cuts)
        desk.simulator.control("clear")
        await seen(host, lambda snapshot: live_at(snapshot, AFTER) and well(desk, snapshot))
        assert not [cut for cut in host.cuts[old:] if live_at(cut, BEFORE)]


async def test_frames_that_come_twice_late_spoilt_or_never_bring_back_no_price(desk: Desk) -> None:
    """The price rises a little every moment: it must be told so, and never one that it has not."""
    prices = [BEFORE + step for step in range(0, 4_000, 10)]
    with desk.watched(timing=LINE, reads=False) as host:
        await seen(host, lambda snapshot: live_at(snapshot, BEFORE))
        begun = len(host.cuts)  # before, the price of an earlier test may have been shown
        pins, price = iter(prices), BEFORE
        for fault in ("duplicate", "reorder", "gap", "garbage"):
            desk.simulator.control(fault, venue=desk.venue, frames=15)
            for _ in range(8):
                price = next(pins)
                desk.simulator.control("pin", coin="BTC", price=str(price))
                await asyncio.sleep(0.15)
            await seen(host, partial(live_at, price=price))
        desk.simulator.control("clear")
        price = next(pins)
        desk.simulator.control("pin", coin="BTC", price=str(price))
        now = await seen(host, lambda snapshot: live_at(snapshot, price))
        assert sum(feed.faults for feed in streams(desk, now)) > 0, "the garbage was noticed"
    told = [
        value
        for value, freshness in map(mark_of, host.cuts[begun:])
        if freshness is Freshness.LIVE and value is not None
    ]
    assert set(told) <= set(prices)
    assert told == sorted(told), "a frame of before is no news"
    assert len(set(told)) >= 5, "a price was told after each of them, and one after all"


@pytest.mark.parametrize("venue", ["bybit", "weex"], indirect=True)  # the streams that go by differences
@pytest.mark.parametrize("fault", ["resnapshot", "skip_snapshots"])
async def test_a_service_that_begins_anew_is_believed_from_its_snapshot_on(desk: Desk, fault: str) -> None:
    with desk.watched(timing=LINE, reads=False) as host:
        before = await seen(host, lambda snapshot: live_at(snapshot, BEFORE))
        begun = len(host.cuts)
        desk.simulator.control(fault, venue=desk.venue)
        if fault == "skip_snapshots":
            desk.simulator.control("drop", venue=desk.venue)
            early = "before snapshot"
            said = await seen(host, lambda now: any(early in feed.last_fault for feed in streams(desk, now)))
            assert troubled(desk, said, before)
        desk.simulator.control("pin", coin="BTC", price=str(AFTER))
        desk.simulator.control("clear", venue=desk.venue)
        await seen(host, lambda snapshot: live_at(snapshot, AFTER))
    told = [value for value, _ in map(mark_of, host.cuts[begun:]) if value is not None]
    assert set(told) <= {BEFORE, AFTER}
    assert told[-1] == AFTER
    assert told == sorted(told)


async def test_a_price_that_ticks_and_never_moves_is_stale(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.instrument_market, "FROZEN_AFTER_NS", 3_000_000_000)
    desk.simulator.control("unpin", coin="BTC")
    with desk.watched(timing=PATIENT, reads=False) as host:

        def moved(count: int) -> bool:
            return len({mark_of(cut)[0] for cut in host.cuts}) > count

        before = await seen(host, lambda _: moved(core.instrument_market.TICKING_CHANGES + 2))
        desk.simulator.control("stale", venue=desk.venue, category=desk.market, symbol=desk.symbol)
        stuck = await seen(host, lambda snapshot: mark_of(snapshot)[1] is Freshness.STALE)
        assert not troubled(desk, stuck, before), "the frames go on as if nothing were wrong"
        desk.simulator.control("clear")
        await seen(host, lambda snapshot: mark_of(snapshot)[1] is Freshness.LIVE)
