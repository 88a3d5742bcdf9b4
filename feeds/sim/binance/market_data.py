"""Binance's public REST endpoints, of both futures products and of spot."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from core.pnl import settle_notional
from feeds.sim.binance import frames, reference
from feeds.sim.binance.depth import DepthBooks
from feeds.sim.binance.protocol import BinanceRefusal, Parameters, mandatory, whole
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.figures import Trade, bars
from feeds.sim.funding import FundingSchedule, Settled
from feeds.sim.history import DAY_MS
from feeds.sim.wire import places, plain

_EXCHANGE_INFO = {
    "usdm": reference.futures_exchange_info,
    "coinm": reference.coin_exchange_info,
    "spot": reference.spot_exchange_info,
}
DEPTHS = (5, 10, 20, 50, 100, 500, 1000)


class MarketData:
    """One method an endpoint; each takes parameters and returns a JSON body. ``category`` is the product's.

    COIN-M always answers with arrays, names pairs beside symbols, and counts in contracts and coins.
    """

    def __init__(self, exchange: Exchange, depth: DepthBooks, category: str, now_ms: Callable[[], int]) -> None:
        """``now_ms`` is the clock that signatures are checked against."""
        self._exchange, self._depth, self._category, self._now_ms = exchange, depth, category, now_ms
        self._coin = category == "coinm"

    def time(self, _: Parameters) -> Any:
        """GET time."""
        return {"serverTime": self._now_ms()}

    def exchange_info(self, _: Parameters) -> Any:
        """GET exchangeInfo."""
        listed = self._exchange.listed(self._category)
        return _EXCHANGE_INFO[self._category](listed, self._exchange.now_ms)

    def premium_index(self, parameters: Parameters) -> Any:
        """GET premiumIndex: an object with a symbol, else an array."""
        return self._each(parameters, self._premium)

    def funding_rate(self, parameters: Parameters) -> Any:
        """GET fundingRate: ascending; without times the latest, with a start the first from there."""
        start, end = whole(parameters, "startTime", 0), whole(parameters, "endTime", 1 << 53)
        limit = whole(parameters, "limit", 100)
        if not 1 <= limit <= 1000:
            raise BinanceRefusal(-1130, "Data sent for parameter 'limit' is not valid.")
        if self._coin:
            mandatory(parameters, "symbol")
        rows = [
            self._settled(listing, settled)
            for listing in self._listings(parameters)
            if listing.instrument.perpetual
            for settled in self._funding(listing).settled
            if start <= settled.time_ms <= end
        ]
        rows.sort(key=lambda row: int(str(row["fundingTime"])))
        return rows[:limit] if "startTime" in parameters else rows[-limit:]

    def _settled(self, listing: Listing, settled: Settled) -> dict[str, Any]:
        row = {
            "symbol": listing.symbol,
            "fundingTime": settled.time_ms,
            "fundingRate": places(settled.rate, 8),
        }
        if self._coin:
            return row
        return row | {"markPrice": places(settled.mark, 8) if settled.mark else "", "rateType": "Regular"}

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
        row = {"openInterest": interest, "symbol": listing.symbol, "time": self._exchange.now_ms}
        kind = reference.CONTRACT_TYPES[listing.quarter]
        return row | {"pair": listing.pair, "contractType": kind} if self._coin else row

    def trades(self, parameters: Parameters) -> Any:
        """GET trades: the last ones, oldest first."""
        listing = self._listing(parameters)
        return [
            {
                "id": frames.trade_number(trade.number),
                "price": plain(trade.price),
                "qty": plain(trade.quantity),
                "baseQty" if self._coin else "quoteQty": places(_value(listing, trade), 8),
                "time": trade.time_ms,
                "isBuyerMaker": trade.side == "sell",
            }
            for trade in self._exchange.trades(listing, min(whole(parameters, "limit", 500), 1000))
        ]

    def aggregate_trades(self, parameters: Parameters) -> Any:
        """GET aggTrades: here each trade by itself."""
        return [
            {
                "a": frames.trade_number(trade.number),
                "p": plain(trade.price),
                "q": plain(trade.quantity),
                "f": frames.trade_number(trade.number),
                "l": frames.trade_number(trade.number),
                "T": trade.time_ms,
                "m": trade.side == "sell",
            }
            for trade in self._exchange.trades(self._listing(parameters), min(whole(parameters, "limit", 500), 1000))
        ]

    def depth(self, parameters: Parameters) -> Any:
        """GET depth."""
        listing, limit = self._listing(parameters), whole(parameters, "limit", 500)
        if limit not in DEPTHS and self._category != "spot":
            raise BinanceRefusal(-4021, f"'{limit}' is not valid depth limit.")
        return self._depth.snapshot(listing, limit)

    def _premium(self, listing: Listing) -> dict[str, Any]:
        quote, (rate, due) = self._exchange.quote(listing), frames.funding_terms(self._exchange, listing)
        return {
            "symbol": listing.symbol,
            **self._pair(listing),
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
        turnover = {"baseVolume" if self._coin else "quoteVolume": day.turnover}
        row = {
            "symbol": listing.symbol,
            **self._pair(listing),
            "priceChange": day.change,
            "priceChangePercent": day.change_percent,
            "weightedAvgPrice": day.weighted,
            "lastPrice": day.last,
            "lastQty": plain(quote.last_size),
            "openPrice": day.open,
            "highPrice": day.high,
            "lowPrice": day.low,
            "volume": day.volume,
            **turnover,
            "openTime": now - DAY_MS,
            "closeTime": now,
            "firstId": 1,
            "lastId": quote.book_seed,
            "count": quote.book_seed,
        }
        return row | self._best_prices(listing) if self._category == "spot" else row

    def _best(self, listing: Listing) -> dict[str, Any]:
        row: dict[str, Any] = {"symbol": listing.symbol, **self._pair(listing), **self._best_prices(listing)}
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
        if self._category == "spot":
            return row
        return row | {"time": self._exchange.now_ms} | ({"ps": listing.pair} if self._coin else {})

    def _each(self, parameters: Parameters, make: Callable[[Listing], dict[str, Any]]) -> Any:
        """An object with a symbol, else an array; COIN-M answers with an array always."""
        rows = [make(listing) for listing in self._listings(parameters)]
        return rows[0] if "symbol" in parameters and not self._coin else rows

    def _pair(self, listing: Listing) -> dict[str, str]:
        return {"pair": listing.pair} if self._coin else {}

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
        """The contract of ``symbol``; of ``pair`` the one of the ``contractType`` that is named, or the perpetual."""
        if "pair" in parameters:
            kind = parameters.get("contractType", "PERPETUAL")
            found = [item for item in self._of_pair(parameters) if reference.CONTRACT_TYPES[item.quarter] == kind]
            listing = found[0] if found else None
        else:
            listing = self._exchange.find(self._category, mandatory(parameters, "symbol"))
        if listing is None:
            raise BinanceRefusal(-1121, "Invalid symbol.")
        return listing

    def _listings(self, parameters: Parameters) -> list[Listing]:
        if "symbol" in parameters:
            return [self._listing(parameters)]
        if "pair" in parameters:
            return self._of_pair(parameters)
        listed = self._exchange.listed(self._category)
        names = parameters.get("symbols", "")
        return [listing for listing in listed if f'"{listing.symbol}"' in names] if names else listed

    def _of_pair(self, parameters: Parameters) -> list[Listing]:
        return [listing for listing in self._exchange.listed(self._category) if listing.pair == parameters["pair"]]


def _value(listing: Listing, trade: Trade) -> Decimal:
    instrument = listing.instrument
    return settle_notional(instrument.kind, trade.quantity, instrument.contract_size, trade.price)
