"""A small exchange that answers what a test says it answers, over real sockets, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from feeds.mexc.desk import MexcDesk
from feeds.venue import Credentials, Endpoints

Answer = Callable[[dict[str, str]], Any]
"""From the query to what is in the envelope; an int is a refusal's code, a negative one an HTTP status."""

NOT_KNOWN = 2040
LEVERAGE = [{"positionType": side, "leverage": 5, "openType": 1} for side in (1, 2)]


class Exchange:
    """Answers by method and path, the latter without what all begin with."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, Any] = {
            "GET position/position_mode": 1,
            "GET account/assets": [],
            "GET position/leverage": LEVERAGE,
            "GET position/open_positions": [],
            "GET position/funding_records": [],
            "GET order/list/open_orders": [],
            "GET order/list/history_orders": [],
            "GET order/list/order_deals/v3": [],
            "GET order/fee_details": [],
        }

    def count(self, name: str) -> int:
        """How often it was asked this."""
        return sum(1 for asked, _ in self.asked if asked == name)

    def queries(self, name: str) -> list[dict[str, str]]:
        """What it was asked with it."""
        return [query for asked, query in self.asked if asked == name]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Anything."""
        name = f"{request.method} {request.path.removeprefix('/api/v1/private/')}"
        query = dict(request.query)
        self.asked.append((name, query))
        answer = self.answers.get(name, refusal(NOT_KNOWN))
        content = answer(query) if callable(answer) else answer
        if isinstance(content, web.Response):
            return content
        return web.Response(body=json.dumps({"success": True, "code": 0, "data": content}).encode())


def refusal(code: int, message: str = "no", status: int = 200) -> Answer:
    """An answer that says no."""
    text = json.dumps({"success": False, "code": code, "message": message})
    return lambda _: web.Response(text=text, status=status)


def trouble(_: dict[str, str]) -> web.Response:
    """An answer that does not tell whether anything was done."""
    return web.Response(status=503)


def paged(rows: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """One page of a list."""
    number, size = int(query["page_num"]), int(query["page_size"])
    return {
        "totalPage": -(-len(rows) // size),
        "currentPage": number,
        "resultList": rows[(number - 1) * size : number * size],
    }


@asynccontextmanager
async def trading() -> AsyncIterator[tuple[MexcDesk, Exchange]]:
    """A desk at the exchange."""
    exchange = Exchange()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", exchange.answer)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        yield MexcDesk("main", Endpoints(rest=base, websocket="ws://unused"), Credentials("key", "secret")), exchange
