"""Small bodies and frames of Bybit, each with the fields that are read: no figure in them is 0."""

from __future__ import annotations

from typing import Any, Final

from tests.feeds.one_field import MS, Case


def _bybit(endpoint: str, row: dict[str, Any], *spare: str, category: str = "linear") -> Case:
    body = {"retCode": 0, "retMsg": "OK", "result": {"category": category, "list": [row]}, "time": MS}
    return Case("bybit", "linear", endpoint, body, frozenset({"retMsg", "category", "time", *spare}))


def _bybit_push(topic: str, row: dict[str, Any], *spare: str) -> Case:
    return Case(
        "bybit",
        "linear",
        "",
        {"topic": topic, "creationTime": MS, "data": [row]},
        frozenset({"topic", "category", *spare}),
    )


_BYBIT_POSITION: Final = {
    "symbol": "ETHUSD",
    "positionIdx": 0,
    "side": "Sell",
    "size": "420",
    "avgPrice": "2510.5",
    "liqPrice": "3120.25",
    "leverage": "7",
    "positionBalance": "0.031",
    "updatedTime": str(MS + 1),
}
_BYBIT_ORDER: Final = {
    "symbol": "SOLUSDT",
    "orderId": "a-17",
    "orderLinkId": "hr-17",
    "side": "Sell",
    "orderType": "Limit",
    "positionIdx": 0,
    "orderStatus": "PartiallyFilled",
    "qty": "31",
    "cumExecQty": "12",
    "price": "151.5",
    "avgPrice": "151.75",
    "updatedTime": str(MS + 2),
}
_BYBIT_EXECUTION: Final = {
    "category": "linear",
    "symbol": "SOLUSDT",
    "execId": "x-9",
    "orderId": "a-17",
    "orderLinkId": "hr-17",
    "side": "Sell",
    "execType": "Trade",
    "execPrice": "151.75",
    "execQty": "12",
    "execFee": "1.0015",
    "feeCurrency": "USDT",
    "execTime": str(MS + 3),
}
_BYBIT_SETTLEMENT: Final = {
    "id": "l-1",
    "symbol": "SOLUSDT",
    "category": "linear",
    "type": "SETTLEMENT",
    "side": "Sell",
    "currency": "USDT",
    "tradePrice": "152.5",
    "funding": "0.375",
    "feeRate": "-0.0002",
    "transactionTime": str(MS),
}
_BYBIT_CHARGE: Final = {
    "id": "l-2",
    "symbol": "SOLUSDT",
    "category": "linear",
    "type": "TRADE",
    "currency": "USDT",
    "fee": "1.0015",
    "tradeId": "x-9",
    "transactionTime": str(MS),
}

CASES: Final = [
    _bybit("/v5/position/list", _BYBIT_POSITION, "updatedTime", category="inverse"),
    _bybit("/v5/order/realtime", _BYBIT_ORDER, "updatedTime", "orderLinkId", "orderType"),
    _bybit("/v5/execution/list", _BYBIT_EXECUTION, "feeCurrency", "execType", "orderLinkId"),
    _bybit("/v5/account/transaction-log", _BYBIT_SETTLEMENT, "id", "side", "type"),
    _bybit("/v5/account/transaction-log", _BYBIT_CHARGE, "id", "tradeId", "type", "symbol"),
    _bybit(
        "/v5/account/wallet-balance", {"coin": [{"coin": "SOL", "walletBalance": "3.5", "spotBorrow": "1.25"}]}
    )._replace(spare=frozenset({"retMsg", "category", "time", "spotBorrow"})),
    _bybit(
        "/v5/market/tickers",
        {
            "symbol": "SOLUSDT",
            "markPrice": "152.5",
            "indexPrice": "152.75",
            "lastPrice": "152.25",
            "bid1Price": "152",
            "bid1Size": "15",
            "ask1Price": "153",
            "ask1Size": "16",
            "fundingRate": "0.0002",
            "nextFundingTime": str(MS),
            "prevPrice24h": "149",
            "highPrice24h": "155",
            "lowPrice24h": "148",
            "volume24h": "7000",
            "turnover24h": "1060000",
        },
    ),
    _bybit(
        "/v5/market/funding/history", {"symbol": "SOLUSDT", "fundingRate": "0.0003", "fundingRateTimestamp": str(MS)}
    ),
    _bybit_push("position", {**_BYBIT_POSITION, "category": "linear"}, "updatedTime"),
    _bybit_push("order", {**_BYBIT_ORDER, "category": "linear"}, "updatedTime", "orderLinkId", "orderType"),
    _bybit_push("execution", _BYBIT_EXECUTION, "feeCurrency", "execType", "orderLinkId"),
    _bybit_push("wallet", {"coin": [{"coin": "SOL", "walletBalance": "3.5"}]}),
]
