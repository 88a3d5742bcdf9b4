"""What BingX's desk makes of orders whose answers are lost or refused: one intent is executed once, or not known."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from core.errors import VenueError
from core.events import AnyEvent, Fill, OrderState, OrderUpdate
from core.orders import OrderRequest
from feeds.bingx import facts
from feeds.bingx.desk import BingxDesk
from tests.feeds.bingx.test_client import KEY, ONE_WAY, Answers, good, order, venue

NOT_FOUND = {"code": 109421, "msg": "order not exist"}
MINUTE_NS = 60_000_000_000


def fresh(**changed: Any) -> OrderRequest:
    return replace(order(), created_ns=time.time_ns(), **changed)


def row(**changed: Any) -> dict[str, Any]:
    told = {
        "symbol": "BTC-USDT",
        "orderId": 18,
        "side": "SELL",
        "positionSide": "BOTH",
        "type": "LIMIT",
        "origQty": "0.1",
        "price": "61000",
        "executedQty": "0",
        "status": "NEW",
        "time": 1_790_000_000_000,
        "updateTime": 1_790_000_000_000,
        "clientOrderId": "hr-1-ab",
    }
    return told | changed


def posts_and_gets(post: Any, get: Any) -> Answers:
    def answer(request: web.Request) -> Any:
        told = post if request.method == "POST" else get
        return told.pop(0) if isinstance(told, list) else told

    return {**ONE_WAY, facts.ORDER_PATH: answer}


def sent(requests: list[web.Request]) -> int:
    return sum(request.method == "POST" for request in requests)


def state(events: Any) -> OrderState:
    (update,) = [event for event in events if isinstance(event, OrderUpdate)]
    return update.state


@pytest.mark.parametrize("looked_up", [NOT_FOUND, 503, {"code": 0, "data": "x"}, {"code": 0, "data": {}}])
async def test_an_order_whose_answer_was_lost_is_not_sent_again_while_it_may_come(looked_up: Any) -> None:
    async with venue(posts_and_gets(503, looked_up)) as (endpoints, requests):
        desk, wanted = BingxDesk("main", endpoints, KEY), fresh()
        assert state(await desk.place(wanted)) is OrderState.UNKNOWN
        assert state(await desk.place(wanted)) is OrderState.UNKNOWN
        assert sent(requests) == 1
        if looked_up == NOT_FOUND:
            assert state(await desk.query(wanted)) is OrderState.UNKNOWN


async def test_an_order_whose_answer_was_lost_is_found_rather_than_sent_again() -> None:
    async with venue(posts_and_gets(503, good({"order": row()}))) as (endpoints, requests):
        desk, wanted = BingxDesk("main", endpoints, KEY), fresh()
        assert state(await desk.place(wanted)) is OrderState.UNKNOWN
        assert state(await desk.place(wanted)) is OrderState.OPEN
    assert sent(requests) == 1


async def test_an_order_that_can_no_longer_come_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "ORDER_VALID_NS", 0)
    answers = posts_and_gets([503, good({"order": {"orderId": 18}})], NOT_FOUND)
    async with venue(answers) as (endpoints, requests):
        desk, wanted = BingxDesk("main", endpoints, KEY), fresh()
        assert state(await desk.place(wanted)) is OrderState.UNKNOWN
        assert state(await desk.place(wanted)) is OrderState.OPEN
    assert sent(requests) == 2


@pytest.mark.parametrize(("age_ns", "expected"), [(0, OrderState.UNKNOWN), (2 * MINUTE_NS, OrderState.REJECTED)])
async def test_an_order_that_is_not_known_came_to_nothing_once_it_cannot_come(
    age_ns: int, expected: OrderState
) -> None:
    async with venue(posts_and_gets(503, NOT_FOUND)) as (endpoints, _):
        wanted = replace(order(), created_ns=time.time_ns() - age_ns)
        assert state(await BingxDesk("main", endpoints, KEY).query(wanted)) is expected


@pytest.mark.parametrize("code", [109201, 101481, 101400])
@pytest.mark.parametrize(
    ("looked_up", "expected"),
    [(good({"order": row()}), OrderState.OPEN), (503, OrderState.UNKNOWN), (NOT_FOUND, OrderState.UNKNOWN)],
)
async def test_an_id_that_was_used_before_is_looked_up(code: int, looked_up: Any, expected: OrderState) -> None:
    refused = {"code": code, "msg": "clientOrderID: the same order number has been used"}
    async with venue(posts_and_gets(refused, looked_up)) as (endpoints, requests):
        assert state(await BingxDesk("main", endpoints, KEY).place(fresh())) is expected
    assert sent(requests) == 1


@pytest.mark.parametrize(("looked_up", "expected"), [(NOT_FOUND, OrderState.REJECTED), (503, OrderState.UNKNOWN)])
async def test_an_order_that_is_too_small_is_rejected_with_the_venues_word(
    looked_up: Any, expected: OrderState
) -> None:
    refused = {"code": 101400, "msg": "The minimum size is 0.0001 BTC"}
    async with venue(posts_and_gets(refused, looked_up)) as (endpoints, _):
        events = await BingxDesk("main", endpoints, KEY).place(fresh())
    assert state(events) is expected
    assert "minimum size" in events[0].reason  # type: ignore[union-attr]


async def test_a_refused_order_may_be_sent_again_at_once() -> None:
    answers = posts_and_gets([{"code": 101204, "msg": "margin"}, good({"order": {"orderId": 18}})], 503)
    async with venue(answers) as (endpoints, requests):
        desk, wanted = BingxDesk("main", endpoints, KEY), fresh()
        assert state(await desk.place(wanted)) is OrderState.REJECTED
        assert state(await desk.place(wanted)) is OrderState.OPEN
    assert sent(requests) == 2


async def test_a_query_that_fails_says_so() -> None:
    async with venue(posts_and_gets(503, 503)) as (endpoints, _):
        with pytest.raises(VenueError, match="503"):
            await BingxDesk("main", endpoints, KEY).query(fresh())


async def test_the_fills_of_an_order_are_of_its_leg() -> None:
    filled = row(symbol="BTC-USD", status="FILLED", origQty="3", executedQty="3", positionSide="SHORT")
    fill = {
        "symbol": "BTC-USD",
        "tradeId": "7",
        "orderId": "18",
        "side": "SELL",
        "positionSide": "SHORT",
        "tradePrice": "61000",
        "volume": "3",
        "commission": "-0.0000024",
        "currency": "BTC",
        "tradeTime": 1_790_000_000_000,
    }
    answers: Answers = {
        facts.INVERSE_QUERY_PATH: good({"order": filled}),
        facts.INVERSE_FILLS_PATH: good([fill]),
    }
    wanted = fresh(instrument="bingx:inverse:BTC-USD", quantity=Decimal(3))
    async with venue(answers) as (endpoints, _):
        events: list[AnyEvent] = [*await BingxDesk("main", endpoints, KEY).query(wanted)]
    (told,) = [event for event in events if isinstance(event, Fill)]
    assert (told.leg, told.client_order_id, told.quantity) == (wanted.leg, "hr-1-ab", Decimal(3))
