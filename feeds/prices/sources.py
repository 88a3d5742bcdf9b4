"""From what a contract's sheet says of its price to what must run for it."""

from __future__ import annotations

from collections.abc import Iterable

from core.events import AnyEvent
from core.sheet_price import PolledAddress, PricedContract, TailedFile
from feeds.clock import Clock
from feeds.prices.keeper import PriceKeeper
from feeds.venue import Emit


def price_keepers(contracts: Iterable[PricedContract], emit: Emit, clock: Clock) -> list[PriceKeeper]:
    """One keeper for each contract. Call it in the loop that they run in."""
    return [price_keeper(contract, emit, clock) for contract in contracts]


async def first_look(contract: PricedContract, clock: Clock) -> list[AnyEvent]:
    """What looking once at a contract's price tells: its ticker, or what is wrong."""
    events: list[AnyEvent] = []
    keeper = price_keeper(contract, events.append, clock)
    try:
        await keeper.look()
    finally:
        await keeper.close()
    return events


def price_keeper(contract: PricedContract, emit: Emit, clock: Clock) -> PriceKeeper:
    """The keeper of one contract's price; modules are imported when one of their kind is first wanted."""
    source = contract.price.source
    if isinstance(source, TailedFile):
        from feeds.prices.file import FileKeeper

        return FileKeeper(contract, source, emit, clock)
    if isinstance(source, PolledAddress):
        from feeds.prices.poll import AddressKeeper

        return AddressKeeper(contract, source, emit, clock)
    from feeds.prices.typed import TypedKeeper

    return TypedKeeper(contract, source, emit, clock)
