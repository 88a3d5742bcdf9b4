"""``funding``: what settlements pay, what a rate means per day and year, and how a venue forms it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal, NamedTuple

from pydantic import ConfigDict, Field

from core.calculators.declared import by
from core.calculators.fields import (
    QUANTITY_HELP,
    SIDE_HELP,
    Answer,
    ContractSizeField,
    Exact,
    Hours,
    IntervalRate,
    KindField,
    Positive,
    Request,
    Share,
    Side,
    Unknown,
    contract_kind,
    in_quote,
    settle_of,
    signed,
)
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import note
from core.funding import (
    annualised,
    cap_from_margins,
    compounded,
    funding_rate,
    interest_for,
    payment,
    per_8_hours,
    per_day,
)
from core.instruments import ContractKind
from core.pnl import settle_notional
from core.premium import average_premium, premium_index

INTERVAL_HELP = (
    "Hours between settlements of this contract. There is no default: contracts of 1, 2, 4 and 8 hours exist side by "
    "side. Asks for the figures per day and per year."
)


class SettlementField(Request):
    """One funding settlement."""

    rate: IntervalRate = Field(description="Fraction of notional, positive when longs pay shorts.")
    mark_price: Positive = Field(description="Mark price of the settlement, quote per coin.")


class InterestField(Request):
    """Interest from the two borrowing rates, each a fraction per day: (quote - base) * interval_hours / 24."""

    quote_per_day: IntervalRate = Field(description="Rate to borrow the quote currency, a fraction per day.")
    base_per_day: IntervalRate = Field(description="Rate to borrow the base coin, a fraction per day.")


class CapFromMarginsField(Request):
    """A cap on the size of the rate, as a share of the gap between the margin rates."""

    initial_rate: Share = Field(description="Initial margin rate at the greatest leverage, a fraction.")
    maintenance_rate: Share = Field(description="Maintenance margin rate, a fraction.")
    share: Positive = Field(default=Decimal("0.75"), description="Share of their difference.")


class PremiumPointField(Request):
    """One sample of the order book: the premium is (max(0, bid - index) - max(0, index - ask)) / index."""

    impact_bid: Positive = Field(description="Average price at which the impact notional is sold, quote per coin.")
    impact_ask: Positive = Field(description="Average price at which it is bought, quote per coin.")
    index_price: Positive = Field(description="Index price of that moment.")


class RateFormulaField(Request):
    """rate = premium + clamp(interest - premium, -clamp, +clamp), then cap and floor. All fractions per interval."""

    premium: IntervalRate | None = Field(default=None, description="Average premium of the perpetual over the index.")
    premium_samples: tuple[IntervalRate, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=100_000,
        description="Instead of premium: the interval's samples so far, oldest first, averaged with weights 1, 2, 3 "
        "and so on. The rate is then the one predicted now.",
    )
    premium_points: tuple[PremiumPointField, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=100_000,
        description="Instead of premium_samples: the impact prices and index they are made of.",
    )
    interest: IntervalRate | None = Field(
        default=None, description="Interest of one interval, 0.0001 per 8 hours for many."
    )
    interest_from: InterestField | None = Field(
        default=None, description="Instead of interest: the borrowing rates; needs interval_hours."
    )
    clamp: Share = Field(default=Decimal("0.0005"), description="Bound on interest - premium.")
    cap: IntervalRate | None = Field(default=None, description="Highest rate the venue allows.")
    floor: IntervalRate | None = Field(default=None, description="Lowest rate the venue allows (signed).")
    cap_from_margins: CapFromMarginsField | None = Field(
        default=None, description="Instead of cap and floor: plus and minus share * (initial - maintenance rate)."
    )


class FundingRequest(Request):
    """Funding of one position, or just the meaning of a rate.

    Give one of rate, settlements, rate_formula. For payments add side with quantity and mark_price, or side with
    notional; for figures per day and year add interval_hours.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "linear",
                    "side": "short",
                    "quantity": "2.5",
                    "mark_price": "60000",
                    "rate": "0.0001",
                    "interval_hours": 8,
                },
                {
                    "kind": "linear",
                    "rate_formula": {"premium": "0.0012", "interest": "0.0001", "cap": "0.005", "floor": "-0.005"},
                    "interval_hours": 4,
                },
            ]
        }
    )

    kind: KindField
    side: Side | None = Field(default=None, description=SIDE_HELP)
    quantity: Positive | None = Field(default=None, description=QUANTITY_HELP)
    contract_size: ContractSizeField = ONE
    mark_price: Positive | None = Field(default=None, description="Mark price at settlement, quote per coin.")
    notional: Positive | None = Field(
        default=None,
        description="Value of the position in the settle currency, instead of quantity and mark_price.",
    )
    rate: IntervalRate | None = Field(
        default=None, description="Funding rate, a fraction per interval, positive when longs pay shorts."
    )
    settlements: tuple[SettlementField, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=100_000,
        description="Several settlements of a position of unchanged quantity, instead of rate and mark_price.",
    )
    rate_formula: RateFormulaField | None = Field(default=None, description="Compute the rate instead of stating it.")
    interval_hours: Hours | None = Field(default=None, description=INTERVAL_HELP)


class FundingAnswer(Answer):
    """Rates are fractions; money is in the settle currency, + received, - paid."""

    status: Literal["ok"] = "ok"
    settle: str
    premium: Exact | None = Field(description="Average premium that rate_formula used.")
    interest: Exact | None = Field(description="Interest of one interval that rate_formula used.")
    rate_cap: Exact | None = Field(description="Cap that rate_formula applied; null where none.")
    rate: Exact | None = Field(description="Rate per interval; null for several settlements.")
    rate_per_day: Exact | None = Field(
        description="rate * 24 / interval_hours.", json_schema_extra=by("rate * 24 / interval_hours")
    )
    rate_per_8_hours: Exact | None = Field(
        description="rate * 8 / interval_hours, to compare contracts.",
        json_schema_extra=by("rate * 8 / interval_hours"),
    )
    annualised: Exact | None = Field(
        description="Simple: rate * (24 / interval_hours) * 365.",
        json_schema_extra=by("rate * 24 * 365 / interval_hours"),
    )
    annualised_compounded: Exact | None = Field(
        description="(1 + rate) ^ (365 * 24 / interval_hours) - 1.",
        json_schema_extra=by("(1 + rate) ** (24 * 365 / interval_hours) - 1"),
    )
    notional: Exact | None = Field(description="Value the rate is charged on; null for several settlements.")
    payments: tuple[Exact, ...] = Field(description="Cash of each settlement in order, + received.")
    payment: Exact | None = Field(
        description="Their sum: cash to the holder, + received, - paid.", json_schema_extra=by("sum(payments)")
    )
    payment_quote: Exact | None = Field(description="The sum in quote, each at its own mark price; null for quanto.")
    payment_per_day: Exact | None = Field(
        description="payment * 24 / interval_hours, for a single rate.",
        json_schema_extra=by("payment * 24 / interval_hours"),
    )


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
    if request.settlements is not None:
        request.refuse("beside settlements", "mark_price", "notional")
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
    if formula.interest_from is not None:
        request.lacking("interval_hours", why="which interest_from needs")
    parts_only = formula.interest_from is not None or formula.cap_from_margins is not None
    names = ("premium", "premium_samples", "premium_points")
    formula.exclude_each_other(*names, within=within)
    if parts_only and not any(formula.given(name) for name in names) and not _has_position(request):
        return ()
    premium = formula.lacking(*names, within=within)
    return (*premium, *formula.lacking("interest", "interest_from", within=within))


def _by_formula(formula: RateFormulaField, interval_hours: int | None) -> _Rate:
    interest, cap, floor = formula.interest, formula.cap, formula.floor
    if formula.interest_from is not None and interval_hours is not None:
        gap = formula.interest_from.quote_per_day - formula.interest_from.base_per_day
        rates = {
            "quote_per_day": formula.interest_from.quote_per_day,
            "base_per_day": formula.interest_from.base_per_day,
        }
        note("interest per day", "quote_per_day - base_per_day", gap, rates, unit="fraction a day")
        interest = interest_for(gap, interval_hours)
    margins = formula.cap_from_margins
    if margins is not None:
        cap = cap_from_margins(margins.initial_rate, margins.maintenance_rate, margins.share)
        floor = -cap
    premium = _premium(formula)
    if premium is None or interest is None:
        return _Rate(None, interest, cap, premium)
    return _Rate(funding_rate(premium, interest, formula.clamp, cap, floor), interest, cap, premium)


def _premium(formula: RateFormulaField) -> Decimal | None:
    if formula.premium_points is not None:
        return average_premium([_sampled(index, point) for index, point in enumerate(formula.premium_points)])
    if formula.premium_samples is not None:
        return average_premium(formula.premium_samples)
    return formula.premium


def _sampled(index: int, point: PremiumPointField) -> Decimal:
    try:
        return premium_index(point.impact_bid, point.impact_ask, point.index_price)
    except RequestError as error:
        place = f"rate_formula.premium_points.{index}.{error.key}"
        raise RequestError(place, error.expected, error.found) from None


def _settled(request: FundingRequest, rate: Decimal | None) -> list[_Settled]:
    """Every settlement that the request describes; none where it asks about a rate only."""
    kind, size = contract_kind(request.kind), request.contract_size
    if request.side is None or (rate is None and request.settlements is None):
        return []
    if request.notional is not None and rate is not None:
        # A linear position of that many units at a price of 1 has just this value.
        cash = payment(ContractKind.LINEAR, signed(request.side, request.notional), ONE, ONE, rate)
        return [_Settled(request.notional, cash, in_quote(request.kind, cash, None))]
    if request.quantity is None:
        return []
    held = signed(request.side, request.quantity)
    points = [(point.mark_price, point.rate) for point in request.settlements or ()]
    if rate is not None and request.mark_price is not None:
        points = [(request.mark_price, rate)]
    settled = []
    for mark, charged in points:
        cash = payment(kind, held, size, mark, charged)
        in_quotes = in_quote(request.kind, cash, mark)
        if request.kind == "inverse":
            note("payment in quote", "payment * mark_price", in_quotes, {"payment": cash, "mark_price": mark})
        settled.append(_Settled(settle_notional(kind, held, size, mark), cash, in_quotes))
    return settled


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
        annualised=restated(annualised, rate),
        annualised_compounded=restated(compounded, rate),
        notional=settled[0].notional if settled and request.settlements is None else None,
        payments=tuple(item.cash for item in settled),
        payment=cash,
        payment_quote=sum(in_quotes, ZERO) if settled and len(in_quotes) == len(settled) else None,
        payment_per_day=restated(per_day, cash),
    )
