"""Our own worked cases: figures found by hand as fractions, asked of the public calculators as JSON.

Those of a calculator that estimates are stated to the 12 digits that its answers have.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from core.calculators import CALCULATORS, answer_json

GOLDEN = Path(__file__).parent / "golden"
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")
    for path in sorted(GOLDEN.glob("*.json"))
    for case in json.loads(path.read_text())
]
NUMBER = re.compile(r"-?\d+(\.\d+)?(/\d+)?")


def check(found: Any, expected: Any, where: str, slack: Fraction) -> None:
    """Expected figures are fractions; ours agree to the digits that an answer has."""
    if isinstance(expected, dict):
        for name, part in expected.items():
            check(found[name], part, f"{where}.{name}", slack)
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for index, part in enumerate(expected):
            check(found[index], part, f"{where}.{index}", slack)
    elif isinstance(expected, str) and NUMBER.fullmatch(expected):
        true = Fraction(expected)
        assert abs(Fraction(found) - true) <= abs(true) * slack, f"{where}: {found}, expected {expected}"
    else:
        assert found == expected, where


@pytest.mark.parametrize(("calculator", "case"), CASES)
def test_a_worked_case_comes_out_exactly(calculator: str, case: dict[str, Any]) -> None:
    found = json.loads(answer_json(calculator, json.dumps(case["request"])))
    slack = Fraction(1, 10**11) if found.get("estimated") else Fraction(1, 10**39)
    check(found, {"status": "ok", **case["answer"]}, calculator, slack)


def test_every_calculator_has_worked_cases() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(CALCULATORS)
