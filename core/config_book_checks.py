"""What must agree within one book of the configuration file, and with the accounts and contracts it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from pydantic import ValidationError

from core.config_bag_checks import Bag
from core.config_faults import Problem, dotted, nearest, shown
from core.config_model import AccountSection, HedgeSection, LimitsSection
from core.config_sheets import Sheets
from core.config_sound import sound, texts
from core.config_text import KeyPath
from core.hedge_targets import TARGETS
from core.symbols import Terms, read_name


class Accounts(NamedTuple):
    names: list[str]
    sound: Mapping[str, AccountSection]


class BookCheck:
    """The checks of the hedges of one book, against its bag and the accounts.

    ``claims`` holds the contract of every hedge seen so far, in this book and those before it, once with its account
    and once with its book.
    """

    def __init__(
        self,
        book: Mapping[str, object],
        path: KeyPath,
        bag: Bag,
        accounts: Accounts,
        claims: set[tuple[str, str]],
        sheets: Sheets,
    ) -> None:
        self._path, self._accounts, self._claims, self._sheets = path, accounts, claims, sheets
        self._bag = bag
        self._hedges = sound(HedgeSection, book.get("hedges"), (*path, "hedges"))
        self._hedged = texts(book.get("hedges"), "asset")
        self._used = texts(book.get("hedges"), "account")
        self._maximum_ratio = _maximum_ratio(book.get("limits", {}))

    def problems(self) -> Iterator[Problem]:
        yield from self._check_references()
        targets: dict[str, Decimal] = {}
        for path, hedge in self._hedges:
            terms = read_name(hedge.instrument) or self._sheets.terms(hedge.instrument)
            if terms is not None:
                yield from self._check_contract(path, hedge, terms)
            elif expected := self._sheets.expectation(hedge.instrument):
                yield Problem((*path, "instrument"), expected, shown(hedge.instrument))
            yield from self._check_held_position(path, hedge)
            yield from self._check_target(path, hedge)
            targets[hedge.asset] = targets.get(hedge.asset, Decimal(0)) + (hedge.target_ratio or 0)
            if targets[hedge.asset] > self._maximum_ratio:
                expected = f"targets of {hedge.asset} that add up to no more than maximum_ratio {self._maximum_ratio}"
                yield Problem((*path, "target_ratio"), expected, str(targets[hedge.asset]))

    def _check_references(self) -> Iterator[Problem]:
        held, accounts = self._bag.assets, self._accounts.names
        for index, asset in self._hedged.items():
            main = self._bag.counts_as(asset)
            if main != asset:
                expected = f"{main}, as {asset} counts as it in this book"
                yield Problem((*self._path, "hedges", index, "asset"), expected, shown(asset))
            elif asset not in held:
                expected = f"a coin that a lot of this book holds{nearest(asset, held)}"
                yield Problem((*self._path, "hedges", index, "asset"), expected, shown(asset))
        for index, account in self._used.items():
            if account not in accounts:
                expected = f"the name of an account in [[accounts]]{nearest(account, accounts)}"
                yield Problem((*self._path, "hedges", index, "account"), expected, shown(account))

    def _check_contract(self, path: KeyPath, hedge: HedgeSection, terms: Terms) -> Iterator[Problem]:
        if terms.base != hedge.asset and hedge.beta is None:
            expected = f"a contract on {hedge.asset}, the coin it hedges, or beta beside it"
            yield Problem((*path, "instrument"), expected, f"{hedge.instrument!r}, a contract on {terms.base}")
        if terms.base == hedge.asset and hedge.beta is not None:
            expected = f"nothing: {hedge.instrument} is on {hedge.asset} itself"
            yield Problem((*path, "beta"), expected, f"{hedge.beta}")
        yield from self._check_account(path, hedge, terms)
        claims = {(hedge.account, hedge.instrument), (dotted(self._path), hedge.instrument)}
        if claims & self._claims:
            expected = "a contract that no other hedge of this book or account names: a position is counted once"
            yield Problem((*path, "instrument"), expected, shown(hedge.instrument))
        self._claims |= claims

    def _check_account(self, path: KeyPath, hedge: HedgeSection, terms: Terms) -> Iterator[Problem]:
        place = (*path, "account")
        account = self._accounts.sound.get(hedge.account)
        if account is None:
            return
        if account.venue != terms.venue:
            expected = f"an account of {terms.venue}, where {hedge.instrument} is traded"
            yield Problem(place, expected, f"{hedge.account!r}, an account of {account.venue}")
        elif account.settle != terms.settle:
            expected = f"an account settled in {terms.settle}, as {hedge.instrument} is"
            yield Problem(place, expected, f"{hedge.account!r}, settled in {account.settle}")
        elif (account.position_mode == "hedge") != (hedge.leg == "short"):
            wanted = "short" if account.position_mode == "hedge" else "net"
            yield Problem(
                (*path, "leg"), f'"{wanted}", as {account.name} is in {account.position_mode} mode', hedge.leg
            )
        elif hedge.isolated_margin is not None and account.margin_mode != "isolated":
            yield Problem((*path, "isolated_margin"), f"no margin of its own: {account.name} is a cross account", "one")

    def _check_target(self, path: KeyPath, hedge: HedgeSection) -> Iterator[Problem]:
        given = [key for key in TARGETS if getattr(hedge, key) is not None]
        if not given:
            yield Problem((*path, TARGETS[0]), f"exactly one of {', '.join(TARGETS)}", "nothing")
        for extra in given[1:]:
            yield Problem((*path, extra), f"only one target ({given[0]} is given)", "a second one")
        if hedge.target_floor_price is None and "target_floor" in given:
            yield Problem((*path, "target_floor_price"), "the worst price at which the floor must hold", "nothing")
        if hedge.target_floor_price is not None and "target_floor" not in given:
            yield Problem((*path, "target_floor_price"), "target_floor beside it", "target_floor_price alone")
        if "target_floor" in given and [*self._hedged.values()].count(hedge.asset) > 1:
            expected = f"the only hedge of {hedge.asset}: a floor is of the whole bag"
            yield Problem((*path, "target_floor"), expected, "one of several")

    def _check_held_position(self, path: KeyPath, hedge: HedgeSection) -> Iterator[Problem]:
        account = self._accounts.sound.get(hedge.account)
        if account is not None and not account.paper:
            for key in ("quantity", "entry_price", "isolated_margin", "open_at_market"):
                if getattr(hedge, key):
                    expected = f"nothing, as {account.venue} tells what account {account.name} holds"
                    yield Problem((*path, key), expected, shown(getattr(hedge, key)))
            return
        if not hedge.quantity:
            for key in ("entry_price", "isolated_margin"):
                if getattr(hedge, key) is not None:
                    yield Problem((*path, key), "a quantity other than 0 beside it", "no position")
            return
        if hedge.entry_price is None:
            expected = "the average entry price of the position: a price in quote per coin"
            yield Problem((*path, "entry_price"), expected, "nothing")
        if hedge.open_at_market:
            yield Problem((*path, "open_at_market"), "false, as quantity tells a position already held", "true")


def _maximum_ratio(limits: object) -> Decimal:
    try:
        return LimitsSection.model_validate(limits).maximum_ratio
    except ValidationError:
        return Decimal(2)  # the limits are refused already; their ratio must not bring a second error
