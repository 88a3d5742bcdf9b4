"""What can be held or traded: contracts and spot pairs, and the filters their venue applies to orders."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec


class ContractKind(StrEnum):
    """Which of MATH's families the payoff belongs to; expiry is told apart by ``Instrument.expiry_ns``."""

    SPOT = "spot"
    LINEAR = "linear"
    INVERSE = "inverse"
    QUANTO = "quanto"

    __hash__ = str.__hash__  # an enumeration's own is many times as slow


class Instrument(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One tradable thing, as its venue describes it.

    ``contract_size`` turns the venue's order quantity into exposure: linear and spot, coins per unit of
    quantity; inverse, quote (USD) per unit of quantity; quanto, coins of ``settle`` per unit of quantity and per 1 of
    price. ``tick_size`` is in quote per coin; ``quantity_step``,
    ``minimum_quantity`` and ``maximum_quantity`` are in the venue's own order unit; ``minimum_notional`` in quote.
    ``funding_interval_hours`` is ``None`` for spot and dated contracts, and where the venue has not said.
    ``initial_per_contract`` and ``maintenance_per_contract`` (settle currency for one unit of quantity) are those of an
    exchange that sets margins so; ``None`` where tiers say what is required. ``fee_per_contract`` (settle currency, +
    paid) is what a fill costs for one unit of quantity; ``None`` where it is a fraction of notional.
    """

    id: str
    venue: str
    market: str
    symbol: str
    kind: ContractKind
    base: str
    quote: str
    settle: str
    contract_size: Decimal
    tick_size: Decimal
    quantity_step: Decimal
    minimum_quantity: Decimal
    maximum_quantity: Decimal | None = None
    minimum_notional: Decimal | None = None
    maximum_leverage: Decimal | None = None
    expiry_ns: int | None = None
    funding_interval_hours: int | None = None
    funding_rate_cap: Decimal | None = None
    funding_rate_floor: Decimal | None = None
    status: str = "trading"
    initial_per_contract: Decimal | None = None
    maintenance_per_contract: Decimal | None = None
    fee_per_contract: Decimal | None = None

    @property
    def perpetual(self) -> bool:
        """True for a contract that never expires and so pays funding."""
        return self.kind is not ContractKind.SPOT and self.expiry_ns is None


def instrument_id(venue: str, market: str, symbol: str) -> str:
    """The name of an instrument everywhere inside Hedgerow: ``bybit:linear:BTCUSDT``.

    ``market`` is one of ``linear``, ``inverse``, ``spot`` (Bybit) or ``usdm``, ``spot`` (Binance): the same
    symbol names different things on different markets of one venue.
    """
    return f"{venue}:{market}:{symbol}"


class Tier(msgspec.Struct, frozen=True, gc=False):
    """One maintenance-margin tier: ``floor < notional <= cap`` costs ``notional * rate - deduction``.

    ``floor``, ``cap`` and ``deduction`` are in the table's unit (see :class:`TierTable`); ``cap`` is ``None`` for
    an open-ended last tier. ``rate`` is a fraction. ``maximum_leverage`` is ``None`` where not stated.
    """

    floor: Decimal
    cap: Decimal | None
    rate: Decimal
    deduction: Decimal
    maximum_leverage: Decimal | None = None


class TierTable(msgspec.Struct, frozen=True, gc=False):
    """The maintenance tiers of one instrument, lowest first.

    ``unit`` says in what floors, caps and deductions are: ``quote`` (linear: notional in quote), ``coin`` (inverse and
    quanto: notional in the settle coin) or ``contracts`` (size in the order unit, which no price moves; such a table
    has no deductions). With ``whole_position`` the rate of the tier applies to the whole position and there are no
    deductions either: the requirement jumps from tier to tier. ``rounding`` is by how much the venue's own rounding
    may have moved a deduction, in ``unit``. ``as_of_ns`` is when it was read; ``source`` names where from. A table is
    ``estimated`` where it is its user's word and not its venue's.
    """

    instrument: str
    unit: str
    tiers: tuple[Tier, ...]
    as_of_ns: int
    source: str
    whole_position: bool = False
    rounding: Decimal = Decimal(0)
    estimated: bool = False
