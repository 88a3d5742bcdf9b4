"""What opening the position of a ``margin`` request asks for: by leverage, by a rate, or so much a contract."""

from __future__ import annotations

from decimal import Decimal

from core.calculators.fields import contract_kind
from core.calculators.margin_fields import MarginRequest
from core.calculators.margin_maintenance import sloped_rate
from core.explain import explained
from core.margin import initial_margin
from core.pnl import settle_notional


def own_margin(request: MarginRequest, quantity: Decimal, entry_price: Decimal) -> Decimal | None:
    """What backs the position by itself: what is stated, else what opening it at the entry price asked for."""
    if request.wallet_balance is not None:
        return request.wallet_balance
    kind, size = contract_kind(request.kind), request.contract_size
    if request.leverage is not None:
        return initial_margin(kind, quantity, size, entry_price, request.leverage)
    return initial_of(request, settle_notional(kind, quantity, size, entry_price))


def initial_of(request: MarginRequest, value: Decimal | None) -> Decimal | None:
    """The initial margin of a position of that value, settle currency; ``None`` where none is asked for."""
    if request.initial_per_contract is not None and request.quantity is not None:
        return _of_contracts(request.quantity, request.initial_per_contract)
    rate = initial_rate(request)
    if value is None:
        return None
    if rate is not None:
        return _at_rate(value, rate)
    return None if request.leverage is None else _at_leverage(value, request.leverage)


def initial_rate(request: MarginRequest) -> Decimal | None:
    """The initial rate with its slope; ``None`` where leverage or an amount stands for it."""
    if request.initial_rate is None:
        return None
    return sloped_rate(request, "initial_rate", request.initial_rate, request.initial_rate_slope)


@explained("quantity * initial_per_contract", name="initial margin", unit="settle")
def _of_contracts(quantity: Decimal, initial_per_contract: Decimal) -> Decimal:
    return quantity * initial_per_contract


@explained("value * initial_rate", name="initial margin", unit="settle")
def _at_rate(value: Decimal, initial_rate: Decimal) -> Decimal:
    return value * initial_rate


@explained("value / leverage", name="initial margin", unit="settle")
def _at_leverage(value: Decimal, leverage: Decimal) -> Decimal:
    return value / leverage
