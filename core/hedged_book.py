"""A book as a scenario sees it: spot coins outside accounts, and accounts whose pools are liquidated on their own.

Prices are in one reporting currency (USD; a stablecoin has a price of its own, usually 1). All that moves follows one
driver: when the driver is multiplied by ``x``, an asset is multiplied by ``x ** beta``. Beyond that a :class:`Market`
holds the shifts that come at once and stay: a basis of contracts over their coins, and assets that jump (a
stablecoin that loses its peg).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

import msgspec

from core.errors import RequestError
from core.exact import CONTEXT, ONE, ZERO, exactly, finite, positive
from core.explain import is_recording, note
from core.instruments import ContractKind
from core.pool import Collateral, Leg, LegValue, PoolValue, value_leg, value_pool


class SpotHolding(msgspec.Struct, frozen=True, kw_only=True):
    """Coins outside every account: ``quantity`` in coins, ``price`` in USD per coin."""

    asset: str
    quantity: Decimal
    price: Decimal


class HeldLeg(msgspec.Struct, frozen=True, kw_only=True):
    """A position at its present ``mark_price`` (quote per coin), settled at ``settle_price`` (USD per settle unit).

    ``funding_rate`` is a fraction per ``funding_interval_hours``, positive when longs pay shorts. ``taker_fee_rate``
    is what a trade of it costs, a fraction of its value; it is not part of the requirement.
    """

    leg: Leg
    mark_price: Decimal
    settle_price: Decimal = ONE
    funding_rate: Decimal = ZERO
    funding_interval_hours: int = 8
    taker_fee_rate: Decimal = ZERO


class BookPool(msgspec.Struct, frozen=True, kw_only=True):
    """What is liquidated together: the cross positions of ``account``, or one ``isolated`` position with its margin.

    Collateral prices are USD per coin.
    """

    name: str
    account: str
    collateral: tuple[Collateral, ...] = ()
    legs: tuple[HeldLeg, ...] = ()
    isolated: bool = False


class HedgedBook(msgspec.Struct, frozen=True, kw_only=True):
    """Spot, pools, and the beta of every asset to the driver (1 for the driver itself, 0 for what stands still)."""

    spot: tuple[SpotHolding, ...] = ()
    pools: tuple[BookPool, ...] = ()
    betas: Mapping[str, Decimal]


class Market:
    """Where prices are when the driver has been multiplied by ``x``, for the account named.

    ``basis`` is the relative shift of every contract's mark against its coin; ``jumps`` are multiples of assets that
    come at once and stay, keyed by asset or by ``account/asset`` for a jump on one venue alone.
    """

    __slots__ = ("basis", "betas", "jumps")

    def __init__(
        self, betas: Mapping[str, Decimal], *, basis: Decimal = ZERO, jumps: Mapping[str, Decimal] | None = None
    ) -> None:
        """Raises RequestError for a basis of −1 or less and for a jump that is not above zero."""
        self.betas = betas
        self.basis = positive("basis + 1", ONE + finite("basis", basis))
        self.jumps = {name: positive(f"jumps.{name}", multiple) for name, multiple in (jumps or {}).items()}

    def beta(self, asset: str) -> Decimal:
        """The beta of an asset; RequestError where the book names none: unknown is not zero."""
        found = self.betas.get(asset)
        if found is None:
            raise RequestError(f"betas.{asset}", "a beta to the driver (0 for what stands still)", "none")
        return finite(f"betas.{asset}", found)

    def jump(self, asset: str, account: str = "") -> Decimal:
        """The multiple that comes at once: 1 for an asset without one."""
        return self.jumps.get(f"{account}/{asset}", self.jumps.get(asset, ONE))

    def multiple(self, asset: str, x: Decimal, account: str = "") -> Decimal:
        """Price of the asset as a multiple of its present one."""
        beta, jump = self.beta(asset), self.jump(asset, account)
        multiple = power(x, beta) * jump
        if is_recording():
            note(f"multiple of {asset}", "x ** beta * jump", multiple, {"x": x, "beta": beta, "jump": jump})
        return multiple

    def mark_multiple(self, leg: Leg, x: Decimal, account: str = "") -> Decimal:
        """Mark price of a contract as a multiple of its present one; a linear one is quoted in what it settles in."""
        multiple = self.multiple(leg.contract.coin, x) * self.basis
        if leg.contract.kind is ContractKind.LINEAR:
            return multiple / self.multiple(leg.contract.settle, x, account)
        return multiple


@lru_cache(maxsize=1 << 16)
def power(x: Decimal, beta: Decimal) -> Decimal:
    """``x ** beta`` to the digits of the context; exactly ``x`` for a beta of 1 and 1 for a beta of 0."""
    if beta == 1:
        return x
    if not beta or x == 1:
        return ONE
    return CONTEXT.power(x, beta)


@exactly
def legs_at(pool: BookPool, market: Market, x: Decimal) -> list[LegValue]:
    """The pool's legs at the driver's multiple ``x``; RequestError for a value above a last tier."""
    return [
        value_leg(
            held.leg,
            held.mark_price * market.mark_multiple(held.leg, x, pool.account),
            held.settle_price * market.multiple(held.leg.contract.settle, x, pool.account),
        )
        for held in pool.legs
    ]


@exactly
def collateral_at(pool: BookPool, market: Market, x: Decimal) -> list[Collateral]:
    """The pool's collateral at the driver's multiple ``x``."""
    return [
        msgspec.structs.replace(item, price=item.price * market.multiple(item.asset, x, pool.account))
        for item in pool.collateral
    ]


@exactly
def pool_at(pool: BookPool, market: Market, x: Decimal) -> PoolValue:
    """The pool at the driver's multiple ``x``, in USD; RequestError for a value above a last tier."""
    return value_pool(collateral_at(pool, market, x), legs_at(pool, market, x))


@exactly
def full_collateral(pool: BookPool, market: Market, x: Decimal) -> Decimal:
    """What the pool's coins fetch without any haircut, USD; debts at their amount."""
    coins = collateral_at(pool, market, x)
    whole = sum((item.amount * item.price for item in coins), ZERO)
    if is_recording():
        given = {"amounts": tuple(item.amount for item in coins), "prices": tuple(item.price for item in coins)}
        note(f"coins of {pool.name} without haircut", "sum(amounts * prices)", whole, given, unit="quote")
    return whole


@exactly
def profit_at(pool: BookPool, market: Market, x: Decimal) -> Decimal:
    """Unrealised profit of the pool's legs, USD. Needs no tier, so it is known above the last one too."""
    parts = []
    for held in pool.legs:
        leg, mark = held.leg, held.mark_price * market.mark_multiple(held.leg, x, pool.account)
        change = leg.amount * mark if leg.direct else -leg.amount / mark
        settle = held.settle_price * market.multiple(leg.contract.settle, x, pool.account)
        parts.append((leg.base + change) * settle)
        if is_recording():
            _tell_profit(held, mark, settle, parts[-1])
    total = sum(parts, ZERO)
    if is_recording():
        note(f"profit of {pool.name}", "sum(positions)", total, {"positions": parts}, unit="quote")
    return total


def _tell_profit(held: HeldLeg, mark: Decimal, settle: Decimal, profit: Decimal) -> None:
    """Explain the profit of a position at a mark, in the book's currency."""
    leg = held.leg
    given = {"quantity": leg.quantity, "contract_size": leg.contract.contract_size, "entry_price": leg.entry_price}
    change = "mark_price - entry_price" if leg.direct else "1 / entry_price - 1 / mark_price"
    formula = f"quantity * contract_size * ({change}) * settle_price"
    given |= {"mark_price": mark, "settle_price": settle}
    note(f"profit of {leg.contract.name}", formula, profit, given, unit="quote")


@exactly
def worth(pool: BookPool, market: Market, x: Decimal) -> Decimal:
    """What the pool is worth to its owner, USD: coins without haircut, and unrealised profit."""
    coins, profit = full_collateral(pool, market, x), profit_at(pool, market, x)
    if is_recording():
        given = {"coins": coins, "profit": profit}
        note(f"worth of {pool.name}", "coins + profit", coins + profit, given, unit="quote")
    return coins + profit


@exactly
def spot_worth(book: HedgedBook, market: Market, x: Decimal) -> Decimal:
    """The coins outside accounts at the driver's multiple ``x``, USD."""
    multiples = tuple(market.multiple(item.asset, x) for item in book.spot)
    whole = sum((item.quantity * item.price * by for item, by in zip(book.spot, multiples, strict=True)), ZERO)
    if is_recording():
        given = {
            "quantities": tuple(item.quantity for item in book.spot),
            "prices": tuple(item.price for item in book.spot),
            "multiples": multiples,
        }
        note("worth of the coins outside", "sum(quantities * prices * multiples)", whole, given, unit="quote")
    return whole


@exactly
def exposure(book: HedgedBook, market: Market, x: Decimal, *, spot: bool = True) -> Decimal:
    """What the book gains per +100% of the driver at ``x``, USD: value times beta, summed (beta-dollars).

    Coins, whether outside or posted, count at their worth; a contract at the change of its profit in USD.
    """
    parts = []
    for item in book.spot if spot else ():
        price = item.price * market.multiple(item.asset, x)
        parts.append(_coin_exposure(item.asset, market, item.quantity, price))
    for pool in book.pools:
        parts += [
            _coin_exposure(coin.asset, market, coin.amount, coin.price) for coin in collateral_at(pool, market, x)
        ]
        parts += [_leg_exposure(held, pool.account, market, x) for held in pool.legs]
    total = sum(parts, ZERO)
    note("exposure", "sum(parts)", total, {"parts": parts}, unit="quote per +100%")
    return total


def _coin_exposure(asset: str, market: Market, amount: Decimal, price: Decimal) -> Decimal:
    beta = market.beta(asset)
    if is_recording():
        given = {"beta": beta, "amount": amount, "price": price}
        note(f"exposure of {asset}", "beta * amount * price", beta * amount * price, given, unit="quote per +100%")
    return beta * amount * price


def _leg_exposure(held: HeldLeg, account: str, market: Market, x: Decimal) -> Decimal:
    """d(profit · settle price) / d ln x: the mark's own sensitivity, and that of what the profit is paid in."""
    leg, contract = held.leg, held.leg.contract
    mark = held.mark_price * market.mark_multiple(leg, x, account)
    settle = held.settle_price * market.multiple(contract.settle, x, account)
    settle_beta = market.beta(contract.settle)
    mark_beta = market.beta(contract.coin) - (settle_beta if contract.kind is ContractKind.LINEAR else ZERO)
    change = leg.amount * mark if leg.direct else leg.amount / mark
    profit = leg.base + (change if leg.direct else -change)
    total = (change * mark_beta + profit * settle_beta) * settle
    if is_recording():
        given = {
            "change": change,
            "mark_beta": mark_beta,
            "profit": profit,
            "settle_beta": settle_beta,
            "settle_price": settle,
        }
        formula = "(change * mark_beta + profit * settle_beta) * settle_price"
        note(f"exposure of {contract.name}", formula, total, given, unit="quote per +100%")
    return total


def with_betas(book: HedgedBook, betas: Mapping[str, Decimal]) -> HedgedBook:
    """The same book with other betas."""
    return msgspec.structs.replace(book, betas=betas)


def only_moving(book: HedgedBook, asset: str) -> HedgedBook:
    """The same book with one asset moving and all others standing still; RequestError for one it does not hold."""
    if asset not in book.betas:
        raise RequestError("asset", f"one of {', '.join(book.betas)}", asset)
    return with_betas(book, {name: ONE if name == asset else ZERO for name in book.betas})
