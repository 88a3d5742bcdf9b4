"""The data frames of MEXC's contract socket, each topic's at its own pace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.figures import bars
from feeds.sim.mexc.market_data import INTERVALS, MOST_LEVELS, MarketData, Side, book, deal, ticker
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


class Frames:
    """Makes each topic's frame once a step, for whoever subscribes."""

    def __init__(self, exchange: Exchange, hub: Hub, data: MarketData) -> None:
        self._exchange, self._hub, self._data = exchange, hub, data
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
        for key in wanted:
            topic = key.split("|")[1]
            if topic != "depth" and self._steps % EVERY[topic] == 0:
                frame = self._frame(key)
                if frame is not None:
                    self._hub.publish(key, frame)
        if self._steps % EVERY["depth"] == 0:
            self._follow_books(wanted)

    def first(self, key: str) -> bytes | None:
        """What a new subscriber is told at once: all contracts' tickers. No other topic begins with anything."""
        return self._tickers() if key == "edge|tickers" else None

    def _frame(self, key: str) -> bytes | None:
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
                asks, bids = (list(side.values()) for side in book(self._exchange, listing, int(rest[1])))
                version = self._data.version(listing)
                data = {"cts": self._exchange.now_ms - 4, "asks": asks, "bids": bids, "version": version}
            case "deal":
                if not quote.traded or self._exchange.still(listing):
                    return None
                data = [deal(quote.last, quote.last_size, quote.last_side.lower(), self._exchange.now_ms)]
            case _:
                data = self._candle(listing, rest[1])
        return None if data is None else self._pushed(topic, listing, data)

    def _pushed(self, topic: str, listing: Listing, data: Any) -> bytes:
        stamp = self._exchange.now_ms
        return encode({"symbol": listing.symbol, "data": data, "channel": f"push.{topic}", "ts": stamp})

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

    def _follow_books(self, wanted: Sequence[str]) -> None:
        """Send what changed in each book that somebody follows since the difference before: merged, two of the venue's
        own are one frame."""
        followed = {key.split("|")[2] for key in wanted if key.split("|")[1] == "depth"}
        for symbol in self._data.followed.keys() - followed:
            del self._data.followed[symbol]
        for listing in self._data.listings():
            if listing.symbol not in followed:
                continue
            now = book(self._exchange, listing, MOST_LEVELS)
            before = self._data.followed.get(listing.symbol)
            self._data.followed[listing.symbol] = now
            if before is None or before == now:
                continue
            asks, bids = (_changes(was, now_is) for was, now_is in zip(before, now, strict=True))
            begin = self._data.version(listing) + 1
            self._data.versions[listing.symbol] = end = begin + 1
            self._difference(
                listing, "merged", {"asks": asks, "bids": bids, "begin": begin, "end": end, "version": end}
            )
            self._difference(listing, "single", {"asks": asks, "bids": [], "version": begin})
            self._difference(listing, "single", {"asks": [], "bids": bids, "version": end})

    def _difference(self, listing: Listing, kind: str, data: dict[str, Any]) -> None:
        key = f"edge|depth|{listing.symbol}|{kind}"
        if self._hub.wanted(key):
            self._hub.publish(key, self._pushed("depth", listing, data))

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


def _changes(before: Side, now: Side) -> list[list[Any]]:
    """Rows of price, contracts and orders; nothing at a price takes it away."""
    gone = [[number(price), 0, 0] for price in before if price not in now]
    return gone + [row for price, row in now.items() if before.get(price) != row]
