"""ccxt.pro's Binance, written by others for the venue itself, uses the simulator as it uses the venue."""

from __future__ import annotations

from feeds.sim.process import SimulatorProcess
from tests.interop.checks import check_book_and_trades, check_market_data, check_market_order, check_resting_order, soon
from tests.interop.clients import SPOT, SWAP, client


async def test_markets_and_market_data(simulator: SimulatorProcess) -> None:
    async with client(simulator, "binance") as exchange:
        assert {SPOT, SWAP, "SOL/USDT:USDT"} <= exchange.markets.keys()
        market = exchange.market(SWAP)
        assert (market["precision"]["price"], market["precision"]["amount"]) == (0.1, 0.001)
        assert (market["linear"], market["contractSize"], market["limits"]["cost"]["min"]) == (True, 1.0, 100)
        await check_market_data(exchange)
        intervals = await exchange.fetch_funding_intervals()
        assert {name: row["interval"] for name, row in intervals.items()} == {
            "SOL/USDT:USDT": "4h",
            "DOGE/USDT:USDT": "1h",
        }
        tiers = (await exchange.fetch_leverage_tiers([SWAP]))[SWAP]
        assert (tiers[0]["maintenanceMarginRate"], tiers[0]["maxLeverage"]) == (0.004, 125)


async def test_tickers_mark_prices_and_books_are_followed(simulator: SimulatorProcess) -> None:
    async with client(simulator, "binance") as exchange:
        mark = await soon(exchange.watch_mark_price(SWAP))
        assert abs(mark["markPrice"] / mark["indexPrice"] - 1) < 0.01
        marks = await soon(exchange.watch_mark_prices([SWAP, "ETH/USDT:USDT"]))
        assert marks.keys() <= {SWAP, "ETH/USDT:USDT"}
        ticker = await soon(exchange.watch_ticker(SWAP))
        assert abs(ticker["last"] / mark["markPrice"] - 1) < 0.01
        await check_book_and_trades(exchange)


async def test_balance_and_a_limit_order(simulator: SimulatorProcess) -> None:
    async with client(simulator, "binance") as exchange:
        assert (await exchange.fetch_balance())["USDT"]["total"] == 100_000
        spot = await exchange.fetch_balance({"type": "spot"})
        assert (spot["BTC"]["total"], spot["USDT"]["total"]) == (2, 50_000)
        assert await exchange.fetch_positions([SWAP]) == []
        await check_resting_order(exchange, simulator, "binance")


async def test_a_position_is_opened_seen_and_closed(simulator: SimulatorProcess) -> None:
    async with client(simulator, "binance") as exchange:
        await check_market_order(exchange, simulator, "binance", topics=1)
        rows = await exchange.fetch_ledger("USDT")
        assert rows[0]["type"] in ("commission", "COMMISSION", "fee")
