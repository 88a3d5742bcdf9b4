"""What each public Binance stream says at one moment: one function a stream kind, for futures and for spot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from feeds.sim.book import Level, side_levels
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.figures import Bar, bars, day
from feeds.sim.history import DAY_MS, HOUR_MS, MINUTE_MS
from feeds.sim.wire import places, plain

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
    figures = day(exchange, listing)
    return DayFigures(
        change=plain(figures.change),
        change_percent=places(figures.change_fraction * 100, 3),
        open=plain(figures.open),
        high=plain(figures.high),
        low=plain(figures.low),
        last=plain(figures.last),
        weighted=plain(figures.weighted),
        volume=plain(figures.volume),
        turnover=places(figures.turnover, 2),
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
    quote, told, now = exchange.quote(listing), day_figures(exchange, listing), exchange.now_ms
    frame: Frame = {
        "e": "24hrTicker",
        "E": now,
        "s": listing.symbol,
        "p": told.change,
        "P": told.change_percent,
        "w": told.weighted,
        "c": told.last,
        "Q": plain(quote.last_size),
        "o": told.open,
        "h": told.high,
        "l": told.low,
        "v": told.volume,
        "q": told.turnover,
        "O": now - DAY_MS,
        "C": now,
        "F": 1,
        "L": quote.book_seed,
        "n": quote.book_seed,
    }
    if listing.category != "spot":
        return frame | {"ps": listing.symbol, "st": 1}
    return frame | {
        "x": told.open,
        "b": plain(quote.bid),
        "B": plain(quote.bid_size),
        "a": plain(quote.ask),
        "A": plain(quote.ask_size),
    }


def mini_ticker(exchange: Exchange, listing: Listing) -> Frame:
    """``<s>@miniTicker``."""
    told = day_figures(exchange, listing)
    frame = {
        "e": "24hrMiniTicker",
        "E": exchange.now_ms,
        "s": listing.symbol,
        "c": told.last,
        "o": told.open,
        "h": told.high,
        "l": told.low,
        "v": told.volume,
        "q": told.turnover,
    }
    return frame if listing.category == "spot" else frame | {"ps": listing.symbol, "st": 1}


def kline(exchange: Exchange, listing: Listing, interval: str) -> Frame:
    """``<s>@kline_<i>``: the running candle."""
    length, now = INTERVALS[interval], exchange.now_ms
    row = kline_row(bars(exchange, listing, length, now - 1, now, 1)[-1], length)
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


def kline_row(bar: Bar, interval_ms: int) -> list[Any]:
    """One row of the kline endpoints."""
    return [
        bar.start_ms,
        plain(bar.open),
        plain(bar.high),
        plain(bar.low),
        plain(bar.close),
        places(bar.volume, 3),
        bar.start_ms + interval_ms - 1,
        places(bar.turnover, 5),
        bar.trades,
        places(bar.volume / 2, 3),
        places(bar.turnover / 2, 5),
        "0",
    ]


def trade(exchange: Exchange, listing: Listing, kind: str) -> Frame | None:
    """``<s>@aggTrade`` or ``<s>@trade``; nothing where this step had no trade."""
    quote, now = exchange.quote(listing), exchange.now_ms
    if not quote.traded or exchange.still(listing):
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
