"""ccxt.pro's Bybit, written by others for the venue itself, uses the simulator as it uses the venue.

What ccxt cannot do, for reasons of its own: it does not read the position mode (``fetchPositionMode`` is not
supported), finds one order only among the last 500 open or closed ones (``fetchOrder``), and tells funding payments
with the sign of a fee.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from feeds.sim.process import SimulatorProcess
from tests.interop.checks import (
    check_book_and_trades,
    check_market_data,
    check_market_order,
    check_resting_order,
    repeated,
    soon,
    subscribed,
)
from tests.interop.clients import SPOT, SWAP, client

USDC, COIN = "BTC/USDC:USDC", "BTC/USD:BTC"
PERPETUALS = {SWAP: ("USDT", 0.5), USDC: ("USDC", 0.5), COIN: ("BTC", 20_000.0)}
"""What each is settled in, and how much of it is traded."""

_ACCOUNT = ("balances", "positions", "leverage", "fills", "private stream", "place an order", "reduce-only")
_ORDERS = ("place an order", "cancel an order", "query an order", "open orders", "client order id", "private stream")


def verifies(market: str, *capabilities: str) -> pytest.MarkDecorator:
    """What a test shows by ccxt.pro."""
    return pytest.mark.verifies("bybit", market, *capabilities, client="ccxt.pro")


def of(symbol: str, *capabilities: str) -> Any:
    """A contract as a parameter, with what a test shows of its market."""
    return pytest.param(symbol, marks=verifies("inverse" if symbol.startswith(COIN) else "linear", *capabilities))


def dated(exchange: Any, start: str) -> str:
    """The nearest dated contract of those settled so."""
    found = [
        market for market in exchange.markets.values() if market["future"] and market["symbol"].startswith(f"{start}-")
    ]
    return str(min(found, key=lambda market: market["expiry"])["symbol"])


# --- market data -----------------------------------------------------------------------------------------------------


async def test_markets_of_every_kind_are_listed(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        assert {SPOT, SWAP, "SOL/USDT:USDT", USDC, COIN} <= exchange.markets.keys()
        market = exchange.market(SWAP)
        assert (market["precision"]["price"], market["precision"]["amount"]) == (0.1, 0.001)
        assert (market["linear"], market["contractSize"], market["limits"]["leverage"]["max"]) == (True, 1.0, 100)
        assert exchange.market(USDC)["id"] == "BTCPERP"
        assert exchange.market(COIN)["inverse"]
        for start, inverse in ((SWAP, False), (USDC, False), (COIN, True)):
            future = exchange.market(dated(exchange, start))
            assert (future["inverse"], future["type"], future["expiry"] % 86_400_000) == (inverse, "future", 28_800_000)


@pytest.mark.parametrize(
    "symbol",
    [
        of(name, "mark price", "index price", "funding rate", "last settled funding rate", "24 h ticker", "candles")
        for name in PERPETUALS
    ],
)
async def test_market_data(simulator: SimulatorProcess, symbol: str) -> None:
    async with client(simulator, "bybit") as exchange:
        await check_market_data(exchange, symbol)
        tiers = (await exchange.fetch_leverage_tiers([symbol]))[symbol]
        assert (await exchange.fetch_trading_fee(symbol))["taker"] == 0.00055
        assert (tiers[0]["maintenanceMarginRate"], tiers[0]["maxLeverage"]) == (0.005, 100)
        assert [tier["minNotional"] for tier in tiers[1:]] == [tier["maxNotional"] for tier in tiers[:-1]]


@verifies("linear", "instruments", "maintenance tiers", "funding interval")
@verifies("inverse", "instruments", "maintenance tiers", "funding interval")
async def test_intervals_of_funding(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        rates = await exchange.fetch_funding_rates([SWAP, "SOL/USDT:USDT", "DOGE/USDT:USDT"])
        intervals = {symbol: rate["interval"] for symbol, rate in rates.items()}
        assert intervals == {SWAP: "8h", "SOL/USDT:USDT": "4h", "DOGE/USDT:USDT": "1h"}


@pytest.mark.parametrize(
    "start", [of(SWAP, "mark price", "24 h ticker"), of(USDC, "mark price"), of(COIN, "mark price", "candles")]
)
async def test_dated_contracts_have_prices_and_no_funding(simulator: SimulatorProcess, start: str) -> None:
    async with client(simulator, "bybit") as exchange:
        symbol = dated(exchange, start)
        ticker = await exchange.fetch_ticker(symbol)
        assert abs(ticker["markPrice"] / ticker["indexPrice"] - 1) < 0.05
        assert (ticker["info"]["fundingRate"], ticker["info"]["nextFundingTime"]) == ("", "0")
        watched = await soon(exchange.watch_ticker(symbol))
        assert watched["bid"] < watched["ask"]
        assert watched["info"]["deliveryTime"].endswith("T08:00:00Z")
        candles = await exchange.fetch_ohlcv(symbol, "1h", limit=3)
        assert len(candles) == 3
        assert (await exchange.fetch_market_leverage_tiers(symbol))[0]["maintenanceMarginRate"] == 0.005
        await check_book_and_trades(exchange, symbol)


@verifies("linear", "mark price", "index price", "best bid and ask", "funding interval")
@verifies("inverse", "mark price")
@verifies("spot", "best bid and ask", "24 h ticker")
async def test_tickers_mark_prices_and_books_are_followed(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        ticker = await soon(exchange.watch_ticker(SWAP))
        for _ in range(3):
            ticker = await soon(exchange.watch_ticker(SWAP))
            assert ticker["bid"] < ticker["ask"]
            assert abs(ticker["markPrice"] / ticker["indexPrice"] - 1) < 0.01
            assert ticker["info"]["fundingIntervalHour"] == "8"
        spot = await soon(exchange.watch_ticker(SPOT))
        assert abs(spot["last"] / ticker["indexPrice"] - 1) < 0.01
        for symbol in (USDC, COIN):
            other = await soon(exchange.watch_ticker(symbol))
            assert abs(other["markPrice"] / ticker["indexPrice"] - 1) < 0.01
        for symbol in (SWAP, USDC, COIN, SPOT):
            await check_book_and_trades(exchange, symbol)


# --- an account ------------------------------------------------------------------------------------------------------


@verifies("spot", "balances")
async def test_balances(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        balance = await exchange.fetch_balance()
        assert {coin: balance[coin]["total"] for coin in ("USDT", "BTC", "ETH")} == {"USDT": 1e5, "BTC": 2, "ETH": 20}
        for symbol in PERPETUALS:
            assert [row["contracts"] for row in await exchange.fetch_positions([symbol])] == [0]


@pytest.mark.parametrize("symbol", [of(name, *_ORDERS) for name in PERPETUALS])
async def test_a_limit_order(simulator: SimulatorProcess, symbol: str) -> None:
    async with client(simulator, "bybit") as exchange:
        amount, name = (100.0 if symbol == COIN else 0.01), f"rest-{PERPETUALS[symbol][0]}"
        await check_resting_order(exchange, simulator, "bybit", symbol=symbol, amount=amount, name=name)


@pytest.mark.parametrize("symbol", [of(name, *_ACCOUNT) for name in PERPETUALS])
async def test_a_position_is_opened_seen_and_closed(simulator: SimulatorProcess, symbol: str) -> None:
    async with client(simulator, "bybit") as exchange:
        settle, amount = PERPETUALS[symbol]
        await check_market_order(
            *(exchange, simulator, "bybit"),
            topics=3,
            symbol=symbol,
            amount=amount,
        )
        assert [row["type"] for row in await exchange.fetch_ledger(settle, limit=2)] == ["trade", "trade"]
        trades = await exchange.fetch_my_trades(symbol)
        assert {trade["side"] for trade in trades} == {"buy", "sell"}
        assert {trade["fee"]["currency"] for trade in trades} == {settle}
        leverage = await exchange.fetch_leverage(symbol)
        assert (leverage["longLeverage"], leverage["marginMode"]) == (5, None)


@pytest.mark.parametrize("start", [of(SWAP, *_ORDERS), of(COIN, *_ORDERS)])
async def test_orders_and_positions_in_dated_contracts(simulator: SimulatorProcess, start: str) -> None:
    async with client(simulator, "bybit") as exchange:
        symbol, (settle, _) = dated(exchange, start), PERPETUALS[start]
        amount = 100.0 if start == COIN else 0.01
        name = f"d-{settle}"
        await check_resting_order(exchange, simulator, "bybit", symbol=symbol, amount=amount, name=name)
        await check_market_order(
            *(exchange, simulator, "bybit"),
            topics=4,
            symbol=symbol,
            amount=amount,
            spread=0.03,
            liquidated=False,
        )


@pytest.mark.parametrize("symbol", [of(name, "funding records") for name in PERPETUALS])
async def test_funding_payments(simulator: SimulatorProcess, symbol: str) -> None:
    async with client(simulator, "bybit") as exchange:
        amount, market = (1000.0 if symbol == COIN else 0.1), exchange.market(symbol)
        await exchange.create_order(symbol, "market", "sell", amount)
        async for rows in repeated(lambda: exchange.fetch_positions([symbol])):
            if any(row["contracts"] for row in rows):
                break
        category = "inverse" if symbol == COIN else "linear"
        simulator.control("fund", venue="bybit", category=category, symbol=market["id"])
        (payment,) = await exchange.fetch_funding_history(symbol)
        settled = (await exchange.fetch_funding_rate_history(symbol))[-1]
        assert abs(payment["amount"]) > 0
        # ccxt tells a payment with the sign of a fee: what is received is negative
        assert (payment["amount"] < 0) == (settled["fundingRate"] > 0)
        await exchange.create_order(symbol, "market", "buy", amount, None, {"reduceOnly": True})


@verifies("linear", "position mode")
async def test_hedge_mode(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        symbol = "SOL/USDT:USDT"
        await exchange.set_position_mode(True, symbol)
        await exchange.create_order(symbol, "market", "sell", 1, None, {"positionIdx": 2})
        await exchange.create_order(symbol, "market", "buy", 2, None, {"positionIdx": 1})
        async for rows in repeated(lambda: exchange.fetch_positions([symbol])):
            if {row["side"]: row["contracts"] for row in rows} == {"long": 2, "short": 1}:
                break


@verifies("linear", "post-only", "query an order")
async def test_a_post_only_order_that_would_take_is_cancelled(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        price = (await exchange.fetch_ticker(SWAP))["last"] * 0.98
        price = float(exchange.price_to_precision(SWAP, price))
        placed = await exchange.create_order(SWAP, "limit", "sell", 0.01, price, {"postOnly": True})
        async for order in repeated(lambda: exchange.fetch_closed_order(placed["id"], SWAP)):
            if order["status"] == "canceled":
                assert order["info"]["rejectReason"] == "EC_PostOnlyWillTakeLiquidity"
                break


async def test_orders_by_websocket(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        price = (await exchange.fetch_ticker(SWAP))["last"] * 1.03
        price = float(exchange.price_to_precision(SWAP, price))
        orders = asyncio.ensure_future(exchange.watch_orders(SWAP))
        await subscribed(simulator, "bybit", 1)
        placed = await soon(exchange.create_order_ws(SWAP, "limit", "sell", 0.01, price, {"clientOrderId": "ws-1"}))
        assert (await soon(orders))[0]["id"] == placed["id"]
        edited = await soon(exchange.edit_order_ws(placed["id"], SWAP, "limit", "sell", 0.02, price))
        assert edited["id"] == placed["id"]
        (found,) = await exchange.fetch_open_orders(SWAP)
        assert (found["amount"], found["clientOrderId"]) == (0.02, "ws-1")
        await soon(exchange.cancel_order_ws(placed["id"], SWAP))
        async for left in repeated(lambda: exchange.fetch_open_orders(SWAP)):
            if not left:
                break


async def test_a_pair_is_bought(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        await check_resting_order(exchange, simulator, "bybit", symbol=SPOT, amount=0.01, name="spot-1")
        before = (await exchange.fetch_balance())["BTC"]["total"]
        trades = asyncio.ensure_future(exchange.watch_my_trades(SPOT))
        await subscribed(simulator, "bybit", 2)
        await exchange.create_market_buy_order_with_cost(SPOT, 6_000)
        (trade, *_) = await soon(trades)
        assert (trade["side"], trade["fee"]["currency"]) == ("buy", "BTC")
        async for balance in repeated(exchange.fetch_balance):
            if balance["BTC"]["total"] > before:
                break
