"""``basis``: a contract against spot, per year, rolled into a later one, or as a synthetic dollar."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal, TypeVar

from pydantic import ConfigDict, Field

from core.basis import (
    NotYearly,
    Quoted,
    Roll,
    Yearly,
    at_maturity,
    basis,
    days_to_expiry,
    roll,
    synthetic_dollar,
    yearly,
)
from core.calculators.fields import (
    QUANTITY_HELP,
    Answer,
    ContractSizeField,
    Exact,
    FeeRate,
    Instant,
    Kind,
    NotNegative,
    NoValue,
    Positive,
    Request,
    Side,
    Undefined,
    Unknown,
    contract_kind,
    in_quote,
    settle_of,
    signed,
)
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import explained, note
from core.instruments import ContractKind

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")
EXPIRY_HELP = "Instant of expiry with its time zone (crypto venues: 08:00 UTC), instead of days; needs now."


class ContractField(Request):
    """A contract as it trades: its price (or bid and ask) and how long it runs (days, or expiry)."""

    price: Positive | None = Field(default=None, description="Middle or mark price, quote per coin.")
    bid_price: Positive | None = Field(default=None, description="With ask_price instead of price and spread.")
    ask_price: Positive | None = Field(default=None, description="With bid_price instead of price and spread.")
    spread: NotNegative = Field(default=ZERO, description="From bid to ask, quote per coin; half is paid each way.")
    days: Positive | None = Field(default=None, description="Days to expiry; may have a fraction.")
    expiry: Instant | None = Field(default=None, description=EXPIRY_HELP)
    fee_rate: FeeRate = Field(default=ZERO, description="Fee of a fill, a fraction of its notional.")


class BasisRequest(ContractField):
    """A contract against spot. For a perpetual leave out days and expiry.

    Add far for a roll or a constant maturity, coins for a synthetic dollar, side and quantity for amounts.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "spot_price": "60000",
                    "price": "61200",
                    "now": "2026-01-26T08:00:00Z",
                    "expiry": "2026-03-27T08:00:00Z",
                },
                {
                    "bid_price": "60190",
                    "ask_price": "60210",
                    "days": "10",
                    "fee_rate": "0.0005",
                    "far": {"bid_price": "61180", "ask_price": "61220", "days": "101", "fee_rate": "0.0005"},
                    "spot_price": "60000",
                    "side": "short",
                    "quantity": "2.5",
                    "maturity_days": "30",
                },
            ]
        }
    )

    spot_price: Positive | None = Field(
        default=None, description="Spot or index price of the coin, quote per coin. May be left out for a roll only."
    )
    now: Instant | None = Field(default=None, description="The present instant with its time zone, beside an expiry.")
    far: ContractField | None = Field(default=None, description="A later contract of the same kind and size.")
    maturity_days: Positive | None = Field(
        default=None, description="Days of a constant maturity between the two contracts; needs far and spot_price."
    )
    kind: Kind = Field(
        default="linear", description="linear, inverse (coin-margined) or quanto: decides in what a roll is paid."
    )
    side: Side = Field(default="short", description="Side of the position held in the contract.")
    quantity: Positive | None = Field(default=None, description=QUANTITY_HELP)
    contract_size: ContractSizeField = ONE
    coins: Positive | None = Field(
        default=None,
        description="Coins put up as the whole margin of a coin-margined short: asks for synthetic_dollar.",
    )


class RollField(Answer):
    """Leaving the contract for the far one, per coin in quote and for the quantity in the settle currency."""

    gap: Exact = Field(description="far price - price, quote per coin: what a short receives before costs.")
    gain_per_coin: Exact = Field(description="Before costs, quote per coin; + received (a long: minus the gap).")
    net_per_coin: Exact = Field(description="After two fees and two half-spreads, quote per coin.")
    yearly: Exact = Field(
        description="ln(far / near) * 365 / (far days - days): what a short earns a year, before costs."
    )
    gain: Exact | None = Field(description="For the quantity, settle currency; null without one.")
    spread_cost: Exact | None = Field(description="Two half-spreads, + paid.")
    fees: Exact | None = Field(description="Fees of both fills, + paid.")
    net: Exact | None = Field(description="gain - spread_cost - fees.")
    net_quote: Exact | None = Field(description="net in quote, at the far price; null for quanto.")


class SyntheticDollarField(Answer):
    """Coins hedged whole by a coin-margined short held to expiry."""

    locked: Exact = Field(description="coins * price: quote to sell, and what it is worth at expiry at any price.")
    worth: Exact = Field(description="Worth now at spot.")
    earned: Exact = Field(description="locked / worth - 1, a fraction over the days left.")


class BasisAnswer(Answer):
    """Rates are fractions of spot; positive is a contract above spot, which a short earns by expiry."""

    status: Literal["ok"] = "ok"
    settle: str
    days: Exact | None = Field(description="Days to expiry, with their fraction; null for a perpetual.")
    basis: Exact | None = Field(description="price / spot_price - 1.")
    basis_quote: Exact | None = Field(description="price - spot_price, quote per coin.")
    annualised: Exact | None = Field(description="Simple: basis * 365 / days.")
    annualised_log: Exact | None = Field(description="ln(price / spot_price) * 365 / days.")
    annualised_compounded: Exact | None = Field(description="(price / spot_price) ^ (365 / days) - 1.")
    earned_by_expiry: Exact | None = Field(
        description="What the position earns against its own coins by expiry, in quote: + earned. Linear: quantity * "
        "(price - spot); inverse: its dollars * (1 - spot / price); the opposite for a long. Null for quanto."
    )
    far_basis: Exact | None = Field(description="The far contract's basis.")
    far_annualised: Exact | None = Field(description="The far contract's, simple.")
    maturity_annualised: Exact | None = Field(
        description="At maturity_days, linear in days between the simple yearly figures of the two contracts."
    )
    roll: RollField | None
    synthetic_dollar: SyntheticDollarField | None
    undefined: Undefined


@exactly
def basis_of(request: BasisRequest) -> BasisAnswer | Unknown:
    """Answer a ``basis`` request. Raises RequestError for fields that are lacking or contradict each other."""
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    price, spot, days = _middle(request), request.spot_price, _days(request, request.now, "")
    undefined: dict[str, NoValue | Unknown] = {}
    per_year = _yearly(price, spot, days, undefined, "annualised", "annualised_log", "annualised_compounded")
    far_days = None if request.far is None else _days(request.far, request.now, "far.")
    far_price = None if request.far is None else _middle(request.far)
    far_year = _yearly(far_price, spot, far_days, undefined, "far_annualised")
    return BasisAnswer(
        settle=settle_of(request.kind),
        days=days,
        basis=None if spot is None else basis(price, spot),
        basis_quote=None if spot is None else _basis_in_quote(price, spot),
        annualised=None if per_year is None else per_year.simple,
        annualised_log=None if per_year is None else per_year.logarithmic,
        annualised_compounded=None if per_year is None else per_year.compounded,
        earned_by_expiry=_earned(request, price, spot),
        far_basis=None if spot is None or far_price is None else basis(far_price, spot),
        far_annualised=None if far_year is None else far_year.simple,
        maturity_annualised=_maturity(request, per_year, days, far_year, far_days, undefined),
        roll=_roll(request, days, far_days),
        synthetic_dollar=_synthetic(request, price, spot),
        undefined=undefined,
    )


# --- what is given -----------------------------------------------------------------------------------------------


def _missing(request: BasisRequest) -> tuple[str, ...]:
    gaps = [*_contract_gaps(request, request, ""), ()]
    if request.far is not None:
        gaps += _contract_gaps(request.far, request, "far.")
        gaps.append(request.lacking("days", "expiry", why="beside far"))
        gaps.append(request.far.lacking("days", "expiry", within="far."))
    elif request.given("far") or not request.given("spot_price"):
        gaps.append(("far",) if request.given("far") else request.lacking("spot_price", why="unless there is a far"))
    for name in ("maturity_days", "coins"):
        if getattr(request, name) is not None:
            gaps.append(request.lacking("spot_price", why=f"beside {name}"))
    if request.maturity_days is not None:
        gaps.append(request.lacking("far", why="beside maturity_days"))
    gaps += [(name,) for name in ("spot_price", "quantity", "maturity_days", "coins") if _null(request, name)]
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _null(request: Request, name: str) -> bool:
    return request.given(name) and getattr(request, name) is None


def _contract_gaps(contract: ContractField, request: BasisRequest, within: str) -> list[tuple[str, ...]]:
    contract.exclude_each_other("price", "bid_price", within=within)
    contract.exclude_each_other("days", "expiry", within=within)
    gaps = [contract.lacking("price", "bid_price", within=within)]
    if contract.bid_price is not None:
        contract.refuse("beside bid_price and ask_price", "spread")
        gaps.append(contract.lacking("ask_price", why="beside bid_price", within=within))
    elif contract.ask_price is not None:
        contract.lacking("bid_price", why="beside ask_price", within=within)
    if contract.expiry is not None:
        gaps.append(request.lacking("now", why="beside an expiry"))
    if _null(contract, "days") or _null(contract, "expiry"):
        gaps.append(contract.lacking("days", "expiry", within=within))
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


def _days(contract: ContractField, now: int | None, within: str) -> Decimal | None:
    if contract.expiry is not None and now is not None:
        expiry = contract.expiry
        return _renamed({"expiry": f"{within}expiry"}, lambda moment: days_to_expiry(moment, expiry), now)
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
    price: Decimal | None,
    spot: Decimal | None,
    days: Decimal | None,
    undefined: dict[str, NoValue | Unknown],
    *names: str,
) -> Yearly | None:
    if price is None or spot is None or days is None:
        return None
    found = yearly(price, spot, days)
    if isinstance(found, NotYearly):
        undefined.update(dict.fromkeys(names, NoValue(reason=found.reason)))
        return None
    return found


@explained("price - spot_price", unit="quote a coin")
def _basis_in_quote(price: Decimal, spot_price: Decimal) -> Decimal:
    return price - spot_price


def _earned(request: BasisRequest, price: Decimal, spot: Decimal | None) -> Decimal | None:
    if spot is None or request.quantity is None or request.kind == "quanto":
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
    one = _renamed(_NAMES, lambda held: roll(ContractKind.LINEAR, held, ONE, near, far), signed(request.side, ONE))
    held: Roll | None = None
    if request.quantity is not None:
        held = roll(kind, signed(request.side, request.quantity), request.contract_size, near, far)
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


def _synthetic(request: BasisRequest, price: Decimal, spot: Decimal | None) -> SyntheticDollarField | None:
    if request.coins is None or spot is None:
        return None
    found = synthetic_dollar(request.coins, price, spot)
    return SyntheticDollarField(locked=found.locked, worth=found.worth, earned=found.earned)
