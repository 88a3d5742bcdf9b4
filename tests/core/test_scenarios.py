"""Scenarios that are reckoned elsewhere: what is wanted, and whose views of it are taken."""

from __future__ import annotations

import pickle
from decimal import localcontext

import msgspec
import pytest

from core.book_scenario import Built
from core.commands import HideScenarios, ShowScenarios
from core.demo_book import seed_book
from core.engine import Engine
from core.exact import CONTEXT
from core.reckoning import Reckoning
from core.scenario_view import ScenarioAxis, ScenarioView
from core.snapshot import Mode
from tests.support.builders import at, feed, market_at, reference, running


def wanting(when: float = 1, axis: ScenarioAxis = ScenarioAxis.HEDGE) -> tuple[Engine, Reckoning]:
    """An engine whose scenarios are looked at and reckoned elsewhere, and what it wants."""
    made = running(75_000)
    made.scenarios.elsewhere = True
    made.command(ShowScenarios(book="bitcoin", axis=axis), at(when))
    made.advance(at(when))
    assert made.scenarios.wanted is not None
    return made, made.scenarios.wanted


def wanted_at(made: Engine, when: float) -> Reckoning | None:
    made.advance(at(when))
    return made.scenarios.wanted


def views(wanted: Reckoning) -> list[ScenarioView]:
    with localcontext(CONTEXT):
        return list(wanted.views(grid_first=True))


def through_a_pipe(wanted: Reckoning) -> Reckoning:
    found: Reckoning = pickle.loads(pickle.dumps(wanted))  # noqa: S301 - our own
    return found


def by_itself(when: float = 1) -> ScenarioView:
    """What an engine reckons that has nobody else to do it."""
    made = running(75_000)
    made.command(ShowScenarios(book="bitcoin"), at(when))
    found = made.snapshot(at(when)).scenario
    while found is None or not found.complete:
        found = made.snapshot(at(when)).scenario
    return found


def test_steps_of_the_engine_reckon_nothing_and_the_outcome_is_the_same() -> None:
    made, wanted = wanting()
    assert [made.snapshot(at(1)).scenario for _ in range(12)] == [None] * 12
    assert made.scenarios.wanted is wanted
    assert made.scenarios.reckoned(wanted.number, views(wanted)[-1])
    assert made.snapshot(at(1)).scenario == by_itself()
    assert made.scenarios.wanted is None


def test_a_reckoning_that_went_through_a_pipe_comes_to_the_same() -> None:
    made, wanted = wanting()
    assert views(through_a_pipe(wanted)) == views(wanted)
    made.scenarios.reckoned(wanted.number, views(wanted)[-1])
    made.command(ShowScenarios(book="bitcoin", axis=ScenarioAxis.BASIS), at(2))
    made.advance(at(2))
    again = made.scenarios.wanted
    assert again is not None
    assert again.old is not None
    assert views(through_a_pipe(again)) == views(again)


def test_the_grid_comes_first() -> None:
    _, wanted = wanting()
    found = views(wanted)
    assert [view.grid is not None for view in found[:2]] == [False, True]
    assert not any(view.ladder or view.reverse for view in found[:2])
    assert found[-1].complete


def test_what_the_market_does_meanwhile_is_seen_and_the_scenarios_say_of_when_they_are() -> None:
    made, wanted = wanting()
    feed(made, market_at(2, 52_000))
    assert made.scenarios.reckoned(wanted.number, views(wanted)[-1])
    snapshot = made.snapshot(at(2))
    assert snapshot.books[0].hedges[0].mark_price.value == 52_000
    assert snapshot.scenario is not None
    assert snapshot.scenario.price.value == 75_000
    assert snapshot.scenario.reckoned_ns == at(1)


def test_parts_are_shown_as_they_come_and_the_reckoning_goes_on() -> None:
    made, wanted = wanting()
    part = views(wanted)[1]
    assert made.scenarios.reckoned(wanted.number, part)
    assert made.snapshot(at(7)).scenario == part
    assert made.scenarios.wanted is wanted, "nothing new begins before it is complete, however long that takes"


@pytest.mark.parametrize("command", [HideScenarios(), ShowScenarios(book="bitcoin", axis=ScenarioAxis.BASIS)])
def test_views_of_what_is_no_longer_wanted_are_not_taken(command: HideScenarios | ShowScenarios) -> None:
    made, wanted = wanting()
    made.command(command, at(2))
    made.advance(at(2))
    assert not made.scenarios.reckoned(wanted.number, views(wanted)[-1])
    assert made.snapshot(at(2)).scenario is None
    assert (made.scenarios.wanted is None) is isinstance(command, HideScenarios)


def test_a_complete_view_is_taken_once() -> None:
    made, wanted = wanting()
    last = views(wanted)[-1]
    assert made.scenarios.reckoned(wanted.number, last)
    assert not made.scenarios.reckoned(wanted.number, msgspec.structs.replace(last, ladder=()))
    assert made.snapshot(at(1)).scenario == last


def test_another_reckoning_is_wanted_every_five_seconds_under_another_number() -> None:
    made, wanted = wanting()
    made.scenarios.reckoned(wanted.number, views(wanted)[-1])
    still, again = (wanted_at(made, when) for when in (5.9, 6))
    assert still is None
    assert again is not None
    assert (again.number != wanted.number, again.now_ns) == (True, at(6))
    assert again.old == views(wanted)[-1]


def test_the_books_that_parts_rest_on_are_kept_the_newest_and_the_one_before() -> None:
    made, wanted = wanting()
    built: list[Built] = []
    for when in (1, 6, 11):
        again = wanted_at(made, when)
        assert again is not None
        built.insert(0, again.built)
        assert [one is other for one, other in zip(made.scenarios.grounds, built[:2], strict=True)]
        assert made.scenarios.grounds == tuple(built[:2])
        made.scenarios.reckoned(again.number, views(wanted)[-1])


def test_nothing_is_kept_of_scenarios_that_nobody_looks_at() -> None:
    made, wanted = wanting()
    made.scenarios.reckoned(wanted.number, views(wanted)[-1])
    made.command(HideScenarios(), at(2))
    assert (made.scenarios.view, made.scenarios.grounds, wanted_at(made, 60)) == (None, (), None)


def test_another_book_is_not_shown_what_was_reckoned_of_the_one_before() -> None:
    seed = seed_book()
    made = Engine(
        [seed, msgspec.structs.replace(seed, name="other", accounts=(), hedges=())], mode=Mode.PAPER, source="test"
    )
    made.scenarios.elsewhere = True
    feed(made, reference(), market_at(0, 75_000))
    made.command(ShowScenarios(book="bitcoin"), at(1))
    first = wanted_at(made, 1)
    assert first is not None
    made.scenarios.reckoned(first.number, views(first)[-1])
    made.command(ShowScenarios(book="other"), at(2))
    assert (made.scenarios.view, made.scenarios.grounds) == (None, ())
    other = wanted_at(made, 2)
    assert other is not None
    assert (other.book, other.old, made.scenarios.grounds) == ("other", None, (other.built,))
    assert views(other)[-1].before.value == 375_000


def test_an_engine_that_is_left_alone_goes_on_by_itself() -> None:
    made, wanted = wanting()
    made.scenarios.reckoned(wanted.number, views(wanted)[1])
    made.scenarios.elsewhere = False
    for _ in range(12):
        made.advance(at(1))
    assert made.scenarios.view == by_itself()
