"""Worked examples that others printed (or own figures after them, where the source says so), asked as their page does.

``figures`` maps the path of a figure to what was printed and within how much it agrees; a ``mistaken`` example prints a
figure that is wrong (its ``note`` says why), and must not come out.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.calculators import CALCULATORS, answer_json

EXAMPLES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "worked_examples.json").read_text())
RIGHT = [example for example in EXAMPLES if not example.get("mistaken")]
MISTAKEN = [example for example in EXAMPLES if example.get("mistaken")]


def at(answer: Any, path: str) -> Any:
    for key in path.split("."):
        answer = answer[int(key)] if isinstance(answer, list) else answer[key]
    return answer


def agrees(found: Any, printed: Any) -> bool:
    if not isinstance(printed, list):
        return bool(found == printed)
    figure, within = map(Decimal, printed)
    return found is not None and abs(Decimal(found) - figure) <= within + abs(figure) / 10**11


def differing(example: dict[str, Any]) -> dict[str, Any]:
    """The printed figures that do not come out, with what does."""
    answer = json.loads(answer_json(example["calculator"], json.dumps(example["request"])))
    found = {path: at(answer, path) for path in example["figures"]}
    return {path: found[path] for path, printed in example["figures"].items() if not agrees(found[path], printed)}


@pytest.mark.parametrize("example", RIGHT, ids=lambda example: str(example["id"]))
def test_a_printed_figure_comes_out(example: dict[str, Any]) -> None:
    assert not differing(example)


@pytest.mark.parametrize("example", MISTAKEN, ids=lambda example: str(example["id"]))
def test_a_mistaken_figure_does_not_come_out(example: dict[str, Any]) -> None:
    assert differing(example)


def test_the_examples_are_many_and_each_is_named_once() -> None:
    assert len({example["id"] for example in EXAMPLES}) == len(EXAMPLES)
    assert len(RIGHT) >= 200
    assert len(MISTAKEN) >= 11
    assert {example["calculator"] for example in EXAMPLES} <= set(CALCULATORS)
