"""What a hedge is to reach, in whichever way its user says it, as a ratio of the bag at present prices.

A ratio is hedged value ÷ bag value, the same in coins: 0.5 is half. Money and prices are in quote; coins are coins of
the bag. Every function raises RequestError naming an input that cannot be.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.books import Hedge
from core.errors import RequestError
from core.exact import ZERO, exactly, finite, not_negative, positive
from core.explain import explained, note

TARGETS = ("target_ratio", "target_money", "target_coins", "target_floor")
"""The keys of which a hedge has exactly one."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A target resolved: the ``ratio`` of the bag to hedge and the ``coins`` of it that this is."""

    ratio: Decimal
    coins: Decimal


@exactly
def of_ratio(ratio: Decimal, bag_quantity: Decimal) -> Wanted:
    """A fraction of the bag."""
    coins = positive("bag_quantity", bag_quantity) * not_negative("target_ratio", ratio)
    note("coins to hedge", "bag_quantity * target_ratio", coins, {"bag_quantity": bag_quantity, "target_ratio": ratio})
    return Wanted(ratio=ratio, coins=coins)


@exactly
def of_money(money: Decimal, bag_quantity: Decimal, price: Decimal) -> Wanted:
    """So much of the bag's present value: ``ratio = money ÷ (bag · price)``. More than the bag is worth is refused."""
    value = positive("bag_quantity", bag_quantity) * positive("price", price)
    if not_negative("target_money", money) > value:
        raise RequestError("target_money", f"no more than the bag is worth, {value:f}", str(money))
    given = {"target_money": money, "bag_quantity": bag_quantity, "price": price}
    note("target ratio", "target_money / (bag_quantity * price)", money / value, given, unit="fraction")
    return Wanted(ratio=money / value, coins=money / price)


@exactly
def of_coins(coins: Decimal, bag_quantity: Decimal) -> Wanted:
    """So many coins of the bag: ``ratio = coins ÷ bag``. More than it holds are refused."""
    if not_negative("target_coins", coins) > positive("bag_quantity", bag_quantity):
        raise RequestError("target_coins", f"no more than the {bag_quantity} in the bag", str(coins))
    given = {"target_coins": coins, "bag_quantity": bag_quantity}
    note("target ratio", "target_coins / bag_quantity", coins / bag_quantity, given, unit="fraction")
    return Wanted(ratio=coins / bag_quantity, coins=coins)


@exactly
def of_beta(wanted: Decimal, beta: Decimal, bag_quantity: Decimal) -> Wanted:
    """What brings the beta of bag and hedge together to ``wanted``: ``ratio = 1 − wanted ÷ beta``.

    Above the bag's own ``beta`` ratio and coins are negative: no hedge, but a purchase that adds to the bag. Below zero
    more than the whole bag is sold. Source: Hull, Options, Futures, ch. 3 (changing the beta of a portfolio).
    """
    ratio = 1 - finite("target_beta", wanted) / positive("beta", beta)
    given = {"target_beta": wanted, "beta": beta}
    note("target ratio", "1 - target_beta / beta", ratio, given, unit="fraction", source="Hull, ch. 3")
    return Wanted(ratio=ratio, coins=positive("bag_quantity", bag_quantity) * ratio)


@exactly
def of_floor(
    floor: Decimal, worst_price: Decimal, bag_quantity: Decimal, price: Decimal, hedge_profit: Decimal = ZERO
) -> Wanted:
    """The smallest short with which bag and hedge together are worth no less than ``floor`` at ``worst_price``.

    With a bag of B coins at price P, a short of q coins and what the hedge has earned so far U, their worth at a price
    X is ``B·X + U + q·(P − X)``, a straight line that falls with X while q ≤ B; so what holds at the worst price W
    holds at every price above it, and W = 0 asks for the floor at any price. Hence
    ``q = (floor − U − B·W) ÷ (P − W)``, zero where the bag alone is worth the floor at W. The same q serves a
    coin-margined short, whose profit in quote from P to X is that of its N/P coins. Funding, fees and a gap in the
    hedge's own price are not in it. Raises RequestError for a worst price at or above the present one, and for a floor
    above what bag and hedge are worth now: no short can bring back what is lost.
    """
    coins, earned = positive("bag_quantity", bag_quantity), finite("hedge_profit", hedge_profit)
    fall = positive("price", price) - not_negative("target_floor_price", worst_price)
    if fall <= 0:
        raise RequestError("target_floor_price", f"a price below the present one of {price}", str(worst_price))
    worth = coins * price + earned
    if positive("target_floor", floor) > worth:
        raise RequestError("target_floor", f"no more than bag and hedge are worth now, {worth:f}", str(floor))
    short = max((floor - earned - coins * worst_price) / fall, ZERO)
    given = {
        "target_floor": floor,
        "hedge_profit": earned,
        "bag_quantity": coins,
        "target_floor_price": worst_price,
        "price": price,
    }
    formula = "max((target_floor - hedge_profit - bag_quantity * target_floor_price) / (price - target_floor_price), 0)"
    note("coins to hedge", formula, short, given, unit="coin")
    note("target ratio", "coins / bag_quantity", short / coins, {"coins": short, "bag_quantity": coins})
    return Wanted(ratio=short / coins, coins=short)


def resolve(hedge: Hedge, bag_quantity: Decimal, price: Decimal | None, hedge_profit: Decimal | None) -> Wanted:
    """The target that a hedge declares, at the bag's present price and with what the hedge has earned so far (quote).

    Raises RequestError where the hedge has no target or more than one, and naming a price or profit that its target
    needs and that is ``None``.
    """
    check_target(hedge)
    if hedge.target_ratio is not None:
        return of_ratio(hedge.target_ratio, bag_quantity)
    if hedge.target_coins is not None:
        return of_coins(hedge.target_coins, bag_quantity)
    if price is None:
        raise RequestError("price", f"the price of {hedge.asset}, as the target is in money", "none")
    if hedge.target_money is not None:
        return of_money(hedge.target_money, bag_quantity, price)
    if hedge.target_floor is None or hedge.target_floor_price is None:
        raise RequestError("target_floor_price", "the worst price at which the floor must hold", "none")
    if hedge_profit is None:
        raise RequestError("hedge_profit", "what the hedge has earned so far", "none")
    return of_floor(hedge.target_floor, hedge.target_floor_price, bag_quantity, price, hedge_profit)


def check_target(hedge: Hedge) -> None:
    """Raise RequestError unless the hedge has exactly one target."""
    given = [key for key in TARGETS if getattr(hedge, key) is not None]
    if len(given) != 1:
        raise RequestError(given[1] if given else TARGETS[0], f"exactly one of {', '.join(TARGETS)}", str(len(given)))


@explained("bag_quantity * bag_price * beta / contract_price", unit="coin", source="Hull, ch. 3")
@exactly
def proxy_coins(bag_quantity: Decimal, bag_price: Decimal, beta: Decimal, contract_price: Decimal) -> Decimal:
    """The bag in coins of a contract on another coin, weighted by value: ``bag · price · beta ÷ contract price``.

    ``beta`` is the move of the bag's coin per move of the contract's (fractions of each). A hedge ratio over these
    coins is hedged beta-dollars ÷ the bag's beta-dollars. A fixed beta is an estimate: so is what is made of it.
    Source: Hull, Options, Futures, and Other Derivatives, ch. 3 (cross hedging, hedging with beta).
    """
    value = not_negative("bag_quantity", bag_quantity) * positive("bag_price", bag_price)
    return value * positive("beta", beta) / positive("contract_price", contract_price)
