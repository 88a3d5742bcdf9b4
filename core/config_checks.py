"""What the shape of a configuration file cannot say: references between sections, and sums that must make sense.

Each check looks at the sections that are sound by themselves, so that one file tells all its faults at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from core.config_accounts import account_faults, at
from core.config_contracts import ContractSection, contract_ids, sheet_faults
from core.config_faults import Problem, dotted, nearest, shown
from core.config_model import AccountSection, HedgeSection, LimitsSection, LotSection, VenueSection
from core.config_section import Section
from core.config_text import KeyPath
from core.contract_sheet import MARKET, is_sheet_name
from core.symbols import DOLLARS_PRICED_IN, MARKETS, Terms, read_name

_S = TypeVar("_S", bound=Section)


def cross_checks(document: Mapping[str, object]) -> Iterator[Problem]:
    """Every fault that lies between sections of a document read from TOML."""
    yield from _check_venues(document.get("venues"))
    yield from _check_unique(document, "accounts", "account")
    yield from _check_unique(document, "books", "book")
    sound = _sound(AccountSection, document.get("accounts"), ("accounts",))
    venues = _texts(document.get("contracts"), "venue").values()
    for path, account in sound:
        for fault in account_faults(account, venues):
            yield at(path, fault)
    sheets = _Sheets(document.get("contracts"))
    yield from sheets.problems()
    accounts = _Accounts(
        [*_texts(document.get("accounts"), "name").values()], {account.name: account for _, account in sound}
    )
    claims: set[tuple[str, str]] = set()
    for index, book in enumerate(_tables(document.get("books"))):
        yield from _BookCheck(book, ("books", index), accounts, claims, sheets).problems()


def _tables(raw: object) -> list[Mapping[str, object]]:
    """The elements of an array of tables; an element that is no table counts as an empty one."""
    return [item if isinstance(item, dict) else {} for item in (raw if isinstance(raw, list) else [])]


def _texts(raw: object, key: str) -> dict[int, str]:
    """What the elements of an array of tables say for ``key``, by their number, where that is text."""
    return {index: value for index, table in enumerate(_tables(raw)) if isinstance(value := table.get(key), str)}


def _sound(section: type[_S], raw: object, path: KeyPath) -> list[tuple[KeyPath, _S]]:
    """The elements of an array of tables that are valid by themselves, with their places."""
    found = []
    for index, table in enumerate(_tables(raw)):
        try:
            found.append(((*path, index), section.model_validate(table)))
        except ValidationError:
            continue  # reported by the validation of the whole file
    return found


def _check_unique(document: Mapping[str, object], key: str, what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, table in enumerate(_tables(document.get(key))):
        name = table.get("name")
        if isinstance(name, str) and name in seen:
            yield Problem((key, index, "name"), f"a name that no other {what} has", shown(name))
        seen.add(str(name))


def _check_venues(raw: object) -> Iterator[Problem]:
    for name, table in raw.items() if isinstance(raw, dict) else ():
        path: KeyPath = ("venues", name)
        if name not in MARKETS:
            yield Problem(path, f"a venue that is supported ({', '.join(MARKETS)})", shown(name))
        try:
            venue = VenueSection.model_validate(table)
        except ValidationError:
            continue
        yield from _check_addresses(venue, path)
        yield from _check_credentials(venue, path)


def _check_addresses(venue: VenueSection, path: KeyPath) -> Iterator[Problem]:
    if (venue.rest is None) != (venue.websocket is None):
        given, wanted = ("rest", "websocket") if venue.rest is not None else ("websocket", "rest")
        expected = f"an address, as {given} is given: both must lead to the same network"
        yield Problem((*path, wanted), expected, "nothing")


def _check_credentials(venue: VenueSection, path: KeyPath) -> Iterator[Problem]:
    sources = [key for key in ("secret_env", "secret_command", "secret_file") if getattr(venue, key) is not None]
    for extra in sources[1:]:
        yield Problem((*path, extra), f"only one source of the secret ({sources[0]} is given)", "a second one")
    if venue.api_key_env is not None and not sources:
        yield Problem((*path, "api_key_env"), "a source of the secret beside it", "api_key_env alone")
    if venue.api_key_env is None and sources[:1] == ["secret_env"]:
        yield Problem((*path, "secret_env"), "api_key_env beside it", "secret_env alone")


class _Sheets:
    """The contract sheets of the file: their own faults, and what the names of their contracts say."""

    def __init__(self, raw: object) -> None:
        self._sound = _sound(ContractSection, raw, ("contracts",))
        venues, symbols = _texts(raw, "venue"), _texts(raw, "symbol")
        self._written = {f"{venues[index]}:{MARKET}:{symbols[index]}": index for index in venues if index in symbols}
        self._faults = [(path, fault) for path, section in self._sound for fault in sheet_faults(section)]
        self._terms: dict[str, Terms] = {}
        for _, section in self._sound:
            for name in contract_ids(section):
                symbol = name.rpartition(":")[2]
                self._terms[name] = Terms(section.venue, MARKET, symbol, section.base, section.quote, section.settle)

    def problems(self) -> Iterator[Problem]:
        for path, fault in self._faults:
            yield at(path, fault)
        seen: set[tuple[str, str]] = set()
        for path, section in self._sound:
            if (section.venue, section.symbol) in seen:
                yield Problem(
                    (*path, "symbol"), f"a symbol that no other contract of {section.venue} has", section.symbol
                )
            seen.add((section.venue, section.symbol))

    def terms(self, name: str) -> Terms | None:
        """What a contract is, where a sheet that is sound by itself describes it."""
        return self._terms.get(name)

    def expectation(self, name: str) -> str:
        """What should stand in place of a name that no sheet gives; empty where its sheet is refused already."""
        owner = next((sheet for sheet in self._written if name == sheet or name.startswith(f"{sheet}-")), None)
        if owner is None:
            return f"a contract described in [[contracts]]{nearest(name, self._terms)}"
        months = [known for known in self._terms if known == owner or known.startswith(f"{owner}-")]
        return f"one of its months: {', '.join(months)}" if months else ""


class _Accounts(NamedTuple):
    names: list[str]
    sound: Mapping[str, AccountSection]


class _BookCheck:
    """The checks of one book: lots against hedges, hedges against accounts.

    ``claims`` holds the contract of every hedge seen so far, in this book and those before it, once with its account
    and once with its book.
    """

    def __init__(
        self,
        book: Mapping[str, object],
        path: KeyPath,
        accounts: _Accounts,
        claims: set[tuple[str, str]],
        sheets: _Sheets,
    ) -> None:
        self._path, self._accounts, self._claims, self._sheets = path, accounts, claims, sheets
        self._lots = _sound(LotSection, book.get("lots"), (*path, "lots"))
        self._hedges = _sound(HedgeSection, book.get("hedges"), (*path, "hedges"))
        self._held = _texts(book.get("lots"), "asset")
        self._hedged = _texts(book.get("hedges"), "asset")
        named = _texts(book.get("hedges"), "instrument")
        self._indexed = {asset for index, asset in self._hedged.items() if not is_sheet_name(named.get(index, ""))}
        self._used = _texts(book.get("hedges"), "account")
        self._prices: dict[str, str] = {}
        for _, lot in self._lots:
            if lot.price is not None:
                self._prices.setdefault(lot.asset, lot.price)
        self._maximum_ratio = _maximum_ratio(book.get("limits", {}))

    def problems(self) -> Iterator[Problem]:
        for path, lot in self._lots:
            yield from self._check_lot(path, lot)
        yield from self._check_references()
        targets: dict[str, Decimal] = {}
        for path, hedge in self._hedges:
            terms = read_name(hedge.instrument) or self._sheets.terms(hedge.instrument)
            if terms is not None:
                yield from self._check_contract(path, hedge, terms)
            elif expected := self._sheets.expectation(hedge.instrument):
                yield Problem((*path, "instrument"), expected, shown(hedge.instrument))
            yield from self._check_held_position(path, hedge)
            targets[hedge.asset] = targets.get(hedge.asset, Decimal(0)) + hedge.target_ratio
            if targets[hedge.asset] > self._maximum_ratio:
                expected = f"targets of {hedge.asset} that add up to no more than maximum_ratio {self._maximum_ratio}"
                yield Problem((*path, "target_ratio"), expected, str(targets[hedge.asset]))

    def _check_references(self) -> Iterator[Problem]:
        held, accounts = self._held.values(), self._accounts.names
        for index, asset in self._hedged.items():
            if asset not in held:
                expected = f"a coin that a lot of this book holds{nearest(asset, held)}"
                yield Problem((*self._path, "hedges", index, "asset"), expected, shown(asset))
        for index, account in self._used.items():
            if account not in accounts:
                expected = f"the name of an account in [[accounts]]{nearest(account, accounts)}"
                yield Problem((*self._path, "hedges", index, "account"), expected, shown(account))

    def _check_lot(self, path: KeyPath, lot: LotSection) -> Iterator[Problem]:
        agreed = self._prices.get(lot.asset)
        if agreed is None and lot.asset not in self._indexed:
            expected = f"a spot pair, as no hedge of {lot.asset} gives an index price"
            yield Problem((*path, "price"), expected, "nothing")
        if lot.price is None:
            return
        if lot.price != agreed:
            expected = f"{agreed}, as for the other lots of {lot.asset}: a coin has one price"
            yield Problem((*path, "price"), expected, shown(lot.price))
        terms = read_name(lot.price)
        if terms is not None and (terms.base != lot.asset or terms.quote not in DOLLARS_PRICED_IN):
            expected = f"a spot pair of {lot.asset} in {', '.join(DOLLARS_PRICED_IN)}"
            yield Problem((*path, "price"), expected, shown(lot.price))

    def _check_contract(self, path: KeyPath, hedge: HedgeSection, terms: Terms) -> Iterator[Problem]:
        if terms.base != hedge.asset:
            expected = f"a contract on {hedge.asset}, the coin it hedges"
            yield Problem((*path, "instrument"), expected, f"{hedge.instrument!r}, a contract on {terms.base}")
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

    def _check_held_position(self, path: KeyPath, hedge: HedgeSection) -> Iterator[Problem]:
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
