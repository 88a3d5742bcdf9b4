"""Many faults in a row, by seed, and a simulated exchange that is killed: whatever happened, it ends well."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from decimal import Decimal

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection

from core.demo_book import LINEAR_MARKETS, DemoLeg, seed_book
from core.engine import Engine
from core.snapshot import FeedView, Mode, Snapshot
from core.symbols import linear_symbol, spot_symbol
from feeds.clock import Clock
from feeds.host import EngineHost
from feeds.paper import PaperBroker
from feeds.registry import venue_feed
from feeds.sim.process import start_simulator
from feeds.sim.registry import VENUES, venue_rules
from tests.support.bybit_server import (
    QUICK,
    BybitServer,
    ScriptedFeed,
    bybit_server,
    hedge,
    linear,
    mark_is_live,
    running_host,
    shown,
    ticker_delta,
)
from tests.support.ports import ports_in_a_row

BAD_SOCKETS = 15


@pytest.mark.parametrize("seed", [1, 2])
async def test_after_any_weather_the_sun(seed: int) -> None:
    """Fifteen sockets that fail in turn, each in a way drawn by the seed; the next one is good."""
    chance = random.Random(seed)

    async def bad_then_good(server: BybitServer, client: ServerConnection) -> None:
        if server.sockets > BAD_SOCKETS:
            await server.serve_well(client)
        fault = chance.choice(["slam", "abort", "mute", "garbage", "giant", "half a frame", "refuse"])
        if fault == "slam":
            return
        if fault == "refuse":
            request = await server.request(client)
            await server.answer(client, request, success=False, text="try again")
            await asyncio.sleep(0.05)
            return
        await server.acknowledge(client)
        await server.stream(client, seconds=chance.uniform(0, 0.1))
        if fault == "abort":
            client.transport.abort()
        elif fault == "giant":
            await client.send("x" * 2_000_000)
        elif fault == "half a frame":
            client.transport.write(b"\x81\x7e\xff\xffhalf")
            await asyncio.sleep(0.05)
            client.transport.abort()
        elif fault == "garbage":
            for rubbish in ["{", ticker_delta(0.0), "\xff"] * 10:
                await client.send(rubbish)
        elif fault == "mute":
            await asyncio.sleep(60)

    timing = msgspec.structs.replace(QUICK, first_delay_seconds=0.01, longest_delay_seconds=0.02, attempts=1000)
    async with bybit_server(bad_then_good) as server:
        with running_host(ScriptedFeed(server.port), timing=timing) as host:
            end = await shown(host, lambda item: server.sockets > BAD_SOCKETS and mark_is_live(item))
            steady = await shown(
                host, lambda item: item.sequence > end.sequence + 10 and linear(item).state.value == "live"
            )
            assert linear(steady).reconnects >= BAD_SOCKETS - 3, "a swap may have replaced some without a gap"
            for cut in host.cuts:
                mark = hedge(cut).mark_price
                assert mark.value is None or Decimal(59_000) < mark.value < Decimal(61_000)
                if mark.known and mark.freshness.value == "live":
                    assert (cut.time_ns - (mark.observed_ns or 0)) / 1e9 < 0.5


@pytest.mark.parametrize("venue", VENUES)
async def test_an_exchange_killed_and_started_again_is_found_again(venue: str) -> None:
    """The whole of it: the venue's own client against the simulated exchange, killed with -9 and started anew."""
    market = LINEAR_MARKETS[venue]
    name, spot = f"{venue}:{market}:{linear_symbol(venue, 'BTC')}", f"{venue}:spot:{spot_symbol(venue, 'BTC')}"
    book = seed_book(DemoLeg(name, spot, venue_rules(venue).contract_size(market, "BTC")))

    def live(snapshot: Snapshot) -> bool:
        return mark_is_live(snapshot) and all(feed.state.value == "live" for feed in snapshot.feeds)

    port = ports_in_a_row(2)
    simulator = await asyncio.to_thread(start_simulator, venues=[venue], port=port)
    engine = Engine([book], mode=Mode.PAPER, source="test")
    feed = venue_feed(venue, simulator.venues[venue])
    polled = {plan.name for plan in feed.polls([name, spot])}

    def heard(snapshot: Snapshot) -> list[FeedView]:
        """What is kept open or read often: a poll that is due in minutes notices nothing."""
        return [feed for feed in snapshot.feeds if feed.connection not in polled]

    broker = PaperBroker(book.accounts, engine.positions)
    timing = msgspec.structs.replace(QUICK, first_data_seconds=8.0, quiet_seconds=4.0, pong_seconds=4.0)
    host = EngineHost(engine, [feed], [name, spot], broker, Clock(), 50.0, timing=timing)
    host.start()
    try:
        await shown(host, live)
        os.kill(simulator.pid, signal.SIGKILL)
        simulator.stop()
        dark = await shown(host, lambda item: not any(feed.state.value == "live" for feed in heard(item)))
        assert not mark_is_live(dark)
        simulator = await asyncio.to_thread(start_simulator, venues=[venue], port=port)
        again = await shown(host, live)
        assert all(feed.reconnects >= 1 for feed in heard(again) if feed.connection != "reference")
    finally:
        host.stop()
        simulator.stop()
