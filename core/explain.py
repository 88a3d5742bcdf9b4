"""Why a number is what it is: the formulas that were worked out on the way to it, with what went into each.

Arithmetic functions carry their formula (:func:`explained`). While :func:`recording`, every call of one of them leaves
a :class:`Step`: so an explanation is not told beside the computation, it is the computation. A formula is an
expression in the function's own argument names, and can be worked out again by hand or by machine.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from enum import StrEnum
from typing import Any, ParamSpec, TypeVar

import msgspec

from core.exact import CONTEXT, ZERO
from core.instruments import ContractKind, TierTable

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

_SHOWN = CONTEXT.copy()
_SHOWN.prec = 40

MOST_STEPS = 400
"""A recording keeps no more steps than this; a longer way says so by its length."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One formula worked out: ``value`` in ``unit`` from ``inputs`` (name and value, as texts), by ``formula``.

    ``source`` names where the formula comes from, empty where it is arithmetic that needs none.
    """

    name: str
    formula: str
    inputs: tuple[tuple[str, str], ...]
    value: str
    unit: str = ""
    source: str = ""


_steps: ContextVar[list[Step] | None] = ContextVar("explained_steps", default=None)

Formula = str | Mapping[ContractKind, str]


def explained(
    formula: Formula, *, unit: str = "", source: str = ""
) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    """Give a function its formula: an expression in its argument names, or one for each kind of contract."""

    def decorate(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
        signature = inspect.signature(function)
        name = function.__name__.strip("_").replace("_", " ")

        @functools.wraps(function)
        def recorded(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
            steps = _steps.get()
            result = function(*args, **kwargs)
            if steps is None or len(steps) >= MOST_STEPS:
                return result
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            step = Step(
                name=name,
                formula=_formula(formula, bound.arguments),
                inputs=tuple((key, text(value)) for key, value in bound.arguments.items() if _tells(key, value)),
                value=text(result),
                unit=unit,
                source=source,
            )
            if step not in steps:
                steps.append(step)
            return result

        recorded.__dict__["formula"] = formula
        return recorded

    return decorate


@contextmanager
def recording() -> Iterator[list[Step]]:
    """Collect the steps of everything that is computed within, in the order in which results were had."""
    steps: list[Step] = []
    token = _steps.set(steps)
    try:
        yield steps
    finally:
        _steps.reset(token)


def note(
    name: str, formula: str, value: object, inputs: Mapping[str, object], *, unit: str = "", source: str = ""
) -> None:
    """Leave a step of a computation that is no function of its own; nothing while nobody records."""
    steps = _steps.get()
    if steps is None or len(steps) >= MOST_STEPS:
        return
    given = tuple((key, text(item)) for key, item in inputs.items())
    step = Step(name=name, formula=formula, inputs=given, value=text(value), unit=unit, source=source)
    if step not in steps:
        steps.append(step)


def is_recording() -> bool:
    """True while somebody records: for steps whose inputs cost something to gather."""
    return _steps.get() is not None


def text(value: object) -> str:
    """A value as an explanation shows it: decimals plain and at most 40 digits, tables by name."""
    match value:
        case Decimal():
            return _plain(value)
        case float():
            return f"{value:.12g}"
        case StrEnum():
            return value.value
        case TierTable():
            return f"{len(value.tiers)} tiers of {value.instrument} in {value.unit}"
        case tuple() | list():
            return ", ".join(text(item) for item in value)
        case None:
            return "not known"
        case _:
            return str(value)


def _plain(value: Decimal) -> str:
    if not value.is_finite():
        return str(value)
    rounded = _SHOWN.plus(value).normalize(_SHOWN)
    return f"{rounded if rounded else ZERO:f}"


def _tells(key: str, value: object) -> bool:
    return key not in ("self",) and not callable(value)


def _formula(formula: Formula, arguments: Mapping[str, Any]) -> str:
    if isinstance(formula, str):
        return formula
    return formula.get(arguments.get("kind", ContractKind.LINEAR), formula[ContractKind.LINEAR])
