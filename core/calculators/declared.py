"""Figures of an answer that are made of its other figures and of the request: each says so itself, by a formula.

``Exact`` and ``Estimate`` fields of an answer carry it as ``json_schema_extra=by("gross - fees")``: one formula, or one
for each kind of contract. Its names are figures beside it, or fields at the same place of the request; failing that,
those one level up. Of several formulas the first holds whose names all have a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import BaseModel

from core.explain import Step, note, recording

_NAMES = re.compile(r"[A-Za-z_]\w*(?![\w(])")
_Path = tuple[str | int, ...]


class Told(NamedTuple):
    """A figure's path in the answer, and the step that its formula makes.

    ``figures`` and ``fields`` say for each input at which path of the answer, or of the request, it stands.
    """

    path: str
    step: Step
    figures: dict[str, str]
    fields: dict[str, str]


def by(*formulas: str, unit: str = "", source: str = "", **of_kind: str | list[str]) -> dict[str, Any]:
    """What an answer's field says of how it is made; ``of_kind`` by linear, inverse, quanto."""
    said: dict[str, Any] = {"formula": of_kind or (formulas[0] if len(formulas) == 1 else list(formulas))}
    if unit:
        said["unit"] = unit
    if source:
        said["source"] = source
    return said


class Leaf(NamedTuple):
    """A number of an answer: its path, and the ``name`` that stands beside it where there is one."""

    path: str
    figure: Decimal | float | int
    label: str


def leaves(answered: BaseModel) -> Iterator[Leaf]:
    """Every number of an answer."""
    for path, _, figure in _walk(answered, (), {}):
        if isinstance(figure, Decimal | float | int) and not isinstance(figure, bool):
            label = _at(answered, (*path[:-1], "name")) if path[-1] == "value" else None
            yield Leaf(".".join(map(str, path)), figure, label if isinstance(label, str) else "")


def told_figures(request: BaseModel, answered: BaseModel) -> list[Told]:
    """The steps of the figures that say how they are made, those that others are made of first."""
    waiting: dict[str, tuple[_Path, dict[str, Any]]] = {}
    for path, said, figure in _walk(answered, (), {}):
        if figure is not None and "formula" in said:
            waiting[".".join(map(str, path))] = (path, said)
    found: list[Told] = []
    done: set[str] = set()

    def tell(name: str) -> None:
        if name in done or name not in waiting:
            return
        done.add(name)
        path, said = waiting[name]
        chosen = _chosen(said["formula"], path, request, answered)
        if chosen is None:
            return
        formula, inputs, figures, fields = chosen
        for place in figures.values():
            tell(place)
        with recording() as steps:
            figure = _at(answered, path)
            called = next(str(part) for part in reversed(path) if isinstance(part, str))
            label = called.replace("_", " ")
            note(label, formula, figure, inputs, unit=said.get("unit", ""), source=said.get("source", ""))
        found.append(Told(name, steps[0], figures, fields))

    for name in waiting:
        tell(name)
    return found


def formula_names(formula: str) -> list[str]:
    """The names in a formula, functions left out."""
    return list(dict.fromkeys(_NAMES.findall(formula)))


def declared_formulas(answer: type[BaseModel]) -> dict[str, list[str]]:
    """All formulas of an answer's own fields."""
    found: dict[str, list[str]] = {}
    for name, field in answer.model_fields.items():
        said = field.json_schema_extra
        if isinstance(said, dict) and "formula" in said:
            formulas: Any = said["formula"]
            each = formulas.values() if isinstance(formulas, dict) else [formulas]
            found[name] = [formula for one in each for formula in _listed(one)]
    return found


def _listed(formulas: str | list[str]) -> list[str]:
    return [formulas] if isinstance(formulas, str) else formulas


def _walk(part: object, path: _Path, said: dict[str, Any]) -> Iterator[tuple[_Path, dict[str, Any], object]]:
    """(path, what the field says, value) of every leaf of an answer."""
    if isinstance(part, BaseModel):
        for name, field in type(part).model_fields.items():
            extra = field.json_schema_extra
            yield from _walk(getattr(part, name), (*path, name), extra if isinstance(extra, dict) else {})
    elif isinstance(part, dict):
        for key, item in part.items():
            yield from _walk(item, (*path, key), said)
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            yield from _walk(item, (*path, index), said)
    else:
        yield path, said, part


def _chosen(
    formulas: Any, path: _Path, request: BaseModel, answered: BaseModel
) -> tuple[str, dict[str, object], dict[str, str], dict[str, str]] | None:
    """The formula that holds, its inputs by name, and the paths of those in the answer and in the request."""
    if isinstance(formulas, dict):
        kind = _found("kind", path, request)
        formulas = formulas.get(kind[1]) if kind is not None else None
        if formulas is None:
            return None
    for formula in _listed(formulas):
        inputs: dict[str, object] = {}
        figures: dict[str, str] = {}
        fields: dict[str, str] = {}
        for name in formula_names(formula):
            own = _found(name, path, answered)
            place = own if own is not None and own[0] != path else _found(name, path, request)
            if place is None:
                break
            inputs[name] = place[1]
            (figures if place is own else fields)[name] = ".".join(map(str, place[0]))
        else:
            return formula, inputs, figures, fields
    return None


def _found(name: str, path: _Path, model: BaseModel) -> tuple[_Path, object] | None:
    """The nearest value of this name beside ``path`` or above it."""
    for depth in range(len(path) - 1, -1, -1):
        beside = (*path[:depth], name)
        value = _at(model, beside)
        if value is not None:
            return beside, value
    return None


def _at(model: BaseModel, path: _Path) -> object:
    part: object = model
    for step in path:
        if isinstance(part, BaseModel) and isinstance(step, str):
            part = getattr(part, step, None) if step in type(part).model_fields else None
        elif isinstance(part, dict):
            part = part.get(step)
        elif isinstance(part, tuple) and isinstance(step, int) and step < len(part):
            part = part[step]
        else:
            return None
    return part
