"""Every number of every answer is told, and every formula told gives its number when it is worked out again."""

from __future__ import annotations

import json
import re
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.calculators import CALCULATORS, answer, answer_json, explain, explain_json, schema
from core.calculators.declared import formula_names
from core.calculators.explanation import FIXED, RULES
from core.calculators.reading import read_request
from core.errors import RequestError
from tests.core.test_calc_document import EXAMPLES
from tests.core.test_worked_examples import EXAMPLES as WORKED
from tests.support.formulas import NotAFormula, read, worked_out

GOLDEN = Path(__file__).parent / "golden"
CASES = [
    pytest.param(path.stem, json.dumps(case["request"]), id=f"{path.stem}: {case['name']}")
    for path in sorted(GOLDEN.glob("*.json"))
    for case in json.loads(path.read_text())
]
CASES += [
    pytest.param(str(example.values[0]), str(example.values[1]), id=f"document: {example.id}") for example in EXAMPLES
]
CASES += [
    pytest.param(example["calculator"], json.dumps(example["request"]), id=f"example: {example['id']}")
    for example in WORKED
]

NOT_FORMULAS = {
    "share": "search: the part of a position to cut, over the pieces of a line",
    "multiple": "search: the driver's multiple at a threshold, over a curve",
    "multiple where the surplus is zero": "search: likewise, where several coins move",
    "median years": "search: no closed form with a drift",
    "standard errors either way": "search: Student's t has no closed form",
    "multiple of the normal": "search: neither has the normal's",
    "lag": "search: the greatest of the correlations told",
    "lags tried": "words: what was asked for",
    "slopes": "words: a system of linear equations",
    "weights": "words: likewise",
    "condition": "words: eigenvalues have no closed form",
    "length": "words: counting from the end",
    "flips": "words: counting changes of sign",
    "value at risk": "words: one of a sorted list",
    "left of an isolated pool": "words: a rule of venues",
    "grid net": "words: cells of a grid, each a scenario",
    "grid left": "words: likewise",
    "grid sigmas": "words: likewise",
}
"""The steps that cannot be worked out again from what they show, and why."""

FIXED_FIGURES = {
    ("carry", "projections.hours"): "horizons of a day, a week and a month",
    ("touch", "horizons.days"): "horizons of a day, a week and a month",
    ("account", "pools.ratio.liquidates_at"): "1 by definition of the ratio",
}
"""Figures that are neither input nor computed."""

EXACT, ESTIMATED, TINY = Decimal("1e-35"), Decimal("1e-9"), Decimal("1e-15")


@cache
def explained(name: str, request: str) -> dict[str, Any]:
    return explain(name, read_request(request))


def agrees(found: Any, shown: Any, slack: Decimal) -> bool:
    if isinstance(found, list):
        same = isinstance(shown, list) and len(found) == len(shown)
        return same and all(agrees(one, other, slack) for one, other in zip(found, shown, strict=True))
    with localcontext(prec=60):
        return bool(abs(Decimal(str(found)) - shown) <= slack)


def slack_of(step: dict[str, Any], largest: Decimal) -> Decimal:
    """A difference of large figures is exact to their last digits, not to its own."""
    shown = read(step["value"])
    if step["estimated"]:
        return ESTIMATED * max([abs(value) for value in flat(shown)], default=Decimal(0)) + TINY
    return EXACT * max([largest, *(abs(value) for value in flat(shown))])


def flat(value: Any) -> list[Decimal]:
    return [item for each in value for item in flat(each)] if isinstance(value, list) else [value]


def named(step: dict[str, Any]) -> str:
    name: str = step["name"]
    if name.startswith("left of") and step["kind"] == "words":
        return "left of an isolated pool"
    return "multiple of the normal" if name == "multiple" and "normal" in step["formula"] else name


def without_numbers(path: str) -> str:
    return ".".join(part for part in path.split(".") if not part.isdigit())


@pytest.mark.parametrize(("name", "request_"), CASES)
def test_every_formula_gives_its_value_when_worked_out_again(name: str, request_: str) -> None:
    explanation = explained(name, request_)["explanation"]
    assert explanation["complete"]
    for step in explanation["steps"]:
        if step["kind"] != "formula":
            assert named(step) in NOT_FORMULAS, step
            continue
        inputs = {given["name"]: given["value"] for given in step["inputs"]}
        found, largest = worked_out(step["formula"], inputs, estimated=step["estimated"])
        assert agrees(found, read(step["value"]), slack_of(step, largest)), (step, found)


@pytest.mark.parametrize(("name", "request_"), CASES)
def test_every_figure_of_an_answer_is_an_input_or_the_value_of_a_step(name: str, request_: str) -> None:
    found = explained(name, request_)
    steps = found["explanation"]["steps"]
    for figure in found["explanation"]["figures"]:
        value, origin = Decimal(figure["value"]), figure["origin"]
        if figure["step"] is not None:
            step = steps[figure["step"] - 1]
            assert step["number"] == figure["step"]
            assert step["name"] == origin
            told = [Decimal(each) for each in re.findall(r"-?\d+(?:\.\d+)?", step["value"])]
            slack = Decimal("1e-11") if step["estimated"] else Decimal("1e-39")
            assert any(abs(value - each) <= abs(each) * slack for each in told), (figure, step)
        elif origin == FIXED:
            assert (name, without_numbers(figure["figure"])) in FIXED_FIGURES, figure
        else:
            path = origin.removeprefix("minus ").split(": ")[1]
            assert Decimal(at(found, name, request_, path)) == (-value if origin.startswith("minus ") else value)


def at(found: dict[str, Any], name: str, request: str, path: str) -> str:
    """The value of a field, where it is one of a list out of the list."""
    given = {field["field"]: field["value"] for field in found["explanation"]["request"]}
    if path in given:
        return str(given[path])
    whole, _, index = path.rpartition(".")
    return str(read(given[whole])[int(index)])


@pytest.mark.parametrize(("name", "request_"), CASES)
def test_the_answer_is_the_one_given_without_explanation_and_all_its_figures_are_listed(
    name: str, request_: str
) -> None:
    found = explained(name, request_)
    assert found["answer"] == json.loads(answer_json(name, request_))
    assert json.loads(explain_json(name, request_)) == found
    listed = {figure["figure"]: figure["value"] for figure in found["explanation"]["figures"]}
    for path, value in listed.items():
        part: Any = found["answer"]
        for key in path.split("."):
            part = part[int(key)] if isinstance(part, list) else part[key]
        assert str(part) == value
    numbers = [value for value in scalars(found["answer"]) if re.fullmatch(r"-?\d+(\.\d+)?", value)]
    assert len(numbers) <= len(listed)


def scalars(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [value for key, item in part.items() if key != "formula" for value in scalars(item)]
    if isinstance(part, list):
        return [value for item in part for value in scalars(item)]
    return [part] if isinstance(part, str) else []


@pytest.mark.parametrize(("name", "request_"), CASES)
def test_an_input_comes_from_a_step_before_it_or_from_the_request(name: str, request_: str) -> None:
    explanation = explained(name, request_)["explanation"]
    for step in explanation["steps"]:
        names = [given["name"] for given in step["inputs"]]
        assert len(set(names)) == len(names)
        if step["kind"] == "formula":
            assert set(formula_names(step["formula"])) <= set(names)
        for given in step["inputs"]:
            for origin in given["origin"].split("; "):
                number = re.match(r"(?:minus )?step (\d+): ", origin)
                assert number is None or int(number[1]) < step["number"]
                assert number or origin == RULES or re.match(r"(minus )?(the request|default): \S+$", origin), origin


def test_the_steps_that_are_no_formulas_are_few() -> None:
    steps = [step for case in CASES for step in explained(*map(str, case.values))["explanation"]["steps"]]
    others = [step for step in steps if step["kind"] != "formula"]
    assert {named(step) for step in others} <= set(NOT_FORMULAS)
    assert len(others) * 50 < len(steps)


def test_an_explanation_names_its_fields_defaults_and_sources() -> None:
    request = {"kind": "linear", "side": "short", "quantity": "2.5", "entry_price": "60000", "exit_price": "48000"}
    found = explain("pnl", {**request, "open_fee_rate": "0.00055", "funding": "45"})["explanation"]
    fields = {field["field"]: (field["value"], field["origin"]) for field in found["request"]}
    assert fields["quantity"] == ("2.5", "the request")
    assert fields["contract_size"] == ("1", "default")
    figures = {figure["figure"]: figure for figure in found["figures"]}
    step = found["steps"][figures["unrealised"]["step"] - 1]
    assert step["formula"] == "quantity * contract_size * (price - entry_price)"
    assert {given["name"]: (given["value"], given["origin"]) for given in step["inputs"]} == {
        "quantity": ("-2.5", "minus the request: quantity"),
        "contract_size": ("1", "default: contract_size"),
        "entry_price": ("60000", "the request: entry_price"),
        "price": ("48000", "the request: exit_price"),
    }
    net = found["steps"][figures["net"]["step"] - 1]
    assert net["formula"] == "gross - fees + funding"
    assert figures["funding"]["origin"] == "the request: funding"
    sources = explain("touch", {"price": 60000, "barrier": 90000, "volatility": "0.5", "days": 30})["explanation"]
    assert any("Harrison" in source for source in sources["sources"])


@pytest.mark.parametrize(
    ("name", "request_", "needs"),
    [
        (
            "pnl",
            {
                "kind": "linear",
                "side": "short",
                "quantity": 1,
                "entry_price": 9,
                "exit_price": 8,
                "initial_margin": None,
            },
            {"initial_margin": ["return_on_margin", "gross_return_on_margin"]},
        ),
        (
            "pnl",
            {"kind": "linear", "side": "short", "quantity": None, "entry_price": 9, "exit_price": None},
            {"quantity": ["every figure"], "exit_price": ["every figure"]},
        ),
        (
            "beta",
            {"correlation": "0.8", "bag_deviation": 1, "hedge_deviation": 1, "observations": None},
            {"observations": ["ratio_error"]},
        ),
        (
            "collateral",
            {"balances": [{"asset": "BTC", "amount": 1, "price": None}, {"asset": "USDT", "amount": 5, "price": 1}]},
            {
                "balances.0.price": [
                    *(
                        f"balances.0.{figure}"
                        for figure in (
                            "bid_rate",
                            "ask_rate",
                            "worth",
                            "value",
                            "haircut",
                            "ratio",
                            "cover_value",
                            "cover_coins",
                        )
                    ),
                    "worth",
                    "value",
                    "haircut",
                ]
            },
        ),
    ],
)
def test_a_missing_input_is_told_with_the_figures_that_need_it(
    name: str, request_: dict[str, Any], needs: dict[str, list[str]]
) -> None:
    found = explain(name, request_)["explanation"]["missing"]
    assert {need["input"]: need["needed_by"] for need in found} == needs


def test_a_refused_request_is_refused_with_or_without_explanation() -> None:
    with pytest.raises(RequestError, match="kind"):
        explain("pnl", {})
    with pytest.raises(RequestError, match="calculator"):
        explain("profit", {})


@pytest.mark.parametrize("name", CALCULATORS)
def test_the_schema_covers_the_explanation(name: str) -> None:
    found = schema(name)
    assert set(found["explanation"]["properties"]) == set(explained(*first(name))["explanation"])
    assert answer(name, read_request(first(name)[1])) == explained(*first(name))["answer"]


def first(name: str) -> tuple[str, str]:
    return next((name, str(case.values[1])) for case in CASES if case.values[0] == name)


@pytest.mark.parametrize(
    "formula",
    ["__import__('os')", "a.real", "unknown + 1", "a if a else 1", "(lambda: 1)()", "[a][0]", "max(a, key=abs)", "'a'"],
)
def test_only_formulas_are_worked_out(formula: str) -> None:
    with pytest.raises(NotAFormula):
        worked_out(formula, {"a": "1"})


def test_formulas_are_worked_out_exactly_and_lists_item_by_item() -> None:
    assert worked_out("a / 3 * 3 - a", {"a": "1"})[0].copy_abs() < Decimal("1e-49")
    assert worked_out("sum(x * y) - max(x, 5)", {"x": "[1, 2]", "y": "[3, -4]"})[0] == -10
    assert worked_out("dot(rows, x)", {"rows": "[[1, 2], [0, 1]]", "x": "[3, 4]"})[0] == [11, 4]
    assert worked_out("rounded(a, grid)", {"a": "0.25", "grid": "0.1"})[0] == Decimal("0.2")
    assert worked_out("cbrt(a)", {"a": "0"})[0] == 0
