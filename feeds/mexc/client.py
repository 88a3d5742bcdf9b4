"""MEXC's market data: which sockets to hold open, what to ask on them, and what to read over REST."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from core.events import AnyEvent
from feeds.clock import Clock
from feeds.mexc import facts
from feeds.mexc.parse import Decoder
from feeds.mexc.spot import SpotDecoder
from feeds.plans import by_market, in_groups
from feeds.venue import CandlesWanted, ConnectionPlan, Credentials, Endpoints, PlainStream, PollPlan, Subscription
from feeds.venue import Decoder as AnyDecoder

if TYPE_CHECKING:
    from feeds.rest import RestClient

CONTRACT_PING: Final = '{"method":"ping"}'
SPOT_PING: Final = '{"method":"PING"}'

_TOPICS: Final = (
    (facts.MARK, facts.MARK_SILENCE_SECONDS),
    (facts.TICKER, facts.TICKER_SILENCE_SECONDS),
    (facts.BOOK, None),
)
"""What is asked of each contract. The ticker tells index price and funding rate too; the funding topic itself, which
speaks once a minute, is not asked for. A book may rest, and the ticker tells of its top as well."""


class MexcFeed(PlainStream):
    """See :class:`feeds.venue.VenueFeed`. Linear and inverse contracts share sockets; spot has its own."""

    venue = facts.VENUE

    def __init__(self, endpoints: Endpoints | None = None, credentials: Credentials | None = None) -> None:
        self._endpoints = endpoints or facts.LIVE
        self._credentials = credentials
        self._clock = Clock()
        self._rest: RestClient | None = None

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """As few sockets as the venue's limits allow."""
        symbols = by_market(facts.VENUE, facts.MARKETS, instruments)
        contracts = [*symbols.get(facts.LINEAR, ()), *symbols.get(facts.INVERSE, ())]
        plans = [
            self._contract_plan(_numbered(facts.CONTRACT, number), group)
            for number, group in enumerate(in_groups(contracts, facts.CONTRACTS_PER_SOCKET), 1)
        ]
        pairs = symbols.get(facts.SPOT, ())
        return plans + [
            self._spot_plan(_numbered(facts.SPOT, number), group)
            for number, group in enumerate(in_groups(pairs, facts.PAIRS_PER_SOCKET), 1)
        ]

    def _contract_plan(self, name: str, symbols: Sequence[str]) -> ConnectionPlan:
        return ConnectionPlan(
            venue=self.venue,
            name=name,
            url=contract_url(self._endpoints),
            subscriptions=tuple(
                Subscription(channel=f"{topic}.{symbol}", silence_seconds=silence)
                for symbol in symbols
                for topic, silence in _TOPICS
            ),
            heartbeat_seconds=facts.HEARTBEAT_SECONDS,
            lifetime_seconds=None,
            answers_pings=False,
        )

    def _spot_plan(self, name: str, symbols: Sequence[str]) -> ConnectionPlan:
        return ConnectionPlan(
            venue=self.venue,
            name=name,
            url=spot_url(self._endpoints),
            subscriptions=tuple(_spot_channels(symbols)),
            heartbeat_seconds=facts.HEARTBEAT_SECONDS,
            lifetime_seconds=facts.SPOT_LIFETIME_SECONDS,
            answers_pings=False,
            heartbeat=SPOT_PING,
        )

    def decoder(self, plan: ConnectionPlan) -> AnyDecoder:
        """A fresh decoder for one connection."""
        return SpotDecoder(plan.name) if plan.name.startswith(facts.SPOT) else Decoder(plan.name)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """One request for each topic of each contract, as the venue wants it; one for all channels of spot."""
        if plan.name.startswith(facts.SPOT):
            return [json.dumps({"method": "SUBSCRIPTION", "params": list(channels)})]
        return [_subscribe(channel) for channel in channels]

    def heartbeat_frame(self) -> str | None:
        """The ping that the contract socket wants; that of spot is in its plans."""
        return CONTRACT_PING

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        """Funding terms and settled rates of contracts, which no stream tells; the opening prices of spot's day."""
        symbols = by_market(facts.VENUE, facts.MARKETS, instruments)
        contracts = [name for name in instruments if name.split(":")[1] != facts.SPOT]
        pairs = [name for name in instruments if name.split(":")[1] == facts.SPOT]
        rates = facts.FUNDING_RATES_PATH if len(contracts) > facts.EACH_AT_MOST else facts.FUNDING_RATE_PATH
        plans = []
        if contracts:
            plans.append(self._poll_plan("funding", contracts, (rates, facts.FUNDING_HISTORY_PATH)))
        if symbols.get(facts.SPOT):
            plans.append(self._poll_plan("spot day", pairs, (facts.SPOT_DAY_PATH,)))
        return plans

    def _poll_plan(self, name: str, instruments: Sequence[str], channels: tuple[str, ...]) -> PollPlan:
        return PollPlan(
            venue=self.venue,
            name=name,
            every_seconds=facts.POLL_SECONDS,
            instruments=tuple(dict.fromkeys(instruments)),
            channels=channels,
        )

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        """Ask once. Raises VenueError."""
        from feeds.mexc.rest import read_days, read_funding

        symbols = [name.split(":")[2] for name in plan.instruments]
        read = read_days if plan.channels == (facts.SPOT_DAY_PATH,) else read_funding
        async with self._client() as rest:
            return await read(rest, symbols, self._clock.now_ns)

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        """Contracts with tiers and funding terms, pairs; a FrameFault for what is not listed. Raises VenueError."""
        from feeds.mexc.rest import read_contracts, read_pairs

        symbols = by_market(facts.VENUE, facts.MARKETS, instruments)
        contracts = [*symbols.get(facts.LINEAR, ()), *symbols.get(facts.INVERSE, ())]
        events: list[AnyEvent] = []
        async with self._client() as rest:
            if contracts:
                events += await read_contracts(rest, contracts, self._clock.now_ns())
            if facts.SPOT in symbols:
                events += await read_pairs(rest, symbols[facts.SPOT], self._clock.now_ns())
        return events

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        """Mark prices of contracts, trades of spot pairs; a FrameFault for what cannot be read. Raises VenueError."""
        from feeds.mexc.rest import read_candles

        async with self._client() as rest:
            for each in wanted:
                yield await read_candles(rest, each, self._clock)

    def _client(self) -> RestClient:
        from feeds.mexc.rest import MexcDialect
        from feeds.rest import RestClient

        if self._rest is None:
            self._rest = RestClient(MexcDialect(), self._endpoints.rest, self._credentials)
        return self._rest


def contract_url(endpoints: Endpoints) -> str:
    """Where the contract socket is, public and private."""
    return endpoints.websocket + facts.CONTRACT_SOCKET_PATH


def spot_url(endpoints: Endpoints) -> str:
    """Where spot's socket is; at the contracts' address where no other is known."""
    return endpoints.more.get(facts.SPOT_WEBSOCKET, endpoints.websocket) + facts.SPOT_SOCKET_PATH


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} {number}"


def _subscribe(channel: str) -> str:
    topic, _, symbol = channel.rpartition(".")
    param: dict[str, object] = {"symbol": symbol}
    if topic == facts.BOOK:
        param["limit"] = facts.BOOK_LEVELS
    return json.dumps({"method": f"sub.{topic}", "param": param}, separators=(",", ":"))


def _spot_channels(symbols: Sequence[str]) -> Iterator[Subscription]:
    for symbol in symbols:
        yield Subscription(
            channel=facts.SPOT_TICKER.format(symbol=symbol), silence_seconds=facts.SPOT_TICKER_SILENCE_SECONDS
        )
        yield Subscription(channel=facts.SPOT_BOOK.format(symbol=symbol), silence_seconds=None)
