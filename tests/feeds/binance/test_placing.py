"""Orders at Binance are executed once, whatever happens to an answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from core.errors import VenueError
from core.events import (
    Fill,
    OrderState,
    OrderUpdate,
)
from core.legs import Leg
from feeds.clock import Clock
from tests.feeds.binance.desk import desk, not_known, only, order, refused, row
from tests.feeds.binance.test_rest import SECOND_15


async def test_an_order_is_looked_up_then_sent_once_and_signed() -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", row())
        update = only(await account.place(order(), post_only=True))
    assert (update.state, update.venue_order_id, update.account) == (OrderState.OPEN, "4711", "hedge")
    (sent,) = venue.queries("POST")
    assert {name: sent[name] for name in ("side", "type", "timeInForce", "quantity", "price", "recvWindow")} == {
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "GTX",
        "quantity": "0.010",
        "price": "68000.10",
        "recvWindow": "2000",
    }
    assert (sent["newClientOrderId"], "reduceOnly" in sent, "positionSide" in sent) == ("hr-7f3a-0001", False, False)
    assert list(sent)[-1] == "signature"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reduce_only": True, "side": "buy"}, {"reduceOnly": "true"}),
        ({"leg": Leg.SHORT}, {"positionSide": "SHORT"}),
        ({"leg": Leg.SHORT, "side": "buy", "reduce_only": True}, {"positionSide": "SHORT"}),
        ({"leg": Leg.LONG, "reduce_only": True}, {"positionSide": "LONG"}),
    ],
)
async def test_closing_is_asked_for_as_the_mode_wants_it(changes: dict[str, Any], expected: dict[str, str]) -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", row())
        await account.place(order(**changes))
    (sent,) = venue.queries("POST")
    assert {name: sent[name] for name in ("reduceOnly", "positionSide") if name in sent} == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"client_order_id": ""},
        {"client_order_id": "x" * 37},
        {"client_order_id": "a b"},
        {"client_order_id": "é"},
        {"client_order_id": "a\n"},
        {"side": "short"},
        {"instrument": "binance:spot:BTCUSDT"},
        {"leg": Leg.SHORT, "side": "sell", "reduce_only": True},
        {"leg": Leg.LONG, "side": "buy", "reduce_only": True},
    ],
)
async def test_what_cannot_be_asked_for_never_leaves(changes: dict[str, Any]) -> None:
    async with desk() as (account, venue):
        with pytest.raises(VenueError):
            await account.place(order(**changes))
    assert not venue.asked


@pytest.mark.parametrize(
    "lost",
    [
        None,
        lambda _: web.json_response({"code": -1007, "msg": "Timeout waiting for response"}, status=408),
        lambda _: web.json_response({"code": -1000, "msg": "Unknown error, please check your request"}, status=503),
        lambda _: web.Response(text="<html>bad gateway</html>", status=502),
        lambda _: web.Response(text="not json", status=200),
        {"orderId": 1},
        row(client="somebody-elses"),
    ],
    ids=["cut", "timeout", "executed but 503", "gateway", "no json", "half an answer", "another order"],
)
async def test_a_lost_answer_leaves_the_order_unknown_and_it_is_not_sent_again(lost: Any) -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", lost)
        assert only(await account.place(order())).state is OrderState.UNKNOWN
        assert only(await account.query(order())).state is OrderState.UNKNOWN, "not known yet proves nothing"
        assert only(await account.place(order())).state is OrderState.UNKNOWN
        assert venue.count("POST") == 1
        venue.on("GET /fapi/v1/order", row("FILLED", "0.010", avgPrice="68000.20"))
        venue.on("GET /fapi/v1/userTrades", [])
        assert only(await account.place(order())).state is OrderState.FILLED
    assert venue.count("POST") == 1


async def test_an_order_that_cannot_come_about_any_more_is_rejected_and_may_be_sent_again() -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", None, row())
        assert only(await account.place(order())).state is OrderState.UNKNOWN
        account._fates._sent_ns["hr-7f3a-0001"] -= 6 * 10**9
        assert only(await account.query(order())).state is OrderState.REJECTED
        assert only(await account.place(order())).state is OrderState.OPEN
    assert venue.count("POST") == 2


async def test_an_order_that_an_earlier_run_may_have_sent_is_unknown_until_its_request_is_dead() -> None:
    now_ns = Clock().now_ns()
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("DELETE /fapi/v1/order", lambda _: refused(-2011, "Unknown order sent."))
        fresh = order(created_ns=now_ns)
        assert only(await account.query(fresh)).state is OrderState.UNKNOWN
        assert only(await account.cancel(fresh)).state is OrderState.UNKNOWN
        assert only(await account.query(order(created_ns=now_ns - 6 * 10**9))).state is OrderState.REJECTED


async def test_a_fresh_order_is_sent_though_the_venue_does_not_know_it() -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", row())
        assert only(await account.place(order(created_ns=Clock().now_ns()))).state is OrderState.OPEN
    assert venue.count("POST") == 1


async def test_an_order_filled_in_an_earlier_run_is_not_sent_again() -> None:
    trade = {
        "symbol": "BTCUSDT",
        "id": 77,
        "orderId": 4711,
        "side": "SELL",
        "positionSide": "BOTH",
        "price": "68000.20",
        "qty": "0.010",
        "commission": "0.34",
        "commissionAsset": "USDT",
        "maker": True,
        "time": 1_790_000_000_000,
    }
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", row("FILLED", "0.010", avgPrice="68000.20"))
        venue.on("GET /fapi/v1/userTrades", [trade, trade | {"id": 78, "orderId": 1}])
        fill, update = await account.place(order())
    assert venue.count("POST") == 0
    assert isinstance(fill, Fill)
    assert isinstance(update, OrderUpdate)
    assert (fill.fill_id, fill.client_order_id, fill.fee) == ("BTCUSDT:77", "hr-7f3a-0001", Decimal("0.34"))
    assert (update.state, update.average_price) == (OrderState.FILLED, Decimal("68000.20"))


async def test_a_duplicate_is_the_order_that_is_open() -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known(), row())
        venue.on("POST /fapi/v1/order", lambda _: refused(-4116, "ClientOrderId is duplicated."))
        assert only(await account.place(order())).state is OrderState.OPEN


@pytest.mark.parametrize("code", [-5022, -2019, -2022, -4061, -4164, -1111, -4131])
async def test_a_refusal_is_a_rejection_with_its_reason(code: int) -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", lambda _: refused(code, "because"))
        update = only(await account.place(order()))
    assert (update.state, update.reason) == (OrderState.REJECTED, f"{code}: because")


@pytest.mark.parametrize(("code", "status"), [(-2015, 401), (-1022, 400), (-1015, 429), (-1008, 503), (-1003, 418)])
async def test_what_says_nothing_of_the_order_is_raised(code: int, status: int) -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", lambda _: refused(code, "because", status))
        with pytest.raises(VenueError, match=str(code)) as raised:
            await account.place(order())
    assert not raised.value.outcome_unknown
    assert "signature" not in str(raised.value)


# --- cancelling ------------------------------------------------------------------------------------------------------


async def test_cancelling_tells_what_was_filled_before() -> None:
    async with desk() as (account, venue):
        venue.on("DELETE /fapi/v1/order", row("CANCELED", "0.004"))
        update = only(await account.cancel(order()))
    assert (update.state, update.filled_quantity) == (OrderState.CANCELLED, Decimal("0.004"))


async def test_cancelling_what_is_gone_tells_what_became_of_it() -> None:
    async with desk() as (account, venue):
        venue.on("DELETE /fapi/v1/order", lambda _: refused(-2011, "Unknown order sent."))
        venue.on("GET /fapi/v1/order", row("FILLED", "0.010"))
        venue.on("GET /fapi/v1/userTrades", [])
        assert only(await account.cancel(order())).state is OrderState.FILLED
        venue.on("GET /fapi/v1/order", not_known())
        update = only(await account.cancel(order()))
    assert (update.state, update.reason) == (OrderState.REJECTED, "-2013: Order does not exist.")


async def test_a_cancellation_without_an_answer_is_an_error_of_unknown_outcome() -> None:
    async with desk() as (account, venue):
        venue.on("DELETE /fapi/v1/order", None)
        with pytest.raises(VenueError) as raised:
            await account.cancel(order())
    assert raised.value.outcome_unknown


# --- limits ----------------------------------------------------------------------------------------------------------


def used(weight: int, content: Any) -> Any:
    """An answer that tells how much of the minute's weight is used."""
    return lambda _: web.json_response(content, headers={"X-MBX-USED-WEIGHT-1M": str(weight)})


async def test_sweeps_stop_before_orders_do_and_those_before_cancellations() -> None:
    async with desk() as (account, venue):
        account._client("usdm")._now_ms = lambda: SECOND_15
        venue.on("GET /fapi/v1/order", used(1_300, row()))
        await account.query(order())
        with pytest.raises(VenueError, match="left alone"):
            await account.sweep(["binance:usdm:BTCUSDT"], 0)
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", row())
        assert only(await account.place(order())).state is OrderState.OPEN
        venue.on("GET /fapi/v1/order", used(1_700, row()))
        venue.on("PUT /fapi/v1/listenKey", {})
        await account.query(order())
        venue.on("GET /fapi/v1/order", not_known())
        with pytest.raises(VenueError, match="left alone") as raised:
            await account.place(order(client_order_id="hr-7f3a-0002"))
        assert not raised.value.outcome_unknown
        venue.on("DELETE /fapi/v1/order", used(2_200, row("CANCELED")))
        await account.keep_alive(account.plans(["binance:usdm:BTCUSDT"])[0])
        assert only(await account.cancel(order())).state is OrderState.CANCELLED
        with pytest.raises(VenueError, match="left alone"):
            await account.cancel(order())
    assert (venue.count("POST"), venue.count("DELETE")) == (1, 1)


async def test_coin_margined_orders_go_to_their_own_endpoints() -> None:
    coin = order(instrument="binance:coinm:BTCUSD_PERP", quantity=Decimal(5))
    async with desk() as (account, venue):
        venue.on("GET /dapi/v1/order", not_known())
        venue.on("POST /dapi/v1/order", row(symbol="BTCUSD_PERP", origQty="5"))
        update = only(await account.place(coin))
    assert (update.instrument, update.quantity) == ("binance:coinm:BTCUSD_PERP", Decimal(5))
    assert venue.queries("POST", "/dapi/v1/order")[0]["quantity"] == "5"
