"""How many coins of an asset a book holds: wherever they lie, each once.

Coins outside, coins in futures accounts (which are part of the bag for exposure, and of the margin for liquidation,
but one coin all the same) and coins of another name that count as this one, less the haircut agreed for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from core.books import Book, Hedge, Lot
from core.contract_sheet import is_sheet_name
from core.exact import ONE, ZERO, exactly


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Coins of one name in one place: ``quantity`` as held, ``counted`` after the haircut; ``account`` is empty for
    coins outside any futures account."""

    asset: str
    account: str
    quantity: Decimal
    counted: Decimal


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that counts as one asset, in coins of it."""

    asset: str
    parts: tuple[Part, ...]

    @property
    def coins(self) -> Decimal:
        """Coins for exposure: every part after its haircut."""
        return _sum(part.counted for part in self.parts)

    @property
    def spot(self) -> Decimal:
        """Those of them outside any futures account."""
        return _sum(part.counted for part in self.parts if not part.account)

    @property
    def collateral(self) -> Decimal:
        """Those of them that lie in futures accounts: held by the bag and posted as margin at once."""
        return _sum(part.counted for part in self.parts if part.account)

    @property
    def haircut(self) -> Decimal:
        """Coins held that are not counted."""
        return _sum(part.quantity - part.counted for part in self.parts)


@exactly
def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def counts_as(book: Book, asset: str) -> str:
    """The asset that a coin counts as in this book: itself, unless the book says otherwise."""
    return next((item.counts_as for item in book.equivalents if item.asset == asset), asset)


def assets(book: Book) -> tuple[str, ...]:
    """The assets of the bag, each once, in the order of the lots; a coin that counts as another is that other."""
    return tuple(dict.fromkeys(counts_as(book, lot.asset) for lot in book.lots))


def lots_of(book: Book, asset: str) -> tuple[Lot, ...]:
    """Every lot that counts as ``asset``."""
    return tuple(lot for lot in book.lots if counts_as(book, lot.asset) == asset)


@exactly
def holding(book: Book, asset: str) -> Holding:
    """What the book holds of ``asset``, by name and place. An asset that counts as another holds nothing of its own."""
    haircuts = {item.asset: item.haircut for item in book.equivalents}
    places: dict[tuple[str, str], Decimal] = {}
    for lot in lots_of(book, asset):
        place = (lot.asset, lot.account)
        places[place] = places.get(place, ZERO) + lot.quantity
    parts = tuple(
        Part(asset=name, account=account, quantity=quantity, counted=quantity * (ONE - haircuts.get(name, ZERO)))
        for (name, account), quantity in places.items()
    )
    return Holding(asset=asset, parts=parts)


def coins(book: Book, asset: str) -> Decimal:
    """Coins of ``asset`` that the book is exposed to by what it holds, each counted once; hedges are not in it."""
    return holding(book, asset).coins


def priced_by(book: Book, asset: str) -> tuple[str | None, Hedge | None]:
    """What prices an asset of the bag: the spot pair that a lot names, and the hedge whose index can stand in for it,
    one at a venue before one of a contract sheet."""
    spot = next((lot.price for lot in lots_of(book, asset) if lot.price is not None), None)
    legs = [hedge for hedge in book.hedges if hedge.asset == asset and hedge.beta is None]
    return spot, next((hedge for hedge in legs if not is_sheet_name(hedge.instrument)), legs[0] if legs else None)
