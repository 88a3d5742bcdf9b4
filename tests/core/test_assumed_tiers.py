"""A maintenance rate that the user gives for want of tiers: what rests on it is an estimate; the venue's word wins."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.books import Book
from core.demo_book import DemoLeg, seed_book
from core.engine import Engine
from core.snapshot import HedgeLine
from tests.support.builders import (
    LINEAR,
    SPOT,
    at,
    engine,
    feed,
    inverse_book,
    listed,
    market_at,
    perpetual,
    spot,
    tiers,
)

RATE = Decimal("0.01")


def assuming(rate: Decimal | None = RATE) -> Book:
    return seed_book(DemoLeg(LINEAR, SPOT, maintenance_rate=rate))


def seen(made: Engine, *more: object) -> HedgeLine:
    feed(made, [listed(LINEAR), listed(SPOT)], market_at(0, 60_000), *more)  # type: ignore[arg-type]
    return made.snapshot(at(0)).books[0].hedges[0]


def test_without_tiers_and_without_a_rate_it_stays_unknown() -> None:
    line = seen(engine(assuming(None)))
    assert line.liquidation_price.missing == (f"maintenance tiers of {LINEAR}",)


def test_a_rate_of_the_users_gives_estimates() -> None:
    """A short of 2.5 at 60,000 on 75,000: (75,000 + 2.5 (60,000 − p)) = 1% of 2.5 p, so p = 225,000 ÷ 2.525."""
    line = seen(engine(assuming()))
    price = line.liquidation_price
    assert price.value == pytest.approx(Decimal(225_000) / Decimal("2.525"), abs=Decimal("0.1"))
    assert all(figure.estimated for figure in (price, line.margin_usage, line.liquidation_distance))
    assert line.maintenance_margin.value == 1_500


def test_the_venues_own_tiers_win_and_are_no_estimate() -> None:
    assumed, told = seen(engine(assuming())), seen(engine(assuming()), tiers(LINEAR))
    plain = seen(engine(assuming(None)), tiers(LINEAR))
    assert told.margin_usage == plain.margin_usage
    assert told.margin_usage.value != assumed.margin_usage.value
    assert not told.margin_usage.estimated


def test_a_table_that_contradicts_itself_is_not_papered_over() -> None:
    broken = tiers(LINEAR)
    first, second = broken.table.tiers
    jumping = msgspec.structs.replace(
        broken, table=msgspec.structs.replace(broken.table, tiers=(first, msgspec.structs.replace(second, deduction=0)))
    )
    line = seen(engine(assuming()), jumping)
    assert line.liquidation_price.value is None
    assert "refused" in line.liquidation_price.missing[0]


def test_an_inverse_contract_is_reckoned_in_its_coin() -> None:
    book = inverse_book()
    hedge = msgspec.structs.replace(book.hedges[0], maintenance_rate=RATE)
    made = engine(msgspec.structs.replace(book, hedges=(hedge,)))
    name = hedge.instrument
    feed(made, [listed(name), listed(SPOT)], [perpetual(0, 60_000, name), spot(0, 60_000)])
    line = made.snapshot(at(0)).books[0].hedges[0]
    assert line.maintenance_margin.value == Decimal(150_000) / 60_000 * RATE
    assert line.margin_usage.estimated
