"""What Binance's futures (USDⓈ-M, COIN-M) and spot are, as data: addresses, routes, limits and intervals.

Source: https://developers.binance.com/docs/derivatives and https://developers.binance.com/docs/binance-spot-api-docs
"""

from __future__ import annotations

import re
from typing import Final

from core import symbols
from feeds.origins import Origins
from feeds.venue import Endpoints

VENUE: Final = "binance"
MARKETS: Final = symbols.MARKETS[VENUE]

LIVE: Final = Endpoints(
    rest="https://fapi.binance.com",
    websocket="wss://fstream.binance.com",
    more={
        "coinm_rest": "https://dapi.binance.com",
        "coinm_websocket": "wss://dstream.binance.com",
        "spot_rest": "https://api.binance.com",
        "spot_websocket": "wss://stream.binance.com:9443",
        "spot_api": "wss://ws-api.binance.com:443",
    },
)
DEMO: Final = Endpoints(
    rest="https://demo-fapi.binance.com",
    websocket="wss://demo-fstream.binance.com",
    more={
        "coinm_rest": "https://demo-dapi.binance.com",
        "coinm_websocket": "wss://demo-dstream.binance.com",
        "spot_rest": "https://demo-api.binance.com",
        "spot_websocket": "wss://demo-stream.binance.com",
        "spot_api": "wss://demo-ws-api.binance.com",
    },
)
TESTNET: Final = Endpoints(
    rest="https://testnet.binancefuture.com",
    websocket="wss://fstream.binancefuture.com",
    more={
        "coinm_rest": "https://testnet.binancefuture.com",
        "coinm_websocket": "wss://dstream.binancefuture.com",
        "spot_rest": "https://testnet.binance.vision",
        "spot_websocket": "wss://stream.testnet.binance.vision",
        "spot_api": "wss://ws-api.testnet.binance.vision",
    },
)
"""The old test network, being wound down; ``DEMO`` is what replaces it."""

COINM_REST: Final = "coinm_rest"
COINM_WEBSOCKET: Final = "coinm_websocket"
SPOT_REST: Final = "spot_rest"
SPOT_WEBSOCKET: Final = "spot_websocket"
SPOT_API: Final = "spot_api"
"""Keys of ``Endpoints.more``: where COIN-M and spot are, if not at the USDⓈ-M addresses; ``spot_api`` is where spot's
requests over a websocket go."""

MARKET_PATH: Final = "/market/stream"
PUBLIC_PATH: Final = "/public/stream"
PRIVATE_PATH: Final = "/private/stream"
"""Each USDⓈ-M route serves only its own class of stream; asked on the wrong one, the venue acks and stays silent."""

SPOT_PATH: Final = "/stream"
COINM_PATH: Final = "/stream"
SPOT_API_PATH: Final = "/ws-api/v3"
COINM_SHARED_PATH: Final = "/dstream"
"""Where COIN-M's streams are on a server that serves all markets: there ``/stream`` is spot's."""

USER_DATA: Final = "userData"
"""The channel of a private connection. The stream's own name is the listenKey, which is never shown."""

LOGIN: Final = "login"
"""The id of the request that a private session of spot begins with."""

LISTEN_KEY_KEPT_SECONDS: Final = 30 * 60.0
"""A listenKey dies an hour after it was last renewed."""

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

PRODUCTS: Final = {"usdm": 1, "coinm": 2}
"""``st`` of each futures market: the all-market streams of either host carry both since 2026-06-30."""

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
        "blockTrade",
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
        "listStatus",
        "referencePrice",
        "indexPrice_kline",
        "kline",
        "markPrice_kline",
        "outboundAccountPosition",
        "trade",
        "tradingSession",
    }
)
"""Event types that are understood and carry nothing that is wanted here."""

EXPIRIES: Final = frozenset({"listenKeyExpired", "eventStreamTerminated"})
"""After these a private socket stays open and silent."""

NOTICES: Final = frozenset({"serverShutdown", "listenKeyExpired", "eventStreamTerminated"})

RECV_WINDOW_MS: Final = 5_000
ORDER_WINDOW_MS: Final = 2_000
"""An order that arrives later than this is to die."""

ORDER_VALID_NS: Final = (ORDER_WINDOW_MS + 3_000) * 1_000_000
"""So long after it was sent, a request is outside its window wherever it was held up."""

CLIENT_ORDER_ID: Final = r"[.A-Z:/a-z0-9_-]{1,36}"

ORDER_LIMITS: Final = {"x-mbx-order-count-10s": (300, 10.0), "x-mbx-order-count-1m": (1_200, 60.0)}
"""Orders an account may send, by the header that tells how many it has sent: how many, in how many seconds."""

OUR_SHARE: Final = 2 / 3
"""The part of each limit that is used here; the rest is left to whatever else its owner runs."""

ROUTINE_SHARE: Final = 1 / 2
"""What is read again and again stops here, so that there is room for orders."""

VITAL_SHARE: Final = 9 / 10
"""An order that was sent can be cancelled and looked up until here, whoever used the rest: that costs little."""

STAY_AWAY_SECONDS: Final = {403: 300.0, 418: 120.0, 429: 60.0}
"""How long to be quiet after a status that has no ``Retry-After``; a ban lasts two minutes at least."""

THROTTLED_SECONDS: Final = 5.0
STATUS_MEANINGS: Final = {
    403: "refused by the firewall",
    418: "this address is banned",
    429: "over the request limit",
    451: "not available from this location",
}

DAY_EVERY_SECONDS: Final = 60.0
DAYS_AT_ONCE: Final = 40
"""So many symbols cost as much one by one as the whole market does."""

SETTLED_EVERY_SECONDS: Final = 300.0
SETTLED_SECONDS_EACH: Final = 3.0
"""At most so often a settled funding rate is asked for: 500 such requests in five minutes are allowed to an address."""

MOST_PAGES: Final = 50
MOST_LOOK_UPS: Final = 50

SETTINGS_EVERY_SWEEPS: Final = 20
"""How each contract is set costs five of weight each; the stream tells changes."""

PAGE_ROWS: Final = 1_000
TRADES_WINDOW_MS: Final = 7 * 86_400_000
KEPT_MS: Final = 89 * 86_400_000
"""Fills and the ledger are kept for three months."""

CODES_NO_SUCH_SYMBOL: Final = frozenset({"-1121"})
CODES_TOO_MANY: Final = frozenset({"-1003", "-1008", "-1015"})
CODES_OUTCOME_UNKNOWN: Final = frozenset({"-1000", "-1001", "-1006", "-1007"})
"""Business errors after which the venue may have acted."""
RIGHTS_PATH: Final = "/sapi/v1/account/apiRestrictions"

CODES_OF_THE_KEY: Final = frozenset({"-1002", "-1022", "-2014", "-2015"})
"""A key that is wrong, or that may not read: asking again will not help, and public data do not depend on it."""

CODES_OF_US: Final = frozenset({"-1002", "-1021", "-1022", "-2014", "-2015"})
"""The request was refused for who asks or when: it says nothing of the order in it."""

CODE_UNKNOWN_ORDER: Final = "-2013"
CODE_NOTHING_TO_CANCEL: Final = "-2011"
CODE_DUPLICATE_ID: Final = "-4116"

TIERS_NEED_KEY: Final = True
"""Margin tiers are told only to a key."""

_NO_CONTRACTS: Final = "spot pairs are no contracts"
_NOT_TRADED: Final = "spot is read for prices and balances, never traded: hedges are contracts"
NOT_OFFERED: Final = {
    **{
        ("spot", capability): _NO_CONTRACTS
        for capability in (
            *("mark price", "index price", "funding rate", "last settled funding rate", "funding interval"),
            *("maintenance tiers", "positions", "funding records", "position mode", "margin mode", "leverage"),
            "reduce-only",
        )
    },
    **{
        ("spot", capability): _NOT_TRADED
        for capability in (
            *("open orders", "fills", "fee records", "place an order", "cancel an order", "query an order"),
            *("post-only", "client order id"),
        )
    },
}
"""Reasons by market and capability."""

ESTIMATED: Final[dict[tuple[str, str], str]] = {}
"""What is told only so that figures are estimates: nothing."""

ORIGINS: Final = Origins(
    sockets=(
        (re.compile(r"/dstream/(?:ws|stream)|//[^/]*dstream[^/]*/(?:ws|stream)"), "coinm"),
        (re.compile(r"/(?:market|public)/(?:ws|stream)"), "usdm"),
        (re.compile(r"//[^/]*fstream[^/]*/(?:ws|stream)"), "usdm"),
        (re.compile(r"//[^/]*stream[^/]*\.binance\.[^/]*/(?:ws|stream)"), "spot"),
    ),
    bodies=re.compile(r"//[^/]+/(?:fapi|dapi)/|//[^/]*binance[^/]*/api/v3/|//127\.0\.0\.1[^/]*/api/v3/"),
    if_known=((re.compile(r"/(?:ws|stream)$"), "spot"),),
)
