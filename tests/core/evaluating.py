"""Works out the formula of an explanation from nothing but the inputs that it states."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext

from core.exact import CONTEXT


def evaluated(formula: str, inputs: Mapping[str, Decimal]) -> Decimal:
    """The value of the formula; KeyError for a name that is no input, ValueError for what is no arithmetic."""
    with localcontext(CONTEXT):
        return _value(ast.parse(formula, mode="eval").body, inputs)


def names_in(formula: str) -> set[str]:
    """The inputs that a formula speaks of."""
    found = {node.id for node in ast.walk(ast.parse(formula, mode="eval")) if isinstance(node, ast.Name)}
    return found - set(_FUNCTIONS)


def _value(node: ast.expr, inputs: Mapping[str, Decimal]) -> Decimal:
    match node:
        case ast.Constant(value=int() as number):
            return Decimal(number)
        case ast.Name(id=name):
            return inputs[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, inputs)
        case ast.BinOp(left=left, op=operator, right=right):
            return _OPERATORS[type(operator)](_value(left, inputs), _value(right, inputs))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _FUNCTIONS[name](*(_value(item, inputs) for item in arguments))
        case _:
            raise ValueError(ast.unparse(node))


_OPERATORS: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
    ast.Pow: lambda one, other: one**other,
}

_FUNCTIONS: dict[str, Callable[..., Decimal]] = {
    "abs": abs,
    "max": max,
    "min": min,
    "ceil": lambda value: Decimal(math.ceil(value)),
    "floor": lambda value: Decimal(math.floor(value)),
    "sqrt": Decimal.sqrt,
    "ln": Decimal.ln,
    "Phi": lambda value: Decimal(0.5 * math.erfc(-float(value) / math.sqrt(2))),
}
