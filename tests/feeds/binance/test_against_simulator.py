"""Our client of Binance against the simulated exchange: prices, accounts and orders."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.errors import VenueError
from core.events import (
    AccountSettings,
    AccountSwept,
    BalanceUpdate,
    CandlesLoaded,
    DayStatistics,
    FeeCharged,
    Fill,
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
from feeds.binance.desk import BinanceAccount
from feeds.binance.products import PRODUCTS
from feeds.timing import Timing
from feeds.venue import CandlesWanted, Credentials
from tests.feeds.binance.simulated import (
    FUTURES,
    PERPETUAL,
    SETTLE,
    SIZE,
    SPOT_PAIR,
    account_of,
    both,
    credentials,
    endpoints,
    feed_of,
    heard,
    of,
    only,
    order,
    traded,
    verifies,
)
from tests.feeds.sim.lines import Served
from tests.support.clocks import clear_of_the_hour

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
        await log.until(complete)
    assert not of(log.events, FrameFault)
    for event in of(log.events, Ticker):
        if event.mark_price is not None:
            perpetual = event.instrument == PERPETUAL[market]
            assert (event.funding_rate is not None) == (event.next_funding_time_ns is not None) == perpetual
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
        await log.until(lambda: "listenKeyExpired" in log.reasons)
        with pytest.raises(VenueError, match="-1125"):
            await account.keep_alive(plan)
        await log.until(lambda: log.states.count("live") == 2)
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
        await log.until(lambda: "live" in log.states)
        await served.binance(
            "POST", "/api/v3/order", {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.5"}
        )
        await log.until(lambda: any(event.asset == "BTC" for event in of(log.events, BalanceUpdate)))
        streamed = {event.asset: event.wallet_balance for event in of(log.events, BalanceUpdate)}
        swept = {event.asset: event.wallet_balance for event in of(await account.sweep([SPOT_PAIR], 0), BalanceUpdate)}
        assert streamed.items() <= swept.items()
        await served.inject("expire_listen_keys", venue="binance")
        await log.until(lambda: log.states.count("live") == 2)
    assert "eventStreamTerminated" in log.reasons
    assert not of(log.events, FrameFault)


async def test_a_login_that_is_refused_says_so(served: Served) -> None:
    wrong = Credentials(credentials(served).key, "not the secret")
    account = BinanceAccount("hedge", endpoints(served), wrong)
    async with heard(account, [SPOT_PAIR], Timing(first_data_seconds=1.0)) as log:
        await log.until(lambda: any("login was refused: -1022" in reason for reason in log.reasons))
    assert "live" not in log.states
