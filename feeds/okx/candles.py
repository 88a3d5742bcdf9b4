"""OKX's candles: what to ask for them, and its bodies to events. Pure.

Source: https://www.okx.com/docs-v5/en/ (mark price candlesticks, candlesticks: rows newest first, the running candle
among them). Days are asked for as the venue cuts them at midnight UTC; those without ``utc`` begin at 16:00.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from core.events import AnyEvent, Candle, CandlePrice, CandlesLoaded
from core.history import DAY_NS, HOUR_NS
from core.instruments import instrument_id
from feeds import candles
from feeds.okx import facts
from feeds.okx.state import market_of
from feeds.venue import CandlesWanted

BARS: Final[Mapping[int, str]] = {DAY_NS: "1Dutc", HOUR_NS: "1H"}

PRICES: Final[Mapping[str, CandlePrice]] = {
    facts.MARK_CANDLES_PATH: CandlePrice.MARK,
    facts.INDEX_CANDLES_PATH: CandlePrice.INDEX,
    facts.CANDLES_PATH: CandlePrice.SPOT,
}
"""Which price each endpoint tells; the last one tells trades, which are wanted of spot pairs only."""

_LENGTHS: Final = candles.lengths(minutes="1m 3m 5m 15m 30m", hours="1H 2H 4H 6Hutc 12Hutc", days="1Dutc 2Dutc 3Dutc")


class _Rows(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw]


def question(wanted: CandlesWanted, before_ms: int | None = None) -> tuple[str, dict[str, str]]:
    """The path to ask and its parameters: the newest page, or the one before a time."""
    _, market, symbol = wanted.instrument.split(":", 2)
    spot = market == facts.SPOT
    most = facts.CANDLES_LIMIT if spot else facts.MARK_CANDLES_LIMIT
    parameters = {
        "instId": symbol,
        "bar": BARS[wanted.interval_ns],
        "limit": str(min(wanted.count + 1, most)),  # the newest is still running
    }
    if before_ms is not None:
        parameters["after"] = str(before_ms)
    return facts.CANDLES_PATH if spot else facts.MARK_CANDLES_PATH, parameters


def events(path: str, parameters: Mapping[str, str], body: bytes, received_ns: int) -> list[AnyEvent]:
    """The closed candles of an answer; nothing where it holds last prices of a contract.

    Raises DecodeError for a body that is no list, and where it is not known what was asked.
    """
    price = PRICES[path]
    symbol = candles.asked(facts.VENUE, path, parameters, "instId")
    market = market_of(symbol + facts.SWAP_SUFFIX if price is CandlePrice.INDEX else symbol)
    rows = candles.open_body(facts.VENUE, path, body, _Rows).data
    if not market or (price is CandlePrice.SPOT) != (market == facts.SPOT):
        return []
    interval_ns = candles.length(facts.VENUE, path, parameters, _LENGTHS, "bar")
    if price is CandlePrice.INDEX:
        symbol += facts.SWAP_SUFFIX
    return candles.candles(path, instrument_id(facts.VENUE, market, symbol), price, interval_ns, rows, received_ns)


def oldest(told: list[AnyEvent]) -> Candle | None:
    """The oldest candle among the events of one page; ``None`` where there is none."""
    return next((event.candles[0] for event in told if isinstance(event, CandlesLoaded) and event.candles), None)
