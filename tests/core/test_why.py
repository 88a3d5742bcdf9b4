"""Every figure explains itself, and what the explanation says is what the figure is."""

from __future__ import annotations

import ast
import subprocess
import sys
from decimal import Decimal
from functools import cache

import msgspec
import pytest
from msgspec import inspect as shapes

from core.commands import CancelStage, Explain, ShowScenarios
from core.engine import Engine
from core.explanation import Explanation, Input
from core.figures import Figure, Freshness
from core.hedged_book import HedgedBook
from core.scenario import Outcome, Scenario, UnknownOutcome, run
from core.snapshot import Snapshot
from core.why import scenarios
from core.why.explainer import nearest_path, paths
from core.why.place import FACTS, figures
from core.why.subjects import SUBJECTS
from tests.core.why_books import CASES, disputed, imagined, measured, no_spot, proxy, seed, staged, two_coins
from tests.support.builders import LINEAR, at, feed, market_at, perpetual
from tests.support.formulas import worked_out

HEDGE = f"books/bitcoin/hedges/{LINEAR}"
EXACT, FLOATING = Decimal("1e-30"), Decimal("1e-9")
STATISTICS = ("liquidation_sigmas", "touch_day", "touch_week", "touch_month")


@cache
def running(case: str) -> tuple[Engine, Snapshot, float]:
    make, when = CASES[case]
    made = make()
    return made, made.snapshot(at(when)), when


def asked(made: Engine, path: str, when: float) -> Explanation:
    made.command(Explain(path=path), at(when))
    found = made.snapshot(at(when)).explanation
    assert found is not None, made.snapshot(at(when)).message
    return found


@cache
def explained(case: str) -> tuple[Explanation, ...]:
    made, snapshot, when = running(case)
    return tuple(asked(made, path, when) for path in paths(snapshot))


def figure_fields() -> set[tuple[type[msgspec.Struct], str]]:
    """Every field of the snapshot, and of what it holds, that is a figure: found by its type."""
    found: set[tuple[type[msgspec.Struct], str]] = set()
    waiting: list[type[msgspec.Struct]] = [Snapshot]
    seen: set[type[msgspec.Struct]] = {Snapshot, Explanation}
    while waiting:
        struct = waiting.pop()
        shape = shapes.type_info(struct)
        assert isinstance(shape, shapes.StructType)
        for field in shape.fields:
            for inner in _structs(field.type):
                if inner is Figure:
                    found.add((struct, field.name))
                elif inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)
    return found


def _structs(shape: shapes.Type) -> list[type[msgspec.Struct]]:
    match shape:
        case shapes.StructType():
            return [shape.cls]
        case shapes.UnionType():
            return [struct for part in shape.types for struct in _structs(part)]
        case shapes.VarTupleType():
            return _structs(shape.item_type)
        case _:
            return []


def test_every_figure_of_the_snapshot_has_an_explanation() -> None:
    fields = figure_fields()
    assert len(fields) > 90
    assert len(SUBJECTS) == len(set(SUBJECTS))
    assert {f"{owner.__name__}.{name}" for owner, name in fields - set(FACTS)} == set()
    assert {f"{owner.__name__}.{name}" for owner, name in set(FACTS) - fields} == set()


def test_every_kind_of_figure_occurs_in_the_books_that_are_tried() -> None:
    met = {(type(chain[-1][1]), field) for case in CASES for chain, field in figures(running(case)[1])}
    assert figure_fields() == met


@pytest.mark.parametrize("case", CASES)
def test_the_formula_gives_the_figure_from_its_stated_inputs(case: str) -> None:
    for told in explained(case):
        if told.figure.value is None or not told.formula:
            continue
        given = {item.name: f"{item.figure.value:f}" for item in told.inputs if item.figure.value is not None}
        value, largest = worked_out(told.formula, given)
        bound = EXACT * max(largest, Decimal(1))
        if told.path.rpartition("/")[2] in STATISTICS:
            bound = FLOATING * abs(told.figure.value)
        assert abs(value - told.figure.value) <= bound, told


def names_in(formula: str) -> set[str]:
    """The inputs that a formula speaks of."""
    tree = list(ast.walk(ast.parse(formula, mode="eval")))
    called = {node.func.id for node in tree if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return {node.id for node in tree if isinstance(node, ast.Name)} - called


@pytest.mark.parametrize("case", CASES)
def test_every_figure_with_a_value_has_a_formula_a_source_or_a_method(case: str) -> None:
    for told in explained(case):
        assert told.name, told.path
        assert told.formula or told.source or told.method, told.path
        searched = "/together/" in told.path
        assert told.formula or told.source or searched or not told.figure.known, told.path
        names = [item.name for item in told.inputs]
        assert len(names) == len(set(names)), (told.path, names)
        assert all(name.isidentifier() for name in names), (told.path, names)
        if told.formula:
            assert names_in(told.formula) <= set(names), (told.path, told.formula, names)
        for item in told.inputs:
            assert item.words, (told.path, item.name)
            assert item.path or item.source, (told.path, item.name)


@pytest.mark.parametrize("case", CASES)
def test_an_input_with_a_path_is_the_figure_at_that_path(case: str) -> None:
    found = {told.path: told for told in explained(case)}
    for told in found.values():
        for item in told.inputs:
            if item.path:
                assert item.path in found, (told.path, item.path)
                assert item.figure == found[item.path].figure, (told.path, item.path)


@pytest.mark.parametrize("case", CASES)
def test_marks_are_given_their_reasons(case: str) -> None:
    for told in explained(case):
        figure, said = told.figure, " ".join(told.remarks)
        assert ("unknown, for want of" in said) is bool(figure.missing), told
        assert ("rightly without a value" in said) is bool(figure.absent), told
        assert ("an estimate: " in said) is figure.estimated, told
        assert (figure.freshness in (Freshness.LATE, Freshness.STALE)) is (f"{figure.freshness.value}: " in said), told
        assert "is not exact by the rules of the venue" not in said, told
        assert (told.age_ns is None) is (figure.observed_ns is None), told


@pytest.mark.parametrize("case", CASES)
def test_a_figure_that_ages_names_an_input_or_a_feed(case: str) -> None:
    for told in explained(case):
        if told.figure.observed_ns is not None and told.figure.known and not told.source and told.inputs:
            seen = [item.figure.observed_ns for item in told.inputs if item.figure.observed_ns is not None]
            assert seen, told
            assert min(seen) <= told.figure.observed_ns, told


@pytest.mark.parametrize("case", CASES)
def test_drilling_down_ends_at_sources(case: str) -> None:
    """Following paths from any figure comes to leaves and never round in a circle."""
    found = {told.path: told for told in explained(case)}

    def follow(path: str, above: tuple[str, ...]) -> None:
        assert path not in above, (*above, path)
        for item in found[path].inputs:
            if item.path:
                follow(item.path, (*above, path))

    for path in found:
        follow(path, ())


# --- what single figures say -----------------------------------------------------------------------------------


def named(told: Explanation, name: str) -> Input:
    return next(item for item in told.inputs if item.name == name)


def test_the_distance_to_liquidation_drills_down_to_the_venues_channel() -> None:
    made = seed()
    made.snapshot(at(2))
    told = asked(made, f"{HEDGE}/liquidation_distance", 2)
    assert told.formula == "(liquidation_price - mark_price) / mark_price"
    assert told.unit == "fraction of the mark price"
    assert told.sign == "+ safe, zero or − past liquidation"
    mark = named(told, "mark_price")
    assert (mark.path, mark.unit, mark.age_ns) == (f"{HEDGE}/mark_price", "USDT a BTC", 2_000_000_000)
    assert "connection linear, channel tickers.BTCUSDT" in asked(made, mark.path, 2).source
    price = asked(made, named(told, "liquidation_price").path, 2)
    assert price.formula == "liquidation_ours"
    ours = asked(made, f"{HEDGE}/liquidation_ours", 2)
    assert ours.formula == "price_now * -stays / moves"
    assert [step.name for step in ours.steps][-1] == "liquidation price"
    assert f"maintenance tiers of {LINEAR}: test, of 2026-08-09" in ours.rule
    assert "Bybit help" in ours.rule


def test_a_liquidation_price_is_told_as_a_line_of_what_stays_and_what_moves() -> None:
    made, snapshot, when = running("staged cross")
    line = snapshot.books[0].hedges[0]
    price, mark = line.liquidation_ours.value, line.mark_price.value
    told = asked(made, f"books/{snapshot.books[0].name}/hedges/{line.instrument}/liquidation_ours", when)
    steps = {step.name: Decimal(step.value) for step in told.steps}
    assert price is not None
    assert mark is not None
    stays = steps["rest of the surplus"] + steps[f"what stays of {line.instrument}"]
    assert stays == steps["stays"]
    assert abs(stays + steps[f"what moves of {line.instrument}"] * price / mark) < Decimal("1e-20")


def test_the_maintenance_margin_says_which_tier_from_where() -> None:
    told = asked(two_coins(), f"books/two/hedges/{LINEAR}/maintenance_margin", 0.1)
    rate = named(told, "rate")
    assert rate.figure.value == Decimal("0.01")
    assert rate.words == "maintenance rate of the tier from 100000 to no end"
    assert rate.source == f"maintenance tiers of {LINEAR}: test, of 2026-08-09"
    assert rate.age_ns == 100_000_000


def test_a_disputed_liquidation_price_takes_the_nearer() -> None:
    told = asked(disputed(), f"{HEDGE}/liquidation_price", 0.1)
    assert told.formula == "liquidation_venue"
    assert told.figure.value == 70_000
    assert "disputed" in told.method


def test_an_index_that_stands_in_for_a_spot_price_says_so() -> None:
    told = asked(no_spot(), "books/bitcoin/bag/BTC/price", 0.1)
    assert told.formula == "index_price"
    assert any("stands in for it" in remark for remark in told.remarks)


def test_the_explanation_is_live() -> None:
    made = seed()
    made.command(Explain(path=f"{HEDGE}/profit"), at(0.1))
    before = made.snapshot(at(0.1)).explanation
    feed(made, perpetual(0.2, 47_000))
    after = made.snapshot(at(0.3)).explanation
    assert before is not None
    assert after is not None
    assert (before.figure.value, after.figure.value) == (Decimal(30_000), Decimal(32_500))
    made.command(Explain(), at(0.4))
    assert made.snapshot(at(0.4)).explanation is None


def test_a_path_that_is_not_there_is_refused_with_the_nearest() -> None:
    made = seed()
    made.command(Explain(path=f"{HEDGE}/liquidation_distnce"), at(0.1))
    snapshot = made.snapshot(at(0.1))
    assert snapshot.explanation is None
    assert snapshot.message.startswith(f"there is no figure {HEDGE}/liquidation_distnce; the nearest is {HEDGE}/")
    assert snapshot.message.endswith("/liquidation_distance")


def test_a_refused_path_leaves_the_one_asked_before() -> None:
    made = seed()
    asked(made, f"{HEDGE}/profit", 0.1)
    made.command(Explain(path="nothing"), at(0.2))
    found = made.snapshot(at(0.2)).explanation
    assert found is not None
    assert found.path == f"{HEDGE}/profit"


def test_an_engine_can_be_asked_before_it_has_shown_anything() -> None:
    assert asked(seed(), "books/bitcoin/totals/net_profit", 0.1).figure.value == -30_000


def test_a_figure_that_goes_away_takes_its_explanation_with_it() -> None:
    made = staged(seed(), "0.6")
    assert asked(made, "stage/notional", 0.1).figure.known
    stage = made.snapshot(at(0.1)).stage
    assert stage is not None
    made.command(CancelStage(client_order_id=stage.client_order_id), at(0.2))
    assert made.snapshot(at(0.2)).explanation is None


def test_explaining_changes_no_figure_and_writes_nothing() -> None:
    plain, explaining = two_coins(), two_coins()
    for path in paths(plain.snapshot(at(0.1))):
        explaining.command(Explain(path=path), at(0.1))
        explaining.snapshot(at(0.1))
    one, other = plain.snapshot(at(0.2)), explaining.snapshot(at(0.2))
    assert one.books == other.books
    assert one.alerts == other.alerts


def formula_holds(told: Explanation) -> bool:
    """True where the formula gives the figure from its inputs."""
    given = {item.name: f"{item.figure.value:f}" for item in told.inputs if item.figure.value is not None}
    value, largest = worked_out(told.formula, given)
    assert told.figure.value is not None
    return bool(abs(value - told.figure.value) <= EXACT * max(largest, Decimal(1)))


def test_the_profit_of_the_hedge_by_spot_is_told_by_line_with_its_steps() -> None:
    made = measured(seed(), *market_at(0.2, 51_234))
    told = asked(made, "books/bitcoin/attributions/anchor/hedge_parts/price", 0.3)
    assert told.figure.value == Decimal("-2.5") * (51_234 - 48_000)
    assert told.formula == "rounded(line_1, grid)"
    assert named(told, "line_1").words == f"made by the move of spot: {LINEAR}"
    assert [step.name for step in told.steps][-1] == "hedge price"
    assert "from the anchor that was set" in told.method
    assert named(told, "index_price_1").path == f"{HEDGE}/index_price"


def test_protection_is_known_without_the_bag_and_says_so() -> None:
    path = "books/bitcoin/attributions/inception/protection"
    whole = asked(seed(), path, 0.1)
    assert whole.formula == "hedged - unhedged"
    assert whole.sign == "+ it saved that much, − it cost that much"
    told = asked(proxy(priced=False), path, 0.1)
    assert told.formula == "hedge"
    assert told.figure.value == Decimal("-2.5") * (61_000 - 60_000)
    assert "the bag's profit is not known" in told.method


def test_the_effective_cost_nets_what_the_hedge_has_locked_in() -> None:
    made = staged(seed(), "0.2", send=True)
    told = asked(made, "books/bitcoin/bag/BTC/effective_cost", 0.2)
    assert told.formula == "(cost - (realised_1) - (received_1) + (fees_1)) / quantity"
    assert formula_holds(told)
    assert told.figure.value != 60_000


def test_a_shock_is_told_by_running_it_again() -> None:
    made = imagined(seed())
    told = asked(made, "scenario/ladder/+100%/net", 0.3)
    assert told.formula == "bag + hedge + funding - fees"
    assert named(told, "hedge").path == "scenario/ladder/+100%/hedge"
    assert any(step.name == "left of paper" for step in told.steps), "what its liquidation leaves"
    gone = asked(made, "scenario/ladder/+100%/liquidated/paper/price", 0.3)
    assert gone.formula == "price_now * (1 + move)"
    assert asked(made, "scenario/reverse/rise/move", 0.3).steps


def test_scenarios_that_are_being_reckoned_anew_are_told_from_the_book_each_part_rests_on() -> None:
    made = imagined(seed())
    feed(made, *(event for event in market_at(6, 52_345)))
    tried = 0
    for path in paths(made.snapshot(at(6))):
        if not path.startswith("scenario/"):
            continue
        made.command(ShowScenarios(book="bitcoin"), at(6))
        for _ in range(tried % 11):
            made.snapshot(at(6))
        made.command(Explain(path=path), at(6))
        told = made.snapshot(at(6)).explanation
        if told is not None and told.formula and told.figure.known:
            assert formula_holds(told), told
        tried += 1
    assert tried > 90


def test_an_explanation_of_a_shock_is_kept_while_the_shock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    made, ran = imagined(seed()), []

    def counted(book: HedgedBook, scenario: Scenario) -> Outcome | UnknownOutcome:
        ran.append(scenario)
        return run(book, scenario)

    monkeypatch.setattr(scenarios, "run", counted)
    first = asked(made, "scenario/ladder/+20%/net", 0.3)
    again = [made.snapshot(at(0.3)).explanation for _ in range(5)]
    assert again == [first] * 5
    assert len(ran) == 1


def test_after_the_fill_only_figures_of_the_preview_can_be_asked_further() -> None:
    made = staged(seed(), "0.6")
    told = asked(made, "stage/after/liquidation_distance", 0.1)
    assert named(told, "liquidation_price").path == "stage/after/liquidation_price"
    assert named(told, "mark_price").path == ""
    assert named(told, "mark_price").source == "as it would be after the fill"
    assert named(told, "fill_price").path == "stage/price"


@pytest.mark.parametrize(
    ("asked_for", "nearest"),
    [
        ("books/a/hedge/delta", "books/a/hedges/x:y:Z/delta"),
        ("books/b/hedges/x:y:Z/delta", "books/b/hedges/x:y:Z/delta"),
        ("profit", "books/a/bag/BTC/profit"),
        ("books/a/hedges/x:y:Z/deltas", "books/a/hedges/x:y:Z/delta"),
    ],
)
def test_the_nearest_path_is_alike_above_all_in_its_last_part(asked_for: str, nearest: str) -> None:
    known = ["books/a/bag/BTC/profit", "books/a/hedges/x:y:Z/delta", "books/b/hedges/x:y:Z/delta", "stage/price"]
    assert nearest_path(asked_for, known) == nearest
    assert nearest_path(asked_for, []) == ""


def test_an_engine_starts_without_loading_what_can_be_told() -> None:
    code = "import sys, core.engine; print('core.why.subjects' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
