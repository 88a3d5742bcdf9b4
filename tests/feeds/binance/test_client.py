"""What Binance's client plans and asks, and what it reads over REST."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import RequestError, VenueError
from core.events import AnyEvent, FrameFault, InstrumentListed, TiersLoaded
from feeds.binance.client import BinanceFeed
from feeds.registry import venue_feed
from feeds.sim.process import start_simulator
from feeds.venue import Credentials, Endpoints
from tests.feeds.binance.test_reference import BRACKETS, CONTRACT, PAIR

BOTH = ["binance:spot:BTCUSDT", "binance:usdm:BTCUSDT", "binance:usdm:ETHUSDT"]


def test_each_route_serves_its_own_streams() -> None:
    plans = {plan.name: plan for plan in BinanceFeed().plans(BOTH)}
    assert {name: plan.url for name, plan in plans.items()} == {
        "market": "wss://fstream.binance.com/market/stream",
        "public": "wss://fstream.binance.com/public/stream",
        "spot": "wss://stream.binance.com:9443/stream",
    }
    assert {name: [item.channel for item in plan.subscriptions] for name, plan in plans.items()} == {
        "market": ["btcusdt@markPrice@1s", "ethusdt@markPrice@1s"],
        "public": ["btcusdt@bookTicker", "ethusdt@bookTicker"],
        "spot": ["btcusdt@bookTicker", "btcusdt@miniTicker"],
    }


def test_sockets_are_replaced_before_the_venue_cuts_them() -> None:
    for plan in BinanceFeed().plans(BOTH):
        assert plan.lifetime_seconds == 23 * 3600
        assert plan.heartbeat_seconds is None
    assert BinanceFeed().heartbeat_frame() is None


def test_a_silent_mark_price_is_said_within_ten_seconds() -> None:
    market = BinanceFeed().plans(["binance:usdm:BTCUSDT"])[0]
    assert (market.subscriptions[0].silence_seconds or 99) < 10


def test_requests_are_few_and_told_apart() -> None:
    feed = BinanceFeed()
    plan = feed.plans([f"binance:usdm:X{number}USDT" for number in range(150)])[0]
    channels = [item.channel for item in plan.subscriptions]
    frames = [json.loads(frame) for frame in feed.subscribe_frames(plan, channels)]
    assert [frame["method"] for frame in frames] == ["SUBSCRIBE"] * 2
    assert [channel for frame in frames for channel in frame["params"]] == channels
    assert frames[0]["id"] != frames[1]["id"]


@pytest.mark.parametrize(
    ("endpoints", "rest", "websocket"),
    [
        (
            Endpoints(rest="http://127.0.0.1:1", websocket="ws://127.0.0.1:2"),
            *("ws://127.0.0.1:2/market/stream", "ws://127.0.0.1:2/stream"),
        ),
        (
            Endpoints(rest="https://demo-fapi.binance.com", websocket="wss://demo-fstream.binance.com"),
            *("wss://demo-fstream.binance.com/market/stream", "wss://demo-stream.binance.com/stream"),
        ),
        (
            Endpoints(rest="http://a", websocket="ws://b", more={"spot_websocket": "ws://c"}),
            *("ws://b/market/stream", "ws://c/stream"),
        ),
    ],
    ids=["one server", "the venue's own test network", "spot elsewhere"],
)
def test_spot_is_where_it_belongs(endpoints: Endpoints, rest: str, websocket: str) -> None:
    plans = {plan.name: plan.url for plan in venue_feed("binance", endpoints).plans(BOTH)}
    assert (plans["market"], plans["spot"]) == (rest, websocket)


def test_a_decoder_knows_its_market() -> None:
    feed = BinanceFeed()
    raw = json.dumps({"u": 1, "s": "BTCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"})
    for plan in feed.plans(BOTH):
        told = str(feed.decoder(plan).decode(raw, 1))
        assert ("binance:spot:BTCUSDT" in told) == (plan.name == "spot")
        assert ("FrameFault" in told) == (plan.name != "spot")


@pytest.mark.parametrize("wrong", ["bybit:linear:BTCUSDT", "binance:linear:BTCUSDT", "binance:usdm:", "x"])
def test_what_is_not_binances_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(RequestError, match="binance"):
        BinanceFeed().plans([wrong])


# --- reference -------------------------------------------------------------------------------------------------------

BODIES: dict[str, Any] = {
    "/fapi/v1/exchangeInfo": {"symbols": [CONTRACT, CONTRACT | {"symbol": "ETHUSDT"}]},
    "/fapi/v1/fundingInfo": [{"symbol": "ETHUSDT", "fundingIntervalHours": 4, "disclaimer": False}],
    "/fapi/v1/leverageBracket": json.loads(BRACKETS),
    "/api/v3/exchangeInfo": {"symbols": [PAIR]},
}


@asynccontextmanager
async def venue(
    credentials: Credentials | None = None, bodies: dict[str, Any] = BODIES
) -> AsyncIterator[tuple[BinanceFeed, list[web.Request]]]:
    requests: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        return web.json_response(bodies[request.path])

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        yield BinanceFeed(Endpoints(rest=base, websocket="ws://unused"), credentials), requests


def intervals(events: list[AnyEvent]) -> dict[str, int | None]:
    listed = [event.instrument for event in events if isinstance(event, InstrumentListed)]
    return {instrument.id: instrument.funding_interval_hours for instrument in listed}


async def test_without_a_key_there_are_instruments_and_no_tiers() -> None:
    async with venue() as (feed, requests):
        events = list(await feed.reference(BOTH))
    assert intervals(events) == {"binance:usdm:BTCUSDT": 8, "binance:usdm:ETHUSDT": 4, "binance:spot:BTCUSDT": None}
    assert not [event for event in events if isinstance(event, TiersLoaded | FrameFault)]
    assert all("signature" not in request.query for request in requests)


async def test_with_a_key_tiers_are_asked_for_and_signed() -> None:
    async with venue(Credentials("key", "secret")) as (feed, requests):
        events = list(await feed.reference(["binance:usdm:BTCUSDT"]))
    (table,) = [event.table for event in events if isinstance(event, TiersLoaded)]
    assert table.instrument == "binance:usdm:BTCUSDT"
    signed = [request.path for request in requests if "signature" in request.query]
    assert signed == ["/fapi/v1/leverageBracket"]


async def test_what_is_not_listed_is_named_and_spoils_nothing_else() -> None:
    async with venue() as (feed, _):
        events = list(await feed.reference(["binance:usdm:NOPEUSDT", "binance:spot:NOPE", "binance:spot:BTCUSDT"]))
    assert list(intervals(events)) == ["binance:spot:BTCUSDT"]
    told = [(event.channel, event.detail) for event in events if isinstance(event, FrameFault)]
    assert told == [
        ("/fapi/v1/exchangeInfo", "NOPEUSDT is not listed"),
        ("/api/v3/exchangeInfo", "NOPE is not listed"),
    ]


@pytest.mark.parametrize("path", ["/fapi/v1/exchangeInfo", "/fapi/v1/fundingInfo", "/api/v3/exchangeInfo"])
@pytest.mark.parametrize("body", [5, {"code": -1, "msg": "no"}])
async def test_trouble_is_a_venue_error(path: str, body: Any) -> None:
    async with venue(bodies=BODIES | {path: body}) as (feed, _):
        with pytest.raises(VenueError):
            await feed.reference(BOTH)


async def test_a_key_that_is_refused_costs_the_tiers_and_nothing_else() -> None:
    """What is public is told all the same: a monitor with a wrong key still shows what its bag is worth."""
    with start_simulator(venues=["binance"]) as simulator:
        wrong = Credentials(key=simulator.api_key("binance", "read").key, secret="wrong")
        events = await venue_feed("binance", simulator.venues["binance"], wrong).reference(["binance:usdm:BTCUSDT"])
    assert [event.instrument.symbol for event in events if isinstance(event, InstrumentListed)] == ["BTCUSDT"]
    (refused,) = [event for event in events if isinstance(event, FrameFault)]
    assert (refused.field, "wrong" in refused.detail) == ("key", False)
    assert "Signature" in refused.detail
