"""BingX's public REST endpoints of the three markets: times, lists, rates, books, candles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from feeds.sim import figures
from feeds.sim.bingx import reference
from feeds.sim.bingx.protocol import BingxRefusal, Parameters, required, whole
from feeds.sim.book import side_levels
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.wire import places, plain

INTERVALS = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "2h": 7_200_000,
    "4h": 14_400_000,
    "6h": 21_600_000,
    "8h": 28_800_000,
    "12h": 43_200_000,
    "1d": 86_400_000,
    "3d": 259_200_000,
    "1w": 604_800_000,
}
CHINA_MS = 8 * 3_600_000


class MarketData:
    """One method an endpoint of one market; each takes the query's parameters and returns ``data``."""

    def __init__(self, exchange: Exchange, market: str, clock_ms: Callable[[], int]) -> None:
        """``clock_ms`` is the venue's clock, against which signatures are checked."""
        self._exchange, self._market, self._clock_ms = exchange, market, clock_ms

    def time(self, _: Parameters) -> Any:
        """GET …/server/time."""
        return {"serverTime": self._clock_ms()}

    def contracts(self, parameters: Parameters) -> Any:
        """GET …/contracts and …/common/symbols. The coin-margined list wants a timestamp, and says so oddly."""
        if self._market == "inverse" and not parameters.get("timestamp"):
            raise BingxRefusal(104414, "Invalid parameter", status=400, bare=True)
        found = self._listings(parameters)
        if self._market == "spot":
            return {"symbols": [reference.pair(self._exchange, listing) for listing in found]}
        if self._market == "inverse":
            return [reference.inverse_contract(self._exchange, listing) for listing in found]
        return [reference.contract(self._exchange, listing, number) for number, listing in enumerate(found)]

    def premium(self, parameters: Parameters) -> Any:
        """GET …/premiumIndex: an object for one USDT-margined contract, a list otherwise."""
        rows = [reference.premium(self._exchange, listing) for listing in self._listings(parameters)]
        return rows[0] if self._market == "linear" and parameters.get("symbol") else rows

    def funding_history(self, parameters: Parameters) -> Any:
        """GET …/fundingRate: settled rates, newest first."""
        listing = self._listing(parameters)
        schedule = self._exchange.funding(listing)
        assert schedule is not None
        start, end = whole(parameters, "startTime", 0), whole(parameters, "endTime", 1 << 62)
        rows = [
            {"symbol": listing.symbol, "fundingRate": places(settled.rate, 8), "fundingTime": settled.time_ms}
            for settled in reversed(schedule.settled)
            if start <= settled.time_ms <= end
        ]
        return rows[: whole(parameters, "limit", 100, lowest=1, highest=1000)]

    def ticker(self, parameters: Parameters) -> Any:
        """GET …/ticker: an object for one USDT-margined contract, a list otherwise."""
        rows = [reference.statistics(self._exchange, listing) for listing in self._listings(parameters)]
        return rows[0] if self._market == "linear" and parameters.get("symbol") else rows

    def book_ticker(self, parameters: Parameters) -> Any:
        """GET …/bookTicker: numbers, not texts; spot's has other names, and is a list."""
        listing = self._listing(parameters)
        quote = self._exchange.quote(listing)
        if self._market == "spot":
            row = {"eventType": "bookTicker", "time": self._exchange.now_ms, "symbol": listing.symbol}
            row |= {"bidPrice": plain(quote.bid), "bidVolume": plain(quote.bid_size)}
            return [row | {"askPrice": plain(quote.ask), "askVolume": plain(quote.ask_size)}]
        prices = {"bid_price": float(quote.bid), "ask_price": float(quote.ask)}
        sizes = {"bid_qty": float(quote.bid_size), "ask_qty": float(quote.ask_size)}
        return {"book_ticker": {"symbol": listing.symbol, **prices, **sizes}}

    def last_price(self, parameters: Parameters) -> Any:
        """GET …/ticker/price."""
        listing = self._listing(parameters)
        price = plain(self._exchange.quote(listing).last)
        return {"symbol": listing.symbol, "price": price, "time": self._exchange.now_ms}

    def depth(self, parameters: Parameters) -> Any:
        """GET …/depth: asks come worst first."""
        listing = self._listing(parameters)
        depth = whole(parameters, "limit", 20, lowest=5, highest=1000)
        quote = self._exchange.quote(listing)
        bids, asks = (
            [[plain(level.price), plain(level.size)] for level in side_levels(listing, quote, bids=side, depth=depth)]
            for side in (True, False)
        )
        asks.reverse()
        if self._market != "linear":
            return {"T": self._exchange.now_ms, "ts": self._exchange.now_ms, "bids": bids, "asks": asks}
        return {"T": self._exchange.now_ms, "bids": bids, "asks": asks, "bidsCoin": bids, "asksCoin": asks}

    def trades(self, parameters: Parameters) -> Any:
        """GET …/trades: the newest last."""
        listing = self._listing(parameters)
        return [
            {
                "id": str(trade.number),
                "fillId": str(trade.number),
                "time": trade.time_ms,
                "isBuyerMaker": trade.side == "sell",
                "buyerMaker": trade.side == "sell",
                "price": plain(trade.price),
                "qty": plain(trade.quantity),
                "quoteQty": plain(trade.price * trade.quantity),
            }
            for trade in self._exchange.trades(listing, whole(parameters, "limit", 100, lowest=1, highest=1000))
        ]

    def open_interest(self, parameters: Parameters) -> Any:
        """GET …/openInterest."""
        listing = self._listing(parameters)
        interest = plain(self._exchange.quote(listing).open_interest)
        if self._market == "inverse":
            return [{"symbol": listing.symbol, "openInterest": interest, "timestamp": self._exchange.now_ms}]
        return {"openInterest": interest, "symbol": listing.symbol, "time": self._exchange.now_ms}

    def candles(self, parameters: Parameters) -> Any:
        """GET …/klines: objects in no promised order; newest first here."""
        rows = [
            {
                "open": plain(bar.open),
                "close": plain(bar.close),
                "high": plain(bar.high),
                "low": plain(bar.low),
                "volume": plain(bar.volume),
                "time": bar.start_ms,
            }
            for bar in self._bars(parameters, 0)
        ]
        return rows[::-1]

    def mark_candles(self, parameters: Parameters) -> Any:
        """GET …/markPriceKlines."""
        rows = [
            {
                "open": plain(bar.open),
                "close": plain(bar.close),
                "high": plain(bar.high),
                "low": plain(bar.low),
                "volume": "0.00",
                "openTime": bar.start_ms,
                "closeTime": bar.start_ms,  # as the venue prints it: the opening time again
            }
            for bar in self._bars(parameters, 0)
        ]
        return rows[::-1]

    def spot_candles(self, parameters: Parameters) -> Any:
        """GET …/kline of spot: arrays, cut at midnight in China unless ``timeZone`` is 0."""
        shift = 0 if parameters.get("timeZone") == "0" else CHINA_MS
        length = INTERVALS.get(parameters.get("interval", ""), 0)
        return [
            [
                bar.start_ms,
                *(float(price) for price in (bar.open, bar.high, bar.low, bar.close, bar.volume)),
                bar.start_ms + length - 1,
                float(bar.turnover),
            ]
            for bar in reversed(self._bars(parameters, shift))
        ]

    def _bars(self, parameters: Parameters, shift_ms: int) -> list[figures.Bar]:
        listing, interval = self._listing(parameters), INTERVALS.get(required(parameters, "interval"))
        if interval is None:
            raise BingxRefusal(109400, "Invalid parameters, err:interval is invalid")
        limit = whole(parameters, "limit", 500, lowest=1, highest=1440)
        end = min(whole(parameters, "endTime", self._exchange.now_ms), self._exchange.now_ms)
        start = whole(parameters, "startTime", max(0, end - limit * interval))
        found = figures.bars(self._exchange, listing, interval, start, end, limit)
        if shift_ms and interval >= 86_400_000:
            return [bar._replace(start_ms=bar.start_ms - shift_ms) for bar in found]
        return found

    def _listing(self, parameters: Parameters) -> Listing:
        listing = self._exchange.find(self._market, required(parameters, "symbol"))
        if listing is None:
            raise BingxRefusal(109425, f"{parameters['symbol'][:40]} does not exist")
        return listing

    def _listings(self, parameters: Parameters) -> list[Listing]:
        return [self._listing(parameters)] if parameters.get("symbol") else self._exchange.listed(self._market)
