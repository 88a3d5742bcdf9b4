"""Bybit's candles: what to ask for them, and its bodies to events. Pure.

Source: https://bybit-exchange.github.io/docs/v5/market/mark-kline (rows newest first, the running candle among them)
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
from feeds.bybit import facts
from feeds.frames import clip
from feeds.venue import CandlesWanted, RestAnswer

INTERVALS: Final[Mapping[int, str]] = {DAY_NS: "D", HOUR_NS: "60"}

PRICES: Final[Mapping[str, CandlePrice]] = {
    facts.MARK_CANDLES_PATH: CandlePrice.MARK,
    facts.INDEX_CANDLES_PATH: CandlePrice.INDEX,
    facts.CANDLES_PATH: CandlePrice.SPOT,
}
"""Which price each endpoint tells; the last one tells trades, which are wanted of spot pairs only."""

_LENGTHS: Final = candles.lengths(minutes="1 3 5 15 30 60 120 240 360 720", days="D", weeks="W")


class _Result(msgspec.Struct, frozen=True):
    rows: list[msgspec.Raw] = msgspec.field(name="list")
    symbol: str = ""
    category: str = ""


class _Answer(msgspec.Struct, frozen=True):
    result: _Result


def question(wanted: CandlesWanted) -> tuple[str, dict[str, str]]:
    """The path to ask and its parameters; one row more than wanted, because the newest is still running."""
    _, market, symbol = wanted.instrument.split(":")
    parameters = {
        "category": market,
        "symbol": symbol,
        "interval": INTERVALS[wanted.interval_ns],
        "limit": str(wanted.count + 1),
    }
    return facts.CANDLES_PATH if market == "spot" else facts.MARK_CANDLES_PATH, parameters


def events(answer: RestAnswer) -> list[AnyEvent]:
    """The closed candles of an answer; nothing where it holds last prices of a contract.

    Raises DecodeError for a body that is no list, one of something else than was asked for, and where it is not known
    what was asked.
    """
    parameters, path = answer.parameters, answer.path
    price = PRICES[path]
    result = candles.open_body(facts.VENUE, path, answer.body, _Answer).result
    market = parameters.get("category", "") or result.category or answer.market or facts.LINEAR
    if market not in facts.MARKETS or (price is CandlePrice.SPOT) != (market == facts.SPOT):
        return []
    interval_ns = candles.length(facts.VENUE, path, parameters, _LENGTHS)
    symbol = parameters.get("symbol", "") or result.symbol
    candles.asked(facts.VENUE, path, {"symbol": symbol}, "symbol")
    for field, asked, told in (("symbol", symbol, result.symbol), ("category", market, result.category)):
        if told not in ("", asked):
            detail = f"expected {clip(asked, 40)}, found {clip(told, 40)}"
            raise DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=path, field=field, detail=detail)
    instrument = instrument_id(facts.VENUE, market, symbol)
    return candles.candles(path, instrument, price, interval_ns, result.rows, answer.received_ns)
