from __future__ import annotations

import pytest

from core.calculators import CALCULATORS, explain_text
from core.calculators.explanation_text import NARROWEST
from tests.core.test_explanations import explained, first

SHORT = '{"kind": "inverse", "side": "short", "quantity": 60000, "entry_price": 60000, "exit_price": 47000}'


@pytest.mark.parametrize("width", [1, NARROWEST, 60, 80, 200])
@pytest.mark.parametrize("name", CALCULATORS)
def test_no_line_is_wider_than_asked_and_every_figure_and_step_is_there(name: str, width: int) -> None:
    name, request = first(name)
    shown = explain_text(name, request, width)
    assert max(map(len, shown.splitlines())) <= max(width, NARROWEST)
    explanation = explained(name, request)["explanation"]
    for figure in explanation["figures"]:
        assert any(line.strip().startswith(figure["figure"][:20]) for line in shown.splitlines())
    for step in explanation["steps"]:
        assert f"\n {step['number']}. " in shown


def test_a_figure_names_its_step_and_the_step_its_formula_and_inputs() -> None:
    lines = explain_text("pnl", SHORT, 80).splitlines()
    figure = next(line for line in lines if line.startswith("  unrealised"))
    number = figure.split("step ")[1].split(",")[0]
    start = next(place for place, line in enumerate(lines) if line.startswith(f" {number}. unrealised"))
    assert lines[start + 1].strip() == "= quantity * contract_size * (1 / entry_price - 1 / price)"
    inputs = lines[start + 2 : start + 6]
    assert [line.split()[:2] for line in inputs] == [
        ["quantity", "-60000"],
        ["contract_size", "1"],
        ["entry_price", "60000"],
        ["price", "47000"],
    ]
    assert len({line.index(line.split()[1]) + len(line.split()[1]) for line in inputs}) == 1


def test_a_long_fraction_is_cut_and_says_so_but_a_small_one_keeps_its_digits() -> None:
    shown = explain_text("pnl", SHORT, 80)
    assert "0.2765957446808510…" in shown
    tiny = explain_text("touch", '{"price": 60000, "barrier": 600000, "volatility": "0.5", "days": 30}', 80)
    probability = next(line for line in tiny.splitlines() if line.startswith("  probability "))
    assert float(probability.split()[1]) > 0
    assert "e-" in probability
