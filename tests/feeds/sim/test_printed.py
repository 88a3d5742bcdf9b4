"""The liquidation price that the simulated venues print is the kernel's for the contract alone, on the tick."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from core.books import MarginMode
from core.liquidation_results import Liquidation, LiquidationPrice, NoLiquidation
from core.pool_liquidation import contract_path
from feeds.sim.printed import liquidation, liquidation_price
from tests.feeds.sim.desk import Desk
from tests.feeds.sim.predictions import cross_pool, isolated_pool
from tests.feeds.sim.random_books import (
    BINANCE_BOTH,
    BINANCE_HEDGE_MODE,
    BYBIT_ALL,
    BYBIT_HEDGE_MODE,
    BYBIT_ISOLATED,
    Kind,
    random_book,
    random_prices,
)
from tests.support.sim_accounts import SimulatedVenue


def same(one: Liquidation, other: Liquidation) -> bool:
    """Equal, prices up to the last digits of the context."""
    if isinstance(one, LiquidationPrice) and isinstance(other, LiquidationPrice):
        return one.tier == other.tier and abs(one.price / other.price - 1) < Decimal("1e-25")
    return one == other


@pytest.mark.parametrize(
    "kind", [BINANCE_BOTH, BYBIT_ALL, BYBIT_ISOLATED, BINANCE_HEDGE_MODE, BYBIT_HEDGE_MODE], ids=lambda kind: kind.name
)
def test_it_is_what_the_owner_of_the_account_would_find(kind: Kind) -> None:
    draw = random.Random(f"printed {kind.name}")
    venue = SimulatedVenue(kind.venue, random_prices(draw))
    printed = 0
    for _ in range(60):
        book = random_book(draw, venue, kind).book
        account = venue.seat(book)
        for held in book.positions:
            listing = venue.listing_of(held)
            alone = held.mode is MarginMode.ISOLATED
            pool = isolated_pool(venue, held, endless=True) if alone else cross_pool(venue, book, endless=True)
            reach = contract_path(pool, held.symbol)
            net = sum(leg.leg.amount for leg in pool.legs if leg.leg.contract.name == held.symbol)
            expected = reach.below if net > 0 else reach.above
            position = account.position(listing, held.side)
            assert same(liquidation(venue.exchange.risk, account, position), expected)
            price = liquidation_price(venue.exchange.risk, account, position)
            if price is not None:
                assert isinstance(expected, LiquidationPrice)
                tick, nearer = listing.instrument.tick_size, price - expected.price
                assert price % tick == 0
                assert 0 <= (nearer if net > 0 else -nearer) < tick
                printed += 1
    assert printed > 60


def test_no_position_has_no_price() -> None:
    desk = Desk("bybit")
    assert isinstance(liquidation(desk.exchange.risk, desk.account, desk.position), NoLiquidation)
    assert liquidation_price(desk.exchange.risk, desk.account, desk.position) is None


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_account_past_its_requirement_sees_the_price_on_the_other_side_of_the_mark(side: str) -> None:
    desk = Desk("binance", mode=MarginMode.ISOLATED)
    desk.trade(desk.request(side, "1"))
    desk.position.margin = Decimal(-1000)
    price = liquidation_price(desk.exchange.risk, desk.account, desk.position)
    assert price is not None
    assert (price > 60_000) is (side == "buy")
