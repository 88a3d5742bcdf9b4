"""Bodies of BingX's REST answers, and what is read from them."""

from __future__ import annotations

import json
from typing import Any

from core.events import AnyEvent
from feeds.bingx import answers
from feeds.venue import RestAnswer

HOUR_MS = 3_600_000
MS = 1_790_006_400_000
NS = MS * 1_000_000
assert MS % (8 * HOUR_MS) == 0


def body(data: Any, **more: Any) -> bytes:
    return json.dumps({"code": 0, "msg": "", "data": data} | more).encode()


def read(path: str, data: Any, *, method: str = "GET", **parameters: str) -> list[AnyEvent]:
    answer = RestAnswer(path=path, body=body(data), received_ns=NS, parameters=parameters, method=method)
    return list(answers.events(answer))


PREMIUM: dict[str, Any] = {
    "symbol": "BTC-USDT",
    "markPrice": "42216.4",
    "indexPrice": "42219.9",
    "lastFundingRate": "-0.00025100",
    "nextFundingTime": MS,
    "fundingIntervalHours": 4,
}


CONTRACT: dict[str, Any] = {
    "contractId": "100",
    "symbol": "BTC-USDT",
    "size": "0.0001",
    "quantityPrecision": 4,
    "pricePrecision": 1,
    "tradeMinQuantity": 0.0002,
    "tradeMinUSDT": 2,
    "maxLongLeverage": 125,
    "maxShortLeverage": 100,
    "currency": "USDT",
    "asset": "BTC",
    "status": 1,
    "apiStateOpen": "true",
}


INVERSE: dict[str, Any] = {
    "symbol": "BTC-USD",
    "pricePrecision": 1,
    "minTickSize": "100",
    "minTradeValue": "100",
    "minQty": "1.00000000",
    "status": 1,
}


def tier(floor: str, cap: str, rate: str, deduction: str) -> dict[str, str]:
    return {
        "symbol": "BTC-USDT",
        "minPositionVal": floor,
        "maxPositionVal": cap,
        "maintMarginRatio": rate,
        "maintAmount": deduction,
    }


def candle(hours: int, close: str) -> dict[str, Any]:
    time = MS - hours * HOUR_MS
    return {"open": "1", "close": close, "high": "3", "low": "0.5", "openTime": time, "closeTime": time + HOUR_MS - 1}


POSITION: dict[str, Any] = {
    "symbol": "BNB-USDT",
    "positionAmt": "0.20",
    "positionSide": "SHORT",
    "isolated": True,
    "avgPrice": "246.43",
    "initialMargin": "9.7914",
    "leverage": 5,
    "unrealizedProfit": "-0.0653",
    "liquidationPrice": 294.16914617776246,
}


INCOME: dict[str, Any] = {
    "symbol": "LDO-USDT",
    "incomeType": "FUNDING_FEE",
    "income": "-0.0292",
    "asset": "USDT",
    "info": "Funding Fee",
    "time": MS + 15_000,
    "tranId": "17",
    "tradeId": "18",
}


ORDER: dict[str, Any] = {
    "symbol": "OP-USDT",
    "orderId": 1736012449498123521,
    "side": "SELL",
    "positionSide": "SHORT",
    "type": "LIMIT",
    "origQty": "1.5",
    "price": "2.171",
    "executedQty": "0.5",
    "avgPrice": "2.172",
    "status": "PENDING",
    "time": MS,
    "updateTime": MS + 20,
    "clientOrderId": "hr-1",
    "reduceOnly": True,
}


FILL: dict[str, Any] = {
    "symbol": "BTC-USDT",
    "qty": "0.0615",
    "price": "76445.4",
    "commission": "-2.350696",
    "commissionAsset": "USDT",
    "orderId": "21",
    "tradeId": "77",
    "filledTime": "2026-09-18T02:39:57.250+08:00",
    "side": "SELL",
    "positionSide": "LONG",
    "role": "maker",
}
