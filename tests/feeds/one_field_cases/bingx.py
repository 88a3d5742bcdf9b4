"""Small bodies and frames of BingX, each with the fields that are read: no figure in them is 0."""

from __future__ import annotations

from typing import Any, Final

from tests.feeds.one_field import MS, Case


def _bingx(endpoint: str, data: Any, *spare: str, market: str = "linear") -> Case:
    return Case("bingx", market, endpoint, {"code": 0, "msg": "", "data": data}, frozenset({"code", "msg", *spare}))


_BINGX_ORDER: Final = {
    "symbol": "SOL-USDT",
    "orderId": 51,
    "clientOrderId": "hr-51",
    "side": "SELL",
    "positionSide": "SHORT",
    "type": "LIMIT",
    "origQty": "31",
    "executedQty": "12",
    "price": "151.5",
    "avgPrice": "151.75",
    "status": "PARTIALLY_FILLED",
    "updateTime": MS + 2,
}
_BINGX_POSITION: Final = {
    "symbol": "SOL-USDT",
    "positionAmt": "31",
    "positionSide": "SHORT",
    "isolated": True,
    "avgPrice": "151.5",
    "initialMargin": "800.5",
    "unrealizedProfit": "10.25",
    "leverage": 7,
    "liquidationPrice": 201.5,
    "updateTime": MS,
}

CASES: Final = [
    _bingx("/openApi/swap/v2/user/positions", [_BINGX_POSITION], "isolated", "updateTime"),
    _bingx(
        "/openApi/swap/v2/trade/order", {"order": _BINGX_ORDER}, "clientOrderId", "positionSide", "type", "updateTime"
    ),
    _bingx(
        "/openApi/swap/v2/trade/openOrders",
        {"orders": [_BINGX_ORDER]},
        "clientOrderId",
        "positionSide",
        "type",
        "updateTime",
    ),
    _bingx(
        "/openApi/cswap/v1/trade/allFillOrders",
        [
            {
                "symbol": "SOL-USD",
                "orderId": "51",
                "tradeId": "97",
                "side": "SELL",
                "positionSide": "SHORT",
                "volume": "5",
                "tradePrice": "151.25",
                "commission": "-0.004",
                "currency": "SOL",
                "tradeTime": MS,
            }
        ],
        "positionSide",
        "currency",
    ),
    _bingx(
        "/openApi/swap/v2/user/income",
        [
            {
                "symbol": "SOL-USDT",
                "incomeType": "FUNDING_FEE",
                "income": "0.375",
                "asset": "USDT",
                "time": MS,
                "tranId": "5",
            }
        ],
        "incomeType",
        "tranId",
    ),
    _bingx("/openApi/swap/v3/user/balance", [{"asset": "USDT", "balance": "1200.5"}], "balance"),
    _bingx("/openApi/spot/v1/account/balance", {"balances": [{"asset": "SOL", "free": "3.5", "locked": "1.25"}]}),
    _bingx(
        "/openApi/swap/v2/trade/leverage",
        {"symbol": "SOL-USDT", "longLeverage": 7, "shortLeverage": 7},
        "longLeverage",
        "shortLeverage",
    ),
    _bingx(
        "/openApi/cswap/v1/market/premiumIndex",
        [
            {
                "symbol": "SOL-USD",
                "markPrice": "152.5",
                "indexPrice": "152.75",
                "lastFundingRate": "0.0002",
                "nextFundingTime": MS,
                "fundingIntervalHours": 3,
            }
        ],
        "fundingIntervalHours",
    ),
    _bingx(
        "/openApi/cswap/v1/market/contracts",
        [
            {
                "symbol": "SOL-USD",
                "pricePrecision": 3,
                "minTickSize": "10",
                "minQty": "2",
                "minTradeValue": "20",
                "status": 1,
            }
        ],
        "status",
    ),
    Case(
        "bingx",
        "linear",
        "",
        {
            "e": "ACCOUNT_UPDATE",
            "E": MS,
            "a": {
                "m": "ORDER",
                "B": [{"a": "USDT", "wb": "1200.5"}],
                "P": [
                    {
                        "s": "SOL-USDT",
                        "pa": "31",
                        "ps": "SHORT",
                        "ep": "151.5",
                        "up": "10.25",
                        "mt": "isolated",
                        "iw": "800.5",
                    }
                ],
            },
        },
        frozenset({"e", "m", "B", "P", "mt"}),
    ),
    Case(
        "bingx",
        "linear",
        "",
        {
            "e": "ORDER_TRADE_UPDATE",
            "E": MS,
            "o": {
                "s": "SOL-USDT",
                "c": "hr-51",
                "i": 51,
                "S": "SELL",
                "ps": "SHORT",
                "o": "LIMIT",
                "q": "31",
                "z": "12",
                "p": "151.5",
                "ap": "151.75",
                "x": "TRADE",
                "X": "PARTIALLY_FILLED",
                "l": "5",
                "L": "151.25",
                "n": "-0.4",
                "N": "USDT",
                "td": "97",
                "T": MS + 2,
            },
        },
        frozenset({"e", "c", "ps", "o", "x", "X", "l", "L", "td", "N", "T"}),
    ),
]
