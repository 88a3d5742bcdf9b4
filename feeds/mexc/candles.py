"""MEXC's candles: what to ask for them, and its bodies to events. Pure.

Contracts answer in columns and seconds, spot in rows and milliseconds; the running candle is the last.

Source: https://www.mexc.com/api-docs/futures/market-endpoints and …/spot-v3/market-data-endpoints
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, CandlePrice, FaultKind
from core.history import DAY_NS, HOUR_NS
from core.instruments import instrument_id
from feeds import candles
from feeds.mexc import envelope, facts
from feeds.mexc.state import market_of
from feeds.venue import CandlesWanted

_CONTRACT_NAMES: Final[Mapping[int, str]] = {DAY_NS: "Day1", HOUR_NS: "Min60"}
_SPOT_NAMES: Final[Mapping[int, str]] = {DAY_NS: "1d", HOUR_NS: "60m"}
_CONTRACT_LENGTHS: Final = candles.lengths(
    minutes="Min1 Min5 Min15 Min30 Min60", hours="Hour4 Hour8", days="Day1", weeks="Week1"
)
_SPOT_LENGTHS: Final = candles.lengths(minutes="1m 5m 15m 30m 60m", hours="4h", days="1d", weeks="1W")

PRICES: Final[Mapping[str, CandlePrice]] = {
    facts.MARK_CANDLES_PATH: CandlePrice.MARK,
    facts.INDEX_CANDLES_PATH: CandlePrice.INDEX,
    facts.SPOT_CANDLES_PATH: CandlePrice.SPOT,
}
"""Which price each endpoint tells. Candles of a contract's trades are not used: they are neither mark nor index."""

_COLUMNS: Final = ("time", "open", "high", "low", "close")


def question(wanted: CandlesWanted, now_ns: int) -> tuple[str, dict[str, str], str]:
    """The path as it is asked, its parameters, and the path as :data:`PRICES` has it.

    One candle more than wanted, because the newest is still running.
    """
    _, market, symbol = wanted.instrument.split(":")
    count = min(wanted.count + 1, facts.MOST_CANDLES)
    if market == facts.SPOT:
        names = {"symbol": symbol, "interval": _SPOT_NAMES[wanted.interval_ns], "limit": str(count)}
        return facts.SPOT_CANDLES_PATH, names, facts.SPOT_CANDLES_PATH
    first_ns = (now_ns // wanted.interval_ns - count + 1) * wanted.interval_ns
    parameters = {
        "interval": _CONTRACT_NAMES[wanted.interval_ns],
        "start": str(first_ns // 1_000_000_000),
        "end": str(now_ns // 1_000_000_000),
    }
    return facts.MARK_CANDLES_PATH.format(symbol=symbol), parameters, facts.MARK_CANDLES_PATH


def events(path: str, parameters: Mapping[str, str], body: bytes, received_ns: int) -> list[AnyEvent]:
    """The closed candles of an answer.

    ``path`` is one of :data:`PRICES`; ``parameters`` name the symbol and the interval. Raises DecodeError for a body
    that is no list of candles and where it is not known what was asked, VenueError for a refusal.
    """
    price = PRICES[path]
    if price is CandlePrice.SPOT:
        rows = candles.open_body(facts.VENUE, path, body, list[msgspec.Raw])
        interval_ns = candles.length(facts.VENUE, path, parameters, _SPOT_LENGTHS)
        symbol = candles.asked(facts.VENUE, path, parameters, "symbol")
        return candles.candles(
            path, instrument_id(facts.VENUE, facts.SPOT, symbol), price, interval_ns, rows, received_ns
        )
    rows = _rows(path, envelope.data(path, body))
    symbol = candles.asked(facts.VENUE, path, parameters, "symbol")
    interval_ns = candles.length(facts.VENUE, path, parameters, _CONTRACT_LENGTHS)
    instrument = instrument_id(facts.VENUE, market_of(symbol), symbol)
    return candles.candles(path, instrument, price, interval_ns, rows, received_ns)


def _rows(path: str, raw: msgspec.Raw) -> list[msgspec.Raw]:
    """The columns as rows whose times are in milliseconds. Raises DecodeError for columns that are not alike."""
    found = envelope.objects(path, raw)
    columns = [
        candles.open_body(facts.VENUE, path, bytes(found.get(name, msgspec.Raw(b"null"))), list[msgspec.Raw])
        for name in _COLUMNS
    ]
    if len({len(column) for column in columns}) != 1:
        raise DecodeError(
            facts.VENUE, FaultKind.BAD_FIELD, channel=path, field="time", detail="columns differ in length"
        )
    return [
        msgspec.Raw(b"[" + b",".join((_milliseconds(bytes(time)), *map(bytes, prices))) + b"]")
        for time, *prices in zip(*columns, strict=True)
    ]


def _milliseconds(seconds: bytes) -> bytes:
    """A time in seconds; null for what is none, for the reader of the row to refuse."""
    digits = seconds.strip(b'"')
    return digits + b"000" if digits.isdigit() else b"null"
