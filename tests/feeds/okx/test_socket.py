"""OKX's client on a real socket, against a server that subscribes, refuses and goes away as the venue does."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from msgspec.structs import replace
from websockets.asyncio.server import ServerConnection

from core.events import Heard, Ticker
from feeds.connection import Connection
from feeds.okx.client import OkxFeed
from feeds.venue import Endpoints
from tests.feeds.okx.samples import BOOK, FUNDING, INDEX, LINEAR, MARK, PAIR, TICKER
from tests.feeds.toy import QUICK, EventLog, ToyServer, toy_server
from tests.support.clocks import LoopClock

LINEAR_ID = f"okx:linear:{LINEAR}"
ROWS: Final = {
    "mark-price": MARK,
    "index-tickers": INDEX,
    "funding-rate": FUNDING,
    "bbo-tbt": BOOK,
    "tickers": TICKER,
}


async def subscribe(socket: ServerConnection, request: dict[str, Any]) -> None:
    """Acknowledge each channel with a first frame of its own; refuse what there is not."""
    for subject in request["args"]:
        channel, symbol = subject["channel"], subject["instId"]
        if "NOPE" in symbol:
            text = f"Wrong URL or channel:{channel},instId:{symbol} doesn't exist."
            await socket.send(json.dumps({"id": request["id"], "event": "error", "code": "60018", "msg": text}))
            continue
        await socket.send(json.dumps({"id": request["id"], "event": "subscribe", "arg": subject, "connId": "a4d3ae55"}))
        row = ROWS[channel] if channel == "bbo-tbt" else ROWS[channel] | {"instId": symbol}
        await socket.send(json.dumps({"arg": subject, "data": [row]}))


async def serve_well(server: ToyServer, socket: ServerConnection) -> None:
    """Answer requests and pings for ever, and send nothing else."""
    async for text in socket:
        server.received.append(str(text))
        if text == "ping":
            await socket.send("pong")
        else:
            await subscribe(socket, json.loads(text))


@asynccontextmanager
async def connected(server: ToyServer, *instruments: str, **timing: float) -> AsyncIterator[EventLog]:
    """The first plan's connection, saying ``ping`` every 50 ms, and what it tells."""
    feed = OkxFeed(Endpoints(rest="http://unused", websocket=server.url))
    plan = replace(feed.plans(instruments)[0], heartbeat_seconds=0.05)
    log, clock = EventLog(), LoopClock()
    connection = Connection(feed, plan, log.emit, clock, timing=replace_timing(**timing))
    tasks = [asyncio.create_task(clock.run()), asyncio.create_task(connection.run())]
    try:
        yield log
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def replace_timing(**timing: float) -> Any:
    return replace(QUICK, **timing)


def prices(log: EventLog) -> set[str]:
    return {event.channel for event in log.events if isinstance(event, Ticker)}


async def test_one_request_brings_every_channel_to_life() -> None:
    async with toy_server(serve_well) as server, connected(server, LINEAR_ID) as log:
        await log.until(lambda: "live" in log.states)
    assert prices(log) == {
        *(f"mark-price:{LINEAR}", f"index-tickers:{PAIR}", f"funding-rate:{LINEAR}"),
        *(f"bbo-tbt:{LINEAR}", f"tickers:{LINEAR}"),
    }
    assert log.channel_states(f"mark-price:{LINEAR}") == ["requested", "acked", "live"]
    assert len([text for text in server.received if text != "ping"]) == 1


async def test_ping_keeps_a_quiet_socket_and_its_pong_is_understood() -> None:
    async with toy_server(serve_well) as server, connected(server, LINEAR_ID, quiet_seconds=5, pong_seconds=5) as log:
        await log.until(lambda: sum(isinstance(it, Heard) and it.kind == "pong" for it in log.events) >= 3)
    assert server.received.count("ping") >= 3
    assert server.opened == 1
    assert log.faults == []


async def test_a_socket_that_answers_no_ping_is_given_up() -> None:
    async def deaf(server: ToyServer, socket: ServerConnection) -> None:
        async for text in socket:
            if text != "ping":
                await subscribe(socket, json.loads(text))

    async with toy_server(deaf) as server, connected(server, LINEAR_ID) as log:
        await log.until(lambda: server.opened >= 2)
    assert "no answer to a ping" in log.reasons


async def test_a_symbol_that_there_is_not_is_refused_by_name_and_spoils_no_other() -> None:
    async with (
        toy_server(serve_well) as server,
        connected(server, LINEAR_ID, "okx:linear:NOPE-USDT-SWAP", refused_retry_seconds=60) as log,
    ):
        await log.until(lambda: log.channel_states("mark-price:NOPE-USDT-SWAP")[-1:] == ["refused"])
        await log.until(lambda: log.channel_states(f"mark-price:{LINEAR}")[-1:] == ["live"])
    assert log.states[-2] != "live", "degraded: something that was wanted is not there"


async def test_a_notice_of_closing_has_another_socket_opened_first() -> None:
    async def leave(server: ToyServer, socket: ServerConnection) -> None:
        async for text in socket:
            server.received.append(str(text))
            if text == "ping":
                await socket.send("pong")
                continue
            await subscribe(socket, json.loads(text))
            if server.opened == 1:
                notice = "The connection will soon be closed for a service upgrade. Please reconnect."
                await socket.send(json.dumps({"event": "notice", "code": "64008", "msg": notice}))

    async with toy_server(leave) as server, connected(server, LINEAR_ID) as log:
        await log.until(lambda: server.opened == 2 and len(server.live) == 1)
    assert server.most_live == 2
    assert "reconnecting" not in log.states
