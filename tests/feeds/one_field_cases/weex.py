"""Small bodies and frames of WEEX, each with the fields that are read: no figure in them is 0."""

from __future__ import annotations

from typing import Any, Final

from tests.feeds.one_field import MS, Case


def _weex(endpoint: str, content: Any, *spare: str) -> Case:
    return Case("weex", "linear", endpoint, content, frozenset(spare))


_WEEX_POSITION: Final = {
    "symbol": "SOLUSDT",
    "side": "SHORT",
    "marginType": "ISOLATED",
    "leverage": "7",
    "size": "32",
    "openValue": "4848",
    "isolatedMargin": "800.5",
    "liquidatePrice": "201.5",
    "updatedTime": MS,
}
_WEEX_ORDER: Final = {
    "symbol": "SOLUSDT",
    "orderId": 71,
    "clientOrderId": "hr-71",
    "side": "SELL",
    "positionSide": "SHORT",
    "status": "PARTIALLY_FILLED",
    "origQty": "31",
    "executedQty": "12",
    "cumQuote": "1821",
    "price": "151.5",
    "updateTime": MS,
}

CASES: Final = [
    _weex("/capi/v3/account/position/allPosition", [_WEEX_POSITION], "marginType"),
    _weex("/capi/v3/openOrders", [_WEEX_ORDER], "clientOrderId", "orderId"),
    _weex(
        "/capi/v3/userTrades",
        [
            {
                "id": 97,
                "symbol": "SOLUSDT",
                "orderId": 71,
                "side": "SELL",
                "positionSide": "SHORT",
                "price": "151.25",
                "qty": "5",
                "commission": "0.4",
                "commissionAsset": "USDT",
                "time": MS,
            }
        ],
        "orderId",
    ),
    _weex(
        "/capi/v3/account/income",
        {
            "items": [
                {
                    "billId": 5,
                    "incomeType": "position_funding",
                    "symbol": "SOLUSDT",
                    "asset": "USDT",
                    "income": "0.375",
                    "time": MS,
                }
            ]
        },
        "incomeType",
    ),
    _weex("/capi/v3/account/balance", [{"asset": "USDT", "balance": "1200.5"}]),
    _weex(
        "/capi/v3/market/premiumIndex",
        [
            {
                "symbol": "SOLUSDT",
                "forecastFundingRate": "0.0002",
                "nextFundingTime": MS,
                "time": MS - 5,
                "collectCycle": 240,
            }
        ],
    ),
    _weex(
        "",
        {
            "e": "positions",
            "E": MS,
            "v": 3,
            "d": [{**_WEEX_POSITION, "openValue": "4848"}],
        },
        "e",
        "marginType",
    ),
]
