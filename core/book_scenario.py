"""A book as it stands now, turned into one that scenarios can be run on: exact, or what is missing for it.

Prices are in USD, a dollar-like stablecoin counting 1. Coins that back an account are part of the bag where a lot lists
them: what is posted is taken off the bag, so that each coin counts once. The driver's beta is 1, that of dollars 0, and
every other asset's is a statistic; without one nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import msgspec

from core.account_risk import AccountRisk
from core.aim import DOLLARS
from core.books import MarginMode
from core.exact import ONE, ZERO, exactly
from core.figures import Figure, derive, exact, unknown
from core.hedged_book import BookPool, HedgedBook, HeldLeg, SpotHolding
from core.instruments import ContractKind
from core.pnl import settle_notional
from core.pool import Collateral
from core.pool_risk import CoinBalance, PoolRisk, Valued, backing_inputs, own_margin
from core.snapshot import BagLine
from core.together import DRIVER


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A book's accounts and bag at one moment; ``beta`` tells how a coin follows a driver."""

    accounts: tuple[AccountRisk, ...]
    bag: tuple[BagLine, ...]
    beta: Callable[[str, str], Figure]


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """The book for scenarios, ``None`` where the ``ground`` is missing something.

    ``ground`` has no value of its own but the marks of every input. ``price`` is the driver's, USD: the mark of a
    contract held on it where there is one, since that is what liquidation prices are compared with.
    """

    book: HedgedBook | None
    ground: Figure
    driver: str
    price: Figure
    betas: dict[str, Figure]


@exactly
def build(standing: Standing) -> Built:
    """The book that scenarios run on."""
    inputs: list[Figure] = []
    pools = [_pool(standing, risk, pool, inputs) for risk in standing.accounts for pool in risk.pools]
    pools += [_idle(standing, risk, inputs) for risk in standing.accounts]
    held = [pool for pool in pools if pool is not None]
    spot = list(_spot(standing, held, inputs))
    assets = _assets(held, spot)
    driver = DRIVER if DRIVER in assets else next((name for name in assets if name not in DOLLARS), DRIVER)
    betas = {asset: _beta(standing, asset, driver) for asset in assets}
    price = _driver_price(standing, driver)
    ground = derive(lambda *_: ZERO, *inputs, *betas.values())
    book = None
    if ground.value is not None:
        known = {asset: figure.value for asset, figure in betas.items() if figure.value is not None}
        book = HedgedBook(spot=tuple(spot), pools=tuple(held), betas={driver: ONE, **known})
    return Built(book=book, ground=ground, driver=driver, price=price, betas=betas)


def _beta(standing: Standing, asset: str, driver: str) -> Figure:
    if asset in DOLLARS:
        return exact(ZERO)
    return exact(ONE) if asset == driver else standing.beta(asset, driver)


def _assets(pools: Sequence[BookPool], spot: Sequence[SpotHolding]) -> list[str]:
    """Every asset whose price matters, those of contracts first."""
    coins = [held.leg.contract.coin for pool in pools for held in pool.legs]
    coins += [item.asset for item in spot]
    coins += [coin.asset for pool in pools for coin in pool.collateral]
    coins += [held.leg.contract.settle for pool in pools for held in pool.legs]
    return list(dict.fromkeys(coins))


# --- prices --------------------------------------------------------------------------------------------------


def dollar_price(standing: Standing, asset: str) -> Figure:
    """USD per coin: what the bag is priced at, else the mark of a contract on it, else its price as collateral."""
    for line in standing.bag:
        if line.asset == asset and line.currency in DOLLARS:
            return line.price
    marks = [_mark(item, asset) for risk in standing.accounts for item in risk.held]
    backing = [
        coin.price
        for risk in standing.accounts
        if risk.account.settle in DOLLARS
        for coin in risk.balances
        if coin.asset == asset
    ]
    return next((figure for figure in (*marks, *backing) if figure is not None), unknown(f"price of {asset} in USD"))


def _mark(item: Valued, asset: str) -> Figure | None:
    """The mark of a contract on the asset that is quoted in dollars."""
    instrument = item.quotes.instrument
    quoted = instrument is not None and instrument.base == asset and instrument.quote in DOLLARS
    return item.quotes.mark if quoted else None


def _driver_price(standing: Standing, driver: str) -> Figure:
    held = (item for risk in standing.accounts for item in risk.held if not item.flat)
    marks = (_mark(item, driver) for item in held)
    return next((figure for figure in marks if figure is not None), dollar_price(standing, driver))


def _settle_price(standing: Standing, risk: AccountRisk) -> Figure:
    """USD per settle coin of an account: the mark of its own contracts where they are on that coin."""
    settle = risk.account.settle
    if settle in DOLLARS:
        return exact(ONE)
    own = (_mark(item, settle) for item in risk.held if not item.flat)
    return next((figure for figure in own if figure is not None), dollar_price(standing, settle))


# --- accounts ------------------------------------------------------------------------------------------------


def _pool(standing: Standing, risk: AccountRisk, pool: PoolRisk, inputs: list[Figure]) -> BookPool | None:
    """The pool with its coins before the haircut; ``None`` where something is missing, which ``inputs`` then names."""
    settle = _settle_price(standing, risk)
    rates = [_rate(item) for item in pool.held]
    hours = [_hours(item) for item in pool.held]
    mine = [pool.requirement, settle, *rates, *hours]
    inputs += mine
    if any(figure.value is None for figure in mine) or pool.pool is None or pool.pool.value is None:
        return None
    assert settle.value is not None
    legs = tuple(
        HeldLeg(
            leg=leg.leg,
            mark_price=leg.mark_price,
            settle_price=leg.settle_price * settle.value,
            funding_rate=rate.value or ZERO,
            funding_interval_hours=int(interval.value or 8),
            taker_fee_rate=_fee_rate(risk, item),
        )
        for leg, item, rate, interval in zip(pool.pool.value.legs, pool.held, rates, hours, strict=True)
    )
    return BookPool(
        name=pool_name(risk, pool),
        account=risk.account.name,
        collateral=tuple(_collateral(risk, pool, settle.value)),
        legs=legs,
        isolated=risk.account.margin_mode is MarginMode.ISOLATED,
    )


def _fee_rate(risk: AccountRisk, item: Valued) -> Decimal:
    """The taker fee as a fraction of notional: so much a contract is one at the present mark."""
    instrument, mark = item.quotes.instrument, item.quotes.mark.value
    if instrument is None or instrument.fee_per_contract is None or mark is None:
        return max(risk.account.taker_fee, ZERO)
    return instrument.fee_per_contract / settle_notional(instrument.kind, ONE, instrument.contract_size, mark)


def pool_name(risk: AccountRisk, pool: PoolRisk) -> str:
    """What a pool is called: its account, and the contract where several positions of it stand alone."""
    if len(risk.pools) == 1:
        return risk.account.name
    return f"{risk.account.name} {pool.held[0].position.instrument.rpartition(':')[2]}"


def _rate(item: Valued) -> Figure:
    figure = item.quotes.funding_rate
    return exact(ZERO) if figure.absent else figure


def _hours(item: Valued) -> Figure:
    """The funding interval: any will do for a contract that pays none."""
    figure = item.quotes.funding_interval
    return exact(Decimal(8)) if figure.absent or item.quotes.funding_rate.absent else figure


def _collateral(risk: AccountRisk, pool: PoolRisk, settle: Decimal) -> Iterator[Collateral]:
    if risk.account.margin_mode is MarginMode.ISOLATED:
        for item in pool.held:
            margin = own_margin(item.position, item.exposure.quantity).value or ZERO
            yield Collateral(asset=risk.account.settle, amount=margin, price=settle)
        return
    for coin in risk.balances:
        if coin.amount.value and coin.price.value is not None:
            yield _coins(coin, coin.amount.value, coin.price.value * settle)


def _idle(standing: Standing, risk: AccountRisk, inputs: list[Figure]) -> BookPool | None:
    """The coins of an account that back no position: they are lost with it, and fall with what they are priced in."""
    if risk.account.margin_mode is not MarginMode.ISOLATED and risk.pools:
        return None
    settle = _settle_price(standing, risk)
    margins = ZERO
    for item in risk.held:
        margin = own_margin(item.position, item.exposure.quantity)
        inputs += [] if margin.absent else [margin]
        margins += margin.value or ZERO
    coins = []
    for coin in risk.balances:
        inputs += backing_inputs(coin)
        free = (coin.amount.value or ZERO) - (margins if coin.asset == risk.account.settle else ZERO)
        if free > 0 and coin.price.value is not None and settle.value is not None:
            coins.append(_coins(coin, free, coin.price.value * settle.value))
    if not coins:
        return None
    inputs.append(settle)
    return BookPool(name=f"{risk.account.name} idle", account=risk.account.name, collateral=tuple(coins))


def _coins(coin: CoinBalance, amount: Decimal, price: Decimal) -> Collateral:
    return Collateral(asset=coin.asset, amount=amount, price=price, steps=coin.steps)


# --- the bag -------------------------------------------------------------------------------------------------


def _spot(standing: Standing, pools: Sequence[BookPool], inputs: list[Figure]) -> Iterator[SpotHolding]:
    """The bag without what is posted in accounts."""
    posted: dict[str, Decimal] = {}
    for pool in pools:
        for coin in pool.collateral:
            posted[coin.asset] = posted.get(coin.asset, ZERO) + max(coin.amount, ZERO)
    for line in standing.bag:
        inputs += [line.quantity] if line.quantity.value == 0 else [line.quantity, line.price]
        if line.currency and line.currency not in DOLLARS:
            inputs.append(unknown(f"price of {line.asset} in USD, not {line.currency}"))
        if line.quantity.value and line.price.value is not None:
            outside = line.quantity.value - posted.get(line.asset, ZERO)
            if outside > 0:
                yield SpotHolding(asset=line.asset, quantity=outside, price=line.price.value)


def order_unit(held: HeldLeg) -> str:
    """What a quantity of the leg is counted in."""
    contract = held.leg.contract
    if contract.contract_size != 1:
        return "contracts"
    return "USD" if contract.kind is ContractKind.INVERSE else contract.coin
