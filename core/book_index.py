"""What a declared book says of its assets and its accounts, found once: a declared book never changes."""

from __future__ import annotations

from decimal import Decimal

from core import holdings
from core.books import Account, Book, Hedge, Lot
from core.exact import ZERO
from core.figures import Figure, exact, unknown
from core.legs import PositionKey


class BookIndex:
    """Lots, coins, cost, hedges and what prices each asset of the bag and of the hedges; hedges by account."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.assets = holdings.assets(book)
        self.accounts: dict[str, Account] = {account.name: account for account in book.accounts}
        self.hedges: dict[str, list[Hedge]] = {}
        self.keys: dict[str, dict[PositionKey, Hedge]] = {}
        for hedge in book.hedges:
            self.hedges.setdefault(hedge.asset, []).append(hedge)
            self.keys.setdefault(hedge.account, {})[hedge.key] = hedge
        everything = dict.fromkeys((*self.assets, *self.hedges))
        self.lots: dict[str, tuple[Lot, ...]] = {asset: holdings.lots_of(book, asset) for asset in everything}
        self.coins: dict[str, Figure] = {asset: exact(holdings.coins(book, asset)) for asset in everything}
        self.priced_by = {asset: holdings.priced_by(book, asset) for asset in everything}

    def cost(self, asset: str) -> Figure:
        """What the coins of an asset were bought for together; unknown where a lot does not say."""
        lots = self.lots[asset]
        unpriced = [lot.note or f"lot of {lot.quantity}" for lot in lots if lot.cost is None]
        if unpriced:
            return unknown(*(f"cost of {asset} {name}" for name in unpriced))
        return exact(sum((lot.quantity * (lot.cost or ZERO) for lot in lots), Decimal(0)))
