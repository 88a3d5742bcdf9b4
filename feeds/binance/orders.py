"""Binance's orders: how one is asked for, and what its answers say. Pure.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/New-Order and
.../coin-margined-futures/trade/rest-api
"""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import structs
from pydantic import Field, ValidationError

from core.errors import DecodeError, VenueError
from core.events import FaultKind, OrderState, OrderUpdate
from core.instruments import instrument_id
from core.legs import Leg
from core.orders import OrderRequest
from feeds.binance import facts
from feeds.binance.numbers import MaybeMilliseconds, MaybePrice, Size
from feeds.binance.words import LEGS, STATES, ending
from feeds.bodies import Body, Symbol, Whole
from feeds.frames import clip

_CLIENT_ID: Final = re.compile(facts.CLIENT_ORDER_ID, re.ASCII)
_SIDES: Final = {"buy": "BUY", "sell": "SELL"}
_CLOSING: Final = {Leg.LONG: "sell", Leg.SHORT: "buy"}


class OrderRow(Body):
    """An order as queries, lists, placing and cancelling answer it. Since 2026-06-30 the answers of placing have no
    ``avgPrice``; 0 there means that nothing was filled."""

    symbol: Symbol
    number: Whole = Field(alias="orderId", ge=0)
    client_id: str = Field(alias="clientOrderId", max_length=80)
    side: Literal["BUY", "SELL"]
    position_side: Literal["BOTH", "LONG", "SHORT"] = Field(alias="positionSide", default="BOTH")
    status: str = Field(max_length=40)
    quantity: Size = Field(alias="origQty")
    filled: Size = Field(alias="executedQty")
    price: MaybePrice = None
    average: MaybePrice = Field(alias="avgPrice", default=None)
    reduce_only: bool = Field(alias="reduceOnly", default=False)
    updated_ms: MaybeMilliseconds = Field(alias="updateTime", default=0)


def check(order: OrderRequest) -> None:
    """Raise VenueError for an order that cannot be asked for."""
    market = order.instrument.split(":")[1]
    if market == "spot":
        raise VenueError(facts.VENUE, "not_offered", facts.NOT_OFFERED["spot", "place an order"])
    if not _CLIENT_ID.fullmatch(order.client_order_id):
        message = f"{clip(order.client_order_id)!r} is no client order id: {facts.CLIENT_ORDER_ID}"
        raise VenueError(facts.VENUE, "bad_order", message)
    if order.side not in _SIDES:
        raise VenueError(facts.VENUE, "bad_order", f"a side of {clip(order.side)!r}")
    if order.reduce_only and _CLOSING.get(order.leg, order.side) != order.side:
        raise VenueError(facts.VENUE, "bad_order", f"to {order.side} does not reduce the {order.leg.value} leg")


def placing(order: OrderRequest, *, post_only: bool) -> dict[str, str]:
    """The parameters that place a limit order; :func:`check` first.

    In hedge mode the leg tells what is closed, and ``reduceOnly`` is refused.
    """
    parameters = {
        "symbol": symbol_of(order),
        "side": _SIDES[order.side],
        "type": "LIMIT",
        "timeInForce": "GTX" if post_only else "GTC",
        "quantity": f"{order.quantity:f}",
        "price": f"{order.limit_price:f}",
        "newClientOrderId": order.client_order_id,
        "newOrderRespType": "RESULT",
        "recvWindow": str(facts.ORDER_WINDOW_MS),
    }
    if order.leg is not Leg.NET:
        parameters["positionSide"] = order.leg.value.upper()
    elif order.reduce_only:
        parameters["reduceOnly"] = "true"
    return parameters


def naming(order: OrderRequest) -> dict[str, str]:
    """The parameters by which an order is found again."""
    return {"symbol": symbol_of(order), "origClientOrderId": order.client_order_id}


def symbol_of(order: OrderRequest) -> str:
    """The contract's symbol."""
    return order.instrument.rpartition(":")[2]


def row_of(place: str, body: bytes) -> OrderRow:
    """The order in a body. Raises DecodeError naming the field that is no good."""
    try:
        return OrderRow.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = clip(".".join(str(part) for part in first["loc"]))
        raise DecodeError(
            facts.VENUE, FaultKind.BAD_FIELD, channel=place, field=field, detail=clip(first["msg"])
        ) from None


def update(market: str, account: str, row: OrderRow, received_ns: int) -> OrderUpdate:
    """The state of an order in an answer."""
    return OrderUpdate(
        received_ns=received_ns,
        account=account,
        client_order_id=row.client_id,
        instrument=instrument_id(facts.VENUE, market, row.symbol),
        side=row.side.lower(),
        quantity=row.quantity,
        state=STATES.get(row.status, OrderState.UNKNOWN),
        filled_quantity=row.filled,
        average_price=row.average if row.filled else None,
        limit_price=row.price,
        reduce_only=row.reduce_only,
        reason=ending(row.status),
        venue_order_id=str(row.number),
        venue_time_ns=row.updated_ms * 1_000_000 or None,
        leg=LEGS[row.position_side],
    )


def update_of(order: OrderRequest, market: str, row: OrderRow, received_ns: int) -> OrderUpdate:
    """The state of an order of ours in an answer that is about it."""
    told = update(market, order.account, row, received_ns)
    return structs.replace(told, limit_price=told.limit_price or order.limit_price)
