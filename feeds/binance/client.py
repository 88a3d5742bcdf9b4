"""Binance's market data: which sockets to hold open, what to ask on them, and what to read over REST."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from core.events import AnyEvent
from core.instruments import instrument_id
from feeds.binance import facts
from feeds.binance.parse import Decoder
from feeds.binance.products import COINM, PRODUCTS, SPOT, USDM, at_home, is_dated, rest_base
from feeds.clock import Clock
from feeds.plans import by_market, in_groups
from feeds.venue import CandlesWanted, ConnectionPlan, Credentials, Endpoints, PlainStream, PollPlan, Subscription

if TYPE_CHECKING:
    from feeds.rest import RestClient

_MARKET, _PUBLIC = "market", "public"
_DAY, _SETTLED = "24 h", "settled funding"
_MARKS: Final = ("markPrice@1s", facts.MARK_PRICE_SILENCE_SECONDS)
_BOOKS: Final = ("bookTicker", facts.BOOK_SILENCE_SECONDS)
_SPOT_STREAMS: Final = (
    ("bookTicker", facts.SPOT_BOOK_SILENCE_SECONDS),
    ("miniTicker", facts.SPOT_TICKER_SILENCE_SECONDS),
)


class BinanceFeed(PlainStream):
    """See :class:`feeds.venue.VenueFeed`. USDⓈ-M needs two sockets, because a route serves only its own streams."""

    venue = facts.VENUE

    def __init__(self, endpoints: Endpoints | None = None, credentials: Credentials | None = None) -> None:
        self._endpoints = at_home(endpoints)
        self._credentials = credentials
        self._clock = Clock()
        self._requests = itertools.count(1)
        self._rest: dict[str, RestClient] = {}

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """Two connections for USDⓈ-M, one for COIN-M, one for spot."""
        symbols = by_market(facts.VENUE, facts.MARKETS, instruments)
        home, more = self._endpoints.websocket, self._endpoints.more
        plans = []
        if USDM in symbols:
            plans.append(self._plan(_MARKET, home + facts.MARKET_PATH, symbols[USDM], (_MARKS,)))
            plans.append(self._plan(_PUBLIC, home + facts.PUBLIC_PATH, symbols[USDM], (_BOOKS,)))
        if COINM in symbols:
            url = more[facts.COINM_WEBSOCKET] + facts.COINM_PATH
            plans.append(self._plan(COINM, url, symbols[COINM], (_MARKS, _BOOKS)))
        if SPOT in symbols:
            url = more[facts.SPOT_WEBSOCKET] + facts.SPOT_PATH
            plans.append(self._plan(SPOT, url, symbols[SPOT], _SPOT_STREAMS))
        return plans

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """A fresh decoder for one connection."""
        return Decoder(plan.name if plan.name in (COINM, SPOT) else USDM, plan.name)

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
        """By market: the rolling 24 hours of everything, and the last settled funding rate of perpetuals."""
        plans = []
        for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items():
            plans.append(self._poll_plan(market, _DAY, symbols, facts.DAY_EVERY_SECONDS))
            perpetual = [symbol for symbol in symbols if market != SPOT and not is_dated(symbol)]
            if perpetual:
                every = max(facts.SETTLED_EVERY_SECONDS, facts.SETTLED_SECONDS_EACH * len(perpetual))
                plans.append(self._poll_plan(market, _SETTLED, perpetual, every))
        return plans

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        """Ask once. Raises VenueError."""
        from feeds.binance.rest import read_days, read_settled

        ((market, symbols),) = by_market(facts.VENUE, facts.MARKETS, plan.instruments).items()
        read = read_days if plan.name.endswith(_DAY) else read_settled
        async with self._client(market) as rest:
            return await read(rest, market, symbols, self._clock)

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        """Instruments, funding intervals, and tiers where a key is configured.

        A FrameFault for what is not listed or cannot be read. Raises VenueError.
        """
        from feeds.binance.rest import read_market

        events: list[AnyEvent] = []
        for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items():
            async with self._client(market) as rest:
                events += await read_market(rest, market, symbols, self._clock.now_ns())
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

        if market not in self._rest:
            product, key = PRODUCTS[market], None if market == SPOT else self._credentials
            self._rest[market] = RestClient(BinanceDialect(product), rest_base(self._endpoints, market), key)
        return self._rest[market]

    def _poll_plan(self, market: str, name: str, symbols: Sequence[str], every_seconds: float) -> PollPlan:
        return PollPlan(
            venue=self.venue,
            name=f"{market} {name}",
            every_seconds=every_seconds,
            instruments=tuple(instrument_id(self.venue, market, symbol) for symbol in symbols),
            channels=(PRODUCTS[market].path("ticker/24hr" if name == _DAY else "fundingRate"),),
        )

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
