"""What WEEX's client plans and asks, and what it reads over REST."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import RequestError, VenueError
from core.events import CandlesLoaded, FrameFault, FundingSettled, Heard, InstrumentListed, Ticker, TiersLoaded
from core.history import DAY_NS
from feeds.registry import venue_feed
from feeds.venue import CandlesWanted, Endpoints
from feeds.weex import facts
from feeds.weex.client import WeexFeed
from tests.feeds.weex.test_candles import ROWS
from tests.feeds.weex.test_reference import CONTRACT, PAIR, PREMIUM, SETTLED
from tests.feeds.weex.test_tiers import LIMITS

CONTRACTS = ["weex:linear:BTCUSDT", "weex:linear:ETHUSDT"]
FAR_MS = 4_000_000_000_000


def test_tickers_books_and_spot_have_sockets_of_their_own() -> None:
    plans = {plan.name: plan for plan in WeexFeed().plans([*CONTRACTS, "weex:spot:BTCUSDT"])}
    assert {name: plan.url for name, plan in plans.items()} == {
        "linear": "wss://ws-contract.weex.com/v3/ws/public",
        "books": "wss://ws-contract.weex.com/v3/ws/public",
        "spot": "wss://ws-spot.weex.com/v3/ws/public",
    }
    assert {name: [item.channel for item in plan.subscriptions] for name, plan in plans.items()} == {
        "linear": ["BTCUSDT@ticker", "ETHUSDT@ticker"],
        "books": ["BTCUSDT@depth15", "ETHUSDT@depth15"],
        "spot": ["BTCUSDT@bookTicker", "BTCUSDT@ticker"],
    }
    assert (plans["linear"].subscriptions[0].silence_seconds or 99) < 10, "a mark price must not fall silent unseen"


def test_no_socket_holds_more_channels_than_the_venue_takes() -> None:
    plans = WeexFeed().plans([f"weex:linear:X{number}USDT" for number in range(200)])
    assert [(plan.name, len(plan.subscriptions)) for plan in plans] == [
        *(("linear", 90), ("linear 2", 90), ("linear 3", 20)),
        *(("books", 90), ("books 2", 90), ("books 3", 20)),
    ]


@pytest.mark.parametrize("wrong", ["binance:usdm:BTCUSDT", "weex:inverse:BTCUSD", "weex:linear:", "BTCUSDT", ""])
def test_what_is_not_weexs_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(RequestError, match="weex"):
        WeexFeed().plans([wrong])


def test_other_addresses_are_used_as_given() -> None:
    feed = venue_feed("weex", Endpoints(rest="http://127.0.0.1:1", websocket="ws://127.0.0.1:2"))
    urls = [plan.url for plan in feed.plans(["weex:linear:BTCUSDT", "weex:spot:BTCUSDT"])]
    assert urls == [*["ws://127.0.0.1:2/v3/ws/public"] * 2, "ws://127.0.0.1:2/spot/v3/ws/public"]


def test_a_channel_asked_for_again_is_given_up_first_and_a_fresh_socket_begins_anew() -> None:
    feed = WeexFeed()
    plan = feed.plans(CONTRACTS)[1]
    channels = [item.channel for item in plan.subscriptions]

    def asked(*names: str) -> list[tuple[str, list[str]]]:
        frames = [json.loads(frame) for frame in feed.subscribe_frames(plan, names)]
        return [(frame["method"], frame["params"]) for frame in frames]

    feed.decoder(plan)
    assert asked(*channels) == [("SUBSCRIBE", channels)]
    assert asked(channels[0]) == [("UNSUBSCRIBE", channels[:1]), ("SUBSCRIBE", channels[:1])]
    feed.decoder(plan)
    assert asked(*channels) == [("SUBSCRIBE", channels)]


def test_requests_are_told_apart_and_few() -> None:
    feed = WeexFeed()
    (plan, _) = feed.plans([f"weex:linear:X{number}USDT" for number in range(65)])
    frames = [json.loads(frame) for frame in feed.subscribe_frames(plan, [one.channel for one in plan.subscriptions])]
    assert [len(frame["params"]) for frame in frames] == [30, 30, 5]
    assert len({frame["id"] for frame in frames}) == 3


def test_a_ping_of_the_venue_is_answered() -> None:
    feed = WeexFeed()
    answer = json.loads(feed.answer_frame(feed.plans(CONTRACTS)[0], Heard(kind="ping", detail="1776078750000")) or "")
    assert answer["method"] == "PONG"
    assert isinstance(answer["id"], int)
    assert feed.heartbeat_frame() is None


def test_funding_is_polled_for_contracts_only() -> None:
    plans = WeexFeed().polls([*CONTRACTS, "weex:spot:BTCUSDT"])
    assert [(plan.name, plan.channels, plan.instruments) for plan in plans] == [
        ("funding", ("/capi/v3/market/premiumIndex",), tuple(CONTRACTS)),
        ("settled funding", ("/capi/v3/market/fundingRate",), tuple(CONTRACTS)),
    ]
    assert plans[0].every_seconds < 30, "a rate is late after half a minute"
    assert WeexFeed().polls(["weex:spot:BTCUSDT"]) == ()


# --- over REST -------------------------------------------------------------------------------------------------------

BODIES: dict[str, Any] = {
    "/capi/v3/market/apiTradingSymbols": ["BTCUSDT"],
    "/capi/v3/market/premiumIndex": [
        PREMIUM | {"nextFundingTime": FAR_MS},
        PREMIUM | {"symbol": "ETHUSDT", "nextFundingTime": FAR_MS, "collectCycle": 240},
        PREMIUM | {"symbol": "DEADUSDT", "nextFundingTime": 0},
    ],
    "/capi/v3/market/exchangeInfo": {"symbols": [CONTRACT, CONTRACT | {"symbol": "ETHUSDT"}]},
    "/capi/v3/market/fundingRate": [SETTLED],
    "/capi/v3/market/riskLimits": [LIMITS, LIMITS | {"symbol": "ETHUSDT"}, LIMITS | {"symbol": "XRPUSDT"}],
    "/capi/v3/market/markPriceKlines": ROWS,
    "/api/v3/exchangeInfo": {"symbols": [PAIR]},
    "/api/v3/market/klines": ROWS,
}


@asynccontextmanager
async def venue(bodies: dict[str, Any], status: int = 200) -> AsyncIterator[tuple[WeexFeed, list[web.Request]]]:
    """A feed at a server that gives these answers by path."""
    requests: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        if request.path not in bodies:
            return web.json_response({"status": 404, "error": "Not Found"}, status=404)
        return web.json_response(bodies[request.path], status=status)

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        yield WeexFeed(Endpoints(rest=base, websocket="ws://unused")), requests


async def test_reference_tells_contracts_with_their_intervals_and_tiers_and_pairs() -> None:
    async with venue(BODIES) as (feed, requests):
        events = await feed.reference([*CONTRACTS, "weex:spot:BTCUSDT", "weex:linear:NOPEUSDT"])
    found = [event.instrument for event in events if isinstance(event, InstrumentListed)]
    assert [(one.id, one.funding_interval_hours, one.status) for one in found] == [
        ("weex:linear:BTCUSDT", 8, "trading"),
        ("weex:linear:ETHUSDT", 4, facts.NOT_BY_API),
        ("weex:spot:BTCUSDT", None, "trading"),
    ]
    assert [event.detail for event in events if isinstance(event, FrameFault)] == ["NOPEUSDT is not listed"]
    tables = {event.table.instrument for event in events if isinstance(event, TiersLoaded)}
    assert tables == set(CONTRACTS)
    asked = [dict(request.query) for request in requests if request.path == facts.TIERS_PATH]
    assert asked == [{"symbol": "BTCUSDT"}, {"symbol": "ETHUSDT"}], "what is not listed is not asked for"


@pytest.mark.parametrize(("answer", "field"), [(None, "path"), ("no list", "body")])
async def test_contracts_are_told_where_tiers_are_not(answer: Any, field: str) -> None:
    bodies = {path: body for path, body in BODIES.items() if path != facts.TIERS_PATH}
    async with venue(bodies if answer is None else bodies | {facts.TIERS_PATH: answer}) as (feed, _):
        events = await feed.reference(CONTRACTS)
    assert len([event for event in events if isinstance(event, InstrumentListed)]) == 2
    assert {event.field for event in events if isinstance(event, FrameFault)} == {field}
    assert not [event for event in events if isinstance(event, TiersLoaded)]


async def test_polls_tell_the_estimate_and_what_was_settled() -> None:
    async with venue(BODIES) as (feed, requests):
        funding, settled = feed.polls(CONTRACTS)
        rates = await feed.poll(funding)
        past = await feed.poll(settled)
    assert {event.instrument for event in rates if isinstance(event, Ticker)} == {*CONTRACTS}
    assert all(isinstance(event, Ticker) and event.mark_price is None for event in rates)
    assert {event.channel for event in rates if isinstance(event, Ticker)} == {*funding.channels}
    assert [type(event) for event in past] == [FundingSettled]
    assert [dict(request.query) for request in requests] == [
        {"symbol": "BTCUSDT"},
        {"symbol": "ETHUSDT"},
        {"symbol": "BTCUSDT", "limit": "1"},
        {"symbol": "ETHUSDT", "limit": "1"},
    ]


async def test_many_contracts_are_asked_for_all_at_once() -> None:
    async with venue(BODIES) as (feed, requests):
        await feed.poll(feed.polls([f"weex:linear:X{number}USDT" for number in range(6)])[0])
    assert [dict(request.query) for request in requests] == [{}]


async def test_candles_are_read_once_each_and_in_order() -> None:
    asked = [
        CandlesWanted(instrument=name, interval_ns=DAY_NS, count=90)
        for name in ("weex:linear:BTCUSDT", "weex:spot:BTCUSDT")
    ]
    async with venue(BODIES) as (feed, requests):
        events = [event async for some in feed.candles(asked) for event in some]
    assert [event.instrument for event in events if isinstance(event, CandlesLoaded)] == [
        "weex:linear:BTCUSDT",
        "weex:spot:BTCUSDT",
    ]
    assert [request.path for request in requests] == [facts.MARK_CANDLES_PATH, facts.SPOT_CANDLES_PATH]


async def test_candles_of_what_is_not_listed_are_named_and_not_asked_for_ever() -> None:
    refusal = {facts.MARK_CANDLES_PATH: {"code": -1121, "msg": "Invalid symbol."}}
    wanted = CandlesWanted(instrument="weex:linear:NOPEUSDT", interval_ns=DAY_NS, count=9)
    async with venue(refusal, 400) as (feed, _):
        ((fault,),) = [events async for events in feed.candles([wanted])]
    assert isinstance(fault, FrameFault)
    assert (fault.connection, fault.detail) == ("history", "linear:NOPEUSDT: Invalid symbol.")


@pytest.mark.parametrize("answer", [{"code": -1054, "msg": "System error"}, {}, 5, "busy"])
async def test_trouble_is_a_venue_error(answer: Any) -> None:
    async with venue(dict.fromkeys(BODIES, answer)) as (feed, _):
        with pytest.raises(VenueError):
            await feed.reference(CONTRACTS)
        for plan in feed.polls(CONTRACTS):
            if answer != {}:
                with pytest.raises(VenueError):
                    await feed.poll(plan)
