"""Why this number: every figure of the snapshot with its formula, inputs, steps and sources.

One module for each subject enters its figures into the register of :mod:`core.why.place`; :class:`Explainer` answers
for a path. Nothing here computes a figure anew by other means: inputs are figures of the same snapshot, formulas those
that the arithmetic functions carry, steps what those functions record.
"""

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
from core.why.explainer import Explainer, explain, nearest_path, paths
from core.why.place import FACTS
from core.why.sources import Sources

__all__ = ["FACTS", "Explainer", "Sources", "explain", "nearest_path", "paths"]

SUBJECTS = (
    account, alerts, bag, ends, funding, hedge, likelihood, liquidation, margin, markets, orders, totals,
)  # fmt: skip
"""The modules whose figures are in the register: a new subject is entered here."""
