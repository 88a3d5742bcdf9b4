"""Accounts as WEEX writes them: orders, trades, positions, balances, ledger, over REST and on the private stream.

The two differ in names, and in what they tell: only REST has unrealised profit and liquidation price.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from core.books import MarginMode
from feeds.sim.accounts import ZERO, Account, Fill, LedgerRow, Order, OrderStatus, Position, PositionSide, Purpose
from feeds.sim.exchange import Exchange
from feeds.sim.printed import liquidation_price
from feeds.sim.wire import places, plain, short

Fields = dict[str, Any]

LIQUIDATION_FEE_RATE = "0.01"

_STATUS = {
    OrderStatus.NEW: "NEW",
    OrderStatus.PARTIALLY_FILLED: "NEW",
    OrderStatus.FILLED: "FILLED",
    OrderStatus.CANCELLED: "CANCELED",
    OrderStatus.EXPIRED: "CANCELED",
}
"""No state of its own is documented for an order that is filled in part."""

_LEDGER = {"funding": "position_funding", "transfer": "transfer_in", "insurance": "order_liquidate_fee_income"}


def position_side(side: PositionSide, *, long: bool) -> str:
    """LONG or SHORT: also in one-way mode each position and order says which."""
    return side.value if side is not PositionSide.BOTH else "LONG" if long else "SHORT"


def order_side(item: Order) -> str:
    """The side of the position that an order is for: in one-way mode that which it opens, or closes."""
    return position_side(item.position_side, long=(item.side == "buy") is not item.reduce_only)


def order(item: Order) -> Fields:
    """An order as queries answer it."""
    return {
        "avgPrice": plain(item.average_price),
        "clientOrderId": item.client_id,
        "cumQuote": plain(item.value),
        "executedQty": plain(item.filled),
        "orderId": item.number,
        "origQty": plain(item.quantity),
        "price": "0" if item.price is None else plain(item.price),
        "reduceOnly": item.closes,
        "side": item.side.upper(),
        "positionSide": order_side(item),
        "status": _STATUS[item.status],
        "stopPrice": "0",
        "symbol": item.listing.symbol,
        "time": item.created_ms,
        "timeInForce": _force(item),
        "type": "MARKET" if item.price is None else "LIMIT",
        "updateTime": item.updated_ms,
        "workingType": "UNKNOWN_PRICE_TYPE",
    }


def _force(item: Order) -> str:
    return "IOC" if item.price is None else item.time_in_force.value.upper()


def placed(item: Order) -> Fields:
    """What a request to place an order is answered."""
    head = {"orderId": str(item.number), "clientOrderId": item.client_id}
    return head | {"success": True, "errorCode": "", "errorMessage": ""}


def streamed_order(exchange: Exchange, account: Account, item: Order) -> Fields:
    """A row of the ``orders`` channel."""
    listing = item.listing
    return {
        "id": str(item.number),
        "coin": listing.instrument.settle,
        "symbol": listing.symbol,
        "marginMode": _mode(account, item.listing, item.position_side),
        "separatedMode": "COMBINED",
        "separatedOpenOrderId": "0",
        "positionSide": order_side(item),
        "orderSide": item.side.upper(),
        "price": "0" if item.price is None else plain(item.price),
        "size": plain(item.quantity),
        "clientOrderId": item.client_id,
        "type": "MARKET" if item.price is None else "LIMIT",
        "timeInForce": _force(item),
        "reduceOnly": item.closes,
        "triggerPrice": "0",
        "orderSource": "API",
        "leverage": plain(account.leverage(listing, item.position_side)),
        "takerFeeRate": plain(listing.taker_fee),
        "makerFeeRate": plain(listing.maker_fee),
        "feeDiscount": "1",
        "liquidateFeeRate": LIQUIDATION_FEE_RATE,
        "status": _STATUS[item.status],
        "cancelReason": "USER_CANCELED" if item.reason == "user" else "UNKNOWN_ORDER_CANCEL_REASON",
        "latestFillPrice": "0",
        "cumFillSize": plain(item.filled),
        "cumFillValue": plain(item.value),
        "cumFillFee": plain(item.fees),
        "cumLiquidateFee": "0",
        "cumRealizePnl": plain(item.realised),
        "createdTime": str(item.created_ms),
        "updatedTime": str(item.updated_ms),
    }


def trade(fill: Fill) -> Fields:
    """A row of ``userTrades``."""
    assert fill.order is not None
    return {
        "id": fill.number,
        "orderId": fill.order.number,
        "symbol": fill.listing.symbol,
        "buyer": fill.side == "buy",
        "commission": "0" if fill.purpose is Purpose.LIQUIDATION else plain(fill.fee),
        "commissionAsset": fill.fee_asset,
        "maker": fill.maker,
        "price": plain(fill.price),
        "qty": plain(fill.quantity),
        "quoteQty": plain(fill.price * fill.quantity),
        "realizedPnl": plain(fill.realised),
        "side": fill.side.upper(),
        "positionSide": order_side(fill.order),
        "time": fill.time_ms,
    }


def streamed_fill(account: Account, fill: Fill) -> Fields:
    """A row of the ``fill`` channel: its price is a value by a size, and a liquidation's fee stands apart."""
    assert fill.order is not None
    forced = fill.purpose is Purpose.LIQUIDATION
    return {
        "id": str(fill.number),
        "coin": fill.fee_asset,
        "symbol": fill.listing.symbol,
        "orderId": str(fill.order.number),
        "marginMode": _mode(account, fill.listing, fill.position_side),
        "separatedMode": "COMBINED",
        "separatedOpenOrderId": "0",
        "positionSide": order_side(fill.order),
        "orderSide": fill.side.upper(),
        "fillSize": plain(fill.quantity),
        "fillValue": plain(fill.price * fill.quantity),
        "fillFee": "0" if forced else plain(fill.fee),
        "liquidateFee": plain(fill.fee) if forced else "0",
        "realizePnl": plain(fill.realised),
        "direction": "MAKER" if fill.maker else "TAKER",
        "createdTime": str(fill.time_ms),
        "updatedTime": str(fill.time_ms),
    }


def _mode(account: Account, listing: Any, side: PositionSide) -> str:
    return "ISOLATED" if account.mode(listing, side) is MarginMode.ISOLATED else "CROSSED"


def _held(account: Account, item: Position) -> Fields:
    """What REST and stream tell of a position under the same names."""
    entry, size = item.holding.entry_price or ZERO, abs(item.quantity)
    digest = hashlib.sha256(f"{account.name} {item.listing.instrument.id} {item.side}".encode()).digest()
    isolated = _mode(account, item.listing, item.side) == "ISOLATED"
    return {
        "id": int.from_bytes(digest[:7]),
        "symbol": item.listing.symbol,
        "side": position_side(item.side, long=item.quantity >= 0),
        "separatedMode": "COMBINED",
        "leverage": plain(account.leverage(item.listing, item.side)),
        "size": plain(size) if size else "0",
        "openValue": short(entry * size),
        "openFee": "0",
        "fundingFee": "0",
        "isolatedMargin": plain(item.margin) if isolated and size else "0",
        "cumOpenSize": plain(size),
        "cumCloseSize": "0",
        "cumFundingFee": "0",
        "cumLiquidateFee": "0",
        "createdMatchSequenceId": item.sequence,
        "updatedMatchSequenceId": item.sequence,
    }


def position(exchange: Exchange, account: Account, item: Position) -> Fields:
    """A row of the position endpoints."""
    risk = exchange.risk
    liquidation = liquidation_price(risk, account, item)
    margin = risk.value(item) / account.leverage(item.listing, item.side)
    return _held(account, item) | {
        "asset": item.listing.instrument.settle,
        "marginType": _mode(account, item.listing, item.side),
        "separatedOpenOrderId": 0,
        "marginSize": places(margin, 6),
        "isAutoAppendIsolatedMargin": False,
        "createdTime": item.created_ms,
        "updatedTime": item.updated_ms,
        "unrealizePnl": places(risk.unrealised(item), 8),
        "liquidatePrice": "0" if liquidation is None else plain(liquidation),
    }


def streamed_position(account: Account, item: Position, fill: Fill | None) -> Fields:
    """A row of the ``positions`` channel: no profit and no liquidation price, and times are text. What a fill has
    closed is told under the side that it was."""
    told = _held(account, item)
    if fill is not None and not item.quantity:
        told["side"] = position_side(item.side, long=fill.side == "sell")
    return told | {
        "id": str(told["id"]),
        "coin": item.listing.instrument.settle,
        "marginMode": _mode(account, item.listing, item.side),
        "separatedOpenOrderId": "0",
        "autoAppendIsolatedMargin": False,
        "createdTime": str(item.created_ms),
        "updatedTime": str(item.updated_ms),
    }


def balance(exchange: Exchange, account: Account, asset: str) -> Fields:
    """A row of the contracts' balance."""
    health = exchange.risk.health(account, asset)
    profits = (exchange.risk.unrealised(item) for item in account.held() if item.listing.instrument.settle == asset)
    return {
        "asset": asset,
        "balance": places(account.wallet_of("linear").get(asset, ZERO), 8),
        "availableBalance": places(max(ZERO, health.available), 8),
        "frozen": places(health.order_initial, 8),
        "unrealizePnl": places(sum(profits, ZERO), 8),
    }


def streamed_balance(exchange: Exchange, account: Account, asset: str) -> Fields:
    """A row of the contracts' ``account`` channel: the collateral that is available, which is not the wallet."""
    health = exchange.risk.health(account, asset)
    wallet = account.wallet_of("linear").get(asset, ZERO)
    return {
        "coin": asset,
        "marginMode": "CROSSED",
        "crossSymbol": "",
        "isolatedPositionId": "0",
        "amount": places(max(ZERO, health.available), 8),
        "pendingDepositAmount": "0",
        "pendingWithdrawAmount": "0",
        "pendingTransferInAmount": "0",
        "pendingTransferOutAmount": "0",
        "liquidating": False,
        "legacyAmount": places(wallet, 8),
        "createdTime": str(account.updated_ms),
        "updatedTime": str(exchange.now_ms),
    }


def spot_coin(account: Account, asset: str) -> Fields:
    """A row of spot's ``account`` channel."""
    amount = places(account.wallet_of("spot").get(asset, ZERO), 8)
    return {"coin": asset, "equity": amount, "available": amount, "frozen": "0"}


def income(row: LedgerRow) -> Fields:
    """A record of the ledger; ``income`` is above zero where it came in."""
    fill, fee = row.fill, ZERO
    kind = _LEDGER.get(row.kind, row.kind)
    if row.kind == "transfer" and row.amount < 0:
        kind = "transfer_out"
    if row.kind in ("fee", "pnl") and fill is not None:
        fee = fill.fee if row.kind == "fee" else ZERO
        closing = fill.closed or row.kind == "pnl"
        long = (fill.side == "buy") is not bool(closing)
        kind = f"position_{'close' if closing else 'open'}_{'long' if long else 'short'}"
    return {
        "billId": row.number,
        "asset": row.asset,
        "symbol": row.symbol,
        "income": plain(row.amount),
        "incomeType": kind,
        "balance": plain(row.balance),
        "fillFee": plain(fee) if fee else "0",
        "time": row.time_ms,
        "transferReason": "UNKNOWN_TRANSFER_REASON",
    }


def leverages(account: Account, listing: Any) -> dict[str, Decimal]:
    """The three leverages of a contract."""
    return {
        "crossLeverage": account.leverage(listing),
        "isolatedLongLeverage": account.leverage(listing, PositionSide.LONG),
        "isolatedShortLeverage": account.leverage(listing, PositionSide.SHORT),
    }
