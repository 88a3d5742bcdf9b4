"""Why an answer says what it says: its request, the formulas worked out on the way, and which one gave which figure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Set
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from core.calculators.declared import Leaf, Told, leaves, told_figures
from core.calculators.estimates import estimate_text
from core.calculators.fields import Answer, Request, Unknown, number_text
from core.calculators.needs import EVERY_FIGURE, Need, needs
from core.calculators.reading import FiguresNotKnown, read_request
from core.calculators.registry import Calculator, calculator, plain_schema
from core.exact import CONTEXT
from core.explain import LONGEST_LIST, MOST_STEPS, Step, recording, text

_NUMBERS = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
_PLAIN = re.compile(r"-?\d+(\.\d+)?")


FIXED = "fixed by the calculator"
RULES = "the rules of the calculation"
_SMALL_WORDS = frozenset({"a", "and", "at", "by", "for", "in", "of", "on", "or", "per", "that", "the", "to"})
_TRIVIAL = ("0", "1", "-1")


class GivenField(Answer):
    """One field of the request as it was read."""

    field: str = Field(description="Path of the field: positions.0.quantity.")
    value: str
    origin: Literal["the request", "default"]


class InputField(Answer):
    """One input of a formula."""

    name: str = Field(description="Its name in the formula.")
    value: str
    origin: str = Field(
        description="Where it came from: the request and which field, the default of a field, an earlier step by its "
        "number, or the rules of the calculation."
    )


class StepField(Answer):
    """One formula worked out."""

    number: int = Field(description="Counted from 1, in the order in which results were had.")
    name: str
    kind: Literal["formula", "search", "words"] = Field(
        description="formula: an expression in the names of the inputs, to be worked out again. search: found by "
        "trying. words: the formula says in words what was done."
    )
    formula: str = Field(
        description="Operators + - * / **; abs, max, min, sum, mean, count, sqrt, cbrt, ln, exp, floor, ceil; "
        "rounded(value, grid), half to even; Phi and phi of the standard normal. Lists are computed with item by item."
    )
    inputs: tuple[InputField, ...]
    value: str = Field(description="To at most 40 digits; statistics as the floating-point number they are.")
    unit: str = Field(description="settle, quote, coin, pool …; empty where it has none or it was not said.")
    estimated: bool = Field(description="True for statistics, in floating point.")
    source: str = Field(description="Where the formula comes from; empty for arithmetic that needs no source.")


class FigureField(Answer):
    """One figure of the answer."""

    figure: str = Field(description="Its path in the answer: pools.0.equity.")
    value: str
    step: int | None = Field(description="Number of the step that gave it; null where it is an input.")
    origin: str = Field(
        description="The step by name, or the field of the request that it repeats, or that it is fixed by the "
        "calculator, as the horizons are."
    )


class Explanation(Answer):
    """How the answer came about."""

    calculator: str
    request: tuple[GivenField, ...] = Field(description="Fields given, and the defaults taken for the others.")
    steps: tuple[StepField, ...]
    figures: tuple[FigureField, ...] = Field(description="Every figure of the answer, and what gave it.")
    missing: tuple[Need, ...] = Field(description="Inputs that are not known, and the figures that need them.")
    sources: tuple[str, ...] = Field(description="What the formulas rest on, each once.")
    complete: bool = Field(description=f"False where more than {MOST_STEPS} steps were taken: the others are left out.")


def explain(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of calculator ``name`` as ``answer``, and how it came about as ``explanation``.

    Raises RequestError as the calculator itself does.
    """
    found = calculator(name)
    try:
        request = found.read(fields)
    except FiguresNotKnown as gap:
        return {"answer": gap.answer.model_dump(mode="json"), "explanation": _without(found, gap.answer)}
    with recording() as steps:
        answered = found.function(request)
    shown = answered.model_dump(mode="json")
    return {"answer": shown, "explanation": _explanation(found, request, answered, steps).model_dump(mode="json")}


def explain_json(name: str, request: str | bytes) -> str:
    """The same from a JSON request, as indented JSON. Raises RequestError."""
    return json.dumps(explain(name, read_request(request)), indent=2, ensure_ascii=False)


def schema(name: str) -> dict[str, Any]:
    """JSON schemas of calculator ``name``: of its request, of its answer, and of the explanation beside it."""
    return {
        **calculator(name).schema(),
        "explanation": plain_schema(Explanation.model_json_schema(mode="serialization")),
    }


def _without(found: Calculator[Any], answered: Unknown) -> dict[str, Any]:
    """The explanation of an answer for want of figures that no reckoning can begin without."""
    return Explanation(
        calculator=found.name,
        request=(),
        steps=(),
        figures=(),
        missing=tuple(Need(input=name, needed_by=(EVERY_FIGURE,)) for name in answered.missing),
        sources=(),
        complete=True,
    ).model_dump(mode="json")


def _explanation(found: Calculator[Any], request: Request, answered: BaseModel, steps: list[Step]) -> Explanation:
    declared = told_figures(request, answered)
    own = {told.path: len(steps) + place for place, told in enumerate(declared, start=1)}
    every = [*steps, *(told.step for told in declared)]
    given = _Given(request)
    figures = list(_figures(answered, every, own, given))
    return Explanation(
        calculator=found.name,
        request=tuple(given.fields()),
        steps=tuple(_steps(every, given, {len(steps) + n: told for n, told in enumerate(declared, start=1)}, figures)),
        figures=tuple(figures),
        missing=tuple(needs(found, request, answered)),
        sources=tuple(dict.fromkeys(step.source for step in every if step.source)),
        complete=len(steps) < MOST_STEPS,
    )


# --- where a number came from ------------------------------------------------------------------------------------


class _Stated(NamedTuple):
    path: str
    value: str
    stated: bool


class _Given:
    """The numbers and words of a request, to be found again by their value."""

    def __init__(self, request: Request) -> None:
        self._leaves = list(_request_leaves(request, "", stated=True))
        self._by_value: dict[str, list[_Stated]] = {}
        for leaf in (*self._leaves, *_items(request, "", stated=True)):
            self._by_value.setdefault(leaf.value, []).append(leaf)

    def fields(self) -> Iterator[GivenField]:
        for leaf in self._leaves:
            yield GivenField(field=leaf.path, value=leaf.value, origin="the request" if leaf.stated else "default")

    def at(self, path: str) -> str | None:
        """The field at a path, as it is named where it is an origin."""
        found = next((leaf for leaf in self._leaves if leaf.path == path), None)
        return None if found is None else f"{'the request' if found.stated else 'default'}: {path}"

    def origin(
        self, name: str, value: str, *, named: bool = False, words: Set[str] = frozenset(), loose: bool = False
    ) -> str | None:
        """The field that has this value: ``named`` only one of this name, ``words`` only one with a word of them."""
        value = value.removesuffix(".0")  # A whole number that a statistic was computed with.
        for sign, found in (("", value), ("minus ", _turned(value))):
            alike = self._by_value.get(found or "", [])
            same = [leaf for leaf in alike if _last(leaf.path) == name]
            if words:
                same = [
                    leaf
                    for leaf in alike
                    if _akin(name, _last(leaf.path), words, trivial=value in _TRIVIAL and not loose)
                ]
            for leaf in same or ([] if named or words else sorted(alike, key=lambda leaf: not leaf.stated)):
                return f"{sign}{'the request' if leaf.stated else 'default'}: {leaf.path}"
        return None


def _request_leaves(part: object, path: str, *, stated: bool) -> Iterator[_Stated]:
    if isinstance(part, Request):
        for name in type(part).model_fields:
            inner = f"{path}.{name}" if path else name
            yield from _request_leaves(getattr(part, name), inner, stated=stated and part.given(name))
    elif isinstance(part, dict):
        for key, item in part.items():
            yield from _request_leaves(item, f"{path}.{key}", stated=stated)
    elif isinstance(part, tuple) and any(isinstance(item, Request | tuple) for item in part):
        for index, item in enumerate(part):
            yield from _request_leaves(item, f"{path}.{index}", stated=stated)
    elif part is None:
        if stated:
            yield _Stated(path, "null", stated)
    else:
        yield _Stated(path, text(part), stated)


def _items(part: object, path: str, *, stated: bool) -> Iterator[_Stated]:
    """The single numbers of a request's lists of numbers."""
    if isinstance(part, Request):
        for name in type(part).model_fields:
            yield from _items(
                getattr(part, name), f"{path}.{name}" if path else name, stated=stated and part.given(name)
            )
    elif isinstance(part, tuple) and len(part) <= LONGEST_LIST:
        for index, item in enumerate(part):
            if isinstance(item, Decimal):
                yield _Stated(f"{path}.{index}", text(item), stated)
            else:
                yield from _items(item, f"{path}.{index}", stated=stated)


def _last(path: str) -> str:
    return next((part for part in reversed(path.split(".")) if not part.isdigit()), path)


def _turned(value: str) -> str | None:
    """The number with its other sign; ``None`` for zero and for what is no number."""
    if not _PLAIN.fullmatch(value) or not Decimal(value):
        return None
    return value[1:] if value.startswith("-") else f"-{value}"


def _akin(name: str, field: str, words: Set[str], *, trivial: bool) -> bool:
    """Whether a field may be meant by a name: a word in common, or for zero and one the whole of one in the other."""
    return (name in field or field in name) if trivial else bool(words & _stems(_words(field)))


def _steps(
    steps: list[Step], given: _Given, declared: Mapping[int, Told], figures: list[FigureField]
) -> Iterator[StepField]:
    known: dict[str, list[int]] = {}
    by_path = {figure.figure: figure for figure in figures}
    for number, step in enumerate(steps, start=1):
        told = declared.get(number)
        inputs = tuple(
            InputField(
                name=name,
                value=value,
                origin=(told and _place(told, name, number, by_path, given))
                or _origin(name, value, steps, known, given),
            )
            for name, value in step.inputs
        )
        yield StepField(
            number=number,
            name=step.name,
            kind=step.kind,
            formula=step.formula,
            inputs=inputs,
            value=step.value,
            unit=step.unit,
            estimated=step.estimated,
            source=step.source,
        )
        known.setdefault(step.value, []).append(number)


def _place(told: Told, name: str, before: int, figures: Mapping[str, FigureField], given: _Given) -> str | None:
    """Where an input of a figure's own formula stands: an earlier step that gave it, or the field that it is."""
    if name in told.fields:
        return given.at(told.fields[name])
    figure = figures.get(told.figures[name])
    if figure is None or figure.origin == FIXED or (figure.step or 0) >= before:
        return None
    return figure.origin if figure.step is None else f"step {figure.step}: {figure.origin}"


def _origin(name: str, value: str, steps: list[Step], known: Mapping[str, list[int]], given: _Given) -> str:
    """A field of this name or with a word of it, an earlier step (of this name, or a word of it), any field, or the
    rules."""
    field = given.origin(name, value, named=True) or given.origin(name, value, words=_stems(_words(name)))
    if field is not None:
        return field
    if value.startswith("["):
        each = [_origin(name, item, steps, known, given) for item in _NUMBERS.findall(value)]
        return "; ".join(dict.fromkeys(each)) if each else RULES
    trivial = value.removesuffix(".0") in _TRIVIAL
    for sign, found in (("", value), ("minus ", _turned(value))):
        numbers = known.get(found or "", [])
        alike = [number for number in numbers if _stems(_words(name)) & _stems(steps[number - 1].name)]
        alike = [number for number in alike if steps[number - 1].name == _words(name)] or alike
        for number in (alike or ([] if trivial else numbers))[-1:]:
            return f"{sign}step {number}: {steps[number - 1].name}"
    return (None if trivial else given.origin(name, value)) or RULES


def _words(name: str) -> str:
    return name.replace("_", " ")


# --- the figures of the answer -----------------------------------------------------------------------------------


def _figures(answered: BaseModel, steps: list[Step], own: Mapping[str, int], given: _Given) -> Iterator[FigureField]:
    by_value: dict[str, list[int]] = {}
    for number, step in enumerate(steps, start=1):
        for value in _values(step):
            by_value.setdefault(value, []).append(number)
    recorded = len(steps) - len(own)
    for leaf in leaves(answered):
        shown = estimate_text(leaf.figure) if isinstance(leaf.figure, float) else number_text(Decimal(leaf.figure))
        number, field = own.get(leaf.path, 0), None
        if not number:
            number, field = _found(leaf, shown, by_value.get(shown, []), steps, recorded, given)
        origin = steps[number - 1].name if number else field or FIXED
        yield FigureField(figure=leaf.path, value=shown, step=number or None, origin=origin)


def _found(
    leaf: Leaf, shown: str, numbers: list[int], steps: list[Step], recorded: int, given: _Given
) -> tuple[int, str | None]:
    """A step (0: none) or a field of this value: one of the figure's name or a word of it, else the last such step.

    Zero and one are the value of much that has nothing to do with the figure: for them only a name will do.
    """
    name = _last(leaf.path)
    wanted = _stems(f"{_words(name)} {leaf.label}")
    alike = [number for number in numbers if wanted & _stems(steps[number - 1].name)]
    own = [number for number in alike if number <= recorded]
    if own:
        return ([number for number in own if steps[number - 1].name == _words(name)] or own)[-1], None
    field = given.origin(name, shown, named=True) or given.origin(name, shown, words=wanted, loose=bool(leaf.label))
    if field is not None:
        return 0, field
    likely = alike if shown in _TRIVIAL else [number for number in numbers if number <= recorded] or numbers
    return (likely[-1], None) if likely else (0, None if shown in _TRIVIAL else given.origin(name, shown))


def _stems(words: str) -> set[str]:
    return {word.strip(":,").removesuffix("s") for word in words.lower().split() if word not in _SMALL_WORDS}


def _values(step: Step) -> set[str]:
    """Each number of a step's value as an answer would print it."""
    found = set()
    for each in _NUMBERS.findall(step.value):
        found.add(number_text(CONTEXT.create_decimal(each)))
        if step.estimated:
            found.add(estimate_text(float(each)))
    return found
