"""What a value in the configuration file may be, each rule with the words for "expected …".

A rule is put beside a field's type (``Annotated[Decimal, Number(above=0)]``) and replaces pydantic's own check of
that type: nothing is coerced that could turn one amount into another (``true`` is no number, ``"1_000"`` no amount).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

REFUSED = "refused"
"""The pydantic error type of every refusal made here; its context carries ``expected``."""

_AMOUNT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_MOST_DIGITS = 28
_SMALLEST_EXPONENT, _LARGEST_EXPONENT = -18, 18
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Rule(ABC):
    """Base of the rules: ``expected`` says in words what ``check`` accepts."""

    @property
    @abstractmethod
    def expected(self) -> str:
        """The rule in words, to follow "expected"."""

    @abstractmethod
    def check(self, value: object) -> object:
        """The value as the program uses it; raises PydanticCustomError where it is refused."""

    def refuse(self) -> PydanticCustomError:
        """The error that names what was expected."""
        return PydanticCustomError(REFUSED, "{expected}", {"expected": self.expected})

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)


@dataclass(frozen=True)
class Number(Rule):
    """An exact decimal within bounds, written as a TOML number or as a string of digits.

    ``what`` opens the words made from the bounds; ``phrase`` replaces them altogether.
    """

    above: Decimal | int | None = None
    minimum: Decimal | int | None = None
    below: Decimal | int | None = None
    maximum: Decimal | int | None = None
    what: str = "a number"
    phrase: str = ""

    @property
    def expected(self) -> str:
        if self.phrase:
            return self.phrase
        bounds = (("above", self.above), ("from", self.minimum), ("below", self.below), ("up to", self.maximum))
        return " ".join([self.what, *(f"{word} {bound}" for word, bound in bounds if bound is not None)])

    def check(self, value: object) -> Decimal:
        number = _decimal(value)
        if number is None or not self._within(number):
            raise self.refuse()
        return number

    def _within(self, number: Decimal) -> bool:
        return (
            (self.above is None or number > self.above)
            and (self.minimum is None or number >= self.minimum)
            and (self.below is None or number < self.below)
            and (self.maximum is None or number <= self.maximum)
        )


def _decimal(value: object) -> Decimal | None:
    """The exact number written, or ``None`` where it is no number or one that arithmetic could not keep exact."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        return None
    if isinstance(value, str) and not _AMOUNT.fullmatch(value):
        return None
    number = Decimal(value)
    if number.is_zero():
        return Decimal(0)
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or len(digits) > _MOST_DIGITS:
        return None
    if exponent < _SMALLEST_EXPONENT or number.adjusted() >= _LARGEST_EXPONENT:
        return None
    return number.quantize(Decimal(1)) if exponent > 0 else number


@dataclass(frozen=True)
class Whole(Rule):
    """A whole number within bounds."""

    minimum: int
    maximum: int

    @property
    def expected(self) -> str:
        return f"a whole number from {self.minimum} to {self.maximum}"

    def check(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not self.minimum <= value <= self.maximum:
            raise self.refuse()
        return value


@dataclass(frozen=True)
class Flag(Rule):
    """A switch."""

    @property
    def expected(self) -> str:
        return "true or false"

    def check(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise self.refuse()
        return value


@dataclass(frozen=True)
class Text(Rule):
    """One line of printable text (no control or direction characters), optionally of a given form."""

    what: str
    pattern: str = ".+"
    longest: int = 80

    @property
    def expected(self) -> str:
        return self.what

    def check(self, value: object) -> str:
        fits = isinstance(value, str) and len(value) <= self.longest and value.isprintable()
        if not isinstance(value, str) or not fits or not re.fullmatch(self.pattern, value):
            raise self.refuse()
        return value


@dataclass(frozen=True)
class Choice(Rule):
    """One word out of a few."""

    options: tuple[str, ...]

    @property
    def expected(self) -> str:
        return "one of " + ", ".join(f'"{option}"' for option in self.options)

    def check(self, value: object) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise self.refuse()
        return value


@dataclass(frozen=True)
class Parsed(Rule):
    """Text that ``accepts`` recognises (an instrument's name, for instance)."""

    what: str
    accepts: Callable[[str], bool]

    @property
    def expected(self) -> str:
        return self.what

    def check(self, value: object) -> str:
        if not isinstance(value, str) or not self.accepts(value):
            raise self.refuse()
        return value


@dataclass(frozen=True)
class Ladder(Rule):
    """One to four numbers, mildest first, each further than the one before."""

    falling: bool
    maximum: Decimal | int = 1

    @property
    def expected(self) -> str:
        direction = "falling" if self.falling else "rising"
        return f"a list of one to four {direction} numbers above 0 up to {self.maximum}"

    def check(self, value: object) -> tuple[Decimal, ...]:
        if not isinstance(value, list) or not 1 <= len(value) <= 4:
            raise self.refuse()
        numbers = [_decimal(item) for item in value]
        steps = [number for number in numbers if number is not None and 0 < number <= self.maximum]
        ordered = sorted(set(steps), reverse=self.falling)
        if steps != numbers or steps != ordered:
            raise self.refuse()
        return tuple(steps)


@dataclass(frozen=True)
class Steps(Rule):
    """Pairs of an amount and a fraction: amounts rise from 0, fractions do not rise."""

    @property
    def expected(self) -> str:
        return "a list of [amount from, ratio] such as [[0, 0.95], [10, 0.9]]: amounts rise from 0, ratios never"

    def check(self, value: object) -> tuple[tuple[Decimal, Decimal], ...]:
        if not isinstance(value, list) or not value:
            raise self.refuse()
        steps: list[tuple[Decimal, Decimal]] = []
        for item in value:
            pair = [_decimal(part) for part in item] if isinstance(item, list) else []
            if len(pair) != 2 or pair[0] is None or pair[1] is None or not 0 <= pair[1] <= 1:
                raise self.refuse()
            steps.append((pair[0], pair[1]))
        rises = all(before[0] < after[0] and before[1] >= after[1] for before, after in pairwise(steps))
        if steps[0][0] or not rises:
            raise self.refuse()
        return tuple(steps)


@dataclass(frozen=True)
class Words(Rule):
    """A command as a list of words, run without a shell."""

    @property
    def expected(self) -> str:
        return 'a list of words such as ["pass", "show", "bybit"]'

    def check(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            raise self.refuse()
        words = tuple(word for word in value if isinstance(word, str) and "\0" not in word)
        if len(words) != len(value) or not words[0]:
            raise self.refuse()
        return words


@dataclass(frozen=True)
class Address(Rule):
    """A base address: encrypted, or plain on the loopback interface; without user name, query or fragment."""

    encrypted: str
    plain: str

    @property
    def expected(self) -> str:
        return f"an address starting with {self.encrypted}:// ({self.plain}:// only for 127.0.0.1 and localhost)"

    def check(self, value: object) -> str:
        if not isinstance(value, str) or not self._accepts(value):
            raise self.refuse()
        return value.rstrip("/")

    def _accepts(self, text: str) -> bool:
        if not text.isprintable() or " " in text:
            return False
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return False
        if not host or parts.username is not None or parts.query or parts.fragment:
            return False
        return parts.scheme == self.encrypted or (parts.scheme == self.plain and host in _LOOPBACK)
