"""WEEX's maintenance tiers: brackets of a position's value in quote. Pure.

The rate of a bracket applies to the whole position: the venue compares the margin rate with it and tells no
deductions.

Source: https://www.weex.com/api-doc/contract/Market_API (risk limits, since 2026-09-25), and WEEX help on
margin rates
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field

from core.errors import RequestError
from core.events import AnyEvent, TiersLoaded
from core.instruments import Tier, TierTable, instrument_id
from core.tiers import check_continuity
from feeds.bodies import PLAIN, Body, NotNegative, Positive, bad_row, read_rows, rows_of
from feeds.frames import clip
from feeds.weex import facts, quotes

_MOST_BRACKETS: Final = 500

_Rate = Annotated[Decimal, PLAIN, Field(gt=0, lt=1)]


class _Bracket(Body):
    floor: NotNegative = Field(alias="notionalFloor")
    cap: Positive = Field(alias="notionalCap")
    rate: _Rate = Field(alias="maintMarginRatio")
    leverage: Positive = Field(alias="initialLeverage")


class _RiskLimits(Body):
    symbol: str
    brackets: Annotated[tuple[_Bracket, ...], Field(min_length=1, max_length=_MOST_BRACKETS)]


def tiers(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The tables of a ``riskLimits`` body; a FrameFault, and no table, for a contract whose brackets are no good; with
    a table that core will refuse, a fault that says so. Raises DecodeError for a body that is no list."""
    place = facts.TIERS_PATH
    limits, events = read_rows(
        facts.VENUE, place, rows_of(quotes.rows_in(body, place), wanted), _RiskLimits, received_ns
    )
    for each in limits:
        table = TierTable(
            instrument=instrument_id(facts.VENUE, facts.LINEAR, each.symbol),
            unit="quote",
            tiers=_rising(sorted(each.brackets, key=lambda bracket: bracket.floor)),
            as_of_ns=received_ns,
            source=place,
            whole_position=True,
        )
        events.append(TiersLoaded(received_ns=received_ns, table=table))
        try:
            check_continuity(table)
        except RequestError as error:
            detail = f"{clip(each.symbol, 40)}: {error}"
            events.append(bad_row(facts.VENUE, place, "brackets", detail, received_ns))
    return events


def _rising(brackets: Sequence[_Bracket]) -> tuple[Tier, ...]:
    """The tiers; brackets that follow one another at one rate are one, with the lowest of their leverages."""
    found: list[Tier] = []
    for bracket in brackets:
        floor, leverage = bracket.floor, bracket.leverage
        if found and (found[-1].rate, found[-1].cap) == (bracket.rate, floor):
            before = found.pop()
            floor, leverage = before.floor, min(leverage, before.maximum_leverage or leverage)
        found.append(
            Tier(floor=floor, cap=bracket.cap, rate=bracket.rate, deduction=Decimal(0), maximum_leverage=leverage)
        )
    return tuple(found)
