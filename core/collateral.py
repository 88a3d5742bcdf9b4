"""What coins that back an account beside its settle currency count for: their amount after the venue's haircut."""

from __future__ import annotations

from decimal import Decimal

from core.books import Account, Collateral
from core.errors import RequestError
from core.exact import ONE, ZERO, finite
from core.pool import WeightStep


def collateral_steps(collateral: Collateral) -> tuple[WeightStep, ...]:
    """The ratios by amount as the arithmetic of pools takes them."""
    return tuple(WeightStep(floor, ratio) for floor, ratio in ratio_steps(collateral))


def ratio_steps(collateral: Collateral) -> tuple[tuple[Decimal, Decimal], ...]:
    """The ratios by amount, from zero up: one step where there is a single ratio. Raises RequestError as above."""
    steps = collateral.ratio_steps
    if (collateral.ratio is None) == (not steps):
        raise RequestError("ratio", "either one ratio or ratio_steps", "both" if steps else "neither")
    if collateral.ratio is not None:
        steps = ((ZERO, collateral.ratio),)
    for index, (floor, ratio) in enumerate(steps):
        before = steps[index - 1] if index else None
        if (before is None and floor) or (before is not None and not floor > before[0]):
            raise RequestError("ratio_steps", "amounts that start at 0 and rise", f"{floor}")
        if not ZERO <= finite("ratio_steps", ratio) <= ONE or (before is not None and ratio > before[1]):
            raise RequestError("ratio_steps", "fractions from 0 to 1 that do not rise with the amount", f"{ratio}")
    return steps


def declared_balances(account: Account) -> dict[str, Decimal]:
    """What the user says the account holds, by asset: the wallet, and the coins that back it beside. Nothing where a
    venue keeps the account and tells it."""
    if not account.paper:
        return {}
    return {account.settle: account.wallet_balance} | {item.asset: item.quantity for item in account.collateral}
