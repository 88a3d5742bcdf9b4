"""ccxt.pro's BingX, written by others for the venue itself, uses the simulator as it uses the venue.

What it cannot do for reasons of its own: follow mark prices (it has no such channel and polls the premium index),
follow orders, trades, balances and positions of coin-margined contracts (it refuses), tell totals of a balance that
was pushed (it takes the wallet for what is free), follow the balance on a socket that it follows positions on already
(it waits for a snapshot that it does not ask for), read the margin mode of coin-margined contracts (it expects an
object where the venue's documentation has a list; the raw call is used), read funding payments of coin-margined
contracts, and the highest leverage of a contract or a tier (it does not read it).
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import ccxt
import pytest

from feeds.sim.process import SimulatorProcess
from tests.interop.checks import repeated, soon, subscribed
from tests.interop.clients import SPOT, SWAP, client

INVERSE = "BTC/USD:BTC"
EIGHT_HOURS_MS = 28_800_000


def verifies(market: str, *capabilities: str) -> pytest.MarkDecorator:
    return pytest.mark.verifies("bingx", market, *capabilities, client="ccxt.pro")


@verifies("linear", "instruments", "server time")
@verifies("inverse", "instruments")
@verifies("spot", "instruments")
async def test_markets(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bingx") as exchange:
        assert {SPOT, SWAP, "SOL/USDT:USDT", INVERSE, "ETH/USD:ETH"} <= exchange.markets.keys()
        linear, inverse, spot = (exchange.market(name) for name in (SWAP, INVERSE, SPOT))
        assert (linear["linear"], linear["contractSize"], linear["active"]) == (True, 1.0, True)
        assert (exchange.price_to_precision(SWAP, 60000.123), exchange.amount_to_precision(SWAP, 0.12345)) == (
            *("60000.1", "0.1234"),
        )
        assert (inverse["inverse"], inverse["contractSize"], inverse["settle"]) == (True, 100.0, "BTC")
        assert (spot["spot"], spot["precision"]["price"], spot["active"]) == (True, 0.01, True)
        assert abs(await exchange.fetch_time() - exchange.milliseconds()) < 2000


@verifies("linear", "mark price", "index price", "funding rate", "best bid and ask", "24 h ticker", "candles")
@verifies("inverse", "mark price", "index price", "funding rate", "best bid and ask", "24 h ticker", "candles")
@verifies("spot", "best bid and ask", "24 h ticker", "candles")
async def test_market_data_agree_with_one_another(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bingx") as exchange:
        for symbol in (SWAP, INVERSE, SPOT):
            ticker = await exchange.fetch_ticker(symbol)
            book = await exchange.fetch_order_book(symbol)
            bid, ask = book["bids"][0][0], book["asks"][0][0]
            assert bid < ask
            assert abs(ticker["last"] / bid - 1) < 0.01
            assert ticker["low"] <= ticker["last"] <= ticker["high"]
            assert ticker["bid"] < ticker["ask"]
            candles = await exchange.fetch_ohlcv(symbol, "1h", limit=5)
            assert [after[0] - before[0] for before, after in itertools.pairwise(candles)] == [3_600_000] * 4
            assert abs(candles[-1][4] / bid - 1) < 0.01
            if symbol == SPOT:
                continue
            funding = await exchange.fetch_funding_rate(symbol)
            assert abs(funding["markPrice"] / bid - 1) < 0.01
            assert abs(funding["indexPrice"] / bid - 1) < 0.01
            assert abs(funding["fundingRate"]) <= 0.003
            assert funding["nextFundingTimestamp"] % EIGHT_HOURS_MS == 0


@verifies("linear", "last settled funding rate", "funding interval", "maintenance tiers", "candles")
async def test_funding_and_tiers_of_usdt_margined_contracts(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bingx") as exchange:
        rates = await exchange.fetch_funding_rates()
        assert {rates[name]["interval"] for name in (SWAP, "SOL/USDT:USDT", "DOGE/USDT:USDT")} == {"8h", "4h", "1h"}
        history = await exchange.fetch_funding_rate_history(SWAP, limit=3)
        times = [row["timestamp"] for row in history]
        assert times == sorted(times)
        assert all(time % EIGHT_HOURS_MS == 0 for time in times)
        tiers = await exchange.fetch_market_leverage_tiers(SWAP)
        assert tiers[0]["maintenanceMarginRate"] == 0.0038
        assert [tier["minNotional"] for tier in tiers[1:]] == [tier["maxNotional"] for tier in tiers[:-1]]
        marks = await exchange.fetch_ohlcv(SWAP, "1h", limit=3, params={"price": "mark"})
        assert [after[0] - before[0] for before, after in itertools.pairwise(marks)] == [3_600_000] * 2


@verifies("linear", "best bid and ask", "24 h ticker")
@verifies("inverse", "best bid and ask", "24 h ticker")
@verifies("spot", "best bid and ask", "24 h ticker")
@pytest.mark.parametrize("symbol", [SWAP, INVERSE, SPOT])
async def test_tickers_books_trades_and_candles_are_followed(simulator: SimulatorProcess, symbol: str) -> None:
    async with client(simulator, "bingx") as exchange:
        ticker = await soon(exchange.watch_ticker(symbol))
        assert ticker["bid"] < ticker["ask"]
        assert ticker["low"] <= ticker["last"] <= ticker["high"]
        for _ in range(3):
            book = await soon(exchange.watch_order_book(symbol))
            assert book["bids"][0][0] < book["asks"][0][0]
            assert len(book["bids"]) >= 20
        trades = await soon(exchange.watch_trades(symbol))
        assert trades[0]["side"] in ("buy", "sell")
        candles = await soon(exchange.watch_ohlcv(symbol, "1m"))
        assert abs(candles[-1][4] / ticker["last"] - 1) < 0.01


@verifies("linear", "balances", "positions", "position mode", "margin mode", "leverage", "key permissions")
@verifies("inverse", "balances", "positions", "margin mode", "leverage")
@verifies("spot", "balances", "key permissions")
async def test_accounts_are_read_and_set(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bingx") as exchange:
        assert (await exchange.fetch_balance())["USDT"]["total"] == 100_000
        assert (await exchange.fetch_balance({"subType": "inverse"}))["BTC"]["total"] == 2
        assert (await exchange.fetch_balance({"type": "spot"}))["BTC"]["total"] == 1.5
        assert await exchange.fetch_positions([SWAP]) == []
        assert await exchange.fetch_positions([INVERSE]) == []
        assert (await exchange.fetch_position_mode(SWAP))["hedged"] is False
        assert (await exchange.fetch_margin_mode("ETH/USDT:USDT"))["marginMode"] == "cross"
        for symbol in ("ETH/USDT:USDT", "ETH/USD:ETH"):
            await exchange.set_margin_mode("isolated", symbol)
            await exchange.set_leverage(7, symbol, {"side": "BOTH"})
            told = await exchange.fetch_leverage(symbol)
            assert (told["longLeverage"], told["shortLeverage"]) == (7, 7)
        assert (await exchange.fetch_margin_mode("ETH/USDT:USDT"))["marginMode"] == "isolated"
        inverse = await exchange.cswapV1PrivateGetTradeMarginType({"symbol": "ETH-USD"})
        assert inverse["data"] == [{"symbol": "ETH-USD", "marginType": "ISOLATED"}]
        with pytest.raises(ccxt.ExchangeError, match="101414"):
            await exchange.set_leverage(999, SWAP, {"side": "BOTH"})
        told = await exchange.accountV1PrivateGetAccountApiPermissions()
        assert told["permissions"] == [1, 2, 3]


@verifies(
    "linear", "place an order", "cancel an order", "query an order", "open orders", "client order id", "post-only"
)
@verifies("linear", "private stream")
async def test_a_resting_order_is_placed_seen_found_and_cancelled(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bingx") as exchange:
        price = float(exchange.price_to_precision(SWAP, (await exchange.fetch_ticker(SWAP))["last"] * 1.03))
        orders = asyncio.ensure_future(exchange.watch_orders(SWAP))
        await subscribed(simulator, "bingx", 1)
        parameters = {"clientOrderId": "Rest-1", "timeInForce": "PO"}
        placed = await exchange.create_order(SWAP, "limit", "sell", 0.01, price, parameters)
        (seen,) = await soon(orders)
        assert (seen["id"], seen["clientOrderId"], seen["status"]) == (placed["id"], "rest-1", "open")
        (found,) = await exchange.fetch_open_orders(SWAP)
        assert (found["id"], found["price"], found["amount"]) == (placed["id"], price, 0.01)
        assert (await exchange.fetch_order(placed["id"], SWAP))["status"] == "open"
        with pytest.raises(ccxt.ExchangeError, match="109201"):
            await exchange.create_order(SWAP, "limit", "sell", 0.01, price, {"clientOrderId": "rest-1"})
        await exchange.cancel_order(placed["id"], SWAP)
        while seen["status"] != "canceled":
            (seen,) = (await soon(exchange.watch_orders(SWAP)))[-1:]
        assert await exchange.fetch_open_orders(SWAP) == []
        with pytest.raises(ccxt.OrderNotFound):
            await exchange.cancel_order(placed["id"], SWAP)
        low = float(exchange.price_to_precision(SWAP, price * 0.96))
        with pytest.raises(ccxt.ExchangeError, match="101215"):
            await exchange.create_order(SWAP, "limit", "sell", 0.01, low, {"postOnly": True})


@verifies("linear", "positions", "fills", "balances", "private stream", "reduce-only", "fee records", "funding records")
async def test_a_position_is_opened_seen_and_closed(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bingx") as exchange:
        await exchange.set_leverage(5, SWAP, {"side": "BOTH"})
        before = (await exchange.fetch_balance())["USDT"]["total"]
        balances = asyncio.ensure_future(
            exchange.watch_balance()
        )  # first: later it would wait for its snapshot for ever
        await subscribed(simulator, "bingx", 1)
        watches = [asyncio.ensure_future(_position(exchange)), asyncio.ensure_future(exchange.watch_my_trades(SWAP))]
        await exchange.create_order(SWAP, "market", "sell", 0.5)
        position, (trade, *_), balance = await soon(asyncio.gather(*watches, balances))
        assert (position["side"], position["contracts"]) == ("short", 0.5)
        assert (trade["side"], trade["amount"]) == ("sell", 0.5)
        assert trade["fee"]["cost"] == pytest.approx(0.5 * trade["price"] * 0.0005, rel=1e-4)
        assert balance["USDT"]["free"] == pytest.approx(before - trade["fee"]["cost"], abs=1e-6)
        (held,) = await exchange.fetch_positions([SWAP])
        assert (held["side"], held["contracts"], held["entryPrice"]) == ("short", 0.5, trade["price"])
        assert held["liquidationPrice"] > held["markPrice"]
        simulator.control("fund", venue="bingx", category="linear", symbol="BTC-USDT")
        async for paid in repeated(lambda: exchange.fetch_funding_history(SWAP)):
            if paid:
                assert paid[-1]["code"] == "USDT"
                break
        await exchange.create_order(SWAP, "market", "buy", 0.5, None, {"reduceOnly": True})
        async for rows in repeated(lambda: exchange.fetch_positions([SWAP])):
            if not any(row["contracts"] for row in rows):
                break
        fills = await exchange.fetch_my_trades(SWAP)
        assert sum(fill["fee"]["cost"] for fill in fills) > 0
        with pytest.raises(ccxt.ExchangeError, match="101290"):
            await exchange.create_order(SWAP, "market", "buy", 0.5, None, {"reduceOnly": True})


@verifies("inverse", "place an order", "cancel an order", "query an order", "open orders", "positions", "fills")
@verifies("inverse", "client order id", "balances")
async def test_coin_margined_orders_and_positions_count_in_contracts(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bingx") as exchange:
        price = round((await exchange.fetch_ticker(INVERSE))["last"] * 1.03, 1)
        placed = await exchange.create_order(INVERSE, "limit", "sell", 3, price, {"clientOrderId": "coin-1"})
        (found,) = await exchange.fetch_open_orders(INVERSE)
        assert (found["id"], found["price"], found["amount"]) == (placed["id"], price, 3)
        assert found["clientOrderId"] == "coin-1"
        assert (await exchange.fetch_order(placed["id"], INVERSE))["status"] == "open"
        await exchange.cancel_order(placed["id"], INVERSE)
        async for rows in repeated(lambda: exchange.fetch_open_orders(INVERSE)):
            if not rows:
                break
        taken = await exchange.create_order(INVERSE, "market", "sell", 10)
        async for rows in repeated(lambda: exchange.fetch_positions([INVERSE])):
            if rows:
                break
        (held,) = await exchange.fetch_positions([INVERSE])
        assert (held["side"], held["contracts"]) == ("short", 10)
        fills = await exchange.fetch_my_trades(INVERSE, params={"orderId": taken["id"]})
        assert fills[0]["side"] == "sell"
        assert fills[0]["fee"]["currency"] == "BTC"
        assert fills[0]["fee"]["cost"] == pytest.approx(10 * 100 / fills[0]["price"] * 0.0005, abs=1e-8)
        assert (await exchange.fetch_balance({"subType": "inverse"}))["BTC"]["total"] < 2
        await exchange.create_order(INVERSE, "market", "buy", 10)


@verifies("spot", "balances", "private stream")
async def test_what_is_held_in_spot_is_followed(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bingx") as exchange:
        exchange.options["defaultType"] = "spot"
        watched = asyncio.ensure_future(exchange.watch_balance({"type": "spot"}))
        await subscribed(simulator, "bingx", 1)
        key = simulator.api_key("bingx")
        simulator.control("transfer", venue="bingx", key=key.key, asset="BTC", amount="0.5", wallet="spot")
        assert (await soon(watched))["BTC"]["free"] == 2.0


@verifies("linear", "rate-limit budget")
async def test_too_many_requests_are_told_as_such(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bingx") as exchange:
        simulator.control("limit_rate", venue="bingx", status=429)
        try:
            with pytest.raises((ccxt.RateLimitExceeded, ccxt.OperationFailed)):
                await exchange.fetch_ticker(SWAP)
        finally:
            simulator.control("clear", venue="bingx")


async def _position(exchange: Any) -> Any:
    while True:
        for position in await exchange.watch_positions([SWAP]):
            if position["contracts"]:
                return position
