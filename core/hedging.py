"""Hedge ratio, drift, and the order that brings a hedge to its target without passing it."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Literal

import msgspec

from core.errors import RequestError
from core.exact import CONTEXT, ONE, exactly, finite, not_negative, plain, positive
from core.explain import explained, is_recording, note
from core.instruments import ContractKind, Instrument
from core.pnl import delta, notional

_INVERSE = ContractKind.INVERSE
_WHOLE = CONTEXT.copy()
_WHOLE.prec = 46


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """A venue's bounds on one order, in its order unit (``minimum_notional``: quote); ``None`` where it has none."""

    quantity_step: Decimal | None = None
    minimum_quantity: Decimal | None = None
    maximum_quantity: Decimal | None = None
    minimum_notional: Decimal | None = None


class Sizing(msgspec.Struct, frozen=True, kw_only=True):
    """An order towards a target, as the venue's filters allow it.

    ``raw_quantity`` is what the target asks for and ``quantity`` what may be sent, both unsigned in the venue's order
    unit; ``side`` is ``buy`` or ``sell``, empty where nothing is asked for. ``residual_coins`` is the delta still
    wanted after the order, signed (negative: more to sell). With any of ``refusals`` the order must not be sent.
    """

    raw_quantity: Decimal
    quantity: Decimal
    residual_coins: Decimal
    side: Literal["buy", "sell", ""]
    reduce_only: bool
    refusals: tuple[str, ...]

    @property
    def signed_quantity(self) -> Decimal:
        """``quantity`` with the sign of its side: buy positive, sell negative."""
        return self.quantity.copy_negate() if self.side == "sell" else self.quantity


@explained("-hedge_delta / bag_quantity", unit="fraction")
@exactly
def hedge_ratio(hedge_delta: Decimal, bag_quantity: Decimal) -> Decimal:
    """``−hedge delta ÷ bag``, both in coins of one asset: 0.5 is half hedged, negative adds to the bag."""
    return -finite("hedge_delta", hedge_delta) / positive("bag_quantity", bag_quantity)


@explained("ratio - target_ratio", unit="fraction")
@exactly
def drift(ratio: Decimal, target_ratio: Decimal) -> Decimal:
    """Hedge ratio less target, in fractions: positive is over-hedged."""
    return finite("ratio", ratio) - finite("target_ratio", target_ratio)


@exactly
def target_quantity(
    kind: ContractKind,
    contract_size: Decimal,
    bag_quantity: Decimal,
    target_ratio: Decimal,
    price: Decimal,
    settle_price: Decimal | None = None,
) -> Decimal:
    """The position that hedges ``target_ratio`` of the bag: signed (short negative), order unit, not rounded.

    Linear ``−ratio · bag ÷ size``; inverse ``−ratio · bag · price ÷ size``, so it moves with the price; quanto
    ``−ratio · bag ÷ (size · settle_price)``, so it moves with the settle coin's (quote per settle coin).
    """
    coins = -not_negative("bag_quantity", bag_quantity) * not_negative("target_ratio", target_ratio)
    return quantity_of_delta(kind, contract_size, coins, price, settle_price)


@explained(
    {
        ContractKind.LINEAR: "coins / contract_size",
        ContractKind.INVERSE: "coins * price / contract_size",
        ContractKind.QUANTO: "coins / (contract_size * settle_price)",
    },
    unit="order unit",
)
@exactly
def quantity_of_delta(
    kind: ContractKind,
    contract_size: Decimal,
    coins: Decimal,
    price: Decimal,
    settle_price: Decimal | None = None,
) -> Decimal:
    """The position whose delta is ``coins`` (signed) at ``price``, in the order unit and not rounded.

    Raises RequestError as :func:`core.pnl.delta` does, whose inverse it is.
    """
    if kind is ContractKind.INVERSE:
        return finite("coins", coins) * positive("price", price) / positive("contract_size", contract_size)
    return finite("coins", coins) / delta(kind, ONE, contract_size, price, settle_price)


_delta, _notional = plain(delta), plain(notional)


def filters_of(instrument: Instrument) -> Filters:
    """The filters that the instrument's venue has stated."""
    return Filters(
        quantity_step=instrument.quantity_step,
        minimum_quantity=instrument.minimum_quantity,
        maximum_quantity=instrument.maximum_quantity,
        minimum_notional=instrument.minimum_notional,
    )


@exactly
def order_to_target(
    instrument: Instrument,
    bag_quantity: Decimal,
    target_ratio: Decimal,
    current_quantity: Decimal,
    price: Decimal,
    settle_price: Decimal | None = None,
) -> Sizing:
    """The order that takes ``current_quantity`` (signed) to the target ratio, within the instrument's filters.

    Rounded as :func:`order_to_quantity` does; ``price`` is quote per coin, usually the mark, and ``settle_price``
    quote per settle coin, which only a quanto contract needs.
    """
    kind, size = instrument.kind, instrument.contract_size
    wanted = target_quantity(kind, size, bag_quantity, target_ratio, price, settle_price)
    return order_to_quantity(kind, size, wanted, current_quantity, price, filters_of(instrument), settle_price)


@exactly
def order_to_quantity(
    kind: ContractKind,
    contract_size: Decimal,
    wanted_quantity: Decimal,
    current_quantity: Decimal,
    price: Decimal,
    filters: Filters,
    settle_price: Decimal | None = None,
    *,
    long: bool = False,
) -> Sizing:
    """The order that takes a short hedge to ``wanted_quantity`` (zero or negative), rounded so as never to over-hedge.

    A sale is rounded down to the quantity step and a purchase up, so that the short is never larger than wanted; but a
    purchase never goes through zero. Sizes below the venue's minima or above its maximum are named in ``refusals``,
    not changed. A position that adds to the bag is had for the asking only: with ``long``, ``wanted_quantity`` is zero
    or positive, a purchase is rounded down and a sale up, and a sale never goes through zero.
    """
    raw = _difference(wanted_quantity, current_quantity, long=long)
    order = (_rounded_long if long else _rounded)(raw, current_quantity, filters.quantity_step)
    if is_recording():
        given = {"wanted_quantity": wanted_quantity, "current_quantity": current_quantity}
        note("order before rounding", "wanted_quantity - current_quantity", raw, given, unit="order unit")
        note("quantity of the order", "abs(order)", abs(order), {"order": order}, unit="order unit")
    left_open = delta(kind, raw - order, contract_size, price, settle_price)
    if is_recording():
        one = delta(kind, ONE, contract_size, price, settle_price)
        given = {"raw": raw, "order": order, "coins_per_unit": one}
        note("residual coins left open", "(raw - order) * coins_per_unit", left_open, given, unit="coin")
    return Sizing(
        raw_quantity=abs(raw),
        quantity=abs(order),
        residual_coins=left_open,
        side="" if not raw else "sell" if raw < 0 else "buy",
        reduce_only=current_quantity * order < 0 and abs(order) <= abs(current_quantity),
        refusals=_refusals(filters, abs(raw), abs(order), notional(kind, order, contract_size, price, settle_price)),
    )


def order_in_short(
    instrument: Instrument,
    bag_quantity: Decimal,
    target_ratio: Decimal,
    current_quantity: Decimal,
    price: Decimal,
    settle_price: Decimal | None = None,
) -> tuple[Decimal, tuple[str, ...]]:
    """The signed quantity and the refusals of :func:`order_to_target`, for a caller that runs under the context already
    and wants no more of it. Raises RequestError as it does."""
    kind, size = instrument.kind, instrument.contract_size
    coins = -not_negative("bag_quantity", bag_quantity) * not_negative("target_ratio", target_ratio)
    finite("coins", coins)
    one = _delta(kind, ONE, size, price, settle_price)
    wanted = coins * price / size if kind is _INVERSE else coins / one
    raw = _difference(wanted, current_quantity)
    order = _rounded(raw, current_quantity, instrument.quantity_step)
    finite("quantity", raw - order)  # Of what is left open, too, it must be possible to say how many coins it is.
    value = _notional(kind, order, size, price, settle_price)
    return order, _refusals(instrument, abs(raw), abs(order), value)


def _difference(wanted_quantity: Decimal, current_quantity: Decimal, *, long: bool = False) -> Decimal:
    """What is to be ordered, not yet rounded to a step.

    A quotient's last digits are noise: rounded off, so that seven contracts do not become six and a bit, and before
    the difference is taken, of which they might be all that is left.
    """
    if finite("wanted_quantity", wanted_quantity) > 0 and not long:
        raise RequestError("wanted_quantity", "zero or a short (negative) quantity", str(wanted_quantity))
    if wanted_quantity < 0 and long:
        raise RequestError("wanted_quantity", "zero or a long (positive) quantity", str(wanted_quantity))
    return _WHOLE.plus(_WHOLE.plus(wanted_quantity) - finite("current_quantity", current_quantity))


def _rounded(raw: Decimal, current: Decimal, step: Decimal | None) -> Decimal:
    if step is None:
        return raw
    positive("quantity_step", step)
    order = (raw / step).to_integral_value(ROUND_CEILING) * step
    formula, given = "ceil(raw / quantity_step) * quantity_step", {"raw": raw, "quantity_step": step}
    if raw > 0 and current < 0 < current + order:
        # An odd lot that the step cannot close: leave it rather than turn the hedge into a long.
        order = (-current / step).to_integral_value(ROUND_FLOOR) * step
        formula = "floor(-current_quantity / quantity_step) * quantity_step"
        given = {"current_quantity": current, "quantity_step": step}
    note("order", formula, order, given, unit="order unit")
    return order


def _rounded_long(raw: Decimal, current: Decimal, step: Decimal | None) -> Decimal:
    if step is None:
        return raw
    positive("quantity_step", step)
    order = (raw / step).to_integral_value(ROUND_FLOOR) * step
    formula, given = "floor(raw / quantity_step) * quantity_step", {"raw": raw, "quantity_step": step}
    if raw < 0 and current + order < 0 < current:
        # An odd lot that the step cannot close: leave it rather than turn the long into a short.
        order = -(current / step).to_integral_value(ROUND_FLOOR) * step
        formula = "-floor(current_quantity / quantity_step) * quantity_step"
        given = {"current_quantity": current, "quantity_step": step}
    note("order", formula, order, given, unit="order unit")
    return order


def _refusals(filters: Filters | Instrument, raw: Decimal, quantity: Decimal, value: Decimal) -> tuple[str, ...]:
    if not raw:
        return ("the hedge is at its target: nothing to order",)
    if not quantity:
        return (f"the difference of {_text(raw)} is below one quantity step of {filters.quantity_step}",)
    found = []
    if filters.minimum_quantity is not None and quantity < filters.minimum_quantity:
        found.append(f"{_text(quantity)} is below the minimum quantity of {filters.minimum_quantity}")
    if filters.maximum_quantity is not None and quantity > filters.maximum_quantity:
        found.append(f"{_text(quantity)} is above the maximum quantity of {filters.maximum_quantity}")
    if filters.minimum_notional is not None and value < filters.minimum_notional:
        found.append(f"a notional of {_text(value)} is below the minimum of {filters.minimum_notional}")
    return tuple(found)


def _text(value: Decimal) -> str:
    """Plain notation, at most 12 significant digits, no trailing zeros: for a sentence, not for computing."""
    with localcontext() as context:
        context.prec = 12
        return f"{value.normalize():f}"
