"""An order as MEXC wants to be asked for it, and what its answers to requests about orders say. Pure.

Source: https://www.mexc.com/api-docs/futures/account-and-trading-endpoints (order/create, order/cancel)
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from core.errors import VenueError
from core.legs import Leg
from core.orders import OrderRequest
from feeds.fields import Fields
from feeds.frames import clip
from feeds.mexc import envelope, facts
from feeds.plans import by_market

_ORDER_ID: Final = re.compile(rf"[A-Za-z0-9_.:-]{{1,{facts.LONGEST_ORDER_ID}}}")
_LIMIT, _POST_ONLY = 1, 2
_HEDGE, _ONE_WAY = 1, 2
_OPEN_TYPES: Final = {"isolated": 1, "cross": 2}

_SIDES: Final = {
    (Leg.LONG, "buy"): 1,
    (Leg.SHORT, "buy"): 2,
    (Leg.SHORT, "sell"): 3,
    (Leg.LONG, "sell"): 4,
    (Leg.NET, "buy"): 1,
    (Leg.NET, "sell"): 3,
}
"""1 opens a long, 2 closes a short, 3 opens a short, 4 closes a long. In one-way mode an order only buys or sells, and
``reduceOnly`` says that it may not open; in hedge mode the side says so, and the field is not taken."""


class Margin(NamedTuple):
    """How the account is set for one contract and leg: what an order has to repeat, so that it changes nothing."""

    mode: str
    leverage: Decimal


def check(order: OrderRequest) -> str:
    """The symbol of an order that MEXC can be asked for. Raises VenueError for one that it cannot."""
    symbols = by_market(facts.VENUE, (facts.LINEAR, facts.INVERSE), [order.instrument])
    ((symbol,),) = symbols.values()
    if not _ORDER_ID.fullmatch(order.client_order_id):
        raise _refused(f"a client order id of 1 to {facts.LONGEST_ORDER_ID} letters, digits and _ . : -")
    if not (order.quantity.is_finite() and order.limit_price.is_finite()):
        raise _refused("a quantity and a limit price that are numbers")
    if order.quantity <= 0 or order.limit_price <= 0:
        raise _refused("a quantity and a limit price above 0")
    if (order.leg, order.side) not in _SIDES:
        raise _refused("the side buy or sell")
    closing = (order.leg, order.side) in ((Leg.LONG, "sell"), (Leg.SHORT, "buy"))
    if order.leg is not Leg.NET and order.reduce_only != closing:
        raise _refused(f"reduce_only {closing} to {order.side} in the {order.leg.value} leg, where the side decides")
    return symbol


def _refused(expected: str) -> VenueError:
    return VenueError(facts.VENUE, "bad_order", f"expected {expected}")


def body(order: OrderRequest, symbol: str, margin: Margin, *, post_only: bool) -> dict[str, object]:
    """What ``order/create`` is sent. Numbers travel as they are, unrounded."""
    asked: dict[str, object] = {
        "symbol": symbol,
        "price": _number(order.limit_price),
        "vol": _number(order.quantity),
        "side": _SIDES[order.leg, order.side],
        "type": _POST_ONLY if post_only else _LIMIT,
        "openType": _OPEN_TYPES[margin.mode],
        "leverage": _number(margin.leverage),
        "externalOid": order.client_order_id,
        "positionMode": _ONE_WAY if order.leg is Leg.NET else _HEDGE,
    }
    if order.leg is Leg.NET:
        asked["reduceOnly"] = order.reduce_only
    return asked


def _number(value: Decimal) -> msgspec.Raw:
    return msgspec.Raw(f"{value.normalize():f}".encode())


def created_number(place: str, answer: bytes) -> str:
    """The venue's number of an order that was created; the older endpoint answers with the bare number.

    Raises VenueError for a refusal and DecodeError for an answer without a number.
    """
    raw = envelope.data(place, answer)
    fields = envelope.row(place, raw) if bytes(raw)[:1] == b"{" else Fields({"orderId": raw})
    number = fields.shown("orderId")
    if number in ("", "0"):
        raise envelope.bad(place, "orderId", "expected the number of an order")
    return clip(number, 40)


class Cancelled(NamedTuple):
    """One row of an answer to a cancellation: ``code`` is 0 where it was taken."""

    number: str
    code: str
    message: str


def cancelled(place: str, answer: bytes) -> list[Cancelled]:
    """What became of each order that was to be cancelled: the envelope says success whatever the rows say.

    Raises VenueError for a refusal of the whole and DecodeError.
    """
    return [
        Cancelled(clip(row.shown("orderId"), 40), clip(row.shown("errorCode")), clip(row.shown("errorMsg")))
        for row in envelope.rows(place, envelope.data(place, answer))
    ]
