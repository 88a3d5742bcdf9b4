"""MEXC's spot API: time, pairs, prices, candles, the wallet, and the keys of its account stream."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from feeds.sim.accounts import ZERO, Account
from feeds.sim.book import side_levels
from feeds.sim.catalogue import COINS, Listing
from feeds.sim.exchange import Exchange
from feeds.sim.figures import bars, day
from feeds.sim.history import DAY_MS, MINUTE_MS
from feeds.sim.mexc.protocol import Parameters, SpotRefusal, text
from feeds.sim.risk import spot_locked
from feeds.sim.wire import decimals, places, plain

INTERVALS = {
    "1m": MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "60m": 60 * MINUTE_MS,
    "4h": 240 * MINUTE_MS,
    "1d": DAY_MS,
}
LISTEN_KEY_MS = 3_600_000
READS = ("CONTRACT_ACCOUNT_READ", "CONTRACT_DEAL_READ", "SPOT_ACCOUNT_READ", "SPOT_DEAL_READ")
RIGHTS = {
    "read": READS,
    "trade": (*READS, "CONTRACT_DEAL_WRITE", "SPOT_DEAL_WRITE"),
    "withdraw": (*READS, "CONTRACT_DEAL_WRITE", "SPOT_DEAL_WRITE", "SPOT_WITHDRAW_READ", "SPOT_WITHDRAW_WRITE"),
}


class SpotApi:
    """One method an endpoint; public ones take the query, signed ones the account too. Raises SpotRefusal."""

    def __init__(self, exchange: Exchange, clock: Callable[[], int]) -> None:
        """``clock`` is what signatures are checked against (ms)."""
        self._exchange, self._clock = exchange, clock
        self._keys: dict[str, tuple[Account, int]] = {}
        self._made = 0

    # --- public ---------------------------------------------------------------------------------------------

    def time(self, _: Parameters) -> Any:
        """GET time."""
        return {"serverTime": self._clock()}

    def exchange_info(self, parameters: Parameters) -> Any:
        """GET exchangeInfo: one pair, several with commas between them, or all."""
        named = [name for name in (text(parameters, "symbol") or text(parameters, "symbols")).split(",") if name]
        listings = [self.listing(name) for name in named] if named else self._exchange.listed("spot")
        return {
            "timezone": "CST",
            "serverTime": self._exchange.now_ms,
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": [_pair(listing) for listing in listings],
        }

    def day(self, parameters: Parameters) -> Any:
        """GET ticker/24hr: an object of one pair, a list of all."""
        symbol = text(parameters, "symbol")
        if symbol:
            return self._day(self.listing(symbol))
        return [self._day(listing) for listing in self._exchange.listed("spot")]

    def book_ticker(self, parameters: Parameters) -> Any:
        """GET ticker/bookTicker: an object of one pair, a list of all."""
        symbol = text(parameters, "symbol")
        if symbol:
            return self._best(self.listing(symbol))
        return [self._best(listing) for listing in self._exchange.listed("spot")]

    def depth(self, parameters: Parameters) -> Any:
        """GET depth."""
        listing = self.listing(text(parameters, "symbol"))
        quote = self._exchange.quote(listing)
        limit = text(parameters, "limit")
        depth = min(int(limit), 200) if limit.isdigit() else 100
        asks, bids = (side_levels(listing, quote, bids=side, depth=depth) for side in (False, True))
        return {
            "lastUpdateId": quote.book_seed,
            "bids": [[plain(level.price), plain(level.size)] for level in bids],
            "asks": [[plain(level.price), plain(level.size)] for level in asks],
            "timestamp": self._exchange.now_ms,
        }

    def klines(self, parameters: Parameters) -> Any:
        """GET klines: rows, oldest first, the running candle last."""
        listing, interval = self.listing(text(parameters, "symbol")), INTERVALS.get(text(parameters, "interval"))
        if interval is None:
            raise SpotRefusal(400, -1121, "Invalid interval.")
        limit, now = text(parameters, "limit"), self._exchange.now_ms
        count = min(int(limit), 1000) if limit.isdigit() else 500
        end = min(_milliseconds(parameters, "endTime", now), now)
        start = _milliseconds(parameters, "startTime", end - count * interval)
        return [
            [
                bar.start_ms,
                *(plain(price) for price in (bar.open, bar.high, bar.low, bar.close)),
                places(bar.volume, 6),
                bar.start_ms + interval,
                places(bar.turnover, 2),
            ]
            for bar in bars(self._exchange, listing, interval, start, end, count)
        ]

    def listing(self, symbol: str) -> Listing:
        """A pair. Raises SpotRefusal."""
        found = self._exchange.find("spot", symbol)
        if found is None:
            raise SpotRefusal(400, -1121, "Invalid symbol.")
        return found

    # --- signed ---------------------------------------------------------------------------------------------

    def account(self, _: Parameters, account: Account) -> Any:
        """GET account."""
        locked = spot_locked(account)
        return {
            "makerCommission": None,
            "takerCommission": None,
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "updateTime": None,
            "accountType": "SPOT",
            "balances": [
                {
                    "asset": coin,
                    "free": plain(amount - locked.get(coin, ZERO)),
                    "locked": plain(locked.get(coin, ZERO)),
                    "available": plain(amount - locked.get(coin, ZERO)),
                }
                for coin, amount in account.wallets["spot"].items()
                if amount
            ],
            "permissions": ["SPOT"],
        }

    def key_info(self, parameters: Parameters, account: Account) -> Any:
        """GET apiKeyInfo: of the key that is named, one of the same account."""
        found = self._exchange.book.find(text(parameters, "accessKey"))
        if found is None or found[1] is not account:
            raise SpotRefusal(400, 10072, "Api key info invalid")
        named = found[0]
        return {
            "note": named.permissions,
            "accessKey": named.key,
            "createTime": "2026-09-14T18:53:36.000+00:00",
            "permissions": ",".join(RIGHTS[named.permissions]),
            "remainingValidity": 82,
            "ipWhiteList": "",
            "status": "VALID",
        }

    def coins(self, _: Parameters, __: Account) -> Any:
        """GET capital/config/getall: coins without their networks."""
        names = ("USDT", "USDC", *(coin.name for coin in COINS))
        return [{"coin": name, "name": name, "networkList": []} for name in names]

    def make_key(self, _: Parameters, account: Account) -> Any:
        """POST userDataStream: a key that lives an hour."""
        self._made += 1
        name = hashlib.sha256(f"{account.name} {self._made} {self._exchange.now_ms}".encode()).hexdigest()
        self._keys[name] = account, self._exchange.now_ms + LISTEN_KEY_MS
        return {"listenKey": name}

    def extend_key(self, parameters: Parameters, account: Account) -> Any:
        """PUT userDataStream: another hour."""
        name = self._own_key(parameters, account)
        self._keys[name] = account, self._exchange.now_ms + LISTEN_KEY_MS
        return {"listenKey": name}

    def end_key(self, parameters: Parameters, account: Account) -> Any:
        """DELETE userDataStream."""
        name = self._own_key(parameters, account)
        del self._keys[name]
        return {"listenKey": name}

    def owner(self, name: str) -> Account | None:
        """Whose stream a key opens; ``None`` for one that is not known or has expired."""
        account, until_ms = self._keys.get(name, (None, 0))
        return account if until_ms > self._exchange.now_ms else None

    def expire_keys(self) -> None:
        """Let every key expire now."""
        self._keys.clear()

    def _own_key(self, parameters: Parameters, account: Account) -> str:
        name = text(parameters, "listenKey")
        if self.owner(name) is not account:
            raise SpotRefusal(400, 730000, "The listenKey does not exist.")
        return name

    def _day(self, listing: Listing) -> dict[str, Any]:
        quote, last_day, now = self._exchange.quote(listing), day(self._exchange, listing), self._exchange.now_ms
        return {
            "symbol": listing.symbol,
            "priceChange": plain(last_day.change),
            "priceChangePercent": places(last_day.change_fraction, 4),
            "prevClosePrice": plain(last_day.open),
            "lastPrice": plain(last_day.last),
            "bidPrice": plain(quote.bid),
            "bidQty": plain(quote.bid_size),
            "askPrice": plain(quote.ask),
            "askQty": plain(quote.ask_size),
            "openPrice": plain(last_day.open),
            "highPrice": plain(last_day.high),
            "lowPrice": plain(last_day.low),
            "volume": plain(last_day.volume),
            "quoteVolume": places(last_day.turnover, 2),
            "openTime": now - DAY_MS,
            "closeTime": now,
            "count": None,
        }

    def _best(self, listing: Listing) -> dict[str, Any]:
        quote = self._exchange.quote(listing)
        return {
            "symbol": listing.symbol,
            "bidPrice": plain(quote.bid),
            "bidQty": plain(quote.bid_size),
            "askPrice": plain(quote.ask),
            "askQty": plain(quote.ask_size),
        }


def _pair(listing: Listing) -> dict[str, Any]:
    instrument = listing.instrument
    step = plain(instrument.quantity_step)
    return {
        "symbol": listing.symbol,
        "status": "1",
        "baseAsset": instrument.base,
        "baseAssetPrecision": decimals(instrument.quantity_step),
        "quoteAsset": instrument.quote,
        "quotePrecision": decimals(instrument.tick_size),
        "quoteAssetPrecision": decimals(instrument.tick_size),
        "baseCommissionPrecision": decimals(instrument.quantity_step),
        "quoteCommissionPrecision": decimals(instrument.tick_size),
        "orderTypes": ["LIMIT", "MARKET", "LIMIT_MAKER"],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "quoteAmountPrecision": plain(instrument.minimum_notional or Decimal(1)),
        "baseSizePrecision": step,
        "permissions": ["SPOT"],
        "filters": [],
        "maxQuoteAmount": "2000000",
        "makerCommission": plain(listing.maker_fee),
        "takerCommission": plain(listing.taker_fee),
        "quoteAmountPrecisionMarket": "1",
        "maxQuoteAmountMarket": "100000",
        "fullName": instrument.base,
        "tradeSideType": 1,
    }


def _milliseconds(parameters: Parameters, name: str, default: int) -> int:
    value = text(parameters, name)
    return int(value) if value.isascii() and value.isdigit() else default
