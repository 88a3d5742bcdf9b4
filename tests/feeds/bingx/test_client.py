"""What BingX's client plans, asks and polls, and what it reads from a server that answers oddly."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import RequestError, VenueError
from core.events import AccountSwept, FrameFault, FundingSettled, Heard, InstrumentListed, Ticker
from core.history import DAY_NS, HOUR_NS
from core.legs import Leg
from core.orders import OrderRequest
from feeds.bingx import candles, facts
from feeds.bingx.client import BingxFeed
from feeds.bingx.desk import BingxDesk
from feeds.bingx.parse import Decoder
from feeds.registry import account_feed, venue_feed
from feeds.venue import CandlesWanted, Credentials, Endpoints
from tests.feeds.bingx.bodies import CONTRACT, INVERSE, PREMIUM

KEY = Credentials("the-key-itself", "the-secret-itself")
EVERY = ["bingx:spot:BTC-USDT", "bingx:linear:BTC-USDT", "bingx:inverse:BTC-USD"]


def test_each_market_has_a_host_of_its_own() -> None:
    plans = {plan.name: plan for plan in BingxFeed().plans(EVERY)}
    assert {name: plan.url for name, plan in plans.items()} == {
        "linear": "wss://open-api-swap.bingx.com/swap-market",
        "inverse": "wss://open-api-cswap-ws.bingx.com/market",
        "spot": "wss://open-api-ws.bingx.com/market",
    }
    channels = {name: [item.channel for item in plan.subscriptions] for name, plan in plans.items()}
    assert channels == {
        "linear": ["BTC-USDT@markPrice", "BTC-USDT@bookTicker", "BTC-USDT@ticker"],
        "inverse": ["BTC-USD@markPrice", "BTC-USD@bookTicker", "BTC-USD@ticker"],
        "spot": ["BTC-USDT@bookTicker", "BTC-USDT@ticker"],
    }


def test_addresses_given_without_more_have_every_market_below_them() -> None:
    feed = venue_feed("bingx", Endpoints(rest="http://127.0.0.1:1", websocket="ws://127.0.0.1:2"))
    assert {plan.url for plan in feed.plans(EVERY)} == {
        "ws://127.0.0.1:2/swap-market",
        "ws://127.0.0.1:2/cswap/market",
        "ws://127.0.0.1:2/spot/market",
    }


@pytest.mark.verifies("bingx", "linear", "test network", client="hedgerow")
def test_the_demo_network_has_usdt_margined_contracts_only() -> None:
    feed = BingxFeed(facts.DEMO)
    (plan,) = feed.plans(["bingx:linear:BTC-USDT"])
    assert plan.url == "wss://vst-open-api-ws.bingx.com/swap-market"
    for other in ("bingx:spot:BTC-USDT", "bingx:inverse:BTC-USD"):
        with pytest.raises(RequestError, match="demo"):
            feed.plans([other])


def test_no_socket_is_asked_for_more_topics_than_it_takes() -> None:
    wanted = [f"bingx:linear:C{number}-USDT" for number in range(130)]
    plans = BingxFeed().plans(wanted)
    assert [plan.name for plan in plans] == ["linear", "linear-2", "linear-3"]
    assert max(len(plan.subscriptions) for plan in plans) <= 200
    assert sum(len(plan.subscriptions) for plan in plans) == 390
    decoder = BingxFeed().decoder(plans[1])
    assert isinstance(decoder, Decoder)
    data = {"E": 1_700_000_000_000, "s": "X-USDT", "p": "1"}
    raw = json.dumps({"code": 0, "dataType": "X-USDT@markPrice", "data": data})
    assert "bingx:linear:X-USDT" in str(decoder.decode(raw, 1))


def test_a_request_is_about_one_topic_and_told_apart() -> None:
    feed = BingxFeed()
    (plan,) = feed.plans(["bingx:linear:BTC-USDT"])
    channels = [item.channel for item in plan.subscriptions]
    frames = [json.loads(frame) for frame in feed.subscribe_frames(plan, channels)]
    assert [frame["dataType"] for frame in frames] == channels
    assert {frame["reqType"] for frame in frames} == {"sub"}
    assert len({frame["id"] for frame in frames}) == len(channels)
    assert feed.answer_frame(plan, Heard(kind="ping", detail="Ping")) == "Pong"
    assert feed.heartbeat_frame() is None


def test_index_prices_and_rates_are_polled_of_contracts_alone() -> None:
    polls = {plan.name: plan for plan in BingxFeed().polls(EVERY)}
    assert {name: (plan.instruments, plan.channels) for name, plan in polls.items()} == {
        "premium": (("bingx:linear:BTC-USDT",), (facts.PREMIUM_PATH,)),
        "inverse-premium": (("bingx:inverse:BTC-USD",), (facts.INVERSE_PREMIUM_PATH,)),
        "settled": (("bingx:linear:BTC-USDT",), (facts.SETTLED_PATH,)),
    }
    assert polls["premium"].every_seconds < 3
    assert BingxFeed().polls(["bingx:spot:BTC-USDT"]) == []


@pytest.mark.parametrize("wrong", ["bybit:linear:BTCUSDT", "bingx:usdm:BTC-USDT", "bingx:linear:", "BTC-USDT", ""])
def test_what_is_not_bingxs_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(RequestError, match="bingx"):
        BingxFeed().plans([wrong])


def test_candles_are_asked_for_with_one_more_and_spots_in_utc() -> None:
    daily = CandlesWanted(instrument="bingx:linear:X-USDT", interval_ns=DAY_NS, count=90)
    assert candles.question(daily) == (
        facts.MARK_CANDLES_PATH,
        {"symbol": "X-USDT", "interval": "1d", "limit": "91"},
    )
    hourly = CandlesWanted(instrument="bingx:spot:X-USDT", interval_ns=HOUR_NS, count=336)
    assert candles.question(hourly) == (
        facts.SPOT_CANDLES_PATH,
        {"symbol": "X-USDT", "interval": "1h", "limit": "337", "timeZone": "0"},
    )
    assert candles.question(CandlesWanted(instrument="bingx:inverse:X-USD", interval_ns=DAY_NS, count=1)) == (
        facts.INVERSE_CANDLES_PATH,
        {"symbol": "X-USD", "interval": "1d", "limit": "2"},
    )


def test_an_accounts_sockets_are_private_and_kept() -> None:
    desk = account_feed("bingx", "main", None, KEY)
    plans = {plan.name: plan for plan in desk.plans(EVERY)}
    assert set(plans) == {"linear-account", "inverse-account", "spot-account"}
    for plan in plans.values():
        assert plan.private
        assert plan.keep_alive_seconds == 1800
        assert "listenKey" not in plan.url
    assert [item.channel for item in plans["spot-account"].subscriptions] == ["ACCOUNT_UPDATE"]
    assert plans["linear-account"].subscriptions == ()
    assert KEY.secret not in repr(plans)


# --- over HTTPS ----------------------------------------------------------------------------------------------------

Answers = dict[str, Any]


@asynccontextmanager
async def venue(answers: Answers) -> AsyncIterator[tuple[Endpoints, list[web.Request]]]:
    """A server that answers by path: a body, a status, a list of such for one request after another, or what a function
    makes of the request."""
    requests: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        told = answers[request.path]
        if isinstance(told, list) and told and told[0] == "in turn":
            told = told.pop(1)
        if callable(told):
            told = told(request)
        if isinstance(told, int):
            return web.Response(status=told, text="<html>")
        return web.json_response(told)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server:
        yield Endpoints(rest=str(server.make_url("")).rstrip("/"), websocket="ws://unused"), requests


def good(data: Any) -> dict[str, Any]:
    return {"code": 0, "msg": "", "data": data}


async def test_a_price_without_a_time_is_as_old_as_the_question() -> None:
    """A stream may have told a later one by the time that a slow answer is read."""
    told_ns: list[int] = []
    feed = BingxFeed()

    def slowly(request: web.Request) -> Any:
        told_ns.append(feed._clock.now_ns())
        return good([PREMIUM])

    async with venue({facts.PREMIUM_PATH: slowly}) as (endpoints, _):
        feed = BingxFeed(endpoints)
        plan = next(iter(feed.polls(["bingx:linear:BTC-USDT"])))
        begun_ns = feed._clock.now_ns()
        (event,) = [event for event in await feed.poll(plan) if isinstance(event, Ticker)]
    assert begun_ns <= event.received_ns <= told_ns[0]
    assert event.venue_time_ns is None


async def test_few_contracts_are_polled_one_by_one_and_many_at_once() -> None:
    answers: Answers = {facts.PREMIUM_PATH: good([PREMIUM | {"symbol": f"C{n}-USDT"} for n in range(30)])}
    async with venue(answers) as (endpoints, requests):
        feed = BingxFeed(endpoints)
        for count, asked in ((2, 2), (11, 1)):
            requests.clear()
            plan = next(iter(feed.polls([f"bingx:linear:C{number}-USDT" for number in range(count)])))
            told = [event for event in await feed.poll(plan) if isinstance(event, Ticker)]
            assert len(requests) == asked
            assert {event.instrument for event in told} == set(plan.instruments)
    assert all(request.query["timestamp"].isdigit() for request in requests)


async def test_one_that_is_refused_fails_the_poll_and_says_why() -> None:
    async with venue({facts.PREMIUM_PATH: {"code": 109425, "msg": "NOPE-USDT does not exist"}}) as (endpoints, _):
        feed = BingxFeed(endpoints)
        with pytest.raises(VenueError, match="does not exist"):
            await feed.poll(next(iter(feed.polls(["bingx:linear:NOPE-USDT"]))))


@pytest.mark.parametrize("body", [{"code": 0, "data": 5}, {"code": 0, "data": ["x"]}, {"code": 0, "data": "x"}])
async def test_a_body_of_another_shape_is_a_bad_answer(body: Any) -> None:
    async with venue({facts.PREMIUM_PATH: body, facts.SETTLED_PATH: body}) as (endpoints, _):
        feed = BingxFeed(endpoints)
        for plan in feed.polls(["bingx:linear:BTC-USDT"]):
            with pytest.raises(VenueError, match="bad_answer"):
                await feed.poll(plan)


async def test_settled_rates_are_always_asked_for_by_symbol() -> None:
    row = {"symbol": "C1-USDT", "fundingRate": "0.0001", "fundingTime": 1_790_006_400_000}
    async with venue({facts.SETTLED_PATH: good([row])}) as (endpoints, requests):
        feed = BingxFeed(endpoints)
        plan = feed.polls([f"bingx:linear:C{number}-USDT" for number in range(12)])[1]
        told = await feed.poll(plan)
    assert len(requests) == 12
    assert {event.rate for event in told if isinstance(event, FundingSettled)} == {Decimal("0.0001")}


async def test_reference_names_what_is_not_listed() -> None:
    answers = {
        facts.PREMIUM_PATH: good([PREMIUM]),
        facts.CONTRACTS_PATH: good([CONTRACT]),
        facts.INVERSE_PREMIUM_PATH: good([]),
        facts.INVERSE_CONTRACTS_PATH: good([INVERSE]),
    }
    async with venue(answers) as (endpoints, _):
        wanted = ["bingx:linear:BTC-USDT", "bingx:linear:NOPE-USDT", "bingx:inverse:BTC-USD"]
        events = await BingxFeed(endpoints).reference(wanted)
    listed = {event.instrument.id: event.instrument for event in events if isinstance(event, InstrumentListed)}
    assert listed["bingx:linear:BTC-USDT"].funding_interval_hours == 4
    assert listed["bingx:inverse:BTC-USD"].funding_interval_hours is None
    assert [event.detail for event in events if isinstance(event, FrameFault)] == ["NOPE-USDT is not listed"]


# --- orders whose answers are odd ----------------------------------------------------------------------------------


def order() -> OrderRequest:
    return OrderRequest(
        client_order_id="hr-1-ab",
        account="main",
        instrument="bingx:linear:BTC-USDT",
        side="sell",
        quantity=Decimal("0.1"),
        limit_price=Decimal(61000),
        reduce_only=False,
        created_ns=4_000_000_000_000_000_000,  # after this run began, whenever it did
        leg=Leg.NET,
    )


ONE_WAY = {facts.POSITION_MODE_PATH: good({"dualSidePosition": "false"})}


@pytest.mark.parametrize(
    "told",
    [
        503,
        500,
        408,
        {"code": 100500, "msg": "busy"},
        {"code": 0, "data": {}},
        {"code": 0, "data": {"order": {}}},
        good(5),
    ],
)
async def test_an_answer_that_does_not_tell_leaves_an_order_unknown(told: Any) -> None:
    async with venue({**ONE_WAY, facts.ORDER_PATH: told}) as (endpoints, requests):
        (event,) = await BingxDesk("main", endpoints, KEY).place(order())
    assert event.state.value == "unknown"  # type: ignore[union-attr]
    assert [request.method for request in requests] == ["GET", "POST"], "an order is never sent twice"


@pytest.mark.parametrize(
    "told", [429, 403, {"code": 100410, "msg": ""}, {"code": 100413, "msg": ""}, {"code": 100004, "msg": "no"}]
)
async def test_an_order_that_the_gateway_refused_raises(told: Any) -> None:
    async with venue({**ONE_WAY, facts.ORDER_PATH: told}) as (endpoints, _):
        with pytest.raises(VenueError):
            await BingxDesk("main", endpoints, KEY).place(order())


@pytest.mark.parametrize("code", [101204, 101211, 110422, 101415])
async def test_an_order_that_the_market_refused_is_rejected(code: int) -> None:
    async with venue({**ONE_WAY, facts.ORDER_PATH: {"code": code, "msg": "no"}}) as (endpoints, _):
        (event,) = await BingxDesk("main", endpoints, KEY).place(order())
    assert (event.state.value, event.reason) == ("rejected", f"{code}: no")  # type: ignore[union-attr]


async def test_a_position_mode_that_cannot_be_read_sends_nothing() -> None:
    answers = {facts.POSITION_MODE_PATH: good({"dualSidePosition": "perhaps"}), facts.ORDER_PATH: good({})}
    async with venue(answers) as (endpoints, requests):
        with pytest.raises(VenueError):
            await BingxDesk("main", endpoints, KEY).place(order())
    assert [request.path for request in requests] == [facts.POSITION_MODE_PATH]


@pytest.mark.parametrize("broken", [facts.POSITIONS_PATH, facts.FILLS_PATH, facts.INCOME_PATH, facts.MARGIN_MODE_PATH])
@pytest.mark.parametrize("told", [503, {"code": 100410, "msg": ""}, {"code": 0, "data": "x"}])
async def test_a_sweep_that_cannot_read_everything_tells_nothing(broken: str, told: Any) -> None:
    answers: Answers = {
        **ONE_WAY,
        facts.CLOCK_PATH: good({"serverTime": 1_790_000_000_000}),
        facts.BALANCE_PATH: good([{"asset": "USDT", "balance": "1"}]),
        facts.POSITIONS_PATH: good([]),
        facts.MARGIN_MODE_PATH: good({"marginType": "CROSSED"}),
        facts.LEVERAGE_PATH: good({"longLeverage": 5, "shortLeverage": 5}),
        facts.OPEN_ORDERS_PATH: good({"orders": []}),
        facts.ALL_ORDERS_PATH: good({"orders": None}),
        facts.FILLS_PATH: good({"fill_history_orders": None, "total": 0}),
        facts.INCOME_PATH: good(None),
    }
    wanted = ["bingx:linear:BTC-USDT"]
    since_ns = time.time_ns()
    async with venue(answers) as (endpoints, _):
        swept = await BingxDesk("main", endpoints, KEY).sweep(wanted, since_ns)
    assert isinstance(swept[-1], AccountSwept)
    async with venue({**answers, broken: told}) as (endpoints, _):
        with pytest.raises(VenueError) as error:
            await BingxDesk("main", endpoints, KEY).sweep(wanted, since_ns)
    assert KEY.key not in str(error.value)
    assert KEY.secret not in str(error.value)


async def test_what_the_venue_refuses_to_keep_is_told_without_the_key() -> None:
    key = "a8ea75681542e66f1a50a1616dd06ed7"
    answers: Answers = {**ONE_WAY, facts.LISTEN_KEY_PATH: ["in turn", {"listenKey": key}, 404]}
    async with venue(answers) as (endpoints, requests):
        desk = BingxDesk("main", endpoints, KEY)
        (plan,) = desk.plans(["bingx:linear:BTC-USDT"])
        opening = await desk.opening(plan)
        assert opening.url == f"ws://unused/swap-market?listenKey={key}"
        assert key not in repr(opening)
        with pytest.raises(VenueError) as error:
            await desk.keep_alive(plan)
    assert requests[-1].method == "PUT"
    assert requests[-1].query["listenKey"] == key
    assert key not in str(error.value)
