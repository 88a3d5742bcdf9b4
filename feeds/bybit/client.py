"""Bybit's market data: which sockets to hold open, what to ask on them, and what to read over REST."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING

from core.events import AnyEvent
from core.instruments import instrument_id
from feeds.bybit import facts
from feeds.bybit.parse import Decoder
from feeds.bybit.state import is_dated
from feeds.clock import Clock
from feeds.plans import by_market, in_groups
from feeds.venue import CandlesWanted, ConnectionPlan, Credentials, Endpoints, PlainStream, PollPlan, Subscription

if TYPE_CHECKING:
    from feeds.rest import RestClient

_DAY, _SETTLED = "24 h", "settled funding"


class BybitFeed(PlainStream):
    """See :class:`feeds.venue.VenueFeed`. One socket a category: each has its own shapes for the same topics."""

    venue = facts.VENUE

    def __init__(self, endpoints: Endpoints | None = None, credentials: Credentials | None = None) -> None:
        self._endpoints = endpoints or facts.LIVE
        self._credentials = credentials
        self._clock = Clock()
        self._requests = itertools.count(1)
        self._rest: RestClient | None = None

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """A connection for each category among the instruments."""
        return [
            ConnectionPlan(
                venue=self.venue,
                name=market,
                url=self._endpoints.websocket + facts.PUBLIC_PATH.format(market=market),
                subscriptions=tuple(_subscriptions(market, symbols)),
                heartbeat_seconds=facts.HEARTBEAT_SECONDS,
                lifetime_seconds=None,
            )
            for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items()
        ]

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """A fresh decoder for one connection."""
        return Decoder(plan.name)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """One request for each ten channels; its ``req_id`` comes back in the answer."""
        return [
            json.dumps({"req_id": f"{plan.name}-{next(self._requests)}", "op": "subscribe", "args": list(group)})
            for group in in_groups(channels, facts.ARGS_PER_FRAME)
        ]

    def heartbeat_frame(self) -> str | None:
        """The ping that the venue wants from its clients."""
        return facts.PING

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        """By category: the rolling 24 hours, and the last settled funding rate of perpetuals."""
        plans = []
        for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items():
            plans.append(self._poll_plan(market, _DAY, symbols, facts.DAY_EVERY_SECONDS))
            perpetual = [symbol for symbol in symbols if market != facts.SPOT and not is_dated(market, symbol)]
            if perpetual:
                every = max(facts.SETTLED_EVERY_SECONDS, facts.SETTLED_SECONDS_EACH * len(perpetual))
                plans.append(self._poll_plan(market, _SETTLED, perpetual, every))
        return plans

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        """Ask once. Raises VenueError."""
        from feeds.bybit.rest import read_days, read_settled

        ((market, symbols),) = by_market(facts.VENUE, facts.MARKETS, plan.instruments).items()
        read = read_days if plan.name.endswith(_DAY) else read_settled
        async with self._client() as rest:
            return await read(rest, market, symbols, self._clock)

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        """Instruments and tiers; a FrameFault for what is not listed or cannot be read. Raises VenueError."""
        from feeds.bybit.rest import read_reference

        events: list[AnyEvent] = []
        async with self._client() as rest:
            for market, symbols in by_market(facts.VENUE, facts.MARKETS, instruments).items():
                events += await read_reference(rest, market, symbols, self._clock.now_ns())
        return events

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        """Mark prices of contracts, trades of spot pairs; a FrameFault for what cannot be read. Raises VenueError."""
        from feeds.bybit.rest import read_candles

        async with self._client() as rest:
            for each in wanted:
                yield await read_candles(rest, each, self._clock)

    def _poll_plan(self, market: str, name: str, symbols: Sequence[str], every_seconds: float) -> PollPlan:
        return PollPlan(
            venue=self.venue,
            name=f"{market} {name}",
            every_seconds=every_seconds,
            instruments=tuple(instrument_id(self.venue, market, symbol) for symbol in symbols),
            channels=(facts.TICKERS_PATH if name == _DAY else facts.SETTLED_PATH,),
        )

    def _client(self) -> RestClient:
        from feeds.bybit.rest import BybitDialect
        from feeds.rest import RestClient

        if self._rest is None:
            self._rest = RestClient(BybitDialect(), self._endpoints.rest, self._credentials)
        return self._rest


def _subscriptions(market: str, symbols: Sequence[str]) -> Iterator[Subscription]:
    for symbol in symbols:
        ticker_rest = facts.SPOT_TICKER_SILENCE_SECONDS if market == "spot" else facts.TICKER_SILENCE_SECONDS
        yield Subscription(channel=f"tickers.{symbol}", silence_seconds=ticker_rest)
        if market == "spot":  # its ticker has no bid and ask
            yield Subscription(channel=f"orderbook.1.{symbol}", silence_seconds=facts.BOOK_SILENCE_SECONDS)
