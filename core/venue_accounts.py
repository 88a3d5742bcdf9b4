"""Accounts that a venue keeps: when it was last heard of them, how they are set there, and how that differs.

What a venue has not told is unknown: an account that was never read is no flat account, and one that was read long
ago is not the account of now.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from core.books import Account
from core.events import AccountSettings, AccountSwept
from core.figures import Figure, Freshness
from core.freshness import ACCOUNT_AGES_NS, SECOND_NS, by_age
from core.legs import Leg

_SETTINGS = ("position_mode", "margin_mode", "leverage", "multi_asset", "key_verified", "no_funding_records")


class _Standing:
    """One account: when all of it was last read, and its settings as read, by instrument and leg."""

    __slots__ = ("account", "settings", "swept_ns")

    def __init__(self, account: Account) -> None:
        self.account = account
        self.swept_ns: int | None = None
        self.settings: dict[tuple[str, Leg], AccountSettings] = {}


class VenueAccounts:
    """The accounts among these that a venue keeps; every other name is none of its business."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._standings = {account.name: _Standing(account) for account in accounts if not account.paper}

    def __contains__(self, account: str) -> bool:
        return account in self._standings

    def swept(self, event: AccountSwept) -> bool:
        """All of an account has been told; false where it is not one of these."""
        standing = self._standings.get(event.account)
        if standing is None:
            return False
        standing.swept_ns = max(event.received_ns, standing.swept_ns or 0)
        return True

    def set(self, event: AccountSettings) -> bool:
        """Take settings as read, keeping what this event does not say; false where nothing changed."""
        standing = self._standings.get(event.account)
        if standing is None:
            return False
        key = (event.instrument, event.leg)
        held = standing.settings.get(key, AccountSettings(account=event.account))
        said = {name: value for name in _SETTINGS if (value := getattr(event, name)) is not None}
        after = msgspec.structs.replace(held, instrument=event.instrument, leg=event.leg, **said)
        standing.settings[key] = after
        return after != held

    def missing(self, account: str, now_ns: int) -> str:
        """Why nothing is known of the account now; empty where something is, or where no venue keeps it."""
        standing = self._standings.get(account)
        if standing is None:
            return ""
        if standing.swept_ns is None:
            return f"account {account}, which {standing.account.venue} has not told yet"
        if self.freshness(account, now_ns) is Freshness.UNKNOWN:
            seconds = (now_ns - standing.swept_ns) // SECOND_NS
            return f"account {account}, which {standing.account.venue} told {seconds} s ago and not since"
        return ""

    def freshness(self, account: str, now_ns: int) -> Freshness:
        """How far what is held of the account can be relied on now; LIVE for one that no venue keeps."""
        standing = self._standings.get(account)
        if standing is None:
            return Freshness.LIVE
        if standing.swept_ns is None:
            return Freshness.UNKNOWN
        return by_age(now_ns - standing.swept_ns, ACCOUNT_AGES_NS)

    def age(self, account: str, now_ns: int) -> tuple[Freshness, int | None]:
        """How far the account can be relied on now, and when all of it was last read: all that ages of its numbers."""
        standing = self._standings.get(account)
        return self.freshness(account, now_ns), None if standing is None else standing.swept_ns

    def figure(self, account: str, value: Decimal, now_ns: int, *, estimated: bool = False) -> Figure:
        """A number of the account, as old as the last sweep; exact and without an age where no venue keeps it."""
        freshness, swept_ns = self.age(account, now_ns)
        return Figure(value=value, estimated=estimated, freshness=freshness, observed_ns=swept_ns)

    def no_funding_records(self, account: str, instrument: str) -> bool:
        """True where the venue tells no funding payments of an instrument."""
        standing = self._standings.get(account)
        if standing is None:
            return False
        return any(
            read.no_funding_records is True for (name, _), read in standing.settings.items() if name in ("", instrument)
        )

    def unverified(self, account: str) -> bool:
        """True where the venue does not tell what the key that reads the account may do."""
        standing = self._standings.get(account)
        return standing is not None and any(read.key_verified is False for read in standing.settings.values())

    def differences(self, account: str, instruments: Iterable[str]) -> Iterator[str]:
        """In words, each setting at the venue that is not what the configuration says; nothing is changed there."""
        standing = self._standings.get(account)
        if standing is None:
            return
        wanted, stated = {"", *instruments}, standing.account
        told: dict[str, dict[Leg, AccountSettings]] = {}
        for (instrument, leg), read in standing.settings.items():
            if instrument in wanted:
                told.setdefault(instrument, {})[leg] = read
        for instrument, legs in told.items():
            where = f"{instrument} in {account}" if instrument else account
            said = {leg: list(_differing(read, stated, where)) for leg, read in legs.items()}
            both = {leg for leg in legs if leg is not Leg.NET}
            for words in dict.fromkeys(itertools.chain(*said.values())):
                of = {leg for leg in legs if words in said[leg]}
                if Leg.NET in of or of == both:
                    yield words
                else:
                    yield from (f"of the {leg.value} leg: {words}" for leg in legs if leg in of)


def _differing(read: AccountSettings, stated: Account, where: str) -> Iterator[str]:
    """What is set otherwise than the configuration says, in words."""
    if read.margin_mode not in (None, stated.margin_mode.value):
        yield f"{where} is in {read.margin_mode} margin at the venue, and {stated.margin_mode.value} here"
    if read.position_mode not in (None, stated.position_mode.value):
        yield f"{where} is in {read.position_mode} mode at the venue, and {stated.position_mode.value} here"
    if read.instrument and read.leverage is not None and read.leverage != stated.leverage:
        yield f"{where} has leverage {read.leverage:f} at the venue, and {stated.leverage:f} here"
    if read.multi_asset not in (None, stated.multi_asset):
        backs = "back it" if read.multi_asset else "do not back it"
        yield f"other coins {backs} at the venue, and {stated.name} says otherwise here"
