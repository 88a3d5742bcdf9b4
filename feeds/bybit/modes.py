"""Which contracts of an account are in hedge mode, learnt from its positions: executions do not tell their leg."""

from __future__ import annotations

from typing import Final

import msgspec

from feeds.bybit.rows import About, PositionRow

_MOST: Final = 5_000


class Modes:
    """Shared by an account's stream, its sweep and its orders."""

    def __init__(self) -> None:
        self._hedges: dict[str, bool] = {}

    def __contains__(self, instrument: str) -> bool:
        return instrument in self._hedges

    def learn(self, instrument: str, row: PositionRow) -> None:
        """Take a position's word for its contract's mode."""
        if instrument in self._hedges or len(self._hedges) < _MOST:
            self._hedges[instrument] = row.hedges

    def known_to(self, about: About) -> About:
        """``about`` with what is known."""
        return msgspec.structs.replace(about, hedges=self._hedges)
