"""MEXC's order endpoints. An answer only says that an order was taken; what became of it comes on the stream."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from core.books import MarginMode
from feeds.sim.accounts import Account, ApiKey, Order, Position, PositionSide, TimeInForce
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.mexc import encode
from feeds.sim.mexc.encode import CROSS, HEDGE, ISOLATED, ONE_WAY
from feeds.sim.mexc.market_data import MarketData, page_of
from feeds.sim.mexc.protocol import MexcRefusal, Parameters, decimal, text, whole
from feeds.sim.order_checks import OrderRequest, Refused, Why

MOST_CANCELLED = 50

_EXTERNAL_OID = re.compile(r"[A-Za-z0-9_.:-]{1,32}\Z")
_FORCES = {
    1: TimeInForce.GTC,
    2: TimeInForce.POST_ONLY,
    3: TimeInForce.IOC,
    4: TimeInForce.FOK,
    5: TimeInForce.IOC,
    6: TimeInForce.IOC,
}
"""By ``type``: 5 and 6 are orders at market."""
_AT_MARKET = (5, 6)
_REFUSALS = {
    Why.DUPLICATE_ID: (603, "Duplicate external order id"),
    Why.QUANTITY_PRECISION: (2015, "Precision error"),
    Why.QUANTITY_STEP: (2008, "The quantity error"),
    Why.QUANTITY_RANGE: (2011, "The quantity is out of range"),
    Why.PRICE_PRECISION: (2015, "Precision error"),
    Why.PRICE_TICK: (2007, "The price error"),
    Why.PRICE_BAND: (2003, "The price is beyond the limit"),
    Why.MINIMUM_NOTIONAL: (2011, "The amount is too small"),
    Why.REDUCE_ONLY: (2009, "Position does not exist or has been closed"),
    Why.POSITION_LIMIT: (2025, "The position limit is exceeded"),
    Why.MARGIN: (2005, "Balance insufficient"),
    Why.TOO_MANY: (2036, "Too many open orders"),
    Why.DELISTED: (1002, "Contract not activated"),
    Why.CLOSING_ONLY: (6002, "Opening positions is forbidden"),
    Why.UNKNOWN_ORDER: (2040, "order not exist"),
}


class TradeApi:
    """One method an endpoint. ``soon`` runs a new order's matching after the answer is on its way."""

    def __init__(self, exchange: Exchange, data: MarketData, soon: Callable[[Callable[[], None]], None]) -> None:
        self._exchange, self._data, self._soon = exchange, data, soon

    def create(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST order/create."""
        return {"orderId": str(self._place(parameters, account).number), "ts": self._exchange.now_ms}

    def submit(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST order/submit, the older path: answers with the bare number."""
        return self._place(parameters, account).number

    def cancel(self, parameters: Any, account: Account, _: ApiKey) -> Any:
        """POST order/cancel: an array of numbers; each row says what became of it."""
        if not isinstance(parameters, list) or not 0 < len(parameters) <= MOST_CANCELLED:
            raise MexcRefusal(2034, "The number of orders is out of range")
        return [self._cancelled(account, str(wanted), account.find_order(str(wanted), "")) for wanted in parameters]

    def cancel_external(self, parameters: Any, account: Account, _: ApiKey) -> Any:
        """POST order/cancel_with_external: one object; batch_cancel_with_external: a list of them."""
        wanted = parameters if isinstance(parameters, list) else [parameters]
        rows = []
        for one in wanted:
            order = account.find_order("", text(one, "externalOid"))
            rows.append(self._cancelled(account, "0" if order is None else str(order.number), order))
        return rows

    def cancel_all(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST order/cancel_all: of a contract or of all."""
        symbol = text(parameters, "symbol")
        for order in self._contract_orders(account.open_orders()):
            if symbol in ("", order.listing.symbol):
                self._exchange.matching.cancel(account, order)
        return None

    def close_all(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """POST position/close_all: at market."""
        for position in tuple(account.held()):
            self._close(account, position)
        return None

    def order(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET order/get/{order_id}."""
        return self._shown(account, account.find_order(text(parameters, "order_id"), ""))

    def external(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET order/external/{symbol}/{external_oid}."""
        order = account.find_order("", text(parameters, "external_oid"))
        if order is not None and order.listing.symbol != text(parameters, "symbol"):
            order = None
        return self._shown(account, order)

    def open_orders(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET order/list/open_orders, and …/{symbol}: newest first."""
        symbol = text(parameters, "symbol")
        rows = [
            encode.order_row(account, order)
            for order in reversed(self._contract_orders(account.open_orders()))
            if symbol in ("", order.listing.symbol)
        ]
        return page_of(parameters, rows)

    def history(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET order/list/history_orders: open ones too, newest first, by when they were made."""
        symbol, states = text(parameters, "symbol"), text(parameters, "states")
        start, end = whole(parameters, "start_time", 0), whole(parameters, "end_time", 1 << 53)
        orders = self._contract_orders([*account.closed_orders, *account.open_orders()])
        rows = [
            encode.order_row(account, order)
            for order in sorted(orders, key=lambda order: order.number, reverse=True)
            if symbol in ("", order.listing.symbol) and start <= order.created_ms <= end
        ]
        return page_of(parameters, [row for row in rows if not states or str(row["state"]) in states.split(",")])

    def deals(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET order/list/order_deals/v3: fills, newest first; the clients' own names are not told."""
        symbol, order = text(parameters, "symbol"), text(parameters, "order_id")
        start, end = whole(parameters, "start_time", 0), whole(parameters, "end_time", 1 << 53)
        rows = [
            encode.deal_row(fill, pushed=False)
            for fill in reversed(account.fills)
            if fill.order is not None
            and not fill.listing.spot
            and symbol in ("", fill.listing.symbol)
            and order in ("", str(fill.order.number))
            and start <= fill.time_ms <= end
        ]
        return page_of(parameters, rows)

    def fee_details(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET order/fee_details: fees of one contract's fills, newest first; a bare list, without the contract."""
        listing = self._data.listing(parameters)
        start, end = whole(parameters, "start_time", 0), whole(parameters, "end_time", 1 << 53)
        number, size = whole(parameters, "page_num", 1, lowest=1), whole(parameters, "page_size", 20, highest=100)
        rows = [
            encode.fee_row(fill)
            for fill in reversed(account.fills)
            if fill.order is not None and fill.listing is listing and start <= fill.time_ms <= end
        ]
        return rows[(number - 1) * size : number * size]

    # --- inside ---------------------------------------------------------------------------------------------

    def _place(self, parameters: Parameters, account: Account) -> Order:
        request = self._request(parameters, account)
        try:
            order = self._exchange.matching.accept(account, request, ids_for_ever=True)
        except Refused as refused:
            raise MexcRefusal(*_REFUSALS[refused.why]) from None
        self._soon(lambda: self._exchange.matching.execute(account, order))
        return order

    def _request(self, parameters: Parameters, account: Account) -> OrderRequest:
        listing = self._data.listing(parameters)
        side, kind = whole(parameters, "side", 0), whole(parameters, "type", 0)
        name = text(parameters, "externalOid")
        if side not in (1, 2, 3, 4):
            raise MexcRefusal(2001, "The side of the order is wrong")
        if kind not in _FORCES:
            raise MexcRefusal(2029, "The type of the order is wrong")
        if name and not _EXTERNAL_OID.match(name):
            raise MexcRefusal(2030, "The external order id is too long or holds other characters")
        hedges = account.hedges(listing)
        self._check_mode(parameters, hedges=hedges)
        position_side = PositionSide.BOTH
        if hedges:
            position_side = PositionSide.LONG if side in (1, 4) else PositionSide.SHORT
        closes = side in (2, 4)
        self._take_margin(parameters, account, listing, position_side, closes=closes)
        return OrderRequest(
            listing=listing,
            side="buy" if side in (1, 2) else "sell",
            quantity=decimal(parameters, "vol", 2011),
            price=None if kind in _AT_MARKET else decimal(parameters, "price", 2007),
            time_in_force=_FORCES[kind],
            reduce_only=not hedges and (closes or text(parameters, "reduceOnly") == "true"),
            client_id=name,
            position_side=position_side,
        )

    @staticmethod
    def _check_mode(parameters: Parameters, *, hedges: bool) -> None:
        """An order of another position mode than the account's is refused; so is reduceOnly in hedge mode."""
        asked = whole(parameters, "positionMode", HEDGE if hedges else ONE_WAY)
        if asked != (HEDGE if hedges else ONE_WAY):
            raise MexcRefusal(2022, "The position mode is not the account's")
        if hedges and text(parameters, "reduceOnly") == "true":
            raise MexcRefusal(600, "Parameter error: reduceOnly")

    def _take_margin(
        self, parameters: Parameters, account: Account, listing: Listing, side: PositionSide, *, closes: bool
    ) -> None:
        """An order that opens sets margin mode and leverage of its side, as far as it names them."""
        kind = whole(parameters, "openType", CROSS)
        if kind not in (ISOLATED, CROSS):
            raise MexcRefusal(2002, "The open type is wrong")
        wanted = MarginMode.ISOLATED if kind == ISOLATED else MarginMode.CROSS
        held = account.position(listing, side).quantity
        if closes:
            return
        if held and wanted is not account.mode(listing, side):
            raise MexcRefusal(2027, "Cross and isolated positions of a contract do not mix")
        if not text(parameters, "leverage"):
            if wanted is MarginMode.ISOLATED:
                raise MexcRefusal(2006, "The leverage ratio error")
        else:
            self._take_leverage(decimal(parameters, "leverage", 2006), account, listing, side, held)
        if wanted is not account.mode(listing, side):
            self._exchange.settings.margin_mode(account, wanted, listing, side)

    def _take_leverage(
        self, leverage: Decimal, account: Account, listing: Listing, side: PositionSide, held: Decimal
    ) -> None:
        most = listing.instrument.maximum_leverage
        if most is None or not 1 <= leverage <= most:
            raise MexcRefusal(2006, "The leverage ratio error")
        if leverage == account.leverage(listing, side):
            return
        if held:
            raise MexcRefusal(2021, "The leverage is not that of the position")
        self._exchange.settings.leverage(account, listing, leverage, side)

    def _cancelled(self, account: Account, wanted: str, order: Order | None) -> dict[str, Any]:
        if order is None:
            return {"orderId": wanted, "errorCode": 2040, "errorMsg": "order not exist"}
        if not order.is_open():
            return {"orderId": wanted, "errorCode": 2041, "errorMsg": "order state cannot be cancelled"}
        self._exchange.matching.cancel(account, order)
        return {"orderId": wanted, "errorCode": 0, "errorMsg": "success"}

    def _close(self, account: Account, position: Position) -> None:
        request = OrderRequest(
            listing=position.listing,
            side="sell" if position.quantity > 0 else "buy",
            quantity=abs(position.quantity),
            price=None,
            time_in_force=TimeInForce.IOC,
            reduce_only=position.side is PositionSide.BOTH,
            position_side=position.side,
        )
        order = self._exchange.matching.accept(account, request, ids_for_ever=True)
        self._exchange.matching.execute(account, order)

    @staticmethod
    def _shown(account: Account, order: Order | None) -> dict[str, Any]:
        if order is None or order.listing.spot:
            raise MexcRefusal(2040, "order not exist")
        return encode.order_row(account, order)

    @staticmethod
    def _contract_orders(orders: list[Order]) -> list[Order]:
        return [order for order in orders if not order.listing.spot]
