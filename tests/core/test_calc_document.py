"""``docs/calc.md`` shows requests with their answers: they must be the answers that are given."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.calculators import CALCULATORS, answer_json, explain_json, explain_text, schema

DOCUMENT = Path(__file__).parents[2] / "docs" / "calc.md"
SECTION = re.compile(r"^## (\S+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"```json request\n(.*?)```\s*```json answer\n(.*?)```", re.DOTALL)
EXAMPLES = [
    pytest.param(name, request, shown, id=f"{name}-{index}")
    for name, text in SECTION.findall(DOCUMENT.read_text())
    for index, (request, shown) in enumerate(EXAMPLE.findall(text))
]
EXPLAINED = re.compile(r"```console\n\$ hedgerow calc (\S+) --explain(=text)? <<< '(.*?)'\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize(("name", "text", "request_", "shown"), EXPLAINED.findall(DOCUMENT.read_text()))
def test_a_documented_explanation_is_the_one_that_is_given(name: str, text: str, request_: str, shown: str) -> None:
    found = explain_text(name, request_, 80) if text else explain_json(name, request_)
    assert found == shown.rstrip("\n")


def test_an_explanation_is_documented() -> None:
    assert len(EXPLAINED.findall(DOCUMENT.read_text())) >= 2


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
