"""Margin of a simulated account: what positions need, what backs them, and whether it still covers them.

Cross positions are backed by what the wallet of their category holds of their settle currency; on a unified account by
all coins at their index price in USD, less a haircut. Isolated positions stand on their own margin. What a venue adds
to the requirement for the fee of closing is one of its rules.

Positions are valued here at one mark price after another, by the formulas of ``core.pnl`` and ``core.margin``. No
liquidation price is solved for: that a predicted one comes true is something to be tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from core.books import MarginMode
from core.exact import exactly
from core.instruments import ContractKind
from core.margin import initial_margin
from core.pnl import held_sign, settle_notional, unrealised
from core.pool import WeightStep
from feeds.sim.accounts import ZERO, Account, Order, Position
from feeds.sim.catalogue import Listing
from feeds.sim.collateral import WHOLE, Ratios, haircut
from feeds.sim.quotes import Quote
from feeds.sim.rules import ClosingFee, VenueRules
from feeds.sim.tiers import maintenance

STABLE = ("USDT", "USDC", "USD")


class Health(NamedTuple):
    """An account's cross pot in one currency. ``equity`` = wallet + unrealised; ``available`` may be negative.

    ``haircut`` is what of the wallet does not count as margin; ``counted`` is what the requirement is compared with.
    """

    wallet: Decimal
    unrealised: Decimal
    equity: Decimal
    haircut: Decimal
    initial: Decimal
    order_initial: Decimal
    maintenance: Decimal
    available: Decimal

    @property
    def counted(self) -> Decimal:
        """Equity less haircut."""
        return self.equity - self.haircut


class Risk:
    """Values accounts at the venue's mark prices. ``unified`` is true where all coins back all cross positions."""

    def __init__(
        self,
        rules: VenueRules,
        quote: Callable[[Listing], Quote],
        index: Callable[[str], Decimal],
        collateral: Ratios,
    ) -> None:
        """``collateral`` may change later: it is looked up anew each time."""
        self.unified = rules.unified
        self._closing_fee = rules.closing_fee
        self._main, self._backing = rules.main, rules.backing()
        self._quote = quote
        self._index = index
        self._collateral = collateral

    def mark(self, listing: Listing) -> Decimal:
        """The mark price."""
        return self._quote(listing).mark

    def usd(self, asset: str) -> Decimal:
        """What one unit of an asset is worth in USD: the index price; a dollar for stablecoins."""
        return Decimal(1) if asset in STABLE else self._index(asset)

    def rate(self, asset: str) -> Decimal:
        """One unit of an asset in the currency in which its pot is reckoned."""
        return self.usd(asset) if self.unified else Decimal(1)

    def ratios(self, asset: str) -> tuple[WeightStep, ...]:
        """The collateral ratios of an asset; whole where it backs only what is settled in it, or has none."""
        return self._collateral.get(asset, WHOLE) if self.unified else WHOLE

    def value(self, position: Position) -> Decimal:
        """Notional at mark in the settle currency, unsigned."""
        instrument = position.listing.instrument
        return settle_notional(
            instrument.kind, position.quantity, instrument.contract_size, self.mark(position.listing)
        )

    def unrealised(self, position: Position) -> Decimal:
        """Profit at mark in the settle currency."""
        entry = position.holding.entry_price
        if entry is None:
            return ZERO
        instrument = position.listing.instrument
        return unrealised(
            instrument.kind, position.quantity, instrument.contract_size, entry, self.mark(position.listing)
        )

    def maintenance(self, position: Position) -> Decimal:
        """Maintenance margin at mark in the settle currency, without any fee."""
        listing = position.listing
        if not position.quantity or listing.risk_tiers is None:
            return ZERO
        return maintenance(listing, position.quantity, self.mark(listing))

    @exactly
    def closing_fee(self, account: Account, position: Position) -> Decimal:
        """Taker fee of closing at the bankruptcy price that the leverage gives, in the settle currency.

        That price is ``E·(1 − s/L)`` for linear contracts, ``E·L/(L + s)`` for inverse ones (s +1 long, −1 short).
        """
        entry, instrument = position.holding.entry_price, position.listing.instrument
        if entry is None:
            return ZERO
        value = settle_notional(instrument.kind, position.quantity, instrument.contract_size, entry)
        leverage = account.leverage(position.listing, position.side)
        share = held_sign("long" if position.quantity > 0 else "short") / leverage
        if instrument.kind is ContractKind.INVERSE:
            share = -share
        return value * (1 - share) * position.listing.taker_fee

    def added_fee(self, account: Account, position: Position) -> Decimal:
        """What the venue adds to a position's maintenance margin as an amount that no price moves."""
        cross = account.mode(position.listing, position.side) is MarginMode.CROSS
        if cross and self._closing_fee is ClosingFee.BANKRUPTCY_CROSS:
            return self.closing_fee(account, position)
        return ZERO

    def added_rate(self, listing: Listing) -> Decimal:
        """What the venue adds to the maintenance rate."""
        return listing.taker_fee if self._closing_fee is ClosingFee.AT_MARK else ZERO

    @exactly
    def requirement(self, account: Account, position: Position) -> Decimal:
        """What the equity behind a position must exceed, in the settle currency."""
        rate = self.added_rate(position.listing)
        added = self.value(position) * rate if rate else ZERO
        return self.maintenance(position) + added + self.added_fee(account, position)

    def initial(self, account: Account, position: Position) -> Decimal:
        """Initial margin of a position: its own margin if isolated, else notional at mark ÷ leverage."""
        if not position.quantity:
            return ZERO
        if account.mode(position.listing, position.side) is MarginMode.ISOLATED:
            return position.margin
        return self.value(position) / account.leverage(position.listing, position.side)

    def order_initial(self, account: Account, order: Order) -> Decimal:
        """Margin that the part of an order which would add to the position asks for, in the settle currency."""
        listing, sign = order.listing, 1 if order.side == "buy" else -1
        if order.closes or listing.spot:
            return ZERO
        closing = max(ZERO, -sign * account.position(listing, order.position_side).quantity)
        adding = max(ZERO, order.left - closing)
        price = order.price or self.mark(listing)
        instrument = listing.instrument
        leverage = account.leverage(listing, order.position_side)
        return initial_margin(instrument.kind, adding, instrument.contract_size, price, leverage)

    def sharing(self, account: Account, settle: str) -> Iterator[Position]:
        """The cross positions that share the pot of contracts of this settle currency."""
        for position in account.held():
            shares = self.unified or position.listing.instrument.settle == settle
            if shares and account.mode(position.listing, position.side) is MarginMode.CROSS:
                yield position

    def wallet_of(self, account: Account, settle: str) -> dict[str, Decimal]:
        """The wallet that backs contracts of this settle currency."""
        return account.wallets[self._backing.get(settle, self._main)]

    def pot(self, account: Account, settle: str) -> dict[str, Decimal]:
        """The coins of that pot by asset: the wallet less what isolated positions have of it."""
        wallet = self.wallet_of(account, settle)
        assets = wallet if self.unified else {settle: wallet.get(settle, ZERO)}
        coins = dict(assets)
        for position in account.held():
            currency = position.listing.instrument.settle
            shares = self.unified or currency == settle
            if shares and account.mode(position.listing, position.side) is MarginMode.ISOLATED:
                coins[currency] = coins.get(currency, ZERO) - position.margin
        return coins

    @exactly
    def health(self, account: Account, settle: str) -> Health:
        """The cross pot that backs contracts of this settle currency, in that currency; on Bybit in USD."""
        wallet = lost = profit = maintenance = initial = order_initial = ZERO
        for asset, amount in self.pot(account, settle).items():
            rate = self.rate(asset)
            wallet += amount * rate
            lost += haircut(amount, self.ratios(asset)) * rate
        for position in self.sharing(account, settle):
            rate = self.rate(position.listing.instrument.settle)
            profit += self.unrealised(position) * rate
            maintenance += self.requirement(account, position) * rate
            initial += self.initial(account, position) * rate
        for order in account.orders.values():
            if self.unified or order.listing.instrument.settle == settle:
                order_initial += self.order_initial(account, order) * self.rate(order.listing.instrument.settle)
        equity = wallet + profit
        available = equity - lost - initial - order_initial - self._spot_locked(account)
        return Health(wallet, profit, equity, lost, initial, order_initial, maintenance, available)

    def pot_equity(self, account: Account, settle: str) -> Decimal:
        """The equity of the cross pot, in the settle currency."""
        equity = self.health(account, settle).equity
        return equity / self.usd(settle) if self.unified else equity

    def available(self, account: Account, settle: str) -> Decimal:
        """What may be committed to new orders now, in the settle currency; may be negative."""
        health = self.health(account, settle)
        if self.unified and account.account_mode is MarginMode.ISOLATED:
            locked = sum((p.margin for p in account.held() if p.listing.instrument.settle == settle), ZERO)
            return self.wallet_of(account, settle).get(settle, ZERO) - locked - health.order_initial / self.usd(settle)
        return health.available / self.usd(settle) if self.unified else health.available

    @exactly
    def doomed(self, account: Account, position: Position) -> bool:
        """Whether the equity behind a position no longer covers its requirement."""
        if account.mode(position.listing, position.side) is MarginMode.ISOLATED:
            return position.margin + self.unrealised(position) <= self.requirement(account, position)
        health = self.health(account, position.listing.instrument.settle)
        return health.counted <= health.maintenance

    def _spot_locked(self, account: Account) -> Decimal:
        """What open spot orders of a unified account hold back, in USD."""
        if not self.unified:
            return ZERO
        return sum((amount * self.usd(asset) for asset, amount in spot_locked(account).items()), ZERO)


def spot_locked(account: Account) -> dict[str, Decimal]:
    """What open spot orders hold back, by asset."""
    locked: dict[str, Decimal] = {}
    for order in account.orders.values():
        instrument = order.listing.instrument
        if order.listing.spot and order.price is not None:
            buying = order.side == "buy"
            asset, amount = (instrument.quote, order.left * order.price) if buying else (instrument.base, order.left)
            locked[asset] = locked.get(asset, ZERO) + amount
    return locked
