"""An explanation as rows: the figure, its formula, its inputs with their ages, the steps, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal

from core.exact import exactly
from core.explain import Step
from core.explanation import Explanation, Input
from core.figures import Figure, Freshness
from tui.format import Cell, Formatter, age, estimate_mark, exact, mask_digits
from tui.glyphs import ARROW, DASH, MASKED, SELECTED
from tui.rows import Row, fit, row_width, spread, wrapped

SHOWN, BRIEF = Context(prec=12), Context(prec=6)
NAME, VALUE = 22, 18
INDENT = 4
MOMENT = "ns since 1970"
PARTS = ("fraction", "probability")
_ROLES = {Freshness.LATE: "late", Freshness.STALE: "stale", Freshness.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of an explanation, and at which of them each input begins."""

    rows: list[Row]
    inputs: list[int]


def figure_cell(show: Formatter, figure: Figure, unit: str) -> Cell:
    """A figure with as many digits as say something; amounts are masked in private mode."""
    value = figure.value
    if value is None or not show.known(figure):
        rightly = figure.absent and not figure.missing and figure.freshness is not Freshness.UNKNOWN
        return Cell("none", "label") if rightly else Cell(DASH, "unknown")
    role = _ROLES.get(show.freshness(figure), "value")
    if unit == MOMENT:
        moment = datetime.fromtimestamp(int(value) // 1_000_000_000, UTC)
        return Cell(f"{moment:%Y-%m-%d %H:%M} UTC", role)
    if show.private and is_amount(unit):
        return Cell(MASKED * 5, "value")
    return Cell(estimate_mark(figure) + number(value), role)


def listed_cell(show: Formatter, figure: Figure, unit: str) -> Cell:
    """A figure in a list: as above, but a fraction as a percentage, which is read faster."""
    cell = figure_cell(show, figure, unit)
    if figure.value is None or not show.known(figure) or not unit.startswith(PARTS):
        return cell
    return Cell(f"{estimate_mark(figure)}{number(BRIEF.plus(figure.value * 100))}%", cell.role)


@exactly
def number(value: Decimal) -> str:
    """At most twelve significant digits, thousands separated; powers of ten where it is very small."""
    rounded = SHOWN.plus(value)
    if rounded and rounded.adjusted() < -8:
        return f"{rounded:.4e}".replace("-", "−")
    return exact(rounded)


def is_amount(unit: str) -> bool:
    """True for what private mode hides: money and coins, but no prices and no fractions."""
    plain = (*PARTS, "hours", "days", "per cent")
    return not unit.startswith(plain) and " a " not in unit and unit != MOMENT


def explanation_page(show: Formatter, told: Explanation, width: int, chosen: int | None = None) -> Page:
    """Everything that is said of a figure, ``width`` cells wide, with the input ``chosen`` marked."""
    rows = _headline(show, told, width)
    rows += [row for remark in told.remarks for row in _said("", _hidden(show, remark), width, "watch")]
    rows += _said("formula", told.formula, width, "strong")
    rows += _said("how", told.method, width)
    rows += _said("source", told.source, width)
    begins: list[int] = []
    if told.inputs:
        rows += [(), (Cell("inputs", "title"),)]
    for index, item in enumerate(told.inputs):
        begins.append(len(rows))
        rows += _input(show, item, width, marked=index == chosen)
    if told.steps:
        rows += [(), (Cell("steps", "title"),), *_steps(show, told.steps, width)]
    notes = (
        ("sign", told.sign),
        ("includes", told.includes),
        ("leaves out", told.excludes),
        ("rule", told.rule),
        ("path", told.path),
    )
    rows += [(), *(row for label, text in notes for row in _said(label, text, width))]
    return Page(rows, begins)


def _headline(show: Formatter, told: Explanation, width: int) -> list[Row]:
    """Name, value and unit with the age at the right; the value below the name where they do not fit."""
    cell, right = figure_cell(show, told.figure, told.unit), _age(show, told.figure)
    value = [cell]
    if told.unit.startswith(PARTS) and told.figure.value is not None and show.known(told.figure):
        value.append(Cell(f" = {number(BRIEF.plus(told.figure.value * 100))}%", cell.role))
    if told.figure.value is not None:
        value.append(Cell(f" {told.unit}", "label"))
    name = Cell(told.name, "title")
    whole: Row = (name, Cell("  ", "text"), *value)
    if row_width(whole) + row_width(right) < width:
        return [spread(whole, right, width)]
    first, *others = wrapped(told.name, max(1, width - row_width(right) - 1), "title")
    below = wrapped("".join(part.text for part in value), max(1, width - INDENT), cell.role)
    return [spread(first, right, width), *others, *_indented(below)]


def _indented(rows: list[Row]) -> list[Row]:
    return [(Cell(" " * INDENT, "text"), *row) for row in rows]


def _age(show: Formatter, figure: Figure) -> Row:
    if figure.observed_ns is None:
        return ()
    state = show.freshness(figure)
    word = f"{state.value} " if state in _ROLES else ""
    return (Cell(f"{word}{age(show.now_ns - figure.observed_ns)}", "watch" if word else "age"),)


def _said(label: str, text: str, width: int, role: str = "text") -> list[Row]:
    """A labelled text over as many lines as it needs; nothing where there is none."""
    if not text:
        return []
    room = max(1, width - 11)
    lines = wrapped(text, room, role)
    heads = [label, *[""] * (len(lines) - 1)]
    return [(Cell(fit(head, 11), "label"), *line) for head, line in zip(heads, lines, strict=True)]


def _input(show: Formatter, item: Input, width: int, *, marked: bool) -> list[Row]:
    cell = figure_cell(show, item.figure, item.unit)
    unit = Cell(f" {item.unit}" if item.figure.value is not None else "", "label")
    mark = Cell(f"{SELECTED} " if marked else "  ", "mark")
    name = Cell(item.name, "strong" if marked else "text")
    right = (*_age(show, item.figure), Cell(f" {ARROW}" if item.path else "  ", "key"))
    aside = Cell(fit(item.name, max(NAME, len(item.name))), name.role)
    left: Row = (mark, aside, Cell(f" {cell.text.rjust(VALUE)}", cell.role), unit)
    rows = [spread(left, right, width)]
    if row_width(left) + row_width(right) >= width:
        value = wrapped(f"{cell.text}{unit.text}", max(1, width - INDENT), cell.role)
        rows = [spread((mark, name), right, width), *_indented(value)]
    about = item.words if item.path else f"{item.words}: {item.source}"
    if item.figure.missing:
        about = _hidden(show, f"{about}; needs {', '.join(item.figure.missing)}")
    if about == item.name.replace("_", " "):
        return rows
    return [*rows, *_indented(wrapped(about, max(1, width - INDENT), "label"))]


def _steps(show: Formatter, steps: tuple[Step, ...], width: int) -> list[Row]:
    rows: list[Row] = []
    for step in steps:
        result = f"{step.name} = {_short(step.value)}" + (f" {step.unit}" if step.unit else "")
        rows += [(Cell("  ", "text"), *row) for row in wrapped(_hidden(show, result), max(1, width - 2), "value")]
        given = ", ".join(f"{name} {_short(value)}" for name, value in step.inputs)
        about = step.formula + (f" with {given}" if given else "")
        rows += _indented(wrapped(_hidden(show, about), max(1, width - INDENT), "label"))
    return rows


def _short(text: str) -> str:
    """A step's number with twelve digits; anything else as it is."""
    try:
        return number(Decimal(text))
    except ArithmeticError:
        return text


def _hidden(show: Formatter, text: str) -> str:
    return mask_digits(text) if show.private else text
