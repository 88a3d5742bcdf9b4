"""Binance's market data: which sockets to hold open, what to ask on them, and what to read over REST."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from core.events import AnyEvent
from feeds.binance import facts
from feeds.binance.parse import Decoder
from feeds.clock import Clock
from feeds.plans import by_market, in_groups
from feeds.venue import CandlesWanted, ConnectionPlan, Credentials, Endpoints, PlainStream, PollPlan, Subscription

if TYPE_CHECKING:
    from feeds.rest import RestClient

_USDM, _SPOT = "usdm", "spot"
_MARKET, _PUBLIC = "market", "public"
_USDM_PLANS: Final = {
    _MARKET: (facts.MARKET_PATH, (("markPrice@1s", facts.MARK_PRICE_SILENCE_SECONDS),)),
    _PUBLIC: (facts.PUBLIC_PATH, (("bookTicker", facts.BOOK_SILENCE_SECONDS),)),
}
_SPOT_STREAMS: Final = (
    ("bookTicker", facts.SPOT_BOOK_SILENCE_SECONDS),
    ("miniTicker", facts.SPOT_TICKER_SILENCE_SECONDS),
)


class BinanceFeed(PlainStream):
    """See :class:`feeds.venue.VenueFeed`. Futures need two sockets, because a route serves only its own streams."""

    venue = facts.VENUE

    def __init__(self, endpoints: Endpoints | None = None, credentials: Credentials | None = None) -> None:
        self._endpoints = _with_spot(endpoints or facts.LIVE)
        self._credentials = credentials
        self._clock = Clock()
        self._requests = itertools.count(1)
        self._rest: dict[str, RestClient] = {}

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """Two connections for futures, one for spot."""
        symbols = by_market(facts.VENUE, facts.MARKETS, instruments)
        plans = []
        if _USDM in symbols:
            for name, (path, streams) in _USDM_PLANS.items():
                plans.append(self._plan(name, self._endpoints.websocket + path, symbols[_USDM], streams))
        if _SPOT in symbols:
            url = self._endpoints.more[facts.SPOT_WEBSOCKET] + facts.SPOT_PATH
            plans.append(self._plan(_SPOT, url, symbols[_SPOT], _SPOT_STREAMS))
        return plans

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """A fresh decoder for one connection."""
        return Decoder(_SPOT if plan.name == _SPOT else _USDM, plan.name)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """Few, long requests: sockets take few messages a second. The ``id`` comes back in the answer."""
        return [
            json.dumps({"method": "SUBSCRIBE", "params": list(group), "id": next(self._requests)})
            for group in in_groups(channels, facts.STREAMS_PER_FRAME)
        ]

    def heartbeat_frame(self) -> str | None:
        """None: the venue pings, and the websocket library answers."""
        return None

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        """None yet."""
        return ()

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        """Nothing yet."""
        return ()

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        """Instruments, funding intervals, and tiers where a key is configured.

        A FrameFault for what is not listed or cannot be read. Raises VenueError.
        """
        from feeds.binance.rest import read_futures, read_spot

        events: list[AnyEvent] = []
        for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items():
            async with self._client(market) as rest:
                read = read_spot if market == _SPOT else read_futures
                events += await read(rest, symbols, self._clock.now_ns())
        return events

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        """Mark prices of contracts, trades of spot pairs; a FrameFault for what cannot be read. Raises VenueError."""
        from feeds.binance.rest import read_candles

        async with AsyncExitStack() as stack:
            clients: dict[str, RestClient] = {}
            for each in wanted:
                market = each.instrument.split(":")[1]
                if market not in clients:
                    clients[market] = await stack.enter_async_context(self._client(market))
                yield await read_candles(clients[market], each, self._clock)

    def _client(self, market: str) -> RestClient:
        from feeds.binance.rest import BinanceDialect
        from feeds.rest import RestClient

        if not self._rest:
            futures = BinanceDialect(facts.CLOCK_PATH, facts.WEIGHT_LIMIT)
            spot = BinanceDialect(facts.SPOT_CLOCK_PATH, facts.SPOT_WEIGHT_LIMIT)
            self._rest = {
                _USDM: RestClient(futures, self._endpoints.rest, self._credentials),
                _SPOT: RestClient(spot, self._endpoints.more[facts.SPOT_REST]),
            }
        return self._rest[market]

    def _plan(
        self, name: str, url: str, symbols: Sequence[str], streams: Iterable[tuple[str, float]]
    ) -> ConnectionPlan:
        return ConnectionPlan(
            venue=self.venue,
            name=name,
            url=url,
            subscriptions=tuple(
                Subscription(channel=f"{symbol.lower()}@{stream}", silence_seconds=silence)
                for symbol in symbols
                for stream, silence in streams
            ),
            heartbeat_seconds=None,
            lifetime_seconds=facts.LIFETIME_SECONDS,
        )


def _with_spot(endpoints: Endpoints) -> Endpoints:
    """The endpoints with spot's: as given, else the venue's own beside these, else the same addresses."""
    known = next((known.more for known in (facts.LIVE, facts.DEMO) if known.rest == endpoints.rest), {})
    same = {facts.SPOT_REST: endpoints.rest, facts.SPOT_WEBSOCKET: endpoints.websocket}
    return Endpoints(rest=endpoints.rest, websocket=endpoints.websocket, more={**same, **known, **endpoints.more})
