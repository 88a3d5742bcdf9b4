"""WEEX's frames, made here: tickers of contracts, changes of a book of 15 levels, and spot's best levels."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from tests.bench.best_levels import BestLevels
from tests.bench.frame_cases import COUNT, START_MS, SYMBOLS, Case

_encode = msgspec.json.encode
_CONTRACT = "wss://ws-contract.weex.com/v3/ws/public"
_SPOT = "wss://ws-spot.weex.com/v3/ws/public"


def weex_cases() -> Iterator[Case]:
    """Every case."""
    chance = random.Random(7)
    tickers = [_encode(_ticker(chance, number)) for number in range(COUNT + 2)]
    yield Case("WEEX tickers", "weex", "linear", "weex ticker", _CONTRACT, SYMBOLS, tickers[:2], tickers[2:])
    snapshots = [_encode(_book(symbol)) for symbol in SYMBOLS]
    changes = [_encode(_change(chance, number)) for number in range(COUNT)]
    name = "WEEX books of 15 levels, changes"
    yield Case(name, "weex", "linear", "weex depth", _CONTRACT, SYMBOLS, snapshots, changes)
    levels = {symbol: BestLevels(chance, 2) for symbol in SYMBOLS}
    best = [_encode(_best(levels[SYMBOLS[number % 2]], number)) for number in range(COUNT + 2)]
    yield Case("WEEX spot best levels", "weex", "spot", "weex best", _SPOT, SYMBOLS, best[:2], best[2:])


def _head(event: str, number: int) -> dict[str, Any]:
    return {"e": event, "E": START_MS + 100 * number, "s": SYMBOLS[number % 2]}


def _price(chance: random.Random) -> str:
    return f"{76_000 + 900 * chance.random():.2f}"


def _ticker(chance: random.Random, number: int) -> dict[str, Any]:
    row = {
        "p": "-93.28",
        "P": "-0.043605",
        "w": "76111.84765227",
        "c": _price(chance),
        "o": "76139.17",
        "h": "77167.19",
        "l": "75037.28",
        "v": "760383.679",
        "q": "1605814487.32196",
        "O": START_MS - 86_400_000,
        "C": START_MS,
        "n": 535239 + number,
        "m": _price(chance),
        "i": _price(chance),
    }
    return _head("ticker", number) | {"d": [row]}


def _book(symbol: str) -> dict[str, Any]:
    bids = [[f"{76_000 - step}.5", "1.25"] for step in range(15)]
    asks = [[f"{76_001 + step}.5", "0.75"] for step in range(15)]
    head = {"e": "depthSnapshot", "E": START_MS, "s": symbol, "U": 0, "u": 0, "l": 15, "d": "SNAPSHOT"}
    return head | {"b": bids, "a": asks}


def _change(chance: random.Random, number: int) -> dict[str, Any]:
    """Three levels of each side get another size."""
    turn = number // 2
    sides = [
        [[f"{first + sign * chance.randrange(15)}.5", f"{9 * chance.random() + 0.001:.3f}"] for _ in range(3)]
        for first, sign in ((76_000, -1), (76_001, 1))
    ]
    numbers = {"U": turn * 14, "u": turn * 14 + 14, "l": 15, "d": "CHANGED"}
    return _head("depth", number) | numbers | {"b": sides[0], "a": sides[1]}


def _best(levels: BestLevels, number: int) -> dict[str, Any]:
    sides = dict(zip("bBaA", levels.changed(), strict=True))
    return _head("bookTicker", number) | {"u": START_MS + number} | sides


class _LeastRow(msgspec.Struct):
    c: Decimal
    m: Decimal
    i: Decimal


class _BareRow(_LeastRow):
    p: Decimal
    P: Decimal
    w: Decimal
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the venue's name
    v: Decimal
    q: Decimal


class _LeastTicker(msgspec.Struct):
    E: int
    s: str
    d: list[_LeastRow]


class _BareTicker(msgspec.Struct):
    e: str
    E: int
    s: str
    d: list[_BareRow]


class _Depth(msgspec.Struct):
    e: str
    E: int
    s: str
    U: int
    u: int
    b: list[tuple[Decimal, Decimal]]
    a: list[tuple[Decimal, Decimal]]


class _Best(msgspec.Struct):
    E: int
    s: str
    u: int
    b: Decimal
    B: Decimal
    a: Decimal
    A: Decimal


BARE = {"weex ticker": _BareTicker, "weex depth": _Depth, "weex best": _Best}
LEAST = {"weex ticker": _LeastTicker, "weex depth": _Depth, "weex best": _Best}
