"""Which of an account's positions in a contract is meant: the one there is, or one of the two of hedge mode."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Leg(StrEnum):
    """One-way mode has one position in a contract, ``net``; hedge mode has a ``long`` and a ``short`` side by side."""

    NET = "net"
    LONG = "long"
    SHORT = "short"

    __hash__ = str.__hash__  # an enumeration's own is many times as slow


class PositionKey(NamedTuple):
    """What tells one position from every other."""

    account: str
    instrument: str
    leg: Leg = Leg.NET

    @property
    def words(self) -> str:
        """The contract as a sentence names it: the leg is told where there are two."""
        return self.instrument if self.leg is Leg.NET else f"the {self.leg.value} leg of {self.instrument}"
