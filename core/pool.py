"""What backs what: collateral and positions that share one equity and one maintenance requirement, valued exactly.

A pool is the unit that a venue liquidates: the cross positions of an account with the coins behind them, or one
isolated position with its own margin. Every amount of a pool is in the pool's currency: the quote (USDT, or USD at
par, for linear and multi-asset accounts), or the settle coin of a coin-margined account.

Write ``v`` for a position's value in its settle currency (linear ``|q|·P``, inverse ``N/P``). Its profit and its
requirement are straight lines in ``v`` within a maintenance tier::

    profit      = p0 + p1·v/v_now        linear: p0 = −e·E, p1 =  e·P_now      (e: signed coins)
                                         inverse: p0 = e/E, p1 = −e/P_now      (e: signed quote)
    requirement = v·(rate + fee) − deduction

so that one walk over tier boundaries finds every liquidation price exactly (:mod:`core.pool_liquidation`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from itertools import pairwise

import msgspec

from core.errors import RequestError
from core.exact import CONTEXT, ONE, ZERO, exactly, finite, nonzero, not_negative, positive
from core.explain import is_recording
from core.instruments import ContractKind, Tier, TierTable
from core.margin import TIER_UNIT
from core.margin_rules import RequirementAt
from core.pool_told import tell_counted, tell_leg, tell_owed, tell_pool


class Ladder:
    """A maintenance table made ready for looking up: caps, rates and deductions side by side.

    ``jumps`` is true where the requirement does not go on at some floor where it left off, and ``rising`` where each
    rate is above the one before. ``highest_rate`` is 1 where one of them is no fraction.
    """

    __slots__ = (
        "bounds",
        "by_contracts",
        "caps",
        "deductions",
        "floors",
        "highest_rate",
        "jumps",
        "rates",
        "rising",
        "table",
    )

    def __init__(self, table: TierTable, kind: ContractKind) -> None:
        """Raises RequestError for a table that does not begin at zero, or whose unit does not fit ``kind``."""
        if not table.tiers or table.tiers[0].floor:
            found = str(table.tiers[0].floor) if table.tiers else "no tier"
            raise RequestError("table.tiers", "a first tier with a floor of 0", found)
        self.by_contracts = table.unit == "contracts"
        if not self.by_contracts and TIER_UNIT.get(kind) != table.unit:
            raise RequestError("table.unit", f"{TIER_UNIT.get(kind, 'no table')} for {kind} contracts", table.unit)
        self.table = table
        self.floors = tuple(tier.floor for tier in table.tiers)
        self.caps = tuple(tier.cap for tier in table.tiers)
        self.rates = tuple(tier.rate for tier in table.tiers)
        self.deductions = tuple(tier.deduction for tier in table.tiers)
        sound = all(rate.is_finite() and ZERO <= rate < ONE for rate in self.rates)
        self.highest_rate = max(self.rates) if sound else ONE
        self.bounds = [cap for cap in self.caps if cap is not None]
        self.rising = all(low < high for low, high in pairwise(self.rates))
        with localcontext(CONTEXT):
            self.jumps = any(
                tier.floor * (tier.rate - before.rate) != tier.deduction - before.deduction
                for before, tier in pairwise(table.tiers)
            )

    def find(self, size: Decimal) -> int:
        """The index of the tier with ``floor < size <= cap``; RequestError for a size above the last cap."""
        index = bisect_left(self.bounds, size)
        if index == len(self.caps):
            raise RequestError("notional", f"at most {self.caps[-1]}, the last tier's cap", str(size))
        return index

    def tier(self, index: int) -> Tier:
        """The tier at an index."""
        return self.table.tiers[index]


class WeightStep(msgspec.Struct, frozen=True):
    """Coins above ``floor`` (up to the next step's) count with ``ratio``, the venue's collateral value ratio."""

    floor: Decimal
    ratio: Decimal


class Collateral(msgspec.Struct, frozen=True, kw_only=True):
    """Coins that back a pool: ``amount`` without unrealised profit, at ``price`` in the pool's currency per coin.

    ``steps`` weigh a positive amount piece by piece; a debt (negative amount) counts at ``debt_weight`` of its worth,
    1 or more where the venue marks debts up.
    """

    asset: str
    amount: Decimal
    price: Decimal = ONE
    steps: tuple[WeightStep, ...] = (WeightStep(ZERO, ONE),)
    debt_weight: Decimal = ONE


@exactly
def counted(collateral: Collateral) -> Decimal:
    """How many coins of a collateral count after its haircut (a debt: how many are owed, marked up).

    Raises RequestError for steps that do not start at 0, do not rise, or a ratio outside 0 … 1.
    """
    amount = finite("collateral.amount", collateral.amount)
    if amount <= 0:
        owed = amount * positive("collateral.debt_weight", collateral.debt_weight)
        if is_recording():
            tell_owed(collateral, owed)
        return owed
    floors = [step.floor for step in collateral.steps]
    if not floors or floors[0] != 0 or any(low >= high for low, high in pairwise(floors)):
        raise RequestError("collateral.steps", "steps that start at 0 and rise", ", ".join(map(str, floors)) or "none")
    total = ZERO
    for index, step in enumerate(collateral.steps):
        if not 0 <= finite("collateral.ratio", step.ratio) <= 1:
            raise RequestError("collateral.ratio", "a fraction from 0 to 1", str(step.ratio))
        top = floors[index + 1] if index + 1 < len(floors) else amount
        total += max(ZERO, min(amount, top) - step.floor) * step.ratio
    if is_recording():
        tell_counted(collateral, total)
    return total


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """What the arithmetic needs to know of a contract: ``coin`` is the one whose price moves it."""

    name: str
    coin: str
    kind: ContractKind
    contract_size: Decimal
    settle: str


class Leg:
    """One position of a pool, ready to be valued at any mark price.

    ``quantity`` signed in the order unit, ``entry_price`` quote per coin. The requirement is that of the ``ladder``
    at ``requirement_at``, with ``fee_rate`` of the value on top of the rate and ``fixed_fee`` (settle currency) on top
    of it all; or ``fixed_requirement`` (settle currency), which no price moves. Raises RequestError for impossible
    numbers, and where neither a ladder nor a fixed requirement is given.
    """

    __slots__ = (
        "amount",
        "at_entry",
        "base",
        "contract",
        "direct",
        "entry_price",
        "fee_rate",
        "fixed_fee",
        "fixed_requirement",
        "ladder",
        "leverage",
        "quantity",
        "requirement_at",
    )

    @exactly
    def __init__(
        self,
        contract: Contract,
        quantity: Decimal,
        entry_price: Decimal,
        ladder: Ladder | None,
        *,
        leverage: Decimal = ONE,
        requirement_at: RequirementAt = RequirementAt.AT_LIQUIDATION,
        fee_rate: Decimal = ZERO,
        fixed_fee: Decimal = ZERO,
        fixed_requirement: Decimal | None = None,
    ) -> None:
        self.contract, self.ladder, self.requirement_at = contract, ladder, requirement_at
        self.quantity, self.entry_price = nonzero("quantity", quantity), positive("entry_price", entry_price)
        self.leverage = positive("leverage", leverage)
        self.fee_rate, self.fixed_fee = not_negative("fee_rate", fee_rate), not_negative("fixed_fee", fixed_fee)
        self.direct = contract.kind is not ContractKind.INVERSE
        self.amount = quantity * positive("contract_size", contract.contract_size)
        self.base = -self.amount * entry_price if self.direct else self.amount / entry_price
        self.fixed_requirement = fixed_requirement
        if fixed_requirement is None and ladder is None:
            raise RequestError("tiers", "maintenance tiers or a fixed requirement", "none")
        if ladder is not None:
            _check_rates(ladder, fee_rate)
        if ladder is not None and fixed_requirement is None and requirement_at is RequirementAt.AT_ENTRY:
            self.fixed_requirement = self._requirement(ladder, abs(self.base))

    def _requirement(self, ladder: Ladder, value: Decimal) -> Decimal:
        tier = ladder.find(abs(self.quantity) if ladder.by_contracts else value)
        return value * (ladder.rates[tier] + self.fee_rate) - ladder.deductions[tier]


def _check_rates(ladder: Ladder, fee_rate: Decimal) -> None:
    if ladder.highest_rate + fee_rate < ONE:
        return
    for rate in ladder.rates:
        if not 0 <= finite("table.tiers.rate", rate) + fee_rate < ONE:
            raise RequestError("table.tiers.rate", "rate and closing fee below 1 together", str(rate + fee_rate))


class LegValue:
    """A leg at its mark price. Amounts in the leg's settle currency; ``settle_price`` turns them into the pool's.

    ``value`` is the unsigned notional, ``profit`` the unrealised profit, ``requirement`` the maintenance margin with
    what the venue adds to it. ``surplus`` is what the leg adds to the pool's, in the pool's currency. ``tier`` is the
    index of the tier, ``None`` for a requirement that has none.
    """

    __slots__ = ("leg", "mark_price", "profit", "requirement", "settle_price", "slope", "surplus", "tier", "value")

    def __init__(self, leg: Leg, mark_price: Decimal, settle_price: Decimal) -> None:
        self.leg, self.mark_price, self.settle_price = leg, mark_price, settle_price
        amount, ladder = leg.amount, leg.ladder
        self.slope = amount * mark_price if leg.direct else -amount / mark_price
        self.value = value = abs(self.slope)
        self.profit = leg.base + self.slope
        self.tier: int | None = None
        if leg.fixed_requirement is not None:
            self.requirement = leg.fixed_requirement + leg.fixed_fee
        else:
            assert ladder is not None
            self.tier = tier = ladder.find(abs(leg.quantity) if ladder.by_contracts else value)
            self.requirement = value * (ladder.rates[tier] + leg.fee_rate) - ladder.deductions[tier] + leg.fixed_fee
        self.surplus = (self.profit - self.requirement) * settle_price

    @property
    @exactly
    def initial_margin(self) -> Decimal:
        """Value at mark ÷ leverage, settle currency."""
        return self.value / self.leg.leverage


class PoolValue:
    """A pool at present prices. Amounts in the pool's currency.

    ``collateral`` is what the coins count for after haircuts, ``equity`` = collateral + unrealised profit,
    ``surplus`` = equity − requirement: at zero or below the pool is liquidated. ``coins`` are (asset, counted coins,
    price) of each collateral.
    """

    __slots__ = (
        "by_coin",
        "by_contract",
        "by_settle",
        "coins",
        "collateral",
        "equity",
        "legs",
        "profit",
        "requirement",
        "surplus",
    )

    def __init__(self, coins: Sequence[tuple[str, Decimal, Decimal]], legs: Sequence[LegValue]) -> None:
        self.coins, self.legs = tuple(coins), tuple(legs)
        self.by_contract: dict[str, list[LegValue]] = {}
        self.by_coin: dict[str, list[LegValue]] = {}
        self.by_settle: dict[str, list[LegValue]] = {}
        for leg in self.legs:
            contract = leg.leg.contract
            self.by_contract.setdefault(contract.name, []).append(leg)
            self.by_coin.setdefault(contract.coin, []).append(leg)
            self.by_settle.setdefault(contract.settle, []).append(leg)
        collateral = profit = requirement = ZERO
        for _, coins_counted, price in self.coins:
            collateral += coins_counted * price
        for leg in self.legs:
            rate = leg.settle_price
            if rate == 1:
                profit += leg.profit
                requirement += leg.requirement
            else:
                profit += leg.profit * rate
                requirement += leg.requirement * rate
        self.collateral, self.profit, self.requirement = collateral, profit, requirement
        self.equity = collateral + profit
        self.surplus = self.equity - requirement

    @property
    @exactly
    def initial_margin(self) -> Decimal:
        """Sum of values at mark ÷ leverage, pool currency."""
        return sum((leg.initial_margin * leg.settle_price for leg in self.legs), ZERO)


@exactly
def value_leg(leg: Leg, mark_price: Decimal, settle_price: Decimal = ONE) -> LegValue:
    """A leg at ``mark_price`` (quote per coin), with ``settle_price`` in the pool's currency per settle unit.

    Raises RequestError for prices that are not above zero and for a value above the last tier.
    """
    value = LegValue(leg, positive("mark_price", mark_price), positive("settle_price", settle_price))
    if is_recording():
        tell_leg(value)
    return value


@exactly
def value_pool(collateral: Iterable[Collateral], legs: Iterable[LegValue]) -> PoolValue:
    """A pool of collateral and legs at the prices they carry."""
    coins = [(item.asset, counted(item), positive("collateral.price", item.price)) for item in collateral]
    pool = PoolValue(coins, list(legs))
    if is_recording():
        tell_pool(pool)
    return pool
