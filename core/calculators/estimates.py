"""What the statistical calculators share: figures that are estimates, series, candles, and counts."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from core.calculators.fields import Answer, Number, Positive, Request, read_number
from core.errors import RequestError

_Asked = TypeVar("_Asked")
_Answered = TypeVar("_Answered")

ESTIMATE_DIGITS = 12
LONGEST_SERIES = 100_000
PERIODS_HELP = "Periods of the data a year: 365 days, 8760 hours, 252 trading days, 52 weeks; 1 where it is yearly."
NAMES_OF_PRICES = ("open", "high", "low", "close")


def estimate_text(value: float) -> str:
    """``value`` in plain notation, rounded to :data:`ESTIMATE_DIGITS` significant digits, without trailing zeros."""
    return f"{Decimal(f'{value:.{ESTIMATE_DIGITS}g}') if value else Decimal(0):f}"


def _representable(value: float) -> float:
    if not math.isfinite(value):
        raise OverflowError
    return value


Estimate = Annotated[
    float,
    AfterValidator(_representable),
    PlainSerializer(estimate_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
]


class EstimateAnswer(Answer):
    """Base of answers made of statistics: computed in floating point, rounded to 12 significant digits, never exact."""

    status: Literal["ok"] = "ok"
    estimated: Literal[True] = Field(
        default=True,
        description="The figures of this answer are statistics (estimates), rounded to 12 significant digits.",
    )


def _count(value: object) -> int:
    number = read_number(value)
    if number != number.to_integral_value() or not 0 <= number <= 10**9:
        raise ValueError("a whole number, zero or more")
    return int(number)


Count = Annotated[
    int,
    BeforeValidator(_count),
    WithJsonSchema({"type": ["integer", "string"], "pattern": r"^\d+$", "minimum": 0}),
]
Numbers = Annotated[tuple[Number, ...], Field(max_length=LONGEST_SERIES)]
Prices = Annotated[tuple[Positive, ...], Field(max_length=LONGEST_SERIES)]


class CandleField(Request):
    """One candle, quote per coin."""

    open: Positive
    high: Positive
    low: Positive
    close: Positive


def _by_name(value: Any) -> Any:
    """An array of four prices as the object that it stands for."""
    if isinstance(value, list | tuple) and len(value) == len(NAMES_OF_PRICES):
        return dict(zip(NAMES_OF_PRICES, value, strict=True))
    return value


_PRICE = {"type": ["string", "number"], "exclusiveMinimum": 0}
CandleInput = Annotated[
    CandleField,
    BeforeValidator(_by_name),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "object",
                    "properties": dict.fromkeys(NAMES_OF_PRICES, _PRICE),
                    "required": list(NAMES_OF_PRICES),
                    "additionalProperties": False,
                },
                {"type": "array", "items": _PRICE, "minItems": 4, "maxItems": 4},
            ]
        }
    ),
]


def floats(values: Iterable[Decimal]) -> list[float]:
    """A series on its way into a statistic."""
    return [float(value) for value in values]


def known(value: Decimal | None) -> float:
    """A figure whose presence has been checked, on its way into a statistic."""
    assert value is not None
    return float(value)


def maybe(value: Decimal | None) -> float | None:
    """A figure that may be left out, on its way into a statistic."""
    return None if value is None else float(value)


def estimating(function: Callable[[_Asked], _Answered]) -> Callable[[_Asked], _Answered]:
    """Refuse, with RequestError, a request whose figures leave the range of floating-point numbers."""

    @functools.wraps(function)
    def within_range(request: _Asked) -> _Answered:
        try:
            return function(request)
        except (OverflowError, ZeroDivisionError):
            raise RequestError("request", "figures of a size that a statistic can hold", "others") from None

    return within_range
