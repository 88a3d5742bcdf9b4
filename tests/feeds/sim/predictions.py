"""What core predicts for an account, from what its owner can know: the book, prices, published tiers and ratios."""

from __future__ import annotations

from decimal import Decimal

from core.books import MarginMode
from core.instruments import ContractKind
from core.liquidation import bankruptcy
from core.liquidation_results import LiquidationPrice
from core.margin_rules import ClosingFee, rules_for
from core.pnl import fee, settle_notional
from core.pool import Collateral, Contract, Ladder, Leg, LegValue, PoolValue, WeightStep, value_leg, value_pool
from core.pool_liquidation import Reach, coin_path, contract_path
from feeds.sim.catalogue import Listing
from feeds.sim.tiers import open_ended
from tests.support.sim_accounts import AccountBook, HeldPosition, SimulatedVenue

CROSS_POT = ""
"""The name under which the cross pot's prediction is given; isolated positions go by their own names."""


def predict(venue: SimulatedVenue, book: AccountBook, coin: str, *, endless: bool = False) -> dict[str, Reach]:
    """Where each pool of the account that ``coin`` can reach is liquidated when that coin alone moves.

    An isolated position is a pool of its own, found by the path of its contract; the cross positions are one, found
    by the path of the coin with everything on it. ``endless`` lets the last published tier go on for ever.
    """
    found: dict[str, Reach] = {}
    for held in book.positions:
        listing = venue.listing_of(held)
        if held.mode is MarginMode.ISOLATED and listing.instrument.base == coin:
            found[held.name] = contract_path(isolated_pool(venue, held, endless=endless), held.symbol)
    if any(held.mode is MarginMode.CROSS for held in book.positions):
        found[CROSS_POT] = coin_path(cross_pool(venue, book, endless=endless), coin, venue.prices[coin])
    return found


def isolated_pool(venue: SimulatedVenue, held: HeldPosition, *, endless: bool = False) -> PoolValue:
    """One position and its own margin, in its settle currency."""
    collateral = Collateral(asset=venue.listing_of(held).instrument.settle, amount=venue.margin_of(held))
    return value_pool([collateral], [position_leg(venue, held, Decimal(1), endless=endless)])


def cross_pool(venue: SimulatedVenue, book: AccountBook, *, endless: bool = False) -> PoolValue:
    """All cross positions and the coins behind them, in USDT, or USD at par."""
    legs = [
        position_leg(venue, held, venue.usd(venue.listing_of(held).instrument.settle), endless=endless)
        for held in book.positions
        if held.mode is MarginMode.CROSS
    ]
    return value_pool(cross_collateral(venue, book), legs)


def cross_collateral(venue: SimulatedVenue, book: AccountBook) -> list[Collateral]:
    """The coins of an account that no isolated position has, at their price and ratios."""
    coins = dict(book.wallet)
    for held in book.positions:
        if held.mode is MarginMode.ISOLATED:
            coins[venue.listing_of(held).instrument.settle] -= venue.margin_of(held)
    whole = (WeightStep(Decimal(0), Decimal(1)),)
    return [
        Collateral(
            asset=asset,
            amount=amount,
            price=venue.usd(asset),
            steps=venue.exchange.collateral.get(asset, whole),
        )
        for asset, amount in coins.items()
    ]


def known_up_to(venue: SimulatedVenue, book: AccountBook, coin: str, *, up: bool) -> Decimal | None:
    """The price of a coin up to which (or down to which) the published tiers cover every position on it.

    A linear position outgrows its table upwards, an inverse one downwards; ``None`` where none does.
    """
    limits: list[Decimal] = []
    for held in book.positions:
        listing = venue.listing_of(held)
        assert listing.tiers is not None
        cap = listing.tiers.tiers[-1].cap
        inverse = listing.instrument.kind is ContractKind.INVERSE
        if listing.instrument.base == coin and cap is not None and inverse is not up:
            limits.append(abs(held.quantity) / cap if inverse else cap / abs(held.quantity))
    return (min(limits) if up else max(limits)) if limits else None


def position_leg(venue: SimulatedVenue, held: HeldPosition, settle_price: Decimal, *, endless: bool) -> LegValue:
    """A position at its mark, with the requirement that the venue's recorded rules give it."""
    listing = venue.listing_of(held)
    instrument = listing.instrument
    assert listing.tiers is not None
    contract = Contract(
        name=held.symbol,
        coin=instrument.base,
        kind=instrument.kind,
        contract_size=instrument.contract_size,
        settle=instrument.settle,
    )
    added = rules_for(instrument.venue, instrument.kind).closing_fee(held.mode)
    assert added in (ClosingFee.NONE, ClosingFee.AT_BANKRUPTCY)
    leg = Leg(
        contract,
        held.quantity,
        held.entry_price,
        Ladder(open_ended(listing.tiers) if endless else listing.tiers, instrument.kind),
        leverage=held.leverage,
        fixed_fee=_fee_at_bankruptcy(listing, held) if added is ClosingFee.AT_BANKRUPTCY else Decimal(0),
    )
    return value_leg(leg, venue.prices[instrument.base], settle_price)


def _fee_at_bankruptcy(listing: Listing, held: HeldPosition) -> Decimal:
    """Taker fee at the price where a margin of entry value ÷ leverage is used up; nothing where no price does that."""
    instrument = listing.instrument
    of = (instrument.kind, held.quantity, instrument.contract_size)
    found = bankruptcy(*of, held.entry_price, settle_notional(*of, held.entry_price) / held.leverage)
    return fee(*of, found.price, listing.taker_fee) if isinstance(found, LiquidationPrice) else Decimal(0)
