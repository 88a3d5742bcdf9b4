"""Small bodies and frames of Binance, each with the fields that are read: no figure in them is 0."""

from __future__ import annotations

from typing import Any, Final

from tests.feeds.one_field import MS, Case


def _binance(endpoint: str, content: Any, *spare: str, market: str = "usdm") -> Case:
    return Case("binance", market, endpoint, content, frozenset(spare))


_BINANCE_ORDER: Final = {
    "symbol": "SOLUSDT",
    "orderId": 41,
    "clientOrderId": "hr-41",
    "side": "SELL",
    "positionSide": "SHORT",
    "status": "PARTIALLY_FILLED",
    "origQty": "31",
    "executedQty": "12",
    "price": "151.5",
    "avgPrice": "151.75",
    "updateTime": MS + 2,
}
_BINANCE_UPDATE: Final = {
    "s": "SOLUSDT",
    "c": "hr-41",
    "i": 41,
    "S": "SELL",
    "ps": "SHORT",
    "q": "31",
    "z": "12",
    "p": "151.5",
    "ap": "151.75",
    "x": "TRADE",
    "X": "PARTIALLY_FILLED",
    "l": "5",
    "L": "151.25",
    "n": "0.4",
    "N": "USDT",
    "t": 90,
    "T": MS + 2,
}
_COIN_CONTRACT: Final = {
    "symbol": "SOLUSD_PERP",
    "contractStatus": "TRADING",
    "contractType": "PERPETUAL",
    "baseAsset": "SOL",
    "quoteAsset": "USD",
    "marginAsset": "SOL",
    "contractSize": 10,
    "deliveryDate": 4_133_404_800_000,
    "filters": [
        {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "9000", "stepSize": "1"},
    ],
}

CASES: Final = [
    _binance(
        "/fapi/v3/positionRisk",
        [
            {
                "symbol": "SOLUSDT",
                "positionSide": "SHORT",
                "positionAmt": "-31",
                "entryPrice": "151.5",
                "liquidationPrice": "201.5",
                "isolatedMargin": "800.5",
                "isolatedWallet": "790.25",
                "unRealizedProfit": "10.25",
                "updateTime": MS,
            }
        ],
        "isolatedWallet",
    ),
    _binance("/fapi/v1/order", _BINANCE_ORDER, "clientOrderId", "positionSide"),
    _binance(
        "/fapi/v1/userTrades",
        [
            {
                "symbol": "SOLUSDT",
                "id": 90,
                "orderId": 41,
                "side": "SELL",
                "positionSide": "SHORT",
                "price": "151.25",
                "qty": "5",
                "commission": "0.4",
                "commissionAsset": "USDT",
                "time": MS,
            }
        ],
        "positionSide",
    ),
    _binance(
        "/fapi/v1/income",
        [
            {
                "symbol": "SOLUSDT",
                "incomeType": "FUNDING_FEE",
                "income": "0.375",
                "asset": "USDT",
                "time": MS,
                "tranId": 5,
            }
        ],
        "incomeType",
        "tranId",
    ),
    _binance("/fapi/v3/balance", [{"asset": "USDC", "balance": "1200.5", "updateTime": MS}]),
    _binance("/api/v3/account", {"balances": [{"asset": "SOL", "free": "3.5", "locked": "1.25"}]}, market="spot"),
    _binance("/fapi/v1/positionSide/dual", {"dualSidePosition": True}),
    _binance(
        "/dapi/v1/exchangeInfo",
        {"symbols": [_COIN_CONTRACT]},
        "contractStatus",
        "contractType",
        "filterType",
        market="coinm",
    ),
    _binance(
        "/fapi/v1/premiumIndex",
        {
            "symbol": "SOLUSDT",
            "markPrice": "152.5",
            "indexPrice": "152.75",
            "lastFundingRate": "0.0002",
            "nextFundingTime": MS,
            "time": MS - 5,
        },
    ),
    _binance(
        "/fapi/v1/leverageBracket",
        [
            {
                "symbol": "SOLUSDT",
                "brackets": [
                    {"notionalFloor": 0, "notionalCap": 900, "maintMarginRatio": 0.005, "cum": 0, "initialLeverage": 75}
                ],
            }
        ],
    ),
    _binance(
        "",
        {
            "e": "ACCOUNT_UPDATE",
            "E": MS,
            "T": MS,
            "a": {
                "m": "ORDER",
                "B": [{"a": "USDT", "wb": "1200.5"}],
                "P": [{"s": "SOLUSDT", "pa": "-31", "ep": "151.5", "mt": "isolated", "iw": "800.5", "ps": "SHORT"}],
            },
        },
        "e",
        "m",
        "B",
        "P",
    ),
    _binance("", {"e": "ORDER_TRADE_UPDATE", "E": MS, "T": MS, "o": _BINANCE_UPDATE}, "e", "n", "x"),
    _binance(
        "",
        {"e": "outboundAccountPosition", "E": MS, "u": MS, "B": [{"a": "SOL", "f": "3.5", "l": "1.25"}]},
        "e",
        market="spot",
    ),
    _binance("", {"u": 400, "s": "SOLUSDT", "b": "152", "B": "15", "a": "153", "A": "16"}, market="spot"),
]
