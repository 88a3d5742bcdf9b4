"""The REST client on a real socket: limits, failures, clocks, signatures, and that nothing secret is said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import VenueError
from feeds.binance import sign as binance_sign
from feeds.binance.products import PRODUCTS, USDM
from feeds.binance.rest import BinanceDialect
from feeds.bybit import sign as bybit_sign
from feeds.bybit.rest import BybitDialect
from feeds.rest import Dialect, Haste, Reply, RestClient
from feeds.venue import Credentials
from tests.support.clocks import let_pass

KEY = Credentials("the-key-itself", "the-secret-itself")
NOW_MS = 1_790_000_000_000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def binance() -> BinanceDialect:
    return BinanceDialect(PRODUCTS[USDM])


@asynccontextmanager
async def client(
    dialect: Dialect,
    handler: Handler,
    credentials: Credentials | None = KEY,
    timeout_seconds: float = 20,
    pauses: Callable[[Reply, int, Haste], float] | None = None,
) -> AsyncIterator[tuple[RestClient, list[web.Request]]]:
    """A client of a server that answers everything with ``handler``, and the requests that came."""
    requests: list[web.Request] = []

    async def noting(request: web.Request) -> web.StreamResponse:
        requests.append(request)
        return await handler(request)

    application = web.Application()
    application.router.add_get("/{path:.*}", noting)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        rest = RestClient(
            dialect, base, credentials, timeout_seconds=timeout_seconds, now_ms=lambda: NOW_MS, pauses=pauses
        )
        async with rest:
            yield rest, requests


def answering(body: Any, status: int = 200, **headers: str) -> Handler:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def handler(request: web.Request) -> web.Response:
        if isinstance(body, bytes):
            return web.Response(body=body, status=status, headers=named)
        return web.json_response(body, status=status, headers=named)

    return handler


async def refusal(dialect: Dialect, handler: Handler, **options: Any) -> VenueError:
    async with client(dialect, handler, **options) as (rest, _):
        with pytest.raises(VenueError) as caught:
            await rest.get("/path", {"a": "b"})
    return caught.value


OK = {"retCode": 0, "retMsg": "OK", "result": {"list": []}, "time": NOW_MS}


async def test_a_good_answer_is_handed_over_as_it_came() -> None:
    async with client(BybitDialect(), answering(OK)) as (rest, requests):
        assert b'"retCode": 0' in await rest.get("/v5/market/time", {"category": "linear", "cursor": "a%3Db&c"})
    assert requests[0].raw_path == "/v5/market/time?category=linear&cursor=a%253Db%26c"
    assert "X-BAPI-SIGN" not in requests[0].headers


async def test_bybit_checks_the_signature_over_the_query_as_sent() -> None:
    async with client(BybitDialect(), answering(OK)) as (rest, requests):
        await rest.get("/v5/position/list", {"category": "linear", "settleCoin": "USDT"}, signed=True)
    query = requests[0].raw_path.partition("?")[2]
    assert requests[0].headers["X-BAPI-SIGN"] == bybit_sign.headers(KEY, NOW_MS, query)["X-BAPI-SIGN"]
    assert requests[0].headers["X-BAPI-API-KEY"] == KEY.key


async def test_binance_checks_the_signature_over_the_query_as_sent() -> None:
    async with client(binance(), answering([])) as (rest, requests):
        await rest.get("/fapi/v1/leverageBracket", {"symbol": "BTCUSDT"}, signed=True)
    assert requests[0].raw_path.partition("?")[2] == binance_sign.signed_query(KEY, NOW_MS, "symbol=BTCUSDT")
    assert requests[0].headers["X-MBX-APIKEY"] == KEY.key


async def test_a_signed_request_needs_a_key() -> None:
    async with client(binance(), answering([]), credentials=None) as (rest, requests):
        assert not rest.can_sign
        with pytest.raises(VenueError, match="API key"):
            await rest.get("/fapi/v1/leverageBracket", signed=True)
    assert not requests


@pytest.mark.parametrize(
    ("dialect", "wrong", "right"),
    [
        (BybitDialect(), {"retCode": 10002, "retMsg": "time", "time": NOW_MS + 60_000}, OK | {"time": NOW_MS + 60_000}),
        (binance(), {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}, []),
    ],
)
async def test_a_clock_that_is_off_is_set_by_the_venues(dialect: Dialect, wrong: Any, right: Any) -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.path == dialect.clock_path:
            return web.json_response({"serverTime": NOW_MS + 60_000} if dialect.venue == "binance" else right)
        stamp = request.query.get("timestamp") or request.headers["X-BAPI-TIMESTAMP"]
        if int(stamp) == NOW_MS + 60_000:
            return web.json_response(right)
        return web.json_response(wrong, status=400 if dialect.venue == "binance" else 200)

    async with client(dialect, handler) as (rest, requests):
        await rest.get("/signed", signed=True)
        await rest.get("/signed", signed=True)
    assert [request.path for request in requests] == ["/signed", dialect.clock_path, "/signed", "/signed"]


@pytest.mark.parametrize(
    ("dialect", "handler", "code", "unknown", "wait"),
    [
        (BybitDialect(), answering({"retCode": 10001, "retMsg": "params error"}), "10001", False, None),
        (BybitDialect(), answering({"retCode": 10016, "retMsg": "internal"}), "10016", True, None),
        (BybitDialect(), answering({"retCode": 10006, "retMsg": "Too many visits!"}), "10006", False, 1.0),
        (
            BybitDialect(),
            answering({"retCode": 10006, "retMsg": "x"}, X_Bapi_Limit_Reset_Timestamp=str(NOW_MS + 7000)),
            *("10006", False, 7.0),
        ),
        (BybitDialect(), answering(b"access too frequent", 403), "403", False, 600.0),
        (BybitDialect(), answering(b"", 429, Retry_After="30"), "429", False, 30.0),
        (BybitDialect(), answering(b"<html>bad gateway</html>", 502), "502", True, None),
        (BybitDialect(), answering(b"<html>", 200), "200", True, None),
        (BybitDialect(), answering([1, 2]), "200", True, None),
        (BybitDialect(), answering(OK, 503), "503", True, None),
        (BybitDialect(), answering(OK, 404), "404", False, None),
        (binance(), answering({"code": -1121, "msg": "Invalid symbol."}, 400), "-1121", False, None),
        (binance(), answering({"code": -1003, "msg": "Way too much"}, 429, Retry_After="11"), "-1003", False, 11.0),
        (binance(), answering({"code": -1003, "msg": "banned until 1790000100000"}, 418), "-1003", False, 120.0),
        (binance(), answering(b"", 403), "403", False, 300.0),
        (binance(), answering(b"", 451), "451", False, None),
        (binance(), answering({"code": -1008, "msg": "throttled"}, 503), "-1008", False, 5.0),
        (binance(), answering({"code": -1000, "msg": "Service Unavailable."}, 503), "-1000", True, None),
        (binance(), answering({"msg": "Service Unavailable."}, 503), "503", False, None),
        (binance(), answering({"msg": "Unknown error, please check your request"}, 503), "503", True, None),
        (binance(), answering(b"<html>", 504), "504", True, None),
        (binance(), answering({"code": -1007, "msg": "timeout"}, 200), "-1007", True, None),
    ],
)
async def test_every_refusal_is_a_venue_error(
    dialect: Dialect, handler: Handler, code: str, unknown: bool, wait: float | None
) -> None:
    error = await refusal(dialect, handler)
    assert (error.venue, error.code, error.outcome_unknown, error.retry_after_seconds) == (
        dialect.venue,
        code,
        unknown,
        wait,
    )


async def test_a_code_that_is_not_negative_is_no_refusal() -> None:
    async with client(binance(), answering({"code": 200, "msg": "success"})) as (rest, _):
        assert b"success" in await rest.get("/fapi/v1/marginType")


async def test_a_venue_that_wants_to_be_left_alone_is_left_alone() -> None:
    async with client(binance(), answering({"code": -1003, "msg": "x"}, 429, Retry_After="60")) as (rest, requests):
        for _ in range(3):
            with pytest.raises(VenueError) as caught:
                await rest.get("/path")
            assert caught.value.retry_after_seconds == pytest.approx(60, abs=5)
    assert len(requests) == 1


async def test_limits_outlive_the_connection() -> None:
    async with client(binance(), answering([], X_MBX_USED_WEIGHT_1M="2300")) as (rest, requests):
        await rest.get("/path")
        await rest.__aexit__(None, None, None)
        async with rest:
            with pytest.raises(VenueError, match="left alone"):
                await rest.get("/path")
    assert len(requests) == 1


async def test_two_tasks_may_share_a_client_and_neither_closes_it_on_the_other() -> None:
    came, go = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/slow":
            came.set()
            await go.wait()
        return web.json_response({"retCode": 0, "path": request.path})

    async def use(path: str) -> bytes:
        async with rest:
            return await rest.get(path)

    async with client(BybitDialect(), handler) as (opened, requests):
        rest = RestClient(BybitDialect(), opened._base, KEY)
        slow = asyncio.create_task(use("/slow"))
        await came.wait()
        assert b"/quick" in await use("/quick")
        go.set()
        assert b"/slow" in await slow
        assert b"/again" in await use("/again")
        assert [request.path for request in requests] == ["/slow", "/quick", "/again"]
    with pytest.raises(RuntimeError, match="context"):
        await rest.get("/late")


async def test_there_is_room_below_our_share_of_the_weight() -> None:
    async with client(binance(), answering([], X_MBX_USED_WEIGHT_1M="1199")) as (rest, requests):
        await rest.get("/path")
        await rest.get("/path")
    assert len(requests) == 2


async def test_a_pause_is_kept_by_those_it_is_for() -> None:
    def pauses(reply: Reply, now_ms: int, haste: Haste) -> float:
        return {Haste.ROUTINE: 60.0, Haste.ORDER: 30.0, Haste.VITAL: 0.0}[haste]

    async with client(binance(), answering([]), pauses=pauses) as (rest, requests):
        await rest.get("/first")
        for haste, left in ((Haste.ROUTINE, 60), (Haste.ORDER, 30)):
            with pytest.raises(VenueError, match="left alone") as caught:
                await rest.ask("GET", "/later", haste=haste)
            assert caught.value.retry_after_seconds == pytest.approx(left, abs=5)
        await rest.ask("GET", "/cancel", haste=Haste.VITAL)
    assert [request.path for request in requests] == ["/first", "/cancel"]


@pytest.mark.parametrize("haste", Haste)
async def test_what_the_venue_demands_is_kept_by_all(haste: Haste) -> None:
    banned = answering({"code": -1003, "msg": "x"}, 418, Retry_After="60")
    async with client(binance(), banned, pauses=lambda reply, now_ms, haste: 0.0) as (rest, requests):
        with pytest.raises(VenueError, match="-1003"):
            await rest.get("/path")
        with pytest.raises(VenueError, match="left alone"):
            await rest.ask("GET", "/path", haste=haste)
    assert len(requests) == 1


async def test_a_short_pause_is_waited_out() -> None:
    exhausted = answering(OK, X_Bapi_Limit_Status="0", X_Bapi_Limit_Reset_Timestamp=str(NOW_MS + 50))
    async with client(BybitDialect(), exhausted) as (rest, requests):
        await rest.get("/path")
        before = asyncio.get_running_loop().time()
        await rest.get("/path")
        assert asyncio.get_running_loop().time() - before >= 0.045
    assert len(requests) == 2


async def test_a_venue_that_does_not_answer_is_given_up() -> None:
    release = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        let_pass(21)
        await release.wait()
        return web.Response()

    async with client(BybitDialect(), handler, timeout_seconds=20) as (rest, _):
        with pytest.raises(VenueError, match=r"timeout: /path: no answer within 20 s"):
            await rest.get("/path")
        release.set()


async def test_a_venue_that_is_not_there_is_said_to_be_unreachable() -> None:
    async with RestClient(BybitDialect(), "http://127.0.0.1:1") as rest:
        with pytest.raises(VenueError, match="unreachable"):
            await rest.get("/path")
    with pytest.raises(VenueError, match="no address"):
        await RestClient(BybitDialect(), "http://[nowhere").__aenter__()


async def test_a_body_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.rest.LARGEST_BODY_BYTES", 1000)
    assert (await refusal(BybitDialect(), answering(b"x" * 5000))).code == "oversize"


async def test_outside_its_context_a_client_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="context"):
        await RestClient(BybitDialect(), "http://127.0.0.1:1").get("/path")


async def test_no_error_and_no_log_says_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    for handler in (
        answering({"code": -2015, "msg": "Invalid API-key, IP, or permissions."}, 401),
        answering(b"<html>", 500),
    ):
        async with client(binance(), handler) as (rest, requests):
            with pytest.raises(VenueError) as caught:
                await rest.get("/fapi/v1/leverageBracket", {"symbol": "BTCUSDT"}, signed=True)
        said += [str(caught.value), repr(caught.value), str(caught.value.__cause__), str(caught.value.__context__)]
        said.append(requests[0].query["signature"])
    signature = said.pop()
    ours = " ".join(
        [*said[:4], *said[5:], *(f"{r.name} {r.getMessage()}" for r in caplog.records if r.name != "aiohttp.access")]
    )
    assert all(secret not in ours for secret in (KEY.key, KEY.secret, signature, "signature="))
    assert KEY.secret not in repr(KEY)
