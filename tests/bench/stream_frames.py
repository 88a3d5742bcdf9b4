"""A venue's busiest public stream, to be sent for minutes: frames whose prices, times and numbers move.

Each is a template made once of the frames in ``frame_cases`` (WEEX's book is made here, so that its levels move);
:func:`stamp` puts the time and the numbers of the moment into it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from tests.bench import frame_cases

TIME, FIRST, LAST = 7_777_777_777_777, 8_888_888_888, 9_999_999_999
"""What stands in a template for the time (ms), the number of the frame before, and its own."""

FIRST_NUMBER, STEP = 400_900_000, 14
LEVELS, TURNS = 15, 500
_TIME, _FIRST, _LAST = (b"%d" % place for place in (TIME, FIRST, LAST))
_encode = msgspec.json.encode


class Stream(NamedTuple):
    """``plan`` is which of the feed's connections carries it; ``companions`` are the frames of its other channels, by
    channel. Frames of two contracts take turns."""

    venue: str
    name: str
    instruments: tuple[str, ...]
    plan: str
    snapshots: list[bytes]
    frames: list[bytes]
    companions: dict[str, bytes]
    packed: bool = False


def stamp(template: bytes, time_ms: int, turn: int) -> bytes:
    """The frame of its contract's ``turn``; -1 for the snapshot before the first."""
    last = FIRST_NUMBER + STEP * (turn + 1)
    frame = template.replace(_TIME, b"%d" % time_ms).replace(_LAST, b"%d" % last)
    return frame.replace(_FIRST, b"%d" % (last - STEP if turn >= 0 else last))


def streams(*, bare: bool = False) -> Iterator[Stream]:
    """One of each venue. ``bare`` is for a client of Binance that asked for frames without the stream's name."""
    cases = {case.name: case for case in frame_cases.cases()}
    book = cases["Binance book ticker, usdm"]
    yield Stream(
        "binance",
        "bookTicker",
        ("binance:usdm:BTCUSDT", "binance:usdm:ETHUSDT"),
        "public",
        [],
        [_moving(json.loads(frame)["data"] if bare else json.loads(frame), ("T", "E"), "u") for frame in book.frames],
        {},
    )
    ticker = cases["Bybit ticker deltas, mostly the book"]
    yield Stream(
        "bybit",
        "tickers",
        ("bybit:linear:BTCUSDT", "bybit:linear:ETHUSDT"),
        "linear",
        [_moving(json.loads(frame), ("ts",), "cs") for frame in ticker.primer],
        [_moving(json.loads(frame), ("ts",), "cs") for frame in ticker.frames],
        {},
    )
    yield _bingx(cases["BingX tickers, packed"])
    yield Stream("weex", "depth15", ("weex:linear:BTCUSDT", "weex:linear:ETHUSDT"), "books", *_weex_books(), {})
    yield _mexc(cases["MEXC tickers"])


def _moving(content: Any, times: tuple[str, ...], last: str = "", first: str = "") -> bytes:
    return _encode(_placed(content, dict.fromkeys(times, TIME) | {last: LAST, first: FIRST}))


def _placed(content: Any, places: dict[str, int]) -> Any:
    if not isinstance(content, dict):
        return content
    return {name: places[name] if name in places else _placed(value, places) for name, value in content.items()}


def _bingx(case: frame_cases.Case) -> Stream:
    import gzip

    companions = {}
    for symbol in case.symbols:
        mark = {"e": "markPriceUpdate", "E": TIME, "s": symbol, "p": "76381.2"}
        best = {"e": "bookTicker", "u": LAST, "E": TIME, "T": TIME, "s": symbol}
        best |= {"b": "76380.9", "B": "4.1001", "a": "76381.0", "A": "2.7120"}
        for channel, data in (("markPrice", mark), ("bookTicker", best)):
            topic = f"{symbol}@{channel}"
            companions[topic] = _encode({"code": 0, "dataType": topic, "data": data})
    frames = [_moving(json.loads(gzip.decompress(frame)), ("E", "C")) for frame in case.frames]
    instruments = tuple(f"bingx:linear:{symbol}" for symbol in case.symbols)
    return Stream("bingx", "ticker, gzip", instruments, "linear", [], frames, companions, packed=True)


def _mexc(case: frame_cases.Case) -> Stream:
    companions = {}
    for symbol in case.symbols:
        book = {"asks": [[76381.0, 1200, 3]], "bids": [[76380.9, 900, 2]], "version": LAST}
        for topic, data in (("fair.price", {"symbol": symbol, "price": 76381.2}), ("depth.full", book)):
            frame = {"channel": f"push.{topic}", "data": data, "symbol": symbol, "ts": TIME}
            companions[f"{topic}.{symbol}"] = _encode(frame)
    frames = [_moving(json.loads(frame), ("ts", "timestamp")) for frame in case.frames]
    instruments = tuple(f"mexc:linear:{symbol}" for symbol in case.symbols)
    return Stream("mexc", "ticker", instruments, "contract", [], frames, companions)


# --- WEEX's book: the price goes up level by level, and down again ------------------------------------------------


def _weex_books() -> tuple[list[bytes], list[bytes]]:
    chance = random.Random(8)
    snapshots, frames = [], []
    for symbol in frame_cases.SYMBOLS:
        bids = [_level(76_000 - step, chance) for step in range(LEVELS)]
        asks = [_level(76_001 + step, chance) for step in range(LEVELS)]
        head = {"e": "depthSnapshot", "E": TIME, "s": symbol, "U": FIRST, "u": LAST, "l": LEVELS, "d": "SNAPSHOT"}
        snapshots.append(_encode(head | {"b": bids, "a": asks}))
    for turn in range(TURNS):
        frames += [_encode(_weex_change(symbol, turn, chance)) for symbol in frame_cases.SYMBOLS]
    return snapshots, frames


def _weex_change(symbol: str, turn: int, chance: random.Random) -> dict[str, Any]:
    """One level up or down, and the size of another level on each side."""
    up = turn < TURNS // 2
    best = 76_000 + (turn if up else TURNS - turn)  # of the bids, before this change
    if up:
        bids = [_level(best + 1, chance), _gone(best - LEVELS + 1)]
        asks = [_gone(best + 1), _level(best + LEVELS + 1, chance)]
    else:
        bids = [_gone(best), _level(best - LEVELS, chance)]
        asks = [_level(best, chance), _gone(best + LEVELS)]
    bids.append(_level(best - chance.randrange(1, 10), chance))
    asks.append(_level(best + chance.randrange(2, 10), chance))
    head = {"e": "depth", "E": TIME, "s": symbol, "U": FIRST, "u": LAST, "l": LEVELS, "d": "CHANGED"}
    return head | {"b": bids, "a": asks}


def _level(price: int, chance: random.Random) -> list[str]:
    return [f"{price}.5", f"{9 * chance.random() + 0.001:.3f}"]


def _gone(price: int) -> list[str]:
    return [f"{price}.5", "0"]
