"""What must be known of an account before its rows can be told: its position mode, and which order is whose."""

from __future__ import annotations

from typing import Final

from core.legs import Leg

MOST_ORDERS: Final = 10_000
"""Of so many orders the names are remembered, the newest."""

LONG, SHORT, BOTH = "LONG", "SHORT", "BOTH"
SIDES: Final = (LONG, SHORT)
"""Each row of a position names one of these, whatever the mode, and each order that is sent."""

ORDER_SIDES: Final = (*SIDES, BOTH)
"""What orders and fills may be told to be for."""


class Known:
    """One account, shared by its stream, its sweep and its orders."""

    def __init__(self) -> None:
        self.hedge: bool | None = None
        """Whether a long and a short of one contract may stand side by side; ``None`` until the venue has told."""
        self._client_ids: dict[str, str] = {}
        self._venue_ids: dict[str, str] = {}
        self._sides: dict[str, str] = {}

    def leg(self, side: str) -> Leg:
        """The leg that a side of the venue's is. Until the mode is known sides are told apart."""
        if self.hedge is False or side == BOTH:
            return Leg.NET
        return Leg.LONG if side == LONG else Leg.SHORT

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs that a contract has here."""
        return (Leg.NET,) if self.hedge is False else (Leg.LONG, Leg.SHORT)

    def counts(self, symbol: str, side: str, *, flat: bool) -> bool:
        """Whether a row is about what the account holds: in one-way mode the end of a long that became a short is
        told after the short began, and is not about it."""
        if self.hedge is not False:
            return True
        if flat and self._sides.get(symbol, side) != side:
            return False
        self._sides[symbol] = side
        return True

    def name_order(self, venue_id: str, client_id: str) -> None:
        """Remember which order of ours the venue calls by its own number; one without a name of ours has none."""
        if not venue_id:
            return
        if client_id:
            self._client_ids[venue_id] = client_id
            self._venue_ids[client_id] = venue_id
        else:
            self._client_ids.setdefault(venue_id, "")
        if len(self._client_ids) > MOST_ORDERS:
            oldest = next(iter(self._client_ids))
            self._venue_ids.pop(self._client_ids.pop(oldest), None)

    def client_id(self, venue_id: str) -> str:
        """Our name of an order; empty where it is not known."""
        return self._client_ids.get(venue_id, "")

    def knows(self, venue_id: str) -> bool:
        """True where it is known what we call an order, or that we have no name for it."""
        return venue_id in self._client_ids

    def venue_id(self, client_id: str) -> str:
        """The venue's number of an order; empty where it is not known."""
        return self._venue_ids.get(client_id, "")
