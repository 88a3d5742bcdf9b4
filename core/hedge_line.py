"""One hedge leg as the snapshot shows it: what is its own, and what it shares with all that backs it.

A hedge's own figures change with its market and its bag alone; those of liquidation change with every price that moves
its account. They are made apart, so that one price makes few of the first anew.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import msgspec

from core import funding, hedging
from core.account_risk import AccountRisk
from core.account_view import position_usage
from core.aim import Aim
from core.books import Hedge, MarginMode
from core.errors import RequestError
from core.exact import plain
from core.figures import Figure, Freshness, absent, exact, ground, on, unknown
from core.instruments import ContractKind
from core.legs import Leg
from core.likelihood import likelihood
from core.market_statistics import Measured
from core.pool_risk import Valued, own_margin
from core.positions import Position
from core.risk import Quotes, choose_liquidation, distance, lifted, liquidation_source, payment
from core.sheet_price import PricedContract
from core.snapshot import AccountView, FundingView, HedgeLine

_INVERSE = ContractKind.INVERSE
_KINDS, _LEGS = {kind: kind.value for kind in ContractKind}, {leg: leg.value for leg in Leg}

CROSS_MARGIN = absent("cross margin: the whole wallet backs it")


class Own(msgspec.Struct, frozen=True, gc=False):
    """What rests on nothing but the position, its market and the bag that it hedges."""

    aims: Aim
    ratio: Figure
    drift: Figure
    order_to_target: Figure
    basis: Figure
    funding: FundingView
    margin: Figure
    realised: Figure
    fees: Figure


def own_figures(hedge: Hedge, valued: Valued, aims: Aim) -> Own:
    """The figures of a hedge that no other position touches, under the caller's context."""
    position, market, sums = valued.position, valued.quotes, valued.exposure
    isolated = valued.account.margin_mode is MarginMode.ISOLATED
    ratio = lifted(_hedge_ratio, sums.delta, aims.coins)
    return Own(
        aims,
        ratio,
        lifted(_drift, ratio, aims.ratio),
        _order_to_target(hedge, market, sums.quantity, aims),
        absent(market.index.absent) if market.index.absent else lifted(_basis, market.mark, market.index),
        _funding(position, market, sums.quantity),
        own_margin(position, sums.quantity) if isolated else CROSS_MARGIN,
        exact(position.realised),
        fees(position),
    )


_hedge_ratio, _drift = plain(hedging.hedge_ratio), plain(hedging.drift)


def _basis(mark: Decimal, index: Decimal) -> Decimal:
    return (mark - index) / index


class Backing(NamedTuple):
    """What a hedge shares with its account, and what says how likely its end is."""

    account: AccountView
    risk: AccountRisk
    measured: Measured
    reported: Freshness
    """How far the venue's last report of the position may be trusted for its age."""
    priced: PricedContract | None
    """Where the mark comes from where the contract's sheet tells it; ``None`` for a feed's."""
    rests: bool
    """Whether the mark is old only because its market is closed."""


def hedge_line(hedge: Hedge, valued: Valued, own: Own, backing: Backing) -> HedgeLine:
    """The whole line."""
    account, risk, measured, reported, priced, rests = backing
    position, market, sums = valued.position, valued.quotes, valued.exposure
    facing, death = risk.facing(valued), risk.death(valued)
    chosen = choose_liquidation(position, market, risk.liquidation(valued), facing, reported)
    away = distance(chosen.price, market.mark, facing)
    odds = likelihood(measured, chosen.price, market.mark, away)
    isolated = valued.account.margin_mode is MarginMode.ISOLATED
    instrument = market.instrument
    venue, symbol = _venue_and_symbol(hedge.instrument)
    return HedgeLine(
        asset=hedge.asset,
        instrument=hedge.instrument,
        venue=venue,
        symbol=symbol,
        kind=_KINDS[instrument.kind] if instrument else "",
        settle=valued.account.settle,
        quote=instrument.quote if instrument else "",
        account=hedge.account,
        quantity=sums.quantity,
        quantity_unit=_unit(market),
        delta=sums.delta,
        entry_price=sums.entry_price,
        mark_price=market.mark,
        index_price=market.index,
        bid_price=market.bid,
        ask_price=market.ask,
        notional=sums.notional,
        profit=sums.profit,
        profit_quote=sums.profit_quote,
        realised=own.realised,
        fees=own.fees,
        basis=own.basis,
        funding=own.funding,
        margin=own.margin,
        maintenance_margin=risk.maintenance(valued),
        margin_usage=position_usage(risk, valued) if isolated else account.margin_usage,
        liquidation_price=chosen.price,
        liquidation_distance=away,
        liquidation_source=liquidation_source(chosen, market, same_coin=risk.same_coin(valued)),
        ratio=own.ratio,
        target_ratio=own.aims.ratio,
        drift=own.drift,
        order_to_target=own.order_to_target,
        opened_note=position.note,
        leg=_LEGS[hedge.leg],
        bag_coins=own.aims.coins,
        liquidation_venue=chosen.venue,
        liquidation_ours=chosen.ours,
        liquidation_difference=chosen.difference,
        liquidation_disputed=chosen.disputed,
        bankruptcy_price=risk.bankruptcy(valued),
        account_liquidation=death,
        account_liquidation_distance=distance(death, market.mark, facing),
        volatility=odds.volatility,
        volatility_source=odds.source,
        liquidation_sigmas=odds.sigmas,
        touch_day=odds.touch_day,
        touch_week=odds.touch_week,
        touch_month=odds.touch_month,
        price_source="" if priced is None else priced.price.words,
        price_typed=priced is not None and priced.typed,
        price_rests=rests,
    )


@lru_cache(maxsize=4096)
def _venue_and_symbol(instrument: str) -> tuple[str, str]:
    parts = instrument.split(":", 2)
    return parts[0], parts[-1]


def _unit(market: Quotes) -> str:
    instrument = market.instrument
    if instrument is None:
        return ""
    if instrument.kind is _INVERSE:
        return instrument.quote if instrument.contract_size == 1 else "contracts"
    return instrument.base if instrument.contract_size == 1 else "contracts"


def fees(position: Position) -> Figure:
    """Fees paid in the settle currency; unknown where others were paid in another coin."""
    if position.foreign_fees:
        return unknown(*(f"value of fees paid in {asset}" for asset in position.foreign_fees))
    return exact(position.fees)


def _funding(position: Position, market: Quotes, quantity: Figure) -> FundingView:
    rate, hours = market.funding_rate, market.funding_interval
    each = payment(market, quantity)
    received = Figure(value=position.funding, estimated=position.funding_estimated)
    if position.unbooked_funding:
        received = unknown(*position.unbooked_funding)
    return FundingView(
        rate=rate,
        interval_hours=hours,
        next_funding_ns=market.next_funding,
        annualised=rate if rate.absent else lifted(_annualised, rate, hours),
        next_payment=each,
        per_day=each if each.absent else lifted(_per_day, each, hours),
        received=received,
    )


_equivalent = plain(funding.equivalent)


def _annualised(rate: Decimal, hours: Decimal) -> Decimal:
    return _equivalent(rate, int(hours), funding.HOURS_A_YEAR)


def _per_day(payment: Decimal, hours: Decimal) -> Decimal:
    return _equivalent(payment, int(hours), funding.HOURS_A_DAY)


def _order_to_target(hedge: Hedge, market: Quotes, quantity: Figure, aims: Aim) -> Figure:
    instrument = market.instrument
    if instrument is None:
        return unknown(f"description of {hedge.instrument}")
    inputs = (quantity, market.mark, market.settle_price, aims.coins, aims.ratio)
    held, mark, paid_in, coins, ratio = (figure.value for figure in inputs)
    if held is None or mark is None or paid_in is None or coins is None or ratio is None:
        return unknown(*dict.fromkeys(gap for figure in inputs for gap in figure.missing))
    try:
        order, refusals = hedging.order_in_short(instrument, coins, ratio, held, mark, paid_in)
    except RequestError as error:
        return unknown(str(error))
    maximum = instrument.maximum_quantity
    if refusals and (maximum is None or abs(order) <= maximum):
        return absent(refusals[0], *inputs)
    return on(ground(*inputs), order)
