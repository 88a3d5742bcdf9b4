"""What each venue's own client tells of the market is what the simulated exchange holds, figure by figure.

The exchange's prices stand still meanwhile, so that what was told and what is true can be compared to the last digit.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

import pytest

from core.events import (
    AnyEvent,
    CandlesLoaded,
    DayStatistics,
    FrameFault,
    FundingSettled,
    InstrumentListed,
    Ticker,
    TiersLoaded,
)
from core.history import HOUR_NS
from core.symbols import MARKETS
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.registry import venue_feed
from feeds.sim import figures
from feeds.sim.catalogue import Listing
from feeds.sim.process import ApiKey
from feeds.sim.registry import VENUES
from feeds.sim.simulator import Simulator, SimulatorOptions
from feeds.sim.wire import wall_ms
from feeds.timing import Timing
from feeds.venue import CandlesWanted, Credentials, Endpoints, VenueFeed
from tests.feeds.toy import EventLog
from tests.support.clocks import clear_of_the_hour
from tests.support.patience import PATIENCE

TIMING = Timing(send_gap_seconds=0.02, first_delay_seconds=0.05, attempts=1_000)
PRICES = ("mark_price", "index_price", "bid_price", "ask_price")
PERPETUAL = ("mark price", "index price", "funding rate", "last settled funding rate", "funding interval")
EVERYWHERE = ("best bid and ask", "24 h ticker", "candles", "instruments")
TIERLESS = {("bingx", "inverse")}

_Event = TypeVar("_Event", bound=AnyEvent)


def shown(venue: str) -> list[pytest.MarkDecorator]:
    """What the test shows of a venue, market by market."""
    marks = []
    for market in MARKETS[venue]:
        capabilities = [*EVERYWHERE, *(() if market == "spot" else PERPETUAL)]
        if (venue, market) == ("bingx", "inverse"):
            capabilities.remove("last settled funding rate")
        if market != "spot" and (venue, market) not in TIERLESS:
            capabilities.append("maintenance tiers")
        marks.append(pytest.mark.verifies(venue, market, *capabilities, client="hedgerow"))
    return marks


class Held(NamedTuple):
    """A simulated venue whose prices stand still."""

    simulator: Simulator
    feed: VenueFeed
    listings: dict[str, Listing]
    """By instrument id."""

    def quote(self, name: str) -> Any:
        return self.exchange.quote(self.listings[name])

    @property
    def exchange(self) -> Any:
        (venue,) = self.simulator.venues.values()
        return venue.exchange


@asynccontextmanager
async def standing_still(venue: str) -> AsyncIterator[Held]:
    """Bitcoin in every market, dated contracts too, and a contract that is funded more often."""
    await clear_of_the_hour(before=120)  # terms of funding and candles change with it
    simulator = Simulator(SimulatorOptions(seed=3, venues=(venue,)), wall_ms())
    announced: Any = await simulator.start()
    exchange = simulator.venues[venue].exchange
    listings = [listing for market in MARKETS[venue] for listing in exchange.listed(market)]
    wanted = {
        listing.instrument.id: listing
        for listing in listings
        if listing.instrument.base == "BTC" or (listing.instrument.base == "SOL" and not listing.spot)
    }
    keys = [ApiKey(**key) for key in announced["api_keys"]]
    key = next(key for key in keys if key.permissions == "read")
    feed = venue_feed(venue, Endpoints(**announced["venues"][venue]), Credentials(key.key, key.secret, key.passphrase))
    try:
        for _ in range(10):
            await simulator.stepped()
        exchange.frozen = True
        for _ in range(3):
            await simulator.stepped()
        yield Held(simulator, feed, wanted)
    finally:
        await simulator.stop()


@asynccontextmanager
async def heard(held: Held) -> AsyncIterator[EventLog]:
    log, clock = EventLog(), Clock()
    plans = held.feed.plans(list(held.listings))
    tasks = [asyncio.create_task(Connection(held.feed, plan, log.emit, clock, timing=TIMING).run()) for plan in plans]
    try:
        yield log
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def of(kind: type[_Event], events: Sequence[AnyEvent]) -> list[_Event]:
    return [event for event in events if isinstance(event, kind)]


def said(events: Sequence[AnyEvent], name: str) -> dict[str, Any]:
    """The last word on each field of an instrument."""
    fields: dict[str, Any] = {}
    for ticker in of(Ticker, events):
        if ticker.instrument == name:
            values = {field: getattr(ticker, field) for field in ticker.__struct_fields__}
            fields |= {field: value for field, value in values.items() if value is not None}
    return fields


@pytest.mark.parametrize("venue", [pytest.param(venue, marks=shown(venue)) for venue in VENUES])
async def test_what_is_told_is_what_is_true(venue: str) -> None:
    async with standing_still(venue) as held:
        names = list(held.listings)
        events: list[AnyEvent] = list(await held.feed.reference(names))
        for plan in held.feed.polls(names):
            events += await held.feed.poll(plan)

        def whole() -> bool:
            told = {name: said([*events, *log.events], name).keys() for name in names}
            wanted = {name: PRICES[2:] if held.listings[name].spot else PRICES for name in names}
            days = {day.instrument for day in of(DayStatistics, [*events, *log.events])}
            return days == set(names) and all(set(wanted[name]) <= told[name] for name in names)

        async with heard(held) as log:
            await log.until(whole, PATIENCE)
            seen = len(log.events)
            await log.until(lambda: len(log.events) > seen + 100, PATIENCE)
        events += log.events
        asked = [CandlesWanted(instrument=name, interval_ns=HOUR_NS, count=4) for name in names]
        events += [event async for some in held.feed.candles(asked) for event in some]
        assert not of(FrameFault, events)
        for name in names:
            prices_are_true(held, name, events)
            terms_are_true(held, name, events)
            funding_is_true(held, name, events)


def prices_are_true(held: Held, name: str, events: Sequence[AnyEvent]) -> None:
    quote, listing, told = held.quote(name), held.listings[name], said(events, name)
    fields = (*PRICES[2:], "bid_size", "ask_size") if listing.spot else (*PRICES, "bid_size", "ask_size")
    true = {"bid_price": quote.bid, "ask_price": quote.ask, "bid_size": quote.bid_size, "ask_size": quote.ask_size}
    true |= {"mark_price": quote.mark, "index_price": quote.index}
    assert {field: told[field] for field in fields} == {field: true[field] for field in fields}, name
    day, statistics = figures.day(held.exchange, listing), of(DayStatistics, events)
    (*_, last) = [each for each in statistics if each.instrument == name]
    assert last.last_price == day.last, name
    opened = [each.open_price for each in statistics if each.instrument == name and each.open_price is not None]
    for ours, theirs in (
        (last.high_price, day.high),
        (last.low_price, day.low),
        *((each, day.open) for each in opened),
    ):
        assert ours is not None
        assert abs(ours / theirs - 1) < Decimal("0.01"), (name, "the window moves on meanwhile")
    (candles,) = [each.candles for each in of(CandlesLoaded, events) if each.instrument == name]
    now_ms, hour_ms = held.exchange.now_ms, HOUR_NS // 1_000_000
    bars = figures.bars(held.exchange, listing, hour_ms, now_ms - 8 * hour_ms, now_ms, 8)
    true_bars = {bar.start_ms * 1_000_000: (bar.open, bar.high, bar.low, bar.close) for bar in bars}
    assert len(candles) >= 3
    for candle in candles:
        assert (candle.open, candle.high, candle.low, candle.close) == true_bars[candle.start_ns], name


def terms_are_true(held: Held, name: str, events: Sequence[AnyEvent]) -> None:
    listing = held.listings[name]
    (told,) = [event.instrument for event in of(InstrumentListed, events) if event.instrument.id == name]
    true = listing.instrument
    for field in ("kind", "base", "quote", "settle", "contract_size", "tick_size", "quantity_step", "expiry_ns"):
        assert getattr(told, field) == getattr(true, field), (name, field)
    assert told.minimum_quantity == true.minimum_quantity, name
    tables = [event.table for event in of(TiersLoaded, events) if event.table.instrument == name]
    if listing.tiers is None or tuple(name.split(":")[:2]) in TIERLESS:
        assert not tables, name
        return
    (table,) = tables
    assert (table.unit, table.whole_position) == (listing.tiers.unit, listing.tiers.whole_position), name
    for ours, theirs in zip(table.tiers, listing.tiers.tiers, strict=True):
        assert (ours.floor, ours.cap, ours.rate) == (theirs.floor, theirs.cap, theirs.rate), name
        assert abs(ours.deduction - theirs.deduction) <= table.rounding, name


def funding_is_true(held: Held, name: str, events: Sequence[AnyEvent]) -> None:
    listing, told = held.listings[name], said(events, name)
    schedule = held.exchange.funding(listing)
    settled = [event for event in of(FundingSettled, events) if event.instrument == name]
    if schedule is None:
        assert not settled
        assert "funding_rate" not in told, name
        return
    assert abs(told["funding_rate"] - schedule.rate) < Decimal("1e-6"), name
    assert told["next_funding_time_ns"] == schedule.next_ms * 1_000_000, name
    (listed,) = [event.instrument for event in of(InstrumentListed, events) if event.instrument.id == name]
    assert {told.get("funding_interval_hours", schedule.hours), listed.funding_interval_hours} == {schedule.hours}, name
    if name.startswith("bingx:inverse"):
        assert not settled
        return
    newest = max(settled, key=lambda event: event.settled_ns)
    true = schedule.settled[-1]
    assert newest.settled_ns == true.time_ms * 1_000_000, name
    assert abs(newest.rate - true.rate) < Decimal("1e-8"), name
    if len(schedule.settled) > 1 and schedule.rate != true.rate:
        assert abs(newest.rate - schedule.rate) > 0, "the estimate is not what was settled"
