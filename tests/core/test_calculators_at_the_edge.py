"""Every number of every worked request, replaced by what people and venues send instead of numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from core.calculators import CALCULATORS, answer_json
from core.errors import RequestError

GOLDEN = Path(__file__).parent / "golden"
Place = tuple[str | int, ...]

STATUSES = {"ok", "none", "unknown", "liquidated"}
NO_NUMBERS: tuple[Any, ...] = ("", "--", "n/a", "1,000", "0x10", "1_000", "٣", True, [], {})
NUMBERS: tuple[Any, ...] = ("0", -1, "1e40", "1e-40", "0.00000000000000000000000000000000000001")
NULL_HAS_A_MEANING = {"cap", "deduction", "spread", "spread_fraction"}


def requests(name: str) -> list[dict[str, Any]]:
    return [case["request"] for case in json.loads((GOLDEN / f"{name}.json").read_text())]


def places(part: Any, path: Place = ()) -> Iterator[Place]:
    """Where numbers stand; of a list the first two items."""
    if isinstance(part, dict):
        for key, item in part.items():
            yield from places(item, (*path, key))
    elif isinstance(part, list):
        for index, item in enumerate(part[:2]):
            yield from places(item, (*path, index))
    elif not isinstance(part, bool) and part is not None:
        try:
            float(part)
        except ValueError:
            return
        yield path


def with_value(request: dict[str, Any], path: Place, value: Any) -> dict[str, Any]:
    changed = deepcopy(request)
    part: Any = changed
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return changed


def cases(name: str) -> Iterator[tuple[dict[str, Any], Place]]:
    """Each field once for each set of fields beside it."""
    seen = set()
    for request in requests(name):
        for path in places(request):
            kind = (tuple(key for key in path if isinstance(key, str)), tuple(sorted(request)))
            if kind not in seen:
                seen.add(kind)
                yield request, path


def outcome(name: str, request: dict[str, Any]) -> dict[str, Any] | RequestError:
    try:
        found: dict[str, Any] = json.loads(answer_json(name, json.dumps(request)))
    except RequestError as refused:
        return refused
    assert found["status"] in STATUSES
    return found


@pytest.mark.parametrize("name", CALCULATORS)
def test_any_number_is_answered_or_refused_by_name(name: str) -> None:
    for request, path in cases(name):
        for value in NUMBERS:
            found = outcome(name, with_value(request, path, value))
            if isinstance(found, RequestError):
                assert found.key
                assert found.expected


@pytest.mark.parametrize("name", CALCULATORS)
def test_what_is_no_number_is_refused_where_it_stands(name: str) -> None:
    for request, path in cases(name):
        for value in NO_NUMBERS:
            if path[-1] == "liquidation_price" and isinstance(value, str):
                continue  # what a venue prints where it has no price
            found = outcome(name, with_value(request, path, value))
            assert isinstance(found, RequestError), (path, value)
            assert ".".join(map(str, path)).split(".")[0] in str(found), (path, value, str(found))


@pytest.mark.parametrize("name", CALCULATORS)
def test_a_number_that_is_not_known_is_no_mistake(name: str) -> None:
    for request, path in cases(name):
        if path[-1] in NULL_HAS_A_MEANING:
            continue
        found = outcome(name, with_value(request, path, None))
        assert not isinstance(found, RequestError), (path, str(found))


@pytest.mark.parametrize("name", CALCULATORS)
def test_a_field_of_another_name_is_refused(name: str) -> None:
    for request, path in cases(name):
        if not isinstance(path[-1], str) or path[0] in ("betas", "jumps", "coin_prices", "plan"):
            continue
        if len(path) > 1 and path[-2] in ("betas", "coin_prices", "jumps"):
            continue
        found = outcome(name, with_value(request, (*path[:-1], f"{path[-1]}_"), 1))
        assert isinstance(found, RequestError), path
        assert f"{path[-1]}_" in str(found)


def test_a_list_is_not_called_short_because_an_item_of_it_is_wrong() -> None:
    found = outcome("account", {"wallet_balance": 1, "positions": [{"name": "X"}]})
    assert isinstance(found, RequestError)
    assert "positions.0.coin" in str(found)
    assert "Tuple" not in str(found)


def test_null_beside_a_mistake_is_told_with_it() -> None:
    found = outcome("funding", {"kind": "cubic", "settlements": [{"rate": None, "mark_price": 1}]})
    assert isinstance(found, RequestError)
    assert "kind: " in str(found)
    assert "settlements.0.rate: " in str(found)
