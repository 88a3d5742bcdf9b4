"""Orders at MEXC whose fate is in doubt: never sent twice, and never said to be refused while they may still arrive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from core.errors import VenueError
from core.events import AnyEvent, OrderState, OrderUpdate
from feeds.clock import Clock
from feeds.mexc import facts
from feeds.mexc.desk import NOT_KNOWN
from tests.feeds.mexc.desk import order
from tests.feeds.mexc.exchange import Exchange, refusal, trading, trouble
from tests.feeds.mexc.rows import ORDER

LOOK = "GET order/external/BTC_USDT/hr-1-0123456789"
CREATE = "POST order/create"
ASKED = order("sell", Decimal("62000.5"), name="hr-1-0123456789")


def state(events: Sequence[AnyEvent]) -> OrderState:
    (told,) = [event for event in events if isinstance(event, OrderUpdate)]
    return told.state


async def test_what_may_still_arrive_is_unknown_and_not_sent_again() -> None:
    async with trading() as (desk, exchange):
        exchange.answers[CREATE] = trouble
        assert state(await desk.place(ASKED)) is OrderState.UNKNOWN
        exchange.answers[CREATE] = {"orderId": ORDER["orderId"], "ts": 1}
        assert state(await desk.query(ASKED)) is OrderState.UNKNOWN
        assert state(await desk.cancel(ASKED)) is OrderState.UNKNOWN
        assert state(await desk.place(ASKED)) is OrderState.UNKNOWN
        exchange.answers[LOOK] = ORDER
        assert state(await desk.place(ASKED)) is OrderState.OPEN
    assert exchange.count(CREATE) == 1


async def test_what_can_no_longer_arrive_is_rejected_and_can_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "VALID_SECONDS", 0.0)
    async with trading() as (desk, exchange):
        exchange.answers[CREATE] = trouble
        assert state(await desk.place(ASKED)) is OrderState.UNKNOWN
        assert state(await desk.query(ASKED)) is OrderState.REJECTED
        exchange.answers[CREATE] = {"orderId": ORDER["orderId"], "ts": 1}
        assert state(await desk.place(ASKED)) is OrderState.SENT
    assert exchange.count(CREATE) == 2


async def test_an_order_made_a_moment_ago_may_have_been_sent_by_an_earlier_run() -> None:
    made_now = order("sell", Decimal("62000.5"), name="hr-1-0123456789", created_ns=Clock().now_ns())
    async with trading() as (desk, _):
        (told,) = await desk.query(made_now)
        assert isinstance(told, OrderUpdate)
        assert (told.state, told.reason) == (OrderState.UNKNOWN, NOT_KNOWN)
        assert state(await desk.query(ASKED)) is OrderState.REJECTED


async def test_a_look_up_that_fails_leaves_what_was_sent_unknown() -> None:
    async with trading() as (desk, exchange):
        made_now = order("sell", Decimal("62000.5"), name="hr-1-0123456789", created_ns=Clock().now_ns())
        exchange.answers[LOOK] = trouble
        with pytest.raises(VenueError, match="503"):
            await desk.place(made_now)
        assert state(await desk.place(ASKED)) is OrderState.UNKNOWN, "an earlier run may have sent it"
        assert exchange.count(CREATE) == 0, "neither certainly was sent from here"
        del exchange.answers[LOOK]
        exchange.answers[CREATE] = trouble
        await desk.place(ASKED)
        exchange.answers[LOOK] = trouble
        assert state(await desk.place(ASKED)) is OrderState.UNKNOWN
    assert exchange.count(CREATE) == 1


@pytest.mark.parametrize("fails", [False, True])
async def test_a_duplicate_that_is_not_found_is_unknown(fails: bool) -> None:
    async with trading() as (desk, exchange):

        def create(_: dict[str, str]) -> Any:
            if fails:
                exchange.answers[LOOK] = trouble
            return refusal(603, "Duplicate external order id")({})

        exchange.answers[CREATE] = create
        assert state(await desk.place(ASKED)) is OrderState.UNKNOWN
        assert state(await desk.place(ASKED)) is OrderState.UNKNOWN
    assert exchange.count(CREATE) == 1


async def test_a_duplicate_that_is_found_is_the_order() -> None:
    async with trading() as (desk, exchange):

        def create(_: dict[str, str]) -> Any:
            exchange.answers[LOOK] = ORDER
            return refusal(603)({})

        exchange.answers[CREATE] = create
        assert state(await desk.place(ASKED)) is OrderState.OPEN


def _no_number(exchange: Exchange) -> None:
    exchange.answers[CREATE] = {}


def _no_look_up(exchange: Exchange) -> None:
    def create(_: dict[str, str]) -> Any:
        exchange.answers[LOOK] = trouble
        return {"orderId": ORDER["orderId"], "ts": 1}

    exchange.answers[CREATE] = create


@pytest.mark.parametrize(("happens", "expected"), [(_no_number, OrderState.UNKNOWN), (_no_look_up, OrderState.SENT)])
async def test_what_was_taken_is_never_an_error(happens: Callable[[Exchange], None], expected: OrderState) -> None:
    async with trading() as (desk, exchange):
        happens(exchange)
        assert state(await desk.place(ASKED)) is expected


async def test_what_was_refused_can_be_sent_again_at_once() -> None:
    async with trading() as (desk, exchange):
        exchange.answers[CREATE] = refusal(2005, "Balance insufficient")
        assert state(await desk.place(ASKED)) is OrderState.REJECTED
        exchange.answers[CREATE] = {"orderId": ORDER["orderId"], "ts": 1}
        assert state(await desk.place(ASKED)) is OrderState.SENT
    assert exchange.count(CREATE) == 2
