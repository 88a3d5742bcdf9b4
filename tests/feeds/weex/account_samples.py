"""Rows of an account at WEEX, as REST and as the private stream write them."""

from __future__ import annotations

from typing import Any

from tests.support.frames import encode

TIME = 1_786_310_817_583
POSITION: dict[str, Any] = {
    "id": 689987235755328154,
    "asset": "USDT",
    "symbol": "BTCUSDT",
    "side": "SHORT",
    "marginType": "ISOLATED",
    "separatedMode": "COMBINED",
    "leverage": "5",
    "size": "0.5",
    "openValue": "32500.25",
    "isolatedMargin": "6600.5",
    "updatedTime": TIME,
    "unrealizePnl": "-85.5690000",
    "liquidatePrice": "77001.5",
}
STREAMED_POSITION: dict[str, Any] = {
    "id": "689987235755328154",
    "coin": "USDT",
    "symbol": "BTCUSDT",
    "side": "SHORT",
    "marginMode": "ISOLATED",
    "separatedMode": "COMBINED",
    "leverage": "5",
    "size": "0.5",
    "openValue": "32500.25",
    "isolatedMargin": "6600.5",
    "updatedTime": str(TIME),
}
ORDER: dict[str, Any] = {
    "avgPrice": "65000.5",
    "clientOrderId": "hr-1",
    "cumQuote": "6500.05",
    "executedQty": "0.1",
    "orderId": 702345678901234567,
    "origQty": "0.5",
    "price": "65000",
    "reduceOnly": False,
    "side": "SELL",
    "positionSide": "SHORT",
    "status": "NEW",
    "symbol": "BTCUSDT",
    "time": TIME - 500,
    "updateTime": TIME,
    "timeInForce": "GTC",
    "type": "LIMIT",
}
STREAMED_ORDER: dict[str, Any] = {
    "id": "702345678901234567",
    "coin": "USDT",
    "symbol": "BTCUSDT",
    "positionSide": "SHORT",
    "orderSide": "SELL",
    "price": "65000",
    "size": "0.5",
    "clientOrderId": "hr-1",
    "type": "LIMIT",
    "reduceOnly": False,
    "status": "NEW",
    "cancelReason": "UNKNOWN_ORDER_CANCEL_REASON",
    "cumFillSize": "0.1",
    "cumFillValue": "6500.05",
    "updatedTime": str(TIME),
}
TRADE: dict[str, Any] = {
    "id": 801234567890123456,
    "orderId": 702345678901234567,
    "symbol": "BTCUSDT",
    "commission": "5.2",
    "commissionAsset": "USDT",
    "maker": False,
    "price": "65000.5",
    "qty": "0.1",
    "realizedPnl": "0",
    "side": "SELL",
    "positionSide": "SHORT",
    "time": TIME,
}
STREAMED_FILL: dict[str, Any] = {
    "id": "801234567890123456",
    "coin": "USDT",
    "symbol": "BTCUSDT",
    "orderId": "702345678901234567",
    "positionSide": "SHORT",
    "orderSide": "SELL",
    "fillSize": "0.1",
    "fillValue": "6500.05",
    "fillFee": "5.2",
    "liquidateFee": "0",
    "direction": "TAKER",
    "createdTime": str(TIME),
}
FUNDING: dict[str, Any] = {
    "billId": 686960019383517338,
    "asset": "USDT",
    "symbol": "BTCUSDT",
    "income": "-0.08266646",
    "incomeType": "position_funding",
    "balance": "4738.70667369",
    "fillFee": "0",
    "time": TIME,
}


def frame(channel: str, *rows: Any, version: int = 10, time: int = TIME, **outer: Any) -> bytes:
    """A frame of the private stream."""
    content = {"e": channel, "E": time, "v": version, "msgEvent": "OrderUpdate", "d": list(rows)}
    return encode(content | outer)
