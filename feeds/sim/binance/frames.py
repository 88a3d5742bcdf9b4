"""What each public Binance stream says at one moment: one function a stream kind, for futures and for spot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from feeds.sim.book import Level, side_levels
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.history import DAY_MS, HOUR_MS, MINUTE_MS, Candle
from feeds.sim.wire import decimals, places, plain

INTERVALS = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
}
"""Longer candles are not kept."""

Frame = dict[str, Any]


class DayFigures(NamedTuple):
    """The last 24 hours of one listing, written with its own precision."""

    change: str
    change_percent: str
    open: str
    high: str
    low: str
    last: str
    weighted: str
    volume: str
    turnover: str


def day_figures(exchange: Exchange, listing: Listing) -> DayFigures:
    """The 24 h figures, which streams and REST write under different names."""
    quote, day = exchange.quote(listing), exchange.history(listing).day()
    digits, last = decimals(listing.instrument.tick_size), float(quote.last)
    weighted = float(quote.turnover / quote.volume) if quote.volume else last
    return DayFigures(
        change=f"{last - day.open:.{digits}f}",
        change_percent=f"{(last / day.open - 1) * 100:.3f}",
        open=f"{day.open:.{digits}f}",
        high=f"{max(day.high, last):.{digits}f}",
        low=f"{min(day.low, last):.{digits}f}",
        last=plain(quote.last),
        weighted=f"{weighted:.{digits}f}",
        volume=plain(quote.volume),
        turnover=places(quote.turnover, 2),
    )


def mark_price(exchange: Exchange, listing: Listing) -> Frame:
    """``<s>@markPrice``."""
    quote, (rate, due) = exchange.quote(listing), funding_terms(exchange, listing)
    return {
        "e": "markPriceUpdate",
        "E": exchange.now_ms,
        "s": listing.symbol,
        "p": places(quote.mark, 8),
        "ap": places(quote.mark, 8),
        "P": places(quote.index, 8),
        "i": places(quote.index, 8),
        "r": rate,
        "T": due,
        "st": 1,
    }


def funding_terms(exchange: Exchange, listing: Listing) -> tuple[str, int]:
    """The running rate and when it is charged; a dated contract has neither."""
    funding = exchange.funding(listing)
    return ("", 0) if funding is None else (places(funding.rate, 8), funding.next_ms)


def coin_margined(exchange: Exchange, make: Callable[[Exchange, Listing], Frame]) -> Frame:
    """A COIN-M perpetual's row, as all-market streams carry them among USDⓈ-M rows; told apart by ``st`` alone."""
    listing = exchange.listings["usdm", "BTCUSDT"]
    return make(exchange, listing) | {"s": "BTCUSD_PERP", "ps": "BTCUSD", "st": 2}


def book_ticker(exchange: Exchange, listing: Listing) -> Frame:
    """``<s>@bookTicker``; spot has neither event type nor time."""
    quote, now = exchange.quote(listing), exchange.now_ms
    best = {
        "s": listing.symbol,
        "b": plain(quote.bid),
        "B": plain(quote.bid_size),
        "a": plain(quote.ask),
        "A": plain(quote.ask_size),
    }
    if listing.category == "spot":
        return {"u": quote.book_seed, **best}
    return {
        "e": "bookTicker",
        "u": quote.book_seed,
        "E": now,
        "T": now - 2,
        **best,
        "st": 1,
        "ps": listing.symbol,
    }


def ticker(exchange: Exchange, listing: Listing) -> Frame:
    """``<s>@ticker``; only spot's carries bid and ask."""
    quote, day, now = exchange.quote(listing), day_figures(exchange, listing), exchange.now_ms
    frame: Frame = {
        "e": "24hrTicker",
        "E": now,
        "s": listing.symbol,
        "p": day.change,
        "P": day.change_percent,
        "w": day.weighted,
        "c": day.last,
        "Q": plain(quote.last_size),
        "o": day.open,
        "h": day.high,
        "l": day.low,
        "v": day.volume,
        "q": day.turnover,
        "O": now - DAY_MS,
        "C": now,
        "F": 1,
        "L": quote.book_seed,
        "n": quote.book_seed,
    }
    if listing.category != "spot":
        return frame | {"ps": listing.symbol, "st": 1}
    return frame | {
        "x": day.open,
        "b": plain(quote.bid),
        "B": plain(quote.bid_size),
        "a": plain(quote.ask),
        "A": plain(quote.ask_size),
    }


def mini_ticker(exchange: Exchange, listing: Listing) -> Frame:
    """``<s>@miniTicker``."""
    day = day_figures(exchange, listing)
    frame = {
        "e": "24hrMiniTicker",
        "E": exchange.now_ms,
        "s": listing.symbol,
        "c": day.last,
        "o": day.open,
        "h": day.high,
        "l": day.low,
        "v": day.volume,
        "q": day.turnover,
    }
    return frame if listing.category == "spot" else frame | {"ps": listing.symbol, "st": 1}


def kline(exchange: Exchange, listing: Listing, interval: str) -> Frame:
    """``<s>@kline_<i>``: the running candle."""
    length, now = INTERVALS[interval], exchange.now_ms
    candle = exchange.history(listing).candles(length, now - 1, now, 1)[-1]
    row = kline_row(listing, candle, length)
    return {
        "e": "kline",
        "E": now,
        "s": listing.symbol,
        "k": {
            "t": row[0],
            "T": row[6],
            "s": listing.symbol,
            "i": interval,
            "f": 1,
            "L": row[8],
            "o": row[1],
            "c": row[4],
            "h": row[2],
            "l": row[3],
            "v": row[5],
            "n": row[8],
            "x": False,
            "q": row[7],
            "V": row[9],
            "Q": row[10],
            "B": "0",
        },
    }


def kline_row(listing: Listing, candle: Candle, interval_ms: int) -> list[Any]:
    """One row of the kline endpoints. The candles are those of the coin's index."""
    digits = decimals(listing.instrument.tick_size)
    volume = float(listing.daily_volume) * candle.share
    return [
        candle.start_ms,
        f"{candle.open:.{digits}f}",
        f"{candle.high:.{digits}f}",
        f"{candle.low:.{digits}f}",
        f"{candle.close:.{digits}f}",
        f"{volume:.3f}",
        candle.start_ms + interval_ms - 1,
        f"{volume * candle.close:.5f}",
        int(candle.share * 1_000_000),
        f"{volume / 2:.3f}",
        f"{volume * candle.close / 2:.5f}",
        "0",
    ]


def trade(exchange: Exchange, listing: Listing, kind: str) -> Frame | None:
    """``<s>@aggTrade`` or ``<s>@trade``; nothing where this step had no trade."""
    quote, now = exchange.quote(listing), exchange.now_ms
    if not quote.traded or exchange.frozen:
        return None
    frame: Frame = {"e": kind, "E": now, "s": listing.symbol, "p": plain(quote.last), "q": plain(quote.last_size)}
    if kind == "trade":
        frame["t"] = quote.book_seed
    else:
        frame |= {"a": quote.book_seed, "f": quote.book_seed, "l": quote.book_seed}
    return frame | {"T": now - 3, "m": quote.last_side == "Sell"}


def depth_levels(exchange: Exchange, listing: Listing, depth: int) -> tuple[list[Level], list[Level]]:
    """The best bids and asks."""
    quote = exchange.quote(listing)
    return (
        side_levels(listing, quote, bids=True, depth=depth),
        side_levels(listing, quote, bids=False, depth=depth),
    )
