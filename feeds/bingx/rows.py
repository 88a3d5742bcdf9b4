"""Reading the fields of account rows: signed amounts, ids that outgrow a double, flags that are text, local times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from core.errors import DecodeError
from core.events import FaultKind, FrameFault, OrderState, PositionUpdate
from core.legs import Leg
from feeds.bingx import facts
from feeds.bodies import CONNECTION
from feeds.fields import SIZE_CEILING, SMALLEST_EXPONENT, Fields, plausible_asset
from feeds.frames import fault

_ID = re.compile(r"[\w*.:-]{1,80}", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
_NOT_SAID: Final = frozenset({"", "null"})

_STATES: Final = {
    "NEW": OrderState.OPEN,
    "PENDING": OrderState.OPEN,
    "RUNNING": OrderState.OPEN,
    "PARTIALLY_FILLED": OrderState.PARTIALLY_FILLED,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELLED,
    "CANCELLED": OrderState.CANCELLED,
    "EXPIRED": OrderState.CANCELLED,
    "FAILED": OrderState.REJECTED,
}
_SIDES: Final = {"BUY": "buy", "BID": "buy", "SELL": "sell", "ASK": "sell"}
_MARGIN_MODES: Final = {
    "ISOLATED": "isolated",
    "SEPARATE_ISOLATED": "isolated",
    "CROSS": "cross",
    "CROSSED": "cross",
}


class PositionMode:
    """Whether an account has one position in a contract or two; ``None`` until it is known.

    In one-way mode the venue may name the side that a position has, which then is no leg. Of coin-margined contracts
    the venue does not tell the mode: ``told`` is false.
    """

    __slots__ = ("hedge", "held", "shown", "told")

    def __init__(self, hedge: bool | None = None, *, told: bool = True) -> None:
        self.hedge, self.told = hedge, told
        self.shown: bool | None = None
        """What orders and positions last showed of a mode that is not told."""
        self.held: set[tuple[str, Leg]] = set()
        """Contract and leg of each position that was last told as held."""

    def holds(self, event: PositionUpdate) -> None:
        """Remember what is told of a position."""
        change = self.held.add if event.quantity else self.held.discard
        change((event.instrument, event.leg))


class AccountFields(Fields):
    """:class:`feeds.fields.Fields` of account rows. What is not said is ``None`` and no fault where it may be."""

    def object(self, name: str) -> AccountFields | None:
        """A nested object, to be read likewise."""
        found = super().object(name)
        return None if found is None else AccountFields(found._raw)

    def amount(self, name: str) -> Decimal | None:
        """A number of either sign."""
        value = self._number(name, "an amount")
        sound = value is not None and abs(value) < SIZE_CEILING and value.adjusted() > SMALLEST_EXPONENT
        return self._within(name, "an amount", value, sound)

    def said(self, name: str) -> bool:
        """True where the field is there and neither null nor empty."""
        return name in self and self.shown(name) not in _NOT_SAID

    def maybe_amount(self, name: str) -> Decimal | None:
        """A number of either sign, if there is one."""
        return self.amount(name) if self.said(name) else None

    def maybe_price(self, name: str) -> Decimal | None:
        """A price, if there is one: the venue sends 0, or less, for none."""
        value = self.maybe_amount(name)
        return None if value is None or value <= 0 else self.price(name)

    def maybe_time(self, name: str) -> int | None:
        """A time in milliseconds, as nanoseconds, if there is one: the venue sends 0 for none."""
        return self.nanoseconds(name) if self.said(name) and self.shown(name) != "0" else None

    def identity(self, name: str) -> str:
        """An id as text, as text or as a number in which no digit is lost; empty where there is none or it is 0."""
        text = self._number_text(name)
        if text is None or text in ("", "null", "0"):
            return ""
        if not _ID.fullmatch(text):
            self._reject(name, "an id")
            return ""
        return text

    def flag(self, *names: str) -> bool:
        """True where one of these is, also as text."""
        return any(name in self and self.shown(name).lower() == "true" for name in names)

    def local_time(self, name: str) -> int | None:
        """A time with its offset, as nanoseconds."""
        text = self.text(name)
        if text is None:
            return None
        if not _ISO.fullmatch(text):
            self._reject(name, "a time with its offset")
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self._reject(name, "a time with its offset")
            return None
        return round(moment.timestamp() * 1_000_000) * 1000

    def side(self, name: str) -> str | None:
        """``buy`` or ``sell``."""
        found = _SIDES.get(self.shown(name).upper())
        if found is None:
            self._reject(name, "BUY or SELL")
        return found

    def margin_mode(self, name: str) -> str | None:
        """``isolated`` or ``cross``."""
        found = _MARGIN_MODES.get(self.shown(name).upper())
        if found is None:
            self._reject(name, "a margin mode")
        return found

    def position_side(self, name: str) -> str:
        """``LONG``, ``SHORT``, or ``BOTH`` for what is neither or not said."""
        text = self.shown(name).upper()
        if text in ("LONG", "SHORT"):
            return text
        if text not in ("BOTH", "", "NULL"):
            self._reject(name, "LONG, SHORT or BOTH")
        return "BOTH"

    def held_side(self, name: str, quantity: Decimal | None) -> str:
        """:meth:`position_side` of what is held: without it, nothing tells a long from a short, whose size has no
        sign."""
        if quantity and not self.said(name):
            self._reject(name, "LONG, SHORT or BOTH")
        return self.position_side(name)

    def asset(self, name: str) -> str | None:
        """The name of a coin; empty where a row is of none."""
        found = self.text(name)
        if found and not plausible_asset(found):
            self._reject(name, "the name of a coin")
            return None
        return found

    def faults(self, place: str, received_ns: int, connection: str = CONNECTION) -> Sequence[FrameFault]:
        """A fault for each bad field."""
        return [
            fault(
                DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=place, field=name, detail=detail),
                connection,
                received_ns,
            )
            for name, detail in self.bad
        ]


def leg_of(side: str, mode: PositionMode) -> Leg:
    """The leg that a position side names."""
    if side == "BOTH" or mode.hedge is False:
        return Leg.NET
    return Leg.LONG if side == "LONG" else Leg.SHORT


def signed(side: str, quantity: Decimal) -> Decimal:
    """The quantity with its sign: a short is told unsigned, and perhaps signed; the one of both sides is signed."""
    if side == "BOTH":
        return quantity
    return abs(quantity) if side == "LONG" else -abs(quantity)


def order_state(status: str, happened: str, quantity: Decimal, filled: Decimal) -> OrderState:
    """The state behind a status word; where that says nothing, what the execution type and the quantities say."""
    known = _STATES.get(status.upper())
    if known is OrderState.OPEN and filled > 0:
        return OrderState.PARTIALLY_FILLED
    if known is not None:
        return known
    if quantity > 0 and filled >= quantity:
        return OrderState.FILLED
    if happened == "TRADE":
        return OrderState.PARTIALLY_FILLED
    return _STATES.get(happened, OrderState.UNKNOWN)


def settle_of(market: str, symbol: str) -> str:
    """What profit and fees of a contract are paid in."""
    base, _, quote = symbol.rpartition("-")
    return base if market == facts.INVERSE else quote
