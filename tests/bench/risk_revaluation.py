"""Processor milliseconds for one exact revaluation of a large book, with the liquidation of every account.

``python -m tests.bench.risk_revaluation [--repeats N]`` prints a table; it asserts nothing. Five accounts hold 60
positions each on 20 coins, with all 20 coins as collateral in haircut steps.

``revaluation`` works everything that new prices change out anew, in exact decimals (:func:`revaluation`):

* of each position its delta in coins, its notional in quote, its unrealised profit in settle and in quote, its initial
  and its maintenance margin, and the price at which its contract alone liquidates the account;
* of each account what its coins count for after haircuts, its equity, its requirement, the ratio of the two, its
  initial margin and what is available, and for each coin where that coin alone liquidates the account, upwards and
  downwards;
* of the bag what each coin is worth, and all of them.

``snapshot`` is what the engine cuts of such a book: the same with every figure's age, estimates and gaps, bag, funding,
ratios, profit by cause, likelihoods and alerts; once after every price has changed, once after one mark has, and once
after nothing has but the time.
The curve takes fewer positions of the same accounts. Below each time is what it is for one position, in microseconds.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import NamedTuple

import msgspec

from core.books import Account, Book, Collateral, Hedge, Lot, MarginMode
from core.engine import Engine
from core.events import InstrumentListed, Ticker, TiersLoaded
from core.exact import ONE, ZERO, exactly
from core.hedged_book import BookPool
from core.instruments import ContractKind, Instrument, instrument_id
from core.liquidation_results import Liquidation
from core.pnl import delta, notional
from core.pool import LegValue, PoolValue, value_leg, value_pool
from core.pool_liquidation import Reach, coin_path, printed_price
from core.snapshot import Mode
from tests.bench.risk_scenarios import COINS, CURVE, make_book, tier_table
from tests.support.builders import START

D = Decimal
SECOND = 1_000_000_000
NAMES = [f"C{index}" for index in range(COINS)]


class PositionFigures(NamedTuple):
    """One position at new prices: ``delta`` in coins, ``notional`` and ``profit_quote`` in quote, others in settle."""

    delta: Decimal
    notional: Decimal
    profit: Decimal
    profit_quote: Decimal
    initial: Decimal
    maintenance: Decimal
    liquidation: Liquidation


class AccountFigures(NamedTuple):
    """One account at new prices, in its currency; ``ratio`` = requirement ÷ equity, ``None`` without equity."""

    collateral: Decimal
    equity: Decimal
    requirement: Decimal
    ratio: Decimal | None
    initial: Decimal
    available: Decimal
    positions: list[PositionFigures]
    coins: list[Reach]


class BookFigures(NamedTuple):
    """A whole book at new prices: the worth of each coin of the bag and of them all, and its accounts."""

    bag: list[Decimal]
    bag_value: Decimal
    accounts: list[AccountFigures]


def revaluation(positions: int) -> Callable[[], BookFigures]:
    """One pass over a book of so many positions, linear and coin-margined, with nothing kept from the pass before."""
    book = make_book(positions)
    prices = {item.asset: item.price for item in book.spot}

    def account(pool: BookPool) -> AccountFigures:
        legs = [value_leg(held.leg, held.mark_price, held.settle_price) for held in pool.legs]
        value = value_pool(pool.collateral, legs)
        initial = value.initial_margin
        return AccountFigures(
            collateral=value.collateral,
            equity=value.equity,
            requirement=value.requirement,
            ratio=value.requirement / value.equity if value.equity > 0 else None,
            initial=initial,
            available=value.equity - initial,
            positions=[position(value, leg) for leg in legs],
            coins=[coin_path(value, name, prices[name]) for name in NAMES],
        )

    def position(pool: PoolValue, value: LegValue) -> PositionFigures:
        leg, mark = value.leg, value.mark_price
        kind, size = leg.contract.kind, leg.contract.contract_size
        return PositionFigures(
            delta=delta(kind, leg.quantity, size, mark),
            notional=notional(kind, leg.quantity, size, mark),
            profit=value.profit,
            profit_quote=value.profit if leg.direct else value.profit * mark,
            initial=value.initial_margin,
            maintenance=value.requirement,
            liquidation=printed_price(pool, leg.contract.name),
        )

    @exactly  # once around it all, as the engine values a book
    def once() -> BookFigures:
        bag = [item.quantity * item.price for item in book.spot]
        return BookFigures(bag, sum(bag, ZERO), [account(pool) for pool in book.pools])

    return once


class Desk:
    """An engine that holds so many hedges: what it is told before a snapshot, and the snapshot."""

    def __init__(self, positions: int) -> None:
        self.engine, self._tickers = desk(positions)
        self._turn = 0
        for ticker in self._tickers:
            self.engine.apply(ticker)

    def tell(self, count: int | None) -> None:
        """Move the prices of the first so many instruments (``None``: of all), by less than is looked at at once."""
        self._turn += 1
        factor, now_ns = ONE + D("0.0004") * (self._turn % 2), START + 2 * SECOND + self._turn
        for ticker in self._tickers[:count]:
            names = ("mark_price", "index_price", "bid_price", "ask_price")
            prices = {name: price * factor for name in names if (price := getattr(ticker, name)) is not None}
            self.engine.apply(msgspec.structs.replace(ticker, received_ns=now_ns, **prices))

    def cut(self) -> None:
        """One snapshot."""
        self.engine.snapshot(START + 2 * SECOND + self._turn)


def desk(positions: int) -> tuple[Engine, list[Ticker]]:
    """An engine with five cross accounts of so many shorts in all, on 20 coins, and the tickers that price them."""
    each = positions // 5
    accounts, hedges, events, tickers = [], [], [], []
    prices = {name: D(10 * (index + 1)) for index, name in enumerate(NAMES)}
    for number in range(5):
        account = f"account{number}"
        accounts.append(
            Account(
                name=account,
                venue="bybit",
                settle="USDT",
                wallet_balance=D(2_000_000),
                margin_mode=MarginMode.CROSS,
                multi_asset=True,
                collateral=tuple(
                    Collateral(asset=name, quantity=D(100), ratio=D("0.9"), price=pair(name)) for name in NAMES
                ),
            )
        )
        for index in range(each):
            coin = NAMES[index % COINS]
            name = instrument_id("bybit", "linear", f"{coin}X{number}N{index}USDT")
            events += describe(name, coin)
            hedges.append(
                Hedge(
                    asset=coin,
                    instrument=name,
                    account=account,
                    target_ratio=D("0.01"),
                    quantity=-D(50 + index),
                    entry_price=prices[coin] * D("0.97"),
                )
            )
            tickers.append(
                Ticker(
                    received_ns=START + SECOND,
                    instrument=name,
                    channel=f"tickers.{name}",
                    mark_price=prices[coin],
                    index_price=prices[coin],
                    bid_price=prices[coin],
                    ask_price=prices[coin],
                    funding_rate=D("0.0001"),
                    next_funding_time_ns=START + 3600 * SECOND,
                    funding_interval_hours=8,
                )
            )
    for name in NAMES:
        tickers.append(
            Ticker(
                received_ns=START + SECOND,
                instrument=pair(name),
                channel=f"tickers.{name}",
                bid_price=prices[name],
                ask_price=prices[name],
            )
        )
    lots = tuple(Lot(asset=name, quantity=D(100_000), cost=D(5), price=pair(name)) for name in NAMES)
    book = Book(name="large", lots=lots, hedges=tuple(hedges), accounts=tuple(accounts))
    engine = Engine([book], mode=Mode.PAPER, source="bench")
    for event in events:
        engine.apply(event)
    return engine, tickers


def pair(coin: str) -> str:
    """The spot pair of a coin."""
    return instrument_id("bybit", "spot", f"{coin}USDT")


def describe(name: str, coin: str) -> list[InstrumentListed | TiersLoaded]:
    """A contract and its tiers."""
    instrument = Instrument(
        id=name,
        venue="bybit",
        market="linear",
        symbol=name.rpartition(":")[2],
        kind=ContractKind.LINEAR,
        base=coin,
        quote="USDT",
        settle="USDT",
        contract_size=D(1),
        tick_size=D("0.01"),
        quantity_step=D("0.001"),
        minimum_quantity=D("0.001"),
        funding_interval_hours=8,
    )
    table = msgspec.structs.replace(tier_table(ContractKind.LINEAR, D(50_000)), instrument=name, as_of_ns=START)
    return [
        InstrumentListed(instrument=instrument, received_ns=START),
        TiersLoaded(table=table, received_ns=START),
    ]


def milliseconds(once: Callable[[], object], repeats: int, before: Callable[[], None] = lambda: None) -> float:
    """The median processor time of one pass; what comes ``before`` each is not counted."""
    before()
    once()
    spent = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(repeats):
            before()
            begun = time.process_time()
            once()
            spent.append(time.process_time() - begun)
    finally:
        gc.enable()
    return statistics.median(spent) * 1000


def measured(positions: int, repeats: int) -> tuple[float, ...]:
    """Milliseconds of the revaluation, and of a snapshot after everything, one price and nothing has changed."""
    large = Desk(positions)
    told = (partial(large.tell, count) for count in (None, 1, 0))
    return milliseconds(revaluation(positions), repeats), *(milliseconds(large.cut, repeats, tell) for tell in told)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.risk_revaluation", description=__doc__)
    options.add_argument("--repeats", type=int, default=15)
    repeats = options.parse_args().repeats
    print(
        f"processor milliseconds, median of {repeats}\n{'positions':>9} {'revaluation':>12} {'snapshot: all':>14}",
        end="",
    )
    print(f"{'one price':>11}{'time only':>11}")
    for positions in CURVE:
        found = measured(positions, repeats)
        print(f"{positions:>9} {found[0]:>12.2f} {found[1]:>14.2f}{found[2]:>11.2f}{found[3]:>11.2f}")
        each = [spent * 1000 / positions for spent in found]
        print(f"{'us each':>9} {each[0]:>12.1f} {each[1]:>14.1f}{each[2]:>11.1f}{each[3]:>11.1f}")


if __name__ == "__main__":
    main()
