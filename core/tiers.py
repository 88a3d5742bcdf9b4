"""Maintenance-margin tiers: which one applies, and whether a table was read rightly."""

from __future__ import annotations

from decimal import Decimal

from core.errors import RequestError
from core.exact import ONE, ZERO, exactly, finite, not_negative
from core.explain import is_recording, note
from core.instruments import Tier, TierTable
from core.symbols import read_name

UNITS = ("quote", "coin", "contracts")


@exactly
def tier_for(table: TierTable, notional: Decimal) -> Tier:
    """The tier with ``floor < notional <= cap``; the first one for zero. ``notional`` in the table's unit, unsigned.

    Raises RequestError for a notional outside the table: what it costs is not known, and not zero.
    """
    not_negative("notional", notional)
    if not table.tiers:
        raise RequestError("tiers", "at least one tier", "none")
    if notional < table.tiers[0].floor:
        raise RequestError("notional", f"at least {table.tiers[0].floor}, the first tier's floor", str(notional))
    for tier in table.tiers:
        if tier.cap is None or notional <= tier.cap:
            return tier
    raise RequestError("notional", f"at most {table.tiers[-1].cap}, the last tier's cap", str(notional))


@exactly
def requirement(tier: Tier, notional: Decimal, closing_fee_rate: Decimal = ZERO) -> Decimal:
    """Maintenance margin of ``notional`` in this tier, in the tier's unit: ``notional · (rate + fee) − deduction``."""
    needed = notional * (tier.rate + closing_fee_rate) - tier.deduction
    if is_recording():
        note(
            "requirement",
            "notional * (rate + closing_fee_rate) - deduction",
            needed,
            {
                "notional": notional,
                "rate": tier.rate,
                "closing_fee_rate": closing_fee_rate,
                "deduction": tier.deduction,
                "tier": f"above {tier.floor:f} up to {'no end' if tier.cap is None else format(tier.cap, 'f')}",
            },
            unit="settle",
        )
    return needed


@exactly
def deductions(floors: tuple[Decimal, ...], rates: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """The deductions that make the requirement continuous: ``c_k = floor_k · (r_k − r_{k−1}) + c_{k−1}``, c_1 = 0."""
    if not floors or len(floors) != len(rates):
        raise RequestError("rates", "one rate for each floor, at least one", f"{len(rates)} for {len(floors)}")
    found = [ZERO]
    for index in range(1, len(floors)):
        found.append(floors[index] * (rates[index] - rates[index - 1]) + found[-1])
    return tuple(found)


@exactly
def check_continuity(table: TierTable) -> None:
    """Raise RequestError naming the first tier that does not follow from the one before it.

    Floors must meet the caps before them, rates must rise within 0 … 1, and each deduction must keep the
    requirement continuous to within the table's ``rounding``: a table that breaks this was parsed wrongly. Where one
    rate applies to the whole position, or tiers are in contracts, every deduction must be zero.
    """
    if not table.tiers:
        raise RequestError("tiers", "at least one tier", "none")
    if table.unit not in UNITS:
        raise RequestError("table.unit", f"one of {', '.join(UNITS)}", table.unit)
    expected = deductions(tuple(tier.floor for tier in table.tiers), tuple(tier.rate for tier in table.tiers))
    if jumps(table):
        expected = (ZERO,) * len(table.tiers)
    for index, tier in enumerate(table.tiers):
        name = f"tiers[{index}]"
        before = table.tiers[index - 1] if index else None
        if tier.floor != (before.cap if before else ZERO):
            raise RequestError(f"{name}.floor", f"{before.cap if before else 0}", str(tier.floor))
        if tier.cap is None and index < len(table.tiers) - 1:
            raise RequestError(f"{name}.cap", "a number on every tier but the last", "none")
        if tier.cap is not None and finite(f"{name}.cap", tier.cap) <= tier.floor:
            raise RequestError(f"{name}.cap", f"more than its floor of {tier.floor}", str(tier.cap))
        if not (before.rate if before else ZERO) < finite(f"{name}.rate", tier.rate) < ONE:
            raise RequestError(f"{name}.rate", "above the rate of the tier before and below 1", str(tier.rate))
        if abs(finite(f"{name}.deduction", tier.deduction) - expected[index]) > table.rounding:
            why = "" if jumps(table) else " for continuity"
            raise RequestError(f"{name}.deduction", f"{expected[index]}{why}", str(tier.deduction))


def jumps(table: TierTable) -> bool:
    """True where the requirement may jump at a tier's floor: such a table has no deductions to smooth it."""
    return table.whole_position or table.unit == "contracts"


def assumed_table(instrument: str, rate: Decimal) -> TierTable:
    """One tier without an end, by its user's word: ``rate`` (a fraction) of the whole position."""
    terms = read_name(instrument)
    tier = Tier(floor=Decimal(0), cap=None, rate=rate, deduction=Decimal(0))
    unit = "coin" if terms is not None and terms.settle == terms.base else "quote"
    return TierTable(
        instrument=instrument, unit=unit, tiers=(tier,), as_of_ns=0, source="the configuration", estimated=True
    )
