"""What OKX's client plans and asks, and what it reads over REST."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import RequestError, VenueError
from core.events import (
    CandlesLoaded,
    FrameFault,
    FundingSettled,
    InstrumentListed,
    TiersLoaded,
)
from core.history import DAY_NS, HOUR_NS
from feeds.okx import facts
from feeds.okx.client import OkxFeed
from feeds.okx.rest import OkxDialect
from feeds.registry import venue_feed
from feeds.rest import Reply, RestClient
from feeds.venue import CandlesWanted, Credentials, Endpoints
from tests.feeds.okx.samples import (
    FUNDING,
    HOUR,
    INVERSE,
    INVERSE_SWAP,
    LINEAR,
    PAIR,
    SPOT,
    SWAP,
    TIERS,
    TIME,
    body,
    tier,
)
from tests.support.frames import encode

LINEAR_ID, INVERSE_ID, SPOT_ID = f"okx:linear:{LINEAR}", f"okx:inverse:{INVERSE}", f"okx:spot:{PAIR}"


# --- what is planned -------------------------------------------------------------------------------------------------


def test_each_market_has_a_socket_and_an_index_is_asked_for_by_its_own_name() -> None:
    plans = {plan.name: plan for plan in OkxFeed().plans([SPOT_ID, LINEAR_ID, INVERSE_ID])}
    assert {plan.url for plan in plans.values()} == {"wss://ws.okx.com:8443/ws/v5/public"}
    assert {name: [item.channel for item in plan.subscriptions] for name, plan in plans.items()} == {
        "linear": [
            *(f"mark-price:{LINEAR}", "index-tickers:BTC-USDT", f"funding-rate:{LINEAR}"),
            *(f"tickers:{LINEAR}", f"bbo-tbt:{LINEAR}"),
        ],
        "inverse": [
            *(f"mark-price:{INVERSE}", "index-tickers:BTC-USD", f"funding-rate:{INVERSE}"),
            *(f"tickers:{INVERSE}", f"bbo-tbt:{INVERSE}"),
        ],
        "spot": [f"tickers:{PAIR}", f"bbo-tbt:{PAIR}"],
    }


def test_the_client_speaks_before_the_venue_cuts_a_quiet_socket() -> None:
    (plan,) = OkxFeed().plans([LINEAR_ID])
    assert OkxFeed().heartbeat_frame() == "ping"
    assert (plan.heartbeat_seconds or 99) < 30
    assert plan.answers_pings is False


def test_a_socket_holds_what_one_request_of_64_kilobytes_asks_for() -> None:
    feed = OkxFeed()
    plans = feed.plans([f"okx:linear:COIN{number}-USDT-SWAP" for number in range(45)])
    assert [(plan.name, len(plan.subscriptions)) for plan in plans] == [
        ("linear", 100),
        ("linear 2", 100),
        ("linear 3", 25),
    ]
    (text,) = feed.subscribe_frames(plans[0], [item.channel for item in plans[0].subscriptions])
    asked = json.loads(text)
    assert (asked["op"], len(asked["args"])) == ("subscribe", 100)
    assert asked["args"][0] == {"channel": "mark-price", "instId": "COIN0-USDT-SWAP"}
    assert len(text) < 64 * 1024
    assert json.loads(feed.subscribe_frames(plans[0], ["tickers:X"])[0])["id"] != asked["id"]


@pytest.mark.parametrize("wrong", ["bybit:linear:BTCUSDT", "okx:usdm:X", "okx:linear:", "BTC-USDT-SWAP", ""])
def test_what_is_not_okxs_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(RequestError, match="okx"):
        OkxFeed().plans([wrong])


@pytest.mark.verifies("okx", "linear", "test network")
@pytest.mark.verifies("okx", "inverse", "test network")
@pytest.mark.verifies("okx", "spot", "test network")
def test_other_addresses_are_used_as_given() -> None:
    feed = venue_feed("okx", Endpoints(rest="http://127.0.0.1:1", websocket="ws://127.0.0.1:2"))
    assert [plan.url for plan in feed.plans([LINEAR_ID])] == ["ws://127.0.0.1:2/ws/v5/public"]
    demo = venue_feed("okx", facts.DEMO)
    assert [plan.url for plan in demo.plans([LINEAR_ID])] == ["wss://wspap.okx.com:8443/ws/v5/public"]


def test_settlements_are_polled_of_swaps_only() -> None:
    (plan,) = OkxFeed().polls([LINEAR_ID, SPOT_ID, INVERSE_ID])
    assert (plan.channels, plan.instruments) == (("/api/v5/public/funding-rate-history",), (LINEAR_ID, INVERSE_ID))
    assert OkxFeed().polls([SPOT_ID]) == ()


# --- how it says no --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "status", "code", "unknown", "waits"),
    [
        (body(), 200, "", False, False),
        (encode({"code": "50011", "msg": "Too Many Requests"}), 429, "50011", False, True),
        (encode({"code": "50011", "msg": "Too Many Requests"}), 200, "50011", False, True),
        (encode({"code": "50013", "msg": "Systems are busy"}), 200, "50013", False, True),
        (encode({"code": "51001", "msg": "Instrument ID doesn't exist."}), 200, "51001", False, False),
        (encode({"code": "50004", "msg": "timed out"}), 400, "50004", True, False),
        (encode({"code": "0", "data": []}), 503, "503", True, False),
        (encode({"code": 0, "data": []}), 200, "200", False, False),
        (b"<html>bad gateway</html>", 502, "502", True, False),
        (b"", 200, "200", False, False),
        (b"", 429, "429", False, True),
    ],
)
def test_every_way_of_saying_no_is_understood(raw: bytes, status: int, code: str, unknown: bool, waits: bool) -> None:
    error = OkxDialect().failure(Reply(status, {}, raw), 0)
    if not code:
        assert error is None
        return
    assert error is not None
    assert (error.code, error.outcome_unknown, error.retry_after_seconds is not None) == (code, unknown, waits)


def test_a_third_of_the_strictest_limit_is_left() -> None:
    pause = OkxDialect().pause_seconds(Reply(200, {}, b""), 0)
    assert 2 / pause <= 10 * 2 / 3


async def test_nothing_is_asked_with_a_key() -> None:
    async with RestClient(OkxDialect(), "http://127.0.0.1:1", Credentials("k", "s", "p")) as rest:
        with pytest.raises(VenueError, match="prices only"):
            await rest.get("/api/v5/account/balance", signed=True)


# --- over REST -------------------------------------------------------------------------------------------------------

ETH_SWAP = SWAP | {"instId": "ETH-USDT-SWAP", "uly": "ETH-USDT", "instFamily": "ETH-USDT", "ctValCcy": "ETH"}
UNKNOWN = {"code": "51001", "msg": "Instrument ID doesn't exist.", "data": []}


def answers(path: str, query: dict[str, str]) -> dict[str, Any]:
    """What the venue says to a question."""
    symbol = query.get("instId", "")
    if "NOPE" in symbol:
        return UNKNOWN
    rows: list[Any] = []
    if path == facts.INSTRUMENTS_PATH:
        rows = [SPOT] if query["instType"] == "SPOT" else [SWAP, INVERSE_SWAP, ETH_SWAP]
    elif path == facts.TIERS_PATH:
        families = query["instFamily"].split(",")
        rows = [*TIERS, tier("0", "9", "0.01", "50", "BTC-USD"), tier("0", "9", "0.01", "50", "ETH-USDT")]
        rows = [row for row in rows if row["instFamily"] in families]
    elif path == facts.FUNDING_PATH:
        rows = [FUNDING | {"instId": symbol}]
    elif path == facts.SETTLED_PATH:
        rows = [{"instId": symbol, "fundingRate": "1", "realizedRate": "0.0001", "fundingTime": str(TIME)}]
    elif path in (facts.MARK_CANDLES_PATH, facts.CANDLES_PATH):
        newest = int(query.get("after", str(TIME // HOUR * HOUR))) - HOUR
        rows = [[str(newest - n * HOUR), "2", "3", "1", "2", "1"] for n in range(int(query["limit"]))]
    return {"code": "0", "msg": "", "data": rows}


@asynccontextmanager
async def venue(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[OkxFeed, list[web.Request]]]:
    """A feed at a server that answers as the venue does; its questions are not spaced."""
    requests: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        return web.json_response(answers(request.path, dict(request.query)))

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        feed = OkxFeed(Endpoints(rest=base, websocket="ws://unused"))
        monkeypatch.setattr(feed, "_rest", RestClient(OkxDialect(pause_seconds=0), base))
        yield feed, requests


async def test_reference_tells_contracts_with_intervals_tiers_and_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    async with venue(monkeypatch) as (feed, requests):
        events = await feed.reference([LINEAR_ID, INVERSE_ID, SPOT_ID, "okx:linear:NOPE-USDT-SWAP"])
    found = {event.instrument.id: event.instrument for event in events if isinstance(event, InstrumentListed)}
    assert sorted(found) == [INVERSE_ID, LINEAR_ID, SPOT_ID]
    assert [found[name].funding_interval_hours for name in (LINEAR_ID, INVERSE_ID, SPOT_ID)] == [4, 4, None]
    assert sorted(event.table.instrument for event in events if isinstance(event, TiersLoaded)) == [
        INVERSE_ID,
        LINEAR_ID,
    ]
    assert [event.detail for event in events if isinstance(event, FrameFault)] == ["NOPE-USDT-SWAP is not listed"]
    (asked,) = [dict(request.query) for request in requests if request.path == facts.TIERS_PATH]
    assert asked == {"instType": "SWAP", "tdMode": "cross", "instFamily": "BTC-USDT,BTC-USD"}


async def test_the_last_settlement_of_each_swap_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with venue(monkeypatch) as (feed, requests):
        (plan,) = feed.polls([LINEAR_ID, INVERSE_ID])
        events = await feed.poll(plan)
    assert [(event.instrument, str(event.rate)) for event in events if isinstance(event, FundingSettled)] == [
        (LINEAR_ID, "0.0001"),
        (INVERSE_ID, "0.0001"),
    ]
    assert [dict(request.query) for request in requests] == [{"instId": s, "limit": "1"} for s in (LINEAR, INVERSE)]


@pytest.mark.verifies("okx", "linear", "candles")
@pytest.mark.verifies("okx", "spot", "candles")
@pytest.mark.parametrize(("instrument", "pages"), [(LINEAR_ID, 4), (SPOT_ID, 2)])
async def test_a_fortnight_of_hours_takes_several_pages(
    instrument: str, pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = CandlesWanted(instrument=instrument, interval_ns=HOUR_NS, count=336)
    async with venue(monkeypatch) as (feed, requests):
        told = [events async for events in feed.candles([wanted])]
    assert len(told) == 1, "one answer for each stretch that is wanted"
    starts = [it.start_ns for event in told[0] if isinstance(event, CandlesLoaded) for it in event.candles]
    assert len(requests) == pages
    assert len(set(starts)) >= 336
    assert max(starts) - min(starts) == (len(set(starts)) - 1) * HOUR_NS, "without a hole"


@pytest.mark.verifies("okx", "inverse", "candles")
async def test_candles_of_what_is_not_listed_are_named_and_spoil_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("okx:linear:NOPE-USDT-SWAP", INVERSE_ID)
    wanted = [CandlesWanted(instrument=name, interval_ns=DAY_NS, count=9) for name in names]
    async with venue(monkeypatch) as (feed, _):
        (fault,), loaded = [events async for events in feed.candles(wanted)]
    assert isinstance(fault, FrameFault)
    assert (fault.connection, fault.detail) == ("history", "linear:NOPE-USDT-SWAP: Instrument ID doesn't exist.")
    assert [event.instrument for event in loaded if isinstance(event, CandlesLoaded)] == [INVERSE_ID]


@pytest.mark.parametrize("answer", [{"code": "50026", "msg": "no"}, {"code": "0", "data": 5}, {}, 5])
async def test_trouble_is_a_venue_error(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.feeds.okx.test_client.answers", lambda path, query: answer)
    async with venue(monkeypatch) as (feed, _):
        monkeypatch.setattr(feed, "_rest", None)
        with pytest.raises(VenueError):
            await feed.reference([LINEAR_ID])
        monkeypatch.setattr(feed, "_rest", None)
        with pytest.raises(VenueError):
            await feed.reference([SPOT_ID])
        monkeypatch.setattr(feed, "_rest", None)
        with pytest.raises(VenueError):
            await feed.poll(feed.polls([LINEAR_ID])[0])
