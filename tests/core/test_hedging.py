from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.exact import exactly
from core.hedging import (
    Filters,
    drift,
    hedge_ratio,
    order_in_short,
    order_to_quantity,
    order_to_target,
    target_quantity,
)
from core.instruments import ContractKind, Instrument
from core.pnl import delta, notional
from tests.core.money import KINDS, PRICES, SIZES, decimals, near

BAGS = decimals("0.001", "1000", 3)
RATIOS = decimals("0", "1.2", 4)
STEPS = st.sampled_from([Decimal(1), Decimal("0.001"), Decimal("0.5"), Decimal(10), Decimal("0.0003")])


def instrument(kind: ContractKind, **changes: object) -> Instrument:
    base = Instrument(
        id="test:linear:BTCUSDT",
        venue="test",
        market="linear",
        symbol="BTCUSDT",
        kind=kind,
        base="BTC",
        quote="USDT",
        settle="USDT",
        contract_size=Decimal(1),
        tick_size=Decimal("0.1"),
        quantity_step=Decimal("0.001"),
        minimum_quantity=Decimal("0.001"),
    )
    return msgspec.structs.replace(base, **changes)


BTC = instrument(ContractKind.LINEAR, maximum_quantity=Decimal(100), minimum_notional=Decimal(100))
PRICE = Decimal(60_000)


@given(KINDS, SIZES, BAGS, RATIOS, RATIOS, PRICES, STEPS, st.integers(0, 5))
def test_an_order_to_a_long_mirrors_the_one_to_a_short_of_that_size(
    kind: ContractKind,
    size: Decimal,
    bag: Decimal,
    ratio: Decimal,
    held_ratio: Decimal,
    price: Decimal,
    step: Decimal,
    odd: int,
) -> None:
    """From any short or long, so that what holds of over-hedging holds of buying too much."""
    wanted = target_quantity(kind, size, bag, ratio, price)
    held = target_quantity(kind, size, bag, held_ratio, price) - step * odd / 7
    for start in (held, held.copy_negate()):
        filters = Filters(quantity_step=step, minimum_quantity=Decimal(5))
        short = order_to_quantity(kind, size, wanted, start, price, filters)
        mirrored = wanted.copy_negate(), start.copy_negate()
        long = order_to_quantity(kind, size, *mirrored, price, filters, long=True)
        assert long.signed_quantity == short.signed_quantity.copy_negate()
        assert long.side == {"buy": "sell", "sell": "buy", "": ""}[short.side]
        assert long.residual_coins == short.residual_coins.copy_negate()
        assert (long.reduce_only, long.refusals) == (short.reduce_only, short.refusals)


def test_a_long_is_had_for_the_asking_only() -> None:
    for wanted, long in ((Decimal("0.1"), False), (Decimal("-0.1"), True)):
        with pytest.raises(RequestError) as refused:
            order_to_quantity(ContractKind.LINEAR, Decimal(1), wanted, Decimal(0), PRICE, Filters(), long=long)
        assert refused.value.key == "wanted_quantity"


@given(KINDS, SIZES, BAGS, RATIOS, RATIOS, PRICES, STEPS, st.integers(0, 5))
def test_an_order_never_over_hedges_and_stays_on_the_step(
    kind: ContractKind,
    size: Decimal,
    bag: Decimal,
    ratio: Decimal,
    held_ratio: Decimal,
    price: Decimal,
    step: Decimal,
    odd: int,
) -> None:
    """From any short, on the step's grid or off it: no more hedge than asked for, and never turned into a long.

    Only an odd lot smaller than one step may stay behind, which no order on the grid could close.
    """
    held = (target_quantity(kind, size, bag, held_ratio, price) / step).to_integral_value() * step
    held -= step * odd / 7
    contract = instrument(kind, contract_size=size, quantity_step=step)
    sizing = order_to_target(contract, bag, ratio, held, price)
    wanted = Fraction(target_quantity(kind, size, bag, ratio, price))
    after = Fraction(held) + Fraction(sizing.signed_quantity)
    slack = abs(wanted) / 10**40
    assert (Fraction(sizing.quantity) / Fraction(step)).denominator == 1
    assert after >= wanted - slack or -after < step
    assert after <= 0
    assert abs(after - wanted) <= Fraction(step) + slack
    residual = Fraction(delta(kind, step, size, price))
    assert abs(Fraction(sizing.residual_coins)) <= residual * (1 + Fraction(1, 10**40))
    assert sizing.reduce_only == (sizing.side == "buy" and sizing.quantity > 0)


@given(
    BAGS,
    RATIOS,
    RATIOS,
    decimals("0.001", "10", 3),
    decimals("10", "100", 3),
    decimals("10", "5000", 2),
    PRICES,
)
def test_an_order_without_refusals_passes_every_filter(
    bag: Decimal, ratio: Decimal, held: Decimal, least: Decimal, most: Decimal, worth: Decimal, price: Decimal
) -> None:
    filters = Filters(
        quantity_step=Decimal("0.001"), minimum_quantity=least, maximum_quantity=most, minimum_notional=worth
    )
    sizing = order_to_quantity(ContractKind.LINEAR, Decimal(1), -bag * ratio, -bag * held, price, filters)
    value = notional(ContractKind.LINEAR, sizing.quantity, Decimal(1), price)
    passes = sizing.quantity > 0 and least <= sizing.quantity <= most and value >= worth
    assert passes == (not sizing.refusals)


def test_the_seed_hedge_and_its_adjustment() -> None:
    opened = order_to_target(BTC, Decimal(5), Decimal("0.5"), Decimal(0), PRICE)
    assert (opened.signed_quantity, opened.residual_coins, opened.refusals) == (Decimal("-2.5"), Decimal(0), ())
    reduced = order_to_target(BTC, Decimal(5), Decimal("0.45"), Decimal("-2.5"), PRICE)
    assert (reduced.side, reduced.quantity, reduced.reduce_only) == ("buy", Decimal("0.25"), True)
    closed = order_to_target(BTC, Decimal(5), Decimal(0), Decimal("-2.5"), PRICE)
    assert (closed.signed_quantity, closed.reduce_only, closed.refusals) == (Decimal("2.5"), True, ())


def test_an_inverse_hedge_of_the_seed_bag_is_150000_dollars() -> None:
    inverse = instrument(ContractKind.INVERSE, contract_size=Decimal(100), quantity_step=Decimal(1))
    sizing = order_to_target(inverse, Decimal(5), Decimal("0.5"), Decimal(0), PRICE)
    assert sizing.signed_quantity == -1500


def test_sales_round_down_and_purchases_up() -> None:
    sale = order_to_target(BTC, Decimal("5.0009"), Decimal("0.5"), Decimal(0), PRICE)
    assert (sale.raw_quantity, sale.quantity) == (Decimal("2.50045"), Decimal("2.5"))
    assert sale.residual_coins == Decimal("-0.00045")
    purchase = order_to_target(BTC, Decimal("5.0009"), Decimal("0.5"), Decimal(-3), PRICE)
    assert (purchase.raw_quantity, purchase.quantity) == (Decimal("0.49955"), Decimal("0.5"))


@pytest.mark.parametrize("noise", ["3E-44", "-3E-44", "1E-46", "-1E-41"])
def test_the_noise_of_a_quotient_orders_nothing(noise: str) -> None:
    """A synthetic dollar wants the same contracts at every price, but for the last digits of a division."""
    with localcontext() as context:
        context.prec = 60
        wanted = Decimal(-150_000) + Decimal(noise)
    sizing = order_to_quantity(
        ContractKind.INVERSE, Decimal(1), wanted, Decimal(-150_000), Decimal(54_000), Filters(quantity_step=Decimal(1))
    )
    assert not sizing.side
    assert sizing.quantity == 0
    assert sizing.refusals == ("the hedge is at its target: nothing to order",)


def test_an_odd_lot_is_left_rather_than_turned_into_a_long() -> None:
    sizing = order_to_target(BTC, Decimal(5), Decimal(0), Decimal("-1.0005"), PRICE)
    assert (sizing.side, sizing.quantity, sizing.reduce_only) == ("buy", Decimal(1), True)
    assert sizing.residual_coins == Decimal("0.0005")


@pytest.mark.parametrize(
    ("bag", "held", "reason"),
    [
        ("5", "-2.5", "the hedge is at its target: nothing to order"),
        ("5.001", "-2.5", "the difference of 0.0005 is below one quantity step of 0.001"),
        ("5.002", "-2.5", "a notional of 60 is below the minimum of 100"),
        ("500", "0", "250 is above the maximum quantity of 100"),
    ],
)
def test_a_filter_that_forbids_the_order_is_named(bag: str, held: str, reason: str) -> None:
    sizing = order_to_target(BTC, Decimal(bag), Decimal("0.5"), Decimal(held), PRICE)
    assert sizing.refusals == (reason,)


@given(BAGS, RATIOS, PRICES, SIZES, KINDS)
def test_the_ratio_of_the_target_position_is_the_target(
    bag: Decimal, ratio: Decimal, price: Decimal, size: Decimal, kind: ContractKind
) -> None:
    held = target_quantity(kind, size, bag, ratio, price)
    found = hedge_ratio(delta(kind, held, size, price), bag)
    assert near(found, Fraction(ratio), scale=Fraction(1))
    assert abs(drift(found, ratio)) < Decimal("1e-40")


def test_ratio_and_drift_have_signs() -> None:
    assert hedge_ratio(Decimal("-2.5"), Decimal(5)) == Decimal("0.5")
    assert hedge_ratio(Decimal("2.5"), Decimal(5)) == Decimal("-0.5")
    assert drift(Decimal("0.55"), Decimal("0.5")) == Decimal("0.05")


@pytest.mark.parametrize(
    ("bag", "ratio", "held", "price", "named"),
    [
        ("-1", "0.5", "0", "1", "bag_quantity"),
        ("NaN", "0.5", "0", "1", "bag_quantity"),
        ("5", "-0.5", "0", "1", "target_ratio"),
        ("5", "0.5", "Infinity", "1", "current_quantity"),
        ("5", "0.5", "0", "0", "price"),
    ],
)
def test_what_cannot_be_is_refused_by_name(bag: str, ratio: str, held: str, price: str, named: str) -> None:
    with pytest.raises(RequestError) as refused:
        order_to_target(BTC, Decimal(bag), Decimal(ratio), Decimal(held), Decimal(price))
    assert refused.value.key == named


@pytest.mark.parametrize(
    ("current", "wanted", "quantity", "reduces"),
    [("2", "-1", "-3", False), ("2", "0", "-2", True), ("-2", "-1", "1", True), ("0", "-1", "-1", False)],
)
def test_an_order_that_turns_a_long_into_the_hedge_is_not_reduce_only(
    current: str, wanted: str, quantity: str, reduces: bool
) -> None:
    """A venue would cut a reduce-only order off at zero, and no hedge would be opened."""
    filters = Filters(quantity_step=Decimal("0.001"))
    found = order_to_quantity(ContractKind.LINEAR, Decimal(1), Decimal(wanted), Decimal(current), PRICE, filters)
    assert (found.signed_quantity, found.reduce_only) == (Decimal(quantity), reduces)


@pytest.mark.parametrize("wanted", ["0.5", "1", "3"])
def test_no_long_is_a_hedge(wanted: str) -> None:
    with pytest.raises(RequestError, match="wanted_quantity: expected zero or a short"):
        order_to_quantity(ContractKind.LINEAR, Decimal(1), Decimal(wanted), Decimal(0), PRICE, Filters())


@pytest.mark.parametrize("step", ["0", "-0.001", "NaN"])
def test_a_quantity_step_that_cannot_be_is_refused(step: str) -> None:
    with pytest.raises(RequestError, match="quantity_step"):
        order_to_target(
            msgspec.structs.replace(BTC, quantity_step=Decimal(step)), Decimal(5), Decimal(1), Decimal(0), PRICE
        )


def test_no_bag_has_no_ratio() -> None:
    with pytest.raises(RequestError, match="bag_quantity: expected a number above zero, found 0"):
        hedge_ratio(Decimal("-2.5"), Decimal(0))


@given(KINDS, SIZES, BAGS, RATIOS, RATIOS, PRICES, STEPS)
def test_an_order_in_short_is_the_order_to_the_target(
    kind: ContractKind, size: Decimal, bag: Decimal, ratio: Decimal, held_ratio: Decimal, price: Decimal, step: Decimal
) -> None:
    sold = instrument(kind, contract_size=size, quantity_step=step, minimum_notional=Decimal(100))
    held = (target_quantity(kind, size, bag, held_ratio, price) / step).to_integral_value() * step
    whole = order_to_target(sold, bag, ratio, held, price)
    quantity, refusals = exactly(order_in_short)(sold, bag, ratio, held, price)
    assert (abs(quantity), refusals) == (whole.quantity, whole.refusals)
    assert not whole.quantity or quantity == whole.signed_quantity


@pytest.mark.parametrize(
    ("bag", "ratio", "held", "price", "named"),
    [
        ("-1", "0.5", "0", "60000", "bag_quantity"),
        ("1", "-0.5", "0", "60000", "target_ratio"),
        ("1", "0.5", "NaN", "60000", "current_quantity"),
        ("1", "0.5", "0", "0", "price"),
    ],
)
def test_an_order_in_short_names_what_cannot_be(bag: str, ratio: str, held: str, price: str, named: str) -> None:
    for function in (order_to_target, exactly(order_in_short)):
        with pytest.raises(RequestError) as refused:
            function(BTC, Decimal(bag), Decimal(ratio), Decimal(held), Decimal(price))
        assert refused.value.key == named
