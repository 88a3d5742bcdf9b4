"""What distinguishes one simulated venue from another where wire formats do not matter: its rules, as data.

A venue's ``listings`` module holds one :class:`VenueRules`; the engines (matching, risk, funding, settlement) take
everything venue-specific from there and know no venue by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import msgspec

from core.instruments import ContractKind
from feeds.sim.catalogue import Family, Listing, build
from feeds.sim.collateral import Ratios

LIQUIDATION_FEE = Decimal("0.0125")


class Scaled(StrEnum):
    """What a venue scales to the length of the funding interval: the interest, or the finished rate."""

    INTEREST = "interest"
    RATE = "rate"


class FundingRule(msgspec.Struct, frozen=True, kw_only=True):
    """How often the premium is sampled (s), and what is scaled to the interval (see :mod:`feeds.sim.funding`)."""

    sample_seconds: int = 60
    scaled: Scaled = Scaled.INTEREST


class ClosingFee(StrEnum):
    """What a venue adds to the maintenance margin for closing a position."""

    NONE = "none"
    BANKRUPTCY_CROSS = "bankruptcy, cross positions only"
    """The taker fee at the bankruptcy price that the leverage gives."""
    AT_MARK = "at mark"
    """The taker fee of the value at mark, cross and isolated."""


class VenueRules(msgspec.Struct, frozen=True, kw_only=True):
    """One venue. ``families`` are what it lists, a category each.

    ``wallets`` names the wallet in which each category's money is: one name for all where the account is one. ``start``
    is what the main account begins with, by wallet and asset. ``unified`` says that all coins of an account back all
    its cross positions, at their index price less ``collateral``'s haircuts; otherwise a wallet's coins back what is
    settled in them. ``hedges`` are the categories in which long and short may be held side by side, ``hedge_mode``
    whether a new account does. ``basis_seconds`` is over how long the mark price averages the basis. An order to
    close more than is held is cut to that if ``cuts_reduce_only``, else refused. ``liquidation_fee`` is a fraction of
    notional. ``passphrase`` says that a key has one.
    """

    venue: str
    families: tuple[Family, ...]
    wallets: Mapping[str, str]
    start: Mapping[str, Mapping[str, str]]
    funding: FundingRule = FundingRule()
    basis_seconds: int = 60
    unified: bool = False
    collateral: Ratios = {}
    closing_fee: ClosingFee = ClosingFee.NONE
    liquidation_fee: Decimal = LIQUIDATION_FEE
    hedges: frozenset[str] = frozenset()
    hedge_mode: bool = False
    cuts_reduce_only: bool = True
    passphrase: bool = False

    @property
    def main(self) -> str:
        """The wallet of the first category: what "the wallet" means where nothing else is said."""
        return self.wallets[self.families[0].market]

    @property
    def wallet_names(self) -> tuple[str, ...]:
        """Every wallet once."""
        return tuple(dict.fromkeys(self.wallets.values()))

    def start_amounts(self) -> dict[str, dict[str, Decimal]]:
        """What the main account begins with."""
        return {
            wallet: {asset: Decimal(amount) for asset, amount in amounts.items()}
            for wallet, amounts in self.start.items()
        }

    def contract_size(self, market: str, base: str) -> Decimal:
        """Coins (linear) or USD (inverse) for one unit of quantity of a coin's contracts. Raises LookupError for a
        contract that is not listed."""
        rows = next(family.rows for family in self.families if family.market == market)
        return Decimal(next(row.contract_size for row in rows if row.base == base))

    def backing(self) -> dict[str, str]:
        """The wallet that backs the contracts of each settle currency."""
        found: dict[str, str] = {}
        for family in self.families:
            if family.kind is not ContractKind.SPOT:
                for row in family.rows:
                    found.setdefault(family.settle(row), self.wallets[family.market])
        return found

    def listings(self, now_ms: int) -> tuple[Listing, ...]:
        """Everything that is listed now."""
        return build(self.venue, self.families, now_ms)
