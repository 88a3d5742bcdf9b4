from __future__ import annotations

from decimal import Decimal

from core.explain import recording
from core.memo import Memo


def test_a_result_is_kept_while_it_is_made_of_the_very_same() -> None:
    kept: Memo[str] = Memo()
    one, two = Decimal("1.5"), Decimal(2)
    assert kept.get("line", (one, two)) is None
    assert kept.put("line", (one, two), "made") == "made"
    assert kept.get("line", (one, two)) == "made"
    assert kept.get("other", (one, two)) is None


def test_an_equal_number_in_other_digits_is_another_input() -> None:
    kept: Memo[str] = Memo()
    price = Decimal("1.5")
    kept.put("line", (price, price), "made")
    assert kept.get("line", (price, Decimal("1.50"))) is None
    assert kept.get("line", (price,)) is None
    assert kept.get("line", (price, price, price)) is None


def test_only_the_newest_is_kept() -> None:
    kept: Memo[str] = Memo()
    one, two = Decimal(1), Decimal(2)
    kept.put("line", (one,), "first")
    kept.put("line", (two,), "second")
    assert kept.get("line", (one,)) is None
    assert kept.get("line", (two,)) == "second"


def test_nothing_is_taken_while_steps_are_recorded() -> None:
    kept: Memo[str] = Memo()
    price = Decimal(1)
    kept.put("line", (price,), "made")
    with recording():
        assert kept.get("line", (price,)) is None
    assert kept.get("line", (price,)) == "made"
