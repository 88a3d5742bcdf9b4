"""``carry``: what a hedge earns or costs while it is held, and when that has paid for it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal, NamedTuple

from core.calculators.carry_fields import (
    CarryAnswer,
    CarryRequest,
    IntervalChangeField,
    MoveField,
    ProjectionField,
    StreakField,
)
from core.calculators.fields import NoValue, Unknown, contract_kind, in_quote, settle_of, signed
from core.carry import (
    Never,
    Projection,
    borrow_interest,
    break_even_days,
    budget_days,
    budget_used,
    interval_change,
    outlook,
    pays_back_at,
    project,
    round_trip_cost,
    streak,
    unit_cash,
)
from core.exact import ONE, ZERO, exactly
from core.explain import note
from core.funding import annualised, compounded, per_8_hours, per_day
from core.instruments import ContractKind

HORIZONS = (24, 7 * 24, 30 * 24)
DAYS_A_MONTH = 30
_PAID: dict[int, Literal["shorts", "longs", "nobody"]] = {1: "shorts", -1: "longs", 0: "nobody"}


class _Position(NamedTuple):
    """``price`` is the mark, or 1 where the position is stated by its value."""

    kind: ContractKind
    quantity: Decimal
    contract_size: Decimal
    price: Decimal
    marked: bool

    def each(self) -> Decimal:
        """Cash of one settlement at a rate of 1."""
        return unit_cash(self.kind, self.quantity, self.contract_size, self.price)


@exactly
def carry(request: CarryRequest) -> CarryAnswer | Unknown:
    """Answer a ``carry`` request. Raises RequestError for fields that are lacking or contradict each other."""
    missing = _missing(request)
    if missing or request.rate is None or request.interval_hours is None:
        return Unknown(missing=missing)
    return _answer(request, _position(request), request.rate, request.interval_hours)


def _missing(request: CarryRequest) -> tuple[str, ...]:
    gaps: list[tuple[str, ...]] = [(name,) for name in ("rate", "interval_hours") if getattr(request, name) is None]
    optional = ("settled_rates", "hours_to_next", "cap", "floor", "spread", "spread_fraction", "budget", "borrow")
    request.exclude_each_other("spread", "spread_fraction")
    if request.given("notional"):
        request.refuse("beside notional", "quantity", "mark_price", "contract_size", "spread")
        gaps += [request.lacking("notional")]
    elif any(request.given(name) for name in ("quantity", "mark_price", "contract_size", "spread")):
        gaps += [request.lacking("quantity", "notional"), request.lacking("mark_price", why="beside quantity")]
    gaps += [(name,) for name in (*optional, "previous_interval_hours", "compounding_hours") if _null(request, name)]
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _null(request: CarryRequest, name: str) -> bool:
    return request.given(name) and getattr(request, name) is None


def _position(request: CarryRequest) -> _Position:
    kind = contract_kind(request.kind)
    if request.quantity is not None and request.mark_price is not None:
        return _Position(kind, signed(request.side, request.quantity), request.contract_size, request.mark_price, True)
    # A position of that many units at a price of 1 is worth just that, whatever its kind.
    value = ONE if request.notional is None else request.notional
    return _Position(kind, signed(request.side, value), ONE, ONE, False)


def _answer(request: CarryRequest, held: _Position, rate: Decimal, hours: int) -> CarryAnswer:
    rates = outlook(rate, request.settled_rates or (rate,), request.cap, request.floor)
    each, stated = held.each(), held.marked or request.notional is not None
    note("notional", "abs(each)", abs(each), {"each": each}, unit="settle")
    given = {"each": each, "rate": rates.following}
    note("next payment", "each * rate", each * rates.following, given, unit="settle")
    given = {"each": each, "rate_assumed": rates.mean}
    note("payment at the rate assumed", "each * rate_assumed", each * rates.mean, given, unit="settle")
    daily = per_day(each * rates.mean, hours)
    undefined: dict[str, NoValue | Unknown] = {}
    cost = _round_trip(request, held)
    ahead = cost - request.funding_received - daily * request.horizon_days
    paid_back = pays_back_at(held.kind, held.quantity, held.contract_size, held.price, ahead)
    if isinstance(paid_back, Never):
        undefined["pays_back_move"] = NoValue(reason=paid_back.reason)

    def quoted(amount: Decimal) -> Decimal | None:
        return in_quote(request.kind, amount, request.mark_price) if stated else None

    return CarryAnswer(
        settle=settle_of(request.kind) if stated else "1 of notional",
        assumption=_assumption(request),
        notional=abs(each),
        rate=rates.following,
        rate_assumed=rates.mean,
        rate_per_8_hours=per_8_hours(rates.mean, hours),
        annualised=annualised(rates.mean, hours, request.year_days),
        annualised_compounded=compounded(rates.mean, hours, request.year_days, request.compounding_hours),
        next_payment=each * rates.following,
        next_payment_quote=quoted(each * rates.following),
        projections=tuple(
            _projection(request, project(each, rates, hours, over, request.hours_to_next), quoted) for over in HORIZONS
        ),
        carry_per_day=daily,
        carry_per_month=daily * DAYS_A_MONTH,
        carry_per_year=daily * request.year_days,
        carry_per_day_quote=quoted(daily),
        carry_per_month_quote=quoted(daily * DAYS_A_MONTH),
        carry_per_year_quote=quoted(daily * request.year_days),
        cost_per_day=-daily,
        round_trip_cost=cost,
        break_even_days=_or_never("break_even_days", break_even_days(cost, daily), undefined),
        break_even_rate=cost / abs(each) * hours / (24 * request.horizon_days),
        net_annualised=(daily * request.horizon_days - cost) / abs(each) * request.year_days / request.horizon_days,
        cost_over_horizon=ahead,
        pays_back_move=None if isinstance(paid_back, Never) else paid_back.move,
        pays_back_price=None if isinstance(paid_back, Never) or not held.marked else paid_back.price,
        budget_used=None if request.budget is None else budget_used(request.funding_received, request.budget),
        budget_left=None if request.budget is None else request.budget + request.funding_received,
        budget_days=_budget_days(request, daily, undefined),
        streak=_streak(request),
        interval_change=_interval_change(request, rates.following, hours),
        borrow_per_day=_interest(request, ONE),
        borrow_over_horizon=_interest(request, request.horizon_days),
        elsewhere=tuple(_moves(request, held, daily)),
        undefined=undefined,
    )


def _assumption(request: CarryRequest) -> str:
    if request.settled_rates is None:
        return "the rate of the next settlement, held"
    return f"the mean of the last {len(request.settled_rates)} settled rates"


def _spread(request: CarryRequest, held: _Position) -> Decimal:
    if request.spread is not None:
        return request.spread
    fraction = request.spread_fraction or ZERO
    given = {"price": held.price, "spread_fraction": fraction}
    note("spread", "price * spread_fraction", held.price * fraction, given, unit="quote a coin")
    return held.price * fraction


def _round_trip(request: CarryRequest, held: _Position) -> Decimal:
    return round_trip_cost(
        held.kind,
        held.quantity,
        held.contract_size,
        held.price,
        request.open_fee_rate,
        request.close_fee_rate,
        _spread(request, held),
    )


def _projection(
    request: CarryRequest, found: Projection, quoted: Callable[[Decimal], Decimal | None]
) -> ProjectionField:
    bounded = request.settled_rates is not None
    return ProjectionField(
        hours=Decimal(found.hours),
        settlements=Decimal(found.settlements),
        expected=found.expected,
        expected_quote=quoted(found.expected),
        low=found.low if bounded else None,
        high=found.high if bounded else None,
    )


def _or_never(name: str, found: Decimal | Never, undefined: dict[str, NoValue | Unknown]) -> Decimal | None:
    if isinstance(found, Never):
        undefined[name] = NoValue(reason=found.reason)
        return None
    return found


def _budget_days(request: CarryRequest, daily: Decimal, undefined: dict[str, NoValue | Unknown]) -> Decimal | None:
    if request.budget is None:
        return None
    return _or_never("budget_days", budget_days(request.funding_received, request.budget, daily), undefined)


def _streak(request: CarryRequest) -> StreakField | None:
    if request.settled_rates is None:
        return None
    found = streak(request.settled_rates)
    return StreakField(pays=_PAID[found.sign], length=Decimal(found.length), flips=Decimal(found.flips))


def _interval_change(request: CarryRequest, rate: Decimal, hours: int) -> IntervalChangeField | None:
    if request.previous_interval_hours is None:
        return None
    found = interval_change(rate, request.previous_interval_hours, hours, request.year_days)
    return IntervalChangeField(
        per_8_hours_before=found.per_8_hours_before,
        per_8_hours_after=found.per_8_hours_after,
        annualised_before=found.annualised_before,
        annualised_after=found.annualised_after,
        equal_rate=found.equal_rate,
    )


def _interest(request: CarryRequest, days: Decimal) -> Decimal | None:
    if request.borrow is None:
        return None
    return borrow_interest(request.borrow.balance, request.borrow.yearly_rate, days, request.year_days)


def _moves(request: CarryRequest, held: _Position, daily: Decimal) -> list[MoveField]:
    each, here, found = held.each(), _spread(request, held), []
    for other in request.elsewhere:
        note("payment there", "each * rate", each * other.rate, {"each": each, "rate": other.rate}, unit="settle")
        there = per_day(each * other.rate, other.interval_hours)
        # Half of each spread: that of the middle one, crossed whole.
        spread = (here + held.price * other.spread_fraction) / 2
        crossed = {"spread_here": here, "price": held.price, "spread_fraction": other.spread_fraction}
        note("spread of both", "(spread_here + price * spread_fraction) / 2", spread, crossed, unit="quote a coin")
        cost = round_trip_cost(
            held.kind,
            held.quantity,
            held.contract_size,
            held.price,
            other.open_fee_rate,
            request.close_fee_rate,
            spread,
        )
        given = {"carry_there": there, "carry_per_day": daily}
        note("gain per day", "carry_there - carry_per_day", there - daily, given, unit="settle")
        gain = (there - daily) * DAYS_A_MONTH
        note("gain per month", "gain_per_day * 30", gain, {"gain_per_day": there - daily}, unit="settle")
        days = break_even_days(cost, there - daily)
        found.append(
            MoveField(
                name=other.name,
                carry_per_day=there,
                gain_per_month=gain,
                cost=cost,
                days_to_repay=None if isinstance(days, Never) else days,
            )
        )
    return found
