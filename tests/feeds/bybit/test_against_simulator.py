"""Our client of Bybit against the simulated exchange: prices, accounts, orders, and what goes wrong with them."""

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
from feeds.bybit import facts
from feeds.bybit.client import BybitFeed
from feeds.bybit.desk import BybitAccount
from feeds.bybit.rest import BybitDialect
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.registry import venue_module
from feeds.rest import RestClient
from feeds.sim.catalogue import Listing
from feeds.venue import CandlesWanted, Credentials, Endpoints, StreamFeed
from tests.feeds.sim.lines import Served, serving
from tests.feeds.toy import EventLog
from tests.support.clocks import clear_of_the_hour

USDT, USDC, INVERSE = "bybit:linear:BTCUSDT", "bybit:linear:BTCPERP", "bybit:inverse:BTCUSD"
PERPETUALS = (USDT, USDC, INVERSE)
SPOT_PAIR = "bybit:spot:BTCUSDT"
SETTLE = {USDT: "USDT", USDC: "USDC", INVERSE: "BTC"}
CONTRACTS = pytest.mark.parametrize("contract", PERPETUALS)

_Event = TypeVar("_Event", bound=AnyEvent)


def verifies(market: str, *capabilities: str) -> pytest.MarkDecorator:
    """What a test shows of our own client."""
    return pytest.mark.verifies("bybit", market, *capabilities, client="hedgerow")


def both(*capabilities: str) -> Callable[[Any], Any]:
    """The same of both kinds of contract."""

    def mark(test: Any) -> Any:
        return verifies("linear", *capabilities)(verifies("inverse", *capabilities)(test))

    return mark


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins={"BTC": "60000"}) as running:
        yield running


def endpoints(served: Served) -> Endpoints:
    return Endpoints(rest=served.rest["bybit"], websocket=served.websocket["bybit"])


def credentials(served: Served, permissions: str = "trade") -> Credentials:
    key = served.key("bybit", permissions)
    return Credentials(key.key, key.secret)


def feed_of(served: Served) -> BybitFeed:
    return BybitFeed(endpoints(served))


def account_of(served: Served) -> BybitAccount:
    return BybitAccount("hedge", endpoints(served), credentials(served))


def listing_of(served: Served, instrument: str) -> Listing:
    _, market, symbol = instrument.split(":")
    listing = served.simulator.venues["bybit"].exchange.find(market, symbol)
    assert listing is not None
    return listing


def dated(served: Served, market: str) -> str:
    """The nearest dated contract of Bitcoin."""
    exchange = served.simulator.venues["bybit"].exchange
    (listing,) = [
        listing
        for listing in exchange.listed(market)
        if listing.quarter == 1 and listing.instrument.base == "BTC" and listing.instrument.settle != "USDC"
    ]
    return listing.instrument.id


def an_hour_ago() -> int:
    return Clock().now_ns() - HOUR_NS


def size_of(contract: str) -> Decimal:
    return Decimal(100) if ":inverse:" in contract else Decimal("0.010")


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
async def traded(served: Served, *contracts: str) -> AsyncIterator[tuple[BybitAccount, EventLog]]:
    """An account whose stream is live."""
    account = account_of(served)
    async with heard(account, contracts) as log:
        await log.until(lambda: ConnectionState.LIVE.value in log.states)
        yield account, log


def order(contract: str, name: str, **changes: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "client_order_id": name,
        "account": "hedge",
        "instrument": contract,
        "side": "sell",
        "quantity": size_of(contract),
        "limit_price": Decimal(59_000),
        "reduce_only": False,
        "created_ns": 1,
    }
    return OrderRequest(**(usual | changes))


def only(events: Sequence[AnyEvent]) -> OrderUpdate:
    (update,) = of(events, OrderUpdate)
    return update


def held_in(events: Sequence[AnyEvent]) -> dict[Leg, Decimal]:
    return {event.leg: event.quantity for event in of(events, PositionUpdate)}


# --- prices ----------------------------------------------------------------------------------------------------------


@both("mark price", "index price", "funding rate", "funding interval", "best bid and ask")
@pytest.mark.parametrize("market", facts.CONTRACTS)
async def test_tickers_of_perpetuals_and_of_dated_contracts(served: Served, market: str) -> None:
    exchange = served.simulator.venues["bybit"].exchange
    listings = [listing for listing in exchange.listed(market) if listing.instrument.base == "BTC"]
    perpetuals = {listing.instrument.id for listing in listings if listing.instrument.perpetual}
    instruments = [listing.instrument.id for listing in listings]
    assert len(perpetuals) < len(instruments)

    def complete() -> bool:
        tickers = of(log.events, Ticker)
        return {event.instrument for event in tickers if event.mark_price and event.bid_price} == set(instruments)

    async with heard(feed_of(served), instruments) as log:
        await log.until(complete)
    assert not of(log.events, FrameFault)
    for event in of(log.events, Ticker):
        perpetual = event.instrument in perpetuals
        told = (event.funding_rate, event.next_funding_time_ns, event.funding_interval_hours)
        assert [value is not None for value in told] == [perpetual] * 3
        assert event.index_price == 60_000


@verifies("spot", "best bid and ask")
async def test_spot_books_and_last_prices(served: Served) -> None:
    async with heard(feed_of(served), [SPOT_PAIR]) as log:
        await log.until(lambda: any(event.last_price for event in of(log.events, Ticker)))
        await log.until(lambda: any(event.bid_price for event in of(log.events, Ticker)))
    assert not of(log.events, FrameFault)


@both("instruments", "funding interval", "maintenance tiers", "24 h ticker", "last settled funding rate", "candles")
@verifies("spot", "instruments", "24 h ticker", "candles")
async def test_what_is_read_over_rest(served: Served) -> None:
    await clear_of_the_hour()
    futures = [dated(served, market) for market in facts.CONTRACTS]
    feed, instruments = feed_of(served), [*PERPETUALS, *futures, SPOT_PAIR]
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
    assert {listed[each].funding_interval_hours for each in PERPETUALS} == {8}
    for each in futures:
        assert listed[each].funding_interval_hours is None
        assert (listed[each].expiry_ns or 0) // 10**6 == listing_of(served, each).expiry_ms
    assert {listed[each].settle for each in PERPETUALS} == {"USDT", "USDC", "BTC"}
    units = {event.table.instrument: event.table.unit for event in of(events, TiersLoaded)}
    assert (units[USDT], units[INVERSE], units[futures[0]]) == ("quote", "coin", "quote")
    assert {event.instrument for event in of(events, DayStatistics)} == set(instruments)
    settled = of(events, FundingSettled)
    assert {event.instrument for event in settled} == set(PERPETUALS), "dated contracts and pairs pay no funding"
    assert all(event.settled_ns % HOUR_NS == 0 for event in settled)
    assert [(event.instrument, len(event.candles)) for event in of(events, CandlesLoaded)] == [
        (each, 5) for each in instruments
    ]


# --- an account ------------------------------------------------------------------------------------------------------


@both("balances", "positions", "position mode", "margin mode", "leverage")
@verifies("spot", "balances")
async def test_a_sweep_of_a_flat_account(served: Served) -> None:
    account = account_of(served)
    events = await account.sweep([*PERPETUALS, SPOT_PAIR], an_hour_ago())
    assert not of(events, FrameFault)
    balances = {event.asset: event.wallet_balance for event in of(events, BalanceUpdate)}
    assert balances.items() >= {"USDT": 100_000, "BTC": 2, "ETH": 20}.items()
    assert {event.instrument: event.quantity for event in of(events, PositionUpdate)} == dict.fromkeys(PERPETUALS, 0)
    settings = {event.instrument: event for event in of(events, AccountSettings)}
    assert (settings[""].margin_mode, settings[""].multi_asset) == ("cross", True)
    for contract in PERPETUALS:
        assert (settings[contract].position_mode, settings[contract].leverage) == ("one-way", Decimal(10))
    assert isinstance(events[-1], AccountSwept)
    await served.bybit("POST", "/v5/account/set-margin-mode", {"setMarginMode": "ISOLATED_MARGIN"})
    asked = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5", "sellLeverage": "5"}
    await served.bybit("POST", "/v5/position/set-leverage", asked)
    settings = {event.instrument: event for event in of(await account.sweep([USDT], an_hour_ago()), AccountSettings)}
    assert (settings[""].margin_mode, settings[""].multi_asset, settings[USDT].leverage) == (
        "isolated",
        False,
        Decimal(5),
    )


@both("place an order", "cancel an order", "query an order", "post-only", "client order id", "open orders")
@both("private stream")
@CONTRACTS
async def test_a_resting_order_from_beginning_to_end(served: Served, contract: str) -> None:
    async with traded(served, contract) as (account, log):
        resting = order(contract, "rest-1", limit_price=Decimal(61_000))
        placed = only(await account.place(resting, post_only=True))
        assert placed.state is OrderState.OPEN
        assert only(await account.place(resting, post_only=True)).venue_order_id == placed.venue_order_id
        (open_one,) = of(await account.sweep([contract], an_hour_ago()), OrderUpdate)
        assert (open_one.client_order_id, open_one.limit_price) == ("rest-1", Decimal(61_000))
        assert only(await account.query(resting)).state is OrderState.OPEN
        assert only(await account.cancel(resting)).state is OrderState.CANCELLED
        assert only(await account.cancel(resting)).state is OrderState.CANCELLED, "gone already"
        await log.until(lambda: [item.state for item in of(log.events, OrderUpdate)][-1:] == [OrderState.CANCELLED])
        assert of(log.events, OrderUpdate)[0].state is OrderState.OPEN
        assert not of(await account.sweep([contract], an_hour_ago()), OrderUpdate)
        assert only(await account.place(resting)).state is OrderState.CANCELLED, "an id is used once"
        crossing = order(contract, "cross-1", limit_price=Decimal(59_000))
        assert only(await account.place(crossing, post_only=True)).state is OrderState.OPEN, "accepted, no more"
        await log.until(lambda: of(log.events, OrderUpdate)[-1].client_order_id == "cross-1")
        await log.until(lambda: of(log.events, OrderUpdate)[-1].state is OrderState.CANCELLED)
        assert of(log.events, OrderUpdate)[-1].reason == "EC_PostOnlyWillTakeLiquidity"
    assert not of(log.events, FrameFault)


@both("fills", "fee records", "positions", "reduce-only", "private stream")
@CONTRACTS
async def test_a_position_is_opened_told_and_closed(served: Served, contract: str) -> None:
    await opened_told_and_closed(served, contract)


@both("fills", "fee records", "positions", "reduce-only", "private stream")
@pytest.mark.parametrize("market", facts.CONTRACTS)
async def test_so_is_one_in_a_dated_contract(served: Served, market: str) -> None:
    await opened_told_and_closed(served, dated(served, market))


async def opened_told_and_closed(served: Served, contract: str) -> None:
    async with traded(served, contract) as (account, log):
        opened = order(contract, "open-1")
        await account.place(opened)
        await log.until(lambda: any(event.quantity for event in of(log.events, PositionUpdate)))
        told = await account.query(opened)
        assert (only(told).state, only(told).filled_quantity) == (OrderState.FILLED, size_of(contract))
        streamed = of(log.events, Fill)
        swept, again = await account.sweep([contract], an_hour_ago()), await account.sweep([contract], an_hour_ago())
        for kind in (Fill, FeeCharged, FundingPayment):
            assert without_time(of(swept, kind)) == without_time(of(again, kind))
        assert without_time(of(swept, Fill)[::-1]) == without_time(of(told, Fill)[::-1]) == without_time(streamed)
        assert {(fill.client_order_id, fill.side, fill.leg) for fill in streamed} == {("open-1", "sell", Leg.NET)}
        (held,) = of(swept, PositionUpdate)
        assert (held.quantity, held.leverage) == (-size_of(contract), Decimal(10))
        assert held.entry_price is not None
        assert abs(held.entry_price / 60_000 - 1) < Decimal("0.02")
        charged = {fee.fill_id: (fee.amount, fee.asset) for fee in of(swept, FeeCharged)}
        assert charged == {fill.fill_id: (fill.fee, fill.fee_asset) for fill in streamed}
        assert {fill.fee_asset for fill in streamed} == {listing_of(served, contract).instrument.settle}
        wrong = order(contract, "close-0", limit_price=Decimal(59_500), reduce_only=True)
        assert only(await account.place(wrong)).reason.startswith("110017")
        closing = order(contract, "close-1", side="buy", limit_price=Decimal(62_500), reduce_only=True)
        await account.place(closing)
        await log.until(lambda: of(log.events, PositionUpdate)[-1].quantity == 0)
        (flat,) = of(await account.sweep([contract], an_hour_ago()), PositionUpdate)
        assert (flat.quantity, flat.entry_price, flat.liquidation_price) == (Decimal(0), None, None)
    assert not of(log.events, FrameFault)


def without_time(events: Sequence[_Event]) -> list[_Event]:
    return [msgspec.structs.replace(event, received_ns=0) for event in events]


@verifies("linear", "position mode", "reduce-only")
async def test_both_legs_of_hedge_mode(served: Served) -> None:
    await served.bybit("POST", "/v5/position/switch-mode", {"category": "linear", "symbol": "BTCUSDT", "mode": 3})
    async with traded(served, USDT) as (account, log):
        await account.place(order(USDT, "short-1", leg=Leg.SHORT))
        await account.place(order(USDT, "long-1", side="buy", leg=Leg.LONG, limit_price=Decimal(61_000)))
        await log.until(lambda: len({event.leg for event in of(log.events, PositionUpdate) if event.quantity}) == 2)
        swept = await account.sweep([USDT], an_hour_ago())
        assert held_in(swept) == {Leg.LONG: Decimal("0.010"), Leg.SHORT: Decimal("-0.010")}
        settings = {event.leg: event for event in of(swept, AccountSettings) if event.instrument}
        assert settings[Leg.NET].position_mode == "hedge"
        assert settings[Leg.LONG].leverage == settings[Leg.SHORT].leverage == 10
        assert only(await account.place(order(USDT, "net-1"))).reason.startswith("10001")
        closing = order(USDT, "short-2", side="buy", leg=Leg.SHORT, reduce_only=True, limit_price=Decimal(61_000))
        await account.place(closing)
        await log.until(lambda: len(of(log.events, Fill)) >= 3)
        swept = await account.sweep([USDT], an_hour_ago())
        assert held_in(swept) == {Leg.LONG: Decimal("0.010"), Leg.SHORT: Decimal(0)}
        legs = {fill.client_order_id: fill.leg for fill in of(swept, Fill)}
        assert legs == {"short-1": Leg.SHORT, "long-1": Leg.LONG, "short-2": Leg.SHORT}
        assert legs == {fill.client_order_id: fill.leg for fill in of(log.events, Fill)}
    assert not of(log.events, FrameFault)


@both("funding records")
@CONTRACTS
async def test_funding_is_told_alike_by_stream_and_by_ledger(served: Served, contract: str) -> None:
    async with traded(served, contract) as (account, log):
        await account.place(order(contract, "open-1"))
        await log.until(lambda: any(event.quantity for event in of(log.events, PositionUpdate)))
        exchange, listing = served.simulator.venues["bybit"].exchange, listing_of(served, contract)
        before = of(log.events, BalanceUpdate)[-1]
        exchange.fund_now(listing)
        await log.until(lambda: of(log.events, BalanceUpdate)[-1] != before)
        (swept,) = of(await account.sweep([contract], an_hour_ago()), FundingPayment)
        (streamed,) = of(log.events, FundingPayment)
    schedule = exchange.funding(listing)
    assert schedule is not None
    settled = schedule.settled[-1]
    assert without_time([swept]) == without_time([streamed])
    assert (swept.asset, swept.instrument, swept.rate) == (SETTLE[contract], contract, settled.rate)
    assert (swept.amount > 0) == (settled.rate > 0), "a short receives what longs pay"
    balance = of(log.events, BalanceUpdate)[-1].wallet_balance
    assert balance - before.wallet_balance == swept.amount


@both("fills", "positions")
@CONTRACTS
async def test_a_liquidation_and_a_deleveraging_are_told_as_such(served: Served, contract: str) -> None:
    _, market, symbol = contract.split(":")
    async with traded(served, contract) as (account, log):
        await account.place(order(contract, "open-1"))
        await log.until(lambda: any(event.quantity for event in of(log.events, PositionUpdate)))
        what = {"venue": "bybit", "category": market, "symbol": symbol, "key": credentials(served).key}
        await served.inject("deleverage", **what, quantity=str(size_of(contract) / 2))
        await log.until(lambda: of(log.events, Fill)[-1].origin is FillOrigin.ADL)
        await served.inject("liquidate", **what)
        await log.until(lambda: of(log.events, PositionUpdate)[-1].quantity == 0)
        swept = await account.sweep([contract], an_hour_ago())
    origins = {fill.fill_id: fill.origin for fill in of(log.events, Fill)}
    assert set(origins.values()) == {FillOrigin.ORDER, FillOrigin.ADL, FillOrigin.LIQUIDATION}
    assert {fill.fill_id: fill.origin for fill in of(swept, Fill)} == origins
    assert {fee.kind for fee in of(swept, FeeCharged)} == {"trade", "liquidation"}


@both("fills")
@pytest.mark.parametrize("market", facts.CONTRACTS)
async def test_a_delivery_ends_a_dated_position_and_the_contract(served: Served, market: str) -> None:
    contract = dated(served, market)
    async with traded(served, contract) as (account, log):
        await account.place(order(contract, "open-1"))
        await log.until(lambda: any(event.quantity for event in of(log.events, PositionUpdate)))
        exchange = served.simulator.venues["bybit"].exchange
        exchange.deliver(listing_of(served, contract))
        await log.until(lambda: of(log.events, PositionUpdate)[-1].quantity == 0)
        swept = await account.sweep([contract], an_hour_ago())
    (delivered,) = [fill for fill in of(swept, Fill) if fill.origin is FillOrigin.DELIVERY]
    assert delivered.price == 60_000
    (flat,) = of(swept, PositionUpdate)
    assert (flat.instrument, flat.quantity) == (contract, Decimal(0)), "not listed any more, and so not held"


@both("fills", "fee records")
async def test_long_lists_are_followed_to_their_end(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "ORDER_ROWS", 2)
    await served.inject("partial_fills", venue="bybit", category="linear", symbol="BTCUSDT", most="0.001")
    account = account_of(served)
    await account.place(order(USDT, "many-1", quantity=Decimal("0.130")))
    for number in range(5):
        await account.place(order(USDT, f"rest-{number}", limit_price=Decimal(61_000) + number))
    events = await account.sweep([USDT], an_hour_ago())
    fills, fees = of(events, Fill), of(events, FeeCharged)
    assert (len(fills), len({fill.fill_id for fill in fills})) == (130, 130)
    assert {fee.fill_id for fee in fees} == {fill.fill_id for fill in fills}
    assert sum(fill.quantity for fill in fills) == Decimal("0.130")
    assert len(of(events, OrderUpdate)) == 5


# --- what goes wrong -------------------------------------------------------------------------------------------------


@both("client order id")
@CONTRACTS
@pytest.mark.parametrize("cut", [False, True])
async def test_an_order_whose_answer_is_lost_is_executed_once(served: Served, contract: str, cut: bool) -> None:
    await served.inject("lose_answers", venue="bybit", count=1, cut=cut)
    account = account_of(served)
    lost = order(contract, "lost-1")
    assert only(await account.place(lost)).state is OrderState.UNKNOWN
    known = only(await account.place(lost))
    assert known.venue_order_id
    while known.state is OrderState.OPEN:  # an answer goes out before its order reaches the book
        known = only(await account.query(lost))
    assert known.state is OrderState.FILLED
    assert held_in(await account.sweep([contract], an_hour_ago())) == {Leg.NET: -size_of(contract)}


@CONTRACTS
async def test_an_order_that_nobody_knows(served: Served, contract: str) -> None:
    account = account_of(served)
    assert only(await account.query(order(contract, "never-sent"))).state is OrderState.REJECTED
    assert only(await account.cancel(order(contract, "never-sent"))).state is OrderState.REJECTED


@both("private stream")
async def test_a_stream_that_is_cut_begins_anew(served: Served) -> None:
    async with traded(served, USDT) as (account, log):
        await served.inject("drop", venue="bybit")
        await log.until(lambda: log.states.count("live") == 2)
        await account.place(order(USDT, "after-1"))
        await log.until(lambda: bool(of(log.events, Fill)))


@verifies("spot", "private stream")
async def test_a_trade_of_a_pair_moves_the_one_wallet(served: Served) -> None:
    async with traded(served, SPOT_PAIR) as (account, log):
        bought = {"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "6000"}
        await served.bybit("POST", "/v5/order/create", bought)
        await log.until(lambda: any(event.asset == "BTC" for event in of(log.events, BalanceUpdate)))
        streamed = {event.asset: event.wallet_balance for event in of(log.events, BalanceUpdate)}
        swept = {
            event.asset: event.wallet_balance
            for event in of(await account.sweep([SPOT_PAIR], an_hour_ago()), BalanceUpdate)
        }
    assert streamed.items() <= swept.items()
    assert streamed["BTC"] > 2
    assert not of(log.events, FrameFault)
    assert not of(log.events, Fill), "pairs are read for prices and balances"


async def test_a_login_that_is_refused_says_so(served: Served) -> None:
    wrong = Credentials(credentials(served).key, "not the secret")
    async with heard(BybitAccount("hedge", endpoints(served), wrong), [SPOT_PAIR]) as log:
        await log.until(lambda: any("login was refused" in reason for reason in log.reasons))
    assert "live" not in log.states
    assert credentials(served).key not in str(log.events)


# --- keys, time, limits ----------------------------------------------------------------------------------------------


@both("key permissions")
@verifies("spot", "key permissions")
@pytest.mark.parametrize("permissions", ["trade", "read", "withdraw"])
async def test_what_a_key_may_do(served: Served, permissions: str) -> None:
    rights = await venue_module("bybit").key_rights(endpoints(served), credentials(served, permissions))
    assert rights is not None
    assert (rights.trades, rights.withdraws) == (permissions != "read", permissions == "withdraw")


@both("server time", "rate-limit budget")
@verifies("spot", "server time", "rate-limit budget")
async def test_a_clock_that_is_off_is_set_right_and_the_budget_is_known(served: Served) -> None:
    await served.inject("skew", venue="bybit", milliseconds=20_000)
    async with RestClient(BybitDialect(), served.rest["bybit"], credentials(served)) as rest:
        await rest.get(facts.INFO_PATH, signed=True)
        assert rest.budget is not None
        assert (rest.budget.limit, rest.budget.used, rest.budget.seconds) == (50, 1, 1)
    async with traded(served, USDT) as (account, log):
        await account.place(order(USDT, "late-1"))
        await log.until(lambda: bool(of(log.events, Fill)))


async def test_a_limit_is_kept_away_from(served: Served) -> None:
    await served.inject("limit_rate", venue="bybit", status=403)
    with pytest.raises(VenueError) as raised:
        await account_of(served).sweep([USDT], an_hour_ago())
    assert raised.value.retry_after_seconds
