"""Funding: what a settlement pays, what a rate means per day and per year, how venues form the rate.

A rate is a fraction per interval, positive when longs pay shorts. Money is + received, − paid.
"""

from __future__ import annotations

from decimal import Decimal

from core.errors import RequestError
from core.exact import ONE, exactly, finite, not_negative, plain, positive
from core.explain import explained, is_recording, note
from core.instruments import ContractKind
from core.pnl import settle_notional

_value = plain(settle_notional)

HOURS_A_DAY = 24
DAYS_A_YEAR = 365
HOURS_A_YEAR = HOURS_A_DAY * DAYS_A_YEAR
YEAR = Decimal(DAYS_A_YEAR)


@explained(
    {
        ContractKind.LINEAR: "-quantity * contract_size * mark_price * rate",
        ContractKind.INVERSE: "-quantity * contract_size / mark_price * rate",
    },
    unit="settle",
)
@exactly
def payment(
    kind: ContractKind, quantity: Decimal, contract_size: Decimal, mark_price: Decimal, rate: Decimal
) -> Decimal:
    """Cash to the holder at one settlement, in the settle currency: + received, − paid.

    ``−sign · rate · notional`` at the mark price of the settlement: a short with a positive rate receives.
    """
    value = (settle_notional if is_recording() else _value)(kind, quantity, contract_size, mark_price)
    cash = value * finite("rate", rate)
    return -cash if quantity > 0 else cash


@explained("rate * hours / interval_hours", unit="fraction")
@exactly
def equivalent(rate: Decimal, interval_hours: int, hours: int) -> Decimal:
    """A rate (or a payment) per ``interval_hours``, restated per ``hours``: simple, so that contracts compare."""
    return finite("rate", rate) * _hours(hours) / _hours(interval_hours)


def per_day(rate: Decimal, interval_hours: int) -> Decimal:
    """A rate (or a payment) per interval, times the intervals in a day."""
    return equivalent(rate, interval_hours, HOURS_A_DAY)


def per_8_hours(rate: Decimal, interval_hours: int) -> Decimal:
    """A rate (or a payment) per interval, restated per 8 hours."""
    return equivalent(rate, interval_hours, 8)


@explained("rate * 24 * year_days / interval_hours", unit="fraction a year")
@exactly
def annualised(rate: Decimal, interval_hours: int, year_days: Decimal = YEAR) -> Decimal:
    """A rate per interval, times the intervals in a year of 365 (or so many) days: simple, nothing compounded."""
    return finite("rate", rate) * HOURS_A_DAY * positive("year_days", year_days) / _hours(interval_hours)


@exactly
def compounded(
    rate: Decimal, interval_hours: int, year_days: Decimal = YEAR, compounding_hours: int | None = None
) -> Decimal:
    """What a year of settlements at ``rate`` comes to if each were reinvested: ``(1 + rate)^n − 1``.

    With ``compounding_hours`` what came in is reinvested every so many hours instead, and is simple in between.
    """
    hours = _hours(interval_hours) if compounding_hours is None else _hours(compounding_hours)
    earned = finite("rate", rate) * hours / _hours(interval_hours)
    if earned <= -1:
        raise RequestError("rate", "above -1", str(rate))
    found = (ONE + earned) ** (HOURS_A_DAY * positive("year_days", year_days) / hours) - ONE
    given = {"rate": rate, "interval_hours": interval_hours, "year_days": year_days}
    formula = "(1 + rate) ** (24 * year_days / interval_hours) - 1"
    if compounding_hours is not None:
        given["compounding_hours"] = compounding_hours
        formula = "(1 + rate * compounding_hours / interval_hours) ** (24 * year_days / compounding_hours) - 1"
    note("compounded", formula, found, given, unit="fraction a year")
    return found


def interest_for(interest_per_day: Decimal, interval_hours: int) -> Decimal:
    """The interest part of one interval, of a rate quoted per day (0.0003 a day is 0.0001 per 8 hours)."""
    return equivalent(interest_per_day, HOURS_A_DAY, interval_hours)


@explained("(initial_rate - maintenance_rate) * share", unit="fraction")
@exactly
def cap_from_margins(initial_rate: Decimal, maintenance_rate: Decimal, share: Decimal) -> Decimal:
    """A cap on the size of the rate: ``share`` (0.75 at BitMEX) of initial less maintenance margin rate."""
    gap = finite("initial_rate", initial_rate) - finite("maintenance_rate", maintenance_rate)
    if gap <= 0:
        raise RequestError("maintenance_rate", f"below the initial rate of {initial_rate}", str(maintenance_rate))
    return gap * finite("share", share)


@exactly
def funding_rate(
    premium: Decimal,
    interest: Decimal,
    clamp: Decimal,
    cap: Decimal | None = None,
    floor: Decimal | None = None,
    *,
    added: bool = False,
) -> Decimal:
    """The rate of an interval: ``premium + clamp(interest − premium, ±clamp)``, then the venue's cap and floor.

    All are fractions of one interval. Within the clamp the rate is the interest; outside it is the premium less (or
    plus) the clamp. ``cap`` and ``floor`` are signed and left out where the venue states none. With ``added`` the rate
    is ``premium + interest`` and nothing is clamped (dYdX).
    """
    limit = not_negative("clamp", clamp)
    gap = finite("interest", interest) - finite("premium", premium)
    rate = premium + (interest if added else max(-limit, min(limit, gap)))
    given: dict[str, Decimal] = {"premium": premium, "interest": interest, **({} if added else {"clamp": clamp})}
    formula = "premium + interest" if added else "premium + max(-clamp, min(clamp, interest - premium))"
    if cap is not None and floor is not None and finite("floor", floor) > finite("cap", cap):
        raise RequestError("floor", f"at most the cap of {cap}", str(floor))
    if cap is not None:
        rate = min(rate, finite("cap", cap))
        given["cap"], formula = cap, f"min(cap, {formula})"
    if floor is not None:
        rate = max(rate, finite("floor", floor))
        given["floor"], formula = floor, f"max(floor, {formula})"
    note("funding rate", formula, rate, given, unit="fraction an interval")
    return rate


def _hours(interval_hours: int) -> int:
    if isinstance(interval_hours, bool) or interval_hours <= 0:
        raise RequestError("interval_hours", "a whole number of hours above zero", str(interval_hours))
    return interval_hours
