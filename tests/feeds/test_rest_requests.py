"""Requests that change something: signed as they travel, sent once, and honest about an outcome that is not known."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import VenueError
from feeds.bybit import sign
from feeds.bybit.rest import BybitDialect
from feeds.rest import Budget, RestClient
from tests.feeds.test_rest import KEY, NOW_MS, OK, Handler, answering
from tests.support.clocks import let_pass

ORDER = {"symbol": "BTCUSDT", "qty": "0.1", "note": "é"}


@asynccontextmanager
async def served(
    handler: Handler, **options: Any
) -> AsyncIterator[tuple[RestClient, list[tuple[str, str, bytes, str]]]]:
    """A client of a server, and what came: method, path, body, signature."""
    came: list[tuple[str, str, bytes, str]] = []

    async def noting(request: web.Request) -> web.StreamResponse:
        signature = request.headers.get("X-BAPI-SIGN", "")
        came.append((request.method, request.raw_path, await request.read(), signature))
        return await handler(request)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", noting)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        async with RestClient(BybitDialect(), base, KEY, now_ms=lambda: NOW_MS, **options) as rest:
            yield rest, came


async def test_the_body_is_signed_as_it_is_sent() -> None:
    async with served(answering(OK)) as (rest, came):
        await rest.ask("POST", "/v5/order/create", body=ORDER)
    ((method, path, body, signature),) = came
    assert (method, path) == ("POST", "/v5/order/create")
    assert signature == sign.headers(KEY, NOW_MS, body.decode())["X-BAPI-SIGN"]


async def test_a_refusal_for_the_clock_acts_on_nothing_and_is_sent_again() -> None:
    wrong = {"retCode": 10002, "retMsg": "time", "time": NOW_MS + 60_000}
    answers = iter([wrong, OK | {"time": NOW_MS + 60_000}, OK])

    async def in_turn(request: web.Request) -> web.Response:
        return web.json_response(next(answers))

    async with served(in_turn) as (rest, came):
        await rest.ask("POST", "/v5/order/create", body=ORDER)
        assert rest.venue_now_ms == NOW_MS + 60_000
    assert [path for _, path, _, _ in came] == ["/v5/order/create", "/v5/market/time", "/v5/order/create"]


async def test_an_answer_that_does_not_come_leaves_the_outcome_unknown() -> None:
    released = asyncio.Event()

    async def stall(request: web.Request) -> web.Response:
        let_pass(21)
        await released.wait()
        return web.json_response(OK)

    async with served(stall, timeout_seconds=20) as (rest, came):
        with pytest.raises(VenueError, match="no answer") as placed:
            await rest.ask("POST", "/v5/order/create", body=ORDER)
        with pytest.raises(VenueError, match="no answer") as read:
            await rest.get("/v5/order/realtime", signed=True)
        released.set()
    assert (placed.value.outcome_unknown, read.value.outcome_unknown) == (True, False)
    assert len(came) == 2, "neither was sent again"


async def test_a_connection_cut_within_the_answer_leaves_the_outcome_unknown() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with served(cut) as (rest, _):
        with pytest.raises(VenueError) as caught:
            await rest.ask("POST", "/v5/order/create", body=ORDER)
    assert (caught.value.code, caught.value.outcome_unknown) == ("unreachable", True)


async def test_a_request_that_never_left_did_nothing() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        async with RestClient(BybitDialect(), f"http://127.0.0.1:{deaf.getsockname()[1]}", KEY) as rest:
            with pytest.raises(VenueError) as caught:
                await rest.ask("POST", "/v5/order/create", body=ORDER)
    assert (caught.value.code, caught.value.outcome_unknown) == ("unreachable", False)


async def test_what_the_venue_says_of_its_limit_is_kept() -> None:
    async with served(answering(OK, X_Bapi_Limit="50", X_Bapi_Limit_Status="48")) as (rest, _):
        assert rest.budget is None
        await rest.get("/v5/market/time")
        assert rest.budget == Budget(used=2, limit=50, seconds=1.0)
