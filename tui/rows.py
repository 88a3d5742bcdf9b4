"""Rows of styled text: what panels produce, and the few ways of laying them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.cells import cell_len, set_cell_size

from tui.format import Cell
from tui.glyphs import (
    BAR_EMPTY,
    BAR_FULL,
    BAR_MARK,
    BOTTOM_LEFT,
    BOTTOM_RIGHT,
    ELLIPSIS,
    HORIZONTAL,
    TOP_LEFT,
    TOP_RIGHT,
    VERTICAL,
)

Row = tuple[Cell, ...]
"""One line: pieces of text with their style roles, in order."""

BLANK: Row = ()


def row_width(row: Row) -> int:
    """How many cells a row takes."""
    return sum([len(text) if text.isascii() else cell_len(text) for text, _role in row])


def fit(text: str, width: int) -> str:
    """``text`` in exactly ``width`` cells: padded, or shortened with an ellipsis that shows it was."""
    length = cell_len(text)
    if length <= width:
        return text + " " * (width - length)
    if width <= 1:
        return ELLIPSIS[:width]
    return set_cell_size(text, width - 1) + ELLIPSIS


def told_apart(names: Sequence[str], width: int) -> list[str]:
    """Each of ``names`` in exactly ``width`` cells; those that would be cut alike are cut where they differ.

    They lose what they begin with in common, from the last mark between words where there is one, else their middle.
    """
    plain = {name: fit(name, width) for name in names}
    alike = {name: [other for other in plain if plain[other] == plain[name]] for name in plain}
    found = plain
    for cut in (_after_common_words, _after_common_start, *(_middle_cut(tail) for tail in range(width // 2, width))):
        texts = {name: cut(name, alike[name], width) if alike[name][1:] else plain[name] for name in plain}
        if len(set(texts.values())) > len(set(found.values())):
            found = texts
    return [found[name] for name in names]


def _after_common_words(name: str, alike: Sequence[str], width: int) -> str:
    common = name[: _alike_until(alike)]
    return _tail(name, max(common.rfind(mark) for mark in " -:/_") + 1, width)


def _after_common_start(name: str, alike: Sequence[str], width: int) -> str:
    """From where they differ on, with as much of what is before as there is room for."""
    return _tail(name, min(_alike_until(alike), len(name) - width + 1), width)


def _alike_until(names: Sequence[str]) -> int:
    """How many characters the names begin with in common."""
    places = enumerate(zip(*names, strict=False))
    return next((place for place, letters in places if len(set(letters)) > 1), min(map(len, names)))


def _tail(name: str, start: int, width: int) -> str:
    """``name`` from ``start`` on; one that ends there keeps its beginning."""
    return fit(ELLIPSIS + name[start:] if 0 < start < len(name) else name, width)


def _middle_cut(tail: int) -> Callable[[str, Sequence[str], int], str]:
    def cut(name: str, alike: Sequence[str], width: int) -> str:
        if cell_len(name) <= width:
            return fit(name, width)
        return fit(set_cell_size(name, max(0, width - tail - 1)) + ELLIPSIS + name[-tail:], width)

    return cut


def pad(row: Row, width: int) -> Row:
    """``row`` in exactly ``width`` cells: filled up with spaces, or cut with an ellipsis."""
    length = row_width(row)
    if length == width:
        return row
    if length < width:
        return (*row, Cell(" " * (width - length), "text"))
    kept: list[Cell] = []
    room = width
    for text, role in row:
        size = cell_len(text)
        if size >= room:
            kept.append(Cell(fit(text if size > room else text + ELLIPSIS, room), role))
            break
        kept.append(Cell(text, role))
        room -= size
    return tuple(kept)


def spread(left: Row, right: Row, width: int) -> Row:
    """``left`` at the left, ``right`` at the right; the left gives way where they do not both fit."""
    room = max(0, width - row_width(right))
    return (*pad(left, room), *right) if room else pad(right, width)


def joined(rows: Iterable[Row], gap: str = "  ") -> Row:
    """Rows one after the other on one line."""
    out: list[Cell] = []
    for row in rows:
        if out:
            out.append(Cell(gap, "text"))
        out.extend(row)
    return tuple(out)


def columns(rows: Sequence[Row], count: int, width: int, gap: int = 3) -> list[Row]:
    """``rows`` set in ``count`` columns, filled row by row, in ``width`` cells."""
    if count <= 1:
        return list(rows)
    each = (width - gap * (count - 1)) // count
    filler = Cell(" " * gap, "text")
    lines: list[Row] = []
    for start in range(0, len(rows), count):
        cells: list[Cell] = []
        for index, row in enumerate(rows[start : start + count]):
            if index:
                cells.append(filler)
            cells.extend(pad(row, each))
        lines.append(tuple(cells))
    return lines


def wrapped(text: str, width: int, role: str = "text") -> list[Row]:
    """``text`` in lines of at most ``width`` cells, broken at spaces where there are any."""
    return [(Cell(part, role),) for part in continued(text, 0, width) if part]


def continued(text: str, taken: int, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells, of which the first has ``taken`` cells less: it may stay empty."""
    lines: list[str] = []
    line, room = "", width - taken
    for word in text.split():
        if (line and cell_len(line) + 1 + cell_len(word) > room) or (not line and cell_len(word) > room < width):
            lines.append(line)
            line, room = "", width
        while cell_len(word) > room:
            head = set_cell_size(word, room).rstrip()
            lines.append(head)
            word = word[len(head) :]
        line = f"{line} {word}" if line else word
    return [*lines, line]


def bar(filled: int, width: int, role: str, mark: int | None = None) -> Row:
    """A horizontal bar of ``width`` cells, ``filled`` of them full; ``mark`` is the index of a marked cell."""
    filled = max(0, min(filled, width))
    pieces = [Cell(BAR_FULL * filled, role), Cell(BAR_EMPTY * (width - filled), "track")]
    if mark is None:
        return tuple(piece for piece in pieces if piece.text)
    mark = max(0, min(mark, width - 1))
    before = bar(min(filled, mark), mark, role)
    after = bar(max(0, filled - mark - 1), width - mark - 1, role)
    return (*before, Cell(BAR_MARK, "mark"), *after)


def boxed(title: Row, right: Row, content: Sequence[Row], width: int, height: int, frame: str) -> list[Row]:
    """``content`` in a box of text: ``title`` in the top line at the left, ``right`` at the right."""
    inner = width - 2
    top_room = inner - 2
    right_part: Row = (Cell(" ", frame), *right, Cell(" ", frame)) if right else ()
    title_part = (Cell(" ", frame), *title, Cell(" ", frame))
    rule = top_room - row_width(title_part) - row_width(right_part)
    if rule < 0:
        title_part = pad(title_part, max(0, top_room - row_width(right_part)))
        rule = top_room - row_width(title_part) - row_width(right_part)
    top: Row = (
        Cell(TOP_LEFT + HORIZONTAL, frame),
        *title_part,
        Cell(HORIZONTAL * max(0, rule), frame),
        *right_part,
        Cell(HORIZONTAL + TOP_RIGHT, frame),
    )
    side = Cell(VERTICAL, frame)
    space = Cell(" ", "text")
    lines = [top]
    for index in range(height - 2):
        row = content[index] if index < len(content) else BLANK
        lines.append((side, space, *pad(row, inner - 2), space, side))
    lines.append((Cell(BOTTOM_LEFT + HORIZONTAL * inner + BOTTOM_RIGHT, frame),))
    return lines
