"""Prices and times out of lines and JSON documents: exact, or refused with the reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from core.errors import HedgerowError
from core.events import FaultKind
from core.sheet_price import TimeFormat

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_MOST_DIGITS = 28
_LARGEST_EXPONENT = 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(2000, 2100)
_SHOWN = 40
_PER_SECOND = {TimeFormat.EPOCH_SECONDS: 1, TimeFormat.EPOCH_MILLISECONDS: 1000}
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Quoted(NamedTuple):
    """A price in quote per coin, and its time in ns since the epoch where it was told."""

    price: Decimal
    time_ns: int | None


class Unusable(HedgerowError):
    """What came is no price; ``kind`` and ``field`` say how feed health counts it."""

    def __init__(self, kind: FaultKind, text: str, field: str = "") -> None:
        self.kind, self.field, self.text = kind, field, text
        super().__init__(text)


def decoded(body: bytes) -> object:
    """A JSON document, its numbers exact. Raises Unusable."""
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ArithmeticError, ValueError):
        raise Unusable(FaultKind.NOT_JSON, f"no JSON: {shown(body.decode('utf-8', 'replace'))}") from None


def resolved(document: object, pointer: str, field: str) -> object:
    """What a JSON pointer (RFC 6901) leads to. Raises Unusable naming the part that is not there."""
    found: Any = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and _is_index(key) and int(key) < len(found):
            found = found[int(key)]
        else:
            raise Unusable(FaultKind.BAD_FIELD, f"nothing at {pointer}: there is no {shown(key)}", field)
    return found


def _is_index(key: str) -> bool:
    return key == "0" or (key.isascii() and key.isdigit() and key[0] != "0" and len(key) < 10)


def price_of(value: object) -> Decimal:
    """A price written as a number or as a string of one, above 0. Raises Unusable."""
    number = _number(value)
    if number is None:
        raise Unusable(FaultKind.BAD_FIELD, f"no price: {shown(value)}", "price")
    if number <= 0:
        raise Unusable(FaultKind.BAD_FIELD, f"a price above 0 is expected, not {shown(value)}", "price")
    return number


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    if isinstance(value, str) and (len(value) > 2 * _MOST_DIGITS or not _NUMBER.fullmatch(value)):
        return None
    number = Decimal(value)
    sized = number.is_finite() and len(number.as_tuple().digits) <= _MOST_DIGITS
    return number if sized and abs(number.adjusted()) <= _LARGEST_EXPONENT else None


def time_of(value: object, format_: TimeFormat) -> int:
    """A time in ns since the epoch. Raises Unusable, also for one without an offset from UTC."""
    wanted = "ISO 8601 with an offset" if format_ is TimeFormat.ISO8601 else f"a number in {format_.value}"
    bad = Unusable(FaultKind.BAD_FIELD, f"a time as {wanted} is expected, not {shown(value)}", "time")
    if format_ is TimeFormat.ISO8601:
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.utcoffset() is None or moment.year not in _YEARS:
            raise bad
        return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000
    number = _number(value)
    time_ns = 0 if number is None else int(number * (1_000_000_000 // _PER_SECOND[format_]))
    first, last = (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH for year in (_YEARS.start, _YEARS.stop))
    if not first // timedelta(seconds=1) <= time_ns // 1_000_000_000 < last // timedelta(seconds=1):
        raise bad
    return time_ns


def quoted(document: object, pointer: str, time_pointer: str | None, format_: TimeFormat) -> Quoted:
    """The price in a JSON document, and its time where one is pointed to. Raises Unusable."""
    price = price_of(resolved(document, pointer, "price"))
    if time_pointer is None:
        return Quoted(price, None)
    return Quoted(price, time_of(resolved(document, time_pointer, "time"), format_))


def read_line(line: bytes, pointer: str | None, time_pointer: str | None, format_: TimeFormat) -> Quoted:
    """The price in one line of a file: JSON where there is a pointer, else a number, with its time before it or alone.

    Raises Unusable.
    """
    if pointer is not None:
        return quoted(decoded(line), pointer, time_pointer, format_)
    try:
        words = line.decode("ascii").split()
    except UnicodeDecodeError:
        words = []
    if not words:
        raise Unusable(FaultKind.BAD_FIELD, f"no price in the line {shown(line.decode('utf-8', 'replace'))}", "price")
    price = price_of(words[-1])
    return Quoted(price, time_of(" ".join(words[:-1]), format_) if len(words) > 1 else None)


def shown(value: object) -> str:
    """A foreign value as it may be shown: short, on one line, without control characters."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(character if character.isprintable() else "?" for character in text[: _SHOWN + 1])
    return f"{text[: _SHOWN - 1]}…" if len(text) > _SHOWN else text or "nothing"
