"""Bybit's REST bodies to events: instruments and maintenance-margin tiers. Pure.

Source: https://bybit-exchange.github.io/docs/v5/market/instrument and …/v5/market/risk-limit
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

import msgspec
from pydantic import Field

from core.errors import RequestError
from core.events import AnyEvent, InstrumentListed, TiersLoaded
from core.instruments import ContractKind, Instrument, Tier, TierTable, instrument_id
from core.tiers import check_continuity
from feeds.bodies import (
    Asset,
    Body,
    MaybeFraction,
    MaybeNotNegative,
    MaybePositive,
    Positive,
    Symbol,
    Whole,
    bad_row,
    read_rows,
    rows_of,
)
from feeds.bybit import facts
from feeds.candles import open_body
from feeds.frames import clip
from feeds.venue import RestAnswer

_PER_CENT_PRODUCT: Final = 5
"""Lowest maintenance rate times highest leverage is about 0.5 where the rate is a fraction, 50 where it is in per cent
(the documentation's sample is, live answers are not)."""

_ROUNDING: Final = Decimal("1e-6")
"""The venue rounds its deductions; so much of the first tier's cap may be lost to it."""

_KINDS: Final = {"linear": ContractKind.LINEAR, "inverse": ContractKind.INVERSE, "spot": ContractKind.SPOT}


class Page(msgspec.Struct, frozen=True):
    """One page of a list: its rows still raw, and the cursor to the next page ("" at the end)."""

    rows: list[msgspec.Raw] = msgspec.field(name="list")
    category: str = ""
    cursor: str | None = msgspec.field(name="nextPageCursor", default=None)


class _Answer(msgspec.Struct, frozen=True):
    result: Page


class _Prices(Body):
    tick_size: Positive = Field(alias="tickSize")


class _Lots(Body):
    step: Positive = Field(alias="qtyStep")
    minimum: Positive = Field(alias="minOrderQty")
    maximum_limit: MaybePositive = Field(alias="maxOrderQty", default=None)
    maximum_market: MaybePositive = Field(alias="maxMktOrderQty", default=None)
    minimum_notional: MaybeNotNegative = Field(alias="minNotionalValue", default=None)


class _SpotLots(Body):
    step: Positive = Field(alias="basePrecision")
    minimum: Positive = Field(alias="minOrderQty")
    maximum_limit: MaybePositive = Field(alias="maxLimitOrderQty", default=None)
    maximum_market: MaybePositive = Field(alias="maxMarketOrderQty", default=None)
    minimum_notional: MaybeNotNegative = Field(alias="minOrderAmt", default=None)


class _Leverage(Body):
    maximum: MaybePositive = Field(alias="maxLeverage", default=None)


class _Contract(Body):
    symbol: Symbol
    contract_type: str = Field(alias="contractType")
    status: str
    base: Asset = Field(alias="baseCoin")
    quote: Asset = Field(alias="quoteCoin")
    settle: Asset = Field(alias="settleCoin")
    delivery_ms: Whole = Field(alias="deliveryTime", default=0, ge=0, lt=10**14)
    prices: _Prices = Field(alias="priceFilter")
    lots: _Lots = Field(alias="lotSizeFilter")
    leverage: _Leverage = Field(alias="leverageFilter", default=_Leverage())
    funding_minutes: Whole = Field(alias="fundingInterval", default=0, ge=0)
    funding_cap: MaybeFraction = Field(alias="upperFundingRate", default=None)
    funding_floor: MaybeFraction = Field(alias="lowerFundingRate", default=None)

    def is_in(self, market: str) -> bool:
        """False where its type is of the other category, which then was not the one asked for."""
        return not self.contract_type.lower().startswith(tuple({"linear", "inverse"} - {market}))


class _SpotPair(Body):
    symbol: Symbol
    status: str
    base: Asset = Field(alias="baseCoin")
    quote: Asset = Field(alias="quoteCoin")
    prices: _Prices = Field(alias="priceFilter")
    lots: _SpotLots = Field(alias="lotSizeFilter")


class _RiskLimit(Body):
    symbol: Symbol
    cap: Positive = Field(alias="riskLimitValue")
    rate: Positive = Field(alias="maintenanceMargin")
    maximum_leverage: Positive = Field(alias="maxLeverage")
    deduction: MaybeNotNegative = Field(alias="mmDeduction", default=None)


def page(body: bytes, place: str) -> Page:
    """The page in a REST body. Raises DecodeError for a body that holds none."""
    return open_body(facts.VENUE, place, body, _Answer).result


def instruments(
    market: str, rows: Iterable[msgspec.Raw], wanted: Collection[str] | None, received_ns: int
) -> list[AnyEvent]:
    """The instruments in rows of ``instruments-info``; a FrameFault for each that cannot be read."""
    chosen = rows_of(rows, wanted)
    listed: list[Instrument]
    if market == "spot":
        pairs, faults = read_rows(facts.VENUE, facts.INSTRUMENTS_PATH, chosen, _SpotPair, received_ns)
        listed = [_from_pair(pair) for pair in pairs]
    else:
        contracts, faults = read_rows(facts.VENUE, facts.INSTRUMENTS_PATH, chosen, _Contract, received_ns)
        faults += [_elsewhere(market, contract, received_ns) for contract in contracts if not contract.is_in(market)]
        listed = [_from_contract(market, contract) for contract in contracts if contract.is_in(market)]
    return [InstrumentListed(received_ns=received_ns, instrument=instrument) for instrument in listed] + faults


def _elsewhere(market: str, contract: _Contract, received_ns: int) -> AnyEvent:
    detail = f"{contract.symbol}: {clip(contract.contract_type, 40)}, which is not of {market}"
    return bad_row(facts.VENUE, facts.INSTRUMENTS_PATH, "contractType", detail, received_ns)


def _from_contract(market: str, contract: _Contract) -> Instrument:
    dated = contract.contract_type.endswith("Futures")
    return Instrument(
        id=instrument_id(facts.VENUE, market, contract.symbol),
        venue=facts.VENUE,
        market=market,
        symbol=contract.symbol,
        kind=_KINDS[market],
        base=contract.base,
        quote=contract.quote,
        settle=contract.settle,
        contract_size=Decimal(1),  # linear: one coin; inverse: one US dollar, in which quantities are
        tick_size=contract.prices.tick_size,
        quantity_step=contract.lots.step,
        minimum_quantity=contract.lots.minimum,
        maximum_quantity=_smaller(contract.lots.maximum_limit, contract.lots.maximum_market),
        minimum_notional=contract.lots.minimum_notional,
        maximum_leverage=contract.leverage.maximum,
        expiry_ns=contract.delivery_ms * 1_000_000 if dated else None,
        funding_interval_hours=None if dated else _whole_hours(contract.funding_minutes),
        funding_rate_cap=None if dated else contract.funding_cap,
        funding_rate_floor=None if dated else contract.funding_floor,
        status=contract.status.lower(),
    )


def _whole_hours(minutes: int) -> int | None:
    """``None`` for 0 (no funding) and for what no venue charges by."""
    return minutes // 60 if minutes and minutes % 60 == 0 else None


def _from_pair(pair: _SpotPair) -> Instrument:
    return Instrument(
        id=instrument_id(facts.VENUE, "spot", pair.symbol),
        venue=facts.VENUE,
        market="spot",
        symbol=pair.symbol,
        kind=ContractKind.SPOT,
        base=pair.base,
        quote=pair.quote,
        settle=pair.quote,
        contract_size=Decimal(1),
        tick_size=pair.prices.tick_size,
        quantity_step=pair.lots.step,
        minimum_quantity=pair.lots.minimum,
        maximum_quantity=_smaller(pair.lots.maximum_limit, pair.lots.maximum_market),
        minimum_notional=pair.lots.minimum_notional,
        status=pair.status.lower(),
    )


def _smaller(*limits: Decimal | None) -> Decimal | None:
    """The limit that holds for every type of order."""
    return min((limit for limit in limits if limit is not None), default=None)


def tiers(market: str, rows: Iterable[msgspec.Raw], wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The tier tables in rows of ``risk-limit``; a FrameFault, and no table, for a symbol whose rows are no good."""
    events: list[AnyEvent] = []
    ordered = sorted(rows_of(rows, wanted), key=lambda named: named[0])
    for symbol, group in groupby(ordered, key=lambda named: named[0]):
        limits, faults = read_rows(facts.VENUE, facts.RISK_LIMIT_PATH, group, _RiskLimit, received_ns)
        events += faults or _table(market, symbol, limits, received_ns)
    return events


def _table(market: str, symbol: str, limits: Sequence[_RiskLimit], received_ns: int) -> list[AnyEvent]:
    """The table of one symbol; with a fault where its requirement jumps between tiers, which core refuses too."""
    limits = sorted(limits, key=lambda limit: limit.cap)
    per_cent = limits[0].rate * limits[0].maximum_leverage > _PER_CENT_PRODUCT
    floors = [Decimal(0), *(limit.cap for limit in limits)]
    table = TierTable(
        instrument=instrument_id(facts.VENUE, market, symbol),
        unit="coin" if market == "inverse" else "quote",
        tiers=tuple(
            Tier(
                floor=floor,
                cap=limit.cap,
                rate=limit.rate / 100 if per_cent else limit.rate,
                deduction=limit.deduction or Decimal(0),
                maximum_leverage=limit.maximum_leverage,
            )
            for floor, limit in zip(floors, limits, strict=False)
        ),
        as_of_ns=received_ns,
        source=facts.RISK_LIMIT_PATH,
        rounding=limits[0].cap * _ROUNDING,
    )
    loaded: list[AnyEvent] = [TiersLoaded(received_ns=received_ns, table=table)]
    try:
        check_continuity(table)
    except RequestError as error:
        loaded.append(bad_row(facts.VENUE, facts.RISK_LIMIT_PATH, "mmDeduction", f"{symbol}: {error}", received_ns))
    return loaded


def events(answer: RestAnswer) -> list[AnyEvent]:
    """What a REST answer says of instruments or tiers; nothing where its category is none of ours.

    Raises DecodeError for a body that is no list.
    """
    asked = answer.parameters.get("category", "")
    if asked and asked not in _KINDS:
        return []
    found = page(answer.body, answer.path)
    market = asked or found.category or answer.market
    if market not in _KINDS:
        return []
    read = instruments if answer.path == facts.INSTRUMENTS_PATH else tiers
    return read(market, found.rows, None, answer.received_ns)
