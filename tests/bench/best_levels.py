"""A best bid and ask that change as recorded ones did."""

from __future__ import annotations

import random

PRICE_MOVES = 0.01
BID_SIZE_CHANGES, ASK_SIZE_CHANGES = 0.63, 0.55
"""How often each differs from the frame before: in 905 changes of the best levels of Bybit's linear contracts."""


class BestLevels:
    """One symbol's, as the texts that a venue would send."""

    def __init__(self, chance: random.Random, digits: int) -> None:
        self._chance, self._digits = chance, digits
        self._bid_size, self._ask_size = self._size(), self._size()
        self._move()

    def changed(self) -> tuple[str, str, str, str]:
        """Price and size of the bid, then of the ask, in none or some of which they differ from those before."""
        if self._chance.random() < PRICE_MOVES:
            self._move()
        if self._chance.random() < BID_SIZE_CHANGES:
            self._bid_size = self._size()
        if self._chance.random() < ASK_SIZE_CHANGES:
            self._ask_size = self._size()
        return self._bid, self._bid_size, self._ask, self._ask_size

    def _move(self) -> None:
        price = 76_000 + 900 * self._chance.random()
        tick = 10.0**-self._digits
        self._bid, self._ask = f"{price:.{self._digits}f}", f"{price + tick:.{self._digits}f}"

    def _size(self) -> str:
        return f"{9 * self._chance.random() + 0.001:.3f}"
