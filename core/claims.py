"""What several books may share: an account that they describe alike, and never a position."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from core.books import Book
from core.errors import RequestError
from core.hedge_targets import check_target


def check_books(books: Iterable[Book]) -> None:
    """Raises RequestError where two books claim one position, or a hedge's target cannot be."""
    accounts: dict[str, object] = {}
    legs: set[tuple[str, str]] = set()  # by account, and by book: targets are told apart by their contract
    names: set[str] = set()
    for book in books:
        if book.name in names:
            raise RequestError("books", "each book named once", book.name)
        names.add(book.name)
        for account in book.accounts:
            if accounts.setdefault(account.name, account) != account:
                raise RequestError("accounts", f"one description of account {account.name}", "two that differ")
        for hedge in book.hedges:
            if hedge.account not in {account.name for account in book.accounts}:
                raise RequestError("hedges.account", f"an account of book {book.name}", hedge.account)
            claims = {(f"account {hedge.account}", hedge.instrument), (f"book {book.name}", hedge.instrument)}
            if claims & legs:
                raise RequestError("hedges", "each contract of an account or a book in one leg", hedge.instrument)
            legs |= claims
            check_target(hedge)
            ratio = hedge.target_ratio
            if ratio is not None and not Decimal(0) <= ratio <= book.limits.maximum_ratio:
                raise RequestError("hedges.target_ratio", f"0 to {book.limits.maximum_ratio}", str(ratio))
