"""What WEEX V3 is, as data: addresses, channels, limits, codes, and what it does not offer.

Source: https://www.weex.com/api-doc/contract and https://www.weex.com/api-doc/spot (version V3; V2 was retired on
2026-09-30)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from core import symbols
from feeds.origins import Origins
from feeds.venue import Endpoints

VENUE: Final = "weex"
MARKETS: Final = symbols.MARKETS[VENUE]
LINEAR, SPOT = "linear", "spot"

SPOT_REST: Final = "spot_rest"
SPOT_WEBSOCKET: Final = "spot_websocket"
"""Keys of ``Endpoints.more``: where spot is, if not at the contracts' addresses."""

LIVE: Final = Endpoints(
    rest="https://api-contract.weex.com",
    websocket="wss://ws-contract.weex.com",
    more={SPOT_REST: "https://api-spot.weex.com", SPOT_WEBSOCKET: "wss://ws-spot.weex.com"},
)

PUBLIC_PATH: Final = "/v3/ws/public"
PRIVATE_PATH: Final = "/v3/ws/private"

# --- sockets -------------------------------------------------------------------------------------------------

CHANNELS_PER_SOCKET: Final = 90
"""The venue takes 100 on one connection."""

CHANNELS_PER_FRAME: Final = 30
"""One bad channel fails its frame; each frame is one of 240 operations an hour."""

BOOK_LEVELS: Final = 15
BOOK_CHANNEL: Final = "depth15"

TICKER_SILENCE_SECONDS: Final = 8.0
"""A contract's ticker, which has its mark price, is sent every 100 to 300 ms."""

BOOK_SILENCE_SECONDS: Final = 60.0
"""A book is sent every 500 ms when it changes; asking for it again costs two of the 240 operations an hour."""

SPOT_TICKER_SILENCE_SECONDS: Final = 120.0
"""A spot ticker speaks on trades: a quiet pair may rest."""

DAY_EVERY_NS: Final = 5_000_000_000
"""A ticker's statistics of the day are told this often: they change slower than its prices."""

MAX_SYMBOLS: Final = 5_000
"""More symbols than this on one connection are no market's; state must not grow with garbage."""

UNUSED_EVENTS: Final = frozenset({"trade", "tradeSnapshot", "kline", "klineSnapshot"})
"""Public frames that are understood and carry nothing that is wanted here."""

# --- REST ----------------------------------------------------------------------------------------------------

CLOCK_PATH: Final = "/capi/v3/market/time"
INSTRUMENTS_PATH: Final = "/capi/v3/market/exchangeInfo"
TRADABLE_PATH: Final = "/capi/v3/market/apiTradingSymbols"
PREMIUM_PATH: Final = "/capi/v3/market/premiumIndex"
SETTLED_PATH: Final = "/capi/v3/market/fundingRate"
TIERS_PATH: Final = "/capi/v3/market/riskLimits"
MARK_CANDLES_PATH: Final = "/capi/v3/market/markPriceKlines"
INDEX_CANDLES_PATH: Final = "/capi/v3/market/indexPriceKlines"
SPOT_CLOCK_PATH: Final = "/api/v3/time"
SPOT_INSTRUMENTS_PATH: Final = "/api/v3/exchangeInfo"
SPOT_CANDLES_PATH: Final = "/api/v3/market/klines"
SPOT_CANDLES_LIMIT: Final = 300

BALANCE_PATH: Final = "/capi/v3/account/balance"
CONFIG_PATH: Final = "/capi/v3/account/accountConfig"
SYMBOL_CONFIG_PATH: Final = "/capi/v3/account/symbolConfig"
POSITIONS_PATH: Final = "/capi/v3/account/position/allPosition"
POSITION_PATH: Final = "/capi/v3/account/position/singlePosition"
INCOME_PATH: Final = "/capi/v3/account/income"
ORDER_PATH: Final = "/capi/v3/order"
OPEN_ORDERS_PATH: Final = "/capi/v3/openOrders"
ORDER_HISTORY_PATH: Final = "/capi/v3/order/history"
TRADES_PATH: Final = "/capi/v3/userTrades"
SPOT_ACCOUNT_PATH: Final = "/api/v3/account/"
PRICE_PATH: Final = "/capi/v3/market/symbolPrice"
BEST_PATH: Final = "/capi/v3/market/ticker/bookTicker"
DAY_PATH: Final = "/capi/v3/market/ticker/24hr"

SILENT_PATHS: Final = (
    "/capi/v3/account/leverage",
    "/capi/v3/account/marginType",
    "/capi/v3/account/positionMargin",
    "/capi/v3/account/commissionRate",
    "/capi/v3/market/openInterest",
    "/capi/v3/market/trades",
    "/capi/v3/market/klines",
    "/capi/v3/algoOrder",
    "/capi/v3/closePositions",
)
"""Whose answers tell nothing that is kept here."""

NOT_BY_API: Final = "not tradable by API"
"""The status of a contract that the venue lists and whose orders it refuses (-1058) when a program sends them."""

FUNDING_POLL: Final = "funding"
FUNDING_EVERY_SECONDS: Final = 20.0
"""No stream tells the funding rate. A request weighs 1, for one contract or for all of about a thousand."""

FEW: Final = 5
"""So many contracts are cheaper asked for one by one."""

SETTLED_POLL: Final = "settled funding"
SETTLED_EVERY_SECONDS: Final = 300.0
"""One request a contract, of weight 5."""

OVERDUE_SLACK_MS: Final = 300_000
"""For so long after a settlement a row may still name it as the next; after that the row is dead."""

WEIGHT_LIMIT: Final = 500
WINDOW_SECONDS: Final = 10.0
"""Request weight of an address, and again of an account, within a window; beyond it HTTP 429 for about as long."""

OURS: Final = (2, 3)
"""The part of the weight that is used here; the rest is left to whatever else the owner of the key runs."""

PRIVATE_CHANNELS: Final = ("account", "positions", "orders", "fill")
SPOT_PRIVATE_CHANNELS: Final = ("account",)
MARGIN_COINS: Final = frozenset({"USDT", "USDC"})
"""What contracts are margined in. So much of a spot wallet is not told of an account: it backs no contract."""

LONGEST_LOOK_BACK_MS: Final = 89 * 86_400_000
"""The venue's records go back 90 days."""

PAGE_ROWS: Final = 100
MOST_LOOK_UPS: Final = 200
"""So many orders are looked up by number in one sweep, for what we call them; each weighs 2 of the 500."""

VALID_SECONDS: Final = 60.0
"""A signature lives 30 s by the venue's clock: with what its clock and ours may be apart, none is taken later."""

CLIENT_ID: Final = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
CODE_CLIENT_ID: Final = "-1180"
CODE_NO_ORDER: Final = "-3200"

CODE_NO_SUCH_PATH: Final = "404"
CODES_NO_SUCH_SYMBOL: Final = frozenset({"-1121", "-2007", "-3235"})
CODES_CLOCK: Final = frozenset({"-1043", "-1046"})
CODES_LOGIN: Final = frozenset(
    {"-1040", "-1041", "-1042", "-1043", "-1044", "-1046", "-1047", "-1049", "-1050", "-1055", "-1056", "-1057"}
)
CODE_SYSTEM: Final = "-1054"
"""Told both where the venue failed and where there is too little money: its text tells them apart."""

TOO_LITTLE: Final = ("not enough", "insufficient")

# --- what is not there ---------------------------------------------------------------------------------------

_PRICES_ONLY: Final = "spot is read for prices and balances only"
_NO_CONTRACT: Final = "a spot pair has none"
NOT_OFFERED: Final[Mapping[tuple[str, str], str]] = {
    (LINEAR, "key permissions"): "no endpoint tells what a key may do; accountConfig speaks of the account",
    (LINEAR, "test network"): "demo trading is four REST paths of the live host, without streams",
    (SPOT, "key permissions"): "no endpoint tells what a key may do",
    (SPOT, "test network"): "there is none",
    **{
        (SPOT, name): _PRICES_ONLY
        for name in ("open orders", "fills", "fee records", "place an order", "cancel an order", "query an order")
    },
    **{(SPOT, name): _PRICES_ONLY for name in ("post-only", "client order id")},
    **{(SPOT, name): _NO_CONTRACT for name in ("mark price", "index price", "funding rate", "funding interval")},
    **{(SPOT, name): _NO_CONTRACT for name in ("last settled funding rate", "funding records", "maintenance tiers")},
    **{(SPOT, name): _NO_CONTRACT for name in ("positions", "position mode", "margin mode", "leverage", "reduce-only")},
}
ESTIMATED: Final[Mapping[tuple[str, str], str]] = {
    (LINEAR, "balances"): "the wallet is told over REST; the stream tells the available collateral, which is not it",
    (LINEAR, "reduce-only"): "an order closes by its side and the leg it names; there is no field to ask for it",
}
"""Reasons by market and capability."""

ORIGINS: Final = Origins(
    sockets=((re.compile(r"spot[^?]*/v3/ws/public$"), "spot"), (re.compile(r"/v3/ws/public$"), "linear")),
    bodies=re.compile(r"//[^/]+/capi/v3/|//[^/]*weex[^/]*/api/v3/"),
)
