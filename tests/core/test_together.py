"""Where an account is liquidated when everything in it moves together."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.books import Collateral, MarginMode
from core.demo_book import seed_book
from core.snapshot import AccountView
from tests.support.builders import at, running


def account(*collateral: Collateral, wallet: int = 20_000) -> AccountView:
    """The seed's short of 2.5 BTC in a multi-asset account on Binance."""
    seed = seed_book()
    declared = msgspec.structs.replace(
        seed.accounts[0], venue="binance", margin_mode=MarginMode.CROSS, multi_asset=True, collateral=collateral,
        wallet_balance=Decimal(wallet),
    )  # fmt: skip
    hedges = tuple(msgspec.structs.replace(hedge, isolated_margin=None) for hedge in seed.hedges)
    book = msgspec.structs.replace(seed, accounts=(declared,), hedges=hedges)
    return running(60_000, book).snapshot(at(0.1)).books[0].accounts[0]


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
