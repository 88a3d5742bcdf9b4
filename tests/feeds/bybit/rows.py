"""Objects that Bybit tells an account by, as its streams send them, and frames and bodies of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from core.events import AnyEvent
from feeds.bybit.private import AccountDecoder
from feeds.registry import rest_answer, venue_module
from tests.support.frames import encode

MS = 1_790_000_000_000
NS = MS * 1_000_000
LATER_NS = NS + 1_000_000_000

POSITION: dict[str, Any] = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "positionIdx": 0,
    "side": "Sell",
    "size": "0.010",
    "entryPrice": "68000.1",
    "leverage": "10",
    "liqPrice": "101000.5",
    "positionBalance": "",
    "updatedTime": str(MS),
}
ORDER: dict[str, Any] = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "orderId": "o-1",
    "orderLinkId": "hr-7f3a-0001",
    "side": "Sell",
    "orderType": "Limit",
    "positionIdx": 0,
    "orderStatus": "New",
    "qty": "0.010",
    "cumExecQty": "0",
    "price": "68000.1",
    "avgPrice": "",
    "reduceOnly": False,
    "rejectReason": "EC_NoError",
    "cancelType": "UNKNOWN",
    "updatedTime": str(MS),
}
EXECUTION: dict[str, Any] = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "execId": "e-1",
    "orderId": "o-1",
    "orderLinkId": "hr-7f3a-0001",
    "side": "Sell",
    "execType": "Trade",
    "execPrice": "68000.1",
    "execQty": "0.010",
    "closedSize": "0",
    "execFee": "0.37400055",
    "feeRate": "0.00055",
    "feeCurrency": "",
    "isMaker": True,
    "execTime": str(MS),
}
FUNDING = EXECUTION | {
    "execId": "f-1",
    "orderId": "",
    "orderLinkId": "",
    "execType": "Funding",
    "execFee": "-0.068",
    "feeRate": "-0.0001",
}
"""Of a short position at a rate of +0.0001: it receives."""

COIN: dict[str, Any] = {
    "coin": "USDT",
    "walletBalance": "1000.5",
    "spotBorrow": "0",
    "marginCollateral": True,
    "collateralSwitch": True,
}
ENTRY: dict[str, Any] = {
    "id": "592324_BTCUSDT_1",
    "symbol": "BTCUSDT",
    "category": "linear",
    "side": "Sell",
    "transactionTime": str(MS),
    "type": "TRADE",
    "size": "-0.010",
    "currency": "USDT",
    "tradePrice": "68000.1",
    "funding": "",
    "fee": "0.37400055",
    "change": "-0.37400055",
    "feeRate": "0.00055",
    "tradeId": "e-1",
}
SETTLEMENT = ENTRY | {
    "type": "SETTLEMENT",
    "funding": "0.068",
    "fee": "0",
    "change": "0.068",
    "feeRate": "-0.0001",
    "tradeId": "f-1",
}


def frame(topic: str, *elements: dict[str, Any], **more: Any) -> bytes:
    """A private frame."""
    return encode({"id": "1", "topic": topic, "creationTime": MS, "data": list(elements), **more})


def wallet(*coins: dict[str, Any]) -> bytes:
    """A frame of the wallet."""
    return frame("wallet", {"accountType": "UNIFIED", "totalEquity": "1", "coin": list(coins)})


def told(raw: bytes, decoder: AccountDecoder | None = None) -> list[AnyEvent]:
    """What a private frame says."""
    return list((decoder or AccountDecoder("linear", "hedge")).decode(raw, LATER_NS))


def body(*rows: Any, cursor: str = "", **result: Any) -> bytes:
    """A REST answer with a list."""
    listed = {"list": list(rows), "nextPageCursor": cursor, **result}
    return encode({"retCode": 0, "retMsg": "OK", "result": listed, "time": MS})


def answered(endpoint: str, raw: bytes, market: str = "linear") -> Sequence[AnyEvent]:
    """What a REST body says."""
    answer = rest_answer("bybit", market, endpoint, raw, LATER_NS)
    return venue_module("bybit").rest_events(msgspec.structs.replace(answer, account="hedge"))
