from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import RequestError
from core.exact import CONTEXT, exactly, plain
from core.explain import recording
from core.instruments import ContractKind
from core.pnl import (
    Holding,
    apply_fill,
    delta,
    fee,
    holding_before,
    notional,
    price_of_profit,
    quantity_of,
    settle_notional,
    unrealised,
    worth,
)
from tests.core.money import KINDS, PRICES, QUANTITIES, RATES, SIGNS, SIZES, near, profit_at

LINEAR, INVERSE, SPOT = ContractKind.LINEAR, ContractKind.INVERSE, ContractKind.SPOT
ONE = Decimal(1)
FILLS = st.lists(st.tuples(st.sampled_from(["buy", "sell"]), PRICES, QUANTITIES), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("short", "gain", "net"),
    [("0", 0, -60_000), ("1.5", 18_000, -42_000), ("2.5", 30_000, -30_000), ("3", 36_000, -24_000), ("5", 60_000, 0)],
)
def test_the_seed_book_falls_from_60000_to_48000(short: str, gain: int, net: int) -> None:
    bag = unrealised(SPOT, Decimal(5), ONE, Decimal(60_000), Decimal(48_000))
    hedge = unrealised(LINEAR, -Decimal(short), ONE, Decimal(60_000), Decimal(48_000))
    assert [bag, hedge, bag + hedge] == [Decimal(-60_000), Decimal(gain), Decimal(net)]


def test_the_coin_margined_seed_hedge_gains_coins_worth_30000() -> None:
    gain = unrealised(INVERSE, Decimal(-1500), Decimal(100), Decimal(60_000), Decimal(48_000))
    assert gain == Decimal("0.625")
    assert gain * 48_000 == 30_000


@pytest.mark.parametrize(
    ("price", "coins"), [("40000", "-3.75"), ("48000", "-3.125"), ("60000", "-2.5"), ("75000", "-2")]
)
def test_the_delta_of_an_inverse_short_shrinks_as_the_price_rises(price: str, coins: str) -> None:
    assert delta(INVERSE, Decimal(-150_000), ONE, Decimal(price)) == Decimal(coins)
    assert delta(LINEAR, Decimal("-2.5"), ONE, Decimal(price)) == Decimal("-2.5")


@given(KINDS, SIGNS, QUANTITIES, SIZES, PRICES, PRICES)
def test_profit_is_what_fractions_say(
    kind: ContractKind, sign: int, quantity: Decimal, size: Decimal, entry: Decimal, price: Decimal
) -> None:
    true = profit_at(kind, sign * Fraction(quantity) * Fraction(size), Fraction(entry), Fraction(price))
    assert near(unrealised(kind, sign * quantity, size, entry, price), true)


@given(KINDS, QUANTITIES, SIZES, PRICES)
def test_the_quantity_of_a_value_has_that_value(
    kind: ContractKind, quantity: Decimal, size: Decimal, price: Decimal
) -> None:
    value = settle_notional(kind, quantity, size, price)
    assert near(quantity_of(kind, value, size, price), Fraction(quantity))


@pytest.mark.parametrize("kind", [LINEAR, INVERSE])
@pytest.mark.parametrize("wrong", ["value", "contract_size", "price"])
def test_a_value_size_or_price_of_zero_has_no_quantity(kind: ContractKind, wrong: str) -> None:
    arguments = {"value": ONE, "contract_size": ONE, "price": ONE, wrong: Decimal(0)}
    with pytest.raises(RequestError) as refused:
        quantity_of(kind, **arguments)
    assert refused.value.key == wrong


@given(KINDS, SIGNS, QUANTITIES, SIZES, PRICES, PRICES, RATES)
def test_the_price_of_a_profit_makes_that_profit_after_the_fee_to_close(
    kind: ContractKind, sign: int, quantity: Decimal, size: Decimal, entry: Decimal, price: Decimal, rate: Decimal
) -> None:
    held = sign * quantity
    with decimal.localcontext(CONTEXT):
        made = unrealised(kind, held, size, entry, price) - fee(kind, held, size, price, rate)
    worth = settle_notional(kind, held, size, min(entry, price))
    assume(abs(made) > worth / 10**6)
    assert abs(price_of_profit(kind, held, size, entry, made, rate) / price - 1) < Decimal("1e-30")


def test_a_profit_beyond_what_a_position_can_make_has_no_price_above_zero() -> None:
    short, long = Decimal(-2), Decimal(2)
    assert price_of_profit(LINEAR, short, ONE, Decimal(100), Decimal(199), Decimal(0)) == Decimal("0.5")
    assert price_of_profit(LINEAR, short, ONE, Decimal(100), Decimal(201), Decimal(0)) < 0
    assert price_of_profit(INVERSE, long, ONE, Decimal(2), Decimal("0.5"), Decimal(0)) == 4
    assert price_of_profit(INVERSE, long, ONE, Decimal(2), ONE, Decimal(0)) == 0
    assert price_of_profit(INVERSE, long, ONE, Decimal(2), Decimal(2), Decimal(0)) < 0


@pytest.mark.parametrize(("name", "value"), [("quantity", 0), ("entry_price", 0), ("close_fee_rate", 1)])
def test_no_price_is_sought_for_a_flat_position_or_a_fee_of_all(name: str, value: int) -> None:
    arguments = {"quantity": ONE, "entry_price": ONE, "close_fee_rate": Decimal(0), name: Decimal(value)}
    with pytest.raises(RequestError) as refused:
        price_of_profit(LINEAR, contract_size=ONE, wanted=ONE, **arguments)
    assert refused.value.key == name


@given(SIGNS, QUANTITIES, PRICES, PRICES)
def test_linear_and_inverse_agree_in_quote_for_the_same_delta_at_entry(
    sign: int, coins: Decimal, entry: Decimal, price: Decimal
) -> None:
    """N dollars of inverse at E, valued in quote, pay what N/E coins of linear pay."""
    linear = unrealised(LINEAR, sign * coins, ONE, entry, price)
    inverse = unrealised(INVERSE, sign * coins * entry, ONE, entry, price)
    assert near(inverse, Fraction(linear) / Fraction(price))


@given(KINDS, QUANTITIES, SIZES, PRICES)
def test_notional_in_quote_is_delta_at_price(
    kind: ContractKind, quantity: Decimal, size: Decimal, price: Decimal
) -> None:
    in_quote = notional(kind, -quantity, size, price)
    assert in_quote > 0
    assert near(in_quote, abs(Fraction(delta(kind, -quantity, size, price)) * Fraction(price)))
    in_settle = Fraction(settle_notional(kind, -quantity, size, price))
    assert near(in_quote, in_settle * Fraction(price) if kind is INVERSE else in_settle)


@given(KINDS, SIZES, FILLS, PRICES)
def test_realised_and_unrealised_add_up_to_the_cash_of_the_fills(
    kind: ContractKind, size: Decimal, fills: list[tuple[str, Decimal, Decimal]], last: Decimal
) -> None:
    """Whatever the path, flips included: profit is what the fills cost against what is left is worth."""
    holding, realised = Holding(), Decimal(0)
    cash = position = scale = Fraction(0)
    for side, price, quantity in fills:
        holding, gained = apply_fill(kind, size, holding, side, price, quantity)
        realised += gained
        units = Fraction(quantity) * Fraction(size) * (1 if side == "buy" else -1)
        position += units
        cash += units / Fraction(price) if kind is INVERSE else -units * Fraction(price)
        scale += abs(units) * (1 / Fraction(price) if kind is INVERSE else Fraction(price))
    assert Fraction(holding.quantity) * Fraction(size) == position
    worth = -position / Fraction(last) if kind is INVERSE else position * Fraction(last)
    open_profit = Decimal(0)
    if holding.entry_price is not None:
        open_profit = unrealised(kind, holding.quantity, size, holding.entry_price, last)
    # ``realised`` was summed here at the default 28 digits, hence the looser bound.
    total = Fraction(realised) + Fraction(open_profit)
    assert abs(total - (cash + worth)) <= (scale + abs(worth)) / 10**25


@given(KINDS, SIZES, FILLS)
def test_an_entry_lies_among_the_prices_paid(
    kind: ContractKind, size: Decimal, fills: list[tuple[str, Decimal, Decimal]]
) -> None:
    holding = Holding()
    for side, price, quantity in fills:
        before = holding
        holding, realised = apply_fill(kind, size, holding, side, price, quantity)
        if not holding.quantity:
            assert holding.entry_price is None
            continue
        assert holding.entry_price is not None
        grew = abs(holding.quantity) > abs(before.quantity)
        flipped = before.quantity * holding.quantity < 0
        if flipped or before.entry_price is None:
            assert holding.entry_price == price
        elif grew:
            assert min(before.entry_price, price) <= holding.entry_price <= max(before.entry_price, price)
            assert realised == 0
        else:
            assert holding.entry_price == before.entry_price


def test_inverse_entries_average_harmonically() -> None:
    holding, _ = apply_fill(INVERSE, ONE, Holding(Decimal(1000), Decimal(5000)), "buy", Decimal(6000), Decimal(2000))
    assert holding == Holding(Decimal(3000), Decimal(5625))


@given(KINDS, QUANTITIES, SIZES, PRICES, RATES)
def test_a_fee_is_the_rate_of_the_value_and_a_rebate_is_negative(
    kind: ContractKind, quantity: Decimal, size: Decimal, price: Decimal, rate: Decimal
) -> None:
    paid = fee(kind, -quantity, size, price, rate)
    assert near(paid, Fraction(settle_notional(kind, quantity, size, price)) * Fraction(rate))
    assert (paid > 0) == (rate > 0)


@given(KINDS, QUANTITIES, SIZES, PRICES, PRICES)
def test_the_callers_decimal_context_changes_nothing(
    kind: ContractKind, quantity: Decimal, size: Decimal, entry: Decimal, price: Decimal
) -> None:
    usual = unrealised(kind, quantity, size, entry, price)
    with decimal.localcontext() as context:
        context.prec, context.rounding = 3, decimal.ROUND_UP
        context.traps[decimal.Inexact] = True
        assert unrealised(kind, quantity, size, entry, price).compare_total(usual) == 0


BAD = [Decimal("NaN"), Decimal("Infinity"), Decimal("-1"), Decimal(0), Decimal("1e60"), 1.5, None]


@pytest.mark.parametrize("bad", BAD, ids=str)
@pytest.mark.parametrize("name", ["contract_size", "entry_price", "price"])
def test_a_price_or_size_that_cannot_be_is_refused_by_name(name: str, bad: object) -> None:
    arguments: dict[str, object] = {"contract_size": ONE, "entry_price": Decimal(60_000), "price": Decimal(48_000)}
    with pytest.raises(RequestError) as refused:
        unrealised(LINEAR, ONE, **{**arguments, name: bad})  # type: ignore[arg-type]
    assert refused.value.key == name


@pytest.mark.parametrize("kind", [LINEAR, INVERSE])
@pytest.mark.parametrize("bad", BAD, ids=str)
def test_no_figure_is_taken_at_a_price_that_cannot_be(kind: ContractKind, bad: Any) -> None:
    for ask in (delta, notional, settle_notional):
        with pytest.raises(RequestError) as refused:
            ask(kind, ONE, ONE, bad)
        assert refused.value.key == "price"
    with pytest.raises(RequestError) as refused:
        apply_fill(kind, ONE, Holding(), "buy", bad, ONE)
    assert refused.value.key == "price"


@pytest.mark.parametrize("bad", [Decimal("NaN"), Decimal("-Infinity"), None, 2.5], ids=str)
def test_a_quantity_that_is_no_number_is_refused(bad: object) -> None:
    with pytest.raises(RequestError, match="quantity"):
        delta(LINEAR, bad, ONE, Decimal(1))  # type: ignore[arg-type]


def test_a_fill_needs_a_side_and_a_size() -> None:
    with pytest.raises(RequestError, match="side: expected buy or sell, found long"):
        apply_fill(LINEAR, ONE, Holding(), "long", ONE, ONE)
    with pytest.raises(RequestError, match="quantity: expected a number above zero, found 0"):
        apply_fill(LINEAR, ONE, Holding(), "buy", ONE, Decimal(0))
    with pytest.raises(RequestError, match=r"holding\.entry_price"):
        apply_fill(LINEAR, ONE, Holding(ONE, None), "buy", ONE, ONE)


@given(KINDS, SIZES, FILLS)
def test_a_fill_undone_leaves_what_was_held_before_it_or_nothing_that_can_be_told(
    kind: ContractKind, size: Decimal, fills: list[tuple[str, Decimal, Decimal]]
) -> None:
    holding = Holding()
    for side, price, quantity in fills:
        before, holding = holding, exactly(apply_fill)(kind, size, holding, side, price, quantity)[0]
        undone = exactly(holding_before)(kind, holding, side, price, quantity)
        if undone is None:
            assert holding.quantity * before.quantity <= 0, "it closed the position, or turned it"
            continue
        assert undone.quantity == before.quantity
        assert (undone.entry_price is None) is (before.entry_price is None)
        if undone.entry_price is not None and before.entry_price is not None:
            # Undoing subtracts what was added, a small fill at a far price from a large one at worst.
            assert undone.entry_price == pytest.approx(before.entry_price, rel=Decimal("1e-20"))


@given(KINDS, QUANTITIES, SIGNS, SIZES, PRICES, PRICES)
def test_what_a_position_is_worth_is_each_of_it(
    kind: ContractKind, quantity: Decimal, sign: int, size: Decimal, entry: Decimal, price: Decimal
) -> None:
    held = sign * quantity
    found = exactly(worth)(kind, held, size, entry, price)
    assert [str(figure) for figure in found] == [
        str(delta(kind, held, size, price)),
        str(notional(kind, held, size, price)),
        str(settle_notional(kind, held, size, price)),
        str(unrealised(kind, held, size, entry, price)),
    ]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"kind": ContractKind.QUANTO}, "kind"),
        ({"quantity": Decimal("NaN")}, "quantity"),
        ({"contract_size": Decimal(0)}, "contract_size"),
        ({"entry_price": Decimal(-1)}, "entry_price"),
        ({"price": Decimal("1e41")}, "price"),
    ],
)
def test_what_a_position_is_worth_names_what_cannot_be(changed: dict[str, Any], named: str) -> None:
    given_: dict[str, Any] = {"kind": LINEAR, "quantity": -ONE, "contract_size": ONE, "entry_price": ONE, "price": ONE}
    with pytest.raises(RequestError) as refused:
        exactly(worth)(**(given_ | changed))
    assert refused.value.key == named


def test_a_plain_formula_refuses_the_same_and_leaves_no_step() -> None:
    bare = exactly(plain(unrealised))
    with recording() as steps:
        assert bare(LINEAR, -ONE, ONE, Decimal(3), Decimal(2)) == 1
    assert steps == []
    with pytest.raises(RequestError) as refused:
        bare(LINEAR, -ONE, ONE, Decimal(3), Decimal(0))
    assert refused.value.key == "price"
