"""A margin account as its venue keeps it: which positions and coins share a pool, and what each pool lacks to be known.

Isolated positions have a pool each. The cross positions share one for each settle currency, backed by that currency
alone, or one for all, backed by every coin of the account at its collateral value. A pool in coins is valued in quote
where the coin's price is known: the coin is then collateral that moves with itself.

Amounts and prices may be ``None``: not known, never zero. What then cannot be answered names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from core.account_leg import fee_is_initial, leg_of, value_at_bankruptcy, valued_leg
from core.books import MarginMode
from core.exact import ONE, ZERO, exactly
from core.explain import note
from core.instruments import ContractKind
from core.liquidation_results import Liquidation
from core.margin_rules import Backing, MarginRules
from core.pool import Collateral, Contract, Ladder, Leg, LegValue, PoolValue, WeightStep, value_pool

__all__ = ["Balance", "MarginPool", "Position", "Rules", "build_pools", "unused", "value_at_bankruptcy"]

Rules = Mapping[ContractKind, MarginRules]


class Position(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One leg held: ``quantity`` unsigned in the order unit, prices quote per coin, margin in the settle currency.

    ``key`` is how a missing input of it is named (``positions.0``). ``taker_fee_rate`` is needed where the rules add
    the closing fee to the requirement. An isolated margin that is not stated is the entry value ÷ leverage plus
    ``added_margin``. ``venue_price`` is the liquidation price that the venue itself names, unknown
    where it sent none; ``None`` where nobody asked it. ``leg`` is what :func:`build_pools` made of the same position
    at another mark price, where nothing was missing.
    """

    key: str
    contract: Contract
    side: Literal["long", "short"]
    quantity: Decimal | None
    entry_price: Decimal | None
    mark_price: Decimal | None
    ladder: Ladder | None = None
    fixed_requirement: Decimal | None = None
    leverage: Decimal | None = None
    taker_fee_rate: Decimal | None = None
    margin_mode: MarginMode = MarginMode.CROSS
    isolated_margin: Decimal | None = None
    added_margin: Decimal = ZERO
    venue_price: Liquidation | None = None
    leg: Leg | None = None


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Coins in the account without unrealised profit; ``steps`` and ``debt_weight`` as for a pool's collateral.

    ``steps`` are ``None`` where the collateral value ratio of the coin is not known. A missing amount is named
    ``amount_key``, or ``key`` and ``amount``.
    """

    key: str
    asset: str
    amount: Decimal | None
    steps: tuple[WeightStep, ...] | None = (WeightStep(ZERO, ONE),)
    debt_weight: Decimal = ONE
    amount_key: str = ""


class MarginPool(msgspec.Struct, frozen=True, kw_only=True):
    """Positions that are liquidated together. Amounts of ``value`` are in ``currency``.

    ``value`` is ``None`` as soon as anything in ``equity_missing`` is not known. With something in
    ``requirement_missing`` only its equity may be read; ``initial_missing`` is what initial margin lacks besides.
    ``legs`` go with ``positions``, ``None`` where one cannot be valued.
    """

    name: str
    mode: MarginMode
    currency: str
    rules: MarginRules
    positions: tuple[Position, ...]
    legs: tuple[LegValue | None, ...]
    value: PoolValue | None
    equity_missing: tuple[str, ...] = ()
    requirement_missing: tuple[str, ...] = ()
    initial_missing: tuple[str, ...] = ()

    @property
    def past_equity(self) -> tuple[str, ...]:
        """What is missing for anything that compares equity with the requirement."""
        return tuple(dict.fromkeys((*self.equity_missing, *self.requirement_missing)))

    def gaps(self, position: Position) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the position itself lacks: (to be valued, besides for its requirement)."""
        own = (f"{position.key}.", f"{position.key}:")
        return (
            tuple(name for name in self.equity_missing if name.startswith(own)),
            tuple(name for name in self.requirement_missing if name.startswith(own)),
        )


@exactly
def build_pools(
    positions: Sequence[Position],
    balances: Sequence[Balance],
    rules: Rules,
    prices: Mapping[str, Decimal],
    *,
    quote: str,
    backing: Backing,
) -> tuple[MarginPool, ...]:
    """The pools of an account, cross ones first.

    ``rules`` for each kind of contract held; ``prices`` of coins in ``quote``, which itself counts at par. A balance
    that is not listed is unknown where the settle currency alone backs the positions, and none where all coins do.
    Raises RequestError for impossible numbers.
    """
    crossed = [position for position in positions if position.margin_mode is MarginMode.CROSS]
    pools = []
    if backing is Backing.ALL_COINS and crossed:
        pools.append(_pool_of_all(crossed, balances, rules, prices, quote))
    elif crossed:
        for settle in dict.fromkeys(position.contract.settle for position in crossed):
            held = [position for position in crossed if position.contract.settle == settle]
            coins = [balance for balance in balances if balance.asset == settle]
            if not coins:
                coins = [Balance(key="collateral", amount_key=f"collateral of {settle}", asset=settle, amount=None)]
            pools.append(_pool_of_one(f"cross {settle}", settle, held, coins, rules, prices, quote))
    for position in positions:
        if position.margin_mode is MarginMode.ISOLATED:
            settle = position.contract.settle
            margin = Balance(
                key=position.key,
                amount_key=f"{position.key}.isolated_margin",
                asset=settle,
                amount=_isolated_margin(position),
            )
            name = f"isolated {position.contract.name} {position.side}"
            pools.append(_pool_of_one(name, settle, [position], [margin], rules, prices, quote))
    return tuple(pools)


def unused(positions: Iterable[Position], balances: Iterable[Balance], backing: Backing) -> tuple[str, ...]:
    """The assets whose balance backs no position of the account."""
    crossed = {item.contract.settle for item in positions if item.margin_mode is MarginMode.CROSS}
    if backing is Backing.ALL_COINS and crossed:
        return ()
    return tuple(dict.fromkeys(item.asset for item in balances if item.asset not in crossed))


def _pool_of_one(
    name: str,
    settle: str,
    positions: Sequence[Position],
    balances: Sequence[Balance],
    rules: Rules,
    prices: Mapping[str, Decimal],
    quote: str,
) -> MarginPool:
    """A pool of one settle currency: in quote where its price is known, else in the currency itself."""
    price = ONE if settle == quote else prices.get(settle)
    if price is None:
        return _pool(name, settle, positions, balances, rules, {settle: ONE})
    return _pool(name, quote, positions, balances, rules, {settle: price})


def _pool_of_all(
    positions: Sequence[Position],
    balances: Sequence[Balance],
    rules: Rules,
    prices: Mapping[str, Decimal],
    quote: str,
) -> MarginPool:
    return _pool(f"cross {quote}, all coins", quote, positions, balances, rules, {**prices, quote: ONE})


def _pool(
    name: str,
    currency: str,
    positions: Sequence[Position],
    balances: Sequence[Balance],
    rules: Rules,
    prices: Mapping[str, Decimal],
) -> MarginPool:
    for_equity: list[str] = []
    for_requirement: list[str] = []
    for_initial: list[str] = []
    coins = [_collateral(balance, prices, for_equity) for balance in balances]
    legs: list[LegValue | None] = []
    for position in positions:
        settle_price = prices.get(position.contract.settle)
        if settle_price is None:
            for_equity.append(f"coin_prices.{position.contract.settle}")
        leg = position.leg
        if leg is None:
            leg = leg_of(position, rules[position.contract.kind], for_equity, for_requirement)
        if position.leverage is None:
            for_initial.append(f"{position.key}.leverage")
        if fee_is_initial(position, rules[position.contract.kind]) and position.taker_fee_rate is None:
            for_initial.append(f"{position.key}.closing_fee_rate")
        valued = None
        if leg is not None:
            valued = valued_leg(leg, position, ONE if settle_price is None else settle_price, for_requirement)
        legs.append(valued)
    value = None
    if not for_equity:
        known = [coin for coin in coins if coin is not None]
        value = value_pool(known, [leg for leg in legs if leg is not None])
    return MarginPool(
        name=name,
        mode=positions[0].margin_mode,
        currency=currency,
        rules=rules[positions[0].contract.kind],
        positions=tuple(positions),
        legs=tuple(legs),
        value=value,
        equity_missing=tuple(dict.fromkeys(for_equity)),
        requirement_missing=tuple(dict.fromkeys(for_requirement)),
        initial_missing=tuple(dict.fromkeys(for_initial)),
    )


def _collateral(balance: Balance, prices: Mapping[str, Decimal], missing: list[str]) -> Collateral | None:
    if balance.amount is None:
        missing.append(balance.amount_key or f"{balance.key}.amount")
        return None
    price = prices.get(balance.asset)
    if price is None and balance.amount:
        missing.append(f"{balance.key}.price")
        return None
    if balance.steps is None and balance.amount > 0:
        missing.append(f"{balance.key}.ratio")
        return None
    return Collateral(
        asset=balance.asset,
        amount=balance.amount,
        price=ONE if price is None else price,
        steps=balance.steps or (WeightStep(ZERO, ONE),),
        debt_weight=balance.debt_weight,
    )


def _isolated_margin(position: Position) -> Decimal | None:
    """The margin stated, or the one that the leverage gives at entry."""
    if position.isolated_margin is not None:
        return position.isolated_margin
    if position.quantity is None or position.entry_price is None or position.leverage is None:
        return None
    size = position.quantity * position.contract.contract_size
    entry = position.entry_price
    value = size / entry if position.contract.kind is ContractKind.INVERSE else size * entry
    margin = value / position.leverage + position.added_margin
    given = {"value": value, "leverage": position.leverage, "extra_margin": position.added_margin}
    note(f"margin of {position.contract.name}", "value / leverage + extra_margin", margin, given, unit="settle")
    return margin
