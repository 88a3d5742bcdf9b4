"""The data frames of MEXC's contract socket, each topic's at its own pace."""

from __future__ import annotations

from typing import Any

import msgspec

from feeds.sim.book import side_levels
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.figures import bars
from feeds.sim.mexc.market_data import INTERVALS, MarketData, book, deal, ticker
from feeds.sim.mexc.protocol import number
from feeds.sim.sockets import Hub
from feeds.sim.wire import encode

EVERY = {
    "ticker": 20,
    "tickers": 20,
    "fair.price": 5,
    "index.price": 5,
    "funding.rate": 100,
    "depth": 2,
    "depth.full": 3,
    "deal": 1,
    "kline": 10,
}
"""In how many steps of 100 ms a topic speaks. The venue tells funding rates once a minute."""
ALL = ("tickers",)
DEPTHS = (5, 10, 20)
_IN_TICKERS = (
    *("symbol", "lastPrice", "riseFallRate", "fairPrice", "indexPrice", "volume24", "amount24"),
    *("maxBidPrice", "minAskPrice", "lower24Price", "high24Price", "timestamp"),
)
"""What ``push.tickers`` says of each contract: no bid, no ask, no funding rate."""
BOOK_LEVELS = 20

_Levels = dict[str, list[Any]]


class Frames:
    """Makes each topic's frame once a step, for whoever subscribes."""

    def __init__(self, exchange: Exchange, hub: Hub, data: MarketData) -> None:
        self._exchange, self._hub, self._data = exchange, hub, data
        self._books: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._steps = 0

    def known(self, topic: str, param: dict[str, Any]) -> bool:
        """Whether there is such a topic; the venue does not answer for others."""
        if topic == "kline":
            return param.get("interval") in INTERVALS
        return topic in EVERY

    def listing(self, param: dict[str, Any]) -> Listing:
        """The contract that a request names. Raises MexcRefusal."""
        return self._data.listing(param)

    @staticmethod
    def key(topic: str, listing: Listing, param: dict[str, Any]) -> str:
        """What a subscription is called: topic, contract, and what else tells it apart."""
        if topic == "kline":
            return f"edge|{topic}|{listing.symbol}|{param['interval']}"
        if topic == "depth.full":
            limit = param.get("limit", 20)
            return f"edge|{topic}|{listing.symbol}|{limit if limit in DEPTHS else 20}"
        if topic == "depth":
            return f"edge|{topic}|{listing.symbol}|{'single' if param.get('compress') is False else 'merged'}"
        return f"edge|{topic}|{listing.symbol}"

    def publish(self) -> None:
        """Send what this step has to say."""
        self._steps += 1
        wanted = [key for key in self._hub.topics() if key.startswith("edge|")]
        changes: dict[str, dict[str, Any]] = {}
        for key in wanted:
            topic = key.split("|")[1]
            every = 1 if key.endswith("|single") else EVERY[topic]
            if self._steps % every == 0:
                frame = self._frame(key, changes)
                if frame is not None:
                    self._hub.publish(key, frame)

    def first(self, key: str) -> bytes | None:
        """What a new subscriber is told at once: all contracts' tickers. No other topic begins with anything."""
        return self._tickers() if key == "edge|tickers" else None

    def _frame(self, key: str, changes: dict[str, dict[str, Any]]) -> bytes | None:
        _, topic, *rest = key.split("|")
        if topic == "tickers":
            return self._tickers()
        listing = next((item for item in self._data.listings() if item.symbol == rest[0]), None)
        if listing is None:
            return None
        quote = self._exchange.quote(listing)
        match topic:
            case "ticker":
                data: Any = ticker(self._exchange, listing) | {"contractId": 1, "zone": "UTC+8"}
            case "fair.price":
                data = {"symbol": listing.symbol, "price": number(quote.mark)}
            case "index.price":
                data = {"symbol": listing.symbol, "price": number(quote.index)}
            case "funding.rate":
                data = self._funding(listing)
            case "depth.full":
                version = self._data.versions.setdefault(listing.symbol, 1_000_000)
                levels = book(self._exchange, listing, int(rest[1]))
                data = {"cts": self._exchange.now_ms - 4} | levels | {"version": version}
            case "depth":
                data = self._depth(key, listing, merged=rest[1] == "merged")
            case "deal":
                if not quote.traded or self._exchange.still(listing):
                    return None
                data = [deal(quote.last, quote.last_size, quote.last_side.lower(), self._exchange.now_ms)]
            case _:
                data = self._candle(listing, rest[1])
        if data is None:
            return None
        head = {"symbol": listing.symbol, "data": data, "channel": f"push.{topic}", "ts": self._exchange.now_ms}
        return encode(head)

    def _tickers(self) -> bytes:
        rows = []
        for listing in self._data.listings():
            said = ticker(self._exchange, listing)
            rows.append({name: said[name] for name in _IN_TICKERS})
        return encode({"channel": "push.tickers", "data": rows, "ts": self._exchange.now_ms})

    def _funding(self, listing: Listing) -> dict[str, Any]:
        schedule = self._exchange.funding(listing)
        assert schedule is not None
        return {"symbol": listing.symbol, "rate": number(schedule.rate), "nextSettleTime": schedule.next_ms}

    def _depth(self, key: str, listing: Listing, *, merged: bool) -> dict[str, Any] | None:
        """What changed since the last difference; two of the venue's own are one where they are merged."""
        now = self._sides(listing)
        before = self._books.get(key)
        self._books[key] = now
        if before is None:
            return None
        asks, bids = (_changes(was, now_is) for was, now_is in zip(before, now, strict=True))
        if not asks and not bids:
            return None
        last = self._data.versions.setdefault(listing.symbol, 1_000_000)
        end = last + (2 if merged else 1)
        self._data.versions[listing.symbol] = end
        return {"asks": asks, "bids": bids, "begin": last + 1, "end": end, "version": end}

    def _sides(self, listing: Listing) -> tuple[dict[str, Any], dict[str, Any]]:
        quote = self._exchange.quote(listing)
        asks, bids = (
            {
                bytes(number(level.price)).decode(): number(level.size)
                for level in side_levels(listing, quote, bids=side, depth=BOOK_LEVELS)
            }
            for side in (False, True)
        )
        return asks, bids

    def _candle(self, listing: Listing, interval: str) -> dict[str, Any] | None:
        now = self._exchange.now_ms
        found = bars(self._exchange, listing, INTERVALS[interval], now - 1, now, 1)
        if not found:
            return None
        bar = found[-1]
        prices = {"o": bar.open, "c": bar.close, "h": bar.high, "l": bar.low}
        return {
            "symbol": listing.symbol,
            "interval": interval,
            "t": bar.start_ms // 1000,
            **{name: number(price) for name, price in prices.items()},
            "q": number(bar.volume),
            "a": number(bar.turnover),
            **{f"r{name}": number(price) for name, price in prices.items()},
        }


def _changes(before: dict[str, Any], now: dict[str, Any]) -> list[list[Any]]:
    """Rows of price, contracts and orders; nothing at a price takes it away."""
    gone = [[msgspec.Raw(price.encode()), 0, 0] for price in before if price not in now]
    fresh = [[msgspec.Raw(price.encode()), size, 1] for price, size in now.items() if before.get(price) != size]
    return gone + fresh
