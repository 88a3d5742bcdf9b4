"""Opening raw frames and saying what is wrong with the ones that cannot be used: the same for every venue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import FaultKind, FrameFault, Ticker

MAX_FRAME_BYTES = 4 * 1024 * 1024
"""No venue sends a public frame of a quarter of this; a larger one is refused unread."""

_MAX_VALUES: Final = 100_000
"""Commas in a frame: what is opened costs memory by the value, not by the byte."""

_VALUES: Final = (
    *("mark_price", "index_price", "last_price", "bid_price", "bid_size", "ask_price", "ask_size"),
    *("funding_rate", "next_funding_time_ns", "funding_interval_hours"),
)

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


def as_bytes(frame: bytes | str) -> bytes:
    """The frame as bytes; text that is not valid Unicode becomes bytes that are not valid UTF-8."""
    return frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame


def open_frame(venue: str, frame: bytes) -> dict[str, msgspec.Raw] | list[msgspec.Raw]:
    """The top level of a frame, its values still raw JSON.

    Raises DecodeError: OVERSIZE, TRUNCATED, NOT_JSON, or UNKNOWN_TOPIC for JSON that is no object or array.
    """
    if len(frame) > MAX_FRAME_BYTES:
        raise DecodeError(venue, FaultKind.OVERSIZE, detail=f"more than {MAX_FRAME_BYTES} bytes")
    if frame.count(b",") > _MAX_VALUES:
        raise DecodeError(venue, FaultKind.OVERSIZE, detail=f"more than {_MAX_VALUES} values")
    try:
        frame.decode("utf-8")
        return _ARRAY.decode(frame) if frame.lstrip()[:1] == b"[" else _OBJECT.decode(frame)
    except UnicodeDecodeError:
        raise DecodeError(venue, FaultKind.NOT_JSON, detail="not UTF-8") from None
    except msgspec.ValidationError:
        raise DecodeError(venue, FaultKind.UNKNOWN_TOPIC, detail="neither an object nor an array") from None
    except msgspec.DecodeError as error:
        kind = FaultKind.TRUNCATED if "truncated" in str(error) else FaultKind.NOT_JSON
        raise DecodeError(venue, kind, detail=clip(str(error))) from None
    except RecursionError:
        raise DecodeError(venue, FaultKind.NOT_JSON, detail="nested too deeply") from None


def fault(error: DecodeError, connection: str, received_ns: int) -> FrameFault:
    """The event that tells of a refused frame."""
    return FrameFault(
        received_ns=received_ns,
        venue=error.venue,
        connection=connection,
        kind=FaultKind(error.reason),
        channel=clip(error.channel),
        field=error.field,
        detail=error.detail,
    )


def with_faults(
    ticker: Ticker, venue: str, bad: Sequence[tuple[str, str]], connection: str
) -> Sequence[FrameFault | Ticker]:
    """The faults of a frame's bad fields (name and detail), then what is left of it, if anything is."""
    events: list[FrameFault | Ticker] = []
    for name, detail in bad:
        error = DecodeError(venue, FaultKind.BAD_FIELD, channel=ticker.channel, field=name, detail=detail)
        events.append(fault(error, connection, ticker.received_ns))
    if not bad or any(getattr(ticker, name) is not None for name in _VALUES):
        events.append(ticker)
    return events


def clip(text: str, limit: int = 80) -> str:
    """The beginning of text from outside, fit for a log line or a terminal: no control characters, bounded."""
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:limit])
    return shown if len(text) <= limit else f"{shown}…"
