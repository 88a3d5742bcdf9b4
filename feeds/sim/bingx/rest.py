"""BingX's REST side: routes, who may ask how often, and the order of checks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.accounts import Account, ApiKey
from feeds.sim.bingx.account_api import AccountApi
from feeds.sim.bingx.market_data import MarketData
from feeds.sim.bingx.private import UserData
from feeds.sim.bingx.protocol import (
    PUBLIC_REQUESTS,
    SIGNED_REQUESTS,
    WINDOW_SECONDS,
    BingxRefusal,
    Parameters,
    answer,
    check_signed,
    flat,
    parameters_of,
)
from feeds.sim.bingx.trade_api import TradeApi
from feeds.sim.exchange import Exchange
from feeds.sim.limits import RollingLimits
from feeds.sim.rest_faults import RestFaults

Handler = Callable[[web.Request], Awaitable[web.Response]]

BLOCKED_MS = 300_000


class SignedEndpoint(msgspec.Struct, frozen=True):
    """A route that needs a signature; ``per_second`` is per account. ``bare`` answers have no envelope."""

    method: str
    path: str
    answer: Callable[[Parameters, Account, ApiKey], Any]
    per_second: int = 5
    trades: bool = False
    changes: bool = False
    bare: bool = False


class Rest:
    """Answers HTTP requests; business errors are HTTP 200 with a code, too many requests a 429 with one."""

    def __init__(
        self,
        exchange: Exchange,
        faults: RestFaults,
        keys: UserData,
        soon: Callable[[Callable[[], None]], None],
    ) -> None:
        self._exchange, self._faults, self._keys = exchange, faults, keys
        self._limits = RollingLimits()
        self._public = _public_endpoints(exchange, faults.now_ms)
        self._signed = _signed_endpoints(exchange, soon)

    def add_routes(self, app: web.Application) -> None:
        """Register every endpoint."""
        for path, tell in self._public.items():
            app.router.add_get(path, self._guarded(self._public_handler(path, tell)))
        for endpoint in self._signed:
            app.router.add_route(endpoint.method, endpoint.path, self._guarded(self._signed_handler(endpoint)))
        for method in ("POST", "PUT", "DELETE"):
            app.router.add_route(method, "/openApi/user/auth/userDataStream", self._guarded(self._listen_key))

    def _guarded(self, handle: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            status = self._faults.limited()
            if status is not None:
                return self._too_many(status)
            try:
                return await handle(request)
            except BingxRefusal as refusal:
                return refusal.answer()

        return guarded

    def _public_handler(self, path: str, tell: Callable[[Parameters], Any]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            now = self._faults.now_ms()
            headers = self._counted(f"{request.remote} {path}", PUBLIC_REQUESTS, now)
            if headers is None:
                return self._too_many(429)
            told = answer(tell(request.query))
            told.headers.update(headers)
            return told

        return handle

    def _signed_handler(self, endpoint: SignedEndpoint) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            now = self._faults.now_ms()
            headers = self._counted(f"{request.remote} signed", SIGNED_REQUESTS, now)
            if headers is None:
                return self._too_many(429)
            parameters = parameters_of(request.query, await request.read())
            key, account = self._owner(request, parameters, now)
            allowed, _, _ = self._limits.take(f"{account.name} {endpoint.path}", endpoint.per_second, 1, now)
            if not allowed:
                return self._too_many(429)
            if endpoint.changes and not key.may_trade:
                raise BingxRefusal(100004, "Permission denied as the API key was created without the permission")
            data = endpoint.answer(parameters, account, key)
            told = flat(data) if endpoint.bare else answer(data)
            told.headers.update(headers)
            if not endpoint.trades:
                return told
            return await self._faults.order_answer(request, told, BingxRefusal(109500, "system busy").answer())

        return handle

    async def _listen_key(self, request: web.Request) -> web.Response:
        """The key's header is enough here; a signature that is sent all the same must be right."""
        parameters = parameters_of(request.query, await request.read())
        now = self._faults.now_ms()
        name = request.headers.get("X-BX-APIKEY", "")
        found = self._exchange.book.find(name)
        if "signature" in parameters or found is None:
            _, account = self._owner(request, parameters, now)
        else:
            _, account = found
        if request.method == "POST":
            return flat({"listenKey": self._keys.create(account)})
        known = self._keys.known(parameters.get("listenKey", ""), account)
        if not known:
            return web.Response(status=404)
        if request.method == "PUT":
            self._keys.create(account)
        else:
            self._keys.close(account)
        return web.Response(status=200)

    def _owner(self, request: web.Request, parameters: Parameters, now_ms: int) -> tuple[ApiKey, Account]:
        name = check_signed(request.headers, parameters, self._exchange.book.secret, now_ms)
        found = self._exchange.book.find(name)
        assert found is not None
        return found

    def _counted(self, key: str, limit: int, now_ms: int) -> Mapping[str, str] | None:
        """The headers of a request that is allowed; ``None`` for one too many."""
        allowed, left, reset = self._limits.take(key, limit, WINDOW_SECONDS, now_ms)
        if not allowed:
            return None
        return {"X-RateLimit-Requests-Remain": str(left), "X-RateLimit-Requests-Expire": str(max(0, reset - now_ms))}

    def _too_many(self, status: int) -> web.Response:
        until = self._faults.now_ms() + BLOCKED_MS
        text = "The endpoint trigger frequency limit rule is currently in the disabled period"
        return BingxRefusal(100410, f"{text} and will be unblocked after {until}", status=status).answer()


def _public_endpoints(exchange: Exchange, clock_ms: Callable[[], int]) -> Mapping[str, Callable[[Parameters], Any]]:
    linear, inverse, spot = (MarketData(exchange, market, clock_ms) for market in ("linear", "inverse", "spot"))
    return {
        "/openApi/swap/v2/server/time": linear.time,
        "/openApi/swap/v2/quote/contracts": linear.contracts,
        "/openApi/swap/v2/quote/premiumIndex": linear.premium,
        "/openApi/swap/v2/quote/fundingRate": linear.funding_history,
        "/openApi/swap/v2/quote/ticker": linear.ticker,
        "/openApi/swap/v2/quote/bookTicker": linear.book_ticker,
        "/openApi/swap/v2/quote/depth": linear.depth,
        "/openApi/swap/v2/quote/trades": linear.trades,
        "/openApi/swap/v2/quote/openInterest": linear.open_interest,
        "/openApi/swap/v1/ticker/price": linear.last_price,
        "/openApi/swap/v3/quote/klines": linear.candles,
        "/openApi/swap/v1/market/markPriceKlines": linear.mark_candles,
        "/openApi/cswap/v1/market/contracts": inverse.contracts,
        "/openApi/cswap/v1/market/premiumIndex": inverse.premium,
        "/openApi/cswap/v1/market/ticker": inverse.ticker,
        "/openApi/cswap/v1/market/depth": inverse.depth,
        "/openApi/cswap/v1/market/klines": inverse.candles,
        "/openApi/cswap/v1/market/openInterest": inverse.open_interest,
        "/openApi/spot/v1/server/time": spot.time,
        "/openApi/spot/v1/common/symbols": spot.contracts,
        "/openApi/spot/v1/ticker/24hr": spot.ticker,
        "/openApi/spot/v1/ticker/bookTicker": spot.book_ticker,
        "/openApi/spot/v1/market/depth": spot.depth,
        "/openApi/spot/v1/market/trades": spot.trades,
        "/openApi/spot/v1/market/kline": spot.spot_candles,
    }


def _signed_endpoints(exchange: Exchange, soon: Callable[[Callable[[], None]], None]) -> tuple[SignedEndpoint, ...]:
    linear, inverse, spot = (AccountApi(exchange, market) for market in ("linear", "inverse", "spot"))
    return (
        SignedEndpoint("GET", "/openApi/swap/v3/user/balance", linear.balance),
        SignedEndpoint("GET", "/openApi/swap/v2/user/positions", linear.positions),
        SignedEndpoint("GET", "/openApi/swap/v2/user/income", linear.income),
        SignedEndpoint("GET", "/openApi/swap/v2/user/commissionRate", linear.commission),
        SignedEndpoint("GET", "/openApi/swap/v1/maintMarginRatio", linear.tiers),
        SignedEndpoint("GET", "/openApi/swap/v1/positionSide/dual", linear.position_mode, 2),
        SignedEndpoint("POST", "/openApi/swap/v1/positionSide/dual", linear.set_position_mode, 2, changes=True),
        *_settings(linear, "/openApi/swap/v2"),
        SignedEndpoint("GET", "/openApi/cswap/v1/user/balance", inverse.balance),
        SignedEndpoint("GET", "/openApi/cswap/v1/user/positions", inverse.positions),
        SignedEndpoint("GET", "/openApi/cswap/v1/user/commissionRate", inverse.commission),
        *_settings(inverse, "/openApi/cswap/v1"),
        SignedEndpoint("GET", "/openApi/spot/v1/account/balance", spot.spot_balance),
        SignedEndpoint("GET", "/openApi/v1/account/apiPermissions", spot.permissions, bare=True),
        SignedEndpoint("GET", "/openApi/wallets/v1/capital/config/getall", spot.coins),
        *_linear_orders(TradeApi(exchange, "linear", soon)),
        *_inverse_orders(TradeApi(exchange, "inverse", soon)),
    )


def _settings(account: AccountApi, base: str) -> tuple[SignedEndpoint, ...]:
    return (
        SignedEndpoint("GET", f"{base}/trade/marginType", account.margin_type, 2),
        SignedEndpoint("POST", f"{base}/trade/marginType", account.set_margin_type, 2, changes=True),
        SignedEndpoint("GET", f"{base}/trade/leverage", account.leverage),
        SignedEndpoint("POST", f"{base}/trade/leverage", account.set_leverage, changes=True),
        SignedEndpoint("POST", f"{base}/trade/positionMargin", account.set_position_margin, changes=True),
    )


def _linear_orders(trade: TradeApi) -> tuple[SignedEndpoint, ...]:
    base = "/openApi/swap/v2/trade"
    return (
        SignedEndpoint("POST", f"{base}/order", trade.place, 10, trades=True, changes=True),
        SignedEndpoint("POST", f"{base}/order/test", trade.test, changes=True),
        SignedEndpoint("DELETE", f"{base}/order", trade.cancel, 10, trades=True, changes=True),
        SignedEndpoint("GET", f"{base}/order", trade.query, 30),
        SignedEndpoint("DELETE", f"{base}/allOpenOrders", trade.cancel_all, trades=True, changes=True),
        SignedEndpoint("POST", f"{base}/closeAllPositions", trade.close_all, trades=True, changes=True),
        SignedEndpoint("POST", "/openApi/swap/v1/trade/amend", trade.amend, trades=True, changes=True),
        SignedEndpoint("GET", f"{base}/openOrders", trade.open_orders),
        SignedEndpoint("GET", f"{base}/allOrders", trade.history),
        SignedEndpoint("GET", "/openApi/swap/v1/trade/fullOrder", trade.history),
        SignedEndpoint("GET", f"{base}/fillHistory", trade.fills),
        SignedEndpoint("GET", f"{base}/allFillOrders", trade.order_fills),
    )


def _inverse_orders(trade: TradeApi) -> tuple[SignedEndpoint, ...]:
    base = "/openApi/cswap/v1/trade"
    return (
        SignedEndpoint("POST", f"{base}/order", trade.place, 10, trades=True, changes=True, bare=True),
        SignedEndpoint("DELETE", f"{base}/cancelOrder", trade.cancel, 10, trades=True, changes=True),
        SignedEndpoint("GET", f"{base}/orderDetail", trade.query, 30),
        SignedEndpoint("POST", f"{base}/allOpenOrders", trade.cancel_all, trades=True, changes=True),
        SignedEndpoint("DELETE", f"{base}/allOpenOrders", trade.cancel_all, trades=True, changes=True),
        SignedEndpoint("POST", f"{base}/closeAllPositions", trade.close_all, trades=True, changes=True),
        SignedEndpoint("GET", f"{base}/openOrders", trade.open_orders),
        SignedEndpoint("GET", f"{base}/orderHistory", trade.history),
        SignedEndpoint("GET", f"{base}/allFillOrders", trade.inverse_fills),
    )
