"""What Binance USDⓈ-M and spot are, as data: addresses, routes, limits and intervals.

Source: https://developers.binance.com/docs/derivatives and https://developers.binance.com/docs/binance-spot-api-docs
"""

from __future__ import annotations

from typing import Final

from core import symbols
from feeds.venue import Endpoints

VENUE: Final = "binance"
MARKETS: Final = symbols.MARKETS[VENUE]

LIVE: Final = Endpoints(
    rest="https://fapi.binance.com",
    websocket="wss://fstream.binance.com",
    more={"spot_rest": "https://api.binance.com", "spot_websocket": "wss://stream.binance.com:9443"},
)
DEMO: Final = Endpoints(
    rest="https://demo-fapi.binance.com",
    websocket="wss://demo-fstream.binance.com",
    more={"spot_rest": "https://demo-api.binance.com", "spot_websocket": "wss://demo-stream.binance.com"},
)
SPOT_REST: Final = "spot_rest"
SPOT_WEBSOCKET: Final = "spot_websocket"
"""Keys of ``Endpoints.more``: where spot is, if not at the futures' addresses."""

MARKET_PATH: Final = "/market/stream"
PUBLIC_PATH: Final = "/public/stream"
SPOT_PATH: Final = "/stream"
"""Each route serves only its own class of stream; asked on the wrong one, the venue acks and stays silent for ever."""

LIFETIME_SECONDS: Final = 23 * 3600.0
"""The venue cuts every socket at 24 h, futures without notice."""

STREAMS_PER_FRAME: Final = 100
"""An unknown stream is acked and silent, so a group cannot fail as a whole; sockets take 5 (futures 10) messages a
second."""

MARK_PRICE_SILENCE_SECONDS: Final = 6.0
"""``@markPrice@1s`` speaks every second."""

BOOK_SILENCE_SECONDS: Final = 60.0
"""``@bookTicker`` speaks when the top of the book changes; a quiet contract may rest."""

SPOT_BOOK_SILENCE_SECONDS: Final = 60.0
SPOT_TICKER_SILENCE_SECONDS: Final = 120.0

OUR_PRODUCT: Final = 1
"""``st`` of USDⓈ-M; 2 is COIN-M, which the all-market streams mix in since 2026-06-30."""

MAX_SYMBOLS: Final = 5_000
"""More symbols than this on one connection are no market's; state must not grow with garbage."""

DEFAULT_FUNDING_INTERVAL_HOURS: Final = 8
"""``fundingInfo`` lists only contracts that were ever adjusted."""

PERPETUAL_TYPES: Final = ("PERPETUAL", "TRADIFI_PERPETUAL")
"""Beginnings of ``contractType`` of contracts that never expire ("PERPETUAL DELIVERING" is being delisted)."""

NEVER_MS: Final = 4_133_404_800_000
"""``deliveryDate`` of a perpetual: 2100-12-25."""

UNUSED_EVENTS: Final = frozenset(
    {
        "ACCOUNT_CONFIG_UPDATE",
        "ACCOUNT_UPDATE",
        "ALGO_UPDATE",
        "CONDITIONAL_ORDER_TRIGGER_REJECT",
        "GRID_UPDATE",
        "MARGIN_CALL",
        "ORDER_TRADE_UPDATE",
        "STRATEGY_UPDATE",
        "TRADE_LITE",
        "1hTicker",
        "4hTicker",
        "1dTicker",
        "aggTrade",
        "assetIndexUpdate",
        "avgPrice",
        "balanceUpdate",
        "compositeIndex",
        "continuous_kline",
        "contractInfo",
        "depthUpdate",
        "executionReport",
        "externalLockUpdate",
        "forceOrder",
        "indexPriceUpdate",
        "indexPrice_kline",
        "kline",
        "markPrice_kline",
        "outboundAccountPosition",
        "trade",
        "tradingSession",
    }
)
"""Event types that are understood and carry nothing that is wanted here."""

NOTICES: Final = frozenset({"serverShutdown", "listenKeyExpired", "eventStreamTerminated"})

EXCHANGE_INFO_PATH: Final = "/fapi/v1/exchangeInfo"
FUNDING_INFO_PATH: Final = "/fapi/v1/fundingInfo"
PREMIUM_INDEX_PATH: Final = "/fapi/v1/premiumIndex"
LEVERAGE_BRACKET_PATH: Final = "/fapi/v1/leverageBracket"
SPOT_EXCHANGE_INFO_PATH: Final = "/api/v3/exchangeInfo"
MARK_CANDLES_PATH: Final = "/fapi/v1/markPriceKlines"
INDEX_CANDLES_PATH: Final = "/fapi/v1/indexPriceKlines"
SPOT_CANDLES_PATH: Final = "/api/v3/klines"
CLOCK_PATH: Final = "/fapi/v1/time"
SPOT_CLOCK_PATH: Final = "/api/v3/time"
RECV_WINDOW_MS: Final = 5_000

WEIGHT_LIMIT: Final = 2_400
SPOT_WEIGHT_LIMIT: Final = 6_000
"""Request weight a minute and address."""

STAY_AWAY_SECONDS: Final = {403: 300.0, 418: 120.0, 429: 60.0}
"""How long to be quiet after a status that has no ``Retry-After``; a ban lasts two minutes at least."""

THROTTLED_SECONDS: Final = 5.0
STATUS_MEANINGS: Final = {
    403: "refused by the firewall",
    418: "this address is banned",
    429: "over the request limit",
    451: "not available from this location",
}

CODES_NO_SUCH_SYMBOL: Final = frozenset({"-1121"})
CODES_TOO_MANY: Final = frozenset({"-1003", "-1008", "-1015"})
CODES_OUTCOME_UNKNOWN: Final = frozenset({"-1000", "-1001", "-1006", "-1007"})
"""Business errors after which the venue may have acted."""
