"""MEXC's public contract endpoints: time, contracts, funding, prices, book, candles."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from feeds.sim.book import side_levels
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.figures import Bar, bars, day
from feeds.sim.history import DAY_MS, MINUTE_MS
from feeds.sim.mexc.protocol import MexcRefusal, Parameters, number, text, whole
from feeds.sim.order_checks import Trading

CATEGORIES = ("linear", "inverse")
INTERVALS = {
    "Min1": MINUTE_MS,
    "Min5": 5 * MINUTE_MS,
    "Min15": 15 * MINUTE_MS,
    "Min30": 30 * MINUTE_MS,
    "Min60": 60 * MINUTE_MS,
    "Hour4": 240 * MINUTE_MS,
    "Hour8": 480 * MINUTE_MS,
    "Day1": DAY_MS,
}
MOST_CANDLES = 2_000
MOST_LEVELS = 100
"""How deep books are kept; the venue's go deeper."""

FIRST_VERSION = 1_000_000
Side = dict[Decimal, list[Any]]
Book = tuple[Side, Side]
LISTED_LEVELS = frozenset({"ETH_USDT"})
"""Contracts whose levels are listed one by one; the others name a base and a step."""


class MarketData:
    """One method an endpoint: the query's parameters in, ``data`` out. Raises MexcRefusal."""

    def __init__(self, exchange: Exchange, clock: Callable[[], int]) -> None:
        """``clock`` is what signatures are checked against (ms)."""
        self._exchange, self._clock = exchange, clock
        self.versions: dict[str, int] = {}
        """The number of the newest state of each contract's book."""
        self.followed: dict[str, Book] = {}
        """The books that somebody follows, as the newest difference has left them: a snapshot must be that very one."""

    def ping(self, _: Parameters) -> Any:
        """GET ping: the venue's time."""
        return self._clock()

    def detail(self, parameters: Parameters) -> Any:
        """GET detail: an object of one contract, a list of all."""
        if text(parameters, "symbol"):
            return self._detail(self.listing(parameters))
        return [self._detail(listing) for listing in self.listings()]

    def funding_rates(self, _: Parameters) -> Any:
        """GET funding_rate: of every contract."""
        return [self._funding(listing) for listing in self.listings()]

    def funding_rate(self, parameters: Parameters) -> Any:
        """GET funding_rate/{symbol}: the running estimate."""
        return self._funding(self.listing(parameters))

    def funding_history(self, parameters: Parameters) -> Any:
        """GET funding_rate/history: newest first."""
        listing = self.listing(parameters)
        schedule = self._exchange.funding(listing)
        assert schedule is not None
        rows = [
            {
                "symbol": listing.symbol,
                "fundingRate": number(settled.rate),
                "settleTime": settled.time_ms,
                "collectCycle": schedule.hours,
            }
            for settled in reversed(schedule.settled)
        ]
        return paged(parameters, rows)

    def fair_price(self, parameters: Parameters) -> Any:
        """GET fair_price/{symbol}: the mark price."""
        listing = self.listing(parameters)
        price = number(self._exchange.quote(listing).mark)
        return {"symbol": listing.symbol, "fairPrice": price, "timestamp": self._exchange.now_ms}

    def index_price(self, parameters: Parameters) -> Any:
        """GET index_price/{symbol}."""
        listing = self.listing(parameters)
        price = number(self._exchange.quote(listing).index)
        return {"symbol": listing.symbol, "indexPrice": price, "timestamp": self._exchange.now_ms}

    def ticker(self, parameters: Parameters) -> Any:
        """GET ticker: an object of one contract, a list of all."""
        if text(parameters, "symbol"):
            return ticker(self._exchange, self.listing(parameters))
        return [ticker(self._exchange, listing) for listing in self.listings()]

    def depth(self, parameters: Parameters) -> Any:
        """GET depth/{symbol}: the book under the number of its newest difference."""
        listing, limit = self.listing(parameters), whole(parameters, "limit", 100, lowest=1, highest=1000)
        asks, bids = self.followed.get(listing.symbol) or book(self._exchange, listing, MOST_LEVELS)
        version = self.version(listing)
        return {
            "asks": list(asks.values())[:limit],
            "bids": list(bids.values())[:limit],
            "version": version,
            "timestamp": self._exchange.now_ms,
        }

    def version(self, listing: Listing) -> int:
        """The number of a contract's book."""
        return self.versions.setdefault(listing.symbol, FIRST_VERSION)

    def deals(self, parameters: Parameters) -> Any:
        """GET deals/{symbol}: the last trades, newest first."""
        trades = self._exchange.trades(self.listing(parameters), 100)
        return [deal(trade.price, trade.quantity, trade.side, trade.time_ms) for trade in reversed(trades)]

    def candles(self, parameters: Parameters) -> Any:
        """GET kline/{symbol}, kline/fair_price/{symbol} and kline/index_price/{symbol}: columns, times in seconds."""
        listing = self.listing(parameters)
        interval = INTERVALS.get(text(parameters, "interval", "Min1"))
        if interval is None:
            raise MexcRefusal(600, "Parameter error: interval")
        now = self._exchange.now_ms
        end = min(whole(parameters, "end", now // 1000) * 1000, now)
        start = whole(parameters, "start", 0) * 1000 or end - MOST_CANDLES * interval
        return _columns(bars(self._exchange, listing, interval, start, end, MOST_CANDLES))

    def listing(self, parameters: Parameters) -> Listing:
        """The contract that ``symbol`` names. Raises MexcRefusal."""
        symbol = text(parameters, "symbol")
        for category in CATEGORIES:
            found = self._exchange.find(category, symbol)
            if found is not None:
                return found
        raise MexcRefusal(1001, "Contract does not exist!")

    def listings(self) -> list[Listing]:
        """Every contract."""
        return [listing for category in CATEGORIES for listing in self._exchange.listed(category)]

    def _funding(self, listing: Listing) -> dict[str, Any]:
        schedule, quote = self._exchange.funding(listing), self._exchange.quote(listing)
        assert schedule is not None
        return {
            "symbol": listing.symbol,
            "fundingRate": number(schedule.rate),
            "maxFundingRate": number(schedule.cap),
            "minFundingRate": number(schedule.floor),
            "collectCycle": schedule.hours,
            "nextSettleTime": schedule.next_ms,
            "timestamp": self._exchange.now_ms,
            "idxPrice": number(quote.index),
            "fairPrice": number(quote.mark),
        }

    def _detail(self, listing: Listing) -> dict[str, Any]:
        instrument, trading = listing.instrument, self._exchange.trading(listing)
        assert instrument.maximum_quantity is not None
        assert listing.tiers is not None
        return {
            "symbol": listing.symbol,
            "displayName": listing.symbol,
            "displayNameEn": f"{listing.symbol} PERPETUAL",
            "positionOpenType": 3,
            "baseCoin": instrument.base,
            "quoteCoin": instrument.quote,
            "settleCoin": instrument.settle,
            "contractSize": number(instrument.contract_size),
            "minLeverage": 1,
            "maxLeverage": number(instrument.maximum_leverage or Decimal(1)),
            "priceScale": _places(instrument.tick_size),
            "volScale": 0,
            "amountScale": 4,
            "priceUnit": number(instrument.tick_size),
            "volUnit": number(instrument.quantity_step),
            "minVol": number(instrument.minimum_quantity),
            "maxVol": number(instrument.maximum_quantity),
            "limitMaxVol": number(instrument.maximum_quantity),
            "bidLimitPriceRate": number(Decimal("0.05")),
            "askLimitPriceRate": number(Decimal("0.05")),
            "takerFeeRate": number(Decimal("0.0002")),
            "makerFeeRate": number(Decimal(0)),
            "feeRateMode": "NORMAL",
            "liquidationFeeRate": number(Decimal("0.0004")),
            "priceCoefficientVariation": number(Decimal("0.1")),
            "indexOrigin": ["BINANCE", "BYBIT", "MEXC"],
            "state": {Trading.TRADING: 0, Trading.CLOSING_ONLY: 4}.get(trading, 3),
            "apiAllowed": True,
            "isNew": False,
            "isHot": True,
            "isHidden": False,
            "maxNumOrders": [200, 50],
            "createTime": 1_700_000_000_000,
            **_levels(listing),
        }


def _levels(listing: Listing) -> dict[str, Any]:
    """The maintenance levels: a base and a step where each level follows from the one before, else a list."""
    assert listing.tiers is not None
    first, *others = listing.tiers.tiers
    assert first.cap is not None
    step = others[0].cap - first.cap if others and others[0].cap is not None else Decimal(0)
    rate_step = others[0].rate - first.rate if others else Decimal(0)
    found: dict[str, Any] = {
        "maintenanceMarginRate": number(first.rate),
        "initialMarginRate": number(_initial(first.maximum_leverage)),
        "riskBaseVol": number(first.cap),
        "riskIncrVol": number(step),
        "riskIncrMmr": number(rate_step),
        "riskIncrImr": number(rate_step),
        "riskLevelLimit": len(listing.tiers.tiers),
        "riskLimitType": "BY_VOLUME",
        "riskLimitMode": "INCREASE",
    }
    if listing.symbol not in LISTED_LEVELS:
        return found
    rows = [
        {
            "level": level,
            "maxVol": number(tier.cap or Decimal(0)),
            "mmr": number(tier.rate),
            "imr": number(_initial(tier.maximum_leverage)),
            "maxLeverage": number(tier.maximum_leverage or Decimal(1)),
        }
        for level, tier in enumerate(listing.tiers.tiers, 1)
    ]
    return found | {"riskLimitMode": "CUSTOM", "riskLimitCustom": rows}


def _initial(leverage: Decimal | None) -> Decimal:
    return (1 / (leverage or Decimal(1))).quantize(Decimal("0.0001"))


def ticker(exchange: Exchange, listing: Listing) -> dict[str, Any]:
    """What REST and ``push.ticker`` say of a contract."""
    quote, last_day, schedule = exchange.quote(listing), day(exchange, listing), exchange.funding(listing)
    return {
        "symbol": listing.symbol,
        "lastPrice": number(quote.last),
        "bid1": number(quote.bid),
        "ask1": number(quote.ask),
        "volume24": number(last_day.volume),
        "amount24": number(last_day.turnover),
        "holdVol": number(quote.open_interest),
        "lower24Price": number(last_day.low),
        "high24Price": number(last_day.high),
        "riseFallRate": number(last_day.change_fraction.quantize(Decimal("0.0001"))),
        "riseFallValue": number(last_day.change),
        "indexPrice": number(quote.index),
        "fairPrice": number(quote.mark),
        "fundingRate": number(Decimal(0) if schedule is None else schedule.rate),
        "maxBidPrice": number(quote.mark * Decimal("1.05")),
        "minAskPrice": number(quote.mark * Decimal("0.95")),
        "timestamp": exchange.now_ms,
    }


def book(exchange: Exchange, listing: Listing, depth: int) -> Book:
    """The best levels of asks and bids by price, best first: price, contracts, number of orders."""
    quote = exchange.quote(listing)
    asks, bids = (
        {
            level.price: [number(level.price), number(level.size), 1 + int(level.size) % 7]
            for level in side_levels(listing, quote, bids=side, depth=depth)
        }
        for side in (False, True)
    )
    return asks, bids


def deal(price: Decimal, quantity: Decimal, side: str, time_ms: int) -> dict[str, Any]:
    """A public trade."""
    return {
        "p": number(price),
        "v": number(quantity),
        "T": 1 if side == "buy" else 2,
        "O": 3,
        "M": 2,
        "t": time_ms,
    }


def paged(parameters: Parameters, rows: list[Any]) -> dict[str, Any]:
    """One page of a list, pages counted from 1."""
    page, size = whole(parameters, "page_num", 1, lowest=1), whole(parameters, "page_size", 20, lowest=1, highest=100)
    return {
        "pageSize": size,
        "totalCount": len(rows),
        "totalPage": -(-len(rows) // size),
        "currentPage": page,
        "resultList": rows[(page - 1) * size : page * size],
    }


def page_of(parameters: Parameters, rows: list[Any]) -> list[Any]:
    """One page of a list that comes without its count."""
    found: list[Any] = paged(parameters, rows)["resultList"]
    return found


def _columns(found: list[Bar]) -> dict[str, Any]:
    prices = {name: [number(getattr(bar, name)) for bar in found] for name in ("open", "close", "high", "low")}
    return {
        "time": [bar.start_ms // 1000 for bar in found],
        **prices,
        "vol": [number(bar.volume) for bar in found],
        "amount": [number(bar.turnover) for bar in found],
        **{f"real{name.capitalize()}": column for name, column in prices.items()},
    }


def _places(tick: Decimal) -> int:
    exponent = tick.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)
