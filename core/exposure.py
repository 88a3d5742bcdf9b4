"""What a position is worth at its mark, as figures that need no account: money in ``settle`` unless said otherwise."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core import margin, pnl
from core.books import Account
from core.errors import RequestError
from core.exact import positive
from core.explain import is_recording
from core.figures import Figure, derive, exact, ground, on, unknown
from core.instruments import ContractKind, Instrument
from core.positions import Position
from core.risk import FREE, NO_POSITION, Quotes, lifted

_INVERSE = ContractKind.INVERSE


class Exposure(msgspec.Struct, frozen=True, gc=False):
    """A position's own figures. ``ground`` has the marks of all that its value rests on: quantity, entry price, mark
    price and, of a quanto contract, the price of its settle coin."""

    quantity: Figure
    entry_price: Figure
    delta: Figure
    notional: Figure
    profit: Figure
    profit_quote: Figure
    initial_margin: Figure
    ground: Figure


def exposure(
    position: Position, account: Account, market: Quotes, *, missing: str = "", told: Figure | None = None
) -> Exposure:
    """Value a position at mark. ``missing`` names why its quantity is not known, where that is so; ``told`` is the
    quantity with its age, where a venue tells it."""
    instrument, paid_in = market.instrument, market.settle_price
    if missing or instrument is None:
        gap = unknown(missing or f"description of {position.instrument}")
        quantity = gap if missing else told or exact(position.quantity)
        return Exposure(quantity, gap, gap, gap, gap, gap, gap, ground(quantity, gap, market.mark, paid_in))
    quantity = told or exact(position.quantity)
    if not position.quantity:
        zero, known = quantity, ground(quantity, NO_POSITION, market.mark, paid_in)
        return Exposure(quantity, NO_POSITION, zero, zero, zero, zero, zero, known)
    entry = _entry(position)
    if paid_in is FREE and market.mark.value is not None and position.entry_price is not None and not is_recording():
        try:
            return _whole(position, instrument, account, quantity, entry, market.mark)
        except RequestError:
            pass  # Each figure says for itself which number cannot be.
    return _each(instrument, account, market, quantity, entry)


def _whole(
    position: Position, instrument: Instrument, account: Account, quantity: Figure, entry: Figure, mark: Figure
) -> Exposure:
    """All of it at once, where everything is known and nothing is paid in a third coin."""
    assert position.entry_price is not None
    assert mark.value is not None
    kind, each = instrument.kind, instrument.initial_per_contract
    worth = pnl.worth(kind, position.quantity, instrument.contract_size, position.entry_price, mark.value)
    known = ground(quantity, mark)
    profit = on(known, worth.profit)
    if each is not None:
        initial = on(quantity, abs(position.quantity) * each)
    else:
        initial = on(known, worth.value / positive("leverage", account.leverage))
    if kind is _INVERSE:
        delta, notional = on(known, worth.delta), on(quantity, worth.notional)
        return Exposure(quantity, entry, delta, notional, profit, on(known, worth.profit * mark.value), initial, known)
    return Exposure(
        quantity, entry, on(quantity, worth.delta), on(known, worth.notional), profit, profit, initial, known
    )


def _each(instrument: Instrument, account: Account, market: Quotes, quantity: Figure, entry: Figure) -> Exposure:
    """Each figure for itself, from those of its inputs that are known."""
    kind, size, mark = instrument.kind, instrument.contract_size, market.mark
    inverse, paid_in = kind is _INVERSE, market.settle_price
    profit = lifted(lambda q, e, m: pnl.unrealised(kind, q, size, e, m), quantity, entry, mark)
    return Exposure(
        quantity=quantity,
        entry_price=entry,
        delta=lifted(lambda q, m, s: pnl.delta(kind, q, size, m, s), quantity, mark if inverse else FREE, paid_in),
        notional=lifted(
            lambda q, m, s: pnl.notional(kind, q, size, m, s), quantity, FREE if inverse else mark, paid_in
        ),
        profit=profit,
        profit_quote=derive(Decimal.__mul__, profit, mark if inverse else paid_in),
        initial_margin=_initial_margin(instrument, account, quantity, mark),
        ground=ground(quantity, entry, mark, paid_in),
    )


def _initial_margin(instrument: Instrument, account: Account, quantity: Figure, mark: Figure) -> Figure:
    """What opening the position asks for, in settle: what its exchange sets for a contract, else by the leverage."""
    each, kind, size = instrument.initial_per_contract, instrument.kind, instrument.contract_size
    if each is not None:
        return derive(lambda q: abs(q) * each, quantity)
    return lifted(lambda q, m: margin.initial_margin(kind, q, size, m, account.leverage), quantity, mark)


def _entry(position: Position) -> Figure:
    if position.entry_price is None:
        return unknown(f"entry price of {position.instrument}")
    return exact(position.entry_price)
