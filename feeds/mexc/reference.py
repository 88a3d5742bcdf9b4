"""MEXC's public REST bodies to events: contracts, pairs, funding, maintenance tiers, prices, statistics. Pure.

Source: https://www.mexc.com/api-docs/futures/market-endpoints
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, DayStatistics, FundingSettled, InstrumentListed, Ticker
from core.instruments import ContractKind, Instrument, instrument_id
from feeds.bodies import bad_row
from feeds.fields import Fields, plausible_asset, plausible_symbol
from feeds.frames import clip
from feeds.mexc import envelope, facts
from feeds.mexc.envelope import positive
from feeds.mexc.state import TopicState, market_of
from feeds.mexc.tiers import tiers

_STATES: Final = {"0": "trading", "1": "delivery", "2": "delivered", "3": "offline", "4": "paused"}


class FundingTerms(NamedTuple):
    """How one contract charges funding: hours between settlements, highest and lowest rate of one."""

    hours: int | None
    cap: Decimal | None
    floor: Decimal | None


# --- contracts -------------------------------------------------------------------------------------------------------


def contracts(
    body: bytes, wanted: Collection[str] | None, received_ns: int, terms: Mapping[str, FundingTerms] | None = None
) -> list[AnyEvent]:
    """Contracts and their tiers; a FrameFault for each that cannot be read. Without ``terms``, how they charge funding
    stays unknown. Raises VenueError and DecodeError."""
    place = facts.DETAIL_PATH
    events: list[AnyEvent] = []
    for symbol, fields in envelope.named(envelope.rows(place, envelope.data(place, body)), wanted):
        contract = _contract(symbol, fields, (terms or {}).get(symbol))
        if contract is None or fields.bad:
            events += envelope.faulty(place, symbol, fields, received_ns)
            continue
        events.append(InstrumentListed(received_ns=received_ns, instrument=contract))
        events += tiers(contract.id, symbol, fields, received_ns)
    return events


def _contract(symbol: str, fields: Fields, terms: FundingTerms | None) -> Instrument | None:
    """The contract in a row of ``detail``; bad fields are noted."""
    base, quote, settle = (fields.text(name) for name in ("baseCoin", "quoteCoin", "settleCoin"))
    size, tick = positive(fields, "contractSize"), positive(fields, "priceUnit")
    step, minimum = positive(fields, "volUnit"), positive(fields, "minVol")
    limits = [positive(fields, name) for name in ("maxVol", "limitMaxVol") if name in fields]
    leverage = positive(fields, "maxLeverage") if "maxLeverage" in fields else None
    for name, coin in (("baseCoin", base), ("quoteCoin", quote)):
        if coin is not None and not plausible_asset(coin):
            fields.note(name, "the name of a coin")
    try:
        market = market_of(TopicState("contract", symbol).symbol)
    except DecodeError:
        fields.note("symbol", "a contract's name")
        return None
    if settle is not None and settle != (base if market == facts.INVERSE else quote):
        fields.note("settleCoin", "the coin of an inverse contract, the quote of a linear one")
    if base is None or quote is None or settle is None or size is None or tick is None or step is None:
        return None
    return Instrument(
        id=instrument_id(facts.VENUE, market, symbol),
        venue=facts.VENUE,
        market=market,
        symbol=symbol,
        kind=ContractKind.INVERSE if market == facts.INVERSE else ContractKind.LINEAR,
        base=base,
        quote=quote,
        settle=settle,
        contract_size=size,
        tick_size=tick,
        quantity_step=step,
        minimum_quantity=minimum or step,
        maximum_quantity=min((limit for limit in limits if limit is not None), default=None),
        maximum_leverage=leverage,
        funding_interval_hours=None if terms is None else terms.hours,
        funding_rate_cap=None if terms is None else terms.cap,
        funding_rate_floor=None if terms is None else terms.floor,
        status=_status(fields),
    )


def _status(fields: Fields) -> str:
    """``trading`` only where orders by API are taken: some contracts are closed to them."""
    state = _STATES.get(fields.shown("state"), f"state {fields.shown('state')}")
    return "closed to the API" if state == "trading" and fields.shown("apiAllowed") == "false" else state


# --- funding ---------------------------------------------------------------------------------------------------------


def funding_terms(body: bytes, wanted: Collection[str] | None) -> dict[str, FundingTerms]:
    """The terms in a body of funding rates; what is no good is left out, the prices' reader tells of it.

    Raises VenueError and DecodeError.
    """
    place = facts.FUNDING_RATES_PATH
    return {
        symbol: FundingTerms(fields.hours("collectCycle"), fields.rate("maxFundingRate"), fields.rate("minFundingRate"))
        for symbol, fields in envelope.named(envelope.rows(place, envelope.data(place, body)), wanted)
    }


_RATE: Final = (
    ("fundingRate", "funding_rate", Fields.rate),
    ("nextSettleTime", "next_funding_time_ns", Fields.nanoseconds),
    ("collectCycle", "funding_interval_hours", Fields.hours),
    ("fairPrice", "mark_price", Fields.price),
    ("idxPrice", "index_price", Fields.price),
)


def funding_rates(place: str, body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The running estimate, when it is charged, and how often. Raises VenueError and DecodeError."""
    return _tickers(place, body, wanted, received_ns, _RATE, "fundingRate")


def settled(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """Rates that were charged, oldest first. Raises VenueError and DecodeError."""
    place = facts.FUNDING_HISTORY_PATH
    events: list[FundingSettled] = []
    faults: list[AnyEvent] = []
    for symbol, fields in envelope.named(envelope.rows(place, envelope.data(place, body)), wanted):
        rate, settled_ns = fields.rate("fundingRate"), fields.nanoseconds("settleTime")
        hours = fields.hours("collectCycle") if "collectCycle" in fields else None
        if rate is None or settled_ns is None or fields.bad:
            faults += envelope.faulty(place, symbol, fields, received_ns)
            continue
        events.append(
            FundingSettled(
                received_ns=received_ns,
                instrument=instrument_id(facts.VENUE, market_of(symbol), symbol),
                rate=rate,
                settled_ns=settled_ns,
                interval_hours=hours,
            )
        )
    return [*sorted(events, key=lambda event: event.settled_ns), *faults]


# --- prices ----------------------------------------------------------------------------------------------------------

_Reader = Callable[[Fields, str], Decimal | int | None]
_TICKER: Final = (
    ("fairPrice", "mark_price", Fields.price),
    ("indexPrice", "index_price", Fields.price),
    ("lastPrice", "last_price", Fields.price),
    ("bid1", "bid_price", Fields.price),
    ("ask1", "ask_price", Fields.price),
    ("fundingRate", "funding_rate", Fields.rate),
)
_DAY: Final = (
    ("high24Price", "high_price", Fields.price),
    ("lower24Price", "low_price", Fields.price),
    ("lastPrice", "last_price", Fields.price),
    ("volume24", "volume", Fields.size),
    ("amount24", "turnover", Fields.size),
)
_OF_THE_DAY: Final = ("high24Price", "lower24Price", "volume24", "amount24")
_MARK: Final = (("fairPrice", "mark_price", Fields.price),)
_INDEX: Final = (("indexPrice", "index_price", Fields.price),)


def tickers(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """Prices, the running estimate of funding, and the day's figures. Raises VenueError and DecodeError."""
    place = facts.TICKER_PATH
    events = _tickers(place, body, wanted, received_ns, _TICKER, "fairPrice")
    for symbol, fields in envelope.named(envelope.rows(place, envelope.data(place, body)), wanted):
        day = {ours: read(fields, name) for name, ours, read in _DAY if fields.shown(name)}
        events += [
            bad_row(facts.VENUE, place, name, f"{clip(symbol, 40)}: {detail}", received_ns)
            for name, detail in fields.bad
            if name in _OF_THE_DAY
        ]
        if plausible_symbol(symbol) and any(day[name] is not None for name in day if name != "last_price"):
            events.append(
                DayStatistics(
                    received_ns=received_ns,
                    instrument=instrument_id(facts.VENUE, market_of(symbol), symbol),
                    channel=place,
                    venue_time_ns=fields.nanoseconds("timestamp") if "timestamp" in fields else None,
                    **day,
                )
            )
    return events


def _tickers(
    place: str,
    body: bytes,
    wanted: Collection[str] | None,
    received_ns: int,
    names: Sequence[tuple[str, str, _Reader]],
    always: str,
) -> list[AnyEvent]:
    """A ticker of each row, with what is good in it; ``always`` is the field that has to be there."""
    events: list[AnyEvent] = []
    for symbol, fields in envelope.named(envelope.rows(place, envelope.data(place, body)), wanted):
        values = {ours: read(fields, name) for name, ours, read in names if name in fields or name == always}
        time_ns = fields.nanoseconds("timestamp") if "timestamp" in fields else None
        events += envelope.faulty(place, symbol, fields, received_ns)
        if plausible_symbol(symbol) and any(value is not None for value in values.values()):
            ticker = Ticker(
                received_ns=received_ns,
                instrument=instrument_id(facts.VENUE, market_of(symbol), symbol),
                channel=place,
                venue_time_ns=time_ns,
            )
            events.append(msgspec.structs.replace(ticker, **values))
    return events


def marks(body: bytes, received_ns: int) -> list[AnyEvent]:
    """The fair price, which is the mark price."""
    return _tickers(facts.MARK_PATH, body, None, received_ns, _MARK, "fairPrice")


def indices(body: bytes, received_ns: int) -> list[AnyEvent]:
    """The index price."""
    return _tickers(facts.INDEX_PATH, body, None, received_ns, _INDEX, "indexPrice")
