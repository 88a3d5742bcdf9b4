"""Maintenance-margin tables of the simulated venues: made from rows of data, and what a position needs by them.

The tables themselves are in each venue's ``listings``; deductions follow from continuity.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from core.exact import exactly
from core.instruments import Tier, TierTable
from core.pnl import settle_notional
from core.tiers import requirement, tier_for

if TYPE_CHECKING:
    from feeds.sim.catalogue import Listing

TierRow = tuple[str, str, str]
"""Upper bound of a tier (in the table's unit: quote, settle coin or contracts), maintenance rate, maximum leverage."""


def open_ended(table: TierTable) -> TierTable:
    """The same table with its last tier going on for ever: what is reckoned with once a price has run away."""
    *lower, last = table.tiers
    return msgspec.structs.replace(table, tiers=(*lower, msgspec.structs.replace(last, cap=None)))


def tier_table(instrument: str, rows: Sequence[TierRow], *, unit: str, whole_position: bool = False) -> TierTable:
    """The table of one instrument; ``unit`` is ``quote``, ``coin`` or ``contracts``, as in
    :class:`core.instruments.TierTable`. In contracts, or where a rate applies to the whole position, there are no
    deductions."""
    tiers: list[Tier] = []
    floor = previous_rate = deduction = Decimal(0)
    jumps = whole_position or unit == "contracts"
    for cap_text, rate_text, leverage in rows:
        cap, rate = Decimal(cap_text), Decimal(rate_text)
        if tiers and not jumps:
            deduction += floor * (rate - previous_rate)
        tiers.append(Tier(floor, cap, rate, deduction.normalize(), Decimal(leverage)))
        floor, previous_rate = cap, rate
    return TierTable(
        instrument=instrument,
        unit=unit,
        tiers=tuple(tiers),
        as_of_ns=0,
        source="simulated exchange",
        whole_position=whole_position,
    )


def tier_amount(listing: Listing, quantity: Decimal, price: Decimal) -> Decimal:
    """How much of a listing's table a position uses, unsigned and in the table's unit: contracts, or its value."""
    assert listing.risk_tiers is not None
    if listing.risk_tiers.unit == "contracts":
        return abs(quantity)
    instrument = listing.instrument
    return settle_notional(instrument.kind, quantity, instrument.contract_size, price)


@exactly
def maintenance(listing: Listing, quantity: Decimal, price: Decimal, fee_rate: Decimal = Decimal(0)) -> Decimal:
    """Maintenance margin at a price in the settle currency; ``fee_rate`` of the value is added to it."""
    assert listing.risk_tiers is not None
    instrument = listing.instrument
    tier = tier_for(listing.risk_tiers, tier_amount(listing, quantity, price))
    return requirement(tier, settle_notional(instrument.kind, quantity, instrument.contract_size, price), fee_rate)
