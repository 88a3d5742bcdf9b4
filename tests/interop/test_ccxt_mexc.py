"""ccxt.pro's MEXC, written by others for the venue itself, uses the simulator as it uses the venue.

What it cannot do there, for reasons of its own: it follows no mark prices and no positions (it has no such methods); it
tells the sides 3 and 4 of a contract's orders as ``"3"`` and ``"4"``; ``watch_bids_asks`` subscribes and then waits for
JSON that the venue stopped sending in 2025; it drops mark and index prices from tickers and funding rates, and the
client's own name from orders; levels that count contracts are called notional.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from feeds.sim.process import SimulatorProcess
from tests.interop.checks import repeated, soon, subscribed
from tests.interop.clients import SPOT, SWAP, client
from tests.support.patience import PATIENCE

COIN_SWAP = "BTC/USD:BTC"
SWAPS = pytest.mark.parametrize(
    ("swap", "amount", "settle"),
    [
        pytest.param(
            SWAP, 500, "USDT", marks=pytest.mark.verifies("mexc", "linear", "best bid and ask", client="ccxt.pro")
        ),
        pytest.param(
            COIN_SWAP, 20, "BTC", marks=pytest.mark.verifies("mexc", "inverse", "best bid and ask", client="ccxt.pro")
        ),
    ],
)

SEEN = ("instruments", "24 h ticker", "funding rate", "last settled funding rate", "funding interval", "candles")
ACCOUNT = ("balances", "positions", "open orders", "fills", "private stream", "position mode", "leverage")
RECORDS = ("funding records", "fee records")
TRADED = ("place an order", "cancel an order", "query an order", "post-only", "reduce-only", "client order id")


@pytest.mark.verifies("mexc", "linear", *SEEN, "maintenance tiers", "server time", client="ccxt.pro")
@pytest.mark.verifies("mexc", "inverse", *SEEN, "maintenance tiers", "server time", client="ccxt.pro")
async def test_markets_and_market_data(simulator: SimulatorProcess) -> None:
    async with client(simulator, "mexc") as exchange:
        assert {SPOT, SWAP, COIN_SWAP, "BTC/USDC:USDC"} <= exchange.markets.keys()
        market, coin = exchange.market(SWAP), exchange.market(COIN_SWAP)
        assert (market["precision"]["price"], market["precision"]["amount"]) == (0.1, 1)
        assert (market["linear"], market["contractSize"], market["limits"]["leverage"]["max"]) == (True, 0.0001, 200)
        assert (coin["inverse"], coin["contractSize"]) == (True, 100)
        assert abs(await exchange.fetch_time() / exchange.milliseconds() - 1) < 1e-6
        for swap in (SWAP, COIN_SWAP):
            ticker, book = await exchange.fetch_ticker(swap), await exchange.fetch_order_book(swap)
            assert book["bids"][0][0] < book["asks"][0][0]
            assert abs(ticker["last"] / book["bids"][0][0] - 1) < 0.01
            assert ticker["low"] <= ticker["last"] <= ticker["high"]
            funding = await exchange.fetch_funding_rate(swap)
            assert abs(funding["fundingRate"]) <= 0.003
            assert (funding["interval"], funding["fundingTimestamp"] % 28_800_000) == ("8h", 0)
            history = await exchange.fetch_funding_rate_history(swap, limit=3)
            assert [row["timestamp"] for row in history] == sorted(row["timestamp"] for row in history)
            for price in ({}, {"price": "mark"}, {"price": "index"}):
                candles = await exchange.fetch_ohlcv(swap, "1h", limit=5, params=price)
                assert {after[0] - before[0] for before, after in itertools.pairwise(candles)} == {3_600_000}
                assert abs(candles[-1][4] / ticker["last"] - 1) < 0.01
            tiers = (await exchange.fetch_leverage_tiers([swap]))[swap]
            assert (tiers[0]["maintenanceMarginRate"], tiers[0]["maxLeverage"]) == (0.004, 200)


@SWAPS
async def test_contracts_are_followed(simulator: SimulatorProcess, swap: str, amount: float, settle: str) -> None:
    async with client(simulator, "mexc") as exchange:
        index = float((await exchange.fetch_ticker(swap))["info"]["indexPrice"])
        ticker = await soon(exchange.watch_ticker(swap))
        assert ticker["bid"] < ticker["ask"]
        assert abs(float(ticker["info"]["fairPrice"]) / index - 1) < 0.01
        followed = await soon(exchange.watch_tickers([swap]))
        assert abs(followed[swap]["last"] / index - 1) < 0.01
        for _ in range(10):
            book = await soon(exchange.watch_order_book(swap))
            assert book["bids"][0][0] < book["asks"][0][0]
            assert len(book["bids"]) >= 20
        trades = await soon(exchange.watch_trades(swap))
        assert trades[0]["side"] in ("buy", "sell")
        candle = (await soon(exchange.watch_ohlcv(swap, "1m")))[-1]
        assert candle[3] <= candle[4] <= candle[2]


@pytest.mark.verifies("mexc", "linear", "funding rate", client="ccxt.pro")
@pytest.mark.verifies("mexc", "inverse", "funding rate", client="ccxt.pro")
async def test_funding_rates_are_followed(simulator: SimulatorProcess) -> None:
    async with client(simulator, "mexc") as exchange:
        for swap in (SWAP, COIN_SWAP):
            told = (await exchange.fetch_funding_rate(swap))["fundingTimestamp"]
            async with asyncio.timeout(PATIENCE):
                rate = await exchange.watch_funding_rate(swap)
            assert rate["fundingTimestamp"] == told


@pytest.mark.verifies("mexc", "spot", "instruments", "24 h ticker", "best bid and ask", "candles", client="ccxt.pro")
@pytest.mark.verifies("mexc", "spot", "balances", "private stream", "server time", "key permissions", client="ccxt.pro")
@pytest.mark.verifies("mexc", "linear", "key permissions", client="ccxt.pro")
@pytest.mark.verifies("mexc", "inverse", "key permissions", client="ccxt.pro")
async def test_spot(simulator: SimulatorProcess) -> None:
    async with client(simulator, "mexc") as exchange:
        assert exchange.market(SPOT)["precision"]["price"] == 0.01
        key_info = await exchange.spotPrivateGetApiKeyInfo({"accessKey": exchange.apiKey})
        assert {"CONTRACT_DEAL_WRITE", "SPOT_DEAL_WRITE"} < set(key_info["permissions"].split(","))
        assert "WITHDRAW" not in key_info["permissions"]
        index = float((await exchange.fetch_ticker(SWAP))["info"]["indexPrice"])
        day = await exchange.fetch_ticker(SPOT)
        assert abs(day["last"] / index - 1) < 0.01
        assert day["low"] <= day["last"] <= day["high"]
        book = await exchange.fetch_order_book(SPOT)
        assert book["bids"][0][0] < book["asks"][0][0]
        candles = await exchange.fetch_ohlcv(SPOT, "1h", limit=3)
        assert {after[0] - before[0] for before, after in itertools.pairwise(candles)} == {3_600_000}
        followed = await soon(exchange.watch_ticker(SPOT))
        assert followed["bid"] < followed["ask"]
        balance = await exchange.fetch_balance({"type": "spot"})
        assert (balance["BTC"]["total"], balance["USDT"]["total"]) == (2, 50_000)
        watch = asyncio.ensure_future(exchange.watch_balance({"type": "spot"}))
        await subscribed(simulator, "mexc", 1)
        key = simulator.api_key("mexc").key
        simulator.control("transfer", venue="mexc", key=key, asset="USDT", amount="125.5", wallet="spot")
        told = await soon(watch)
        assert told["USDT"]["free"] == 50_125.5
        simulator.control("transfer", venue="mexc", key=key, asset="USDT", amount="-125.5", wallet="spot")


@pytest.mark.verifies("mexc", "linear", *ACCOUNT, *TRADED, *RECORDS, "margin mode", client="ccxt.pro")
@pytest.mark.verifies("mexc", "inverse", *ACCOUNT, *TRADED, *RECORDS, "margin mode", client="ccxt.pro")
@SWAPS
async def test_orders_and_positions(simulator: SimulatorProcess, swap: str, amount: float, settle: str) -> None:
    async with client(simulator, "mexc") as exchange:
        assert (await exchange.fetch_position_mode(swap))["hedged"]
        before = (await exchange.fetch_balance())[settle]["total"]
        await rest_and_cancel(exchange, simulator, swap, amount, f"rest-{settle}")
        await exchange.set_leverage(5, swap, {"openType": 2, "positionType": 2})
        assert (await exchange.fetch_leverage(swap))["shortLeverage"] == 5
        watches = [
            asyncio.ensure_future(exchange.watch_my_trades(swap)),
            asyncio.ensure_future(exchange.watch_balance()),
        ]
        await subscribed(simulator, "mexc", 6)
        await exchange.create_order(swap, "market", "sell", amount)
        (trade, *_), _ = await soon(asyncio.gather(*watches))
        assert (trade["info"]["side"], trade["amount"], trade["takerOrMaker"]) == (3, amount, "taker")
        assert trade["fee"]["cost"] == pytest.approx(trade["cost"] * 0.0008, abs=1e-8)
        (held,) = await exchange.fetch_positions([swap])
        assert (held["side"], held["contracts"], held["entryPrice"]) == ("short", amount, trade["price"])
        assert (held["leverage"], held["marginMode"]) == (5, "cross")
        await settled(exchange, simulator, swap)
        await exchange.create_order(swap, "market", "buy", amount, None, {"reduceOnly": True})
        async for rows in repeated(lambda: exchange.fetch_positions([swap])):
            if not rows:
                break
        assert (await exchange.fetch_balance())[settle]["total"] != before
        fills = await exchange.fetch_my_trades(swap)
        assert sorted(row["info"]["side"] for row in fills) == [2, 3]
        told = (await exchange.contractPrivateGetOrderFeeDetails({"symbol": exchange.market(swap)["id"]}))["data"]
        assert {str(row["id"]): float(row["fee"]) for row in told} == {row["id"]: row["fee"]["cost"] for row in fills}


async def rest_and_cancel(exchange: Any, simulator: SimulatorProcess, swap: str, amount: float, name: str) -> None:
    """A post-only order is placed, seen on the stream, found by number, cancelled and found cancelled."""
    price = exchange.price_to_precision(swap, (await exchange.fetch_ticker(swap))["last"] * 1.03)
    orders = asyncio.ensure_future(exchange.watch_orders(swap))
    await subscribed(simulator, "mexc", 6)
    parameters = {"clientOrderId": name, "postOnly": True}
    placed = await exchange.create_order(swap, "limit", "sell", amount, float(price), parameters)
    (seen,) = await soon(orders)
    assert (seen["id"], seen["info"]["externalOid"], seen["status"]) == (placed["id"], name, "open")
    (found,) = await exchange.fetch_open_orders(swap)
    assert (found["id"], found["price"], found["amount"]) == (placed["id"], float(price), amount)
    await exchange.cancel_order(placed["id"], swap)
    async for order in repeated(lambda: exchange.fetch_order(placed["id"], swap)):
        if order["status"] == "canceled":
            break
    assert await exchange.fetch_open_orders(swap) == []


async def settled(exchange: Any, simulator: SimulatorProcess, swap: str) -> None:
    """Funding that is charged is found in the account's records, + for what a short receives at a positive rate."""
    market = exchange.market(swap)
    category = "inverse" if market["inverse"] else "linear"
    simulator.control("fund", venue="mexc", category=category, symbol=market["id"])
    async for rows in repeated(lambda: exchange.fetch_funding_history(swap)):
        if rows:
            assert rows[-1]["info"]["positionType"] == 2
            assert (rows[-1]["amount"] >= 0) == (float(rows[-1]["info"]["rate"]) >= 0)
            return
