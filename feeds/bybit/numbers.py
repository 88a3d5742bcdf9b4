"""The numbers of Bybit's bodies and private frames, read strictly: text or not, plain digits, within what they can be.

The venue writes ``""`` for what does not apply; for a price that is not there it writes 0 too.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from feeds.fields import SIZE_CEILING, TIME_CEILING_MS

_PLAIN: Final = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?", re.ASCII)


def _plain(value: Any) -> Any:
    """A number, or a string of digits that a venue would write. Raises ValueError."""
    if isinstance(value, bool) or (isinstance(value, str) and not _PLAIN.fullmatch(value)):
        raise ValueError("expected a plain number")
    return value


def _known(value: Any) -> Any:
    return None if value in (None, "") else _plain(value)


def _or_zero(value: Any) -> Any:
    return 0 if value in (None, "") else _plain(value)


_Signed = Annotated[Decimal, Field(gt=-SIZE_CEILING, lt=SIZE_CEILING)]

Amount = Annotated[_Signed, BeforeValidator(_plain)]
"""A number of either sign."""

MaybeAmount = Annotated[_Signed | None, BeforeValidator(_known)]
"""``None`` where it does not apply."""

Size = Annotated[Decimal, Field(ge=0, lt=SIZE_CEILING), BeforeValidator(_plain)]
"""At least 0."""

MaybeSize = Annotated[Annotated[Decimal, Field(ge=0, lt=SIZE_CEILING)] | None, BeforeValidator(_known)]

MaybePrice = Annotated[
    _Signed | None,
    BeforeValidator(_known),
    AfterValidator(lambda value: value if value is not None and value > 0 else None),
]
"""A number above 0, or ``None`` where the venue has none."""

Index = Annotated[int, Field(ge=0, le=2), BeforeValidator(_plain)]
"""``positionIdx``."""

Milliseconds = Annotated[int, Field(gt=0, lt=TIME_CEILING_MS), BeforeValidator(_plain)]
MaybeMilliseconds = Annotated[int, Field(ge=0, lt=TIME_CEILING_MS), BeforeValidator(_or_zero)]
"""0 for never."""
