"""How Binance is asked for an order, why one is not asked for, and what its rows say of one."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError, VenueError
from core.events import FaultKind, OrderState, OrderUpdate
from core.legs import Leg
from feeds.binance import orders
from tests.feeds.binance.desk import order, row

MS = 1_790_000_000_000
COIN_M = "binance:coinm:BTCUSD_PERP"


def told(**more: Any) -> OrderUpdate:
    """What a row says, as it was received at 7 ns."""
    content = row(**more)
    return orders.update("usdm", "hedge", orders.row_of("order", json.dumps(content).encode()), 7)


def told_of_ours(**more: Any) -> OrderUpdate:
    return orders.update_of(order(), "usdm", orders.row_of("order", json.dumps(row(**more)).encode()), 7)


@pytest.mark.parametrize(("instrument", "symbol"), [("binance:usdm:BTCUSDT", "BTCUSDT"), (COIN_M, "BTCUSD_PERP")])
def test_an_order_is_placed_and_found_again_by_the_symbol_of_its_contract(instrument: str, symbol: str) -> None:
    wanted = order(instrument=instrument)
    assert orders.placing(wanted, post_only=False) == {
        "symbol": symbol,
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.010",
        "price": "68000.10",
        "newClientOrderId": "hr-7f3a-0001",
        "newOrderRespType": "RESULT",
        "recvWindow": "2000",
    }
    assert orders.naming(wanted) == {"symbol": symbol, "origClientOrderId": "hr-7f3a-0001"}


@pytest.mark.parametrize(
    ("changes", "code", "word"),
    [
        ({"instrument": "binance:spot:BTCUSDT"}, "not_offered", "never traded"),
        ({"client_order_id": "a b"}, "bad_order", "'a b' is no client order id"),
        ({"side": "short"}, "bad_order", "a side of 'short'"),
        ({"leg": Leg.SHORT, "reduce_only": True}, "bad_order", "to sell does not reduce the short leg"),
        ({"leg": Leg.LONG, "side": "buy", "reduce_only": True}, "bad_order", "to buy does not reduce the long leg"),
    ],
)
def test_why_an_order_is_not_asked_for_is_said(changes: dict[str, Any], code: str, word: str) -> None:
    with pytest.raises(VenueError) as refused:
        orders.check(order(**changes))
    assert (refused.value.venue, refused.value.code) == ("binance", code)
    assert word in refused.value.message


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_either_side_may_reduce_where_an_account_has_one_position(side: str) -> None:
    orders.check(order(side=side, reduce_only=True))


def test_a_row_is_told_in_full() -> None:
    assert told(status="PARTIALLY_FILLED", filled="0.004", avgPrice="68000.20", positionSide="SHORT") == OrderUpdate(
        received_ns=7,
        account="hedge",
        client_order_id="hr-7f3a-0001",
        instrument="binance:usdm:BTCUSDT",
        side="sell",
        quantity=Decimal("0.010"),
        state=OrderState.PARTIALLY_FILLED,
        filled_quantity=Decimal("0.004"),
        average_price=Decimal("68000.20"),
        limit_price=Decimal("68000.10"),
        reduce_only=False,
        venue_order_id="4711",
        venue_time_ns=MS * 1_000_000,
        leg=Leg.SHORT,
    )


def test_a_time_of_nothing_is_no_time() -> None:
    assert told(updateTime=0).venue_time_ns is None
    untimed = {name: value for name, value in row().items() if name != "updateTime"}
    event = orders.update("usdm", "hedge", orders.row_of("order", json.dumps(untimed).encode()), 7)
    assert event.venue_time_ns is None


def test_an_average_price_of_nothing_that_was_filled_is_none() -> None:
    assert told(filled="0", avgPrice="68000.20").average_price is None
    assert told(filled="0.001", avgPrice="0").average_price is None


@pytest.mark.parametrize(("price", "limit"), [("0", "68000.10"), ("", "68000.10"), ("67999", "67999")])
def test_an_order_of_ours_has_the_limit_that_the_venue_tells_and_else_its_own(price: str, limit: str) -> None:
    assert told_of_ours(price=price).limit_price == Decimal(limit)


def test_the_first_order_of_a_venue_is_numbered_from_nothing() -> None:
    assert told(orderId=0).venue_order_id == "0"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"side": "short"}, "side"), ({"origQty": "x", "executedQty": "y"}, "origQty"), ({"orderId": -1}, "orderId")],
)
def test_of_a_row_that_is_no_good_the_first_bad_field_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(DecodeError) as refused:
        told(**changes)
    error = refused.value
    assert (error.venue, error.reason, error.channel, error.field) == ("binance", FaultKind.BAD_FIELD, "order", field)
    assert error.detail
