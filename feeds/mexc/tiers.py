"""MEXC's maintenance tiers: levels that count contracts, listed or worked out from a base and a step. Pure.

The rate of a level applies to the whole position; there are no deductions.

Source: https://www.mexc.com/api-docs/futures/market-endpoints (contract detail)
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from core.errors import RequestError
from core.events import AnyEvent, TiersLoaded
from core.instruments import Tier, TierTable, instrument_id
from core.tiers import check_continuity
from feeds.bodies import bad_row
from feeds.fields import Fields
from feeds.mexc import envelope, facts
from feeds.mexc.envelope import positive
from feeds.mexc.state import market_of

_MOST_LEVELS: Final = 500


def tiers(instrument: str, symbol: str, detail: Fields, received_ns: int) -> list[AnyEvent]:
    """The tiers of a row of ``detail``; a fault, and no table, where they are no good or count something else."""
    place = facts.DETAIL_PATH
    kind = detail.shown("riskLimitType")
    if kind not in ("", "BY_VOLUME"):
        why = f"{symbol}: expected BY_VOLUME, found {kind}: not used"
        return [bad_row(facts.VENUE, place, "riskLimitType", why, received_ns)]
    listed = detail.array("riskLimitCustom") if detail.is_array("riskLimitCustom") else None
    found = _listed(place, listed, detail) if listed else _stepped(detail)
    if detail.bad or not found:
        return envelope.faulty(place, symbol, detail, received_ns)
    return _checked(place, symbol, _table(instrument, place, found, received_ns), received_ns)


def _listed(place: str, rows: Sequence[msgspec.Raw], detail: Fields) -> list[Tier]:
    """Levels as the venue lists them."""
    found: list[Tier] = []
    floor = Decimal(0)
    levels = sorted((envelope.row(place, raw) for raw in rows[:_MOST_LEVELS]), key=lambda row: row.whole("level") or 0)
    for row in levels:
        cap, rate, leverage = positive(row, "maxVol"), row.rate("mmr"), positive(row, "maxLeverage")
        if cap is None or rate is None or row.bad:
            detail.bad += [(f"riskLimitCustom.{name}", why) for name, why in row.bad]
            return []
        found.append(Tier(floor=floor, cap=cap, rate=rate, deduction=Decimal(0), maximum_leverage=leverage))
        floor = cap
    return found


def _stepped(detail: Fields) -> list[Tier]:
    """Levels from a base and a step: level k holds up to ``riskBaseVol + (k − 1) · riskIncrVol`` contracts."""
    base, rate, initial = (
        positive(detail, "riskBaseVol"),
        detail.rate("maintenanceMarginRate"),
        detail.rate("initialMarginRate"),
    )
    count = (detail.whole("riskLevelLimit") or 1) if "riskLevelLimit" in detail else 1
    if base is None or rate is None or initial is None:
        return []
    step = rate_step = initial_step = Decimal(0)
    if count > 1:
        step, rate_step = detail.size("riskIncrVol") or Decimal(0), detail.rate("riskIncrMmr") or Decimal(0)
        initial_step = detail.rate("riskIncrImr") or Decimal(0)
    if count > 1 and not (step and rate_step):  # the rate is the same up to the end
        base, count = base + (count - 1) * step, 1
    highest = positive(detail, "maxLeverage") if "maxLeverage" in detail else None
    floor, found = Decimal(0), []
    for level in range(min(count, _MOST_LEVELS)):
        cap = base + level * step
        leverage = _leverage(initial + level * initial_step, highest)
        found.append(
            Tier(floor=floor, cap=cap, rate=rate + level * rate_step, deduction=Decimal(0), maximum_leverage=leverage)
        )
        floor = cap
    return [tier for tier in found if tier.rate < 1]


def _leverage(initial_rate: Decimal, highest: Decimal | None) -> Decimal | None:
    """The highest leverage at an initial margin rate, rounded down to a whole one where it is above 1."""
    if initial_rate <= 0:
        return highest
    allowed = 1 / initial_rate
    allowed = Decimal(int(allowed)) if allowed > 1 else allowed
    return allowed if highest is None else min(allowed, highest)


def _table(instrument: str, source: str, found: Sequence[Tier], received_ns: int) -> TierTable:
    return TierTable(
        instrument=instrument,
        unit="contracts",
        tiers=tuple(found),
        as_of_ns=received_ns,
        source=source,
        whole_position=True,
    )


def _checked(place: str, symbol: str, table: TierTable, received_ns: int) -> list[AnyEvent]:
    """The table; with a fault where its levels do not follow one another, which core refuses too."""
    loaded: list[AnyEvent] = [TiersLoaded(received_ns=received_ns, table=table)]
    try:
        check_continuity(table)
    except RequestError as error:
        loaded.append(bad_row(facts.VENUE, place, "riskLimit", f"{symbol}: {error}", received_ns))
    return loaded


def account_tiers(body: bytes, received_ns: int) -> list[AnyEvent]:
    """The level that an account stands on in each contract.

    Only the first tells a table: of the others, what lies below is not in it. Raises VenueError and DecodeError.
    """
    place = facts.RISK_LIMIT_PATH
    events: list[AnyEvent] = []
    by_symbol = envelope.objects(place, envelope.data(place, body))
    for symbol, raw in by_symbol.items():
        rows = envelope.rows(place, raw)
        read = {
            (row.whole("level"), positive(row, "maxVol"), row.rate("mmr"), positive(row, "maxLeverage")) for row in rows
        }
        bad = [fault for row in rows for fault in envelope.faulty(place, symbol, row, received_ns)]
        if bad or len(read) != 1:
            events += bad or [
                bad_row(facts.VENUE, place, "level", f"{symbol}: long and short stand on different levels", received_ns)
            ]
            continue
        level, cap, rate, leverage = read.pop()
        if level != 1 or cap is None or rate is None:
            why = f"{symbol}: level {level} does not tell of those below"
            events.append(bad_row(facts.VENUE, place, "level", why, received_ns))
            continue
        tier = Tier(floor=Decimal(0), cap=cap, rate=rate, deduction=Decimal(0), maximum_leverage=leverage)
        instrument = instrument_id(facts.VENUE, market_of(symbol), symbol)
        events += _checked(place, symbol, _table(instrument, place, [tier], received_ns), received_ns)
    return events
