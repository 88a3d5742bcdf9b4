"""Accounts of the simulated exchange as books of the scenario engine, from what their owner can know."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from core.books import MarginMode
from core.hedged_book import BookPool, HedgedBook, HeldLeg, SpotHolding
from core.pool import Collateral
from tests.feeds.sim.predictions import CROSS_POT, cross_collateral, position_leg
from tests.support.sim_accounts import AccountBook, HeldPosition, SimulatedVenue


def hedged_book(
    venue: SimulatedVenue, book: AccountBook, betas: Mapping[str, Decimal], spot: Mapping[str, Decimal]
) -> HedgedBook:
    """The account beside coins held outside it, pools named as predictions are. Coins without a beta stand still."""
    isolated = [held for held in book.positions if held.mode is MarginMode.ISOLATED]
    cross = [held for held in book.positions if held.mode is MarginMode.CROSS]
    pools = [_isolated_pool(venue, held) for held in isolated]
    legs = tuple(_held_leg(venue, held) for held in cross)
    coins = tuple(cross_collateral(venue, book))
    pools.append(BookPool(name=CROSS_POT, account=venue.exchange.venue, collateral=coins, legs=legs))
    assets = {*venue.prices, *book.wallet, "USDT", "USDC"}
    return HedgedBook(
        spot=tuple(SpotHolding(asset=coin, quantity=each, price=venue.usd(coin)) for coin, each in spot.items()),
        pools=tuple(pools),
        betas={asset: betas.get(asset, Decimal(0)) for asset in sorted(assets)},
    )


def _isolated_pool(venue: SimulatedVenue, held: HeldPosition) -> BookPool:
    settle = venue.listing_of(held).instrument.settle
    margin = Collateral(asset=settle, amount=venue.margin_of(held), price=venue.usd(settle))
    return BookPool(
        name=held.name,
        account=venue.exchange.venue,
        collateral=(margin,),
        legs=(_held_leg(venue, held),),
        isolated=True,
    )


def _held_leg(venue: SimulatedVenue, held: HeldPosition) -> HeldLeg:
    listing = venue.listing_of(held)
    value = position_leg(venue, held, venue.usd(listing.instrument.settle), endless=True)
    return HeldLeg(
        leg=value.leg,
        mark_price=value.mark_price,
        settle_price=value.settle_price,
        taker_fee_rate=listing.taker_fee,
    )
