"""Our own client of BingX against the simulated exchange: accounts as their streams tell them."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from core.errors import VenueError
from core.events import (
    AccountSettings,
    BalanceUpdate,
    ConnectionState,
    FeeCharged,
    Fill,
    FrameFault,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.history import HOUR_NS
from feeds.sim.process import SimulatorProcess
from feeds.venue import Credentials
from tests.feeds.bingx.simulated import CASES, INVERSE, LINEAR, SPOT, desk, of, price_near, request, streaming, verifies


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
