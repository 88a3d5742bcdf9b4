"""What each public Binance stream says at one moment: one function a stream kind, for both futures products and spot.

Futures rows are told apart by ``st``. COIN-M counts volumes in contracts and turnover in the coin.
"""

from __future__ import annotations

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

PRODUCTS = {"usdm": 1, "coinm": 2}
"""``st``."""


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
        turnover=places(figures.turnover, 8 if listing.inverse else 2),
    )


def mark_price(exchange: Exchange, listing: Listing) -> Frame:
    """``<s>@markPrice``."""
    quote, (rate, due) = exchange.quote(listing), funding_terms(exchange, listing)
    average = {} if listing.inverse else {"ap": places(quote.mark, 8)}
    return {
        "e": "markPriceUpdate",
        "E": exchange.now_ms,
        "s": listing.symbol,
        "p": places(quote.mark, 8),
        **average,
        "P": places(quote.index, 8),
        "i": places(quote.index, 8),
        "r": rate,
        "T": due,
        "st": PRODUCTS[listing.category],
    }


def index_price(exchange: Exchange, listing: Listing) -> Frame:
    """``<pair>@indexPrice`` (COIN-M): here ``i`` is the pair."""
    price = places(exchange.quote(listing).index, 8)
    return {"e": "indexPriceUpdate", "E": exchange.now_ms, "i": listing.pair, "p": price}


def funding_terms(exchange: Exchange, listing: Listing) -> tuple[str, int]:
    """The running rate and when it is charged; a dated contract has neither."""
    funding = exchange.funding(listing)
    return ("", 0) if funding is None else (places(funding.rate, 8), funding.next_ms)


def product(listing: Listing) -> Frame:
    """What tells the futures products apart: the pair, and the product's number."""
    pair = listing.pair if listing.inverse else listing.symbol
    return {"ps": pair, "st": PRODUCTS[listing.category]}


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
        **product(listing),
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
        return frame | product(listing)
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
    return frame if listing.category == "spot" else frame | product(listing)


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
        plain(bar.volume),
        bar.start_ms + interval_ms - 1,
        plain(bar.turnover),
        bar.trades,
        plain(bar.volume / 2),
        places(bar.turnover / 2, 8),
        "0",
    ]


def trade(exchange: Exchange, listing: Listing, kind: str) -> Frame | None:
    """``<s>@aggTrade`` or ``<s>@trade``; nothing where this step had no trade."""
    quote, now = exchange.quote(listing), exchange.now_ms
    if not quote.traded or exchange.still(listing):
        return None
    number = trade_number(quote.book_seed)
    frame: Frame = {"e": kind, "E": now, "s": listing.symbol, "p": plain(quote.last), "q": plain(quote.last_size)}
    frame |= {"t": number} if kind == "trade" else {"a": number, "f": number, "l": number}
    return frame | {"T": now - 3, "m": quote.last_side == "Sell"}


def trade_number(number: int) -> int:
    """A public trade's number: those of before the start count from 1."""
    return number + 100


def depth_levels(exchange: Exchange, listing: Listing, depth: int) -> tuple[list[Level], list[Level]]:
    """The best bids and asks."""
    quote = exchange.quote(listing)
    return (
        side_levels(listing, quote, bids=True, depth=depth),
        side_levels(listing, quote, bids=False, depth=depth),
    )
