"""Random accounts of the simulated venues: what kind of account, which prices, which book, and the coin that moves.

Sizes run from pocket money to the upper tiers, entries lie about the market, and what backs the positions is drawn so
that the account is alive where it begins: from a hair above its requirement to many times its positions.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from core.books import MarginMode
from core.instruments import ContractKind
from core.margin import maintenance_margin
from core.pnl import settle_notional, unrealised
from feeds.sim.accounts import PositionSide, money
from feeds.sim.catalogue import COINS, Listing
from tests.support.sim_accounts import AccountBook, HeldPosition, SimulatedVenue, on_coarsest_tick

ISOLATED, CROSS = MarginMode.ISOLATED, MarginMode.CROSS


class Kind(NamedTuple):
    """A kind of account: where, in which categories, in which margin modes, and whether long and short are held side
    by side."""

    name: str
    venue: str
    categories: tuple[str, ...]
    modes: tuple[MarginMode, ...]
    hedges: bool = False


BINANCE_ISOLATED = Kind("binance isolated", "binance", ("usdm",), (ISOLATED,))
BINANCE_CROSS = Kind("binance cross", "binance", ("usdm",), (CROSS,))
BINANCE_BOTH = Kind("binance cross beside isolated", "binance", ("usdm",), (CROSS, CROSS, ISOLATED))
BYBIT_ISOLATED = Kind("bybit isolated", "bybit", ("linear", "inverse"), (ISOLATED,))
BYBIT_LINEAR = Kind("bybit linear cross", "bybit", ("linear",), (CROSS,))
BYBIT_INVERSE = Kind("bybit inverse cross", "bybit", ("inverse",), (CROSS,))
BINANCE_HEDGE_MODE = Kind("binance hedge mode", "binance", ("usdm",), (CROSS, CROSS, ISOLATED), hedges=True)
BYBIT_HEDGE_MODE = Kind("bybit hedge mode", "bybit", ("linear", "inverse"), (CROSS,), hedges=True)
BYBIT_ALL = Kind("bybit linear and inverse cross", "bybit", ("linear", "inverse"), (CROSS,))


class Drawn(NamedTuple):
    """A book, and the coin to drive."""

    book: AccountBook
    coin: str


def random_prices(draw: random.Random) -> dict[str, Decimal]:
    """A price for every coin, within a factor of three of where the simulator starts it."""
    return {
        coin.name: on_coarsest_tick(coin.name, coin.start_price * _number(math.exp(draw.uniform(-1.1, 1.1))))
        for coin in COINS
    }


def random_book(draw: random.Random, venue: SimulatedVenue, kind: Kind) -> Drawn:
    """An account of that kind that is alive at the venue's present prices.

    All its positions on one coin have one margin mode: what is left of an isolated margin after a liquidation goes to
    the cross pot, and would save it from where it was predicted to be liquidated.
    """
    listings = [listing for (category, _), listing in venue.exchange.listings.items() if category in kind.categories]
    chosen = draw.sample(listings, min(len(listings), draw.randint(1, 4)))
    modes = {coin.name: draw.choice(kind.modes) for coin in COINS}
    held = [_position(draw, venue, listing, modes[listing.instrument.base]) for listing in chosen]
    if kind.hedges:
        held, chosen = _with_other_sides(draw, venue, held, chosen)
    coin = draw.choice(chosen).instrument.base
    wallet = _isolated_margins(held, chosen)
    if kind.venue == "binance":
        wallet["USDT"] = wallet.get("USDT", Decimal(0)) + _backing(draw, venue, held, chosen)
    else:
        for asset, amount in _coins(draw, venue, _backing(draw, venue, held, chosen)).items():
            wallet[asset] = wallet.get(asset, Decimal(0)) + amount
    if kind.venue == "bybit" and CROSS in kind.modes and draw.random() < 0.2:
        coin = draw.choice([name for name in wallet if name in venue.prices] or [coin])
    return Drawn(AccountBook(wallet=wallet, positions=tuple(held)), coin)


def _with_other_sides(
    draw: random.Random, venue: SimulatedVenue, held: Sequence[HeldPosition], listings: Sequence[Listing]
) -> tuple[list[HeldPosition], list[Listing]]:
    """The same with most linear positions in hedge mode, and a second one on the other side of most of those."""
    found: list[tuple[HeldPosition, Listing]] = []
    for position, listing in zip(held, listings, strict=True):
        if listing.instrument.kind is ContractKind.INVERSE or draw.random() < 0.2:
            found.append((position, listing))
            continue
        found.append((_sided(position), listing))
        if draw.random() < 0.8:
            other = _position(draw, venue, listing, position.mode, -1 if position.quantity > 0 else 1)
            found.append((_sided(msgspec.structs.replace(other, leverage=position.leverage)), listing))
    return [position for position, _ in found], [listing for _, listing in found]


def _sided(position: HeldPosition) -> HeldPosition:
    side = PositionSide.LONG if position.quantity > 0 else PositionSide.SHORT
    return msgspec.structs.replace(position, side=side)


def _position(
    draw: random.Random, venue: SimulatedVenue, listing: Listing, mode: MarginMode, sign: int = 0
) -> HeldPosition:
    """A position whose leverage its tier permits; an isolated one with enough margin to be alive. On either side
    where ``sign`` is zero."""
    instrument, mark = listing.instrument, venue.prices[listing.instrument.base]
    assert listing.tiers is not None
    cap = listing.tiers.tiers[-1].cap
    assert cap is not None
    inverse = instrument.kind is ContractKind.INVERSE
    least, most = (Decimal("0.01"), cap / 4) if inverse else (Decimal(300), cap / 4)
    value = _between(draw, least, most)
    amount = value * mark if inverse else value / mark
    step = instrument.quantity_step
    quantity = max(amount // step * step, instrument.minimum_quantity) * (sign or draw.choice((1, -1)))
    entry = (mark * _number(math.exp(draw.gauss(0, 0.2)))).quantize(instrument.tick_size / draw.choice((1, 1000)))
    value = settle_notional(instrument.kind, quantity, instrument.contract_size, mark)
    tier = next(tier for tier in listing.tiers.tiers if tier.cap is None or value <= tier.cap)
    assert tier.maximum_leverage is not None
    leverage = min(Decimal(draw.choice((1, 1, 2, 3, 5, 10, 20, 50, 100))), tier.maximum_leverage)
    margin = None
    if mode is ISOLATED:
        entry_value = settle_notional(instrument.kind, quantity, instrument.contract_size, entry)
        needed = _requirement(venue, listing, quantity) - unrealised(
            instrument.kind, quantity, instrument.contract_size, entry, mark
        )
        spare = _between(draw, value / 500, value)
        margin = money(max(entry_value / leverage, needed + spare))
    return HeldPosition(
        category=listing.category,
        symbol=listing.symbol,
        quantity=quantity,
        entry_price=entry,
        leverage=leverage,
        mode=mode,
        margin=margin,
    )


def _backing(
    draw: random.Random, venue: SimulatedVenue, held: Sequence[HeldPosition], listings: Sequence[Listing]
) -> Decimal:
    """What the coins of the cross pot must count for, in its currency, with something to spare."""
    needed = value = Decimal(0)
    for position, listing in zip(held, listings, strict=True):
        instrument, mark = listing.instrument, venue.prices[listing.instrument.base]
        if position.mode is ISOLATED:
            continue
        rate = mark if instrument.kind is ContractKind.INVERSE else Decimal(1)
        size = instrument.contract_size
        here = settle_notional(instrument.kind, position.quantity, size, mark)
        at_entry = settle_notional(instrument.kind, position.quantity, size, position.entry_price)
        fee = 2 * at_entry * listing.taker_fee
        profit = unrealised(instrument.kind, position.quantity, size, position.entry_price, mark)
        needed += (_requirement(venue, listing, position.quantity) + fee - profit) * rate
        value += here * rate
    if not value:
        return _between(draw, Decimal(10), Decimal(100_000))
    return needed + _between(draw, value / 500, value)


def _coins(draw: random.Random, venue: SimulatedVenue, backing: Decimal) -> dict[str, Decimal]:
    """Coins that count for ``backing`` USD after their haircuts; now and then with stablecoins owed."""
    shares = {"USDT": draw.random()}
    for coin in draw.sample(sorted(venue.prices), draw.randint(0, 3)):
        shares[coin] = draw.random() * draw.choice((0.3, 1, 3))
    total = sum(shares.values()) * draw.choice((1, 1, 1, 0.8))
    wallet: dict[str, Decimal] = {}
    for coin in sorted(set(shares) - {"USDT"}):
        wallet[coin] = money(abs(backing) * _number(shares[coin] / total) / venue.prices[coin])
    counted = sum((_counted(venue, coin, amount) for coin, amount in wallet.items()), Decimal(0))
    wallet["USDT"] = money(backing - counted)
    return wallet


def _counted(venue: SimulatedVenue, coin: str, amount: Decimal) -> Decimal:
    """The collateral value of some coins in USD, coin by coin of each step."""
    steps, total = venue.exchange.collateral[coin], Decimal(0)
    for index, step in enumerate(steps):
        top = steps[index + 1].floor if index + 1 < len(steps) else amount
        total += max(Decimal(0), min(amount, top) - step.floor) * step.ratio
    return total * venue.prices[coin]


def _requirement(venue: SimulatedVenue, listing: Listing, quantity: Decimal) -> Decimal:
    instrument = listing.instrument
    assert listing.tiers is not None
    return maintenance_margin(
        instrument.kind, quantity, instrument.contract_size, venue.prices[instrument.base], listing.tiers
    )


def _isolated_margins(held: Sequence[HeldPosition], listings: Sequence[Listing]) -> dict[str, Decimal]:
    wallet: dict[str, Decimal] = {}
    for position, listing in zip(held, listings, strict=True):
        if position.margin is not None:
            settle = listing.instrument.settle
            wallet[settle] = wallet.get(settle, Decimal(0)) + position.margin
    return wallet


def _between(draw: random.Random, low: Decimal, high: Decimal) -> Decimal:
    """A number between two, every order of magnitude as likely as the other."""
    return low * _number(math.exp(draw.uniform(0, math.log(high / low))))


def _number(value: float) -> Decimal:
    return Decimal(f"{value:.9g}")
