"""WEEX's candles: what to ask for them, and its bodies to events. Pure.

Source: https://www.weex.com/api-doc/contract/Market_API/GetMarkPriceKlines and
https://www.weex.com/api-doc/spot/MarketDataAPI/GetKLineData (the running candle among the rows)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from core.events import AnyEvent, CandlePrice
from core.history import DAY_NS, HOUR_NS
from core.instruments import instrument_id
from feeds import candles
from feeds.venue import CandlesWanted
from feeds.weex import facts

INTERVALS: Final[Mapping[int, str]] = {DAY_NS: "1d", HOUR_NS: "1h"}

ENDPOINTS: Final[Mapping[str, tuple[str, CandlePrice]]] = {
    facts.MARK_CANDLES_PATH: (facts.LINEAR, CandlePrice.MARK),
    facts.INDEX_CANDLES_PATH: (facts.LINEAR, CandlePrice.INDEX),
    facts.SPOT_CANDLES_PATH: (facts.SPOT, CandlePrice.SPOT),
}
"""Which price of which market each endpoint tells."""

_LENGTHS: Final = candles.lengths(minutes="1m 5m 15m 30m", hours="1h 2h 4h 6h 8h 12h", days="1d", weeks="1w")


def question(wanted: CandlesWanted) -> tuple[str, dict[str, str]]:
    """The path to ask and its parameters; one row more than wanted, because the newest is still running."""
    _, market, symbol = wanted.instrument.split(":")
    count = wanted.count + 1
    path = facts.MARK_CANDLES_PATH
    if market == facts.SPOT:
        path, count = facts.SPOT_CANDLES_PATH, min(count, facts.SPOT_CANDLES_LIMIT)
    return path, {"symbol": symbol, "interval": INTERVALS[wanted.interval_ns], "limit": str(count)}


def events(path: str, parameters: Mapping[str, str], body: bytes, received_ns: int) -> list[AnyEvent]:
    """The closed candles of an answer.

    Raises DecodeError for a body that is no list, and where it is not known what was asked.
    """
    market, price = ENDPOINTS[path]
    rows = candles.open_body(facts.VENUE, path, body, list[msgspec.Raw])
    interval_ns = candles.length(facts.VENUE, path, parameters, _LENGTHS)
    instrument = instrument_id(facts.VENUE, market, candles.asked(facts.VENUE, path, parameters, "symbol"))
    return candles.candles(path, instrument, price, interval_ns, rows, received_ns)
