"""What an account holds at BingX, put together from rows: positions in parts, flat legs, sides that are no legs. Pure.

Where the position mode is not told (of coin-margined contracts), it is taken from what shows it: orders name ``BOTH``
in one-way mode and a leg in hedge mode, and only in hedge mode are a long and a short held side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec.structs import replace

from core.events import AnyEvent, Fill, OrderUpdate, PositionUpdate
from core.legs import Leg
from feeds.bingx.rows import PositionMode
from feeds.venue import RestAnswer

_LEGS = (Leg.LONG, Leg.SHORT)


def mode_shown(positions: Sequence[tuple[str, str]], ordered: Mapping[int, str]) -> bool | None:
    """Whether hedge mode is shown; ``None`` where nothing shows a mode.

    ``positions`` are symbol and side of what is held, ``ordered`` the sides that orders name by when they were changed;
    a side that was not said is empty.
    """
    sides = {side for _, side in positions}
    if "BOTH" in sides:
        return False
    for symbol, _ in positions:
        if {side for name, side in positions if name == symbol} >= {"LONG", "SHORT"}:
            return True
    named = {moment: side for moment, side in ordered.items() if side}
    return named[max(named)] != "BOTH" if named else None


def in_one_way(events: Sequence[AnyEvent]) -> list[AnyEvent]:
    """The events of an account that has one position in a contract: the sides that they name are no legs."""
    return [
        replace(event, leg=Leg.NET) if isinstance(event, PositionUpdate | OrderUpdate | Fill) else event
        for event in events
    ]


def merged(positions: Sequence[PositionUpdate]) -> list[PositionUpdate]:
    """One position for each leg of a contract: margin kept apart for each order makes several of it. One that has ended
    is no part of what is held."""
    found: dict[tuple[str, Leg], PositionUpdate] = {}
    for event in positions:
        before = found.get((event.instrument, event.leg))
        if before is None or (event.quantity and not before.quantity):
            found[event.instrument, event.leg] = event
        elif event.quantity:
            found[event.instrument, event.leg] = _both(before, event)
    return list(found.values())


def _both(before: PositionUpdate, event: PositionUpdate) -> PositionUpdate:
    quantity = before.quantity + event.quantity
    costs = [None if part.entry_price is None else part.entry_price * part.quantity for part in (before, event)]
    margins = [part.isolated_margin for part in (before, event)]
    times = [part.venue_time_ns for part in (before, event) if part.venue_time_ns is not None]
    return replace(
        before,
        quantity=quantity,
        entry_price=sum((cost for cost in costs if cost is not None), Decimal(0)) / quantity
        if quantity and None not in costs
        else None,
        liquidation_price=None,
        isolated_margin=None if None in margins else sum((margin for margin in margins if margin), Decimal(0)),
        leverage=before.leverage if before.leverage == event.leverage else None,
        venue_time_ns=max(times, default=None),
    )


def flat_legs(held: Sequence[PositionUpdate], wanted: Sequence[str], mode: PositionMode) -> list[tuple[str, Leg]]:
    """The legs that hold nothing, by contract: those of the position mode, and any that was told as held and is not.

    Where nothing shows the mode, a contract of which nothing is held has none in any leg; and of one that is held, no
    leg is called flat that may be the one that is meant.
    """
    found = {(event.instrument, event.leg) for event in held}
    flat = []
    for instrument in wanted:
        legs = _legs(mode.hedge)
        if not mode.told and not any(name == instrument for name, _ in found):
            legs = (Leg.NET, *_LEGS)
        stale = [leg for leg in Leg if (instrument, leg) in mode.held and leg not in legs]
        flat += [(instrument, leg) for leg in (*legs, *stale) if (instrument, leg) not in found]
    return flat


def _legs(hedge: bool | None) -> tuple[Leg, ...]:
    return _LEGS if hedge else (Leg.NET,)


def flat(answer: RestAnswer, instrument: str, leg: Leg) -> PositionUpdate:
    """That an answer about positions tells of none here."""
    return PositionUpdate(
        received_ns=answer.received_ns,
        account=answer.account,
        instrument=instrument,
        quantity=Decimal(0),
        entry_price=None,
        leg=leg,
    )
