from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.instruments import ContractKind, Tier, TierTable
from core.margin import maintenance_margin, margin_usage
from core.tiers import check_continuity, deductions, requirement, tier_for
from tests.core.money import KINDS, PRICES, QUANTITIES, decimals, near, tables, taxed, value_at

TABLE = TierTable(
    "test",
    "quote",
    (
        Tier(Decimal(0), Decimal(50_000), Decimal("0.004"), Decimal(0)),
        Tier(Decimal(50_000), Decimal(600_000), Decimal("0.005"), Decimal(50)),
        Tier(Decimal(600_000), Decimal(3_000_000), Decimal("0.0065"), Decimal(950)),
    ),
    0,
    "test",
)


@pytest.mark.parametrize(
    ("notional", "rate"), [("0", "0.004"), ("50000", "0.004"), ("50000.01", "0.005"), ("3000000", "0.0065")]
)
def test_a_tier_holds_up_to_and_including_its_cap(notional: str, rate: str) -> None:
    assert tier_for(TABLE, Decimal(notional)).rate == Decimal(rate)


def test_a_notional_outside_the_table_has_no_tier() -> None:
    with pytest.raises(RequestError, match="notional: expected at most 3000000"):
        tier_for(TABLE, Decimal("3000000.01"))
    upper = msgspec.structs.replace(TABLE, tiers=TABLE.tiers[1:])
    with pytest.raises(RequestError, match="notional: expected at least 50000"):
        tier_for(upper, Decimal(100))
    with pytest.raises(RequestError, match="tiers: expected at least one"):
        tier_for(msgspec.structs.replace(TABLE, tiers=()), Decimal(100))


@given(st.data(), KINDS)
def test_deductions_make_the_requirement_a_tax_on_slices(data: st.DataObject, kind: ContractKind) -> None:
    table = data.draw(tables(kind))
    value = data.draw(decimals("0", "5000000", 2))
    assert Fraction(requirement(tier_for(table, value), value)) == taxed(table, Fraction(value))
    found = deductions(tuple(tier.floor for tier in table.tiers), tuple(tier.rate for tier in table.tiers))
    assert found == tuple(tier.deduction for tier in table.tiers)
    check_continuity(table)


@pytest.mark.parametrize(
    ("tier", "changes", "named"),
    [
        (0, {"floor": Decimal(1)}, r"tiers\[0\]\.floor"),
        (0, {"deduction": Decimal(1)}, r"tiers\[0\]\.deduction"),
        (1, {"floor": Decimal(60_000)}, r"tiers\[1\]\.floor"),
        (1, {"cap": None}, r"tiers\[1\]\.cap"),
        (1, {"cap": Decimal(40_000)}, r"tiers\[1\]\.cap"),
        (1, {"cap": Decimal(50_000)}, r"tiers\[1\]\.cap: expected more than its floor of 50000"),
        (0, {"rate": Decimal(0)}, r"tiers\[0\]\.rate"),
        (
            1,
            {"rate": Decimal("0.004"), "deduction": Decimal(0)},
            r"tiers\[1\]\.rate: expected above the rate of the tier",
        ),
        (2, {"rate": Decimal(1)}, r"tiers\[2\]\.rate"),
        (1, {"rate": Decimal("0.003")}, r"tiers\[1\]\.rate"),
        (1, {"deduction": Decimal(49)}, r"tiers\[1\]\.deduction: expected 50\.000 for continuity, found 49"),
        (2, {"deduction": Decimal(0)}, r"tiers\[2\]\.deduction"),
        (2, {"rate": Decimal(5)}, r"tiers\[2\]\.rate"),
        (2, {"cap": Decimal("NaN")}, r"tiers\[2\]\.cap"),
    ],
)
def test_a_table_that_was_read_wrongly_is_refused_by_tier(tier: int, changes: dict[str, Decimal], named: str) -> None:
    check_continuity(TABLE)
    tiers = list(TABLE.tiers)
    tiers[tier] = msgspec.structs.replace(tiers[tier], **changes)
    with pytest.raises(RequestError, match=named):
        check_continuity(msgspec.structs.replace(TABLE, tiers=tuple(tiers)))


@pytest.mark.parametrize("changes", [{"unit": "contracts"}, {"whole_position": True}])
def test_a_table_whose_rate_holds_for_the_whole_position_has_no_deductions(changes: dict[str, object]) -> None:
    bare = tuple(msgspec.structs.replace(tier, deduction=Decimal(0)) for tier in TABLE.tiers)
    check_continuity(msgspec.structs.replace(TABLE, tiers=bare, **changes))
    with pytest.raises(RequestError, match=r"tiers\[1\]\.deduction: expected 0, found 50"):
        check_continuity(msgspec.structs.replace(TABLE, **changes))


@pytest.mark.parametrize(
    ("floors", "rates"),
    [((), ()), ((), (Decimal("0.01"),)), ((Decimal(0),), ()), ((Decimal(0), Decimal(5)), (Decimal("0.01"),))],
)
def test_deductions_need_a_rate_for_each_floor(floors: tuple[Decimal, ...], rates: tuple[Decimal, ...]) -> None:
    with pytest.raises(
        RequestError, match=f"rates: expected one rate for each floor.*found {len(rates)} for {len(floors)}"
    ):
        deductions(floors, rates)


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-1"])
def test_a_notional_that_is_no_amount_is_refused(bad: str) -> None:
    with pytest.raises(RequestError) as refused:
        tier_for(TABLE, Decimal(bad))
    assert refused.value.key == "notional"


def test_a_tolerance_forgives_rounded_deductions_only_so_far() -> None:
    tiers = (*TABLE.tiers[:2], msgspec.structs.replace(TABLE.tiers[2], deduction=Decimal("950.4")))
    rounded = msgspec.structs.replace(TABLE, tiers=tiers)
    check_continuity(msgspec.structs.replace(rounded, rounding=Decimal("0.5")))
    with pytest.raises(RequestError, match="deduction"):
        check_continuity(msgspec.structs.replace(rounded, rounding=Decimal("0.3")))


@given(st.data(), KINDS, QUANTITIES, PRICES, decimals("0", "0.001", 5))
def test_maintenance_margin_is_the_tax_plus_the_closing_fee(
    data: st.DataObject, kind: ContractKind, quantity: Decimal, price: Decimal, fee: Decimal
) -> None:
    table = data.draw(tables(kind))
    value = value_at(kind, Fraction(quantity), Fraction(price))
    found = maintenance_margin(kind, -quantity, Decimal(1), price, table, fee)
    assert near(found, taxed(table, value) + value * Fraction(fee), scale=value)


def test_a_table_in_the_wrong_unit_is_refused() -> None:
    with pytest.raises(RequestError, match=r"table\.unit: expected coin for inverse contracts, found quote"):
        maintenance_margin(ContractKind.INVERSE, Decimal(100), Decimal(1), Decimal(60_000), TABLE)


def test_usage_has_no_value_without_equity() -> None:
    assert margin_usage(Decimal(700), Decimal(75_000)) * 75_000 == pytest.approx(700)
    for equity in (Decimal(0), Decimal(-1), Decimal("NaN")):
        with pytest.raises(RequestError, match="equity"):
            margin_usage(Decimal(700), equity)
