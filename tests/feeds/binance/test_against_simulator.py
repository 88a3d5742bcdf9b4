"""Our client of Binance against the simulated exchange: prices, accounts, orders, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
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
    ConnectionState,
    DayStatistics,
    FeeCharged,
    Fill,
    FillOrigin,
    FrameFault,
    FundingPayment,
    FundingSettled,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.history import HOUR_NS
from core.legs import Leg
from core.orders import OrderRequest
from feeds.binance.client import BinanceFeed
from feeds.binance.desk import BinanceAccount
from feeds.binance.products import PRODUCTS, SPOT, rest_base
from feeds.binance.rest import BinanceDialect
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.registry import venue_module
from feeds.rest import RestClient
from feeds.venue import CandlesWanted, Credentials, Endpoints, StreamFeed
from tests.feeds.sim.lines import Served, serving
from tests.feeds.toy import EventLog

PERPETUAL = {"usdm": "binance:usdm:BTCUSDT", "coinm": "binance:coinm:BTCUSD_PERP"}
SIZE = {"usdm": Decimal("0.010"), "coinm": Decimal(10)}
SETTLE = {"usdm": "USDT", "coinm": "BTC"}
SPOT_PAIR = "binance:spot:BTCUSDT"
FUTURES = pytest.mark.parametrize("market", ["usdm", "coinm"])
PATIENCE = 15.0

_Event = TypeVar("_Event", bound=AnyEvent)


def verifies(market: str, *capabilities: str) -> pytest.MarkDecorator:
    """What a test shows of our own client."""
    return pytest.mark.verifies("binance", market, *capabilities, client="hedgerow")


def both(*capabilities: str) -> Callable[[Any], Any]:
    """The same of both futures markets."""

    def mark(test: Any) -> Any:
        return verifies("usdm", *capabilities)(verifies("coinm", *capabilities)(test))

    return mark


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins={"BTC": "60000"}) as running:
        yield running


def endpoints(served: Served) -> Endpoints:
    return Endpoints(rest=served.rest["binance"], websocket=served.websocket["binance"])


def credentials(served: Served, permissions: str = "trade") -> Credentials:
    key = served.key("binance", permissions)
    return Credentials(key.key, key.secret)


def feed_of(served: Served) -> BinanceFeed:
    return BinanceFeed(endpoints(served), credentials(served))


def account_of(served: Served) -> BinanceAccount:
    return BinanceAccount("hedge", endpoints(served), credentials(served))


def of(events: Iterable[Any], kind: type[_Event]) -> list[_Event]:
    return [event for event in events if isinstance(event, kind)]


@asynccontextmanager
async def heard(feed: Any, instruments: Sequence[str]) -> AsyncIterator[EventLog]:
    """What the feed's connections tell for as long as the context lasts."""
    log, clock = EventLog(), Clock()
    stream: StreamFeed = feed
    connections = [Connection(stream, plan, log.emit, clock) for plan in feed.plans(instruments)]
    tasks = [asyncio.create_task(connection.run()) for connection in connections]
    try:
        yield log
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def traded(served: Served, market: str) -> AsyncIterator[tuple[BinanceAccount, EventLog]]:
    """An account whose stream is live."""
    account = account_of(served)
    async with heard(account, [PERPETUAL[market]]) as log:
        await log.until(lambda: ConnectionState.LIVE.value in log.states, PATIENCE)
        yield account, log


def order(market: str, name: str, **changes: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "client_order_id": name,
        "account": "hedge",
        "instrument": PERPETUAL[market],
        "side": "sell",
        "quantity": SIZE[market],
        "limit_price": Decimal(59_000),
        "reduce_only": False,
        "created_ns": 1,
    }
    return OrderRequest(**(usual | changes))


def only(events: Sequence[AnyEvent]) -> OrderUpdate:
    (update,) = of(events, OrderUpdate)
    return update


# --- prices ----------------------------------------------------------------------------------------------------------


@both("mark price", "index price", "funding rate", "best bid and ask")
@FUTURES
async def test_marks_and_books_of_perpetuals_and_of_dated_contracts(served: Served, market: str) -> None:
    exchange = served.simulator.venues["binance"].exchange
    symbols = [listing.symbol for listing in exchange.listed(market) if listing.instrument.base == "BTC"]
    assert len(symbols) == 3
    instruments = [f"binance:{market}:{symbol}" for symbol in symbols]

    def complete() -> bool:
        tickers = of(log.events, Ticker)
        marked = {event.instrument for event in tickers if event.mark_price and event.index_price}
        booked = {event.instrument for event in tickers if event.bid_price and event.ask_price}
        return marked == booked == set(instruments)

    async with heard(feed_of(served), instruments) as log:
        await log.until(complete, PATIENCE)
    assert not of(log.events, FrameFault)
    for event in of(log.events, Ticker):
        if event.mark_price is not None:
            perpetual = event.instrument == PERPETUAL[market]
            assert (event.funding_rate is not None) == (event.next_funding_time_ns is not None) == perpetual
            assert event.index_price == 60_000


@verifies("spot", "best bid and ask")
async def test_spot_books_and_last_prices(served: Served) -> None:
    async with heard(feed_of(served), [SPOT_PAIR]) as log:
        await log.until(lambda: any(event.last_price for event in of(log.events, Ticker)), PATIENCE)
        await log.until(lambda: any(event.bid_price for event in of(log.events, Ticker)), PATIENCE)
    assert not of(log.events, FrameFault)


@both("instruments", "funding interval", "maintenance tiers", "24 h ticker", "last settled funding rate", "candles")
@verifies("spot", "instruments", "24 h ticker", "candles")
async def test_what_is_read_over_rest(served: Served) -> None:
    feed, instruments = feed_of(served), [*PERPETUAL.values(), SPOT_PAIR]
    events = list(await feed.reference(instruments))
    for plan in feed.polls(instruments):
        events += await feed.poll(plan)
    async for loaded in feed.candles(
        [CandlesWanted(instrument=each, interval_ns=HOUR_NS, count=5) for each in instruments]
    ):
        events += loaded
    assert not of(events, FrameFault)
    listed = {event.instrument.id: event.instrument for event in of(events, InstrumentListed)}
    assert listed.keys() == set(instruments)
    assert listed[PERPETUAL["coinm"]].contract_size == 100
    assert {listed[each].funding_interval_hours for each in PERPETUAL.values()} == {8}
    units = {event.table.instrument: event.table.unit for event in of(events, TiersLoaded)}
    assert units == {PERPETUAL["usdm"]: "quote", PERPETUAL["coinm"]: "coin"}
    assert {event.instrument for event in of(events, DayStatistics)} == set(instruments)
    settled = of(events, FundingSettled)
    assert {event.instrument for event in settled} == set(PERPETUAL.values())
    assert all(event.settled_ns % HOUR_NS == 0 for event in settled)
    assert [(event.instrument, len(event.candles)) for event in of(events, CandlesLoaded)] == [
        (each, 5) for each in instruments
    ]


# --- an account ------------------------------------------------------------------------------------------------------


@both("balances", "positions", "position mode", "margin mode", "leverage")
@FUTURES
async def test_a_sweep_of_a_flat_account(served: Served, market: str) -> None:
    account = account_of(served)
    events = await account.sweep([PERPETUAL[market]], 0)
    assert not of(events, FrameFault)
    balances = {event.asset: event.wallet_balance for event in of(events, BalanceUpdate)}
    assert balances[SETTLE[market]] == (100_000 if market == "usdm" else 2)
    (position,) = of(events, PositionUpdate)
    assert (position.instrument, position.quantity, position.leg) == (PERPETUAL[market], Decimal(0), Leg.NET)
    settings = of(events, AccountSettings)
    assert {event.position_mode for event in settings} == {None, "one-way"}
    (contract,) = [event for event in settings if event.instrument == PERPETUAL[market]]
    assert (contract.margin_mode, contract.leverage) == ("cross", Decimal(10))
    assert isinstance(events[-1], AccountSwept)


@both("place an order", "cancel an order", "query an order", "post-only", "client order id", "open orders")
@both("private stream")
@FUTURES
async def test_a_resting_order_from_beginning_to_end(served: Served, market: str) -> None:
    async with traded(served, market) as (account, log):
        resting = order(market, "rest-1", limit_price=Decimal(61_000))
        placed = only(await account.place(resting, post_only=True))
        assert placed.state is OrderState.OPEN
        assert only(await account.place(resting, post_only=True)).venue_order_id == placed.venue_order_id
        open_ones = of(await account.sweep([PERPETUAL[market]], 0), OrderUpdate)
        assert [item.client_order_id for item in open_ones] == ["rest-1"]
        assert only(await account.query(resting)).state is OrderState.OPEN
        assert only(await account.cancel(resting)).state is OrderState.CANCELLED
        assert only(await account.cancel(resting)).state is OrderState.CANCELLED
        await log.until(lambda: [item.state for item in of(log.events, OrderUpdate)][-1:] == [OrderState.CANCELLED])
        assert of(log.events, OrderUpdate)[0].state is OrderState.OPEN
        assert not of(await account.sweep([PERPETUAL[market]], 0), OrderUpdate)
        crossing = order(market, "cross-1", limit_price=Decimal(59_000))
        refused = only(await account.place(crossing, post_only=True))
        assert (refused.state, refused.reason[:5]) == (OrderState.REJECTED, "-5022")
    assert not of(log.events, FrameFault)


@both("fills", "fee records", "positions", "reduce-only", "private stream")
@FUTURES
async def test_a_position_is_opened_told_and_closed(served: Served, market: str) -> None:
    async with traded(served, market) as (account, log):
        opened = order(market, "open-1")
        await account.place(opened)
        await log.until(lambda: any(event.quantity for event in of(log.events, PositionUpdate)))
        update, *fills = [event for event in await account.query(opened) if isinstance(event, OrderUpdate | Fill)][::-1]
        assert isinstance(update, OrderUpdate)
        assert (update.state, update.filled_quantity) == (OrderState.FILLED, SIZE[market])
        streamed = of(log.events, Fill)
        swept = await account.sweep([PERPETUAL[market]], 0)
        again = await account.sweep([PERPETUAL[market]], 0)
        assert {fill.fill_id for fill in streamed} == {fill.fill_id for fill in of(swept, Fill)}
        assert {fill.client_order_id for fill in of(swept, Fill)} == {"open-1"}
        by_id = {fill.fill_id: fill for fill in streamed}
        for fill in [*of(swept, Fill), *of(fills, Fill)]:
            told = by_id[fill.fill_id]
            assert (fill.price, fill.quantity, fill.fee, fill.fee_asset) == (
                told.price,
                told.quantity,
                told.fee,
                told.fee_asset,
            )
        (held,) = of(swept, PositionUpdate)
        assert (held.quantity, held.leverage in (None, Decimal(10))) == (-SIZE[market], True)
        assert held.entry_price is not None
        assert abs(held.entry_price / 60_000 - 1) < Decimal("0.01")
        charged = {fee.fill_id: fee.amount for fee in of(swept, FeeCharged)}
        assert charged == {fill.fill_id: fill.fee for fill in streamed}
        for kind in (Fill, FeeCharged, FundingPayment):
            assert [msgspec.structs.replace(event, received_ns=0) for event in of(swept, kind)] == [
                msgspec.structs.replace(event, received_ns=0) for event in of(again, kind)
            ]
        too_much = order(
            market, "close-2", side="buy", quantity=2 * SIZE[market], limit_price=Decimal(61_000), reduce_only=True
        )
        assert only(await account.place(too_much)).reason.startswith("-2022")
        closing = order(market, "close-1", side="buy", limit_price=Decimal(61_000), reduce_only=True)
        await account.place(closing)
        await log.until(lambda: of(log.events, PositionUpdate)[-1].quantity == 0)
    assert not of(log.events, FrameFault)


@both("position mode", "reduce-only")
@FUTURES
async def test_both_legs_of_hedge_mode(served: Served, market: str) -> None:
    prefix = PRODUCTS[market].first
    await served.binance("POST", f"{prefix}/positionSide/dual", {"dualSidePosition": "true"})
    async with traded(served, market) as (account, log):
        await account.place(order(market, "short-1", leg=Leg.SHORT))
        await account.place(order(market, "long-1", side="buy", leg=Leg.LONG, limit_price=Decimal(61_000)))
        await log.until(lambda: len({event.leg for event in of(log.events, PositionUpdate) if event.quantity}) == 2)
        swept = await account.sweep([PERPETUAL[market]], 0)
        held = {event.leg: event.quantity for event in of(swept, PositionUpdate)}
        assert held == {Leg.LONG: SIZE[market], Leg.SHORT: -SIZE[market]}
        assert {event.position_mode for event in of(swept, AccountSettings)} == {None, "hedge"}
        assert only(await account.place(order(market, "net-1"))).reason.startswith("-4061")
        closing = order(market, "short-2", side="buy", leg=Leg.SHORT, reduce_only=True, limit_price=Decimal(61_000))
        await account.place(closing)
        held = {event.leg: event.quantity for event in of(await account.sweep([PERPETUAL[market]], 0), PositionUpdate)}
        assert held == {Leg.LONG: SIZE[market], Leg.SHORT: Decimal(0)}


@both("funding records")
@FUTURES
async def test_funding_is_told_with_its_rate(served: Served, market: str) -> None:
    async with traded(served, market) as (account, log):
        await account.place(order(market, "open-1"))
        await log.until(lambda: any(event.quantity for event in of(log.events, PositionUpdate)))
        exchange = served.simulator.venues["binance"].exchange
        listing = exchange.find(market, PERPETUAL[market].rpartition(":")[2])
        assert listing is not None
        before = of(log.events, BalanceUpdate)
        exchange.fund_now(listing)
        await log.until(lambda: len(of(log.events, BalanceUpdate)) > len(before))
        (payment,) = of(await account.sweep([PERPETUAL[market]], 0), FundingPayment)
    schedule = exchange.funding(listing)
    assert schedule is not None
    settled = schedule.settled[-1]
    assert (payment.asset, payment.instrument) == (SETTLE[market], PERPETUAL[market])
    assert payment.rate == settled.rate.quantize(Decimal("1e-8"))
    assert (payment.amount > 0) == (settled.rate > 0)
    balance = of(log.events, BalanceUpdate)[-1].wallet_balance
    assert balance - before[-1].wallet_balance == payment.amount


@both("client order id")
@FUTURES
@pytest.mark.parametrize("cut", [False, True])
async def test_an_order_whose_answer_is_lost_is_executed_once(served: Served, market: str, cut: bool) -> None:
    await served.inject("lose_answers", venue="binance", count=1, cut=cut)
    account = account_of(served)
    lost = order(market, "lost-1")
    assert only(await account.place(lost)).state is OrderState.UNKNOWN
    assert only(await account.place(lost)).state is OrderState.FILLED
    assert only(await account.query(lost)).state is OrderState.FILLED
    (held,) = of(await account.sweep([PERPETUAL[market]], 0), PositionUpdate)
    assert held.quantity == -SIZE[market]


@FUTURES
async def test_an_order_that_nobody_knows(served: Served, market: str) -> None:
    update = only(await account_of(served).query(order(market, "never-sent")))
    assert (update.state, update.reason[:5]) == (OrderState.REJECTED, "-2013")


@both("private stream")
@FUTURES
async def test_a_listen_key_that_expires_is_replaced(served: Served, market: str) -> None:
    async with traded(served, market) as (account, log):
        plan = account.plans([PERPETUAL[market]])[0]
        await account.keep_alive(plan)
        await served.inject("expire_listen_keys", venue="binance")
        await log.until(lambda: "listenKeyExpired" in log.reasons, PATIENCE)
        with pytest.raises(VenueError, match="-1125"):
            await account.keep_alive(plan)
        await log.until(lambda: log.states.count("live") == 2, PATIENCE)
        await account.place(order(market, "after-1"))
        await log.until(lambda: bool(of(log.events, Fill)))


@verifies("spot", "balances", "private stream")
async def test_spot_balances_by_sweep_and_by_stream(served: Served) -> None:
    account = account_of(served)
    events = await account.sweep([SPOT_PAIR], 0)
    assert {event.asset: event.wallet_balance for event in of(events, BalanceUpdate)} == {
        "USDT": 50_000,
        "BTC": 2,
        "ETH": 20,
    }
    async with heard(account, [SPOT_PAIR]) as log:
        await log.until(lambda: "live" in log.states, PATIENCE)
        await served.binance(
            "POST", "/api/v3/order", {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.5"}
        )
        await log.until(lambda: any(event.asset == "BTC" for event in of(log.events, BalanceUpdate)))
        streamed = {event.asset: event.wallet_balance for event in of(log.events, BalanceUpdate)}
        swept = {event.asset: event.wallet_balance for event in of(await account.sweep([SPOT_PAIR], 0), BalanceUpdate)}
        assert streamed.items() <= swept.items()
        await served.inject("expire_listen_keys", venue="binance")
        await log.until(lambda: log.states.count("live") == 2, PATIENCE)
    assert "eventStreamTerminated" in log.reasons
    assert not of(log.events, FrameFault)


async def test_a_login_that_is_refused_says_so(served: Served) -> None:
    wrong = Credentials(credentials(served).key, "not the secret")
    async with heard(BinanceAccount("hedge", endpoints(served), wrong), [SPOT_PAIR]) as log:
        await log.until(lambda: any("login was refused: -1022" in reason for reason in log.reasons), PATIENCE)
    assert "live" not in log.states


# --- keys, time, limits ----------------------------------------------------------------------------------------------


@verifies("usdm", "key permissions")
@verifies("coinm", "key permissions")
@verifies("spot", "key permissions")
@pytest.mark.parametrize("permissions", ["trade", "read", "withdraw"])
async def test_what_a_key_may_do(served: Served, permissions: str) -> None:
    rights = await venue_module("binance").key_rights(endpoints(served), credentials(served, permissions))
    assert rights is not None
    assert (rights.trades, rights.withdraws) == (permissions != "read", permissions == "withdraw")


async def test_test_networks_do_not_tell_what_a_key_may_do() -> None:
    demo = Endpoints(rest="https://demo-fapi.binance.com", websocket="wss://demo-fstream.binance.com")
    assert await venue_module("binance").key_rights(demo, Credentials("key", "secret")) is None


@verifies("usdm", "server time", "rate-limit budget")
@verifies("coinm", "server time", "rate-limit budget")
@verifies("spot", "server time", "rate-limit budget")
@pytest.mark.parametrize("market", PRODUCTS)
async def test_a_clock_that_is_off_is_set_right_and_the_budget_is_known(served: Served, market: str) -> None:
    await served.inject("skew", venue="binance", milliseconds=20_000)
    product = PRODUCTS[market]
    base = rest_base(BinanceFeed(endpoints(served))._endpoints, market)
    async with RestClient(BinanceDialect(product), base, credentials(served)) as rest:
        await rest.get(product.account, signed=True)
        assert rest.budget is not None
        assert (rest.budget.limit, rest.budget.seconds) == (6_000 if market == SPOT else 2_400, 60)
        assert 0 < rest.budget.used < 200


@pytest.mark.parametrize("status", [429, 418])
async def test_a_limit_is_kept_away_from(served: Served, status: int) -> None:
    await served.inject("limit_rate", venue="binance", status=status)
    with pytest.raises(VenueError) as raised:
        await account_of(served).sweep([PERPETUAL["usdm"]], 0)
    assert raised.value.retry_after_seconds


# --- what the venue does to an account, and what goes wrong on the line ----------------------------------------------


def place_of(market: str) -> dict[str, str]:
    """A contract as faults name it."""
    return {"venue": "binance", "category": market, "symbol": PERPETUAL[market].rpartition(":")[2]}


@both("fills", "private stream")
@FUTURES
@pytest.mark.parametrize(("fault", "origin"), [("liquidate", FillOrigin.LIQUIDATION), ("deleverage", FillOrigin.ADL)])
async def test_what_the_venue_closes_is_told_with_its_reason(
    served: Served, market: str, fault: str, origin: FillOrigin
) -> None:
    async with traded(served, market) as (account, log):
        await account.place(order(market, "open-1"))
        await served.inject(fault, key=served.key("binance").key, **place_of(market))
        await log.until(lambda: any(fill.origin is origin for fill in of(log.events, Fill)))
        (streamed,) = [fill for fill in of(log.events, Fill) if fill.origin is origin]
        await log.until(lambda: of(log.events, PositionUpdate)[-1].quantity == 0)
        swept = {fill.fill_id: fill for fill in of(await account.sweep([PERPETUAL[market]], 0), Fill)}
        told = swept[streamed.fill_id]
    assert (told.origin, told.side, told.quantity, told.price) == (origin, "buy", SIZE[market], streamed.price)
    assert not of(log.events, FrameFault)


@both("fills", "fee records")
@FUTURES
async def test_a_quarterly_is_traded_and_delivered(served: Served, market: str) -> None:
    exchange = served.simulator.venues["binance"].exchange
    listing = next(item for item in exchange.listed(market) if item.quarter == 1 and item.instrument.base == "BTC")
    name = listing.instrument.id
    account = account_of(served)
    async with heard(account, [name]) as log:
        await log.until(lambda: "live" in log.states, PATIENCE)
        await account.place(order(market, "dated-1", instrument=name))
        (held,) = of(await account.sweep([name], 0), PositionUpdate)
        assert held.quantity == -SIZE[market]
        await served.inject("deliver", venue="binance", category=market, symbol=listing.symbol)
        await log.until(lambda: any(fill.origin is FillOrigin.DELIVERY for fill in of(log.events, Fill)))
    assert not of(log.events, FrameFault)


@both("leverage", "margin mode", "positions")
@FUTURES
async def test_what_another_client_sets_is_heard_and_read(served: Served, market: str) -> None:
    key = served.key("binance").key
    async with traded(served, market) as (account, log):
        await served.inject("set_leverage", key=key, leverage=3, **place_of(market))
        await log.until(lambda: any(event.leverage == 3 for event in of(log.events, AccountSettings)))
        await served.inject("set_margin_mode", key=key, mode="isolated", **place_of(market))
        await account.place(order(market, "open-1"))
        await log.until(lambda: any(event.quantity for event in of(log.events, PositionUpdate)))
        streamed = of(log.events, PositionUpdate)[-1]
        swept = await account.sweep([PERPETUAL[market]], 0)
    (held,) = of(swept, PositionUpdate)
    assert held.isolated_margin == streamed.isolated_margin
    assert held.isolated_margin is not None
    assert held.liquidation_price is not None
    assert held.liquidation_price > 60_000
    (contract,) = [event for event in of(swept, AccountSettings) if event.instrument]
    assert (contract.margin_mode, contract.leverage) == ("isolated", Decimal(3))


@both("positions")
@FUTURES
async def test_a_sweep_after_funding_is_as_new_as_the_stream(served: Served, market: str) -> None:
    await served.inject("set_margin_mode", key=served.key("binance").key, mode="isolated", **place_of(market))
    async with traded(served, market) as (account, log):
        await account.place(order(market, "open-1"))
        await log.until(lambda: any(event.quantity for event in of(log.events, PositionUpdate)))
        await served.inject("fund", **place_of(market))
        await log.until(lambda: len([event for event in of(log.events, PositionUpdate) if event.quantity]) == 2)
        last = of(log.events, PositionUpdate)[-1]
        (held,) = of(await account.sweep([PERPETUAL[market]], 0), PositionUpdate)
    assert (held.venue_time_ns or 0) >= (last.venue_time_ns or 0)
    assert held.isolated_margin == last.isolated_margin
    assert held.liquidation_price is not None


@FUTURES
async def test_events_that_come_before_the_answer_or_not_at_all(served: Served, market: str) -> None:
    async with traded(served, market) as (account, log):
        await served.inject("delay_answers", venue="binance", milliseconds=300)
        answer = asyncio.ensure_future(account.place(order(market, "late-1")))
        await log.until(lambda: bool(of(log.events, Fill)))
        assert not answer.done()
        assert only(await answer).state is OrderState.FILLED
        await served.inject("clear", venue="binance")
        await served.inject("lose_private", venue="binance", events=10)
        seen = len(of(log.events, Fill))
        await account.place(order(market, "lost-1"))
        fills = of(await account.sweep([PERPETUAL[market]], 0), Fill)
        assert (seen, len(of(log.events, Fill))) == (1, 1)
    assert [fill.client_order_id for fill in fills] == ["late-1", "lost-1"]


async def test_a_socket_that_is_cut_after_its_day_is_opened_again() -> None:
    async with serving(pins={"BTC": "60000"}, lifetime=3) as served:
        account = account_of(served)
        async with heard(account, [*PERPETUAL.values()]) as log:
            await log.until(lambda: log.states.count("live") >= 4, PATIENCE)
        assert any("24 hours" in reason for reason in log.reasons)


@FUTURES
async def test_garbage_on_the_line_is_told_and_the_rest_is_used(served: Served, market: str) -> None:
    async with heard(feed_of(served), [PERPETUAL[market]]) as log:
        await log.until(lambda: bool(of(log.events, Ticker)), PATIENCE)
        await served.inject("garbage", venue="binance", frames=6)
        await log.until(lambda: len(of(log.events, FrameFault)) >= 5, PATIENCE)
        count = len(of(log.events, Ticker))
        await log.until(lambda: len(of(log.events, Ticker)) > count, PATIENCE)
