"""Explanations on the screen: whole at every width, honest about age and absence, discreet in private."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import Explain
from core.explanation import Explanation
from core.figures import Figure, Freshness, absent, exact, unknown
from core.snapshot import Snapshot
from core.why.explainer import paths
from tests.core.why_books import CASES
from tests.support.builders import LINEAR, at
from tests.tui.drawing import view_of
from tests.tui.samples import SECOND
from tui.format import Formatter
from tui.layout import PANEL_NAMES
from tui.rows import row_width
from tui.why_figures import figures_of
from tui.why_text import MOMENT, explanation_page, figure_cell, is_amount, listed_cell, number

SHOW = Formatter(now_ns=at(0.1))
PRIVATE = Formatter(now_ns=at(0.1), private=True)


@cache
def explained(case: str) -> tuple[Snapshot, tuple[Explanation, ...]]:
    make, when = CASES[case]
    made, found = make(), []
    snapshot = made.snapshot(at(when))
    for path in paths(snapshot):
        made.command(Explain(path=path), at(when))
        told = made.snapshot(at(when)).explanation
        assert told is not None
        found.append(told)
    return snapshot, tuple(found)


def page(told: Explanation, width: int = 76, show: Formatter = SHOW, chosen: int | None = None) -> str:
    rows = explanation_page(show, told, width, chosen).rows
    return "\n".join("".join(cell.text for cell in row) for row in rows)


def one(case: str, path: str) -> Explanation:
    return next(told for told in explained(case)[1] if told.path.endswith(path))


@pytest.mark.parametrize("case", ["linear isolated", "multi-asset with haircut", "staged cross", "gone", "quanto"])
@pytest.mark.parametrize("width", [36, 76, 106])
def test_every_explanation_fits_its_width(case: str, width: int) -> None:
    for told in explained(case)[1]:
        for row in explanation_page(SHOW, told, width, 0).rows:
            assert row_width(row) <= width, row
        if width >= 76:
            assert "…" not in page(told, width), told.path


def test_nothing_that_is_said_is_left_out() -> None:
    for told in explained("cross with two coins")[1]:
        text = re.sub(r"\s+", "", page(told))
        for said in (told.formula, told.method, told.source, told.rule, told.excludes, told.path, *told.remarks):
            assert re.sub(r"\s+", "", said) in text, said
        assert all(item.name in text for item in told.inputs)


def test_each_input_begins_where_the_page_says() -> None:
    told = one("linear isolated", f"hedges/{LINEAR}/liquidation_distance")
    found = explanation_page(SHOW, told, 76, 1)
    assert len(found.inputs) == len(told.inputs)
    for item, begin in zip(told.inputs, found.inputs, strict=True):
        assert found.rows[begin][1].text.strip() == item.name
    marks = [found.rows[begin][0].text for begin in found.inputs]
    assert marks == ["  ", "▸ ", "  "]


def test_private_mode_shows_no_amount() -> None:
    told = one("linear isolated", f"hedges/{LINEAR}/maintenance_margin")
    assert "600" in page(told)
    text = page(told, show=PRIVATE)
    assert "600" not in text.replace("60000", "")
    assert "0.005" in text, "a rate is no secret"
    assert "120,000" not in text, "the value in the steps is"


def test_an_old_input_says_its_age_and_a_missing_one_what_it_needs() -> None:
    late = one("stale", f"hedges/{LINEAR}/profit")
    assert "stale 20s" in page(late, show=Formatter(now_ns=at(20)))
    gone = one("no tiers", f"hedges/{LINEAR}/liquidation_ours")
    assert f"unknown, for want of: maintenance tiers of {LINEAR}" in re.sub(r"\s+", " ", page(gone))


@pytest.mark.parametrize(
    ("figure", "unit", "text"),
    [
        (exact(Decimal("12345.678")), "USDT", "12,345.678"),
        (exact(Decimal("-0.5")), "BTC", "−0.5"),
        (Figure(value=Decimal(2) / 3, estimated=True), "fraction", "≈0.666666666667"),
        (unknown("mark price"), "USDT", "—"),
        (absent("no position"), "USDT", "none"),
        (Figure(value=Decimal(1), freshness=Freshness.UNKNOWN), "USDT", "—"),
        (exact(Decimal(1_786_310_400 * SECOND)), MOMENT, "2026-08-09 21:20 UTC"),
    ],
)
def test_a_figure_is_shown_with_its_marks(figure: Figure, unit: str, text: str) -> None:
    assert figure_cell(SHOW, figure, unit).text == text


def test_a_fraction_in_a_list_is_a_percentage() -> None:
    assert listed_cell(SHOW, exact(Decimal("0.4926")), "fraction of the bag").text == "49.26%"
    assert listed_cell(SHOW, exact(Decimal("0.4926")), "BTC").text == "0.4926"
    assert listed_cell(SHOW, unknown("x"), "fraction").text == "—"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**15), max_value=10**15))
def test_a_number_keeps_twelve_digits(value: Decimal) -> None:
    shown = Decimal(number(value).replace(",", "").replace("−", "-"))
    assert abs(shown - value) <= max(abs(value) * Decimal("1e-11"), Decimal(0)) or abs(value) < Decimal("1e-8")


@pytest.mark.parametrize(
    ("unit", "amount"),
    [("USDT", True), ("BTC", True), ("", True), ("USDT a BTC", False), ("fraction of the bag", False), (MOMENT, False)],
)
def test_private_mode_hides_money_and_coins_only(unit: str, amount: bool) -> None:
    assert is_amount(unit) is amount
    hidden = figure_cell(PRIVATE, exact(Decimal(7)), unit).text == "•••••"
    assert hidden is amount


@pytest.mark.parametrize("case", ["cross with two coins", "multi-asset with haircut", "order sent", "stale"])
def test_what_a_panel_lists_are_figures_that_can_be_asked(case: str) -> None:
    snapshot = explained(case)[0]
    view = view_of(snapshot)
    listed = {panel: figures_of(panel, view) for panel in PANEL_NAMES.values()}
    assert {item.path for items in listed.values() for item in items} <= set(paths(snapshot))
    for panel in ("bag", "hedge", "margin", "funding", "ratio", "feeds"):
        assert listed[panel], panel
    hedged = [item.path for item in listed["hedge"]]
    assert not any("ETHUSDT" in path for path in hedged), "the selected hedge's alone"
    assert [item.path for item in listed["hedge"]].count(f"books/{view.snapshot.books[0].name}/totals/fees") == 1


def test_the_profit_panel_lists_what_was_made_since_when_and_by_which_side() -> None:
    snapshot = CASES["since an anchor"][0]().snapshot(at(0.4))
    listed = figures_of("profit", view_of(snapshot))
    assert {item.path for item in listed} <= set(paths(snapshot))
    found = {(item.subject, item.path.rpartition("/")[2]) for item in listed}
    assert {("anchor", "protection"), ("today", "total"), ("hedge today", "basis"), ("bag inception", "price")} <= found
    assert ("BTC", "effective_cost") in found
    assert not any(item.path.startswith("scenario") for item in listed)
