"""The price of a contract as its user types it: the engine takes in what is typed, this tells of what is configured."""

from __future__ import annotations

from core.events import ConnectionState, FaultKind
from core.sheet_price import PricedContract, TypedMarks
from core.typed_marks import CHANNEL
from feeds.clock import Clock
from feeds.prices.keeper import PriceKeeper
from feeds.prices.values import Quoted, Unusable
from feeds.venue import Emit

_DAY_SECONDS = 86_400.0


class TypedKeeper(PriceKeeper):
    """Tells the mark of the configuration once: one that was typed since is newer, and stays."""

    def __init__(self, contract: PricedContract, source: TypedMarks, emit: Emit, clock: Clock) -> None:
        super().__init__(contract, CHANNEL, emit, clock)
        self._source = source

    async def look(self) -> float:
        """Tell the mark of the configuration."""
        self._say(ConnectionState.LIVE)
        source = self._source
        if source.mark is not None and source.at_ns is not None:
            try:
                self._take(Quoted(source.mark, source.at_ns))
            except Unusable as problem:
                self._refused(Unusable(FaultKind.BAD_FIELD, f"the mark in the configuration: {problem.text}", "at"))
        return _DAY_SECONDS

    async def close(self) -> None:
        """There is nothing open."""
