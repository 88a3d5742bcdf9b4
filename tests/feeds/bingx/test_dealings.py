"""What one sweep asks of an account's orders and executions, and what of the answers concerns it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from core.errors import VenueError
from core.events import AnyEvent, Fill, OrderState, OrderUpdate
from feeds.bingx import facts
from feeds.bingx.asking import DAY_MS, Asker
from feeds.bingx.dealings import Dealings
from feeds.bingx.known import KnownOrders
from feeds.bingx.rows import PositionMode
from feeds.venue import RestAnswer
from tests.support.frames import faults

NOW_MS = 1_790_000_000_000
SINCE_MS = NOW_MS - 600_000
LINEAR, INVERSE = facts.LINEAR, facts.INVERSE
SYMBOLS = {LINEAR: "BTC-USDT", INVERSE: "BTC-USD"}
LISTS = {LINEAR: facts.ALL_ORDERS_PATH, INVERSE: facts.INVERSE_ALL_ORDERS_PATH}
OPEN = {LINEAR: facts.OPEN_ORDERS_PATH, INVERSE: facts.INVERSE_OPEN_ORDERS_PATH}
ONE = {LINEAR: facts.ORDER_PATH, INVERSE: facts.INVERSE_QUERY_PATH}
FILLS = {LINEAR: facts.FILLS_PATH, INVERSE: facts.INVERSE_FILLS_PATH}
REFUSED = VenueError("bingx", "109421", "order not exist")


class Answering(Asker):
    """Answers by path; a list of past orders or executions has what was put there once, whatever was asked for."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.account = "main"
        self.answers = {path: [] for paths in (LISTS, OPEN, FILLS) for path in paths.values()} | dict(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def now_ms(self) -> int:
        return NOW_MS

    async def ask(self, path: str, parameters: Mapping[str, str] | None = None) -> RestAnswer:
        self.asked.append((path, dict(parameters or {})))
        told = self.answers.get(path, REFUSED)
        if isinstance(told, VenueError):
            raise told
        raw = json.dumps({"code": 0, "msg": "", "data": told}).encode()
        return RestAnswer(path=path, body=raw, received_ns=1, parameters=parameters or {}, account=self.account)

    def of(self, path: str) -> list[dict[str, str]]:
        return [parameters for asked, parameters in self.asked if asked == path]


class Swept:
    """One sweep at a venue that answers so; ``rested`` are orders that were open when they were last told."""

    def __init__(
        self, answers: Mapping[str, Any], market: str = LINEAR, *, rested: Sequence[str] = (), since_ms: int = SINCE_MS
    ) -> None:
        self.venue, self.known = Answering(answers), KnownOrders()
        for number in rested:
            self.known.rests(number, f"bingx:{market}:{SYMBOLS[market]}")
        self.dealings = Dealings(self.venue, market, [SYMBOLS[market]], self.known, since_ms)

    async def read(self, *, first: bool = False) -> list[AnyEvent]:
        return await self.dealings.read(PositionMode(), first=first)

    async def updates(self) -> list[OrderUpdate]:
        return [event for event in await self.read() if isinstance(event, OrderUpdate)]

    async def fills(self) -> list[Fill]:
        return [event for event in await self.read() if isinstance(event, Fill)]


def order(number: int = 18, status: str = "NEW", changed_ms: int = NOW_MS, **more: Any) -> dict[str, Any]:
    return {
        "symbol": "BTC-USDT", "orderId": number, "side": "SELL", "positionSide": "BOTH", "type": "LIMIT",
        "origQty": "0.3", "price": "61000", "executedQty": "0.3" if status == "FILLED" else "0", "status": status,
        "time": changed_ms, "updateTime": changed_ms, "clientOrderId": f"hr-{number}",
    } | more  # fmt: skip


def coin_fill(number: int = 18, trade: int = 7, traded_ms: int = NOW_MS, **more: Any) -> dict[str, Any]:
    return {
        "symbol": "BTC-USD", "tradeId": str(trade), "orderId": str(number), "side": "SELL", "positionSide": "BOTH",
        "tradePrice": "61000", "volume": "3", "commission": "-0.0000024", "currency": "BTC", "tradeTime": traded_ms,
    } | more  # fmt: skip


def linear_fill(symbol: str = "BTC-USDT", number: int = 18) -> dict[str, Any]:
    return {
        "symbol": symbol, "qty": "0.1", "price": "61000", "commission": "-2", "commissionAsset": "USDT",
        "orderId": str(number), "tradeId": str(number), "filledTime": "2026-09-21T22:13:20.000+08:00", "side": "SELL",
        "positionSide": "BOTH",
    }  # fmt: skip


# --- how far back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("market", "first", "since_days", "asked_days"),
    [
        (LINEAR, False, 1, 1),
        (LINEAR, True, 1, 1),
        (INVERSE, False, 1, 1),
        (INVERSE, True, 1, 1 + facts.RESTING_DAYS),
        (INVERSE, True, facts.MOST_BACK_DAYS - 1, facts.MOST_BACK_DAYS),
    ],
)
async def test_only_the_first_sweep_looks_further_back_and_no_further_than_the_venue_keeps(
    market: str, first: bool, since_days: int, asked_days: int
) -> None:
    swept = Swept({}, market, since_ms=NOW_MS - since_days * DAY_MS)
    await swept.read(first=first)
    asked = swept.venue.of(LISTS[market])
    assert min(int(parameters["startTime"]) for parameters in asked) == NOW_MS - asked_days * DAY_MS
    assert max(int(parameters["endTime"]) for parameters in asked) == NOW_MS + facts.RECV_WINDOW_MS


@pytest.mark.parametrize(("earlier_ms", "told"), [(-1, True), (0, True), (1, False), (1000, False)])
async def test_an_order_that_ended_concerns_a_sweep_from_the_very_time_on_that_is_asked_about(
    earlier_ms: int, told: bool
) -> None:
    ended = order(status="CANCELED", changed_ms=SINCE_MS - earlier_ms)
    assert bool(await Swept({facts.ALL_ORDERS_PATH: [ended]}).updates()) is told


async def test_an_order_that_rests_is_told_however_long_ago_it_was_made() -> None:
    (update,) = await Swept({facts.OPEN_ORDERS_PATH: [order(changed_ms=NOW_MS - 9 * DAY_MS)]}).updates()
    assert update.state is OrderState.OPEN


async def test_an_order_that_rested_is_told_as_ended_though_it_ended_before() -> None:
    ended = order(status="CANCELED", changed_ms=SINCE_MS - 1000)
    (update,) = await Swept({facts.ALL_ORDERS_PATH: [ended]}, rested=["18"]).updates()
    assert update.state is OrderState.CANCELLED


@pytest.mark.parametrize(("earlier_ms", "told"), [(-1, True), (0, True), (1, False), (1000, False)])
async def test_executions_of_an_order_are_told_from_that_time_on(earlier_ms: int, told: bool) -> None:
    filled = order(status="FILLED", symbol="BTC-USD", origQty="3", executedQty="3")
    answers = {
        facts.INVERSE_ALL_ORDERS_PATH: [filled],
        facts.INVERSE_FILLS_PATH: [coin_fill(traded_ms=SINCE_MS - earlier_ms)],
    }
    assert bool(await Swept(answers, INVERSE).fills()) is told


# --- the same order twice --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "resting", "told"),
    [
        (order(status="FILLED", changed_ms=NOW_MS), order(changed_ms=NOW_MS - 1), OrderState.FILLED),
        (
            order(changed_ms=NOW_MS - 1),
            order(status="PARTIALLY_FILLED", executedQty="0.1"),
            OrderState.PARTIALLY_FILLED,
        ),
        (order(), order(status="PARTIALLY_FILLED", executedQty="0.1"), OrderState.PARTIALLY_FILLED),
        (order(time=0, updateTime=0), order(status="FILLED", executedQty="0.3"), OrderState.FILLED),
        (order(status="FILLED"), order(time=0, updateTime=0), OrderState.FILLED),
    ],
)
async def test_an_order_of_both_lists_is_told_once_as_it_was_last(
    past: dict[str, Any], resting: dict[str, Any], told: OrderState
) -> None:
    answers = {facts.ALL_ORDERS_PATH: [past], facts.OPEN_ORDERS_PATH: [resting]}
    assert [update.state for update in await Swept(answers).updates()] == [told]


async def test_orders_are_told_apart_by_number_or_by_id_and_come_as_they_changed() -> None:
    rows = [
        order(21, clientOrderId="", changed_ms=NOW_MS - 1),
        order(20, clientOrderId="", changed_ms=NOW_MS - 2),
        order(0, clientOrderId="hr-a", changed_ms=NOW_MS - 3),
        order(0, clientOrderId="hr-b", changed_ms=NOW_MS - 4),
        order(22, changed_ms=0),
    ]
    updates = await Swept({facts.OPEN_ORDERS_PATH: rows}).updates()
    assert [update.venue_order_id or update.client_order_id for update in updates] == ["22", "hr-b", "hr-a", "20", "21"]


# --- looked up -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", [LINEAR, INVERSE])
async def test_an_order_that_is_in_no_list_any_more_is_looked_up_by_symbol_and_number(market: str) -> None:
    symbol = SYMBOLS[market]
    swept = Swept({ONE[market]: {"order": order(status="CANCELED", symbol=symbol)}}, market, rested=["18"])
    (update,) = await swept.updates()
    assert swept.venue.of(ONE[market]) == [{"symbol": symbol, "orderId": "18"}]
    assert (update.venue_order_id, update.state) == ("18", OrderState.CANCELLED)


@pytest.mark.parametrize("answer", [{"order": order(19, "CANCELED")}, {"order": {"symbol": "BTC-USDT"}}])
async def test_an_answer_about_something_else_tells_nothing_of_an_order(answer: dict[str, Any]) -> None:
    assert not await Swept({facts.ORDER_PATH: answer}, rested=["18"]).updates()


async def test_the_executions_of_an_order_that_the_venue_no_longer_knows_are_asked_for() -> None:
    swept = Swept({facts.INVERSE_FILLS_PATH: [coin_fill()]}, INVERSE, rested=["18"])
    (fill,) = await swept.fills()
    assert swept.venue.of(facts.INVERSE_FILLS_PATH) == [{"orderId": "18"}]
    assert fill.fill_id == "BTC-USD:7"


async def test_of_executions_only_orders_of_the_contracts_asked_about_are_looked_up() -> None:
    swept = Swept({facts.FILLS_PATH: [linear_fill(), linear_fill("ETH-USDT", 19)]})
    await swept.read()
    assert [parameters["orderId"] for parameters in swept.venue.of(facts.ORDER_PATH)] == ["18"]


async def test_an_execution_that_cannot_be_read_is_a_fault_and_the_others_are_told() -> None:
    filled = order(status="FILLED", symbol="BTC-USD", origQty="3", executedQty="3")
    rows = [coin_fill(), coin_fill(trade=8, tradePrice="x")]
    swept = Swept({facts.INVERSE_ALL_ORDERS_PATH: [filled], facts.INVERSE_FILLS_PATH: rows}, INVERSE)
    events = await swept.read()
    assert [fault.field for fault in faults(events)] == ["tradePrice"]
    assert [event.fill_id for event in events if isinstance(event, Fill)] == ["BTC-USD:7"]


async def test_a_look_up_that_fails_otherwise_than_by_a_refusal_is_no_answer() -> None:
    away = VenueError("bingx", "unreachable", "no line", outcome_unknown=True)
    with pytest.raises(VenueError, match="unreachable"):
        await Swept({facts.ORDER_PATH: away}, rested=["18"]).read()


# --- what is remembered ----------------------------------------------------------------------------------------


async def test_what_rests_and_what_ended_is_remembered_once_the_sweep_is_whole() -> None:
    answers = {facts.OPEN_ORDERS_PATH: [order(20)], facts.ALL_ORDERS_PATH: [order(19, "FILLED")]}
    swept = Swept(answers, rested=["18", "19"])
    await swept.read()
    instrument = "bingx:linear:BTC-USDT"
    assert swept.known.resting({instrument}) == {"18": instrument, "19": instrument}, "until then nothing is"
    swept.dealings.settle()
    assert swept.known.resting({instrument}) == {"20": instrument}
    assert [swept.known.name(number) for number in ("19", "20")] == ["hr-19", "hr-20"]
