"""Binance's signed spot endpoints: balances, orders and trades."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from feeds.sim.accounts import Account, ApiKey, Order, TimeInForce
from feeds.sim.binance import encode_spot
from feeds.sim.binance.protocol import BinanceRefusal, Parameters, mandatory, whole
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.order_checks import OrderRequest, Refused, Why
from feeds.sim.wire import places

_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}\Z")
_FORCES = {"GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}
_REFUSALS = {
    Why.DUPLICATE_ID: (-2010, "Duplicate order sent."),
    Why.QUANTITY_PRECISION: (-1111, "Parameter 'quantity' has too much precision."),
    Why.QUANTITY_STEP: (-1013, "Filter failure: LOT_SIZE"),
    Why.QUANTITY_RANGE: (-1013, "Filter failure: LOT_SIZE"),
    Why.PRICE_PRECISION: (-1111, "Parameter 'price' has too much precision."),
    Why.PRICE_TICK: (-1013, "Filter failure: PRICE_FILTER"),
    Why.PRICE_BAND: (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    Why.MINIMUM_NOTIONAL: (-1013, "Filter failure: NOTIONAL"),
    Why.TOO_MANY: (-1013, "Filter failure: MAX_NUM_ORDERS"),
    Why.UNKNOWN_ORDER: (-2011, "Unknown order sent."),
}
_OTHERWISE = (-2010, "Account has insufficient balance for requested action.")


class SpotAccountApi:
    """One method an endpoint: parameters, account and key in, a JSON body out. Raises BinanceRefusal."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def account(self, parameters: Parameters, account: Account, key: ApiKey) -> Any:
        """GET /api/v3/account."""
        kept = parameters.get("omitZeroBalances", "false").lower() != "true"
        rates = {"maker": "0.00100000", "taker": "0.00100000", "buyer": "0.00000000", "seller": "0.00000000"}
        return {
            "makerCommission": 10,
            "takerCommission": 10,
            "buyerCommission": 0,
            "sellerCommission": 0,
            "commissionRates": rates,
            "canTrade": key.may_trade,
            "canWithdraw": True,
            "canDeposit": True,
            "brokered": False,
            "requireSelfTradePrevention": False,
            "preventSor": False,
            "updateTime": account.updated_ms,
            "accountType": "SPOT",
            "balances": [
                {"asset": asset, "free": places(free, 8), "locked": places(locked, 8)}
                for asset, (free, locked) in encode_spot.balances(account).items()
                if free or locked or kept
            ],
            "permissions": ["SPOT"],
            "uid": account.uid,
        }

    def place(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST /api/v3/order."""
        request = self._request(parameters)
        if request.time_in_force is TimeInForce.POST_ONLY and self._exchange.matching.fillable(request):
            raise BinanceRefusal(-2010, "Order would immediately match and take.")
        try:
            order = self._exchange.matching.accept(account, request, ids_for_ever=False)
        except Refused as refused:
            raise BinanceRefusal(*_REFUSALS.get(refused.why, _OTHERWISE)) from None
        self._exchange.matching.execute(account, order)
        return encode_spot.placed(order, [fill for fill in account.fills if fill.order is order])

    def cancel(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """DELETE /api/v3/order."""
        order = self._find(parameters, account, -2011, "Unknown order sent.")
        try:
            self._exchange.matching.cancel(account, order)
        except Refused:
            raise BinanceRefusal(-2011, "Unknown order sent.") from None
        named = {"origClientOrderId": order.client_id, "transactTime": order.updated_ms}
        return encode_spot.order(order) | named

    def query(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /api/v3/order."""
        return encode_spot.queried(self._find(parameters, account, -2013, "Order does not exist."))

    def open_orders(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /api/v3/openOrders."""
        listing = self._listing(parameters) if "symbol" in parameters else None
        return [encode_spot.queried(order) for order in account.open_orders(listing) if order.listing.spot]

    def all_orders(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /api/v3/allOrders."""
        listing = self._listing(parameters)
        known = [order for order in (*account.closed_orders, *account.open_orders()) if order.listing is listing]
        rows = [encode_spot.queried(order) for order in sorted(known, key=lambda order: order.number)]
        return rows[-min(whole(parameters, "limit", 500), 1000) :]

    def trades(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /api/v3/myTrades."""
        listing, number = self._listing(parameters), whole(parameters, "orderId", 0)
        rows = [
            encode_spot.trade(fill)
            for fill in account.fills
            if fill.order is not None and fill.listing is listing and number in (0, fill.order.number)
        ]
        return rows[-min(whole(parameters, "limit", 500), 1000) :]

    def _request(self, parameters: Parameters) -> OrderRequest:
        listing, side, kind = self._listing(parameters), mandatory(parameters, "side"), mandatory(parameters, "type")
        if side not in ("BUY", "SELL"):
            raise BinanceRefusal(-1117, "Invalid side.")
        if kind not in ("LIMIT", "LIMIT_MAKER", "MARKET"):
            raise BinanceRefusal(-1116, "Invalid orderType.")
        forces = {"MARKET": TimeInForce.IOC, "LIMIT_MAKER": TimeInForce.POST_ONLY}
        force = forces.get(kind) or _FORCES.get(mandatory(parameters, "timeInForce"))
        if force is None:
            raise BinanceRefusal(-1115, "Invalid timeInForce.")
        identity = parameters.get("newClientOrderId") or f"web_{uuid.uuid4().hex[:20]}"
        if not _CLIENT_ID.match(identity):
            text = "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_]{1,36}$'."
            raise BinanceRefusal(-1100, text)
        return OrderRequest(
            listing=listing,
            side=side.lower(),
            quantity=_decimal(parameters, "quantity"),
            price=None if kind == "MARKET" else _decimal(parameters, "price"),
            time_in_force=force,
            client_id=identity,
        )

    def _find(self, parameters: Parameters, account: Account, code: int, message: str) -> Order:
        listing = self._listing(parameters)
        number, client = parameters.get("orderId", ""), parameters.get("origClientOrderId", "")
        if not (number or client):
            raise BinanceRefusal(
                -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
            )
        order = account.find_order(number, client)
        if order is None or order.listing is not listing:
            raise BinanceRefusal(code, message)
        return order

    def _listing(self, parameters: Parameters) -> Listing:
        listing = self._exchange.find("spot", mandatory(parameters, "symbol"))
        if listing is None:
            raise BinanceRefusal(-1121, "Invalid symbol.")
        return listing


def _decimal(parameters: Parameters, name: str) -> Decimal:
    try:
        value = Decimal(mandatory(parameters, name))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        text = f"Illegal characters found in parameter '{name}'; legal range is '^([0-9]{{1,20}})(\\.[0-9]{{1,20}})?$'."
        raise BinanceRefusal(-1100, text)
    return value
