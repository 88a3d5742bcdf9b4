"""Positions that do not change any more while the ledger goes on."""

from __future__ import annotations

from decimal import Decimal

from core.books import Account, MarginMode
from core.held import HeldPositions
from core.ledger import Ledger
from core.legs import PositionKey
from core.positions import Position
from tests.support.builders import LINEAR

KEY = PositionKey("a", LINEAR)


def held_in(position: Position | None) -> tuple[Ledger, HeldPositions]:
    account = Account(name="a", venue="bybit", settle="USDT", wallet_balance=Decimal(9), margin_mode=MarginMode.CROSS)
    ledger = Ledger([account])
    if position is not None:
        ledger.positions[KEY] = position
    return ledger, HeldPositions(ledger)


def test_a_position_is_the_same_object_until_anything_of_it_is_another() -> None:
    ledger, held = held_in(Position(account="a", instrument=LINEAR, quantity=Decimal(-2), entry_price=Decimal(60_000)))
    first = held.of(KEY)
    assert held.of(KEY) is first
    ledger.positions[KEY].quantity = Decimal("-2.0")  # the same number, written otherwise
    second = held.of(KEY)
    assert (second is first, str(second.quantity), str(first.quantity)) == (False, "-2.0", "-2")


def test_what_the_ledger_does_to_a_position_later_leaves_the_held_one_alone() -> None:
    ledger, held = held_in(Position(account="a", instrument=LINEAR, pending="a mark price"))
    before = held.of(KEY)
    ledger.not_opened(KEY, "too small")
    assert (before.pending, before.note) == ("a mark price", "")
    assert (held.of(KEY).pending, held.of(KEY).note) == ("", "too small")


def test_a_position_that_nothing_is_known_of_is_flat() -> None:
    _, held = held_in(None)
    assert held.of(KEY) == Position(account="a", instrument=LINEAR)
