"""MEXC's REST side: routes, who may ask how often, and the order of checks.

Contracts refuse with status 200 and a code, without a header that tells of the limit; spot with statuses.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.accounts import Account, ApiKey
from feeds.sim.exchange import Exchange
from feeds.sim.limits import RollingLimits
from feeds.sim.mexc.account_api import AccountApi
from feeds.sim.mexc.market_data import MarketData
from feeds.sim.mexc.protocol import (
    MexcRefusal,
    Parameters,
    SpotRefusal,
    check_contract,
    check_spot,
    good,
    json_body,
    refused,
    spot_answer,
    spot_refused,
)
from feeds.sim.mexc.spot_api import SpotApi
from feeds.sim.mexc.trade_api import TradeApi
from feeds.sim.rest_faults import RestFaults

CONTRACT, PRIVATE, SPOT = "/api/v1/contract/", "/api/v1/private/", "/api/v3/"
WINDOW_SECONDS = 2.0
SPOT_WEIGHT, SPOT_SECONDS = 500, 10.0
RETRY_SECONDS = 10
TOO_MANY = MexcRefusal(510, "Requests are too frequent, please try again later!")

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Signed(msgspec.Struct, frozen=True):
    """A signed contract endpoint; ``most`` is how often an account may ask in two seconds."""

    method: str
    path: str
    answer: Callable[[Any, Account, ApiKey], Any]
    most: int = 20
    trades: bool = False


class Rest:
    """Answers HTTP requests."""

    def __init__(
        self,
        exchange: Exchange,
        faults: RestFaults,
        data: MarketData,
        account: AccountApi,
        trade: TradeApi,
        spot: SpotApi,
    ) -> None:
        self._exchange, self._faults = exchange, faults
        self._limits = RollingLimits()
        self._public = _public(data)
        self._signed = _signed(account, trade)
        self._spot_public = _spot_public(spot)
        self._spot_signed = _spot_signed(spot)

    def add_routes(self, app: web.Application) -> None:
        """Register every endpoint."""
        for path, (answer, most) in self._public.items():
            app.router.add_get(CONTRACT + path, self._public_handler(path, answer, most))
        for endpoint in self._signed:
            app.router.add_route(endpoint.method, PRIVATE + endpoint.path, self._signed_handler(endpoint))
        for path, spot in self._spot_public.items():
            app.router.add_get(SPOT + path, self._spot_handler(spot))
        for (method, path), signed in self._spot_signed.items():
            app.router.add_route(method, SPOT + path, self._spot_signed_handler(signed))

    # --- contracts ------------------------------------------------------------------------------------------

    def _public_handler(self, path: str, answer: Callable[[Parameters], Any], most: int) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            try:
                self._count(f"{request.remote} {path}", most)
                return good(answer({**request.query, **request.match_info}))
            except MexcRefusal as refusal:
                return refused(refusal)

        return handle

    def _signed_handler(self, endpoint: Signed) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            body = await request.read()
            try:
                answer = good(self._answer(endpoint, request, body))
            except MexcRefusal as refusal:
                return refused(refusal)
            if not endpoint.trades:
                return answer
            unknown = refused(MexcRefusal(500, "Internal error"))
            return await self._faults.order_answer(request, answer, unknown)

        return handle

    def _answer(self, endpoint: Signed, request: web.Request, body: bytes) -> Any:
        book = self._exchange.book
        if request.headers.get("ApiKey", "") in book.expired:
            raise MexcRefusal(402, "Api_Key expired!")
        name = check_contract(request, body, book.secret, self._faults.now_ms())
        found = book.find(name)
        assert found is not None
        key, account = found
        self._count(f"{account.name} {endpoint.path}", endpoint.most)
        if endpoint.method == "POST" and not key.may_trade:
            raise MexcRefusal(704 if endpoint.trades else 702, "No permission")
        if endpoint.method == "POST":
            return endpoint.answer(json_body(body), account, key)
        return endpoint.answer({**request.query, **request.match_info}, account, key)

    def _count(self, key: str, most: int) -> None:
        """Raise MexcRefusal for who asks too often; the answer does not say for how long."""
        allowed, _, _ = self._limits.take(key, most, WINDOW_SECONDS, self._faults.now_ms())
        if self._faults.limited() is not None or not allowed:
            raise TOO_MANY

    # --- spot -----------------------------------------------------------------------------------------------

    def _spot_handler(self, answer: Callable[[Parameters], Any]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            if (busy := self._spot_busy(f"{request.remote} {request.path}")) is not None:
                return busy
            try:
                return spot_answer(answer(request.query))
            except SpotRefusal as refusal:
                return spot_refused(refusal)

        return handle

    def _spot_signed_handler(self, answer: Callable[[Parameters, Account], Any]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            book = self._exchange.book
            try:
                found = book.find(check_spot(request, book.secret, self._faults.now_ms()))
                assert found is not None
                account = found[1]
                if (busy := self._spot_busy(f"{account.name} {request.path}")) is not None:
                    return busy
                return spot_answer(answer(request.query, account))
            except SpotRefusal as refusal:
                return spot_refused(refusal)

        return handle

    def _spot_busy(self, key: str) -> web.Response | None:
        status = self._faults.limited()
        allowed, _, _ = self._limits.take(f"spot {key}", SPOT_WEIGHT, SPOT_SECONDS, self._faults.now_ms())
        if status is None and allowed:
            return None
        refusal = SpotRefusal(status or 429, 429, "Too Many Requests")
        return spot_refused(refusal, {"Retry-After": str(RETRY_SECONDS)})


def _public(data: MarketData) -> Mapping[str, tuple[Callable[[Parameters], Any], int]]:
    return {
        "ping": (data.ping, 20),
        "detail": (data.detail, 10),
        "funding_rate": (data.funding_rates, 20),
        "funding_rate/history": (data.funding_history, 20),
        "funding_rate/{symbol}": (data.funding_rate, 20),
        "fair_price/{symbol}": (data.fair_price, 20),
        "index_price/{symbol}": (data.index_price, 20),
        "ticker": (data.ticker, 10),
        "depth/{symbol}": (data.depth, 10),
        "deals/{symbol}": (data.deals, 20),
        "kline/{symbol}": (data.candles, 20),
        "kline/fair_price/{symbol}": (data.candles, 20),
        "kline/index_price/{symbol}": (data.candles, 20),
    }


def _signed(account: AccountApi, trade: TradeApi) -> tuple[Signed, ...]:
    return (
        Signed("GET", "account/assets", account.assets),
        Signed("GET", "account/asset/{currency}", account.asset),
        Signed("GET", "account/risk_limit", account.risk_limit),
        Signed("GET", "account/tiered_fee_rate", account.fees),
        Signed("GET", "position/open_positions", account.positions),
        Signed("GET", "position/funding_records", account.funding_records),
        Signed("GET", "position/leverage", account.leverage),
        Signed("POST", "position/change_leverage", account.change_leverage),
        Signed("GET", "position/position_mode", account.position_mode),
        Signed("POST", "position/change_position_mode", account.change_position_mode),
        Signed("POST", "position/close_all", trade.close_all, 4, trades=True),
        Signed("POST", "order/create", trade.create, 4, trades=True),
        Signed("POST", "order/submit", trade.submit, 4, trades=True),
        Signed("POST", "order/cancel", trade.cancel, trades=True),
        Signed("POST", "order/cancel_with_external", trade.cancel_external, trades=True),
        Signed("POST", "order/batch_cancel_with_external", trade.cancel_external, trades=True),
        Signed("POST", "order/cancel_all", trade.cancel_all, trades=True),
        Signed("GET", "order/get/{order_id}", trade.order),
        Signed("GET", "order/external/{symbol}/{external_oid}", trade.external),
        Signed("GET", "order/list/open_orders", trade.open_orders),
        Signed("GET", "order/list/open_orders/{symbol}", trade.open_orders),
        Signed("GET", "order/list/history_orders", trade.history),
        Signed("GET", "order/list/order_deals", trade.deals),
        Signed("GET", "order/list/order_deals/v3", trade.deals),
        Signed("GET", "order/deal_details/{order_id}", trade.deals),
        Signed("GET", "order/fee_details", trade.fee_details),
    )


def _spot_public(spot: SpotApi) -> Mapping[str, Callable[[Parameters], Any]]:
    return {
        "ping": lambda _: {},
        "time": spot.time,
        "exchangeInfo": spot.exchange_info,
        "ticker/24hr": spot.day,
        "ticker/bookTicker": spot.book_ticker,
        "depth": spot.depth,
        "klines": spot.klines,
    }


def _spot_signed(spot: SpotApi) -> Mapping[tuple[str, str], Callable[[Parameters, Account], Any]]:
    return {
        ("GET", "account"): spot.account,
        ("GET", "apiKeyInfo"): spot.key_info,
        ("GET", "capital/config/getall"): spot.coins,
        ("POST", "userDataStream"): spot.make_key,
        ("PUT", "userDataStream"): spot.extend_key,
        ("DELETE", "userDataStream"): spot.end_key,
    }
