"""BingX's public frames: each market with its own shapes and order of keys, at its own times.

The best bid and ask are pushed when they change, and a new subscriber first gets one that may be minutes old. A book's
asks come worst first. Nothing tells index prices or funding.
"""

from __future__ import annotations

import re
from typing import Any

from feeds.sim import figures
from feeds.sim.bingx.market_data import INTERVALS
from feeds.sim.book import side_levels
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.wire import encode, places, plain

SECOND = 10
"""Steps in a second."""

BOOK_STEPS = 5
OLD_MS = 61_000

_DEPTH = re.compile(r"depth(?P<levels>5|10|20|50|100)?(?:@(?:200|500)ms)?\Z")
_SPOT_INTERVALS = {
    "1min": "1m",
    "3min": "3m",
    "5min": "5m",
    "15min": "15m",
    "30min": "30m",
    "60min": "1h",
    "2hour": "2h",
    "4hour": "4h",
    "1day": "1d",
    "1week": "1w",
}
_PLAIN: dict[str, tuple[str, ...]] = {
    "linear": ("markPrice", "bookTicker", "ticker", "lastPrice", "trade", "incrDepth"),
    "inverse": ("markPrice", "bookTicker", "ticker", "lastPrice", "trade"),
    "spot": ("bookTicker", "ticker", "lastPrice", "trade", "incrDepth"),
}


class Frames:
    """Makes one topic's frame when it is due."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._tops: dict[str, tuple[Any, ...]] = {}
        self._books: dict[str, tuple[dict[str, str], dict[str, str], int]] = {}

    def serves(self, market: str, channel: str) -> bool:
        """Whether a market has such a channel."""
        if channel in _PLAIN[market] or _DEPTH.match(channel):
            return True
        return channel.startswith("kline_") and self._interval(market, channel) is not None

    def first(self, listing: Listing, channel: str, key: str) -> bytes | None:
        """What a new subscriber is told at once; ``None`` for nothing."""
        if channel == "bookTicker":
            return self._frame(listing, key, self._book_ticker(listing, self._exchange.now_ms - OLD_MS))
        if channel == "incrDepth":
            return self._depth_difference(listing, key, whole=True)
        return None

    def due(self, listing: Listing, channel: str, key: str, steps: int) -> bytes | None:
        """The frame that this step asks for; ``None`` for none."""
        if channel == "bookTicker":
            return self._top_step(listing, key, steps)
        if channel == "trade":
            return self._trade(listing, key)
        if channel.startswith("depth"):
            return self._depth(listing, channel, key) if steps % BOOK_STEPS == 0 else None
        if channel == "incrDepth":
            return self._depth_difference(listing, key, whole=False) if steps % BOOK_STEPS == 0 else None
        if steps % SECOND:
            return None
        if channel == "markPrice":
            return self._frame(listing, key, self._mark(listing))
        if channel == "lastPrice":
            return self._frame(listing, key, self._last(listing))
        if channel == "ticker":
            return self._frame(listing, key, self._ticker(listing))
        return self._kline(listing, channel, key)

    # --- shapes --------------------------------------------------------------------------------------------------

    def _frame(self, listing: Listing, key: str, data: Any, **more: Any) -> bytes:
        topic = key.partition(":")[2]
        if listing.category == "linear":
            return encode({"code": 0, "dataType": topic, "data": data, **more})
        if listing.category == "inverse":
            return encode({"code": 0, "timestamp": self._exchange.now_ms, "dataType": topic, "data": data, **more})
        return encode({"code": 0, "data": data, "dataType": topic, "success": True, **more})

    def _mark(self, listing: Listing) -> dict[str, Any]:
        price, stamp = plain(self._exchange.quote(listing).mark), self._exchange.now_ms
        if listing.category == "inverse":
            return {"p": price, "e": "markPrice", "s": listing.symbol, "E": stamp}
        return {"e": "markPriceUpdate", "E": stamp, "s": listing.symbol, "p": price}

    def _last(self, listing: Listing) -> dict[str, Any]:
        price, stamp = plain(self._exchange.quote(listing).last), self._exchange.now_ms
        if listing.category == "inverse":
            return {"p": price, "e": "lastPrice", "s": listing.symbol, "E": stamp}
        return {"e": "lastPriceUpdate", "E": stamp, "s": listing.symbol, "c": price}

    def _book_ticker(self, listing: Listing, stamp: int) -> dict[str, Any]:
        quote = self._exchange.quote(listing)
        best = {"b": plain(quote.bid), "B": plain(quote.bid_size), "a": plain(quote.ask), "A": plain(quote.ask_size)}
        if listing.category == "linear":
            return {"e": "bookTicker", "u": quote.book_seed, "E": stamp, "T": stamp - 4, "s": listing.symbol, **best}
        if listing.category == "inverse":
            update, last = str(quote.book_seed), plain(quote.last)
            head = {"s": listing.symbol, "e": "bookTicker", "E": stamp, "u": update, "T": stamp - 4, "p": last}
            return {**head, **best}
        return {**best, "E": stamp, "e": "bookTicker", "s": listing.symbol}

    def _ticker(self, listing: Listing) -> dict[str, Any]:
        quote, day = self._exchange.quote(listing), figures.day(self._exchange, listing)
        stamp, change = self._exchange.now_ms, places(day.change_fraction * 100, 2)
        prices = {"o": day.open, "h": day.high, "l": day.low, "c": day.last, "p": day.change, "v": day.volume}
        best = {"A": quote.ask, "a": quote.ask_size, "B": quote.bid, "b": quote.bid_size}
        texts = {name: plain(value) for name, value in (prices | best).items()}
        head = {"e": "24hTicker", "E": stamp, "s": listing.symbol}
        if listing.category == "linear":
            tail = {"L": plain(quote.last_size), "q": plain(day.turnover), "O": stamp - 86_400_000, "C": stamp}
            return head | texts | tail | {"P": change}
        if listing.category == "inverse":
            dollars = plain(day.volume * listing.instrument.contract_size)
            tail = {"m": plain(day.turnover), "q": dollars, "C": str(stamp), "L": plain(quote.last_size)}
            return {"s": listing.symbol, "E": stamp} | texts | tail | {"P": f"{change}%"}
        numbers = {name: float(value) for name, value in (prices | best | {"q": day.turnover}).items()}
        return head | numbers | {"P": f"{change}%", "O": stamp - 86_400_000, "C": stamp}

    def _kline(self, listing: Listing, channel: str, key: str) -> bytes | None:
        interval, now = self._interval(listing.category, channel), self._exchange.now_ms
        found = [] if interval is None else figures.bars(self._exchange, listing, interval, now - 1, now, 1)
        if not found or interval is None:
            return None
        bar = found[-1]
        if listing.category == "linear":
            row = {"c": plain(bar.close), "o": plain(bar.open), "h": plain(bar.high), "l": plain(bar.low)}
            return self._frame(listing, key, [row | {"v": plain(bar.volume), "T": bar.start_ms}], s=listing.symbol)
        if listing.category == "inverse":
            prices = {"o": bar.open, "c": bar.close, "l": bar.low, "h": bar.high, "a": bar.turnover, "v": bar.volume}
            numbers = {name: float(value) for name, value in prices.items()}
            return self._frame(listing, key, {"t": bar.start_ms, **numbers, "u": bar.trades, "s": listing.symbol})
        texts = {"c": bar.close, "h": bar.high, "l": bar.low, "o": bar.open, "q": bar.turnover, "v": bar.volume}
        candle: dict[str, Any] = {name: plain(value) for name, value in texts.items()}
        candle |= {"T": bar.start_ms + interval - 1, "i": channel.removeprefix("kline_"), "n": bar.trades}
        candle |= {"s": listing.symbol, "t": bar.start_ms}
        return self._frame(listing, key, {"E": now, "K": candle, "e": "kline", "s": listing.symbol})

    def _interval(self, market: str, channel: str) -> int | None:
        name = channel.removeprefix("kline_")
        return INTERVALS.get(_SPOT_INTERVALS.get(name, "") if market == "spot" else name)

    # --- what depends on what was told before --------------------------------------------------------------------

    def _top_step(self, listing: Listing, key: str, steps: int) -> bytes | None:
        quote = self._exchange.quote(listing)
        top = (quote.bid, quote.bid_size, quote.ask, quote.ask_size)
        if steps % BOOK_STEPS or (self._tops.get(key) == top and not self._exchange.still(listing)):
            return None
        self._tops[key] = top
        return self._frame(listing, key, self._book_ticker(listing, self._exchange.now_ms))

    def _trade(self, listing: Listing, key: str) -> bytes | None:
        quote, stamp = self._exchange.quote(listing), self._exchange.now_ms
        if not quote.traded or self._exchange.still(listing):
            return None
        maker = quote.last_side.lower() == "sell"
        trade = {"q": plain(quote.last_size), "p": plain(quote.last), "T": stamp, "m": maker, "s": listing.symbol}
        if listing.category == "linear":
            return self._frame(listing, key, [trade])
        return self._frame(listing, key, {"e": "trade", "E": stamp, **trade, "t": str(quote.book_seed)})

    def _depth(self, listing: Listing, channel: str, key: str) -> bytes:
        match = _DEPTH.match(channel)
        levels = int((match["levels"] if match is not None else None) or 20)
        quote, stamp = self._exchange.quote(listing), self._exchange.now_ms
        bids, asks = (side_levels(listing, quote, bids=side, depth=levels) for side in (True, False))
        asks.reverse()
        if listing.category != "inverse":
            rows = {
                name: [[plain(level.price), plain(level.size)] for level in side]
                for name, side in (("bids", bids), ("asks", asks))
            }
            return self._frame(listing, key, rows, ts=stamp)
        size = listing.instrument.contract_size
        objects: dict[str, Any] = {
            name: [
                {
                    "p": plain(level.price),
                    "a": places(level.size * size / level.price, 6),
                    "v": plain(level.size),
                }
                for level in side
            ]
            for name, side in (("bids", bids), ("asks", asks))
        }
        tick = plain(listing.instrument.tick_size)
        return self._frame(
            listing, key, {"symbol": listing.symbol, **objects, "aggPrecision": tick, "timestamp": stamp}
        )

    def _depth_difference(self, listing: Listing, key: str, *, whole: bool) -> bytes | None:
        quote, stamp = self._exchange.quote(listing), self._exchange.now_ms
        bids, asks = (
            {plain(level.price): plain(level.size) for level in side_levels(listing, quote, bids=side, depth=100)}
            for side in (True, False)
        )
        before_bids, before_asks, number = self._books.get(key, ({}, {}, quote.book_seed))
        number += 2 + quote.book_seed % 8
        self._books[key] = (bids, asks, number)
        if not whole:
            bids, asks = _changes(before_bids, bids), _changes(before_asks, asks)
            if not bids and not asks:
                return None
        data = {
            "action": "all" if whole else "update",
            "lastUpdateId": number,
            "bids": [list(row) for row in bids.items()],
            "asks": [list(row) for row in reversed(asks.items())],
            "time": stamp,
        }
        return self._frame(listing, key, data, ts=stamp)


def _changes(before: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    gone = {price: "0.0000" for price in before if price not in now}
    return gone | {price: size for price, size in now.items() if before.get(price) != size}
