"""Spot orders, trades and balances as Binance writes them, over REST and on the stream of an account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from feeds.sim.accounts import ZERO, Account, Fill, Order, OrderStatus, TimeInForce
from feeds.sim.binance.encode import STATUS, TIME_IN_FORCE
from feeds.sim.events import OrderChanged
from feeds.sim.risk import spot_locked
from feeds.sim.wire import places

Fields = dict[str, Any]

_EXECUTIONS = {"new": "NEW", "trade": "TRADE", "amend": "REPLACED", "cancel": "CANCELED", "expire": "EXPIRED"}


def balances(account: Account) -> dict[str, tuple[Decimal, Decimal]]:
    """What of each asset is free, and what open orders lock."""
    locked = spot_locked(account)
    return {
        asset: (amount - locked.get(asset, ZERO), locked.get(asset, ZERO))
        for asset, amount in account.wallets["spot"].items()
    }


def order(item: Order) -> Fields:
    """An order as it is placed, cancelled and found."""
    return {
        "symbol": item.listing.symbol,
        "orderId": item.number,
        "orderListId": -1,
        "clientOrderId": item.client_id,
        "price": places(item.price or ZERO, 8),
        "origQty": places(item.quantity, 8),
        "executedQty": places(item.filled, 8),
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": places(item.value, 8),
        "status": STATUS[item.status],
        "timeInForce": _force(item),
        "type": kind(item),
        "side": item.side.upper(),
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }


def placed(item: Order, fills: list[Fill]) -> Fields:
    """The full answer to a new order."""
    rows = [
        {
            "price": places(fill.price, 8),
            "qty": places(fill.quantity, 8),
            "commission": places(fill.fee, 8),
            "commissionAsset": fill.fee_asset,
            "tradeId": fill.number,
        }
        for fill in fills
    ]
    return order(item) | {"transactTime": item.updated_ms, "workingTime": item.created_ms, "fills": rows}


def queried(item: Order) -> Fields:
    """An order as queries answer it."""
    times = {"time": item.created_ms, "updateTime": item.updated_ms, "workingTime": item.created_ms}
    more = {"stopPrice": "0.00000000", "icebergQty": "0.00000000", "isWorking": True}
    return order(item) | times | more


def trade(fill: Fill) -> Fields:
    """One row of myTrades."""
    assert fill.order is not None
    return {
        "symbol": fill.listing.symbol,
        "id": fill.number,
        "orderId": fill.order.number,
        "orderListId": -1,
        "price": places(fill.price, 8),
        "qty": places(fill.quantity, 8),
        "quoteQty": places(fill.price * fill.quantity, 8),
        "commission": places(fill.fee, 8),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ms,
        "isBuyer": fill.side == "buy",
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def kind(item: Order) -> str:
    """The order's type: post-only orders are a type of their own."""
    if item.price is None:
        return "MARKET"
    return "LIMIT_MAKER" if item.time_in_force is TimeInForce.POST_ONLY else "LIMIT"


def execution_report(event: OrderChanged, now_ms: int) -> Fields:
    """``executionReport``."""
    item, fill = event.order, event.fill
    rejected = item.status is OrderStatus.CANCELLED
    return {
        "e": "executionReport",
        "E": now_ms,
        "s": item.listing.symbol,
        "c": item.client_id,
        "S": item.side.upper(),
        "o": kind(item),
        "f": _force(item),
        "q": places(item.quantity, 8),
        "p": places(item.price or ZERO, 8),
        "P": "0.00000000",
        "F": "0.00000000",
        "g": -1,
        "C": item.client_id if rejected else "",
        "x": _EXECUTIONS[event.what],
        "X": STATUS[item.status],
        "r": "NONE",
        "i": item.number,
        "l": places(fill.quantity if fill else ZERO, 8),
        "z": places(item.filled, 8),
        "L": places(fill.price if fill else ZERO, 8),
        "n": places(fill.fee, 8) if fill else "0",
        "N": fill.fee_asset if fill else None,
        "T": now_ms,
        "t": fill.number if fill else -1,
        "I": item.number,
        "w": item.is_open(),
        "m": fill is not None and fill.maker,
        "M": False,
        "O": item.created_ms,
        "Z": places(item.value, 8),
        "Y": places(fill.price * fill.quantity if fill else ZERO, 8),
        "Q": "0.00000000",
        "W": item.created_ms,
        "V": "EXPIRE_MAKER",
    }


def account_position(account: Account, assets: tuple[str, ...], now_ms: int) -> Fields:
    """``outboundAccountPosition``: absolute values of the assets that may have changed."""
    held = balances(account)
    rows = [
        {"a": asset, "f": places(held.get(asset, (ZERO, ZERO))[0], 8), "l": places(held.get(asset, (ZERO, ZERO))[1], 8)}
        for asset in assets
    ]
    return {"e": "outboundAccountPosition", "E": now_ms, "u": now_ms, "B": rows}


def balance_update(asset: str, change: Decimal, now_ms: int) -> Fields:
    """``balanceUpdate``: a deposit or a transfer, as a difference."""
    return {"e": "balanceUpdate", "E": now_ms, "a": asset, "d": places(change, 8), "T": now_ms}


def _force(item: Order) -> str:
    if item.price is None or item.time_in_force is TimeInForce.POST_ONLY:
        return "GTC"
    return TIME_IN_FORCE[item.time_in_force]
