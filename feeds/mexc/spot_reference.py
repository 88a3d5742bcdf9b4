"""MEXC's public REST bodies of the spot API to events: pairs, prices and the day's figures. Pure.

Source: https://www.mexc.com/api-docs/spot-v3/market-data-endpoints
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Final

import msgspec

from core.events import AnyEvent, DayStatistics, InstrumentListed, Ticker
from core.instruments import ContractKind, Instrument, instrument_id
from feeds.candles import open_body
from feeds.fields import Fields, plausible_asset, plausible_symbol
from feeds.mexc import envelope, facts

_OPEN: Final = frozenset({"1", "ENABLED"})
_MOST_DIGITS: Final = 18


def pairs(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The pairs of an ``exchangeInfo`` body; a FrameFault for each that cannot be read. Raises DecodeError."""
    place = facts.SPOT_INSTRUMENTS_PATH
    opened = open_body(facts.VENUE, place, body, dict[str, msgspec.Raw])
    if "symbols" not in opened:
        raise envelope.bad(place, "symbols", "not there")
    events: list[AnyEvent] = []
    for symbol, fields in envelope.named(envelope.rows(place, opened["symbols"], "symbols"), wanted):
        pair = _pair(symbol, fields)
        if pair is None or fields.bad:
            events += envelope.faulty(place, symbol, fields, received_ns)
        else:
            events.append(InstrumentListed(received_ns=received_ns, instrument=pair))
    return events


def _pair(symbol: str, fields: Fields) -> Instrument | None:
    base, quote = fields.text("baseAsset"), fields.text("quoteAsset")
    tick, digits_step = _digits(fields, "quotePrecision"), _digits(fields, "baseAssetPrecision")
    smallest = fields.size("baseSizePrecision") if "baseSizePrecision" in fields else None
    notional = fields.size("quoteAmountPrecision") if "quoteAmountPrecision" in fields else None
    for name, coin in (("baseAsset", base), ("quoteAsset", quote)):
        if coin is not None and not plausible_asset(coin):
            fields.note(name, "the name of a coin")
    if base is None or quote is None or tick is None or digits_step is None or not symbol:
        return None
    step = smallest or digits_step
    open_to_all = fields.shown("status") in _OPEN and fields.shown("isSpotTradingAllowed") != "false"
    return Instrument(
        id=instrument_id(facts.VENUE, facts.SPOT, symbol),
        venue=facts.VENUE,
        market=facts.SPOT,
        symbol=symbol,
        kind=ContractKind.SPOT,
        base=base,
        quote=quote,
        settle=quote,
        contract_size=Decimal(1),
        tick_size=tick,
        quantity_step=step,
        minimum_quantity=step,
        minimum_notional=notional or None,
        status="trading" if open_to_all else f"status {fields.shown('status')}",
    )


def _digits(fields: Fields, name: str) -> Decimal | None:
    """The step that so many decimal places make."""
    places = fields.whole(name)
    if places is not None and places > _MOST_DIGITS:
        fields.note(name, f"at most {_MOST_DIGITS} places")
        return None
    return None if places is None else Decimal(1).scaleb(-places)


_DAY: Final = (
    ("openPrice", "open_price", Fields.price),
    ("highPrice", "high_price", Fields.price),
    ("lowPrice", "low_price", Fields.price),
    ("lastPrice", "last_price", Fields.price),
    ("volume", "volume", Fields.size),
    ("quoteVolume", "turnover", Fields.size),
)


def day(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The figures of the last 24 hours, of one pair or of all. Raises DecodeError."""
    place = facts.SPOT_DAY_PATH
    events: list[AnyEvent] = []
    for symbol, fields in envelope.named(envelope.rows(place, msgspec.Raw(body.strip())), wanted):
        values = {ours: read(fields, name) for name, ours, read in _DAY if fields.shown(name)}
        time_ns = fields.nanoseconds("closeTime") if "closeTime" in fields else None
        if not values:
            fields.note("lastPrice", "a price")
        if fields.bad:
            events += envelope.faulty(place, symbol, fields, received_ns)
            continue
        events.append(
            DayStatistics(
                received_ns=received_ns,
                instrument=instrument_id(facts.VENUE, facts.SPOT, symbol),
                channel=place,
                venue_time_ns=time_ns,
                **values,
            )
        )
    return events


def books(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The best bid and ask, of one pair or of all. Raises DecodeError."""
    place = facts.SPOT_BOOK_PATH
    events: list[AnyEvent] = []
    for symbol, fields in envelope.named(envelope.rows(place, msgspec.Raw(body.strip())), wanted):
        bid, bid_size = fields.price("bidPrice"), fields.size("bidQty")
        ask, ask_size = fields.price("askPrice"), fields.size("askQty")
        events += envelope.faulty(place, symbol, fields, received_ns)
        if plausible_symbol(symbol) and (bid is not None or ask is not None):
            events.append(
                Ticker(
                    received_ns=received_ns,
                    instrument=instrument_id(facts.VENUE, facts.SPOT, symbol),
                    channel=place,
                    bid_price=bid,
                    bid_size=bid_size,
                    ask_price=ask,
                    ask_size=ask_size,
                )
            )
    return events
