"""Hedge mode: a long and a short position of one contract, side by side, as both venues have it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.books import MarginMode
from core.liquidation_results import LiquidationPrice
from feeds.sim.accounts import Order, PositionSide, Purpose
from feeds.sim.order_checks import Refused, Why
from feeds.sim.printed import liquidation
from tests.feeds.sim.desk import Desk
from tests.feeds.sim.lines import Frame, Served, bybit_auth, line, serving, topic

LONG, SHORT = PositionSide.LONG, PositionSide.SHORT


def trade(desk: Desk, side: str, quantity: str, position_side: PositionSide, price: str | None = None) -> Order:
    request = desk.request(side, quantity, price)
    return desk.trade(msgspec.structs.replace(request, position_side=position_side))


def held(desk: Desk) -> list[Decimal]:
    return [position.quantity for position in desk.account.sides(desk.listing)]


def hedging(venue: str = "binance", mode: MarginMode = MarginMode.CROSS, wallet: str = "100000") -> Desk:
    """A desk with 2 BTC long and 1 BTC short."""
    desk = Desk(venue, mode=mode, wallet={"USDT": wallet})
    desk.account.hedge_mode = True
    trade(desk, "buy", "2", LONG)
    trade(desk, "sell", "1", SHORT)
    return desk


def test_the_two_sides_do_not_net() -> None:
    desk = hedging()
    long, short = desk.account.sides(desk.listing)
    assert held(desk) == [2, -1]
    assert desk.account.position(desk.listing).quantity == 0
    trade(desk, "sell", "0.5", LONG)
    assert held(desk) == [Decimal("1.5"), -1]
    risk = desk.exchange.risk
    both = risk.maintenance(long) + risk.maintenance(short)
    assert risk.health(desk.account, "USDT").maintenance == both


def test_no_more_can_be_closed_than_is_held() -> None:
    desk = hedging()
    with pytest.raises(Refused) as refused:
        trade(desk, "sell", "2.001", LONG)
    assert refused.value.why is Why.REDUCE_ONLY
    resting = trade(desk, "buy", "1", SHORT, "59000")
    trade(desk, "buy", "0.6", SHORT)
    desk.pin("58000")
    assert resting.filled == Decimal("0.4")
    assert held(desk) == [2, 0]


def test_closing_one_side_needs_no_margin() -> None:
    desk = hedging(wallet="40000")
    assert desk.exchange.risk.available(desk.account, "USDT") < 12_000
    trade(desk, "sell", "2", LONG)
    with pytest.raises(Refused) as refused:
        trade(desk, "sell", "3", SHORT)
    assert refused.value.why is Why.MARGIN


def test_funding_is_paid_by_one_side_and_received_by_the_other() -> None:
    desk = hedging()
    schedule = desk.exchange.funding(desk.listing)
    assert schedule is not None
    desk.now_ms = schedule.next_ms - 100
    desk.step()
    rate, rows = schedule.settled[-1].rate, [row for row in desk.account.ledger if row.kind == "funding"]
    assert [row.amount for row in rows] == [-2 * 60_000 * rate, 60_000 * rate]
    assert [row.fill.position_side for row in rows if row.fill is not None] == [LONG, SHORT]


def test_an_isolated_side_is_liquidated_alone_and_with_its_own_orders_only() -> None:
    desk = hedging(mode=MarginMode.ISOLATED)
    kept = trade(desk, "sell", "0.1", SHORT, "66000")
    lost = trade(desk, "buy", "0.1", LONG, "30000.1")
    long, _ = desk.account.sides(desk.listing)
    found = liquidation(desk.exchange.risk, desk.account, long)
    assert isinstance(found, LiquidationPrice)
    desk.pin(found.price // 1 + 1)
    assert long.quantity
    desk.pin(found.price // 1)
    assert held(desk) == [0, -1]
    assert kept.is_open()
    assert not lost.is_open()
    assert desk.account.fills[-1].position_side is LONG


def test_both_sides_of_a_cross_pot_have_the_price_of_the_larger() -> None:
    desk = hedging(wallet="45000")
    long, short = desk.account.sides(desk.listing)
    one, other = (liquidation(desk.exchange.risk, desk.account, side) for side in (long, short))
    assert one == other
    assert isinstance(one, LiquidationPrice)
    assert one.price < 60_000
    desk.pin(one.price // 1 + 1)
    assert long.quantity == 2
    desk.pin(one.price // 1)
    assert long.quantity == 0
    assert next(fill for fill in desk.account.fills if fill.purpose is Purpose.LIQUIDATION).position_side is LONG


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins={"BTC": "60000"}) as running:
        yield running


async def test_binance_tells_sides_by_position_side(served: Served) -> None:
    async def send(method: str, path: str, **parameters: str) -> Any:
        return (await served.binance(method, path, parameters)).json()

    async def order(**fields: str) -> Any:
        return await send(
            "POST", "/fapi/v1/order", **({"symbol": "BTCUSDT", "type": "MARKET", "quantity": "0.1"} | fields)
        )

    assert await send("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true") == {"code": 200, "msg": "success"}
    assert await send("GET", "/fapi/v1/positionSide/dual") == {"dualSidePosition": True}
    assert (await send("GET", "/fapi/v1/accountConfig"))["dualSidePosition"] is True
    assert (await order(side="BUY"))["code"] == -4061
    assert (await order(side="SELL", positionSide="LONG", reduceOnly="true"))["code"] == -1106
    assert (await order(side="SELL", positionSide="LONG"))["code"] == -2022
    assert (await order(side="BUY", positionSide="LONG", quantity="0.2"))["positionSide"] == "LONG"
    assert (await order(side="SELL", positionSide="SHORT"))["positionSide"] == "SHORT"
    rows = {row["positionSide"]: row for row in await send("GET", "/fapi/v3/positionRisk", symbol="BTCUSDT")}
    assert {side: row["positionAmt"] for side, row in rows.items()} == {"LONG": "0.2", "SHORT": "-0.1"}
    assert Decimal(rows["SHORT"]["notional"]) == -6000
    trades = await send("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
    assert {row["positionSide"] for row in trades} == {"LONG", "SHORT"}
    assert (await send("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false"))["code"] == -4068
    everything = await send("GET", "/fapi/v2/positionRisk", symbol="BTCUSDT")
    assert [row["positionSide"] for row in everything] == ["LONG", "SHORT"]


async def test_bybit_tells_sides_by_position_index(served: Served) -> None:
    async def send(method: str, path: str, **parameters: object) -> Frame:
        body: Frame = (await served.bybit(method, path, parameters)).json()
        return body

    async def order(**fields: object) -> Frame:
        asked = {"category": "linear", "symbol": "BTCUSDT", "orderType": "Market", "qty": "0.1", **fields}
        return await send("POST", "/v5/order/create", **asked)

    switch = {"category": "linear", "symbol": "BTCUSDT", "mode": 3}
    assert (await send("POST", "/v5/position/switch-mode", **switch))["retCode"] == 0
    assert (await send("POST", "/v5/position/switch-mode", **switch))["retCode"] == 110025
    inverse = await send("POST", "/v5/position/switch-mode", category="inverse", symbol="BTCUSD", mode=3)
    assert inverse["retCode"] == 10001
    assert (await order(side="Buy"))["retCode"] == 10001
    assert (await order(side="Sell", positionIdx=1))["retCode"] == 110017
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        assert (await client.ask(bybit_auth(served.key("bybit"))))["success"]
        assert (await client.ask({"op": "subscribe", "args": ["position"]}))["success"]
        assert (await order(side="Buy", positionIdx=1, qty="0.2"))["retCode"] == 0
        seen = [(await client.until(topic("position")))["data"][0] for _ in range(4)]
        assert {row["positionIdx"] for row in seen} == {1, 2}
        assert (await order(side="Sell", positionIdx=2))["retCode"] == 0
        await client.until(lambda frame: topic("position")(frame) and frame["data"][0]["side"] == "Sell")
    listed = await send("GET", "/v5/position/list", category="linear", symbol="BTCUSDT")
    rows = {row["positionIdx"]: row for row in listed["result"]["list"]}
    assert {index: (row["side"], row["size"]) for index, row in rows.items()} == {1: ("Buy", "0.2"), 2: ("Sell", "0.1")}
    orders = await send("GET", "/v5/order/history", category="linear", symbol="BTCUSDT")
    assert {row["positionIdx"] for row in orders["result"]["list"]} == {1, 2}
    back = await send("POST", "/v5/position/switch-mode", category="linear", coin="USDT", mode=0)
    assert back["retCode"] == 110028
