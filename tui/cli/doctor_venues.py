"""The doctor's checks that need a venue: does it answer, know the instruments, tell the tiers, agree about the time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from typing import TypeVar

from core.books import Account, Hedge
from core.config import Config
from core.errors import ConfigError, RequestError, VenueError
from core.events import AnyEvent, FrameFault, InstrumentListed, TiersLoaded
from core.instruments import Instrument
from feeds.examine import clock_skew_ms, key_rights
from feeds.registry import account_feed, venue_feed, venue_module
from feeds.venue import Credentials, Endpoints, KeyRights
from tui.cli.credentials import resolve_credentials
from tui.cli.doctor import Check, Verdict
from tui.cli.wiring import endpoints_of, instruments_of, venues_of

TIMEOUT_SECONDS = 30.0
SKEW_WARNING_MS = 250
SKEW_FAILURE_MS = 1000

_KEY_ADVICE = "is the key right, allowed to read, and allowed from this address?"

_T = TypeVar("_T")


def check_venues(config: Config) -> Iterator[Check]:
    """The checks of every venue that the books need, one venue after the other."""
    instruments = instruments_of(config.books, config.contracts)
    for venue in venues_of(instruments):
        yield from _check_venue(config, venue, [name for name in instruments if name.startswith(f"{venue}:")])


def _check_venue(config: Config, venue: str, instruments: Sequence[str]) -> Iterator[Check]:
    endpoints = endpoints_of(config, venue)
    try:
        credentials = resolve_credentials(config, venue)
    except ConfigError:
        credentials = None  # told already, by the check of the key
    try:
        feed = venue_feed(venue, endpoints, credentials)
    except RequestError as error:
        yield Check(venue, Verdict.FAIL, f"it cannot be asked: {error.found}", f"it takes {error.expected}")
        return
    if credentials is not None:
        yield from _check_accounts(config, venue, endpoints, credentials)
    try:
        events = _asked(venue, feed.reference(instruments))
    except VenueError as error:
        advice = "is this machine on line, and are the addresses right?"
        if error.code not in ("unreachable", "timeout") and credentials is not None:
            advice = _KEY_ADVICE
        yield Check(venue, Verdict.FAIL, str(error), advice)
        return
    refused = [event for event in events if isinstance(event, FrameFault) and event.field == "key"]
    if refused:
        yield Check(venue, Verdict.FAIL, f"it refuses the key: {refused[0].detail}", _KEY_ADVICE)
        return
    yield Check(venue, Verdict.OK, "answers")
    yield from _check_instruments(config, instruments, events, has_key=credentials is not None)
    if credentials is not None:
        yield from _check_rights(venue, endpoints, credentials)
    try:
        yield _skew(venue, _asked(venue, clock_skew_ms(venue, endpoints)))
    except VenueError as error:
        yield Check(venue, Verdict.WARN, f"its time could not be read: {error}")


def _check_accounts(
    config: Config, venue: str, endpoints: Endpoints | None, credentials: Credentials
) -> Iterator[Check]:
    """Accounts that are to be read where the venue is read for prices only."""
    for account in config.accounts:
        if account.venue == venue and not account.paper:
            try:
                account_feed(venue, account.name, endpoints, credentials)
            except RequestError:
                text = f"account {account.name}: no account is read at {venue}, only its prices"
                yield Check(venue, Verdict.FAIL, text, "set paper = true, and say what it holds")


def _check_rights(venue: str, endpoints: Endpoints | None, credentials: Credentials) -> Iterator[Check]:
    subject = f"key of {venue}"
    try:
        rights = _asked(venue, key_rights(venue, endpoints, credentials))
    except VenueError as error:
        advice = "look at the key at the venue: it should only read"
        yield Check(subject, Verdict.WARN, f"what it may do is not told ({error})", advice)
        return
    if rights is None:
        text = "unverified: the venue does not tell what a key may do"
        yield Check(subject, Verdict.WARN, text, "look at the key at the venue: it should only read")
        return
    whence = "" if rights.bound else ", from any address"
    yield from _rights_problems(subject, rights) or [Check(subject, Verdict.OK, f"it may only read{whence}")]


def _rights_problems(subject: str, rights: KeyRights) -> list[Check]:
    if rights.withdraws or rights.moves:
        text = f"it may {'withdraw' if rights.withdraws else 'transfer'} funds, and is refused for that"
        return [Check(subject, Verdict.FAIL, text, "make another key that may only read, and delete this one")]
    if rights.trades:
        return [
            Check(subject, Verdict.WARN, "it may trade, which nothing here needs", "a key that only reads is enough")
        ]
    return []


def _asked(venue: str, question: Coroutine[object, object, _T]) -> _T:
    """The answer. Raises VenueError, also where it takes too long as a whole."""

    async def in_time() -> _T:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await question

    try:
        return asyncio.run(in_time())
    except TimeoutError:
        raise VenueError(venue, "timeout", f"no whole answer within {TIMEOUT_SECONDS:.0f} s") from None


def _check_instruments(
    config: Config, instruments: Sequence[str], events: Sequence[AnyEvent], *, has_key: bool
) -> Iterator[Check]:
    listed = {event.instrument.id: event.instrument for event in events if isinstance(event, InstrumentListed)}
    tiers = {event.table.instrument for event in events if isinstance(event, TiersLoaded)}
    accounts = {account.name: account for account in config.accounts}
    hedges = {hedge.instrument: hedge for book in config.books for hedge in book.hedges}
    for name in instruments:
        instrument = listed.get(name)
        if instrument is None:
            yield Check(name, Verdict.FAIL, "the venue does not list it", "correct the symbol in the configuration")
            continue
        hedge = hedges.get(name)
        problems = [] if hedge is None else [*_contract_problems(instrument, hedge, accounts[hedge.account])]
        if instrument.status != "trading":
            problems.append(Check(name, Verdict.WARN, f"its status is {instrument.status}", "it may not be tradable"))
        if hedge is not None and name not in tiers:
            problems.append(_no_tiers(hedge, has_key=has_key))
        yield from problems or [Check(name, Verdict.OK, "listed, with margin tiers" if hedge is not None else "listed")]


def _no_tiers(hedge: Hedge, *, has_key: bool) -> Check:
    """A contract whose maintenance tiers are not told: by its venue at all, or to this key."""
    name = hedge.instrument
    if hedge.maintenance_rate is not None:
        text = f"its margin tiers are not told; by your rate of {hedge.maintenance_rate:f} margin is an estimate"
        return Check(name, Verdict.OK, text)
    text = "its margin tiers are not told, so margin and liquidation stay unknown"
    if not venue_module(name.partition(":")[0]).TELLS_TIERS:
        advice = "its venue tells none over its API: give `maintenance_rate`, for estimates"
    else:
        advice = "is the key allowed to read?" if has_key else "name a read-only key in the configuration"
    return Check(name, Verdict.WARN, text, advice)


def _contract_problems(instrument: Instrument, hedge: Hedge, account: Account) -> Iterator[Check]:
    """Where the venue's own description contradicts the configuration."""
    name = instrument.id
    if instrument.base != hedge.asset:
        yield Check(name, Verdict.FAIL, f"it is a contract on {instrument.base}", f"hedge {hedge.asset} with its own")
    if instrument.settle != account.settle:
        text = f"it is settled in {instrument.settle}, and account {account.name} in {account.settle}"
        yield Check(name, Verdict.FAIL, text, "name another account, or another contract")
    if instrument.maximum_leverage is not None and account.leverage > instrument.maximum_leverage:
        text = (
            f"its highest leverage is {instrument.maximum_leverage}, and account {account.name} has {account.leverage}"
        )
        yield Check(name, Verdict.FAIL, text, "lower the leverage of the account")
    if hedge.quantity % instrument.quantity_step:
        text = f"a position of {hedge.quantity} is no multiple of its step {instrument.quantity_step}"
        yield Check(name, Verdict.WARN, text, "is the quantity in the contract's own unit?")


def _skew(venue: str, skew_ms: int) -> Check:
    size = abs(skew_ms)
    text = f"this machine's clock is {size} ms {'ahead of' if skew_ms > 0 else 'behind'} it"
    if size < SKEW_WARNING_MS:
        return Check(venue, Verdict.OK, text)
    verdict = Verdict.WARN if size < SKEW_FAILURE_MS else Verdict.FAIL
    return Check(venue, verdict, text, "keep the clock by NTP: requests are refused when it is off")
