"""Our own client of BingX against the simulated exchange: prices, history, reference data and manners."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Any

import pytest

from core.errors import VenueError
from core.events import (
    BalanceUpdate,
    CandlesLoaded,
    ChannelState,
    ConnectionState,
    DayStatistics,
    FrameFault,
    FundingSettled,
    Heard,
    InstrumentListed,
    Ticker,
    TiersLoaded,
)
from core.history import DAY_NS, HOUR_NS
from core.tiers import check_continuity
from feeds.bingx.client import BingxFeed
from feeds.bingx.rest import BingxDialect
from feeds.bingx.venue import clock_api, key_rights
from feeds.rest import RestClient
from feeds.sim.bingx import streams
from feeds.sim.process import SimulatorProcess
from feeds.sim.simulator import Simulator, SimulatorOptions
from feeds.sim.wire import wall_ms
from feeds.venue import CandlesWanted, Credentials, Endpoints, KeyRights
from tests.feeds.bingx.simulated import EVERY, INVERSE, LINEAR, SPOT, desk, of, streaming, tickers, verifies
from tests.support.clocks import LoopClock, clear_of_the_hour

HOUR_MS = 3_600_000


@verifies("linear", "mark price", "best bid and ask", "24 h ticker")
@verifies("inverse", "mark price", "best bid and ask", "24 h ticker")
@verifies("spot", "best bid and ask", "24 h ticker")
async def test_every_channel_comes_alive_and_stays_so(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    plans = feed.plans(EVERY)
    wanted = [item.channel for plan in plans for item in plan.subscriptions]
    async with streaming(feed, plans) as log:
        for channel in wanted:
            await log.until(lambda channel=channel: len(tickers(log, channel)) >= 3)  # type: ignore[misc]
        await log.until(lambda: log.states.count(ConnectionState.LIVE.value) >= 3)
    mark = tickers(log, "BTC-USDT@markPrice")[-1]
    book = tickers(log, "BTC-USDT@bookTicker")[-1]
    assert mark.mark_price is not None
    assert book.bid_price is not None
    assert book.ask_price is not None
    assert book.bid_price < book.ask_price
    assert abs(mark.mark_price / book.bid_price - 1) < Decimal("0.01")
    inverse = tickers(log, "BTC-USD@markPrice")[-1]
    assert inverse.instrument == INVERSE
    days = {event.instrument: event for event in of(DayStatistics, log.events)}
    assert set(days) == set(EVERY)
    for day in days.values():
        assert day.low_price is not None
        assert day.high_price is not None
        assert day.low_price <= (day.last_price or 0) <= day.high_price
    assert days[INVERSE].turnover is not None
    assert days[LINEAR].turnover is None
    assert not of(FrameFault, log.events)


async def test_the_first_best_level_is_old_and_looks_it(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    async with streaming(feed, feed.plans([LINEAR])) as log:
        await log.until(lambda: len(tickers(log, "BTC-USDT@bookTicker")) >= 2)
    first, second = tickers(log, "BTC-USDT@bookTicker")[:2]
    assert (second.venue_time_ns or 0) - (first.venue_time_ns or 0) > 60_000_000_000


async def test_pings_are_answered_for_longer_than_the_venue_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PING_MS", 100)
    monkeypatch.setattr(streams, "PATIENCE_MS", 2_000)
    clock = LoopClock()
    monkeypatch.setattr(streams, "wall_ms", lambda: clock.now_ns() // 1_000_000)
    ticking = asyncio.create_task(clock.run())
    simulator = Simulator(SimulatorOptions(venues=("bingx",)), wall_ms())
    announced: Any = await simulator.start()
    feed = BingxFeed(Endpoints(**announced["venues"]["bingx"]))
    try:
        async with streaming(feed, feed.plans(EVERY)) as log:
            begun = clock.now_ns()
            while clock.now_ns() - begun < 5_000_000_000:
                count = len(log.events)
                await log.until(lambda count=count: len(log.events) > count + 5)  # type: ignore[misc]
    finally:
        ticking.cancel()
        await simulator.stop()
    pings = [event for event in of(Heard, log.events) if event.kind == "ping"]
    assert {event.detail == "Ping" for event in pings} == {True, False}, "text and JSON"
    assert ConnectionState.RECONNECTING.value not in log.states


async def test_a_symbol_that_is_not_listed_is_refused_and_spoils_no_other(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    async with streaming(feed, feed.plans(["bingx:linear:NOPE-USDT", LINEAR])) as log:
        await log.until(lambda: ChannelState.REFUSED.value in log.channel_states("NOPE-USDT@markPrice"))
        await log.until(lambda: bool(tickers(log, "BTC-USDT@markPrice")))


async def test_garbage_and_a_cut_are_survived(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    async with streaming(feed, feed.plans([LINEAR])) as log:
        await log.until(lambda: len(tickers(log, "BTC-USDT@markPrice")) >= 2)
        simulator.control("garbage", venue="bingx", frames=9)
        await log.until(lambda: len(of(FrameFault, log.events)) >= 9)
        assert all((event.mark_price or 1) > 0 for event in of(Ticker, log.events))
        simulator.control("drop", venue="bingx")
        await log.until(lambda: ConnectionState.RECONNECTING.value in log.states)
        seen = len(log.events)
        await log.until(lambda: any(isinstance(event, Ticker) and event.mark_price for event in log.events[seen:]))


@verifies("linear", "mark price", "index price", "funding rate", "funding interval", "last settled funding rate")
@verifies("inverse", "mark price", "index price", "funding rate", "funding interval")
async def test_what_no_stream_tells_is_polled(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    wanted = [*EVERY, "bingx:linear:SOL-USDT", "bingx:linear:DOGE-USDT"]
    polls = {plan.name: plan for plan in feed.polls(wanted)}
    assert set(polls) == {"premium", "inverse-premium", "settled"}
    linear = {event.instrument: event for event in of(Ticker, await feed.poll(polls["premium"]))}
    assert {name: event.funding_interval_hours for name, event in linear.items()} == {
        LINEAR: 8,
        "bingx:linear:SOL-USDT": 4,
        "bingx:linear:DOGE-USDT": 1,
    }
    (inverse,) = of(Ticker, await feed.poll(polls["inverse-premium"]))
    assert inverse.funding_interval_hours == 8
    for event in (linear[LINEAR], inverse):
        assert event.mark_price is not None
        assert event.index_price is not None
        assert abs(event.mark_price / event.index_price - 1) < Decimal("0.01")
        assert event.funding_rate is not None
        assert (event.next_funding_time_ns or 0) > time.time_ns()
    settled = of(FundingSettled, await feed.poll(polls["settled"]))
    times = [event.settled_ns for event in settled if event.instrument == LINEAR]
    assert times == sorted(times)
    assert all(0 < moment <= time.time_ns() and moment % (8 * HOUR_NS) == 0 for moment in times)


@verifies("linear", "instruments", "maintenance tiers", "funding interval")
@verifies("inverse", "instruments")
@verifies("spot", "instruments")
async def test_reference_data_are_read(simulator: SimulatorProcess, account: Credentials) -> None:
    feed = BingxFeed(simulator.venues["bingx"], account)
    events = await feed.reference([*EVERY, "bingx:linear:NOPE-USDT"])
    found = {event.instrument.id: event.instrument for event in of(InstrumentListed, events)}
    assert set(found) == set(EVERY)
    assert (found[LINEAR].contract_size, found[INVERSE].contract_size) == (Decimal(1), Decimal(100))
    assert (found[LINEAR].funding_interval_hours, found[LINEAR].funding_rate_cap) == (8, Decimal("0.003"))
    assert (found[INVERSE].settle, found[SPOT].tick_size) == ("BTC", Decimal("0.01"))
    (table,) = of(TiersLoaded, events)
    check_continuity(table.table)
    assert table.table.instrument == LINEAR
    assert [event.detail for event in of(FrameFault, events)] == ["NOPE-USDT is not listed"]
    without = await BingxFeed(simulator.venues["bingx"]).reference([LINEAR])
    assert not of(TiersLoaded, without)


@verifies("linear", "candles")
@verifies("inverse", "candles")
@verifies("spot", "candles")
async def test_history_is_read_and_closed_and_days_begin_in_utc(simulator: SimulatorProcess) -> None:
    await clear_of_the_hour()
    feed = BingxFeed(simulator.venues["bingx"])
    wanted = [
        CandlesWanted(instrument=LINEAR, interval_ns=HOUR_NS, count=48),
        CandlesWanted(instrument=SPOT, interval_ns=DAY_NS, count=10),
        CandlesWanted(instrument=INVERSE, interval_ns=DAY_NS, count=10),
    ]
    answers = [events async for events in feed.candles(wanted)]
    hourly, daily, coin = (of(CandlesLoaded, events) for events in answers)
    assert (len(hourly[0].candles), hourly[0].price.value) == (48, "mark")
    assert (len(daily[0].candles), daily[0].price.value) == (10, "spot")
    assert all(candle.start_ns % DAY_NS == 0 for candle in daily[0].candles)
    assert (coin[0].instrument, len(coin[0].candles), coin[0].price.value) == (INVERSE, 10, "last")
    assert all(candle.start_ns % DAY_NS == 0 for candle in coin[0].candles)
    assert not [event for events in answers for event in of(FrameFault, events)]


@verifies("linear", "server time", "rate-limit budget", "key permissions")
@verifies("inverse", "server time", "rate-limit budget", "key permissions")
@verifies("spot", "server time", "rate-limit budget", "key permissions")
async def test_time_limits_and_rights_are_told(simulator: SimulatorProcess, account: Credentials) -> None:
    dialect, base = clock_api(simulator.venues["bingx"])
    async with RestClient(dialect, base) as client:
        told = dialect.clock_ms(await client.get(dialect.clock_path))
        assert abs(told - time.time_ns() // 1_000_000) < 2_000
        assert client.budget is not None
        assert (client.budget.used, client.budget.limit) == (1, 500)
    rights = await key_rights(simulator.venues["bingx"], account)
    assert rights == KeyRights(trades=True, withdraws=False, moves=False, bound=False)


async def test_a_clock_that_is_off_is_put_right(simulator: SimulatorProcess, account: Credentials) -> None:
    simulator.control("skew", venue="bingx", milliseconds=60_000)
    events = await desk(simulator, account).sweep([SPOT], 0)
    assert of(BalanceUpdate, events)


@pytest.mark.parametrize("status", [429, 418])
async def test_a_venue_that_wants_to_be_left_alone_is(simulator: SimulatorProcess, status: int) -> None:
    simulator.control("limit_rate", venue="bingx", status=status)
    try:
        async with RestClient(BingxDialect(), simulator.venues["bingx"].rest) as client:
            with pytest.raises(VenueError) as first:
                await client.get("/openApi/swap/v2/server/time")
            assert first.value.code == "100410"
            assert 290 < (first.value.retry_after_seconds or 0) <= 300
            with pytest.raises(VenueError, match="limited"):
                await client.get("/openApi/swap/v2/server/time")
    finally:
        simulator.control("clear", venue="bingx")
