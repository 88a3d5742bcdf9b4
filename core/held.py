"""Positions as they are held at one moment: what the ledger goes on to fold does not change them any more."""

from __future__ import annotations

from operator import is_

import msgspec

from core.ledger import Ledger
from core.legs import PositionKey
from core.positions import Position


class HeldPositions:
    """Copies of the ledger's positions, each the very same object until anything of the position is another."""

    __slots__ = ("_kept", "_ledger")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kept: dict[PositionKey, tuple[tuple[object, ...], Position]] = {}

    def of(self, key: PositionKey) -> Position:
        """The position of this key as it is now; flat if nothing is known of it."""
        found = self._ledger.positions.get(key)
        if found is None:
            found = self._ledger.position(*key)
        held, kept = msgspec.structs.astuple(found), self._kept.get(key)
        if kept is not None and all(map(is_, kept[0], held)):
            return kept[1]
        copied = msgspec.structs.replace(found)
        self._kept[key] = (held, copied)
        return copied
