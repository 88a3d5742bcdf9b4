"""What holding a hedge brings or costs: funding to come, days and falls that pay for it, the budget it may use.

Rates are fractions per interval, positive when longs pay shorts. Money is in the settle currency, + received, − paid;
costs (fees, spread) are + paid. ``quantity`` is signed, short negative. Everything that reaches beyond the next
settlement is an estimate: rates to come are taken from those settled last, and prices are held where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import msgspec

from core.errors import RequestError
from core.exact import ONE, ZERO, exactly, finite, nonzero, not_negative, positive
from core.explain import explained, note
from core.funding import YEAR, annualised, equivalent, payment, per_8_hours
from core.instruments import ContractKind
from core.pnl import fee, unrealised


class Never(msgspec.Struct, frozen=True):
    """Rightly no such day or price, and why."""

    reason: str


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """Rates per interval: that of the next settlement, and for those after it the mean, least and greatest seen."""

    following: Decimal
    mean: Decimal
    low: Decimal
    high: Decimal


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """Funding over a stretch of ``hours`` that holds ``settlements`` of them: cash expected, and its bounds.

    ``low`` and ``high`` are the cash (low ≤ high) had every settlement after the next the worst and the best rate of
    those that the outlook was drawn from. They are no limits of what can happen.
    """

    hours: int
    settlements: int
    expected: Decimal
    low: Decimal
    high: Decimal


class Streak(msgspec.Struct, frozen=True, kw_only=True):
    """How long the rate has kept its sign (settlements, the newest included), and how often it changed before."""

    sign: int
    length: int
    flips: int


class IntervalChange(msgspec.Struct, frozen=True, kw_only=True):
    """One printed rate under two settlement intervals. ``equal_rate`` is the printed rate that would cost the same."""

    per_8_hours_before: Decimal
    per_8_hours_after: Decimal
    annualised_before: Decimal
    annualised_after: Decimal
    equal_rate: Decimal


class PaysBack(msgspec.Struct, frozen=True, kw_only=True):
    """Where a cost is earned by the position itself: ``price``, and the ``move`` to it (a fall is negative)."""

    price: Decimal
    move: Decimal


# --- funding to come ---------------------------------------------------------------------------------------------


@exactly
def outlook(
    predicted: Decimal, settled: Sequence[Decimal], cap: Decimal | None = None, floor: Decimal | None = None
) -> Outlook:
    """What to reckon with: the predicted rate once, then the mean of the ``settled`` ones, within cap and floor.

    RequestError naming ``settled`` where there is none: one predicted rate says nothing of a month.
    """
    if not settled:
        raise RequestError("settled", "one settled rate or more", "none")
    rates = [finite("settled", rate) for rate in settled]
    if cap is not None and floor is not None and finite("floor", floor) > finite("cap", cap):
        raise RequestError("floor", f"at most the cap of {cap}", str(floor))

    def bounded(rate: Decimal) -> Decimal:
        lowered = rate if cap is None else min(rate, finite("cap", cap))
        return lowered if floor is None else max(lowered, finite("floor", floor))

    found = Outlook(
        following=bounded(finite("predicted", predicted)),
        mean=bounded(sum(rates, ZERO) / len(rates)),
        low=bounded(min(rates)),
        high=bounded(max(rates)),
    )
    limits = {name: limit for name, limit in (("cap", cap), ("floor", floor)) if limit is not None}
    for name, formula, value in (
        ("rate", "rate", found.following),
        ("rate assumed", "mean(settled_rates)", found.mean),
        ("lowest rate", "min(settled_rates)", found.low),
        ("highest rate", "max(settled_rates)", found.high),
    ):
        lowered = formula if cap is None else f"min(cap, {formula})"
        told = lowered if floor is None else f"max(floor, {lowered})"
        given: dict[str, object] = {"rate": predicted} if name == "rate" else {"settled_rates": rates}
        note(name, told, value, {**given, **limits}, unit="fraction an interval")
    return found


@exactly
def settlements_within(hours: int, interval_hours: int, hours_to_next: Decimal | None = None) -> int:
    """How many settlements fall into the next ``hours``, the last instant included and the present one not.

    Without ``hours_to_next`` a whole interval is taken to lie ahead.
    """
    if isinstance(hours, bool) or hours <= 0:
        raise RequestError("hours", "a whole number of hours above zero", str(hours))
    if isinstance(interval_hours, bool) or interval_hours <= 0:
        raise RequestError("interval_hours", "a whole number of hours above zero", str(interval_hours))
    ahead = Decimal(interval_hours) if hours_to_next is None else not_negative("hours_to_next", hours_to_next)
    if ahead > interval_hours:
        raise RequestError("hours_to_next", f"at most the interval of {interval_hours}", str(ahead))
    first = ahead or Decimal(interval_hours)
    count = 0 if first > hours else int((hours - first) // interval_hours) + 1
    given = {"hours": hours, "hours_to_next": first, "interval_hours": interval_hours}
    note("settlements", "max(floor((hours - hours_to_next) / interval_hours) + 1, 0)", count, given)
    return count


@exactly
def project(each: Decimal, rates: Outlook, interval_hours: int, hours: int, until: Decimal | None = None) -> Projection:
    """Funding over the next ``hours``. ``each`` is the cash of one settlement at a rate of 1 (see :func:`unit_cash`).

    ``until`` is the hours to the next settlement, as in :func:`settlements_within`.
    """
    count = settlements_within(hours, interval_hours, until)
    if not count:
        return Projection(hours=hours, settlements=0, expected=ZERO, low=ZERO, high=ZERO)
    first, rest = finite("each", each) * rates.following, (count - 1) * each
    bounds = (first + rest * rates.low, first + rest * rates.high)
    found = Projection(
        hours=hours, settlements=count, expected=first + rest * rates.mean, low=min(bounds), high=max(bounds)
    )
    given = {"each": each, "settlements": count, "rate": rates.following}
    note(
        "expected",
        "each * rate + (settlements - 1) * each * rate_assumed",
        found.expected,
        {**given, "rate_assumed": rates.mean},
        unit="settle",
    )
    ends = {**given, "lowest": rates.low, "highest": rates.high}
    for name, pick, value in (("low", "min", found.low), ("high", "max", found.high)):
        formula = f"each * rate + (settlements - 1) * {pick}(each * lowest, each * highest)"
        note(name, formula, value, ends, unit="settle")
    return found


def unit_cash(kind: ContractKind, quantity: Decimal, contract_size: Decimal, mark_price: Decimal) -> Decimal:
    """The cash of one settlement at a rate of 1: the notional, positive for a short."""
    return payment(kind, quantity, contract_size, mark_price, ONE)


@exactly
def streak(settled: Sequence[Decimal]) -> Streak:
    """The run of one sign that the ``settled`` rates (oldest first) end with. A rate of zero has a sign of its own."""
    if not settled:
        raise RequestError("settled", "one settled rate or more", "none")
    signs = [(rate > 0) - (rate < 0) for rate in (finite("settled", rate) for rate in settled)]
    length = next((index for index, sign in enumerate(reversed(signs)) if sign != signs[-1]), len(signs))
    flips = sum(before != after for before, after in pairwise(signs))
    given = {"settled_rates": tuple(settled)}
    note("length", "settlements at the end of settled_rates of one sign", length, given, kind="words")
    note("flips", "changes of sign in settled_rates", flips, given, kind="words")
    return Streak(sign=signs[-1], length=length, flips=flips)


@exactly
def interval_change(rate: Decimal, before_hours: int, after_hours: int, year_days: Decimal = YEAR) -> IntervalChange:
    """What becomes of a printed ``rate`` when the venue changes the interval: at half the hours it counts double."""
    return IntervalChange(
        per_8_hours_before=per_8_hours(rate, before_hours),
        per_8_hours_after=per_8_hours(rate, after_hours),
        annualised_before=annualised(rate, before_hours, year_days),
        annualised_after=annualised(rate, after_hours, year_days),
        equal_rate=equivalent(rate, before_hours, after_hours),
    )


# --- costs and what pays for them --------------------------------------------------------------------------------


@exactly
def round_trip_cost(
    kind: ContractKind,
    quantity: Decimal,
    contract_size: Decimal,
    price: Decimal,
    open_fee_rate: Decimal,
    close_fee_rate: Decimal,
    spread: Decimal = ZERO,
) -> Decimal:
    """Fees to open and to close at ``price``, and the spread (quote per coin, bid to ask) crossed by halves; + paid."""
    half = not_negative("spread", spread) / 2
    if half >= positive("price", price):
        raise RequestError("spread", f"less than twice the price of {price}", str(spread))
    crossed = unrealised(kind, abs(finite("quantity", quantity)), contract_size, price - half, price + half)
    opened = fee(kind, quantity, contract_size, price, open_fee_rate)
    closed = fee(kind, quantity, contract_size, price, close_fee_rate)
    cost = opened + closed + crossed
    given = {"opening_fee": opened, "closing_fee": closed, "spread_crossed": crossed}
    note("round trip cost", "opening_fee + closing_fee + spread_crossed", cost, given, unit="settle")
    return cost


@exactly
def break_even_days(cost: Decimal, carry_per_day: Decimal) -> Decimal | Never:
    """Days of carry that repay ``cost`` (+ paid); :class:`Never` where the carry does not come in.

    A cost of zero or less (a rebate) is repaid at once.
    """
    if finite("cost", cost) <= 0:
        note("break even days", "max(cost, 0)", ZERO, {"cost": cost}, unit="days")
        return ZERO
    if finite("carry_per_day", carry_per_day) <= 0:
        return Never("the hedge earns no carry, so its costs are never repaid by it")
    days = cost / carry_per_day
    note("break even days", "cost / carry_per_day", days, {"cost": cost, "carry_per_day": carry_per_day}, unit="days")
    return days


@exactly
def pays_back_at(
    kind: ContractKind, quantity: Decimal, contract_size: Decimal, price: Decimal, cost: Decimal
) -> PaysBack | Never:
    """The price at which the position, worth nothing at ``price``, has gained ``cost`` (settle, + paid).

    For a short that costs money it is a fall; a cost below zero is a gain, and the price the one that uses it up.
    """
    units = nonzero("quantity", quantity) * positive("contract_size", contract_size)
    owed, start = finite("cost", cost), positive("price", price)
    if kind is ContractKind.INVERSE:
        left = units - owed * start
        if left * units <= 0:
            return Never("no rise of the price gains or costs the position that much")
        found = units * start / left
    else:
        found = start + owed / units
        if found <= 0:
            return Never("no fall of the price gains or costs the position that much")
    given = {"quantity": quantity, "contract_size": contract_size, "price": start, "cost": owed}
    formula = "price + cost / (quantity * contract_size)"
    if kind is ContractKind.INVERSE:
        formula = "quantity * contract_size * price / (quantity * contract_size - cost * price)"
    note("pays back price", formula, found, given, unit="quote a coin")
    move = (found - start) / start
    note("pays back move", "(pays_back_price - price) / price", move, {"pays_back_price": found, "price": start})
    return PaysBack(price=found, move=move)


@explained("-funding_received / budget", unit="fraction")
@exactly
def budget_used(funding_received: Decimal, budget: Decimal) -> Decimal:
    """The share of a ``budget`` (above zero) that cumulative funding has used: negative where it has come in."""
    return -finite("funding_received", funding_received) / positive("budget", budget)


@exactly
def budget_days(funding_received: Decimal, budget: Decimal, carry_per_day: Decimal) -> Decimal | Never:
    """Days until the budget is used up at the present carry; zero where it is already."""
    left = positive("budget", budget) + finite("funding_received", funding_received)
    if left <= 0:
        given = {"budget": budget, "funding_received": funding_received}
        note("budget days", "max(budget + funding_received, 0)", ZERO, given, unit="days")
        return ZERO
    if finite("carry_per_day", carry_per_day) >= 0:
        return Never("the carry does not cost anything, so the budget is not being used")
    days = left / -carry_per_day
    given = {"budget": budget, "funding_received": funding_received, "carry_per_day": carry_per_day}
    note("budget days", "(budget + funding_received) / -carry_per_day", days, given, unit="days")
    return days


@explained("min(balance, 0) * yearly_rate * days / year_days", unit="the currency of the balance")
@exactly
def borrow_interest(balance: Decimal, yearly_rate: Decimal, days: Decimal, year_days: Decimal = YEAR) -> Decimal:
    """Interest on a negative stablecoin balance (what losses of the hedge leave behind), simple.

    In the balance's own currency, − paid; nothing on a balance of zero or more.
    """
    owed = min(finite("balance", balance), ZERO)
    interest = owed * not_negative("yearly_rate", yearly_rate) * not_negative("days", days)
    return interest / positive("year_days", year_days)
