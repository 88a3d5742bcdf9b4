"""The decimal context in which money is computed, and the guards on what enters it.

Every public function of the arithmetic modules runs under :data:`CONTEXT`, whatever context its caller has set:
50 significant digits, half-even, and an exception instead of NaN or infinity. Sums, differences and products of
venue figures (at most some 20 digits each) are therefore exact; a quotient is good to its 50th digit. Formulas are
arranged so that a result is divided once, at the end.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    getcontext,
    localcontext,
)
from typing import ParamSpec, TypeVar

from core.errors import RequestError

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

PRECISION = 50
CONTEXT = Context(
    prec=PRECISION,
    rounding=ROUND_HALF_EVEN,
    Emin=-99999,
    Emax=99999,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
_LARGEST = CONTEXT.Emax
LARGEST_EXPONENT = 40
"""Inputs lie between 1e-40 and 1e40 in size (or are zero): no product of them can overflow."""

ZERO, ONE = Decimal(0), Decimal(1)
_SMALLEST, _TOO_LARGE = Decimal(f"1e-{LARGEST_EXPONENT}"), Decimal(f"1e{LARGEST_EXPONENT + 1}")
_PLAIN_NUMBER = re.compile(r"\+?[0-9]{1,40}(\.[0-9]{1,40})?")


def exactly(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Run ``function`` under :data:`CONTEXT`."""

    @functools.wraps(function)
    def under_context(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        context = getcontext()
        if context.prec == PRECISION and context.Emax == _LARGEST:  # a copy of CONTEXT: ours, from further out
            return function(*args, **kwargs)
        with localcontext(CONTEXT):
            return function(*args, **kwargs)

    return under_context


def finite(name: str, value: object) -> Decimal:
    """``value`` if it is a finite decimal of sane size; RequestError naming ``name`` otherwise.

    A float is refused too: it has already lost the digits that this module promises.
    """
    if not isinstance(value, Decimal) or not value.is_finite():
        raise RequestError(name, "a finite decimal number", str(value))
    if not -LARGEST_EXPONENT <= value.adjusted() <= LARGEST_EXPONENT and value:
        raise RequestError(name, f"a number between 1e-{LARGEST_EXPONENT} and 1e{LARGEST_EXPONENT}", str(value))
    return value


def plain(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """A public function without what is wrapped around it: the same guards and the same result, for a caller that runs
    under :data:`CONTEXT` already and records no steps."""
    found = function
    while (inner := getattr(found, "__wrapped__", None)) is not None:
        found = inner
    return found


def is_positive(value: Decimal) -> bool:
    """True for what :func:`positive` takes: for whoever would have to put a name together first."""
    return value.is_finite() and _SMALLEST <= value < _TOO_LARGE


def positive(name: str, value: object) -> Decimal:
    """``value`` if it is finite and above zero; RequestError naming ``name`` otherwise."""
    if isinstance(value, Decimal) and value.is_finite() and _SMALLEST <= value < _TOO_LARGE:
        return value
    number = finite(name, value)
    if number <= 0:
        raise RequestError(name, "a number above zero", str(number))
    return number


def not_negative(name: str, value: object) -> Decimal:
    """``value`` if it is finite and zero or more; RequestError naming ``name`` otherwise."""
    number = finite(name, value)
    if number < 0:
        raise RequestError(name, "zero or more", str(number))
    return number


def stated_price(value: object) -> Decimal | None:
    """A price as a venue states it, or ``None`` where it states none: null, empty, zero, "--" or no finite number.

    Raises nothing: a venue that writes 0 or "--" for a liquidation price says that it gives none, not that it is 0.
    """
    if isinstance(value, str):
        text = value.strip()
        value = Decimal(text) if _PLAIN_NUMBER.fullmatch(text) else None
    if not isinstance(value, Decimal) or not value.is_finite() or value <= 0:
        return None
    return value


def nonzero(name: str, value: object) -> Decimal:
    """``value`` if it is finite and not zero; RequestError naming ``name`` otherwise."""
    number = finite(name, value)
    if not number:
        raise RequestError(name, "a number other than zero", str(number))
    return number
