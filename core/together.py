"""Where an account is liquidated when everything in it moves together, each coin by its beta to one driver.

The prudent answer lets one coin move alone; this one is honest if the betas hold. Betas are statistics, so it is an
estimate. Accounts whose one coin is all that moves need it not: there both answers are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from core.account_risk import AccountRisk
from core.account_view import moving_coins
from core.aim import DOLLARS
from core.errors import RequestError
from core.figures import Figure, absent, derive, exact, unknown
from core.market_statistics import MarketStatistics
from core.pool import Collateral
from core.pool_risk import PoolRisk
from core.risk import USED_UP
from core.snapshot import BetaView, TogetherView

DRIVER = "BTC"
DIGITS = 9

PEGGED = Figure(value=Decimal(0), estimated=True)
"""The beta of a dollar behind an account of another: it counts at par and stays there, which is an estimate."""


def betas_of(
    risk: AccountRisk, statistics: MarketStatistics, priced_by: Mapping[str, str], now_ns: int
) -> dict[str, Figure]:
    """The beta of every coin that moves the account to the driver, which is :func:`driver_of` them; none where fewer
    than two coins do. ``priced_by`` names the instrument whose history stands for each coin."""
    coins = [coin for coin, _ in moving_coins(risk)]
    if len(coins) < 2:
        return {}
    driver = driver_of(coins)
    pegged = DOLLARS - priced_by.keys() if risk.account.settle in DOLLARS else frozenset()
    return {coin: PEGGED if coin in pegged else beta_to(coin, driver, statistics, priced_by, now_ns) for coin in coins}


def driver_of(coins: Collection[str]) -> str:
    """The coin by which the others move: Bitcoin, or else the first."""
    return DRIVER if DRIVER in coins else next(iter(coins))


def together(risk: AccountRisk, betas: Mapping[str, Figure]) -> TogetherView | None:
    """The view, or ``None`` without the betas of two coins at least."""
    if not betas:
        return None
    above, below = _ends(risk, betas)
    return TogetherView(
        driver=driver_of(betas.keys()),
        above=above,
        below=below,
        betas=tuple(BetaView(coin=coin, beta=beta) for coin, beta in betas.items()),
        source="least squares on daily returns of up to 400 days",
    )


def beta_to(coin: str, driver: str, statistics: MarketStatistics, priced_by: Mapping[str, str], now_ns: int) -> Figure:
    """How many per cent ``coin`` moves with one per cent of ``driver``; unknown without enough of its history."""
    if coin == driver:
        return exact(Decimal(1))
    missing = [name for name in (coin, driver) if name not in priced_by]
    if missing:
        return unknown(*(f"price history of {name}" for name in missing))
    found = statistics.beta(priced_by[coin], priced_by[driver], now_ns)
    if found.regression is None:
        return unknown(found.missing)
    value = Decimal(f"{found.regression.slope:.{DIGITS}g}")
    return Figure(value=value, estimated=True, freshness=found.freshness)


def _ends(risk: AccountRisk, betas: Mapping[str, Figure]) -> tuple[Figure, Figure]:
    """The nearest ends above and below over all pools: moves of the driver as fractions."""
    grounds = [*betas.values(), *(pool.requirement for pool in risk.pools)]
    ground = derive(lambda *_: Decimal(0), *grounds, estimated=True)
    if ground.value is None:
        gap = unknown(*ground.missing)
        return gap, gap
    # numpy takes a tenth of a second to load: only a book that needs it waits for it.
    from core.beta_path import Death, Multiple, Never, Unknown, deaths
    from core.hedged_book import BookPool, HedgedBook, HeldLeg

    def pool_of(pool: PoolRisk) -> BookPool:
        assert pool.pool is not None
        assert pool.pool.value is not None
        legs = tuple(
            HeldLeg(leg=leg.leg, mark_price=leg.mark_price, settle_price=leg.settle_price)
            for leg in pool.pool.value.legs
        )
        coins = tuple(
            Collateral(asset=asset, amount=coins, price=price) for asset, coins, price in pool.pool.value.coins
        )
        return BookPool(name=pool.pool.name, account=risk.account.name, collateral=coins, legs=legs)

    still = {risk.account.settle: Decimal(0)}
    held = {coin: figure.value for coin, figure in betas.items() if figure.value is not None}
    book = HedgedBook(pools=tuple(pool_of(pool) for pool in risk.pools), betas={**still, **held})
    try:
        found = deaths(book)
    except RequestError as refused:
        gap = unknown(str(refused))
        return gap, gap

    def end(ends: list[Multiple | Never | Unknown], sign: int) -> Figure:
        gaps = [name for item in ends if isinstance(item, Unknown) for name in item.missing]
        if gaps:
            return unknown(*dict.fromkeys(gaps))
        multiples = [item.multiple for item in ends if isinstance(item, Multiple)]
        if not multiples:
            return absent(next(item.reason for item in ends if isinstance(item, Never)), ground)
        move = Decimal(f"{sign * min(sign * each for each in multiples) - 1:.{DIGITS}g}")
        return absent(USED_UP, ground) if not move else derive(lambda _: move, ground)

    def both(side: tuple[Death, ...]) -> tuple[Figure, Figure]:
        return end([item.above for item in side], 1), end([item.below for item in side], -1)

    return both(found)
