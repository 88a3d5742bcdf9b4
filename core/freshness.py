"""Ages in nanoseconds and the freshness they mean: one reading of ``core.books.Ages`` for everything that ages."""

from __future__ import annotations

from typing import NamedTuple

from core.books import FUNDING_AGES, MARK_AGES, SPOT_AGES, Ages
from core.figures import Freshness

SECOND_NS = 1_000_000_000

SPOT_PRICE_AGES = Ages(late=MARK_AGES.stale, stale=SPOT_AGES.late, unknown=SPOT_AGES.stale)
"""Ages of a spot *price*. ``SPOT_AGES`` suits a balance, which nobody expects to move by the second; a streamed
price that stopped must not look fresh for minutes. So a price reads one step stricter: late when a mark would be
stale (10 s), stale when a balance would be late (30 s), unknown when a balance would be stale (5 min)."""

TIER_AGES = Ages(late=24 * 3600.0, stale=26 * 3600.0, unknown=7 * 24 * 3600.0)
"""Ages of a tier table: venues change them without notice, about daily."""

ACCOUNT_AGES = Ages(late=20, stale=60, unknown=120)
"""Ages of what a venue reported of a position: it is pushed on change and swept every 15 s."""


class AgesNs(NamedTuple):
    """``Ages`` in integer nanoseconds, so that comparisons on the hot path are exact and cheap."""

    late: int
    stale: int
    unknown: int


def nanoseconds(ages: Ages) -> AgesNs:
    """The same ages in nanoseconds."""
    return AgesNs(*(round(seconds * SECOND_NS) for seconds in (ages.late, ages.stale, ages.unknown)))


MARK_AGES_NS = nanoseconds(MARK_AGES)
FUNDING_AGES_NS = nanoseconds(FUNDING_AGES)
SPOT_PRICE_AGES_NS = nanoseconds(SPOT_PRICE_AGES)
TIER_AGES_NS = nanoseconds(TIER_AGES)
ACCOUNT_AGES_NS = nanoseconds(ACCOUNT_AGES)


def by_age(age_ns: int, ages: AgesNs) -> Freshness:
    """What an age means; a value becomes late, stale or unknown at the very age named."""
    if age_ns < ages.late:
        return Freshness.LIVE
    if age_ns < ages.stale:
        return Freshness.LATE
    return Freshness.STALE if age_ns < ages.unknown else Freshness.UNKNOWN
