"""WEEX's order endpoints: an answer tells an order's number, and no more of what became of it."""

from __future__ import annotations

import re
from typing import Any

from feeds.sim.accounts import Account, ApiKey, Order, PositionSide, TimeInForce
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.order_checks import OrderRequest, Refused, Why
from feeds.sim.weex import encode
from feeds.sim.weex.listings import NOT_BY_API
from feeds.sim.weex.market_data import MarketData
from feeds.sim.weex.protocol import Parameters, WeexRefusal, decimal, mandatory, whole

_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}\Z")
_FORCES = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "POST_ONLY": TimeInForce.POST_ONLY,
}
_REFUSALS = {
    Why.DUPLICATE_ID: (-1180, "Client order id is already used."),
    Why.QUANTITY_PRECISION: (-1160, "Precision is over the maximum defined for this asset."),
    Why.QUANTITY_STEP: (-1160, "Precision is over the maximum defined for this asset."),
    Why.QUANTITY_RANGE: (-3007, "Quantity is outside of what is allowed."),
    Why.PRICE_PRECISION: (-1160, "Precision is over the maximum defined for this asset."),
    Why.PRICE_TICK: (-1160, "Precision is over the maximum defined for this asset."),
    Why.PRICE_BAND: (-1142, "The price is too far from the mark price."),
    Why.MINIMUM_NOTIONAL: (-3007, "Quantity is outside of what is allowed."),
    Why.REDUCE_ONLY: (-1054, "The amount of the position is not enough."),
    Why.POSITION_LIMIT: (-3007, "Quantity is outside of what is allowed."),
    Why.MARGIN: (-1054, "The amount is not enough."),
    Why.TOO_MANY: (-1190, "Too many open orders."),
    Why.DELISTED: (-3235, "The trading pair is not available."),
    Why.CLOSING_ONLY: (-1190, "Only orders that close are allowed."),
    Why.UNKNOWN_ORDER: (-3200, "Order does not exist."),
}


class TradeApi:
    """One method an endpoint: parameters, account and key in, a JSON body out. Raises WeexRefusal."""

    def __init__(self, exchange: Exchange, contracts: MarketData) -> None:
        self._exchange, self._contracts = exchange, contracts

    def place(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST order. A refusal by the account's state comes with status 200; one for its form does not."""
        request = self._request(parameters, account)
        try:
            order = self._exchange.matching.accept(account, request, ids_for_ever=False)
        except Refused as refused:
            code, message = _REFUSALS[refused.why]
            return {"success": False, "errorCode": str(code), "errorMessage": message}
        self._exchange.matching.execute(account, order)
        return encode.placed(order)

    def query(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET order: by number only."""
        return encode.order(self._find(account, mandatory(parameters, "orderId"), ""))

    def cancel(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """DELETE order: by either id."""
        number, client = (str(parameters.get(name, "")) for name in ("orderId", "origClientOrderId"))
        if not (number or client):
            raise WeexRefusal(-1140, "Either orderId or origClientOrderId must be sent.")
        return self._cancelled(account, self._find(account, number, client))

    def cancel_all(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """DELETE allOpenOrders."""
        return [self._cancelled(account, order) for order in account.open_orders(self._wanted(parameters))]

    def cancel_many(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """DELETE batchOrders: ten at most; each is answered for itself."""
        asked = [(str(number), "") for number in parameters.get("orderIdList") or []]
        asked += [("", str(name)) for name in parameters.get("origClientOrderIdList") or []]
        if not 1 <= len(asked) <= 10:
            raise WeexRefusal(-1142, "Illegal parameter 'orderIdList'.")
        answers = []
        for number, client in asked:
            try:
                answers.append(self._cancelled(account, self._find(account, number, client)))
            except WeexRefusal as refusal:
                head = {"orderId": number, "origClientOrderId": client, "success": False}
                answers.append(head | {"errorCode": str(refusal.code), "errorMessage": refusal.message})
        return answers

    def no_batch(self, _: Parameters, __: Account, ___: ApiKey) -> Any:
        """POST batchOrders is not supported."""
        raise WeexRefusal(-1150, "Request method is not supported.")

    def open_orders(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET openOrders."""
        orders = account.open_orders(self._wanted(parameters))
        return [encode.order(order) for order in orders][-_limit(parameters, 100) :]

    def history(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET order/history: orders that have ended, newest first."""
        listing, (start, end) = self._wanted(parameters), _span(parameters)
        rows = [
            encode.order(order)
            for order in reversed(account.closed_orders)
            if not order.listing.spot and listing in (None, order.listing) and start <= order.created_ms <= end
        ]
        return rows[: _limit(parameters, 1000)]

    def user_trades(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET userTrades: newest first, a hundred at most."""
        listing, (start, end) = self._wanted(parameters), _span(parameters)
        number = str(parameters.get("orderId", ""))
        rows = [
            encode.trade(fill)
            for fill in reversed(account.fills)
            if fill.order is not None
            and not fill.listing.spot
            and listing in (None, fill.listing)
            and start <= fill.time_ms <= end
            and number in ("", str(fill.order.number))
        ]
        return rows[: _limit(parameters, 100)]

    def close_positions(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST closePositions: at market."""
        wanted, answers = self._wanted(parameters), []
        for item in list(account.held()):
            if wanted not in (None, item.listing):
                continue
            request = OrderRequest(
                listing=item.listing,
                side="sell" if item.quantity > 0 else "buy",
                quantity=abs(item.quantity),
                price=None,
                time_in_force=TimeInForce.IOC,
                reduce_only=True,
                position_side=item.side,
            )
            number = encode.position(self._exchange, account, item)["id"]
            order = self._exchange.matching.accept(account, request, ids_for_ever=False)
            self._exchange.matching.execute(account, order)
            answers.append({"positionId": number, "success": True, "successOrderId": order.number, "errorMessage": ""})
        return answers

    def _cancelled(self, account: Account, order: Order) -> dict[str, Any]:
        try:
            self._exchange.matching.cancel(account, order)
        except Refused as refused:
            raise WeexRefusal(*_REFUSALS[refused.why]) from None
        head = {"orderId": str(order.number), "origClientOrderId": order.client_id}
        return head | {"success": True, "errorCode": "", "errorMessage": ""}

    def _request(self, parameters: Parameters, account: Account) -> OrderRequest:
        listing, side = self._contracts.listing(parameters), mandatory(parameters, "side")
        if listing.symbol in NOT_BY_API:
            raise WeexRefusal(-1058, "This trading pair does not support API trading.")
        if side not in ("BUY", "SELL"):
            raise WeexRefusal(-1117, "Invalid side.")
        kind, named = mandatory(parameters, "type"), mandatory(parameters, "positionSide")
        if kind not in ("LIMIT", "MARKET"):
            raise WeexRefusal(-1116, "Invalid orderType.")
        if named not in ("LONG", "SHORT"):
            raise WeexRefusal(-1142, "Illegal parameter 'positionSide'.")
        force = TimeInForce.IOC if kind == "MARKET" else _FORCES.get(mandatory(parameters, "timeInForce"))
        if force is None:
            raise WeexRefusal(-1115, "Invalid timeInForce.")
        client = mandatory(parameters, "newClientOrderId")
        if not _CLIENT_ID.match(client):
            raise WeexRefusal(-1180, "Invalid client order id.")
        hedges = account.hedges(listing)
        closes = PositionSide(named).closed_by(side.lower())
        return OrderRequest(
            listing=listing,
            side=side.lower(),
            quantity=decimal(parameters, "quantity"),
            price=None if kind == "MARKET" else decimal(parameters, "price"),
            time_in_force=force,
            reduce_only=closes,
            client_id=client,
            position_side=PositionSide(named) if hedges else PositionSide.BOTH,
        )

    def _find(self, account: Account, number: str, client: str) -> Order:
        order = account.find_order(number, client)
        if order is None or order.listing.spot:
            raise WeexRefusal(*_REFUSALS[Why.UNKNOWN_ORDER])
        return order

    def _wanted(self, parameters: Parameters) -> Listing | None:
        return self._contracts.listing(parameters) if parameters.get("symbol") else None


def _span(parameters: Parameters) -> tuple[int, int]:
    start, end = whole(parameters, "startTime", 0), whole(parameters, "endTime", 1 << 53)
    if start > end:
        raise WeexRefusal(-1171, "startTime is after endTime.")
    return start, end


def _limit(parameters: Parameters, most: int) -> int:
    limit = whole(parameters, "limit", most)
    if not 1 <= limit <= most:
        raise WeexRefusal(-1142, "Illegal parameter 'limit'.")
    return limit
