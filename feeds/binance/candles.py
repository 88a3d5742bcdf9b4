"""Binance's candles: what to ask for them, and its bodies to events. Pure.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api/Mark-Price-Kline-Candlestick-Data
(rows oldest first, the running candle last)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from core.events import AnyEvent, CandlePrice
from core.history import DAY_NS, HOUR_NS
from core.instruments import instrument_id
from feeds import candles
from feeds.binance import facts
from feeds.binance.products import COINM, PRODUCTS, SPOT, USDM
from feeds.venue import CandlesWanted

INTERVALS: Final[Mapping[int, str]] = {DAY_NS: "1d", HOUR_NS: "1h"}

_LENGTHS: Final = candles.lengths(minutes="1m 3m 5m 15m 30m", hours="1h 2h 4h 6h 8h 12h", days="1d 3d", weeks="1w")


class _Endpoint(NamedTuple):
    market: str
    price: CandlePrice
    key: str
    """The parameter that names the contract, or the pair that has the index."""


ENDPOINTS: Final[Mapping[str, _Endpoint]] = {
    PRODUCTS[USDM].path("markPriceKlines"): _Endpoint(USDM, CandlePrice.MARK, "symbol"),
    PRODUCTS[USDM].path("indexPriceKlines"): _Endpoint(USDM, CandlePrice.INDEX, "pair"),
    PRODUCTS[COINM].path("markPriceKlines"): _Endpoint(COINM, CandlePrice.MARK, "symbol"),
    PRODUCTS[COINM].path("indexPriceKlines"): _Endpoint(COINM, CandlePrice.INDEX, "pair"),
    PRODUCTS[SPOT].path("klines"): _Endpoint(SPOT, CandlePrice.SPOT, "symbol"),
}


def question(wanted: CandlesWanted) -> tuple[str, dict[str, str]]:
    """The path to ask and its parameters; one row more than wanted, because the newest is still running."""
    _, market, symbol = wanted.instrument.split(":")
    parameters = {"symbol": symbol, "interval": INTERVALS[wanted.interval_ns], "limit": str(wanted.count + 1)}
    return PRODUCTS[market].path("klines" if market == SPOT else "markPriceKlines"), parameters


def events(path: str, parameters: Mapping[str, str], body: bytes, received_ns: int) -> list[AnyEvent]:
    """The closed candles of an answer.

    Raises DecodeError for a body that is no list, and where it is not known what was asked.
    """
    endpoint = ENDPOINTS[path]
    rows = candles.open_body(facts.VENUE, path, body, list[msgspec.Raw])
    interval_ns = candles.length(facts.VENUE, path, parameters, _LENGTHS)
    name = candles.asked(facts.VENUE, path, parameters, endpoint.key)
    if endpoint.market == COINM and endpoint.key == "pair":
        name += "_PERP"  # the contract that is named after nothing but its pair
    instrument = instrument_id(facts.VENUE, endpoint.market, name)
    return candles.candles(path, instrument, endpoint.price, interval_ns, rows, received_ns)
