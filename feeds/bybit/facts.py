"""What Bybit v5 is, as data: addresses, limits and intervals.

Source: https://bybit-exchange.github.io/docs/v5/intro
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from core import symbols
from feeds.origins import Origins
from feeds.venue import Endpoints

VENUE: Final = "bybit"
MARKETS: Final = symbols.MARKETS[VENUE]

LINEAR: Final = "linear"
INVERSE: Final = "inverse"
SPOT: Final = "spot"
CONTRACTS: Final = (LINEAR, INVERSE)

PRIVATE_WEBSOCKET: Final = "private_websocket"
"""Key of ``Endpoints.more``: where the private stream is, if not beside the public ones."""

LIVE: Final = Endpoints(rest="https://api.bybit.com", websocket="wss://stream.bybit.com")
TESTNET: Final = Endpoints(rest="https://api-testnet.bybit.com", websocket="wss://stream-testnet.bybit.com")
DEMO: Final = Endpoints(
    rest="https://api-demo.bybit.com",
    websocket="wss://stream.bybit.com",
    more={PRIVATE_WEBSOCKET: "wss://stream-demo.bybit.com"},
)
"""Demo trading: an account of its own on the prices of the live market."""

PUBLIC_PATH: Final = "/v5/public/{market}"
PRIVATE_PATH: Final = "/v5/private"

LOGIN: Final = "login"
LOGIN_SECONDS: Final = 10
"""How far ahead the login's ``expires`` lies: it must not have passed when it arrives."""

TOPICS: Final = ("position", "execution", "order", "wallet")
"""What a private socket is asked for: all categories in one. ``execution.fast`` leaves out the fee and who gave the
order, and is not asked for."""

HEARTBEAT_SECONDS: Final = 20.0
"""The client must say ``ping`` this often; the venue cuts a socket after ten silent minutes."""

PING: Final = '{"op":"ping"}'

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

TIME_PATH: Final = "/v5/market/time"
INSTRUMENTS_PATH: Final = "/v5/market/instruments-info"
INSTRUMENTS_LIMIT: Final = 1000
MOST_PAGES: Final = 50
RISK_LIMIT_PATH: Final = "/v5/market/risk-limit"
MARK_CANDLES_PATH: Final = "/v5/market/mark-price-kline"
INDEX_CANDLES_PATH: Final = "/v5/market/index-price-kline"
CANDLES_PATH: Final = "/v5/market/kline"
TICKERS_PATH: Final = "/v5/market/tickers"
SETTLED_PATH: Final = "/v5/market/funding/history"
OPEN_INTEREST_PATH: Final = "/v5/market/open-interest"
PRICE_LIMIT_PATH: Final = "/v5/market/price-limit"

INFO_PATH: Final = "/v5/account/info"
WALLET_PATH: Final = "/v5/account/wallet-balance"
LEDGER_PATH: Final = "/v5/account/transaction-log"
FEE_RATE_PATH: Final = "/v5/account/fee-rate"
COLLATERAL_PATH: Final = "/v5/account/collateral-info"
POSITIONS_PATH: Final = "/v5/position/list"
EXECUTIONS_PATH: Final = "/v5/execution/list"
OPEN_ORDERS_PATH: Final = "/v5/order/realtime"
CLOSED_ORDERS_PATH: Final = "/v5/order/history"
PLACE_PATH: Final = "/v5/order/create"
AMEND_PATH: Final = "/v5/order/amend"
CANCEL_PATH: Final = "/v5/order/cancel"
RIGHTS_PATH: Final = "/v5/user/query-api"
SETTING_PATHS: Final = (
    "/v5/position/set-leverage",
    "/v5/position/switch-mode",
    "/v5/account/set-margin-mode",
)

DAY_EVERY_SECONDS: Final = 60.0
SETTLED_EVERY_SECONDS: Final = 300.0
SETTLED_SECONDS_EACH: Final = 1.0
"""At most so often a settled funding rate is asked for, contract by contract."""
SETTLED_ROWS: Final = 3

LINEAR_COINS: Final = ("USDT", "USDC")
"""What linear contracts are settled in: lists of positions and orders are asked for coin by coin."""

POSITION_ROWS: Final = 200
ORDER_ROWS: Final = 50
EXECUTION_ROWS: Final = 100
LEDGER_ROWS: Final = 50
WINDOW_MS: Final = 7 * 86_400_000
"""The longest stretch of executions and of the ledger that one request may ask for."""
KEPT_MS: Final = 729 * 86_400_000
"""Executions and the ledger are kept for two years."""
SLACK_MS: Final = 5_000
"""What a list of positions leaves out was none so long before its answer: a position that was opened just then must
not look older than that."""

RECV_WINDOW_MS: Final = 5_000
CLIENT_ORDER_ID: Final = r"[A-Za-z0-9_-]{1,36}"
CANCEL_LOOKS: Final = 5
CANCEL_LOOK_SECONDS: Final = 0.1
"""A cancel is only accepted by its answer: the order is looked at so often, and so long apart, until it has ended."""

OUR_SHARE: Final = 2 / 3
"""The part of each limit that is used here; the rest is left to whatever else its owner runs."""
LIMIT_SECONDS: Final = 1.0
"""Requests are counted by endpoint over a rolling second."""

REFUSED_ADDRESS_SECONDS: Final = 600.0
"""HTTP 403 "access too frequent": the address must be quiet for ten minutes."""

OVERLOAD_SECONDS: Final = 10.0

CODES_NO_SUCH_SYMBOL: Final = frozenset({"10001"})
CODES_TOO_MANY: Final = frozenset({"10006", "10018"})
CODES_OUTCOME_UNKNOWN: Final = frozenset({"10000", "10016"})
CODES_OF_US: Final = frozenset(
    {"10002", "10003", "10004", "10005", "10007", "10009", "10010", "10024", "10027", "10028", "33004"}
)
"""The request was refused for who asks or when: it says nothing of the order in it."""
CODES_DUPLICATE: Final = frozenset({"110072", "170141"})
"""``orderLinkId`` was used before: the order is there, or was."""
CODES_NOTHING_TO_CANCEL: Final = frozenset({"110001", "110008", "110010", "110079", "170213"})
"""Gone, filled, cancelled, or still on its way: what it is, a look tells."""

_NO_CONTRACTS: Final = "spot pairs are no contracts"
_NOT_TRADED: Final = "spot is read for prices and balances, never traded: hedges are contracts"
NOT_OFFERED: Final[Mapping[tuple[str, str], str]] = {
    **{
        (SPOT, capability): _NO_CONTRACTS
        for capability in (
            *("mark price", "index price", "funding rate", "last settled funding rate", "funding interval"),
            *("maintenance tiers", "positions", "funding records", "position mode", "margin mode", "leverage"),
            "reduce-only",
        )
    },
    **{
        (SPOT, capability): _NOT_TRADED
        for capability in (
            *("open orders", "fills", "fee records", "place an order", "cancel an order", "query an order"),
            *("post-only", "client order id"),
        )
    },
}
"""Reasons by market and capability."""

ESTIMATED: Final[Mapping[tuple[str, str], str]] = {
    **{
        (market, "positions"): "the liquidation price of a cross position is the venue's own estimate; the margin of "
        "an isolated one is unknown where the unified account no longer tells positionBalance"
        for market in CONTRACTS
    },
    **{(market, "margin mode"): "portfolio margin is told as a fault, not reckoned" for market in CONTRACTS},
    **{
        (market, "balances"): "a coin whose collateral switch is off is warned of; its share of the margin is what "
        "the configuration says"
        for market in CONTRACTS
    },
}
"""What is told only so that figures are estimates."""

ORIGINS: Final = Origins(
    sockets=((re.compile(r"/v5/public/(linear|inverse|spot)$"), ""),),
    bodies=re.compile(r"//[^/]+/v5/"),
)
