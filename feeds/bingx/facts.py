"""What BingX is, as data: addresses, paths, limits, codes and intervals.

Source: https://bingx-api.github.io/docs-v3 and BingX's own skill files for its API (2026-04)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from core import symbols
from feeds.origins import Origins
from feeds.venue import Endpoints

VENUE: Final = "bingx"
MARKETS: Final = symbols.MARKETS[VENUE]
LINEAR: Final = "linear"
INVERSE: Final = "inverse"
SPOT: Final = "spot"

INVERSE_WEBSOCKET: Final = "inverse_websocket"
SPOT_WEBSOCKET: Final = "spot_websocket"
"""Keys of ``Endpoints.more``: where these markets' sockets are; empty where there is none."""

LIVE: Final = Endpoints(
    rest="https://open-api.bingx.com",
    websocket="wss://open-api-swap.bingx.com",
    more={
        INVERSE_WEBSOCKET: "wss://open-api-cswap-ws.bingx.com",
        SPOT_WEBSOCKET: "wss://open-api-ws.bingx.com",
    },
)
DEMO: Final = Endpoints(
    rest="https://open-api-vst.bingx.com",
    websocket="wss://vst-open-api-ws.bingx.com",
    more={INVERSE_WEBSOCKET: "", SPOT_WEBSOCKET: ""},
)
"""Trading with the asset ``VST``; USDT-margined contracts only."""

SOCKET_PATHS: Final = {LINEAR: "/swap-market", INVERSE: "/market", SPOT: "/market"}

# --- websockets ------------------------------------------------------------------------------------------------------

SYMBOLS_PER_SOCKET: Final = 60
"""Three topics each: a socket takes 200, and one more than that is refused."""

MARK_SILENCE_SECONDS: Final = 6.0
"""The mark price comes every second."""

INVERSE_MARK_SILENCE_SECONDS: Final = 20.0
"""Coin-margined contracts are pushed less evenly."""

TICKER_SILENCE_SECONDS: Final = 10.0
"""The ticker comes every second, trades or none."""

BOOK_SILENCE_SECONDS: Final = 60.0
"""The best bid and ask come when they change."""

SPOT_TICKER_SILENCE_SECONDS: Final = 120.0
SPOT_BOOK_SILENCE_SECONDS: Final = 60.0

MAX_SYMBOLS: Final = 5_000
"""More topics than this on one connection are no market's; state must not grow with garbage."""

UNUSED_CHANNELS: Final = ("kline_", "trade", "depth", "incrDepth", "forceOrder")
"""Beginnings of channels that are understood and carry nothing that is wanted here."""

PRIVATE_EVENTS: Final = frozenset(
    {
        "ACCOUNT_UPDATE",
        "ACCOUNT_CONFIG_UPDATE",
        "ORDER_TRADE_UPDATE",
        "TRADE_UPDATE",
        "SNAPSHOT",
        "listenKeyExpired",
        "executionReport",
    }
)
"""Event types of private sockets."""

SPOT_BALANCES: Final = "ACCOUNT_UPDATE"
SPOT_ORDERS: Final = "spot.executionReport"
"""Private topics of spot, which have to be subscribed to; those of contracts come by themselves."""

LISTEN_KEY_SECONDS: Final = 1800.0
"""A listen key lives for an hour and is to be renewed every half."""

# --- paths -----------------------------------------------------------------------------------------------------------

CLOCK_PATH: Final = "/openApi/swap/v2/server/time"
SPOT_CLOCK_PATH: Final = "/openApi/spot/v1/server/time"
CONTRACTS_PATH: Final = "/openApi/swap/v2/quote/contracts"
INVERSE_CONTRACTS_PATH: Final = "/openApi/cswap/v1/market/contracts"
SPOT_SYMBOLS_PATH: Final = "/openApi/spot/v1/common/symbols"
PREMIUM_PATH: Final = "/openApi/swap/v2/quote/premiumIndex"
INVERSE_PREMIUM_PATH: Final = "/openApi/cswap/v1/market/premiumIndex"
SETTLED_PATH: Final = "/openApi/swap/v2/quote/fundingRate"
TICKER_PATH: Final = "/openApi/swap/v2/quote/ticker"
INVERSE_TICKER_PATH: Final = "/openApi/cswap/v1/market/ticker"
BOOK_PATH: Final = "/openApi/swap/v2/quote/bookTicker"
DEPTH_PATH: Final = "/openApi/swap/v2/quote/depth"
INVERSE_DEPTH_PATH: Final = "/openApi/cswap/v1/market/depth"
LAST_PATH: Final = "/openApi/swap/v1/ticker/price"
OPEN_INTEREST_PATH: Final = "/openApi/swap/v2/quote/openInterest"
INVERSE_OPEN_INTEREST_PATH: Final = "/openApi/cswap/v1/market/openInterest"
CANDLES_PATH: Final = "/openApi/swap/v3/quote/klines"
INVERSE_CANDLES_PATH: Final = "/openApi/cswap/v1/market/klines"
MARK_CANDLES_PATH: Final = "/openApi/swap/v1/market/markPriceKlines"
SPOT_CANDLES_PATH: Final = "/openApi/spot/v1/market/kline"
TIERS_PATH: Final = "/openApi/swap/v1/maintMarginRatio"
RIGHTS_PATH: Final = "/openApi/v1/account/apiPermissions"
LISTEN_KEY_PATH: Final = "/openApi/user/auth/userDataStream"
BALANCE_PATH: Final = "/openApi/swap/v3/user/balance"
INVERSE_BALANCE_PATH: Final = "/openApi/cswap/v1/user/balance"
SPOT_BALANCE_PATH: Final = "/openApi/spot/v1/account/balance"
POSITIONS_PATH: Final = "/openApi/swap/v2/user/positions"
INVERSE_POSITIONS_PATH: Final = "/openApi/cswap/v1/user/positions"
POSITION_MODE_PATH: Final = "/openApi/swap/v1/positionSide/dual"
MARGIN_MODE_PATH: Final = "/openApi/swap/v2/trade/marginType"
INVERSE_MARGIN_MODE_PATH: Final = "/openApi/cswap/v1/trade/marginType"
LEVERAGE_PATH: Final = "/openApi/swap/v2/trade/leverage"
INVERSE_LEVERAGE_PATH: Final = "/openApi/cswap/v1/trade/leverage"
INCOME_PATH: Final = "/openApi/swap/v2/user/income"
COMMISSION_PATH: Final = "/openApi/swap/v2/user/commissionRate"
INVERSE_COMMISSION_PATH: Final = "/openApi/cswap/v1/user/commissionRate"
ORDER_PATH: Final = "/openApi/swap/v2/trade/order"
OPEN_ORDERS_PATH: Final = "/openApi/swap/v2/trade/openOrders"
ALL_ORDERS_PATH: Final = "/openApi/swap/v2/trade/allOrders"
CANCEL_ALL_PATH: Final = "/openApi/swap/v2/trade/allOpenOrders"
CLOSE_ALL_PATH: Final = "/openApi/swap/v2/trade/closeAllPositions"
AMEND_PATH: Final = "/openApi/swap/v1/trade/amend"
FILLS_PATH: Final = "/openApi/swap/v2/trade/fillHistory"
ORDER_FILLS_PATH: Final = "/openApi/swap/v2/trade/allFillOrders"
INVERSE_ORDER_PATH: Final = "/openApi/cswap/v1/trade/order"
INVERSE_CANCEL_PATH: Final = "/openApi/cswap/v1/trade/cancelOrder"
INVERSE_QUERY_PATH: Final = "/openApi/cswap/v1/trade/orderDetail"
INVERSE_OPEN_ORDERS_PATH: Final = "/openApi/cswap/v1/trade/openOrders"
INVERSE_ALL_ORDERS_PATH: Final = "/openApi/cswap/v1/trade/orderHistory"
INVERSE_FILLS_PATH: Final = "/openApi/cswap/v1/trade/allFillOrders"

# --- intervals and limits --------------------------------------------------------------------------------------------

PREMIUM_SECONDS: Final = 2.0
"""How often index price and funding rate are asked for: an index counts as late after three."""

SETTLED_SECONDS: Final = 60.0

SINGLY: Final = 10
"""So many contracts are asked for one by one (at most 300 of 1000 requests a minute); more come as one list."""

INVERSE_FUNDING_HOURS: Final = 8
"""Of coin-margined contracts the interval is not told; the venue's help states 8 hours."""

RECV_WINDOW_MS: Final = 5_000

ORDER_VALID_NS: Final = 60_000_000_000
"""So long after it was made, a request is outside its window wherever it was held up, and what it did is to be seen."""

LIMITS: Final = (500, 2_000)
"""Requests in ten seconds from one address: to one market endpoint, and to all that are signed."""

ROOM: Final = 3
"""A third of each request limit is left to whatever else uses the key or the address."""

CANCEL_PAUSES: Final = (0.1, 0.4, 0.0)
"""Between looking up an order that was cancelled and is still told as open."""

BLOCKED_SECONDS: Final = 300.0
"""After too many requests the venue refuses for about five minutes, and does not always say until when."""

LONGEST_BLOCK_SECONDS: Final = 900.0
SETTLEMENT_SECONDS: Final = 5.0
"""Orders are refused while funding is being settled."""

MOST_BACK_DAYS: Final = 90
"""How far back the venue keeps orders and its ledger."""

RESTING_DAYS: Final = 28
"""So much further back a first sweep looks for orders that were made before the time asked about, and ended since."""

WINDOW_DAYS: Final = 7
"""The longest stretch that one question may be about."""

PAGE: Final = 500

PER_SECOND: Final = 3
PER_SECOND_SLOW: Final = 1
"""Signed requests of one kind: the venue takes 5 a second, of a few kinds 2."""

SLOW_PATHS: Final = frozenset({POSITION_MODE_PATH, MARGIN_MODE_PATH, INVERSE_MARGIN_MODE_PATH, LISTEN_KEY_PATH})

STATUS_MEANINGS: Final = {
    403: "refused by the firewall",
    418: "this address is banned",
    429: "over the request limit",
}

CODES_NO_SUCH_SYMBOL: Final = frozenset({"109425"})
CODES_TOO_MANY: Final = frozenset({"100410", "109403", "109429"})
CODES_SETTLING: Final = frozenset({"101214"})
CODES_OUTCOME_UNKNOWN: Final = frozenset({"100500", "109500", "110500"})
"""The venue was busy: it may have acted."""

CODES_CLOCK: Final = frozenset({"100421"})
CODES_NO_SUCH_ORDER: Final = frozenset({"109421", "80016", "101421"})
CODES_DUPLICATE: Final = frozenset({"109201", "101481"})
CODES_PERHAPS_DUPLICATE: Final = frozenset({"101400"})
"""A refusal for what an order says: its size, and its id too where that was used before."""

CODES_NOT_ENTITLED: Final = frozenset(
    {"100001", "100004", "100400", "100404", "100412", "100413", "100419", "100421", "limited", "no_key"}
)
"""Refusals by the gateway: what was asked never reached the market."""

CONTRACT_STATES: Final = {0: "offline", 1: "trading", 5: "pre-launch", 25: "no opening"}

# --- what it lacks ---------------------------------------------------------------------------------------------------

_NO_SPOT_POSITIONS: Final = "spot has no positions"
_SPOT_READ: Final = "of spot, prices and balances are read"

TIERS_NEED_KEY: Final = True
"""The maintenance tiers of USDT-margined contracts are a signed request."""

NOT_OFFERED: Final[Mapping[tuple[str, str], str]] = {
    (INVERSE, "last settled funding rate"): "the venue keeps no history of funding rates of coin-margined contracts",
    (INVERSE, "maintenance tiers"): "the venue publishes no tiers of coin-margined contracts",
    (INVERSE, "funding records"): "the venue's ledger is of USDT-margined contracts",
    (INVERSE, "fee records"): "the venue's ledger is of USDT-margined contracts; fees come with the fills",
    (INVERSE, "position mode"): "no endpoint tells it; orders name the leg",
    (INVERSE, "reduce-only"): "orders have no such field; a leg of hedge mode is closed by naming it",
    (INVERSE, "test network"): "the demo network has USDT-margined contracts only",
    **{
        (SPOT, name): _NO_SPOT_POSITIONS
        for name in (
            *("mark price", "index price", "funding rate", "last settled funding rate", "funding interval"),
            *("maintenance tiers", "positions", "funding records", "position mode", "margin mode", "leverage"),
            "reduce-only",
        )
    },
    **{
        (SPOT, name): _SPOT_READ
        for name in (
            *("open orders", "fills", "fee records", "place an order", "cancel an order", "query an order"),
            *("post-only", "client order id"),
        )
    },
    (SPOT, "test network"): "the demo network has USDT-margined contracts only",
}
"""Why a market has no answer to something, by market and capability."""

ESTIMATED: Final[Mapping[tuple[str, str], str]] = {
    (INVERSE, "candles"): "of trades: the venue keeps none of mark prices of these contracts",
    (INVERSE, "funding interval"): "taken to be 8 hours where the next settlement agrees: no answer tells it",
    (INVERSE, "positions"): (
        "the position mode is what orders and positions show, else that of USDT-margined contracts, else one-way; "
        "the margin of an isolated position is the initial one: additions are not told"
    ),
}
"""Where an answer rests on something that the venue does not tell."""

ORIGINS: Final = Origins(
    sockets=(
        (re.compile(r"/swap-market$"), "linear"),
        (re.compile(r"cswap[^?]*/market$"), "inverse"),
        (re.compile(r"(?://open-api-ws\.bingx\.[^/]*|/spot)/market$"), "spot"),
    ),
    bodies=re.compile(r"//[^/]+/openApi/"),
)
