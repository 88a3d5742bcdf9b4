"""Bybit's orders: how one is asked for, and what its answers say. Pure.

Source: https://bybit-exchange.github.io/docs/v5/order/create-order
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from core.errors import VenueError
from core.legs import Leg
from core.orders import OrderRequest
from feeds.bybit import facts, words
from feeds.candles import open_body
from feeds.frames import clip

_CLIENT_ID: Final = re.compile(facts.CLIENT_ORDER_ID, re.ASCII)
_SIDES: Final = {"buy": "Buy", "sell": "Sell"}
_CLOSING: Final = {Leg.LONG: "sell", Leg.SHORT: "buy"}


class Ids(msgspec.Struct, frozen=True):
    """All that the answers of placing, amending and cancelling tell: the order was accepted, no more."""

    number: str = msgspec.field(name="orderId")
    client_id: str = msgspec.field(name="orderLinkId", default="")


class _IdsAnswer(msgspec.Struct, frozen=True):
    result: Ids


def check(order: OrderRequest) -> None:
    """Raise VenueError for an order that cannot be asked for."""
    if market_of(order) == facts.SPOT:
        raise VenueError(facts.VENUE, "not_offered", facts.NOT_OFFERED[facts.SPOT, "place an order"])
    if not _CLIENT_ID.fullmatch(order.client_order_id):
        message = f"{clip(order.client_order_id)!r} is no client order id: {facts.CLIENT_ORDER_ID}"
        raise VenueError(facts.VENUE, "bad_order", message)
    if order.side not in _SIDES:
        raise VenueError(facts.VENUE, "bad_order", f"a side of {clip(order.side)!r}")
    if order.reduce_only and _CLOSING.get(order.leg, order.side) != order.side:
        raise VenueError(facts.VENUE, "bad_order", f"to {order.side} does not reduce the {order.leg.value} leg")


def placing(order: OrderRequest, *, post_only: bool) -> dict[str, object]:
    """The body that places a limit order; :func:`check` first. In hedge mode ``positionIdx`` says which leg it is for,
    and a closing order is still ``reduceOnly``: one that is not would open the other way where the leg is gone."""
    return {
        "category": market_of(order),
        "symbol": symbol_of(order),
        "side": _SIDES[order.side],
        "orderType": "Limit",
        "qty": f"{order.quantity:f}",
        "price": f"{order.limit_price:f}",
        "timeInForce": "PostOnly" if post_only else "GTC",
        "positionIdx": words.INDICES[order.leg],
        "reduceOnly": order.reduce_only,
        "orderLinkId": order.client_order_id,
    }


def naming(order: OrderRequest) -> dict[str, str]:
    """The parameters by which an order is found again."""
    return {
        "category": market_of(order),
        "symbol": symbol_of(order),
        "orderLinkId": order.client_order_id,
    }


def market_of(order: OrderRequest) -> str:
    """The order's category."""
    return order.instrument.split(":")[1]


def symbol_of(order: OrderRequest) -> str:
    """The contract's symbol."""
    return order.instrument.rpartition(":")[2]


def ids(place: str, body: bytes) -> Ids:
    """The ids in an answer. Raises DecodeError."""
    return open_body(facts.VENUE, place, body, _IdsAnswer).result
