"""What every venue must let ccxt.pro do; the tests of each venue call these."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from feeds.sim.process import SimulatorProcess
from tests.interop.clients import SWAP

PATIENCE = 10.0

_Result = TypeVar("_Result")


async def soon(answer: Awaitable[_Result]) -> _Result:
    """The answer, if it comes in time."""
    async with asyncio.timeout(PATIENCE):
        return await answer


async def check_market_data(exchange: Any) -> None:
    """Ticker, order book, funding, candles over REST agree with one another."""
    ticker = await exchange.fetch_ticker(SWAP)
    book = await exchange.fetch_order_book(SWAP)
    bid, ask = book["bids"][0][0], book["asks"][0][0]
    assert bid < ask
    assert abs(ticker["last"] / bid - 1) < 0.01
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    funding = await exchange.fetch_funding_rate(SWAP)
    assert abs(funding["markPrice"] / bid - 1) < 0.01
    assert abs(funding["indexPrice"] / bid - 1) < 0.01
    assert abs(funding["fundingRate"]) <= 0.00375
    assert funding["fundingTimestamp"] % 28_800_000 == 0
    history = await exchange.fetch_funding_rate_history(SWAP, limit=3)
    assert [row["timestamp"] for row in history] == sorted(row["timestamp"] for row in history)
    candles = await exchange.fetch_ohlcv(SWAP, "1h", limit=5)
    assert [after[0] - before[0] for before, after in itertools.pairwise(candles)] == [3_600_000] * 4
    assert abs(candles[-1][4] / bid - 1) < 0.01


async def check_book_and_trades(exchange: Any) -> None:
    """A followed book stays sorted and uncrossed over many differences; trades come."""
    for _ in range(10):
        book = await soon(exchange.watch_order_book(SWAP))
        assert book["bids"][0][0] < book["asks"][0][0]
        assert len(book["bids"]) >= 20
    best = (await soon(exchange.watch_bids_asks([SWAP])))[SWAP]
    assert best["bid"] < best["ask"]
    trades = await soon(exchange.watch_trades(SWAP))
    assert trades[0]["side"] in ("buy", "sell")


async def check_resting_order(exchange: Any, simulator: SimulatorProcess, venue: str) -> None:
    """A limit order is placed, seen on the stream, found open, cancelled and found cancelled."""
    price = exchange.price_to_precision(SWAP, (await exchange.fetch_ticker(SWAP))["last"] * 1.03)
    orders = asyncio.ensure_future(exchange.watch_orders(SWAP))
    await subscribed(simulator, venue, 1)
    placed = await exchange.create_order(SWAP, "limit", "sell", 0.01, float(price), {"clientOrderId": "rest-1"})
    (seen,) = await soon(orders)
    assert (seen["id"], seen["clientOrderId"], seen["status"]) == (placed["id"], "rest-1", "open")
    (found,) = await exchange.fetch_open_orders(SWAP)
    assert (found["id"], found["price"], found["amount"]) == (placed["id"], float(price), 0.01)
    await exchange.cancel_order(placed["id"], SWAP)
    while seen["status"] != "canceled":
        (seen,) = (await soon(exchange.watch_orders(SWAP)))[-1:]
    assert await exchange.fetch_open_orders(SWAP) == []


async def check_market_order(exchange: Any, simulator: SimulatorProcess, venue: str, topics: int) -> None:
    """A position is opened by market order and seen on every private stream and over REST; then it is closed."""
    await exchange.set_leverage(5, SWAP)
    before = (await exchange.fetch_balance())["USDT"]["total"]
    watches = [
        asyncio.ensure_future(_position(exchange, "short")),
        asyncio.ensure_future(exchange.watch_my_trades(SWAP)),
        asyncio.ensure_future(_balance_other_than(exchange, before)),
    ]
    await subscribed(simulator, venue, topics)
    await exchange.create_order(SWAP, "market", "sell", 0.5)
    position, (trade, *_), balance = await soon(asyncio.gather(*watches))
    assert (position["side"], position["contracts"]) == ("short", 0.5)
    assert (trade["side"], trade["amount"], trade["takerOrMaker"]) == ("sell", 0.5, "taker")
    assert trade["fee"]["cost"] > 0
    # ccxt's balance of a Bybit stream is equity: the fee, and what the spread cost at mark
    assert abs(before - trade["fee"]["cost"] - balance) < 0.5 * trade["price"] * 0.005
    (held,) = await exchange.fetch_positions([SWAP])
    assert (held["side"], held["contracts"], held["entryPrice"]) == ("short", 0.5, trade["price"])
    assert held["liquidationPrice"] > held["markPrice"]
    await exchange.create_order(SWAP, "market", "buy", 0.5, None, {"reduceOnly": True})
    async for rows in repeated(lambda: exchange.fetch_positions([SWAP])):
        if not any(row["contracts"] for row in rows):
            break


async def subscribed(simulator: SimulatorProcess, venue: str, count: int) -> None:
    """Wait until the venue serves so many private topics: an order placed before would be told to nobody."""

    async def private_topics() -> list[str]:
        return [topic for topic in simulator.topics(venue) if topic.startswith("private|")]

    async for topics in repeated(private_topics):
        if len(topics) >= count:
            return


async def repeated(ask: Callable[[], Awaitable[_Result]]) -> AsyncIterator[_Result]:
    """Ask again and again, for something that no event tells; fails when it takes too long."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        yield await ask()
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about in time")


async def _position(exchange: Any, side: str) -> Any:
    while True:
        for position in await exchange.watch_positions([SWAP]):
            if position["side"] == side and position["contracts"]:
                return position


async def _balance_other_than(exchange: Any, before: float) -> float:
    while True:
        balance: float = (await exchange.watch_balance())["USDT"]["total"]
        if balance != before:
            return balance
