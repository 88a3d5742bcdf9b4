"""WEEX's public REST endpoints, contracts and spot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.funding import FundingSchedule
from feeds.sim.rest_faults import RestFaults
from feeds.sim.weex import reference
from feeds.sim.weex.listings import NOT_BY_API
from feeds.sim.weex.protocol import Parameters, WeexRefusal, mandatory, whole
from feeds.sim.wire import places, plain

PRICES_MS = 60_000
"""How long mark and index price stand in ``premiumIndex``, though its time goes on."""

DEPTHS = (15, 200)
DEAD = "LUNAUSDT"
"""A contract that is long gone and still has a row in ``premiumIndex``."""


class MarketData:
    """One method an endpoint; parameters in, a JSON body out. ``category`` is ``linear`` or ``spot``."""

    def __init__(self, exchange: Exchange, faults: RestFaults, category: str) -> None:
        self._exchange, self._faults, self._category = exchange, faults, category
        self._told: dict[str, tuple[int, dict[str, str]]] = {}

    def time(self, _: Parameters) -> Any:
        """GET time."""
        return {"serverTime": self._faults.now_ms()}

    def exchange_info(self, parameters: Parameters) -> Any:
        """GET exchangeInfo."""
        make = reference.pair if self._category == "spot" else reference.contract
        symbols = [make(listing) for listing in self._listings(parameters)]
        if self._category == "spot":
            return {"timezone": "UTC", "serverTime": self._exchange.now_ms, "symbols": symbols}
        assets = [{"asset": "BTC", "marginAvailable": False}, {"asset": "USDT", "marginAvailable": True}]
        return {"assets": assets, "symbols": symbols}

    def tradable(self, _: Parameters) -> Any:
        """GET apiTradingSymbols."""
        return [listing.symbol for listing in self._exchange.listed("linear") if listing.symbol not in NOT_BY_API]

    def premium_index(self, parameters: Parameters) -> Any:
        """GET premiumIndex: a list even of one; a dead row is among all."""
        rows = [self._premium(listing, self._funding(listing)) for listing in self._listings(parameters)]
        return rows if "symbol" in parameters else [*rows, rows[0] | {"symbol": DEAD, "nextFundingTime": 0}]

    def funding_rate(self, parameters: Parameters) -> Any:
        """GET fundingRate: what was settled, newest first."""
        listing = self.listing(parameters)
        start, end = whole(parameters, "startTime", 0), whole(parameters, "endTime", 1 << 53)
        rows = [
            {
                "symbol": listing.symbol,
                "fundingRate": places(settled.rate, 8),
                "fundingTime": settled.time_ms,
                "markPrice": plain(settled.mark or self._exchange.quote(listing).mark),
            }
            for settled in self._funding(listing).settled
            if start <= settled.time_ms <= end
        ]
        rows.sort(key=lambda row: -int(str(row["fundingTime"])))
        return rows[: _limit(parameters, 100, 1000)]

    def risk_limits(self, parameters: Parameters) -> Any:
        """GET riskLimits: brackets by the value of a position, a list even of one contract."""
        return [
            {
                "symbol": listing.symbol,
                "brackets": [
                    {
                        "bracket": number,
                        "initialLeverage": int(tier.maximum_leverage or 1),
                        "notionalFloor": plain(tier.floor),
                        "notionalCap": plain(tier.cap),
                        "maintMarginRatio": plain(tier.rate),
                    }
                    for number, tier in enumerate(listing.tiers.tiers, 1)
                    if tier.cap is not None
                ],
            }
            for listing in self._listings(parameters)
            if listing.tiers is not None
        ]

    def symbol_price(self, parameters: Parameters) -> Any:
        """GET symbolPrice: a fresh single price."""
        listing = self.listing(parameters)
        quote, kind = self._exchange.quote(listing), parameters.get("priceType", "INDEX")
        if kind not in ("INDEX", "MARK"):
            raise WeexRefusal(-1142, "Illegal parameter 'priceType'.")
        price = quote.mark if kind == "MARK" else quote.index
        return {"symbol": listing.symbol, "price": plain(price), "time": self._exchange.now_ms}

    def ticker_day(self, parameters: Parameters) -> Any:
        """GET ticker/24hr."""
        return [reference.ticker_day(self._exchange, listing) for listing in self._listings(parameters)]

    def ticker_book(self, parameters: Parameters) -> Any:
        """GET ticker/bookTicker."""
        return [reference.best(self._exchange, listing) for listing in self._listings(parameters)]

    def ticker_price(self, parameters: Parameters) -> Any:
        """GET ticker/price (spot)."""
        return [
            {"symbol": listing.symbol, "price": plain(self._exchange.quote(listing).last)}
            for listing in self._listings(parameters)
        ]

    def depth(self, parameters: Parameters) -> Any:
        """GET depth."""
        listing, limit = self.listing(parameters), whole(parameters, "limit", 15)
        if limit not in DEPTHS:
            raise WeexRefusal(-1142, "Illegal parameter 'limit'.")
        bids, asks = reference.levels(self._exchange, listing, limit)
        update = self._exchange.quote(listing).book_seed
        return {"bids": list(bids.items()), "asks": list(asks.items()), "lastUpdateId": update}

    def trades(self, parameters: Parameters) -> Any:
        """GET trades."""
        found = self._exchange.trades(self.listing(parameters), _limit(parameters, 100, 1000))
        return [reference.trade_row(trade) for trade in found]

    def open_interest(self, parameters: Parameters) -> Any:
        """GET openInterest."""
        listing = self.listing(parameters)
        interest = plain(self._exchange.quote(listing).open_interest)
        return {"symbol": listing.symbol, "openInterest": interest, "time": self._exchange.now_ms}

    def candles(self, most: int) -> Callable[[Parameters], Any]:
        """GET klines and its like, at most so many rows."""

        def rows(parameters: Parameters) -> Any:
            listing, limit = self.listing(parameters), _limit(parameters, 100, most)
            length = reference.INTERVALS.get(mandatory(parameters, "interval"))
            if length is None:
                raise WeexRefusal(-1142, "Illegal parameter 'interval'.")
            start = whole(parameters, "startTime", self._exchange.now_ms - limit * length)
            return reference.candle_rows(self._exchange, listing, length, start, limit)

        return rows

    def _premium(self, listing: Listing, funding: FundingSchedule) -> dict[str, Any]:
        now = self._exchange.now_ms
        return {
            "symbol": listing.symbol,
            **self._old_prices(listing, now),
            "forecastFundingRate": places(funding.rate, 8),
            "lastFundingRate": places(funding.settled[-1].rate, 8) if funding.settled else "0",
            "interestRate": "0.0001",
            "nextFundingTime": funding.next_ms,
            "time": now,
            "collectCycle": funding.hours * 60,
        }

    def _old_prices(self, listing: Listing, now: int) -> dict[str, str]:
        told_ms, prices = self._told.get(listing.symbol, (0, {}))
        if now - told_ms >= PRICES_MS:
            quote = self._exchange.quote(listing)
            prices = {"markPrice": plain(quote.mark), "indexPrice": plain(quote.index)}
            self._told[listing.symbol] = (now, prices)
        return prices

    def _funding(self, listing: Listing) -> FundingSchedule:
        funding = self._exchange.funding(listing)
        if funding is None:
            raise WeexRefusal(-1121, "Invalid symbol.")
        return funding

    def listing(self, parameters: Parameters) -> Listing:
        """The listing of ``symbol``. Raises WeexRefusal."""
        listing = self._exchange.find(self._category, mandatory(parameters, "symbol").upper())
        if listing is None:
            raise WeexRefusal(-2007 if self._category == "spot" else -1121, "Invalid symbol.")
        return listing

    def _listings(self, parameters: Parameters) -> list[Listing]:
        return [self.listing(parameters)] if "symbol" in parameters else self._exchange.listed(self._category)


def _limit(parameters: Parameters, default: int, most: int) -> int:
    limit = whole(parameters, "limit", default)
    if not 1 <= limit <= most:
        raise WeexRefusal(-1142, "Illegal parameter 'limit'.")
    return limit
