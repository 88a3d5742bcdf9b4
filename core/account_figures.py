"""What a pool of a margin account answers: its health, where each contract and each coin liquidates it, and whether
the venue agrees.

Amounts are in the pool's currency unless said otherwise; those of a single position are in its settle currency.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from core.account import MarginPool, Position
from core.exact import ZERO, exactly
from core.explain import is_recording, note
from core.figures import Figure, absent, exact, unknown
from core.instruments import Tier
from core.liquidation import distance
from core.liquidation_results import (
    DISPUTED,
    AlwaysLiquidated,
    Liquidation,
    LiquidationPrice,
    NoLiquidation,
    UnknownLiquidation,
)
from core.margin_rules import MarginRatio, RequirementAt, shown_ratio
from core.pnl import held_sign
from core.pool import LegValue, PoolValue
from core.pool_liquidation import Reach, coin_path, contract_path

NOTHING_REQUIRED = "nothing is required: no position"
USED_UP = "equity is zero or less: past liquidation"


class PoolFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A pool's state at present prices.

    ``equity`` = collateral + unrealised profit; ``initial`` is what the venue asks to open, ``available`` = equity −
    initial. ``health`` = equity ÷ requirement and ``usage`` its inverse: 1 is liquidation. ``ratio`` is the one of them
    (or equity ÷ position value) that the venue shows, under its ``ratio_label``; ``worse`` says which way is worse and
    ``liquidates_at`` at what ratio it ends, ``None`` where that is the tier's rate.
    """

    collateral: Figure
    unrealised: Figure
    equity: Figure
    requirement: Figure
    initial: Figure
    available: Figure
    health: Figure
    usage: Figure
    ratio: Figure
    ratio_label: str
    worse: Literal["higher", "lower"]
    liquidates_at: Decimal | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The venue's liquidation price beside ours. ``difference`` is ours − venue's, ``fraction`` its size ÷ mark.

    ``disputed`` is true above :data:`DISPUTED`, and where one side has a price and the other says there is none; then
    difference and fraction are ``None``. ``nearer`` names the one nearer to the mark: the one to act on. One that the
    mark has passed is nearer than any ahead.
    """

    venue: Liquidation
    difference: Decimal | None
    fraction: Decimal | None
    disputed: bool | None
    nearer: Literal["venue", "ours", "equal"] | None


class LegFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One position in its pool, amounts in its settle currency.

    ``liquidation`` is the venue-style price: this contract alone moves, both its legs with it, all else stays at its
    mark. ``bankruptcy`` is where the pool's equity would be used up on the same path. ``distance`` is a fraction of
    mark, positive while safe. ``past`` is true where the pool is below its requirement already; the price is then
    where it would be above it again.
    """

    position: Position
    tier: Tier | None
    value: Figure
    unrealised: Figure
    requirement: Figure
    closing_fee: Figure
    initial: Figure
    liquidation: Liquidation
    bankruptcy: Liquidation
    past: bool
    distance: Decimal | None
    comparison: Comparison | None


class CoinFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Where ``coin`` alone liquidates the pool, from its present ``price`` (quote) upwards and downwards."""

    coin: str
    price: Decimal | None
    above: Liquidation
    below: Liquidation
    past: bool


@exactly
def pool_figures(pool: MarginPool) -> PoolFigures:
    """The state of a pool; whatever cannot be known names what is missing."""
    value, rules = pool.value, pool.rules
    if value is None:
        equity = requirement = initial = collateral = unrealised = unknown(*pool.equity_missing)
    else:
        collateral, unrealised, equity = exact(value.collateral), exact(value.profit), exact(value.equity)
        requirement = unknown(*pool.requirement_missing) if pool.requirement_missing else exact(value.requirement)
        initial = _initial(pool, value)
    unknown_yet = unknown(*pool.past_equity)
    health = usage = ratio = unknown_yet
    if value is not None and not pool.requirement_missing:
        health = exact(value.equity / value.requirement) if value.requirement > 0 else absent(NOTHING_REQUIRED)
        usage = exact(value.requirement / value.equity) if value.equity > 0 else absent(USED_UP)
        positions_value = sum((leg.value * leg.settle_price for leg in value.legs), ZERO)
        shown = shown_ratio(rules, value.equity, value.requirement, positions_value)
        ratio = absent(USED_UP if value.equity <= 0 else NOTHING_REQUIRED) if shown is None else exact(shown)
    return PoolFigures(
        collateral=collateral,
        unrealised=unrealised,
        equity=equity,
        requirement=requirement,
        initial=initial,
        available=_difference(equity, initial),
        health=health,
        usage=usage,
        ratio=ratio,
        ratio_label=rules.ratio_label,
        worse="higher" if rules.worse_is_higher else "lower",
        liquidates_at=None if rules.ratio is MarginRatio.EQUITY_TO_VALUE else Decimal(1),
    )


def _initial(pool: MarginPool, value: PoolValue) -> Figure:
    if pool.initial_missing:
        return unknown(*pool.initial_missing)
    each = tuple(_leg_initial(pool, leg) for leg in value.legs)
    rates = tuple(leg.settle_price for leg in value.legs)
    whole = sum((margin * rate for margin, rate in zip(each, rates, strict=True)), ZERO)
    given = {"initial_margins": each, "settle_prices": rates}
    note("initial margin", "sum(initial_margins * settle_prices)", whole, given, unit="pool")
    return exact(whole)


def _leg_initial(pool: MarginPool, leg: LegValue) -> Decimal:
    """Value at mark or entry ÷ leverage, with the closing fee where the venue holds it as a fixed amount."""
    value = abs(leg.leg.base) if pool.rules.initial_at == "entry" else leg.value
    initial = value / leg.leg.leverage + leg.leg.fixed_fee
    if is_recording():
        given = {"value": value, "leverage": leg.leg.leverage, "fixed_fee": leg.leg.fixed_fee}
        note(
            f"initial margin of {leg.leg.contract.name}", "value / leverage + fixed_fee", initial, given, unit="settle"
        )
    return initial


def _difference(one: Figure, other: Figure) -> Figure:
    if one.value is None or other.value is None:
        return unknown(*dict.fromkeys((*one.missing, *other.missing)))
    return exact(one.value - other.value)


@exactly
def leg_figures(pool: MarginPool, index: int) -> LegFigures:
    """The position at ``index`` of the pool."""
    position, leg = pool.positions[index], pool.legs[index]
    reach, bust = _reach(pool, position), _reach(pool, position, requirement=False)
    long = _net_long(pool, position)
    liquidation = _main(reach, long=long)
    unvalued, unrequired = pool.gaps(position)
    value = unrealised = requirement = fee = initial = unknown(*unvalued)
    tier = None
    if leg is not None:
        tier = None if leg.tier is None or leg.leg.ladder is None else leg.leg.ladder.tier(leg.tier)
        no_fee = tuple(name for name in unrequired if name.endswith((".closing_fee_rate", ".leverage")))
        value, unrealised = exact(leg.value), exact(leg.profit)
        requirement = unknown(*unrequired) if unrequired else exact(leg.requirement)
        fee = unknown(*no_fee) if no_fee else exact(_closing_fee(leg))
        no_initial = tuple(name for name in pool.initial_missing if name.startswith(f"{position.key}."))
        initial = unknown(*no_initial) if no_initial else exact(_leg_initial(pool, leg))
    return LegFigures(
        position=position,
        tier=tier,
        value=value,
        unrealised=unrealised,
        requirement=requirement,
        closing_fee=fee,
        initial=initial,
        liquidation=liquidation,
        bankruptcy=_main(bust, long=long),
        past=reach.past,
        distance=_distance(position, liquidation, long=long),
        comparison=_comparison(position, liquidation, long=long),
    )


def _closing_fee(leg: LegValue) -> Decimal:
    """What the requirement holds for closing: at the price where the requirement is evaluated, or as an amount."""
    at_entry = leg.leg.requirement_at is RequirementAt.AT_ENTRY
    value = abs(leg.leg.base) if at_entry else leg.value
    fee = value * leg.leg.fee_rate + leg.leg.fixed_fee
    given = {"value": value, "closing_fee_rate": leg.leg.fee_rate, "fixed_fee": leg.leg.fixed_fee}
    note("closing fee", "value * closing_fee_rate + fixed_fee", fee, given, unit="settle")
    return fee


def _reach(pool: MarginPool, position: Position, *, requirement: bool = True) -> Reach:
    missing = pool.past_equity if requirement else pool.equity_missing
    if pool.value is None or missing:
        gap = UnknownLiquidation(missing)
        return Reach(gap, gap)
    return contract_path(pool.value, position.contract.name, requirement=requirement)


def _net_long(pool: MarginPool, position: Position) -> bool:
    """Whether a fall of the contract is what hurts: both its legs counted together, as cross does."""
    legs = [item for item in pool.positions if item.contract.name == position.contract.name]
    return sum((held_sign(leg.side) * (leg.quantity or ZERO) for leg in legs), ZERO) > 0


def _main(reach: Reach, *, long: bool) -> Liquidation:
    """The one price a venue shows: on the side that hurts, or, once past it, on the way back."""
    return reach.below if long is not reach.past else reach.above


def _distance(position: Position, liquidation: Liquidation, *, long: bool) -> Decimal | None:
    if not isinstance(liquidation, LiquidationPrice) or position.mark_price is None:
        return None
    return distance(liquidation.price, position.mark_price, "long" if long else "short")


def _comparison(position: Position, ours: Liquidation, *, long: bool) -> Comparison | None:
    venue, mark = position.venue_price, position.mark_price
    if venue is None:
        return None
    difference = fraction = disputed = nearer = None
    if isinstance(venue, LiquidationPrice) and mark is not None:
        if isinstance(ours, LiquidationPrice):
            difference = ours.price - venue.price
            fraction = abs(difference) / mark
            given = {"ours": ours.price, "venue": venue.price}
            note("difference", "ours - venue", difference, given, unit="quote a coin")
            note("fraction", "abs(difference) / mark_price", fraction, {"difference": difference, "mark_price": mark})
            disputed = fraction > DISPUTED
            nearer = _nearer(*(mark - price if long else price - mark for price in (ours.price, venue.price)))
        elif isinstance(ours, NoLiquidation | AlwaysLiquidated):
            disputed = True
            nearer = "venue" if isinstance(ours, NoLiquidation) else "ours"
    return Comparison(venue=venue, difference=difference, fraction=fraction, disputed=disputed, nearer=nearer)


def _nearer(ours: Decimal, venue: Decimal) -> Literal["venue", "ours", "equal"]:
    if ours == venue:
        return "equal"
    return "ours" if ours < venue else "venue"


def coins_of(pool: MarginPool) -> tuple[str, ...]:
    """The coins whose price moves the pool: those its contracts follow, those it is backed by and settled in."""
    found = [position.contract.coin for position in pool.positions]
    others = [position.contract.settle for position in pool.positions]
    if pool.value is not None:
        others += [asset for asset, coins, _ in pool.value.coins if coins]
    return tuple(dict.fromkeys((*found, *(coin for coin in others if coin != pool.currency))))


@exactly
def coin_figures(pool: MarginPool, coin: str, prices: Mapping[str, Decimal]) -> CoinFigures:
    """Where the pool dies when only ``coin`` moves: contracts on it, the coin as collateral and as settle currency."""
    price = prices.get(coin)
    missing = pool.past_equity if price is not None else (*pool.past_equity, f"coin_prices.{coin}")
    if pool.value is None or price is None or missing:
        gap = UnknownLiquidation(missing)
        return CoinFigures(coin=coin, price=price, above=gap, below=gap, past=False)
    reach = coin_path(pool.value, coin, price)
    return CoinFigures(coin=coin, price=price, above=reach.above, below=reach.below, past=reach.past)


class Nearest(msgspec.Struct, frozen=True, kw_only=True):
    """The first pool of the account to die on a coin's way: ``liquidation``, and the name of the pool."""

    liquidation: Liquidation
    pool: str


@exactly
def nearest(
    found: Sequence[tuple[str, CoinFigures]], side: Callable[[CoinFigures], Liquidation], price: Decimal | None
) -> Nearest:
    """Of (pool, where the coin liquidates it), at least one, the first met from ``price``: past and unknown come first.

    A pool that is not known hides what it may do, so nothing further away than it may be called the nearest.
    """

    def rank(item: tuple[str, CoinFigures]) -> tuple[int, Decimal]:
        liquidation = side(item[1])
        if item[1].past:
            return (0, ZERO)
        if isinstance(liquidation, UnknownLiquidation):
            return (1, ZERO)
        if isinstance(liquidation, LiquidationPrice) and price is not None:
            return (2, abs(liquidation.price - price))
        return (3, ZERO)

    pool, first = min(found, key=rank)
    return Nearest(liquidation=side(first), pool=pool)
