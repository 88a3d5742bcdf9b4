"""The real monitor on a real engine whose markets move and whose loop writes down every pause: for measurements.

    python -m tests.bench.scenario_desk [--accounts 4] [--positions 3] [--hertz 20] --pauses FILE

One account is the demo's book; more are cross accounts of linear shorts, each backed by dollars and by coins. FILE gets
a line for every pause of the engine's loop longer than a hundredth of a second: when it ended, and how long it was.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Coroutine, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.books import Account, Book, Collateral, Hedge, Lot, MarginMode
from core.engine import Engine
from core.events import AnyEvent, Candle, CandlePrice, CandlesLoaded
from core.history import DAY_NS
from core.snapshot import Mode
from feeds.engine_thread import EngineThread
from feeds.paper import PaperBroker
from tests.support.builders import START, listed, perpetual, running, spot, tiers
from tui.start import DisplayOptions, skeleton

COINS = {"BTC": 60_000, "ETH": 3_000, "SOL": 150, "LTC": 80}
BEAT, NOTED = 0.002, 0.01
"""Seconds between two beats of the loop's pulse, and the lateness from which on a beat is written down."""


class Desk(EngineThread):
    """An engine with prices that move ``hertz`` times a second, and a pulse that notes when its loop was held up."""

    def __init__(self, book: Book, engine: Engine, coins: tuple[str, ...], hertz: float, pauses: Path) -> None:
        super().__init__(engine, PaperBroker(book.accounts), 2.0)
        self._book, self._coins, self._hertz, self._pauses = book, coins, hertz, pauses
        self._began, self._random = time.monotonic(), random.Random(7)

    def _now_ns(self) -> int:
        return START + round((time.monotonic() - self._began) * 1e9)

    def _work(self) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._move()
        yield self._pulse()

    async def _move(self) -> None:
        contracts = {item.instrument: item.asset for item in self._book.hedges}
        while True:
            for coin in self._coins:
                price = Decimal(COINS[coin]) * (1 + Decimal(self._random.randint(-200, 200)) / 1_000_000)
                seconds = (self._now_ns() - START) / 1e9
                for name, asset in contracts.items():
                    if asset == coin:
                        self._emit(perpetual(seconds, price, name))
                        await asyncio.sleep(0)
                self._emit(spot(seconds, price, pair(coin)))
            await asyncio.sleep(1 / self._hertz)

    async def _pulse(self) -> None:
        """Write down how late each beat was."""
        with self._pauses.open("a", buffering=1) as file:
            while True:
                due = time.monotonic() + BEAT
                await asyncio.sleep(BEAT)
                late = time.monotonic() - due
                if late >= NOTED:
                    file.write(f"{due + late:.4f} {1000 * late:.1f}\n")


def pair(coin: str) -> str:
    """The spot pair of a coin."""
    return f"bybit:spot:{coin}USDT"


def several(accounts: int, positions: int) -> Book:
    """Cross accounts of so many shorts each, backed by dollars and by every coin."""
    names = tuple(COINS)
    hedges, made = [], []
    for number in range(accounts):
        name = f"desk {number + 1}"
        coins = tuple(
            Collateral(asset=coin, quantity=Decimal(20_000) / price, ratio=Decimal("0.9"), price=pair(coin))
            for coin, price in COINS.items()
        )
        made.append(
            Account(
                name=name,
                venue="bybit",
                settle="USDT",
                wallet_balance=Decimal(60_000 + 10_000 * number) * max(1, positions // 3),
                margin_mode=MarginMode.CROSS,
                multi_asset=True,
                collateral=coins,
            )
        )
        for index in range(positions):
            coin = names[index % len(names)]
            hedges.append(
                Hedge(
                    asset=coin,
                    instrument=f"bybit:linear:{coin}X{number}N{index}USDT",
                    account=name,
                    target_ratio=Decimal("0.15"),
                    quantity=-Decimal(60_000) / COINS[coin],
                    entry_price=Decimal(COINS[coin]),
                )
            )
    lots = tuple(
        Lot(asset=coin, quantity=Decimal(400_000) / price, cost=Decimal(price), price=pair(coin))
        for coin, price in COINS.items()
    )
    return Book(name="desk", lots=lots, hedges=tuple(hedges), accounts=tuple(made))


def told(book: Book) -> Iterator[AnyEvent]:
    """Descriptions, tiers, sixty days of every contract's past, each coin with a swing of its own, and first prices."""
    first = START // DAY_NS * DAY_NS - 60 * DAY_NS
    for hedge in book.hedges:
        yield tiers(hedge.instrument, first_cap="20000")
    traded = {hedge.instrument: hedge.asset for hedge in book.hedges} | {pair(coin): coin for coin in COINS}
    for name, coin in traded.items():
        yield listed(name)
        swing = Decimal("0.01") * (1 + list(COINS).index(coin))
        closes = [COINS[coin] * (1 + swing * (day % 3)) for day in range(60)]
        candles = tuple(
            Candle(start_ns=first + day * DAY_NS, open=close, high=close, low=close, close=close)
            for day, close in enumerate(closes)
        )
        price = CandlePrice.SPOT if ":spot:" in name else CandlePrice.MARK
        yield CandlesLoaded(received_ns=START, instrument=name, interval_ns=DAY_NS, price=price, candles=candles)
    for name, coin in traded.items():
        yield spot(0, COINS[coin], name) if ":spot:" in name else perpetual(0, COINS[coin], name)


def desk(accounts: int, positions: int, hertz: float, pauses: Path) -> Desk:
    """The engine's thread, not started yet."""
    if accounts == 1:
        from core.demo_book import seed_book

        book = seed_book()
        return Desk(book, running(60_000), ("BTC",), hertz, pauses)
    book = several(accounts, positions)
    engine = Engine([book], mode=Mode.DEMO, source="measured")
    for event in told(book):
        engine.apply(event)
    return Desk(book, engine, tuple(COINS), hertz, pauses)


def main() -> int:
    """Run the monitor; its exit code is the process's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=1)
    parser.add_argument("--positions", type=int, default=3, help="of each account, where there are several")
    parser.add_argument("--hertz", type=float, default=10.0)
    parser.add_argument("--pauses", type=Path, required=True)
    options = parser.parse_args()
    skeleton.show("DEMO")
    from tui.app import run_monitor

    running_desk = desk(options.accounts, options.positions, options.hertz, options.pauses)
    running_desk.start()
    try:
        return run_monitor(running_desk, DisplayOptions(refresh_hz=2.0))
    finally:
        running_desk.stop()


if __name__ == "__main__":
    raise SystemExit(main())
