"""What Bybit v5 is, as data: addresses, limits and intervals.

Source: https://bybit-exchange.github.io/docs/v5/intro
"""

from __future__ import annotations

import re
from typing import Final

from core import symbols
from feeds.origins import Origins
from feeds.venue import Endpoints

VENUE: Final = "bybit"
MARKETS: Final = symbols.MARKETS[VENUE]

LIVE: Final = Endpoints(rest="https://api.bybit.com", websocket="wss://stream.bybit.com")

PUBLIC_PATH: Final = "/v5/public/{market}"

HEARTBEAT_SECONDS: Final = 20.0
"""The client must say ``ping`` this often; the venue cuts a socket after ten silent minutes."""

ARGS_PER_FRAME: Final = 10
"""The venue's limit on spot; kept everywhere, because one bad topic fails its whole frame."""

TICKER_SILENCE_SECONDS: Final = 6.0
"""Tickers are sent every 100 ms when something changes; the mark price of a live contract changes every second or
two."""

BOOK_SILENCE_SECONDS: Final = 8.0
"""An unchanged ``orderbook.1`` is repeated every 3 s."""

SPOT_TICKER_SILENCE_SECONDS: Final = 60.0
"""A spot ticker speaks on trades only: a quiet pair may rest, and its book proves that the venue lives."""

RESET_SLACK_MS: Final = 5_000
"""A snapshot may be this much older than what is held: after a service reset another server's clock speaks."""

MAX_SYMBOLS: Final = 5_000
"""More topics than this on one connection are no market's; merged state must not grow with garbage."""

UNUSED_TOPICS: Final = frozenset(
    {
        "adlAlert",
        "allLiquidation",
        "execution",
        "greeks",
        "insurance",
        "kline",
        "liquidation",
        "order",
        "orderbook",
        "position",
        "priceLimit",
        "publicTrade",
        "system",
        "wallet",
    }
)
"""First words of topics that are understood and carry nothing that is wanted here."""

INSTRUMENTS_PATH: Final = "/v5/market/instruments-info"
INSTRUMENTS_LIMIT: Final = 1000
MOST_PAGES: Final = 50
RISK_LIMIT_PATH: Final = "/v5/market/risk-limit"
MARK_CANDLES_PATH: Final = "/v5/market/mark-price-kline"
INDEX_CANDLES_PATH: Final = "/v5/market/index-price-kline"
CANDLES_PATH: Final = "/v5/market/kline"
RECV_WINDOW_MS: Final = 5_000

REFUSED_ADDRESS_SECONDS: Final = 600.0
"""HTTP 403 "access too frequent": the address must be quiet for ten minutes."""

OVERLOAD_SECONDS: Final = 10.0

CODES_NO_SUCH_SYMBOL: Final = frozenset({"10001"})
CODES_TOO_MANY: Final = frozenset({"10006", "10018"})
CODES_OUTCOME_UNKNOWN: Final = frozenset({"10000", "10016"})

ORIGINS: Final = Origins(
    sockets=((re.compile(r"/v5/public/(linear|inverse|spot)$"), ""),),
    bodies=re.compile(r"//[^/]+/v5/"),
)
