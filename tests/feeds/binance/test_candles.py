"""Binance's candles: what is asked and where, what an answer says, live and from a capture, and what is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, CandlePrice, CandlesLoaded, FrameFault
from core.history import DAY_NS, HOUR_NS
from feeds.binance.candles import question
from feeds.binance.client import BinanceFeed
from feeds.registry import reference_events
from feeds.venue import CandlesWanted, Endpoints

TODAY_MS = 1_786_320_000_000
DAY_MS = 86_400_000
NOON_NS = (TODAY_MS + DAY_MS // 2) * 1_000_000
MARK, SPOT = "/fapi/v1/markPriceKlines", "/api/v3/klines"
USDM = "binance:usdm:BTCUSDT"


def row(start_ms: int, close: str) -> list[object]:
    body = ["0", start_ms + DAY_MS - 1, "0", 86400, "0", "0", "0"]
    return [start_ms, "61000", "64000", "60000", close, *body]


ROWS = json.dumps(
    [row(TODAY_MS - 2 * DAY_MS, "62000.5"), row(TODAY_MS - DAY_MS, "63000"), row(TODAY_MS, "63050")]
).encode()
"""Oldest first, and the newest still runs."""


def wanted(name: str = USDM, interval_ns: int = DAY_NS, count: int = 90) -> CandlesWanted:
    return CandlesWanted(instrument=name, interval_ns=interval_ns, count=count)


def test_one_row_more_than_wanted_is_asked_for_because_the_newest_still_runs() -> None:
    assert question(wanted()) == (MARK, {"symbol": "BTCUSDT", "interval": "1d", "limit": "91"})
    hourly = {"symbol": "BTCUSDT", "interval": "1h", "limit": "337"}
    assert question(wanted(interval_ns=HOUR_NS, count=336)) == (MARK, hourly)
    assert question(wanted("binance:spot:BTCUSDT"))[0] == SPOT


@pytest.mark.parametrize(
    ("address", "instrument", "price"),
    [
        (f"fapi.binance.com{MARK}?symbol=BTCUSDT&interval=1d", USDM, CandlePrice.MARK),
        ("fapi.binance.com/fapi/v1/indexPriceKlines?pair=BTCUSDT&interval=1d", USDM, CandlePrice.INDEX),
        (f"api.binance.com{SPOT}?symbol=BTCUSDT&interval=1d", "binance:spot:BTCUSDT", CandlePrice.SPOT),
    ],
)
def test_a_recorded_answer_says_what_it_said_live(address: str, instrument: str, price: CandlePrice) -> None:
    (event,) = reference_events("binance", f"https://{address}&limit=91", ROWS, NOON_NS)
    assert isinstance(event, CandlesLoaded)
    assert (event.instrument, event.price, event.interval_ns, event.received_ns) == (instrument, price, DAY_NS, NOON_NS)
    assert [(candle.start_ns, candle.close) for candle in event.candles] == [
        (1786147200_000_000_000, Decimal("62000.5")),
        (1786233600_000_000_000, Decimal(63000)),
    ]


def test_candles_of_last_prices_say_nothing() -> None:
    assert reference_events("binance", "https://x/fapi/v1/klines?symbol=BTCUSDT&interval=1d", ROWS, NOON_NS) == []


@pytest.mark.parametrize(("name", "minutes"), [("1m", 1), ("5m", 5), ("4h", 240), ("1w", 10_080)])
def test_candles_of_other_intervals_are_as_long_as_was_asked(name: str, minutes: int) -> None:
    (event,) = reference_events("binance", f"https://x{MARK}?symbol=BTCUSDT&interval={name}", ROWS, 0)
    assert isinstance(event, CandlesLoaded)
    assert event.interval_ns == minutes * 60_000_000_000


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("symbol=BTCUSDT", "interval"),
        ("symbol=BTCUSDT&interval=1M", "interval"),
        ("interval=1d", "symbol"),
        ("pair=BTCUSDT&interval=1d", "symbol"),
    ],
)
def test_what_the_rows_do_not_tell_has_to_be_known_from_the_question(asked: str, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        reference_events("binance", f"https://x{MARK}?{asked}", ROWS, NOON_NS)
    assert caught.value.field == field


@pytest.mark.parametrize("raw", [b"{}", b"null", b"<html>", b'"x"', b""])
def test_a_body_that_is_no_list_is_refused_by_name(raw: bytes) -> None:
    with pytest.raises(DecodeError, match="body"):
        reference_events("binance", f"https://x{MARK}?symbol=BTCUSDT&interval=1d", raw, NOON_NS)


# --- the client ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def venue(*answers: tuple[int, bytes]) -> AsyncIterator[tuple[BinanceFeed, list[web.Request]]]:
    """A feed at a server that gives these answers, one after the other."""
    requests: list[web.Request] = []
    left = list(answers)

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        status, body = left.pop(0)
        return web.Response(status=status, body=body, content_type="application/json")

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        yield BinanceFeed(Endpoints(rest=base, websocket="ws://unused")), requests


async def asked(feed: BinanceFeed, *questions: CandlesWanted) -> list[AnyEvent]:
    return [event async for events in feed.candles(questions) for event in events]


async def test_the_client_asks_each_market_at_its_own_place_and_in_order() -> None:
    names = [USDM, "binance:spot:BTCUSDT", "binance:usdm:ETHUSDT"]
    async with venue((200, ROWS), (200, ROWS), (200, ROWS)) as (feed, requests):
        events = await asked(feed, *(wanted(name) for name in names))
    assert [event.instrument for event in events if isinstance(event, CandlesLoaded)] == names
    assert [request.path for request in requests] == [MARK, SPOT, MARK]


async def test_what_is_not_listed_is_named_and_not_asked_for_ever() -> None:
    refusal = (400, b'{"code":-1121,"msg":"Invalid symbol."}')
    async with venue(refusal, (200, ROWS)) as (feed, _):
        fault, loaded = await asked(feed, wanted("binance:usdm:NOPE"), wanted())
    assert isinstance(loaded, CandlesLoaded)
    assert isinstance(fault, FrameFault)
    assert (fault.connection, fault.field, fault.detail) == ("history", "symbol", "usdm:NOPE: Invalid symbol.")


@pytest.mark.parametrize(
    "answer", [(200, b"5"), (200, b'{"code":-1000,"msg":"no"}'), (429, b""), (500, b"x"), (200, b"{}")]
)
async def test_trouble_is_a_venue_error(answer: tuple[int, bytes]) -> None:
    async with venue(answer) as (feed, _):
        with pytest.raises(VenueError):
            await asked(feed, wanted())
