"""What every venue must let ccxt.pro do; the tests of each venue call these."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from feeds.sim.process import SimulatorProcess
from tests.interop.clients import SWAP
from tests.support.patience import PATIENCE

_Result = TypeVar("_Result")


async def soon(answer: Awaitable[_Result]) -> _Result:
    """The answer, if it comes in time."""
    async with asyncio.timeout(PATIENCE):
        return await answer


async def check_market_data(exchange: Any, symbol: str = SWAP) -> None:
    """Ticker, order book, candles over REST agree with one another; funding too, where the contract has it."""
    ticker = await exchange.fetch_ticker(symbol)
    book = await exchange.fetch_order_book(symbol)
    bid, ask = book["bids"][0][0], book["asks"][0][0]
    assert bid < ask
    assert abs(ticker["last"] / bid - 1) < 0.01
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    if exchange.market(symbol)["swap"]:
        await _check_funding(exchange, symbol, bid)
    candles = await exchange.fetch_ohlcv(symbol, "1h", limit=5)
    assert [after[0] - before[0] for before, after in itertools.pairwise(candles)] == [3_600_000] * 4
    assert abs(candles[-1][4] / bid - 1) < 0.01


async def _check_funding(exchange: Any, symbol: str, price: float) -> None:
    funding = await exchange.fetch_funding_rate(symbol)
    assert abs(funding["markPrice"] / price - 1) < 0.01
    assert abs(funding["indexPrice"] / price - 1) < 0.01
    assert abs(funding["fundingRate"]) <= 0.00375
    assert funding["fundingTimestamp"] % 28_800_000 == 0
    history = await exchange.fetch_funding_rate_history(symbol, limit=3)
    assert [row["timestamp"] for row in history] == sorted(row["timestamp"] for row in history)


async def check_book_and_trades(exchange: Any, symbol: str = SWAP) -> None:
    """A followed book stays sorted and uncrossed over many differences; trades come."""
    for _ in range(10):
        book = await soon(exchange.watch_order_book(symbol))
        assert book["bids"][0][0] < book["asks"][0][0]
        assert len(book["bids"]) >= 20
    best = (await soon(exchange.watch_bids_asks([symbol])))[symbol]
    assert best["bid"] < best["ask"]
    trades = await soon(exchange.watch_trades(symbol))
    assert trades[0]["side"] in ("buy", "sell")


async def check_resting_order(
    exchange: Any,
    simulator: SimulatorProcess,
    venue: str,
    symbol: str = SWAP,
    amount: float = 0.01,
    name: str = "rest-1",
) -> None:
    """A limit order is placed, seen on the stream, found open, cancelled and found cancelled."""
    price = exchange.price_to_precision(symbol, (await exchange.fetch_ticker(symbol))["last"] * 1.03)
    orders = asyncio.ensure_future(exchange.watch_orders(symbol))
    await subscribed(simulator, venue, 1)
    placed = await exchange.create_order(symbol, "limit", "sell", amount, float(price), {"clientOrderId": name})
    (seen,) = await soon(orders)
    assert (seen["id"], seen["clientOrderId"], seen["status"]) == (placed["id"], name, "open")
    (found,) = await exchange.fetch_open_orders(symbol)
    assert (found["id"], found["price"], found["amount"]) == (placed["id"], float(price), amount)
    await exchange.cancel_order(placed["id"], symbol)
    while seen["status"] != "canceled":
        (seen,) = (await soon(exchange.watch_orders(symbol)))[-1:]
    assert await exchange.fetch_open_orders(symbol) == []


async def check_market_order(
    exchange: Any,
    simulator: SimulatorProcess,
    venue: str,
    topics: int,
    symbol: str = SWAP,
    amount: float = 0.5,
    *,
    spread: float = 0.005,
    liquidated: bool | None = None,
) -> None:
    """A position is opened by market order and seen on every private stream and over REST; then it is closed.

    ``spread`` is how far from mark it may trade, as a fraction. ``liquidated`` is whether there is a price at which so
    small a position is liquidated in so rich an account: usually for all but inverse ones.
    """
    market = exchange.market(symbol)
    asset = market["settle"]
    await exchange.set_leverage(5, symbol)
    before = await _total(exchange, asset)
    watches = [
        asyncio.ensure_future(_position(exchange, symbol, "short")),
        asyncio.ensure_future(exchange.watch_my_trades(symbol)),
        asyncio.ensure_future(_balance_other_than(exchange, asset, before)),
    ]
    await subscribed(simulator, venue, topics)
    await exchange.create_order(symbol, "market", "sell", amount)
    position, (trade, *_), balance = await soon(asyncio.gather(*watches))
    assert (position["side"], position["contracts"]) == ("short", amount)
    assert (trade["side"], trade["amount"], trade["takerOrMaker"]) == ("sell", amount, "taker")
    assert trade["fee"]["cost"] > 0
    # ccxt's balance of a Bybit stream is equity: the fee, and what the spread cost at mark
    size = amount * market["contractSize"]
    value = size / trade["price"] if market["inverse"] else size * trade["price"]
    assert abs(before - trade["fee"]["cost"] - balance) < value * spread
    (held,) = await exchange.fetch_positions([symbol])
    assert (held["side"], held["contracts"], held["entryPrice"]) == ("short", amount, trade["price"])
    if not market["inverse"] if liquidated is None else liquidated:
        assert held["liquidationPrice"] > held["markPrice"]
    else:
        assert held["liquidationPrice"] is None
    await exchange.create_order(symbol, "market", "buy", amount, None, {"reduceOnly": True})
    async for rows in repeated(lambda: exchange.fetch_positions([symbol])):
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


async def _position(exchange: Any, symbol: str, side: str) -> Any:
    while True:
        for position in await exchange.watch_positions([symbol]):
            if position["side"] == side and position["contracts"]:
                return position


async def _total(exchange: Any, asset: str) -> float:
    """What the account has of an asset; nothing of one that it has never held."""
    balance = await exchange.fetch_balance()
    return float(balance.get(asset, {}).get("total") or 0)


async def _balance_other_than(exchange: Any, asset: str, before: float) -> float:
    while True:
        balance = (await exchange.watch_balance()).get(asset, {}).get("total")
        if balance not in (before, None):
            return float(balance)
