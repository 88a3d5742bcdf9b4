"""A scripted Binance on a real port, and an account at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from core.events import (
    OrderUpdate,
)
from core.orders import OrderRequest
from feeds.binance.desk import BinanceAccount
from feeds.venue import Credentials, Endpoints

CREDENTIALS = Credentials("hedgerow-demo-key-0001", "hedgerow-demo-secret-0001")
Answer = Callable[[web.Request], Any]


def order(**changes: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "client_order_id": "hr-7f3a-0001",
        "account": "hedge",
        "instrument": "binance:usdm:BTCUSDT",
        "side": "sell",
        "quantity": Decimal("0.010"),
        "limit_price": Decimal("68000.10"),
        "reduce_only": False,
        "created_ns": 1,
    }
    return OrderRequest(**(usual | changes))


def row(status: str = "NEW", filled: str = "0", client: str = "hr-7f3a-0001", **more: Any) -> dict[str, Any]:
    return {
        "orderId": 4711,
        "symbol": "BTCUSDT",
        "clientOrderId": client,
        "side": "SELL",
        "positionSide": "BOTH",
        "status": status,
        "price": "68000.10",
        "origQty": "0.010",
        "executedQty": filled,
        "updateTime": 1_790_000_000_000,
        **more,
    }


def refused(code: int, message: str = "no", status: int = 400) -> web.Response:
    return web.json_response({"code": code, "msg": message}, status=status)


class Venue:
    """Answers by method and path, from what a test put there; remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.asked: list[web.Request] = []
        self.bodies: list[dict[str, str]] = []

    def on(self, route: str, *answers: Any) -> None:
        """What a route answers, one after the other; the last again and again."""
        self.answers[route] = list(answers)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        left = self.answers[f"{request.method} {request.path}"]
        content = left.pop(0) if len(left) > 1 else left[0]
        if callable(content):
            content = content(request)
        if content is None:
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
        return content if isinstance(content, web.Response) else web.json_response(content)

    def count(self, method: str, path: str = "/fapi/v1/order") -> int:
        return len([request for request in self.asked if (request.method, request.path) == (method, path)])

    def queries(self, method: str, path: str = "/fapi/v1/order") -> list[dict[str, str]]:
        return [dict(request.query) for request in self.asked if (request.method, request.path) == (method, path)]


@asynccontextmanager
async def desk() -> AsyncIterator[tuple[BinanceAccount, Venue]]:
    venue = Venue()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", venue.answer)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        yield BinanceAccount("hedge", Endpoints(rest=base, websocket="ws://b"), CREDENTIALS), venue


def only(events: Any) -> OrderUpdate:
    (event,) = events
    assert isinstance(event, OrderUpdate)
    return event


NOT_KNOWN = {"code": -2013, "msg": "Order does not exist."}


def not_known() -> Answer:
    return lambda _: web.json_response(NOT_KNOWN, status=400)


def of(events: Any, kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]
