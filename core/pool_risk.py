"""A position with all that its lines need, the coins behind it, and a pool of them with the marks of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from core.account import MarginPool
from core.books import Account
from core.explain import is_recording, note
from core.exposure import Exposure
from core.figures import Figure, absent, exact, on, unknown
from core.legs import PositionKey
from core.liquidation_results import AlwaysLiquidated, Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.pool import PoolValue, WeightStep
from core.pool_liquidation import Reach, coin_path
from core.positions import Position
from core.risk import ONE, USED_UP, ZERO, Quotes

NOTHING = exact(ZERO)


class Valued(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One position with everything its lines need."""

    key: PositionKey
    account: Account
    position: Position
    quotes: Quotes
    exposure: Exposure

    @property
    def flat(self) -> bool:
        """True where nothing is known to be held."""
        return self.exposure.quantity.value == ZERO


class CoinBalance(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Coins of an account: their amount, their price in the account's settle currency, and what part of them counts."""

    asset: str
    amount: Figure
    price: Figure
    steps: tuple[WeightStep, ...] = (WeightStep(ZERO, Decimal(1)),)


class PoolRisk(msgspec.Struct, frozen=True, kw_only=True):
    """A pool, or why there is none: ``equity`` and ``requirement`` are its grounds. ``exact`` where every position of
    it is reckoned by rules that give the venue's own price."""

    held: tuple[Valued, ...]
    pool: MarginPool | None
    equity: Figure
    requirement: Figure
    exact: bool
    ends: dict[str, Reach] = msgspec.field(default_factory=dict)

    def end(self, coin: str) -> Reach | None:
        """Where the pool is liquidated when ``coin`` alone moves, as multiples of its price; ``None``: not known."""
        if self.requirement.value is None or self.pool is None or self.pool.value is None:
            return None
        found = self.ends.get(coin)
        if found is None:
            found = self.ends[coin] = coin_path(self.pool.value, coin, ONE)
        return found

    def liquidation(self, function: Callable[[PoolValue], Liquidation], *, estimated: bool) -> Figure:
        """A liquidation price as a figure: absent for a reason, or unknown naming what is missing."""
        if self.requirement.value is None or self.pool is None or self.pool.value is None:
            return unknown(*self.requirement.missing)
        return as_figure(function(self.pool.value), self.requirement, estimated=estimated)


def as_figure(found: Liquidation, ground: Figure, *, estimated: bool) -> Figure:
    """A liquidation price with the marks of what it rests on."""
    match found:
        case LiquidationPrice(price=price):
            return on(ground, price, estimated=estimated)
        case UnknownLiquidation(missing=missing):
            return unknown(*missing)
        case NoLiquidation(reason=reason):
            return absent(reason, ground)
        case AlwaysLiquidated():
            return absent(USED_UP, ground)


def priced(multiple: Liquidation, price: Decimal) -> Liquidation:
    """A liquidation that is a multiple of a price, as that price."""
    if not isinstance(multiple, LiquidationPrice):
        return multiple
    found = multiple.price * price
    if is_recording():
        given = {"multiple": multiple.price, "price_now": price}
        note("liquidation price from its multiple", "multiple * price_now", found, given, unit="quote a coin")
    return LiquidationPrice(found, multiple.tier)


def own_margin(position: Position, quantity: Figure) -> Figure:
    """The margin of an isolated position, settle currency, without unrealised profit."""
    if quantity.value is None:
        return unknown(*quantity.missing)
    if not quantity.value:
        return NOTHING
    if position.margin is None:
        return unknown(f"isolated margin of {position.instrument}")
    return Figure(value=position.margin, estimated=position.margin_estimated)


def backing_inputs(coin: CoinBalance) -> Iterable[Figure]:
    """What the worth of coins rests on: none needs no price."""
    return (coin.amount,) if coin.amount.value == ZERO else (coin.amount, coin.price)


def tiers_known(item: Valued) -> Figure:
    """Whether the tiers of a position are known, and how old they are; an exchange that sets its margin has none."""
    instrument = item.quotes.instrument
    return (
        NOTHING
        if instrument is not None and instrument.maintenance_per_contract is not None
        else (item.quotes.tiers_known)
    )


def _coin(item: Valued) -> str:
    return item.quotes.instrument.base if item.quotes.instrument is not None else ""


def by_contract(pool: PoolRisk) -> Iterable[list[Valued]]:
    """The positions of a pool, both legs of hedge mode together."""
    found: dict[str, list[Valued]] = {}
    for item in pool.held:
        found.setdefault(item.position.instrument, []).append(item)
    return found.values()


def with_others_on_their_coin(pool: PoolRisk) -> list[Valued]:
    """The positions of a pool beside which another contract follows the same coin."""
    contracts: dict[str, set[str]] = {}
    for item in pool.held:
        contracts.setdefault(_coin(item), set()).add(item.position.instrument)
    return [item for item in pool.held if len(contracts[_coin(item)]) > 1]


def losing_side(reach: Reach, *, short: bool) -> Liquidation:
    """The end on the side where a position loses; of a pool that is past it, the way back."""
    return reach.above if short is not reach.past else reach.below
