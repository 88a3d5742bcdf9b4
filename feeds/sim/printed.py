"""The liquidation price that a venue prints beside a position, as the kernel of core finds it.

Nothing is liquidated by it: that is decided at every mark price by :meth:`feeds.sim.risk.Risk.doomed`.
"""

from __future__ import annotations

from decimal import Decimal

from core.books import MarginMode
from core.liquidation_results import Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.pool import Collateral, Contract, Ladder, Leg, LegValue, PoolValue, value_leg, value_pool
from core.pool_liquidation import contract_path
from feeds.sim.accounts import ZERO, Account, Position
from feeds.sim.risk import Risk


def liquidation(risk: Risk, account: Account, position: Position) -> Liquidation:
    """Where this position is liquidated if only its own mark price moves.

    The long and the short side of a contract in one cross pot have one price: that of the larger side.
    """
    if not position.quantity:
        return NoLiquidation("no position")
    if position.listing.risk_tiers is None:
        return UnknownLiquidation(("tiers",))
    alone = account.mode(position.listing, position.side) is MarginMode.ISOLATED
    pool = _isolated_pool(risk, account, position) if alone else _cross_pool(risk, account, position)
    symbol = position.listing.symbol
    net = sum((leg.leg.amount for leg in pool.legs if leg.leg.contract.name == symbol), ZERO)
    reach = contract_path(pool, symbol)
    return reach.below if (net > 0) is not reach.past else reach.above


def liquidation_price(risk: Risk, account: Account, position: Position) -> Decimal | None:
    """The liquidation price on the tick, moved towards the mark; ``None`` where there is none to print."""
    found = liquidation(risk, account, position)
    if not isinstance(found, LiquidationPrice):
        return None
    tick = position.listing.instrument.tick_size
    price = found.price // tick * tick
    if price < found.price < risk.mark(position.listing):
        price += tick
    return price if 0 < price <= position.listing.maximum_price else None


def _isolated_pool(risk: Risk, account: Account, position: Position) -> PoolValue:
    collateral = Collateral(asset=position.listing.instrument.settle, amount=position.margin)
    return value_pool([collateral], [_leg(risk, account, position, Decimal(1))])


def _cross_pool(risk: Risk, account: Account, position: Position) -> PoolValue:
    settle = position.listing.instrument.settle
    coins = [
        Collateral(asset=asset, amount=amount, price=risk.rate(asset), steps=risk.ratios(asset))
        for asset, amount in risk.pot(account, settle).items()
    ]
    legs = [
        _leg(risk, account, other, risk.rate(other.listing.instrument.settle))
        for other in risk.sharing(account, settle)
    ]
    return value_pool(coins, legs)


def _leg(risk: Risk, account: Account, position: Position, settle_price: Decimal) -> LegValue:
    listing, entry = position.listing, position.holding.entry_price
    instrument, table = listing.instrument, listing.risk_tiers
    assert entry is not None
    contract = Contract(
        name=listing.symbol,
        coin=instrument.base,
        kind=instrument.kind,
        contract_size=instrument.contract_size,
        settle=instrument.settle,
    )
    leg = Leg(
        contract,
        position.quantity,
        entry,
        None if table is None else Ladder(table, instrument.kind),
        fee_rate=risk.added_rate(listing),
        fixed_fee=risk.added_fee(account, position),
        fixed_requirement=ZERO if table is None else None,
    )
    return value_leg(leg, risk.mark(listing), settle_price)
