"""Works the formulas of an explanation out again, from nothing but the texts that it shows."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import zip_longest
from typing import Any, NamedTuple

CONTEXT = Context(prec=50)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_LIST = re.compile(r"\[.*\]", re.DOTALL)


class NotAFormula(Exception):
    """What cannot be worked out: an expression with something in it that no formula has."""


class _Scale:
    """The largest figure on the way, which a difference of large numbers is exact to."""

    def __init__(self) -> None:
        self.largest = Decimal(0)

    def seen(self, value: Any) -> Any:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Decimal):
                self.largest = max(self.largest, abs(item))
        return value


def worked_out(formula: str, inputs: dict[str, str], *, estimated: bool = False) -> tuple[Any, Decimal]:
    """The value of a formula (a Decimal or a list of them), and the largest figure on the way to it."""
    names = {name: read(value) for name, value in inputs.items()}
    if estimated:
        return _value(ast.parse(formula, mode="eval").body, _floats(names), _Scale(), _FLOATING), Decimal(1)
    scale = _Scale()
    with localcontext(CONTEXT):
        for value in names.values():
            scale.seen(value)
        value = _value(ast.parse(formula, mode="eval").body, names, scale, _EXACT)
    return value, scale.largest


def read(text: str) -> Any:
    """A number or a list of numbers (or of lists) from its text; the text itself for anything else."""
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if _LIST.fullmatch(text):
        return [read(item) for item in _items(text[1:-1])]
    return text


def _items(text: str) -> list[str]:
    items, depth, start = [], 0, 0
    for index, sign in enumerate(text + ","):
        depth += (sign == "[") - (sign == "]")
        if sign == "," and not depth:
            items.append(text[start:index].strip())
            start = index + 1
    return [item for item in items if item]


def _floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _floats(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def _value(node: ast.expr, names: dict[str, Any], scale: _Scale, numbers: _Numbers) -> Any:
    def inner(part: ast.expr) -> Any:
        return _value(part, names, scale, numbers)

    match node:
        case ast.Constant(value=int() | float() as number):
            return numbers.number(str(number))
        case ast.Name(id=name) if name in names and not isinstance(names[name], str):
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _each(lambda item: -item, inner(operand))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return scale.seen(_each(_OPERATORS[type(operator)], inner(left), inner(right)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in numbers.functions:
            return scale.seen(numbers.functions[name](*map(inner, arguments)))
        case ast.List(elts=items):
            return [inner(item) for item in items]
        case _:
            raise NotAFormula(ast.unparse(node))


def _each(function: Callable[..., Any], *values: Any) -> Any:
    """Item by item where there are lists, a number with each item of them."""
    lists = [value for value in values if isinstance(value, list)]
    if not lists:
        return function(*values)
    if len({len(value) for value in lists}) > 1:
        raise NotAFormula("lists of several lengths")
    columns = [value if isinstance(value, list) else [value] * len(lists[0]) for value in values]
    return [_each(function, *row) for row in zip_longest(*columns)]


def _power(base: Any, exponent: Any) -> Any:
    return base**exponent


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
    ast.Pow: _power,
}


def _flat(values: tuple[Any, ...]) -> list[Any]:
    return [item for value in values for item in (_flat(tuple(value)) if isinstance(value, list) else [value])]


class _Numbers(NamedTuple):
    """How a kind of number is read, and the functions of it."""

    number: Callable[[str], Any]
    functions: dict[str, Callable[..., Any]]


def _functions(
    number: Callable[[Any], Any], root: Callable[[Any], Any], log: Callable[[Any], Any], exp: Callable[[Any], Any]
) -> dict[str, Callable[..., Any]]:
    def each(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values: _each(function, *values)

    def added(*values: Any) -> Any:
        return sum(_flat(values), number(0))

    def rounded(value: Any, grid: Any) -> Any:
        return (
            (value / grid).to_integral_value(ROUND_HALF_EVEN) * grid
            if number is Decimal
            else round(value / grid) * grid
        )

    return {
        "abs": each(abs),
        "max": lambda *values: max(_flat(values)),
        "min": lambda *values: min(_flat(values)),
        "sum": added,
        "mean": lambda *values: added(*values) / len(_flat(values)),
        "count": lambda values: number(len(values)),
        "dot": lambda rows, values: [added(_each(_OPERATORS[ast.Mult], row, values)) for row in rows],
        "sqrt": each(root),
        "cbrt": each(lambda value: number(0) if not value else exp(log(value) / 3)),
        "ln": each(log),
        "exp": each(exp),
        "floor": each(lambda value: number(math.floor(value))),
        "ceil": each(lambda value: number(math.ceil(value))),
        "rounded": each(rounded),
        "Phi": each(lambda value: number(0.5 * math.erfc(-float(value) / math.sqrt(2)))),
        "phi": each(lambda value: number(math.exp(-(float(value) ** 2) / 2) / math.sqrt(2 * math.pi))),
    }


_EXACT = _Numbers(Decimal, _functions(Decimal, Decimal.sqrt, Decimal.ln, Decimal.exp))
_FLOATING = _Numbers(float, _functions(float, math.sqrt, math.log, math.exp))
