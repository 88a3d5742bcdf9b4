"""Listings, tickers, candles and funding as WEEX writes them. All sizes are coins; fractions are no per cents."""

from __future__ import annotations

from typing import Any

from feeds.sim.book import Level, side_levels
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.figures import Bar, Trade, bars, day
from feeds.sim.history import DAY_MS, HOUR_MS
from feeds.sim.wire import decimals, places, plain

Fields = dict[str, Any]

MINUTE_MS = 60_000
INTERVALS = {
    "1m": MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "4h": 4 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "1w": 7 * DAY_MS,
}


def contract(listing: Listing) -> Fields:
    """One element of ``symbols`` of the contracts' exchangeInfo; ``contractVal`` is the step of sizes."""
    instrument = listing.instrument
    hours = instrument.funding_interval_hours or 8
    return {
        "symbol": listing.symbol,
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.settle,
        "pricePrecision": decimals(instrument.tick_size),
        "quantityPrecision": decimals(instrument.quantity_step),
        "baseAssetPrecision": decimals(instrument.quantity_step),
        "quotePrecision": 8,
        "contractVal": float(instrument.quantity_step),
        "delivery": [f"{hour:02}:00:00" for hour in range(0, 24, hours)],
        "forwardContractFlag": True,
        "minLeverage": 1,
        "maxLeverage": int(instrument.maximum_leverage or 1),
        "buyLimitPriceRatio": 0.05,
        "sellLimitPriceRatio": 0.05,
        "makerFeeRate": float(listing.maker_fee),
        "takerFeeRate": float(listing.taker_fee),
        "minOrderSize": float(instrument.minimum_quantity),
        "maxOrderSize": float(instrument.maximum_quantity or 0),
        "maxPositionSize": float(instrument.maximum_quantity or 0) * 5,
        "marketOpenLimitSize": float(instrument.maximum_quantity or 0) / 2,
        "contractType": "PERPETUAL",
    }


def pair(listing: Listing) -> Fields:
    """One element of ``symbols`` of spot's exchangeInfo."""
    instrument = listing.instrument
    return {
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quoteAssetPrecision": 8,
        "tickSize": plain(instrument.tick_size),
        "stepSize": plain(instrument.quantity_step),
        "minTradeAmount": plain(instrument.minimum_quantity),
        "maxTradeAmount": plain(instrument.maximum_quantity or instrument.minimum_quantity),
        "takerFeeRate": plain(listing.taker_fee),
        "makerFeeRate": plain(listing.maker_fee),
        "buyLimitPriceRatio": "0.1",
        "sellLimitPriceRatio": "0.1",
        "enableTrade": True,
        "enableDisplay": True,
    }


def ticker(exchange: Exchange, listing: Listing) -> Fields:
    """``d[0]`` of a ticker frame; a contract's has mark and index, and none has bid and ask."""
    figures, quote, now = day(exchange, listing), exchange.quote(listing), exchange.now_ms
    told: Fields = {
        "p": plain(figures.change),
        "P": places(figures.change_fraction, 6),
        "w": places(figures.weighted, 8),
        "c": plain(figures.last),
        "o": plain(figures.open),
        "h": plain(figures.high),
        "l": plain(figures.low),
        "v": plain(figures.volume),
        "q": places(figures.turnover, 5),
        "O": now - DAY_MS,
        "C": now,
        "n": quote.book_seed,
    }
    return told if listing.spot else told | {"m": plain(quote.mark), "i": plain(quote.index)}


def ticker_day(exchange: Exchange, listing: Listing) -> Fields:
    """A row of ``ticker/24hr``; spot's has the best prices, a contract's mark and index."""
    told, quote = ticker(exchange, listing), exchange.quote(listing)
    names = {
        "priceChange": "p",
        "priceChangePercent": "P",
        "lastPrice": "c",
        "openPrice": "o",
        "highPrice": "h",
        "lowPrice": "l",
        "volume": "v",
        "quoteVolume": "q",
        "openTime": "O",
        "closeTime": "C",
    }
    row = {"symbol": listing.symbol, **{name: told[short] for name, short in names.items()}}
    if listing.spot:
        return row | best(exchange, listing) | {"count": quote.book_seed}
    return row | {"markPrice": told["m"], "indexPrice": told["i"]}


def best(exchange: Exchange, listing: Listing) -> Fields:
    """A row of ``ticker/bookTicker``; spot's has no time."""
    quote = exchange.quote(listing)
    row: Fields = {
        "symbol": listing.symbol,
        "bidPrice": plain(quote.bid),
        "bidQty": plain(quote.bid_size),
        "askPrice": plain(quote.ask),
        "askQty": plain(quote.ask_size),
    }
    return row if listing.spot else row | {"time": exchange.now_ms}


def levels(exchange: Exchange, listing: Listing, depth: int) -> tuple[dict[str, str], dict[str, str]]:
    """The best bids and asks, sizes by price."""
    quote = exchange.quote(listing)
    sides = (side_levels(listing, quote, bids=bids, depth=depth) for bids in (True, False))
    bids, asks = (_texts(side) for side in sides)
    return bids, asks


def _texts(side: list[Level]) -> dict[str, str]:
    return {plain(level.price): plain(level.size) for level in side}


def candle_rows(exchange: Exchange, listing: Listing, interval_ms: int, start_ms: int, limit: int) -> list[list[Any]]:
    """Rows of the kline endpoints, ascending, the running candle last."""
    found = bars(exchange, listing, interval_ms, start_ms, exchange.now_ms, limit)
    return [candle_row(bar, interval_ms) for bar in found]


def candle_row(bar: Bar, interval_ms: int) -> list[Any]:
    """Opening time, prices, volume, closing time, turnover, trades, and the takers' half of both."""
    return [
        bar.start_ms,
        *(plain(price) for price in (bar.open, bar.high, bar.low, bar.close)),
        plain(bar.volume),
        bar.start_ms + interval_ms,
        places(bar.turnover, 5),
        bar.trades,
        places(bar.volume / 2, 5),
        places(bar.turnover / 2, 5),
    ]


def running_candle(exchange: Exchange, listing: Listing, interval: str) -> Fields:
    """``d[0]`` of a kline frame."""
    length = INTERVALS[interval]
    row = candle_rows(exchange, listing, length, exchange.now_ms - 1, 1)[-1]
    names = ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q")
    return {**dict(zip(names, row, strict=True)), "s": listing.symbol, "i": interval}


def trade_row(trade: Trade) -> Fields:
    """A row of ``trades``."""
    return {
        "id": str(trade.number),
        "time": trade.time_ms,
        "price": plain(trade.price),
        "qty": plain(trade.quantity),
        "quoteQty": plain(trade.price * trade.quantity),
        "isBestMatch": True,
        "isBuyerMaker": trade.side == "sell",
    }


def streamed_trade(trade: Trade) -> Fields:
    """An element of ``d`` of a trade frame."""
    return {
        "T": trade.time_ms,
        "t": f"00000000-0000-4000-8000-{trade.number & 0xFFFFFFFFFFFF:012x}",
        "p": plain(trade.price),
        "q": plain(trade.quantity),
        "v": plain(trade.price * trade.quantity),
        "m": trade.side == "sell",
    }
