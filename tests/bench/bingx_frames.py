"""BingX's frames to time: the ticker, each packed by itself."""

from __future__ import annotations

import gzip
import json
import random
from decimal import Decimal
from typing import Any

import msgspec

SYMBOLS = ("BTC-USDT", "ETH-USDT")
URL = "wss://open-api-swap.bingx.com/swap-market"
START_MS = 1_786_310_818_000


def tickers(count: int) -> list[bytes]:
    """``@ticker`` of two contracts in turn."""
    chance = random.Random(22)
    days = (_day(chance, SYMBOLS[number % 2], START_MS + 500 * number) for number in range(count))
    return [gzip.compress(json.dumps(day, separators=(",", ":")).encode()) for day in days]


def _day(chance: random.Random, symbol: str, time_ms: int) -> dict[str, Any]:
    last = Decimal(f"{76_000 + 900 * chance.random():.1f}")
    data = {
        "e": "24hTicker",
        "E": time_ms,
        "s": symbol,
        "p": "-262.0",
        "P": "-0.21",
        "c": str(last),
        "L": "0.0010",
        "h": "76912.5",
        "l": "75988.1",
        "v": f"{17030 + chance.random():.4f}",
        "q": "210028.10",
        "o": "76262.0",
        "O": time_ms - 86_400_000,
        "C": time_ms,
        "A": str(last),
        "a": f"{9 * chance.random():.4f}",
        "B": str(last - Decimal("0.1")),
        "b": f"{9 * chance.random():.4f}",
    }
    return {"code": 0, "dataType": f"{symbol}@ticker", "data": data}


class _LeastDay(msgspec.Struct):
    """BingX's ticker tells prices and the day in every frame."""

    E: int
    s: str
    c: Decimal
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the venue's name
    v: Decimal
    B: Decimal
    b: Decimal
    A: Decimal
    a: Decimal


class _BareDay(_LeastDay):
    p: Decimal
    P: Decimal
    L: Decimal
    q: Decimal


class Least(msgspec.Struct):
    """What the events need."""

    dataType: str
    code: int
    data: _LeastDay


class Bare(msgspec.Struct):
    """All the numbers."""

    dataType: str
    code: int
    data: _BareDay
