"""What the shape of a configuration file cannot say: references between sections, and sums that must make sense.

Each check looks at the sections that are sound by themselves, so that one file tells all its faults at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from core.config_accounts import account_faults, at
from core.config_bag_checks import Bag, BagCheck, Posted
from core.config_book_checks import Accounts, BookCheck
from core.config_faults import Problem, shown
from core.config_model import AccountSection, VenueSection
from core.config_sheets import Sheets
from core.config_sound import sound, tables, texts
from core.config_text import KeyPath
from core.symbols import CCXT_VENUE, MARKETS, markets_of


def cross_checks(document: Mapping[str, object]) -> Iterator[Problem]:
    """Every fault that lies between sections of a document read from TOML."""
    yield from _check_venues(document.get("venues"))
    yield from _check_unique(document, "accounts", "account")
    yield from _check_unique(document, "books", "book")
    solid = sound(AccountSection, document.get("accounts"), ("accounts",))
    venues = texts(document.get("contracts"), "venue").values()
    for path, account in solid:
        for fault in account_faults(account, venues):
            yield at(path, fault)
        if not account.paper and not _has_key(document.get("venues"), account.venue):
            expected = f"true, or a key of {account.venue} in [venues.{account.venue}] to ask it with"
            yield Problem((*path, "paper"), expected, "false")
    sheets = Sheets(document.get("contracts"))
    yield from sheets.problems()
    accounts = Accounts(
        [*texts(document.get("accounts"), "name").values()], {account.name: account for _, account in solid}
    )
    claims: set[tuple[str, str]] = set()
    posted = Posted(accounts.sound)
    for index, book in enumerate(tables(document.get("books"))):
        path = ("books", index)
        bag = Bag(book, path)
        yield from BagCheck(bag, accounts.names, posted).problems()
        yield from BookCheck(book, path, bag, accounts, claims, sheets).problems()


def _has_key(raw: object, venue: str) -> bool:
    table = raw.get(venue) if isinstance(raw, dict) else None
    return isinstance(table, dict) and any(key in table for key in ("secret_env", "secret_command", "secret_file"))


def _check_unique(document: Mapping[str, object], key: str, what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, table in enumerate(tables(document.get(key))):
        name = table.get("name")
        if isinstance(name, str) and name in seen:
            yield Problem((key, index, "name"), f"a name that no other {what} has", shown(name))
        seen.add(str(name))


def _check_venues(raw: object) -> Iterator[Problem]:
    for name, table in raw.items() if isinstance(raw, dict) else ():
        path: KeyPath = ("venues", name)
        if not markets_of(name):
            yield Problem(path, f"a venue that is supported ({', '.join(MARKETS)}, {CCXT_VENUE})", shown(name))
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
