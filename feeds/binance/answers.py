"""What a Binance REST body says, by the path that was asked. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from core.events import AnyEvent, Heard
from feeds.binance import account, candles, facts, ledger, reference, statistics, tiers
from feeds.binance.products import COINM, FUTURES, PRODUCTS, USDM
from feeds.binance.refusals import refusal
from feeds.venue import RestAnswer

_Reader = Callable[[RestAnswer], list[AnyEvent]]


def _instruments(market: str, answer: RestAnswer) -> list[AnyEvent]:
    return reference.instruments(market, answer.body, None, answer.received_ns)


def _premium(market: str, answer: RestAnswer) -> list[AnyEvent]:
    return reference.mark_prices(market, answer.body, None, answer.received_ns)


def _terms(market: str, answer: RestAnswer) -> list[AnyEvent]:
    terms, faults = reference.funding_terms(market, answer.body, None, answer.received_ns)
    return [_heard(answer, f"funding terms of {len(terms)}"), *faults]


def _tiers(market: str, answer: RestAnswer) -> list[AnyEvent]:
    return tiers.tiers(market, answer.body, None, answer.received_ns)


def _day(market: str, answer: RestAnswer) -> list[AnyEvent]:
    return statistics.day(market, answer.body, None, answer.received_ns)


def _settled(market: str, answer: RestAnswer) -> list[AnyEvent]:
    return statistics.settled(market, answer.body, answer.received_ns)


def _candles(answer: RestAnswer) -> list[AnyEvent]:
    return candles.events(answer.path, answer.parameters, answer.body, answer.received_ns)


def _trades(market: str, answer: RestAnswer) -> list[AnyEvent]:
    rows, faults = account.trades(answer)
    return [*(account.fill(market, answer, row) for row in rows), *faults]


def _income(market: str, answer: RestAnswer) -> list[AnyEvent]:
    rows, faults = ledger.rows(answer)
    return ledger.events(market, answer, rows, {}) + faults


def _nothing(answer: RestAnswer) -> list[AnyEvent]:
    return [_heard(answer, "")]


def _config(answer: RestAnswer) -> list[AnyEvent]:
    return account.config(answer) if answer.method == "GET" else _nothing(answer)


def _heard(answer: RestAnswer, detail: str) -> Heard:
    return Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail=detail)


def _readers() -> dict[str, _Reader]:
    readers: dict[str, _Reader] = dict.fromkeys(candles.ENDPOINTS, _candles)
    for market, product in PRODUCTS.items():
        readers[product.path("time")] = _nothing
        readers[product.path("exchangeInfo")] = partial(_instruments, market)
        readers[product.path("ticker/24hr")] = partial(_day, market)
        readers[product.account] = partial(account.balances, market)
    for market in FUTURES:
        product = PRODUCTS[market]
        readers[product.path("premiumIndex")] = partial(_premium, market)
        readers[product.path("fundingInfo")] = partial(_terms, market)
        readers[product.path("fundingRate")] = partial(_settled, market)
        readers[product.tiers] = partial(_tiers, market)
        readers[product.positions] = partial(account.positions, market)
        readers[product.path("positionSide/dual")] = _config
        readers[product.path("openOrders")] = partial(account.open_orders, market)
        readers[product.path("allOrders")] = partial(account.open_orders, market)
        readers[product.path("order")] = partial(account.open_orders, market)
        readers[product.path("userTrades")] = partial(_trades, market)
        readers[product.path("income")] = partial(_income, market)
        for name in ("listenKey", "leverage", "marginType"):
            readers[product.path(name)] = _nothing
    usdm = PRODUCTS[USDM]
    readers["/fapi/v3/balance"] = partial(account.balances, USDM)
    readers[PRODUCTS[COINM].path("balance")] = partial(account.balances, COINM)
    readers[usdm.path("symbolConfig")] = partial(account.settings, USDM)
    readers[usdm.path("accountConfig")] = readers[usdm.path("multiAssetsMargin")] = _config
    readers[facts.RIGHTS_PATH] = _nothing
    return readers


_READERS: Final = _readers()
PATHS: Final = tuple(_READERS)
"""Whose bodies :func:`events` reads."""


def events(answer: RestAnswer) -> list[AnyEvent]:
    """What a body says; nothing for other endpoints.

    Raises DecodeError for a body that is not what its endpoint sends, VenueError for a refusal.
    """
    reader = _READERS.get(answer.path)
    if reader is None:
        return []
    error = refusal(200, answer.body)
    if error is not None:
        raise error
    return reader(answer)
