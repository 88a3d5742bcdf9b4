"""The scenario grid agrees with leading the simulated exchange to every row of it, step by step.

The exchange shows prices on ticks and steps by half a percent; the grid knows neither. Figures are therefore compared
to what a tick of every coin is worth to the book, and a pool that the grid sees liquidated within a hair of where a
row ends is left out. So is a cross pot once an isolated position beside it is gone: what the clearance fee leaves of a
large isolated margin goes to the pot on the exchange, and is taken for lost in a scenario.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import pytest

from core.books import MarginMode
from core.hedged_book import HedgedBook
from core.pnl import notional
from core.scenario import Outcome, PoolOutcome, Scenario, run
from core.scenario_grid import Axis, Grid, grid
from feeds.sim.accounts import Account
from feeds.sim.catalogue import coarsest_tick
from tests.feeds.sim.predictions import CROSS_POT
from tests.feeds.sim.random_books import BINANCE_HEDGE_MODE, BYBIT_ALL, BYBIT_ISOLATED, Kind, random_book, random_prices
from tests.feeds.sim.scenario_books import hedged_book
from tests.support.sim_accounts import AccountBook, Reading, SimulatedVenue

ACCOUNTS = 40
ROWS = tuple(map(Decimal, ("0.3", "0.5", "0.7", "0.85", "0.95", "1", "1.05", "1.2", "1.5", "2", "3")))
STEP = Decimal("1.005")
BETAS = {"BTC": Decimal(1), "ETH": Decimal("1.2"), "SOL": Decimal("1.5"), "DOGE": Decimal("0.8")}
ONE_COIN = {"BTC": Decimal(1)}


class Case(NamedTuple):
    """An account and the coins beside it, before anything moves."""

    book: AccountBook
    spot: Mapping[str, Decimal]
    hedged: HedgedBook


@pytest.mark.slow
@pytest.mark.parametrize("betas", [BETAS, ONE_COIN], ids=["beta path", "one coin"])
@pytest.mark.parametrize("kind", [BINANCE_HEDGE_MODE, BYBIT_ISOLATED, BYBIT_ALL], ids=lambda kind: kind.name)
def test_the_grid_is_where_the_steps_lead(kind: Kind, betas: Mapping[str, Decimal]) -> None:
    draw = random.Random(f"scenario steps {kind.name} {len(betas)}")
    venue = SimulatedVenue(kind.venue, random_prices(draw))
    cases = [random_case(draw, venue, kind, betas) for _ in range(ACCOUNTS)]
    seen = read_rows(venue, [case.book for case in cases], betas)
    deaths = survivals = 0
    for number, case in enumerate(cases):
        table = grid(case.hedged, Scenario(), ROWS, Axis.BASIS, (Decimal(0),))
        error = worth_of_ticks(venue, case)
        for index, row in enumerate(ROWS):
            outcome, reading = run(case.hedged, Scenario(path=(row,))), seen[row][number]
            assert isinstance(outcome, Outcome)
            dead = check_liquidations(case, outcome, table, index, reading)
            check_survivors(outcome, reading, error)
            if not dead:
                check_whole(venue, case, outcome, table, index, reading, betas, error)
            deaths, survivals = deaths + len(dead), survivals + (not dead)
    assert deaths > ACCOUNTS
    assert survivals > ACCOUNTS


def check_liquidations(case: Case, outcome: Outcome, table: Grid, index: int, reading: Reading) -> set[str]:
    """The same pools are gone by both engines and on the exchange; their names."""
    row = ROWS[index]
    named = {pool.name for pool in outcome.liquidated}
    close = {pool.name for pool in outcome.liquidated if _close_to(pool, row)}
    gone = _gone(case.book, reading)
    assert set(table.pools(index, 0)) - close == named - close
    if gone - {CROSS_POT}:
        close.add(CROSS_POT)
    assert gone - close == named - close, f"row {row}: {outcome.liquidated}, {case.book}"
    return named | gone


def check_survivors(outcome: Outcome, reading: Reading, error: Decimal) -> None:
    """Equity and requirement of what is left, unless an isolated liquidation has left something to the others."""
    for pool in outcome.pools:
        if pool.liquidated_at is not None or pool.equity is None:
            continue
        if pool.name != CROSS_POT:
            assert abs(pool.equity - reading.own[pool.name]) <= error
        elif not reading.liquidated:
            assert pool.requirement is not None
            assert abs(pool.equity - reading.counted) <= error
            assert abs(pool.requirement - reading.requirement) <= error


def check_whole(
    venue: SimulatedVenue,
    case: Case,
    outcome: Outcome,
    table: Grid,
    index: int,
    reading: Reading,
    betas: Mapping[str, Decimal],
    error: Decimal,
) -> None:
    """All that the book is worth at the row, spot included, and so what it has gained."""
    prices = {coin: venue.prices[coin] * ROWS[index] ** betas.get(coin, Decimal(0)) for coin in case.spot}
    spot = sum((amount * prices[coin] for coin, amount in case.spot.items()), Decimal(0))
    left = spot + reading.equity + sum(reading.own.values(), Decimal(0))
    assert abs(outcome.left - left) <= error
    assert abs(Decimal(float(table.left[index, 0])) - left) <= error + abs(left) / 10**9


def random_case(draw: random.Random, venue: SimulatedVenue, kind: Kind, betas: Mapping[str, Decimal]) -> Case:
    """A random account beside a bag of coins."""
    book = random_book(draw, venue, kind).book
    spot = {coin: Decimal(draw.randint(1, 10**6)) / venue.prices[coin] // 1 for coin in venue.prices}
    return Case(book, spot, hedged_book(venue, book, betas, spot))


def read_rows(
    venue: SimulatedVenue, books: Sequence[AccountBook], betas: Mapping[str, Decimal]
) -> dict[Decimal, list[Reading]]:
    """All accounts led together from 1 up to the highest row, and afresh down to the lowest: readings at every row."""
    start, seen = dict(venue.prices), dict[Decimal, list[Reading]]()
    for up in (True, False):
        venue.leave()
        accounts: list[Account] = [venue.seat(book) for book in books]
        for row in sorted((row for row in ROWS if row == 1 or (row > 1) is up), reverse=not up):
            for multiple in way_to(row, max(seen) if up and seen else min(seen, default=Decimal(1))):
                venue.step_to(start, betas, multiple)
            seen[row] = [venue.read(account) for account in accounts]
        venue.step_to(start, betas, Decimal(1))
    venue.leave()
    return seen


def way_to(row: Decimal, before: Decimal) -> Iterator[Decimal]:
    """Multiples from the one after ``before`` to ``row``."""
    multiple = before
    while multiple != row:
        multiple = min(multiple * STEP, row) if row > before else max(multiple / STEP, row)
        yield multiple
    yield row


def worth_of_ticks(venue: SimulatedVenue, case: Case) -> Decimal:
    """What one tick of every coin may change in the book at any row, USD."""
    total = Decimal("0.0001")
    for coin, price in venue.prices.items():
        tick = coarsest_tick(coin)
        coins = case.spot.get(coin, Decimal(0)) + abs(case.book.wallet.get(coin, Decimal(0)))
        for held in case.book.positions:
            instrument = venue.listing_of(held).instrument
            if instrument.base == coin:
                lowest = price * min(ROWS) ** 2
                coins += notional(instrument.kind, held.quantity, instrument.contract_size, lowest) / lowest
        total += coins * tick
    return total


def _close_to(pool: PoolOutcome, row: Decimal) -> bool:
    assert pool.liquidated_at is not None
    return abs(pool.liquidated_at / row - 1) < Decimal("0.0001")


def _gone(book: AccountBook, reading: Reading) -> set[str]:
    isolated = {held.name for held in book.positions if held.mode is MarginMode.ISOLATED}
    return {name if name in isolated else CROSS_POT for name in reading.liquidated}
