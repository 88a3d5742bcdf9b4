"""What bodies about orders say where they say little: answers that only name an order, fields left out, odd sides."""

from __future__ import annotations

from typing import Any

import pytest

from core.events import Fill, FillOrigin, Heard, OrderState, OrderUpdate
from feeds.bingx import facts, orders
from feeds.venue import RestAnswer
from tests.feeds.bingx.bodies import FILL, MS, NS, ORDER, body, read
from tests.support.frames import faults


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def order_of(row: dict[str, Any], *, method: str = "GET") -> OrderUpdate:
    (event,) = read(facts.ORDER_PATH, {"order": row}, method=method)
    assert isinstance(event, OrderUpdate)
    return event


@pytest.mark.parametrize("name", ["orderId", "orderID"])
def test_an_answer_that_names_an_order_and_no_more_is_told_as_heard(name: str) -> None:
    (event,) = read(facts.ORDER_PATH, {"order": {"symbol": "OP-USDT", name: "18"}}, method="DELETE")
    assert event == Heard(received_ns=NS, kind="answer", channel=facts.ORDER_PATH, detail="order 18")


@pytest.mark.parametrize(
    ("row", "method", "lacking"),
    [
        ({"symbol": "OP-USDT"}, "POST", "side"),
        ({"side": "SELL", "orderId": "0"}, "POST", "origQty"),
        ({"side": "SELL", "orderId": "18"}, "GET", "origQty"),
        ({"symbol": "OP-USDT", "orderId": "18", "origQty": "1"}, "GET", "side"),
    ],
)
def test_a_row_that_is_no_order_is_a_fault_that_names_what_it_lacks(
    row: dict[str, Any], method: str, lacking: str
) -> None:
    (fault,) = faults(read(facts.ORDER_PATH, {"order": row}, method=method))
    assert (fault.venue, fault.channel, fault.field) == ("bingx", facts.ORDER_PATH, lacking)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_order_just_placed_is_open_and_nothing_of_it_is_filled(method: str) -> None:
    event = order_of(without(ORDER, "status", "executedQty", "avgPrice"), method=method)
    assert (event.state, event.average_price) == (OrderState.OPEN, None)
    assert event.filled_quantity == 0


@pytest.mark.parametrize(("left_out", "field"), [("status", "status"), ("executedQty", "executedQty")])
def test_what_a_question_about_an_order_must_be_answered_with(left_out: str, field: str) -> None:
    events = read(facts.ORDER_PATH, {"order": without(ORDER, left_out)})
    assert [fault.field for fault in faults(events)] == [field]
    assert len(events) == 1


@pytest.mark.parametrize(
    ("changes", "moment"),
    [({}, MS + 20), ({"updateTime": 0}, MS), ({"updateTime": 0, "time": 0}, None), ({"time": 0}, MS + 20)],
)
def test_an_order_is_of_when_it_changed_and_else_of_when_it_was_made(
    changes: dict[str, int], moment: int | None
) -> None:
    assert order_of(ORDER | changes).venue_time_ns == (None if moment is None else moment * 1_000_000)


@pytest.mark.parametrize(
    ("kind", "origin"),
    [
        ("LIQUIDATE", FillOrigin.LIQUIDATION),
        ("ADL", FillOrigin.ADL),
        ("LIMIT", FillOrigin.ORDER),
        ("CALCULATED", FillOrigin.ORDER),
    ],
)
def test_what_type_an_order_was_of_says_why_it_was_executed(kind: str, origin: FillOrigin) -> None:
    (event,) = read(facts.FILLS_PATH, {"fill_history_orders": [FILL | {"type": kind}]})
    assert isinstance(event, Fill)
    assert event.origin is origin


def test_sides_are_told_by_when_their_orders_changed() -> None:
    rows = [
        ORDER,
        ORDER | {"updateTime": 0, "time": MS + 5, "positionSide": "LONG"},
        without(ORDER, "time") | {"updateTime": MS + 9, "positionSide": "BOTH"},
        ORDER | {"updateTime": MS + 30, "positionSide": ""},
        without(ORDER, "time", "updateTime"),
    ]
    answer = RestAnswer(path=facts.ALL_ORDERS_PATH, body=body({"orders": rows}), received_ns=NS)
    assert orders.sides(answer) == {MS + 20: "SHORT", MS + 5: "LONG", MS + 9: "BOTH"}
