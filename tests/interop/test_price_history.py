"""Price history from the simulated exchange to the engine, by the venues' own clients; ccxt reads the same."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from core.demo_book import LINEAR_MARKETS, DemoLeg, seed_book
from core.engine import Engine
from core.events import CandlePrice
from core.figures import Freshness
from core.history import DAY_NS, HOUR_NS, PriceSeries
from core.snapshot import Mode
from core.symbols import linear_symbol, spot_symbol
from feeds.clock import Clock
from feeds.history import DAYS, HOURS
from feeds.host import EngineHost
from feeds.paper import PaperBroker
from feeds.player import Player
from feeds.records import AnyRecord, Fetched
from feeds.registry import venue_feed
from feeds.sim.process import SimulatorProcess
from feeds.sim.registry import VENUES
from tests.interop.clients import SWAP, client
from tests.support.clocks import clear_of_the_hour

CCXT_INTERVALS = {DAY_NS: "1d", HOUR_NS: "1h"}


def names(venue: str) -> tuple[str, str]:
    """The demo's contract and spot pair."""
    contract = f"{venue}:{LINEAR_MARKETS[venue]}:{linear_symbol(venue, 'BTC')}"
    return contract, f"{venue}:spot:{spot_symbol(venue, 'BTC')}"


@asynccontextmanager
async def loaded(simulator: SimulatorProcess, venue: str, records: list[AnyRecord]) -> AsyncIterator[Engine]:
    """An engine on the simulated venue, once all of its history is there."""
    await clear_of_the_hour()
    contract, pair = names(venue)
    book = seed_book(DemoLeg(contract, pair))
    engine = Engine([book], mode=Mode.PAPER, source="test")
    feed = venue_feed(venue, simulator.venues[venue])
    broker = PaperBroker(book.accounts, engine.positions)
    host = EngineHost(engine, [feed], [contract, pair], broker, Clock(), 50.0, tap=records.append)
    host.start()
    try:
        last = await asyncio.to_thread(
            host.wait_until, lambda cut: bool(engine.history.series(contract, HOUR_NS, cut.time_ns).candles), 10
        )
        assert last is not None
        assert not [feed for feed in last.feeds if feed.faults]
        yield engine
    finally:
        host.stop()


def series_of(engine: Engine, venue: str) -> list[PriceSeries]:
    now_ns = Clock().now_ns()
    contract, pair = names(venue)
    wanted = ((contract, DAY_NS), (contract, HOUR_NS), (pair, DAY_NS))
    return [engine.history.series(name, interval_ns, now_ns) for name, interval_ns in wanted]


@pytest.mark.parametrize("venue", VENUES)
async def test_a_quarter_of_daily_candles_reaches_the_engine(simulator: SimulatorProcess, venue: str) -> None:
    async with loaded(simulator, venue, []) as engine:
        daily, hourly, spot = series_of(engine, venue)
        common = engine.history.aligned(*names(venue), DAY_NS, Clock().now_ns())
    assert [len(series.candles) for series in (daily, hourly, spot)] == [DAYS, HOURS, DAYS]
    assert DAYS >= 90
    assert [series.price for series in (daily, hourly, spot)] == [CandlePrice.MARK, CandlePrice.MARK, CandlePrice.SPOT]
    for series in (daily, hourly, spot):
        assert series.freshness is Freshness.LIVE
        assert 0 <= (series.age_ns or 0) < series.interval_ns + 120 * 10**9
        for candle in series.candles:
            assert candle.high >= max(candle.open, candle.close)
            assert 0 < candle.low <= min(candle.open, candle.close)
        for before, after in itertools.pairwise(series.candles):
            assert after.start_ns - before.start_ns == series.interval_ns
            assert after.open == before.close
    assert (len(common.first), common.dropped) == (DAYS - 1, 0)
    assert common.first == pytest.approx(common.second, abs=1e-4)


@pytest.mark.parametrize("venue", VENUES)
async def test_a_capture_of_it_replays_to_the_same_history(simulator: SimulatorProcess, venue: str) -> None:
    records: list[AnyRecord] = []
    async with loaded(simulator, venue, records) as engine:
        live = series_of(engine, venue)
    assert len([record for record in records if isinstance(record, Fetched) and "line" in record.url.lower()]) >= 3
    player, again = Player(), Engine([seed_book(DemoLeg(*names(venue)))], mode=Mode.REPLAY, source="test")
    for record in records:
        for event in player.events(record):
            again.apply(event)
    assert [series.candles for series in series_of(again, venue)] == [series.candles for series in live]


@pytest.mark.parametrize("venue", VENUES)
async def test_ccxt_reads_the_same_mark_prices(simulator: SimulatorProcess, venue: str) -> None:
    async with loaded(simulator, venue, []) as engine:
        series = series_of(engine, venue)[:2]
    async with client(simulator, venue) as exchange:
        for ours in series:
            interval = CCXT_INTERVALS[ours.interval_ns]
            rows = await exchange.fetch_ohlcv(SWAP, interval, limit=len(ours.candles) + 1, params={"price": "mark"})
            theirs = {row[0]: row[1:5] for row in rows}
            compared = [candle for candle in ours.candles if candle.start_ns // 10**6 in theirs]
            assert len(compared) >= len(ours.candles) - 1, "a candle may have closed meanwhile"
            for candle in compared:
                prices = [float(price) for price in (candle.open, candle.high, candle.low, candle.close)]
                assert theirs[candle.start_ns // 10**6] == prices
