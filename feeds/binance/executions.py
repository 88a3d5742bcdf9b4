"""``ORDER_TRADE_UPDATE``: the state of an order, and what was executed of it. Pure.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams/Event-Order-Update
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.events import AnyEvent, Fill, FillOrigin, OrderState, OrderUpdate
from core.legs import Leg
from feeds.binance.words import STATES, ending, fill_id, origin
from feeds.fields import Fields, plausible_asset
from feeds.frames import clip

_SIDES: Final = {"BUY": "buy", "SELL": "sell"}
_EXECUTIONS: Final = ("TRADE", "CALCULATED")
"""``x`` of frames that tell of an execution; ``CALCULATED`` is a liquidation's or an ADL's."""


def order_events(
    row: Fields, account: str, instrument: str | None, leg: Leg | None, received_ns: int
) -> list[AnyEvent]:
    """The order's state and, where something was executed, the fill; nothing where a field that matters is bad."""
    side = _SIDES.get(row.shown("S"))
    if side is None:
        row.note("S", "BUY or SELL")
    client_id, number, time_ns = row.text("c"), row.whole("i"), row.nanoseconds("T")
    quantity, filled = row.size("q"), row.size("z")
    if None in (instrument, leg, side, client_id, number, time_ns, quantity, filled):
        return []
    assert instrument is not None
    assert leg is not None
    assert side is not None
    assert client_id is not None
    assert time_ns is not None
    assert quantity is not None
    assert filled is not None
    status, execution = row.shown("X"), row.shown("x")
    if not execution:
        row.note("x", "text")
    order = OrderUpdate(
        received_ns=received_ns,
        account=account,
        client_order_id=clip(client_id),
        instrument=instrument,
        side=side,
        quantity=quantity,
        state=_state(status, execution, quantity, filled),
        filled_quantity=filled,
        average_price=_price(row, "ap") if filled else None,
        limit_price=_price(row, "p"),
        reduce_only=row.shown("R") == "true",
        reason=_reason(row, status, client_id),
        venue_order_id=str(number),
        venue_time_ns=time_ns,
        leg=leg,
    )
    return [order, *_fill(row, order, execution)]


def _state(status: str, execution: str, quantity: Decimal, filled: Decimal) -> OrderState:
    known = STATES.get(status)
    if known is None and execution == "CALCULATED":  # such orders have states of their own: NEW_ADL, NEW_INSURANCE
        return OrderState.FILLED if quantity and filled >= quantity else OrderState.PARTIALLY_FILLED
    return OrderState.UNKNOWN if known is None else known


def _reason(row: Fields, status: str, client_id: str) -> str:
    why = origin(client_id)
    if why is not FillOrigin.ORDER:
        return f"the venue's own order: {why.value}"
    return ending(status, row.shown("er") if "er" in row else "")


def _fill(row: Fields, order: OrderUpdate, execution: str) -> list[AnyEvent]:
    """The execution; the venue leaves the fee out where there is none."""
    quantity = row.size("l") if execution in _EXECUTIONS else None
    if not quantity:
        return []
    price, trade = row.price("L"), row.whole("t")
    fee, asset = (row.amount("n"), row.text("N")) if "n" in row else (Decimal(0), "")
    if fee and asset is not None and not plausible_asset(asset):
        row.note("N", "the name of a coin")
        asset = None
    if price is None or trade is None or fee is None or asset is None:
        return []
    return [
        Fill(
            received_ns=order.received_ns,
            account=order.account,
            fill_id=fill_id(order.instrument.rpartition(":")[2], trade),
            client_order_id=order.client_order_id,
            instrument=order.instrument,
            side=order.side,
            price=price,
            quantity=quantity,
            fee=fee,
            fee_asset=clip(asset, 40),
            maker=row.shown("m") == "true",
            venue_time_ns=order.venue_time_ns,
            leg=order.leg,
            origin=origin(order.client_order_id),
        )
    ]


def _price(row: Fields, name: str) -> Decimal | None:
    """A price, ``None`` where the venue has none: it then writes 0 or nothing."""
    value = row.amount(name) if name in row and not row.blank(name) else None
    return value if value else None
