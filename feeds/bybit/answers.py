"""What a Bybit REST body says, by the path that was asked. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pydantic import Field

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, Heard
from feeds.bodies import Body, read_rows, rows_of
from feeds.bybit import account, candles, facts, reference, statistics
from feeds.bybit.numbers import Amount
from feeds.bybit.orders import ids
from feeds.bybit.refusals import envelope, odd_code, refusal
from feeds.venue import RestAnswer

_Reader = Callable[[RestAnswer], list[AnyEvent]]


class _FeeRate(Body):
    symbol: str = Field(default="", max_length=40)
    taker: Amount = Field(alias="takerFeeRate")
    maker: Amount = Field(alias="makerFeeRate")


def _tickers(answer: RestAnswer) -> list[AnyEvent]:
    page, told = account.listed(answer)
    if told.market not in facts.MARKETS:
        return []
    return [
        *statistics.prices(told.market, page.rows, told.time_ns, answer.received_ns),
        *statistics.days(told.market, page.rows, None, told.time_ns, answer.received_ns),
    ]


def _settled(answer: RestAnswer) -> list[AnyEvent]:
    page, told = account.listed(answer)
    return statistics.settled(told.market, page.rows, answer.received_ns) if told.market in facts.CONTRACTS else []


def _fee_rates(answer: RestAnswer) -> list[AnyEvent]:
    page, _ = account.listed(answer)
    rows, faults = read_rows(facts.VENUE, answer.path, rows_of(page.rows, None), _FeeRate, answer.received_ns)
    told = ", ".join(f"{row.symbol} maker {row.maker:f} taker {row.taker:f}" for row in rows[:20])
    return [_heard(answer, told), *faults]


def _taken(answer: RestAnswer) -> list[AnyEvent]:
    """The answers of placing, amending and cancelling: accepted, no more."""
    return [_heard(answer, ids(answer.path, answer.body).client_id[:80])]


def _nothing(answer: RestAnswer) -> list[AnyEvent]:
    if envelope(answer.body) is None:
        raise _no_code(answer)
    return [_heard(answer, "")]


def _no_code(answer: RestAnswer) -> DecodeError:
    detail = "expected a whole number"
    return DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=answer.path, field="retCode", detail=detail)


def _heard(answer: RestAnswer, detail: str) -> Heard:
    return Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail=detail)


_READERS: Final[dict[str, _Reader]] = {
    **dict.fromkeys(candles.PRICES, candles.events),
    facts.INSTRUMENTS_PATH: reference.events,
    facts.RISK_LIMIT_PATH: reference.events,
    facts.TICKERS_PATH: _tickers,
    facts.SETTLED_PATH: _settled,
    facts.INFO_PATH: account.settings,
    facts.WALLET_PATH: account.balances,
    facts.POSITIONS_PATH: account.positions,
    facts.OPEN_ORDERS_PATH: account.orders,
    facts.CLOSED_ORDERS_PATH: account.orders,
    facts.EXECUTIONS_PATH: account.executions,
    facts.LEDGER_PATH: account.entries,
    facts.FEE_RATE_PATH: _fee_rates,
    **dict.fromkeys((facts.PLACE_PATH, facts.AMEND_PATH, facts.CANCEL_PATH), _taken),
    **dict.fromkeys(
        (
            *(facts.TIME_PATH, facts.OPEN_INTEREST_PATH, facts.PRICE_LIMIT_PATH, facts.COLLATERAL_PATH),
            *(facts.RIGHTS_PATH, *facts.SETTING_PATHS),
        ),
        _nothing,
    ),
}
PATHS: Final = tuple(_READERS)
"""Whose bodies :func:`events` reads."""


def events(answer: RestAnswer) -> list[AnyEvent]:
    """What a body says; nothing for other endpoints.

    Raises DecodeError for a body that is not what its endpoint sends, VenueError for a refusal.
    """
    reader = _READERS.get(answer.path)
    if reader is None:
        return []
    error = refusal(answer.body)
    if error is not None:
        raise error
    if odd_code(answer.body):
        raise _no_code(answer)
    return reader(answer)
