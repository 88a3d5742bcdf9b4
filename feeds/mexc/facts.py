"""What MEXC's contract API and spot API are, as data: addresses, paths, limits, codes and what is not offered.

Source: https://www.mexc.com/api-docs/futures and https://www.mexc.com/api-docs/spot-v3
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from core import symbols
from feeds.origins import Origins
from feeds.venue import Endpoints

VENUE: Final = "mexc"
MARKETS: Final = symbols.MARKETS[VENUE]
LINEAR, INVERSE, SPOT = "linear", "inverse", "spot"
CONTRACT: Final = "contract"
"""The name of the socket that serves linear and inverse contracts together."""

SPOT_WEBSOCKET: Final = "spot_websocket"
"""Key of ``Endpoints.more``: where spot's websocket is, if not at the contracts' address."""

LIVE: Final = Endpoints(
    rest="https://api.mexc.com",
    websocket="wss://contract.mexc.com",
    more={SPOT_WEBSOCKET: "wss://wbs-api.mexc.com"},
)
"""There is no test network. REST left ``contract.mexc.com`` in January 2026, the websocket did not."""

CONTRACT_SOCKET_PATH: Final = "/edge"
SPOT_SOCKET_PATH: Final = "/ws"

# --- sockets ---------------------------------------------------------------------------------------------------------

HEARTBEAT_SECONDS: Final = 15.0
"""The client must ping every 10 to 20 s; the venue cuts a contract socket after 60 s without one, data or none."""

SPOT_LIFETIME_SECONDS: Final = 23 * 3600.0
"""Spot sockets live 24 h."""

CONTRACTS_PER_SOCKET: Final = 30
"""Three subscriptions each: 150 on one socket are known to work."""

PAIRS_PER_SOCKET: Final = 15
"""Two subscriptions each, of the 30 that the venue allows on a socket."""

MARK_SILENCE_SECONDS: Final = 6.0
"""``sub.fair.price`` speaks once or twice a second."""

TICKER_SILENCE_SECONDS: Final = 8.0
"""``sub.ticker`` speaks every two to three seconds."""

SPOT_TICKER_SILENCE_SECONDS: Final = 12.0
"""The day of a pair is told every three seconds."""

BOOK_LEVELS: Final = 5
"""The smallest whole book that can be asked for."""

TICKER, MARK, INDEX, FUNDING, BOOK = "ticker", "fair.price", "index.price", "funding.rate", "depth.full"
"""Topics of the contract socket: ``sub.`` before them asks, ``push.`` before them answers."""

SPOT_BOOK: Final = "spot@public.aggre.bookTicker.v3.api.pb@100ms@{symbol}"
SPOT_TICKER: Final = "spot@public.miniTicker.v3.api.pb@{symbol}@UTC+8"
SPOT_ACCOUNT: Final = "spot@private.account.v3.api.pb"

UNUSED_TOPICS: Final = frozenset(
    {
        "contract",
        "deal",
        "depth",
        "depth.step",
        "event.contract",
        "generic.notify",
        "kline",
        "personal.adl.level",
        "personal.generic.notify",
        "personal.leverage.mode",
        "personal.liquidate.risk",
        "personal.order.chase",
        "personal.plan.order",
        "personal.reverse.position",
        "personal.risk.limit",
        "personal.stop.order",
        "personal.stop.planorder",
        "personal.track.order",
    }
)
"""Topics that are understood and carry nothing that is wanted here."""

MAX_SYMBOLS: Final = 5_000
"""More symbols than this on one connection are no market's; state must not grow with garbage."""

LISTEN_KEY_SECONDS: Final = 1_500.0
"""How often the key of a spot account stream is extended; it dies after 60 minutes."""

# --- REST ------------------------------------------------------------------------------------------------------------

PING_PATH: Final = "/api/v1/contract/ping"
DETAIL_PATH: Final = "/api/v1/contract/detail"
FUNDING_RATES_PATH: Final = "/api/v1/contract/funding_rate"
FUNDING_RATE_PATH: Final = "/api/v1/contract/funding_rate/{symbol}"
FUNDING_HISTORY_PATH: Final = "/api/v1/contract/funding_rate/history"
MARK_PATH: Final = "/api/v1/contract/fair_price/{symbol}"
INDEX_PATH: Final = "/api/v1/contract/index_price/{symbol}"
TICKER_PATH: Final = "/api/v1/contract/ticker"
DEPTH_PATH: Final = "/api/v1/contract/depth/{symbol}"
MARK_CANDLES_PATH: Final = "/api/v1/contract/kline/fair_price/{symbol}"
INDEX_CANDLES_PATH: Final = "/api/v1/contract/kline/index_price/{symbol}"
CANDLES_PATH: Final = "/api/v1/contract/kline/{symbol}"

ASSETS_PATH: Final = "/api/v1/private/account/assets"
ASSET_PATH: Final = "/api/v1/private/account/asset/{currency}"
FEES_PATH: Final = "/api/v1/private/account/tiered_fee_rate"
RISK_LIMIT_PATH: Final = "/api/v1/private/account/risk_limit"
POSITIONS_PATH: Final = "/api/v1/private/position/open_positions"
FUNDING_RECORDS_PATH: Final = "/api/v1/private/position/funding_records"
LEVERAGE_PATH: Final = "/api/v1/private/position/leverage"
CHANGE_LEVERAGE_PATH: Final = "/api/v1/private/position/change_leverage"
POSITION_MODE_PATH: Final = "/api/v1/private/position/position_mode"
CHANGE_POSITION_MODE_PATH: Final = "/api/v1/private/position/change_position_mode"
CLOSE_ALL_PATH: Final = "/api/v1/private/position/close_all"
CREATE_PATH: Final = "/api/v1/private/order/create"
SUBMIT_PATH: Final = "/api/v1/private/order/submit"
CANCEL_PATH: Final = "/api/v1/private/order/cancel"
CANCEL_EXTERNAL_PATH: Final = "/api/v1/private/order/cancel_with_external"
BATCH_CANCEL_EXTERNAL_PATH: Final = "/api/v1/private/order/batch_cancel_with_external"
ORDER_PATH: Final = "/api/v1/private/order/get/{order_id}"
ORDER_EXTERNAL_PATH: Final = "/api/v1/private/order/external/{symbol}/{external_oid}"
OPEN_ORDERS_PATH: Final = "/api/v1/private/order/list/open_orders"
OPEN_ORDERS_OF_PATH: Final = "/api/v1/private/order/list/open_orders/{symbol}"
ORDER_HISTORY_PATH: Final = "/api/v1/private/order/list/history_orders"
DEALS_PATH: Final = "/api/v1/private/order/list/order_deals/v3"
OLD_DEALS_PATH: Final = "/api/v1/private/order/list/order_deals"
FEE_DETAILS_PATH: Final = "/api/v1/private/order/fee_details"
ORDER_DEALS_PATH: Final = "/api/v1/private/order/deal_details/{order_id}"

SPOT_TIME_PATH: Final = "/api/v3/time"
SPOT_PREFIX: Final = "/api/v3/"
SPOT_INSTRUMENTS_PATH: Final = "/api/v3/exchangeInfo"
SPOT_CANDLES_PATH: Final = "/api/v3/klines"
SPOT_DAY_PATH: Final = "/api/v3/ticker/24hr"
SPOT_BOOK_PATH: Final = "/api/v3/ticker/bookTicker"
SPOT_ACCOUNT_PATH: Final = "/api/v3/account"
LISTEN_KEY_PATH: Final = "/api/v3/userDataStream"
RIGHTS_PATH: Final = "/api/v3/apiKeyInfo"

RECV_WINDOW_MS: Final = 5_000
POLL_SECONDS: Final = 30.0
PAGE_ROWS: Final = 100
MOST_PAGES: Final = 50
"""Of one list. A stretch of time with more of them is asked for in halves."""

FEW_PAGES: Final = 3
"""So much of the funding of all contracts together is read; where it does not reach back far enough, each by itself."""

MOST_SPANS: Final = 500
"""More stretches of time are not asked for at once: a venue whose pages never end would be asked for ever."""

LONGEST_LOOK_BACK_MS: Final = 89 * 86_400_000
"""Orders and executions are told over 90 days at most; funding is not looked for further back either."""

MOST_LOOK_UPS: Final = 100
"""So many orders are looked up by number in one sweep, for what the client called them."""

MOST_ORDERS: Final = 10_000
"""Of so many orders the names are remembered, the newest."""

VALID_SECONDS: Final = 60.0
"""A signature is good for 10 s by the venue's clock: with what its clock and ours may be apart, none is taken later."""

MOST_CANDLES: Final = 1_000
EACH_AT_MOST: Final = 5
"""For more contracts than this, one list of all is asked for instead of one answer each."""

WINDOW_SECONDS: Final = 2.0
WINDOW_REQUESTS: Final = 20
"""The limit of most contract endpoints, each by itself: requests in two seconds. No header tells of it, so they are
counted here, and all together."""

WINDOW_KEPT: Final = 12
"""How many of them are used; the rest is left to whatever else the owner of the key runs."""

TOO_MANY_SECONDS: Final = 4.0
"""How long to be quiet after code 510, which comes without a time: twice the window."""

STAY_AWAY_SECONDS: Final[Mapping[int, float]] = {403: 300.0, 418: 120.0, 429: 10.0}
"""How long to be quiet after a status that has no ``Retry-After``; spot bans last two minutes at least."""

CODES_TOO_MANY: Final = frozenset({"510", "2037"})
CODES_CLOCK: Final = frozenset({"513", "700003"})
CODES_NO_SUCH_SYMBOL: Final = frozenset({"1001", "1002", "-1121"})
CODES_OUTCOME_UNKNOWN: Final = frozenset({"500", "501", "9999"})
"""The venue's own trouble: it may have acted."""

CODES_DUPLICATE: Final = frozenset({"603"})
CODES_GONE: Final = frozenset({"", "0", "2040", "2041"})
"""What the row of a cancelled order may say: taken, no such order (any more), or a state that cannot be cancelled."""

CODES_NO_SUCH_ORDER: Final = frozenset({"2040", "-2013"})
CODES_MAY_NOT_ASK: Final = frozenset({"700007"})
"""A key that has no right to this endpoint of spot: a good one may have none there at all."""

LONGEST_ORDER_ID: Final = 32

_NO_STREAM = "spot is told over the account stream and REST; its orders are not part of hedging here"

NOT_OFFERED: Final[Mapping[tuple[str, str], str]] = {
    **{
        (market, capability): reason
        for market in (LINEAR, INVERSE)
        for capability, reason in (("test network", "there is none"),)
    },
    **{
        (SPOT, capability): reason
        for capability, reason in (
            *((name, "spot pairs have none") for name in ("mark price", "index price", "funding rate")),
            *((name, "spot pairs have none") for name in ("last settled funding rate", "funding interval")),
            *((name, "spot pairs have none") for name in ("maintenance tiers", "positions", "funding records")),
            *((name, "spot pairs have none") for name in ("position mode", "margin mode", "leverage", "reduce-only")),
            *((name, _NO_STREAM) for name in ("open orders", "fills", "fee records", "client order id")),
            *((name, _NO_STREAM) for name in ("place an order", "cancel an order", "query an order", "post-only")),
            ("test network", "there is none"),
        )
    },
}
"""What the venue does not offer, or what is not read here, by market and capability."""

ESTIMATED: Final[Mapping[tuple[str, str], str]] = {
    **{
        (market, "fee records"): "what points or bonus money bore of a fee is told beside it and is not taken off"
        for market in (LINEAR, INVERSE)
    },
    **{
        (market, "private stream"): "the stream tells a wallet balance only while no position is held: what it calls "
        "available then leaves out an unrealised loss of cross positions; REST tells it always"
        for market in (LINEAR, INVERSE)
    },
    **{
        (market, "maintenance tiers"): "levels count contracts (risk limit BY_VOLUME) and are worked out from the base "
        "and the step that the contract's description names, where it lists no levels; levels BY_VALUE are not used"
        for market in (LINEAR, INVERSE)
    },
    **{
        (market, "rate-limit budget"): "no answer tells of the limit: requests are counted here"
        for market in (LINEAR, INVERSE, SPOT)
    },
}
"""What is told only so that figures are estimates."""


def spot_wallet(account: str) -> str:
    """What the spot wallet of an account is called: its balances back no contract, the venue keeps them apart."""
    return f"{account}:spot"


ORIGINS: Final = Origins(
    sockets=((re.compile(r"/edge$"), "linear"), (re.compile(r"//wbs-api\.mexc\.[^/]*/ws$"), "spot")),
    bodies=re.compile(r"//[^/]+/api/v1/(?:contract|private)/|//api\.mexc\.[^/]*/"),
    if_known=((re.compile(r"/(?:ws|stream)$"), "spot"),),
)
"""One socket serves linear and inverse contracts."""
