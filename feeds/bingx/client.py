"""BingX's market data: which sockets to hold open, what to ask on them, and what to read over REST."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from core.errors import RequestError
from core.events import AnyEvent, Heard
from feeds.bingx import facts
from feeds.bingx.parse import Decoder, pong
from feeds.clock import Clock
from feeds.plans import by_market, in_groups
from feeds.venue import CandlesWanted, ConnectionPlan, Credentials, Endpoints, PlainStream, PollPlan, Subscription

if TYPE_CHECKING:
    from feeds.rest import RestClient

_PREMIUM: Final = "premium"
_SETTLED: Final = "settled"

_POLLS: Final = (
    (_PREMIUM, facts.LINEAR, facts.PREMIUM_PATH, facts.PREMIUM_SECONDS),
    (f"{facts.INVERSE}-{_PREMIUM}", facts.INVERSE, facts.INVERSE_PREMIUM_PATH, facts.PREMIUM_SECONDS),
    (_SETTLED, facts.LINEAR, facts.SETTLED_PATH, facts.SETTLED_SECONDS),
)
"""Name, market, path and seconds. No stream tells index prices, funding rates, or what was settled."""

_CHANNELS: Final = {
    facts.LINEAR: (
        ("markPrice", facts.MARK_SILENCE_SECONDS),
        ("bookTicker", facts.BOOK_SILENCE_SECONDS),
        ("ticker", facts.TICKER_SILENCE_SECONDS),
    ),
    facts.INVERSE: (
        ("markPrice", facts.INVERSE_MARK_SILENCE_SECONDS),
        ("bookTicker", None),  # quiet contracts are rarely pushed
        ("ticker", None),
    ),
    facts.SPOT: (
        ("bookTicker", facts.SPOT_BOOK_SILENCE_SECONDS),
        ("ticker", facts.SPOT_TICKER_SILENCE_SECONDS),
    ),
}


class BingxFeed(PlainStream):
    """See :class:`feeds.venue.VenueFeed`. Each market has hosts of its own, and its sockets take few topics."""

    venue = facts.VENUE

    def __init__(self, endpoints: Endpoints | None = None, credentials: Credentials | None = None) -> None:
        self._endpoints = with_sockets(endpoints or facts.LIVE)
        self._credentials = credentials
        self._clock = Clock()
        self._requests = itertools.count(1)
        self._rest: RestClient | None = None

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """A connection for each sixty symbols of a market."""
        return [
            ConnectionPlan(
                venue=self.venue,
                name=market if number == 1 else f"{market}-{number}",
                url=socket_url(self._endpoints, market),
                subscriptions=tuple(_subscriptions(market, group)),
                heartbeat_seconds=None,
                lifetime_seconds=None,
            )
            for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items()
            for number, group in enumerate(in_groups(symbols, facts.SYMBOLS_PER_SOCKET), 1)
        ]

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """A fresh decoder for one connection."""
        return Decoder(plan.name.partition("-")[0], plan.name)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """One topic a frame: a list of them is ignored in silence. The ``id`` comes back in the answer."""
        return [
            json.dumps({"id": f"{plan.name}-{next(self._requests)}", "reqType": "sub", "dataType": channel})
            for channel in channels
        ]

    def heartbeat_frame(self) -> str | None:
        """None: the venue asks, every five seconds."""
        return None

    def answer_frame(self, plan: ConnectionPlan, heard: Heard) -> str | None:
        """The pong that the venue waits for; after six pings without one it hangs up."""
        return pong(heard.detail)

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        """Index prices and funding rates of contracts, and the rates that were settled."""
        symbols = by_market(facts.VENUE, facts.MARKETS, instruments)
        return [
            PollPlan(
                venue=self.venue,
                name=name,
                every_seconds=seconds,
                instruments=tuple(f"{facts.VENUE}:{market}:{symbol}" for symbol in symbols[market]),
                channels=(path,),
            )
            for name, market, path, seconds in _POLLS
            if market in symbols
        ]

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        """Ask once. Raises VenueError."""
        from feeds.bingx.rest import read_market

        symbols = [instrument.rpartition(":")[2] for instrument in plan.instruments]
        async with self._client() as rest:
            return await read_market(rest, plan.channels[0], symbols, self._clock)

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        """Instruments, funding terms, and tiers where a key is configured; a FrameFault for what is not listed or
        cannot be read. Raises VenueError."""
        from feeds.bingx.rest import read_reference

        events: list[AnyEvent] = []
        async with self._client() as rest:
            for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items():
                events += await read_reference(rest, market, symbols, self._clock)
        return events

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        """Mark prices of USDT-margined contracts, trades of spot pairs; a FrameFault for what cannot be read.
        Raises VenueError."""
        from feeds.bingx.rest import read_candles

        async with self._client() as rest:
            for each in wanted:
                yield await read_candles(rest, each, self._clock)

    def _client(self) -> RestClient:
        from feeds.bingx.rest import BingxDialect
        from feeds.rest import RestClient

        if self._rest is None:
            self._rest = RestClient(BingxDialect(), self._endpoints.rest, self._credentials)
        return self._rest


def with_sockets(endpoints: Endpoints) -> Endpoints:
    """The endpoints with every market's sockets: as given, else the venue's own beside these, else below these."""
    known = next((known.more for known in (facts.LIVE, facts.DEMO) if known.rest == endpoints.rest), {})
    below = {
        facts.INVERSE_WEBSOCKET: f"{endpoints.websocket}/cswap",
        facts.SPOT_WEBSOCKET: f"{endpoints.websocket}/spot",
    }
    return Endpoints(rest=endpoints.rest, websocket=endpoints.websocket, more={**below, **known, **endpoints.more})


def socket_url(endpoints: Endpoints, market: str) -> str:
    """Where a market's sockets are. Raises RequestError for one that these endpoints do not have."""
    base = {
        facts.LINEAR: endpoints.websocket,
        facts.INVERSE: endpoints.more[facts.INVERSE_WEBSOCKET],
        facts.SPOT: endpoints.more[facts.SPOT_WEBSOCKET],
    }[market]
    if not base:
        raise RequestError("instrument", "a USDT-margined contract, as the demo network has no others", market)
    return base + facts.SOCKET_PATHS[market]


def _subscriptions(market: str, symbols: Sequence[str]) -> Iterator[Subscription]:
    for symbol in symbols:
        for channel, silence in _CHANNELS[market]:
            yield Subscription(channel=f"{symbol}@{channel}", silence_seconds=silence)
