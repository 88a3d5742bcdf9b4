"""Binance's maintenance-margin tiers to events: ``leverageBracket``, which only a key may ask for. Pure.

USDⓈ-M tiers are by notional in quote, COIN-M tiers by notional in the coin. Caps are those of the account, already
multiplied by its ``notionalCoef``.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api/Notional-and-Leverage-Brackets
and .../coin-margined-futures/account/rest-api/Notional-Bracket-for-Symbol
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Final

from pydantic import AliasChoices, Field

from core.errors import RequestError
from core.events import AnyEvent, TiersLoaded
from core.instruments import Tier, TierTable, instrument_id
from core.tiers import check_continuity
from feeds.binance import facts
from feeds.binance.products import PRODUCTS, Product
from feeds.binance.reference import rows_in
from feeds.bodies import Body, Fraction, NotNegative, Positive, Symbol, bad_row, read_rows, rows_of

_ROUNDING: Final = Decimal("1e-6")
"""The venue rounds ``cum``; so much of the first tier's cap may be lost to it."""


class _Bracket(Body):
    """COIN-M names the bounds by quantity, and misspells one."""

    floor: NotNegative = Field(validation_alias=AliasChoices("notionalFloor", "qtylFloor", "qtyFloor"))
    cap: Positive = Field(validation_alias=AliasChoices("notionalCap", "qtyCap"))
    rate: Fraction = Field(alias="maintMarginRatio")
    deduction: NotNegative = Field(alias="cum")
    maximum_leverage: Positive = Field(alias="initialLeverage")


class _Brackets(Body):
    symbol: Symbol
    brackets: list[_Bracket] = Field(min_length=1)


def tiers(market: str, body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The tier tables of a ``leverageBracket`` body; a FrameFault, and no table, where one is no good.

    Raises DecodeError for a body that is no list.
    """
    product = PRODUCTS[market]
    place = product.tiers
    rows, faults = read_rows(facts.VENUE, place, rows_of(rows_in(body, place), wanted), _Brackets, received_ns)
    return [event for row in rows for event in _table(product, row, received_ns)] + faults


def _table(product: Product, row: _Brackets, received_ns: int) -> list[AnyEvent]:
    """The table of one symbol; with a fault where its requirement jumps between tiers, which core refuses too."""
    brackets = sorted(row.brackets, key=lambda bracket: bracket.floor)
    table = TierTable(
        instrument=instrument_id(facts.VENUE, product.market, row.symbol),
        unit=product.tier_unit,
        tiers=tuple(
            Tier(
                floor=bracket.floor,
                cap=bracket.cap,
                rate=bracket.rate,
                deduction=bracket.deduction,
                maximum_leverage=bracket.maximum_leverage,
            )
            for bracket in brackets
        ),
        as_of_ns=received_ns,
        source=product.tiers,
        rounding=brackets[0].cap * _ROUNDING,
    )
    loaded: list[AnyEvent] = [TiersLoaded(received_ns=received_ns, table=table)]
    try:
        check_continuity(table)
    except RequestError as error:
        loaded.append(bad_row(facts.VENUE, product.tiers, "cum", f"{row.symbol}: {error}", received_ns))
    return loaded
