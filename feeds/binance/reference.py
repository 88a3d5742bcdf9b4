"""Binance's public REST bodies to events: instruments, funding terms and mark prices. Pure.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api and
https://developers.binance.com/docs/derivatives/coin-margined-futures/market-data/rest-api
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from pydantic import AliasChoices, BeforeValidator, Field

from core.events import AnyEvent, InstrumentListed, Ticker
from core.instruments import Instrument, instrument_id
from feeds.binance import facts
from feeds.binance.products import COINM, PRODUCTS, SPOT, Product
from feeds.bodies import Asset, Body, MaybeFraction, NotNegative, Positive, Symbol, Whole, read_rows, rows_of
from feeds.candles import open_body
from feeds.fields import TIME_CEILING_MS

_Milliseconds = Annotated[Whole, Field(gt=0, lt=TIME_CEILING_MS)]


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


class _MinimumNotional(Body):
    """Of futures, and of spot where ``NOTIONAL`` has not taken its place."""

    kind: Literal["MIN_NOTIONAL"] = Field(alias="filterType")
    minimum: NotNegative = Field(validation_alias=AliasChoices("notional", "minNotional"))


class _SpotNotional(Body):
    kind: Literal["NOTIONAL"] = Field(alias="filterType")
    minimum: NotNegative = Field(alias="minNotional")


class _Filters(Body):
    """The filters that sizing an order needs, by type; spot and futures name the notional differently."""

    price: _PriceFilter = Field(alias="PRICE_FILTER")
    lot: _LotSize = Field(alias="LOT_SIZE")
    market_lot: _MarketLotSize | None = Field(alias="MARKET_LOT_SIZE", default=None)
    least_notional: _MinimumNotional | None = Field(alias="MIN_NOTIONAL", default=None)
    spot_notional: _SpotNotional | None = Field(alias="NOTIONAL", default=None)


def _by_type(filters: object) -> object:
    """The list of filters as one object, keyed by type."""
    if not isinstance(filters, list):
        return filters
    return {item["filterType"]: item for item in filters if isinstance(item, dict) and _is_named(item)}


def _is_named(item: dict[str, object]) -> bool:
    return isinstance(item.get("filterType"), str)


class _Listing(Body):
    symbol: Symbol
    status: str
    base: Asset = Field(alias="baseAsset")
    quote: Asset = Field(alias="quoteAsset")
    filters: Annotated[_Filters, BeforeValidator(_by_type)]


class _Contract(_Listing):
    """``status`` is called ``contractStatus`` on COIN-M."""

    status: str = Field(validation_alias=AliasChoices("status", "contractStatus"))
    settle: Asset = Field(alias="marginAsset")
    contract_type: str = Field(alias="contractType")
    delivery_ms: Whole = Field(alias="deliveryDate", gt=0, lt=10**14)

    @property
    def size(self) -> Decimal:
        """What one contract is worth; USDⓈ-M does not say it, and counts in coins."""
        return Decimal(1)


class _CoinContract(_Contract):
    contract_size: Positive = Field(alias="contractSize")

    @property
    def size(self) -> Decimal:
        """In USD."""
        return self.contract_size


class FundingTerms(Body):
    """How one contract charges funding, where that was ever adjusted."""

    symbol: Symbol
    hours: Whole = Field(alias="fundingIntervalHours", gt=0, le=168)
    cap: MaybeFraction = Field(alias="adjustedFundingRateCap", default=None)
    floor: MaybeFraction = Field(alias="adjustedFundingRateFloor", default=None)


class _Premium(Body):
    symbol: Symbol
    mark_price: Positive = Field(alias="markPrice")
    index_price: Positive = Field(alias="indexPrice")
    rate: MaybeFraction = Field(alias="lastFundingRate")
    next_funding_ms: Whole = Field(alias="nextFundingTime", ge=0, lt=TIME_CEILING_MS)
    time_ms: _Milliseconds = Field(alias="time")


def rows_in(body: bytes, place: str) -> list[msgspec.Raw]:
    """The rows of an array, or a lone object as the only row. Raises DecodeError for neither."""
    return (
        open_body(facts.VENUE, place, body, list[msgspec.Raw])
        if body.lstrip()[:1] != b"{"
        else [open_body(facts.VENUE, place, body, msgspec.Raw)]
    )


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
    product = PRODUCTS[market]
    place = product.path("exchangeInfo")
    rows = rows_of(open_body(facts.VENUE, place, body, _Symbols).symbols, wanted)
    listed: list[Instrument]
    if market == SPOT:
        pairs, faults = read_rows(facts.VENUE, place, rows, _Listing, received_ns)
        listed = [_instrument(product, pair, pair.quote) for pair in pairs]
    else:
        model = _CoinContract if market == COINM else _Contract
        contracts, faults = read_rows(facts.VENUE, place, rows, model, received_ns)
        listed = [_with_terms(product, contract, funding) for contract in contracts]
    return [InstrumentListed(received_ns=received_ns, instrument=instrument) for instrument in listed] + faults


def _instrument(product: Product, listing: _Listing, settle: str, size: Decimal = Decimal(1)) -> Instrument:
    filters = listing.filters
    spot = filters.spot_notional if product.market == SPOT else None
    notional = filters.least_notional if spot is None else spot
    market_maximum = filters.market_lot.maximum if filters.market_lot is not None else Decimal(0)
    return Instrument(
        id=instrument_id(facts.VENUE, product.market, listing.symbol),
        venue=facts.VENUE,
        market=product.market,
        symbol=listing.symbol,
        kind=product.kind,
        base=listing.base,
        quote=listing.quote,
        settle=settle,
        contract_size=size,
        tick_size=filters.price.tick_size,
        quantity_step=filters.lot.step,
        minimum_quantity=filters.lot.minimum,
        maximum_quantity=min(filters.lot.maximum, market_maximum or filters.lot.maximum),
        minimum_notional=None if notional is None else notional.minimum,
        status=listing.status.lower(),
    )


def _with_terms(product: Product, contract: _Contract, funding: Mapping[str, FundingTerms] | None) -> Instrument:
    instrument = _instrument(product, contract, contract.settle, contract.size)
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
    market: str, body: bytes, wanted: Collection[str] | None, received_ns: int
) -> tuple[dict[str, FundingTerms], list[AnyEvent]]:
    """The terms in a ``fundingInfo`` body by symbol, and faults. Raises DecodeError for a body that is no list."""
    place = PRODUCTS[market].path("fundingInfo")
    terms, faults = read_rows(facts.VENUE, place, rows_of(rows_in(body, place), wanted), FundingTerms, received_ns)
    return {row.symbol: row for row in terms}, faults


def mark_prices(market: str, body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The mark prices of a ``premiumIndex`` body. Raises DecodeError for a body that is no list."""
    place = PRODUCTS[market].path("premiumIndex")
    rows, faults = read_rows(facts.VENUE, place, rows_of(rows_in(body, place), wanted), _Premium, received_ns)
    tickers = [
        Ticker(
            received_ns=received_ns,
            instrument=instrument_id(facts.VENUE, market, row.symbol),
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
