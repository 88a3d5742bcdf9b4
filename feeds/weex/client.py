"""WEEX's market data: which sockets to hold open, what to ask on them, and what to read over REST."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from core.events import AnyEvent, Heard
from feeds.clock import Clock
from feeds.plans import by_market, in_groups
from feeds.venue import CandlesWanted, ConnectionPlan, Credentials, Endpoints, PlainStream, PollPlan, Subscription
from feeds.weex import facts
from feeds.weex.addresses import rest_base, socket_base, with_spot
from feeds.weex.parse import Decoder

if TYPE_CHECKING:
    from feeds.rest import RestClient

_BOOKS: Final = "books"


class WeexFeed(PlainStream):
    """See :class:`feeds.venue.VenueFeed`. Books have sockets of their own: one that is lost costs its socket, and must
    not cost the mark prices."""

    venue = facts.VENUE

    def __init__(self, endpoints: Endpoints | None = None, credentials: Credentials | None = None) -> None:
        self._endpoints = with_spot(endpoints)
        self._credentials = credentials
        self._clock = Clock()
        self._requests = itertools.count(1)
        self._asked: dict[str, set[str]] = {}
        """By connection: the channels asked for on its newest socket."""
        self._rest: dict[str, RestClient] = {}

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """Sockets for tickers, for books and for spot, each with as many channels as the venue takes."""
        symbols = by_market(facts.VENUE, facts.MARKETS, instruments)
        linear, spot = symbols.get(facts.LINEAR, []), symbols.get(facts.SPOT, [])
        tickers = [Subscription(channel=f"{it}@ticker", silence_seconds=facts.TICKER_SILENCE_SECONDS) for it in linear]
        books = [
            Subscription(channel=f"{it}@{facts.BOOK_CHANNEL}", silence_seconds=facts.BOOK_SILENCE_SECONDS)
            for it in linear
        ]
        return [
            *self._plans(facts.LINEAR, facts.LINEAR, tickers),
            *self._plans(_BOOKS, facts.LINEAR, books),
            *self._plans(facts.SPOT, facts.SPOT, list(_spot_subscriptions(spot))),
        ]

    def _plans(self, name: str, market: str, subscriptions: Sequence[Subscription]) -> Iterator[ConnectionPlan]:
        groups = [
            subscriptions[start : start + facts.CHANNELS_PER_SOCKET]
            for start in range(0, len(subscriptions), facts.CHANNELS_PER_SOCKET)
        ]
        for number, group in enumerate(groups, 1):
            yield ConnectionPlan(
                venue=self.venue,
                name=name if number == 1 else f"{name} {number}",
                url=socket_base(self._endpoints, market) + facts.PUBLIC_PATH,
                subscriptions=tuple(group),
                heartbeat_seconds=None,
                lifetime_seconds=None,
            )

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """A fresh decoder for one connection."""
        self._asked[plan.name] = set()
        market = facts.SPOT if plan.name.startswith(facts.SPOT) else facts.LINEAR
        return Decoder(market, plan.name)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """Few, long requests, whose ``id`` comes back in the answer. A channel asked for before is given up first: only
        then does the venue begin its book again."""
        asked = self._asked.setdefault(plan.name, set())
        again = [channel for channel in channels if channel in asked]
        asked.update(channels)
        return [
            *(self._request("UNSUBSCRIBE", group) for group in in_groups(again, facts.CHANNELS_PER_FRAME)),
            *(self._request("SUBSCRIBE", group) for group in in_groups(channels, facts.CHANNELS_PER_FRAME)),
        ]

    def _request(self, method: str, channels: Sequence[str]) -> str:
        return json.dumps({"method": method, "params": list(channels), "id": next(self._requests)})

    def heartbeat_frame(self) -> str | None:
        """None: the venue pings, and a silent socket is pinged by the websocket's own means."""
        return None

    def answer_frame(self, plan: ConnectionPlan, heard: Heard) -> str | None:
        """The answer to the venue's ping; without it the socket is cut after ten of them."""
        return json.dumps({"method": "PONG", "id": next(self._requests)})

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        """Funding rates, which no stream tells, and what was settled last."""
        symbols = by_market(facts.VENUE, facts.MARKETS, instruments).get(facts.LINEAR)
        if not symbols:
            return ()
        names = tuple(f"{facts.VENUE}:{facts.LINEAR}:{symbol}" for symbol in symbols)
        return [
            PollPlan(venue=self.venue, name=name, every_seconds=seconds, instruments=names, channels=(path,))
            for name, seconds, path in (
                (facts.FUNDING_POLL, facts.FUNDING_EVERY_SECONDS, facts.PREMIUM_PATH),
                (facts.SETTLED_POLL, facts.SETTLED_EVERY_SECONDS, facts.SETTLED_PATH),
            )
        ]

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        """Ask once; a FrameFault for what cannot be read. Raises VenueError."""
        from feeds.weex.rest import read_funding, read_settled

        symbols = by_market(facts.VENUE, facts.MARKETS, plan.instruments)[facts.LINEAR]
        read = read_funding if plan.name == facts.FUNDING_POLL else read_settled
        async with self._client(facts.LINEAR) as rest:
            return await read(rest, symbols, self._clock)

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        """Instruments, tiers and funding intervals; a FrameFault for what is not listed or cannot be read. Raises
        VenueError."""
        from feeds.weex.rest import read_contracts, read_spot

        events: list[AnyEvent] = []
        for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items():
            read = read_spot if market == facts.SPOT else read_contracts
            async with self._client(market) as rest:
                events += await read(rest, symbols, self._clock.now_ns())
        return events

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        """Mark prices of contracts, trades of spot pairs; a FrameFault for what cannot be read. Raises VenueError."""
        from feeds.weex.rest import read_candles

        async with AsyncExitStack() as stack:
            clients: dict[str, RestClient] = {}
            for each in wanted:
                market = each.instrument.split(":")[1]
                if market not in clients:
                    clients[market] = await stack.enter_async_context(self._client(market))
                yield await read_candles(clients[market], each, self._clock)

    def _client(self, market: str) -> RestClient:
        from feeds.rest import RestClient
        from feeds.weex.rest import WeexDialect

        if market not in self._rest:
            path = facts.SPOT_CLOCK_PATH if market == facts.SPOT else facts.CLOCK_PATH
            self._rest[market] = RestClient(WeexDialect(path), rest_base(self._endpoints, market), self._credentials)
        return self._rest[market]


def _spot_subscriptions(symbols: Sequence[str]) -> Iterator[Subscription]:
    for symbol in symbols:
        yield Subscription(channel=f"{symbol}@bookTicker", silence_seconds=facts.BOOK_SILENCE_SECONDS)
        yield Subscription(channel=f"{symbol}@ticker", silence_seconds=facts.SPOT_TICKER_SILENCE_SECONDS)
