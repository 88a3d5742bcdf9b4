"""``funding``: what settlements pay, what a rate means per day and year, and how a venue forms it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from core.calculators.fields import Unknown, contract_kind, in_quote, settle_of, signed
from core.calculators.funding_fields import FundingAnswer, FundingRequest, PremiumPointField, RateFormulaField
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import note
from core.funding import (
    annualised,
    cap_from_margins,
    compounded,
    equivalent,
    funding_rate,
    interest_for,
    payment,
    per_8_hours,
    per_day,
)
from core.instruments import ContractKind
from core.pnl import settle_notional
from core.premium import average_premium, mean_premium, premium_index, premium_of_price


class _Rate(NamedTuple):
    rate: Decimal | None
    interest: Decimal | None = None
    cap: Decimal | None = None
    premium: Decimal | None = None


class _Settled(NamedTuple):
    notional: Decimal
    cash: Decimal
    cash_quote: Decimal | None


@exactly
def funding(request: FundingRequest) -> FundingAnswer | Unknown:
    """Answer a ``funding`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other("rate", "settlements", "rate_formula")
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    formula = request.rate_formula
    found = _Rate(request.rate) if formula is None else _by_formula(formula, request.interval_hours)
    return _answer(request, found, _settled(request, found.rate))


def _missing(request: FundingRequest) -> tuple[str, ...]:
    gaps = [request.lacking("rate", "settlements", "rate_formula")]
    if request.given("interval_hours") and request.interval_hours is None:
        gaps.append(("interval_hours",))
    if request.given("compounding_hours"):
        gaps.append(request.lacking("compounding_hours"))
        gaps.append(request.lacking("interval_hours", why="beside compounding_hours"))
    if request.given("held_minutes"):
        gaps.append(request.lacking("interval_hours", why="beside held_minutes"))
        gaps.append(request.lacking("held_minutes"))
        if not _has_position(request):
            gaps.append(request.lacking("quantity", "notional", why="beside held_minutes"))
    if request.settlements is not None:
        request.refuse("beside settlements", "mark_price", "notional", "held_minutes")
        gaps += [request.lacking("side"), request.lacking("quantity")]
    elif request.notional is not None:
        request.refuse("beside notional", "quantity", "mark_price", "contract_size")
        gaps.append(request.lacking("side"))
    elif request.given("notional") and not request.given("quantity"):
        gaps += [request.lacking("side"), request.lacking("notional")]
    elif _has_position(request):
        gaps += [request.lacking("side"), request.lacking("quantity", "notional"), request.lacking("mark_price")]
    if request.rate_formula is not None:
        gaps.append(_formula_gaps(request.rate_formula, request))
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _has_position(request: FundingRequest) -> bool:
    return any(request.given(name) for name in ("side", "quantity", "mark_price", "notional", "contract_size"))


def _formula_gaps(formula: RateFormulaField, request: FundingRequest) -> tuple[str, ...]:
    within = "rate_formula."
    formula.exclude_each_other("interest", "interest_from", within=within)
    formula.exclude_each_other("cap", "cap_from_margins", within=within)
    formula.exclude_each_other("floor", "cap_from_margins", within=within)
    if formula.period_hours is not None:
        request.lacking("interval_hours", why="which period_hours needs")
    elif formula.given("period_hours"):
        return (f"{within}period_hours",)
    if formula.rule == "added" and formula.given("clamp"):
        raise RequestError(f"{within}clamp", "nothing where interest is added", "a value")
    if formula.given("weights") and formula.premium is not None:
        raise RequestError(f"{within}weights", "nothing beside premium, which is averaged", "a value")
    if formula.interest_from is not None:
        request.lacking("interval_hours", why="which interest_from needs")
    parts_only = formula.interest_from is not None or formula.cap_from_margins is not None
    names = ("premium", "premium_samples", "premium_points")
    formula.exclude_each_other(*names, within=within)
    if parts_only and not any(formula.given(name) for name in names) and not _has_position(request):
        return ()
    premium = formula.lacking(*names, within=within)
    for index, point in enumerate(formula.premium_points or ()):
        premium += _point_gaps(point, f"{within}premium_points.{index}.")
    return (*premium, *formula.lacking("interest", "interest_from", within=within))


def _point_gaps(point: PremiumPointField, within: str) -> tuple[str, ...]:
    point.exclude_each_other("price", "impact_bid", within=within)
    point.exclude_each_other("price", "impact_ask", within=within)
    if point.price is not None or (point.given("price") and not point.given("impact_bid")):
        return point.lacking("price", within=within)
    why = "unless price is given"
    return (*point.lacking("impact_bid", why=why, within=within), *point.lacking("impact_ask", why=why, within=within))


def _by_formula(formula: RateFormulaField, interval_hours: int | None) -> _Rate:
    interest, cap, floor = formula.interest, formula.cap, formula.floor
    if formula.interest_from is not None and interval_hours is not None:
        gap = formula.interest_from.quote_per_day - formula.interest_from.base_per_day
        rates = {
            "quote_per_day": formula.interest_from.quote_per_day,
            "base_per_day": formula.interest_from.base_per_day,
        }
        note("interest per day", "quote_per_day - base_per_day", gap, rates, unit="fraction a day")
        interest = interest_for(gap, formula.period_hours or interval_hours)
    margins = formula.cap_from_margins
    if margins is not None:
        cap = cap_from_margins(margins.initial_rate, margins.maintenance_rate, margins.share)
        floor = -cap
    premium = _premium(formula)
    if premium is None or interest is None:
        return _Rate(None, interest, cap, premium)
    rate = funding_rate(premium, interest, formula.clamp, cap, floor, added=formula.rule == "added")
    if formula.period_hours is not None and interval_hours is not None:
        rate = equivalent(rate, formula.period_hours, interval_hours)
    return _Rate(rate, interest, cap, premium)


def _premium(formula: RateFormulaField) -> Decimal | None:
    average = mean_premium if formula.weights == "equal" else average_premium
    if formula.premium_points is not None:
        return average([_sampled(index, point) for index, point in enumerate(formula.premium_points)])
    if formula.premium_samples is not None:
        return average(formula.premium_samples)
    return formula.premium


def _sampled(index: int, point: PremiumPointField) -> Decimal:
    within = f"rate_formula.premium_points.{index}."
    if point.price is not None:
        return premium_of_price(point.price, point.index_price)
    assert point.impact_bid is not None
    assert point.impact_ask is not None
    try:
        return premium_index(point.impact_bid, point.impact_ask, point.index_price)
    except RequestError as error:
        raise RequestError(within + error.key, error.expected, error.found) from None


def _settled(request: FundingRequest, rate: Decimal | None) -> list[_Settled]:
    """Every settlement that the request describes; none where it asks about a rate only."""
    kind, size = contract_kind(request.kind), request.contract_size
    if request.side is None or (rate is None and request.settlements is None):
        return []
    if request.notional is not None and rate is not None:
        # A linear position of that many units at a price of 1 has just this value.
        cash = _held_part(request, payment(ContractKind.LINEAR, signed(request.side, request.notional), ONE, ONE, rate))
        return [_Settled(request.notional, cash, in_quote(request.kind, cash, None))]
    if request.quantity is None:
        return []
    held = signed(request.side, request.quantity)
    points = [(point.mark_price, point.rate) for point in request.settlements or ()]
    if rate is not None and request.mark_price is not None:
        points = [(request.mark_price, rate)]
    settled = []
    for mark, charged in points:
        cash = _held_part(request, payment(kind, held, size, mark, charged))
        in_quotes = in_quote(request.kind, cash, mark)
        if request.kind == "inverse":
            note("payment in quote", "payment * mark_price", in_quotes, {"payment": cash, "mark_price": mark})
        settled.append(_Settled(settle_notional(kind, held, size, mark), cash, in_quotes))
    return settled


def _held_part(request: FundingRequest, cash: Decimal) -> Decimal:
    """Of a payment what the minutes held come to; all of it where none are stated."""
    if request.held_minutes is None or request.interval_hours is None:
        return cash
    if request.held_minutes > 60 * request.interval_hours:
        raise RequestError(
            "held_minutes", f"at most the interval's {60 * request.interval_hours}", str(request.held_minutes)
        )
    part = cash * request.held_minutes / (60 * request.interval_hours)
    given = {"payment": cash, "held_minutes": request.held_minutes, "interval_hours": request.interval_hours}
    note("payment for the minutes held", "payment * held_minutes / (60 * interval_hours)", part, given, unit="settle")
    return part


def _answer(request: FundingRequest, found: _Rate, settled: list[_Settled]) -> FundingAnswer:
    rate, hours = found.rate, request.interval_hours
    cash = sum((item.cash for item in settled), ZERO) if settled else None
    in_quotes = [item.cash_quote for item in settled if item.cash_quote is not None]

    def restated(convert: Callable[[Decimal, int], Decimal], amount: Decimal | None) -> Decimal | None:
        return None if rate is None or amount is None or hours is None else convert(amount, hours)

    if settled and len(in_quotes) == len(settled):
        note("payment in quote", "sum(payments_in_quote)", sum(in_quotes, ZERO), {"payments_in_quote": in_quotes})
    return FundingAnswer(
        settle=settle_of(request.kind),
        premium=found.premium,
        interest=found.interest,
        rate_cap=found.cap,
        rate=rate,
        rate_per_day=restated(per_day, rate),
        rate_per_8_hours=restated(per_8_hours, rate),
        annualised=restated(partial(annualised, year_days=request.year_days), rate),
        annualised_compounded=restated(
            partial(compounded, year_days=request.year_days, compounding_hours=request.compounding_hours), rate
        ),
        notional=settled[0].notional if settled and request.settlements is None else None,
        payments=tuple(item.cash for item in settled),
        payment=cash,
        payment_quote=sum(in_quotes, ZERO) if settled and len(in_quotes) == len(settled) else None,
        payment_per_day=restated(per_day, cash) if request.held_minutes is None else None,
    )
