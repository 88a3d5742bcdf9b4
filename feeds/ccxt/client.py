"""Market data of an exchange through ccxt: pushed where ccxt streams it, else polled.

Nothing of this comes over sockets of ours: every question is a poll. One that follows a stream waits for the next push,
so that it is answered as soon as there is news.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from core.errors import RequestError, VenueError
from core.events import AnyEvent, CandlePrice, CandlesLoaded, Ticker
from core.history import DAY_NS, HOUR_NS
from core.symbols import read_name
from feeds.bodies import bad_row
from feeds.candles import not_told
from feeds.ccxt import market
from feeds.ccxt.exchange import NO_SUCH_SYMBOL, Client
from feeds.clock import Clock
from feeds.venue import CandlesWanted, ConnectionPlan, Credentials, Decoder, Endpoints, PlainStream, PollPlan

PUSH_EVERY_SECONDS: Final = 0.25
"""Between two looks at what a stream has pushed: what came meanwhile is told as it is then."""

SILENCE_SECONDS: Final = 60.0
"""A stream that pushes nothing for so long is told as silent."""

PRICES_EVERY_SECONDS: Final = 5.0
FUNDING_EVERY_SECONDS: Final = 20.0
SETTLED_EVERY_SECONDS: Final = 300.0
MOST_PAGES: Final = 10

_FRAMES: Final = {DAY_NS: "1d", HOUR_NS: "1h"}


class Stream(NamedTuple):
    """One thing that is told: ccxt's calls for it, best first, each with whether it takes several symbols at once."""

    name: str
    calls: tuple[tuple[str, bool], ...]
    every_seconds: float
    contracts_only: bool


STREAMS: Final = (
    Stream(
        "tickers",
        (("watchTickers", True), ("watchTicker", False), ("fetchTickers", True), ("fetchTicker", False)),
        PRICES_EVERY_SECONDS,
        False,
    ),
    Stream("book", (("watchBidsAsks", True), ("fetchBidsAsks", True)), PRICES_EVERY_SECONDS, False),
    Stream(
        "mark",
        (("watchMarkPrices", True), ("watchMarkPrice", False), ("fetchMarkPrices", True), ("fetchMarkPrice", False)),
        PRICES_EVERY_SECONDS,
        True,
    ),
    Stream(
        "funding",
        (
            *(("watchFundingRates", True), ("watchFundingRate", False)),
            *(("fetchFundingRates", True), ("fetchFundingRate", False)),
        ),
        FUNDING_EVERY_SECONDS,
        True,
    ),
    Stream("settled funding", (("fetchFundingRateHistory", False),), SETTLED_EVERY_SECONDS, True),
)
"""What is told of every instrument, where ccxt can."""


class CcxtFeed(PlainStream):
    """See :class:`feeds.venue.VenueFeed`."""

    def __init__(self, exchange: str, endpoints: Endpoints | None, credentials: Credentials | None) -> None:
        """Raises RequestError where ccxt is not installed or does not know the exchange."""
        self.client = Client(exchange, endpoints, credentials)
        self.venue = self.client.venue
        self._clock = Clock()
        self._marked: set[str] = set()
        """The instruments whose mark price a faster call than that for funding tells."""

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """None: the sockets are ccxt's."""
        return ()

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """Never asked for: there are no plans."""
        raise RequestError("venue", "one whose own frames are read", self.venue)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """None."""
        return ()

    def heartbeat_frame(self) -> str | None:
        """None."""
        return None

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        """For each market and settlement currency what is told of it: one poll for all symbols where ccxt takes them
        together, else one for each."""
        plans = []
        for (place, settle), names in _grouped(self.venue, instruments).items():
            for stream in STREAMS:
                call = self._call(stream)
                if not call or (stream.contracts_only and place == "spot"):
                    continue
                together = dict(stream.calls)[call]
                for group in [tuple(names)] if together else [(name,) for name in names]:
                    about = settle if together else group[0].split(":", 2)[2]
                    plans.append(self._plan(stream, call, f"{place} {about}", group))
        return plans

    def _plan(self, stream: Stream, call: str, about: str, instruments: tuple[str, ...]) -> PollPlan:
        return PollPlan(
            venue=self.venue,
            name=f"{stream.name} {about}",
            every_seconds=PUSH_EVERY_SECONDS if call.startswith("watch") else stream.every_seconds,
            instruments=instruments,
            channels=(f"{call} {about}",),
        )

    def _call(self, stream: Stream) -> str:
        return self.client.can(*(name for name, _ in stream.calls))

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        """Ask once, or wait for the next push. Raises VenueError."""
        (channel,) = plan.channels
        call = channel.partition(" ")[0]
        symbols = {name.split(":", 2)[2]: name for name in plan.instruments}
        together = any(dict(stream.calls).get(call) for stream in STREAMS)
        seconds = SILENCE_SECONDS
        if call == "fetchFundingRateHistory":
            (symbol,) = symbols
            rows = await self.client.ask(call, symbol, None, 3, seconds=seconds)
            return market.settled(symbols[symbol], rows, self._clock.now_ns())
        told = await self.client.ask(call, list(symbols) if together else next(iter(symbols)), seconds=seconds)
        structures = told.values() if together and isinstance(told, Mapping) else [told]
        events: list[AnyEvent] = []
        for each in structures:
            if isinstance(each, Mapping) and (name := symbols.get(str(each.get("symbol")))) is not None:
                events += self._told(name, channel, each)
        return events

    def _told(self, name: str, channel: str, told: Mapping[str, Any]) -> Iterator[AnyEvent]:
        now_ns, call = self._clock.now_ns(), channel.partition(" ")[0]
        if call.endswith(("FundingRate", "FundingRates")):
            yield market.funding(name, channel, told, now_ns, prices=name not in self._marked)
            return
        if call.endswith("BidsAsks"):
            best = market.ticker(name, channel, told, now_ns)
            yield Ticker(
                received_ns=now_ns,
                instrument=name,
                channel=channel,
                venue_time_ns=best.venue_time_ns,
                bid_price=best.bid_price,
                bid_size=best.bid_size,
                ask_price=best.ask_price,
                ask_size=best.ask_size,
            )
            return
        marks = call.endswith(("MarkPrice", "MarkPrices"))
        ticker = market.ticker(
            name,
            channel,
            told,
            now_ns,
            book=not marks and not self.client.can("watchBidsAsks", "fetchBidsAsks"),
            mark=marks or not self.client.can("watchMarkPrices", "watchMarkPrice", "fetchMarkPrices", "fetchMarkPrice"),
        )
        if ticker.mark_price is not None:
            self._marked.add(name)
        yield ticker if not marks else replace(ticker, last_price=None)
        if not marks:
            yield market.day(name, channel, told, now_ns)

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        """Instruments, and tiers where ccxt tells them; a FrameFault for what is not listed or cannot be read.

        Raises VenueError.
        """
        listed, events = await self.client.markets(), list[AnyEvent]()
        for name in checked(self.venue, instruments):
            symbol = name.split(":", 2)[2]
            told = listed.get(symbol)
            now_ns = self._clock.now_ns()
            if told is None or market.id_of(self.venue, told) != name:
                events.append(bad_row(self.venue, market.MARKETS_CALL, "symbol", f"{symbol} is not listed", now_ns))
                continue
            events.append(market.instrument(self.venue, name, told, self.client.precision_mode(), now_ns))
            if told.get("type") != "spot":
                events += await self._tiers(name, symbol)
        return events

    async def _tiers(self, name: str, symbol: str) -> Sequence[AnyEvent]:
        """The tiers of one contract; none where ccxt does not tell them, or only to a key."""
        call = self.client.can("fetchMarketLeverageTiers", "fetchLeverageTiers")
        if not call or self.venue.partition(".")[2] in market.TIERS_MISTOLD:
            return []
        try:
            rows = await self.client.ask(call, symbol if call.startswith("fetchMarket") else [symbol])
        except VenueError as error:
            now_ns = self._clock.now_ns()
            return [bad_row(self.venue, market.TIERS_CALL, "tiers", f"{symbol}: not told ({error.code})", now_ns)]
        if isinstance(rows, Mapping):
            rows = rows.get(symbol)
        return [market.tiers(self.venue, name, rows, self._clock.now_ns())] if isinstance(rows, list) else []

    async def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        """Mark or index prices of contracts, trades of spot pairs; a FrameFault where ccxt tells none.

        Raises VenueError.
        """
        for each in wanted:
            yield await self._history(each)

    async def _history(self, wanted: CandlesWanted) -> Sequence[AnyEvent]:
        _, place, symbol = wanted.instrument.split(":", 2)
        choices = {"fetchMarkOHLCV": CandlePrice.MARK, "fetchIndexOHLCV": CandlePrice.INDEX}
        call = "fetchOHLCV" if place == "spot" else self.client.can(*choices)
        frame = _FRAMES[wanted.interval_ns]
        if not call or not self.client.can(call):
            reason = "ccxt tells no history of mark or index prices here"
            return [not_told("fetchOHLCV", wanted.instrument, reason, self._clock.now_ns())]
        price = choices.get(call, CandlePrice.SPOT)
        step_ms = wanted.interval_ns // 1_000_000
        since = time.time_ns() // 1_000_000 // step_ms * step_ms - wanted.count * step_ms
        events: list[AnyEvent] = []
        for _ in range(MOST_PAGES):
            try:
                rows = await self.client.ask(call, symbol, frame, since, wanted.count + 1)
            except VenueError as error:
                if error.code != NO_SUCH_SYMBOL:
                    raise
                return [not_told(call, wanted.instrument, "it is not listed", self._clock.now_ns())]
            told = market.history(wanted.instrument, price, wanted.interval_ns, rows, self._clock.now_ns())
            events += told
            newest = max(
                (it.start_ns for event in told if isinstance(event, CandlesLoaded) for it in event.candles),
                default=None,
            )
            if newest is None or newest // 1_000_000 + step_ms <= since:
                break
            since = newest // 1_000_000 + step_ms
            if since + step_ms > time.time_ns() // 1_000_000:
                break
        return events


def checked(venue: str, instruments: Sequence[str]) -> Iterator[str]:
    """The instruments, each once. Raises RequestError for one that is not of this venue, or not as ccxt writes it."""
    for name in dict.fromkeys(instruments):
        terms = read_name(name)
        if terms is None or terms.venue != venue:
            expected = f"one of {venue}'s, such as {venue}:swap:BTC/USDT:USDT or {venue}:spot:BTC/USDT"
            raise RequestError("instrument", expected, repr(name))
        yield name


def _grouped(venue: str, instruments: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """By market, and contracts by settlement currency: no exchange is asked about linear and inverse ones together."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in checked(venue, instruments):
        terms = read_name(name)
        assert terms is not None
        settle = "pairs" if terms.market == "spot" else terms.settle
        found.setdefault((terms.market, settle), []).append(name)
    return found
