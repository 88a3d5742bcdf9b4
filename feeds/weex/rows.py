"""Rows of positions, orders and fills, as REST and the private stream write them alike: only some names differ.

Entry and fill prices are no fields: they are values divided by sizes. Times may be numbers or text.

Source: https://www.weex.com/api-doc/contract/Account_API and https://www.weex.com/api-doc/contract/Websocket/private
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from core.events import Fill, FillOrigin, OrderState, OrderUpdate, PositionUpdate
from core.exact import ZERO, exactly, stated_price
from core.instruments import instrument_id
from core.legs import Leg
from feeds.fields import PRICE_CEILING, PRICE_FLOOR, Fields, plausible_asset, plausible_symbol
from feeds.weex import facts
from feeds.weex.known import LONG, ORDER_SIDES, SHORT, SIDES, Known

_STATES: Final = {
    "NEW": OrderState.OPEN,
    "PENDING": OrderState.OPEN,
    "UNTRIGGERED": OrderState.OPEN,
    "CANCELING": OrderState.OPEN,
    "PARTIALLY_FILLED": OrderState.PARTIALLY_FILLED,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELLED,
    "CANCELLED": OrderState.CANCELLED,
    "EXPIRED": OrderState.CANCELLED,
    "REJECTED": OrderState.REJECTED,
}

_ORDER_SIDES: Final = {"BUY": "buy", "SELL": "sell"}
_NO_REASON: Final = "UNKNOWN_ORDER_CANCEL_REASON"


class Origin(NamedTuple):
    """Whose rows they are, and when they came."""

    account: str
    known: Known
    received_ns: int


class Held(NamedTuple):
    """One row of a position. ``size`` in coins, ``value`` what it was opened for, in quote."""

    symbol: str
    side: str
    separated: bool
    size: Decimal
    value: Decimal | None
    leverage: Decimal | None
    isolated_margin: Decimal | None
    liquidation_price: Decimal | None
    time_ns: int | None


def amount(fields: Fields, name: str) -> Decimal | None:
    """A number of any sign; ``None``, and noted as bad, where there is none."""
    text = fields.shown(name)
    if not text.startswith("-"):
        return fields.size(name)
    value = Fields({name: msgspec.Raw(msgspec.json.encode(text[1:]))}).size(name)
    if value is None:
        fields.note(name, "an amount")
        return None
    return -value


def symbol_of(fields: Fields) -> str | None:
    """``symbol``, noted as bad where it cannot be one."""
    symbol = fields.text("symbol")
    if symbol is not None and not plausible_symbol(symbol):
        fields.note("symbol", "a symbol")
        return None
    return symbol


def coin_of(fields: Fields, name: str) -> str | None:
    """The name of a coin, noted as bad where it cannot be one."""
    coin = fields.text(name)
    if coin is not None and not plausible_asset(coin):
        fields.note(name, "the name of a coin")
        return None
    return coin


def choice(fields: Fields, name: str, among: Iterable[str]) -> str | None:
    """One of these words, in any case; noted as bad where it is none."""
    word = fields.text(name)
    if word is not None and word.upper() not in among:
        fields.note(name, " or ".join(among))
        return None
    return None if word is None else word.upper()


def held(fields: Fields) -> Held | None:
    """A row of a position; ``None``, and noted, where it does not tell which and how much."""
    symbol, side, size = symbol_of(fields), choice(fields, "side", SIDES), fields.size("size")
    mode = choice(fields, "marginType" if "marginType" in fields else "marginMode", ("CROSSED", "ISOLATED"))
    if symbol is None or side is None or size is None or mode is None:
        return None
    value = fields.size("openValue") if size else None
    margin = fields.size("isolatedMargin") if mode == "ISOLATED" else None
    return Held(
        symbol,
        side,
        fields.shown("separatedMode") == "SEPARATED",
        size,
        value,
        fields.price("leverage") if "leverage" in fields else None,
        margin,
        stated_price(fields.shown("liquidatePrice")),
        fields.nanoseconds("updatedTime") if "updatedTime" in fields else None,
    )


def positions(rows: Iterable[Held], origin: Origin) -> list[PositionUpdate]:
    """What the rows amount to, contract by contract and leg by leg: a separated position has a row for each order."""
    parts: dict[tuple[str, Leg], list[Held]] = {}
    for row in sorted(rows, key=lambda row: not row.size):
        if origin.known.counts(row.symbol, row.side, flat=not row.size):
            parts.setdefault((row.symbol, origin.known.leg(row.side)), []).append(row)
    return [_position(symbol, leg, group, origin) for (symbol, leg), group in parts.items()]


@exactly
def _position(symbol: str, leg: Leg, rows: list[Held], origin: Origin) -> PositionUpdate:
    live = [row for row in rows if row.size]
    quantity = sum((row.size if row.side == LONG else -row.size for row in live), ZERO)
    one_way = len({row.side for row in live}) == 1
    values = [row.value for row in live if row.value is not None]
    margins = [row.isolated_margin for row in live if row.isolated_margin is not None]
    leverages = {row.leverage for row in live or rows}
    times = [row.time_ns for row in rows if row.time_ns is not None]
    whole = one_way and len(values) == len(live)
    return PositionUpdate(
        received_ns=origin.received_ns,
        account=origin.account,
        instrument=instrument_id(facts.VENUE, facts.LINEAR, symbol),
        quantity=quantity,
        entry_price=_quotient(sum(values, ZERO), abs(quantity)) if whole else None,
        liquidation_price=live[0].liquidation_price if len(live) == 1 else None,
        isolated_margin=sum(margins, ZERO) if margins and len(margins) == len(live) else None,
        leverage=leverages.pop() if len(leverages) == 1 else None,
        venue_time_ns=max(times, default=None),
        leg=leg,
    )


@exactly
def _quotient(value: Decimal, size: Decimal) -> Decimal | None:
    """A price from what was paid; ``None`` where it cannot be one."""
    price = value / size if size else ZERO
    return price if PRICE_FLOOR < price < PRICE_CEILING else None


def order(fields: Fields, origin: Origin) -> OrderUpdate | None:
    """An order; ``None``, and noted, where it does not tell which and how it stands."""
    streamed = "orderSide" in fields
    symbol = symbol_of(fields)
    side = choice(fields, "orderSide" if streamed else "side", tuple(_ORDER_SIDES))
    position_side = choice(fields, "positionSide", ORDER_SIDES)
    status = choice(fields, "status", tuple(_STATES))
    quantity, filled = (fields.size(name) for name in (("size", "cumFillSize") if streamed else _REST_SIZES))
    value = fields.size("cumFillValue" if streamed else "cumQuote")
    venue_id = fields.shown("id" if streamed else "orderId")
    client_id = fields.text("clientOrderId") or ""
    if symbol is None or side is None or position_side is None or status is None or quantity is None or filled is None:
        return None
    origin.known.name_order(venue_id, client_id)
    state = _STATES[status]
    if state is OrderState.OPEN and filled:
        state = OrderState.PARTIALLY_FILLED
    return OrderUpdate(
        received_ns=origin.received_ns,
        account=origin.account,
        client_order_id=client_id,
        instrument=instrument_id(facts.VENUE, facts.LINEAR, symbol),
        side=_ORDER_SIDES[side],
        quantity=quantity,
        state=state,
        filled_quantity=filled,
        average_price=None if value is None else _quotient(value, filled),
        limit_price=stated_price(fields.shown("price")),
        reduce_only=fields.shown("reduceOnly") == "true" or closes(side, position_side),
        reason=_reason(fields, status),
        venue_order_id=venue_id,
        venue_time_ns=_time(fields, "updatedTime" if streamed else "updateTime"),
        leg=origin.known.leg(position_side),
    )


_REST_SIZES: Final = ("origQty", "executedQty")


def closes(side: str, position_side: str) -> bool:
    """True for an order that can only make its position smaller: the opposite side of the leg it names."""
    return (side, position_side) in (("SELL", LONG), ("BUY", SHORT))


def _reason(fields: Fields, status: str) -> str:
    if status == "EXPIRED":
        return "expired"
    told = fields.shown("cancelReason")
    return told if status in ("CANCELED", "CANCELLED", "REJECTED") and told != _NO_REASON else ""


def _time(fields: Fields, name: str) -> int | None:
    return fields.nanoseconds(name) if name in fields else None


def streamed_fill(fields: Fields, origin: Origin) -> Fill | None:
    """A row of the ``fill`` channel; ``None``, and noted, where it is not whole.

    A liquidation's own fee is not in it: that is a record of the ledger by itself.
    """
    size, value, fee = fields.size("fillSize"), fields.size("fillValue"), amount(fields, "fillFee")
    liquidation = amount(fields, "liquidateFee") if "liquidateFee" in fields else ZERO
    if fee is None or liquidation is None or size is None or value is None:
        return None
    price = _quotient(value, size)
    if price is None:
        fields.note("fillValue", "a price times fillSize")
    return _fill(fields, origin, "orderSide", price, size, fee, liquidated=bool(liquidation))


def told_fill(fields: Fields, origin: Origin) -> Fill | None:
    """A row of ``userTrades``; ``None``, and noted, where it is not whole. It tells of no liquidation."""
    price, size, fee = fields.price("price"), fields.size("qty"), amount(fields, "commission")
    return None if fee is None else _fill(fields, origin, "side", price, size, fee, liquidated=False)


def _fill(
    fields: Fields,
    origin: Origin,
    side_name: str,
    price: Decimal | None,
    size: Decimal | None,
    fee: Decimal,
    *,
    liquidated: bool,
) -> Fill | None:
    streamed = side_name == "orderSide"
    symbol, side = symbol_of(fields), choice(fields, side_name, tuple(_ORDER_SIDES))
    position_side = choice(fields, "positionSide", ORDER_SIDES)
    asset = coin_of(fields, "coin" if streamed else "commissionAsset")
    time_ns, fill_id = fields.nanoseconds("createdTime" if streamed else "time"), fields.number_of("id")
    if size == 0:
        fields.note("fillSize" if streamed else "qty", "more than 0")
    if symbol is None or side is None or position_side is None or price is None or not size or fields.bad:
        return None
    return Fill(
        received_ns=origin.received_ns,
        account=origin.account,
        fill_id=fill_id,
        client_order_id=origin.known.client_id(fields.shown("orderId")),
        instrument=instrument_id(facts.VENUE, facts.LINEAR, symbol),
        side=_ORDER_SIDES[side],
        price=price,
        quantity=size,
        fee=fee,
        fee_asset=asset or "",
        maker=fields.shown("direction") == "MAKER" if streamed else fields.shown("maker") == "true",
        venue_time_ns=time_ns,
        leg=origin.known.leg(position_side),
        origin=FillOrigin.LIQUIDATION if liquidated else FillOrigin.ORDER,
    )
