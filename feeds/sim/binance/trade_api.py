"""Binance's order endpoints: answers tell the order's state, and its events may come before or after them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from feeds.sim.accounts import Account, ApiKey, Order, PositionSide, TimeInForce
from feeds.sim.binance import encode
from feeds.sim.binance.protocol import BinanceRefusal, Parameters, mandatory, whole
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.order_checks import OrderRequest, Refused, Why

_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}\Z")
_CONDITIONAL = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
_TIME_IN_FORCE = {name: force for force, name in encode.TIME_IN_FORCE.items()}
_REFUSALS = {
    Why.DUPLICATE_ID: (-4116, "ClientOrderId is duplicated."),
    Why.QUANTITY_PRECISION: (-1111, "Precision is over the maximum defined for this asset."),
    Why.QUANTITY_STEP: (-4023, "Qty not increased by step size."),
    Why.QUANTITY_RANGE: (-4005, "Quantity greater than max quantity or less than min quantity."),
    Why.PRICE_PRECISION: (-1111, "Precision is over the maximum defined for this asset."),
    Why.PRICE_TICK: (-4014, "Price not increased by tick size."),
    Why.PRICE_BAND: (-4016, "Limit price can't be that far from the mark price."),
    Why.MINIMUM_NOTIONAL: (-4164, "Order's notional must be no smaller than the minimum (unless reduce only)."),
    Why.REDUCE_ONLY: (-2022, "ReduceOnly Order is rejected."),
    Why.POSITION_LIMIT: (-2027, "Exceeded the maximum allowable position at current leverage."),
    Why.MARGIN: (-2019, "Margin is insufficient."),
    Why.TOO_MANY: (-2025, "Reach max open order limit."),
    Why.DELISTED: (-4108, "This symbol is currently not trading."),
    Why.CLOSING_ONLY: (-4087, "User can only place reduce only order."),
    Why.UNKNOWN_ORDER: (-2011, "Unknown order sent."),
}


class TradeApi:
    """One method an endpoint: parameters, account and key in, a JSON body out. Raises BinanceRefusal."""

    def __init__(self, exchange: Exchange, listing: Callable[[Parameters], Listing]) -> None:
        self._exchange, self._listing = exchange, listing

    def place(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST /fapi/v1/order."""
        request = self._request(parameters, account)
        self._check_at_once(request)
        try:
            order = self._exchange.matching.accept(account, request, ids_for_ever=False)
        except Refused as refused:
            raise _refusal(refused, request) from None
        answered = encode.order(order)
        self._exchange.matching.execute(account, order)
        final = parameters.get("newOrderRespType", "ACK") == "RESULT"
        return encode.order(order) if final else answered

    def test(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST /fapi/v1/order/test: only looks at the parameters."""
        self._request(parameters, account)
        return {}

    def query(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /fapi/v1/order."""
        return encode.queried_order(self._find(parameters, account, -2013, "Order does not exist."))

    def query_open(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /fapi/v1/openOrder."""
        order = self._find(parameters, account, -2013, "Order does not exist.")
        if not order.is_open():
            raise BinanceRefusal(-2013, "Order does not exist.")
        return encode.queried_order(order)

    def cancel(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """DELETE /fapi/v1/order."""
        order = self._find(parameters, account, -2011, "Unknown order sent.")
        try:
            self._exchange.matching.cancel(account, order)
        except Refused:
            raise BinanceRefusal(-2011, "Unknown order sent.") from None
        return encode.order(order)

    def cancel_all(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """DELETE /fapi/v1/allOpenOrders."""
        for order in account.open_orders(self._listing(parameters)):
            self._exchange.matching.cancel(account, order)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def modify(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """PUT /fapi/v1/order: limit orders, quantity and price."""
        order = self._find(parameters, account, -2013, "Order does not exist.")
        try:
            self._exchange.matching.amend(
                account, order, _decimal(parameters, "quantity"), _decimal(parameters, "price")
            )
        except Refused as refused:
            raise BinanceRefusal(*_REFUSALS[refused.why]) from None
        return encode.order(order)

    def open_orders(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /fapi/v1/openOrders."""
        listing = self._listing(parameters) if "symbol" in parameters else None
        return [encode.queried_order(order) for order in account.open_orders(listing)]

    def all_orders(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /fapi/v1/allOrders: ascending; with a limit the newest."""
        listing = self._listing(parameters)
        orders = [*account.closed_orders, *account.open_orders()]
        found = sorted((order for order in orders if order.listing is listing), key=lambda order: order.number)
        start, end = whole(parameters, "startTime", 0), whole(parameters, "endTime", 1 << 53)
        rows = [encode.queried_order(order) for order in found if start <= order.created_ms <= end]
        return rows[-min(whole(parameters, "limit", 500), 1000) :]

    def countdown(self, parameters: Parameters, _: Account, __: ApiKey) -> Any:
        """POST /fapi/v1/countdownCancelAll: acknowledged; the countdown itself is not simulated."""
        listing = self._listing(parameters)
        return {"symbol": listing.symbol, "countdownTime": mandatory(parameters, "countdownTime")}

    def _check_at_once(self, request: OrderRequest) -> None:
        """Refusals that Binance gives at once, where others would accept and cancel."""
        if request.time_in_force is TimeInForce.POST_ONLY and self._exchange.matching.fillable(request):
            text = "Due to the order could not be executed as maker, the Post Only order will be rejected."
            raise BinanceRefusal(-5022, f"{text} The order will not be recorded in the order history")
        if request.time_in_force is TimeInForce.FOK and self._exchange.matching.fillable(request) < request.quantity:
            text = "Due to the order could not be filled immediately, the FOK order has been rejected."
            raise BinanceRefusal(-5021, f"{text} The order will not be recorded in the order history")

    def _request(self, parameters: Parameters, account: Account) -> OrderRequest:
        listing, side, kind = self._listing(parameters), mandatory(parameters, "side"), mandatory(parameters, "type")
        if kind in _CONDITIONAL:
            text = "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
            raise BinanceRefusal(-4120, text)
        if kind not in ("LIMIT", "MARKET"):
            raise BinanceRefusal(-1116, "Invalid orderType.")
        if side not in ("BUY", "SELL"):
            raise BinanceRefusal(-1117, "Invalid side.")
        position_side = position_side_of(parameters, hedges=account.hedges(listing))
        if position_side is not PositionSide.BOTH and "reduceOnly" in parameters:
            raise BinanceRefusal(-1106, "Parameter 'reduceOnly' sent when not required.")
        market = kind == "MARKET"
        force = TimeInForce.IOC if market else _TIME_IN_FORCE.get(mandatory(parameters, "timeInForce"))
        if force is None:
            raise BinanceRefusal(-1115, "Invalid timeInForce.")
        identity = parameters.get("newClientOrderId") or f"web_{uuid.uuid4().hex[:20]}"
        if not _CLIENT_ID.match(identity):
            raise BinanceRefusal(-4015, "Client order id is not valid.")
        quantity = _decimal(parameters, "quantity")
        if quantity <= 0:
            raise BinanceRefusal(-4003, "Quantity less than or equal to zero.")
        return OrderRequest(
            listing=listing,
            side=side.lower(),
            quantity=quantity,
            price=None if market else _decimal(parameters, "price"),
            time_in_force=force,
            reduce_only=parameters.get("reduceOnly", "false").lower() == "true",
            client_id=identity,
            position_side=position_side,
        )

    def _find(self, parameters: Parameters, account: Account, code: int, message: str) -> Order:
        listing = self._listing(parameters)
        number, client = parameters.get("orderId", ""), parameters.get("origClientOrderId", "")
        if not (number or client):
            raise BinanceRefusal(-1102, "Either 'orderId' or 'origClientOrderId' must be sent.")
        order = account.find_order(number, client)
        if order is None or order.listing is not listing:
            raise BinanceRefusal(code, message)
        return order


def position_side_of(parameters: Parameters, *, hedges: bool) -> PositionSide:
    """LONG or SHORT in hedge mode, BOTH (or nothing) in one-way mode. Raises BinanceRefusal."""
    named = parameters.get("positionSide", "BOTH")
    if named not in (("LONG", "SHORT") if hedges else ("BOTH",)):
        raise BinanceRefusal(-4061, "Order's position side does not match user's setting.")
    return PositionSide(named)


def _refusal(refused: Refused, request: OrderRequest) -> BinanceRefusal:
    code, message = _REFUSALS[refused.why]
    if refused.why is Why.PRICE_BAND and request.side == "sell":
        code = -4024
    return BinanceRefusal(code, message)


def _decimal(parameters: Parameters, name: str) -> Decimal:
    try:
        value = Decimal(mandatory(parameters, name))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise BinanceRefusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return value
