"""The plan of the screen: nothing overlaps, nothing sticks out, the most dangerous is always there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.layout import BY_DANGER, MINIMUM_WIDTH, PANEL_NAMES, Plan, Shape, plan

widths, heights = st.integers(1, 260), st.integers(1, 90)
shapes = st.builds(Shape, st.integers(1, 30), st.integers(1, 30), st.integers(0, 12))


def cells(found: Plan, name: str) -> set[tuple[int, int]]:
    place = found.places[name]
    return {(x, y) for x in range(place.x, place.x + place.width) for y in range(place.y, place.y + place.height)}


@given(widths, heights, st.sampled_from(["", *PANEL_NAMES.values()]), shapes)
def test_places_cover_the_screen_without_overlapping(width: int, height: int, zoom: str, shape: Shape) -> None:
    found = plan(width, height, zoom, shape)
    taken: set[tuple[int, int]] = set()
    for name in found.places:
        own = cells(found, name)
        assert own, name
        assert not own & taken, name
        taken |= own
    assert len(taken) == width * height
    assert max(x for x, _ in taken) == width - 1
    assert max(y for _, y in taken) == height - 1


@given(st.integers(MINIMUM_WIDTH, 260), st.integers(20, 90), shapes)
def test_every_panel_that_is_placed_has_room_for_its_box_and_content(width: int, height: int, shape: Shape) -> None:
    found = plan(width, height, "", shape)
    panels = {name: place for name, place in found.places.items() if name in PANEL_NAMES.values()}
    assert panels
    assert all(place.height >= 4 and place.width >= 36 for place in panels.values())


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_the_three_usual_sizes_show_every_panel_asked_for(size: tuple[int, int]) -> None:
    places = plan(*size).places
    assert set(BY_DANGER) <= set(places)
    assert ("answers" in places) == (size != (80, 24))
    assert ("orders" in places) == (size == (200, 60))


def test_danger_comes_first() -> None:
    assert plan(80, 24).places["margin"].y == 2
    narrow = plan(60, 24).places
    order = sorted((place.y, name) for name, place in narrow.items() if name in PANEL_NAMES.values())
    assert [name for _, name in order] == list(BY_DANGER[: len(order)])
    assert {"alerts", "margin"} <= set(narrow)


def test_little_room_becomes_a_strip_and_hardly_any_says_so() -> None:
    assert set(plan(80, 19).places) == {"header", "banner", "strip", "footer"}
    assert set(plan(39, 40).places) == {"tiny"}
    assert set(plan(200, 9).places) == {"tiny"}


def test_a_zoomed_panel_has_all_the_room_below_the_answers() -> None:
    places = plan(120, 40, "margin").places
    assert set(places) == {"header", "banner", "answers", "margin", "footer"}
    assert places["margin"].width == 120
