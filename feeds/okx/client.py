"""OKX's market data: which sockets to hold open, what to ask on them, and what to read over REST."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from core.events import AnyEvent
from feeds.clock import Clock
from feeds.okx import facts
from feeds.okx.parse import Decoder
from feeds.okx.state import topic
from feeds.plans import by_market
from feeds.venue import CandlesWanted, ConnectionPlan, Credentials, Endpoints, PlainStream, PollPlan, Subscription

if TYPE_CHECKING:
    from feeds.rest import RestClient

_PING: Final = "ping"


class OkxFeed(PlainStream):
    """See :class:`feeds.venue.VenueFeed`. Each market has sockets of its own, all at one address."""

    venue = facts.VENUE

    def __init__(self, endpoints: Endpoints | None = None, credentials: Credentials | None = None) -> None:
        self._endpoints = endpoints or facts.LIVE
        self._credentials = credentials
        self._clock = Clock()
        self._requests = itertools.count(1)
        self._rest: RestClient | None = None

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """Sockets for each market among the instruments, each with as many channels as one request subscribes to."""
        return [
            ConnectionPlan(
                venue=self.venue,
                name=market if number == 1 else f"{market} {number}",
                url=self._endpoints.websocket + facts.PUBLIC_PATH,
                subscriptions=tuple(group),
                heartbeat_seconds=facts.HEARTBEAT_SECONDS,
                lifetime_seconds=None,
                answers_pings=False,
            )
            for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items()
            for number, group in enumerate(_groups(list(_subscriptions(market, symbols))), 1)
        ]

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """A fresh decoder for one connection."""
        return Decoder(plan.name)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """One request for all; each channel of it is acknowledged, or refused, by its name."""
        pairs = (channel.split(":", 1) for channel in channels)
        arguments = [{"channel": name, "instId": symbol} for name, symbol in pairs]
        return [json.dumps({"id": str(next(self._requests)), "op": "subscribe", "args": arguments})]

    def heartbeat_frame(self) -> str | None:
        """The text that the venue wants from a quiet socket."""
        return _PING

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        """What was settled last."""
        swaps = tuple(name for name in _swaps(instruments))
        if not swaps:
            return ()
        return [
            PollPlan(
                venue=self.venue,
                name=facts.SETTLED_POLL,
                every_seconds=facts.SETTLED_EVERY_SECONDS,
                instruments=swaps,
                channels=(facts.SETTLED_PATH,),
            )
        ]

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        """Ask once; a FrameFault for what cannot be read. Raises VenueError."""
        from feeds.okx.rest import read_settled

        async with self._client() as rest:
            return await read_settled(rest, [name.split(":", 2)[2] for name in plan.instruments], self._clock)

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        """Instruments, funding intervals and tiers; a FrameFault for what is not listed or cannot be read.

        Raises VenueError.
        """
        from feeds.okx.rest import read_pairs, read_swaps

        markets = by_market(facts.VENUE, facts.MARKETS, instruments)
        pairs = markets.pop(facts.SPOT, [])
        swaps = [symbol for symbols in markets.values() for symbol in symbols]
        events: list[AnyEvent] = []
        async with self._client() as rest:
            if swaps:
                events += await read_swaps(rest, swaps, self._clock.now_ns())
            if pairs:
                events += await read_pairs(rest, pairs, self._clock.now_ns())
        return events

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        """Mark prices of swaps, trades of spot pairs; a FrameFault for what cannot be read. Raises VenueError."""
        from feeds.okx.rest import read_candles

        async with self._client() as rest:
            for each in wanted:
                yield await read_candles(rest, each, self._clock)

    def _client(self) -> RestClient:
        from feeds.okx.rest import OkxDialect
        from feeds.rest import RestClient

        if self._rest is None:
            self._rest = RestClient(OkxDialect(), self._endpoints.rest, self._credentials)
        return self._rest


def _groups(subscriptions: Sequence[Subscription]) -> Iterator[Sequence[Subscription]]:
    for start in range(0, len(subscriptions), facts.CHANNELS_PER_SOCKET):
        yield subscriptions[start : start + facts.CHANNELS_PER_SOCKET]


def _swaps(instruments: Sequence[str]) -> Iterator[str]:
    for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items():
        if market != facts.SPOT:
            yield from (f"{facts.VENUE}:{market}:{symbol}" for symbol in symbols)


def _subscriptions(market: str, symbols: Sequence[str]) -> Iterator[Subscription]:
    for symbol in symbols:
        index = symbol.removesuffix(facts.SWAP_SUFFIX)
        wanted = [(facts.TICKERS, symbol), (facts.BOOK, symbol)]
        if market != facts.SPOT:
            wanted = [(facts.MARK, symbol), (facts.INDEX, index), (facts.FUNDING, symbol), *wanted]
        for channel, name in wanted:
            yield Subscription(channel=topic(channel, name), silence_seconds=facts.SILENCE_SECONDS[channel])
