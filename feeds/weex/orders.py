"""An order as WEEX wants to be asked for it. Pure.

Every order names the side of the position that it is for, in both modes: opening is buying the long or selling the
short, closing the opposite. There is no field that forbids an order to open: in hedge mode the side that closes cannot.

Source: https://www.weex.com/api-doc/contract/Transaction_API/PlaceOrder
"""

from __future__ import annotations

from typing import Final

from core.errors import VenueError
from core.legs import Leg
from core.orders import OrderRequest
from feeds.weex import facts
from feeds.weex.known import LONG, SHORT
from feeds.weex.rows import closes

NOT_SENT: Final = "not_sent"
"""The code of an order that was refused here."""

_SIDES: Final = {"buy": "BUY", "sell": "SELL"}


def body(order: OrderRequest, *, hedge: bool, post_only: bool) -> dict[str, str]:
    """What is sent to place it. Raises VenueError, NOT_SENT, for an order that the venue has no words for."""
    _check_name(order)
    _, market, symbol = order.instrument.split(":")
    if market != facts.LINEAR:
        raise _refused(f"{order.instrument} is no contract")
    return {
        "symbol": symbol,
        "side": _SIDES[order.side],
        "positionSide": _position_side(order, hedge=hedge),
        "type": "LIMIT",
        "timeInForce": "POST_ONLY" if post_only else "GTC",
        "quantity": f"{order.quantity:f}",
        "price": f"{order.limit_price:f}",
        "newClientOrderId": order.client_order_id,
    }


def _check_name(order: OrderRequest) -> None:
    if not facts.CLIENT_ID.fullmatch(order.client_order_id):
        raise _refused("a name of 1 to 36 letters, digits and . : / _ - is wanted for an order")


def _position_side(order: OrderRequest, *, hedge: bool) -> str:
    side = _SIDES[order.side]
    if hedge is (order.leg is Leg.NET):
        mode, wanted = ("hedge", "the long or the short leg") if hedge else ("one-way", "no leg")
        raise _refused(f"the account is in {mode} mode at the venue: an order is for {wanted}")
    if order.leg is Leg.NET:
        opens = LONG if side == "BUY" else SHORT
        return (SHORT if opens == LONG else LONG) if order.reduce_only else opens
    position_side = LONG if order.leg is Leg.LONG else SHORT
    if order.reduce_only and not closes(side, position_side):
        raise _refused(f"to {order.side} opens the {order.leg.value} leg, and the order is to reduce it")
    return position_side


def _refused(message: str) -> VenueError:
    return VenueError(facts.VENUE, NOT_SENT, message)
