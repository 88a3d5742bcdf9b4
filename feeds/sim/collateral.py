"""What the coins of a unified account count for as margin: the venue's collateral ratios, tiered by amount, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from core.exact import ZERO, exactly
from core.pool import WeightStep

Ratios = Mapping[str, tuple[WeightStep, ...]]
"""By asset; each step's ratio holds for the coins from its floor up to the next one's."""


def _steps(*steps: tuple[str, str]) -> tuple[WeightStep, ...]:
    return tuple(WeightStep(Decimal(floor), Decimal(ratio)) for floor, ratio in steps)


WHOLE = _steps(("0", "1"))
"""Of an asset without a haircut."""

BYBIT_RATIOS: Ratios = {
    "USDT": WHOLE,
    "USDC": WHOLE,
    "BTC": _steps(("0", "0.95"), ("500", "0.9"), ("2000", "0.8")),
    "ETH": _steps(("0", "0.9"), ("5000", "0.85"), ("25000", "0.7")),
    "SOL": _steps(("0", "0.85"), ("50000", "0.7")),
    "DOGE": _steps(("0", "0.7"), ("5000000", "0.5"), ("50000000", "0")),
}


@exactly
def haircut(amount: Decimal, steps: Sequence[WeightStep]) -> Decimal:
    """How many coins of ``amount`` do not count; a debt (negative) counts whole."""
    lost = ZERO
    for step, following in pairwise((*steps, None)):
        assert step is not None
        top = amount if following is None else min(amount, following.floor)
        if top > step.floor:
            lost += (top - step.floor) * (1 - step.ratio)
    return lost
