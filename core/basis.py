"""Basis of perpetual and dated contracts: what it is worth a year, what a roll costs, what a synthetic dollar yields.

A basis is a fraction of the spot price, positive where the contract stands above spot. A short hedge that is held to
expiry earns a positive basis and pays a negative one, because the contract settles at spot; until then the mark may
move against it. Money is + received, − paid, in the settle currency; fee rates are fractions, + paid.
"""

from __future__ import annotations

from decimal import Decimal, Overflow
from typing import Literal

import msgspec

from core.errors import RequestError
from core.exact import ONE, ZERO, exactly, finite, not_negative, positive
from core.explain import explained, is_recording, note
from core.funding import HOURS_A_DAY, YEAR
from core.instruments import ContractKind
from core.pnl import delta, fee, unrealised

Compounding = Literal["continuous", "yearly", "half-yearly", "quarterly", "monthly", "daily", "simple"]
SHORTEST_DAYS = ONE
"""Below a day to expiry an annualised basis explodes and says nothing: the bare basis is shown."""
DAY_NS = HOURS_A_DAY * 3600 * 10**9


class Yearly(msgspec.Struct, frozen=True, kw_only=True):
    """A basis restated per year, a fraction: three conventions, none of them compounding another.

    With a year of 365 days, ``simple`` is ``b · 365 ÷ days``, ``logarithmic`` ``ln(F/S) · 365 ÷ days``, ``compounded``
    ``(F/S)^(365/days) − 1``.
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


@explained("(contract_price - spot_price) / spot_price", unit="fraction of spot")
@exactly
def basis(contract_price: Decimal, spot_price: Decimal) -> Decimal:
    """``contract ÷ spot − 1``: positive where the contract stands above spot, which a short earns by expiry."""
    return (positive("contract_price", contract_price) - positive("spot_price", spot_price)) / spot_price


@exactly
def days_to_expiry(now_ns: int, expiry_ns: int) -> Decimal:
    """Days of 24 hours, with their fraction, from now to the instant of expiry; RequestError once that has come."""
    if expiry_ns <= now_ns:
        raise RequestError("expiry", "an instant after now", "one that has passed")
    days = Decimal(expiry_ns - now_ns) / DAY_NS
    given = {"expiry": expiry_ns, "now": now_ns, "day": DAY_NS}
    note("days to expiry", "(expiry - now) / day", days, given, unit="days; instants and day in nanoseconds")
    return days


@exactly
def yearly(
    contract_price: Decimal, spot_price: Decimal, days: Decimal, year_days: Decimal = YEAR
) -> Yearly | NotYearly:
    """The basis restated per year; none within a day of expiry. Source: Hull, Options, Futures, ch. 4 and 5."""
    ratio = positive("contract_price", contract_price) / positive("spot_price", spot_price)
    if positive("days", days) < SHORTEST_DAYS:
        return NotYearly("less than a day to expiry: a yearly figure would say nothing, look at the basis itself")
    found = Yearly(
        simple=(contract_price - spot_price) * positive("year_days", year_days) / (spot_price * days),
        logarithmic=ratio.ln() * year_days / days,
        compounded=ratio ** (year_days / days) - ONE,
    )
    given = {"contract_price": contract_price, "spot_price": spot_price, "days": days, "year_days": year_days}
    for name, formula, value in (
        ("annualised", "(contract_price - spot_price) / spot_price * year_days / days", found.simple),
        ("annualised log", "ln(contract_price / spot_price) * year_days / days", found.logarithmic),
        ("annualised compounded", "(contract_price / spot_price) ** (year_days / days) - 1", found.compounded),
    ):
        note(name, formula, value, given, unit="fraction a year", source="Hull, Options, Futures, ch. 4 and 5")
    return found


_TIMES_A_YEAR = {"yearly": 1, "half-yearly": 2, "quarterly": 4, "monthly": 12, "daily": 365}
_CARRY_SOURCE = "Hull, Options, Futures, ch. 4 and 5"


@exactly
def fair_price(
    spot_price: Decimal,
    days: Decimal,
    interest_rate: Decimal,
    *,
    dividend_yield: Decimal = ZERO,
    income: Decimal = ZERO,
    compounding: Compounding = "continuous",
    year_days: Decimal = YEAR,
) -> Decimal:
    """What a contract is worth by the cost of carrying its coin to expiry: ``(S − I) · e^((r − q) T)``.

    Rates are fractions a year and compounded as said; ``income`` is the present value, quote per coin, of what the coin
    pays meanwhile (negative: what storing it costs). Raises RequestError for rates of -1 or less, for income that is
    not below the spot price, and where nothing is left of the price, or no bound of it.
    Source: Hull, Options, Futures, and Other Derivatives, ch. 5.
    """
    left = _without_income(spot_price, income)
    for name, rate in (("interest_rate", interest_rate), ("dividend_yield", dividend_yield)):
        if finite(name, rate) <= -1:
            raise RequestError(name, "above -1 (0.05 is 5%)", str(rate))
    years = positive("days", days) / positive("year_days", year_days)
    given = {"spot_price": spot_price, "income": income, "interest_rate": interest_rate}
    given |= {"dividend_yield": dividend_yield, "days": days, "year_days": year_days}
    try:
        if compounding == "continuous":
            fair = left * ((interest_rate - dividend_yield) * years).exp()
            formula = "(spot_price - income) * exp((interest_rate - dividend_yield) * days / year_days)"
        elif compounding == "simple":
            fair = left * (ONE + (interest_rate - dividend_yield) * years)
            formula = "(spot_price - income) * (1 + (interest_rate - dividend_yield) * days / year_days)"
        else:
            times = given["times"] = Decimal(_TIMES_A_YEAR[compounding])
            fair = left * ((ONE + interest_rate / times) / (ONE + dividend_yield / times)) ** (times * years)
            formula = "(spot_price - income) * ((1 + interest_rate / times) / (1 + dividend_yield / times))"
            formula += " ** (times * days / year_days)"
    except Overflow:
        raise RequestError("days", "fewer, over which interest leaves the price a number", str(days)) from None
    if fair <= 0:
        name, found = ("dividend_yield", dividend_yield) if dividend_yield > 0 else ("days", days)
        raise RequestError(name, "less, so that the carry leaves the contract a price", str(found))
    note("fair price", formula, fair, given, unit="quote a coin", source=_CARRY_SOURCE)
    return fair


@exactly
def implied_rate(
    contract_price: Decimal,
    spot_price: Decimal,
    days: Decimal,
    *,
    dividend_yield: Decimal = ZERO,
    income: Decimal = ZERO,
    compounding: Compounding = "continuous",
    year_days: Decimal = YEAR,
) -> Decimal:
    """The interest a year at which the contract's price is its :func:`fair_price`: what buying the coin and selling the
    contract earns (the implied repo rate). Raises RequestError as that does.
    """
    growth = positive("contract_price", contract_price) / _without_income(spot_price, income)
    if finite("dividend_yield", dividend_yield) <= -1:
        raise RequestError("dividend_yield", "above -1 (0.05 is 5%)", str(dividend_yield))
    years = positive("days", days) / positive("year_days", year_days)
    given = {"price": contract_price, "spot_price": spot_price, "income": income}
    given |= {"dividend_yield": dividend_yield, "days": days, "year_days": year_days}
    try:
        if compounding == "continuous":
            rate = growth.ln() / years + dividend_yield
            formula = "ln(price / (spot_price - income)) * year_days / days + dividend_yield"
        elif compounding == "simple":
            rate = (growth - ONE) / years + dividend_yield
            formula = "(price / (spot_price - income) - 1) * year_days / days + dividend_yield"
        else:
            times = given["times"] = Decimal(_TIMES_A_YEAR[compounding])
            rate = times * ((ONE + dividend_yield / times) * growth ** (ONE / (times * years)) - ONE)
            formula = "times * ((1 + dividend_yield / times) * (price / (spot_price - income))"
            formula += " ** (year_days / (times * days)) - 1)"
    except Overflow:
        raise RequestError("days", "more, over which a yearly rate is a number", str(days)) from None
    note("implied rate", formula, rate, given, unit="fraction a year", source=_CARRY_SOURCE)
    return rate


def _without_income(spot_price: Decimal, income: Decimal) -> Decimal:
    left = positive("spot_price", spot_price) - finite("income", income)
    if left <= 0:
        raise RequestError("income", f"less than the spot price of {spot_price}", str(income))
    return left


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
    between = (low * (end - days) + finite("far.yearly", high) * (days - start)) / (end - start)
    given = {"near": low, "near_days": start, "far": high, "far_days": end, "days": days}
    formula = "(near * (far_days - days) + far * (days - near_days)) / (far_days - near_days)"
    note("maturity annualised", formula, between, given, unit="fraction a year")
    return between


@exactly
def roll(
    kind: ContractKind,
    quantity: Decimal,
    contract_size: Decimal,
    near: Quoted,
    far: Quoted,
    year_days: Decimal = YEAR,
) -> Roll:
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
    paid = (
        fee(kind, held, contract_size, closed, near.fee_rate),
        fee(kind, held, contract_size, opened, far.fee_rate),
    )
    fees = paid[0] + paid[1]
    note("fees", "near_fee + far_fee", fees, {"near_fee": paid[0], "far_fee": paid[1]}, unit="settle")
    net = at_sides - fees
    coins = abs(delta(kind, held, contract_size, near.price))
    worth = net * far.price if kind is ContractKind.INVERSE else net
    made = Roll(
        gap=far.price - near.price,
        gain=gain,
        spread_cost=gain - at_sides,
        fees=fees,
        net=net,
        net_per_coin=worth / coins if coins else worth,
        yearly=(far.price / near.price).ln() * positive("year_days", year_days) / (far.days - near.days),
    )
    if is_recording():
        _tell_roll(made, near, far, side, at_sides, coins, inverse=kind is ContractKind.INVERSE)
        given = {"near_price": near.price, "far_price": far.price, "near_days": near.days, "far_days": far.days}
        formula = "ln(far_price / near_price) * year_days / (far_days - near_days)"
        note("yearly", formula, made.yearly, {**given, "year_days": year_days}, unit="fraction a year")
    return made


def _tell_roll(
    made: Roll, near: Quoted, far: Quoted, side: int, at_sides: Decimal, coins: Decimal, *, inverse: bool
) -> None:
    """Explain a roll; its profits at the middle prices and at bid and ask, and its fees, are told already."""
    note("gap", "far_price - near_price", made.gap, {"far_price": far.price, "near_price": near.price})
    for name, sign, leg in (("closed at", "-", near), ("opened at", "+", far)):
        value = leg.price - side * leg.spread / 2 if sign == "-" else leg.price + side * leg.spread / 2
        given = {"price": leg.price, "side": side, "spread": leg.spread}
        note(name, f"price {sign} side * spread / 2", value, given, unit="quote a coin; side is -1 for a short")
    note("spread cost", "gain - at_sides", made.spread_cost, {"gain": made.gain, "at_sides": at_sides}, unit="settle")
    note("net", "at_sides - fees", made.net, {"at_sides": at_sides, "fees": made.fees}, unit="settle")
    given = {"net": made.net, "coins": coins, **({"far_price": far.price} if inverse else {})}
    if coins:
        formula = "net * far_price / coins" if inverse else "net / coins"
        note("net per coin", formula, made.net_per_coin, given, unit="quote a coin")


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
    locked, worth = held * future_price, held * spot_price
    note("locked", "coins * price", locked, {"coins": held, "price": future_price}, unit="quote")
    note("worth", "coins * spot_price", worth, {"coins": held, "spot_price": spot_price}, unit="quote")
    note("earned", "locked / worth - 1", earned, {"locked": locked, "worth": worth}, unit="fraction")
    return SyntheticDollar(locked=locked, worth=worth, earned=earned)
