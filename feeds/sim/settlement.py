"""What happens to positions by itself: funding at the settlement, and liquidation when margin runs out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from core.books import MarginMode
from core.funding import payment
from feeds.sim.accounts import ZERO, Account, AccountBook, Fill, Position, Purpose, money, order_identity
from feeds.sim.catalogue import Listing
from feeds.sim.fills import book_amount
from feeds.sim.funding import Settled
from feeds.sim.matching import AccountEvent, BalanceChanged, Matching
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

    def transfer(self, account: Account, asset: str, amount: Decimal) -> None:
        """Move an amount into a wallet, or out of it if negative."""
        book_amount(self._book, account, "transfer", asset, amount, self._now(), None)
        self._tell(BalanceChanged(account, "transfer", (asset,), (), amount))

    def liquidate_doomed(self) -> None:
        """Close what is no longer covered: an isolated position alone, a cross pot largest requirement first."""
        for account in self._book.accounts:
            for position in sorted(account.held(), key=self._weight, reverse=True):
                if position.quantity and self._risk.doomed(account, position):
                    self.liquidate(account, position)

    def liquidate(self, account: Account, position: Position) -> None:
        """Cancel the orders in the way and close the position at mark."""
        alone = account.mode(position.listing) is MarginMode.ISOLATED
        for order in account.open_orders(position.listing if alone else None):
            if alone and order.position_side is not position.side:
                continue
            self._matching.cancel(account, order, "liquidation")
        self._matching.close_out(account, position)
        self.on_liquidation(account.fills[-1])

    def _fund(self, account: Account, position: Position, settled: Settled) -> None:
        listing = position.listing
        instrument = listing.instrument
        cash = money(payment(instrument.kind, position.quantity, instrument.contract_size, settled.mark, settled.rate))
        if account.mode(listing) is MarginMode.ISOLATED:
            position.margin += cash
        position.realised += cash
        position.cumulative_realised += cash
        fill = self._funding_fill(position, settled, cash)
        account.fills.append(fill)
        book_amount(self._book, account, "funding", instrument.settle, cash, self._now(), fill)
        self._tell(BalanceChanged(account, "funding", (instrument.settle,), (position,), cash, fill))

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
