"""Why a number is what it is: the formulas that were worked out on the way to it, with what went into each.

Arithmetic functions carry their formula (:func:`explained`). While :func:`recording`, every call of one of them leaves
a :class:`Step`: so an explanation is not told beside the computation, it is the computation. A formula is an
expression in the names of its inputs, and can be worked out again by hand or by machine: ``+ - * / **``, the functions
``abs max min sum mean count sqrt cbrt ln exp floor ceil``, ``rounded(value, grid)`` to multiples of the grid, ``Phi``
and ``phi`` of the standard normal, and lists, which are computed with item by item; ``dot(rows, list)`` is the sum of
products of each row with the list. A step that is no such expression says so in its ``kind``.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, ParamSpec, TypeVar

import msgspec

from core.exact import CONTEXT, ZERO
from core.instruments import ContractKind, TierTable

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

_SHOWN = CONTEXT.copy()
_SHOWN.prec = 40

MOST_STEPS = 2_000
"""A recording keeps no more steps than this; a longer way says so by its length."""

_NAMES = re.compile(r"[A-Za-z_]\w*")

LONGEST_LIST = 400
"""A longer list is shown by its ends and its length, and cannot be worked out again from what is shown."""

Kind = Literal["formula", "search", "words"]


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One formula worked out: ``value`` in ``unit`` from ``inputs`` (name and value, as texts), by ``formula``.

    ``source`` names where the formula comes from, empty where it is arithmetic that needs none. ``kind`` is
    ``search`` where the value was found by trying and ``words`` where the formula only says in words what was done;
    ``estimated`` marks floating point.
    """

    name: str
    formula: str
    inputs: tuple[tuple[str, str], ...]
    value: str
    unit: str = ""
    source: str = ""
    kind: Kind = "formula"
    estimated: bool = False


class _Recording:
    """Steps in order, each once."""

    __slots__ = ("seen", "steps")

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.seen: set[Step] = set()

    def add(self, step: Step) -> None:
        if step not in self.seen and len(self.steps) < MOST_STEPS:
            self.seen.add(step)
            self.steps.append(step)


_recording: ContextVar[_Recording | None] = ContextVar("explained_steps", default=None)

Formula = str | Mapping[ContractKind, str]


def explained(
    formula: Formula, *, name: str = "", unit: str = "", source: str = ""
) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    """Give a function its formula: an expression in its argument names, or one for each kind of contract.

    ``name`` is what the step is called; the function's own name where left out.
    """

    def decorate(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
        signature = inspect.signature(function)
        step = name or function.__name__.strip("_").replace("_", " ")

        @functools.wraps(function)
        def recorded(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
            result = function(*args, **kwargs)
            if _recording.get() is None:
                return result
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            chosen = _formula(formula, bound.arguments)
            given = {key: value for key, value in bound.arguments.items() if key in _NAMES.findall(chosen)}
            note(step, chosen, result, given, unit=unit, source=source)
            return result

        recorded.__dict__["formula"] = formula
        return recorded

    return decorate


@contextmanager
def recording() -> Iterator[list[Step]]:
    """Collect the steps of everything that is computed within, in the order in which results were had."""
    kept = _Recording()
    token = _recording.set(kept)
    try:
        yield kept.steps
    finally:
        _recording.reset(token)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Leave no steps: for what a search tries on its way to a value that is noted when it is found."""
    token = _recording.set(None)
    try:
        yield
    finally:
        _recording.reset(token)


def note(
    name: str,
    formula: str,
    value: object,
    inputs: Mapping[str, object],
    *,
    unit: str = "",
    source: str = "",
    kind: Kind = "formula",
) -> None:
    """Leave a step of a computation that is no function of its own; nothing while nobody records."""
    kept = _recording.get()
    if kept is None:
        return
    given = tuple((key, text(item)) for key, item in inputs.items())
    estimated = any(map(_floating, (value, *inputs.values())))
    step = Step(
        name=name,
        formula=formula,
        inputs=given,
        value=text(value),
        unit=unit,
        source=source,
        kind=kind,
        estimated=estimated,
    )
    kept.add(step)


def is_recording() -> bool:
    """True while somebody records: for steps whose inputs cost something to gather."""
    return _recording.get() is not None


def text(value: object) -> str:
    """A value as an explanation shows it: decimals plain and at most 40 digits, tables by name."""
    match value:
        case Decimal():
            return _plain(value)
        case float():
            return f"{Decimal(repr(value)):f}" if math.isfinite(value) else str(value)
        case StrEnum():
            return value.value
        case TierTable():
            return f"{len(value.tiers)} tiers of {value.instrument} in {value.unit}"
        case tuple() | list() if len(value) > LONGEST_LIST:
            ends = (*value[:3], "…", *value[-3:])
            return f"{len(value)} values: " + ", ".join(text(item) for item in ends)
        case tuple() | list():
            return "[" + ", ".join(text(item) for item in value) + "]"
        case None:
            return "not known"
        case _:
            return str(value)


def _plain(value: Decimal) -> str:
    if not value.is_finite():
        return str(value)
    rounded = _SHOWN.plus(value).normalize(_SHOWN)
    return f"{rounded if rounded else ZERO:f}"


def _floating(value: object) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(map(_floating, value))
    return isinstance(value, float)


def _formula(formula: Formula, arguments: Mapping[str, Any]) -> str:
    if isinstance(formula, str):
        return formula
    return formula.get(arguments.get("kind", ContractKind.LINEAR), formula[ContractKind.LINEAR])
