"""A hedged book as a request states it: spot coins, accounts with their positions, betas to one driver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from pydantic import Field

from core.account import Balance, MarginPool
from core.books import MarginMode
from core.calculators.account_fields import Account, AccountFields, PositionField, account_pools
from core.calculators.fields import Beta, Hours, IntervalRate, NotNegative, Positive, Request, Share
from core.errors import RequestError
from core.exact import ONE, ZERO
from core.hedged_book import BookPool, HedgedBook, HeldLeg, SpotHolding
from core.margin_rules import Backing
from core.pool import Collateral, WeightStep

STABLE = ("USD", "USDT", "USDC", "USDE", "USDe", "DAI", "FDUSD", "TUSD", "USDS", "PYUSD")


class SpotField(Request):
    """Coins outside every account."""

    asset: str = Field(min_length=1, description="Name of the coin.")
    quantity: NotNegative | None = Field(description="Coins held.")
    price: Positive | None = Field(
        default=None, description="Quote per coin. Left out: the price that an account has for the coin."
    )


class BookPosition(PositionField):
    """A position with what it costs to hold and to trade."""

    funding_rate: IntervalRate | None = Field(
        default=ZERO, description="Funding rate, a fraction per interval, positive when longs pay shorts."
    )
    funding_interval_hours: Hours = Field(default=8, description="Hours between settlements.")
    taker_fee_rate: Share = Field(default=ZERO, description="Fee of a trade, a fraction of its value.")


class BookAccount(AccountFields):
    """One account of the book; its quote currency counts at par with the book's."""

    name: str = Field(default="account", min_length=1, description="Name of the account; each its own.")
    positions: tuple[BookPosition, ...] = Field(min_length=1, max_length=1000, description="All positions held.")
    betas: dict[str, Beta | None] = Field(
        default_factory=dict,
        max_length=1000,
        description="Per coin: its exponent, where the book's own betas do not name it.",
    )


class BookFields(Request):
    """The book: what it holds, and how everything moves with one driver."""

    spot: tuple[SpotField, ...] = Field(default=(), max_length=1000, description="Coins outside the accounts.")
    accounts: tuple[BookAccount, ...] = Field(
        default=(), max_length=100, description="Margin accounts; coins posted there are not part of spot."
    )
    driver: str = Field(default="BTC", min_length=1, description="The coin whose move everything follows.")
    betas: dict[str, Beta | None] = Field(
        default_factory=dict,
        max_length=1000,
        description="Per coin: its exponent. When the driver is multiplied by x the coin is multiplied by x^beta. The "
        "driver has 1 and stablecoins (USDT, USDC and others) 0 unless named; every other coin of the book needs one.",
    )


def stated_book(fields: BookFields) -> HedgedBook | tuple[str, ...]:
    """The book that a request describes, or the names of what is missing. Raises RequestError naming a wrong field."""
    _check(fields)
    missing: list[str] = []
    pools: list[BookPool] = []
    prices: dict[str, Decimal] = {}
    for index, stated in enumerate(fields.accounts):
        try:
            account = account_pools(stated)
        except RequestError as refused:
            raise RequestError(f"accounts.{index}.{refused.key}", refused.expected, refused.found) from None
        prices = {**account.prices, **prices}
        for pool in account.pools:
            gaps = pool.past_equity or _unpriced(pool, stated.quote)
            if gaps:
                missing += [f"accounts.{index}.{gap}" for gap in gaps]
            else:
                pools.append(book_pool(pool, account, f"{stated.name}: {pool.name}", _costs(stated), stated.name))
    for index, stated in enumerate(fields.accounts):
        for place, position in enumerate(stated.positions):
            if position.funding_rate is None:
                missing.append(f"accounts.{index}.positions.{place}.funding_rate")
    spot = _spot(fields, prices, missing)
    betas = _betas(fields, spot, pools, missing)
    if missing:
        return tuple(dict.fromkeys(missing))
    return HedgedBook(spot=spot, pools=tuple(pools), betas=betas)


def driver_price(fields: BookFields, book: HedgedBook) -> Decimal | None:
    """The driver's present price, where the book has one."""
    for holding in book.spot:
        if holding.asset == fields.driver:
            return holding.price
    for pool in book.pools:
        for held in pool.legs:
            if held.leg.contract.coin == fields.driver:
                return held.mark_price
    return None


def _check(fields: BookFields) -> None:
    if not fields.spot and not fields.accounts:
        raise RequestError("accounts", "an account, or spot coins", "neither")
    seen: set[str] = set()
    for index, stated in enumerate(fields.accounts):
        if stated.name in seen:
            raise RequestError(f"accounts.{index}.name", "a name of its own", stated.name)
        seen.add(stated.name)


def _unpriced(pool: MarginPool, quote: str) -> tuple[str, ...]:
    return () if pool.currency == quote else (f"coin_prices.{pool.currency}",)


class HeldCosts(NamedTuple):
    """What it costs to hold and to trade a position, where that matters."""

    funding_rate: Decimal = ZERO
    funding_interval_hours: int = 8
    taker_fee_rate: Decimal = ZERO


def book_pool(
    pool: MarginPool, account: Account, name: str, costs: HeldCosts | Mapping[str, HeldCosts], owner: str = ""
) -> BookPool:
    """The pool, all of it known, with its coins before the haircut; ``costs`` of every position, or of each by key."""
    value = pool.value
    assert value is not None
    isolated = pool.mode is MarginMode.ISOLATED
    if isolated:
        ((asset, amount, price),) = value.coins
        coins = [Collateral(asset=asset, amount=amount, price=price)]
    else:
        chosen = _backing(pool, account)
        coins = [
            Collateral(
                asset=balance.asset,
                amount=balance.amount or ZERO,
                price=price,
                steps=balance.steps or (WeightStep(ZERO, ONE),),
                debt_weight=balance.debt_weight,
            )
            for balance, (_, _, price) in zip(chosen, value.coins, strict=True)
        ]
    legs = []
    for leg, position in zip(value.legs, pool.positions, strict=True):
        cost = costs if isinstance(costs, HeldCosts) else costs[position.key]
        legs.append(HeldLeg(leg=leg.leg, mark_price=leg.mark_price, settle_price=leg.settle_price, **cost._asdict()))
    return BookPool(name=name, account=owner, collateral=tuple(coins), legs=tuple(legs), isolated=isolated)


def _costs(stated: BookAccount) -> dict[str, HeldCosts]:
    return {
        f"positions.{index}": HeldCosts(
            position.funding_rate or ZERO, position.funding_interval_hours, position.taker_fee_rate
        )
        for index, position in enumerate(stated.positions)
    }


def _backing(pool: MarginPool, account: Account) -> list[Balance]:
    """The balances behind a cross pool."""
    if account.backing is Backing.ALL_COINS:
        return list(account.balances)
    settle = pool.positions[0].contract.settle
    return [balance for balance in account.balances if balance.asset == settle]


def _spot(fields: BookFields, prices: dict[str, Decimal], missing: list[str]) -> tuple[SpotHolding, ...]:
    found = []
    for index, stated in enumerate(fields.spot):
        price = stated.price
        if price is None and not stated.given("price"):
            price = prices.get(stated.asset, ONE if stated.asset in STABLE else None)
            if price is None:
                raise RequestError(f"spot.{index}.price", "a price (null if it is not known)", "nothing")
        if price is None:
            missing.append(f"spot.{index}.price")
        elif stated.quantity is None:
            missing.append(f"spot.{index}.quantity")
        else:
            found.append(SpotHolding(asset=stated.asset, quantity=stated.quantity, price=price))
    return tuple(found)


def _betas(
    fields: BookFields, spot: tuple[SpotHolding, ...], pools: list[BookPool], missing: list[str]
) -> dict[str, Decimal]:
    stated: dict[str, Decimal | None] = {}
    for account in fields.accounts:
        stated |= account.betas
    stated |= fields.betas
    assets = [item.asset for item in spot]
    for pool in pools:
        assets += [coin.asset for coin in pool.collateral]
        for held in pool.legs:
            assets += [held.leg.contract.coin, held.leg.contract.settle]
    return path_betas(stated, fields.driver, assets, missing)


def path_betas(
    stated: Mapping[str, Decimal | None], driver: str, assets: Iterable[str], missing: list[str]
) -> dict[str, Decimal]:
    """The beta of every asset to the driver; one stated as null is added to ``missing``.

    Raises RequestError for an asset that has none and needs one: all but the driver and stablecoins.
    """
    found = {driver: ONE}
    for asset in dict.fromkeys((*assets, *stated)):
        beta = stated.get(asset)
        if beta is None and asset in stated:
            missing.append(f"betas.{asset}")
        elif beta is not None:
            found[asset] = beta
        elif asset in STABLE:
            found[asset] = ZERO
        elif asset != driver:
            raise RequestError(f"betas.{asset}", f"a beta of {asset} to {driver} (null if it is not known)", "nothing")
    return found
