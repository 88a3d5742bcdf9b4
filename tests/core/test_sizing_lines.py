"""The arithmetic shown beside a hedge order: every line is what its numbers make, and the last ones what is sent."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.calculators import answer
from core.errors import RequestError
from core.hedging import Filters, order_to_quantity, target_quantity
from core.instruments import ContractKind
from core.pnl import delta
from core.sizing_lines import order_lines
from tests.core.money import PRICES, SIZES, decimals

KINDS = st.sampled_from([ContractKind.LINEAR, ContractKind.INVERSE, ContractKind.QUANTO])
BAGS = decimals("0.01", "1000", 2)
RATIOS = decimals("0", "1", 3)
STEPS = st.sampled_from([None, Decimal(1), Decimal("0.001"), Decimal("0.3")])


@given(KINDS, SIZES, BAGS, RATIOS, RATIOS, PRICES, PRICES, STEPS)
def test_the_lines_lead_from_the_target_to_the_order(
    kind: ContractKind,
    size: Decimal,
    bag: Decimal,
    ratio: Decimal,
    held_ratio: Decimal,
    price: Decimal,
    settle_price: Decimal,
    step: Decimal | None,
) -> None:
    wanted = target_quantity(kind, size, bag, ratio, price, settle_price)
    held = target_quantity(kind, size, bag, held_ratio, price, settle_price).quantize(Decimal("0.001"))
    filters = Filters(quantity_step=step, minimum_quantity=Decimal(1))
    sizing = order_to_quantity(kind, size, wanted, held, price, filters, settle_price)
    found = order_lines(kind, size, -bag * ratio, wanted, held, price, filters, sizing, settle_price)
    lines = {line.name: Fraction(line.value) for line in found}
    slack = (abs(Fraction(wanted)) + abs(Fraction(held)) + 1) / 10**40
    one = lines["coins in one contract"]
    assert abs(lines["target position"] * one + Fraction(bag) * Fraction(ratio)) <= slack * (1 + one)
    assert abs(lines["order before rounding"] - (Fraction(wanted) - Fraction(held))) <= slack
    assert lines["order"] == Fraction(sizing.signed_quantity)
    assert abs(lines["position after"] - Fraction(held) - lines["order"]) <= slack
    assert abs(lines["left open"] - (lines["order before rounding"] - lines["order"]) * one) <= slack * (1 + one)
    assert one == Fraction(delta(kind, Decimal(1), size, price, settle_price))
    assert all(line.formula for line in found)


def asked(**fields: Any) -> dict[str, Any]:
    return answer("hedge-size", {"kind": "linear", "bag_quantity": "5.06", "target_ratio": "0.5", **fields})


def formulas(found: dict[str, Any]) -> dict[str, str]:
    return {line["name"]: line["formula"] for line in found["lines"]}


def test_a_sale_and_a_purchase_say_which_way_they_were_rounded() -> None:
    sale = formulas(asked(contract_size="0.1", quantity_step="1"))
    assert sale["coins in one contract"] == "multiplier 0.1"
    assert sale["target position"] == "-2.53 coins / 0.1 a contract"
    assert sale["order"] == "25.3 in steps of 1: a sale is rounded down, never to hedge more than the target"
    assert sale["left open"] == "(-25.3 - (-25)) x 0.1 coins"
    purchase = formulas(asked(contract_size="0.1", quantity_step="1", current_quantity="-30"))
    assert purchase["order"] == "4.7 in steps of 1: a purchase is rounded up, never to hedge more than the target"
    odd = formulas(asked(target_ratio="0", quantity_step="1", current_quantity="-1.5"))
    assert odd["order"] == "1.5 in steps of 1: a purchase that would turn the hedge into a long is rounded down"
    assert formulas(asked())["order"] == "2.53 to sell, no step to round to"
    assert formulas(asked(current_quantity="-2.53"))["order"] == "nothing to order"


def test_each_filter_says_whether_the_order_passes() -> None:
    filters = {"minimum_quantity": "3", "maximum_quantity": "2.53", "minimum_notional": "100", "price": "60000"}
    found = formulas(asked(**filters))
    assert found["minimum order"] == "2.53 against at least 3: refused"
    assert found["maximum order"] == "2.53 against at most 2.53: passes"
    assert found["minimum order value"] == "151800 against at least 100: passes"


def test_the_multiplier_of_each_kind_is_shown_with_what_it_depends_on() -> None:
    inverse = formulas(asked(kind="inverse", contract_size="100", price="60000"))
    assert inverse["coins in one contract"] == "face value 100 / price 60000"
    quanto = formulas(asked(kind="quanto", contract_size="0.000001", settle_price="60000"))
    assert quanto["coins in one contract"] == "multiplier 0.000001 x settle price 60000"


def test_a_floor_that_rounding_leaves_short_is_told() -> None:
    found = asked(
        bag_quantity="5", target_ratio=None, price="60000", contract_size="0.1", quantity_step="1",
        target_floor="265000", target_floor_price="48000",
    )  # fmt: skip
    (line,) = [line for line in found["lines"] if line["name"] == "worth at the floor price"]
    assert (line["value"], line["formula"]) == ("264000", "5 x 48000 + (0) earned + 2 x (60000 - 48000)")


def test_what_the_hedge_has_earned_is_part_of_what_is_worth_at_the_floor() -> None:
    found = asked(
        bag_quantity="5", target_ratio=None, price="54000", current_quantity="-2.5", hedge_profit="15000",
        target_floor="270000", target_floor_price="48000",
    )  # fmt: skip
    assert found["lines"][-1]["value"] == "270000"


HOLDINGS = st.lists(st.tuples(decimals("0", "3", 2), decimals("100", "100000", 0), decimals("0.5", "2", 1)), max_size=3)


@given(BAGS, PRICES, decimals("0.5", "2", 1), RATIOS, HOLDINGS, STEPS)
@example(  # what the others have is the target but for the rounding of their quotients
    Decimal("0.05"), Decimal("0.01"), Decimal("0.5"), Decimal("0.551"),
    [(Decimal("0.15"), Decimal(551), Decimal("1.5"))], None,
)  # fmt: skip
def test_with_other_hedges_the_bag_is_never_hedged_beyond_its_target(
    bag: Decimal,
    price: Decimal,
    beta: Decimal,
    ratio: Decimal,
    others: list[tuple[Decimal, Decimal, Decimal]],
    step: Decimal | None,
) -> None:
    """In beta-dollars: what the others have and what the order brings together are no more than the target."""
    value = Fraction(bag) * 2000
    request: dict[str, Any] = {
        "kind": "linear", "bag_quantity": str(bag), "bag_price": "2000", "beta": str(beta), "price": str(price),
        "target_ratio": str(ratio),
        "other_hedges": [
            {"quantity": f"-{quantity}", "price": str(each), "beta": str(own)} for quantity, each, own in others
        ],
    }  # fmt: skip
    if step is not None:
        request["quantity_step"] = str(step)
    found = answer("hedge-size", request)
    elsewhere = sum((Fraction(q) * Fraction(p) / (value * Fraction(b)) for q, p, b in others), Fraction(0))
    ours = Fraction(found["quantity"]) * Fraction(price) / (value * Fraction(beta))
    assert abs(Fraction(found["other_ratio"]) - elsewhere) <= (1 + elsewhere) / 10**38
    assert abs(Fraction(found["ratio_after"]) - ours - elsewhere) <= (1 + elsewhere + ours) / 10**38
    assert ours + elsewhere <= max(Fraction(ratio), elsewhere) + Fraction(1, 10**38)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"target_coins": "1"}, "target_coins"),
        ({"target_ratio": None, "target_coins": "6"}, "target_coins"),
        ({"target_ratio": None, "target_money": "1"}, "price"),
        ({"target_ratio": None, "target_floor": "1", "price": "9"}, "target_floor_price"),
        ({"target_floor_price": "1"}, "target_floor_price"),
        ({"hedge_profit": "1"}, "hedge_profit"),
        ({"bag_price": "3000"}, "price"),
        ({"kind": "quanto"}, "settle_price"),
        ({"other_hedges": [{"quantity": -1, "kind": "inverse"}]}, "other_hedges.0.price"),
        ({"other_hedges": [{"quantity": -1}], "bag_price": "1", "price": "1"}, "other_hedges.0.price"),
        ({"target_ratio": None, "target_floor": "1", "target_floor_price": "9", "price": "9"}, "target_floor_price"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused_by_name(fields: dict[str, Any], key: str) -> None:
    with pytest.raises(RequestError) as refused:
        asked(**fields)
    assert refused.value.key == key
