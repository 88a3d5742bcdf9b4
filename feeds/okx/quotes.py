"""OKX's REST bodies that tell prices and rates of now: the rows that its streams send, under other paths. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from core.errors import DecodeError
from core.events import AnyEvent, Ticker
from feeds.bodies import CONNECTION, bad_row
from feeds.fields import Fields, plausible_symbol
from feeds.frames import clip, fault, with_faults
from feeds.okx import facts
from feeds.okx.state import Line, filled_price, filled_size, instrument_of

CHANNELS: Final[Mapping[str, str]] = {
    facts.MARK_PATH: facts.MARK,
    facts.INDEX_PATH: facts.INDEX,
    facts.FUNDING_PATH: facts.FUNDING,
    facts.TICKER_PATH: facts.TICKERS,
    facts.TICKERS_PATH: facts.TICKERS,
}
"""The channel whose rows each endpoint answers with."""


def events(path: str, rows: Iterable[msgspec.Raw], received_ns: int) -> list[AnyEvent]:
    """What each row says of an instrument that is read here; a FrameFault for what is no good. ``path`` is told as the
    channel."""
    channel, told = CHANNELS[path], list[AnyEvent]()
    for raw in rows:
        row = Fields({"row": raw}).object("row")
        symbol = None if row is None else row.text("instId")
        if row is None or symbol is None or not plausible_symbol(symbol):
            told.append(bad_row(facts.VENUE, path, "instId", "expected rows of instruments", received_ns))
        elif instrument_of(channel, symbol):
            told += _row(path, channel, symbol, row, received_ns)
    return told


def _row(path: str, channel: str, symbol: str, row: Fields, received_ns: int) -> list[AnyEvent]:
    line = Line(channel, symbol)
    line.blank = replace(line.blank, channel=path)
    try:
        first, *more = line.careful(channel, row, received_ns)
    except DecodeError as error:
        return [fault(error, CONNECTION, received_ns)]
    assert isinstance(first, Ticker)
    if channel == facts.TICKERS:
        first = replace(
            first,
            bid_price=filled_price(row, "bidPx"),
            bid_size=filled_size(row, "bidSz"),
            ask_price=filled_price(row, "askPx"),
            ask_size=filled_size(row, "askSz"),
        )
    return [*with_faults(first, facts.VENUE, [(clip(name), why) for name, why in row.bad], CONNECTION), *more]
