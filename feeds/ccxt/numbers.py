"""Reading values of ccxt's unified structures: exact, within bounds, and unknown where they are not there."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from feeds.fields import PRICE_CEILING, PRICE_FLOOR, TIME_CEILING_MS, sound_rate, sound_size

_LONGEST: Final = 100


def number(value: Any) -> Decimal | None:
    """A finite number, whatever it is written as; a float by its shortest text. ``None`` for all else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    text = str(value).strip()
    if not text or len(text) > _LONGEST or "_" in text or not text.isascii():
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def price(value: Any) -> Decimal | None:
    """A price; ``None`` for 0 and what is out of bounds."""
    found = number(value)
    return found if found is not None and PRICE_FLOOR < found < PRICE_CEILING else None


def size(value: Any) -> Decimal | None:
    """A size of at least 0."""
    found = number(value)
    return found if found is not None and sound_size(found) else None


def amount(value: Any) -> Decimal | None:
    """A number of either sign."""
    found = number(value)
    return found if found is not None and sound_size(abs(found)) else None


def rate(value: Any) -> Decimal | None:
    """A funding rate: a fraction."""
    found = number(value)
    return found if found is not None and sound_rate(found) else None


def nanoseconds(value: Any) -> int | None:
    """A time that ccxt tells in ms."""
    found = number(value)
    if found is None or not 0 < found < TIME_CEILING_MS:
        return None
    return int(found) * 1_000_000


def hours(value: Any) -> int | None:
    """A funding interval such as ``8h``; ``None`` where it is not told, or no whole hours."""
    if not isinstance(value, str) or not value.endswith("h"):
        return None
    found = number(value[:-1])
    return int(found) if found is not None and found == found.to_integral_value() and 0 < found <= 168 else None


def inner(value: Any, *names: str) -> Any:
    """A value some structures down; ``None`` where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text(value: Any) -> str:
    """A text; empty where there is none."""
    return value if isinstance(value, str) else ""
