"""MEXC's frames to time: the ticker, which tells everything of a contract but the sizes of its book."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import msgspec

SYMBOLS = ("BTC_USDT", "ETH_USDT")
URL = "wss://contract.mexc.com/edge"
START_MS = 1_786_310_818_000


def tickers(count: int) -> list[bytes]:
    """``push.ticker`` of two contracts in turn."""
    chance = random.Random(21)
    return [_ticker(chance, SYMBOLS[number % 2], START_MS + 1000 * number) for number in range(count)]


def _price(chance: random.Random) -> float:
    return round(76_000 + 900 * chance.random(), 1)


def _ticker(chance: random.Random, symbol: str, time_ms: int) -> bytes:
    data: dict[str, Any] = {
        "symbol": symbol,
        "lastPrice": _price(chance),
        "riseFallRate": -0.0006,
        "fairPrice": _price(chance),
        "indexPrice": _price(chance),
        "volume24": 962062810 + time_ms % 9999,
        "amount24": 7344207079.96768,
        "maxBidPrice": 84024.3,
        "minAskPrice": 68747.2,
        "lower24Price": 75620.2,
        "high24Price": 77210,
        "timestamp": time_ms,
        "bid1": _price(chance),
        "ask1": _price(chance),
        "holdVol": 95479623,
        "riseFallValue": -46.5,
        "fundingRate": 0.0001,
        "zone": "UTC+8",
        "riseFallRates": [-0.0006, 0.1008, 0.2262, 0.2628, 0.2439, 1.0564],
        "riseFallRatesOfTimezone": [0.0065, -0.0013, -0.0006],
    }
    frame = {"symbol": symbol, "data": data, "channel": "push.ticker", "ts": time_ms}
    return json.dumps(frame, separators=(",", ":")).encode()


class _LeastTicker(msgspec.Struct):
    symbol: str
    fairPrice: Decimal
    indexPrice: Decimal
    lastPrice: Decimal
    bid1: Decimal
    ask1: Decimal
    fundingRate: Decimal


class _BareTicker(_LeastTicker):
    riseFallRate: Decimal
    volume24: Decimal
    amount24: Decimal
    maxBidPrice: Decimal
    minAskPrice: Decimal
    lower24Price: Decimal
    high24Price: Decimal
    timestamp: int
    holdVol: Decimal
    riseFallValue: Decimal
    riseFallRates: list[Decimal]
    riseFallRatesOfTimezone: list[Decimal]


class Least(msgspec.Struct):
    """What an event needs."""

    symbol: str
    channel: str
    ts: int
    data: _LeastTicker


class Bare(msgspec.Struct):
    """All the numbers."""

    symbol: str
    channel: str
    ts: int
    data: _BareTicker
