"""What lies in each account, by asset.

A wallet is the whole wallet of the settle currency, margin moved to positions included, without unrealised P&L; what is
paid in another coin that backs the account is booked in that coin.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from core.books import Account
from core.collateral import declared_balances
from core.events import BalanceUpdate
from core.exact import exactly
from core.last_words import LastWord
from core.positions import ZERO
from core.venue_accounts import VenueAccounts

KEPT_TO = Decimal("1E-8")
"""The places that venues keep of a wallet: a profit in coins has no last digit, and is rounded to these."""


class Wallets:
    """The balances of all accounts. Every report changes one at most once, whatever is sent twice."""

    def __init__(self, accounts: Mapping[str, Account], reports: VenueAccounts) -> None:
        self._accounts, self._reports = accounts, reports
        self.balances: dict[tuple[str, str], Decimal] = {}
        """By account and asset: the settle currency, and every coin that backs the account."""
        for account in accounts.values():
            self.balances |= {(account.name, asset): amount for asset, amount in declared_balances(account).items()}
        self.estimated: set[tuple[str, str]] = set()
        """Balances that hold payments which were only reckoned, since their venue last reported them."""
        self.transfers: dict[tuple[str, str], Decimal] = {}
        """By how much venues' reports have moved balances beyond what was folded, by account and asset: deposits (+)
        and withdrawals (−), which are no profit."""
        self._words: dict[tuple[str, str], LastWord] = {}
        self._first_told: dict[tuple[str, str], int] = {}
        """Up to when what moved a balance was counted in the first that its venue told, by account and asset, in ns."""

    def settle(self, account: str) -> Decimal:
        """The balance of an account's settle currency, without unrealised P&L; 0 where its venue has not told it, which
        :attr:`core.ledger.Ledger.reports` says."""
        return self.balances.get((account, self._accounts[account].settle), ZERO)

    def coins(self, account: str) -> dict[str, Decimal]:
        """The balances of an account beside its settle currency, by asset."""
        settle = self._accounts[account].settle
        return {asset: amount for (name, asset), amount in self.balances.items() if name == account and asset != settle}

    def set(self, account: str, asset: str, amount: Decimal | None) -> None:
        """Make a balance what its user or its venue says; ``None`` forgets it."""
        self.estimated.discard((account, asset))
        if amount is None:
            self.balances.pop((account, asset), None)
        else:
            self.balances[account, asset] = amount

    def credit(self, account: str, asset: str, amount: Decimal, time_ns: int, *, estimated: bool = False) -> None:
        """Count what was gained (+) or paid (−) at a time. A balance that a venue keeps is what the venue says: there
        the gain explains a part of its last change, or was counted in the first balance told. ``estimated`` where it
        was reckoned here."""
        place = (account, asset)
        if place not in self.balances:
            return
        if estimated:
            self.estimated.add(place)
        if account not in self._reports:
            self.balances[place] += amount
        elif time_ns > self._first_told.get(place, 0):
            self.transfers[place] = self.transfers.get(place, ZERO) - amount.quantize(KEPT_TO)

    @exactly
    def reported(self, event: BalanceUpdate) -> bool:
        """Take a balance as its venue reports it; false where it changes nothing or backs no account of ours.

        A coin that a multi-asset account was not said to hold backs it from then on. What differs from the balance
        that was folded came in or went out, and is kept in :attr:`transfers`.
        """
        account = self._accounts.get(event.account)
        if account is None or not event.wallet_balance.is_finite():
            return False
        place = (event.account, event.asset)
        held = self.balances.get(place)
        if held is None and not account.multi_asset and event.asset != account.settle:
            return False
        if not self._words.setdefault(place, LastWord()).takes_report(event):
            return False
        if held is not None:
            self.transfers[place] = self.transfers.get(place, ZERO) + event.wallet_balance - held
        else:
            self._first_told[place] = self._words[place].covers_ns
        estimated = place in self.estimated
        self.set(event.account, event.asset, event.wallet_balance)
        return estimated or held != event.wallet_balance
