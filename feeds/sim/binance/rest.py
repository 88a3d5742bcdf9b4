"""Binance's REST side: routes, weights, keys and signatures, errors as the venue words them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.accounts import Account, ApiKey
from feeds.sim.binance.account_api import AccountApi
from feeds.sim.binance.coin_account import CoinAccountApi
from feeds.sim.binance.market_data import MarketData
from feeds.sim.binance.protocol import (
    BAD_KEY,
    BinanceRefusal,
    Parameters,
    Weights,
    answer,
    check_key,
    check_signature,
    error_body,
    parameters_of,
    signed_payload,
)
from feeds.sim.binance.spot_account import SpotAccountApi
from feeds.sim.binance.trade_api import TradeApi
from feeds.sim.exchange import Exchange
from feeds.sim.limits import RollingLimits
from feeds.sim.rest_faults import RestFaults

Handler = Callable[[web.Request], Awaitable[web.Response]]

ORDER_LIMITS = {"10S": (300, 10), "1M": (1200, 60)}
UNKNOWN_FATE = "Unknown error, please check your request or try again later."


class Endpoint(msgspec.Struct, frozen=True):
    """A public route; ``weight_all`` is charged without a ``symbol``."""

    path: str
    body: Callable[[Parameters], Any]
    weight: int = 1
    weight_all: int | None = None


class SignedEndpoint(msgspec.Struct, frozen=True):
    """A route of an account. ``weight_all`` is charged without a ``symbol``; ``signed`` is false where the key alone is
    asked for; ``orders`` counts as an order."""

    method: str
    path: str
    body: Callable[[Parameters, Account, ApiKey], Any]
    weight: int = 1
    weight_all: int | None = None
    signed: bool = True
    trades: bool = False
    orders: bool = False


class Rest:
    """Answers HTTP requests. ``weights`` are kept per address: of both futures products together, and of spot."""

    def __init__(
        self, exchange: Exchange, faults: RestFaults, data: Mapping[str, MarketData], keys: Mapping[str, ListenKeys]
    ) -> None:
        """``data`` is by category, ``keys`` by futures product."""
        self.weights = Weights()
        self._faults = faults
        self._exchange = exchange
        self._order_counts = RollingLimits()
        self._public = (
            *_futures_endpoints(data["usdm"]),
            *_coin_endpoints(data["coinm"]),
            *_spot_endpoints(data["spot"]),
        )
        usdm, coinm = AccountApi(exchange), CoinAccountApi(exchange)
        self._signed = (
            *_account_endpoints(usdm),
            *_coin_account_endpoints(coinm),
            *_order_endpoints("/fapi/v1/", TradeApi(exchange, usdm.listing)),
            *_order_endpoints("/dapi/v1/", TradeApi(exchange, coinm.listing)),
            *_spot_account_endpoints(SpotAccountApi(exchange)),
            *_listen_key_endpoints("/fapi/v1/listenKey", keys["usdm"]),
            *_listen_key_endpoints("/dapi/v1/listenKey", keys["coinm"]),
        )

    def add_routes(self, app: web.Application) -> None:
        """Register every endpoint."""
        for endpoint in self._public:
            app.router.add_get(endpoint.path, self._public_handler(endpoint))
        for signed in self._signed:
            app.router.add_route(signed.method, signed.path, self._signed_handler(signed))

    def _charge(self, request: web.Request, path: str, weight: int) -> tuple[dict[str, str], web.Response | None]:
        """The weight headers, and the refusal of a request too many."""
        forced = self._faults.limited()
        return self.weights.take(product(path), request.remote or "", weight, self._faults.now_ms(), forced)

    def _public_handler(self, endpoint: Endpoint) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            parameters = parameters_of(raw_query(request), b"")
            single = endpoint.weight_all is None or "symbol" in parameters
            weight = endpoint.weight if single else (endpoint.weight_all or endpoint.weight)
            headers, refusal = self._charge(request, endpoint.path, weight)
            if refusal is not None:
                return refusal
            try:
                return answer(endpoint.body(parameters), headers)
            except BinanceRefusal as error:
                return answer(error_body(error.code, error.message), headers, error.status)

        return handle

    def _signed_handler(self, endpoint: SignedEndpoint) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            body = await request.read()
            single = endpoint.weight_all is None or "symbol=" in request.raw_path
            weight = endpoint.weight if single else (endpoint.weight_all or endpoint.weight)
            headers, refusal = self._charge(request, endpoint.path, weight)
            if refusal is not None:
                return refusal
            try:
                result = self._answer(endpoint, request, body, headers)
            except BinanceRefusal as error:
                return answer(error_body(error.code, error.message), headers, error.status)
            if not endpoint.trades:
                return answer(result, headers)
            unknown = answer(error_body(-1000, UNKNOWN_FATE), headers, 503)
            return await self._faults.order_answer(request, answer(result, headers), unknown)

        return handle

    def _answer(self, endpoint: SignedEndpoint, request: web.Request, body: bytes, headers: dict[str, str]) -> Any:
        query, now = raw_query(request), self._faults.now_ms()
        parameters = parameters_of(query, body)
        book = self._exchange.book
        name = check_key(request.headers, lambda key: book.find(key) is not None)
        found = book.find(name)
        assert found is not None
        key, account = found
        if endpoint.signed:
            check_signature(parameters, signed_payload(query, body), key.secret, now)
        if endpoint.method != "GET" and endpoint.signed and not key.may_trade:
            raise BinanceRefusal(-2015, BAD_KEY, 401)
        if endpoint.orders:
            self._count_order(account, headers, now)
        return endpoint.body(parameters, account, key)

    def _count_order(self, account: Account, headers: dict[str, str], now: int) -> None:
        for name, (limit, seconds) in ORDER_LIMITS.items():
            allowed, left, _ = self._order_counts.take(f"{account.name} {name}", limit, seconds, now)
            headers[f"X-MBX-ORDER-COUNT-{name}"] = str(limit - left)
            if not allowed:
                raise BinanceRefusal(-1015, "Too many new orders.", 429)


class ListenKeys(msgspec.Struct, frozen=True):
    """What the listenKey endpoints do."""

    create: Callable[[Account], str]
    renew: Callable[[Account], str]
    close: Callable[[Account], None]


def product(path: str) -> str:
    """Which weight a path is charged to."""
    return "futures" if path.startswith(("/fapi/", "/dapi/")) else "spot"


def raw_query(request: web.Request) -> bytes:
    """The query string exactly as it was sent."""
    return request.raw_path.partition("?")[2].encode()


def _futures_endpoints(data: MarketData) -> tuple[Endpoint, ...]:
    return (
        *_common_endpoints("/fapi/v1/", data),
        Endpoint("/fapi/v1/premiumIndex", data.premium_index, 1, 10),
        Endpoint("/fapi/v1/fundingRate", data.funding_rate, 0),
        Endpoint("/fapi/v2/ticker/price", data.ticker_price, 1, 2),
    )


def _coin_endpoints(data: MarketData) -> tuple[Endpoint, ...]:
    return (
        *_common_endpoints("/dapi/v1/", data),
        Endpoint("/dapi/v1/premiumIndex", data.premium_index, 10),
        Endpoint("/dapi/v1/fundingRate", data.funding_rate),
    )


def _common_endpoints(base: str, data: MarketData) -> tuple[Endpoint, ...]:
    """What both futures products have, at the same weights."""
    return (
        Endpoint(f"{base}ping", lambda _: {}),
        Endpoint(f"{base}time", data.time),
        Endpoint(f"{base}exchangeInfo", data.exchange_info),
        Endpoint(f"{base}fundingInfo", data.funding_info, 0),
        Endpoint(f"{base}klines", data.klines, 5),
        Endpoint(f"{base}continuousKlines", data.klines, 5),
        Endpoint(f"{base}markPriceKlines", data.price_klines, 5),
        Endpoint(f"{base}indexPriceKlines", data.price_klines, 5),
        Endpoint(f"{base}premiumIndexKlines", data.premium_klines, 5),
        Endpoint(f"{base}ticker/24hr", data.ticker_day, 1, 40),
        Endpoint(f"{base}ticker/bookTicker", data.ticker_book, 2, 5),
        Endpoint(f"{base}ticker/price", data.ticker_price, 1, 2),
        Endpoint(f"{base}openInterest", data.open_interest),
        Endpoint(f"{base}depth", data.depth, 10),
        Endpoint(f"{base}trades", data.trades, 5),
        Endpoint(f"{base}aggTrades", data.aggregate_trades, 20),
    )


def _spot_endpoints(data: MarketData) -> tuple[Endpoint, ...]:
    base = "/api/v3/"
    return (
        Endpoint(f"{base}ping", lambda _: {}),
        Endpoint(f"{base}time", data.time),
        Endpoint(f"{base}exchangeInfo", data.exchange_info, 20),
        Endpoint(f"{base}ticker/24hr", data.ticker_day, 2, 80),
        Endpoint(f"{base}ticker/price", data.ticker_price, 2, 4),
        Endpoint(f"{base}ticker/bookTicker", data.ticker_book, 2, 4),
        Endpoint(f"{base}avgPrice", data.average_price, 2),
        Endpoint(f"{base}klines", data.klines, 2),
        Endpoint(f"{base}depth", data.depth, 5),
        Endpoint(f"{base}trades", data.trades, 25),
        Endpoint(f"{base}aggTrades", data.aggregate_trades, 4),
    )


def _account_endpoints(data: AccountApi) -> tuple[SignedEndpoint, ...]:
    base = "/fapi/v1/"
    return (
        *_settings_endpoints(base, data),
        SignedEndpoint("GET", "/fapi/v3/account", data.account, 5),
        SignedEndpoint("GET", "/fapi/v2/account", data.account_v2, 5),
        SignedEndpoint("GET", "/fapi/v3/balance", data.balance, 5),
        SignedEndpoint("GET", "/fapi/v2/balance", data.balance, 5),
        SignedEndpoint("GET", "/fapi/v3/positionRisk", data.position_risk, 5),
        SignedEndpoint("GET", "/fapi/v2/positionRisk", data.position_risk_v2, 5),
        SignedEndpoint("GET", f"{base}symbolConfig", data.symbol_config, 5),
        SignedEndpoint("GET", f"{base}accountConfig", data.account_config, 5),
        SignedEndpoint("GET", f"{base}leverageBracket", data.leverage_bracket),
        SignedEndpoint("GET", f"{base}income", data.income, 30),
        SignedEndpoint("GET", f"{base}multiAssetsMargin", data.assets_mode, 30),
        SignedEndpoint("GET", "/sapi/v1/account/apiRestrictions", data.key_restrictions),
        SignedEndpoint("GET", "/sapi/v1/capital/config/getall", lambda *_: [], 10),
    )


def _coin_account_endpoints(data: CoinAccountApi) -> tuple[SignedEndpoint, ...]:
    base = "/dapi/v1/"
    return (
        *_settings_endpoints(base, data),
        SignedEndpoint("GET", f"{base}account", data.account, 5),
        SignedEndpoint("GET", f"{base}balance", data.balance),
        SignedEndpoint("GET", f"{base}positionRisk", data.position_risk),
        SignedEndpoint("GET", f"{base}leverageBracket", data.pair_brackets),
        SignedEndpoint("GET", "/dapi/v2/leverageBracket", data.leverage_bracket),
        SignedEndpoint("GET", f"{base}income", data.income, 20),
    )


def _settings_endpoints(base: str, data: AccountApi) -> tuple[SignedEndpoint, ...]:
    """What both futures products have, at the same weights."""
    return (
        SignedEndpoint("GET", f"{base}userTrades", data.user_trades, 5),
        SignedEndpoint("GET", f"{base}commissionRate", data.commission_rate, 20),
        SignedEndpoint("GET", f"{base}adlQuantile", data.adl_quantile, 5),
        SignedEndpoint("GET", f"{base}positionSide/dual", data.position_mode, 30),
        SignedEndpoint("POST", f"{base}positionSide/dual", data.set_position_mode),
        SignedEndpoint("POST", f"{base}marginType", data.set_margin_type),
        SignedEndpoint("POST", f"{base}leverage", data.set_leverage),
        SignedEndpoint("POST", f"{base}positionMargin", data.set_position_margin),
    )


def _order_endpoints(base: str, data: TradeApi) -> tuple[SignedEndpoint, ...]:
    return (
        SignedEndpoint("POST", f"{base}order", data.place, 0, trades=True, orders=True),
        SignedEndpoint("POST", f"{base}order/test", data.test, 0),
        SignedEndpoint("PUT", f"{base}order", data.modify, trades=True, orders=True),
        SignedEndpoint("DELETE", f"{base}order", data.cancel, trades=True),
        SignedEndpoint("DELETE", f"{base}allOpenOrders", data.cancel_all, trades=True),
        SignedEndpoint("GET", f"{base}order", data.query),
        SignedEndpoint("GET", f"{base}openOrder", data.query_open),
        SignedEndpoint("GET", f"{base}openOrders", data.open_orders, weight_all=40),
        SignedEndpoint("GET", f"{base}allOrders", data.all_orders, 5),
        SignedEndpoint("POST", f"{base}countdownCancelAll", data.countdown, 10),
    )


def _spot_account_endpoints(account: SpotAccountApi) -> tuple[SignedEndpoint, ...]:
    base = "/api/v3/"
    return (
        SignedEndpoint("GET", f"{base}account", account.account, 20),
        SignedEndpoint("POST", f"{base}order", account.place, 1, trades=True, orders=True),
        SignedEndpoint("DELETE", f"{base}order", account.cancel, trades=True),
        SignedEndpoint("GET", f"{base}order", account.query, 4),
        SignedEndpoint("GET", f"{base}openOrders", account.open_orders, 6),
        SignedEndpoint("GET", f"{base}allOrders", account.all_orders, 20),
        SignedEndpoint("GET", f"{base}myTrades", account.trades, 20),
    )


def _listen_key_endpoints(path: str, keys: ListenKeys) -> tuple[SignedEndpoint, ...]:
    def create(_: Parameters, account: Account, __: ApiKey) -> Any:
        return {"listenKey": keys.create(account)}

    def renew(_: Parameters, account: Account, __: ApiKey) -> Any:
        return {"listenKey": keys.renew(account)}

    def close(_: Parameters, account: Account, __: ApiKey) -> Any:
        keys.close(account)
        return {}

    return (
        SignedEndpoint("POST", path, create, signed=False),
        SignedEndpoint("PUT", path, renew, signed=False),
        SignedEndpoint("DELETE", path, close, signed=False),
    )
