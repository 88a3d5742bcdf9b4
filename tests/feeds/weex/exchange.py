"""A small exchange that answers WEEX's signed requests over real sockets, and can be made to misbehave."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from feeds.venue import Credentials, Endpoints
from feeds.weex import sign
from feeds.weex.desk import WeexDesk

KEY = Credentials("hedgerow-key", "hedgerow-secret", "hedgerow-words")


class Exchange:
    """Orders by number; what it is asked is in ``asked``, what it does about an order is up to ``mood``."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self.orders: list[dict[str, Any]] = []
        self.bodies: dict[str, Any] = {
            "/capi/v3/account/accountConfig": {"canTrade": True, "dualSidePosition": True},
            "/capi/v3/account/symbolConfig": [],
            "/capi/v3/account/balance": [],
            "/capi/v3/account/position/allPosition": [],
            "/capi/v3/userTrades": [],
            "/capi/v3/account/income": {"hasNextPage": False, "items": []},
            "/api/v3/account/": {"balances": []},
        }
        self.mood = ""
        """``lost``: an order is taken and no answer comes; ``503``: it is taken and the answer says 503; ``late``: it
        is not taken and the answer says 503; ``system``, ``money``, ``limit``: it is refused."""
        self.clock_ahead_ms = 0
        self.headers: dict[str, str] = {}
        self.base = ""

    def now_ms(self) -> int:
        """The exchange's time."""
        return time.time_ns() // 1_000_000 + self.clock_ahead_ms

    def paths(self) -> list[str]:
        """What was asked, in order."""
        return [f"{method} {path}" for method, path, _, _ in self.asked]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Anything over REST."""
        text = await request.text()
        self.asked.append((request.method, request.path, dict(request.query), text))
        if request.path.endswith("/time"):
            return web.json_response({"serverTime": self.now_ms()})
        refusal = self._unsigned(request, text)
        if refusal:
            return _no(refusal)
        if request.path == "/capi/v3/order":
            return self._order(request, text)
        if request.path in {"/capi/v3/openOrders", "/capi/v3/order/history"} - self.bodies.keys():
            living = request.path.endswith("openOrders")
            rows = [row for row in self.orders if (row["status"] == "NEW") is living]
            return web.json_response(rows, headers=self.headers)
        content = self.bodies[request.path]
        return web.json_response(content(request) if callable(content) else content, headers=self.headers)

    def _unsigned(self, request: web.Request, text: str) -> int:
        stamp, given = (request.headers.get(f"ACCESS-{name}", "") for name in ("TIMESTAMP", "SIGN"))
        if abs(int(stamp or 0) - self.now_ms()) > 30_000:
            return -1046
        payload = sign.request_payload(int(stamp), request.method, request.path, request.query_string, text)
        good = sign.headers(KEY, int(stamp), payload)
        return 0 if given == good["ACCESS-SIGN"] and request.headers["ACCESS-PASSPHRASE"] == KEY.passphrase else -1047

    def _order(self, request: web.Request, text: str) -> web.StreamResponse:
        if request.method == "GET":
            found = [row for row in self.orders if str(row["orderId"]) == request.query["orderId"]]
            return web.json_response(found[0]) if found else _no(-3200)
        if request.method == "DELETE":
            return self._cancel(request.query["origClientOrderId"])
        if self.mood in ("late", "system", "money", "limit"):
            status, content = {
                "late": (503, {}),
                "system": (400, {"code": -1054, "msg": "System error"}),
                "money": (400, {"code": -1054, "msg": "The amount is not enough"}),
                "limit": (429, {"code": -1003, "msg": "Too many requests."}),
            }[self.mood]
            return web.json_response(content, status=status)
        asked = json.loads(text)
        if "POST /capi/v3/order" in self.bodies:
            return web.json_response(self.bodies["POST /capi/v3/order"])
        if any(row["clientOrderId"] == asked["newClientOrderId"] for row in self.orders):
            content = {"success": False, "errorCode": "-1180", "errorMessage": "duplicate newClientOrderId"}
            return web.json_response(content)
        self._take(asked)
        if self.mood == "503":
            return web.json_response({}, status=503)
        if self.mood == "lost":
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"orderId": str(self.orders[-1]["orderId"]), "success": True, "errorCode": ""})

    def arrive(self) -> None:
        """The last request for an order, held up on its way, is taken after all."""
        self._take(json.loads([text for method, _, _, text in self.asked if method == "POST"][-1]))

    def _take(self, asked: dict[str, Any]) -> None:
        self.orders.append(
            {
                "orderId": 700000000000000000 + len(self.orders),
                "clientOrderId": asked["newClientOrderId"],
                "symbol": asked["symbol"],
                "side": asked["side"],
                "positionSide": asked["positionSide"],
                "status": "NEW",
                "origQty": asked["quantity"],
                "executedQty": "0",
                "cumQuote": "0",
                "price": asked["price"],
                "updateTime": self.now_ms(),
            }
        )

    def _cancel(self, name: str) -> web.StreamResponse:
        for row in self.orders:
            if row["clientOrderId"] == name and row["status"] == "NEW":
                row["status"] = "CANCELED"
                return web.json_response({"orderId": str(row["orderId"]), "success": True})
        return _no(-3200)

    def fill(self, name: str) -> None:
        """An order is filled whole."""
        for row in self.orders:
            if row["clientOrderId"] == name:
                row |= {"status": "FILLED", "executedQty": row["origQty"], "cumQuote": "32500"}


def _no(code: int) -> web.StreamResponse:
    return web.json_response({"code": code, "msg": "no"}, status=400)


@asynccontextmanager
async def trading() -> AsyncIterator[tuple[WeexDesk, Exchange]]:
    """A desk at the exchange."""
    exchange = Exchange()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", exchange.answer)
    async with TestServer(application) as server:
        exchange.base = str(server.make_url("")).rstrip("/")
        yield WeexDesk("main", Endpoints(rest=exchange.base, websocket="ws://unused"), KEY), exchange
