"""Where everything goes: a pure plan of the screen for a size, a zoom and the shape of the books.

The most dangerous things come first: top left in columns, top in a single column. What does not fit is left out
whole, never cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

MINIMUM_WIDTH = 40
MINIMUM_HEIGHT = 10
COLUMN_WIDTH = 80
STRIP_HEIGHT = 20
THREE_COLUMNS = 160
BIG_WIDTH = 112
BIG_HEIGHT = 34
BIG_ANSWERS = 6
FEW = 3
"""Up to so many hedges and assets tables are short, and panels get room in the order of danger."""

PANEL_NAMES = {
    1: "bag",
    2: "hedge",
    3: "margin",
    4: "funding",
    5: "ratio",
    6: "alerts",
    7: "feeds",
    8: "orders",
    9: "profit",
}
"""Panels by the digit that zooms them."""

BY_DANGER = ("alerts", "margin", "ratio", "hedge", "funding", "bag", "feeds")


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Shape:
    """What of the books decides how much room panels want."""

    hedges: int = 1
    assets: int = 1
    feeds: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """Places by widget name; ``big_answers`` says in which of its two forms the answers line comes."""

    places: dict[str, Place] = field(default_factory=dict)
    big_answers: bool = False


def plan(width: int, height: int, zoom: str = "", shape: Shape = Shape()) -> Plan:
    """The plan of a screen of ``width`` by ``height`` cells, with the panel named ``zoom`` alone if there is one."""
    if width < MINIMUM_WIDTH or height < MINIMUM_HEIGHT:
        return Plan({"tiny": Place(0, 0, width, height)})
    places = {"header": Place(0, 0, width, 1), "footer": Place(0, height - 1, width, 1)}
    if height < STRIP_HEIGHT and not zoom:
        places["banner"] = Place(0, 1, width, 1)
        places["strip"] = Place(0, 2, width, height - 3)
        return Plan(places)
    big = width >= BIG_WIDTH and height >= BIG_HEIGHT
    if big:
        places["banner"] = Place(0, 1, width, 1)
        places["answers"] = Place(0, 2, width, BIG_ANSWERS)
        top = 2 + BIG_ANSWERS
    else:
        places["banner"] = Place(0, 1, width, 1)
        top = 2
    area = Place(0, top, width, height - 1 - top)
    if zoom:
        places[zoom] = area
    else:
        places |= _panels(area, shape)
    return Plan(places, big)


def _panels(area: Place, shape: Shape) -> dict[str, Place]:
    if area.width < COLUMN_WIDTH:
        return _column(area, BY_DANGER, shape)
    if area.width < THREE_COLUMNS:
        left = Place(area.x, area.y, area.width // 2, area.height)
        right = Place(area.x + left.width, area.y, area.width - left.width, area.height)
        return _column(left, ("margin", "hedge", "bag"), shape) | _column(
            right, ("ratio", "funding", "alerts", "feeds"), shape
        )
    first, second = area.width // 3, (area.width + 1) // 3
    third = area.width - first - second
    inner: tuple[str, ...] = ("ratio", "funding", "bag", "profit")
    outer: tuple[str, ...] = ("alerts", "feeds", "orders")
    if max(shape.hedges, shape.assets) > FEW:
        inner, outer = ("ratio", "funding", "profit"), ("alerts", "bag", "feeds", "orders")
    return (
        _column(Place(0, area.y, first, area.height), ("margin", "hedge"), shape)
        | _column(Place(first, area.y, second, area.height), inner, shape)
        | _column(Place(first + second, area.y, third, area.height), outer, shape)
    )


def _column(area: Place, names: Sequence[str], shape: Shape) -> dict[str, Place]:
    """The panels one below the other: as many as fit at their least height, the rest of the room shared out."""
    wanted = [_wanted(name, shape) for name in names]
    while len(wanted) > 1 and sum(least for least, _ideal in wanted) > area.height:
        wanted.pop()
    heights = [least for least, _ideal in wanted]
    spare = area.height - sum(heights)
    if max(shape.hedges, shape.assets) > FEW:
        # Tables that cannot be shown whole take room in turn, so that none takes all of it.
        while spare and any(rows < ideal for rows, (_least, ideal) in zip(heights, wanted, strict=True)):
            for index, (_least, ideal) in enumerate(wanted):
                extra = min(spare, 1, max(0, ideal - heights[index]))
                heights[index] += extra
                spare -= extra
    for index, (_least, ideal) in enumerate(wanted):
        extra = min(spare, max(0, ideal - heights[index]))
        heights[index] += extra
        spare -= extra
    each, rest = divmod(max(0, spare), len(heights))
    heights = [rows + each + (1 if index < rest else 0) for index, rows in enumerate(heights)]
    places = {}
    y = area.y
    for name, rows in zip(names, heights, strict=False):
        rows = min(rows, area.y + area.height - y)
        places[name] = Place(area.x, y, area.width, rows)
        y += rows
    return places


def _wanted(name: str, shape: Shape) -> tuple[int, int]:
    """Least and ideal height of a panel, its box included."""
    table = shape.hedges + 2 if shape.hedges > 1 else 0
    least, ideal = {
        "margin": (7, 15 + table),
        "hedge": (7, 13 + table),
        "bag": (7, 8 + (shape.assets + 1 if shape.assets > 1 else 0)),
        "ratio": (6, 8 + table),
        "funding": (6, 10 + table),
        "alerts": (5, 8 + (shape.hedges if shape.hedges > FEW else 0)),
        "feeds": (4, 3 + min(shape.feeds, 6)),
        "orders": (4, 8),
        "profit": (6, 18 + min(shape.assets, 3)),
    }[name]
    return least, max(least, ideal)
