"""A book's sums: bag and hedge in one currency, and the hedge ratio weighted over the bag.

Sums are in the bag's first currency. Dollar stablecoins and the dollar are added at par, and a sum that did so is
marked as an estimate; any other mixture is unknown and names the missing rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from core import hedging
from core.aim import DOLLARS
from core.figures import Figure, derive, total, unknown
from core.risk import ZERO, lifted
from core.snapshot import BagLine, HedgeLine, Totals


def book_totals(bag: tuple[BagLine, ...], hedges: tuple[HedgeLine, ...]) -> Totals:
    """The totals of a book from its lines."""
    currency = next((line.currency for line in bag if line.currency), "")
    value = summed_in(currency, ((line.value, line.currency) for line in bag))
    profit = summed_in(currency, ((line.profit, line.currency) for line in bag))
    received = summed_in(currency, (in_quote(line, line.funding.received) for line in hedges))
    fees = summed_in(currency, (in_quote(line, line.fees) for line in hedges))
    unrealised = summed_in(currency, ((line.profit_quote, line.quote) for line in hedges))
    realised = summed_in(currency, (in_quote(line, line.realised) for line in hedges))
    hedge_profit = derive(lambda u, r, f, c: u + r - f + c, unrealised, realised, fees, received)
    ratio = _weighted(bag, value, hedges, lambda line: line.ratio)
    target = _weighted(bag, value, hedges, lambda line: line.target_ratio)
    return Totals(
        currency=currency,
        bag_value=value,
        bag_cost=summed_in(currency, ((line.cost, line.currency) for line in bag)),
        bag_profit=profit,
        hedge_notional=summed_in(currency, ((line.notional, line.quote) for line in hedges)),
        hedge_profit=hedge_profit,
        funding_received=received,
        fees=fees,
        net_profit=total(profit, hedge_profit),
        ratio=ratio,
        target_ratio=target,
        drift=lifted(hedging.drift, ratio, target),
    )


def in_quote(line: HedgeLine, figure: Figure) -> tuple[Figure, str]:
    """An amount in settle, in the contract's quote: coin-settled amounts at the present mark; quanto ones stay."""
    if line.kind == "quanto":
        return figure, line.settle
    if figure.value == ZERO or line.kind != "inverse":
        return figure, line.quote or line.settle
    return derive(Decimal.__mul__, figure, line.mark_price), line.quote


def summed_in(currency: str, parts: Iterable[tuple[Figure, str]]) -> Figure:
    """The sum in ``currency``: dollars at par are estimated, other currencies unknown; zero has no currency."""
    figures, at_par = [], False
    for figure, own in parts:
        if own != currency and figure.value != ZERO and (own or figure.known):
            if not own:
                return unknown("the currency of a price")
            if not {own, currency} <= DOLLARS:
                return unknown(f"rate of {own} in {currency}")
            at_par = True
        figures.append(figure)
    summed = total(*figures)
    return msgspec.structs.replace(summed, estimated=True) if at_par and summed.known else summed


def _weighted(
    bag: tuple[BagLine, ...], value: Figure, hedges: tuple[HedgeLine, ...], of: Callable[[HedgeLine], Figure]
) -> Figure:
    """Legs' ratios weighted by the value of the asset they hedge; one asset needs no weights and so no price.

    ``value`` is the bag's, in one currency. A leg on an asset that the bag does not hold has no weight.
    """
    legs: dict[str, list[HedgeLine]] = {line.asset: [] for line in bag}
    bare: dict[str, None] = {}
    for leg in hedges:
        if leg.asset in legs:
            legs[leg.asset].append(leg)
        elif leg.quantity.value != ZERO:
            bare[leg.asset] = None
    if bare:
        return unknown(*(f"a bag of {asset}" for asset in bare))
    by_asset = {asset: total(*map(of, own)) for asset, own in legs.items()}
    if len(bag) == 1:
        return by_asset[bag[0].asset]
    weighted = total(*(lifted(Decimal.__mul__, by_asset[line.asset], line.value) for line in bag))
    if value.value == ZERO:
        return unknown("a bag of any value")
    return derive(Decimal.__truediv__, weighted, value)
