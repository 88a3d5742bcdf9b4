"""Bybit's public REST endpoints: time, instruments, tickers, funding, candles, tiers, book, limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from feeds.sim.book import side_levels
from feeds.sim.bybit.candles import STREAM_INTERVALS, candle_rows
from feeds.sim.bybit.protocol import BybitRefusal, Parameters, one_page, required, text, whole
from feeds.sim.bybit.reference import idle_info, instrument_info, rest_ticker, risk_limits
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.wire import plain

CATEGORIES = ("linear", "inverse", "spot", "option")
RISK_LIMIT_SYMBOLS = 15

Result = dict[str, Any]

_IDLE_MODEL = "DOGEUSDT"


class MarketData:
    """One method an endpoint; each takes the query's parameters and returns ``result``."""

    def __init__(self, exchange: Exchange, idle_contracts: int = 0) -> None:
        """``idle_contracts`` more linear contracts are listed that never trade, for clients that must page."""
        self._exchange = exchange
        self._idle = [f"IDLE{number:04}USDT" for number in range(1, idle_contracts + 1)]

    def time(self, _: Parameters) -> Result:
        """GET /v5/market/time."""
        nanoseconds = self._exchange.now_ms * 1_000_000
        return {"timeSecond": str(nanoseconds // 10**9), "timeNano": str(nanoseconds)}

    def instruments(self, parameters: Parameters) -> Result:
        """GET /v5/market/instruments-info: what trades; contracts before their launch only on request."""
        category, status = _category(parameters), text(parameters, "status", "Trading")
        rows = [instrument_info(listing) for listing in self._listings(parameters, category)]
        if category == "linear" and not text(parameters, "symbol"):
            model = instrument_info(self._exchange.listings["linear", _IDLE_MODEL])
            rows += [idle_info(model, symbol) for symbol in self._idle]
            rows.append(idle_info(model, "IDLESOONUSDT") | {"status": "PreLaunch", "isPreListing": True})
        rows = [row for row in rows if row["status"] == status]
        if category == "spot":
            return {"category": category, "list": rows}
        page, cursor = one_page(parameters, rows, whole(parameters, "limit", 500, lowest=1, highest=1000))
        return {"category": category, "list": page, "nextPageCursor": cursor}

    def tickers(self, parameters: Parameters) -> Result:
        """GET /v5/market/tickers: all symbols at once."""
        category = _category(parameters)
        rows = [rest_ticker(self._exchange, listing) for listing in self._listings(parameters, category)]
        return {"category": category, "list": rows}

    def collateral(self, parameters: Parameters) -> Result:
        """GET /v5/spot-margin-trade/collateral: what share of a coin counts as margin, tiered by amount."""
        wanted = text(parameters, "currency")
        rows = [
            {
                "currency": coin,
                "collateralRatioList": [
                    {
                        "minQty": plain(step.floor),
                        "maxQty": "" if following is None else plain(following.floor),
                        "collateralRatio": plain(step.ratio),
                    }
                    for step, following in zip(steps, (*steps[1:], None), strict=True)
                ],
            }
            for coin, steps in self._exchange.collateral.items()
            if wanted in ("", coin)
        ]
        return {"list": rows}

    def funding_history(self, parameters: Parameters) -> Result:
        """GET /v5/market/funding/history: newest first; a start without an end is an error."""
        listing = self._listing(parameters)
        schedule = self._exchange.funding(listing)
        if schedule is None:
            raise BybitRefusal(10001, "params error: category invalid")
        start, end = text(parameters, "startTime"), whole(parameters, "endTime", 1 << 53)
        if start and not text(parameters, "endTime"):
            raise BybitRefusal(10001, "params error: endTime is required with startTime")
        first, limit = whole(parameters, "startTime", 0), whole(parameters, "limit", 200, lowest=1, highest=200)
        rows = [
            {
                "symbol": listing.symbol,
                "fundingRate": plain(settled.rate.normalize() + 0),
                "fundingRateTimestamp": str(settled.time_ms),
            }
            for settled in reversed(schedule.settled)
            if first <= settled.time_ms <= end
        ]
        return {"category": listing.category, "list": rows[:limit]}

    def kline(self, parameters: Parameters) -> Result:
        """GET /v5/market/kline: rows of seven, newest first."""
        return self._candles(parameters, 7)

    def price_kline(self, parameters: Parameters) -> Result:
        """GET /v5/market/mark-price-kline and index-price-kline: rows of five, newest first."""
        return self._candles(parameters, 5)

    def premium_kline(self, parameters: Parameters) -> Result:
        """GET /v5/market/premium-index-price-kline: the running average premium, flat; no history is kept."""
        listing, schedule = self._listing(parameters), self._exchange.funding(self._listing(parameters))
        if schedule is None:
            raise BybitRefusal(10001, "params error: category invalid")
        premium = f"{schedule.average_premium:.8f}"
        rows = [[row[0], *([premium] * 4)] for row in self._rows(parameters, listing)]
        return {"symbol": listing.symbol, "category": listing.category, "list": rows}

    def risk_limit(self, parameters: Parameters) -> Result:
        """GET /v5/market/risk-limit: fifteen symbols a page."""
        category = _category(parameters)
        if category not in ("linear", "inverse"):
            raise BybitRefusal(10001, "params error: category invalid")
        listed, symbol = self._exchange.listed(category), text(parameters, "symbol")
        tables = [risk_limits(listing, 1 + 100 * number) for number, listing in enumerate(listed)]
        if category == "linear":
            model = risk_limits(self._exchange.listings["linear", _IDLE_MODEL], 1)
            tables += [[row | {"symbol": name} for row in model] for name in self._idle]
        tables = [table for table in tables if symbol in ("", table[0]["symbol"])]
        if not tables:
            raise BybitRefusal(10001, "params error: Symbol Is Invalid")
        page, cursor = one_page(parameters, tables, RISK_LIMIT_SYMBOLS)
        return {"category": category, "list": [row for table in page for row in table], "nextPageCursor": cursor}

    def open_interest(self, parameters: Parameters) -> Result:
        """GET /v5/market/open-interest: the present figure; no history is kept."""
        listing = self._listing(parameters)
        interest = self._exchange.quote(listing).open_interest
        row = {
            "openInterest": plain(interest),
            "singleOpenInterest": plain(interest / 2),
            "timestamp": str(self._exchange.now_ms),
        }
        return {"symbol": listing.symbol, "category": listing.category, "list": [row], "nextPageCursor": ""}

    def price_limit(self, parameters: Parameters) -> Result:
        """GET /v5/market/price-limit: the highest bid and lowest offer taken now."""
        listing = self._listing(parameters)
        low, high = price_band(listing, self._exchange.quote(listing).mark)
        return {
            "symbol": listing.symbol,
            "buyLmt": plain(high),
            "sellLmt": plain(low),
            "ts": str(self._exchange.now_ms),
        }

    def order_book(self, parameters: Parameters) -> Result:
        """GET /v5/market/orderbook."""
        listing = self._listing(parameters)
        highest = 200 if listing.category == "spot" else 500
        default = 1 if listing.category == "spot" else 25
        depth, quote = whole(parameters, "limit", default, lowest=1, highest=highest), self._exchange.quote(listing)
        bids, asks = (side_levels(listing, quote, bids=side, depth=depth) for side in (True, False))
        stamp = self._exchange.now_ms
        return {
            "s": listing.symbol,
            "b": [[plain(level.price), plain(level.size)] for level in bids],
            "a": [[plain(level.price), plain(level.size)] for level in asks],
            "ts": stamp,
            "u": quote.book_seed,
            "seq": quote.book_seed,
            "cts": stamp,
        }

    def _candles(self, parameters: Parameters, width: int) -> Result:
        listing = self._listing(parameters)
        rows = [list(row[:width]) for row in self._rows(parameters, listing)]
        return {"symbol": listing.symbol, "category": listing.category, "list": rows}

    def _rows(self, parameters: Parameters, listing: Listing) -> list[tuple[str, ...]]:
        interval = STREAM_INTERVALS.get(required(parameters, "interval"))
        if interval is None:
            raise BybitRefusal(10001, "params error: interval invalid")
        limit = whole(parameters, "limit", 200, lowest=1, highest=1000)
        end = min(whole(parameters, "end", self._exchange.now_ms), self._exchange.now_ms)
        start = whole(parameters, "start", end - limit * interval)
        return list(reversed(candle_rows(self._exchange, listing, interval, start, end, limit)))

    def _listing(self, parameters: Parameters) -> Listing:
        listing = self._exchange.find(_category(parameters, "linear"), required(parameters, "symbol"))
        if listing is None:
            raise BybitRefusal(10001, "params error: Symbol Is Invalid")
        return listing

    def _listings(self, parameters: Parameters, category: str) -> list[Listing]:
        symbol, base = text(parameters, "symbol"), text(parameters, "baseCoin")
        found = [
            listing
            for listing in self._exchange.listed(category)
            if symbol in ("", listing.symbol) and base in ("", listing.instrument.base)
        ]
        if symbol and not found:
            raise BybitRefusal(10001, "params error: Symbol Is Invalid")
        return found


def price_band(listing: Listing, mark: Decimal) -> tuple[Decimal, Decimal]:
    """The lowest price a sell and the highest a buy order may have: 5% around mark, on the tick."""
    tick = listing.instrument.tick_size
    return mark * Decimal("0.95") // tick * tick, mark * Decimal("1.05") // tick * tick


def _category(parameters: Parameters, default: str = "") -> str:
    category = text(parameters, "category", default)
    if category not in CATEGORIES:
        raise BybitRefusal(10001, "params error: category invalid")
    return category
