"""Where everything moving together ends a pool of an account: each coin by its beta to one driver."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from core.account import MarginPool
from core.calculators.account_fields import Account, AccountFields
from core.calculators.book_fields import HeldCosts, book_pool, path_betas
from core.calculators.fields import Answer, Beta, Exact, NoValue, Unknown
from core.exact import ONE, ZERO
from core.explain import explained
from core.hedged_book import BookPool, Market
from core.path_reach import path_reach

BETAS_HELP = (
    "Per coin: its exponent. When the driver is multiplied by x the coin is multiplied by x^beta. Asks for together. "
    "The driver has 1, the quote currency and stablecoins (USDT, USDC and others) 0 unless named; every other coin of "
    "the account needs one."
)


class TogetherAsked(AccountFields):
    """An account, and how its coins move together."""

    driver: str = Field(
        default="BTC",
        min_length=1,
        description="The coin whose move all follow, for together. Give it with betas, or alone where no other moves.",
    )
    betas: dict[str, Beta | None] = Field(default_factory=dict, max_length=1000, description=BETAS_HELP)


class DriverAnswer(Answer):
    """Where the driver is when the pool is liquidated."""

    status: Literal["ok"] = "ok"
    move: Exact = Field(description="The driver's move: 0.2 is a rise of 20%; 0 where the pool is past it now.")
    price: Exact | None = Field(description="The driver's price there, quote; null where the account has none.")


Way = Annotated[DriverAnswer | NoValue | Unknown, Field(discriminator="status")]


class TogetherAnswer(Answer):
    """Full revaluation on the way, tiers taken where the prices are; true if the betas hold."""

    driver: str
    above: Way = Field(description="The first liquidation while the driver rises, to 20 times its price.")
    below: Way = Field(description="The first while it falls, to a 20th.")


def together(request: TogetherAsked, held: Account) -> dict[str, TogetherAnswer]:
    """The answer for each pool by its name; empty where the request asks for none.

    Raises RequestError naming a coin without a beta.
    """
    if not request.given("betas") and not request.given("driver"):
        return {}
    return {pool.name: _of_pool(request, held, pool) for pool in held.pools}


def _of_pool(request: TogetherAsked, held: Account, pool: MarginPool) -> TogetherAnswer:
    def answer(above: Way, below: Way) -> TogetherAnswer:
        return TogetherAnswer(driver=request.driver, above=above, below=below)

    gaps = pool.past_equity
    if pool.currency != request.quote and not gaps:
        gaps = (f"coin_prices.{pool.currency}",)
    if gaps or pool.value is None:
        return answer(Unknown(missing=gaps), Unknown(missing=gaps))
    path = book_pool(pool, held, pool.name, HeldCosts())
    missing: list[str] = []
    betas = path_betas({request.quote: ZERO} | request.betas, request.driver, _coins(path), missing)
    if missing:
        return answer(Unknown(missing=tuple(missing)), Unknown(missing=tuple(missing)))
    reach = path_reach(path, Market(betas))
    price = held.prices.get(request.driver)
    return answer(
        _way(reach.above, reach.unknown_above, price, "20 times"),
        _way(reach.below, reach.unknown_below, price, "a 20th of"),
    )


def _coins(pool: BookPool) -> Iterable[str]:
    for coin in pool.collateral:
        yield coin.asset
    for held in pool.legs:
        yield held.leg.contract.coin
        yield held.leg.contract.settle


def _way(multiple: Decimal | None, unknown: str, price: Decimal | None, widest: str) -> Way:
    if unknown:
        return Unknown(missing=(unknown,))
    if multiple is None:
        return NoValue(reason=f"the collateral covers the positions until the driver is at {widest} its price")
    return DriverAnswer(move=_move(multiple), price=None if price is None else _price(multiple, price))


@explained("multiple - 1", unit="fraction")
def _move(multiple: Decimal) -> Decimal:
    return multiple - ONE


@explained("multiple * price_now", unit="quote a coin")
def _price(multiple: Decimal, price_now: Decimal) -> Decimal:
    return multiple * price_now
