"""How orders are asked for: by position mode, with what the venue keeps of an id, and what is not sent at all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import VenueError
from core.legs import Leg
from core.orders import OrderRequest
from feeds.bingx import facts, orders
from feeds.bingx.rows import PositionMode

ONE_WAY, HEDGE, UNKNOWN = PositionMode(False), PositionMode(True), PositionMode()


def order(
    *, leg: Leg = Leg.NET, side: str = "sell", reduce_only: bool = False, name: str = "hr-1-abc", market: str = "linear"
) -> OrderRequest:
    symbol = "BTC-USD" if market == "inverse" else "BTC-USDT"
    return OrderRequest(
        client_order_id=name,
        account="main",
        instrument=f"bingx:{market}:{symbol}",
        side=side,
        quantity=Decimal("10.00"),
        limit_price=Decimal("6.1E+4"),
        reduce_only=reduce_only,
        created_ns=0,
        leg=leg,
    )


def test_an_order_is_a_limit_in_plain_digits() -> None:
    path, parameters = orders.placing(order(), ONE_WAY, post_only=False)
    assert path == facts.ORDER_PATH
    assert parameters == {
        "symbol": "BTC-USDT",
        "side": "SELL",
        "type": "LIMIT",
        "quantity": "10",
        "price": "61000",
        "timeInForce": "GTC",
        "clientOrderId": "hr-1-abc",
        "positionSide": "BOTH",
    }


def test_post_only_is_a_time_in_force() -> None:
    assert orders.placing(order(), ONE_WAY, post_only=True)[1]["timeInForce"] == "PostOnly"


def test_in_one_way_mode_an_order_may_reduce_only() -> None:
    parameters = orders.placing(order(reduce_only=True), ONE_WAY, post_only=False)[1]
    assert (parameters["positionSide"], parameters["reduceOnly"]) == ("BOTH", "true")


@pytest.mark.parametrize(
    ("leg", "side", "reduce_only", "told"),
    [
        (Leg.SHORT, "sell", False, "SHORT"),
        (Leg.SHORT, "buy", True, "SHORT"),
        (Leg.SHORT, "buy", False, "SHORT"),
        (Leg.LONG, "sell", True, "LONG"),
        (Leg.LONG, "buy", False, "LONG"),
    ],
)
@pytest.mark.parametrize("market", ["linear", "inverse"])
def test_in_hedge_mode_an_order_names_its_leg_and_never_says_that_it_reduces(
    leg: Leg, side: str, reduce_only: bool, told: str, market: str
) -> None:
    wanted = order(leg=leg, side=side, reduce_only=reduce_only, market=market)
    parameters = orders.placing(wanted, HEDGE, post_only=False)[1]
    assert parameters["positionSide"] == told
    assert "reduceOnly" not in parameters


@pytest.mark.parametrize(
    ("wanted", "mode"),
    [
        (order(), HEDGE),
        (order(leg=Leg.SHORT), ONE_WAY),
        (order(leg=Leg.SHORT, side="sell", reduce_only=True), HEDGE),
        (order(leg=Leg.LONG, side="buy", reduce_only=True), HEDGE),
        (order(reduce_only=True, market="inverse"), UNKNOWN),
        (order(market="spot"), ONE_WAY),
    ],
)
def test_an_order_that_would_do_something_else_is_not_sent(wanted: OrderRequest, mode: PositionMode) -> None:
    with pytest.raises(VenueError, match="bingx: not_sent: "):
        orders.placing(wanted, mode, post_only=False)


@pytest.mark.parametrize("name", ["HR-1", "a" * 41, "", "a b", "ä", "a/b"])
def test_an_id_that_would_come_back_changed_is_not_sent(name: str) -> None:
    for ask in (orders.cancelling, orders.querying):
        with pytest.raises(VenueError, match="bingx: not_sent: "):
            ask(order(name=name))
    with pytest.raises(VenueError, match="bingx: not_sent: "):
        orders.placing(order(name=name), ONE_WAY, post_only=False)


def test_each_market_has_its_own_endpoints() -> None:
    inverse = order(market="inverse")
    assert orders.placing(inverse, UNKNOWN, post_only=False)[0] == facts.INVERSE_ORDER_PATH
    assert orders.cancelling(inverse) == (
        facts.INVERSE_CANCEL_PATH,
        {"symbol": "BTC-USD", "clientOrderId": "hr-1-abc"},
    )
    assert orders.querying(inverse)[0] == facts.INVERSE_QUERY_PATH
    assert orders.cancelling(order())[0] == orders.querying(order())[0] == facts.ORDER_PATH
