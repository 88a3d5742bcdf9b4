"""Binance's REST side: routes, weights, keys and signatures, errors as the venue words them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.binance.market_data import MarketData
from feeds.sim.binance.protocol import BinanceRefusal, Parameters, Weights, answer, error_body, parameters_of
from feeds.sim.binance.reference import coin_exchange_info
from feeds.sim.wire import wall_ms


class Endpoint(msgspec.Struct, frozen=True):
    """A public route; ``weight_all`` is charged without a ``symbol``."""

    path: str
    body: Callable[[Parameters], Any]
    weight: int = 1
    weight_all: int | None = None


class Rest:
    """Answers HTTP requests; ``weights`` are shared by everything on this host."""

    def __init__(self, futures: MarketData, spot: MarketData) -> None:
        self.weights = Weights()
        self._endpoints = (*_futures_endpoints(futures), *_spot_endpoints(spot))

    def add_routes(self, app: web.Application) -> None:
        """Register every endpoint."""
        for endpoint in self._endpoints:
            app.router.add_get(endpoint.path, self._handler(endpoint))

    def _handler(self, endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.Response]]:
        product = "spot" if endpoint.path.startswith("/api/") else "futures"

        async def handle(request: web.Request) -> web.Response:
            parameters = parameters_of(raw_query(request), b"")
            single = endpoint.weight_all is None or "symbol" in parameters
            weight = endpoint.weight if single else (endpoint.weight_all or endpoint.weight)
            headers, refusal = self.weights.take(product, request.remote or "", weight, wall_ms())
            if refusal is not None:
                return refusal
            try:
                return answer(endpoint.body(parameters), headers)
            except BinanceRefusal as error:
                return answer(error_body(error.code, error.message), headers, error.status)

        return handle


def raw_query(request: web.Request) -> bytes:
    """The query string exactly as it was sent."""
    return request.raw_path.partition("?")[2].encode()


def _futures_endpoints(data: MarketData) -> tuple[Endpoint, ...]:
    base = "/fapi/v1/"
    return (
        Endpoint(f"{base}ping", lambda _: {}),
        Endpoint(f"{base}time", data.time),
        Endpoint(f"{base}exchangeInfo", data.exchange_info),
        Endpoint(f"{base}premiumIndex", data.premium_index, 1, 10),
        Endpoint(f"{base}fundingRate", data.funding_rate, 0),
        Endpoint(f"{base}fundingInfo", data.funding_info, 0),
        Endpoint(f"{base}klines", data.klines, 5),
        Endpoint(f"{base}continuousKlines", data.klines, 5),
        Endpoint(f"{base}markPriceKlines", data.price_klines, 5),
        Endpoint(f"{base}indexPriceKlines", data.price_klines, 5),
        Endpoint(f"{base}premiumIndexKlines", data.premium_klines, 5),
        Endpoint(f"{base}ticker/24hr", data.ticker_day, 1, 40),
        Endpoint(f"{base}ticker/bookTicker", data.ticker_book, 2, 5),
        Endpoint(f"{base}ticker/price", data.ticker_price, 1, 2),
        Endpoint("/fapi/v2/ticker/price", data.ticker_price, 1, 2),
        Endpoint(f"{base}openInterest", data.open_interest),
        Endpoint(f"{base}depth", data.depth, 10),
        Endpoint("/dapi/v1/exchangeInfo", lambda _: coin_exchange_info(wall_ms())),
        Endpoint("/dapi/v1/time", data.time),
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
    )
