from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from core.anchors import Anchor, with_deposit, with_fill
from core.exact import CONTEXT
from core.parts import Parts
from tests.core.hedged import (
    BASES,
    FLOWS,
    GRID,
    INVERSE,
    LINEAR,
    NONE,
    PEGS,
    book,
    coins,
    histories,
    known,
    leg,
    worth_of,
)
from tests.core.money import PRICES, QUANTITIES


@given(histories())
def test_the_parts_sum_to_the_change_of_bag_and_hedge_to_the_last_digit(history: list[Anchor]) -> None:
    found = known(*history)
    (bag_before, hedge_before), (bag_after, hedge_after) = map(worth_of, history)
    for parts, before, after in ((found.bag, bag_before, bag_after), (found.hedge, hedge_before, hedge_after)):
        listed = sum((Fraction(getattr(parts, name)) for name in Parts.__struct_fields__), Fraction(0))
        assert listed == Fraction(parts.total)
        scale = max(abs(before), abs(after), Fraction(1))
        assert abs(listed - (after - before)) <= max(GRID, scale / 10**38)
    assert Fraction(found.hedged) == Fraction(found.bag.total) + Fraction(found.hedge.total)
    assert found.protection == Fraction(found.hedged) - Fraction(found.unhedged)


@given(histories())
def test_what_is_all_accounted_for_leaves_no_residual(history: list[Anchor]) -> None:
    found = known(*history)
    largest = max(abs(figure) for figure in (*worth_of(history[0]), *worth_of(history[1])))
    assert found.bag.residual == 0
    assert abs(found.hedge.residual) <= max(Fraction(0), (largest + 10**20) / 10**38)
    assert found.bag.basis == found.bag.convexity == found.bag.funding == found.bag.fees == found.bag.slippage == 0
    assert not found.estimated


@given(histories(3))
def test_an_interval_split_in_two_adds_up_exactly(history: list[Anchor]) -> None:
    first, second, third = history
    whole, one, two = known(first, third), known(first, second), known(second, third)
    for side in ("bag", "hedge"):
        total, parts = getattr(whole, side), (getattr(one, side), getattr(two, side))
        assert Fraction(total.total) == Fraction(parts[0].total) + Fraction(parts[1].total)


@given(histories(3), PEGS)
def test_with_rates_that_stand_still_every_part_of_a_linear_leg_adds_up(history: list[Anchor], rate: Decimal) -> None:
    still = [
        msgspec.structs.replace(anchor, rates={"USDT": rate}, legs=anchor.legs[:1], coins=()) for anchor in history
    ]
    whole, one, two = known(still[0], still[2]), known(still[0], still[1]), known(still[1], still[2])
    for name in Parts.__struct_fields__:
        parts = [Fraction(getattr(found.hedge, name)) for found in (whole, one, two)]
        assert abs(parts[0] - parts[1] - parts[2]) <= 10 * GRID, name


@given(histories(1))
def test_nothing_happening_attributes_nothing_to_any_part(history: list[Anchor]) -> None:
    later = msgspec.structs.replace(history[0], time_ns=9)
    found = known(history[0], later)
    assert found.bag == found.hedge == NONE
    assert found.realised == 0


@given(histories(), FLOWS, PRICES)
def test_a_deposit_at_the_price_of_now_moves_no_part_but_only_what_is_held(
    history: list[Anchor], quantity: Decimal, price: Decimal
) -> None:
    before, now = history
    bag, rate = now.coins[0], now.rates["USDT"]
    assert bag.price is not None
    assert rate is not None
    more = msgspec.structs.replace(now, coins=(with_deposit(bag, quantity, bag.price, rate),))
    assert known(before, more).hedge == known(before, now).hedge
    for name in Parts.__struct_fields__:
        change = Fraction(getattr(known(before, more).bag, name)) - Fraction(getattr(known(before, now).bag, name))
        assert abs(change) <= 4 * GRID
    assert known(now, msgspec.structs.replace(more, time_ns=now.time_ns)).hedged == 0


@given(QUANTITIES, PRICES, PRICES, st.lists(st.tuples(PRICES, BASES), min_size=1, max_size=3))
def test_a_coin_margined_short_and_a_linear_one_of_its_coins_gain_the_same_in_quote(
    dollars: Decimal, entry: Decimal, spot: Decimal, path: list[tuple[Decimal, Decimal]]
) -> None:
    """With N/E coins of collateral in the bag and the same net delta, at every later price and in every part."""
    with localcontext(CONTEXT):
        amount = dollars / entry
    bag = with_deposit(coins("0", None), amount, entry)
    inverse = with_fill(leg(INVERSE), "sell", entry, dollars, mark_price=entry, spot_price=spot)
    linear = with_fill(leg(LINEAR), "sell", entry, amount, mark_price=entry, spot_price=spot)
    for price, premium in path:
        mark, held = price * (1 + premium), msgspec.structs.replace(bag, price=price)
        later = [
            book(held, msgspec.structs.replace(line, mark_price=mark, spot_price=price)) for line in (inverse, linear)
        ]
        one, other = (known(Anchor(time_ns=0, currency="USDT"), now) for now in later)
        assert one.bag == other.bag
        scale = Fraction(dollars) * (1 + Fraction(mark) / Fraction(entry))
        for name in Parts.__struct_fields__:
            gap = Fraction(getattr(one.hedge, name)) - Fraction(getattr(other.hedge, name))
            assert abs(gap) <= max(4 * GRID, scale / 10**38), name
        if not premium:
            # Coins and short together are worth their dollars of the beginning whatever the price.
            assert abs(Fraction(one.hedged)) <= max(4 * GRID, scale / 10**38)
