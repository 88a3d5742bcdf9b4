"""Reading Protocol Buffers messages by field number: as much of the wire format as MEXC's spot stream uses. Pure.

Source: https://protobuf.dev/programming-guides/encoding (varints, length-delimited fields, fixed fields skipped)
"""

from __future__ import annotations

from typing import Final

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT: Final = 10
_MOST_FIELDS: Final = 256
_SIGN_BIT: Final = 1 << 63


class BadMessage(ValueError):
    """The bytes are no message, or one of another shape."""


def read(message: bytes) -> dict[int, int | bytes]:
    """The fields of one message, nested ones still bytes; of a repeated one the last. Fixed-width fields are left out.

    Raises BadMessage for bytes that break off, groups, and more fields than any message here has.
    """
    found: dict[int, int | bytes] = {}
    at, end, count = 0, len(message), 0
    while at < end:
        count += 1
        if count > _MOST_FIELDS:
            raise BadMessage("too many fields")
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if not number:
            raise BadMessage("a field without a number")
        if kind == _VARINT:
            found[number], at = _varint(message, at)
        elif kind == _BYTES:
            length, at = _varint(message, at)
            if length > end - at:
                raise BadMessage("a field breaks off")
            found[number] = message[at : at + length]
            at += length
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
            if at > end:
                raise BadMessage("a field breaks off")
        else:
            raise BadMessage(f"wire type {kind}")
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    for place in range(at, min(at + _LONGEST_VARINT, len(message))):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, place + 1
        shift += 7
    raise BadMessage("a number breaks off")


def signed(value: int) -> int:
    """A varint as ``int64`` means it: negative ones travel as very large ones."""
    return value - (_SIGN_BIT << 1) if value >= _SIGN_BIT else value
