"""What Bybit's client plans and asks, and what it reads over REST from a server that pages as the venue does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import RequestError, VenueError
from core.events import AnyEvent, DayStatistics, FrameFault, FundingSettled, InstrumentListed, TiersLoaded
from feeds.bybit.client import BybitFeed
from feeds.bybit.parse import Decoder
from feeds.registry import venue_feed
from feeds.venue import Endpoints
from tests.feeds.bybit.test_reference import CONTRACT, FRACTIONS, PAIR, limit


def test_each_category_has_a_socket_of_its_own() -> None:
    wanted = ["bybit:spot:BTCUSDT", "bybit:linear:BTCUSDT", "bybit:inverse:BTCUSD", "bybit:linear:ETHUSDT"]
    plans = {plan.name: plan for plan in BybitFeed().plans(wanted)}
    assert {name: plan.url for name, plan in plans.items()} == {
        "linear": "wss://stream.bybit.com/v5/public/linear",
        "inverse": "wss://stream.bybit.com/v5/public/inverse",
        "spot": "wss://stream.bybit.com/v5/public/spot",
    }
    channels = {name: [item.channel for item in plan.subscriptions] for name, plan in plans.items()}
    assert channels == {
        "linear": ["tickers.BTCUSDT", "tickers.ETHUSDT"],
        "inverse": ["tickers.BTCUSD"],
        "spot": ["tickers.BTCUSDT", "orderbook.1.BTCUSDT"],
    }


def test_the_client_pings_and_is_silent_for_less_than_ten_seconds() -> None:
    (plan,) = BybitFeed().plans(["bybit:linear:BTCUSDT"])
    assert (plan.heartbeat_seconds, plan.lifetime_seconds) == (20, None)
    assert json.loads(BybitFeed().heartbeat_frame() or "") == {"op": "ping"}
    assert (plan.subscriptions[0].silence_seconds or 99) < 10


def test_other_addresses_are_used_as_given() -> None:
    feed = venue_feed("bybit", Endpoints(rest="http://127.0.0.1:1", websocket="ws://127.0.0.1:2"))
    assert [plan.url for plan in feed.plans(["bybit:linear:BTCUSDT"])] == ["ws://127.0.0.1:2/v5/public/linear"]


def test_requests_are_small_and_told_apart() -> None:
    feed = BybitFeed()
    wanted = [f"bybit:linear:X{number}USDT" for number in range(23)]
    (plan,) = feed.plans(wanted)
    channels = [item.channel for item in plan.subscriptions]
    frames = [
        json.loads(frame)
        for frame in (*feed.subscribe_frames(plan, channels), *feed.subscribe_frames(plan, channels[:1]))
    ]
    assert [frame["op"] for frame in frames] == ["subscribe"] * 4
    assert [len(frame["args"]) for frame in frames] == [10, 10, 3, 1]
    assert [channel for frame in frames[:3] for channel in frame["args"]] == channels
    assert len({frame["req_id"] for frame in frames}) == 4


def test_a_decoder_knows_its_category() -> None:
    feed = BybitFeed()
    (plan,) = feed.plans(["bybit:inverse:BTCUSD"])
    decoder = feed.decoder(plan)
    assert isinstance(decoder, Decoder)
    raw = {
        "topic": "tickers.BTCUSD",
        "type": "snapshot",
        "ts": 1,
        "cs": 1,
        "data": {"symbol": "BTCUSD", "markPrice": "1"},
    }
    assert "bybit:inverse:BTCUSD" in str(decoder.decode(json.dumps(raw), 1))


@pytest.mark.parametrize("wrong", ["binance:usdm:BTCUSDT", "bybit:usdm:BTCUSDT", "bybit:linear:", "BTCUSDT", ""])
def test_what_is_not_bybits_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(RequestError, match="bybit"):
        BybitFeed().plans([wrong])


# --- reference -------------------------------------------------------------------------------------------------------

PAGES: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("/v5/market/instruments-info", "linear"): [
        CONTRACT | {"symbol": "AUSDT"},
        CONTRACT,
        CONTRACT | {"symbol": "ZUSDT"},
    ],
    ("/v5/market/instruments-info", "spot"): [PAIR],
    ("/v5/market/risk-limit", "linear"): [*FRACTIONS, limit("ZUSDT", "1000", "0.01", "50", "")],
}


@asynccontextmanager
async def venue(page_size: int = 1) -> AsyncIterator[tuple[BybitFeed, list[web.Request]]]:
    """A feed at a server that answers in pages, each cursor naming the next row."""
    requests: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        rows = PAGES[request.path, request.query["category"]]
        rows = [row for row in rows if request.query.get("symbol", row["symbol"]) == row["symbol"]]
        start = int(request.query.get("cursor", "0%3D").partition("%3D")[0])
        more = f"{start + page_size}%3D" if start + page_size < len(rows) else ""
        result = {"category": "x", "list": rows[start : start + page_size], "nextPageCursor": more}
        return web.json_response({"retCode": 0, "retMsg": "OK", "result": result})

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        yield BybitFeed(Endpoints(rest=base, websocket="ws://unused")), requests


def symbols(events: list[AnyEvent]) -> list[str]:
    return [event.instrument.id for event in events if isinstance(event, InstrumentListed)]


async def test_reference_follows_the_cursor_to_the_last_page() -> None:
    async with venue() as (feed, requests):
        events = list(await feed.reference(["bybit:linear:ZUSDT", "bybit:linear:BTCUSDT", "bybit:spot:BTCUSDT"]))
    assert sorted(symbols(events)) == ["bybit:linear:BTCUSDT", "bybit:linear:ZUSDT", "bybit:spot:BTCUSDT"]
    tables = {event.table.instrument: event.table for event in events if isinstance(event, TiersLoaded)}
    assert {name: len(table.tiers) for name, table in tables.items()} == {
        "bybit:linear:BTCUSDT": 3,
        "bybit:linear:ZUSDT": 1,
    }
    assert not [event for event in events if isinstance(event, FrameFault)]
    assert all(event.received_ns > 1_700_000_000_000_000_000 for event in events)
    first = next(request for request in requests if request.path.endswith("instruments-info"))
    assert first.query["limit"] == "1000"


async def test_what_is_not_listed_is_named_and_spoils_nothing_else() -> None:
    async with venue() as (feed, _):
        events = list(await feed.reference(["bybit:linear:NOPEUSDT", "bybit:linear:BTCUSDT"]))
    assert symbols(events) == ["bybit:linear:BTCUSDT"]
    (told,) = [event for event in events if isinstance(event, FrameFault)]
    assert (told.venue, told.connection, told.detail) == ("bybit", "reference", "NOPEUSDT is not listed")


async def test_reference_can_be_read_again() -> None:
    async with venue(page_size=100) as (feed, requests):
        first = list(await feed.reference(["bybit:linear:BTCUSDT"]))
        again = list(await feed.reference(["bybit:linear:BTCUSDT"]))
    assert symbols(first) == symbols(again)
    assert len(requests) == 4


@pytest.mark.parametrize(
    "answer",
    [{"retCode": 10001, "retMsg": "no"}, {"retCode": 0, "result": {}}, {"retCode": 0, "result": {"list": 5}}],
)
async def test_trouble_is_a_venue_error(answer: dict[str, Any]) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response(answer)

    application = web.Application()
    application.router.add_get("/{path:.*}", refuse)
    async with TestServer(application) as server:
        feed = BybitFeed(Endpoints(rest=str(server.make_url("")).rstrip("/"), websocket="ws://unused"))
        with pytest.raises(VenueError):
            await feed.reference(["bybit:linear:BTCUSDT"])


async def test_pages_without_end_are_given_up() -> None:
    async def endless(request: web.Request) -> web.Response:
        cursor = str(int(request.query.get("cursor", "0")) + 1)
        return web.json_response({"retCode": 0, "result": {"list": [], "nextPageCursor": cursor}})

    application = web.Application()
    application.router.add_get("/{path:.*}", endless)
    async with TestServer(application) as server:
        feed = BybitFeed(Endpoints(rest=str(server.make_url("")).rstrip("/"), websocket="ws://unused"))
        with pytest.raises(VenueError, match="pages"):
            await feed.reference(["bybit:linear:BTCUSDT"])


# --- polls -----------------------------------------------------------------------------------------------------------

DAY = {
    "symbol": "BTCUSDT",
    "lastPrice": "61000",
    "prevPrice24h": "60000",
    "highPrice24h": "62000",
    "lowPrice24h": "59000",
    "volume24h": "73191.3870",
    "turnover24h": "4936790807.6521",
    "fundingRate": "0.0001",
}


def test_each_category_is_polled_and_only_perpetuals_for_their_settled_rates() -> None:
    wanted = [
        *("bybit:linear:BTCUSDT", "bybit:linear:BTC-26DEC25", "bybit:linear:BTCUSDT-26DEC25"),
        *("bybit:inverse:BTCUSDH27", "bybit:spot:BTCUSDT"),
    ]
    plans = {plan.name: plan for plan in BybitFeed().polls(wanted)}
    assert plans.keys() == {"linear 24 h", "linear settled funding", "inverse 24 h", "spot 24 h"}
    assert plans["linear settled funding"].instruments == ("bybit:linear:BTCUSDT",)
    assert plans["linear settled funding"].channels == ("/v5/market/funding/history",)
    assert plans["inverse 24 h"].channels == ("/v5/market/tickers",)
    assert BybitFeed().polls([]) == []


async def test_a_poll_tells_the_day_and_the_settled_rates_and_never_the_estimate_as_settled() -> None:
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        if request.query.get("symbol") == "GONEUSDT":
            return web.json_response({"retCode": 10001, "retMsg": "params error: Symbol Is Invalid"})
        settled = [
            {"symbol": "BTCUSDT", "fundingRate": "-0.0002", "fundingRateTimestamp": "1790006400000"},
            {"symbol": "BTCUSDT", "fundingRate": "0.0003", "fundingRateTimestamp": "1789977600000"},
        ]
        rows = settled if request.path.endswith("history") else [DAY, DAY | {"symbol": "SOLUSDT"}]
        return web.json_response({"retCode": 0, "result": {"list": rows}, "time": 1_790_010_000_000})

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with TestServer(application) as server:
        feed = BybitFeed(Endpoints(rest=str(server.make_url("")).rstrip("/"), websocket="ws://unused"))
        days, settled = feed.polls(["bybit:linear:BTCUSDT", "bybit:linear:GONEUSDT"])
        (day,), told = await feed.poll(days), await feed.poll(settled)
    assert isinstance(day, DayStatistics)
    assert (day.instrument, day.channel) == ("bybit:linear:BTCUSDT", "/v5/market/tickers")
    assert (day.open_price, day.high_price, day.low_price) == (Decimal(60_000), Decimal(62_000), Decimal(59_000))
    assert (day.volume, day.turnover) == (Decimal("73191.3870"), Decimal("4936790807.6521"))
    assert day.venue_time_ns == 1_790_010_000_000 * 10**6
    rates = [(event.rate, event.settled_ns // 10**6) for event in told if isinstance(event, FundingSettled)]
    assert rates == [(Decimal("0.0003"), 1789977600000), (Decimal("-0.0002"), 1790006400000)], "the newest last"
    assert [event.detail for event in told if isinstance(event, FrameFault)] == ["GONEUSDT is not listed"]
    assert "symbol" not in asked[0].query, "one answer about all"
