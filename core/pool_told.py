"""Steps of an explanation that say how a pool was valued: haircuts, legs, and the sums over them.

Nothing here is called unless somebody records.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from core.exact import ZERO
from core.explain import note

if TYPE_CHECKING:
    from core.pool import Collateral, LegValue, PoolValue


def tell_owed(collateral: Collateral, owed: Decimal) -> None:
    """Explain a debt: the amount, marked up."""
    given = {"amount": collateral.amount, "debt_weight": collateral.debt_weight}
    note(f"counted {collateral.asset}", "amount * debt_weight", owed, given, unit="coin")


def tell_counted(collateral: Collateral, total: Decimal) -> None:
    """Explain a haircut: the slice of the amount in each step, at the step's ratio."""
    amount, floors = collateral.amount, [step.floor for step in collateral.steps]
    ratios = tuple(step.ratio for step in collateral.steps)
    tops = [min(amount, top) for top in (*floors[1:], amount)]
    slices = tuple(max(ZERO, top - floor) for floor, top in zip(floors, tops, strict=True))
    name, given = f"counted {collateral.asset}", {"slices": slices, "ratios": ratios}
    if len(ratios) == 1:
        note(name, "amount * ratio", total, {"amount": amount, "ratio": ratios[0]}, unit="coin")
    else:
        note(name, "sum(slices * ratios)", total, given, unit="coin")


def tell_leg(value: LegValue) -> None:
    """Explain a leg: its value, profit and requirement, settle currency."""
    leg = value.leg
    size = {"quantity": leg.quantity, "contract_size": leg.contract.contract_size, "mark_price": value.mark_price}
    over = "*" if leg.direct else "/"
    name = leg.contract.name
    note(f"value of {name}", f"abs(quantity) * contract_size {over} mark_price", value.value, size, unit="settle")
    change = "mark_price - entry_price" if leg.direct else "1 / entry_price - 1 / mark_price"
    formula = f"quantity * contract_size * ({change})"
    note(f"unrealised profit of {name}", formula, value.profit, {**size, "entry_price": leg.entry_price}, unit="settle")
    if value.tier is None or leg.ladder is None:
        note(f"requirement of {name}", "fixed", value.requirement, {"fixed": value.requirement}, unit="settle")
        return
    note(
        f"requirement of {name}",
        "value * (rate + closing_fee_rate) - deduction + fixed_fee",
        value.requirement,
        {
            "value": value.value,
            "rate": leg.ladder.rates[value.tier],
            "closing_fee_rate": leg.fee_rate,
            "deduction": leg.ladder.deductions[value.tier],
            "fixed_fee": leg.fixed_fee,
        },
        unit="settle",
    )


def tell_pool(pool: PoolValue) -> None:
    """Explain a pool: each coin behind it, the sums, its equity and its surplus."""
    for asset, amount, price in pool.coins:
        given = {"counted": amount, "price": price}
        note(f"collateral in {asset}", "counted * price", amount * price, given, unit="pool")
    _tell_sums(pool)
    given = {"collateral": pool.collateral, "profit": pool.profit}
    note("equity", "collateral + profit", pool.equity, given, unit="pool")
    given = {"equity": pool.equity, "requirement": pool.requirement}
    note("surplus", "equity - requirement", pool.surplus, given, unit="pool")


def _tell_sums(pool: PoolValue) -> None:
    """Explain the sums of a pool, each over what it is made of."""
    parts = tuple(amount * price for _, amount, price in pool.coins)
    note("collateral", "sum(parts)", pool.collateral, {"parts": parts}, unit="pool")
    rates = tuple(leg.settle_price for leg in pool.legs)
    profits, requirements = tuple(leg.profit for leg in pool.legs), tuple(leg.requirement for leg in pool.legs)
    given = {"profits": profits, "settle_prices": rates}
    note("unrealised profit", "sum(profits * settle_prices)", pool.profit, given, unit="pool")
    given = {"requirements": requirements, "settle_prices": rates}
    note("requirement", "sum(requirements * settle_prices)", pool.requirement, given, unit="pool")
