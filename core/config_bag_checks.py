"""What must agree within the bag of one book of the configuration file, and that no coin is in two places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from core.config_faults import Problem, nearest, shown
from core.config_model import AccountSection, EquivalentSection, LotSection
from core.config_sound import sound, tables, texts
from core.config_text import KeyPath
from core.contract_sheet import is_sheet_name
from core.exact import exactly
from core.symbols import DOLLARS_PRICED_IN, read_name


class Bag:
    """The lots of a book as they are written, and what each coin counts as."""

    def __init__(self, book: Mapping[str, object], path: KeyPath) -> None:
        self.path = path
        self.lots = sound(LotSection, book.get("lots"), (*path, "lots"))
        self.equivalents = sound(EquivalentSection, book.get("equivalents"), (*path, "equivalents"))
        self._main = {item.asset: item.counts_as for _, item in self.equivalents}
        self.assets = [self.counts_as(asset) for asset in texts(book.get("lots"), "asset").values()]
        hedged, named = texts(book.get("hedges"), "asset"), texts(book.get("hedges"), "instrument")
        proxies = {index for index, table in enumerate(tables(book.get("hedges"))) if "beta" in table}
        self.indexed = {
            asset for index, asset in hedged.items() if index not in proxies and not is_sheet_name(named.get(index, ""))
        }
        self.prices: dict[str, str] = {}
        for _, lot in self.lots:
            if lot.price is not None:
                self.prices.setdefault(self.counts_as(lot.asset), lot.price)

    def counts_as(self, asset: str) -> str:
        """The coin that another one counts as in this book; itself, where nothing is said."""
        return self._main.get(asset, asset)


class Posted:
    """How many coins the lots of all books say lie in each account, against what the account is said to hold."""

    def __init__(self, accounts: Mapping[str, AccountSection]) -> None:
        self._stated: dict[tuple[str, str], Decimal] = {}
        for name, account in accounts.items():
            self._stated |= {(name, item.asset): item.quantity for item in account.collateral}
            if account.wallet_balance is not None:
                self._stated[name, account.settle] = account.wallet_balance
        self._accounts = accounts
        self._claimed: dict[tuple[str, str], Decimal] = {}

    @exactly
    def excess(self, lot: LotSection) -> str:
        """Claim a lot's coins; what was expected where the account does not hold so many, else nothing."""
        if lot.account not in self._accounts or not self._accounts[lot.account].paper:
            return ""
        place = (lot.account, lot.asset)
        stated = self._stated.get(place)
        if stated is None:
            return f"an account that holds {lot.asset}, as its settle currency or in [[accounts.collateral]]"
        self._claimed[place] = self._claimed.get(place, Decimal(0)) + lot.quantity
        if self._claimed[place] <= stated:
            return ""
        return f"lots of {lot.asset} in {lot.account} that add up to no more than the {stated} it holds"


class BagCheck:
    """The checks of the lots of one book and of what they count as."""

    def __init__(self, bag: Bag, accounts: Sequence[str], posted: Posted) -> None:
        self._bag, self._accounts, self._posted = bag, accounts, posted

    def problems(self) -> Iterator[Problem]:
        yield from self._check_equivalents()
        for path, lot in self._bag.lots:
            yield from self._check_price(path, lot)
            yield from self._check_account(path, lot)

    def _check_equivalents(self) -> Iterator[Problem]:
        seen: set[str] = set()
        others = {item.asset for _, item in self._bag.equivalents}
        for path, item in self._bag.equivalents:
            if item.asset in seen:
                yield Problem((*path, "asset"), "a coin that counts as one other only", shown(item.asset))
            if item.counts_as in others:
                expected = "a coin that itself counts as no other"
                yield Problem((*path, "counts_as"), expected, shown(item.counts_as))
            seen.add(item.asset)

    def _check_price(self, path: KeyPath, lot: LotSection) -> Iterator[Problem]:
        asset = self._bag.counts_as(lot.asset)
        agreed = self._bag.prices.get(asset)
        if agreed is None and asset not in self._bag.indexed:
            yield Problem((*path, "price"), f"a spot pair, as no hedge of {asset} gives an index price", "nothing")
        if lot.price is None:
            return
        if lot.price != agreed:
            expected = f"{agreed}, as for the other lots of {asset}: a coin has one price"
            yield Problem((*path, "price"), expected, shown(lot.price))
        terms = read_name(lot.price)
        if terms is not None and (terms.base != asset or terms.quote not in DOLLARS_PRICED_IN):
            expected = f"a spot pair of {asset} in {', '.join(DOLLARS_PRICED_IN)}"
            yield Problem((*path, "price"), expected, shown(lot.price))

    def _check_account(self, path: KeyPath, lot: LotSection) -> Iterator[Problem]:
        if not lot.account:
            return
        if lot.account not in self._accounts:
            expected = f"the name of an account in [[accounts]]{nearest(lot.account, self._accounts)}"
            yield Problem((*path, "account"), expected, shown(lot.account))
        elif expected := self._posted.excess(lot):
            yield Problem((*path, "account"), expected, f"{lot.quantity} in this lot")
