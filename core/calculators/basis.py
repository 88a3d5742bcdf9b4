"""``basis``: a contract against spot, per year, rolled into a later one, or as a synthetic dollar."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from core.basis import (
    NotYearly,
    Quoted,
    Roll,
    Yearly,
    at_maturity,
    basis,
    days_to_expiry,
    fair_price,
    implied_rate,
    roll,
    synthetic_dollar,
    yearly,
)
from core.calculators.basis_fields import BasisAnswer, BasisRequest, ContractField, RollField, SyntheticDollarField
from core.calculators.fields import NoValue, Request, Unknown, contract_kind, in_quote, settle_of, signed
from core.errors import RequestError
from core.exact import ONE, exactly
from core.explain import explained, note
from core.instruments import ContractKind

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")


@exactly
def basis_of(request: BasisRequest) -> BasisAnswer | Unknown:
    """Answer a ``basis`` request. Raises RequestError for fields that are lacking or contradict each other."""
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    price, spot, days = _price(request), request.spot_price, _days(request, request, "")
    undefined: dict[str, NoValue | Unknown] = {}
    names = ("annualised", "annualised_log", "annualised_compounded", "implied_rate")
    per_year = _yearly(request, price, days, undefined, *names)
    far_days = None if request.far is None else _days(request.far, request, "far.")
    far_price = None if request.far is None else _middle(request.far)
    far_year = _yearly(request, far_price, far_days, undefined, "far_annualised")
    fair = _fair(request, days)
    return BasisAnswer(
        settle=settle_of(request.kind),
        days=days,
        basis=None if spot is None or price is None else basis(price, spot),
        basis_quote=None if spot is None or price is None else _basis_in_quote(price, spot),
        annualised=None if per_year is None else per_year.simple,
        annualised_log=None if per_year is None else per_year.logarithmic,
        annualised_compounded=None if per_year is None else per_year.compounded,
        earned_by_expiry=_earned(request, price, spot),
        far_basis=None if spot is None or far_price is None else basis(far_price, spot),
        far_annualised=None if far_year is None else far_year.simple,
        maturity_annualised=_maturity(request, per_year, days, far_year, far_days, undefined),
        roll=_roll(request, days, far_days),
        synthetic_dollar=_synthetic(request, price, spot),
        implied_rate=None if per_year is None else _implied(request, price, days),
        fair_price=fair,
        mispricing=None if fair is None or price is None else price - fair,
        undefined=undefined,
    )


def _fair(request: BasisRequest, days: Decimal | None) -> Decimal | None:
    if request.interest_rate is None or request.spot_price is None or days is None:
        return None
    return fair_price(
        request.spot_price,
        days,
        request.interest_rate,
        dividend_yield=request.dividend_yield,
        income=request.income,
        compounding=request.compounding,
        year_days=request.year_days,
    )


def _implied(request: BasisRequest, price: Decimal | None, days: Decimal | None) -> Decimal | None:
    if price is None or request.spot_price is None or days is None:
        return None
    return implied_rate(
        price,
        request.spot_price,
        days,
        dividend_yield=request.dividend_yield,
        income=request.income,
        compounding=request.compounding,
        year_days=request.year_days,
    )


def _price(request: BasisRequest) -> Decimal | None:
    """The contract's price; none where only what it should be is asked for."""
    return None if request.price is None and request.bid_price is None else _middle(request)


# --- what is given -----------------------------------------------------------------------------------------------


def _missing(request: BasisRequest) -> tuple[str, ...]:
    carried = request.given("interest_rate")
    if not carried and not (request.given("spot_price") and _runs_out(request)):
        request.refuse("without interest_rate, or spot_price and days", "dividend_yield", "income", "compounding")
    gaps = [*_contract_gaps(request, request, "", priced=not carried or _needs_a_price(request)), ()]
    if carried:
        gaps += [request.lacking("interest_rate"), request.lacking("spot_price", why="beside interest_rate")]
        gaps.append(request.lacking("days", "years", "expiry", why="beside interest_rate"))
    if request.far is not None:
        gaps += _contract_gaps(request.far, request, "far.")
        gaps.append(request.lacking("days", "years", "expiry", why="beside far"))
        gaps.append(request.far.lacking("days", "years", "expiry", within="far."))
    elif request.given("far") or not request.given("spot_price"):
        gaps.append(("far",) if request.given("far") else request.lacking("spot_price", why="unless there is a far"))
    for name in ("maturity_days", "coins"):
        if getattr(request, name) is not None:
            gaps.append(request.lacking("spot_price", why=f"beside {name}"))
    if request.maturity_days is not None:
        gaps.append(request.lacking("far", why="beside maturity_days"))
    gaps += [(name,) for name in ("spot_price", "quantity", "maturity_days", "coins") if _null(request, name)]
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _runs_out(contract: ContractField) -> bool:
    return any(map(contract.given, ("days", "years", "expiry")))


def _null(request: Request, name: str) -> bool:
    return request.given(name) and getattr(request, name) is None


def _needs_a_price(request: BasisRequest) -> bool:
    """Whether anything but the fair price is asked for."""
    beside = ("price", "bid_price", "ask_price", "far", "maturity_days", "coins", "quantity")
    return any(map(request.given, beside))


def _contract_gaps(
    contract: ContractField, request: BasisRequest, within: str, *, priced: bool = True
) -> list[tuple[str, ...]]:
    contract.exclude_each_other("price", "bid_price", within=within)
    contract.exclude_each_other("days", "years", "expiry", within=within)
    gaps = [contract.lacking("price", "bid_price", within=within) if priced else ()]
    if contract.bid_price is not None:
        contract.refuse("beside bid_price and ask_price", "spread")
        gaps.append(contract.lacking("ask_price", why="beside bid_price", within=within))
    elif contract.ask_price is not None:
        contract.lacking("bid_price", why="beside ask_price", within=within)
    if contract.expiry is not None:
        gaps.append(request.lacking("now", why="beside an expiry"))
    if any(_null(contract, name) for name in ("days", "years", "expiry")):
        gaps.append(contract.lacking("days", "years", "expiry", within=within))
    return gaps


def _middle(contract: ContractField) -> Decimal:
    if contract.bid_price is not None and contract.ask_price is not None:
        middle = (contract.bid_price + contract.ask_price) / 2
        given = {"bid_price": contract.bid_price, "ask_price": contract.ask_price}
        note("price", "(bid_price + ask_price) / 2", middle, given, unit="quote a coin")
        return middle
    assert contract.price is not None
    return contract.price


def _spread(contract: ContractField, within: str) -> Decimal:
    if contract.bid_price is None or contract.ask_price is None:
        return contract.spread
    if contract.ask_price < contract.bid_price:
        raise RequestError(
            f"{within}ask_price", f"no less than the bid of {contract.bid_price}", str(contract.ask_price)
        )
    return contract.ask_price - contract.bid_price


def _days(contract: ContractField, request: BasisRequest, within: str) -> Decimal | None:
    now = request.now
    if contract.expiry is not None and now is not None:
        expiry = contract.expiry
        return _renamed({"expiry": f"{within}expiry"}, lambda moment: days_to_expiry(moment, expiry), now)
    if contract.years is not None:
        days = contract.years * request.year_days
        given = {"years": contract.years, "year_days": request.year_days}
        note("days to expiry", "years * year_days", days, given, unit="days")
        return days
    return contract.days


_NAMES = {"near.spread": "spread", "near.days": "days"}


def _renamed(names: dict[str, str], function: Callable[[_Given], _Found], given: _Given) -> _Found:
    """``function(given)``, with what it refuses under the name that the request has for it."""
    try:
        return function(given)
    except RequestError as error:
        raise RequestError(names.get(error.key, error.key), error.expected, error.found) from None


# --- what comes of it --------------------------------------------------------------------------------------------


def _yearly(
    request: BasisRequest,
    price: Decimal | None,
    days: Decimal | None,
    undefined: dict[str, NoValue | Unknown],
    *names: str,
) -> Yearly | None:
    if price is None or request.spot_price is None or days is None:
        return None
    found = yearly(price, request.spot_price, days, request.year_days)
    if isinstance(found, NotYearly):
        undefined.update(dict.fromkeys(names, NoValue(reason=found.reason)))
        return None
    return found


@explained("price - spot_price", unit="quote a coin")
def _basis_in_quote(price: Decimal, spot_price: Decimal) -> Decimal:
    return price - spot_price


def _earned(request: BasisRequest, price: Decimal | None, spot: Decimal | None) -> Decimal | None:
    if spot is None or price is None or request.quantity is None or request.kind == "quanto":
        return None
    held = signed(request.side, request.quantity)
    earned = -held * request.contract_size * (price - spot) / (price if request.kind == "inverse" else ONE)
    given = {"quantity": held, "contract_size": request.contract_size, "price": price, "spot_price": spot}
    formula = "-quantity * contract_size * (price - spot_price)"
    note("earned by expiry", f"{formula} / price" if request.kind == "inverse" else formula, earned, given)
    return earned


def _maturity(
    request: BasisRequest,
    near: Yearly | None,
    days: Decimal | None,
    far: Yearly | None,
    far_days: Decimal | None,
    undefined: dict[str, NoValue | Unknown],
) -> Decimal | None:
    if request.maturity_days is None or days is None or far_days is None:
        return None
    if near is None or far is None:
        undefined["maturity_annualised"] = NoValue(reason="one of the contracts has less than a day to expiry")
        return None
    return _renamed(
        {"days": "maturity_days", **_NAMES},
        lambda maturity: at_maturity((near.simple, days), (far.simple, far_days), maturity),
        request.maturity_days,
    )


def _roll(request: BasisRequest, days: Decimal | None, far_days: Decimal | None) -> RollField | None:
    if request.far is None or days is None or far_days is None:
        return None
    near = Quoted(price=_middle(request), spread=_spread(request, ""), days=days, fee_rate=request.fee_rate)
    far = Quoted(
        price=_middle(request.far), spread=_spread(request.far, "far."), days=far_days, fee_rate=request.far.fee_rate
    )
    kind = contract_kind(request.kind)
    year, unit = request.year_days, signed(request.side, ONE)
    one = _renamed(_NAMES, lambda held: roll(ContractKind.LINEAR, held, ONE, near, far, year), unit)
    held: Roll | None = None
    if request.quantity is not None:
        held = roll(kind, signed(request.side, request.quantity), request.contract_size, near, far, year)
    in_quotes = None if held is None else in_quote(request.kind, held.net, far.price)
    if held is not None and request.kind == "inverse":
        note("net in quote", "net * far_price", in_quotes, {"net": held.net, "far_price": far.price}, unit="quote")
    return RollField(
        gap=one.gap,
        gain_per_coin=one.gain,
        net_per_coin=one.net,
        yearly=one.yearly,
        gain=None if held is None else held.gain,
        spread_cost=None if held is None else held.spread_cost,
        fees=None if held is None else held.fees,
        net=None if held is None else held.net,
        net_quote=in_quotes,
    )


def _synthetic(request: BasisRequest, price: Decimal | None, spot: Decimal | None) -> SyntheticDollarField | None:
    if request.coins is None or price is None or spot is None:
        return None
    found = synthetic_dollar(request.coins, price, spot)
    return SyntheticDollarField(locked=found.locked, worth=found.worth, earned=found.earned)
