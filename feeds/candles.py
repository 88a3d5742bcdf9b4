"""Rows of candles as venues write them in REST bodies, to events: the same for every venue.

A row is an array that begins with the opening time (ms), open, high, low and close; what follows is not used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, Candle, CandlePrice, CandlesLoaded, FaultKind, FrameFault
from core.history import CONNECTION
from feeds.fields import Fields
from feeds.frames import clip, fault

MOST_ROWS: Final = 1500
"""The longest page of any venue."""

FINAL_AFTER_NS: Final = 10_000_000_000
"""A candle counts as closed only so long after its end: clocks differ, and the last trades come late."""

_Shape = TypeVar("_Shape")
_NAMES: Final = ("start", "open", "high", "low", "close")
_UNITS_NS: Final = {
    "minutes": 60_000_000_000,
    "hours": 3_600_000_000_000,
    "days": 86_400_000_000_000,
    "weeks": 604_800_000_000_000,
}
_ROW = msgspec.json.Decoder(list[msgspec.Raw])


def open_body(venue: str, place: str, body: bytes, shape: type[_Shape], field: str = "body") -> _Shape:
    """A REST body, or the ``field`` that is part of one, in the shape that its endpoint sends.

    Raises DecodeError for one that has another.
    """
    try:
        body.decode()
        return msgspec.json.decode(body, type=shape)
    except UnicodeDecodeError:
        detail = "not UTF-8"
    except msgspec.DecodeError as error:
        detail = clip(str(error))
    except RecursionError:
        detail = "nested too deeply"
    raise DecodeError(venue, FaultKind.BAD_FIELD, channel=place, field=field, detail=detail)


def lengths(**names: str) -> dict[str, int]:
    """What a venue calls the intervals of a fixed length, by unit (``minutes``, ``hours``, ``days``, ``weeks``): words
    with a number in each, which is 1 where there is none."""
    found: dict[str, int] = {}
    for unit, words in names.items():
        for word in words.split():
            count = re.search(r"\d+", word)
            found[word] = _UNITS_NS[unit] * (int(count.group()) if count else 1)
    return found


def asked(venue: str, place: str, parameters: Mapping[str, str], name: str) -> str:
    """A parameter of the question, which the body does not repeat. Raises DecodeError where it is not known."""
    said = parameters.get(name, "")
    if not said:
        detail = "the body does not tell it, and what was asked is not known"
        raise DecodeError(venue, FaultKind.BAD_FIELD, channel=place, field=name, detail=detail)
    return said


def length(
    venue: str, place: str, parameters: Mapping[str, str], known: Mapping[str, int], name: str = "interval"
) -> int:
    """The interval that was asked for (ns). Raises DecodeError where it is not known, or is none of a fixed length."""
    said = asked(venue, place, parameters, name)
    if said not in known:
        detail = f"expected one of {', '.join(known)}, found {clip(said, 40)}"
        raise DecodeError(venue, FaultKind.BAD_FIELD, channel=place, field=name, detail=detail)
    return known[said]


def candles(
    place: str,
    instrument: str,
    price: CandlePrice,
    interval_ns: int,
    rows: Sequence[msgspec.Raw],
    received_ns: int,
) -> list[AnyEvent]:
    """The closed candles in rows of any order, oldest first, and a FrameFault naming the field of each bad row.

    ``place`` names the endpoint, ``rows`` are parts of an opened body. Candles that are still running are left out;
    without a clock (``received_ns`` 0) none can be told from the closed ones, and all are kept.
    Raises DecodeError for more rows than any venue sends.
    """
    venue = instrument.partition(":")[0]
    if len(rows) > MOST_ROWS:
        detail = f"more than {MOST_ROWS} rows"
        raise DecodeError(venue, FaultKind.OVERSIZE, channel=place, field="rows", detail=detail)
    good: list[Candle] = []
    faults: list[AnyEvent] = []
    for number, row in enumerate(rows):
        candle, bad = _read(row, received_ns)
        if candle is None:
            field, detail = bad
            faults.append(_bad(place, instrument, field, f"row {number}: {detail}", received_ns))
        elif not received_ns or candle.start_ns + interval_ns + FINAL_AFTER_NS <= received_ns:
            good.append(candle)
    good.sort(key=lambda candle: candle.start_ns)
    loaded = CandlesLoaded(
        received_ns=received_ns, instrument=instrument, price=price, interval_ns=interval_ns, candles=tuple(good)
    )
    return [loaded, *faults]


def not_told(place: str, instrument: str, reason: str, received_ns: int) -> FrameFault:
    """The event that tells of an instrument whose candles the venue refuses to tell."""
    return _bad(place, instrument, "symbol", reason, received_ns)


def _bad(place: str, instrument: str, field: str, detail: str, received_ns: int) -> FrameFault:
    venue, _, name = instrument.partition(":")
    told = f"{clip(name, 50)}: {detail}"
    error = DecodeError(venue, FaultKind.BAD_FIELD, channel=place, field=field, detail=told)
    return fault(error, CONNECTION, received_ns)


def _read(row: msgspec.Raw, received_ns: int) -> tuple[Candle | None, tuple[str, str]]:
    """The candle in a row; else ``None``, and the field that is no good with what is wrong with it."""
    try:
        cells = _ROW.decode(row)
    except msgspec.DecodeError:
        return None, ("row", f"expected an array, found {clip(bytes(row).decode(), 40)}")
    fields = Fields(dict(zip(_NAMES, cells, strict=False)))
    start_ns = fields.nanoseconds("start")
    opened, high, low, close = (fields.price(name) for name in _NAMES[1:])
    if start_ns is not None and 0 < received_ns < start_ns:
        fields.note("start", "a time that has come")
    if start_ns is None or opened is None or high is None or low is None or close is None or fields.bad:
        return None, fields.bad[0]
    return Candle(start_ns, opened, high, low, close), ("", "")
