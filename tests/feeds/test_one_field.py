"""One field of a body or a frame is wrong: what it told is unknown, or the field is named.

No figure comes from nowhere, and nothing is lost in silence.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.feeds.one_field import (
    LEFT_OUT,
    NOTHING,
    Case,
    changed,
    count,
    figures,
    places,
    the_other_way,
    told,
    value_at,
)
from tests.feeds.one_field_cases import CASES, WORDS

NAMED = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def meant(place: tuple[Any, ...], value: Any, figure: tuple[str, str, Any]) -> bool:
    """A word that is kept as it is, and a state that is then not known."""
    kept = isinstance(value, str) and value and value in str(figure[2])
    return bool(kept) or (place[-1] in WORDS and figure[1] == ".state")


@NAMED
def test_the_case_itself_tells_something_and_is_not_refused(case: Case) -> None:
    events, refused = told(case, case.content)
    assert count(events), refused
    assert refused == ""
    assert 0 not in {value for _, field, value in figures(events) if not field.endswith((".floor", ".deduction"))}


@NAMED
def test_no_figure_comes_from_nowhere_and_nothing_is_lost_in_silence(case: Case) -> None:
    events, _ = told(case, case.content)
    known, expected = figures(events), count(events)
    for place in places(case.content):
        if place[-1] in case.spare:
            continue
        for value in NOTHING:
            found, refused = told(case, changed(case.content, place, value))
            where = f"{'.'.join(map(str, place))} = {value!r}"
            assert {figure for figure in figures(found) - known if not meant(place, value, figure)} == set(), where
            empty = value in (None, []) and isinstance(value_at(case.content, place), dict | list)
            assert refused or empty or count(found) == expected, where


@NAMED
def test_a_field_that_is_left_out_is_named_or_its_figure_is_not_told(case: Case) -> None:
    events, _ = told(case, case.content)
    for place in places(case.content):
        if place[-1] in case.spare:
            continue
        found, refused = told(case, changed(case.content, place, LEFT_OUT))
        if refused:
            assert str(place[-1]) in refused, f"{'.'.join(map(str, place))}: {refused}"
        else:
            added = figures(found) - figures(events)
            assert {figure for figure in added if not meant(place, "", figure)} == set(), place


@NAMED
def test_numbers_may_be_text_and_text_a_number(case: Case) -> None:
    for place in places(case.content):
        other = the_other_way(value_at(case.content, place))
        if other is not LEFT_OUT:
            again = told(case, changed(case.content, place, other))
            assert again == told(case, case.content), f"{'.'.join(map(str, place))} = {other!r}"


@NAMED
def test_what_is_not_known_changes_nothing(case: Case) -> None:
    for place in [(), *places(case.content)]:
        part = value_at(case.content, place)
        if isinstance(part, dict):
            extended = changed(case.content, (*place, "brandNew"), {"deeper": [1, "2"]})
            assert told(case, extended) == told(case, case.content), place


@NAMED
def test_what_is_nested_without_end_is_refused_and_ends(case: Case) -> None:
    deep = b"[" * 5_000 + b"]" * 5_000
    known = figures(told(case, case.content)[0])
    for place in places(case.content):
        raw = json.dumps(changed(case.content, place, "@")).encode().replace(b'"@"', deep)
        events, refused = told(case, raw)
        assert refused or figures(events) <= known, place
