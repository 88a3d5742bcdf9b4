"""Bybit's order entry by websocket, its USDC contracts, and its histories page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from feeds.sim.wire import wall_ms
from tests.feeds.sim.lines import Frame, Line, Served, bybit_auth, hold_clock, line, serving

ORDER: Frame = {"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Limit", "qty": "0.010"}


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins={"BTC": "60000"}) as running:
        yield running


@asynccontextmanager
async def trading(served: Served, permissions: str = "trade") -> AsyncIterator[Line]:
    async with line(f"{served.websocket['bybit']}/v5/trade") as client:
        answer = await client.ask(bybit_auth(served.key("bybit", permissions)))
        assert (answer["retCode"], answer["op"], "success" in answer) == (0, "auth", False)
        yield client


def request(operation: str, name: str, order: Frame, late_ms: int = 0) -> Frame:
    header = {"X-BAPI-TIMESTAMP": str(wall_ms() - late_ms), "X-BAPI-RECV-WINDOW": "5000"}
    return {"reqId": name, "header": header, "op": operation, "args": [order]}


async def test_an_order_is_placed_amended_and_cancelled_by_websocket(served: Served) -> None:
    async with trading(served) as client:
        placed = await client.ask(request("order.create", "1", ORDER | {"price": "61000", "orderLinkId": "ws-1"}))
        assert (placed["reqId"], placed["retCode"], placed["data"]["orderLinkId"]) == ("1", 0, "ws-1")
        assert (placed["header"]["X-Bapi-Limit"], placed["header"]["X-Bapi-Limit-Status"]) == ("10", "9")
        named = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "ws-1"}
        assert (await client.ask(request("order.amend", "2", named | {"price": "61500"})))["retCode"] == 0
        (found,) = (await served.bybit("GET", "/v5/order/realtime", named)).json()["result"]["list"]
        assert (found["price"], found["orderId"]) == ("61500", placed["data"]["orderId"])
        assert (await client.ask(request("order.cancel", "3", named)))["retCode"] == 0
        assert (await client.ask({"op": "ping"}))["op"] == "pong"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (lambda: request("order.create", "1", ORDER | {"price": "1"}), 110003),
        (lambda: request("order.refine", "1", ORDER), 10404),
        (lambda: request("order.create", "1", ORDER, late_ms=60_000), 10002),
        (lambda: {"reqId": "1", "op": "order.create", "args": [ORDER]}, 10001),
        (lambda: {"reqId": "1", "op": "order.create", "args": []}, 10001),
    ],
)
async def test_refusals_have_the_venue_s_codes(served: Served, sent: Callable[[], Frame], code: int) -> None:
    async with trading(served) as client:
        answer = await client.ask(sent())
        assert (answer["retCode"], answer["reqId"], answer["data"]) == (code, "1", {})


async def test_an_id_is_used_once_and_a_login_too(served: Served) -> None:
    async with trading(served) as client:
        await client.ask(request("order.create", "1", ORDER | {"price": "61000"}))
        assert (await client.ask(request("order.create", "1", ORDER | {"price": "61000"})))["retCode"] == 20006
        assert (await client.ask(bybit_auth(served.key("bybit"))))["retCode"] == 20001


async def test_who_may_not_trade_does_not(served: Served) -> None:
    async with trading(served, "read") as client:
        assert (await client.ask(request("order.create", "1", ORDER | {"price": "61000"})))["retCode"] == 10005
    async with line(f"{served.websocket['bybit']}/v5/trade") as client:
        assert (await client.ask(request("order.create", "1", ORDER | {"price": "61000"})))["retCode"] == 10003
        stranger = bybit_auth(served.key("bybit"), expires=1)
        assert (await client.ask(stranger))["retCode"] == 10004
        await client.ended()


async def test_the_limit_is_shared_with_rest(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    hold_clock(monkeypatch, __name__)
    async with trading(served) as client:
        for number in range(10):
            sent = ORDER | {"price": "61000", "orderLinkId": f"rest-{number}"}
            await served.bybit("POST", "/v5/order/create", sent)
        answer = await client.ask(request("order.create", "1", ORDER | {"price": "61000"}))
        assert (answer["retCode"], answer["header"]["X-Bapi-Limit-Status"]) == (10006, "0")


@pytest.mark.parametrize("cut", [False, True])
async def test_an_answer_that_is_lost_was_carried_out(served: Served, cut: bool) -> None:
    async with trading(served) as client:
        await served.inject("lose_answers", venue="bybit", count=1, cut=cut)
        await client.send(request("order.create", "1", ORDER | {"price": "61000", "orderLinkId": "lost"}))
        again = await client.ask(request("order.create", "2", ORDER | {"price": "61000", "orderLinkId": "lost"}))
        if not cut:
            assert (again["reqId"], again["retCode"]) == ("1", 10016)
            again = await client.next()
        assert (again["reqId"], again["retCode"]) == ("2", 110072)


async def test_an_expired_key_is_cut_off(served: Served) -> None:
    async with trading(served) as client:
        await served.inject("expire_key", venue="bybit", key=served.key("bybit").key)
        await client.ended()


# --- USDC ------------------------------------------------------------------------------------------------------------


async def test_usdc_contracts_are_linear_and_settle_in_usdc(served: Served) -> None:
    answer = await served.get("bybit", "/v5/market/instruments-info?category=linear&limit=1000")
    listed = {row["symbol"]: row for row in answer.json()["result"]["list"] if row["settleCoin"] == "USDC"}
    assert listed.keys() >= {"BTCPERP", "ETHPERP"}
    (dated,) = [row for row in listed.values() if row["deliveryTime"] != "0"]
    assert dated["symbol"].startswith("BTC-")
    assert {row["quoteCoin"] for row in listed.values()} == {"USDC"}
    asked = ORDER | {"symbol": "BTCPERP", "orderType": "Market"}
    assert (await served.bybit("POST", "/v5/order/create", asked)).json()["retCode"] == 0
    rows: list[Frame] = []
    while not rows:
        found = await served.bybit("GET", "/v5/position/list", {"category": "linear", "settleCoin": "USDC"})
        rows = found.json()["result"]["list"]
    assert (rows[0]["symbol"], rows[0]["size"]) == ("BTCPERP", "0.010")
    wallet = (await served.bybit("GET", "/v5/account/wallet-balance", {"accountType": "UNIFIED"})).json()
    coins = {coin["coin"]: coin for coin in wallet["result"]["list"][0]["coin"]}
    assert coins["USDC"]["walletBalance"].startswith("-"), "the fee, of which there was none to pay from"
    refused = {"category": "linear", "symbol": "ETHPERP", "mode": 3}
    assert (await served.bybit("POST", "/v5/position/switch-mode", refused)).json()["retCode"] == 10001


# --- histories -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v5/execution/list", "/v5/account/transaction-log", "/v5/order/history"])
async def test_a_history_spans_a_week_at_most(served: Served, path: str) -> None:
    now, week = wall_ms(), 7 * 86_400_000
    usual = {"category": "linear", "symbol": "BTCUSDT", "accountType": "UNIFIED"}
    asked = usual | {"startTime": str(now - week), "endTime": str(now)}
    assert (await served.bybit("GET", path, asked)).json()["retCode"] == 0
    for window in ({"startTime": str(now - week - 1), "endTime": str(now)}, {"startTime": "2", "endTime": "1"}):
        assert (await served.bybit("GET", path, usual | window)).json()["retCode"] == 10001


async def test_open_orders_come_in_pages(served: Served) -> None:
    for number in range(5):
        await served.bybit("POST", "/v5/order/create", ORDER | {"price": str(61_000 + number)})
    names: list[str] = []
    asked = {"category": "linear", "symbol": "BTCUSDT", "limit": "2"}
    cursor = ""
    for _ in range(3):
        more = {"cursor": cursor} if cursor else {}
        result = (await served.bybit("GET", "/v5/order/realtime", asked | more)).json()["result"]
        names += [row["price"] for row in result["list"]]
        cursor = result["nextPageCursor"]
    assert (cursor, names) == ("", ["61004", "61003", "61002", "61001", "61000"])
