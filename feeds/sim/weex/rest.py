"""WEEX's REST side: routes, weights of addresses and accounts, keys and signatures, errors as the venue words them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.accounts import Account, ApiKey
from feeds.sim.exchange import Exchange
from feeds.sim.limits import RollingLimits
from feeds.sim.rest_faults import RestFaults
from feeds.sim.weex.account_api import AccountApi
from feeds.sim.weex.market_data import MarketData
from feeds.sim.weex.protocol import (
    Parameters,
    WeexRefusal,
    Weights,
    answer,
    error_body,
    owner,
    parameters_of,
    weight_headers,
)
from feeds.sim.weex.trade_api import TradeApi

Handler = Callable[[web.Request], Awaitable[web.Response]]

ORDERS_PER_MINUTE = 300
SYSTEM_ERROR = error_body(-1054, "System error.")


class Endpoint(msgspec.Struct, frozen=True):
    """A public route and what it weighs for an address."""

    path: str
    body: Callable[[Parameters], Any]
    weight: int = 1


class SignedEndpoint(msgspec.Struct, frozen=True):
    """A route of an account; ``account_weight`` is charged to it, ``weight`` to the address. ``trades`` marks requests
    about orders, ``changes`` those that a key for reading may not make."""

    method: str
    path: str
    body: Callable[[Parameters, Account, ApiKey], Any]
    weight: int = 1
    account_weight: int = 1
    trades: bool = False
    changes: bool = False


class Rest:
    """Answers HTTP requests."""

    def __init__(self, exchange: Exchange, faults: RestFaults) -> None:
        self._exchange, self._faults = exchange, faults
        self._weights, self._orders = Weights(), RollingLimits()
        contracts, spot = MarketData(exchange, faults, "linear"), MarketData(exchange, faults, "spot")
        self._public = (*_contract_endpoints(contracts), *_spot_endpoints(spot))
        account = AccountApi(exchange, contracts)
        self._signed = (*_account_endpoints(account), *_order_endpoints(TradeApi(exchange, contracts)))

    def add_routes(self, app: web.Application) -> None:
        """Register every endpoint, and what is answered where there is none."""
        for endpoint in self._public:
            app.router.add_get(endpoint.path, self._public_handler(endpoint))
        for signed in self._signed:
            app.router.add_route(signed.method, signed.path, self._signed_handler(signed))
        app.router.add_route("*", "/{base:api|capi}/{rest:.*}", _nowhere)

    def _charge(self, request: web.Request, weight: int) -> tuple[dict[str, str], web.Response | None]:
        """The weight headers, and the refusal of a request too many."""
        allowed, used = self._weights.take(f"address {request.remote}", weight, self._faults.now_ms())
        headers, forced = weight_headers(used), self._faults.limited()
        if allowed and forced is None:
            return headers, None
        return headers, answer(error_body(-1003, "Too many requests."), headers, forced or 429)

    def _public_handler(self, endpoint: Endpoint) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            headers, refusal = self._charge(request, endpoint.weight)
            if refusal is not None:
                return refusal
            try:
                return answer(endpoint.body(dict(request.query)), headers)
            except WeexRefusal as error:
                return answer(error_body(error.code, error.message), headers, error.status)

        return handle

    def _signed_handler(self, endpoint: SignedEndpoint) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            body = await request.read()
            headers, refusal = self._charge(request, endpoint.weight)
            if refusal is not None:
                return refusal
            try:
                result = self._answer(endpoint, request, body)
            except WeexRefusal as error:
                return answer(error_body(error.code, error.message), headers, error.status)
            if not endpoint.trades or endpoint.method == "GET":
                return answer(result, headers)
            unknown = answer(SYSTEM_ERROR, headers, 503)
            return await self._faults.order_answer(request, answer(result, headers), unknown)

        return handle

    def _answer(self, endpoint: SignedEndpoint, request: web.Request, body: bytes) -> Any:
        now = self._faults.now_ms()
        text = f"{request.method}{request.raw_path}{body.decode('utf-8', 'replace')}"
        key, account = owner(request.headers, text, self._exchange.book, now)
        allowed, _ = self._weights.take(f"account {account.name}", endpoint.account_weight, now)
        if not allowed:
            raise WeexRefusal(-1003, "Too many requests.", 429)
        if endpoint.changes and not key.may_trade:
            raise WeexRefusal(-1052, "This key has no permission for the operation.", 403)
        if endpoint.trades and endpoint.method == "POST":
            taken, _, _ = self._orders.take(account.name, ORDERS_PER_MINUTE, 60, now)
            if not taken:
                raise WeexRefusal(-1003, "Too many orders.", 429)
        return endpoint.body(parameters_of(request, body), account, key)


async def _nowhere(request: web.Request) -> web.Response:
    """An unknown path: the words of the framework that the venue is built on."""
    body = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "status": 404,
        "error": "Not Found",
        "path": request.path,
    }
    return answer(body, {}, 404)


def _contract_endpoints(data: MarketData) -> tuple[Endpoint, ...]:
    base = "/capi/v3/market/"
    return (
        Endpoint(f"{base}time", data.time),
        Endpoint(f"{base}exchangeInfo", data.exchange_info),
        Endpoint(f"{base}apiTradingSymbols", data.tradable, 5),
        Endpoint(f"{base}premiumIndex", data.premium_index),
        Endpoint(f"{base}fundingRate", data.funding_rate, 5),
        Endpoint(f"{base}riskLimits", data.risk_limits),
        Endpoint(f"{base}symbolPrice", data.symbol_price),
        Endpoint(f"{base}ticker/24hr", data.ticker_day, 40),
        Endpoint(f"{base}ticker/bookTicker", data.ticker_book),
        Endpoint(f"{base}depth", data.depth),
        Endpoint(f"{base}trades", data.trades, 5),
        Endpoint(f"{base}openInterest", data.open_interest, 2),
        Endpoint(f"{base}klines", data.candles(1000)),
        Endpoint(f"{base}markPriceKlines", data.candles(1000)),
        Endpoint(f"{base}indexPriceKlines", data.candles(1000)),
        Endpoint(f"{base}historyKlines", data.candles(100), 5),
    )


def _spot_endpoints(data: MarketData) -> tuple[Endpoint, ...]:
    base = "/api/v3/"
    return (
        Endpoint(f"{base}ping", lambda _: {}),
        Endpoint(f"{base}time", data.time),
        Endpoint(f"{base}coins", lambda _: []),
        Endpoint(f"{base}exchangeInfo", data.exchange_info),
        Endpoint(f"{base}market/ticker/24hr", data.ticker_day, 2),
        Endpoint(f"{base}market/ticker/bookTicker", data.ticker_book),
        Endpoint(f"{base}market/ticker/price", data.ticker_price),
        Endpoint(f"{base}market/depth", data.depth, 5),
        Endpoint(f"{base}market/trades", data.trades, 5),
        Endpoint(f"{base}market/klines", data.candles(300), 2),
    )


def _account_endpoints(data: AccountApi) -> tuple[SignedEndpoint, ...]:
    base = "/capi/v3/account/"
    return (
        SignedEndpoint("GET", f"{base}balance", data.balance, 5, 10),
        SignedEndpoint("GET", f"{base}accountConfig", data.config, 1, 10),
        SignedEndpoint("GET", f"{base}symbolConfig", data.symbol_config, 1, 10),
        SignedEndpoint("GET", f"{base}commissionRate", data.commission_rate, 1, 10),
        SignedEndpoint("GET", f"{base}position/allPosition", data.positions, 10, 15),
        SignedEndpoint("GET", f"{base}position/singlePosition", data.positions, 2, 3),
        SignedEndpoint("POST", f"{base}income", data.income, 2, 5),
        SignedEndpoint("POST", f"{base}marginType", data.set_margin_type, 20, 50, changes=True),
        SignedEndpoint("POST", f"{base}leverage", data.set_leverage, 10, 20, changes=True),
        SignedEndpoint("POST", f"{base}positionMargin", data.set_position_margin, 1, 30, changes=True),
        SignedEndpoint("GET", "/api/v3/account/", data.spot_account, 5, 5),
        SignedEndpoint("GET", "/api/v3/account", data.spot_account, 5, 5),
    )


def _order_endpoints(data: TradeApi) -> tuple[SignedEndpoint, ...]:
    base = "/capi/v3/"
    return (
        SignedEndpoint("POST", f"{base}order", data.place, 2, 5, trades=True, changes=True),
        SignedEndpoint("GET", f"{base}order", data.query, 2, 3),
        SignedEndpoint("DELETE", f"{base}order", data.cancel, 2, 3, trades=True, changes=True),
        SignedEndpoint("DELETE", f"{base}allOpenOrders", data.cancel_all, 1, 10, trades=True, changes=True),
        SignedEndpoint("DELETE", f"{base}batchOrders", data.cancel_many, 1, 10, trades=True, changes=True),
        SignedEndpoint("POST", f"{base}batchOrders", data.no_batch, 1, 10, changes=True),
        SignedEndpoint("GET", f"{base}openOrders", data.open_orders, 1, 10),
        SignedEndpoint("GET", f"{base}order/history", data.history, 1, 10),
        SignedEndpoint("GET", f"{base}userTrades", data.user_trades, 1, 5),
        SignedEndpoint("POST", f"{base}closePositions", data.close_positions, 40, 50, trades=True, changes=True),
    )
