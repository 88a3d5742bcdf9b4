from __future__ import annotations

from decimal import Decimal as D

import pytest

from core.explain import LONGEST_LIST, MOST_STEPS, explained, is_recording, note, recording, text, unrecorded
from core.instruments import ContractKind
from core.pnl import settle_notional, unrealised


@explained(
    {ContractKind.LINEAR: "a * b", ContractKind.INVERSE: "a / b"}, name="the product", unit="coin", source="book"
)
def product(kind: ContractKind, a: D, b: D, unused: D = D(7)) -> D:
    return a / b if kind is ContractKind.INVERSE else a * b


def test_a_call_leaves_the_formula_of_its_kind_with_the_inputs_that_are_in_it() -> None:
    with recording() as steps:
        assert product(ContractKind.INVERSE, D(6), D(4)) == D("1.5")
    (step,) = steps
    assert (step.name, step.formula, step.value) == ("the product", "a / b", "1.5")
    assert step.inputs == (("a", "6"), ("b", "4"))
    assert (step.unit, step.source, step.kind, step.estimated) == ("coin", "book", "formula", False)


def test_the_same_step_is_told_once_and_another_value_again() -> None:
    with recording() as steps:
        for price in (D(10), D(10), D(20)):
            settle_notional(ContractKind.LINEAR, D(2), D(1), price)
    assert [step.value for step in steps] == ["20", "40"]


def test_nothing_is_left_outside_a_recording_nor_while_one_is_silenced() -> None:
    product(ContractKind.LINEAR, D(1), D(1))
    with recording() as steps:
        with unrecorded():
            assert not is_recording()
            product(ContractKind.LINEAR, D(2), D(1))
        assert is_recording()
        product(ContractKind.LINEAR, D(3), D(1))
    assert not is_recording()
    assert [step.value for step in steps] == ["3"]


def test_a_recording_ends_where_its_computation_is_refused() -> None:
    with pytest.raises(ZeroDivisionError), recording():
        raise ZeroDivisionError
    assert not is_recording()


def test_an_inner_recording_keeps_its_steps_to_itself() -> None:
    with recording() as outer:
        with recording() as inner:
            product(ContractKind.LINEAR, D(2), D(3))
        unrealised(ContractKind.LINEAR, D(-1), D(1), D(10), D(8))
    assert [step.value for step in inner] == ["6"]
    assert [step.value for step in outer] == ["2"]


def test_a_recording_keeps_no_more_than_its_limit() -> None:
    with recording() as steps:
        for number in range(MOST_STEPS + 5):
            note("count", "number", number, {"number": number})
    assert len(steps) == MOST_STEPS
    assert steps[-1].value == str(MOST_STEPS - 1)


@pytest.mark.parametrize("value", [0.5, [1.0, 2.0], [[D(1)], [0.25]]])
def test_floating_point_marks_a_step_as_estimated(value: object) -> None:
    with recording() as steps:
        note("value", "x", value, {"x": D(1)})
        note("from one", "x", D(1), {"x": value})
        note("exact", "x", D(1), {"x": (D(1), "words", None, True)})
    assert [step.estimated for step in steps] == [True, True, False]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (D("1E+3"), "1000"),
        (D("-0.00"), "0"),
        (
            D("0.1234567890123456789012345678901234567890123"),
            "0.123456789012345678901234567890123456789",
        ),
        (0.1, "0.1"),
        (1e-9, "0.000000001"),
        (None, "not known"),
        ((D("2.50"), D(3)), "[2.5, 3]"),
        ([], "[]"),
        (ContractKind.INVERSE, "inverse"),
    ],
)
def test_values_are_shown_plainly(value: object, shown: str) -> None:
    assert text(value) == shown


def test_a_long_list_is_shown_by_its_ends() -> None:
    assert text(list(range(LONGEST_LIST))).startswith("[0, 1")
    assert text(list(range(LONGEST_LIST + 1))) == "401 values: 0, 1, 2, …, 398, 399, 400"
