"""Random margin pools, and an oracle in fractions that values them at any prices and shares nothing with the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from core.instruments import ContractKind, Tier, TierTable
from core.margin_rules import RequirementAt
from core.pool import Collateral, Contract, Ladder, Leg, LegValue, PoolValue, WeightStep, value_leg, value_pool
from tests.core.money import decimals, profit_at, tables, taxed, value_at

LINEAR, INVERSE, QUANTO = ContractKind.LINEAR, ContractKind.INVERSE, ContractKind.QUANTO
BTC, ETH = Decimal(60_000), Decimal(3_000)
PRICES = {"BTC": BTC, "ETH": ETH, "USDT": Decimal(1)}
CONTRACTS = {
    "BTCUSDT": Contract(name="BTCUSDT", coin="BTC", kind=LINEAR, contract_size=Decimal("0.01"), settle="USDT"),
    "ETHUSDT": Contract(name="ETHUSDT", coin="ETH", kind=LINEAR, contract_size=Decimal(1), settle="USDT"),
    "BTCUSD": Contract(name="BTCUSD", coin="BTC", kind=INVERSE, contract_size=Decimal(100), settle="BTC"),
    "ETHBTC": Contract(name="ETHBTC", coin="ETH", kind=QUANTO, contract_size=Decimal("0.000001"), settle="BTC"),
}
QUANTITIES = {
    "BTCUSDT": decimals("1", "500", 0),
    "ETHUSDT": decimals("1", "200", 1),
    "BTCUSD": decimals("10", "5000", 0),
    "ETHBTC": decimals("1", "500", 0),
}


@dataclass
class Held:
    """One leg as the test knows it; the requirement is worked out by :meth:`owed`, not by the kernel."""

    contract: Contract
    quantity: Decimal
    entry: Decimal
    mark: Decimal
    table: TierTable | None
    at: RequirementAt = RequirementAt.AT_LIQUIDATION
    fee: Decimal = Decimal(0)
    fixed_fee: Decimal = Decimal(0)
    fixed: Decimal | None = None

    @property
    def units(self) -> Fraction:
        return Fraction(self.quantity) * Fraction(self.contract.contract_size)

    def value(self, price: Fraction) -> Fraction:
        return value_at(self.contract.kind, abs(self.units), price)

    def profit(self, price: Fraction) -> Fraction:
        return profit_at(self.contract.kind, self.units, Fraction(self.entry), price)

    def owed(self, price: Fraction) -> Fraction:
        if self.fixed is not None:
            return Fraction(self.fixed) + Fraction(self.fixed_fee)
        reference = {RequirementAt.AT_ENTRY: Fraction(self.entry), RequirementAt.AT_MARK: Fraction(self.mark)}
        value = self.value(reference.get(self.at, price))
        assert self.table is not None
        if self.table.whole_position or self.table.unit == "contracts":
            size = abs(Fraction(self.quantity)) if self.table.unit == "contracts" else value
            rate = next(Fraction(tier.rate) for tier in self.table.tiers if tier.cap is None or size <= tier.cap)
            base = value * rate
        else:
            base = taxed(self.table, value)
        return base + value * Fraction(self.fee) + Fraction(self.fixed_fee)

    def leg(self) -> Leg:
        return Leg(
            self.contract,
            self.quantity,
            self.entry,
            None if self.table is None else Ladder(self.table, self.contract.kind),
            requirement_at=self.at,
            fee_rate=self.fee,
            fixed_fee=self.fixed_fee,
            fixed_requirement=self.fixed,
        )

    def valued(self) -> LegValue:
        return value_leg(self.leg(), self.mark, PRICES[self.contract.settle])


@dataclass
class Pot:
    """A pool of legs and coins; amounts of the oracle are in quote."""

    legs: list[Held]
    coins: list[Collateral] = field(default_factory=list)

    def value(self) -> PoolValue:
        return value_pool(self.coins, [leg.valued() for leg in self.legs])

    def surplus(self, marks: Mapping[str, Fraction], coins: Mapping[str, Fraction], *, owed: bool = True) -> Fraction:
        """Equity less requirement with the contracts at ``marks`` and coins at ``coins``, others at present."""
        total = Fraction(0)
        for item in self.coins:
            total += counted_coins(item) * coins.get(item.asset, Fraction(item.price))
        for leg in self.legs:
            price = marks.get(leg.contract.name, Fraction(leg.mark))
            settle = coins.get(leg.contract.settle, Fraction(PRICES[leg.contract.settle]))
            total += (leg.profit(price) - (leg.owed(price) if owed else 0)) * settle
        return total

    def on_contract(self, name: str, price: Fraction, *, owed: bool = True) -> Fraction:
        return self.surplus({name: price}, {}, owed=owed)

    def on_coin(self, coin: str, price: Fraction, *, owed: bool = True) -> Fraction:
        factor = price / Fraction(PRICES[coin])
        marks = {leg.contract.name: Fraction(leg.mark) * factor for leg in self.legs if leg.contract.coin == coin}
        return self.surplus(marks, {coin: price}, owed=owed)

    def scale(self) -> Fraction:
        """A size that rounding may be measured by: everything in the pool, unsigned."""
        size = sum((abs(Fraction(item.amount * item.price)) for item in self.coins), Fraction(1))
        for leg in self.legs:
            prices = (Fraction(leg.mark), Fraction(leg.entry))
            size += sum(leg.value(price) for price in prices) * Fraction(PRICES[leg.contract.settle])
        return size


def counted_coins(item: Collateral) -> Fraction:
    """Coins after the haircut, coin by coin through the steps."""
    amount = Fraction(item.amount)
    if amount <= 0:
        return amount * Fraction(item.debt_weight)
    total, steps = Fraction(0), item.steps
    for index, step in enumerate(steps):
        top = Fraction(steps[index + 1].floor) if index + 1 < len(steps) else amount
        total += max(Fraction(0), min(top, amount) - Fraction(step.floor)) * Fraction(step.ratio)
    return total


@st.composite
def jumping(draw: st.DrawFn, unit: str) -> TierTable:
    """Tables whose rate applies to the whole position, in value or in contracts."""
    widths = draw(st.lists(decimals("1", "200000", 1), min_size=0, max_size=3))
    steps = draw(st.lists(decimals("0.001", "0.05", 3), min_size=len(widths) + 1, max_size=len(widths) + 1))
    tiers: list[Tier] = []
    floor, rate = Decimal(0), Decimal(0)
    for index, step in enumerate(steps):
        rate += step
        cap = floor + widths[index] if index < len(widths) else None
        tiers.append(Tier(floor, cap, rate, Decimal(0)))
        floor = cap if cap is not None else floor
    return TierTable("test", unit, tuple(tiers), 0, "test", whole_position=True)


@st.composite
def legs(draw: st.DrawFn, *, smooth: bool, names: tuple[str, ...] = tuple(CONTRACTS)) -> Held:
    """A leg at or near its coin's price; ``smooth`` ones have a requirement that is continuous in the price."""
    contract = CONTRACTS[draw(st.sampled_from(names))]
    price = PRICES[contract.coin]
    quantity = draw(QUANTITIES[contract.name]) * draw(st.sampled_from([1, -1]))
    entry = (price * draw(decimals("0.8", "1.25", 2))).quantize(Decimal("0.1"))
    unit = "quote" if contract.kind is LINEAR else "coin"
    plain = tables(INVERSE if unit == "coin" else LINEAR)
    held = Held(contract, quantity, entry, price, draw(plain))
    how = draw(st.sampled_from(["tiers", "tiers", "fee", "entry", "mark", "fixed", "contracts", "jumps"]))
    held.fixed_fee = draw(st.sampled_from([Decimal(0), Decimal("0.004")]))
    if how == "fee":
        held.fee = draw(decimals("0", "0.001", 5))
    elif how == "entry":
        held.at = RequirementAt.AT_ENTRY
    elif how == "mark":
        held.at = RequirementAt.AT_MARK
    elif how == "fixed":
        held.table, held.fixed = None, draw(decimals("0", "2", 3))
    elif how == "contracts":
        held.table = draw(jumping("contracts"))
    elif how == "jumps" and not smooth:
        held.table = draw(jumping(unit))
    return held


@st.composite
def pots(draw: st.DrawFn, *, smooth: bool) -> Pot:
    """Up to four legs, two of which may be of one contract, behind stable and coin collateral."""
    held = draw(st.lists(legs(smooth=smooth), min_size=1, max_size=4))
    coins = [Collateral(asset="USDT", amount=draw(decimals("-20000", "400000", 2)))]
    for asset in ("BTC", "ETH"):
        amount = draw(decimals("-1", "6", 3))
        steps = draw(
            st.sampled_from(
                [
                    (WeightStep(Decimal(0), Decimal(1)),),
                    (WeightStep(Decimal(0), Decimal("0.9")),),
                    (WeightStep(Decimal(0), Decimal("0.95")), WeightStep(Decimal(2), Decimal("0.8"))),
                ]
            )
        )
        weight = draw(st.sampled_from([Decimal(1), Decimal("1.05")]))
        coins.append(Collateral(asset=asset, amount=amount, price=PRICES[asset], steps=steps, debt_weight=weight))
    return Pot(held, coins)
