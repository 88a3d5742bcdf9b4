"""Small bodies and frames of MEXC, each with the fields that are read: no figure in them is 0."""

from __future__ import annotations

from typing import Any, Final

from tests.feeds.one_field import MS, Case


def _mexc(endpoint: str, data: Any, *spare: str) -> Case:
    body = {"success": True, "code": 0, "data": data}
    return Case("mexc", "linear", endpoint, body, frozenset({"success", "code", *spare}))


_MEXC_ORDER: Final = {
    "orderId": "61",
    "externalOid": "hr-61",
    "symbol": "SOL_USDT",
    "side": 3,
    "vol": 31,
    "dealVol": 12,
    "price": 151.5,
    "dealAvgPrice": 151.75,
    "state": 2,
    "positionMode": 1,
    "updateTime": MS,
}
_MEXC_DEAL: Final = {
    "id": "97",
    "orderId": "61",
    "externalOid": "hr-61",
    "symbol": "SOL_USDT",
    "side": 3,
    "vol": 5,
    "price": 151.25,
    "fee": 0.4,
    "feeCurrency": "USDT",
    "timestamp": MS,
}
_MEXC_POSITION: Final = {
    "positionId": 7,
    "symbol": "SOL_USDT",
    "positionType": 2,
    "openType": 1,
    "state": 1,
    "holdVol": 31,
    "holdAvgPrice": 151.5,
    "liquidatePrice": 201.5,
    "im": 800.5,
    "leverage": 7,
    "updateTime": MS,
}

CASES: Final = [
    _mexc("/api/v1/private/position/open_positions", [_MEXC_POSITION], "state", "openType", "positionId"),
    _mexc("/api/v1/private/order/get/61", _MEXC_ORDER, "externalOid", "positionMode", "orderId"),
    _mexc("/api/v1/private/order/list/order_deals/v3", [_MEXC_DEAL], "externalOid", "orderId"),
    _mexc(
        "/api/v1/private/position/funding_records",
        {
            "totalPage": 1,
            "resultList": [
                {"id": 5, "symbol": "SOL_USDT", "positionType": 2, "funding": 0.375, "rate": 0.0002, "settleTime": MS}
            ],
        },
        "positionType",
    ),
    _mexc("/api/v1/private/account/assets", [{"currency": "USDT", "equity": 1210.75, "unrealized": 10.25}]),
    _mexc(
        "/api/v1/contract/ticker",
        {
            "symbol": "SOL_USDT",
            "fairPrice": 152.5,
            "indexPrice": 152.75,
            "lastPrice": 152.25,
            "bid1": 152,
            "ask1": 153,
            "fundingRate": 0.0002,
            "high24Price": 155,
            "lower24Price": 148,
            "volume24": 7000,
            "amount24": 1060000,
            "timestamp": MS,
        },
    ),
    Case(
        "mexc",
        "spot",
        "/api/v3/ticker/24hr",
        {
            "symbol": "SOLUSDT",
            "openPrice": "149",
            "highPrice": "155",
            "lowPrice": "148",
            "lastPrice": "152.25",
            "volume": "7000",
            "quoteVolume": "1060000",
            "closeTime": MS,
        },
    ),
    Case("mexc", "spot", "/api/v3/account", {"balances": [{"asset": "SOL", "free": "3.5", "locked": "1.25"}]}),
    Case(
        "mexc", "linear", "", {"channel": "push.personal.order", "data": _MEXC_ORDER, "ts": MS}, frozenset({"channel"})
    )._replace(spare=frozenset({"channel", "externalOid", "positionMode", "orderId"})),
    Case(
        "mexc", "linear", "", {"channel": "push.personal.order.deal", "data": _MEXC_DEAL, "ts": MS}, frozenset()
    )._replace(spare=frozenset({"channel", "externalOid", "orderId"})),
    Case(
        "mexc", "linear", "", {"channel": "push.personal.position", "data": _MEXC_POSITION, "ts": MS}, frozenset()
    )._replace(spare=frozenset({"channel", "state", "openType", "positionId"})),
]
