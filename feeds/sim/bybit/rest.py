"""Bybit's REST side: routes, who may ask how often, and the envelope around every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.bybit.market_data import MarketData
from feeds.sim.bybit.protocol import (
    ADDRESS_REQUESTS,
    ADDRESS_SECONDS,
    BybitRefusal,
    RollingLimits,
    envelope,
)
from feeds.sim.wire import wall_ms


class PublicEndpoint(msgspec.Struct, frozen=True):
    """A route anybody may ask."""

    path: str
    answer: Callable[[Mapping[str, Any]], dict[str, Any]]


class Rest:
    """Answers HTTP requests; business errors are HTTP 200 with a retCode, too many requests an HTTP 403."""

    def __init__(self, market_data: MarketData) -> None:
        self._limits = RollingLimits()
        self._public = (
            PublicEndpoint("/v5/market/time", market_data.time),
            PublicEndpoint("/v5/market/instruments-info", market_data.instruments),
            PublicEndpoint("/v5/market/tickers", market_data.tickers),
            PublicEndpoint("/v5/market/funding/history", market_data.funding_history),
            PublicEndpoint("/v5/market/kline", market_data.kline),
            PublicEndpoint("/v5/market/mark-price-kline", market_data.price_kline),
            PublicEndpoint("/v5/market/index-price-kline", market_data.price_kline),
            PublicEndpoint("/v5/market/premium-index-price-kline", market_data.premium_kline),
            PublicEndpoint("/v5/market/risk-limit", market_data.risk_limit),
            PublicEndpoint("/v5/market/open-interest", market_data.open_interest),
            PublicEndpoint("/v5/market/price-limit", market_data.price_limit),
            PublicEndpoint("/v5/market/orderbook", market_data.order_book),
        )

    def add_routes(self, app: web.Application) -> None:
        """Register every endpoint."""
        for endpoint in self._public:
            app.router.add_get(endpoint.path, self._public_handler(endpoint))

    def _public_handler(self, endpoint: PublicEndpoint) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            now = wall_ms()
            if not self._address_allowed(request, now):
                return web.Response(status=403, text="access too frequent")
            try:
                return envelope(0, "OK", endpoint.answer(request.query), now, {})
            except BybitRefusal as refusal:
                return envelope(refusal.code, refusal.message, {}, now, {})

        return handle

    def _address_allowed(self, request: web.Request, now_ms: int) -> bool:
        allowed, _, _ = self._limits.take(f"address {request.remote}", ADDRESS_REQUESTS, ADDRESS_SECONDS, now_ms)
        return allowed
