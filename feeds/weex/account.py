"""WEEX's signed REST bodies to events: settings, balances, positions, orders, fills, funding and fees. Pure.

Source: https://www.weex.com/api-doc/contract/Account_API and …/Transaction_API
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    FaultKind,
    FeeCharged,
    FundingPayment,
    Heard,
    PositionUpdate,
)
from core.exact import exactly
from core.instruments import instrument_id
from core.legs import Leg
from feeds.bodies import bad_row
from feeds.candles import open_body
from feeds.fields import Fields
from feeds.venue import RestAnswer
from feeds.weex import facts, rows
from feeds.weex.known import Known
from feeds.weex.rows import Origin

_MODES: Final = {"CROSSED": "cross", "ISOLATED": "isolated"}
_FUNDING: Final = "position_funding"
_FEES: Final = {
    "order_fill_fee_income": "trade",
    "order_liquidate_fee_income": "liquidation",
}
"""Kinds of record whose whole amount is a fee; of the others ``fillFee`` is one, and its fill tells it too."""


def _objects(answer: RestAnswer) -> list[Fields]:
    """The objects of an array, or a lone object. Raises DecodeError for anything else."""
    lone = answer.body.lstrip()[:1] == b"{"
    body = b"[%b]" % answer.body if lone else answer.body
    return [Fields(row) for row in open_body(facts.VENUE, answer.path, body, list[dict[str, msgspec.Raw]])]


def _one(answer: RestAnswer) -> Fields:
    found = _objects(answer)
    if len(found) != 1:
        detail = "expected one object"
        raise DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=answer.path, field="body", detail=detail)
    return found[0]


def _with_faults(events: list[AnyEvent], found: list[Fields], answer: RestAnswer) -> list[AnyEvent]:
    bad = [fields.bad[0] for fields in found if fields.bad]
    return events + [bad_row(facts.VENUE, answer.path, name, detail, answer.received_ns) for name, detail in bad]


def settings(answer: RestAnswer, known: Known) -> list[AnyEvent]:
    """How the account is set; ``known`` learns its position mode. Raises DecodeError."""
    fields = _one(answer)
    mode = fields.shown("dualSidePosition")
    if mode not in ("true", "false"):
        fields.note("dualSidePosition", "true or false")
        raise DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=answer.path, field=fields.bad[0][0])
    known.hedge = mode == "true"
    return [
        AccountSettings(
            received_ns=answer.received_ns,
            account=answer.account,
            position_mode="hedge" if known.hedge else "one-way",
            key_verified=False,
        )
    ]


def symbol_settings(answer: RestAnswer) -> list[AnyEvent]:
    """Margin mode and leverage by contract; leverage may differ between the sides, so it is told of each."""
    found, events = _objects(answer), list[AnyEvent]()
    for fields in found:
        symbol, mode = rows.symbol_of(fields), rows.choice(fields, "marginType", tuple(_MODES))
        if symbol is None or mode is None:
            continue
        instrument = instrument_id(facts.VENUE, facts.LINEAR, symbol)
        names = ("isolatedLongLeverage", "isolatedShortLeverage") if mode == "ISOLATED" else ("crossLeverage",) * 2
        events.append(_setting(answer, instrument, Leg.NET, mode, None))
        for leg, name in zip((Leg.LONG, Leg.SHORT), names, strict=True):
            leverage = fields.price(name)
            if leverage is not None:
                events.append(_setting(answer, instrument, leg, None, leverage))
    return _with_faults(events, found, answer)


def _setting(
    answer: RestAnswer, instrument: str, leg: Leg, mode: str | None, leverage: Decimal | None
) -> AccountSettings:
    return AccountSettings(
        received_ns=answer.received_ns,
        account=answer.account,
        instrument=instrument,
        leg=leg,
        margin_mode=None if mode is None else _MODES[mode],
        leverage=leverage,
    )


def balances(answer: RestAnswer) -> list[AnyEvent]:
    """The contracts' wallet, coin by coin, without unrealised profit."""
    found, events = _objects(answer), list[AnyEvent]()
    for fields in found:
        asset, wallet = rows.coin_of(fields, "asset"), rows.amount(fields, "balance")
        if asset and wallet is not None:
            events.append(_balance(answer, asset, wallet, None))
    return _with_faults(events, found, answer)


@exactly
def spot_balances(answer: RestAnswer) -> list[AnyEvent]:
    """The spot wallet, coin by coin, free and locked together."""
    outer, events = _one(answer), list[AnyEvent]()
    raw_rows = outer.array("balances")
    if raw_rows is None:
        raise DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=answer.path, field="balances")
    stamp = outer.nanoseconds("updateTime") if "updateTime" in outer else None
    body = msgspec.json.encode(raw_rows)
    found = [Fields(row) for row in open_body(facts.VENUE, answer.path, body, list[dict[str, msgspec.Raw]])]
    for fields in found:
        asset, free, locked = rows.coin_of(fields, "asset"), fields.size("free"), fields.size("locked")
        if asset and free is not None and locked is not None:
            events.append(_balance(answer, asset, free + locked, stamp))
    return _with_faults(events, found, answer)


def _balance(answer: RestAnswer, asset: str, wallet: Decimal, stamp: int | None) -> BalanceUpdate:
    return BalanceUpdate(
        received_ns=answer.received_ns,
        account=answer.account,
        asset=asset,
        wallet_balance=wallet,
        venue_time_ns=stamp,
    )


def positions(answer: RestAnswer, known: Known) -> list[AnyEvent]:
    """Every position that there is, by contract and leg. One that is not there is not told."""
    found = _objects(answer)
    held = [row for fields in found if (row := rows.held(fields)) is not None]
    told: list[PositionUpdate] = rows.positions(held, _origin(answer, known))
    return _with_faults(list(told), found, answer)


def orders(answer: RestAnswer, known: Known) -> list[AnyEvent]:
    """Orders, one or many. What a request to place or cancel is answered tells no order's state."""
    found, events = _objects(answer), list[AnyEvent]()
    for fields in found:
        if "success" in fields:
            detail = fields.shown("orderId")
            events.append(Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail=detail))
        elif (told := rows.order(fields, _origin(answer, known))) is not None:
            events.append(told)
    return _with_faults(events, found, answer)


def fills(answer: RestAnswer, known: Known) -> list[AnyEvent]:
    """The account's executions."""
    found, origin = _objects(answer), _origin(answer, known)
    events: list[AnyEvent] = [told for fields in found if (told := rows.told_fill(fields, origin)) is not None]
    return _with_faults(events, found, answer)


def order_numbers(answer: RestAnswer) -> dict[str, str]:
    """The venue's number of the order of each execution, and its contract's symbol."""
    told = {fields.shown("orderId"): rows.symbol_of(fields) for fields in _objects(answer)}
    return {number: symbol for number, symbol in told.items() if number and symbol}


class Income(msgspec.Struct, frozen=True):
    """A page of the ledger."""

    items: list[dict[str, msgspec.Raw]]
    told: msgspec.Raw = msgspec.field(name="hasNextPage", default=msgspec.Raw(b"false"))

    @property
    def more(self) -> bool:
        """Whether another page follows."""
        return bytes(self.told).strip(b' "') == b"true"


def income(answer: RestAnswer) -> list[AnyEvent]:
    """Funding and fees in a page of the ledger; it tells neither the rate nor the leg of a payment."""
    page = open_body(facts.VENUE, answer.path, answer.body, Income)
    found, events = [Fields(item) for item in page.items], list[AnyEvent]()
    for fields in found:
        record, kind = fields.number_of("billId"), (fields.text("incomeType") or "").lower()
        asset, moved = rows.coin_of(fields, "asset"), rows.amount(fields, "income")
        time_ns = fields.nanoseconds("time")
        fee = rows.amount(fields, "fillFee") if "fillFee" in fields else None
        if not kind:
            fields.note("incomeType", "text")
        if kind == _FUNDING:
            rows.symbol_of(fields)
        if asset is None or moved is None or time_ns is None or fields.bad:
            continue
        symbol = fields.shown("symbol")
        instrument = instrument_id(facts.VENUE, facts.LINEAR, symbol) if symbol else ""
        if kind == _FUNDING:
            events.append(
                FundingPayment(
                    received_ns=answer.received_ns,
                    account=answer.account,
                    payment_id=record,
                    instrument=instrument,
                    amount=moved,
                    asset=asset,
                    settled_ns=time_ns,
                )
            )
        elif charged := -moved if kind in _FEES else fee:
            events.append(
                FeeCharged(
                    received_ns=answer.received_ns,
                    account=answer.account,
                    record_id=record,
                    amount=charged,
                    asset=asset,
                    kind=_FEES.get(kind, "trade"),
                    charged_ns=time_ns,
                    instrument=instrument,
                )
            )
    return _with_faults(events, found, answer)


def _origin(answer: RestAnswer, known: Known) -> Origin:
    return Origin(answer.account, known, answer.received_ns)


_READ: Final[dict[str, Callable[[RestAnswer, Known], list[AnyEvent]]]] = {
    facts.CONFIG_PATH: settings,
    facts.SYMBOL_CONFIG_PATH: lambda answer, _: symbol_settings(answer),
    facts.BALANCE_PATH: lambda answer, _: balances(answer),
    facts.SPOT_ACCOUNT_PATH: lambda answer, _: spot_balances(answer),
    facts.POSITIONS_PATH: positions,
    facts.POSITION_PATH: positions,
    facts.ORDER_PATH: orders,
    facts.OPEN_ORDERS_PATH: orders,
    facts.ORDER_HISTORY_PATH: orders,
    facts.TRADES_PATH: fills,
    facts.INCOME_PATH: lambda answer, _: income(answer),
}

PATHS: Final = tuple(_READ)
"""Whose bodies :func:`events` reads."""


def events(answer: RestAnswer, known: Known | None = None) -> list[AnyEvent]:
    """What a signed REST answer says; a FrameFault for each row that cannot be read.

    Raises DecodeError for a body that is not what its endpoint sends.
    """
    return _READ[answer.path](answer, known or Known())
