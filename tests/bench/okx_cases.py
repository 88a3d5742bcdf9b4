"""OKX's frames, made here: mark and index prices, best levels, tickers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from tests.bench.best_levels import BestLevels
from tests.bench.frame_cases import COUNT, START_MS, Case

URL = "wss://ws.okx.com:8443/ws/v5/public"
SYMBOLS = ("BTC-USDT-SWAP", "ETH-USDT-SWAP")


def cases() -> Iterator[Case]:
    """Every case."""
    chance = random.Random(30)
    levels = {symbol: BestLevels(chance, 1) for symbol in SYMBOLS}
    rows = {
        "mark-price": partial(_mark, chance),
        "bbo-tbt": partial(_book, levels),
        "tickers": partial(_ticker, chance),
    }
    names = {"mark-price": "OKX mark prices", "bbo-tbt": "OKX best levels", "tickers": "OKX tickers"}
    for channel, row in rows.items():
        frames = [_frame(channel, row(SYMBOLS[number % 2], number), number) for number in range(COUNT + 2)]
        yield Case(names[channel], "okx", "linear", f"okx {channel}", URL, SYMBOLS, frames[:2], frames[2:])


def _frame(channel: str, row: dict[str, Any], number: int) -> bytes:
    subject = {"channel": channel, "instId": SYMBOLS[number % 2]}
    return json.dumps({"arg": subject, "data": [row]}, separators=(",", ":")).encode()


def _price(chance: random.Random) -> str:
    return f"{76_000 + 900 * chance.random():.1f}"


def _stamp(number: int) -> str:
    return str(START_MS + 100 * number)


def _mark(chance: random.Random, symbol: str, number: int) -> dict[str, Any]:
    return {"instId": symbol, "instType": "SWAP", "markPx": _price(chance), "ts": _stamp(number)}


def _book(levels: Mapping[str, BestLevels], symbol: str, number: int) -> dict[str, Any]:
    bid, bid_size, ask, ask_size = levels[symbol].changed()
    sides = {"asks": [[ask, ask_size, "0", "13"]], "bids": [[bid, bid_size, "0", "13"]]}
    return sides | {"ts": _stamp(number), "seqId": 363_996_337 + number}


def _ticker(chance: random.Random, symbol: str, number: int) -> dict[str, Any]:
    return {
        "instType": "SWAP",
        "instId": symbol,
        "last": _price(chance),
        "lastSz": "0.27",
        "askPx": _price(chance),
        "askSz": "415.25",
        "bidPx": _price(chance),
        "bidSz": "256.5",
        "open24h": "75012.5",
        "high24h": "77867.2",
        "low24h": "74901.1",
        "sodUtc0": "75800.2",
        "sodUtc8": "75700.9",
        "volCcy24h": "76038.36",
        "vol24h": "7603836.5",
        "ts": _stamp(number),
    }


class _Subject(msgspec.Struct):
    channel: str
    instId: str


class _Mark(msgspec.Struct):
    instId: str
    markPx: Decimal
    ts: str


class _Book(msgspec.Struct):
    asks: list[tuple[Decimal, Decimal, str, str]]
    bids: list[tuple[Decimal, Decimal, str, str]]
    ts: str


class _LeastTicker(msgspec.Struct):
    instId: str
    last: Decimal
    ts: str


class _BareTicker(_LeastTicker):
    lastSz: Decimal
    askPx: Decimal
    askSz: Decimal
    bidPx: Decimal
    bidSz: Decimal
    open24h: Decimal
    high24h: Decimal
    low24h: Decimal
    sodUtc0: Decimal
    sodUtc8: Decimal
    volCcy24h: Decimal
    vol24h: Decimal


class _Marks(msgspec.Struct):
    arg: _Subject
    data: list[_Mark]


class _Books(msgspec.Struct):
    arg: _Subject
    data: list[_Book]


class _LeastTickers(msgspec.Struct):
    arg: _Subject
    data: list[_LeastTicker]


class _BareTickers(msgspec.Struct):
    arg: _Subject
    data: list[_BareTicker]


BARE = {"okx mark-price": _Marks, "okx bbo-tbt": _Books, "okx tickers": _BareTickers}
LEAST = {"okx mark-price": _Marks, "okx bbo-tbt": _Books, "okx tickers": _LeastTickers}
