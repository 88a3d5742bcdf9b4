"""Strategies for money, and an oracle in fractions that shares nothing with the code under test."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from core.instruments import ContractKind, Tier, TierTable

KINDS = st.sampled_from([ContractKind.LINEAR, ContractKind.INVERSE])
SIGNS = st.sampled_from([1, -1])


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(low), Decimal(high), allow_nan=False, allow_infinity=False, places=places)


def amounts(*values: int | str) -> tuple[Decimal, ...]:
    """Several amounts to compare several figures with."""
    return tuple(Decimal(value) for value in values)


PRICES = decimals("0.01", "200000", 2)
QUANTITIES = decimals("0.001", "10000", 3)
SIZES = st.sampled_from([Decimal(1), Decimal(100), Decimal("0.001"), Decimal("0.0001")])
RATES = decimals("-0.02", "0.02", 6)
LEVERAGES = decimals("1", "50", 1)


@st.composite
def tables(draw: st.DrawFn, kind: ContractKind) -> TierTable:
    """Tables whose requirement is continuous, with boundaries from a fraction of a position to far above one."""
    widths = draw(st.lists(decimals("0.01", "1000000", 2), min_size=0, max_size=4))
    steps = draw(st.lists(decimals("0.0005", "0.1", 4), min_size=len(widths) + 1, max_size=len(widths) + 1))
    tiers: list[Tier] = []
    floor, rate, deduction = Decimal(0), Decimal(0), Decimal(0)
    for index, step in enumerate(steps):
        deduction += floor * step if index else 0
        rate += step
        cap = floor + widths[index] if index < len(widths) else None
        tiers.append(Tier(floor, cap, rate, deduction))
        floor = cap if cap is not None else floor
    return TierTable("test", "coin" if kind is ContractKind.INVERSE else "quote", tuple(tiers), 0, "test")


def value_at(kind: ContractKind, units: Fraction, price: Fraction) -> Fraction:
    """Position value in the settle currency; ``units`` is quantity times contract size, unsigned."""
    return units / price if kind is ContractKind.INVERSE else units * price


def profit_at(kind: ContractKind, signed_units: Fraction, entry: Fraction, price: Fraction) -> Fraction:
    """Profit in the settle currency."""
    if kind is ContractKind.INVERSE:
        return signed_units * (1 / entry - 1 / price)
    return signed_units * (price - entry)


def taxed(table: TierTable, value: Fraction) -> Fraction:
    """The requirement as a tax on slices: what lies in each tier at that tier's rate, no deduction needed."""
    owed = Fraction(0)
    for tier in table.tiers:
        top = value if tier.cap is None else min(value, Fraction(tier.cap))
        owed += max(top - Fraction(tier.floor), Fraction(0)) * Fraction(tier.rate)
    return owed


def near(found: Decimal | Fraction, true: Fraction, scale: Fraction | None = None) -> bool:
    """Equal to 45 significant digits of ``scale`` (by default of the true figure)."""
    size = abs(true) if scale is None else abs(scale)
    return abs(Fraction(found) - true) <= size * Fraction(1, 10**45)
