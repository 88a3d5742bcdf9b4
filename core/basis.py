"""Basis of perpetual and dated contracts: what it is worth a year, what a roll costs, what a synthetic dollar yields.

A basis is a fraction of the spot price, positive where the contract stands above spot. A short hedge that is held to
expiry earns a positive basis and pays a negative one, because the contract settles at spot; until then the mark may
move against it. Money is + received, − paid, in the settle currency; fee rates are fractions, + paid.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.errors import RequestError
from core.exact import ONE, exactly, finite, not_negative, positive
from core.funding import DAYS_A_YEAR, HOURS_A_DAY
from core.instruments import ContractKind
from core.pnl import delta, fee, unrealised

SHORTEST_DAYS = ONE
"""Below a day to expiry an annualised basis explodes and says nothing: the bare basis is shown."""
DAY_NS = HOURS_A_DAY * 3600 * 10**9
YEAR = Decimal(DAYS_A_YEAR)


class Yearly(msgspec.Struct, frozen=True, kw_only=True):
    """A basis restated per year of 365 days, a fraction: three conventions, none of them compounding another.

    ``simple`` is ``b · 365 ÷ days``, ``logarithmic`` ``ln(F/S) · 365 ÷ days``, ``compounded`` ``(F/S)^(365/days) − 1``.
    """

    simple: Decimal
    logarithmic: Decimal
    compounded: Decimal


class NotYearly(msgspec.Struct, frozen=True):
    """Rightly no yearly figure, and why."""

    reason: str


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """A contract as it trades: ``price`` (quote per coin, the middle), ``spread`` from bid to ask, days to expiry."""

    price: Decimal
    spread: Decimal
    days: Decimal
    fee_rate: Decimal


class Roll(msgspec.Struct, frozen=True, kw_only=True):
    """What moving a position from the near contract to the far one brings, in the settle currency.

    ``gap`` is far less near, quote per coin. ``gain`` is what the position receives for it at the middle prices,
    ``spread_cost`` and ``fees`` (both + paid) come off, ``net`` is what is left. ``net_per_coin`` is the net in quote
    per coin of the position at the near price. ``yearly`` is the roll yield to a short, ``ln(far/near) · 365 ÷ days
    between the expiries``, before costs.
    """

    gap: Decimal
    gain: Decimal
    spread_cost: Decimal
    fees: Decimal
    net: Decimal
    net_per_coin: Decimal
    yearly: Decimal


class SyntheticDollar(msgspec.Struct, frozen=True, kw_only=True):
    """Coins fully hedged by a coin-margined dated short: dollars at expiry, dollars now, and the yield between them.

    ``locked`` is ``coins · F`` whatever the price at expiry, ``worth`` ``coins · S``, ``earned`` ``F/S − 1``.
    """

    locked: Decimal
    worth: Decimal
    earned: Decimal


@exactly
def basis(contract_price: Decimal, spot_price: Decimal) -> Decimal:
    """``contract ÷ spot − 1``: positive where the contract stands above spot, which a short earns by expiry."""
    return (positive("contract_price", contract_price) - positive("spot_price", spot_price)) / spot_price


@exactly
def days_to_expiry(now_ns: int, expiry_ns: int) -> Decimal:
    """Days of 24 hours, with their fraction, from now to the instant of expiry; RequestError once that has come."""
    if expiry_ns <= now_ns:
        raise RequestError("expiry", "an instant after now", "one that has passed")
    return Decimal(expiry_ns - now_ns) / DAY_NS


@exactly
def yearly(contract_price: Decimal, spot_price: Decimal, days: Decimal) -> Yearly | NotYearly:
    """The basis restated per year; none within a day of expiry. Source: Hull, Options, Futures, ch. 4 and 5."""
    ratio = positive("contract_price", contract_price) / positive("spot_price", spot_price)
    if positive("days", days) < SHORTEST_DAYS:
        return NotYearly("less than a day to expiry: a yearly figure would say nothing, look at the basis itself")
    return Yearly(
        simple=(contract_price - spot_price) * YEAR / (spot_price * days),
        logarithmic=ratio.ln() * YEAR / days,
        compounded=ratio ** (YEAR / days) - ONE,
    )


@exactly
def at_maturity(near: tuple[Decimal, Decimal], far: tuple[Decimal, Decimal], days: Decimal) -> Decimal:
    """The yearly basis at a constant ``days`` to expiry, between two contracts given as (yearly basis, days).

    Linear in days. RequestError naming ``days`` outside the two: nothing is extrapolated.
    """
    (low, start), (high, end) = near, far
    positive("near.days", start)
    if finite("far.days", end) <= start:
        raise RequestError("far.days", f"more than the near contract's {start}", str(end))
    if not start <= finite("days", days) <= end:
        raise RequestError("days", f"from {start} to {end}, between the two contracts", str(days))
    finite("near.yearly", low)
    return (low * (end - days) + finite("far.yearly", high) * (days - start)) / (end - start)


@exactly
def roll(kind: ContractKind, quantity: Decimal, contract_size: Decimal, near: Quoted, far: Quoted) -> Roll:
    """Close ``quantity`` (signed, short negative) of the near contract and open the same quantity of the far one.

    A short buys the near contract at its ask and sells the far one at its bid, half a spread from the middle each;
    a long the other way about. An inverse position keeps its dollars, so its coins change.
    """
    _check(near, far)
    held = finite("quantity", quantity)
    side = -1 if held < 0 else 1
    closed = near.price - side * near.spread / 2
    opened = far.price + side * far.spread / 2
    # Holding the opposite from the near price to the far one is what the roll hands over.
    gain = unrealised(kind, -held, contract_size, near.price, far.price)
    at_sides = unrealised(kind, -held, contract_size, closed, opened)
    fees = fee(kind, held, contract_size, closed, near.fee_rate) + fee(kind, held, contract_size, opened, far.fee_rate)
    net = at_sides - fees
    coins = abs(delta(kind, held, contract_size, near.price))
    worth = net * far.price if kind is ContractKind.INVERSE else net
    return Roll(
        gap=far.price - near.price,
        gain=gain,
        spread_cost=gain - at_sides,
        fees=fees,
        net=net,
        net_per_coin=worth / coins if coins else worth,
        yearly=(far.price / near.price).ln() * YEAR / (far.days - near.days),
    )


def _check(near: Quoted, far: Quoted) -> None:
    for name, contract in (("near", near), ("far", far)):
        positive(f"{name}.price", contract.price)
        finite(f"{name}.fee_rate", contract.fee_rate)
        if not_negative(f"{name}.spread", contract.spread) >= 2 * contract.price:
            raise RequestError(f"{name}.spread", f"less than twice the price of {contract.price}", str(contract.spread))
        not_negative(f"{name}.days", contract.days)
    if far.days <= near.days:
        raise RequestError("far.days", f"more than the near contract's {near.days}", str(far.days))


@exactly
def synthetic_dollar(coins: Decimal, future_price: Decimal, spot_price: Decimal) -> SyntheticDollar:
    """``coins`` as the whole margin of a coin-margined dated short of ``coins · F`` dollars, held to expiry."""
    held = positive("coins", coins)
    earned = basis(future_price, spot_price)
    return SyntheticDollar(locked=held * future_price, worth=held * spot_price, earned=earned)
