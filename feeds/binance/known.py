"""What sweeps of one market have read already, and need not ask for again each time."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from feeds.binance import facts


class Known:
    """Settled rates, and since when it is known how each contract is set."""

    def __init__(self) -> None:
        self.rates: dict[tuple[str, int], tuple[Decimal, Decimal | None]] = {}
        """Rate and mark price of settlements, by instrument and time (ns): those of the payments last read."""
        self._sweeps_left: dict[str, int] = {}

    def due(self, symbols: Iterable[str]) -> list[str]:
        """The contracts of which this sweep is to read how they are set: the stream tells what changes, unless that is
        lost."""
        due = []
        for symbol in symbols:
            left = self._sweeps_left.get(symbol, 0) or facts.SETTINGS_EVERY_SWEEPS
            self._sweeps_left[symbol] = left - 1
            if left == facts.SETTINGS_EVERY_SWEEPS:
                due.append(symbol)
        return due

    def forget_settings(self) -> None:
        """Something of them may have been missed: the next sweep reads them."""
        self._sweeps_left.clear()
