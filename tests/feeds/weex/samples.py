"""Frames of WEEX's public sockets, made from parts."""

from __future__ import annotations

from typing import Any

from tests.support.frames import encode

TIME = 1_786_310_817_583
TICK: dict[str, Any] = {
    "p": "-93.28",
    "P": "-0.043605",
    "w": "65111.84765227",
    "c": "65114.30",
    "o": "65139.17",
    "h": "65867.19",
    "l": "64037.28",
    "v": "760383.679",
    "q": "1605814487.32196",
    "O": 1_786_224_417_000,
    "C": 1_786_310_817_000,
    "n": 535239,
    "m": "65117.44",
    "i": "65137.7625",
}
BIDS = [["65114.2", "5.9"], ["65114.1", "1"], ["65113", "12.25"]]
ASKS = [["65114.3", "10.4"], ["65114.5", "0.5"], ["65120", "3"]]


def ticker(step: int = 0, symbol: str = "BTCUSDT", **changed: Any) -> bytes:
    """A ticker, 100 ms after the one before."""
    return encode({"e": "ticker", "E": TIME + 100 * step, "s": symbol, "d": [TICK | changed]})


def snapshot(last_id: int = 100, bids: Any = BIDS, asks: Any = ASKS, **outer: Any) -> bytes:
    """The beginning of a book."""
    frame = {"e": "depthSnapshot", "E": TIME, "s": "BTCUSDT", "U": last_id, "u": last_id, "l": 15, "d": "SNAPSHOT"}
    return encode(frame | {"b": bids, "a": asks} | outer)


def change(first_id: int, last_id: int, bids: Any = (), asks: Any = (), **outer: Any) -> bytes:
    """A change of a book."""
    frame = {"e": "depth", "E": TIME + last_id, "s": "BTCUSDT", "U": first_id, "u": last_id, "l": 15, "d": "CHANGED"}
    return encode(frame | {"b": bids, "a": asks} | outer)


def book_ticker(update_id: int = 100, time: int = TIME, **changed: Any) -> bytes:
    """Spot's best levels."""
    frame = {"e": "bookTicker", "E": time, "s": "BTCUSDT", "u": update_id}
    return encode(frame | {"b": "65114.2", "B": "0.89116", "a": "65114.3", "A": "2.262"} | changed)
