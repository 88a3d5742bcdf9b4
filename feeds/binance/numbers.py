"""The numbers of Binance's signed bodies, read strictly: plain digits, within what a balance or a price can be."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from feeds.fields import SIZE_CEILING, TIME_CEILING_MS

_PLAIN: Final = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_NOTHING: Final = (None, "", "--")


def _plain(value: Any) -> Any:
    """A number, or a string of digits that a venue would write. Raises ValueError."""
    if isinstance(value, bool) or (isinstance(value, str) and not _PLAIN.fullmatch(value)):
        raise ValueError("expected a plain number")
    return value


def _known(value: Any) -> Any:
    return None if value in _NOTHING else _plain(value)


Amount = Annotated[Decimal, Field(gt=-SIZE_CEILING, lt=SIZE_CEILING), BeforeValidator(_plain)]
"""A number of either sign."""

Size = Annotated[Decimal, Field(ge=0, lt=SIZE_CEILING), BeforeValidator(_plain)]
"""At least 0."""

Price = Annotated[Decimal, Field(gt=0, lt=SIZE_CEILING), BeforeValidator(_plain)]

MaybePrice = Annotated[
    Annotated[Decimal, Field(gt=-SIZE_CEILING, lt=SIZE_CEILING)] | None,
    BeforeValidator(_known),
    AfterValidator(lambda value: value if value is not None and value > 0 else None),
]
"""A price, or ``None`` where the venue has none: it then writes 0, nothing or ``--``."""

Milliseconds = Annotated[int, Field(gt=0, lt=TIME_CEILING_MS), BeforeValidator(_plain)]
MaybeMilliseconds = Annotated[int, Field(ge=0, lt=TIME_CEILING_MS), BeforeValidator(_plain)]
"""0 for never."""
