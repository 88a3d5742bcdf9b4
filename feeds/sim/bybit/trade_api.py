"""Bybit's order endpoints. An answer only says that an order was taken; what became of it comes on the stream."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from core.instruments import ContractKind
from feeds.sim.accounts import Account, ApiKey, Order, OrderStatus, PositionSide, TimeInForce
from feeds.sim.bybit import encode
from feeds.sim.bybit.protocol import (
    LONGEST_WINDOW_MS,
    BybitRefusal,
    Parameters,
    one_page,
    required,
    text,
    whole,
    window,
)
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.order_checks import OrderRequest, Refused, Why

Result = dict[str, Any]

_LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,36}\Z")
_TIME_IN_FORCE = {
    "": TimeInForce.GTC,
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "PostOnly": TimeInForce.POST_ONLY,
}
_POSITION_SIDES = {index: side for side, index in encode.POSITION_INDEX.items()}
_REFUSALS = {
    Why.DUPLICATE_ID: (110072, "OrderLinkedID is duplicate"),
    Why.QUANTITY_PRECISION: (10001, "Qty invalid"),
    Why.QUANTITY_STEP: (10001, "Qty invalid"),
    Why.QUANTITY_RANGE: (10001, "The number of contracts is outside the minimum and maximum limit"),
    Why.PRICE_PRECISION: (10001, "Price invalid"),
    Why.PRICE_TICK: (10001, "Price invalid"),
    Why.PRICE_BAND: (110003, "Order price exceeds the allowable range."),
    Why.MINIMUM_NOTIONAL: (110094, "Order does not meet minimum order value"),
    Why.REDUCE_ONLY: (110017, "current position is zero, cannot fix reduce-only order qty"),
    Why.POSITION_LIMIT: (110090, "The position would exceed the limit at this leverage"),
    Why.MARGIN: (110007, "ab not enough for new order"),
    Why.TOO_MANY: (110020, "too many active orders"),
    Why.DELISTED: (110074, "This contract is not live"),
    Why.CLOSING_ONLY: (110023, "Currently you can only reduce your positions"),
    Why.UNKNOWN_ORDER: (110001, "order not exists or too late to cancel"),
}


class TradeApi:
    """One method an endpoint. ``soon`` runs a new order's matching after the answer is on its way."""

    def __init__(self, exchange: Exchange, soon: Callable[[Callable[[], None]], None]) -> None:
        self._exchange, self._soon = exchange, soon

    def create(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """POST /v5/order/create."""
        request = self._request(parameters, account)
        try:
            order = self._exchange.matching.accept(account, request, ids_for_ever=True)
        except Refused as refused:
            raise refusal(refused, request.listing) from None
        self._soon(lambda: self._exchange.matching.execute(account, order))
        return _ids(order)

    def amend(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """POST /v5/order/amend: quantity and price; the order keeps its ids."""
        order = self._order(parameters, account)
        quantity = _number(parameters, "qty", order.quantity)
        price = _number(parameters, "price", order.price or Decimal(0))
        try:
            self._exchange.matching.amend(account, order, quantity, price)
        except Refused as refused:
            raise refusal(refused, order.listing) from None
        return _ids(order)

    def cancel(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """POST /v5/order/cancel."""
        order = self._order(parameters, account)
        if not order.is_open():
            raise BybitRefusal(110001, "order not exists or too late to cancel")
        self._soon(lambda: self._cancel_if_open(account, order))
        return _ids(order)

    def cancel_all(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """POST /v5/order/cancel-all."""
        category, symbol = required(parameters, "category"), text(parameters, "symbol")
        settle, base = text(parameters, "settleCoin"), text(parameters, "baseCoin")
        if category == "linear" and not (symbol or settle or base):
            raise BybitRefusal(10001, "params error: symbol, settleCoin or baseCoin is required")
        found = [order for order in account.open_orders() if _matches(order, category, symbol, settle, base)]
        for order in found:
            self._exchange.matching.cancel(account, order)
        return {"list": [_ids(order) for order in found], "success": "1"}

    def open_orders(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """GET /v5/order/realtime: open orders, or with ``openOnly=1`` the newest closed ones; one that is named is
        looked for among both. Newest first."""
        orders = account.open_orders() if whole(parameters, "openOnly", 0) == 0 else list(account.closed_orders)
        named = text(parameters, "orderId") or text(parameters, "orderLinkId")
        if named:
            orders = [*account.closed_orders, *account.open_orders()]
        return self._list(parameters, orders)

    def history(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """GET /v5/order/history: closed orders, newest first; seven days at most."""
        start, end = window(parameters, self._exchange.now_ms, LONGEST_WINDOW_MS)
        return self._list(parameters, [order for order in account.closed_orders if start <= order.created_ms <= end])

    def _list(self, parameters: Parameters, orders: list[Order]) -> Result:
        category = required(parameters, "category")
        names = ("symbol", "settleCoin", "baseCoin")
        filters = [text(parameters, name) for name in names]
        identity, link = text(parameters, "orderId"), text(parameters, "orderLinkId")
        if category == "linear" and not any((*filters, identity, link)):
            raise BybitRefusal(
                10001, "Missing some parameters that must be filled in, symbol or settleCoin or baseCoin"
            )
        found = [
            order
            for order in reversed(orders)
            if _matches(order, category, *filters)
            and identity in ("", order.identity)
            and link in ("", order.client_id)
        ]
        page, cursor = one_page(parameters, found, whole(parameters, "limit", 20, lowest=1, highest=50))
        return {"list": [encode.order(order) for order in page], "nextPageCursor": cursor, "category": category}

    def _cancel_if_open(self, account: Account, order: Order) -> None:
        if order.is_open():
            self._exchange.matching.cancel(account, order)

    def _request(self, parameters: Parameters, account: Account) -> OrderRequest:
        category = required(parameters, "category")
        listing = self._exchange.find(category, required(parameters, "symbol"))
        if listing is None:
            raise BybitRefusal(10001, "params error: symbol invalid")
        position_side = _POSITION_SIDES.get(whole(parameters, "positionIdx", 0))
        if position_side is None or (position_side is not PositionSide.BOTH) is not account.hedges(listing):
            raise BybitRefusal(10001, "position idx not match position mode")
        side, kind = required(parameters, "side"), required(parameters, "orderType")
        force, link = text(parameters, "timeInForce"), text(parameters, "orderLinkId")
        if side not in ("Buy", "Sell") or kind not in ("Limit", "Market") or force not in _TIME_IN_FORCE:
            raise BybitRefusal(10001, "params error: side, orderType or timeInForce invalid")
        if link and not _LINK_ID.match(link):
            raise BybitRefusal(10001, "params error: orderLinkId invalid")
        if text(parameters, "triggerPrice") or text(parameters, "takeProfit") or text(parameters, "stopLoss"):
            raise BybitRefusal(10001, "conditional orders are not simulated")
        market = kind == "Market"
        return OrderRequest(
            listing=listing,
            side=side.lower(),
            quantity=self._quantity(parameters, listing, market=market),
            price=None if market else _number(parameters, "price"),
            time_in_force=TimeInForce.IOC if market else _TIME_IN_FORCE[force],
            reduce_only=text(parameters, "reduceOnly").lower() == "true",
            client_id=link,
            position_side=position_side,
        )

    def _quantity(self, parameters: Parameters, listing: Listing, *, market: bool) -> Decimal:
        """The quantity in base coins; a spot market buy names what to spend unless it says otherwise."""
        quantity = _number(parameters, "qty")
        spot = listing.instrument.kind is ContractKind.SPOT
        spends = text(parameters, "side") == "Buy" and text(parameters, "marketUnit") != "baseCoin"
        if not (spot and market and spends):
            return quantity
        step = listing.instrument.quantity_step
        return quantity / self._exchange.quote(listing).ask // step * step

    def _order(self, parameters: Parameters, account: Account) -> Order:
        identity, link = text(parameters, "orderId"), text(parameters, "orderLinkId")
        if not (identity or link):
            raise BybitRefusal(10001, "params error: orderId or orderLinkId is required")
        order = account.find_order(identity, link)
        if order is None or order.listing.symbol != text(parameters, "symbol"):
            raise BybitRefusal(110001, "order not exists or too late to cancel")
        if order.status is OrderStatus.CANCELLED:
            raise BybitRefusal(110010, "Order has been cancelled.")
        return order


def refusal(refused: Refused, listing: Listing) -> BybitRefusal:
    """Bybit's own code for a refused order; spot has its own range."""
    code, message = _REFUSALS[refused.why]
    if listing.instrument.kind is ContractKind.SPOT:
        spot = {Why.MARGIN: 170131, Why.MINIMUM_NOTIONAL: 170140, Why.PRICE_BAND: 170193}
        code = spot.get(refused.why, code)
    return BybitRefusal(code, message)


def _matches(order: Order, category: str, symbol: str, settle: str, base: str) -> bool:
    instrument = order.listing.instrument
    return (
        order.listing.category == category
        and symbol in ("", order.listing.symbol)
        and settle in ("", instrument.settle)
        and base in ("", instrument.base)
    )


def _ids(order: Order) -> Result:
    return {"orderId": order.identity, "orderLinkId": order.client_id}


def _number(parameters: Parameters, name: str, default: Decimal | None = None) -> Decimal:
    value = text(parameters, name)
    if not value and default is not None:
        return default
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise BybitRefusal(10001, f"params error: {name} invalid")
    return number
