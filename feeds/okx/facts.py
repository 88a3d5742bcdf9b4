"""What OKX v5 is, as data: addresses, channels, limits, codes, and what is not read here.

Source: https://www.okx.com/docs-v5/en/ (overview: websocket, rate limits, notifications; public data; market data)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from core import symbols
from feeds.origins import Origins
from feeds.venue import Endpoints

VENUE: Final = "okx"
MARKETS: Final = symbols.MARKETS[VENUE]
LINEAR, INVERSE, SPOT = "linear", "inverse", "spot"

LIVE: Final = Endpoints(rest="https://www.okx.com", websocket="wss://ws.okx.com:8443")
DEMO: Final = Endpoints(rest="https://www.okx.com", websocket="wss://wspap.okx.com:8443")
"""Demo trading. Its streams have a host of their own; over REST it is told by a header, and what is read here
(instruments, tiers, settled rates, candles) is read from the live side."""

PUBLIC_PATH: Final = "/ws/v5/public"

SWAP_SUFFIX: Final = "-SWAP"
"""A swap is named after its index: ``BTC-USDT-SWAP`` follows ``BTC-USDT``, ``BTC-USD-SWAP`` follows ``BTC-USD``."""

# --- sockets -------------------------------------------------------------------------------------------------

MARK: Final = "mark-price"
INDEX: Final = "index-tickers"
FUNDING: Final = "funding-rate"
BOOK: Final = "bbo-tbt"
TICKERS: Final = "tickers"

UNUSED_CHANNELS: Final = frozenset(
    {
        *("books", "books5", "books-l2-tbt", "books50-l2-tbt", "trades", "trades-all", "open-interest", "price-limit"),
        *("estimated-price", "instruments", "liquidation-orders", "adl-warning", "status", "opt-summary"),
    }
)
"""Channels that are understood and carry nothing that is wanted here; so do all whose name holds ``candle``."""

SILENCE_SECONDS: Final[Mapping[str, float]] = {MARK: 25.0, INDEX: 130.0, FUNDING: 200.0, BOOK: 60.0, TICKERS: 120.0}
"""A mark price is repeated every 10 s where it does not change, an index every minute, a funding rate every 30 to 90 s.
Best levels and tickers speak on changes only: a quiet pair may rest."""

HEARTBEAT_SECONDS: Final = 20.0
"""The venue cuts a socket on which nothing has been said for 30 s; it wants the text ``ping`` and answers ``pong``."""

CHANNELS_PER_SOCKET: Final = 100
"""One request subscribes to all of them, some 6 KB of the 64 KB that it may be. Asked for one by one, after a refusal,
they are still far from the 480 requests an hour that one connection has."""

DAY_EVERY_NS: Final = 5_000_000_000
"""A ticker's statistics of the day are told this often: they change slower than its prices."""

MAX_CHANNELS: Final = 5_000
"""More than this on one connection are no market's; state must not grow with garbage."""

OVERDUE_SLACK_MS: Final = 600_000
"""While a funding rate is being charged its time is just past; one that is past for longer is dead."""

CODE_CLOSING: Final = "64008"
"""The venue will close this socket within a minute, to replace what serves it."""

# --- REST ----------------------------------------------------------------------------------------------------

CLOCK_PATH: Final = "/api/v5/public/time"
INSTRUMENTS_PATH: Final = "/api/v5/public/instruments"
TIERS_PATH: Final = "/api/v5/public/position-tiers"
FUNDING_PATH: Final = "/api/v5/public/funding-rate"
SETTLED_PATH: Final = "/api/v5/public/funding-rate-history"
MARK_PATH: Final = "/api/v5/public/mark-price"
INDEX_PATH: Final = "/api/v5/market/index-tickers"
TICKER_PATH: Final = "/api/v5/market/ticker"
TICKERS_PATH: Final = "/api/v5/market/tickers"
MARK_CANDLES_PATH: Final = "/api/v5/market/mark-price-candles"
INDEX_CANDLES_PATH: Final = "/api/v5/market/index-candles"
CANDLES_PATH: Final = "/api/v5/market/candles"

MARK_CANDLES_LIMIT: Final = 100
CANDLES_LIMIT: Final = 300
"""Rows of one page."""

FAMILIES_PER_QUESTION: Final = 5
"""The tiers of so many swaps are told in one answer."""

TIER_MODE: Final = "cross"
"""Tiers are told by margin mode; these are asked for."""

WIDEST_GAP: Final = 1
"""Contracts between a tier's end and the next one's beginning where the venue counts whole ones (500, then 501)."""

SETTLED_POLL: Final = "settled funding"
SETTLED_EVERY_SECONDS: Final = 300.0
"""Rates are charged every one to eight hours."""

PAUSE_SECONDS: Final = 0.3
"""Between two questions. The strictest endpoints that are asked take 10 in 2 s from one address: a third is left."""

BUSY_SECONDS: Final = 2.0
"""How long a limit lasts."""

CODES_TOO_MANY: Final = frozenset({"50011", "50061"})
CODES_BUSY: Final = frozenset({"50001", "50013", "50026"})
CODES_OUTCOME_UNKNOWN: Final = frozenset({"50004", "50026"})
CODES_CLOCK: Final = frozenset({"50102"})
CODES_NO_SUCH_SYMBOL: Final = frozenset({"51000", "51001"})

# --- what is not there ---------------------------------------------------------------------------------------

_PRICES_ONLY: Final = "OKX is read for prices only"
_ACCOUNT: Final = (
    *("balances", "positions", "open orders", "fills", "funding records", "fee records", "private stream"),
    *("position mode", "margin mode", "leverage", "place an order", "cancel an order", "query an order"),
    *("post-only", "reduce-only", "client order id", "key permissions"),
)
_NO_CONTRACTS: Final = "spot pairs are no contracts"
_OF_CONTRACTS: Final = (
    *("mark price", "index price", "funding rate", "last settled funding rate", "funding interval"),
    "maintenance tiers",
)
_BUDGET: Final = "answers tell nothing of the limits; questions are spaced instead"

NOT_OFFERED: Final[Mapping[tuple[str, str], str]] = {
    **{(market, name): _PRICES_ONLY for market in MARKETS for name in _ACCOUNT},
    **{(SPOT, name): _NO_CONTRACTS for name in _OF_CONTRACTS},
    **{(market, "rate-limit budget"): _BUDGET for market in MARKETS},
}
ESTIMATED: Final[Mapping[tuple[str, str], str]] = {
    **{
        (market, "maintenance tiers"): "tiers are told by margin mode, and those of cross margin are read"
        for market in (LINEAR, INVERSE)
    },
}
"""Reasons by market and capability."""

ORIGINS: Final = Origins(
    sockets=((re.compile(r"okx[^/]*/ws/v5/public$"), LINEAR),),
    bodies=re.compile(r"//[^/]*okx[^/]*/api/v5/"),
    if_known=((re.compile(r"/ws/v5/public$"), LINEAR),),
)
"""All markets share one address; every frame names its instrument, and the decoder of one market reads all."""
