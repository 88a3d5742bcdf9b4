"""BingX's candles: what to ask for them, and its bodies to events. Pure.

Source: https://bingx-api.github.io/docs-v3 (Mark Price Kline/Candlestick Data; Get Kline Data of coin-margined
contracts; Spot Kline Data). Rows come in any order, the running candle among them. Spot's are cut at midnight in China
unless asked for in UTC. Of coin-margined contracts there are candles of trades only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from core.events import AnyEvent, CandlePrice
from core.history import DAY_NS, HOUR_NS
from core.instruments import instrument_id
from feeds import candles
from feeds.bingx import facts
from feeds.bingx.envelope import data, rows
from feeds.venue import CandlesWanted, RestAnswer

INTERVALS: Final[Mapping[int, str]] = {DAY_NS: "1d", HOUR_NS: "1h"}
_LENGTHS: Final = candles.lengths(minutes="1m 3m 5m 15m 30m", hours="1h 2h 4h 6h 8h 12h", days="1d 3d", weeks="1w")

MARKETS: Final = {
    facts.MARK_CANDLES_PATH: (facts.LINEAR, CandlePrice.MARK),
    facts.INVERSE_CANDLES_PATH: (facts.INVERSE, CandlePrice.LAST),
    facts.SPOT_CANDLES_PATH: (facts.SPOT, CandlePrice.SPOT),
}
"""Market and price of each endpoint that is used."""

_NULL: Final = msgspec.Raw(b"null")
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def question(wanted: CandlesWanted) -> tuple[str, dict[str, str]]:
    """The path to ask and its parameters, one row more than wanted, because the newest is still running."""
    _, market, symbol = wanted.instrument.split(":")
    parameters = {"symbol": symbol, "interval": INTERVALS[wanted.interval_ns], "limit": str(wanted.count + 1)}
    if market == facts.INVERSE:
        return facts.INVERSE_CANDLES_PATH, parameters
    if market == facts.SPOT:
        return facts.SPOT_CANDLES_PATH, parameters | {"timeZone": "0"}
    return facts.MARK_CANDLES_PATH, parameters


def events(answer: RestAnswer) -> list[AnyEvent]:
    """The closed candles of an answer; nothing for days that are not cut at midnight UTC.

    Raises DecodeError for a body that is no list, and where it is not known what was asked.
    """
    market, price = MARKETS[answer.path]
    found = rows(data(answer.body, answer.path), answer.path)
    interval_ns = candles.length(facts.VENUE, answer.path, answer.parameters, _LENGTHS)
    if market == facts.SPOT and interval_ns >= DAY_NS and answer.parameters.get("timeZone") != "0":
        return []
    symbol = candles.asked(facts.VENUE, answer.path, answer.parameters, "symbol")
    instrument = instrument_id(facts.VENUE, market, symbol)
    return candles.candles(answer.path, instrument, price, interval_ns, _as_arrays(found), answer.received_ns)


def _as_arrays(found: Sequence[msgspec.Raw]) -> list[msgspec.Raw]:
    """Rows as arrays that begin with the opening time; those that are neither arrays nor objects as they are."""
    made = []
    for row in found:
        try:
            content = _OBJECT.decode(row)
        except (msgspec.DecodeError, RecursionError):  # an array already, or nothing that can be one
            made.append(row)
            continue
        time = content.get("openTime", content.get("time", _NULL))
        cells = [time, *(content.get(name, _NULL) for name in ("open", "high", "low", "close"))]
        made.append(msgspec.Raw(b"[" + b",".join(bytes(cell) for cell in cells) + b"]"))
    return made
