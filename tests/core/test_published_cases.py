"""Every published case of the covered topics, through the public calculators, at the printed tolerance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.core.published import BY_CASE, CASES, ESTIMATED, FORMULAS, LEFT_OUT, TOPICS

needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the published cases lie beside the checkout, not here")


def load() -> list[dict[str, Any]]:
    if not CASES.exists():
        return []
    cases = json.loads(CASES.read_text(), parse_float=Decimal, parse_int=Decimal)
    return [case for case in cases if case["topic"] in TOPICS]


ALL = load()
ASKED = [case for case in ALL if case["formula"] in FORMULAS]
REPRODUCIBLE = [case for case in ASKED if case["reproduced"]]
MISTAKEN = [case for case in ASKED if not case["reproduced"]]


def named(case: Mapping[str, Any]) -> str:
    return str(case["id"])


def pairs(case: Mapping[str, Any], published: Any) -> Iterator[tuple[str, Decimal | None, Any, Any]]:
    """(name, ours, published, tolerance) of every figure of a case that its formula answers."""
    ours = BY_CASE.get(case["id"], FORMULAS[case["formula"]])(case["inputs"])
    if not isinstance(published, dict):
        published, ours = {"": published}, {"": ours.get("", next(iter(ours.values())))}
    tolerances = case["tolerance"]
    for name, expected in published.items():
        key = str(Decimal(name)) if case["formula"] == "mm_deductions" else name
        if key in ours:
            yield name, ours[key], expected, tolerances.get(name, tolerances)


def agrees(ours: Decimal | None, expected: Any, tolerance: Mapping[str, Decimal]) -> bool:
    if ours is None or expected is None:
        return ours is expected
    miss = abs(ours - Decimal(expected))
    return miss <= tolerance.get("abs", Decimal(0)) or miss <= tolerance.get("rel", Decimal(0)) * abs(expected)


@needs_cases
@pytest.mark.parametrize("case", REPRODUCIBLE, ids=named)
def test_a_published_case_comes_out_at_its_printed_precision(case: dict[str, Any]) -> None:
    found = list(pairs(case, case["expected"]))
    assert found, "no figure of this case was answered"
    for name, ours, expected, tolerance in found:
        assert agrees(ours, expected, tolerance), f"{name or case['formula']}: {ours}, published {expected}"


@needs_cases
@pytest.mark.parametrize("case", MISTAKEN, ids=named)
def test_a_mistaken_figure_is_not_reproduced(case: dict[str, Any]) -> None:
    """Wrong formulas kept as controls, and published figures that are wrong: we differ, and give the true figure."""
    found = list(pairs(case, case["expected"]))
    assert found, "no figure of this case was answered"
    assert not all(agrees(ours, expected, tolerance) for _, ours, expected, tolerance in found)
    for _, ours, true_figure, _ in pairs(case, case["computed"]):
        assert agrees(ours, true_figure, {"rel": Decimal("5e-12" if case["topic"] in ESTIMATED else "1e-12")})


@needs_cases
def test_the_cases_cover_what_they_claim() -> None:
    assert {case["formula"] for case in ALL} == FORMULAS.keys() | LEFT_OUT.keys()
    assert not FORMULAS.keys() & LEFT_OUT.keys()
    controls = [case for case in MISTAKEN if case["kind"] == "negative control"]
    assert (len(REPRODUCIBLE), len(MISTAKEN), len(controls)) == (276, 27, 9)
    assert len(ALL) - len(ASKED) == 0
