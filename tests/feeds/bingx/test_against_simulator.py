"""Our own client of BingX against the simulated exchange: prices, history, accounts by stream and sweep, and orders."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
import pytest

from core.errors import VenueError
from core.events import (
    AccountSettings,
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    CandlesLoaded,
    ChannelState,
    ConnectionState,
    DayStatistics,
    FeeCharged,
    Fill,
    FrameFault,
    FundingPayment,
    FundingSettled,
    Heard,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.history import DAY_NS, HOUR_NS
from core.legs import Leg
from core.orders import OrderRequest
from core.tiers import check_continuity
from feeds.bingx.client import BingxFeed
from feeds.bingx.desk import BingxDesk
from feeds.bingx.rest import BingxDialect
from feeds.bingx.venue import clock_api, key_rights
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.rest import RestClient
from feeds.sim.bingx import streams
from feeds.sim.process import SimulatorProcess, start_simulator
from feeds.sim.simulator import Simulator, SimulatorOptions
from feeds.sim.wire import wall_ms
from feeds.timing import Timing
from feeds.venue import CandlesWanted, Credentials, Endpoints, KeyRights, StreamFeed
from tests.feeds.toy import EventLog

LINEAR, INVERSE, SPOT = "bingx:linear:BTC-USDT", "bingx:inverse:BTC-USD", "bingx:spot:BTC-USDT"
EVERY = (LINEAR, INVERSE, SPOT)
TIMING = Timing(send_gap_seconds=0.0, first_delay_seconds=0.05, longest_delay_seconds=0.2, attempts=1000)
HOUR_MS = 3_600_000

_Event = TypeVar("_Event", bound=AnyEvent)
_numbers = itertools.count(1)


def verifies(market: str, *capabilities: str) -> pytest.MarkDecorator:
    return pytest.mark.verifies("bingx", market, *capabilities, client="hedgerow")


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with start_simulator(venues=["bingx"], seed=7) as running:
        yield running


@pytest.fixture
def account(simulator: SimulatorProcess) -> Iterator[Credentials]:
    """A fresh account, and no faults."""
    name = f"a{next(_numbers)}"
    wallets = {"swap": {"USDT": "100000"}, "coin": {"BTC": "2"}, "spot": {"USDT": "5000", "BTC": "1.5"}}
    opened = simulator.control("open_account", venue="bingx", name=name, wallets=wallets)
    key = next(key for key in opened["api_keys"] if key["permissions"] == "trade")
    yield Credentials(key["key"], key["secret"])
    simulator.control("clear", venue="bingx")


def desk(simulator: SimulatorProcess, account: Credentials) -> BingxDesk:
    return BingxDesk("main", simulator.venues["bingx"], account)


@asynccontextmanager
async def streaming(feed: StreamFeed, plans: Sequence[Any]) -> AsyncIterator[EventLog]:
    """The events of connections that are held open meanwhile."""
    log, clock = EventLog(), Clock()
    tasks = [asyncio.create_task(Connection(feed, plan, log.emit, clock, timing=TIMING).run()) for plan in plans]
    try:
        yield log
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def of(kind: type[_Event], events: Sequence[AnyEvent]) -> list[_Event]:
    return [event for event in events if isinstance(event, kind)]


def tickers(log: EventLog, channel: str) -> list[Ticker]:
    return [event for event in of(Ticker, log.events) if event.channel == channel]


# --- market data ---------------------------------------------------------------------------------------------------


@verifies("linear", "mark price", "best bid and ask", "24 h ticker")
@verifies("inverse", "mark price", "best bid and ask", "24 h ticker")
@verifies("spot", "best bid and ask", "24 h ticker")
async def test_every_channel_comes_alive_and_stays_so(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    plans = feed.plans(EVERY)
    wanted = [item.channel for plan in plans for item in plan.subscriptions]
    async with streaming(feed, plans) as log:
        for channel in wanted:
            await log.until(lambda channel=channel: len(tickers(log, channel)) >= 3)  # type: ignore[misc]
        await log.until(lambda: log.states.count(ConnectionState.LIVE.value) >= 3)
    mark = tickers(log, "BTC-USDT@markPrice")[-1]
    book = tickers(log, "BTC-USDT@bookTicker")[-1]
    assert mark.mark_price is not None
    assert book.bid_price is not None
    assert book.ask_price is not None
    assert book.bid_price < book.ask_price
    assert abs(mark.mark_price / book.bid_price - 1) < Decimal("0.01")
    inverse = tickers(log, "BTC-USD@markPrice")[-1]
    assert inverse.instrument == INVERSE
    days = {event.instrument: event for event in of(DayStatistics, log.events)}
    assert set(days) == set(EVERY)
    for day in days.values():
        assert day.low_price is not None
        assert day.high_price is not None
        assert day.low_price <= (day.last_price or 0) <= day.high_price
    assert days[INVERSE].turnover is not None
    assert days[LINEAR].turnover is None
    assert not of(FrameFault, log.events)


async def test_the_first_best_level_is_old_and_looks_it(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    async with streaming(feed, feed.plans([LINEAR])) as log:
        await log.until(lambda: len(tickers(log, "BTC-USDT@bookTicker")) >= 2)
    first, second = tickers(log, "BTC-USDT@bookTicker")[:2]
    assert (second.venue_time_ns or 0) - (first.venue_time_ns or 0) > 60_000_000_000


async def test_pings_are_answered_for_longer_than_the_venue_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PING_MS", 100)
    monkeypatch.setattr(streams, "PATIENCE_MS", 2_000)
    simulator = Simulator(SimulatorOptions(venues=("bingx",)), wall_ms())
    announced: Any = await simulator.start()
    feed = BingxFeed(Endpoints(**announced["venues"]["bingx"]))
    try:
        async with streaming(feed, feed.plans(EVERY)) as log:
            begun = time.monotonic()
            while time.monotonic() - begun < 5:
                count = len(log.events)
                await log.until(lambda count=count: len(log.events) > count + 5)  # type: ignore[misc]
    finally:
        await simulator.stop()
    pings = [event for event in of(Heard, log.events) if event.kind == "ping"]
    assert {event.detail == "Ping" for event in pings} == {True, False}, "text and JSON"
    assert ConnectionState.RECONNECTING.value not in log.states


async def test_a_symbol_that_is_not_listed_is_refused_and_spoils_no_other(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    async with streaming(feed, feed.plans(["bingx:linear:NOPE-USDT", LINEAR])) as log:
        await log.until(lambda: ChannelState.REFUSED.value in log.channel_states("NOPE-USDT@markPrice"))
        await log.until(lambda: bool(tickers(log, "BTC-USDT@markPrice")))


async def test_garbage_and_a_cut_are_survived(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    async with streaming(feed, feed.plans([LINEAR])) as log:
        await log.until(lambda: len(tickers(log, "BTC-USDT@markPrice")) >= 2)
        simulator.control("garbage", venue="bingx", frames=9)
        await log.until(lambda: len(of(FrameFault, log.events)) >= 9)
        assert all((event.mark_price or 1) > 0 for event in of(Ticker, log.events))
        simulator.control("drop", venue="bingx")
        await log.until(lambda: ConnectionState.RECONNECTING.value in log.states)
        seen = len(log.events)
        await log.until(lambda: any(isinstance(event, Ticker) and event.mark_price for event in log.events[seen:]))


@verifies("linear", "mark price", "index price", "funding rate", "funding interval", "last settled funding rate")
@verifies("inverse", "mark price", "index price", "funding rate", "funding interval")
async def test_what_no_stream_tells_is_polled(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    wanted = [*EVERY, "bingx:linear:SOL-USDT", "bingx:linear:DOGE-USDT"]
    polls = {plan.name: plan for plan in feed.polls(wanted)}
    assert set(polls) == {"premium", "inverse-premium", "settled"}
    linear = {event.instrument: event for event in of(Ticker, await feed.poll(polls["premium"]))}
    assert {name: event.funding_interval_hours for name, event in linear.items()} == {
        LINEAR: 8,
        "bingx:linear:SOL-USDT": 4,
        "bingx:linear:DOGE-USDT": 1,
    }
    (inverse,) = of(Ticker, await feed.poll(polls["inverse-premium"]))
    assert inverse.funding_interval_hours == 8
    for event in (linear[LINEAR], inverse):
        assert event.mark_price is not None
        assert event.index_price is not None
        assert abs(event.mark_price / event.index_price - 1) < Decimal("0.01")
        assert event.funding_rate is not None
        assert (event.next_funding_time_ns or 0) > time.time_ns()
    settled = of(FundingSettled, await feed.poll(polls["settled"]))
    times = [event.settled_ns for event in settled if event.instrument == LINEAR]
    assert times == sorted(times)
    assert all(0 < moment <= time.time_ns() and moment % (8 * HOUR_NS) == 0 for moment in times)


@verifies("linear", "instruments", "maintenance tiers", "funding interval")
@verifies("inverse", "instruments")
@verifies("spot", "instruments")
async def test_reference_data_are_read(simulator: SimulatorProcess, account: Credentials) -> None:
    feed = BingxFeed(simulator.venues["bingx"], account)
    events = await feed.reference([*EVERY, "bingx:linear:NOPE-USDT"])
    found = {event.instrument.id: event.instrument for event in of(InstrumentListed, events)}
    assert set(found) == set(EVERY)
    assert (found[LINEAR].contract_size, found[INVERSE].contract_size) == (Decimal(1), Decimal(100))
    assert (found[LINEAR].funding_interval_hours, found[LINEAR].funding_rate_cap) == (8, Decimal("0.003"))
    assert (found[INVERSE].settle, found[SPOT].tick_size) == ("BTC", Decimal("0.01"))
    (table,) = of(TiersLoaded, events)
    check_continuity(table.table)
    assert table.table.instrument == LINEAR
    assert [event.detail for event in of(FrameFault, events)] == ["NOPE-USDT is not listed"]
    without = await BingxFeed(simulator.venues["bingx"]).reference([LINEAR])
    assert not of(TiersLoaded, without)


@verifies("linear", "candles")
@verifies("inverse", "candles")
@verifies("spot", "candles")
async def test_history_is_read_and_closed_and_days_begin_in_utc(simulator: SimulatorProcess) -> None:
    feed = BingxFeed(simulator.venues["bingx"])
    wanted = [
        CandlesWanted(instrument=LINEAR, interval_ns=HOUR_NS, count=48),
        CandlesWanted(instrument=SPOT, interval_ns=DAY_NS, count=10),
        CandlesWanted(instrument=INVERSE, interval_ns=DAY_NS, count=10),
    ]
    answers = [events async for events in feed.candles(wanted)]
    hourly, daily, coin = (of(CandlesLoaded, events) for events in answers)
    assert (len(hourly[0].candles), hourly[0].price.value) == (48, "mark")
    assert (len(daily[0].candles), daily[0].price.value) == (10, "spot")
    assert all(candle.start_ns % DAY_NS == 0 for candle in daily[0].candles)
    assert (coin[0].instrument, len(coin[0].candles), coin[0].price.value) == (INVERSE, 10, "last")
    assert all(candle.start_ns % DAY_NS == 0 for candle in coin[0].candles)
    assert not [event for events in answers for event in of(FrameFault, events)]


@verifies("linear", "server time", "rate-limit budget", "key permissions")
@verifies("inverse", "server time", "rate-limit budget", "key permissions")
@verifies("spot", "server time", "rate-limit budget", "key permissions")
async def test_time_limits_and_rights_are_told(simulator: SimulatorProcess, account: Credentials) -> None:
    dialect, base = clock_api(simulator.venues["bingx"])
    async with RestClient(dialect, base) as client:
        told = dialect.clock_ms(await client.get(dialect.clock_path))
        assert abs(told - time.time_ns() // 1_000_000) < 2_000
        assert client.budget is not None
        assert (client.budget.used, client.budget.limit) == (1, 500)
    rights = await key_rights(simulator.venues["bingx"], account)
    assert rights == KeyRights(trades=True, withdraws=False, moves=False, bound=False)


async def test_a_clock_that_is_off_is_put_right(simulator: SimulatorProcess, account: Credentials) -> None:
    simulator.control("skew", venue="bingx", milliseconds=60_000)
    events = await desk(simulator, account).sweep([SPOT], 0)
    assert of(BalanceUpdate, events)


@pytest.mark.parametrize("status", [429, 418])
async def test_a_venue_that_wants_to_be_left_alone_is(simulator: SimulatorProcess, status: int) -> None:
    simulator.control("limit_rate", venue="bingx", status=status)
    try:
        async with RestClient(BingxDialect(), simulator.venues["bingx"].rest) as client:
            with pytest.raises(VenueError) as first:
                await client.get("/openApi/swap/v2/server/time")
            assert first.value.code == "100410"
            assert 290 < (first.value.retry_after_seconds or 0) <= 300
            with pytest.raises(VenueError, match="limited"):
                await client.get("/openApi/swap/v2/server/time")
    finally:
        simulator.control("clear", venue="bingx")


# --- orders --------------------------------------------------------------------------------------------------------


async def price_near(simulator: SimulatorProcess, instrument: str, share: str) -> Decimal:
    feed = BingxFeed(simulator.venues["bingx"])
    plan = next(plan for plan in feed.polls([instrument]) if "premium" in plan.name)
    (event,) = of(Ticker, await feed.poll(plan))
    assert event.mark_price is not None
    return (event.mark_price * Decimal(share)).quantize(Decimal("0.1"))


def request(instrument: str, side: str, quantity: str, price: Decimal, **changed: Any) -> OrderRequest:
    order = OrderRequest(
        client_order_id=f"hr-{next(_numbers)}-ab",
        account="main",
        instrument=instrument,
        side=side,
        quantity=Decimal(quantity),
        limit_price=price,
        reduce_only=False,
        created_ns=time.time_ns(),
    )
    return msgspec.structs.replace(order, **changed)


def only_order(events: Sequence[AnyEvent]) -> OrderUpdate:
    (order,) = of(OrderUpdate, events)
    return order


async def settled(desk: BingxDesk, order: OrderRequest) -> Sequence[AnyEvent]:
    """What a query tells once the order has left the open state, or after a while."""
    events: Sequence[AnyEvent] = ()
    for _ in range(50):
        events = await desk.query(order)
        if only_order(events).state not in (OrderState.OPEN, OrderState.PARTIALLY_FILLED):
            break
        await asyncio.sleep(0.02)
    return events


CASES = [(LINEAR, "0.01"), (INVERSE, "3")]


@verifies("linear", "place an order", "query an order", "cancel an order", "client order id", "post-only")
@verifies("inverse", "place an order", "query an order", "cancel an order", "client order id", "post-only")
@pytest.mark.parametrize(("instrument", "quantity"), CASES)
async def test_an_order_is_placed_once_found_and_cancelled(
    simulator: SimulatorProcess, account: Credentials, instrument: str, quantity: str
) -> None:
    trader = desk(simulator, account)
    order = request(instrument, "sell", quantity, await price_near(simulator, instrument, "1.03"))
    placed = only_order(await trader.place(order, post_only=True))
    assert (placed.state, placed.client_order_id) == (OrderState.OPEN, order.client_order_id)
    again = only_order(await trader.place(order, post_only=True))
    assert (again.state, again.venue_order_id) == (OrderState.OPEN, placed.venue_order_id)
    found = only_order(await trader.query(order))
    assert (found.limit_price, found.quantity) == (order.limit_price, order.quantity)
    swept = await trader.sweep([instrument], 0)
    resting = [event for event in of(OrderUpdate, swept) if event.state is OrderState.OPEN]
    assert [event.client_order_id for event in resting] == [order.client_order_id]
    assert only_order(await trader.cancel(order)).state is OrderState.CANCELLED
    assert only_order(await trader.cancel(order)).state is OrderState.CANCELLED
    assert only_order(await trader.query(order)).state is OrderState.CANCELLED


@pytest.mark.parametrize(("instrument", "quantity"), CASES)
async def test_a_filled_order_cannot_be_cancelled_and_tells_its_fills(
    simulator: SimulatorProcess, account: Credentials, instrument: str, quantity: str
) -> None:
    trader = desk(simulator, account)
    order = request(instrument, "sell", quantity, await price_near(simulator, instrument, "0.97"))
    await trader.place(order)
    events = await settled(trader, order)
    told = only_order(events)
    assert (told.state, told.filled_quantity) == (OrderState.FILLED, order.quantity)
    fills = of(Fill, events)
    assert sum(fill.quantity for fill in fills) == order.quantity
    assert {fill.client_order_id for fill in fills} == {order.client_order_id}
    assert all(fill.fee > 0 for fill in fills)
    assert only_order(await trader.cancel(order)).state is OrderState.FILLED
    assert only_order(await trader.place(order)).state is OrderState.FILLED


async def test_a_post_only_order_that_would_take_is_rejected_with_the_reason(
    simulator: SimulatorProcess, account: Credentials
) -> None:
    trader = desk(simulator, account)
    order = request(LINEAR, "sell", "0.01", await price_near(simulator, LINEAR, "0.98"))
    told = only_order(await trader.place(order, post_only=True))
    assert told.state is OrderState.REJECTED
    assert told.reason.startswith("101215")


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("instrument", [LINEAR, INVERSE])
async def test_an_order_whose_answer_is_lost_is_unknown_and_found_by_its_id(
    simulator: SimulatorProcess, account: Credentials, cut: bool, instrument: str
) -> None:
    trader = desk(simulator, account)
    order = request(instrument, "sell", "1" if instrument == INVERSE else "0.01", Decimal(1))
    order = msgspec.structs.replace(order, limit_price=await price_near(simulator, instrument, "0.97"))
    await trader.sweep([instrument], time.time_ns())
    simulator.control("lose_answers", venue="bingx", count=1, cut=cut)
    told = only_order(await trader.place(order))
    assert told.state is OrderState.UNKNOWN
    found = only_order(await settled(trader, order))
    assert (found.state, found.filled_quantity) == (OrderState.FILLED, order.quantity)
    assert only_order(await trader.place(order)).state is OrderState.FILLED
    swept = await trader.sweep([instrument], time.time_ns() - HOUR_NS)
    held = [event.quantity for event in of(PositionUpdate, swept) if event.quantity]
    assert held == [-order.quantity]


async def test_an_order_that_the_venue_does_not_know_is_rejected(
    simulator: SimulatorProcess, account: Credentials
) -> None:
    for instrument in (LINEAR, INVERSE):
        order = request(instrument, "sell", "1", Decimal(60000), created_ns=time.time_ns() - HOUR_NS)
        told = only_order(await desk(simulator, account).query(order))
        assert (told.state, told.reason) == (OrderState.REJECTED, "the venue does not know this order")


async def test_a_key_that_is_refused_raises_and_sends_nothing(
    simulator: SimulatorProcess, account: Credentials
) -> None:
    trader = desk(simulator, Credentials(account.key, "another secret"))
    with pytest.raises(VenueError, match="100001"):
        await trader.place(request(INVERSE, "sell", "1", await price_near(simulator, INVERSE, "1.03")))
    assert "another secret" not in repr(vars(trader))


@verifies("linear", "reduce-only")
async def test_a_reduce_only_order_never_opens(simulator: SimulatorProcess, account: Credentials) -> None:
    trader = desk(simulator, account)
    price = await price_near(simulator, LINEAR, "1.03")
    refused = only_order(await trader.place(request(LINEAR, "buy", "0.02", price, reduce_only=True)))
    assert (refused.state, refused.reason.partition(":")[0]) == (OrderState.REJECTED, "101290")
    opening = request(LINEAR, "sell", "0.02", await price_near(simulator, LINEAR, "0.97"))
    await trader.place(opening)
    await settled(trader, opening)
    closing = request(LINEAR, "buy", "0.02", price, reduce_only=True)
    await trader.place(closing)
    assert only_order(await settled(trader, closing)).state is OrderState.FILLED


@verifies("linear", "position mode", "positions")
async def test_in_hedge_mode_both_legs_are_held_side_by_side(simulator: SimulatorProcess, account: Credentials) -> None:
    simulator.control("set_position_mode", venue="bingx", key=account.key, hedge=True)
    trader = desk(simulator, account)
    low, high = await price_near(simulator, LINEAR, "0.97"), await price_near(simulator, LINEAR, "1.03")
    with pytest.raises(VenueError, match="not_sent"):
        await trader.place(request(LINEAR, "sell", "0.01", low))
    for order in (
        request(LINEAR, "sell", "0.03", low, leg=Leg.SHORT),
        request(LINEAR, "buy", "0.01", high, leg=Leg.LONG),
        request(LINEAR, "buy", "0.01", high, leg=Leg.SHORT, reduce_only=True),
    ):
        await trader.place(order)
        told = only_order(await settled(trader, order))
        assert (told.state, told.leg) == (OrderState.FILLED, order.leg)
    swept = await trader.sweep([LINEAR], time.time_ns() - HOUR_NS)
    held = {event.leg: event.quantity for event in of(PositionUpdate, swept)}
    assert held == {Leg.SHORT: Decimal("-0.02"), Leg.LONG: Decimal("0.01")}
    assert AccountSettings in {type(event) for event in swept}
    assert [event.position_mode for event in of(AccountSettings, swept) if event.position_mode] == ["hedge"]
    assert {fill.leg for fill in of(Fill, swept)} == {Leg.SHORT, Leg.LONG}


# --- the sweep -----------------------------------------------------------------------------------------------------


@verifies("linear", "balances", "positions", "open orders", "fills", "funding records", "fee records", "margin mode")
@verifies("linear", "leverage", "position mode")
@verifies("inverse", "balances", "positions", "open orders", "fills", "margin mode", "leverage")
@verifies("spot", "balances")
async def test_a_sweep_tells_everything_and_twice_the_same(simulator: SimulatorProcess, account: Credentials) -> None:
    trader = desk(simulator, account)
    taken = request(LINEAR, "sell", "0.2", await price_near(simulator, LINEAR, "0.97"))
    coin = request(INVERSE, "sell", "10", await price_near(simulator, INVERSE, "0.97"))
    for order in (taken, coin):
        await trader.place(order)
        await settled(trader, order)
    simulator.control("set_leverage", venue="bingx", key=account.key, category="linear", symbol="BTC-USDT", leverage=7)
    simulator.control("fund", venue="bingx", category="linear", symbol="BTC-USDT")
    swept = await trader.sweep([*EVERY, "bingx:linear:ETH-USDT"], time.time_ns() - 20 * DAY_NS)
    assert isinstance(swept[-1], AccountSwept)
    assert not of(FrameFault, swept)
    stamped = {event.instrument for event in of(PositionUpdate, swept) if event.venue_time_ns is not None}
    assert stamped == {LINEAR, INVERSE}, "what is held has its own time, what is flat has none"
    assert {event.venue_time_ns for event in of(BalanceUpdate, swept)} == {None}
    untold = {event.instrument for event in of(AccountSettings, swept) if event.no_funding_records}
    assert untold == {INVERSE}, "what nothing tells of is not zero"
    positions = {event.instrument: event for event in of(PositionUpdate, swept) if event.leg is Leg.NET}
    assert positions[LINEAR].quantity == Decimal("-0.2")
    assert positions[LINEAR].leverage == 7
    assert positions[LINEAR].liquidation_price is not None
    assert positions["bingx:linear:ETH-USDT"].quantity == 0
    assert positions["bingx:linear:ETH-USDT"].entry_price is None
    assert positions[INVERSE].quantity == -10
    balances = {event.asset: event.wallet_balance for event in of(BalanceUpdate, swept)}
    assert balances["USDT"] < 100_000
    assert Decimal("1.9") < balances["BTC"] < 2, "the coin-margined wallet, and not spot's"
    assert {fill.client_order_id for fill in of(Fill, swept)} == {taken.client_order_id, coin.client_order_id}
    (payment,) = of(FundingPayment, swept)
    assert (payment.instrument, payment.asset) == (LINEAR, "USDT")
    fees = {event.fill_id: event.amount for event in of(FeeCharged, swept)}
    paid = {fill.fill_id: fill.fee for fill in of(Fill, swept) if fill.instrument == LINEAR}
    assert fees == paid
    settings = of(AccountSettings, swept)
    assert {event.margin_mode for event in settings if event.instrument == INVERSE and event.margin_mode} == {"cross"}
    assert {event.leverage for event in settings if event.instrument == LINEAR and event.leverage} == {Decimal(7)}
    again = await trader.sweep([*EVERY, "bingx:linear:ETH-USDT"], time.time_ns() - 20 * DAY_NS)
    for kind in (Fill, FeeCharged, OrderUpdate):
        timeless = [[msgspec.structs.replace(event, received_ns=0) for event in of(kind, x)] for x in (swept, again)]
        assert timeless[0] == timeless[1]
    later = {event.payment_id: msgspec.structs.replace(event, received_ns=0) for event in of(FundingPayment, again)}
    assert later[payment.payment_id] == msgspec.structs.replace(payment, received_ns=0), "beside one that fell due"


@pytest.mark.parametrize("hedge", [False, True])
async def test_a_coin_margined_short_is_told_where_the_mode_has_it(
    simulator: SimulatorProcess, account: Credentials, hedge: bool
) -> None:
    simulator.control("set_position_mode", venue="bingx", key=account.key, hedge=hedge)
    leg = Leg.SHORT if hedge else Leg.NET
    trader = desk(simulator, account)
    order = request(INVERSE, "sell", "3", await price_near(simulator, INVERSE, "0.97"), leg=leg)
    await trader.place(order)
    await settled(trader, order)
    for reader in (trader, desk(simulator, account)):
        swept = await reader.sweep([INVERSE], time.time_ns())
        held = {event.leg: event.quantity for event in of(PositionUpdate, swept)}
        assert held == ({Leg.SHORT: Decimal(-3), Leg.LONG: Decimal(0)} if hedge else {Leg.NET: Decimal(-3)})


async def test_a_coin_margined_order_that_rested_long_tells_its_fills(
    simulator: SimulatorProcess, account: Credentials
) -> None:
    trader = desk(simulator, account)
    order = request(INVERSE, "sell", "3", await price_near(simulator, INVERSE, "1.02"))
    await trader.place(order)
    await asyncio.sleep(0.05)
    begun_ns = time.time_ns()
    assert only_order(await trader.sweep([INVERSE], begun_ns)).state is OrderState.OPEN
    simulator.control("pin", coin="BTC", price=str(order.limit_price + 100))
    try:
        await settled(desk(simulator, account), order)
        swept = await trader.sweep([INVERSE], begun_ns)
    finally:
        simulator.control("unpin", coin="BTC")
    assert only_order(swept).state is OrderState.FILLED
    fills = of(Fill, swept)
    assert sum(fill.quantity for fill in fills) == 3
    assert {fill.client_order_id for fill in fills} == {order.client_order_id}


async def test_spot_alone_tells_what_is_held_there(simulator: SimulatorProcess, account: Credentials) -> None:
    swept = await desk(simulator, account).sweep([SPOT], 0)
    assert {event.asset: event.wallet_balance for event in of(BalanceUpdate, swept)} == {
        "USDT": Decimal(5000),
        "BTC": Decimal("1.5"),
    }


# --- private streams -----------------------------------------------------------------------------------------------


@verifies("linear", "private stream", "balances", "positions", "fills", "open orders", "leverage")
@verifies("inverse", "private stream", "balances", "positions", "fills", "open orders", "leverage")
@pytest.mark.parametrize(("instrument", "quantity"), CASES)
async def test_what_happens_is_told_as_it_happens_and_as_the_sweep_tells_it(
    simulator: SimulatorProcess, account: Credentials, instrument: str, quantity: str
) -> None:
    trader = desk(simulator, account)
    order = request(instrument, "sell", quantity, await price_near(simulator, instrument, "0.97"))
    async with streaming(trader, trader.plans([instrument])) as log:
        await log.until(lambda: bool(of(AccountSettings, log.events)))
        await trader.place(order)
        await log.until(lambda: any(event.quantity for event in of(PositionUpdate, log.events)))
        await log.until(lambda: any(event.state is OrderState.FILLED for event in of(OrderUpdate, log.events)))
    position = of(PositionUpdate, log.events)[-1]
    assert (position.instrument, position.quantity) == (instrument, -order.quantity)
    assert of(BalanceUpdate, log.events)
    streamed = {fill.fill_id: fill for fill in of(Fill, log.events)}
    swept = {fill.fill_id: fill for fill in of(Fill, await trader.sweep([instrument], time.time_ns() - HOUR_NS))}
    assert streamed.keys() == swept.keys()
    for name, fill in streamed.items():
        assert (fill.price, fill.quantity, fill.fee, fill.fee_asset, fill.client_order_id, fill.side) == (
            *(swept[name].price, swept[name].quantity, swept[name].fee),
            *(swept[name].fee_asset, swept[name].client_order_id, swept[name].side),
        )
    assert not of(FrameFault, log.events)


@verifies("spot", "private stream", "balances")
async def test_spot_is_followed_and_leaves_contract_assets_to_their_wallet(
    simulator: SimulatorProcess, account: Credentials
) -> None:
    trader = desk(simulator, account)
    plans = [plan for plan in trader.plans([SPOT, LINEAR]) if plan.name.startswith("spot")]
    async with streaming(trader, plans) as log:
        await log.until(lambda: ConnectionState.LIVE.value in log.states)
        for asset in ("USDT", "BTC"):
            simulator.control("transfer", venue="bingx", key=account.key, asset=asset, amount="1", wallet="spot")
        await log.until(lambda: bool(of(BalanceUpdate, log.events)))
    assert {event.asset: event.wallet_balance for event in of(BalanceUpdate, log.events)} == {"BTC": Decimal("2.5")}


async def test_an_expired_listen_key_is_replaced_and_the_stream_goes_on(
    simulator: SimulatorProcess, account: Credentials
) -> None:
    trader = desk(simulator, account)
    async with streaming(trader, trader.plans([LINEAR])) as log:
        await log.until(lambda: bool(of(AccountSettings, log.events)))
        simulator.control("expire_listen_keys", venue="bingx")
        await log.until(lambda: ConnectionState.RECONNECTING.value in log.states)
        assert any("listen key" in reason for reason in log.reasons)
        seen = len(log.events)
        await log.until(lambda: bool(of(AccountSettings, log.events[seen:])))
        order = request(LINEAR, "sell", "0.01", await price_near(simulator, LINEAR, "0.97"))
        await trader.place(order)
        await log.until(lambda: bool(of(Fill, log.events)))
    shown = repr(log.events)
    assert "listenKey" not in shown
    assert account.secret not in shown


async def test_a_listen_key_is_renewed_and_a_dead_one_is_told(
    simulator: SimulatorProcess, account: Credentials
) -> None:
    trader = desk(simulator, account)
    (plan,) = trader.plans([LINEAR])
    await trader.opening(plan)
    await trader.keep_alive(plan)
    simulator.control("expire_listen_keys", venue="bingx")
    with pytest.raises(VenueError, match="404"):
        await trader.keep_alive(plan)


async def test_a_key_that_is_not_taken_keeps_the_stream_closed(simulator: SimulatorProcess) -> None:
    trader = desk(simulator, Credentials("no such key", "no such secret"))
    async with streaming(trader, trader.plans([INVERSE])) as log:
        await log.until(lambda: any("100413" in reason for reason in log.reasons))
    assert "no such" not in repr(log.events)


async def test_a_liquidation_is_told_as_what_it_is(simulator: SimulatorProcess, account: Credentials) -> None:
    trader = desk(simulator, account)
    order = request(LINEAR, "sell", "0.01", await price_near(simulator, LINEAR, "0.97"))
    async with streaming(trader, trader.plans([LINEAR])) as log:
        await log.until(lambda: bool(of(AccountSettings, log.events)))
        await trader.place(order)
        await log.until(lambda: any(event.quantity for event in of(PositionUpdate, log.events)))
        simulator.control("liquidate", venue="bingx", category="linear", symbol="BTC-USDT", key=account.key)
        await log.until(lambda: any(fill.origin.value == "liquidation" for fill in of(Fill, log.events)))
        await log.until(lambda: of(PositionUpdate, log.events)[-1].quantity == 0)
    forced = next(fill for fill in of(Fill, log.events) if fill.origin.value == "liquidation")
    swept = {fill.fill_id: fill for fill in of(Fill, await trader.sweep([LINEAR], time.time_ns() - HOUR_NS))}
    assert (forced.side, forced.quantity) == ("buy", Decimal("0.01"))
    assert swept[forced.fill_id].fee == forced.fee == 0
    (clearance,) = [
        fee
        for fee in of(FeeCharged, await trader.sweep([LINEAR], time.time_ns() - HOUR_NS))
        if fee.kind == "liquidation"
    ]
    assert clearance.amount > 0
