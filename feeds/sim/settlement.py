"""What happens to positions by itself: funding, liquidation when margin runs out, deleveraging, and delivery.

Money that moves between wallets, or in and out of them, moves here too."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from core.books import MarginMode
from core.errors import RequestError
from core.funding import payment
from feeds.sim.accounts import ZERO, Account, AccountBook, Fill, Position, Purpose, money, order_identity
from feeds.sim.catalogue import Listing
from feeds.sim.events import AccountEvent, BalanceChanged
from feeds.sim.fills import book_amount
from feeds.sim.funding import Settled
from feeds.sim.matching import Matching
from feeds.sim.risk import Risk


class Settlement:
    """Charges funding and liquidates, for all accounts of one venue."""

    def __init__(
        self,
        book: AccountBook,
        risk: Risk,
        matching: Matching,
        now_ms: Callable[[], int],
        tell: Callable[[AccountEvent], None],
    ) -> None:
        self._book, self._risk, self._matching, self._now, self._tell = book, risk, matching, now_ms, tell
        self.on_liquidation: Callable[[Fill], None] = lambda _: None

    def charge_funding(self, listing: Listing, settled: Settled) -> None:
        """Pay or collect one settlement on every open position, from an isolated position's own margin first."""
        for account in self._book.accounts:
            for position in account.sides(listing):
                if position.quantity:
                    self._fund(account, position, settled)

    def transfer(self, account: Account, asset: str, amount: Decimal, wallet: str = "") -> None:
        """Move an amount into a wallet (the main one unless named), or out of it if negative."""
        name = wallet or account.rules.main
        book_amount(self._book, account, "transfer", asset, amount, self._now(), None, name)
        self._tell(BalanceChanged(account, "transfer", (asset,), (), amount, None, name))

    def move(self, account: Account, asset: str, amount: Decimal, source: str, target: str) -> None:
        """Move an amount from one wallet of the account to another. Raises RequestError where it is not there."""
        there = account.wallets[source].get(asset, ZERO)
        if not 0 < amount <= there:
            raise RequestError("amount", f"more than 0 and at most {there} {asset} of the {source} wallet", str(amount))
        self.transfer(account, asset, -amount, source)
        self.transfer(account, asset, amount, target)

    def liquidate_doomed(self) -> None:
        """Close what is no longer covered: an isolated position alone, a cross pot largest requirement first."""
        for account in self._book.accounts:
            for position in sorted(account.held(), key=self._weight, reverse=True):
                if position.quantity and self._risk.doomed(account, position):
                    self.liquidate(account, position)

    def liquidate(self, account: Account, position: Position) -> None:
        """Cancel the orders in the way and close the position at mark."""
        alone = account.mode(position.listing, position.side) is MarginMode.ISOLATED
        for order in account.open_orders(position.listing if alone else None):
            if alone and order.position_side is not position.side:
                continue
            self._matching.cancel(account, order, "liquidation")
        self._matching.force(account, position, Purpose.LIQUIDATION, self._risk.mark(position.listing))
        self.on_liquidation(account.fills[-1])

    def deleverage(self, account: Account, position: Position, quantity: Decimal, price: Decimal) -> None:
        """Close so much of a position (unsigned, all of it at most) at a price, against somebody who was liquidated."""
        self._matching.force(account, position, Purpose.ADL, price, quantity)

    def deliver(self, listing: Listing, price: Decimal) -> None:
        """Cancel all orders of a dated contract and close all its positions at the delivery price."""
        for account in self._book.accounts:
            for order in account.open_orders(listing):
                self._matching.cancel(account, order, "delivery")
            for position in account.sides(listing):
                if position.quantity:
                    self._matching.force(account, position, Purpose.DELIVERY, price)

    def _fund(self, account: Account, position: Position, settled: Settled) -> None:
        listing = position.listing
        instrument = listing.instrument
        cash = money(payment(instrument.kind, position.quantity, instrument.contract_size, settled.mark, settled.rate))
        if account.mode(listing, position.side) is MarginMode.ISOLATED:
            position.margin += cash
            position.updated_ms = self._now()
        position.realised += cash
        position.cumulative_realised += cash
        fill = self._funding_fill(position, settled, cash)
        account.fills.append(fill)
        book_amount(self._book, account, "funding", instrument.settle, cash, self._now(), fill)
        wallet = account.rules.wallets[listing.category]
        self._tell(BalanceChanged(account, "funding", (instrument.settle,), (position,), cash, fill, wallet))

    def _weight(self, position: Position) -> Decimal:
        """Maintenance margin in one currency for all."""
        return self._risk.maintenance(position) * self._risk.usd(position.listing.instrument.settle)

    def _funding_fill(self, position: Position, settled: Settled, cash: Decimal) -> Fill:
        number = self._book.number()
        return Fill(
            number=number,
            identity=order_identity(number),
            order=None,
            listing=position.listing,
            side="buy" if position.quantity > 0 else "sell",
            price=settled.mark,
            quantity=abs(position.quantity),
            fee=-cash,
            fee_rate=settled.rate if position.quantity > 0 else -settled.rate,
            fee_asset=position.listing.instrument.settle,
            maker=False,
            realised=ZERO,
            closed=ZERO,
            mark=settled.mark,
            time_ms=self._now(),
            purpose=Purpose.FUNDING,
            position_side=position.side,
        )
