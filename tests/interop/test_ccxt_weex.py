"""ccxt.pro's WEEX, written by others for the venue itself, uses the simulator as it uses the venue.

What it cannot do, for reasons of its own: it has no ``watchMarkPrice`` (the ticker carries the mark price); it watches
best bids and asks of spot pairs only; it has no leverage tiers (the venue tells them since September 2026); it takes
separated positions for hedge mode, and so reads no position mode; its fills of the stream have no price; it calls the
settled funding rate the present one, and the estimate the next; its client has no name for the sockets of coin-margined
contracts, which the venue does not have; and spot orders of the simulator are none of this product's business.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from feeds.sim.process import SimulatorProcess
from tests.interop.checks import check_resting_order, repeated, soon, subscribed
from tests.interop.clients import SPOT, SWAP, client


@pytest.mark.verifies("weex", "linear", "instruments", "candles", "funding rate", client="ccxt.pro")
@pytest.mark.verifies("weex", "linear", "last settled funding rate", "server time", client="ccxt.pro")
async def test_markets_and_market_data(simulator: SimulatorProcess) -> None:
    async with client(simulator, "weex") as exchange:
        assert {SPOT, SWAP, "SOL/USDT:USDT"} <= exchange.markets.keys()
        market = exchange.market(SWAP)
        assert (market["precision"]["price"], market["precision"]["amount"]) == (0.1, 0.0001)
        assert (market["linear"], market["limits"]["leverage"]["max"]) == (True, 200)
        assert market["contractSize"] == 0.0001, "the step of sizes, which ccxt takes for a multiplier"
        book = await exchange.fetch_order_book(SWAP)
        bid, ask = book["bids"][0][0], book["asks"][0][0]
        assert bid < ask
        ticker = await exchange.fetch_ticker(SWAP)
        assert ticker["low"] <= ticker["last"] <= ticker["high"]
        mark = await exchange.fetch_mark_price(SWAP)
        funding = await exchange.fetch_funding_rate(SWAP)
        for price in (ticker["last"], mark["markPrice"], funding["markPrice"], funding["indexPrice"]):
            assert abs(price / bid - 1) < 0.01
        history = await exchange.fetch_funding_rate_history(SWAP, limit=3)
        assert [row["timestamp"] % 28_800_000 for row in history] == [0, 0, 0]
        assert funding["fundingRate"] == history[-1]["fundingRate"]
        assert abs(funding["nextFundingRate"]) <= 0.00375
        info = funding["info"]
        assert (info["nextFundingTime"] - history[-1]["timestamp"], info["collectCycle"]) == (28_800_000, 480)
        candles = await exchange.fetch_ohlcv(SWAP, "1h", limit=5)
        assert [after[0] - before[0] for before, after in itertools.pairwise(candles)] == [3_600_000] * 4
        assert abs(await exchange.fetch_time() - exchange.milliseconds()) < 5_000


@pytest.mark.verifies("weex", "spot", "instruments", "candles", "24 h ticker", client="ccxt.pro")
async def test_spot_market_data(simulator: SimulatorProcess) -> None:
    async with client(simulator, "weex") as exchange:
        ticker, book = await exchange.fetch_ticker(SPOT), await exchange.fetch_order_book(SPOT)
        assert abs(ticker["last"] / book["bids"][0][0] - 1) < 0.01
        precision = exchange.market(SPOT)["precision"]
        assert (precision["amount"], precision["price"]) == (1e-05, 0.01)
        candles = await exchange.fetch_ohlcv(SPOT, "1d", limit=5)
        assert len(candles) == 5
        watched = await soon(exchange.watch_ticker(SPOT))
        best = (await soon(exchange.watch_bids_asks([SPOT])))[SPOT]
        assert best["bid"] < best["ask"]
        assert abs(watched["last"] / best["bid"] - 1) < 0.01


@pytest.mark.verifies("weex", "linear", "mark price", "index price", "24 h ticker", client="ccxt.pro")
@pytest.mark.verifies("weex", "linear", "best bid and ask", client="ccxt.pro")
@pytest.mark.verifies("weex", "spot", "best bid and ask", client="ccxt.pro")
async def test_tickers_and_books_are_followed(simulator: SimulatorProcess) -> None:
    async with client(simulator, "weex") as exchange:
        ticker = await soon(exchange.watch_ticker(SWAP))
        for _ in range(3):
            ticker = await soon(exchange.watch_ticker(SWAP))
            assert abs(ticker["markPrice"] / ticker["indexPrice"] - 1) < 0.01
            assert ticker["low"] <= ticker["last"] <= ticker["high"]
        assert abs(ticker["percentage"] / 100 - ticker["change"] / ticker["open"]) < 1e-5
        both = await soon(exchange.watch_tickers([SWAP, "ETH/USDT:USDT"]))
        assert both.keys() <= {SWAP, "ETH/USDT:USDT"}
        for symbol in (SWAP, SPOT):
            for _ in range(6):
                book = await soon(exchange.watch_order_book(symbol))
                assert book["bids"][0][0] < book["asks"][0][0]
                assert len(book["bids"]) >= 20
            trades = await soon(exchange.watch_trades(symbol))
            assert trades[0]["side"] in ("buy", "sell")
        candles = await soon(exchange.watch_ohlcv(SWAP, "1m"))
        assert abs(candles[-1][4] / ticker["last"] - 1) < 0.01
        await soon(exchange.un_watch_ticker(SWAP))


@pytest.mark.verifies("weex", "linear", "balances", "margin mode", "leverage", client="ccxt.pro")
@pytest.mark.verifies("weex", "linear", "open orders", "place an order", "cancel an order", client="ccxt.pro")
@pytest.mark.verifies("weex", "linear", "query an order", "client order id", "private stream", client="ccxt.pro")
@pytest.mark.verifies("weex", "linear", "post-only", client="ccxt.pro")
@pytest.mark.verifies("weex", "spot", "balances", client="ccxt.pro")
async def test_balance_settings_and_a_limit_order(simulator: SimulatorProcess) -> None:
    async with client(simulator, "weex") as exchange:
        assert (await exchange.fetch_balance())["USDT"]["total"] == 100_000
        spot = await exchange.fetch_balance({"type": "spot"})
        assert (spot["BTC"]["total"], spot["USDT"]["total"]) == (2, 50_000)
        assert await exchange.fetch_positions([SWAP]) == []
        assert (await exchange.fetch_margin_mode(SWAP))["marginMode"] == "cross"
        fee = await exchange.fetch_trading_fee(SWAP)
        assert (fee["maker"], fee["taker"]) == (0.0002, 0.0008)
        await exchange.set_leverage(7, "ETH/USDT:USDT", {"marginMode": "isolated"})
        await exchange.set_margin_mode("isolated", "ETH/USDT:USDT")
        leverage = await exchange.fetch_leverage("ETH/USDT:USDT")
        assert (leverage["marginMode"], leverage["longLeverage"], leverage["shortLeverage"]) == ("isolated", 7, 7)
        await check_resting_order(exchange, simulator, "weex")
        placed = await exchange.create_order(SWAP, "limit", "buy", 0.01, 58_500.0, {"clientOrderId": "rest-2"})
        asked = await exchange.fetch_order(placed["id"], SWAP)
        assert (asked["clientOrderId"], asked["status"], asked["amount"]) == ("rest-2", "open", 0.01)
        await exchange.cancel_order(None, SWAP, {"clientOrderId": "rest-2"})
        assert (await exchange.fetch_canceled_orders(SWAP))[-1]["clientOrderId"] == "rest-2"
        for name, price, state in (("maker-1", 58_500.0, "open"), ("maker-2", 61_500.0, "canceled")):
            parameters = {"clientOrderId": name, "timeInForce": "POST_ONLY"}
            placed = await exchange.create_order(SWAP, "limit", "buy", 0.01, price, parameters)
            asked = await exchange.fetch_order(placed["id"], SWAP)
            assert (asked["status"], asked["info"]["timeInForce"], asked["filled"]) == (state, "POST_ONLY", 0)
        assert await exchange.fetch_positions([SWAP]) == []


@pytest.mark.verifies("weex", "linear", "positions", "fills", "reduce-only", "fee records", client="ccxt.pro")
async def test_a_position_is_opened_seen_and_closed(simulator: SimulatorProcess) -> None:
    async with client(simulator, "weex") as exchange:
        await exchange.set_leverage(5, SWAP)
        before = (await exchange.fetch_balance())["USDT"]["total"]
        watches = [
            asyncio.ensure_future(watch)
            for watch in (_short_seen(exchange), _trade_seen(exchange), _wallet_seen(exchange, before))
        ]
        await subscribed(simulator, "weex", 3)
        await exchange.create_order(SWAP, "market", "sell", 0.5)
        position, trade, wallet = await soon(asyncio.gather(*watches))
        assert (position["contracts"], position["leverage"]) == (0.5, 5)
        assert (trade["side"], trade["amount"], trade["takerOrMaker"]) == ("sell", 0.5, "taker")
        assert before - wallet == pytest.approx(trade["fee"]["cost"])
        assert trade["fee"]["cost"] == pytest.approx(trade["cost"] * 0.0008)
        (held,) = await exchange.fetch_positions([SWAP])
        assert (held["side"], held["contracts"], held["marginMode"]) == ("short", 0.5, "cross")
        assert held["entryPrice"] == pytest.approx(trade["cost"] / 0.5)
        assert held["liquidationPrice"] > held["entryPrice"]
        (fill,) = await exchange.fetch_my_trades(SWAP)
        assert (fill["id"], fill["amount"], fill["fee"]["cost"]) == (trade["id"], 0.5, trade["fee"]["cost"])
        await exchange.create_order(SWAP, "market", "buy", 0.5, None, {"reduceOnly": True})
        async for rows in repeated(lambda: exchange.fetch_positions([SWAP])):
            if not any(row["contracts"] for row in rows):
                break
        assert {row["type"] for row in await exchange.fetch_ledger("USDT")} == {"trade"}


@pytest.mark.verifies("weex", "linear", "funding records", client="ccxt.pro")
async def test_funding_is_paid_and_told(simulator: SimulatorProcess) -> None:
    async with client(simulator, "weex") as exchange:
        await exchange.create_order(SWAP, "market", "sell", 0.1)
        simulator.control("fund", venue="weex", category="linear", symbol="BTCUSDT")
        async for paid in repeated(lambda: exchange.fetch_funding_history(SWAP)):
            if paid:
                break
        (settled, *_) = (await exchange.fetch_funding_rate_history(SWAP))[::-1]
        assert paid[-1]["amount"] == pytest.approx(0.1 * 60_000 * settled["fundingRate"], rel=0.05)
        await exchange.close_position(SWAP)


async def _short_seen(exchange: Any) -> Any:
    while True:
        for position in await exchange.watch_positions([SWAP]):
            if position["side"] == "short" and position["contracts"]:
                return position


async def _trade_seen(exchange: Any) -> Any:
    return (await exchange.watch_my_trades(SWAP))[0]


async def _wallet_seen(exchange: Any, before: float) -> Any:
    while (wallet := (await exchange.watch_balance())["USDT"]["total"]) == before:
        pass
    return wallet
