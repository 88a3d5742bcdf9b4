"""Every REST body of MEXC's that is read, by endpoint. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from core.events import AnyEvent, Heard, Ticker
from feeds.candles import open_body
from feeds.fields import Fields
from feeds.frames import clip
from feeds.mexc import account, candles, envelope, facts, orders, reference, spot_reference, tiers
from feeds.mexc.parse import best_levels
from feeds.mexc.rows import Whose, contract_of
from feeds.venue import RestAnswer

_Reader = Callable[[RestAnswer], Sequence[AnyEvent]]


def events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """What a body says; one that tells nothing to the book is an ``answer``.

    Raises DecodeError, and VenueError where it is a refusal.
    """
    return _READERS[answer.path](answer)


def _whose(answer: RestAnswer) -> Whose:
    return answer.account, answer.received_ns


def _hedge(answer: RestAnswer) -> bool | None:
    """The position mode, where whoever asks knows it: ``positionMode`` 1 or 2 among the parameters."""
    return {"1": True, "2": False}.get(answer.parameters.get("positionMode", ""))


def _said(answer: RestAnswer, detail: str) -> list[AnyEvent]:
    return [Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail=clip(detail, 200))]


# --- public ----------------------------------------------------------------------------------------------------------


def _depth(answer: RestAnswer) -> list[AnyEvent]:
    """The best level of each side of a book."""
    place, symbol = answer.path, answer.parameters.get("symbol", "")
    fields = envelope.row(place, envelope.data(place, answer.body))
    if not symbol:
        return _said(answer, "a book without its contract")
    values = best_levels(fields)
    ticker = Ticker(
        received_ns=answer.received_ns,
        instrument=contract_of(symbol),
        channel=place,
        venue_time_ns=fields.nanoseconds("timestamp") if "timestamp" in fields else None,
    )
    faults = envelope.faulty(place, symbol, fields, answer.received_ns)
    if all(value is None for value in values.values()):
        return faults
    return [*faults, msgspec.structs.replace(ticker, **values)]


def _trade_candles(answer: RestAnswer) -> list[AnyEvent]:
    envelope.objects(answer.path, envelope.data(answer.path, answer.body))
    return _said(answer, "candles of a contract's trades, which are neither mark nor index")


def _contract_clock(answer: RestAnswer) -> list[AnyEvent]:
    return _clock(answer, envelope.data(answer.path, answer.body))


def _spot_clock(answer: RestAnswer) -> list[AnyEvent]:
    opened = open_body(facts.VENUE, answer.path, answer.body, dict[str, msgspec.Raw])
    return _clock(answer, opened.get("serverTime", msgspec.Raw(b"null")))


def _clock(answer: RestAnswer, raw: msgspec.Raw) -> list[AnyEvent]:
    fields = Fields({"time": raw})
    milliseconds = fields.milliseconds("time")
    if milliseconds is None:
        raise envelope.bad(answer.path, *fields.bad[0])
    return _said(answer, f"time {milliseconds}")


# --- signed ----------------------------------------------------------------------------------------------------------


def _positions(answer: RestAnswer) -> list[AnyEvent]:
    found, faults = account.positions(_whose(answer), answer.body, _hedge(answer))
    return [*found, *faults]


def _orders(answer: RestAnswer) -> list[AnyEvent]:
    found, faults = account.orders(answer.path, _whose(answer), answer.body, _hedge(answer))
    return [*found, *faults]


def _fills(answer: RestAnswer) -> list[AnyEvent]:
    found, faults = account.fills(answer.path, _whose(answer), answer.body, _hedge(answer))
    return [*found, *faults]


def _leverage(answer: RestAnswer) -> list[AnyEvent]:
    """Its rows do not name the contract: that was asked for."""
    if answer.method != "GET":
        return _done(answer)
    symbol = answer.parameters.get("symbol", "")
    told = account.leverage(_whose(answer), symbol or "BTC_USDT", answer.body, _hedge(answer))
    return told if symbol else _said(answer, f"{len(told)} leverages, of a contract that is not named")


def _position_mode(answer: RestAnswer) -> list[AnyEvent]:
    return [account.position_mode(_whose(answer), answer.body)]


def _fee_details(answer: RestAnswer) -> list[AnyEvent]:
    """Its rows may not name the contract: that was asked for."""
    symbol = answer.parameters.get("symbol", "")
    told = account.fees(_whose(answer), answer.body, symbol or "BTC_USDT")
    return told if symbol else _said(answer, f"{len(told)} fees, of a contract that is not named")


def _fees(answer: RestAnswer) -> list[AnyEvent]:
    """Fee rates of the website's orders; those of the API are higher, and fills tell what was paid."""
    fields = envelope.row(answer.path, envelope.data(answer.path, answer.body))
    maker, taker = fields.rate("makerFee"), fields.rate("takerFee")
    if maker is None or taker is None:
        raise envelope.bad(answer.path, *fields.bad[0])
    return _said(answer, f"maker {maker:f}, taker {taker:f}")


def _created(answer: RestAnswer) -> list[AnyEvent]:
    return _said(answer, f"order {orders.created_number(answer.path, answer.body)}")


def _cancelled(answer: RestAnswer) -> list[AnyEvent]:
    told: list[AnyEvent] = []
    for row in orders.cancelled(answer.path, answer.body):
        told += _said(answer, f"order {row.number}: {row.code} {row.message}")
    return told or _done(answer)


def _done(answer: RestAnswer) -> list[AnyEvent]:
    envelope.data(answer.path, answer.body)
    return _said(answer, "done")


def _spot_balances(answer: RestAnswer) -> list[AnyEvent]:
    return account.spot_balances(_whose(answer), answer.body)


def _listen_key(answer: RestAnswer) -> list[AnyEvent]:
    """The key itself is never told."""
    account.listen_key(answer.body)
    return _said(answer, "a key for the stream")


_READERS: Final[Mapping[str, _Reader]] = {
    facts.PING_PATH: _contract_clock,
    facts.DETAIL_PATH: lambda answer: reference.contracts(answer.body, None, answer.received_ns),
    facts.FUNDING_RATES_PATH: lambda answer: reference.funding_rates(
        answer.path, answer.body, None, answer.received_ns
    ),
    facts.FUNDING_HISTORY_PATH: lambda answer: reference.settled(answer.body, None, answer.received_ns),
    facts.FUNDING_RATE_PATH: lambda answer: reference.funding_rates(answer.path, answer.body, None, answer.received_ns),
    facts.MARK_PATH: lambda answer: reference.marks(answer.body, answer.received_ns),
    facts.INDEX_PATH: lambda answer: reference.indices(answer.body, answer.received_ns),
    facts.TICKER_PATH: lambda answer: reference.tickers(answer.body, None, answer.received_ns),
    facts.DEPTH_PATH: _depth,
    **dict.fromkeys(
        candles.PRICES,
        lambda answer: candles.events(answer.path, answer.parameters, answer.body, answer.received_ns),
    ),
    facts.CANDLES_PATH: _trade_candles,
    facts.ASSETS_PATH: lambda answer: account.balances(answer.path, _whose(answer), answer.body),
    facts.ASSET_PATH: lambda answer: account.balances(answer.path, _whose(answer), answer.body),
    facts.FEES_PATH: _fees,
    facts.RISK_LIMIT_PATH: lambda answer: tiers.account_tiers(answer.body, answer.received_ns),
    facts.POSITIONS_PATH: _positions,
    facts.FUNDING_RECORDS_PATH: lambda answer: account.funding(_whose(answer), answer.body, _hedge(answer)),
    facts.FEE_DETAILS_PATH: _fee_details,
    facts.LEVERAGE_PATH: _leverage,
    facts.CHANGE_LEVERAGE_PATH: _done,
    facts.POSITION_MODE_PATH: _position_mode,
    facts.CHANGE_POSITION_MODE_PATH: _done,
    facts.CLOSE_ALL_PATH: _done,
    facts.CREATE_PATH: _created,
    facts.SUBMIT_PATH: _created,
    facts.CANCEL_PATH: _cancelled,
    facts.CANCEL_EXTERNAL_PATH: _done,
    facts.BATCH_CANCEL_EXTERNAL_PATH: _cancelled,
    facts.ORDER_PATH: _orders,
    facts.ORDER_EXTERNAL_PATH: _orders,
    facts.OPEN_ORDERS_PATH: _orders,
    facts.OPEN_ORDERS_OF_PATH: _orders,
    facts.ORDER_HISTORY_PATH: _orders,
    facts.DEALS_PATH: _fills,
    facts.OLD_DEALS_PATH: _fills,
    facts.ORDER_DEALS_PATH: _fills,
    facts.SPOT_TIME_PATH: _spot_clock,
    facts.SPOT_INSTRUMENTS_PATH: lambda answer: spot_reference.pairs(answer.body, None, answer.received_ns),
    facts.SPOT_DAY_PATH: lambda answer: spot_reference.day(answer.body, None, answer.received_ns),
    facts.SPOT_BOOK_PATH: lambda answer: spot_reference.books(answer.body, None, answer.received_ns),
    facts.SPOT_ACCOUNT_PATH: _spot_balances,
    facts.LISTEN_KEY_PATH: _listen_key,
}

PATHS: Final = tuple(_READERS)
"""``funding_rate/history`` comes before the path that takes a contract's name in its place."""
