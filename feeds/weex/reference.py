"""WEEX's public REST bodies to events: instruments and funding. Pure.

Mark and index prices of ``premiumIndex`` are up to a minute old, whatever the time beside them says: they are never
told as prices of now. The ticker stream tells those.

Source: https://www.weex.com/api-doc/contract/Market_API and https://www.weex.com/api-doc/spot/ConfigAPI
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Annotated, Final

import msgspec
from pydantic import Field

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, FundingSettled, Heard, InstrumentListed, Ticker
from core.instruments import ContractKind, Instrument, instrument_id
from feeds.bodies import (
    Asset,
    Body,
    Fraction,
    MaybePositive,
    Positive,
    Symbol,
    Whole,
    bad_row,
    read_rows,
    rows_of,
)
from feeds.candles import open_body
from feeds.fields import TIME_CEILING_MS, Fields
from feeds.frames import clip
from feeds.venue import RestAnswer
from feeds.weex import candles, facts, quotes, tiers

_Digits = Annotated[Whole, Field(ge=0, le=20)]


class _Symbols(msgspec.Struct, frozen=True):
    symbols: list[msgspec.Raw]


class _Contract(Body):
    symbol: Symbol
    base: Asset = Field(alias="baseAsset")
    quote: Asset = Field(alias="quoteAsset")
    settle: Asset = Field(alias="marginAsset")
    price_digits: _Digits = Field(alias="pricePrecision")
    step: Positive = Field(alias="contractVal")
    minimum: Positive = Field(alias="minOrderSize")
    maximum: MaybePositive = Field(alias="maxOrderSize", default=None)
    maximum_leverage: MaybePositive = Field(alias="maxLeverage", default=None)


class _SpotPair(Body):
    symbol: Symbol
    status: str = "TRADING"
    base: Asset = Field(alias="baseAsset")
    quote: Asset = Field(alias="quoteAsset")
    tick_size: Positive = Field(alias="tickSize")
    step: Positive = Field(alias="stepSize")
    minimum: Positive = Field(alias="minTradeAmount")
    maximum: MaybePositive = Field(alias="maxTradeAmount", default=None)
    tradable: bool = Field(alias="enableTrade", default=True)


class Premium(Body):
    """How one contract stands with its funding: ``rate`` is of the coming settlement."""

    symbol: Symbol
    rate: Fraction = Field(alias="forecastFundingRate")
    next_ms: Whole = Field(alias="nextFundingTime", ge=0, lt=TIME_CEILING_MS)
    time_ms: quotes.Milliseconds = Field(alias="time")
    minutes: Whole = Field(alias="collectCycle", gt=0, le=10_080)

    @property
    def hours(self) -> int | None:
        """The interval; ``None`` where it is no whole number of hours."""
        return self.minutes // 60 if self.minutes % 60 == 0 else None


class _Settled(Body):
    symbol: Symbol
    rate: Fraction = Field(alias="fundingRate")
    time_ms: quotes.Milliseconds = Field(alias="fundingTime")
    mark_price: MaybePositive = Field(alias="markPrice", default=None)


class Clock(msgspec.Struct, frozen=True):
    """The venue's time, ms."""

    time_ms: int = msgspec.field(name="serverTime")


def _named(symbol: str, market: str = facts.LINEAR) -> str:
    return instrument_id(facts.VENUE, market, symbol)


def instruments(
    body: bytes,
    wanted: Collection[str] | None,
    received_ns: int,
    *,
    tradable: Collection[str] | None = None,
    funding: Mapping[str, Premium] | None = None,
) -> list[AnyEvent]:
    """The contracts of an ``exchangeInfo`` body; a FrameFault for each that cannot be read.

    ``tradable`` are those that take orders from programs, ``funding`` how each stands; without them, every contract
    counts as trading and intervals stay unknown. Raises DecodeError for a body without symbols.
    """
    place = facts.INSTRUMENTS_PATH
    contracts, faults = read_rows(facts.VENUE, place, _symbols(body, place, wanted), _Contract, received_ns)
    events: list[AnyEvent] = []
    for contract in contracts:
        premium = (funding or {}).get(contract.symbol)
        instrument = Instrument(
            id=_named(contract.symbol),
            venue=facts.VENUE,
            market=facts.LINEAR,
            symbol=contract.symbol,
            kind=ContractKind.LINEAR,
            base=contract.base,
            quote=contract.quote,
            settle=contract.settle,
            contract_size=Decimal(1),  # quantities are coins; contractVal is only their step
            tick_size=Decimal((0, (1,), -contract.price_digits)),
            quantity_step=contract.step,
            minimum_quantity=contract.minimum,
            maximum_quantity=contract.maximum,
            maximum_leverage=contract.maximum_leverage,
            funding_interval_hours=None if premium is None else premium.hours,
            status="trading" if tradable is None or contract.symbol in tradable else facts.NOT_BY_API,
        )
        events.append(InstrumentListed(received_ns=received_ns, instrument=instrument))
    return events + faults


def spot_pairs(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The pairs of spot's ``exchangeInfo``; a FrameFault for each that cannot be read. Raises DecodeError."""
    place = facts.SPOT_INSTRUMENTS_PATH
    pairs, faults = read_rows(facts.VENUE, place, _symbols(body, place, wanted), _SpotPair, received_ns)
    events: list[AnyEvent] = []
    for pair in pairs:
        instrument = Instrument(
            id=_named(pair.symbol, facts.SPOT),
            venue=facts.VENUE,
            market=facts.SPOT,
            symbol=pair.symbol,
            kind=ContractKind.SPOT,
            base=pair.base,
            quote=pair.quote,
            settle=pair.quote,
            contract_size=Decimal(1),
            tick_size=pair.tick_size,
            quantity_step=pair.step,
            minimum_quantity=pair.minimum,
            maximum_quantity=pair.maximum,
            status=pair.status.lower() if pair.tradable else "not tradable",
        )
        events.append(InstrumentListed(received_ns=received_ns, instrument=instrument))
    return events + faults


def _symbols(body: bytes, place: str, wanted: Collection[str] | None) -> list[tuple[str, msgspec.Raw]]:
    return rows_of(open_body(facts.VENUE, place, body, _Symbols).symbols, wanted)


def tradable_symbols(body: bytes) -> set[str]:
    """The contracts that take orders from programs. Raises DecodeError."""
    return set(open_body(facts.VENUE, facts.TRADABLE_PATH, body, list[str]))


def premiums(
    body: bytes, wanted: Collection[str] | None, received_ns: int
) -> tuple[dict[str, Premium], list[AnyEvent]]:
    """How each contract stands with its funding, by symbol, and faults.

    A row whose next settlement is long past is dead and is a fault; one that is just past is left out until the venue
    has moved it on. Raises DecodeError for a body that is no list.
    """
    place = facts.PREMIUM_PATH
    rows, faults = read_rows(facts.VENUE, place, rows_of(quotes.rows_in(body, place), wanted), Premium, received_ns)
    now_ms, good = received_ns // 1_000_000, {}
    for row in rows:
        if row.next_ms > now_ms:
            good[row.symbol] = row
        elif row.next_ms < now_ms - facts.OVERDUE_SLACK_MS:
            detail = f"{clip(row.symbol, 40)}: expected a time to come, found {row.next_ms}"
            faults.append(bad_row(facts.VENUE, place, "nextFundingTime", detail, received_ns))
    return good, faults


def funding(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The estimates for the running intervals in a ``premiumIndex`` body. Raises DecodeError."""
    found, faults = premiums(body, wanted, received_ns)
    tickers = [
        Ticker(
            received_ns=received_ns,
            instrument=_named(row.symbol),
            channel=facts.PREMIUM_PATH,
            venue_time_ns=row.time_ms * 1_000_000,
            funding_rate=row.rate,
            next_funding_time_ns=row.next_ms * 1_000_000,
            funding_interval_hours=row.hours,
        )
        for row in found.values()
    ]
    return [*tickers, *faults]


def settled(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The settlements in a ``fundingRate`` body, oldest first. Raises DecodeError."""
    place = facts.SETTLED_PATH
    rows, faults = read_rows(facts.VENUE, place, rows_of(quotes.rows_in(body, place), wanted), _Settled, received_ns)
    told = [
        FundingSettled(
            received_ns=received_ns,
            instrument=_named(row.symbol),
            rate=row.rate,
            settled_ns=row.time_ms * 1_000_000,
            mark_price=row.mark_price,
        )
        for row in sorted(rows, key=lambda row: row.time_ms)
    ]
    return [*told, *faults]


PATHS: Final = (
    facts.CLOCK_PATH,
    facts.SPOT_CLOCK_PATH,
    facts.INSTRUMENTS_PATH,
    facts.SPOT_INSTRUMENTS_PATH,
    facts.TRADABLE_PATH,
    facts.PREMIUM_PATH,
    facts.SETTLED_PATH,
    facts.TIERS_PATH,
    *quotes.PATHS,
    *candles.ENDPOINTS,
)
"""Whose bodies :func:`events` reads."""


def events(answer: RestAnswer) -> list[AnyEvent]:
    """What a public REST answer says; nothing for other endpoints.

    Raises DecodeError for a body that is not what its endpoint sends.
    """
    path, body, received_ns = answer.path, answer.body, answer.received_ns
    if path in candles.ENDPOINTS:
        return candles.events(path, answer.parameters, body, received_ns)
    if path == facts.INSTRUMENTS_PATH:
        return instruments(body, None, received_ns)
    if path == facts.SPOT_INSTRUMENTS_PATH:
        return spot_pairs(body, None, received_ns)
    if path == facts.PREMIUM_PATH:
        return funding(body, None, received_ns)
    if path == facts.SETTLED_PATH:
        return settled(body, None, received_ns)
    if path == facts.TIERS_PATH:
        return tiers.tiers(body, None, received_ns)
    if path in quotes.PATHS:
        return quotes.events(answer)
    if path == facts.TRADABLE_PATH:
        count = len(tradable_symbols(body))
        return [Heard(received_ns=received_ns, kind="answer", channel=path, detail=f"{count} contracts")]
    if path in (facts.CLOCK_PATH, facts.SPOT_CLOCK_PATH):
        fields = Fields(open_body(facts.VENUE, path, body, dict[str, msgspec.Raw]))
        clock_ms = fields.milliseconds("serverTime")
        if clock_ms is None:
            name, detail = fields.bad[0]
            raise DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=path, field=name, detail=detail)
        return [Heard(received_ns=received_ns, kind="answer", channel=path, detail=str(clock_ms))]
    return []
