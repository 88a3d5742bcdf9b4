"""MEXC's signed REST bodies to events: balances, positions, orders, fills, funding, settings. Pure.

Source: https://www.mexc.com/api-docs/futures/account-and-trading-endpoints
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FundingPayment,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from feeds.candles import open_body
from feeds.fields import Fields, plausible_asset
from feeds.frames import clip
from feeds.mexc import envelope, facts, rows
from feeds.mexc.rows import Whose

_LEGS: Final = {"1": Leg.LONG, "2": Leg.SHORT}
_MODES: Final = {"1": "hedge", "2": "one-way"}
_MARGIN_MODES: Final = {"1": "isolated", "2": "cross"}

_Event = TypeVar("_Event", PositionUpdate, OrderUpdate, Fill)


def read(
    place: str, body: bytes, received_ns: int, reader: Callable[[Fields], _Event | None]
) -> tuple[list[_Event], list[AnyEvent]]:
    """What each row of a body says, and a FrameFault for each row that is no good. Raises VenueError, DecodeError."""
    found: list[_Event] = []
    faults: list[AnyEvent] = []
    for fields in envelope.rows(place, envelope.data(place, body)):
        event = reader(fields)
        if event is None:
            faults += envelope.faulty(place, fields.shown("symbol"), fields, received_ns)
        else:
            found.append(event)
    return found, faults


def positions(whose: Whose, body: bytes, hedge: bool | None) -> tuple[list[PositionUpdate], list[AnyEvent]]:
    """Open positions. Raises VenueError and DecodeError."""
    return read(facts.POSITIONS_PATH, body, whose[1], lambda fields: rows.position(whose, fields, hedge))


def orders(place: str, whose: Whose, body: bytes, hedge: bool | None) -> tuple[list[OrderUpdate], list[AnyEvent]]:
    """Orders, of whichever list or query. Raises VenueError and DecodeError."""
    return read(place, body, whose[1], lambda fields: rows.order(whose, fields, hedge))


def fills(
    place: str, whose: Whose, body: bytes, hedge: bool | None, client_ids: dict[str, str] | None = None
) -> tuple[list[Fill], list[AnyEvent]]:
    """Executions. Raises VenueError and DecodeError."""
    return read(place, body, whose[1], lambda fields: rows.fill(whose, fields, hedge, client_ids))


def order_numbers(place: str, body: bytes) -> dict[str, str]:
    """The client's name of each order by the venue's number. Raises VenueError and DecodeError."""
    return {
        fields.shown("orderId"): rows.client_order_id(fields)
        for fields in envelope.rows(place, envelope.data(place, body))
    }


def unnamed_orders(place: str, body: bytes) -> set[str]:
    """The venue's numbers of the orders of executions that do not tell the client's name. Raises VenueError and
    DecodeError."""
    found = envelope.rows(place, envelope.data(place, body))
    numbers = {fields.shown("orderId") for fields in found if not fields.shown("externalOid")}
    return {number for number in numbers if number.isascii() and number.isdigit() and number != "0"}


def balances(place: str, whose: Whose, body: bytes, wanted: Collection[str] | None = None) -> list[AnyEvent]:
    """Wallets of the contract account: equity less unrealised profit. Of ``wanted`` currencies and any that is not
    empty; all where ``None``. Raises VenueError and DecodeError."""
    account, received_ns = whose
    events: list[AnyEvent] = []
    for fields in envelope.rows(place, envelope.data(place, body)):
        currency = fields.text("currency")
        equity, unrealised = fields.amount("equity"), fields.amount("unrealized")
        if currency is not None and not plausible_asset(currency):
            fields.note("currency", "a currency")
        if fields.bad or currency is None or equity is None or unrealised is None:
            events += envelope.faulty(place, currency or "", fields, received_ns)
        elif wanted is None or currency in wanted or equity != unrealised:
            events.append(
                BalanceUpdate(
                    received_ns=received_ns,
                    account=account,
                    asset=clip(currency, 20),
                    wallet_balance=equity - unrealised,
                )
            )
    return events


def funding(whose: Whose, body: bytes, hedge: bool | None) -> list[AnyEvent]:
    """Funding that was settled, newest first: + received; no mark price is told. Raises VenueError and DecodeError."""
    account, received_ns = whose
    place = facts.FUNDING_RECORDS_PATH
    events: list[AnyEvent] = []
    for fields in envelope.rows(place, envelope.data(place, body)):
        instrument, number = rows.contract_id(fields), fields.number_of("id")
        amount, rate = fields.amount("funding"), fields.rate("rate") if "rate" in fields else None
        settled_ns = fields.nanoseconds("settleTime")
        leg = _LEGS.get(fields.shown("positionType"), Leg.NET) if hedge is not False else Leg.NET
        if fields.bad or amount is None or settled_ns is None:
            events += envelope.faulty(place, fields.shown("symbol"), fields, received_ns)
            continue
        events.append(
            FundingPayment(
                received_ns=received_ns,
                account=account,
                payment_id=clip(number, 40),
                instrument=instrument,
                amount=amount,
                asset=rows.settle_of(fields.text("symbol") or ""),
                rate=rate,
                settled_ns=settled_ns,
                leg=leg,
            )
        )
    return events


def fees(whose: Whose, body: bytes, symbol: str) -> list[AnyEvent]:
    """Fees of executions of one contract, which the rows may leave out: + paid. Raises VenueError and DecodeError."""
    account, received_ns = whose
    place = facts.FEE_DETAILS_PATH
    events: list[AnyEvent] = []
    for fields in envelope.rows(place, envelope.data(place, body)):
        number, amount, currency = fields.shown("id"), fields.amount("fee"), fields.text("feeCurrency")
        charged_ns = fields.nanoseconds("timestamp")
        if not number.isalnum() or number == "0":
            fields.note("id", "the number of an execution")
        if currency == "":
            fields.note("feeCurrency", "a currency")
        if fields.bad or amount is None or currency is None or charged_ns is None:
            events += envelope.faulty(place, symbol, fields, received_ns)
            continue
        events.append(
            FeeCharged(
                received_ns=received_ns,
                account=account,
                record_id=f"fee-{clip(number, 40)}",
                amount=amount,
                asset=clip(currency, 20),
                kind="trade",
                charged_ns=charged_ns,
                instrument=rows.contract_of(symbol),
                fill_id=clip(number, 40),
            )
        )
    return events


def position_mode(whose: Whose, body: bytes) -> AccountSettings:
    """How positions of one contract are held. Raises VenueError and DecodeError."""
    place = facts.POSITION_MODE_PATH
    raw = envelope.data(place, body)
    text = Fields({"data": raw}).shown("data")
    found = envelope.row(place, raw).shown("positionMode") if text.startswith("{") else text
    if found not in _MODES:
        raise envelope.bad(place, "data", f"expected 1 or 2, found {clip(found, 40)}")
    account, received_ns = whose
    return AccountSettings(received_ns=received_ns, account=account, position_mode=_MODES[found])


def leverage(whose: Whose, symbol: str, body: bytes, hedge: bool | None) -> list[AnyEvent]:
    """Leverage and margin mode of one contract, by leg. Raises VenueError and DecodeError."""
    account, received_ns = whose
    place = facts.LEVERAGE_PATH
    events: list[AnyEvent] = []
    for fields in envelope.rows(place, envelope.data(place, body)):
        leg = _LEGS.get(fields.shown("positionType"))
        if leg is None:
            fields.note("positionType", "1 or 2")
        value = envelope.positive(fields, "leverage")
        if fields.bad or leg is None:
            events += envelope.faulty(place, symbol, fields, received_ns)
            continue
        events.append(
            AccountSettings(
                received_ns=received_ns,
                account=account,
                instrument=rows.contract_of(symbol),
                margin_mode=_MARGIN_MODES.get(fields.shown("openType")),
                leverage=value,
                leg=Leg.NET if hedge is False else leg,
            )
        )
    return events


def spot_balances(whose: Whose, body: bytes, wanted: Collection[str] | None = None) -> list[AnyEvent]:
    """The spot wallet, what is free and what orders hold together; under a name of its own.

    Of ``wanted`` coins and any that is not empty; all where ``None``. Raises DecodeError.
    """
    place = facts.SPOT_ACCOUNT_PATH
    account, received_ns = whose
    opened = open_body(facts.VENUE, place, body, dict[str, msgspec.Raw])
    if "balances" not in opened:
        raise envelope.bad(place, "balances", "not there")
    events: list[AnyEvent] = []
    for fields in envelope.rows(place, opened["balances"], "balances"):
        coin, free, held = fields.text("asset"), fields.size("free"), fields.size("locked")
        if coin is not None and not plausible_asset(coin):
            fields.note("asset", "the name of a coin")
        if fields.bad or coin is None or free is None or held is None:
            events += envelope.faulty(place, coin or "", fields, received_ns)
        elif wanted is None or coin in wanted or free + held:
            events.append(
                BalanceUpdate(
                    received_ns=received_ns,
                    account=facts.spot_wallet(account),
                    asset=clip(coin, 20),
                    wallet_balance=free + held,
                )
            )
    return events


def listen_key(body: bytes) -> str:
    """The key of a stream of the spot wallet. Raises DecodeError for an answer without one; its text holds none."""
    fields = Fields(open_body(facts.VENUE, facts.LISTEN_KEY_PATH, body, dict[str, msgspec.Raw]))
    key = fields.text("listenKey")
    if not key or not key.isalnum():
        raise envelope.bad(facts.LISTEN_KEY_PATH, "listenKey", "expected a key of letters and digits")
    return key


def flat(whose: Whose, instruments: Iterable[str], told: Iterable[PositionUpdate], hedge: bool) -> list[AnyEvent]:
    """A position of zero for each leg of each contract of which the venue told none."""
    account, received_ns = whose
    known = {(position.instrument, position.leg) for position in told}
    legs = (Leg.LONG, Leg.SHORT) if hedge else (Leg.NET,)
    return [
        PositionUpdate(
            received_ns=received_ns,
            account=account,
            instrument=instrument,
            quantity=Decimal(0),
            entry_price=None,
            leg=leg,
        )
        for instrument in instruments
        for leg in legs
        if (instrument, leg) not in known
    ]
