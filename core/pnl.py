"""Exposure, profit and loss, average entry and fees of spot, linear, inverse and quanto positions.

``quantity`` is signed (short negative) in the venue's order unit. ``contract_size`` turns it into exposure: coins per
unit (spot, linear), quote per unit (inverse) or coins of the settle currency per unit and per 1 of price (quanto).
Prices are quote per coin. "Settle currency" is the quote for spot and linear, the coin for inverse, a third coin for
quanto; what a quanto position is in coins or in quote depends on that third coin's price, ``settle_price`` (quote per
settle coin), which the other kinds do without. Every function raises RequestError naming an argument that is lacking,
zero, negative or not finite where it may not be; a quantity of zero is a flat position and gives zero.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from core.errors import RequestError
from core.exact import ZERO, exactly, finite, positive
from core.explain import explained
from core.instruments import ContractKind, Instrument

_LINEAR, _INVERSE, _QUANTO = ContractKind.LINEAR, ContractKind.INVERSE, ContractKind.QUANTO


class Holding(msgspec.Struct, frozen=True):
    """A position as its fills made it: signed ``quantity`` and average ``entry_price``, ``None`` while flat."""

    quantity: Decimal = ZERO
    entry_price: Decimal | None = None


@explained(
    {
        ContractKind.LINEAR: "quantity * contract_size",
        ContractKind.INVERSE: "quantity * contract_size / price",
        ContractKind.QUANTO: "quantity * contract_size * settle_price",
    },
    unit="coin",
)
@exactly
def delta(
    kind: ContractKind,
    quantity: Decimal,
    contract_size: Decimal,
    price: Decimal,
    settle_price: Decimal | None = None,
) -> Decimal:
    """Exposure in coins of the base, signed: the profit in quote per 1 of price.

    Inverse ``quantity · size ÷ price``, which falls as the price rises; quanto ``quantity · size · settle_price``,
    which follows the settle coin (BitMEX, "Quanto Futures").
    """
    exposure = finite("quantity", quantity) * positive("contract_size", contract_size)
    positive("price", price)
    if kind is _QUANTO:
        return exposure * _settle_price(settle_price)
    return exposure / price if kind is _INVERSE else exposure


@explained(
    {
        ContractKind.LINEAR: "abs(quantity) * contract_size * price",
        ContractKind.INVERSE: "abs(quantity) * contract_size",
        ContractKind.QUANTO: "abs(quantity) * contract_size * price * settle_price",
    },
    unit="quote",
)
@exactly
def notional(
    kind: ContractKind,
    quantity: Decimal,
    contract_size: Decimal,
    price: Decimal,
    settle_price: Decimal | None = None,
) -> Decimal:
    """Value of the position in quote, unsigned. That of an inverse position does not depend on the price."""
    exposure = abs(finite("quantity", quantity)) * positive("contract_size", contract_size)
    positive("price", price)
    if kind is _QUANTO:
        return exposure * price * _settle_price(settle_price)
    return exposure if kind is _INVERSE else exposure * price


@explained(
    {
        ContractKind.LINEAR: "abs(quantity) * contract_size * price",
        ContractKind.INVERSE: "abs(quantity) * contract_size / price",
    },
    name="value, or notional",
    unit="settle",
)
@exactly
def settle_notional(kind: ContractKind, quantity: Decimal, contract_size: Decimal, price: Decimal) -> Decimal:
    """Value of the position in the settle currency, unsigned: linear and quanto ``q · size · P``, inverse ``÷ P``."""
    exposure = abs(finite("quantity", quantity)) * positive("contract_size", contract_size)
    positive("price", price)
    return exposure / price if kind is _INVERSE else exposure * price


@explained(
    {
        ContractKind.LINEAR: "value / (contract_size * price)",
        ContractKind.INVERSE: "value * price / contract_size",
    },
    name="quantity",
    unit="order unit",
)
@exactly
def quantity_of(kind: ContractKind, value: Decimal, contract_size: Decimal, price: Decimal) -> Decimal:
    """The unsigned quantity whose :func:`settle_notional` at ``price`` is ``value`` (settle currency, unsigned)."""
    worth, size, each = positive("value", value), positive("contract_size", contract_size), positive("price", price)
    return worth * each / size if kind is ContractKind.INVERSE else worth / (size * each)


@explained(
    {
        ContractKind.LINEAR: "quantity * contract_size * (price - entry_price)",
        ContractKind.INVERSE: "quantity * contract_size * (1 / entry_price - 1 / price)",
    },
    unit="settle",
)
@exactly
def unrealised(
    kind: ContractKind, quantity: Decimal, contract_size: Decimal, entry_price: Decimal, price: Decimal
) -> Decimal:
    """Profit of holding from ``entry_price`` to ``price``, in the settle currency, + gained.

    Linear and quanto ``quantity · size · (P − E)``; inverse ``quantity · size · (1/E − 1/P)``.
    """
    exposure = finite("quantity", quantity) * positive("contract_size", contract_size)
    change = positive("price", price) - positive("entry_price", entry_price)
    if kind is _INVERSE:
        return exposure * change / (entry_price * price)
    return exposure * change


class Worth(NamedTuple):
    """What a linear or inverse position is worth: :func:`delta`, :func:`notional`, :func:`settle_notional` and
    :func:`unrealised` of it."""

    delta: Decimal
    notional: Decimal
    value: Decimal
    profit: Decimal


def worth(kind: ContractKind, quantity: Decimal, contract_size: Decimal, entry_price: Decimal, price: Decimal) -> Worth:
    """All of them at once, its inputs looked at once, under the caller's context. RequestError as each would raise it,
    and for a quanto contract, whose worth in coins and in quote rests on the price of a third coin."""
    exposure = finite("quantity", quantity) * positive("contract_size", contract_size)
    change = positive("price", price) - positive("entry_price", entry_price)
    if kind is _LINEAR:
        value = abs(exposure) * price
        return Worth(exposure, value, value, exposure * change)
    if kind is _INVERSE:
        coins = exposure / price
        return Worth(coins, abs(exposure), abs(coins), exposure * change / (entry_price * price))
    raise RequestError("kind", "a linear or inverse contract", kind)


@explained(
    {
        ContractKind.LINEAR: "(quantity * contract_size * entry_price + wanted) / "
        "(contract_size * (quantity - close_fee_rate * abs(quantity)))",
        ContractKind.INVERSE: "contract_size * (quantity + close_fee_rate * abs(quantity)) / "
        "(quantity * contract_size / entry_price - wanted)",
    },
    name="price of a profit",
    unit="quote a coin",
)
@exactly
def price_of_profit(
    kind: ContractKind,
    quantity: Decimal,
    contract_size: Decimal,
    entry_price: Decimal,
    wanted: Decimal,
    close_fee_rate: Decimal,
) -> Decimal:
    """The price at which :func:`unrealised` less the fee to close there is ``wanted`` (settle currency, signed).

    Zero or below, where no price gives so much: a short of coins gains no more than it was sold for, an inverse long no
    more coins than it was worth. RequestError for a flat position and for a fee rate not between -1 and 1.
    """
    held, entry = finite("quantity", quantity), positive("entry_price", entry_price)
    if not held:
        raise RequestError("quantity", "an open position", "0")
    if abs(finite("close_fee_rate", close_fee_rate)) >= 1:
        raise RequestError("close_fee_rate", "a fraction between -1 and 1", str(close_fee_rate))
    size, fee_part = positive("contract_size", contract_size), close_fee_rate * abs(held)
    finite("wanted", wanted)
    if kind is not ContractKind.INVERSE:
        return (held * size * entry + wanted) / (size * (held - fee_part))
    left = held * size / entry - wanted
    return size * (held + fee_part) / left if left else ZERO


@exactly
def apply_fill(
    kind: ContractKind, contract_size: Decimal, holding: Holding, side: str, price: Decimal, quantity: Decimal
) -> tuple[Holding, Decimal]:
    """The holding after one fill, and the profit that the fill realised (settle currency, before fees).

    Average-cost method: adding moves the entry (inverse: harmonic mean), reducing keeps it, and a fill that goes
    through zero closes the old position and opens the rest at its own price. ``side`` is ``buy`` or ``sell``;
    ``quantity`` is unsigned.
    """
    change = order_sign(side) * positive("quantity", quantity)
    positive("price", price)
    held, entry = finite("holding.quantity", holding.quantity), holding.entry_price
    if not held:
        return Holding(change, price), ZERO
    if entry is None:
        raise RequestError("holding.entry_price", "the average entry price of an open position", "none")
    if (held > 0) == (change > 0):
        return Holding(held + change, _average_entry_price(kind, held, entry, change, price)), ZERO
    flips = abs(change) > abs(held)
    realised = unrealised(kind, held if flips else -change, contract_size, entry, price)
    left = held + change
    if not left:
        return Holding(), realised
    return Holding(left, price if flips else entry), realised


def holding_before(
    kind: ContractKind, holding: Holding, side: str, price: Decimal, quantity: Decimal
) -> Holding | None:
    """What was held before a fill that made it ``holding``: :func:`apply_fill` undone.

    ``None`` where that cannot be told: the fill closed the position or turned it, or it cannot have been the last one,
    since the entry price before it would be no price, or that of the position which it opened is not its own.
    """
    change = order_sign(side) * positive("quantity", quantity)
    positive("price", price)
    left, entry = finite("holding.quantity", holding.quantity), holding.entry_price
    held = left - change
    if not held:
        return Holding() if entry == price else None
    if not left or (held > 0) != (left > 0):
        return None
    if abs(held) > abs(left) or entry is None:
        return Holding(held, entry)
    if kind is ContractKind.INVERSE:
        coins = left * price - change * entry
        before = held * entry * price / coins if coins and (coins > 0) == (held > 0) else ZERO
    else:
        before = (left * entry - change * price) / held
    return Holding(held, before) if before > 0 else None


@explained(
    {
        ContractKind.LINEAR: "(held * entry + added * price) / (held + added)",
        ContractKind.INVERSE: "(held + added) * entry * price / (held * price + added * entry)",
    },
    unit="quote a coin",
)
def _average_entry_price(kind: ContractKind, held: Decimal, entry: Decimal, added: Decimal, price: Decimal) -> Decimal:
    if kind is ContractKind.INVERSE:
        return (held + added) * entry * price / (held * price + added * entry)
    return (held * entry + added * price) / (held + added)


@explained(
    {
        ContractKind.LINEAR: "abs(quantity) * contract_size * price * rate",
        ContractKind.INVERSE: "abs(quantity) * contract_size / price * rate",
    },
    unit="settle",
)
@exactly
def fee(kind: ContractKind, quantity: Decimal, contract_size: Decimal, price: Decimal, rate: Decimal) -> Decimal:
    """Fee of a fill in the settle currency: + paid, − rebate, as ``rate`` (a fraction of notional) is signed."""
    return settle_notional(kind, quantity, contract_size, price) * finite("rate", rate)


@exactly
def order_fee(instrument: Instrument, quantity: Decimal, price: Decimal, rate: Decimal) -> Decimal:
    """Fee of a fill of ``instrument`` in the settle currency, + paid: so much a contract where its exchange charges so,
    else ``rate`` (a fraction of notional)."""
    if instrument.fee_per_contract is not None:
        return abs(finite("quantity", quantity)) * instrument.fee_per_contract
    return fee(instrument.kind, quantity, instrument.contract_size, price, rate)


def _settle_price(price: Decimal | None) -> Decimal:
    if price is None:
        raise RequestError("settle_price", "the price of a quanto contract's settle coin, in quote", "none")
    return positive("settle_price", price)


def order_sign(side: str) -> int:
    """+1 for ``buy``, −1 for ``sell``; RequestError for anything else."""
    if side not in ("buy", "sell"):
        raise RequestError("side", "buy or sell", side)
    return 1 if side == "buy" else -1


def held_sign(side: str) -> int:
    """+1 for ``long``, −1 for ``short``; RequestError for anything else."""
    if side not in ("long", "short"):
        raise RequestError("side", "long or short", side)
    return 1 if side == "long" else -1
