"""What is remembered of an account's orders from one question to the next: whose they are, and which still rested."""

from __future__ import annotations

from typing import Final

MOST_ORDERS: Final = 10_000
"""Of so many orders the names are remembered, the newest."""


class KnownOrders:
    """Orders of one account by the venue's number.

    Executions name that number alone, and lists of past orders go by when an order was made: one that rested long is in
    none of them once it has ended.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._resting: dict[str, str] = {}

    def name_order(self, number: str, client_id: str) -> None:
        """Remember the client order id of an order; an empty one too, so that it is not asked for again."""
        if not number or (not client_id and number in self._names):
            return
        self._names[number] = client_id
        if len(self._names) > MOST_ORDERS:
            del self._names[next(iter(self._names))]

    def name(self, number: str) -> str | None:
        """The client order id of an order, empty where it has none; ``None`` where that is not known."""
        return self._names.get(number)

    def rests(self, number: str, instrument: str) -> None:
        """The order was told as open."""
        if number:
            self._resting[number] = instrument

    def ended(self, number: str) -> None:
        """The order was told as ended, with all that became of it."""
        self._resting.pop(number, None)

    def resting(self, instruments: set[str]) -> dict[str, str]:
        """The orders of these contracts that were open when they were last told: contract by number."""
        return {number: name for number, name in self._resting.items() if name in instruments}
