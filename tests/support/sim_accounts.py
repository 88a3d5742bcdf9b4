"""Accounts of the simulated exchange made from a description, and driven along prices, without sockets or orders.

The exchange is the real one, stepped by hand: prices go in through the market's pins, and what is liquidated is what
its own step liquidates. Index, mark and last price of a pinned coin are the pin, on every contract alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from core.books import MarginMode
from core.pnl import Holding, settle_notional
from feeds.sim.accounts import Account, PositionSide, Purpose, money
from feeds.sim.catalogue import Listing, coarsest_tick
from feeds.sim.exchange import Exchange
from feeds.sim.market import Market
from feeds.sim.registry import venue_rules
from tests.feeds.sim.desk import START_MS


class HeldPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position as its owner would state it: ``quantity`` signed in order units, ``entry_price`` quote per coin.

    ``margin`` (settle currency) is an isolated position's own, entry value ÷ leverage unless said otherwise. With a
    ``side`` other than BOTH the contract is in hedge mode; its two positions have one leverage and one margin mode.
    """

    category: str
    symbol: str
    quantity: Decimal
    entry_price: Decimal
    leverage: Decimal = Decimal(10)
    mode: MarginMode = MarginMode.CROSS
    margin: Decimal | None = None
    side: PositionSide = PositionSide.BOTH

    @property
    def name(self) -> str:
        """Its symbol, and its side where there may be two."""
        return position_name(self.symbol, self.side)


class AccountBook(msgspec.Struct, frozen=True, kw_only=True):
    """What an account holds: coins by asset, isolated margins included, and positions."""

    wallet: Mapping[str, Decimal]
    positions: tuple[HeldPosition, ...]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a moment. ``equity``, ``counted`` (after haircuts) and ``requirement`` of the cross pot are in
    ``settle``'s currency at Binance and in USD at Bybit; ``own`` is margin and profit of isolated positions in USD.
    ``positions`` are the quantities still held, by name; ``liquidated`` the names that the exchange closed.
    """

    equity: Decimal
    counted: Decimal
    requirement: Decimal
    own: Mapping[str, Decimal]
    positions: Mapping[str, Decimal]
    liquidated: frozenset[str]


class SimulatedVenue:
    """One venue with pinned prices and the accounts seated at it. Time stands still: nothing is funded."""

    def __init__(self, venue: str, prices: Mapping[str, Decimal]) -> None:
        self.market = Market(seed=1)
        self.prices = dict(prices)
        for coin, price in prices.items():
            self.market.pin(coin, price)
        self.exchange = Exchange(venue_rules(venue), self.market, {}, START_MS)

    def listing_of(self, held: HeldPosition) -> Listing:
        """The listing that a position is in."""
        return self.exchange.listings[held.category, held.symbol]

    def margin_of(self, held: HeldPosition) -> Decimal:
        """The margin of an isolated position, in the settle currency."""
        if held.margin is not None:
            return held.margin
        instrument = self.listing_of(held).instrument
        value = settle_notional(instrument.kind, held.quantity, instrument.contract_size, held.entry_price)
        return money(value / held.leverage)

    def usd(self, asset: str) -> Decimal:
        """What one unit of an asset is worth: the coin's price, and a dollar for all else."""
        return self.prices.get(asset, Decimal(1))

    def seat(self, book: AccountBook) -> Account:
        """An account that holds what ``book`` says, beside those that are there."""
        rules = self.exchange.rules
        account = Account(f"account {len(self.exchange.book.accounts)}", rules, {rules.main: book.wallet})
        for held in book.positions:
            listing = self.listing_of(held)
            name = listing.instrument.id
            account.leverages[name], account.modes[name] = held.leverage, held.mode
            account.hedge_modes[name] = held.side is not PositionSide.BOTH
            position = account.position(listing, held.side)
            position.holding = Holding(held.quantity, held.entry_price)
            if held.mode is MarginMode.ISOLATED:
                position.margin = self.margin_of(held)
        self.exchange.book.accounts.append(account)
        return account

    def leave(self) -> None:
        """Take all accounts away."""
        self.exchange.book.accounts.clear()

    def move(self, prices: Mapping[str, Decimal]) -> None:
        """Hold coins at prices, on their ticks, and let the exchange make one step."""
        for coin, price in prices.items():
            self.market.pin(coin, price)
        self.prices |= prices
        self.exchange.step(START_MS)

    def step_to(self, start: Mapping[str, Decimal], betas: Mapping[str, Decimal], multiple: Decimal) -> None:
        """One step to where the driver is at ``multiple`` of its start: each coin at start · multiple ^ beta, on its
        tick; coins without a beta stand still."""
        self.move({coin: on_coarsest_tick(coin, start[coin] * multiple**beta) for coin, beta in betas.items()})

    def read(self, account: Account, settle: str = "USDT") -> Reading:
        """What is left of an account."""
        risk = self.exchange.risk
        health, held = risk.health(account, settle), list(account.held())
        return Reading(
            equity=health.equity,
            counted=health.counted,
            requirement=health.maintenance,
            own={
                position_name(position.listing.symbol, position.side): (position.margin + risk.unrealised(position))
                * risk.usd(position.listing.instrument.settle)
                for position in held
                if account.mode(position.listing) is MarginMode.ISOLATED
            },
            positions={position_name(position.listing.symbol, position.side): position.quantity for position in held},
            liquidated=frozenset(
                position_name(fill.listing.symbol, fill.position_side)
                for fill in account.fills
                if fill.purpose is Purpose.LIQUIDATION
            ),
        )


def position_name(symbol: str, side: PositionSide) -> str:
    """The symbol of a position, with its side in hedge mode."""
    return symbol if side is PositionSide.BOTH else f"{symbol} {side}"


def on_coarsest_tick(coin: str, price: Decimal) -> Decimal:
    """The nearest price below (or at) ``price`` that every listing of the coin can show."""
    tick = coarsest_tick(coin)
    return price // tick * tick
