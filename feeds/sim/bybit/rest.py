"""Bybit's REST side: routes, who may ask how often, and the envelope around every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.accounts import Account, ApiKey
from feeds.sim.bybit.account_api import AccountApi
from feeds.sim.bybit.market_data import MarketData
from feeds.sim.bybit.protocol import (
    ADDRESS_REQUESTS,
    ADDRESS_SECONDS,
    BybitRefusal,
    Parameters,
    check_signed,
    envelope,
    json_body,
)
from feeds.sim.bybit.trade_api import TradeApi
from feeds.sim.exchange import Exchange
from feeds.sim.limits import RollingLimits
from feeds.sim.rest_faults import RestFaults

Handler = Callable[[web.Request], Awaitable[web.Response]]


class SignedEndpoint(msgspec.Struct, frozen=True):
    """A route that needs a signature; ``per_second`` is per account."""

    method: str
    path: str
    answer: Callable[[Parameters, Account, ApiKey], dict[str, Any]]
    per_second: int
    trades: bool = False


class Rest:
    """Answers HTTP requests; business errors are HTTP 200 with a retCode, too many requests an HTTP 403."""

    def __init__(
        self,
        exchange: Exchange,
        faults: RestFaults,
        soon: Callable[[Callable[[], None]], None],
        idle_contracts: int = 0,
    ) -> None:
        self._faults = faults
        self._exchange = exchange
        self._limits = RollingLimits()
        self._public = _public_endpoints(MarketData(exchange, idle_contracts))
        self.trade = TradeApi(exchange, soon)
        self._signed = _signed_endpoints(AccountApi(exchange), self.trade)

    def add_routes(self, app: web.Application) -> None:
        """Register every endpoint."""
        for path, answer in self._public.items():
            app.router.add_get(path, self._public_handler(answer))
        for endpoint in self._signed:
            app.router.add_route(endpoint.method, endpoint.path, self._signed_handler(endpoint))

    def _public_handler(self, answer: Callable[[Parameters], dict[str, Any]]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            now = self._faults.now_ms()
            if not self._address_allowed(request, now):
                return web.Response(status=403, text="access too frequent")
            try:
                return envelope(0, "OK", answer(request.query), now, {})
            except BybitRefusal as refusal:
                return envelope(refusal.code, refusal.message, {}, now, {})

        return handle

    def _signed_handler(self, endpoint: SignedEndpoint) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            now, body = self._faults.now_ms(), await request.read()
            if not self._address_allowed(request, now):
                return web.Response(status=403, text="access too frequent")
            if request.method == "GET" and body:
                return web.Response(status=403, text="Forbidden")
            headers: dict[str, str] = {}
            try:
                result = self._answer(endpoint, request, body, headers, now)
            except BybitRefusal as refusal:
                return envelope(refusal.code, refusal.message, {}, now, headers)
            answer = envelope(0, "OK", result, now, headers)
            if not endpoint.trades:
                return answer
            unknown = envelope(10016, "Server error.", {}, now, headers)
            return await self._faults.order_answer(request, answer, unknown)

        return handle

    def _answer(
        self, endpoint: SignedEndpoint, request: web.Request, body: bytes, headers: dict[str, str], now: int
    ) -> dict[str, Any]:
        if request.headers.get("X-BAPI-API-KEY", "") in self._exchange.book.expired:
            raise BybitRefusal(33004, "Your api key has expired.")
        exact = body if request.method == "POST" else request.raw_path.partition("?")[2].encode()
        name = check_signed(request.headers, exact, self._exchange.book.secret, now)
        found = self._exchange.book.find(name)
        assert found is not None
        key, account = found
        self._count(endpoint, account, headers, now)
        if endpoint.method == "POST" and not key.may_trade:
            raise BybitRefusal(10005, "Permission denied, please check your API key permissions.")
        parameters: Mapping[str, Any] = json_body(body) if endpoint.method == "POST" else request.query
        return endpoint.answer(parameters, account, key)

    def order_budget(self, account: Account, operation: str, headers: dict[str, str]) -> None:
        """Count an order request that came by websocket, such as ``order.create``: the limit is REST's own. Fills in
        the headers that say so. Raises BybitRefusal."""
        path = f"/v5/{operation.replace('.', '/')}"
        (endpoint,) = [endpoint for endpoint in self._signed if endpoint.path == path]
        self._count(endpoint, account, headers, self._faults.now_ms())

    def _count(self, endpoint: SignedEndpoint, account: Account, headers: dict[str, str], now: int) -> None:
        """Count a request, and fill in the headers that say so. Raises BybitRefusal."""
        allowed, left, reset = self._limits.take(f"{account.name} {endpoint.path}", endpoint.per_second, 1, now)
        headers |= {
            "X-Bapi-Limit": str(endpoint.per_second),
            "X-Bapi-Limit-Status": str(left),
            "X-Bapi-Limit-Reset-Timestamp": str(now if allowed else reset),
        }
        if not allowed:
            raise BybitRefusal(10006, "Too many visits!")

    def _address_allowed(self, request: web.Request, now_ms: int) -> bool:
        if self._faults.limited() is not None:
            return False
        allowed, _, _ = self._limits.take(f"address {request.remote}", ADDRESS_REQUESTS, ADDRESS_SECONDS, now_ms)
        return allowed


def _public_endpoints(data: MarketData) -> Mapping[str, Callable[[Parameters], dict[str, Any]]]:
    return {
        "/v5/market/time": data.time,
        "/v5/market/instruments-info": data.instruments,
        "/v5/market/tickers": data.tickers,
        "/v5/market/funding/history": data.funding_history,
        "/v5/market/kline": data.kline,
        "/v5/market/mark-price-kline": data.price_kline,
        "/v5/market/index-price-kline": data.price_kline,
        "/v5/market/premium-index-price-kline": data.premium_kline,
        "/v5/market/risk-limit": data.risk_limit,
        "/v5/market/open-interest": data.open_interest,
        "/v5/market/price-limit": data.price_limit,
        "/v5/market/orderbook": data.order_book,
        "/v5/spot-margin-trade/collateral": data.collateral,
    }


def _signed_endpoints(account: AccountApi, trade: TradeApi) -> tuple[SignedEndpoint, ...]:
    return (
        SignedEndpoint("GET", "/v5/account/info", account.info, 50),
        SignedEndpoint("GET", "/v5/account/wallet-balance", account.wallet_balance, 50),
        SignedEndpoint("GET", "/v5/account/collateral-info", account.collateral, 50),
        SignedEndpoint("GET", "/v5/account/fee-rate", account.fee_rates, 5),
        SignedEndpoint("GET", "/v5/account/transaction-log", account.transactions, 25),
        SignedEndpoint("POST", "/v5/account/set-margin-mode", account.set_margin_mode, 5),
        SignedEndpoint("GET", "/v5/position/list", account.positions, 50),
        SignedEndpoint("GET", "/v5/position/closed-pnl", account.closed_profit, 50),
        SignedEndpoint("POST", "/v5/position/set-leverage", account.set_leverage, 10),
        SignedEndpoint("POST", "/v5/position/switch-mode", account.switch_mode, 10),
        SignedEndpoint("GET", "/v5/execution/list", account.executions, 50),
        SignedEndpoint("GET", "/v5/user/query-api", account.key_info, 10),
        SignedEndpoint("GET", "/v5/asset/coin/query-info", account.coins, 5),
        SignedEndpoint("POST", "/v5/order/create", trade.create, 10, trades=True),
        SignedEndpoint("POST", "/v5/order/amend", trade.amend, 10, trades=True),
        SignedEndpoint("POST", "/v5/order/cancel", trade.cancel, 10, trades=True),
        SignedEndpoint("POST", "/v5/order/cancel-all", trade.cancel_all, 10, trades=True),
        SignedEndpoint("GET", "/v5/order/realtime", trade.open_orders, 50),
        SignedEndpoint("GET", "/v5/order/history", trade.history, 50),
    )
