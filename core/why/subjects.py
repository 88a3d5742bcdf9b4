"""All that can be told: importing this fills the register. A new subject is entered here."""

from __future__ import annotations

from core.why import (
    account,
    alerts,
    bag,
    ends,
    funding,
    hedge,
    likelihood,
    liquidation,
    margin,
    markets,
    orders,
    totals,
)

SUBJECTS = (
    account, alerts, bag, ends, funding, hedge, likelihood, liquidation, margin, markets, orders, totals,
)  # fmt: skip
