"""Our client of Binance against the simulated exchange: what the venue does to an account, and what goes wrong."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from core.errors import VenueError
from core.events import (
    AccountSettings,
    Fill,
    FillOrigin,
    FrameFault,
    OrderState,
    PositionUpdate,
    Ticker,
)
from feeds.binance.client import BinanceFeed
from feeds.binance.products import PRODUCTS, SPOT, rest_base
from feeds.binance.rest import BinanceDialect
from feeds.registry import venue_module
from feeds.rest import RestClient
from feeds.venue import Credentials, Endpoints
from tests.feeds.binance.simulated import (
    FUTURES,
    PERPETUAL,
    SIZE,
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
from tests.feeds.sim.lines import Served, serving

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
        await log.until(lambda: "live" in log.states)
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
        await served.inject("delay_answers", venue="binance", milliseconds=3_600_000)
        answer = asyncio.ensure_future(account.place(order(market, "late-1")))
        await log.until(lambda: bool(of(log.events, Fill)))
        assert not answer.done()
        await served.inject("clear", venue="binance")
        assert only(await answer).state is OrderState.FILLED
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
            await log.until(lambda: log.states.count("live") >= 4)
        assert any("24 hours" in reason for reason in log.reasons)


@FUTURES
async def test_garbage_on_the_line_is_told_and_the_rest_is_used(served: Served, market: str) -> None:
    async with heard(feed_of(served), [PERPETUAL[market]]) as log:
        await log.until(lambda: bool(of(log.events, Ticker)))
        await served.inject("garbage", venue="binance", frames=6)
        await log.until(lambda: len(of(log.events, FrameFault)) >= 5)
        count = len(of(log.events, Ticker))
        await log.until(lambda: len(of(log.events, Ticker)) > count)
