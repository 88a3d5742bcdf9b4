"""BingX's order endpoints. An answer only names an order; what became of it comes on the stream, or is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from feeds.sim.accounts import Account, ApiKey, Fill, Order, PositionSide, TimeInForce
from feeds.sim.bingx import encode
from feeds.sim.bingx.account_api import page, window
from feeds.sim.bingx.protocol import BingxRefusal, Parameters, number, required, whole
from feeds.sim.exchange import Exchange
from feeds.sim.order_checks import OrderRequest, Refused, Why

_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,40}\Z")
_FORCES = {
    "": TimeInForce.GTC,
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "PostOnly": TimeInForce.POST_ONLY,
}
_SIDES = {
    "": PositionSide.LONG,
    "BOTH": PositionSide.BOTH,
    "LONG": PositionSide.LONG,
    "SHORT": PositionSide.SHORT,
}
"""An empty side is taken for LONG."""

_REFUSALS = {
    Why.DUPLICATE_ID: (109201, "clientOrderID: the same order number has been used"),
    Why.QUANTITY_PRECISION: (110425, "quantity off step"),
    Why.QUANTITY_STEP: (110425, "quantity off step"),
    Why.QUANTITY_RANGE: (110422, "The order size must be within the limits"),
    Why.PRICE_PRECISION: (109400, "Invalid parameters, err:price is off its tick"),
    Why.PRICE_TICK: (109400, "Invalid parameters, err:price is off its tick"),
    Why.PRICE_BAND: (101211, "Order price is out of the allowed band"),
    Why.MINIMUM_NOTIONAL: (101202, "The order value is below the minimum"),
    Why.REDUCE_ONLY: (101205, "No position to close"),
    Why.POSITION_LIMIT: (101209, "The maximum position value for this leverage is exceeded"),
    Why.MARGIN: (101204, "Insufficient margin"),
    Why.TOO_MANY: (101419, "Too many open orders"),
    Why.DELISTED: (101415, "This trading pair is suspended from trading"),
    Why.CLOSING_ONLY: (109417, "This trading pair takes no orders that open positions"),
    Why.UNKNOWN_ORDER: (109421, "The order does not exist"),
}


class TradeApi:
    """One method an endpoint of one market. ``soon`` runs matching after the answer is on its way."""

    def __init__(self, exchange: Exchange, market: str, soon: Callable[[Callable[[], None]], None]) -> None:
        self._exchange, self._market, self._soon = exchange, market, soon

    def place(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST …/trade/order: coin-margined ones are answered without an envelope."""
        order = self._accepted(parameters, account)
        self._soon(lambda: self._exchange.matching.execute(account, order))
        return encode.placed_flat(order) if self._market == "inverse" else {"order": encode.placed(order)}

    def test(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST …/trade/order/test: checked as far as its parameters go, and not placed."""
        request = self._request(parameters, account)
        return {"order": {"symbol": request.listing.symbol, "orderId": 0, "side": request.side.upper()}}

    def cancel(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """DELETE …/trade/order and …/cancelOrder: the answer still shows the order as it was."""
        order = self._order(parameters, account)
        if not order.is_open():
            raise BingxRefusal(*_REFUSALS[Why.UNKNOWN_ORDER])
        row = self._row(account, order)
        self._soon(lambda: self._cancel_if_open(account, order))
        return {"order": row}

    def cancel_all(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """DELETE …/trade/allOpenOrders."""
        symbol = parameters.get("symbol", "")
        found = [order for order in account.open_orders() if self._of(order, symbol)]
        for order in found:
            self._exchange.matching.cancel(account, order)
        return {"success": [self._row(account, order) for order in found] or None, "failed": None}

    def close_all(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST …/trade/closeAllPositions: by market orders."""
        symbol, made = parameters.get("symbol", ""), []
        for position in list(account.held()):
            if position.listing.category != self._market or symbol not in ("", position.listing.symbol):
                continue
            request = OrderRequest(
                listing=position.listing,
                side="sell" if position.quantity > 0 else "buy",
                quantity=abs(position.quantity),
                price=None,
                time_in_force=TimeInForce.IOC,
                reduce_only=position.side is PositionSide.BOTH,
                position_side=position.side,
            )
            order = self._accept(account, request)
            self._exchange.matching.execute(account, order)
            made.append(encode.order_id(order))
        return {"success": made, "failed": None}

    def amend(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST /openApi/swap/v1/trade/amend: the quantity alone."""
        order, quantity = self._order(parameters, account), number(parameters, "quantity")
        try:
            self._exchange.matching.amend(account, order, quantity, order.price or quantity)
        except Refused as refused:
            raise BingxRefusal(*_REFUSALS[refused.why]) from None
        return {
            "orderId": encode.order_id(order),
            "clientOrderId": order.client_id,
            "symbol": order.listing.symbol,
            "quantity": float(quantity),
        }

    def query(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET …/trade/order and …/orderDetail."""
        return {"order": self._row(account, self._order(parameters, account))}

    def open_orders(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET …/trade/openOrders."""
        symbol = parameters.get("symbol", "")
        return {"orders": [self._row(account, order) for order in account.open_orders() if self._of(order, symbol)]}

    def history(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET …/trade/allOrders and …/orderHistory: newest first, a week at most."""
        start, end = window(parameters, self._exchange.now_ms, "startTime", "endTime")
        symbol, limit = parameters.get("symbol", ""), whole(parameters, "limit", 500, lowest=1, highest=1000)
        every = [*account.closed_orders, *account.open_orders()]
        found = [
            order
            for order in sorted(every, key=lambda order: order.number, reverse=True)
            if self._of(order, symbol) and start <= order.created_ms <= end
        ]
        return {"orders": [self._row(account, order) for order in found[:limit]]}

    def fills(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /openApi/swap/v2/trade/fillHistory: newest first."""
        required(parameters, "symbol")
        rows = [encode.fill_row(fill) for fill in self._executions(parameters, account)]
        return {"fill_history_orders": page(parameters, rows, 50), "total": len(rows)}

    def order_fills(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /openApi/swap/v2/trade/allFillOrders: here of 30 days, as clients ask."""
        if required(parameters, "tradingUnit") not in ("COIN", "CONT"):
            raise BingxRefusal(109400, "Invalid parameters, err:tradingUnit is invalid")
        start, end = whole(parameters, "startTs", 0), whole(parameters, "endTs", self._exchange.now_ms)
        found = [
            encode.order_fill_row(fill)
            for fill in reversed(account.fills)
            if self._executed(fill, parameters) and start <= fill.time_ms <= end
        ]
        return {"fill_orders": found}

    def inverse_fills(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /openApi/cswap/v1/trade/allFillOrders: of one order."""
        required(parameters, "orderId")
        found = [fill for fill in reversed(account.fills) if self._executed(fill, parameters)]
        return page(parameters, [encode.inverse_fill_row(fill) for fill in found], 100)

    # --- inside --------------------------------------------------------------------------------------------------

    def _executions(self, parameters: Parameters, account: Account) -> list[Fill]:
        required(parameters, "startTs")
        required(parameters, "endTs")
        start, end = window(parameters, self._exchange.now_ms, "startTs", "endTs")
        return [
            fill
            for fill in reversed(account.fills)
            if self._executed(fill, parameters) and start <= fill.time_ms <= end
        ]

    def _executed(self, fill: Fill, parameters: Parameters) -> bool:
        """Whether it is an execution of this market that the parameters ask for."""
        if fill.order is None or fill.listing.category != self._market:
            return False
        wanted = whole(parameters, "orderId", 0)
        if wanted not in (0, encode.order_id(fill.order)):
            return False
        return parameters.get("symbol", "") in ("", fill.listing.symbol)

    def _row(self, account: Account, order: Order) -> dict[str, Any]:
        return encode.order_row(order, account.leverage(order.listing, order.position_side))

    def _of(self, order: Order, symbol: str) -> bool:
        return order.listing.category == self._market and symbol in ("", order.listing.symbol)

    def _cancel_if_open(self, account: Account, order: Order) -> None:
        if order.is_open():
            self._exchange.matching.cancel(account, order)

    def _accepted(self, parameters: Parameters, account: Account) -> Order:
        request = self._request(parameters, account)
        post_only = request.time_in_force is TimeInForce.POST_ONLY
        if post_only and self._exchange.matching.fillable(request):
            raise BingxRefusal(101215, "The post only order would be filled at once")
        return self._accept(account, request)

    def _accept(self, account: Account, request: OrderRequest) -> Order:
        try:
            return self._exchange.matching.accept(account, request, ids_for_ever=True)
        except Refused as refused:
            code, message = _REFUSALS[refused.why]
            if refused.why is Why.REDUCE_ONLY and request.reduce_only:
                code, message = 101290, "The reduce only order would increase the position"
            raise BingxRefusal(code, message) from None

    def _request(self, parameters: Parameters, account: Account) -> OrderRequest:
        listing = self._exchange.find(self._market, required(parameters, "symbol"))
        if listing is None:
            raise BingxRefusal(109425, f"{parameters['symbol'][:40]} does not exist")
        side, kind = required(parameters, "side"), required(parameters, "type")
        force, client = parameters.get("timeInForce", ""), _client_id(parameters)
        if side not in ("BUY", "SELL") or kind not in ("LIMIT", "MARKET") or force not in _FORCES:
            raise BingxRefusal(109400, "Invalid parameters, err:side, type or timeInForce is invalid")
        if client and not _CLIENT_ID.match(client):
            raise BingxRefusal(109400, "Invalid parameters, err:clientOrderId is invalid")
        hedges, position_side = account.hedges(listing), _SIDES.get(parameters.get("positionSide", ""))
        if position_side is None or (position_side is not PositionSide.BOTH) is not hedges:
            raise BingxRefusal(109400, "positionSide does not match the position mode of the account")
        reduces = parameters.get("reduceOnly", "").lower() == "true"
        if hedges and "reduceOnly" in parameters:
            raise BingxRefusal(109400, "In the Hedge mode, the 'ReduceOnly' field can not be filled.")
        market = kind == "MARKET"
        return OrderRequest(
            listing=listing,
            side=side.lower(),
            quantity=number(parameters, "quantity"),
            price=None if market else number(parameters, "price"),
            time_in_force=TimeInForce.IOC if market else _FORCES[force],
            reduce_only=reduces,
            client_id=client,
            position_side=position_side,
        )

    def _order(self, parameters: Parameters, account: Account) -> Order:
        client, wanted = _client_id(parameters), whole(parameters, "orderId", 0)
        if not (client or wanted):
            raise BingxRefusal(109400, "Invalid parameters, err:orderId or clientOrderId is required")
        order = account.find_order(str(wanted - encode.ID_BASE) if wanted else "", client)
        if order is None or not self._of(order, required(parameters, "symbol")):
            raise BingxRefusal(*_REFUSALS[Why.UNKNOWN_ORDER])
        return order


def _client_id(parameters: Parameters) -> str:
    """The client's id of an order, in small letters as the venue keeps it; it is spelt in two ways."""
    return (parameters.get("clientOrderId") or parameters.get("clientOrderID") or "").lower()
