"""ccxt.pro's Bybit, written by others for the venue itself, uses the simulator as it uses the venue."""

from __future__ import annotations

from feeds.sim.process import SimulatorProcess
from tests.interop.checks import check_book_and_trades, check_market_data, check_market_order, check_resting_order, soon
from tests.interop.clients import SPOT, SWAP, client


async def test_markets_and_market_data(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        assert {SPOT, SWAP, "SOL/USDT:USDT", "BTC/USD:BTC"} <= exchange.markets.keys()
        market = exchange.market(SWAP)
        assert (market["precision"]["price"], market["precision"]["amount"]) == (0.1, 0.001)
        assert (market["linear"], market["contractSize"], market["limits"]["leverage"]["max"]) == (True, 1.0, 100)
        assert exchange.market("BTC/USD:BTC")["inverse"]
        await check_market_data(exchange)
        tiers = (await exchange.fetch_leverage_tiers([SWAP]))[SWAP]
        assert (tiers[0]["maintenanceMarginRate"], tiers[0]["maxLeverage"]) == (0.005, 100)
        assert [tier["minNotional"] for tier in tiers[1:]] == [tier["maxNotional"] for tier in tiers[:-1]]


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
        inverse = await soon(exchange.watch_ticker("BTC/USD:BTC"))
        assert abs(inverse["markPrice"] / ticker["indexPrice"] - 1) < 0.01
        await check_book_and_trades(exchange)


async def test_balance_and_a_limit_order(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        balance = await exchange.fetch_balance()
        assert {coin: balance[coin]["total"] for coin in ("USDT", "BTC", "ETH")} == {"USDT": 1e5, "BTC": 2, "ETH": 20}
        assert [row["contracts"] for row in await exchange.fetch_positions([SWAP])] == [0]
        await check_resting_order(exchange, simulator, "bybit")


async def test_a_position_is_opened_seen_and_closed(simulator: SimulatorProcess) -> None:
    async with client(simulator, "bybit") as exchange:
        await check_market_order(exchange, simulator, "bybit", topics=3)
        assert [row["type"] for row in await exchange.fetch_ledger("USDT", limit=2)] == ["trade", "trade"]
