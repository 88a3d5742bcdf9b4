"""Bybit's candles: what is asked, what an answer says, live and from a capture, and what is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, CandlePrice, CandlesLoaded, FrameFault
from core.history import DAY_NS, HOUR_NS
from feeds.bybit.candles import question
from feeds.bybit.client import BybitFeed
from feeds.registry import reference_events
from feeds.venue import CandlesWanted, Endpoints

TODAY_MS = 1_786_320_000_000
NOON_NS = (TODAY_MS + 43_200_000) * 1_000_000
MARK = "/v5/market/mark-price-kline"
ROWS = [
    ["1786320000000", "63000", "63100", "62900", "63050"],
    ["1786233600000", "62000.5", "63200", "61900", "63000"],
    ["1786147200000", "61000", "62100", "60900", "62000.5"],
]
"""Newest first, and the newest still runs."""


def body(rows: Any, symbol: str = "BTCUSDT", category: str = "linear") -> bytes:
    result = {"symbol": symbol, "category": category, "list": rows}
    return json.dumps({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": TODAY_MS}).encode()


def wanted(name: str = "bybit:linear:BTCUSDT", interval_ns: int = DAY_NS, count: int = 90) -> CandlesWanted:
    return CandlesWanted(instrument=name, interval_ns=interval_ns, count=count)


def test_one_row_more_than_wanted_is_asked_for_because_the_newest_still_runs() -> None:
    daily = {"category": "linear", "symbol": "BTCUSDT", "interval": "D", "limit": "91"}
    assert question(wanted()) == (MARK, daily)
    hourly = {"category": "inverse", "symbol": "BTCUSD", "interval": "60", "limit": "337"}
    assert question(wanted("bybit:inverse:BTCUSD", HOUR_NS, 336)) == (MARK, hourly)
    assert question(wanted("bybit:spot:BTCUSDT"))[0] == "/v5/market/kline"


@pytest.mark.parametrize(
    ("address", "instrument", "price"),
    [
        (f"{MARK}?category=linear&symbol=BTCUSDT&interval=D", "bybit:linear:BTCUSDT", CandlePrice.MARK),
        (f"{MARK}?category=inverse&symbol=BTCUSD&interval=D", "bybit:inverse:BTCUSD", CandlePrice.MARK),
        (
            "/v5/market/index-price-kline?category=linear&symbol=BTCUSDT&interval=D",
            *("bybit:linear:BTCUSDT", CandlePrice.INDEX),
        ),
        ("/v5/market/kline?category=spot&symbol=BTCUSDT&interval=D", "bybit:spot:BTCUSDT", CandlePrice.SPOT),
    ],
)
def test_a_recorded_answer_says_what_it_said_live(address: str, instrument: str, price: CandlePrice) -> None:
    _, market, symbol = instrument.split(":")
    raw = body(ROWS if price is not CandlePrice.SPOT else [[*row, "9", "9e5"] for row in ROWS], symbol, market)
    (event,) = reference_events("bybit", f"https://api.bybit.com{address}&limit=91", raw, NOON_NS)
    assert isinstance(event, CandlesLoaded)
    assert (event.instrument, event.price, event.interval_ns, event.received_ns) == (instrument, price, DAY_NS, NOON_NS)
    assert [(candle.start_ns, candle.close) for candle in event.candles] == [
        (1786147200_000_000_000, Decimal("62000.5")),
        (1786233600_000_000_000, Decimal(63000)),
    ]


@pytest.mark.parametrize(
    "address",
    [
        "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=D",
        "/v5/market/mark-price-kline?category=spot&symbol=BTCUSDT&interval=D",
        "/v5/market/mark-price-kline?category=option&symbol=BTCUSDT&interval=D",
        "/v5/market/premium-index-price-kline?category=linear&symbol=BTCUSDT&interval=D",
    ],
    ids=["last prices", "no mark price on spot", "category", "premium"],
)
def test_candles_of_other_things_say_nothing(address: str) -> None:
    assert reference_events("bybit", f"https://x{address}", body(ROWS), NOON_NS) == []


@pytest.mark.parametrize(("name", "minutes"), [("5", 5), ("240", 240), ("D", 1440), ("W", 10_080)])
def test_candles_are_as_long_as_was_asked(name: str, minutes: int) -> None:
    (event,) = reference_events("bybit", f"https://x{MARK}?category=linear&interval={name}", body(ROWS), 0)
    assert isinstance(event, CandlesLoaded)
    assert (event.instrument, event.interval_ns) == ("bybit:linear:BTCUSDT", minutes * 60_000_000_000)


@pytest.mark.parametrize("asked", ["", "interval=M", "interval=5m"])
def test_an_interval_that_is_not_known_is_named(asked: str) -> None:
    with pytest.raises(DecodeError) as caught:
        reference_events("bybit", f"https://x{MARK}?{asked}", body(ROWS), NOON_NS)
    assert caught.value.field == "interval"


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (body(ROWS, symbol="ETHUSDT"), "symbol"),
        (body(ROWS, category="inverse"), "category"),
        (body(None), "body"),
        (b'{"result":{}}', "body"),
        (b"<html>", "body"),
    ],
)
def test_an_answer_to_another_question_is_refused_by_name(raw: bytes, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        reference_events("bybit", f"https://x{MARK}?category=linear&symbol=BTCUSDT&interval=D", raw, NOON_NS)
    assert caught.value.field == field


# --- the client ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def venue(*answers: bytes) -> AsyncIterator[tuple[BybitFeed, list[web.Request]]]:
    """A feed at a server that gives these answers, one after the other."""
    requests: list[web.Request] = []
    left = list(answers)

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        return web.Response(body=left.pop(0), content_type="application/json")

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        yield BybitFeed(Endpoints(rest=base, websocket="ws://unused")), requests


async def asked(feed: BybitFeed, *questions: CandlesWanted) -> list[AnyEvent]:
    return [event async for events in feed.candles(questions) for event in events]


async def test_the_client_asks_once_each_and_in_order() -> None:
    spot = body(ROWS, category="spot")
    async with venue(body(ROWS), spot) as (feed, requests):
        events = await asked(feed, wanted(), wanted("bybit:spot:BTCUSDT"))
    loaded = [event for event in events if isinstance(event, CandlesLoaded)]
    assert [event.instrument for event in loaded] == ["bybit:linear:BTCUSDT", "bybit:spot:BTCUSDT"]
    assert [request.path for request in requests] == [MARK, "/v5/market/kline"]
    assert all(event.received_ns > 1_700_000_000_000_000_000 for event in loaded)


async def test_what_is_not_listed_is_named_and_not_asked_for_ever() -> None:
    refusal = b'{"retCode":10001,"retMsg":"params error: Symbol Is Invalid","result":{}}'
    async with venue(refusal, body(ROWS)) as (feed, _):
        fault, loaded = await asked(feed, wanted("bybit:linear:NOPEUSDT"), wanted())
    assert isinstance(loaded, CandlesLoaded)
    assert isinstance(fault, FrameFault)
    assert (fault.connection, fault.field, fault.detail) == (
        *("history", "symbol", "linear:NOPEUSDT: params error: Symbol Is Invalid"),
    )


@pytest.mark.parametrize("raw", [b"no", b'{"retCode":10016,"retMsg":"no"}', body(None), body(ROWS, symbol="ETHUSDT")])
async def test_trouble_is_a_venue_error(raw: bytes) -> None:
    async with venue(raw) as (feed, _):
        with pytest.raises(VenueError):
            await asked(feed, wanted())
