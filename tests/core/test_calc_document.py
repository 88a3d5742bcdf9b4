"""``docs/calc.md`` shows requests with their answers: they must be the answers that are given."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.calculators import CALCULATORS, answer_json, schema

DOCUMENT = Path(__file__).parents[2] / "docs" / "calc.md"
SECTION = re.compile(r"^## (\S+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"```json request\n(.*?)```\s*```json answer\n(.*?)```", re.DOTALL)
EXAMPLES = [
    pytest.param(name, request, shown, id=f"{name}-{index}")
    for name, text in SECTION.findall(DOCUMENT.read_text())
    for index, (request, shown) in enumerate(EXAMPLE.findall(text))
]


@pytest.mark.parametrize(("name", "request_", "shown"), EXAMPLES)
def test_a_documented_request_has_the_documented_answer(name: str, request_: str, shown: str) -> None:
    assert answer_json(name, request_) == shown.rstrip("\n")


def documented(name: str) -> list[dict[str, Any]]:
    return [json.loads(str(example.values[1])) for example in EXAMPLES if example.values[0] == name]


@pytest.mark.parametrize("name", CALCULATORS)
def test_every_calculator_is_documented_and_its_schemas_examples_are_among_it(name: str) -> None:
    examples = schema(name)["request"]["examples"]
    assert examples
    for example in examples:
        assert example in documented(name)
