"""Binance's REST bodies to events: instruments, funding terms, mark prices and maintenance-margin tiers. Pure.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec
from pydantic import BeforeValidator, Field

from core.errors import DecodeError, RequestError
from core.events import AnyEvent, FaultKind, InstrumentListed, Ticker, TiersLoaded
from core.instruments import ContractKind, Instrument, Tier, TierTable, instrument_id
from core.tiers import check_continuity
from feeds.binance import candles, facts
from feeds.bodies import Body, Fraction, MaybeFraction, NotNegative, Positive, bad_row, read_rows, rows_of
from feeds.fields import TIME_CEILING_MS
from feeds.venue import RestAnswer

_ROUNDING: Final = Decimal("1e-6")
"""The venue rounds ``cum``; so much of the first tier's cap may be lost to it."""

_USDM, _SPOT = "usdm", "spot"
_Milliseconds = Annotated[int, Field(gt=0, lt=TIME_CEILING_MS)]


class _Symbols(msgspec.Struct, frozen=True):
    symbols: list[msgspec.Raw]


class _PriceFilter(Body):
    kind: Literal["PRICE_FILTER"] = Field(alias="filterType")
    tick_size: Positive = Field(alias="tickSize")


class _LotSize(Body):
    kind: Literal["LOT_SIZE"] = Field(alias="filterType")
    minimum: Positive = Field(alias="minQty")
    maximum: Positive = Field(alias="maxQty")
    step: Positive = Field(alias="stepSize")


class _MarketLotSize(Body):
    kind: Literal["MARKET_LOT_SIZE"] = Field(alias="filterType")
    maximum: NotNegative = Field(alias="maxQty")


class _FuturesNotional(Body):
    kind: Literal["MIN_NOTIONAL"] = Field(alias="filterType")
    minimum: NotNegative = Field(alias="notional")


class _SpotNotional(Body):
    kind: Literal["NOTIONAL"] = Field(alias="filterType")
    minimum: NotNegative = Field(alias="minNotional")


class _Filters(Body):
    """The filters that sizing an order needs, by type; spot and futures name the notional differently."""

    price: _PriceFilter = Field(alias="PRICE_FILTER")
    lot: _LotSize = Field(alias="LOT_SIZE")
    market_lot: _MarketLotSize | None = Field(alias="MARKET_LOT_SIZE", default=None)
    futures_notional: _FuturesNotional | None = Field(alias="MIN_NOTIONAL", default=None)
    spot_notional: _SpotNotional | None = Field(alias="NOTIONAL", default=None)


def _by_type(filters: object) -> object:
    """The list of filters as one object, keyed by type."""
    if not isinstance(filters, list):
        return filters
    return {item["filterType"]: item for item in filters if isinstance(item, dict) and "filterType" in item}


class _Listing(Body):
    symbol: str
    status: str
    base: str = Field(alias="baseAsset")
    quote: str = Field(alias="quoteAsset")
    filters: Annotated[_Filters, BeforeValidator(_by_type)]


class _Contract(_Listing):
    settle: str = Field(alias="marginAsset")
    contract_type: str = Field(alias="contractType")
    delivery_ms: int = Field(alias="deliveryDate", gt=0, le=facts.NEVER_MS)


class FundingTerms(Body):
    """How one contract charges funding, where that was ever adjusted."""

    symbol: str
    hours: int = Field(alias="fundingIntervalHours", gt=0, le=168)
    cap: MaybeFraction = Field(alias="adjustedFundingRateCap", default=None)
    floor: MaybeFraction = Field(alias="adjustedFundingRateFloor", default=None)


class _Premium(Body):
    symbol: str
    mark_price: Positive = Field(alias="markPrice")
    index_price: Positive = Field(alias="indexPrice")
    rate: MaybeFraction = Field(alias="lastFundingRate")
    next_funding_ms: int = Field(alias="nextFundingTime", ge=0, lt=TIME_CEILING_MS)
    time_ms: _Milliseconds = Field(alias="time")


class _Bracket(Body):
    floor: NotNegative = Field(alias="notionalFloor")
    cap: Positive = Field(alias="notionalCap")
    rate: Fraction = Field(alias="maintMarginRatio")
    deduction: NotNegative = Field(alias="cum")
    maximum_leverage: Positive = Field(alias="initialLeverage")


class _Brackets(Body):
    symbol: str
    brackets: list[_Bracket] = Field(min_length=1)


def _rows(body: bytes, place: str) -> list[msgspec.Raw]:
    """The rows of an array, or a lone object as the only row. Raises DecodeError for neither."""
    try:
        if body.lstrip()[:1] == b"{":
            return [msgspec.json.decode(body, type=msgspec.Raw)]
        return msgspec.json.decode(body, type=list[msgspec.Raw])
    except msgspec.DecodeError as error:
        raise DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=place, detail=str(error)) from None


def instruments(
    market: str,
    body: bytes,
    wanted: Collection[str] | None,
    received_ns: int,
    funding: Mapping[str, FundingTerms] | None = None,
) -> list[AnyEvent]:
    """The instruments of an ``exchangeInfo`` body; a FrameFault for each that cannot be read.

    ``funding`` are the terms of contracts that have their own; without it, intervals stay unknown. Raises
    DecodeError for a body without symbols.
    """
    place = facts.SPOT_EXCHANGE_INFO_PATH if market == _SPOT else facts.EXCHANGE_INFO_PATH
    try:
        rows = rows_of(msgspec.json.decode(body, type=_Symbols).symbols, wanted)
    except msgspec.DecodeError as error:
        raise DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=place, field="symbols", detail=str(error)) from None
    listed: list[Instrument]
    if market == _SPOT:
        pairs, faults = read_rows(facts.VENUE, place, rows, _Listing, received_ns)
        listed = [_instrument(_SPOT, pair, pair.quote) for pair in pairs]
    else:
        contracts, faults = read_rows(facts.VENUE, place, rows, _Contract, received_ns)
        listed = [_with_terms(contract, funding) for contract in contracts]
    return [InstrumentListed(received_ns=received_ns, instrument=instrument) for instrument in listed] + faults


def _instrument(market: str, listing: _Listing, settle: str) -> Instrument:
    filters = listing.filters
    notional = filters.spot_notional if market == _SPOT else filters.futures_notional
    market_maximum = filters.market_lot.maximum if filters.market_lot is not None else Decimal(0)
    return Instrument(
        id=instrument_id(facts.VENUE, market, listing.symbol),
        venue=facts.VENUE,
        market=market,
        symbol=listing.symbol,
        kind=ContractKind.SPOT if market == _SPOT else ContractKind.LINEAR,
        base=listing.base,
        quote=listing.quote,
        settle=settle,
        contract_size=Decimal(1),
        tick_size=filters.price.tick_size,
        quantity_step=filters.lot.step,
        minimum_quantity=filters.lot.minimum,
        maximum_quantity=min(filters.lot.maximum, market_maximum or filters.lot.maximum),
        minimum_notional=None if notional is None else notional.minimum,
        status=listing.status.lower(),
    )


def _with_terms(contract: _Contract, funding: Mapping[str, FundingTerms] | None) -> Instrument:
    instrument = _instrument(_USDM, contract, contract.settle)
    if not contract.contract_type.startswith(facts.PERPETUAL_TYPES) and contract.delivery_ms < facts.NEVER_MS:
        return msgspec.structs.replace(instrument, expiry_ns=contract.delivery_ms * 1_000_000)
    if funding is None:
        return instrument
    terms = funding.get(contract.symbol)
    if terms is None:
        return msgspec.structs.replace(instrument, funding_interval_hours=facts.DEFAULT_FUNDING_INTERVAL_HOURS)
    return msgspec.structs.replace(
        instrument,
        funding_interval_hours=terms.hours,
        funding_rate_cap=terms.cap,
        funding_rate_floor=terms.floor,
    )


def funding_terms(
    body: bytes, wanted: Collection[str] | None, received_ns: int
) -> tuple[dict[str, FundingTerms], list[AnyEvent]]:
    """The terms in a ``fundingInfo`` body by symbol, and faults. Raises DecodeError for a body that is no list."""
    place = facts.FUNDING_INFO_PATH
    terms, faults = read_rows(facts.VENUE, place, rows_of(_rows(body, place), wanted), FundingTerms, received_ns)
    return {row.symbol: row for row in terms}, faults


def mark_prices(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The mark prices of a ``premiumIndex`` body. Raises DecodeError for a body that is no list."""
    place = facts.PREMIUM_INDEX_PATH
    rows, faults = read_rows(facts.VENUE, place, rows_of(_rows(body, place), wanted), _Premium, received_ns)
    tickers = [
        Ticker(
            received_ns=received_ns,
            instrument=instrument_id(facts.VENUE, _USDM, row.symbol),
            channel=place,
            venue_time_ns=row.time_ms * 1_000_000,
            mark_price=row.mark_price,
            index_price=row.index_price,
            funding_rate=row.rate,
            next_funding_time_ns=row.next_funding_ms * 1_000_000 or None,
        )
        for row in rows
    ]
    return [*tickers, *faults]


def tiers(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The tier tables of a ``leverageBracket`` body; a FrameFault, and no table, where one is no good.

    Raises DecodeError for a body that is no list.
    """
    place = facts.LEVERAGE_BRACKET_PATH
    rows, faults = read_rows(facts.VENUE, place, rows_of(_rows(body, place), wanted), _Brackets, received_ns)
    return [event for row in rows for event in _table(row, received_ns)] + faults


def _table(row: _Brackets, received_ns: int) -> list[AnyEvent]:
    """The table of one symbol; with a fault where its requirement jumps between tiers, which core refuses too."""
    brackets = sorted(row.brackets, key=lambda bracket: bracket.floor)
    table = TierTable(
        instrument=instrument_id(facts.VENUE, _USDM, row.symbol),
        unit="quote",
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
        source=facts.LEVERAGE_BRACKET_PATH,
        rounding=brackets[0].cap * _ROUNDING,
    )
    loaded: list[AnyEvent] = [TiersLoaded(received_ns=received_ns, table=table)]
    try:
        check_continuity(table)
    except RequestError as error:
        loaded.append(bad_row(facts.VENUE, facts.LEVERAGE_BRACKET_PATH, "cum", f"{row.symbol}: {error}", received_ns))
    return loaded


PATHS: Final = (
    facts.EXCHANGE_INFO_PATH,
    facts.SPOT_EXCHANGE_INFO_PATH,
    facts.PREMIUM_INDEX_PATH,
    facts.LEVERAGE_BRACKET_PATH,
    *candles.ENDPOINTS,
)
"""Whose bodies :func:`events` reads."""


def events(answer: RestAnswer) -> list[AnyEvent]:
    """What a REST answer says of instruments, mark prices, tiers and candles; nothing for other endpoints.

    Raises DecodeError for a body that is not what its endpoint sends.
    """
    path, body, received_ns = answer.path, answer.body, answer.received_ns
    if path in candles.ENDPOINTS:
        return candles.events(path, answer.parameters, body, received_ns)
    if path == facts.EXCHANGE_INFO_PATH:
        return instruments(_USDM, body, None, received_ns)
    if path == facts.SPOT_EXCHANGE_INFO_PATH:
        return instruments(_SPOT, body, None, received_ns)
    if path == facts.PREMIUM_INDEX_PATH:
        return mark_prices(body, None, received_ns)
    if path == facts.LEVERAGE_BRACKET_PATH:
        return tiers(body, None, received_ns)
    return []
