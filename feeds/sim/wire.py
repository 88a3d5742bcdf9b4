"""How figures and frames are written: decimals as plain strings, frames as compact JSON bytes made once."""

from __future__ import annotations

import time
from decimal import Decimal

import msgspec

encode = msgspec.json.encode
"""JSON bytes of plain dictionaries, lists and strings."""

decode = msgspec.json.decode
"""What JSON bytes or text say; raises msgspec.DecodeError."""


def plain(value: Decimal) -> str:
    """A decimal as venues write it: no exponent."""
    return format(value, "f")


def short(value: Decimal) -> str:
    """A decimal without trailing zeros."""
    return format(value.normalize(), "f") if value else "0"


def places(value: Decimal, digits: int) -> str:
    """A decimal to a fixed number of places; nothing negative that rounds to zero keeps its sign."""
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def decimals(tick: Decimal) -> int:
    """How many decimal places a multiple of ``tick`` is written with."""
    exponent = tick.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def wall_ms() -> int:
    """The wall clock, ms since the epoch: what signatures and stamps are checked against."""
    return time.time_ns() // 1_000_000
