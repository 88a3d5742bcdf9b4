"""Guards on what enters the statistics. All raise RequestError naming the input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from core.errors import RequestError

Real = float | Decimal
"""What may be handed to a statistic; it is computed with as a float."""


def real(name: str, value: Real) -> float:
    """``value`` as a float, if it is finite."""
    number = float(value)
    if not math.isfinite(number):
        raise RequestError(name, "a finite number", str(value))
    return number


def above_zero(name: str, value: Real) -> float:
    """``value`` as a float, if it is finite and above zero."""
    number = real(name, value)
    if number <= 0:
        raise RequestError(name, "a number above zero", str(value))
    return number


def not_negative(name: str, value: Real) -> float:
    """``value`` as a float, if it is finite and zero or more."""
    number = real(name, value)
    if number < 0:
        raise RequestError(name, "zero or more", str(value))
    return number


def correlation_of(name: str, value: Real) -> float:
    """``value`` as a float, if it lies in -1 … 1."""
    number = real(name, value)
    if not -1 <= number <= 1:
        raise RequestError(name, "a correlation from -1 to 1", str(value))
    return number


def inside_unit(name: str, value: Real) -> float:
    """``value`` as a float, if it lies between 0 and 1 and is neither: a confidence level or a decay factor."""
    number = real(name, value)
    if not 0 < number < 1:
        raise RequestError(name, "a fraction above 0 and below 1", str(value))
    return number


def series(name: str, values: Sequence[Real], least: int, what: str = "observations") -> list[float]:
    """``values`` as floats, if they are finite and at least ``least`` of them."""
    if len(values) < least:
        raise RequestError(name, f"at least {least} {what}", str(len(values)))
    return [real(f"{name}.{index}", value) for index, value in enumerate(values)]


def paired(
    x_name: str, x: Sequence[Real], y_name: str, y: Sequence[Real], least: int
) -> tuple[list[float], list[float]]:
    """Two series observed at the same times: of one length, at least ``least`` pairs."""
    if len(x) != len(y):
        raise RequestError(y_name, f"as many observations as {x_name} ({len(x)})", str(len(y)))
    return series(x_name, x, least), series(y_name, y, least)
