"""What goes wrong on the line, over real sockets and through the real decoder, engine and host.

Each test holds the same three things: the monitor says so in time, it recovers by itself, and between the two no
price from before the fault is ever shown as fresh. Limits are some thirty times shorter than in production; the last
tests add up the production limits.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection

from core.books import MARK_AGES
from core.snapshot import Snapshot
from feeds.timing import DEFAULT_TIMING
from tests.support.bybit_server import (
    QUICK,
    TOPIC,
    BybitServer,
    ScriptedFeed,
    WatchedHost,
    bybit_server,
    feed_state,
    hedge,
    linear,
    mark_is_live,
    running_host,
    shown,
    ticker_delta,
    ticker_snapshot,
)
from tests.support.ports import ports_in_a_row
from tests.support.relay import relay_to

SAID_WITHIN = 0.25 + 0.15
"""Seconds until the monitor must have said so, with :data:`QUICK`: the limit for data, and time to show it."""


def never_old_as_fresh(host: WatchedHost, within: float = SAID_WITHIN) -> None:
    """No snapshot shows a mark price as live that was received longer before than silence may last."""
    for snapshot in host.cuts:
        mark = hedge(snapshot).mark_price
        if mark.known and mark.freshness.value == "live":
            assert mark.observed_ns is not None
            assert (snapshot.time_ns - mark.observed_ns) / 1e9 <= within


def trouble_said(snapshot: Snapshot) -> bool:
    """True where the monitor says that something is, or was just now, wrong with the feed."""
    return linear(snapshot).reconnects > 0 or (feed_state(snapshot) != "live" and not mark_is_live(snapshot))


@contextlib.asynccontextmanager
async def good_then(fault: str, server_script: object = None) -> AsyncIterator[tuple[BybitServer, WatchedHost]]:
    """A host that is live on a server whose first socket then goes wrong in the way named."""

    async def script(server: BybitServer, socket: ServerConnection) -> None:
        if server.sockets > 1:
            await server.serve_well(socket)
        await server.acknowledge(socket)
        await server.stream(socket, seconds=0.4)
        if fault == "silent":
            await asyncio.sleep(60)
        elif fault == "closed":
            await socket.close(1012, "service restart")
        elif fault == "killed":
            socket.transport.abort()
        elif fault == "garbage":
            for rubbish in itertools.cycle(
                ["\x00", '{"topic":', "<html>", "[]", "7", '{"topic":"tickers.BTCUSDT","type":"delta"}']
            ):
                await socket.send(rubbish)
                await asyncio.sleep(0.01)
        elif fault == "backwards":
            while True:
                await socket.send(ticker_delta(1.0, ms=1))
                await asyncio.sleep(0.01)

    async with bybit_server(script) as server:
        with running_host(ScriptedFeed(server.port)) as host:
            await shown(host, mark_is_live)
            yield server, host


@pytest.mark.parametrize("fault", ["silent", "closed", "killed", "garbage", "backwards"])
async def test_said_recovered_never_old_as_fresh(fault: str) -> None:
    async with good_then(fault) as (server, host):
        bad = await shown(host, trouble_said)
        last_sent_ns = hedge(bad).mark_price.observed_ns or 0
        assert (bad.time_ns - last_sent_ns) / 1e9 <= SAID_WITHIN
        good = await shown(host, mark_is_live)
        assert server.sockets == 2
        assert linear(good).reconnects == 1
        never_old_as_fresh(host)
        marks = {hedge(cut).mark_price.value for cut in host.cuts}
        assert all(value is None or 60_000 <= value < 60_100 for value in marks), "rubbish never became a price"
        if fault in ("garbage", "backwards"):
            assert linear(good).faults > 5


async def test_the_server_is_gone_for_a_while() -> None:
    port = ports_in_a_row(1)
    async with bybit_server(BybitServer.serve_well, port):
        feed = ScriptedFeed(port)
        host_context = running_host(feed)
        host = host_context.__enter__()
        await shown(host, mark_is_live)
    try:
        bad = await shown(host, trouble_said)
        assert feed_state(bad) in ("reconnecting", "connecting")
        await shown(host, lambda item: linear(item).reconnects >= 1 and "refused" in linear(item).reason)
        async with bybit_server(BybitServer.serve_well, port):
            await shown(host, mark_is_live)
            never_old_as_fresh(host)
            host_context.__exit__(None, None, None)
    finally:
        host.stop()


async def test_acks_without_data_is_no_life() -> None:
    """The wrong route of a venue that splits its streams: every subscription acknowledged, never a word."""

    async def ack_only(server: BybitServer, socket: ServerConnection) -> None:
        if server.sockets > 2:
            await server.serve_well(socket)
        while True:
            await server.acknowledge(socket)

    async with bybit_server(ack_only) as server:
        with running_host(ScriptedFeed(server.port)) as host:
            said = await shown(host, lambda item: any(c.state.value == "silent" for c in linear(item).channels))
            assert not hedge(said).mark_price.known
            assert not any(feed_state(cut) == "live" for cut in host.cuts)
            await shown(host, mark_is_live)
            assert server.asked[:2] == [[TOPIC], [TOPIC]], "asked once more on the same socket"
            never_old_as_fresh(host)


async def test_half_open_nothing_arrives_and_nothing_fails() -> None:
    """A network that swallows everything both ways, while the socket stays open as far as anybody can tell."""
    async with bybit_server(BybitServer.serve_well) as server, relay_to(server.port) as relay:
        with running_host(ScriptedFeed(relay.port)) as host:
            await shown(host, mark_is_live)
            relay.swallow()
            bad = await shown(host, trouble_said)
            assert (bad.time_ns - (hedge(bad).mark_price.observed_ns or 0)) / 1e9 <= SAID_WITHIN
            await shown(host, mark_is_live)
            never_old_as_fresh(host)


async def test_accept_and_close_storm_sees_few_attempts() -> None:
    async def slam(server: BybitServer, socket: ServerConnection) -> None:
        await socket.close(1013, "try again later")

    timing = msgspec.structs.replace(QUICK, first_delay_seconds=0.01, attempts=10)
    async with bybit_server(slam) as server:
        with running_host(ScriptedFeed(server.port), timing=timing) as host:
            await shown(host, lambda item: linear(item).reconnects >= 9)
            before = server.sockets
            await asyncio.sleep(0.5)  # the absence of attempts has no event to wait for
            assert before <= server.sockets <= 10, "ten a minute, then none"
            snapshot = host.latest()
            assert snapshot is not None
            assert feed_state(snapshot) in ("reconnecting", "connecting")
            assert "1013 try again later" in linear(snapshot).reason


async def test_a_ten_megabyte_frame_is_counted_and_survived() -> None:
    async def giant(server: BybitServer, socket: ServerConnection) -> None:
        await server.acknowledge(socket)
        await server.stream(socket, seconds=0.2)
        await socket.send('{"topic":"tickers.BTCUSDT","data":"' + "x" * 10_000_000 + '"}')
        await server.stream(socket, 60_050)

    # Ten megabytes take a while on a busy machine, and all that comes after them waits.
    timing = msgspec.structs.replace(QUICK, first_data_seconds=10.0, quiet_seconds=10.0, pong_seconds=10.0)
    async with bybit_server(giant) as server:
        feed = ScriptedFeed(server.port)
        feed.silence_seconds = 10.0
        with running_host(feed, timing=timing) as host:
            after = await shown(host, lambda item: (hedge(item).mark_price.value or 0) >= 60_050)
            assert linear(after).faults == 1
            assert "oversize" in linear(after).last_fault
            assert server.sockets == 1
            never_old_as_fresh(host, MARK_AGES.late)


async def test_one_refused_topic_costs_only_itself() -> None:
    bad = "tickers.NOSUCHUSDT"

    async def refuse(server: BybitServer, socket: ServerConnection) -> None:
        while True:
            request = await server.request(socket)
            if bad in request["args"]:
                await server.answer(socket, request, success=False, text=f"error:handler not found,topic:{bad}")
            else:
                await server.answer(socket, request, success=True)
                streams.append(asyncio.create_task(server.stream(socket)))

    streams: list[asyncio.Task[None]] = []
    async with bybit_server(refuse) as server:
        with running_host(ScriptedFeed(server.port, [bad, TOPIC])) as host:
            snapshot = await shown(host, lambda item: mark_is_live(item) and feed_state(item) == "degraded")
            channels = {view.channel: (view.state.value, view.reason) for view in linear(snapshot).channels}
            assert channels[bad][0] == "refused"
            assert "handler not found" in channels[bad][1]
            assert channels[TOPIC][0] == "live"
            assert server.asked[:3] == [[bad, TOPIC], [bad], [TOPIC]]


async def test_the_planned_swap_is_invisible_but_for_its_note() -> None:
    """Before the venue's 24 hours are over: a fresh socket with data, and only then the old one goes."""
    async with bybit_server(BybitServer.serve_well) as server:
        feed = ScriptedFeed(server.port)
        feed.lifetime_seconds = 0.5
        with running_host(feed) as host:
            snapshot = await shown(host, lambda _: server.sockets >= 3 and len(server.live) == 1)
            assert server.most_live == 2
            assert linear(snapshot).reconnects == 0
            first_live = next(number for number, cut in enumerate(host.cuts) if mark_is_live(cut))
            assert all(mark_is_live(cut) for cut in host.cuts[first_live:]), "not one snapshot without a fresh price"
            observed = [hedge(cut).mark_price.observed_ns or 0 for cut in host.cuts[first_live:]]
            assert observed == sorted(observed)


async def test_a_delta_before_its_snapshot_shows_nothing() -> None:
    async def delta_first(server: BybitServer, socket: ServerConnection) -> None:
        await server.acknowledge(socket)
        if server.sockets == 1:
            for _ in range(5):
                await socket.send(ticker_delta(61_000))
            sent.set()
            await proceed.wait()
        await socket.send(ticker_snapshot(60_000))
        await asyncio.sleep(60)

    sent, proceed = asyncio.Event(), asyncio.Event()
    async with bybit_server(delta_first) as server:
        with running_host(ScriptedFeed(server.port)) as host:
            await sent.wait()
            snapshot = await shown(host, lambda item: linear(item).faults >= 1)
            assert not hedge(snapshot).mark_price.known
            assert "before snapshot" in linear(snapshot).last_fault
            proceed.set()
            await shown(host, mark_is_live)


# --- the production limits -----------------------------------------------------------------------------------


def test_silence_and_death_are_said_within_ten_seconds() -> None:
    """The worst case of each fault with the production limits: what may pass until a snapshot says so."""
    refresh = 0.5
    silent = DEFAULT_TIMING.first_data_seconds + refresh
    dead_peer = DEFAULT_TIMING.quiet_seconds + DEFAULT_TIMING.pong_seconds + refresh
    nobody_answers = DEFAULT_TIMING.open_seconds + refresh
    assert max(silent, dead_peer, nobody_answers) <= 10.0
    assert MARK_AGES.late + refresh <= 10.0, "and whatever the feeds believe, an unchanged age is seen sooner"


@pytest.mark.parametrize("venue", ["bybit", "binance"])
def test_every_mark_price_of_every_venue_is_held_to_the_limit(venue: str) -> None:
    from feeds.registry import venue_feed

    market, symbol = {"bybit": ("linear", "BTCUSDT"), "binance": ("usdm", "BTCUSDT")}[venue]
    plans = venue_feed(venue).plans([f"{venue}:{market}:{symbol}"])
    limits = [item.silence_seconds for plan in plans for item in plan.subscriptions]
    assert any(limit is not None and limit <= 10.0 for limit in limits)
