"""What an answer lacks: the inputs that are not known, and the figures that need them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, Field

from core.calculators.declared import declared_formulas, formula_names
from core.calculators.fields import Answer, Request, Unknown
from core.calculators.registry import Calculator
from core.errors import RequestError, RequestErrors
from core.explain import unrecorded

EVERY_FIGURE = "every figure"


class Need(Answer):
    """An input that is not known."""

    input: str = Field(description="The field of the request that was null, or what else is not known.")
    needed_by: tuple[str, ...] = Field(description="Figures of the answer that cannot be had without it.")


def needs(found: Calculator[Any], request: Request, answered: BaseModel) -> list[Need]:
    """Each missing input once, with the figures that need it."""
    needed: dict[str, list[str]] = {}
    for path, missing in _gaps(answered, ""):
        for name in missing:
            figures = [path] if path else _figures_without(found, request, name)
            known = needed.setdefault(name, [])
            known += [figure for figure in figures if figure not in known]
    return [Need(input=name, needed_by=tuple(figures)) for name, figures in needed.items()]


def _gaps(part: object, path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(figure, what it lacks) for all that an answer says is unknown; no figure where it is the whole answer."""
    if isinstance(part, Unknown):
        yield path, part.missing
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            inner = path if name == "undefined" else f"{path}.{name}" if path else name
            yield from _gaps(getattr(part, name), inner)
        listed = getattr(part, "missing", ())
        if isinstance(listed, tuple) and listed:
            absent = [name for name in type(part).model_fields if getattr(part, name) is None]
            for name in absent:
                yield f"{path}.{name}" if path else name, listed
            if path and not absent:
                yield path, listed
    elif isinstance(part, dict):
        for key, item in part.items():
            yield from _gaps(item, f"{path}.{key}" if path else str(key))
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            yield from _gaps(item, f"{path}.{index}")


def _figures_without(found: Calculator[Any], request: Request, name: str) -> list[str]:
    """What is still null where the input is not asked about at all; everything where there is then no answer."""
    fields = {key: value for key, value in request.model_dump(exclude_unset=True).items() if key != name}
    if name not in request.model_fields_set or len(fields) == len(request.model_fields_set):
        return [EVERY_FIGURE]
    try:
        with unrecorded():
            rest = found.function(found.read(fields))
    except (RequestError, RequestErrors):
        return [EVERY_FIGURE]
    if isinstance(rest, Unknown):
        return [EVERY_FIGURE]
    absent = [key for key in type(rest).model_fields if getattr(rest, key) is None]
    made = _made_of(found.answers[0], name)
    return [key for key in absent if key in made] or absent or [EVERY_FIGURE]


def _made_of(answer: type[BaseModel], name: str) -> set[str]:
    """The figures whose formulas lead back to ``name``."""
    formulas = declared_formulas(answer)
    made = {name}
    while True:
        more = {
            figure
            for figure, each in formulas.items()
            if figure not in made and any(made & set(formula_names(formula)) for formula in each)
        }
        if not more:
            return made - {name}
        made |= more
