"""What a hedge aims at, as figures: the coins that count as its bag and the ratio of them it is to hedge."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.books import Hedge
from core.errors import RequestError
from core.figures import Figure, derive, exact, unknown
from core.hedge_targets import proxy_coins, resolve
from core.risk import Quotes, lifted

DOLLARS = frozenset({"USD", "USDT", "USDC", "FDUSD", "DAI"})
"""Added to one another at par; a figure that did so is an estimate."""


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """``coins`` is the bag in coins of the contract (beta-weighted for one on another coin), coins that a coin-margined
    hedge has won or lost among them; ``ratio`` is the part of them to hedge."""

    coins: Figure
    ratio: Figure


def declared_aim(hedge: Hedge, held: Figure, set_ratio: Decimal) -> Aim | None:
    """What a hedge aims at whose ratio its user has set, where that rests on no price: as :func:`aim`."""
    return Aim(coins=held, ratio=exact(set_ratio)) if hedge.beta is None else None


def aim(
    hedge: Hedge,
    held: Figure,
    set_ratio: Decimal | None,
    bag_price: tuple[Figure, str],
    market: Quotes,
    profit: Figure,
) -> Aim:
    """What ``hedge`` aims at now. ``held`` is the bag in coins of its asset; ``set_ratio`` a ratio that its user set,
    ``None`` where another target holds; ``bag_price`` is the bag's price and its currency; ``profit`` what the position
    has earned so far, in quote, and is not among the coins of ``held``."""
    price = _in_currency_of(market, *bag_price)
    if set_ratio is not None:
        return Aim(coins=_bag(hedge, held, price, market), ratio=exact(set_ratio))
    inputs = [held] if hedge.target_coins is not None else [held, price]
    if hedge.target_floor is not None:
        inputs.append(profit)
    gaps = [gap for figure in inputs for gap in (figure.missing or ((figure.absent,) if figure.absent else ()))]
    if gaps or held.value is None:
        return Aim(coins=_bag(hedge, held, price, market), ratio=unknown(*dict.fromkeys(gaps)))
    try:
        wanted = resolve(hedge, held.value, price.value, profit.value)
    except RequestError as error:
        return Aim(coins=_bag(hedge, held, price, market), ratio=unknown(str(error)))
    return Aim(coins=_bag(hedge, held, price, market), ratio=derive(lambda *_: wanted.ratio, *inputs))


def _bag(hedge: Hedge, held: Figure, price: Figure, market: Quotes) -> Figure:
    beta = hedge.beta
    if beta is None:
        return held
    return lifted(lambda coins, p, mark: proxy_coins(coins, p, beta, mark), held, price, market.mark, estimated=True)


def _in_currency_of(market: Quotes, price: Figure, currency: str) -> Figure:
    """The bag's price in the contract's quote; dollars at par, which makes it an estimate."""
    return at_par(price, currency, market.instrument.quote if market.instrument is not None else currency)


def at_par(price: Figure, currency: str, wanted: str) -> Figure:
    """A price in ``currency`` as one in ``wanted``: dollars are worth each other by estimate, else it is unknown."""
    if wanted == currency or not price.known:
        return price
    if not {wanted, currency} <= DOLLARS:
        return unknown(f"rate of {currency or 'the price of the bag'} in {wanted}")
    return msgspec.structs.replace(price, estimated=True)
