"""Exchanges through ccxt's own classes, which others wrote for the venues, at work on the simulated exchange."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal

import pytest

from core.events import (
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    CandlePrice,
    CandlesLoaded,
    DayStatistics,
    Fill,
    FrameFault,
    FundingSettled,
    InstrumentListed,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.history import DAY_NS, HOUR_NS
from core.instruments import ContractKind
from feeds.clock import Clock
from feeds.examine import clock_skew_ms
from feeds.host import connections_of
from feeds.registry import account_feed, venue_feed
from feeds.sim.process import SimulatorProcess, start_simulator
from feeds.venue import AccountFeed, CandlesWanted, Credentials, Endpoints, VenueFeed
from tests.feeds.toy import EventLog
from tests.interop.clients import client
from tests.support.patience import PATIENCE

LINEAR, INVERSE, SPOT = (f"ccxt.bybit:{rest}" for rest in ("swap:BTC/USDT:USDT", "swap:BTC/USD:BTC", "spot:BTC/USDT"))


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with start_simulator(seed=5) as running:
        yield running


def endpoints(simulator: SimulatorProcess, exchange: str) -> Endpoints:
    own = simulator.venues[exchange]
    return Endpoints(rest=own.rest, websocket=own.websocket)


def feed_at(simulator: SimulatorProcess, exchange: str = "bybit") -> VenueFeed:
    return venue_feed(f"ccxt.{exchange}", endpoints(simulator, exchange))


def desk_at(simulator: SimulatorProcess, right: str = "read") -> AccountFeed:
    key = simulator.api_key("bybit", right)
    return account_feed("ccxt.bybit", "main", endpoints(simulator, "bybit"), Credentials(key.key, key.secret))


async def test_instruments_and_tiers_are_those_of_the_exchange(simulator: SimulatorProcess) -> None:
    own = {
        event.instrument.symbol: event.instrument
        for event in await venue_feed("bybit", endpoints(simulator, "bybit")).reference(
            ["bybit:linear:BTCUSDT", "bybit:inverse:BTCUSD"]
        )
        if isinstance(event, InstrumentListed)
    }
    events = await feed_at(simulator).reference([LINEAR, INVERSE, SPOT, "ccxt.bybit:swap:NOPE/USDT:USDT"])
    found = {event.instrument.id: event.instrument for event in events if isinstance(event, InstrumentListed)}
    assert [it.kind for it in found.values()] == [ContractKind.LINEAR, ContractKind.INVERSE, ContractKind.SPOT]
    for name, symbol in ((LINEAR, "BTCUSDT"), (INVERSE, "BTCUSD")):
        ours, theirs = found[name], own[symbol]
        assert (ours.contract_size, ours.tick_size, ours.quantity_step, ours.minimum_quantity) == (
            theirs.contract_size,
            theirs.tick_size,
            theirs.quantity_step,
            theirs.minimum_quantity,
        )
        assert ours.maximum_leverage == theirs.maximum_leverage
    tables = {event.table.instrument: event.table for event in events if isinstance(event, TiersLoaded)}
    assert [(name, table.unit, table.whole_position) for name, table in tables.items()] == [
        (LINEAR, "quote", True),
        (INVERSE, "coin", True),
    ]
    assert [event.detail for event in events if isinstance(event, FrameFault)] == ["NOPE/USDT:USDT is not listed"]


async def polled(feed: VenueFeed, *instruments: str) -> dict[str, list[AnyEvent]]:
    """One answer of every poll, by name."""
    told = {}
    async with asyncio.timeout(PATIENCE):
        for plan in feed.polls(instruments):
            told[plan.name] = list(await feed.poll(plan))
    return told


async def test_prices_are_pushed_and_funding_is_polled(simulator: SimulatorProcess) -> None:
    told = await polled(feed_at(simulator), LINEAR, INVERSE, SPOT)
    for name, stream in ((LINEAR, "USDT"), (INVERSE, "BTC")):
        ticker, day = told[f"tickers swap {stream}"]
        assert isinstance(ticker, Ticker)
        assert isinstance(day, DayStatistics)
        assert (ticker.instrument, ticker.channel) == (name, f"watchTickers swap {stream}")
        assert ticker.mark_price is not None
        assert ticker.index_price is not None
        assert abs(ticker.mark_price / ticker.index_price - 1) < Decimal("0.01")
        (book,) = told[f"book swap {stream}"]
        assert isinstance(book, Ticker)
        assert book.bid_price is not None
        assert book.ask_price is not None
        assert book.bid_price < book.ask_price
        (funding,) = told[f"funding swap {stream}"]
        assert isinstance(funding, Ticker)
        assert (funding.instrument, funding.funding_interval_hours) == (name, 8)
        assert funding.funding_rate is not None
        assert (funding.next_funding_time_ns or 0) > funding.received_ns
        assert funding.mark_price is None, "the ticker, which is faster, tells it"
    (settled,) = told["settled funding swap BTC/USDT:USDT"]
    assert isinstance(settled, FundingSettled)
    assert settled.settled_ns < settled.received_ns
    (spot,) = told["book spot pairs"]
    assert isinstance(spot, Ticker)
    assert spot.instrument == SPOT


async def test_binance_streams_mark_prices_apart_from_its_tickers(simulator: SimulatorProcess) -> None:
    told = await polled(feed_at(simulator, "binance"), "ccxt.binance:swap:BTC/USDT:USDT")
    marks, tickers = told["mark swap USDT"], told["tickers swap USDT"]
    assert all(isinstance(it, Ticker) and it.mark_price is not None and it.last_price is None for it in marks)
    assert all(it.mark_price is None for it in tickers if isinstance(it, Ticker))


async def test_history_is_read_of_mark_prices_and_of_spot_trades(simulator: SimulatorProcess) -> None:
    wanted = [
        CandlesWanted(instrument=LINEAR, interval_ns=HOUR_NS, count=336),
        CandlesWanted(instrument=SPOT, interval_ns=DAY_NS, count=30),
        CandlesWanted(instrument="ccxt.bybit:swap:NOPE/USDT:USDT", interval_ns=DAY_NS, count=30),
    ]
    hourly, daily, missing = [list(events) async for events in feed_at(simulator).candles(wanted)]
    assert {event.price for event in hourly if isinstance(event, CandlesLoaded)} == {CandlePrice.MARK}
    starts = {it.start_ns for event in hourly if isinstance(event, CandlesLoaded) for it in event.candles}
    assert len(starts) >= 335
    assert max(starts) - min(starts) == (len(starts) - 1) * HOUR_NS
    assert {event.price for event in daily if isinstance(event, CandlesLoaded)} == {CandlePrice.SPOT}
    assert [type(event) for event in missing] == [FrameFault]


async def test_an_account_is_swept_and_sweeping_twice_changes_nothing(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as trader:
        await trader.create_order("BTC/USDT:USDT", "market", "sell", 0.5)
        try:
            desk = desk_at(simulator)
            first, again = [list(await desk.sweep([LINEAR, INVERSE], 0)) for _ in range(2)]
        finally:
            await trader.create_order("BTC/USDT:USDT", "market", "buy", 0.5, params={"reduceOnly": True})
    assert isinstance(first[-1], AccountSwept)
    positions = {event.instrument: event for event in first if isinstance(event, PositionUpdate)}
    assert (positions[LINEAR].quantity, positions[INVERSE].quantity) == (Decimal("-0.5"), Decimal(0))
    assert positions[LINEAR].entry_price is not None
    assert {event.asset for event in first if isinstance(event, BalanceUpdate)} >= {"USDT", "BTC"}
    fills = [event for event in first if isinstance(event, Fill)]
    assert [(it.side, it.quantity) for it in fills][-1:] == [("sell", Decimal("0.5"))]
    assert {it.fill_id for it in fills} == {it.fill_id for it in again if isinstance(it, Fill)}


async def test_the_clock_is_compared_through_ccxt(simulator: SimulatorProcess) -> None:
    assert abs(await clock_skew_ms("ccxt.bybit", endpoints(simulator, "bybit"))) < 5_000


async def test_its_polls_run_as_any_others_and_end_with_them(simulator: SimulatorProcess) -> None:
    log = EventLog()
    connections, readers = connections_of([feed_at(simulator)], [LINEAR, SPOT], log.emit, Clock())
    assert connections == []
    tasks = [asyncio.create_task(reader.run()) for reader in readers]
    wanted = {"watchTickers spot pairs", "watchBidsAsks swap USDT", "fetchFundingRates swap USDT"}
    await log.until(lambda: wanted <= {it.channel for it in log.events if isinstance(it, Ticker)})
    for task in tasks:
        task.cancel()
    assert all(isinstance(it, asyncio.CancelledError) for it in await asyncio.gather(*tasks, return_exceptions=True))
