"""Rows about an account, as MEXC writes them."""

from __future__ import annotations

from typing import Any

from tests.feeds.mexc.frames import TS

POSITION: dict[str, Any] = {
    "positionId": 1394650,
    "symbol": "BTC_USDT",
    "positionType": 2,
    "openType": 1,
    "state": 1,
    "holdVol": 1500,
    "frozenVol": 0,
    "closeVol": 0,
    "holdAvgPrice": 61000.5,
    "openAvgPrice": 61000.5,
    "closeAvgPrice": 0,
    "liquidatePrice": 90123.4,
    "oim": 4580.25,
    "im": 4590.25,
    "holdFee": 1.5,
    "realised": -7.3,
    "leverage": 2,
    "createTime": TS - 9000,
    "updateTime": TS - 5000,
    "autoAddIm": False,
}
ORDER: dict[str, Any] = {
    "orderId": "739113577038255616",
    "symbol": "BTC_USDT",
    "positionId": 0,
    "price": 62000.5,
    "vol": 100,
    "leverage": 2,
    "side": 3,
    "category": 1,
    "orderType": 2,
    "dealAvgPrice": 0,
    "dealVol": 0,
    "orderMargin": 310.25,
    "takerFee": 0,
    "makerFee": 0,
    "profit": 0,
    "feeCurrency": "USDT",
    "openType": 1,
    "state": 2,
    "externalOid": "hr-1-0123456789",
    "errorCode": 0,
    "usedMargin": 0,
    "createTime": TS - 700,
    "updateTime": TS - 600,
    "positionMode": 1,
}
DEAL: dict[str, Any] = {
    "id": 299444585,
    "symbol": "BTC_USDT",
    "side": 3,
    "vol": 40,
    "price": 62000.5,
    "feeCurrency": "USDT",
    "fee": 0.1984016,
    "timestamp": TS - 500,
    "profit": 0,
    "isTaker": False,
    "category": 1,
    "orderId": "739113577038255616",
    "externalOid": "hr-1-0123456789",
    "positionMode": 1,
    "reduceOnly": False,
}
