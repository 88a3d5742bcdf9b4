"""Bybit's candles: intervals by name, and rows as its kline endpoints and topics write them."""

from __future__ import annotations

from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.figures import bars
from feeds.sim.history import DAY_MS, MINUTE_MS
from feeds.sim.wire import places, plain

STREAM_INTERVALS = {
    "1": MINUTE_MS,
    "3": 3 * MINUTE_MS,
    "5": 5 * MINUTE_MS,
    "15": 15 * MINUTE_MS,
    "30": 30 * MINUTE_MS,
    "60": 60 * MINUTE_MS,
    "120": 120 * MINUTE_MS,
    "240": 240 * MINUTE_MS,
    "360": 360 * MINUTE_MS,
    "720": 720 * MINUTE_MS,
    "D": DAY_MS,
}
"""Weeks and months are not kept."""


def candle_rows(
    exchange: Exchange, listing: Listing, interval_ms: int, start_ms: int, end_ms: int, limit: int
) -> list[tuple[str, str, str, str, str, str, str]]:
    """``start, open, high, low, close, volume, turnover``, oldest first; inverse volume is in USD, turnover in coin."""
    return [
        (
            str(bar.start_ms),
            plain(bar.open),
            plain(bar.high),
            plain(bar.low),
            plain(bar.close),
            places(bar.volume, 4),
            places(bar.turnover, 8),
        )
        for bar in bars(exchange, listing, interval_ms, start_ms, end_ms, limit)
    ]
