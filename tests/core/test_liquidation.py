from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import RequestError
from core.instruments import ContractKind, Tier, TierTable
from core.liquidation import bankruptcy, cross, distance, isolated, with_fixed_requirement
from core.liquidation_results import AlwaysLiquidated, Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.margin_rules import RequirementAt
from tests.core.money import (
    KINDS,
    LEVERAGES,
    PRICES,
    QUANTITIES,
    SIGNS,
    decimals,
    near,
    profit_at,
    tables,
    taxed,
    value_at,
)

LINEAR, INVERSE = ContractKind.LINEAR, ContractKind.INVERSE
ONE = Decimal(1)
FEES = decimals("0", "0.001", 5)


class Case(NamedTuple):
    """A position and the table that governs it."""

    kind: ContractKind
    sign: int
    quantity: Decimal
    entry: Decimal
    leverage: Decimal
    fee: Decimal
    table: TierTable

    @property
    def margin(self) -> Decimal:
        """Margin that the leverage asks for, to a digit that the oracle shares."""
        value = value_at(self.kind, Fraction(self.quantity), Fraction(self.entry)) / Fraction(self.leverage)
        return Decimal(round(value * 10**12)).scaleb(-12)

    def surplus(self, margin: Decimal, price: Fraction) -> Fraction:
        """Equity less requirement at a price, from first principles."""
        units = Fraction(self.quantity)
        value = value_at(self.kind, units, price)
        gain = profit_at(self.kind, self.sign * units, Fraction(self.entry), price)
        return Fraction(margin) + gain - taxed(self.table, value) - value * Fraction(self.fee)

    def solve(self, margin: Decimal, **others: Any) -> Liquidation:
        """What the code under test says."""
        return isolated(
            self.kind,
            self.sign * self.quantity,
            ONE,
            self.entry,
            margin,
            self.table,
            closing_fee_rate=self.fee,
            **others,
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kind = draw(KINDS)
    case = Case(kind, draw(SIGNS), draw(QUANTITIES), draw(PRICES), draw(LEVERAGES), draw(FEES), draw(tables(kind)))
    assume(case.margin > 0)
    return case


def one_rate(rate: str, unit: str = "quote", deduction: str = "0") -> TierTable:
    return TierTable("test", unit, (Tier(Decimal(0), None, Decimal(rate), Decimal(deduction)),), 0, "test")


@given(cases())
def test_at_the_liquidation_price_equity_is_the_requirement(case: Case) -> None:
    result = case.solve(case.margin)
    assume(isinstance(result, LiquidationPrice))
    assert isinstance(result, LiquidationPrice)
    scale = value_at(case.kind, Fraction(case.quantity), Fraction(result.price)) + Fraction(case.margin)
    assert near(case.surplus(case.margin, Fraction(result.price)), Fraction(0), scale=scale)
    assert result.tier in case.table.tiers


@given(cases(), decimals("0.0001", "5", 4))
def test_the_price_separates_safe_from_liquidated(case: Case, step: Decimal) -> None:
    """On the position's good side every price is safe, on the other none is; without a price all are safe."""
    result = case.solve(case.margin)
    if isinstance(result, LiquidationPrice):
        ratio = 1 + Fraction(step)
        better, worse = Fraction(result.price) * ratio, Fraction(result.price) / ratio
        if case.sign < 0:
            better, worse = worse, better
        assert case.surplus(case.margin, better) > 0 > case.surplus(case.margin, worse)
    else:
        assert isinstance(result, NoLiquidation)
        for power in range(-30, 31):
            assert case.surplus(case.margin, Fraction(10) ** power) >= 0


@given(cases(), decimals("-1.2", "0.3", 3), decimals("0.0001", "5", 4))
def test_a_margin_that_the_entry_has_used_up_still_has_its_price(case: Case, share: Decimal, step: Decimal) -> None:
    """What is lost already counts against the margin: the price is where the position's gain makes up for it."""
    value = value_at(case.kind, Fraction(case.quantity), Fraction(case.entry))
    margin = Decimal(round(value * Fraction(share) * 10**12)).scaleb(-12)
    result = case.solve(margin)
    if isinstance(result, LiquidationPrice):
        ratio = 1 + Fraction(step)
        better, worse = Fraction(result.price) * ratio, Fraction(result.price) / ratio
        if case.sign < 0:
            better, worse = worse, better
        assert case.surplus(margin, better) > 0 > case.surplus(margin, worse)
        return
    assert isinstance(result, AlwaysLiquidated)
    for power in range(-30, 31):
        assert case.surplus(margin, Fraction(10) ** power) <= 0


@given(cases(), decimals("0.001", "3", 3))
def test_more_margin_never_brings_liquidation_nearer(case: Case, extra: Decimal) -> None:
    little, much = case.solve(case.margin), case.solve(case.margin * (1 + extra))
    if isinstance(little, NoLiquidation):
        assert isinstance(much, NoLiquidation)
    elif isinstance(little, LiquidationPrice) and isinstance(much, LiquidationPrice):
        assert case.sign * (little.price - much.price) > 0


@given(cases(), FEES)
def test_a_higher_closing_fee_never_moves_liquidation_away(case: Case, more: Decimal) -> None:
    cheap, dear = case.solve(case.margin), case._replace(fee=case.fee + more).solve(case.margin)
    if isinstance(dear, NoLiquidation):
        assert isinstance(cheap, NoLiquidation)
    elif isinstance(dear, LiquidationPrice) and isinstance(cheap, LiquidationPrice):
        assert case.sign * (dear.price - cheap.price) >= 0


@given(cases(), decimals("-1000", "1000", 2), decimals("0", "1000", 2))
def test_cross_counts_the_others_profit_and_requirement_as_the_wallets(
    case: Case, unrealised: Decimal, maintenance: Decimal
) -> None:
    pot = case.margin + unrealised - maintenance
    found = cross(
        case.kind,
        case.sign * case.quantity,
        ONE,
        case.entry,
        case.margin,
        case.table,
        others_unrealised=unrealised,
        others_maintenance=maintenance,
        closing_fee_rate=case.fee,
    )
    assert found == case.solve(pot)


@given(cases(), st.sampled_from([RequirementAt.AT_ENTRY, RequirementAt.AT_MARK]), PRICES)
def test_a_frozen_requirement_is_met_by_the_equity_at_the_price(case: Case, at: RequirementAt, mark: Decimal) -> None:
    result = case.solve(case.margin, requirement_at=at, mark_price=mark)
    assume(isinstance(result, LiquidationPrice))
    assert isinstance(result, LiquidationPrice)
    reference = value_at(
        case.kind, Fraction(case.quantity), Fraction(mark if at is RequirementAt.AT_MARK else case.entry)
    )
    owed = taxed(case.table, reference) + reference * Fraction(case.fee)
    price = Fraction(result.price)
    gain = profit_at(case.kind, case.sign * Fraction(case.quantity), Fraction(case.entry), price)
    scale = reference + value_at(case.kind, Fraction(case.quantity), price) + Fraction(case.margin)
    assert near(Fraction(case.margin) + gain, owed, scale=scale)
    stated = with_fixed_requirement(
        case.kind, case.sign * case.quantity, ONE, case.entry, case.margin, Decimal(round(owed * 10**30)).scaleb(-30)
    )
    assert isinstance(stated, LiquidationPrice)
    assert float(stated.price) == pytest.approx(float(result.price), rel=1e-6)


@given(cases())
def test_bankruptcy_lies_beyond_liquidation_and_leaves_nothing(case: Case) -> None:
    bust = bankruptcy(case.kind, case.sign * case.quantity, ONE, case.entry, case.margin)
    liquidated = case.solve(case.margin)
    if isinstance(bust, LiquidationPrice):
        price = Fraction(bust.price)
        gain = profit_at(case.kind, case.sign * Fraction(case.quantity), Fraction(case.entry), price)
        scale = value_at(case.kind, Fraction(case.quantity), price) + Fraction(case.margin)
        assert near(Fraction(case.margin) + gain, Fraction(0), scale=scale)
        assert isinstance(liquidated, LiquidationPrice)
        assert case.sign * (liquidated.price - bust.price) > 0


# --- figures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leverage", "linear", "frozen", "inverse"),
    [("2", "1.494", "1.496", "1.992"), ("3", "1.328", "1.329", "1.494"), ("5", "1.195", "1.196", "1.245")],
)
def test_a_short_hedge_at_a_leverage(leverage: str, linear: str, frozen: str, inverse: str) -> None:
    """Multiples of entry at a maintenance rate of 0.4%: the inverse short is as safe as a linear one at L − 1."""
    entry, millesimal = Decimal(1000), Decimal("0.001")
    margin = entry / Decimal(leverage)
    found = [
        isolated(LINEAR, -ONE, ONE, entry, margin, one_rate("0.004")),
        isolated(LINEAR, -ONE, ONE, entry, margin, one_rate("0.004"), requirement_at=RequirementAt.AT_ENTRY),
        isolated(INVERSE, -entry, ONE, entry, ONE / Decimal(leverage), one_rate("0.004", "coin")),
    ]
    multiples = [found_one.price / entry for found_one in found if isinstance(found_one, LiquidationPrice)]
    assert [multiple.quantize(millesimal) for multiple in multiples] == [
        Decimal(linear),
        Decimal(frozen),
        Decimal(inverse),
    ]


@pytest.mark.parametrize(("leverage", "price"), [("2", "89572.14"), ("3", "79621.89"), ("5", "71661.69")])
def test_the_seed_hedge(leverage: str, price: str) -> None:
    margin = Decimal(150_000) / Decimal(leverage)
    table = one_rate("0.005", deduction="50")
    found = isolated(LINEAR, Decimal("-2.5"), ONE, Decimal(60_000), margin, table)
    assert isinstance(found, LiquidationPrice)
    assert found.price.quantize(Decimal("0.01")) == Decimal(price)


def test_a_coin_margined_short_at_1x_has_no_liquidation_price() -> None:
    covered = isolated(INVERSE, Decimal(-60_000), ONE, Decimal(60_000), ONE, one_rate("0.004", "coin"))
    assert covered == NoLiquidation("the margin covers the position through any rise of the price")
    # Half a thousandth of the coins lost to fees or funding: far away, but no longer none.
    eroded = isolated(INVERSE, Decimal(-60_000), ONE, Decimal(60_000), Decimal("0.9995"), one_rate("0.004", "coin"))
    assert isinstance(eroded, LiquidationPrice)
    assert eroded.price == 60_000 * 1992
    frozen = isolated(
        INVERSE,
        Decimal(-60_000),
        ONE,
        Decimal(60_000),
        ONE,
        one_rate("0.004", "coin"),
        requirement_at=RequirementAt.AT_ENTRY,
    )
    assert isinstance(frozen, LiquidationPrice)
    assert frozen.price == 60_000 * 250


def test_a_long_with_its_whole_value_as_margin_has_none_below() -> None:
    found = isolated(LINEAR, ONE, ONE, Decimal(60_000), Decimal(60_000), one_rate("0.004"))
    assert found == NoLiquidation("the margin covers the position through any fall of the price")


def test_the_tier_is_the_one_at_the_liquidation_price() -> None:
    """A linear short grows as it loses: at entry it is in the first tier, at liquidation in the second."""
    tiers = (
        Tier(Decimal(0), Decimal(80_000), Decimal("0.004"), Decimal(0)),
        Tier(Decimal(80_000), None, Decimal("0.05"), Decimal("3680")),
    )
    found = isolated(LINEAR, -ONE, ONE, Decimal(60_000), Decimal(30_000), TierTable("t", "quote", tiers, 0, "t"))
    assert isinstance(found, LiquidationPrice)
    assert found.tier == tiers[1]
    assert found.price.quantize(Decimal("0.01")) == Decimal("89219.05")


def test_where_a_table_jumps_the_first_crossing_counts() -> None:
    """One rate on the whole position and no deduction: the requirement jumps above the equity at the boundary."""
    tiers = (
        Tier(Decimal(0), Decimal(80_000), Decimal("0.01"), Decimal(0)),
        Tier(Decimal(80_000), None, Decimal("0.20"), Decimal(0)),
    )
    table = TierTable("t", "quote", tiers, 0, "t")
    found = isolated(LINEAR, -ONE, ONE, Decimal(60_000), Decimal(30_000), table)
    assert isinstance(found, LiquidationPrice)
    assert (found.price, found.tier) == (Decimal(80_000), tiers[1])


def test_equity_below_the_requirement_at_every_price_is_not_called_safe() -> None:
    short = cross(
        LINEAR, -ONE, ONE, Decimal(60_000), Decimal(1000), one_rate("0.004"), others_unrealised=Decimal(-70_000)
    )
    assert isinstance(short, AlwaysLiquidated)
    long_coins = cross(
        INVERSE, Decimal(60_000), ONE, Decimal(60_000), ONE, one_rate("0.004", "coin"), others_unrealised=Decimal(-2)
    )
    assert isinstance(long_coins, AlwaysLiquidated)


def test_a_table_that_ends_too_low_leaves_the_price_unknown() -> None:
    tiers = (Tier(Decimal(0), Decimal(70_000), Decimal("0.004"), Decimal(0)),)
    table = TierTable("t", "quote", tiers, 0, "t")
    short = isolated(LINEAR, -ONE, ONE, Decimal(60_000), Decimal(30_000), table)
    assert short == UnknownLiquidation(("a maintenance tier above 70000",))
    long = isolated(LINEAR, ONE, ONE, Decimal(75_000), Decimal(100), table)
    assert long == UnknownLiquidation(("a maintenance tier above 70000",))
    entered = isolated(LINEAR, -ONE, ONE, Decimal(75_000), ONE, table, requirement_at=RequirementAt.AT_ENTRY)
    assert entered == UnknownLiquidation(("a maintenance tier above 70000",))


CAPPED = TierTable(
    "t",
    "quote",
    (
        Tier(Decimal(0), Decimal(60_000), Decimal("0.004"), Decimal(0)),
        Tier(Decimal(60_000), Decimal(140_000), Decimal("0.01"), Decimal(360)),
    ),
    0,
    "t",
)
COINS = TierTable("t", "coin", (Tier(Decimal(0), Decimal("1.5"), Decimal("0.004"), Decimal(0)),), 0, "t")


@pytest.mark.parametrize(
    ("kind", "quantity", "entry", "margin", "price"),
    [
        # M + s·2·(P − E) = 0.01·2·P − 360
        pytest.param(LINEAR, -2, 75_000, -20_000, "130360/2.02", id="short opened above the table"),
        pytest.param(LINEAR, 2, 75_000, 20_000, "129640/1.98", id="long opened above the table"),
        pytest.param(LINEAR, 2, 60_000, -10_000, "129640/1.98", id="long that has lost its margin"),
        pytest.param(LINEAR, 2, 60_000, -20_000, None, id="long that is safe only above the table"),
        # M + N/E − V = 0.004·V, and V − N/E for the short
        pytest.param(INVERSE, 60_000, 60_000, "-0.1", "60000*1.004/0.9", id="coin long that has lost its margin"),
        pytest.param(INVERSE, -60_000, 60_000, "-0.1", "60000*0.996/1.1", id="coin short that has lost its margin"),
        pytest.param(INVERSE, -60_000, 60_000, "-0.6", None, id="coin short that is safe only above the table"),
    ],
)
def test_where_the_entry_is_no_start_the_way_begins_where_the_position_gains_most(
    kind: ContractKind, quantity: int, entry: int, margin: Decimal | int | str, price: str | None
) -> None:
    table = COINS if kind is INVERSE else CAPPED
    found = isolated(kind, Decimal(quantity), ONE, Decimal(entry), Decimal(margin), table)
    if price is None:
        assert found == UnknownLiquidation((f"a maintenance tier above {table.tiers[-1].cap}",))
        return
    over, under = price.split("/")
    true = Fraction(1)
    for part in over.split("*"):
        true *= Fraction(part)
    true /= Fraction(under)
    assert isinstance(found, LiquidationPrice)
    assert near(found.price, true)


def jumping(*tiers: tuple[int, int | None, str], unit: str = "quote") -> TierTable:
    """Tiers whose rate applies to the whole position."""
    built = (
        Tier(Decimal(floor), None if cap is None else Decimal(cap), Decimal(rate), Decimal(0))
        for floor, cap, rate in tiers
    )
    return TierTable("t", unit, tuple(built), 0, "t", whole_position=True)


def test_a_long_that_a_higher_tier_would_liquidate_keeps_the_price_below_its_entry() -> None:
    table = jumping((0, 65_000, "0.01"), (65_000, 100_000, "0.5"))
    found = isolated(LINEAR, ONE, ONE, Decimal(60_000), Decimal(3000), table)
    assert isinstance(found, LiquidationPrice)
    assert near(found.price, Fraction(57_000) / Fraction("0.99"))


def test_of_two_prices_that_a_jump_leaves_the_farther_from_liquidation_counts() -> None:
    """Safe from 70,707 to 80,000 and again from 87,500 on: on the way down from its gains it ends at 87,500."""
    table = jumping((0, 80_000, "0.01"), (80_000, None, "0.2"))
    found = isolated(LINEAR, ONE, ONE, Decimal(60_000), Decimal(-10_000), table)
    assert found == LiquidationPrice(Decimal(87_500), table.tiers[1])


@pytest.mark.parametrize("at", RequirementAt)
@pytest.mark.parametrize(("contracts", "rate"), [(20, "0.01"), (21, "0.02"), (40, "0.02"), (41, None)])
def test_tiers_in_contracts_go_by_the_contracts_held(at: RequirementAt, contracts: int, rate: str | None) -> None:
    """A short of contracts of 0.1 BTC at 60,000, half its value as margin, up to and including each tier's cap."""
    table = jumping((0, 20, "0.01"), (20, 40, "0.02"), unit="contracts")
    coins, price = Fraction(contracts, 10), Decimal(60_000)
    margin = Decimal(contracts * 3000)
    found = isolated(
        LINEAR, Decimal(-contracts), Decimal("0.1"), price, margin, table, requirement_at=at, mark_price=price
    )
    if rate is None:
        assert found == UnknownLiquidation(("a maintenance tier above 40",))
        return
    frozen = Fraction(0) if at is RequirementAt.AT_LIQUIDATION else Fraction(rate)
    moving = Fraction(rate) - frozen
    assert isinstance(found, LiquidationPrice)
    assert near(found.price, coins * 60_000 * (Fraction(3, 2) - frozen) / (coins * (1 + moving)))
    assert found.tier == table.tiers[0 if contracts == 20 else 1]


# --- what is not known ---------------------------------------------------------------------------------------

KNOWN: dict[str, Any] = {
    "quantity": -ONE,
    "contract_size": ONE,
    "entry_price": Decimal(60_000),
    "wallet_balance": Decimal(30_000),
    "table": one_rate("0.004"),
    "others_unrealised": Decimal(0),
    "others_maintenance": Decimal(0),
    "mark_price": Decimal(60_000),
    "requirement_at": RequirementAt.AT_MARK,
}
NAMES = {"table": "tiers"}
CAN_BE_MISSING = sorted(KNOWN.keys() - {"contract_size", "requirement_at"})


@given(st.sets(st.sampled_from(CAN_BE_MISSING), min_size=1))
def test_a_missing_input_is_named_and_never_gives_a_number(gaps: set[str]) -> None:
    found = cross(LINEAR, **{**KNOWN, **dict.fromkeys(gaps)})
    assert isinstance(found, UnknownLiquidation)
    assert set(found.missing) == {NAMES.get(name, name) for name in gaps}


def test_with_every_input_the_same_call_has_a_price() -> None:
    assert isinstance(cross(LINEAR, **KNOWN), LiquidationPrice)


def test_no_position_is_not_liquidated() -> None:
    assert isolated(LINEAR, Decimal(0), ONE, None, None, None) == NoLiquidation("no position")


def test_no_position_is_not_liquidated_whatever_is_unknown_of_its_wallet() -> None:
    found = cross(LINEAR, Decimal(0), ONE, None, None, one_rate("0.004"), others_unrealised=None)
    assert found == NoLiquidation("no position")


def test_alone_on_its_wallet_a_position_is_as_if_isolated_with_it() -> None:
    alone = cross(LINEAR, -ONE, ONE, Decimal(60_000), Decimal(30_000), one_rate("0.004"))
    assert alone == isolated(LINEAR, -ONE, ONE, Decimal(60_000), Decimal(30_000), one_rate("0.004"))


@pytest.mark.parametrize("rate", ["1", "1.5", "-0.1"])
def test_a_closing_fee_that_leaves_nothing_is_refused(rate: str) -> None:
    with pytest.raises(RequestError, match="closing_fee_rate"):
        bankruptcy(LINEAR, -ONE, ONE, Decimal(60_000), Decimal(30_000), Decimal(rate))


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("quantity", Decimal("NaN")),
        ("contract_size", Decimal(0)),
        ("contract_size", Decimal(-1)),
        ("entry_price", Decimal(0)),
        ("entry_price", Decimal("Infinity")),
        ("mark_price", Decimal(-5)),
        ("wallet_balance", Decimal("NaN")),
        ("others_unrealised", Decimal("Infinity")),
        ("others_maintenance", Decimal(-1)),
    ],
)
def test_an_impossible_input_is_refused_by_name(name: str, bad: Decimal) -> None:
    with pytest.raises(RequestError) as refused:
        cross(LINEAR, **{**KNOWN, name: bad})
    assert refused.value.key == name


@pytest.mark.parametrize("at", RequirementAt)
def test_an_impossible_entry_is_refused_by_its_own_name(at: RequirementAt) -> None:
    with pytest.raises(RequestError) as refused:
        cross(LINEAR, **{**KNOWN, "entry_price": Decimal(-1), "requirement_at": at})
    assert refused.value.key == "entry_price"


@pytest.mark.parametrize("rate", ["1", "-0.1", "NaN", "0.9999"])
def test_an_absurd_rate_is_refused(rate: str) -> None:
    with pytest.raises(RequestError, match=r"table\.tiers\.rate"):
        isolated(LINEAR, -ONE, ONE, ONE, ONE, one_rate(rate), closing_fee_rate=Decimal("0.0006"))


@given(PRICES, PRICES)
def test_a_positive_distance_is_safety_for_the_held_side(price: Decimal, mark: Decimal) -> None:
    above = distance(price, mark, "short")
    assert near(above, Fraction(price) / Fraction(mark) - 1, scale=1 + Fraction(price) / Fraction(mark))
    assert distance(price, mark, "long") == above.copy_negate()
    with pytest.raises(RequestError, match="side: expected long or short, found sell"):
        distance(price, mark, "sell")


def test_the_closing_fee_keeps_a_liquidation_in_the_tier_where_it_is() -> None:
    """At 99,000 the margin is used up by 0.4% and the fee of a tenth; without the fee it would reach the next tier."""
    tiers = (
        Tier(Decimal(0), Decimal(100_000), Decimal("0.004"), Decimal(0)),
        Tier(Decimal(100_000), None, Decimal("0.5"), Decimal(49_600)),
    )
    table = TierTable("t", "quote", tiers, 0, "t")
    margin = Decimal(99_000) * Decimal("1.104") - 60_000
    found = isolated(LINEAR, -ONE, ONE, Decimal(60_000), margin, table, closing_fee_rate=Decimal("0.1"))
    assert found == LiquidationPrice(Decimal(99_000), tiers[0])
