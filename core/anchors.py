"""A book's state at one instant, in cumulative figures: what profit is reckoned from, and to.

Two anchors are all that :func:`core.attribution.attribute` needs: everything that happened between them (fills, fees,
funding, deposits) is in the difference of their running sums, so that anchors can be journaled and any pair compared.
Quantities of contracts are signed, short negative; money is + gained or received, fees are + paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

from core.basis import DAY_NS
from core.errors import RequestError
from core.exact import LARGEST_EXPONENT, ONE, ZERO, exactly, finite, positive
from core.instruments import ContractKind
from core.memo import Memo
from core.pnl import Holding, apply_fill, order_sign

_LARGEST_SUM = 2 * LARGEST_EXPONENT


class Coins(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One asset of the bag, coins posted as margin included once: ``quantity`` at ``price``, in ``currency`` per coin.

    ``deposited`` is the running sum of coins that came in (+) and went out (−), purchases and sales included;
    ``deposited_value`` what they were worth then, in ``currency``, and ``deposited_worth`` the same in the currency of
    the anchor. ``price`` is ``None`` where it is not known. A stablecoin is an asset with a price of 1 in itself.
    """

    asset: str
    currency: str
    quantity: Decimal
    price: Decimal | None
    deposited: Decimal = ZERO
    deposited_value: Decimal = ZERO
    deposited_worth: Decimal = ZERO


class Traded(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Running sums over a leg's fills, bought less sold, each fill counted as the coins it moved at its own price.

    ``coins`` is that sum (inverse: quote ÷ fill price; quanto: settle coins per 1 of price); the others are the coins
    times the fill price, the mark price and the spot price of their moment. ``estimated`` where mark or spot of a fill
    was not known.
    """

    coins: Decimal = ZERO
    at_fill: Decimal = ZERO
    at_mark: Decimal = ZERO
    at_spot: Decimal = ZERO
    estimated: bool = False


class Moment(NamedTuple):
    """Mark and spot price (index) in quote per coin when a fill was received; ``None`` where not known."""

    mark_price: Decimal | None = None
    spot_price: Decimal | None = None


UNSEEN = Moment()
"""A moment of which nothing is known."""


class Leg(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One contract against the bag.

    ``spot_price`` is what its basis is reckoned against (index, or the bag's spot price), in ``quote`` per coin as
    ``mark_price`` is. ``realised``, ``fees`` and ``funding`` are running sums in ``settle``. ``entry_price`` is the
    average entry, ``None`` while flat. After its expiry the mark of a coin-margined leg is the price of its coin.
    ``unknown`` names what is lacking for the sums to be right, such as the value of fees paid in another coin.
    """

    instrument: str
    kind: ContractKind
    contract_size: Decimal
    asset: str
    quote: str
    settle: str
    quantity: Decimal = ZERO
    entry_price: Decimal | None = None
    mark_price: Decimal | None = None
    spot_price: Decimal | None = None
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    traded: Traded = Traded()
    unknown: tuple[str, ...] = ()


class Anchor(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A book at ``time_ns``. ``rates`` are values of 1 unit of each quote and settle currency in ``currency``.

    An anchor with neither coins nor legs is the book before its beginning: profit reckoned from it is that since
    inception, with every coin at what it was worth when it was deposited.
    """

    time_ns: int
    currency: str
    coins: tuple[Coins, ...] = ()
    legs: tuple[Leg, ...] = ()
    rates: dict[str, Decimal | None] = {}

    def rate(self, currency: str) -> Decimal | None:
        """The value of 1 ``currency`` in the anchor's; ``None`` where it is not known."""
        return ONE if currency == self.currency else self.rates.get(currency)


@exactly
def with_deposit(coins: Coins, quantity: Decimal, price: Decimal, rate: Decimal = ONE) -> Coins:
    """The asset after ``quantity`` coins came in (− went out) at ``price``, with ``currency`` at ``rate``.

    A purchase is a deposit at what was paid, a withdrawal and a sale one of a negative quantity: none is profit.
    """
    value = finite("quantity", quantity) * positive("price", price)
    return msgspec.structs.replace(
        coins,
        quantity=coins.quantity + quantity,
        deposited=coins.deposited + quantity,
        deposited_value=coins.deposited_value + value,
        deposited_worth=coins.deposited_worth + value * positive("rate", rate),
    )


@exactly
def with_fill(
    leg: Leg,
    side: str,
    price: Decimal,
    quantity: Decimal,
    *,
    fee: Decimal = ZERO,
    mark_price: Decimal | None = None,
    spot_price: Decimal | None = None,
) -> Leg:
    """The leg after one fill (average cost). ``fee`` in settle, + paid; mark and spot are those of the moment.

    Without a mark the fill is taken to have been at it (no slippage); without a spot price the basis is taken to have
    been what the leg shows, or none. Either marks the split, never the sum, as an estimate.
    """
    before = Holding(leg.quantity, leg.entry_price)
    after, realised = apply_fill(leg.kind, leg.contract_size, before, side, price, quantity)
    known_basis = ZERO if leg.mark_price is None or leg.spot_price is None else leg.mark_price - leg.spot_price
    moment = Moment(mark_price, spot_price)
    change = order_sign(side) * quantity
    return msgspec.structs.replace(
        leg,
        quantity=after.quantity,
        entry_price=after.entry_price,
        realised=leg.realised + realised,
        fees=leg.fees + finite("fee", fee),
        traded=with_trade(leg.traded, leg.kind, leg.contract_size, change, price, moment, known_basis),
    )


@exactly
def with_trade(
    sums: Traded,
    kind: ContractKind,
    contract_size: Decimal,
    change: Decimal,
    price: Decimal,
    moment: Moment,
    basis: Decimal = ZERO,
) -> Traded:
    """The sums after ``change`` contracts (+ bought, − sold) at ``price``.

    Where the mark of the moment is not known it is taken to be ``price``, where the spot price is not known, ``basis``
    below the mark.
    """
    size = finite("change", change) * positive("contract_size", contract_size)
    coins = size / positive("price", price) if kind is ContractKind.INVERSE else size
    mark = price if moment.mark_price is None else positive("mark_price", moment.mark_price)
    spot = mark - basis if moment.spot_price is None else positive("spot_price", moment.spot_price)
    return Traded(
        coins=sums.coins + coins,
        at_fill=sums.at_fill + coins * price,
        at_mark=sums.at_mark + coins * mark,
        at_spot=sums.at_spot + coins * spot,
        estimated=sums.estimated or None in moment,
    )


@exactly
def with_funding(leg: Leg, amount: Decimal) -> Leg:
    """The leg after a funding payment in settle, + received."""
    return msgspec.structs.replace(leg, funding=leg.funding + finite("amount", amount))


def check(anchor: Anchor, name: str, checked: Memo[bool]) -> None:
    """RequestError naming the first figure of the anchor that is no finite number, or a line that it holds twice.

    Prices and rates are checked where they are used: one that nothing depends on may be anything. A line that is among
    the ``checked`` is not looked at again.
    """
    coins = {coins.asset: coins for coins in anchor.coins}
    legs = {leg.instrument: leg for leg in anchor.legs}
    if len(coins) != len(anchor.coins) or len(legs) != len(anchor.legs):
        raise RequestError(name, "every asset and every instrument once", "one of them twice")
    lines: tuple[tuple[str, Mapping[str, Coins | Leg]], ...] = (("coins", coins), ("legs", legs))
    for side, held in lines:
        for place, line in held.items():
            if checked.get((side, place), (line,)) is None:
                _check_line(f"{name}.{side}.{place}", line)
                checked.put((side, place), (line,), True)


def _check_line(name: str, line: Coins | Leg) -> None:
    figures: tuple[tuple[str, object], ...]
    if isinstance(line, Leg):
        positive(f"{name}.contract_size", line.contract_size)
        traded = line.traded
        figures = (
            ("traded.coins", traded.coins),
            ("traded.at_fill", traded.at_fill),
            ("traded.at_mark", traded.at_mark),
            ("traded.at_spot", traded.at_spot),
            ("quantity", line.quantity),
            ("realised", line.realised),
            ("fees", line.fees),
            ("funding", line.funding),
        )
    else:
        figures = (
            ("quantity", line.quantity),
            ("deposited", line.deposited),
            ("deposited_value", line.deposited_value),
            ("deposited_worth", line.deposited_worth),
        )
    for figure, value in figures:
        if not _is_running(value):
            raise RequestError(f"{name}.{figure}", "a finite decimal number", str(value))


def _is_running(value: object) -> bool:
    """A running sum may come to less than any input, where its terms cancel but for their last digit."""
    return isinstance(value, Decimal) and value.is_finite() and value.adjusted() <= _LARGEST_SUM


def day_start_ns(now_ns: int) -> int:
    """The beginning of the UTC day that ``now_ns`` lies in."""
    return now_ns - now_ns % DAY_NS


def anchor_of_day(held: Anchor | None, now: Anchor) -> Anchor:
    """The anchor that "today" is reckoned from: the first valuation of the UTC day of ``now``."""
    if held is not None and held.currency == now.currency and day_start_ns(now.time_ns) <= held.time_ns <= now.time_ns:
        return held
    return now
