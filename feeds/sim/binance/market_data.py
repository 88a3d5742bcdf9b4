"""Binance's public REST endpoints, futures and spot."""

from __future__ import annotations

from typing import Any

from feeds.sim.binance import frames, reference
from feeds.sim.binance.depth import DepthBooks
from feeds.sim.binance.protocol import BinanceRefusal, Parameters, mandatory, whole
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.figures import bars
from feeds.sim.funding import FundingSchedule
from feeds.sim.history import DAY_MS
from feeds.sim.wire import places, plain

DEPTHS = (5, 10, 20, 50, 100, 500, 1000)


class MarketData:
    """One method an endpoint; each takes parameters and returns a JSON body. ``category`` is ``usdm`` or ``spot``."""

    def __init__(self, exchange: Exchange, depth: DepthBooks, category: str) -> None:
        self._exchange, self._depth, self._category = exchange, depth, category

    def time(self, _: Parameters) -> Any:
        """GET time."""
        return {"serverTime": self._exchange.now_ms}

    def exchange_info(self, _: Parameters) -> Any:
        """GET exchangeInfo."""
        listed = self._exchange.listed(self._category)
        make = reference.spot_exchange_info if self._category == "spot" else reference.futures_exchange_info
        return make(listed, self._exchange.now_ms)

    def premium_index(self, parameters: Parameters) -> Any:
        """GET premiumIndex: an object with a symbol, else an array."""
        rows = [self._premium(listing) for listing in self._listings(parameters)]
        return rows[0] if "symbol" in parameters else rows

    def funding_rate(self, parameters: Parameters) -> Any:
        """GET fundingRate: ascending; without times the latest, with a start the first from there."""
        start, end = whole(parameters, "startTime", 0), whole(parameters, "endTime", 1 << 53)
        limit = whole(parameters, "limit", 100)
        if not 1 <= limit <= 1000:
            raise BinanceRefusal(-1130, "Data sent for parameter 'limit' is not valid.")
        rows = [
            {
                "symbol": listing.symbol,
                "fundingTime": settled.time_ms,
                "fundingRate": places(settled.rate, 8),
                "markPrice": places(settled.mark, 8) if settled.mark else "",
                "rateType": "Regular",
            }
            for listing in self._listings(parameters)
            if listing.instrument.perpetual
            for settled in self._funding(listing).settled
            if start <= settled.time_ms <= end
        ]
        rows.sort(key=lambda row: int(str(row["fundingTime"])))
        return rows[:limit] if "startTime" in parameters else rows[-limit:]

    def funding_info(self, _: Parameters) -> Any:
        """GET fundingInfo."""
        return reference.funding_info(self._exchange.listed(self._category))

    def klines(self, parameters: Parameters) -> Any:
        """GET klines, markPriceKlines and continuousKlines: ascending rows, the running candle last."""
        listing, length = self._listing(parameters), self._interval(parameters)
        limit = min(whole(parameters, "limit", 500), 1500)
        now = self._exchange.now_ms
        end = min(whole(parameters, "endTime", now), now)
        start = whole(parameters, "startTime", end - limit * length)
        if "startTime" in parameters:
            end = min(end, start + (limit - 1) * length)
        found = bars(self._exchange, listing, length, start, end, limit)
        return [frames.kline_row(bar, length) for bar in found]

    def price_klines(self, parameters: Parameters) -> Any:
        """GET markPriceKlines and indexPriceKlines: as klines, volumes without meaning."""
        return [[*row[:5], "0", row[6], "0", row[8], "0", "0", "0"] for row in self.klines(parameters)]

    def premium_klines(self, parameters: Parameters) -> Any:
        """GET premiumIndexKlines: the running average premium, flat; no history is kept."""
        premium = places(self._funding(self._listing(parameters)).average_premium, 8)
        rows = self.klines(parameters)
        return [[row[0], *([premium] * 4), "0", row[6], "0", row[8], "0", "0", "0"] for row in rows]

    def ticker_day(self, parameters: Parameters) -> Any:
        """GET ticker/24hr."""
        return self._each(parameters, self._day)

    def ticker_book(self, parameters: Parameters) -> Any:
        """GET ticker/bookTicker."""
        return self._each(parameters, self._best)

    def ticker_price(self, parameters: Parameters) -> Any:
        """GET ticker/price."""
        return self._each(parameters, self._price)

    def average_price(self, parameters: Parameters) -> Any:
        """GET avgPrice (spot)."""
        quote = self._exchange.quote(self._listing(parameters))
        return {"mins": 5, "price": places(quote.mid, 8), "closeTime": self._exchange.now_ms}

    def open_interest(self, parameters: Parameters) -> Any:
        """GET openInterest."""
        listing = self._listing(parameters)
        interest = plain(self._exchange.quote(listing).open_interest)
        return {"openInterest": interest, "symbol": listing.symbol, "time": self._exchange.now_ms}

    def depth(self, parameters: Parameters) -> Any:
        """GET depth."""
        listing, limit = self._listing(parameters), whole(parameters, "limit", 500)
        if limit not in DEPTHS and self._category != "spot":
            raise BinanceRefusal(-4021, f"'{limit}' is not valid depth limit.")
        return self._depth.snapshot(listing, min(limit, 1000))

    def _premium(self, listing: Listing) -> dict[str, Any]:
        quote, (rate, due) = self._exchange.quote(listing), frames.funding_terms(self._exchange, listing)
        return {
            "symbol": listing.symbol,
            "markPrice": places(quote.mark, 8),
            "indexPrice": places(quote.index, 8),
            "estimatedSettlePrice": places(quote.index, 8),
            "lastFundingRate": rate,
            "interestRate": "0.00010000" if rate else "",
            "nextFundingTime": due,
            "time": self._exchange.now_ms,
        }

    def _day(self, listing: Listing) -> dict[str, Any]:
        quote, day = self._exchange.quote(listing), frames.day_figures(self._exchange, listing)
        now = self._exchange.now_ms
        row = {
            "symbol": listing.symbol,
            "priceChange": day.change,
            "priceChangePercent": day.change_percent,
            "weightedAvgPrice": day.weighted,
            "lastPrice": day.last,
            "lastQty": plain(quote.last_size),
            "openPrice": day.open,
            "highPrice": day.high,
            "lowPrice": day.low,
            "volume": day.volume,
            "quoteVolume": day.turnover,
            "openTime": now - DAY_MS,
            "closeTime": now,
            "firstId": 1,
            "lastId": quote.book_seed,
            "count": quote.book_seed,
        }
        return row | self._best_prices(listing) if self._category == "spot" else row

    def _best(self, listing: Listing) -> dict[str, Any]:
        row: dict[str, Any] = {"symbol": listing.symbol, **self._best_prices(listing)}
        if self._category != "spot":
            row |= {"time": self._exchange.now_ms, "lastUpdateId": self._exchange.quote(listing).book_seed}
        return row

    def _best_prices(self, listing: Listing) -> dict[str, str]:
        quote = self._exchange.quote(listing)
        return {
            "bidPrice": plain(quote.bid),
            "bidQty": plain(quote.bid_size),
            "askPrice": plain(quote.ask),
            "askQty": plain(quote.ask_size),
        }

    def _price(self, listing: Listing) -> dict[str, Any]:
        row: dict[str, Any] = {"symbol": listing.symbol, "price": plain(self._exchange.quote(listing).last)}
        return row if self._category == "spot" else row | {"time": self._exchange.now_ms}

    def _each(self, parameters: Parameters, make: Any) -> Any:
        rows = [make(listing) for listing in self._listings(parameters)]
        return rows[0] if "symbol" in parameters else rows

    def _funding(self, listing: Listing) -> FundingSchedule:
        funding = self._exchange.funding(listing)
        if funding is None:
            raise BinanceRefusal(-1121, "Invalid symbol.")
        return funding

    def _interval(self, parameters: Parameters) -> int:
        interval = frames.INTERVALS.get(mandatory(parameters, "interval"))
        if interval is None:
            raise BinanceRefusal(-1120, "Invalid interval.")
        return interval

    def _listing(self, parameters: Parameters) -> Listing:
        name = "pair" if "pair" in parameters else "symbol"
        listing = self._exchange.find(self._category, mandatory(parameters, name))
        if listing is None:
            raise BinanceRefusal(-1121, "Invalid symbol.")
        return listing

    def _listings(self, parameters: Parameters) -> list[Listing]:
        if "symbol" in parameters:
            return [self._listing(parameters)]
        listed = self._exchange.listed(self._category)
        names = parameters.get("symbols", "")
        return [listing for listing in listed if f'"{listing.symbol}"' in names] if names else listed
