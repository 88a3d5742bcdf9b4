"""What must agree within one account of the configuration file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from core.config_faults import Problem, nearest, shown
from core.config_model import AccountSection, CollateralSection
from core.config_text import KeyPath
from core.margin_rules import RULE_NAMES
from core.symbols import CCXT_VENUE, DOLLARS_PRICED_IN, MARKETS, markets_of, read_name


class Fault(NamedTuple):
    """One fault within a section: the key (dotted, elements by number), what was expected, what was found."""

    key: str
    expected: str
    found: str


def at(path: KeyPath, fault: tuple[str, str, str]) -> Problem:
    """A fault of the section that stands at ``path``."""
    key, expected, found = fault
    parts = [int(part) if part.isdigit() else part for part in key.split(".")]
    return Problem((*path, *parts), expected, found)


def account_faults(account: AccountSection, sheet_venues: Iterable[str]) -> Iterator[Fault]:
    """Everything that does not agree within one account; ``sheet_venues`` are those that contract sheets name."""
    known = list(dict.fromkeys([*MARKETS, *sheet_venues]))
    if account.venue not in known and not markets_of(account.venue):
        venues = ", ".join(f'"{venue}"' for venue in [*known, CCXT_VENUE])
        yield Fault("venue", f"one of {venues}, or the venue of a contract in [[contracts]]", shown(account.venue))
    if not account.paper:
        yield from _venue_account_faults(account)
    elif account.wallet_balance is None:
        yield Fault("wallet_balance", "a number from 0", "nothing")
    rules = RULE_NAMES
    if account.margin_rules and account.margin_rules not in rules:
        expected = f"one of {', '.join(rules)}{nearest(account.margin_rules, rules)}"
        yield Fault("margin_rules", expected, shown(account.margin_rules))
    yield from _collateral_faults(account)


def _venue_account_faults(account: AccountSection) -> Iterator[Fault]:
    """An account that its venue keeps is told by it: what it holds is not for the file to say."""
    if not markets_of(account.venue):
        yield Fault("paper", f"true, as no account is read at {shown(account.venue)}", "false")
    if account.wallet_balance is not None:
        expected = "nothing, as its venue tells what an account with `paper = false` holds"
        yield Fault("wallet_balance", expected, f"{account.wallet_balance:f}")


def _collateral_faults(account: AccountSection) -> Iterator[Fault]:
    if account.collateral and not account.multi_asset:
        yield Fault("multi_asset", "true, as other coins back the account", "false")
    if account.collateral and account.settle not in DOLLARS_PRICED_IN:
        expected = f"one of {', '.join(DOLLARS_PRICED_IN)}, in which the coins that back it are valued"
        yield Fault("settle", expected, account.settle)
    seen = {account.settle}
    for index, item in enumerate(account.collateral):
        place = f"collateral.{index}"
        if item.asset == account.settle:
            yield Fault(f"{place}.asset", f"another coin than {item.asset}, which wallet_balance counts", item.asset)
        elif item.asset in seen:
            yield Fault(f"{place}.asset", "a coin that is listed once", item.asset)
        seen.add(item.asset)
        if (item.ratio is None) == (item.ratio_steps is None):
            found = "neither" if item.ratio is None else "both"
            yield Fault(f"{place}.ratio", "either one ratio or ratio_steps", found)
        yield from _price_faults(place, item)


def _price_faults(place: str, item: CollateralSection) -> Iterator[Fault]:
    terms = read_name(item.price) if item.price is not None else None
    if terms is not None and (terms.base != item.asset or terms.quote not in DOLLARS_PRICED_IN):
        expected = f"a spot pair of {item.asset} in {', '.join(DOLLARS_PRICED_IN)}"
        yield Fault(f"{place}.price", expected, shown(item.price))
