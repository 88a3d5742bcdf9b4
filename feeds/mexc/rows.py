"""Rows about an account as MEXC writes them, in pushes and REST alike: positions, orders, fills. Pure.

A reader returns ``None`` and leaves the bad fields noted where a row cannot be used.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.errors import DecodeError
from core.events import Fill, FillOrigin, OrderState, OrderUpdate, PositionUpdate
from core.instruments import instrument_id
from core.legs import Leg
from feeds.fields import Fields
from feeds.frames import clip
from feeds.mexc import facts
from feeds.mexc.envelope import positive
from feeds.mexc.state import TopicState, market_of

_CLOSED: Final = "3"
_ISOLATED: Final = "1"
_STATES: Final = {
    "1": OrderState.SENT,
    "2": OrderState.OPEN,
    "3": OrderState.FILLED,
    "4": OrderState.CANCELLED,
    "5": OrderState.REJECTED,
}
_BUYS: Final = {"1": True, "2": True, "3": False, "4": False}
"""By ``side``: 1 opens a long, 2 closes a short, 3 opens a short, 4 closes a long."""

_LONG_SIDES: Final = ("1", "4")
_CLOSING_SIDES: Final = ("2", "4")
_ORIGINS: Final = {"2": FillOrigin.LIQUIDATION, "4": FillOrigin.ADL}

Whose = tuple[str, int]
"""The account, and when the row was received (ns)."""


def settle_of(symbol: str) -> str:
    """The currency in which a contract pays: the coin of an inverse one, else the quote."""
    base, _, quote = symbol.partition("_")
    return base if market_of(symbol) == facts.INVERSE else quote


def contract_id(fields: Fields) -> str:
    """The instrument that ``symbol`` names; noted where it is none."""
    symbol = fields.text("symbol") or ""
    try:
        return TopicState("account", symbol).instrument
    except DecodeError:
        fields.note("symbol", "a contract")
        return ""


def position(whose: Whose, fields: Fields, hedge: bool | None, time_ns: int | None = None) -> PositionUpdate | None:
    """A position; both legs of an account that does not tell its mode are told apart, as the venue's own default is."""
    account, received_ns = whose
    instrument, size = contract_id(fields), fields.size("holdVol")
    kind = fields.shown("positionType")
    if kind not in ("1", "2"):
        fields.note("positionType", "1 or 2")
    closed = fields.shown("state") == _CLOSED or size == 0
    entry, liquidation = _maybe_price(fields, "holdAvgPrice"), _maybe_price(fields, "liquidatePrice")
    isolated = fields.shown("openType") == _ISOLATED
    margin = fields.amount("im") if isolated and "im" in fields else None
    leverage = positive(fields, "leverage") if fields.shown("leverage") not in ("", "0") else None
    stamp_ns = fields.nanoseconds("updateTime") if fields.shown("updateTime") else time_ns
    if fields.bad or size is None:
        return None
    long = kind == "1"
    return PositionUpdate(
        received_ns=received_ns,
        account=account,
        instrument=instrument,
        quantity=Decimal(0) if closed else size if long else -size,
        entry_price=None if closed else entry,
        liquidation_price=None if closed else liquidation,
        isolated_margin=None if closed else margin,
        leverage=leverage,
        venue_time_ns=stamp_ns,
        leg=Leg.NET if hedge is False else Leg.LONG if long else Leg.SHORT,
    )


def order(whose: Whose, fields: Fields, hedge: bool | None) -> OrderUpdate | None:
    """An order, as it stands."""
    account, received_ns = whose
    instrument, quantity = contract_id(fields), positive(fields, "vol")
    buys, leg, closes = _side(fields, hedge)
    dealt = fields.size("dealVol")
    state = _STATES.get(fields.shown("state"))
    if state is None:
        fields.note("state", "1 to 5")
    average, limit = _maybe_price(fields, "dealAvgPrice"), _maybe_price(fields, "price")
    stamp_ns = fields.nanoseconds("updateTime") if fields.shown("updateTime") else None
    if fields.bad or quantity is None or dealt is None or state is None:
        return None
    if state is OrderState.OPEN and dealt:
        state = OrderState.PARTIALLY_FILLED
    trouble = fields.shown("errorCode")
    return OrderUpdate(
        received_ns=received_ns,
        account=account,
        client_order_id=client_order_id(fields),
        instrument=instrument,
        side="buy" if buys else "sell",
        quantity=quantity,
        state=state,
        filled_quantity=dealt,
        average_price=average,
        limit_price=limit,
        reduce_only=closes or fields.shown("reduceOnly") == "true",
        reason=f"error {trouble}" if trouble not in ("", "0") else "",
        venue_order_id=clip(fields.shown("orderId"), 40),
        venue_time_ns=stamp_ns,
        leg=leg,
    )


def fill(whose: Whose, fields: Fields, hedge: bool | None, client_ids: dict[str, str] | None = None) -> Fill | None:
    """An execution. ``client_ids`` are those of the orders by the venue's own, for rows that do not tell them."""
    account, received_ns = whose
    instrument, quantity, price = contract_id(fields), positive(fields, "vol"), fields.price("price")
    buys, leg, _ = _side(fields, hedge)
    fee, currency = fields.amount("fee"), fields.text("feeCurrency")
    number, stamp_ns = fields.number_of("id"), fields.nanoseconds("timestamp")
    if currency == "":
        fields.note("feeCurrency", "a currency")
    if fields.bad or quantity is None or price is None or fee is None or currency is None:
        return None
    takes = fields.shown("isTaker") or fields.shown("taker")
    known = (client_ids or {}).get(fields.shown("orderId"))
    return Fill(
        received_ns=received_ns,
        account=account,
        fill_id=clip(number, 40),
        client_order_id=known or client_order_id(fields),
        instrument=instrument,
        side="buy" if buys else "sell",
        price=price,
        quantity=quantity,
        fee=fee,
        fee_asset=clip(currency, 20),
        maker=takes == "false",
        venue_time_ns=stamp_ns,
        leg=leg,
        origin=_ORIGINS.get(fields.shown("category"), FillOrigin.ORDER),
    )


def client_order_id(fields: Fields) -> str:
    """The client's own name of an order; one that has none is named after the venue's number."""
    return clip(fields.shown("externalOid"), 40) or f"{facts.VENUE}-{clip(fields.shown('orderId'), 40)}"


def _side(fields: Fields, hedge: bool | None) -> tuple[bool, Leg, bool]:
    """Whether it buys, the leg it is for, and whether it closes. What a row says of the mode overrules what is held."""
    side = fields.shown("side")
    if side not in _BUYS:
        fields.note("side", "1 to 4")
        return False, Leg.NET, False
    mode = fields.shown("positionMode")
    one_way = mode == "2" or (mode != "1" and hedge is False)
    leg = Leg.NET if one_way else Leg.LONG if side in _LONG_SIDES else Leg.SHORT
    return _BUYS[side], leg, side in _CLOSING_SIDES


def _maybe_price(fields: Fields, name: str) -> Decimal | None:
    """A price; ``None``, which is unknown, for 0, an empty text, dashes, null and absence."""
    said = fields.shown(name).strip()
    return fields.price(name) if said.strip("0.-") else None


def contract_of(symbol: str) -> str:
    """The instrument id of a contract."""
    return instrument_id(facts.VENUE, market_of(symbol), symbol)
