"""How far a sweep at MEXC looks back, however much there is, and what it calls the orders of fills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.errors import VenueError
from core.events import Fill, FundingPayment, PositionUpdate
from core.legs import Leg
from feeds.clock import Clock
from feeds.mexc import facts
from tests.feeds.mexc.desk import INVERSE, LINEAR, the
from tests.feeds.mexc.exchange import paged, trading, trouble
from tests.feeds.mexc.rows import DEAL, ORDER, POSITION

DEALS = "GET order/list/order_deals/v3"
HISTORY = "GET order/list/history_orders"
FUNDING = "GET position/funding_records"
ONE = f"GET order/get/{DEAL['orderId']}"
NAMELESS = {name: value for name, value in DEAL.items() if name != "externalOid"}
DAY_MS = 86_400_000
RECORD = {"id": 1, "symbol": "BTC_USDT", "positionType": 2, "positionValue": 1, "funding": 0.5, "rate": 0.0001}


def now_ms() -> int:
    return Clock().now_ns() // 1_000_000


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "WINDOW_KEPT", 1_000_000)


def listed(rows: list[dict[str, Any]], stamp: str) -> Any:
    """Rows of a list that can be asked for by time."""

    def answer(query: dict[str, str]) -> dict[str, Any]:
        start, end = int(query["start_time"]), int(query["end_time"])
        assert end - start <= 90 * DAY_MS, "the venue tells 90 days at once"
        return paged([row for row in rows if start <= row[stamp] <= end], query)

    return answer


async def test_a_sweep_tells_when_a_position_last_changed_and_not_since_when_there_is_none() -> None:
    async with trading() as (desk, exchange):
        exchange.answers["GET position/open_positions"] = [POSITION]
        told = the(PositionUpdate, await desk.sweep([LINEAR], 0))
    assert {event.leg: event.venue_time_ns for event in told} == {
        Leg.SHORT: POSITION["updateTime"] * 1_000_000,
        Leg.LONG: None,
    }


async def test_nothing_older_than_the_venue_tells_is_asked_for() -> None:
    async with trading() as (desk, exchange):
        exchange.answers[DEALS] = listed([NAMELESS | {"timestamp": now_ms() - 1000}], "timestamp")
        await desk.sweep([LINEAR], 0)
    (asked,) = exchange.queries(DEALS)
    assert 88 * DAY_MS < int(asked["end_time"]) - int(asked["start_time"]) < 90 * DAY_MS
    assert abs(int(asked["end_time"]) - now_ms()) < 10_000


async def test_more_pages_than_are_read_of_a_list_are_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_PAGES", 2)
    monkeypatch.setattr(facts, "PAGE_ROWS", 3)
    last = now_ms() - 1000
    rows = [DEAL | {"id": number + 1, "timestamp": last - number} for number in range(40)]
    async with trading() as (desk, exchange):
        exchange.answers[DEALS] = listed(rows, "timestamp")
        fills = the(Fill, await desk.sweep([LINEAR], 0))
    assert sorted(int(fill.fill_id) for fill in fills) == list(range(1, 41))
    assert len(exchange.queries(DEALS)) < 200


async def test_a_list_that_does_not_say_how_long_it_is_is_read_in_parts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_PAGES", 2)
    monkeypatch.setattr(facts, "PAGE_ROWS", 3)
    last = now_ms() - 1000
    rows = [DEAL | {"id": number + 1, "timestamp": last - number * 60_000} for number in range(40)]
    whole = listed(rows, "timestamp")
    async with trading() as (desk, exchange):
        exchange.answers[DEALS] = lambda query: whole(query)["resultList"]
        fills = the(Fill, await desk.sweep([LINEAR], 0))
    assert {int(fill.fill_id) for fill in fills} == set(range(1, 41))


async def test_a_list_without_end_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_SPANS", 20)
    async with trading() as (desk, exchange):
        exchange.answers[DEALS] = {"totalPage": 1000, "resultList": [DEAL]}
        with pytest.raises(VenueError, match="too_many_records"):
            await desk.sweep([LINEAR], 0)
    assert len(exchange.queries(DEALS)) <= 20


async def test_a_fill_of_an_older_order_bears_its_name_and_is_asked_for_once() -> None:
    """The history tells orders by when they were made: one made before is looked up by its number."""
    async with trading() as (desk, exchange):
        exchange.answers[DEALS] = {"totalPage": 1, "resultList": [NAMELESS, NAMELESS | {"id": 2, "orderId": "5"}]}
        exchange.answers[ONE] = ORDER
        for _ in range(2):
            fills = {fill.fill_id: fill.client_order_id for fill in the(Fill, await desk.sweep([LINEAR], 0))}
            assert fills == {str(DEAL["id"]): "hr-1-0123456789", "2": "mexc-5"}
    assert (exchange.count(ONE), exchange.count("GET order/get/5"), exchange.count(HISTORY)) == (1, 1, 1)


async def test_a_name_that_the_history_tells_is_not_asked_for_again() -> None:
    async with trading() as (desk, exchange):
        exchange.answers[DEALS] = {"totalPage": 1, "resultList": [NAMELESS]}
        exchange.answers[HISTORY] = {"totalPage": 1, "resultList": [ORDER]}
        (fill,) = the(Fill, await desk.sweep([LINEAR], 0))
        await desk.sweep([LINEAR], 0)
    assert fill.client_order_id == "hr-1-0123456789"
    assert (exchange.count(ONE), exchange.count(HISTORY)) == (0, 1)


async def test_an_order_whose_name_cannot_be_read_now_fails_the_sweep() -> None:
    async with trading() as (desk, exchange):
        exchange.answers[DEALS] = {"totalPage": 1, "resultList": [NAMELESS]}
        exchange.answers[ONE] = trouble
        with pytest.raises(VenueError, match="503"):
            await desk.sweep([LINEAR], 0)
        exchange.answers[ONE] = ORDER
        (fill,) = the(Fill, await desk.sweep([LINEAR], 0))
    assert fill.client_order_id == "hr-1-0123456789"


async def test_a_sweep_looks_up_so_many_orders_by_number_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_LOOK_UPS", 3)
    numbers = {"BTC_USDT": range(1, 6), "BTC_USD": range(11, 13)}
    rows = {
        symbol: [NAMELESS | {"id": number, "orderId": str(number), "symbol": symbol} for number in each]
        for symbol, each in numbers.items()
    }
    async with trading() as (desk, exchange):
        exchange.answers[DEALS] = lambda query: paged(rows[query["symbol"]], query)
        for expected in (3, 6, 7, 7):
            await desk.sweep([LINEAR, INVERSE], 0)
            assert sum(name.startswith("GET order/get/") for name, _ in exchange.asked) == expected


async def test_an_order_number_that_is_none_is_no_address() -> None:
    async with trading() as (desk, exchange):
        exchange.answers[DEALS] = {"totalPage": 1, "resultList": [NAMELESS | {"orderId": "../account/assets"}]}
        await desk.sweep([LINEAR], 0)
    assert not [name for name, _ in exchange.asked if name.startswith("GET order/get/")]


async def test_only_the_newest_names_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_ORDERS", 2)
    rows = [NAMELESS | {"id": number, "orderId": str(number)} for number in (1, 2, 3)]
    async with trading() as (desk, exchange):
        exchange.answers[DEALS] = {"totalPage": 1, "resultList": rows}
        await desk.sweep([LINEAR], 0)
        exchange.answers[DEALS] = {"totalPage": 1, "resultList": rows[1:]}
        await desk.sweep([LINEAR], 0)
    assert [exchange.count(f"GET order/get/{number}") for number in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize("days", [0, 30])
async def test_funding_is_read_as_far_back_as_is_wanted_of_each_contract_by_itself(
    monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    monkeypatch.setattr(facts, "PAGE_ROWS", 10)
    last = now_ms() - 1000
    rows = [
        RECORD | {"id": number + 1, "settleTime": last - number * DAY_MS, "symbol": symbol}
        for number in range(100)
        for symbol in ("BTC_USDT", "ETH_USDT")
    ]

    def answer(query: dict[str, str]) -> dict[str, Any]:
        wanted = query.get("symbol")
        return paged([row for row in rows if wanted in (None, row["symbol"])], query)

    async with trading() as (desk, exchange):
        exchange.answers[FUNDING] = answer
        since_ns = (last - days * DAY_MS) * 1_000_000 if days else 0
        paid = the(FundingPayment, await desk.sweep([LINEAR], since_ns))
    assert [int(payment.payment_id) for payment in paid] == list(range(1, (days or 88) + 2))
    assert {payment.amount for payment in paid} == {Decimal("0.5")}
    assert [query.get("symbol") for query in exchange.queries(FUNDING)][:3] == [None] * 3


async def test_funding_of_a_moment_ago_takes_one_question() -> None:
    async with trading() as (desk, exchange):
        rows = [RECORD | {"id": number + 1, "settleTime": now_ms() - number * DAY_MS} for number in range(1000)]
        exchange.answers[FUNDING] = lambda query: paged(rows, query)
        await desk.sweep([LINEAR], (now_ms() - 1000) * 1_000_000)
    assert exchange.count(FUNDING) == 1
