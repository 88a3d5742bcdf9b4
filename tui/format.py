"""Figures as text: pure functions from a value and its marks to characters of a fixed width and a style role.

Money never passes through a float. A figure without a value is a dash, whatever kind it is; an estimate keeps its
mark; a figure too old to trust says so by its role, and panels print its age beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from core.exact import exactly
from core.figures import Figure, Freshness, worst
from tui.glyphs import DASH, ESTIMATED, MASKED, MINUS

SECOND_NS = 1_000_000_000
NONE_WORD = "none"
OVERFLOW = "#"
ONE_BASIS_POINT = Decimal("0.0001")

_NO_DIGIT = re.compile("[^1-9]*")
_NUMBER = re.compile(r"(?<![\w.,:/-])\d[\d.,]*+(?![\w%])")
_SCALES = ((3, "k"), (6, "M"), (9, "B"), (12, "T"))
_FRESHNESS_ROLES = {Freshness.LATE: "late", Freshness.STALE: "stale"}


class Cell(NamedTuple):
    """A piece of a row: its text and the name of its style (see ``tui.themes``)."""

    text: str
    role: str


# --- numbers ---------------------------------------------------------------------------------------------------


@exactly
def number(
    value: Decimal, places: int, width: int, *, signed: bool = False, mark: str = "", nonzero: bool = False
) -> str:
    """``value`` rounded to ``places``, thousands separated, right-aligned in exactly ``width`` cells.

    Where that does not fit, decimals go first, then the number is scaled (k, M, B, T), then written in powers of
    ten; digits are never cut off. ``mark`` stands before the number. ``width`` must be at least 1. With ``nonzero``
    what is not 0 never reads as 0: a price or a size that is too small for its decimals is written in powers of ten.
    """
    for text in _attempts(value, places, signed=signed):
        if len(mark) + len(text) <= width and not (nonzero and value and _NO_DIGIT.fullmatch(text)):
            return (mark + text).rjust(width)
    return OVERFLOW * width


def _attempts(value: Decimal, places: int, *, signed: bool) -> Iterator[str]:
    """The number in ever fewer characters."""
    for text in _spellings(value, places, "+" if signed and value else ""):
        yield text.replace("-", MINUS, 1) if value < 0 else text


def _spellings(value: Decimal, places: int, sign: str) -> Iterator[str]:
    if not value:
        yield from (f"{Decimal(0):.{count}f}" for count in range(places, -1, -1))
        return
    if value.adjusted() < 18:
        yield from (f"{value:{sign},.{count}f}" for count in range(places, -1, -1))
        for power, suffix in _SCALES:
            if value.adjusted() >= power:
                scaled = value.scaleb(-power)
                yield from (f"{scaled:{sign},.{count}f}{suffix}" for count in (3, 2, 1, 0))
    yield from (f"{value:{sign}.{count}e}" for count in (3, 2, 1, 0))


@exactly
def exact(value: Decimal) -> str:
    """Every digit of ``value``, thousands separated: for a size that somebody is about to confirm."""
    text = f"{value:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def price_places(price: Decimal) -> int:
    """How many decimals a price of this magnitude is shown with."""
    if not price:
        return 2
    exponent = price.adjusted()
    if exponent >= 2:
        return 2
    return 4 - exponent if exponent < 0 else 4


def coin_places(quantity: Decimal) -> int:
    """How many decimals a coin amount of this magnitude is shown with."""
    exponent = quantity.adjusted() if quantity else 0
    if exponent >= 6:
        return 0
    if exponent >= 3:
        return 2
    return 4 if exponent >= 0 else max(6, 2 - exponent)


# --- times -----------------------------------------------------------------------------------------------------


def age(nanoseconds: int) -> str:
    """How old something is, in at most four cells: ``<1s``, ``12s``, ``3m``, ``2h``, ``9d``, ``>99d`` …"""
    seconds = max(nanoseconds, 0) // SECOND_NS
    if seconds < 1:
        return "<1s"
    if seconds < 100:
        return f"{seconds}s"
    if seconds < 100 * 60:
        return f"{seconds // 60}m"
    if seconds < 100 * 3600:
        return f"{seconds // 3600}h"
    days = seconds // 86_400
    return f"{days}d" if days < 1000 else ">3y"


def duration(nanoseconds: int) -> str:
    """How long until something, to the minute: ``3h12m``, ``12m``, ``<1m``, ``2d03h``; ``now`` when it is due."""
    if nanoseconds <= 0:
        return "now"
    minutes = nanoseconds // (60 * SECOND_NS)
    if minutes < 1:
        return "<1m"
    if minutes < 60:
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02d}m"
    days, hours = divmod(hours, 24)
    if days < 100:
        return f"{days}d{hours:02d}h"
    return f"{days}d" if days < 10_000 else ">9999d"


def clock(nanoseconds: int) -> str:
    """The time of day in UTC, ``hh:mm``."""
    minutes = nanoseconds // (60 * SECOND_NS) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def day(nanoseconds: int) -> str:
    """The day of the month in UTC, ``dd Mon``."""
    return datetime.fromtimestamp(nanoseconds // SECOND_NS, UTC).strftime("%d %b")


# --- figures ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Formatter:
    """How figures are shown now: ``now_ns`` on the engine's timeline, amounts masked if ``private``.

    ``trust`` is how far any ageing figure may be trusted at most: STALE once the engine has fallen silent, UNKNOWN
    once it has stopped. Figures that do not age (typed in by the user) are not touched by it.
    """

    now_ns: int
    private: bool = False
    trust: Freshness = Freshness.LIVE

    def freshness(self, figure: Figure) -> Freshness:
        """The figure's freshness, no better than the engine's own."""
        if figure.observed_ns is None:
            return figure.freshness
        return worst(figure.freshness, self.trust)

    def known(self, figure: Figure) -> bool:
        """True where a number may be shown."""
        value = figure.value
        return value is not None and value.is_finite() and self.freshness(figure) is not Freshness.UNKNOWN

    def age_note(self, figure: Figure) -> str:
        """The figure's age where it is too old to pass without saying, else nothing."""
        if self.freshness(figure) in _FRESHNESS_ROLES and figure.observed_ns is not None:
            return age(self.now_ns - figure.observed_ns)
        return ""

    def told(self, text: str) -> str:
        """A sentence of the engine; in private mode its numbers are masked, but for percentages and in names."""
        return _NUMBER.sub(lambda found: mask_digits(found[0]), text) if self.private else text

    def price(self, figure: Figure, width: int = 12) -> Cell:
        """A price in quote per coin."""
        return self._cell(figure, width, price_places, nonzero=True)

    def coins(self, figure: Figure, width: int = 12, *, signed: bool = False) -> Cell:
        """An amount of coins or contracts (masked in private mode)."""
        return self._cell(figure, width, coin_places, signed=signed, amount=True, nonzero=True)

    def money(self, figure: Figure, width: int = 13, *, currency: str = "USDT") -> Cell:
        """An amount of money (masked in private mode); a coin-settled amount keeps more decimals."""
        return self._cell(figure, width, _money_places(currency), amount=True)

    def profit(self, figure: Figure, width: int = 13, *, currency: str = "USDT") -> Cell:
        """A gain or a loss, always with its sign (masked in private mode)."""
        return self._cell(figure, width, _money_places(currency), signed=True, coloured=True, amount=True)

    def percent(self, figure: Figure, width: int = 8, *, places: int = 1, signed: bool = False) -> Cell:
        """A fraction as a percentage."""
        return self._suffixed(figure, width, places, 2, "%", signed=signed, coloured=False)

    def rate(self, figure: Figure, width: int = 9, *, places: int = 4) -> Cell:
        """A fraction as a signed, coloured percentage: funding rates, returns."""
        return self._suffixed(figure, width, places, 2, "%", signed=True, coloured=True)

    def basis_points(self, figure: Figure, width: int = 9) -> Cell:
        """A fraction in hundredths of a per cent."""
        places = 2 if figure.value is not None and abs(figure.value) < ONE_BASIS_POINT else 1
        return self._suffixed(figure, width, places, 4, "bp", signed=True, coloured=False)

    def points(self, figure: Figure, width: int = 9, *, places: int = 1) -> Cell:
        """A difference of two fractions in percentage points, with its sign."""
        return self._suffixed(figure, width, places, 2, "pt", signed=True, coloured=False)

    def countdown(self, figure: Figure, width: int = 6) -> Cell:
        """The time left until a moment (ns)."""
        if figure.value is None or not self.known(figure):
            return _without_number(figure, width)
        return Cell(duration(int(figure.value) - self.now_ns).rjust(width), self._role(figure, "value"))

    def _suffixed(
        self, figure: Figure, width: int, places: int, power: int, suffix: str, *, signed: bool, coloured: bool
    ) -> Cell:
        if figure.value is None or not self.known(figure):
            return _without_number(figure, width)
        value = figure.value.scaleb(power)
        role = _sign_role(value) if coloured else "value"
        text = number(value, places, width - len(suffix), signed=signed, mark=estimate_mark(figure)) + suffix
        return Cell(text, self._role(figure, role))

    def _cell(
        self,
        figure: Figure,
        width: int,
        places: Callable[[Decimal], int],
        *,
        signed: bool = False,
        coloured: bool = False,
        amount: bool = False,
        nonzero: bool = False,
    ) -> Cell:
        value = figure.value
        if value is None or not self.known(figure):
            return _without_number(figure, width)
        if amount and self.private:
            return Cell((MASKED * min(5, width)).rjust(width), "value")
        text = number(value, places(value), width, signed=signed, mark=estimate_mark(figure), nonzero=nonzero)
        return Cell(text, self._role(figure, _sign_role(value) if coloured else "value"))

    def _role(self, figure: Figure, role: str) -> str:
        return _FRESHNESS_ROLES.get(self.freshness(figure), role)


def mask_digits(text: str) -> str:
    """``text`` with every digit masked: for sentences of the engine that may speak of amounts."""
    return "".join(MASKED if character.isdigit() else character for character in text)


def _without_number(figure: Figure, width: int) -> Cell:
    if figure.absent and not figure.missing and figure.freshness is not Freshness.UNKNOWN:
        return Cell(NONE_WORD.rjust(width)[-width:], "label")
    return Cell(DASH.rjust(width), "unknown")


def estimate_mark(figure: Figure) -> str:
    """What stands before the number of a figure that is not exact."""
    return ESTIMATED if figure.estimated else ""


def _sign_role(value: Decimal) -> str:
    if not value:
        return "value"
    return "plus" if value > 0 else "minus"


def _money_places(currency: str) -> Callable[[Decimal], int]:
    if currency in _CASH:
        return lambda value: 2
    return lambda value: 6


_CASH = frozenset({"", "USDT", "USDC", "USD", "EUR", "GBP", "DAI", "FDUSD", "TUSD"})
