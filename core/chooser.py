"""One hedge on several contracts: what each needs, earns or costs, and where it would be liquidated.

A candidate is a short opened now at its mark price, backed by its own collateral. Money is in quote, + received. Carry
is what the present funding rate, or the present basis of a dated contract, would pay if it stayed; funding moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from core import choice_figures as sums
from core import funding, hedging
from core.account import Balance, MarginPool, Position, build_pools
from core.account_figures import coin_figures, leg_figures
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly, not_negative, positive
from core.explain import note
from core.figures import Figure, absent, derive, exact, unknown
from core.instruments import ContractKind, Tier
from core.liquidation_results import AlwaysLiquidated, Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.margin_rules import Backing, MarginRules
from core.pnl import delta, settle_notional
from core.pool import Contract, Ladder, WeightStep


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be hedged: ``ratio`` of ``coins`` (the bag times its beta), held for ``horizon_days``.

    ``spot_price`` in quote per coin is needed for dated contracts only, whose carry is their basis.
    """

    coins: Decimal
    ratio: Decimal
    horizon_days: Decimal
    spot_price: Decimal | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One contract at one venue. Rates are fractions of value; ``half_spread`` is paid at each crossing of the book.

    ``funding_rate`` per ``funding_interval_hours``, or ``days_to_expiry`` of a dated contract. Margin is ``leverage``
    at the mark price, or the ``collateral`` offered, in coins of ``collateral_asset`` (the settle currency or the
    contract's coin), which counts at ``collateral_ratio``. What is ``None`` is not known.
    """

    key: str
    label: str
    contract: Contract
    rules: MarginRules
    mark_price: Decimal | None
    ladder: Ladder | None
    filters: hedging.Filters = hedging.Filters()
    funding_rate: Decimal | None = None
    funding_interval_hours: int | None = None
    dated: bool = False
    days_to_expiry: Decimal | None = None
    taker_fee_rate: Decimal | None = None
    settlement_fee_rate: Decimal | None = None
    half_spread: Decimal | None = None
    leverage: Decimal | None = None
    collateral: Decimal | None = None
    collateral_asset: str
    collateral_ratio: Decimal = ONE


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate, reckoned.

    ``quantity`` unsigned in the order unit, rounded so as never to hedge more than asked; ``residual_coins`` is what
    stays unhedged. ``collateral`` is in ``collateral_asset``: what was offered, or what the leverage asks for.
    ``round_trip`` are the fees and half spreads to open and to close. ``net`` = carry over the horizon − round trip.
    ``break_even_days`` is how long the carry takes to earn the round trip, ``break_even_fall`` the fall of the price
    (a fraction) that pays for the hedge over the horizon. ``liquidation`` is on a rise of the coin, collateral with it.
    """

    candidate: Candidate
    quantity: Decimal | None
    hedged_coins: Figure
    ratio: Figure
    residual_coins: Figure
    value: Figure
    initial_margin: Figure
    collateral: Figure
    collateral_value: Figure
    effective_leverage: Figure
    carry_per_day: Figure
    carry_horizon: Figure
    open_cost: Figure
    close_cost: Figure
    round_trip: Figure
    net: Figure
    break_even_days: Figure
    break_even_fall: Figure
    liquidation: Liquidation
    distance: Decimal | None
    tier: Tier | None
    refusals: tuple[str, ...]
    flags: tuple[str, ...]


@exactly
def choose(need: Need, candidates: Sequence[Candidate]) -> tuple[Choice, ...]:
    """All candidates, best first: by carry net of fees over the horizon, then those whose net is not known, then those
    that cannot be ordered; in the order given where equal. Raises RequestError for impossible inputs."""
    not_negative("horizon_days", need.horizon_days)
    choices = [_choice(need, candidate) for candidate in candidates]

    def rank(choice: Choice) -> tuple[int, Decimal]:
        if choice.refusals:
            return (2, ZERO)
        return (1, ZERO) if choice.net.value is None else (0, -choice.net.value)

    return tuple(sorted(choices, key=rank))


def _choice(need: Need, candidate: Candidate) -> Choice:
    contract, mark = candidate.contract, candidate.mark_price
    if mark is None:
        return _unpriced(candidate, unknown(f"{candidate.key}.mark_price"))
    kind, size = contract.kind, contract.contract_size
    wanted = hedging.target_quantity(kind, size, need.coins, need.ratio, mark)
    sizing = hedging.order_to_quantity(kind, size, wanted, ZERO, mark, candidate.filters)
    if not sizing.quantity:
        return _unpriced(candidate, absent(sizing.refusals[0]), refusals=sizing.refusals)
    hedged = delta(kind, sizing.quantity, size, mark)
    value = hedged * mark
    note("value", "hedged_coins * mark_price", value, {"hedged_coins": hedged, "mark_price": mark}, unit="quote")
    note("residual coins", "abs(delta)", abs(sizing.residual_coins), {"delta": sizing.residual_coins}, unit="coin")
    margin = _Margin(candidate, settle_notional(kind, sizing.quantity, size, mark), mark)
    carry, horizon = _carry(need, candidate, sizing.quantity, mark)
    opening, closing = _costs(need, candidate, value)
    round_trip = derive(Decimal.__add__, opening, closing)
    net = derive(Decimal.__sub__, horizon, round_trip)
    pool = _pool(candidate, sizing.quantity, mark, margin)
    liquidation = _liquidation(pool, candidate, mark)
    distance = None
    if isinstance(liquidation, LiquidationPrice):
        distance = liquidation.price / mark - ONE
        given = {"liquidation_price": liquidation.price, "mark_price": mark}
        note("distance", "liquidation_price / mark_price - 1", distance, given, unit="fraction")
    return Choice(
        candidate=candidate,
        quantity=sizing.quantity,
        hedged_coins=exact(hedged),
        ratio=exact(hedging.hedge_ratio(-hedged, need.coins)),
        residual_coins=exact(abs(sizing.residual_coins)),
        value=exact(value),
        initial_margin=margin.initial,
        collateral=margin.collateral,
        collateral_value=margin.worth,
        effective_leverage=margin.effective_leverage,
        carry_per_day=carry,
        carry_horizon=horizon,
        open_cost=opening,
        close_cost=closing,
        round_trip=round_trip,
        net=net,
        break_even_days=_break_even_days(carry, round_trip),
        break_even_fall=_break_even_fall(net, value),
        liquidation=liquidation,
        distance=distance,
        tier=leg_figures(pool, 0).tier,
        refusals=sizing.refusals,
        flags=_flags(need, candidate, margin, carry, liquidation, sizing.residual_coins),
    )


def _unpriced(candidate: Candidate, why: Figure, refusals: tuple[str, ...] = ()) -> Choice:
    """A candidate that opens nothing, or whose mark price is not known: no figure of it has a value."""
    names = [
        name
        for name in Choice.__struct_fields__
        if name not in ("candidate", "quantity", "liquidation", "distance", "tier", "refusals", "flags")
    ]
    liquidation = UnknownLiquidation(why.missing) if why.missing else NoLiquidation("no position")
    return Choice(
        candidate=candidate,
        quantity=None if why.missing else ZERO,
        liquidation=liquidation,
        distance=None,
        tier=None,
        refusals=refusals,
        flags=(),
        **dict.fromkeys(names, why),
    )


class _Margin:
    """What backs a candidate: stated, or what its leverage asks for. ``value`` in the settle currency."""

    def __init__(self, candidate: Candidate, value: Decimal, mark: Decimal) -> None:
        ratio = candidate.collateral_ratio
        if not 0 < ratio <= 1:
            raise RequestError("collateral_ratio", "a fraction above 0, at most 1", str(ratio))
        in_settle = candidate.collateral_asset == candidate.contract.settle
        # One coin of collateral counts for so much of the settle currency, and is worth so much of the quote.
        counts = ratio if in_settle else ratio * mark
        quote = ONE if candidate.contract.kind is ContractKind.LINEAR and in_settle else mark
        leverage = None if candidate.leverage is None else positive("leverage", candidate.leverage)
        lacking = unknown(f"{candidate.key}.leverage")
        self.initial = lacking if leverage is None else exact(sums.initial_margin(value, leverage))
        if candidate.collateral is not None:
            self.collateral = exact(positive("collateral", candidate.collateral))
        else:
            self.collateral = lacking if leverage is None else exact(sums.collateral_needed(value, leverage, counts))
        amount = self.collateral.value
        self.worth = lacking if amount is None else exact(sums.collateral_value(amount, quote))
        self.effective_leverage = lacking if amount is None else exact(sums.effective_leverage(value, amount, counts))
        counted = ZERO if candidate.collateral is None else candidate.collateral * counts
        self.falls_short = counted > 0 and leverage is not None and counted * leverage < value


def _carry(need: Need, candidate: Candidate, quantity: Decimal, mark: Decimal) -> tuple[Figure, Figure]:
    """Carry per day and over the horizon (a dated contract's ends with it), in quote."""
    contract, key = candidate.contract, candidate.key
    if candidate.dated:
        gaps = [] if need.spot_price is not None else ["spot_price"]
        gaps += [] if candidate.days_to_expiry is not None else [f"{key}.days_to_expiry"]
        if need.spot_price is None or candidate.days_to_expiry is None:
            return unknown(*gaps), unknown(*gaps)
        days = positive("days_to_expiry", candidate.days_to_expiry)
        coins = delta(contract.kind, quantity, contract.contract_size, mark)
        basis = coins * (mark - positive("spot_price", need.spot_price))
        given = {"coins": coins, "mark_price": mark, "spot_price": need.spot_price, "days_to_expiry": days}
        formula = "coins * (mark_price - spot_price) / days_to_expiry"
        a_day, whole = basis / days, basis * min(days, need.horizon_days) / days
        note("carry per day", formula, a_day, given, unit="quote")
        given["horizon_days"] = need.horizon_days
        note("carry over horizon", f"{formula} * min(days_to_expiry, horizon_days)", whole, given, unit="quote")
        return exact(a_day), exact(whole)
    if candidate.funding_rate is None or candidate.funding_interval_hours is None:
        names = ("funding_rate", "funding_interval_hours")
        lacking = unknown(*(f"{key}.{name}" for name in names if getattr(candidate, name) is None))
        return lacking, lacking
    paid = funding.payment(contract.kind, -quantity, contract.contract_size, mark, candidate.funding_rate)
    in_quote = paid
    if contract.kind is ContractKind.INVERSE:
        in_quote = paid * mark
        note("payment in quote", "payment * mark_price", in_quote, {"payment": paid, "mark_price": mark}, unit="quote")
    a_day = funding.per_day(in_quote, candidate.funding_interval_hours)
    given = {"carry_per_day": a_day, "horizon_days": need.horizon_days}
    note("carry over horizon", "carry_per_day * horizon_days", a_day * need.horizon_days, given, unit="quote")
    return exact(a_day), exact(a_day * need.horizon_days)


def _costs(need: Need, candidate: Candidate, value: Decimal) -> tuple[Figure, Figure]:
    """To open and to close, in quote, + paid; a contract that expires within the horizon settles instead."""
    fee = _rate(candidate, "taker_fee_rate")
    spread = _rate(candidate, "half_spread")
    crossing = derive(lambda one, other: sums.cost_of_crossing(one, other, value), fee, spread)
    days = candidate.days_to_expiry
    if not candidate.dated or days is None or days > need.horizon_days:
        return crossing, crossing
    settling = fee if candidate.settlement_fee_rate is None else exact(candidate.settlement_fee_rate)
    return crossing, derive(lambda rate: sums.cost_of_settling(rate, value), settling)


def _rate(candidate: Candidate, name: str) -> Figure:
    found: Decimal | None = getattr(candidate, name)
    return unknown(f"{candidate.key}.{name}") if found is None else exact(found)


def _break_even_days(carry: Figure, round_trip: Figure) -> Figure:
    if carry.value is None or round_trip.value is None:
        return unknown(*dict.fromkeys((*carry.missing, *round_trip.missing)))
    if round_trip.value <= 0:
        note("break even days", "max(round_trip, 0)", ZERO, {"round_trip": round_trip.value}, unit="days")
        return exact(ZERO)
    if carry.value <= 0:
        return absent("it earns nothing: carry is paid, or zero")
    days = round_trip.value / carry.value
    given = {"round_trip": round_trip.value, "carry_per_day": carry.value}
    note("break even days", "round_trip / carry_per_day", days, given, unit="days")
    return exact(days)


def _break_even_fall(net: Figure, value: Decimal) -> Figure:
    if net.value is None:
        return unknown(*net.missing)
    if net.value >= 0:
        return absent("carry pays for the hedge")
    fall = -net.value / value
    note("break even fall", "-net / value", fall, {"net": net.value, "value": value}, unit="fraction")
    return exact(fall)


def _pool(candidate: Candidate, quantity: Decimal, mark: Decimal, margin: _Margin) -> MarginPool:
    contract = candidate.contract
    position = Position(
        key=candidate.key,
        contract=contract,
        side="short",
        quantity=quantity,
        entry_price=mark,
        mark_price=mark,
        ladder=candidate.ladder,
        leverage=margin.effective_leverage.value if candidate.leverage is None else candidate.leverage,
        taker_fee_rate=candidate.taker_fee_rate,
    )
    backing = Balance(
        key=candidate.key,
        amount_key=f"{candidate.key}.collateral",
        asset=candidate.collateral_asset,
        amount=margin.collateral.value,
        steps=(WeightStep(ZERO, candidate.collateral_ratio),),
    )
    quote = contract.settle if contract.kind is ContractKind.LINEAR else "quote"
    rules = {contract.kind: candidate.rules}
    return build_pools([position], [backing], rules, {contract.coin: mark}, quote=quote, backing=Backing.ALL_COINS)[0]


def _liquidation(pool: MarginPool, candidate: Candidate, mark: Decimal) -> Liquidation:
    """On a rise of the coin, which is what a short fears; its collateral in the coin rises with it."""
    coin = candidate.contract.coin
    found = coin_figures(pool, coin, {coin: mark})
    if found.past:
        return AlwaysLiquidated("the collateral does not cover the requirement from the start")
    return found.above


def _flags(
    need: Need,
    candidate: Candidate,
    margin: _Margin,
    carry: Figure,
    liquidation: Liquidation,
    residual: Decimal,
) -> tuple[str, ...]:
    """What to know before choosing, in words."""
    found = []
    if isinstance(liquidation, NoLiquidation):
        found.append("cannot be liquidated by a rise")
    if isinstance(liquidation, AlwaysLiquidated):
        found.append("liquidated as soon as it is opened")
    if margin.falls_short:
        found.append("the collateral offered is below the initial margin")
    if candidate.collateral_asset == candidate.contract.coin:
        found.append("coin lies at the venue")
    if candidate.collateral_ratio < 1:
        found.append("collateral counts at a haircut")
    if candidate.contract.kind is ContractKind.INVERSE:
        found.append("fixed in quote: the coins hedged become fewer as the price rises")
    if carry.value is not None and carry.value < 0:
        found.append("the hedge pays carry")
    if candidate.dated and candidate.days_to_expiry is not None and candidate.days_to_expiry < need.horizon_days:
        found.append("expires before the horizon: what follows is not counted")
    if residual:
        found.append("rounded down to the quantity step: a rest stays unhedged")
    return tuple(found)
