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
    profit,
    scenarios,
    top_up,
    totals,
)

SUBJECTS = (
    account, alerts, bag, ends, funding, hedge, likelihood, liquidation, margin, markets, orders, profit,
    scenarios, top_up, totals,
)  # fmt: skip
