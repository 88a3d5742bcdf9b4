"""Margin of a simulated account: what positions need, what backs them, and where they are liquidated.

All figures come from ``core``. Binance backs cross positions with the wallet of their settle currency; Bybit's
unified account with all coins at their index price in USD (no haircut is taken here). Isolated positions stand on
their own margin. Bybit adds an estimated closing fee to the cross requirement; neither venue does to an isolated one.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from core.books import MarginMode
from core.instruments import ContractKind
from core.liquidation import Liquidation, LiquidationPrice, UnknownLiquidation, cross, isolated
from core.margin import initial_margin, maintenance_margin
from core.pnl import settle_notional, unrealised
from feeds.sim.accounts import ZERO, Account, Order, Position, money
from feeds.sim.catalogue import Listing
from feeds.sim.quotes import Quote

STABLE = ("USDT", "USDC", "USD")


class Health(NamedTuple):
    """An account's cross pot in one currency. ``equity`` = wallet + unrealised; ``available`` may be negative."""

    wallet: Decimal
    unrealised: Decimal
    equity: Decimal
    initial: Decimal
    order_initial: Decimal
    maintenance: Decimal
    available: Decimal


class Risk:
    """Values accounts at the venue's mark prices."""

    def __init__(self, venue: str, quote: Callable[[Listing], Quote], index: Callable[[str], Decimal]) -> None:
        self._unified = venue == "bybit"
        self._quote = quote
        self._index = index

    def mark(self, listing: Listing) -> Decimal:
        """The mark price."""
        return self._quote(listing).mark

    def usd(self, asset: str) -> Decimal:
        """What one unit of an asset is worth in USD: the index price; a dollar for stablecoins."""
        return Decimal(1) if asset in STABLE else self._index(asset)

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

    def maintenance(self, position: Position, *, closing_fee: bool = False) -> Decimal:
        """Maintenance margin at mark in the settle currency, with the taker fee of closing if asked."""
        listing = position.listing
        if not position.quantity or listing.risk_tiers is None:
            return ZERO
        instrument, fee = listing.instrument, listing.taker_fee if closing_fee else ZERO
        return maintenance_margin(
            instrument.kind,
            position.quantity,
            instrument.contract_size,
            self.mark(listing),
            listing.risk_tiers,
            fee,
        )

    def initial(self, account: Account, position: Position) -> Decimal:
        """Initial margin of a position: its own margin if isolated, else notional at mark ÷ leverage."""
        if not position.quantity:
            return ZERO
        if account.mode(position.listing) is MarginMode.ISOLATED:
            return position.margin
        return self.value(position) / account.leverage(position.listing)

    def order_initial(self, account: Account, order: Order) -> Decimal:
        """Margin that the part of an order which would add to the position asks for, in the settle currency."""
        listing, sign = order.listing, 1 if order.side == "buy" else -1
        if order.reduce_only or listing.instrument.kind is ContractKind.SPOT:
            return ZERO
        closing = max(ZERO, -sign * account.position(listing).quantity)
        adding = max(ZERO, order.left - closing)
        price = order.price or self.mark(listing)
        instrument = listing.instrument
        return initial_margin(instrument.kind, adding, instrument.contract_size, price, account.leverage(listing))

    def health(self, account: Account, settle: str) -> Health:
        """The cross pot that backs contracts of this settle currency, in that currency; on Bybit in USD."""
        cross_pnl = maintenance = initial = locked = order_initial = ZERO
        for position in account.held():
            currency = position.listing.instrument.settle
            if not self._unified and currency != settle:
                continue
            rate = self.usd(currency) if self._unified else Decimal(1)
            if account.mode(position.listing) is MarginMode.ISOLATED:
                locked += position.margin * rate
                continue
            cross_pnl += self.unrealised(position) * rate
            maintenance += self.maintenance(position, closing_fee=self._unified) * rate
            initial += self.initial(account, position) * rate
        for order in account.orders.values():
            if self._unified or order.listing.instrument.settle == settle:
                rate = self.usd(order.listing.instrument.settle) if self._unified else Decimal(1)
                order_initial += self.order_initial(account, order) * rate
        wallet = self._wallet(account, settle) - locked
        equity = wallet + cross_pnl
        available = equity - initial - order_initial - self._spot_locked(account)
        return Health(wallet, cross_pnl, equity, initial, order_initial, maintenance, available)

    def pot_equity(self, account: Account, settle: str) -> Decimal:
        """The equity of the cross pot, in the settle currency."""
        equity = self.health(account, settle).equity
        return equity / self.usd(settle) if self._unified else equity

    def available(self, account: Account, settle: str) -> Decimal:
        """What may be committed to new orders now, in the settle currency; may be negative."""
        health = self.health(account, settle)
        if self._unified and account.account_mode is MarginMode.ISOLATED:
            locked = sum((p.margin for p in account.held() if p.listing.instrument.settle == settle), ZERO)
            return account.wallet.get(settle, ZERO) - locked - health.order_initial / self.usd(settle)
        return health.available / self.usd(settle) if self._unified else health.available

    def liquidation(self, account: Account, position: Position) -> Liquidation:
        """Where this position is liquidated if all else stays as it is."""
        listing, holding = position.listing, position.holding
        instrument = listing.instrument
        if listing.risk_tiers is None:
            return UnknownLiquidation(("tiers",))
        if account.mode(listing) is MarginMode.ISOLATED:
            return isolated(
                instrument.kind,
                holding.quantity,
                instrument.contract_size,
                holding.entry_price,
                position.margin,
                listing.risk_tiers,
            )
        health, rate = self.health(account, instrument.settle), self.usd(instrument.settle)
        scale = rate if self._unified else Decimal(1)
        own_fee = listing.taker_fee if self._unified else ZERO
        own_maintenance = self.maintenance(position, closing_fee=self._unified)
        return cross(
            instrument.kind,
            holding.quantity,
            instrument.contract_size,
            holding.entry_price,
            health.wallet / scale,
            listing.risk_tiers,
            others_unrealised=money(health.unrealised / scale - self.unrealised(position)),
            others_maintenance=max(ZERO, money(health.maintenance / scale - own_maintenance)),
            closing_fee_rate=own_fee,
        )

    def liquidation_price(self, account: Account, position: Position) -> Decimal | None:
        """The liquidation price on the tick, moved towards the mark; ``None`` where there is none to print."""
        found = self.liquidation(account, position)
        if not position.quantity or not isinstance(found, LiquidationPrice):
            return None
        tick = position.listing.instrument.tick_size
        price = found.price // tick * tick
        if position.quantity > 0 and price < found.price:
            price += tick
        return price if 0 < price <= position.listing.maximum_price else None

    def doomed(self, account: Account, position: Position) -> bool:
        """Whether the equity behind a position no longer covers its requirement."""
        if account.mode(position.listing) is MarginMode.ISOLATED:
            return position.margin + self.unrealised(position) <= self.maintenance(position)
        health = self.health(account, position.listing.instrument.settle)
        return health.equity <= health.maintenance

    def _wallet(self, account: Account, settle: str) -> Decimal:
        if not self._unified:
            return account.wallet.get(settle, ZERO)
        return sum((amount * self.usd(asset) for asset, amount in account.wallet.items()), ZERO)

    def _spot_locked(self, account: Account) -> Decimal:
        """What open spot orders of a unified account hold back, in USD."""
        if not self._unified:
            return ZERO
        return sum((amount * self.usd(asset) for asset, amount in spot_locked(account).items()), ZERO)


def spot_locked(account: Account) -> dict[str, Decimal]:
    """What open spot orders hold back, by asset."""
    locked: dict[str, Decimal] = {}
    for order in account.orders.values():
        instrument = order.listing.instrument
        if instrument.kind is ContractKind.SPOT and order.price is not None:
            buying = order.side == "buy"
            asset, amount = (instrument.quote, order.left * order.price) if buying else (instrument.base, order.left)
            locked[asset] = locked.get(asset, ZERO) + amount
    return locked
