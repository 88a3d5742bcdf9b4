"""``hedge-size``: how many contracts hedge a bag, and the order that gets there."""

from __future__ import annotations

from decimal import Decimal

from core.calculators.fields import Unknown, contract_kind
from core.calculators.hedge_size_fields import BagCoin, HedgeSizeAnswer, HedgeSizeRequest, LineAnswer, OtherHedge
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import explained, note
from core.hedge_targets import TARGETS as OF_A_HEDGE
from core.hedge_targets import Wanted, of_beta, of_coins, of_floor, of_money, of_ratio
from core.hedging import Filters, drift, hedge_ratio, order_to_quantity, quantity_of_delta, target_quantity
from core.pnl import delta, notional
from core.sizing_lines import Line, order_lines, shown

TARGETS = (*OF_A_HEDGE, "target_beta")
_ROUNDED_DIGITS = -45
"""Two quotients that agree in so many digits, of the 50 that they are good to, are the same."""


@exactly
def hedge_size(request: HedgeSizeRequest) -> HedgeSizeAnswer | Unknown:
    """Answer a ``hedge-size`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other("bag_quantity", "bag_value", "bag")
    request.exclude_each_other(*TARGETS)
    if request.given("bag"):
        summed = _summed(request)
        if isinstance(summed, Unknown):
            return summed
        request = summed
    if not request.given("target_floor"):
        request.refuse("without target_floor", "target_floor_price", "hedge_profit")
    missing = _missing(request)
    return Unknown(missing=missing) if missing else _answer(request)


# --- a bag of several coins ---------------------------------------------------------------------------------


def _summed(request: HedgeSizeRequest) -> HedgeSizeRequest | Unknown:
    """The request with the bag as one value and one beta. Raises RequestError for a bag that has neither."""
    request.refuse("beside bag", "beta", "bag_price", "bag_quantity", "bag_value")
    if request.bag is None:
        return Unknown(missing=("bag",))
    gaps: list[tuple[str, ...]] = []
    for index, coin in enumerate(request.bag):
        within = f"bag.{index}."
        coin.exclude_each_other("value", "quantity", within=within)
        gaps.append(coin.lacking("value", "quantity", within=within))
        if coin.quantity is not None:
            gaps.append(coin.lacking("price", why="beside quantity", within=within))
        elif coin.value is not None and coin.given("price"):
            raise RequestError(within + "price", "nothing beside value", "a value")
        gaps.append(coin.lacking("beta", within=within))
    missing = tuple(dict.fromkeys(name for gap in gaps for name in gap))
    if missing:
        return Unknown(missing=missing)
    values = tuple(_value_of(coin) for coin in request.bag)
    betas = tuple(coin.beta or ZERO for coin in request.bag)
    weighted = sum((value * beta for value, beta in zip(values, betas, strict=True)), ZERO)
    if weighted <= 0:
        raise RequestError("bag", "values times betas above zero, which a short hedges", f"{weighted:f}")
    total = sum(values, ZERO)
    beta = weighted / total
    note("bag value", "sum(values)", total, {"values": values}, unit="quote")
    note("beta", "sum(values * betas) / sum(values)", beta, {"values": values, "betas": betas})
    return request.model_copy(update={"bag_value": total, "beta": beta})


def _value_of(coin: BagCoin) -> Decimal:
    if coin.value is not None:
        return coin.value
    quantity, price = coin.quantity or ZERO, coin.price or ZERO
    note(f"value of {coin.name}", "quantity * price", quantity * price, {"quantity": quantity, "price": price})
    return quantity * price


# --- what is needed ------------------------------------------------------------------------------------------


def _missing(request: HedgeSizeRequest) -> tuple[str, ...]:
    gaps = [request.lacking(*TARGETS), request.lacking("bag_quantity", "bag_value")]
    if why := _needs_price(request):
        gaps.append(request.lacking("price", why=why))
    if request.kind == "quanto":
        gaps.append(request.lacking("settle_price", why="for a quanto contract"))
    if request.target_floor is not None:
        gaps.append(request.lacking("target_floor_price", why="beside target_floor"))
        gaps.append(request.lacking("hedge_profit") if request.given("hedge_profit") else ())
    if request.given("bag_price") and request.bag_price is None:
        gaps.append(("bag_price",))
    for index, other in enumerate(request.other_hedges):
        within = f"other_hedges.{index}."
        if other.kind == "inverse" or _by_value(request):
            gaps.append(other.lacking("price", why="to weigh it", within=within))
        if other.kind == "quanto":
            gaps.append(other.lacking("settle_price", why="for a quanto contract", within=within))
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _by_value(request: HedgeSizeRequest) -> bool:
    return request.bag_value is not None or request.bag_price is not None


def _needs_price(request: HedgeSizeRequest) -> str:
    """Why the contract's price is needed; empty where nothing depends on it."""
    if request.kind == "inverse":
        return "for an inverse contract"
    if _by_value(request):
        if request.bag is not None:
            return "beside bag"
        return "beside bag_value" if request.bag_value is not None else "beside bag_price"
    if request.minimum_notional is not None:
        return "beside minimum_notional"
    for target in ("target_money", "target_floor"):
        if getattr(request, target) is not None:
            return f"beside {target}"
    return ""


# --- bag and target ------------------------------------------------------------------------------------------


def _coins(request: HedgeSizeRequest) -> Decimal:
    """The bag in its own coins (of the contract, where only its value is known)."""
    if request.bag_quantity is not None:
        return request.bag_quantity
    value, each = request.bag_value or ZERO, _coin_price(request)
    note("bag quantity", "bag_value / price", value / each, {"bag_value": value, "price": each}, unit="coin")
    return value / each


def _coin_price(request: HedgeSizeRequest) -> Decimal:
    return request.bag_price or request.price or ONE


def _beta_to_contract(request: HedgeSizeRequest) -> Decimal:
    """Move of the bag per move of the contract."""
    if request.contract_beta == ONE:
        return request.beta
    given = {"beta": request.beta, "contract_beta": request.contract_beta}
    found = request.beta / request.contract_beta
    note("beta to the contract", "beta / contract_beta", found, given, source="Hull, Options, Futures, ch. 3")
    return found


def _exposure(request: HedgeSizeRequest, price: Decimal, beta: Decimal) -> Decimal:
    """The bag in coins of a contract at ``price``, which it moves ``beta`` times as much as."""
    if not _by_value(request):
        exposure, given = _coins(request) * beta, {"bag_quantity": _coins(request), "beta": beta}
        note("exposure", "bag_quantity * beta", exposure, given, unit="coin")
        return exposure
    if request.bag_value is not None:
        exposure, given = request.bag_value * beta / price, {"bag_value": request.bag_value}
        formula = "bag_value * beta / price"
    else:
        coins, each = _coins(request), _coin_price(request)
        exposure, given = coins * each * beta / price, {"bag_quantity": coins, "bag_price": each}
        formula = "bag_quantity * bag_price * beta / price"
    note("exposure", formula, exposure, {**given, "beta": beta, "price": price}, unit="coin")
    return exposure


def _exposure_line(request: HedgeSizeRequest, exposure: Decimal) -> Line:
    beta, price = shown(request.beta / request.contract_beta), shown(request.price or ONE)
    if request.bag_value is not None:
        formula = f"value {shown(request.bag_value)} x beta {beta} / price {price}"
    elif request.bag_price is not None:
        formula = f"{shown(_coins(request))} coins x {shown(request.bag_price)} x beta {beta} / price {price}"
    else:
        formula = f"{shown(_coins(request))} coins x beta {beta}"
    return Line("bag in coins of the contract", formula, exposure)


def _wanted(request: HedgeSizeRequest) -> tuple[Wanted, str]:
    """The target as a share of the bag, and how it was reckoned."""
    coins, price = _coins(request), _coin_price(request)
    if request.target_money is not None:
        formula = f"{shown(request.target_money)} / ({shown(coins)} coins x {shown(price)})"
        return of_money(request.target_money, coins, price), formula
    if request.target_coins is not None:
        return of_coins(request.target_coins, coins), f"{shown(request.target_coins)} / {shown(coins)} coins"
    if request.target_floor is not None:
        worst, earned = request.target_floor_price or ZERO, request.hedge_profit or ZERO
        found = of_floor(request.target_floor, worst, coins, price, earned)
        need = f"{shown(request.target_floor)} - ({shown(earned)}) earned - {shown(coins)} x {shown(worst)}"
        formula = (
            f"({need}) / ({shown(price)} - {shown(worst)}) = {shown(found.coins)} of {shown(coins)} coins, not below 0"
        )
        return found, formula
    if request.target_beta is not None:
        return of_beta(
            request.target_beta, request.beta, coins
        ), f"1 - {shown(request.target_beta)} / {shown(request.beta)}"
    if request.target_ratio is None:
        raise RequestError(TARGETS[0], f"one of {', '.join(TARGETS)}", "none")
    return of_ratio(request.target_ratio, coins), "as asked"


def _other_ratio(request: HedgeSizeRequest, other: OtherHedge) -> Decimal:
    price = other.price or ONE
    held = delta(contract_kind(other.kind), other.quantity, other.contract_size, price, other.settle_price)
    return hedge_ratio(held, _exposure(request, price, other.beta))


# --- answer --------------------------------------------------------------------------------------------------


def _answer(request: HedgeSizeRequest) -> HedgeSizeAnswer:
    # Without a price nothing below depends on it: see _needs_price.
    price = ONE if request.price is None else request.price
    kind, size, paid_in = contract_kind(request.kind), request.contract_size, request.settle_price
    exposure, (wanted, how) = _exposure(request, price, _beta_to_contract(request)), _wanted(request)
    others = tuple(_other_ratio(request, other) for other in request.other_hedges)
    elsewhere = sum(others, ZERO)
    note("other ratio", "sum(ratios)", elsewhere, {"ratios": others}, unit="fraction")
    share = _left(wanted.ratio, elsewhere)
    filters = Filters(
        quantity_step=request.quantity_step,
        minimum_quantity=request.minimum_quantity,
        maximum_quantity=request.maximum_quantity,
        minimum_notional=request.minimum_notional,
    )
    if share < 0:
        target = quantity_of_delta(kind, size, -share * exposure, price, paid_in)
    else:
        target = target_quantity(kind, size, exposure, share, price, paid_in)
    held = request.current_quantity
    sizing = order_to_quantity(kind, size, target, held, price, filters, paid_in, long=share < 0)
    after = held + sizing.signed_quantity
    given = {"current_quantity": held, "order": sizing.signed_quantity}
    note("quantity after", "current_quantity + order", after, given, unit="order unit")
    own_before = hedge_ratio(delta(kind, held, size, price, paid_in), exposure)
    own_after = hedge_ratio(delta(kind, after, size, price, paid_in), exposure)
    before_ratio, after_ratio = own_before + elsewhere, own_after + elsewhere
    for name, own, ratio in (("ratio before", own_before, before_ratio), ("ratio after", own_after, after_ratio)):
        note(name, "own + other_ratio", ratio, {"own": own, "other_ratio": elsewhere}, unit="fraction")
    lines = (
        _exposure_line(request, exposure),
        Line("target ratio", how, wanted.ratio),
        *_other_lines(others, wanted.ratio, share),
        Line("target delta", f"{shown(-share)} x {shown(exposure)} coins", -share * exposure),
        *order_lines(kind, size, -share * exposure, target, held, price, filters, sizing, paid_in),
        Line("hedge ratio after", f"target {shown(wanted.ratio)}, before {shown(before_ratio)}", after_ratio),
        *_floor_line(request, after_ratio),
        *_beta_line(request, after_ratio),
    )
    return HedgeSizeAnswer(
        exposure=exposure,
        target_ratio=wanted.ratio,
        other_ratio=elsewhere,
        contract_ratio=share,
        target_delta=-share * exposure,
        target_quantity=target,
        side=sizing.side or None,
        raw_quantity=sizing.raw_quantity,
        quantity=sizing.quantity,
        reduce_only=sizing.reduce_only,
        notional=None if request.price is None else notional(kind, sizing.quantity, size, price, paid_in),
        quantity_after=after,
        ratio_before=before_ratio,
        ratio_after=after_ratio,
        drift_before=drift(before_ratio, wanted.ratio),
        drift_after=drift(after_ratio, wanted.ratio),
        residual_coins=sizing.residual_coins,
        beta_after=None if request.target_beta is None else _beta_after(request.beta, after_ratio),
        note=_note(request, wanted.ratio),
        refusals=sizing.refusals,
        lines=tuple(LineAnswer(name=line.name, formula=line.formula, value=line.value) for line in lines),
    )


def _left(target: Decimal, elsewhere: Decimal) -> Decimal:
    """What others leave of the target. Both are quotients: what differs only by their rounding is nothing."""
    left = target - elsewhere
    if abs(left) <= (abs(target) + abs(elsewhere)).scaleb(_ROUNDED_DIGITS):
        left = ZERO
    given = {"target_ratio": target, "other_ratio": elsewhere}
    if target < 0:
        note("contract ratio", "min(target_ratio - other_ratio, 0)", min(left, ZERO), given, unit="fraction")
        return min(left, ZERO)
    note("contract ratio", "max(target_ratio - other_ratio, 0)", max(left, ZERO), given, unit="fraction")
    return max(left, ZERO)


@explained("beta * (1 - ratio_after)", source="Hull, Options, Futures, ch. 3")
def _beta_after(beta: Decimal, ratio_after: Decimal) -> Decimal:
    return beta * (1 - ratio_after)


def _beta_line(request: HedgeSizeRequest, ratio: Decimal) -> tuple[Line, ...]:
    """The beta of bag and hedge together after the order, which rounding may leave off the one asked for."""
    if request.target_beta is None:
        return ()
    beta = request.beta
    return (Line("beta after", f"{shown(beta)} x (1 - ({shown(ratio)}))", beta * (1 - ratio)),)


def _note(request: HedgeSizeRequest, ratio: Decimal) -> str | None:
    if ratio >= 0:
        return None
    return (
        f"target_beta of {shown(request.target_beta or ZERO)} is above the bag's beta of {shown(request.beta)}: the "
        "position is a long, no hedge. It adds to what a fall of the bag loses, and a fall liquidates it."
    )


def _floor_line(request: HedgeSizeRequest, ratio: Decimal) -> tuple[Line, ...]:
    """What bag and hedge would be worth at the floor price after the order, which rounding may leave short of it."""
    if request.target_floor is None or request.target_floor_price is None or request.hedge_profit is None:
        return ()
    coins, price, worst = _coins(request), _coin_price(request), request.target_floor_price
    earned, hedged = request.hedge_profit, ratio * coins
    gained = f"{shown(hedged)} x ({shown(price)} - {shown(worst)})"
    formula = f"{shown(coins)} x {shown(worst)} + ({shown(earned)}) earned + {gained}"
    worth = coins * worst + earned + hedged * (price - worst)
    given = {
        "bag_quantity": coins,
        "target_floor_price": worst,
        "hedge_profit": earned,
        "ratio_after": ratio,
        "price": price,
    }
    told = "bag_quantity * target_floor_price + hedge_profit"
    told += " + ratio_after * bag_quantity * (price - target_floor_price)"
    note("worth at the floor price", told, worth, given, unit="quote")
    return (Line("worth at the floor price", formula, worth),)


def _other_lines(others: tuple[Decimal, ...], target: Decimal, share: Decimal) -> tuple[Line, ...]:
    if not others:
        return ()
    parts = [Line(f"ratio of other hedge {index + 1}", "-delta / bag", ratio) for index, ratio in enumerate(others)]
    bound = "below" if target >= 0 else "above"
    formula = f"{shown(target)} - {shown(sum(others, ZERO))} of the others, not {bound} 0"
    return (*parts, Line("ratio for this contract", formula, share))
