"""ccxt.pro's Binance, written by others for the venue itself, uses the simulator as it uses the venue.

What ccxt does not offer: a liquidation price of a short in coins that is fully hedged, which there is none of; a ledger
of spot; the last settled rate apart from the history of rates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from feeds.sim.process import SimulatorProcess
from tests.interop.checks import (
    check_book_and_trades,
    check_market_data,
    check_market_order,
    check_resting_order,
    soon,
    subscribed,
)
from tests.interop.clients import SPOT, SWAP, client

COIN_SWAP = "BTC/USD:BTC"
CONTRACTS = pytest.mark.parametrize(
    ("product", "dated", "amount"),
    [("usdm", False, 0.5), ("usdm", True, 0.5), ("coinm", False, 50.0), ("coinm", True, 50.0)],
    ids=["USDⓈ-M perpetual", "USDⓈ-M quarterly", "COIN-M perpetual", "COIN-M quarterly"],
)
Mark = Callable[[Any], Any]


def verifies(markets: str, *capabilities: str) -> Mark:
    """What a test shows, of each of these markets."""

    def mark(test: Any) -> Any:
        for market in markets.split():
            test = pytest.mark.verifies("binance", market, *capabilities, client="ccxt.pro")(test)
        return test

    return mark


def symbol_of(exchange: Any, product: str, dated: bool) -> str:
    """ccxt's name of the BTC contract."""
    perpetual = SWAP if product == "usdm" else COIN_SWAP
    if not dated:
        return perpetual
    return next(str(name) for name in sorted(exchange.markets) if name.startswith(f"{perpetual}-"))


@verifies("usdm coinm", "instruments", "maintenance tiers")
@verifies("usdm", "funding interval")
async def test_markets_funding_and_tiers(simulator: SimulatorProcess) -> None:
    async with client(simulator, "binance") as exchange:
        assert {SPOT, SWAP, "SOL/USDT:USDT"} <= exchange.markets.keys()
        market = exchange.market(SWAP)
        assert (market["precision"]["price"], market["precision"]["amount"]) == (0.1, 0.001)
        assert (market["linear"], market["contractSize"], market["limits"]["cost"]["min"]) == (True, 1.0, 100)
        intervals = await exchange.fetch_funding_intervals()
        assert {name: row["interval"] for name, row in intervals.items()} == {
            "SOL/USDT:USDT": "4h",
            "DOGE/USDT:USDT": "1h",
        }
        tiers = (await exchange.fetch_leverage_tiers([SWAP]))[SWAP]
        assert (tiers[0]["maintenanceMarginRate"], tiers[0]["maxLeverage"]) == (0.004, 125)
        assert {COIN_SWAP, symbol_of(exchange, "coinm", True)} <= exchange.markets.keys()
    async with client(simulator, "binance", product="coinm") as exchange:
        market = exchange.market(COIN_SWAP)
        assert (market["inverse"], market["contractSize"], market["settle"]) == (True, 100, "BTC")
        tiers = (await exchange.fetch_leverage_tiers([COIN_SWAP]))[COIN_SWAP]
        assert (tiers[0]["maxNotional"], tiers[0]["maintenanceMarginRate"], tiers[0]["maxLeverage"]) == (5, 0.004, 125)


@verifies("usdm coinm", "mark price", "index price", "funding rate", "24 h ticker", "candles")
@verifies("usdm coinm", "last settled funding rate")
@CONTRACTS
async def test_market_data(simulator: SimulatorProcess, product: str, dated: bool, amount: float) -> None:
    async with client(simulator, "binance", product=product) as exchange:
        await check_market_data(exchange, symbol_of(exchange, product, dated))


@verifies("usdm coinm", "mark price", "index price", "best bid and ask")
@CONTRACTS
async def test_tickers_mark_prices_and_books_are_followed(
    simulator: SimulatorProcess, product: str, dated: bool, amount: float
) -> None:
    async with client(simulator, "binance", product=product) as exchange:
        symbol = symbol_of(exchange, product, dated)
        mark = await soon(exchange.watch_mark_price(symbol))
        assert abs(mark["markPrice"] / mark["indexPrice"] - 1) < 0.02
        ticker = await soon(exchange.watch_ticker(symbol))
        assert abs(ticker["last"] / mark["markPrice"] - 1) < 0.01
        await check_book_and_trades(exchange, symbol)


@verifies("spot", "instruments", "24 h ticker", "candles", "best bid and ask")
async def test_spot_market_data(simulator: SimulatorProcess) -> None:
    async with client(simulator, "binance", product="spot") as exchange:
        assert exchange.market(SPOT)["precision"]["amount"] == 0.00001
        await check_market_data(exchange, SPOT)
        await check_book_and_trades(exchange, SPOT)


@verifies("usdm coinm", "balances", "positions", "open orders", "private stream", "place an order", "cancel an order")
@verifies("usdm coinm", "client order id")
@CONTRACTS
async def test_balance_and_a_limit_order(simulator: SimulatorProcess, product: str, dated: bool, amount: float) -> None:
    async with client(simulator, "binance", product=product) as exchange:
        symbol = symbol_of(exchange, product, dated)
        settle = exchange.market(symbol)["settle"]
        assert (await exchange.fetch_balance())[settle]["total"] == pytest.approx(
            100_000 if product == "usdm" else 2, 0.01
        )
        assert await exchange.fetch_positions([symbol]) == []
        await check_resting_order(exchange, simulator, "binance", symbol, amount)


@verifies("usdm coinm", "positions", "fills", "balances", "leverage", "private stream", "reduce-only", "fee records")
@CONTRACTS
async def test_a_position_is_opened_seen_and_closed(
    simulator: SimulatorProcess, product: str, dated: bool, amount: float
) -> None:
    async with client(simulator, "binance", product=product) as exchange:
        symbol = symbol_of(exchange, product, dated)
        await check_market_order(exchange, simulator, "binance", 1, symbol, amount)
        rows = await exchange.fetch_ledger(exchange.market(symbol)["settle"])
        assert {row["type"].lower() for row in rows} & {"commission", "fee"}
        fills = await exchange.fetch_my_trades(symbol)
        assert {(fill["side"], fill["amount"]) for fill in fills} == {("sell", amount), ("buy", amount)}


@verifies("usdm coinm", "post-only", "query an order")
@CONTRACTS
async def test_a_post_only_order_is_found_or_refused(
    simulator: SimulatorProcess, product: str, dated: bool, amount: float
) -> None:
    async with client(simulator, "binance", product=product) as exchange:
        symbol = symbol_of(exchange, product, dated)
        last = (await exchange.fetch_ticker(symbol))["last"]
        near, through = (float(exchange.price_to_precision(symbol, last * share)) for share in (1.02, 0.98))
        placed = await exchange.create_order(symbol, "limit", "sell", amount, near, {"postOnly": True})
        found = await exchange.fetch_order(placed["id"], symbol)
        assert (found["status"], found["postOnly"], found["price"]) == ("open", True, near)
        await exchange.cancel_order(placed["id"], symbol)
        assert (await exchange.fetch_order(placed["id"], symbol))["status"] == "canceled"
        with pytest.raises(Exception, match="-5022"):
            await exchange.create_order(symbol, "limit", "sell", amount, through, {"postOnly": True})


@verifies("usdm coinm", "position mode", "margin mode", "leverage", "funding records")
@pytest.mark.parametrize(("product", "symbol", "amount"), [("usdm", SWAP, 0.1), ("coinm", COIN_SWAP, 10)])
async def test_modes_and_funding(simulator: SimulatorProcess, product: str, symbol: str, amount: float) -> None:
    async with client(simulator, "binance", product=product) as exchange:
        await exchange.set_position_mode(True, symbol)
        assert (await exchange.fetch_position_mode(symbol))["hedged"] is True
        await exchange.set_position_mode(False, symbol)
        await exchange.set_margin_mode("isolated", symbol)
        await exchange.create_order(symbol, "market", "sell", amount)
        (held,) = await exchange.fetch_positions([symbol])
        assert (held["marginMode"], held["hedged"]) == ("isolated", False)
        simulator.control("fund", venue="binance", category=product, symbol=exchange.market(symbol)["id"])
        (payment,) = await exchange.fetch_funding_history(symbol)
        assert payment["code"] == exchange.market(symbol)["settle"]
        await exchange.create_order(symbol, "market", "buy", amount, None, {"reduceOnly": True})
        await exchange.set_margin_mode("cross", symbol)


@verifies("spot", "balances", "private stream")
async def test_a_spot_account(simulator: SimulatorProcess) -> None:
    async with client(simulator, "binance", product="spot") as exchange:
        balance = await exchange.fetch_balance()
        assert (balance["BTC"]["total"], balance["USDT"]["total"]) == (2, 50_000)
        watches = [asyncio.ensure_future(watch) for watch in (exchange.watch_balance(), exchange.watch_my_trades(SPOT))]
        await subscribed(simulator, "binance", 1)
        bought = await exchange.create_order(SPOT, "market", "buy", 0.5)
        balance, (trade, *_) = await soon(asyncio.gather(*watches))
        assert (trade["order"], trade["amount"], trade["fee"]["currency"]) == (bought["id"], 0.5, "BTC")
        assert balance["BTC"]["total"] == pytest.approx(2.5 - trade["fee"]["cost"])
        with pytest.raises(Exception, match="insufficient balance"):
            await exchange.create_order(SPOT, "market", "sell", 50)
    async with client(simulator, "binance", product="spot") as exchange:
        await check_resting_order(exchange, simulator, "binance", SPOT, 0.01)
