"""The frames that are timed: made here, and a recorded capture's where one lies beside the checkout."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tests.bench import bingx_frames, mexc_frames
from tests.bench.best_levels import BestLevels

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures"
SYMBOLS = ("BTCUSDT", "ETHUSDT")
COUNT = 1000
START_MS = 1_786_310_818_000


class Case(NamedTuple):
    """Frames of one connection. ``primer`` brings every contender to where it has seen each symbol."""

    name: str
    venue: str
    market: str
    shape: str
    url: str
    symbols: tuple[str, ...]
    primer: list[bytes]
    frames: list[bytes]


def cases() -> Iterator[Case]:
    """Every case, smallest venue first."""
    chance = random.Random(20)
    marks = [_mark(chance, SYMBOLS[number % 2], START_MS + 500 * number) for number in range(COUNT + 2)]
    combined = [_json({"stream": f"{mark['s'].lower()}@markPrice@1s", "data": mark}) for mark in marks]
    raw = [_json(mark) for mark in marks]
    url = "wss://fstream.binance.com/market/ws"
    yield Case("Binance mark price, combined", "binance", "usdm", "mark", url, SYMBOLS, combined[:2], combined[2:])
    yield Case("Binance mark price, raw", "binance", "usdm", "mark raw", url, SYMBOLS, raw[:2], raw[2:])
    yield _whole_market(chance, url)
    yield from _binance_books(chance)
    yield _coin_marks(chance)
    url = "wss://stream.bybit.com/v5/public/linear"
    primer = [_json(_snapshot(chance, symbol)) for symbol in SYMBOLS]
    busy = [_json(_delta(chance, number, _busy(chance))) for number in range(COUNT)]
    yield Case("Bybit ticker deltas, all prices move", "bybit", "linear", "ticker", url, SYMBOLS, primer, busy)
    levels = [BestLevels(chance, 2) for _ in SYMBOLS]
    calm = [_json(_delta(chance, number, _calm(chance, levels[number % 2]))) for number in range(COUNT)]
    yield Case("Bybit ticker deltas, mostly the book", "bybit", "linear", "ticker", url, SYMBOLS, primer, calm)
    yield from _captured(url)
    frames = bingx_frames.tickers(COUNT + 2)
    url, symbols = bingx_frames.URL, bingx_frames.SYMBOLS
    yield Case("BingX tickers, packed", "bingx", "linear", "packed", url, symbols, frames[:2], frames[2:])
    frames = mexc_frames.tickers(COUNT + 2)
    yield Case("MEXC tickers", "mexc", "linear", "mexc", mexc_frames.URL, mexc_frames.SYMBOLS, frames[:2], frames[2:])


def _whole_market(chance: random.Random, url: str) -> Case:
    symbols = tuple(f"C{number}USDT" for number in range(600))
    arrays = [_json([_mark(chance, symbol, START_MS + 1000 * number) for symbol in symbols]) for number in range(21)]
    name = "Binance mark prices, array of 600"
    return Case(name, "binance", "usdm", "marks", url, symbols, arrays[:1], arrays[1:])


def _binance_books(chance: random.Random) -> Iterator[Case]:
    levels = {symbol: BestLevels(chance, 2) for symbol in SYMBOLS}
    futures = [_book(levels[symbol], symbol, number) for number in range(COUNT + 2) for symbol in [SYMBOLS[number % 2]]]
    spot = [{name: book[name] for name in "usbBaA"} for book in futures]
    for market, shape, books, url in (
        ("usdm", "book", futures, "wss://fstream.binance.com/public/ws"),
        ("spot", "spot book", spot, "wss://stream.binance.com:9443/stream"),
    ):
        frames = [_json({"stream": f"{str(book['s']).lower()}@bookTicker", "data": book}) for book in books]
        yield Case(f"Binance book ticker, {market}", "binance", market, shape, url, SYMBOLS, frames[:2], frames[2:])


def _book(levels: BestLevels, symbol: str, number: int) -> dict[str, Any]:
    time_ms = START_MS + 10 * number
    bid, bid_size, ask, ask_size = levels.changed()
    return {
        "e": "bookTicker",
        "u": 400_900_217 + number,
        "s": symbol,
        "ps": symbol,
        "b": bid,
        "B": bid_size,
        "a": ask,
        "A": ask_size,
        "T": time_ms - 2,
        "E": time_ms,
        "st": 1,
    }


def _coin_marks(chance: random.Random) -> Case:
    symbols = ("BTCUSD_PERP", "ETHUSD_PERP")
    marks = [_mark(chance, symbols[number % 2], START_MS + 500 * number) for number in range(COUNT + 2)]
    coin = [{name: value for name, value in mark.items() if name != "ap"} | {"st": 2} for mark in marks]
    frames = [_json({"stream": f"{str(mark['s']).lower()}@markPrice@1s", "data": mark}) for mark in coin]
    url = "wss://dstream.binance.com/ws"
    name = "Binance mark price, COIN-M"
    return Case(name, "binance", "coinm", "mark", url, symbols, frames[:2], frames[2:])


def _captured(url: str) -> Iterator[Case]:
    for path in sorted(CAPTURES.glob("bybit-*.jsonl.zst")):
        import zstandard

        with zstandard.open(path, "rt", encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
        linear = {record["conn"] for record in records if record["t"] == "connect" and record["addr"] == url}
        frames = [
            record["data"].encode()
            for record in records
            if record["t"] == "recv" and record["conn"] in linear and '"tickers.' in record["data"]
        ]
        snapshots = [frame for frame in frames if b'"type":"snapshot"' in frame]
        symbols = tuple(json.loads(frame)["data"]["symbol"] for frame in snapshots)
        yield Case("Bybit tickers, a real capture", "bybit", "linear", "ticker", url, symbols, [], frames)


# --- made frames -------------------------------------------------------------------------------------------------


def _json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _price(chance: random.Random, digits: int) -> str:
    return f"{76_000 + 900 * chance.random():.{digits}f}"


def _mark(chance: random.Random, symbol: str, time_ms: int) -> dict[str, Any]:
    return {
        "e": "markPriceUpdate",
        "E": time_ms,
        "s": symbol,
        "p": _price(chance, 8),
        "ap": _price(chance, 8),
        "P": _price(chance, 8),
        "i": _price(chance, 8),
        "r": f"{1e-4 + time_ms // 60_000 % 50 * 1e-7:.8f}",
        "T": 1_786_320_000_000,
        "st": 1,
    }


def _snapshot(chance: random.Random, symbol: str) -> dict[str, Any]:
    data = {
        "symbol": symbol,
        "tickDirection": "ZeroPlusTick",
        "prevPrice24h": _price(chance, 2),
        "highPrice24h": _price(chance, 2),
        "lowPrice24h": _price(chance, 2),
        "prevPrice1h": _price(chance, 2),
        "fundingIntervalHour": "8",
        "fundingCap": "0.005",
        "nextFundingTime": "1786320000000",
        "fundingRate": "0.0001",
        "openInterest": "59891.732",
        "preOpenPrice": "",
        "preQty": "",
        **_busy(chance),
    }
    return {"topic": f"tickers.{symbol}", "type": "snapshot", "data": data, "cs": 1000, "ts": START_MS}


def _delta(chance: random.Random, number: int, changed: dict[str, str]) -> dict[str, Any]:
    symbol = SYMBOLS[number % 2]
    return {
        "topic": f"tickers.{symbol}",
        "type": "delta",
        "data": {"symbol": symbol, **changed},
        "cs": 753_843_900_397 + 13 * number,
        "ts": START_MS + 100 * (number + 1),
    }


def _busy(chance: random.Random) -> dict[str, str]:
    return {
        "tickDirection": "PlusTick",
        "price24hPcnt": "-0.012345",
        "lastPrice": _price(chance, 2),
        "turnover24h": "1142118412.9021",
        "volume24h": "17573.9120",
        "markPrice": _price(chance, 2),
        "indexPrice": _price(chance, 2),
        "openInterestValue": "3899996265.01",
        "bid1Price": _price(chance, 2),
        "bid1Size": "5.954",
        "ask1Price": _price(chance, 2),
        "ask1Size": "10.470",
    }


def _calm(chance: random.Random, levels: BestLevels) -> dict[str, str]:
    """What a real delta carries, roughly as often: one side of the book, both, or the mark price."""
    bid_price, bid_size, ask_price, ask_size = levels.changed()
    bid = {"bid1Price": bid_price, "bid1Size": bid_size}
    ask = {"ask1Price": ask_price, "ask1Size": ask_size}
    value = {"markPrice": _price(chance, 2), "openInterestValue": "3899995666.09"}
    return chance.choices((bid, ask, bid | ask, value, {"indexPrice": _price(chance, 2)}), (30, 25, 20, 17, 8))[0]


# --- bare models -------------------------------------------------------------------------------------------------


class _BareMark(msgspec.Struct):
    e: str
    E: int
    s: str
    p: Decimal
    i: Decimal
    P: Decimal
    r: Decimal
    T: int
    ap: Decimal | None = None
    st: int = 1


class _LeastMark(msgspec.Struct):
    E: int
    s: str
    p: Decimal
    i: Decimal
    r: Decimal
    T: int


class _BareCombined(msgspec.Struct):
    stream: str
    data: _BareMark


class _LeastCombined(msgspec.Struct):
    stream: str
    data: _LeastMark


class _LeastTicker(msgspec.Struct):
    symbol: str
    markPrice: Decimal | None = None
    indexPrice: Decimal | None = None
    lastPrice: Decimal | None = None
    bid1Price: Decimal | None = None
    bid1Size: Decimal | None = None
    ask1Price: Decimal | None = None
    ask1Size: Decimal | None = None
    fundingRate: Decimal | None = None
    nextFundingTime: str | None = None
    fundingIntervalHour: str | None = None


class _BareTicker(_LeastTicker):
    tickDirection: str | None = None
    price24hPcnt: Decimal | None = None
    prevPrice24h: Decimal | None = None
    highPrice24h: Decimal | None = None
    lowPrice24h: Decimal | None = None
    prevPrice1h: Decimal | None = None
    openInterest: Decimal | None = None
    openInterestValue: Decimal | None = None
    singleOpenInterest: Decimal | None = None
    singleOpenInterestValue: Decimal | None = None
    turnover24h: Decimal | None = None
    volume24h: Decimal | None = None
    fundingCap: Decimal | None = None


class _LeastTickers(msgspec.Struct):
    topic: str
    type: str
    ts: int
    cs: int
    data: _LeastTicker


class _BareTickers(msgspec.Struct):
    topic: str
    type: str
    ts: int
    cs: int
    data: _BareTicker


class _LeastBook(msgspec.Struct):
    u: int
    s: str
    b: Decimal
    B: Decimal
    a: Decimal
    A: Decimal


class _BareBook(_LeastBook):
    e: str = ""
    E: int = 0
    T: int = 0
    st: int = 1


class _LeastBooks(msgspec.Struct):
    stream: str
    data: _LeastBook


class _BareBooks(msgspec.Struct):
    stream: str
    data: _BareBook


BARE = {
    "packed": bingx_frames.Bare,
    "mexc": mexc_frames.Bare,
    "mark": _BareCombined,
    "mark raw": _BareMark,
    "marks": list[_BareMark],
    "ticker": _BareTickers,
    "book": _BareBooks,
    "spot book": _LeastBooks,
}
LEAST = {
    "packed": bingx_frames.Least,
    "mexc": mexc_frames.Least,
    "mark": _LeastCombined,
    "mark raw": _LeastMark,
    "marks": list[_LeastMark],
    "ticker": _LeastTickers,
    "book": _LeastBooks,
    "spot book": _LeastBooks,
}
