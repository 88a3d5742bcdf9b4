"""Frames for the venues' decoders: made from parts, changed by hypothesis, and what their events may contain."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from core.events import AnyEvent, FaultKind, FrameFault, Ticker

SHARED = Path(__file__).parents[2].parent / "shared"
"""Reference material beside the checkout; tests that read it skip where it is absent."""

PAST_QUICK = b" " * 4096
"""Trailing blanks: too long for a decoder's quick path, the same to JSON."""

VALUES = (
    "mark_price",
    "index_price",
    "last_price",
    "bid_price",
    "bid_size",
    "ask_price",
    "ask_size",
    "funding_rate",
)

BAD_NUMBERS: tuple[Any, ...] = (
    *("NaN", "sNaN", "-NaN", "Infinity", "-Infinity", "inf", "abc", "1e", "0x10", "1,000.5", "1_000.5", "--1", "1.2.3"),
    *("\N{ARABIC-INDIC DIGIT ONE}\N{ARABIC-INDIC DIGIT TWO}", "\N{FULLWIDTH DIGIT ONE}", " ", "", "null", "1 000", "½"),
    *(None, True, False, [], ["1"], {}, {"a": "1"}),
)
"""What is no number at all, whatever it is for. True JSON values; ``json.dumps`` writes non-ASCII as escapes."""

BAD_PRICES = (
    *BAD_NUMBERS,
    "0",
    "0.00",
    "-0",
    "-1",
    "-61000.5",
    "1e12",
    "99999999999999",
    "1e400",
    "1e-40",
    -5,
    0,
    1e15,
)
BAD_SIZES = (*BAD_NUMBERS, "-1", "-0.001", "1e18", "1e999", "0e-999", "1e-40", -5)
BAD_RATES = (*BAD_NUMBERS, "1", "-1", "1.5", "-2", "100", "1e5", "1e-40", "0e-999", 7)


def encode(content: object) -> bytes:
    """The content as the compact JSON that venues send."""
    return json.dumps(content, separators=(",", ":")).encode()


def faults(events: Sequence[AnyEvent]) -> list[FrameFault]:
    """The faults among the events."""
    return [event for event in events if isinstance(event, FrameFault)]


def tickers(events: Sequence[AnyEvent]) -> list[Ticker]:
    """The tickers among the events."""
    return [event for event in events if isinstance(event, Ticker)]


def said(ticker: Ticker) -> dict[str, str]:
    """What a ticker says, as text, without when and where."""
    shown = msgspec.to_builtins(ticker, str_keys=True)
    return {name: str(value) for name, value in shown.items() if name not in ("event", "received_ns", "venue_time_ns")}


def only_fault(events: Sequence[AnyEvent]) -> FrameFault:
    """The fault that a frame gave and nothing else."""
    assert len(events) == 1, events
    assert isinstance(events[0], FrameFault), events
    return events[0]


def refused(events: Sequence[AnyEvent], kind: FaultKind, field: str = "") -> bool:
    """True where all that a frame gave is one fault of this kind, about this field."""
    found = only_fault(events)
    return (found.kind, found.field) == (kind, field)


# --- what may not be invented ------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,17})?")


def numbers_in(frame: bytes) -> set[Decimal]:
    """Every number that can be read in a frame's text."""
    return {Decimal(text) for text in _NUMBER.findall(frame.decode("utf-8", "replace"))}


def numbers_of(events: Sequence[AnyEvent]) -> list[Decimal]:
    """Every price, size and rate in the events."""
    found = []
    for event in tickers(events):
        found += [value for name in VALUES if (value := getattr(event, name)) is not None]
    return found


def comparable(events: Sequence[AnyEvent]) -> list[AnyEvent | str]:
    """The events; where JSON breaks off and how is left out, since blanks at the end change it."""
    broken = (FaultKind.NOT_JSON, FaultKind.TRUNCATED)
    return ["no JSON" if isinstance(event, FrameFault) and event.kind in broken else event for event in events]


ODD_VALUES = st.sampled_from(
    [encode(value) for value in (*BAD_PRICES, *BAD_SIZES, *BAD_RATES)] + [b"1.5", b'"61000.25"']
)
_JSON_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|\[[^\[\]]*\]|true|false|null')


@st.composite
def mangled(draw: st.DrawFn, frames: Sequence[bytes]) -> bytes:
    """One of the frames: cut, with bytes replaced, or with some of its JSON values replaced by odd ones."""
    frame = draw(st.sampled_from(list(frames)))
    match draw(st.sampled_from(("as it is", "cut", "bytes", "values", "values", "twice"))):
        case "cut":
            return frame[: draw(st.integers(0, len(frame)))]
        case "bytes":
            changed = bytearray(frame)
            for _ in range(draw(st.integers(1, 3))):
                changed[draw(st.integers(0, len(changed) - 1))] = draw(st.integers(0, 255))
            return bytes(changed)
        case "values":
            spans = [match.span() for match in _JSON_VALUE.finditer(frame)]
            for start, end in sorted(draw(st.lists(st.sampled_from(spans), min_size=1, max_size=3, unique=True)))[::-1]:
                frame = frame[:start] + draw(ODD_VALUES) + frame[end:]
            return frame
        case "twice":
            return frame + frame
    return frame
