"""An explanation to read: every figure of the answer with the step that gave it, and the steps with their numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.calculators.explanation import explain
from core.calculators.reading import read_request

SHORT_DIGITS = 18
TINY_DIGITS = 6
NARROWEST = 40
_GAP = "  "


def explain_text(name: str, request: str | bytes, width: int) -> str:
    """The answer to a JSON request and how it came about, in lines of at most ``width``. Raises RequestError."""
    found = explain(name, read_request(request))
    return explanation_text(found["answer"], found["explanation"], max(width, NARROWEST))


def explanation_text(answer: Mapping[str, Any], explanation: Mapping[str, Any], width: int) -> str:
    """The same from what :func:`core.calculators.explanation.explain` gives."""
    parts = [
        [f"{explanation['calculator']}: {answer['status']}{_why(answer)}"],
        _block("Figures", _figures(explanation), width),
        _missing(explanation["missing"], width),
        _steps(explanation, width),
        _block("Request", _request(explanation["request"]), width),
        _sources(explanation["sources"], width),
    ]
    if not explanation["complete"]:
        parts.append(["There were more steps than are kept: the last ones are left out."])
    return "\n\n".join("\n".join(part) for part in parts if part)


def _why(answer: Mapping[str, Any]) -> str:
    return f", {answer['reason']}" if "reason" in answer else ""


def _figures(explanation: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for figure in explanation["figures"]:
        origin = figure["origin"] if figure["step"] is None else f"step {figure['step']}, {figure['origin']}"
        yield figure["figure"], _short(figure["value"]), origin


def _request(fields: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    for field in fields:
        yield field["field"], _short(field["value"]), "default" if field["origin"] == "default" else ""


def _missing(missing: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    if not missing:
        return []
    lines = ["Not known"]
    for need in missing:
        lines += _wrapped(f"{need['input']}: needed by {', '.join(need['needed_by'])}", width, indent=2)
    return lines


def _steps(explanation: Mapping[str, Any], width: int) -> list[str]:
    if not explanation["steps"]:
        return []
    lines = ["Steps"]
    for step in explanation["steps"]:
        lines += _step(step, width)
    return lines


def _step(step: Mapping[str, Any], width: int) -> list[str]:
    unit = f" {step['unit']}" if step["unit"] else ""
    lines = _wrapped(f"{step['number']}. {step['name']}: {_short(step['value'])}{unit}", width, indent=1, hang=5)
    said = {"formula": "= ", "search": "found: ", "words": ""}[step["kind"]]
    lines += _wrapped(said + step["formula"], width, indent=5, hang=7)
    rows = [(given["name"], _short(given["value"]), given["origin"]) for given in step["inputs"]]
    return lines + _table(rows, width, indent=7)


def _sources(sources: Sequence[str], width: int) -> list[str]:
    return ["Sources", *(line for source in sources for line in _wrapped(source, width, indent=2))] if sources else []


def _block(title: str, rows: Iterable[tuple[str, str, str]], width: int) -> list[str]:
    found = list(rows)
    return [title, *_table(found, width, indent=2)] if found else []


def _table(rows: Sequence[tuple[str, str, str]], width: int, indent: int) -> list[str]:
    """Three aligned columns; where a row is too wide its last column goes on below, indented."""
    if not rows:
        return []
    first = min(max(len(row[0]) for row in rows), max(width // 3, 12))
    second = min(max(len(row[1]) for row in rows), SHORT_DIGITS + 1)
    lines: list[str] = []
    for name, value, origin in rows:
        line = f"{' ' * indent}{name:<{first}}{_GAP}{value:>{second}}{_GAP}{origin}".rstrip()
        lines += _wrapped(line, width, indent=0, hang=indent + 4)
    return lines


def _wrapped(text: str, width: int, *, indent: int, hang: int | None = None) -> list[str]:
    after = indent + 2 if hang is None else hang
    return textwrap.wrap(text, width, initial_indent=" " * indent, subsequent_indent=" " * after) or [""]


def _short(value: str) -> str:
    """A long fraction cut for reading, a tiny one with its exponent: every digit is in the JSON explanation."""
    whole, point, digits = value.partition(".")
    plain = whole.removeprefix("-").isdigit() and digits.isdigit()
    if not plain or not point or len(value) <= SHORT_DIGITS:
        return value
    if whole in ("0", "-0") and digits.startswith("0" * TINY_DIGITS):
        return f"{Decimal(value):.{TINY_DIGITS}e}"
    return f"{whole}.{digits[: max(SHORT_DIGITS - len(whole) - 1, 2)]}…"
