"""ccxt's unified account structures to events. Pure.

A balance is what ccxt calls its total, which some exchanges tell with unrealised profit and others without it.

Source: https://docs.ccxt.com/ (balance, position, order, trade and funding history structures)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    Fill,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from feeds.ccxt.numbers import amount, inner, nanoseconds, price, rate, size, text

_SIDES: Final = ("buy", "sell")
_STATES: Final = {
    "open": OrderState.OPEN,
    "closed": OrderState.FILLED,
    "canceled": OrderState.CANCELLED,
    "expired": OrderState.CANCELLED,
    "rejected": OrderState.REJECTED,
}


def balances(account: str, told: Mapping[str, Any], received_ns: int) -> Iterator[BalanceUpdate]:
    """The wallet: every coin of which a total is told."""
    totals = told.get("total")
    for asset, total in totals.items() if isinstance(totals, Mapping) else ():
        held = amount(total)
        if held is not None and isinstance(asset, str):
            yield BalanceUpdate(
                received_ns=received_ns,
                account=account,
                asset=asset,
                wallet_balance=held,
                venue_time_ns=nanoseconds(told.get("timestamp")),
            )


def position(account: str, name: str, told: Mapping[str, Any], received_ns: int) -> list[AnyEvent]:
    """One position and how it is margined; nothing where its size or side is not told."""
    contracts = size(told.get("contracts"))
    side = told.get("side")
    if contracts is None or (contracts and side not in ("long", "short")):
        return []
    leg = Leg(side) if told.get("hedged") is True and side in ("long", "short") else Leg.NET
    isolated = told.get("marginMode") == "isolated"
    events: list[AnyEvent] = [
        PositionUpdate(
            received_ns=received_ns,
            account=account,
            instrument=name,
            quantity=-contracts if side == "short" else contracts,
            entry_price=price(told.get("entryPrice")) if contracts else None,
            liquidation_price=price(told.get("liquidationPrice")) if contracts else None,
            isolated_margin=price(told.get("positionMargin")) if isolated and contracts else None,
            leverage=price(told.get("leverage")),
            venue_time_ns=nanoseconds(told.get("timestamp")),
            leg=leg,
        )
    ]
    mode, leverage = told.get("marginMode"), price(told.get("leverage"))
    if mode in ("cross", "isolated") or leverage is not None:
        events.append(
            AccountSettings(
                received_ns=received_ns,
                account=account,
                instrument=name,
                margin_mode=mode if mode in ("cross", "isolated") else None,
                leverage=leverage,
                leg=leg,
            )
        )
    return events


def flat(account: str, name: str, received_ns: int) -> PositionUpdate:
    """No position."""
    return PositionUpdate(
        received_ns=received_ns, account=account, instrument=name, quantity=Decimal(0), entry_price=None
    )


def order(account: str, name: str, told: Mapping[str, Any], received_ns: int) -> OrderUpdate | None:
    """One order; ``None`` where its size, side or id is not told."""
    quantity, side, venue_id = size(told.get("amount")), told.get("side"), text(told.get("id"))
    if quantity is None or side not in _SIDES or not venue_id:
        return None
    filled = size(told.get("filled")) or Decimal(0)
    state = _STATES.get(text(told.get("status")), OrderState.UNKNOWN)
    if state is OrderState.OPEN and filled:
        state = OrderState.PARTIALLY_FILLED
    return OrderUpdate(
        received_ns=received_ns,
        account=account,
        client_order_id=text(told.get("clientOrderId")) or venue_id,
        instrument=name,
        side=side,
        quantity=quantity,
        state=state,
        filled_quantity=filled,
        average_price=price(told.get("average")),
        limit_price=price(told.get("price")),
        reduce_only=told.get("reduceOnly") is True,
        venue_order_id=venue_id,
        venue_time_ns=nanoseconds(told.get("timestamp")),
    )


def fill(account: str, name: str, told: Mapping[str, Any], received_ns: int) -> Fill | None:
    """One trade of the account; ``None`` where it cannot be counted: no id, price, size or side, or a fee that is not
    told, which is not a fee of nothing."""
    fill_id, side = text(told.get("id")), told.get("side")
    paid, quantity = price(told.get("price")), size(told.get("amount"))
    fee, asset = amount(inner(told, "fee", "cost")), text(inner(told, "fee", "currency"))
    if not fill_id or side not in _SIDES or paid is None or quantity is None or fee is None or not asset:
        return None
    return Fill(
        received_ns=received_ns,
        account=account,
        fill_id=fill_id,
        client_order_id=text(told.get("order")),
        instrument=name,
        side=side,
        price=paid,
        quantity=quantity,
        fee=fee,
        fee_asset=asset,
        maker=told.get("takerOrMaker") == "maker",
        venue_time_ns=nanoseconds(told.get("timestamp")),
    )


def payment(account: str, name: str, told: Mapping[str, Any], received_ns: int) -> FundingPayment | None:
    """One funding payment; ``None`` where its amount, currency or time is not told."""
    paid, asset, when = amount(told.get("amount")), text(told.get("code")), nanoseconds(told.get("timestamp"))
    if paid is None or not asset or when is None:
        return None
    return FundingPayment(
        received_ns=received_ns,
        account=account,
        payment_id=text(told.get("id")) or f"{name} {when}",
        instrument=name,
        amount=paid,
        asset=asset,
        rate=rate(told.get("rate")),
        settled_ns=when,
    )
