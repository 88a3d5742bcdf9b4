"""BingX's REST bodies about instruments and maintenance margin to events. Pure.

Source: https://bingx-api.github.io/docs-v3 (USDT-M Perp Futures symbols, Contract Information, Position and Maintenance
Margin Ratio). ``size`` of a USDT-margined contract is obsolete: quantities are in the coin. ``minTickSize`` of a
coin-margined one is what a contract is worth in US dollars, and no step of its price.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Final

import msgspec
from pydantic import AfterValidator, BeforeValidator, Field

from core.errors import RequestError
from core.events import AnyEvent, InstrumentListed, Ticker, TiersLoaded
from core.instruments import ContractKind, Instrument, Tier, TierTable, instrument_id
from core.tiers import check_continuity
from feeds.bingx import facts
from feeds.bingx.envelope import data, objects, rows
from feeds.bodies import (
    Asset,
    Body,
    MaybePositive,
    NotNegative,
    Positive,
    Symbol,
    Whole,
    bad_row,
    read_rows,
    rows_of,
)
from feeds.fields import Fields

_ROUNDING: Final = Decimal("1e-6")
"""The venue prints its deductions rounded; so much of the first tier's cap may be lost to it."""


def _zero_as_none(value: object) -> object:
    return None if value in ("", 0, "0") else value


Digits = Annotated[Whole, Field(ge=0, le=18)]
Rate = Annotated[Decimal, Field(gt=0, lt=1)]
Leverage = Annotated[Positive | None, BeforeValidator(_zero_as_none)]


class Terms(msgspec.Struct, frozen=True):
    """How a contract is charged funding: every so many hours, at a rate between floor and cap."""

    hours: int | None
    cap: Decimal | None
    floor: Decimal | None


def _both_coins(symbol: str) -> str:
    base, _, quote = symbol.rpartition("-")
    if not base or not quote:
        raise ValueError("two coins joined by - are expected")
    return symbol


_Symbol = Annotated[Symbol, AfterValidator(_both_coins)]


class _Contract(Body):
    symbol: _Symbol
    price_digits: Digits = Field(alias="pricePrecision")
    quantity_digits: Digits = Field(alias="quantityPrecision")
    minimum: MaybePositive = Field(alias="tradeMinQuantity", default=None)
    minimum_notional: MaybePositive = Field(alias="tradeMinUSDT", default=None)
    long_leverage: Leverage = Field(alias="maxLongLeverage", default=None)
    short_leverage: Leverage = Field(alias="maxShortLeverage", default=None)
    settle: Asset = Field(alias="currency")
    base: Asset = Field(alias="asset")
    status: Whole
    opens: str = Field(alias="apiStateOpen", default="true")


class _InverseContract(Body):
    symbol: _Symbol
    price_digits: Digits = Field(alias="pricePrecision")
    face: Positive = Field(alias="minTickSize")
    minimum: Positive = Field(alias="minQty")
    minimum_notional: MaybePositive = Field(alias="minTradeValue", default=None)
    status: Whole


class _Pair(Body):
    symbol: _Symbol
    tick_size: Positive = Field(alias="tickSize")
    step: Positive = Field(alias="stepSize")
    minimum: MaybePositive = Field(alias="minQty", default=None)
    maximum: MaybePositive = Field(alias="maxQty", default=None)
    minimum_notional: MaybePositive = Field(alias="minNotional", default=None)
    status: Whole


class _Tier(Body):
    symbol: _Symbol
    floor: NotNegative = Field(alias="minPositionVal")
    cap: MaybePositive = Field(alias="maxPositionVal")
    rate: Rate = Field(alias="maintMarginRatio")
    deduction: NotNegative = Field(alias="maintAmount")


def contracts(
    body: bytes, wanted: Collection[str] | None, received_ns: int, terms: Mapping[str, Terms] | None = None
) -> list[AnyEvent]:
    """USDT-margined contracts, with their funding terms where known. Raises DecodeError for a body that is no list."""
    place = facts.CONTRACTS_PATH
    chosen = rows_of(rows(data(body, place), place), wanted)
    found, faults = read_rows(facts.VENUE, place, chosen, _Contract, received_ns)
    return [_listed(_linear(row, (terms or {}).get(row.symbol)), received_ns) for row in found] + faults


def _linear(row: _Contract, terms: Terms | None) -> Instrument:
    step = Decimal(1).scaleb(-row.quantity_digits)
    leverages = [limit for limit in (row.long_leverage, row.short_leverage) if limit is not None]
    shut = row.status == 1 and row.opens != "true"
    return Instrument(
        id=instrument_id(facts.VENUE, facts.LINEAR, row.symbol),
        venue=facts.VENUE,
        market=facts.LINEAR,
        symbol=row.symbol,
        kind=ContractKind.LINEAR,
        base=row.base,
        quote=row.symbol.rpartition("-")[2],
        settle=row.settle,
        contract_size=Decimal(1),
        tick_size=Decimal(1).scaleb(-row.price_digits),
        quantity_step=step,
        minimum_quantity=row.minimum or step,
        minimum_notional=row.minimum_notional,
        maximum_leverage=min(leverages, default=None),
        funding_interval_hours=None if terms is None else terms.hours,
        funding_rate_cap=None if terms is None else terms.cap,
        funding_rate_floor=None if terms is None else terms.floor,
        status="no opening" if shut else _status(row.status),
    )


def inverse_contracts(
    body: bytes, wanted: Collection[str] | None, received_ns: int, terms: Mapping[str, Terms] | None = None
) -> list[AnyEvent]:
    """Coin-margined contracts. Raises DecodeError for a body that is no list."""
    place = facts.INVERSE_CONTRACTS_PATH
    chosen = rows_of(rows(data(body, place), place), wanted)
    found, faults = read_rows(facts.VENUE, place, chosen, _InverseContract, received_ns)
    return [_listed(_inverse(row, (terms or {}).get(row.symbol)), received_ns) for row in found] + faults


def _inverse(row: _InverseContract, terms: Terms | None) -> Instrument:
    base, _, quote = row.symbol.rpartition("-")
    return Instrument(
        id=instrument_id(facts.VENUE, facts.INVERSE, row.symbol),
        venue=facts.VENUE,
        market=facts.INVERSE,
        symbol=row.symbol,
        kind=ContractKind.INVERSE,
        base=base,
        quote=quote,
        settle=base,
        contract_size=row.face,
        tick_size=Decimal(1).scaleb(-row.price_digits),
        quantity_step=Decimal(1),
        minimum_quantity=row.minimum,
        minimum_notional=row.minimum_notional,
        funding_interval_hours=None if terms is None else terms.hours,
        status=_status(row.status),
    )


def pairs(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """Spot pairs. Raises DecodeError for a body that is no list."""
    place = facts.SPOT_SYMBOLS_PATH
    chosen = rows_of(rows(data(body, place), place, "symbols", alone=False), wanted)
    found, faults = read_rows(facts.VENUE, place, chosen, _Pair, received_ns)
    return [_listed(_spot(row), received_ns) for row in found] + faults


def _spot(row: _Pair) -> Instrument:
    base, _, quote = row.symbol.rpartition("-")
    return Instrument(
        id=instrument_id(facts.VENUE, facts.SPOT, row.symbol),
        venue=facts.VENUE,
        market=facts.SPOT,
        symbol=row.symbol,
        kind=ContractKind.SPOT,
        base=base,
        quote=quote,
        settle=quote,
        contract_size=Decimal(1),
        tick_size=row.tick_size,
        quantity_step=row.step,
        minimum_quantity=row.minimum or row.step,
        maximum_quantity=row.maximum,
        minimum_notional=row.minimum_notional,
        status=_status(row.status),
    )


def _listed(instrument: Instrument, received_ns: int) -> AnyEvent:
    return InstrumentListed(received_ns=received_ns, instrument=instrument)


def _status(code: int) -> str:
    return facts.CONTRACT_STATES.get(code, f"status {code}")


def funding_terms(body: bytes, place: str, told: Iterable[AnyEvent]) -> dict[str, Terms]:
    """The terms by symbol, of a premium index and of what was read of it. Raises DecodeError for what is no list."""
    hours = {
        event.instrument.rpartition(":")[2]: event.funding_interval_hours for event in told if isinstance(event, Ticker)
    }
    terms: dict[str, Terms] = {}
    for content in objects(rows(data(body, place), place), place):
        fields = Fields(content)
        symbol = fields.shown("symbol")
        if symbol not in hours:
            continue
        cap, floor = (
            fields.rate(name) if name in fields and fields.shown(name) else None
            for name in ("maxFundingRate", "minFundingRate")
        )
        terms[symbol] = Terms(hours[symbol], cap, floor)
    return terms


def tiers(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The tier tables of a body; a FrameFault, and no table, for a symbol whose rows are no good.

    Raises DecodeError for a body that is no list.
    """
    place = facts.TIERS_PATH
    events: list[AnyEvent] = []
    chosen = sorted(rows_of(rows(data(body, place), place), wanted), key=lambda named: named[0])
    for symbol, group in groupby(chosen, key=lambda named: named[0]):
        found, faults = read_rows(facts.VENUE, place, group, _Tier, received_ns)
        events += faults or _table(symbol, sorted(found, key=lambda tier: tier.floor), received_ns)
    return events


def _table(symbol: str, found: Sequence[_Tier], received_ns: int) -> list[AnyEvent]:
    """The table of one symbol; with a fault where its requirement jumps between tiers, which core refuses too."""
    table = TierTable(
        instrument=instrument_id(facts.VENUE, facts.LINEAR, symbol),
        unit="quote",
        tiers=tuple(Tier(floor=row.floor, cap=row.cap, rate=row.rate, deduction=row.deduction) for row in found),
        as_of_ns=received_ns,
        source=facts.TIERS_PATH,
        rounding=(found[0].cap or Decimal(0)) * _ROUNDING,
    )
    loaded: list[AnyEvent] = [TiersLoaded(received_ns=received_ns, table=table)]
    try:
        check_continuity(table)
    except RequestError as error:
        loaded.append(bad_row(facts.VENUE, facts.TIERS_PATH, "maintAmount", f"{symbol}: {error}", received_ns))
    return loaded
