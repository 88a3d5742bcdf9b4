"""Our own client of BingX against the simulated exchange: orders, and accounts as a sweep tells them."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal

import msgspec
import pytest

from core.errors import VenueError
from core.events import (
    AccountSettings,
    AccountSwept,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FrameFault,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.history import DAY_NS, HOUR_NS
from core.legs import Leg
from feeds.sim.process import SimulatorProcess
from feeds.venue import Credentials
from tests.feeds.bingx.simulated import (
    CASES,
    EVERY,
    INVERSE,
    LINEAR,
    SPOT,
    desk,
    of,
    only_order,
    price_near,
    request,
    settled,
    verifies,
)


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
