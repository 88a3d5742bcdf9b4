"""Orders as BingX wants to be asked for them, and its bodies about orders and fills to events. Pure.

Source: https://bingx-api.github.io/docs-v3 (Trades Endpoints of Swap and of Coin-M Futures)

In one-way mode an order is for both sides and may reduce only. In hedge mode it names the leg, which is how it opens or
closes one, and must not say that it reduces. The venue writes client order ids in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from core.errors import VenueError
from core.events import AnyEvent, Fill, Heard, OrderUpdate
from core.instruments import instrument_id
from core.legs import Leg
from core.orders import OrderRequest
from feeds.bingx import facts
from feeds.bingx.envelope import bad, objects, rows, top
from feeds.bingx.private import origin_of
from feeds.bingx.rows import AccountFields, PositionMode, leg_of, order_state, settle_of
from feeds.bodies import bad_row
from feeds.fields import plausible_symbol
from feeds.venue import RestAnswer

_ABOUT_ID = re.compile(r"duplicat|client.?order|same order|been used|already", re.IGNORECASE)
_CLIENT_ID = re.compile(r"[0-9a-z_-]{1,40}", re.ASCII)
_EXECUTIONS: Final = ("fill_history_orders", "fill_orders")
_CLOSES: Final = frozenset({(Leg.LONG, "sell"), (Leg.SHORT, "buy")})

_MARKETS: Final = {
    **dict.fromkeys(
        (
            *(facts.ORDER_PATH, facts.OPEN_ORDERS_PATH, facts.ALL_ORDERS_PATH, facts.CANCEL_ALL_PATH),
            *(facts.CLOSE_ALL_PATH, facts.AMEND_PATH, facts.FILLS_PATH, facts.ORDER_FILLS_PATH),
        ),
        facts.LINEAR,
    ),
    **dict.fromkeys(
        (
            *(facts.INVERSE_ORDER_PATH, facts.INVERSE_CANCEL_PATH, facts.INVERSE_QUERY_PATH),
            *(facts.INVERSE_OPEN_ORDERS_PATH, facts.INVERSE_ALL_ORDERS_PATH, facts.INVERSE_FILLS_PATH),
        ),
        facts.INVERSE,
    ),
}

_LISTS: Final = frozenset(
    {
        *(facts.OPEN_ORDERS_PATH, facts.ALL_ORDERS_PATH, facts.CANCEL_ALL_PATH, facts.FILLS_PATH),
        *(facts.ORDER_FILLS_PATH, facts.INVERSE_OPEN_ORDERS_PATH, facts.INVERSE_ALL_ORDERS_PATH),
        facts.INVERSE_FILLS_PATH,
    }
)
"""Whose rows stand in a list, alone or under a name."""


# --- what is asked ---------------------------------------------------------------------------------------------------


def placing(order: OrderRequest, mode: PositionMode, *, post_only: bool) -> tuple[str, dict[str, str]]:
    """Path and parameters that place a limit order. Raises VenueError for one that must not be sent so."""
    market, symbol = market_of(order)
    parameters = {
        "symbol": symbol,
        "side": order.side.upper(),
        "type": "LIMIT",
        "quantity": f"{order.quantity.normalize():f}",
        "price": f"{order.limit_price.normalize():f}",
        "timeInForce": "PostOnly" if post_only else "GTC",
        "clientOrderId": client_id(order),
        **_position_side(order, market, mode),
    }
    return (facts.INVERSE_ORDER_PATH if market == facts.INVERSE else facts.ORDER_PATH), parameters


def _position_side(order: OrderRequest, market: str, mode: PositionMode) -> dict[str, str]:
    if order.leg is Leg.NET:
        if mode.hedge:
            raise _wrong("the account has two positions in a contract, and the order does not say for which it is")
        if not order.reduce_only:
            return {"positionSide": "BOTH"}
        if market == facts.INVERSE:
            raise _wrong(facts.NOT_OFFERED[facts.INVERSE, "reduce-only"])
        return {"positionSide": "BOTH", "reduceOnly": "true"}
    if mode.hedge is False:
        raise _wrong(f"the account has one position in a contract, and the order is for its {order.leg.value} leg")
    if order.reduce_only and (order.leg, order.side) not in _CLOSES:
        raise _wrong(f"to {order.side} does not reduce a {order.leg.value} leg")
    return {"positionSide": order.leg.value.upper()}


def cancelling(order: OrderRequest) -> tuple[str, dict[str, str]]:
    """Path and parameters that cancel it, by DELETE. Raises VenueError."""
    market, symbol = market_of(order)
    path = facts.INVERSE_CANCEL_PATH if market == facts.INVERSE else facts.ORDER_PATH
    return path, {"symbol": symbol, "clientOrderId": client_id(order)}


def querying(order: OrderRequest) -> tuple[str, dict[str, str]]:
    """Path and parameters that look it up. Raises VenueError."""
    market, symbol = market_of(order)
    path = facts.INVERSE_QUERY_PATH if market == facts.INVERSE else facts.ORDER_PATH
    return path, {"symbol": symbol, "clientOrderId": client_id(order)}


def market_of(order: OrderRequest) -> tuple[str, str]:
    """Market and symbol. Raises VenueError for what no orders are sent for."""
    venue, market, symbol = order.instrument.split(":")
    if venue != facts.VENUE or market not in (facts.LINEAR, facts.INVERSE):
        raise _wrong(f"orders for {order.instrument} are not sent")
    return market, symbol


def client_id(order: OrderRequest) -> str:
    """The client order id, as the venue keeps it. Raises VenueError for one that it would change or refuse."""
    if not _CLIENT_ID.fullmatch(order.client_order_id):
        raise _wrong("its id is not of 1 to 40 small letters, digits, - and _, and would come back changed")
    return order.client_order_id


def is_about_id(message: str) -> bool:
    """Whether a refusal says that an id was used before."""
    return _ABOUT_ID.search(message) is not None


def _wrong(why: str) -> VenueError:
    return VenueError(facts.VENUE, "not_sent", f"the order was not sent: {why}")


# --- what is answered ------------------------------------------------------------------------------------------------


def orders(answer: RestAnswer, mode: PositionMode) -> list[AnyEvent]:
    """The orders of a body: of a list, of one that was asked for, or of one that was placed or cancelled.

    Where a body names an order without saying what it is, that is told as heard. Raises DecodeError.
    """
    market, events = _MARKETS[answer.path], list[AnyEvent]()
    for row in _rows(answer, "orders", "order", "success", "list"):
        if not row.said("side") or not (row.said("origQty") or row.said("quantity")):
            number = row.identity("orderId") or row.identity("orderID")
            if answer.method == "GET" or not number:
                events.append(_unlike_an_order(answer, row))
                continue
            detail = f"order {number}"
            events.append(Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail=detail))
            continue
        events += _order(answer, market, row, mode)
    return events


def _order(answer: RestAnswer, market: str, row: AccountFields, mode: PositionMode) -> Sequence[AnyEvent]:
    symbol, side = row.text("symbol"), row.side("side")
    quantity = row.size(_quantity_field(market, row))
    placed = answer.method in ("POST", "PUT")  # what was just accepted: as yet the venue says no more
    filled = Decimal(0) if placed and not row.said("executedQty") else row.size("executedQty")
    status = row.shown("status") or ("NEW" if placed else "")
    if not status:
        row.note("status", "text")
    if market == facts.INVERSE and quantity and filled and filled > quantity:
        row.note("executedQty", f"contracts, of {quantity:f}")
    average, limit = row.maybe_price("avgPrice"), row.maybe_price("price")
    client = row.identity("clientOrderId") or row.identity("clientOrderID")
    order, position_side = row.identity("orderId"), row.position_side("positionSide")
    moment = row.maybe_time("updateTime") or row.maybe_time("time")
    if symbol is not None and not plausible_symbol(symbol):
        row.note("symbol", "a symbol")
    if symbol is None or side is None or quantity is None or filled is None or row.bad:
        return row.faults(answer.path, answer.received_ns)
    return [
        OrderUpdate(
            received_ns=answer.received_ns,
            account=answer.account,
            client_order_id=client,
            instrument=instrument_id(facts.VENUE, market, symbol),
            side=side,
            quantity=quantity,
            state=order_state(status, "", quantity, filled),
            filled_quantity=filled,
            average_price=average,
            limit_price=limit if row.shown("type").upper() not in ("MARKET", "") else None,
            reduce_only=row.flag("reduceOnly"),
            reason="failed" if status.upper() == "FAILED" else "",
            venue_order_id=order,
            venue_time_ns=moment,
            leg=leg_of(position_side, mode),
        )
    ]


def _unlike_an_order(answer: RestAnswer, row: AccountFields) -> AnyEvent:
    lacking = next(name for name in ("side", "origQty", "orderId") if not row.said(name))
    return bad_row(facts.VENUE, answer.path, lacking, "a row that is no order", answer.received_ns)


def _quantity_field(market: str, row: AccountFields) -> str:
    """Where the size stands: of coin-margined contracts ``quantity`` counts them, and ``origQty`` beside it may be in
    dollars."""
    names = ("quantity", "origQty") if market == facts.INVERSE else ("origQty", "quantity")
    return names[0] if row.said(names[0]) else names[1]


def placed_id(answer: RestAnswer) -> str:
    """The venue's id of the order that an answer to placing it names; empty where it names none. Raises DecodeError."""
    found = [row.identity("orderID") or row.identity("orderId") for row in _rows(answer, "order")]
    return found[0] if found else ""


def named(told: Sequence[AnyEvent], order: OrderRequest) -> list[AnyEvent]:
    """The events with the order's own id and leg: it was asked for by its id, which an answer may leave out."""
    return [
        replace(event, client_order_id=order.client_order_id, leg=order.leg)
        if isinstance(event, OrderUpdate | Fill)
        else event
        for event in told
    ]


def fills(answer: RestAnswer, mode: PositionMode, names: Mapping[str, str] | None = None) -> list[AnyEvent]:
    """The executions of a body; ``names`` has client order ids by the venue's. Raises DecodeError."""
    market, events = _MARKETS[answer.path], list[AnyEvent]()
    for row in _rows(answer, *_EXECUTIONS):
        if "side" not in row and "tradeId" not in row:
            detail = "executions without side and id are not used"
            events.append(Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail=detail))
            continue
        symbol, side, trade = row.text("symbol"), row.side("side"), row.identity("tradeId")
        price = row.price("tradePrice" if market == facts.INVERSE else "price")
        quantity = row.size("volume" if market == facts.INVERSE else "qty")
        fee, order = row.amount("commission"), row.identity("orderId")
        moment = row.nanoseconds("tradeTime") if market == facts.INVERSE else row.local_time("filledTime")
        position_side = row.position_side("positionSide")
        if not trade:
            row.note("tradeId", "an id")
        if symbol is not None and not plausible_symbol(symbol):
            row.note("symbol", "a symbol")
        if symbol is None or side is None or price is None or quantity is None or fee is None or row.bad:
            events += row.faults(answer.path, answer.received_ns)
            continue
        asset = row.shown("commissionAsset") or row.shown("currency") or settle_of(market, symbol)
        events.append(
            Fill(
                received_ns=answer.received_ns,
                account=answer.account,
                fill_id=f"{symbol}:{trade}",
                client_order_id=(names or {}).get(order, ""),
                instrument=instrument_id(facts.VENUE, market, symbol),
                side=side,
                price=price,
                quantity=quantity,
                fee=-fee if fee else Decimal(0),
                fee_asset=asset,
                maker=row.flag("maker") or row.shown("role").lower() == "maker",
                venue_time_ns=moment,
                leg=leg_of(position_side, mode),
                origin=origin_of(row.shown("type"), ""),
            )
        )
    return events


def sides(answer: RestAnswer) -> dict[int, str]:
    """The position sides that the orders of a body name, by when each was changed (ms). Raises DecodeError."""
    found: dict[int, str] = {}
    for row in _rows(answer, "orders", "order", "success", "list"):
        moment = row.maybe_time("updateTime") or row.maybe_time("time")
        if moment and row.said("positionSide"):
            found[moment // 1_000_000] = row.position_side("positionSide")
    return found


def numbers(answer: RestAnswer) -> dict[str, str]:
    """The orders that executions are of: symbol by the venue's number. Raises DecodeError."""
    told = [(row.identity("orderId"), row.shown("symbol")) for row in _rows(answer, *_EXECUTIONS)]
    return {number: symbol for number, symbol in told if number}


def counted(answer: RestAnswer) -> int:
    """How many rows a list has: as many as were asked for may not be all. Raises DecodeError."""
    return len(_raw_rows(answer, "orders", "list", *_EXECUTIONS))


def closed(answer: RestAnswer, _: PositionMode) -> list[AnyEvent]:
    """That positions were closed: their orders are told elsewhere. Raises DecodeError."""
    top(answer.body, answer.path)
    return [Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail="closed")]


def _raw_rows(answer: RestAnswer, *names: str) -> list[msgspec.Raw]:
    """The rows of a body; that of a placed coin-margined order may come without an envelope."""
    content = top(answer.body, answer.path)
    part = content.get("data")
    if part is None and "orderId" in content:
        part = msgspec.Raw(answer.body)
    if part is None:
        raise bad(answer.path, "data", "the body has none")
    return rows(part, answer.path, *names, alone=answer.path not in _LISTS)


def _rows(answer: RestAnswer, *names: str) -> Iterator[AccountFields]:
    return (AccountFields(content) for content in objects(_raw_rows(answer, *names), answer.path))


Reader = Callable[[RestAnswer, PositionMode], Sequence[AnyEvent]]
READERS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(
        (
            *(facts.ORDER_PATH, facts.OPEN_ORDERS_PATH, facts.ALL_ORDERS_PATH, facts.CANCEL_ALL_PATH),
            *(facts.AMEND_PATH, facts.INVERSE_ORDER_PATH, facts.INVERSE_CANCEL_PATH, facts.INVERSE_QUERY_PATH),
            *(facts.INVERSE_OPEN_ORDERS_PATH, facts.INVERSE_ALL_ORDERS_PATH),
        ),
        orders,
    ),
    **dict.fromkeys((facts.FILLS_PATH, facts.ORDER_FILLS_PATH, facts.INVERSE_FILLS_PATH), fills),
    facts.CLOSE_ALL_PATH: closed,
}
"""By path."""
