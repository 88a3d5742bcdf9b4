"""What counts as a price, a size, a rate and a time in a venue's frame, and reading such fields one by one.

Venues decode their usual frames in one typed step and check the values against the bounds below. A frame that does
not fit is read again with :class:`Fields`, which takes what is valid and names what is not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from feeds.frames import clip

PRICE_FLOOR: Final = Decimal("1e-15")
PRICE_CEILING: Final = Decimal("1e12")
"""Prices lie strictly between floor and ceiling: the dearest quotes (coins in rupiah) are below 1e10, the cheapest
(meme coins in BTC) above 1e-12. The floor also keeps out numbers whose plain notation would fill the memory."""

SIZE_FLOOR: Final = Decimal("1e-30")
SIZE_CEILING: Final = Decimal("1e18")
"""Sizes are 0, or lie strictly between floor and ceiling: the largest order books of meme coins hold some 1e14, and
what is left of a balance after many fees may be 1e-20."""

RATE_CEILING: Final = Decimal(1)
"""A funding rate of 1 would take a position's whole notional at one settlement, far above every venue's cap (a few per
cent): such a number is a percentage taken for a fraction, or garbage."""

SMALLEST_EXPONENT: Final = -31
"""Rates and sizes may be 0, with as many decimals as venues write (20), but not 0e-999999."""

TIME_CEILING_MS: Final = 4_102_444_800_000
"""2100-01-01. A stamp beyond it, once believed, would make every later frame look old."""

TIME_STEP_MS: Final = 3_600_000
"""Stamps of one channel that jump by more than this are looked at more closely."""

CLOCK_SLACK_MS: Final = 86_400_000
"""How far a venue's stamp may lie ahead of the local clock."""

_RATE_FLOOR: Final = -RATE_CEILING
_REAL_CLOCK_NS: Final = 1_000_000_000_000_000_000
_LONGEST_NUMBER: Final = 2048
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?\s*", re.ASCII)
_ODD_UNDERSCORE = re.compile(rb"_(?<=[0-9]_)")
_WHOLE = re.compile(r"\d{1,16}", re.ASCII)
_NOTHING: Final = msgspec.Raw(b"")


def ahead_of_clock(milliseconds: int, received_ns: int) -> bool:
    """True where a venue's stamp lies impossibly far after the receive time (only if that is a real clock's)."""
    return received_ns > _REAL_CLOCK_NS and milliseconds > received_ns // 1_000_000 + CLOCK_SLACK_MS


def plausible_symbol(symbol: str) -> bool:
    """True for what can be a symbol: letters and digits of any script, with ``-``, ``_`` and ``.``, at most 40."""
    return len(symbol) <= 40 and symbol.replace("-", "").replace("_", "").replace(".", "").isalnum()


def plausible_asset(asset: str) -> bool:
    """True for what can be a coin's name: at most 40 signs that can be shown, a letter or digit among them."""
    return len(asset) <= 40 and asset.isprintable() and any(map(str.isalnum, asset))


def sound_size(size: Decimal) -> bool:
    """True for a size within bounds. Raises decimal.InvalidOperation for NaN."""
    return SIZE_FLOOR < size < SIZE_CEILING or (size == 0 and size.adjusted() > SMALLEST_EXPONENT)


def sound_rate(rate: Decimal) -> bool:
    """True for a funding rate within bounds. Raises decimal.InvalidOperation for NaN."""
    return _RATE_FLOOR < rate < RATE_CEILING and rate.adjusted() > SMALLEST_EXPONENT


def odd_underscore(frame: bytes) -> bool:
    """True where a digit is followed by an underscore: Python would read ``1_0`` as a number, venues do not."""
    return _ODD_UNDERSCORE.search(frame) is not None


class Fields:
    """The fields of one JSON object. A reader returns ``None`` and notes the field in ``bad`` if it is no good."""

    def __init__(self, raw: Mapping[str, msgspec.Raw]) -> None:
        self._raw = raw
        self.bad: list[tuple[str, str]] = []

    def has(self, names: Collection[str]) -> bool:
        """True where all of these are there."""
        return all(name in self._raw for name in names)

    def __contains__(self, name: str) -> bool:
        return name in self._raw

    def price(self, name: str) -> Decimal | None:
        """A number above 0, in quote per coin."""
        value = self._number(name, "a price")
        return self._within(name, "a price", value, value is not None and PRICE_FLOOR < value < PRICE_CEILING)

    def size(self, name: str) -> Decimal | None:
        """A number of at least 0, in the venue's quantity unit."""
        value = self._number(name, "a size")
        return self._within(name, "a size", value, value is not None and sound_size(value))

    def rate(self, name: str) -> Decimal | None:
        """A fraction between -1 and 1."""
        value = self._number(name, "a rate")
        return self._within(name, "a rate", value, value is not None and sound_rate(value))

    def amount(self, name: str) -> Decimal | None:
        """A number of either sign: a balance, or a position that is negative when short."""
        value = self._number(name, "an amount")
        return self._within(name, "an amount", value, value is not None and sound_size(abs(value)))

    def milliseconds(self, name: str) -> int | None:
        """Milliseconds since the epoch, as a JSON integer or a string of digits."""
        value = self.whole(name)
        if value is not None and not 0 < value < TIME_CEILING_MS:
            self._reject(name, "a time in milliseconds")
            return None
        return value

    def nanoseconds(self, name: str) -> int | None:
        """A time as :meth:`milliseconds` reads it, in nanoseconds."""
        value = self.milliseconds(name)
        return None if value is None else value * 1_000_000

    def whole(self, name: str) -> int | None:
        """A whole number of at least 0, as a JSON integer or a string of digits."""
        text = self._number_text(name)
        if text is None or not _WHOLE.fullmatch(text):
            self._reject(name, "a whole number")
            return None
        return int(text)

    def hours(self, name: str) -> int | None:
        """A funding interval: whole hours, at most a week."""
        value = self.whole(name)
        if value is not None and not 0 < value <= 168:
            self._reject(name, "whole hours")
            return None
        return value

    def text(self, name: str) -> str | None:
        """A string; a missing one is noted as bad."""
        raw = bytes(self._raw.get(name, _NOTHING))
        if raw[:1] != b'"':
            self._reject(name, "text")
            return None
        try:
            return msgspec.json.decode(raw, type=str)
        except msgspec.DecodeError:
            self._reject(name, "text")
            return None

    def blank(self, name: str) -> bool:
        """True where the field is the empty string."""
        return bytes(self._raw.get(name, _NOTHING)) == b'""'

    def object(self, name: str) -> Fields | None:
        """A nested object."""
        try:
            return Fields(msgspec.json.decode(self._raw.get(name, _NOTHING), type=dict[str, msgspec.Raw]))
        except msgspec.DecodeError:
            self._reject(name, "an object")
            return None

    def array(self, name: str) -> list[msgspec.Raw] | None:
        """A nested array."""
        try:
            return msgspec.json.decode(self._raw.get(name, _NOTHING), type=list[msgspec.Raw])
        except msgspec.DecodeError:
            self._reject(name, "an array")
            return None

    def best_level(self, name: str) -> tuple[Decimal | None, Decimal | None]:
        """Price and size of the first level of a book's side; both ``None`` for an empty side and a bad level."""
        levels = self.array(name)
        if not levels:
            return None, None
        try:
            price, size = msgspec.json.decode(levels[0], type=tuple[msgspec.Raw, msgspec.Raw])
        except msgspec.DecodeError:
            self._reject(name, "levels of price and size")
            return None, None
        level = Fields({"price": price, "size": size})
        best = level.price("price"), level.size("size")
        if level.bad:
            self.bad.append((name, level.bad[0][1]))
            return None, None
        return best

    def is_array(self, name: str) -> bool:
        """True where the field holds a JSON array."""
        return bytes(self._raw.get(name, _NOTHING))[:1] == b"["

    def shown(self, name: str) -> str:
        """A string or number as text for a message, "" for null and what is missing."""
        raw = bytes(self._raw.get(name, _NOTHING))
        text = self._number_text(name) if raw[:1] == b'"' else raw.decode()
        return clip("" if text is None or text == "null" else text)

    def number_of(self, name: str) -> str:
        """What a venue numbers a row with, as text; "", and noted, where that is missing, 0, or no word at all."""
        text = self.shown(name)
        if text in ("", "0", "true", "false") or text[0] in "[{":
            self._reject(name, "an id")
            return ""
        return text

    def note(self, name: str, expected: str) -> None:
        """Note a field as bad for a reason that only its reader can know."""
        self._reject(name, expected)

    def _number(self, name: str, expected: str) -> Decimal | None:
        text = self._number_text(name)
        if text is None or len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
            self._reject(name, expected)
            return None
        return Decimal(text)

    def _number_text(self, name: str) -> str | None:
        raw = bytes(self._raw.get(name, _NOTHING))
        if raw[:1] != b'"':
            return raw.decode() or None
        try:
            return msgspec.json.decode(raw, type=str)
        except msgspec.DecodeError:
            return None

    def _within(self, name: str, expected: str, value: Decimal | None, sound: bool) -> Decimal | None:
        if value is None or sound:
            return value
        self._reject(name, expected)
        return None

    def _reject(self, name: str, expected: str) -> None:
        raw = self._raw.get(name)
        found = "nothing" if raw is None else clip(bytes(raw).decode(), 40)
        if name not in (noted for noted, _ in self.bad):
            self.bad.append((name, f"expected {expected}, found {found}"))
