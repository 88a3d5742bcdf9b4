"""Where an account is liquidated when everything in it moves together."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.books import Book, Collateral, MarginMode
from core.demo_book import seed_book
from core.snapshot import AccountView
from tests.core.why_books import ETH_SPOT, candles
from tests.support.builders import LINEAR, at, feed, listed, running, spot


def book(*collateral: Collateral, wallet: int = 20_000) -> Book:
    """The seed's short of 2.5 BTC in a multi-asset account on Binance."""
    seed = seed_book()
    declared = msgspec.structs.replace(
        seed.accounts[0], venue="binance", margin_mode=MarginMode.CROSS, multi_asset=True, collateral=collateral,
        wallet_balance=Decimal(wallet),
    )  # fmt: skip
    hedges = tuple(msgspec.structs.replace(hedge, isolated_margin=None) for hedge in seed.hedges)
    return msgspec.structs.replace(seed, accounts=(declared,), hedges=hedges)


def account(*collateral: Collateral) -> AccountView:
    return running(60_000, book(*collateral)).snapshot(at(0.1)).books[0].accounts[0]


def test_one_coin_moves_with_nothing() -> None:
    assert account().together is None


def test_a_dollar_at_par_stands_still_while_the_coins_move() -> None:
    """Then both answers are the same: that BTC alone moves, and that everything does."""
    found = account(Collateral(asset="USDC", quantity=Decimal(10_000), ratio=Decimal("0.99")))
    assert found.together is not None
    (alone,) = (item for item in found.deaths if item.coin == "BTC")
    assert alone.distance_above.value == pytest.approx((29_900 + 150_000) / Decimal("2.5125") / 60_000 - 1)
    assert found.together.driver == "BTC"
    assert float(found.together.above.value or 0) == pytest.approx(float(alone.distance_above.value or 0), rel=1e-6)
    assert found.together.above.estimated
    assert found.together.below.absent


def test_a_coin_without_a_history_leaves_the_answer_unknown() -> None:
    found = account(Collateral(asset="EURC", quantity=Decimal(1), ratio=Decimal(1)))
    assert found.together is not None
    for figure in (found.together.above, found.together.below):
        assert "price history of EURC" in figure.missing
        assert figure.value is None


def test_the_answer_is_there_with_the_price_history_though_nothing_else_has_changed() -> None:
    ether = Collateral(asset="ETH", quantity=Decimal(10), ratio=Decimal(1), price=ETH_SPOT)
    made = running(60_000, book(ether))
    feed(made, listed(ETH_SPOT), spot(0, 3_000, ETH_SPOT), candles(LINEAR, 60_000, 0.03))
    before = made.snapshot(at(0.1)).books[0].accounts[0].together
    assert before is not None
    assert before.above.missing
    feed(made, candles(ETH_SPOT, 3_000, 0.04))
    after = made.snapshot(at(0.2)).books[0].accounts[0].together
    assert after is not None
    assert after.above.value is not None
