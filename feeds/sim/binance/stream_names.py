"""What the simulated Binance's public streams are called, and what each of them sends how often."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from feeds.sim.binance import frames
from feeds.sim.binance.depth import DepthBooks
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange

CATEGORIES = {"spot": "spot", "coin": "coinm"}
"""The product of a route that serves everything of it; the others serve parts of USDⓈ-M."""

PUBLIC_KINDS = frozenset({"bookTicker", "depth", "rpiDepth", "trade"})
"""What the ``/public`` route serves; everything else public is on ``/market``."""

_STREAM = re.compile(
    r"(?P<symbol>[a-z0-9_]+)@(?P<kind>[A-Za-z]+?)(?P<depth>\d+)?(?:_(?P<interval>\w+))?(?:@(?P<speed>\w+))?\Z"
)
_ALL = re.compile(r"!(?P<kind>[A-Za-z]+)(?P<array>@arr)?(?:@(?P<speed>1s))?\Z")
_DEPTH_STEPS = {"100ms": 1, "250ms": 3, "500ms": 5, "1000ms": 10, None: 3}
_PARTIAL_DEPTHS = (5, 10, 20)

MARK_STEPS, MARK_FAST_STEPS = 30, 10
ALL_BOOK_STEPS = 50
TICKER_STEPS, ALL_TICKER_STEPS, SPOT_TICKER_STEPS = 20, 10, 10
KLINE_STEPS, SPOT_KLINE_STEPS = 3, 20


class Stream(msgspec.Struct, frozen=True):
    """A stream name understood: what to send every how many steps, and on which route."""

    name: str
    route: str
    every_steps: int
    make: Callable[[], Any]
    each_step: Callable[[], None] | None = None
    """What must be noted at every step, sent or not."""
    begin: Callable[[], None] | None = None
    """What must be noted when somebody subscribes."""


class StreamNames:
    """Understands stream names, route by route. ``steps`` counts the steps of the market."""

    def __init__(self, exchange: Exchange, depth: DepthBooks) -> None:
        self._exchange, self._depth = exchange, depth
        self._known: dict[tuple[str, str], Stream | None] = {}
        self._pairs: set[tuple[str, str]] = set()
        self.steps = 0

    def find(self, route: str, name: str) -> Stream | None:
        """What a name means on a route; ``None`` where it is silent there. Remembered, so cheap at each step."""
        key = (route, name)
        if key not in self._known:
            stream = self._all_stream(route, name) if name.startswith("!") else self._symbol_stream(route, name)
            self._known[key] = stream if stream is not None and stream.route == route else None
        stream = self._known[key]
        symbol = name.partition("@")[0]
        named = not name.startswith("!") and (route, symbol) not in self._pairs
        gone = stream is not None and named and self._listing(route, symbol) is None
        return None if gone else stream

    def _listing(self, route: str, symbol: str) -> Listing | None:
        """The listing of a lower-case symbol; upper case names nothing."""
        if symbol != symbol.lower():
            return None
        return self._exchange.find(CATEGORIES.get(route, "usdm"), symbol.upper())

    def _symbol_stream(self, route: str, name: str) -> Stream | None:
        match = _STREAM.match(name)
        if match is None:
            return None
        listing = self._listing(route, match["symbol"])
        if listing is None:
            return self._pair_stream(route, name, match)
        kind, exchange, spot = match["kind"], self._exchange, route == "spot"
        where = route if route in CATEGORIES else ("public" if kind in PUBLIC_KINDS else "market")
        match kind:
            case "markPrice" if not spot and match["speed"] in (None, "1s"):
                every = MARK_FAST_STEPS if match["speed"] else MARK_STEPS
                return Stream(name, where, every, lambda: frames.mark_price(exchange, listing))
            case "bookTicker":
                return Stream(name, where, 1, lambda: frames.book_ticker(exchange, listing))
            case "ticker" | "miniTicker":
                make = frames.ticker if kind == "ticker" else frames.mini_ticker
                every = SPOT_TICKER_STEPS if spot else TICKER_STEPS
                return Stream(name, where, every, lambda: make(exchange, listing))
            case "kline" if match["interval"] in frames.INTERVALS:
                every = SPOT_KLINE_STEPS if spot else KLINE_STEPS
                return Stream(name, where, every, lambda: frames.kline(exchange, listing, match["interval"]))
            case "aggTrade" | "trade":
                return Stream(name, where, 1, lambda: frames.trade(exchange, listing, kind))
            case "depth" if match["speed"] in _DEPTH_STEPS:
                return self._depth_stream(name, where, listing, match["depth"], _DEPTH_STEPS[match["speed"]])
            case "forceOrder" if not spot:
                return Stream(name, where, 1, lambda: None)
        return None

    def _pair_stream(self, route: str, name: str, match: re.Match[str]) -> Stream | None:
        """COIN-M's streams of a pair: the mark prices of all its contracts, and its index."""
        exchange, pair = self._exchange, match["symbol"]
        if route != "coin" or pair != pair.lower() or match["speed"] not in (None, "1s"):
            return None
        every = MARK_FAST_STEPS if match["speed"] else MARK_STEPS

        def contracts() -> list[Listing]:
            return [listing for listing in exchange.listed("coinm") if listing.pair == pair.upper()]

        if not contracts():
            return None
        self._pairs.add((route, pair))
        if match["kind"] == "markPrice":
            return Stream(name, route, every, lambda: [frames.mark_price(exchange, each) for each in contracts()])
        if match["kind"] == "indexPrice":
            return Stream(name, route, every, lambda: frames.index_price(exchange, contracts()[0]))
        return None

    def _depth_stream(self, name: str, where: str, listing: Listing, depth: str | None, every: int) -> Stream | None:
        if depth is None:
            return Stream(
                name,
                where,
                every,
                make=lambda: self._depth.difference(listing, name),
                each_step=lambda: self._depth.step(listing),
                begin=lambda: self._depth.begin(listing, name),
            )
        if int(depth) not in _PARTIAL_DEPTHS:
            return None
        return Stream(name, where, every, lambda: self._depth.top(listing, int(depth)))

    def _all_stream(self, route: str, name: str) -> Stream | None:
        match = _ALL.match(name)
        if match is None:
            return None
        exchange, spot = self._exchange, route == "spot"

        def each(make: Callable[[Exchange, Listing], Any], *, both: bool = False) -> Callable[[], Any]:
            def rows() -> Any:
                listed = exchange.listed(CATEGORIES.get(route, "usdm"))
                if both and not spot:
                    listed = [*exchange.listed("usdm"), *exchange.listed("coinm")]
                return [make(exchange, listing) for listing in listed]

            return rows

        market = route if route in CATEGORIES else "market"
        match (match["kind"], bool(match["array"])):
            case ("markPrice", True) if route not in CATEGORIES:
                return Stream(name, market, MARK_FAST_STEPS if match["speed"] else MARK_STEPS, each(frames.mark_price))
            case ("ticker", True):
                return Stream(name, market, ALL_TICKER_STEPS, each(frames.ticker, both=True))
            case ("miniTicker", True):
                return Stream(name, market, ALL_TICKER_STEPS, each(frames.mini_ticker, both=True))
            case ("contractInfo", False) | ("forceOrder", True) if not spot:
                return Stream(name, market, 1, lambda: None)
            case ("bookTicker", False) if not spot:
                where = "coin" if route == "coin" else "public"
                return Stream(name, where, ALL_BOOK_STEPS, self._next_book_ticker)
        return None

    def _next_book_ticker(self) -> Any:
        """``!bookTicker`` carries one contract a frame; the contracts of both products take turns."""
        listed = [*self._exchange.listed("usdm"), *self._exchange.listed("coinm")]
        return frames.book_ticker(self._exchange, listed[self.steps // ALL_BOOK_STEPS % len(listed)])
