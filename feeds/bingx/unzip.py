"""Opening the venue's frames, each of which is one gzip member."""

from __future__ import annotations

import zlib
from typing import Final

from core.errors import DecodeError
from core.events import FaultKind
from feeds.bingx import facts
from feeds.frames import MAX_FRAME_BYTES

GZIP: Final = b"\x1f\x8b"
_WITH_HEADER: Final = zlib.MAX_WBITS | 16


def opened(frame: bytes) -> bytes:
    """The text in a frame: as it is, or unpacked where it is packed.

    Raises DecodeError: OVERSIZE for a text longer than any frame may be, TRUNCATED, or NOT_JSON for what is not packed
    as one whole member.
    """
    if not frame.startswith(GZIP):
        return frame
    unpacking = zlib.decompressobj(_WITH_HEADER)
    try:
        text = unpacking.decompress(frame, MAX_FRAME_BYTES)
    except zlib.error:
        raise DecodeError(facts.VENUE, FaultKind.NOT_JSON, detail="not gzip") from None
    if unpacking.eof and not unpacking.unused_data:
        return text
    if unpacking.eof:
        raise DecodeError(facts.VENUE, FaultKind.NOT_JSON, detail="something follows the gzip member")
    if len(text) >= MAX_FRAME_BYTES:
        detail = f"more than {MAX_FRAME_BYTES} bytes unpacked"
        raise DecodeError(facts.VENUE, FaultKind.OVERSIZE, detail=detail)
    raise DecodeError(facts.VENUE, FaultKind.TRUNCATED, detail="gzip breaks off")
