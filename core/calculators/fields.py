"""The building stones of requests and answers: exact numbers, their units, and what "not known" looks like."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from core.errors import RequestError
from core.exact import CONTEXT, LARGEST_EXPONENT, ONE, ZERO
from core.instruments import ContractKind

MAXIMUM_DIGITS = 50
LONGEST_INTERVAL = 8760
LARGEST_BETA = 100
MOST_A_YEAR = 10
SHORTEST_YEAR, LONGEST_YEAR = 240, 366
ANSWER_DIGITS = 40
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}([,_' ]\d{3})+(\.\d*)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER_SCHEMA = {"type": ["string", "number"]}


FIGURE = "figure"
"""How the refusal of what should be a number is marked: where that is null, it is a number that is not known."""


def _expected(what: str) -> PydanticCustomError:
    return PydanticCustomError(FIGURE, "{what}", {"what": what})


def read_number(value: object) -> Decimal:
    """A Decimal from a decimal JSON string or number; refuses what is not finite, absurd, or was ever a float."""
    if isinstance(value, str) and value.rstrip().endswith("%"):
        raise _expected("a fraction as a decimal number, without a per cent sign (0.05 is 5%)")
    if isinstance(value, str) and _GROUPED.fullmatch(value):
        raise _expected("a decimal number without separators between thousands")
    plain = isinstance(value, str) and len(value) <= 2 * MAXIMUM_DIGITS and _NUMBER.fullmatch(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    number = Decimal(value) if isinstance(value, str | int) and (plain or whole) else value
    if not isinstance(number, Decimal) or not number.is_finite():
        raise _expected("a decimal number, as a JSON string or number")
    if len(number.as_tuple().digits) > MAXIMUM_DIGITS:
        raise _expected(f"a number of at most {MAXIMUM_DIGITS} digits")
    if number and abs(number.adjusted()) > LARGEST_EXPONENT:
        raise _expected(f"a number between 1e-{LARGEST_EXPONENT} and 1e{LARGEST_EXPONENT}")
    return number


def _positive(value: object) -> Decimal:
    number = read_number(value)
    if number <= 0:
        raise _expected("a number above zero")
    return number


def _not_negative(value: object) -> Decimal:
    number = read_number(value)
    if number < 0:
        raise _expected("zero or more")
    return number


def _fee_rate(value: object) -> Decimal:
    number = read_number(value)
    if not -ONE < number < ONE:
        raise _expected("a fraction between -1 and 1 (0.00055 is 0.055%)")
    return number


def _interval_rate(value: object) -> Decimal:
    number = read_number(value)
    if not -ONE < number < ONE:
        raise _expected("a rate between -1 and 1 per interval (0.0001 is 0.01%)")
    return number


def _share(value: object) -> Decimal:
    number = read_number(value)
    if not ZERO <= number < ONE:
        raise _expected("a fraction from 0 to below 1 (0.005 is 0.5%)")
    return number


def _part(value: object) -> Decimal:
    number = read_number(value)
    if not ZERO < number <= ONE:
        raise _expected("a fraction above 0 up to 1 (0.1 is 10%)")
    return number


def _yearly_rate(value: object) -> Decimal:
    number = read_number(value)
    if not -ONE < number < MOST_A_YEAR:
        raise _expected(f"a fraction a year above -1 and below {MOST_A_YEAR} (0.05 is 5%)")
    return number


def _beta(value: object) -> Decimal:
    number = read_number(value)
    if abs(number) > LARGEST_BETA:
        raise _expected(f"a beta from -{LARGEST_BETA} to {LARGEST_BETA}")
    return number


def _year_days(value: object) -> Decimal:
    number = read_number(value)
    if not SHORTEST_YEAR <= number <= LONGEST_YEAR:
        raise _expected(f"days of a year, from {SHORTEST_YEAR} to {LONGEST_YEAR}")
    return number


def _hours(value: object) -> int:
    number = read_number(value)
    if number != number.to_integral_value() or not 1 <= number <= LONGEST_INTERVAL:
        raise _expected(f"a whole number of hours from 1 to {LONGEST_INTERVAL}")
    return int(number)


def _instant(value: object) -> int:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _expected("an instant with its time zone, such as 2026-03-27T08:00:00Z")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


Number = Annotated[Decimal, BeforeValidator(read_number), WithJsonSchema(_NUMBER_SCHEMA)]
Positive = Annotated[Decimal, BeforeValidator(_positive), WithJsonSchema({**_NUMBER_SCHEMA, "exclusiveMinimum": 0})]
NotNegative = Annotated[Decimal, BeforeValidator(_not_negative), WithJsonSchema({**_NUMBER_SCHEMA, "minimum": 0})]
FeeRate = Annotated[
    Decimal,
    BeforeValidator(_fee_rate),
    WithJsonSchema({**_NUMBER_SCHEMA, "exclusiveMinimum": -1, "exclusiveMaximum": 1}),
]
IntervalRate = Annotated[
    Decimal,
    BeforeValidator(_interval_rate),
    WithJsonSchema({**_NUMBER_SCHEMA, "exclusiveMinimum": -1, "exclusiveMaximum": 1}),
]
Beta = Annotated[
    Decimal,
    BeforeValidator(_beta),
    WithJsonSchema({**_NUMBER_SCHEMA, "minimum": -LARGEST_BETA, "maximum": LARGEST_BETA}),
]
Hours = Annotated[
    int,
    BeforeValidator(_hours),
    WithJsonSchema({"type": ["integer", "string"], "pattern": r"^\d+$", "minimum": 1, "maximum": LONGEST_INTERVAL}),
]
Share = Annotated[
    Decimal, BeforeValidator(_share), WithJsonSchema({**_NUMBER_SCHEMA, "minimum": 0, "exclusiveMaximum": 1})
]
Part = Annotated[
    Decimal, BeforeValidator(_part), WithJsonSchema({**_NUMBER_SCHEMA, "exclusiveMinimum": 0, "maximum": 1})
]
YearlyRate = Annotated[
    Decimal,
    BeforeValidator(_yearly_rate),
    WithJsonSchema({**_NUMBER_SCHEMA, "exclusiveMinimum": -1, "exclusiveMaximum": MOST_A_YEAR}),
]
YearDays = Annotated[
    Decimal,
    BeforeValidator(_year_days),
    WithJsonSchema({**_NUMBER_SCHEMA, "minimum": SHORTEST_YEAR, "maximum": LONGEST_YEAR}),
]

Instant = Annotated[int, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
"""Nanoseconds since 1970, read from an ISO 8601 text."""


def number_text(value: Decimal) -> str:
    """``value`` in plain notation, rounded to :data:`ANSWER_DIGITS` significant digits, without trailing zeros."""
    context = CONTEXT.copy()
    context.prec = ANSWER_DIGITS
    rounded = context.plus(value).normalize(context)
    return f"{rounded if rounded else ZERO:f}"


Exact = Annotated[
    Decimal,
    PlainSerializer(number_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
]

Kind = Literal["linear", "inverse", "quanto"]
Side = Literal["long", "short"]

KIND_HELP = (
    "linear: profit in the quote currency; inverse: coin-margined, profit in the coin; quanto: priced in quote, profit "
    "in a third coin. 'Settle currency' below is the quote (linear), the coin (inverse) or that third coin (quanto)."
)
QUANTITY_HELP = "Size of the position in the venue's order unit (contracts or coins), without sign."
CONTRACT_SIZE_HELP = (
    "What one unit of quantity is. linear: coins per unit (1 where orders are in coins); inverse: quote (USD) per unit "
    "(1 where orders are in USD, 100 for 100-USD contracts); quanto: settle currency per unit and per 1 of price."
)
YEAR_DAYS_HELP = "Days of a year in the figures per year: 365, or 360 as money markets count."
SIDE_HELP = "Side of the position held."

KindField = Annotated[Kind, Field(description=KIND_HELP)]
SideField = Annotated[Side, Field(description=SIDE_HELP)]
ContractSizeField = Annotated[Positive, Field(description=CONTRACT_SIZE_HELP)]


class Request(BaseModel):
    """Base of all requests. Null means "not known"; leaving a field out means its default, or "not asked"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self, name: str) -> bool:
        """True where the request holds this field, be it null."""
        return name in self.model_fields_set

    def lacking(self, *names: str, why: str = "", within: str = "") -> tuple[str, ...]:
        """What is missing where one of ``names`` is needed: empty if one has a value, else those sent as null.

        ``within`` is the path to this part of the request, with a dot at its end.

        Raises RequestError where none of them was sent at all: that is a mistake in the request, not a gap in what
        the asker knows.
        """
        if any(getattr(self, name) is not None for name in names):
            return ()
        unknown = tuple(within + name for name in names if self.given(name))
        if not unknown:
            what = f"one of {', '.join(names)}" if len(names) > 1 else "a value"
            raise RequestError(
                within + names[0], f"{what}{' ' + why if why else ''} (null if it is not known)", "nothing"
            )
        return unknown

    def exclude_each_other(self, *names: str, within: str = "") -> None:
        """Raise RequestError naming the second of ``names`` that has a value."""
        present = [name for name in names if getattr(self, name) is not None]
        if len(present) > 1:
            raise RequestError(within + present[1], f"only one of {', '.join(names)}", f"{' and '.join(present)}")

    def refuse(self, why: str, *names: str) -> None:
        """Raise RequestError naming the first of ``names`` that was sent although it does not belong here."""
        for name in names:
            if self.given(name):
                raise RequestError(name, f"nothing {why}", "a value")


class Answer(BaseModel):
    """Base of all answers that hold figures."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Unknown(Answer):
    """The figure cannot be known: what it needs was sent as null or is not in the tier table."""

    status: Literal["unknown"] = "unknown"
    missing: tuple[str, ...] = Field(description="The inputs without which there is no answer.")


class NoValue(Answer):
    """There is rightly no such figure, and the reason why."""

    status: Literal["none"] = "none"
    reason: str


Undefined = Annotated[
    dict[str, Annotated[NoValue | Unknown, Field(discriminator="status")]],
    Field(
        description="For each figure that was asked for and is null: why. A figure that is null and not named here was "
        "not asked for."
    ),
]

_CONTRACT_KINDS = {
    "linear": ContractKind.LINEAR,
    "inverse": ContractKind.INVERSE,
    "quanto": ContractKind.QUANTO,
}
_SETTLE = {"linear": "quote", "inverse": "coin", "quanto": "settlement coin"}


def contract_kind(kind: Kind) -> ContractKind:
    """Which arithmetic a kind of request follows."""
    return _CONTRACT_KINDS[kind]


def settle_of(kind: Kind) -> str:
    """The settle currency in words."""
    return _SETTLE[kind]


def signed(side: Side, quantity: Decimal) -> Decimal:
    """``quantity`` with the sign of the side held."""
    return quantity.copy_negate() if side == "short" else quantity


def in_quote(kind: Kind, amount: Decimal | None, price: Decimal | None) -> Decimal | None:
    """An amount of settle currency in quote at ``price``; ``None`` for quanto, whose third coin has no price here."""
    if amount is None or kind == "quanto":
        return None
    if kind == "linear":
        return amount
    return None if price is None else CONTEXT.multiply(amount, price)
