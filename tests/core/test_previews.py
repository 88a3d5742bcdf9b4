"""What a preview says an order leaves is what stands there once it is filled, whatever else book and account hold."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from core.books import Account, Book, Hedge, Lot, MarginMode
from core.commands import SetTarget, StageHedge
from core.demo_book import seed_book
from core.engine import Engine
from core.events import Fill
from core.snapshot import StageView
from tests.support.builders import (
    INVERSE,
    LINEAR,
    SPOT,
    at,
    engine,
    feed,
    inverse_book,
    listed,
    perpetual,
    reference,
    spot,
    tiers,
)

D = Decimal
ETH, ETH_SPOT = "bybit:linear:ETHUSDT", "bybit:spot:ETHUSDT"
SECOND_INVERSE = "okx:inverse:BTC-USD-SWAP"


def two_coins(mode: MarginMode) -> Engine:
    """Bitcoin and ether, each hedged on its own contract in one account."""
    seed = seed_book()
    account = Account(name="paper", venue="bybit", settle="USDT", wallet_balance=D(200_000), margin_mode=mode)
    first = msgspec.structs.replace(
        seed.hedges[0], isolated_margin=D(75_000) if mode is MarginMode.ISOLATED else None
    )  # fmt: skip
    second = Hedge(
        asset="ETH", instrument=ETH, account="paper", target_ratio=D("0.5"), quantity=D(-8), entry_price=D(3_200),
        isolated_margin=D(12_000) if mode is MarginMode.ISOLATED else None,
    )  # fmt: skip
    lots = (*seed.lots, Lot(asset="ETH", quantity=D(20), cost=D(3_000), price=ETH_SPOT))
    made = engine(Book(name="book", lots=lots, hedges=(first, second), accounts=(account,)))
    feed(made, reference(), listed(ETH), listed(ETH_SPOT), tiers(ETH))
    feed(made, perpetual(0, 58_000), spot(0, 58_010), perpetual(0, 2_900, ETH), spot(0, 2_901, ETH_SPOT))
    return made


def two_inverse(mode: MarginMode) -> Engine:
    """Bitcoin hedged on two coin-margined contracts of one account; what either wins is among the coins to hedge."""
    plain = inverse_book()
    isolated = mode is MarginMode.ISOLATED
    first = msgspec.structs.replace(plain.hedges[0], quantity=D(-90_000), isolated_margin=D(1) if isolated else None)
    second = msgspec.structs.replace(
        first, instrument=SECOND_INVERSE, quantity=D(-40_000), entry_price=D(52_000), target_ratio=D("0.2"),
        isolated_margin=D("0.5") if isolated else None,
    )  # fmt: skip
    accounts = (msgspec.structs.replace(plain.accounts[0], margin_mode=mode),)
    made = engine(Book(name="book", lots=plain.lots, hedges=(first, second), accounts=accounts))
    for name, price in ((INVERSE, 50_000), (SECOND_INVERSE, 50_400)):
        feed(made, listed(name), tiers(name, first_cap="100"), perpetual(0, price, name))
    feed(made, listed(SPOT), spot(0, 50_000))
    return made


def staged(made: Engine, instrument: str, ratio: str) -> StageView:
    made.command(SetTarget(book="book", instrument=instrument, ratio=D(ratio)), at(0.1))
    made.command(StageHedge(book="book", instrument=instrument), at(0.1))
    view = made.snapshot(at(0.1)).stage
    assert view is not None, made.snapshot(at(0.1)).message
    return view


def known(value: Decimal | None) -> Decimal:
    assert value is not None
    return value


@pytest.mark.parametrize("mode", list(MarginMode))
@pytest.mark.parametrize(
    ("build", "first", "second"), [(two_coins, LINEAR, ETH), (two_inverse, INVERSE, SECOND_INVERSE)]
)
@pytest.mark.parametrize("ratio", ["0.9", "0.1"])
@pytest.mark.parametrize("of_first", [True, False])
def test_what_a_preview_says_is_what_the_fill_brings(
    build: Callable[[MarginMode], Engine], first: str, second: str, mode: MarginMode, ratio: str, of_first: bool
) -> None:
    made, name = build(mode), first if of_first else second
    before = made.snapshot(at(0.1)).books[0]
    view = staged(made, name, ratio)
    after = view.after
    fill = Fill(
        received_ns=at(0.1), account=view.account, fill_id="1", client_order_id="", instrument=name, side=view.side,
        price=known(view.price.value), quantity=known(view.quantity.value), fee=known(view.fee.value),
        fee_asset=view.settle, venue_time_ns=at(0.1),
    )  # fmt: skip
    feed(made, fill)
    book = made.snapshot(at(0.1)).books[0]
    line = next(hedge for hedge in book.hedges if hedge.instrument == name)
    for field in after.__struct_fields__:
        said, found = getattr(after, field), getattr(line, field)
        assert (said.value, said.missing, said.absent) == (found.value, found.missing, found.absent), field
        assert said.value is not None or said.absent, field
    other, held = (next(hedge for hedge in lines if hedge.instrument != name) for lines in (book.hedges, before.hedges))
    for field in ("quantity", "delta", "profit", "realised", "fees", "margin", "mark_price"):
        assert getattr(other, field).value == getattr(held, field).value, field
