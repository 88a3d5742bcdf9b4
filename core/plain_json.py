"""JSON for scripts: decimals as strings that read as people write numbers."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

_ENCODE = msgspec.json.Encoder().encode
_ODD_DECIMAL = re.compile(rb'"(-?\d+(?:\.\d+)?E[+-]?\d{1,3}|-0(?:\.0+)?)"')
"""A whole JSON string that is a decimal in scientific notation, or a zero with a sign."""


def plain_json(value: object) -> bytes:
    """``value`` as one line of JSON, each decimal a string without exponent; a zero has no sign.

    ``Decimal`` itself prints one hundred-millionth as ``1E-8``, which not every reader of a decimal takes.
    """
    return _ODD_DECIMAL.sub(_plain, _ENCODE(value))


def _plain(found: re.Match[bytes]) -> bytes:
    number = Decimal(found[1].decode())
    return f'"{number if number else abs(number):f}"'.encode()
