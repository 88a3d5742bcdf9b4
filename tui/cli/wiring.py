"""The one place where engine, feeds, broker, journal and screen are put together.

Everything that needs the venues' clients or the engine is imported where it is used: a command must show that it is
there before those are loaded.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import re
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.errors import ConfigError, JournalError, RequestError, VenueError
from core.paths import journal_path, log_path

if TYPE_CHECKING:
    from core.books import Book
    from core.config import Config
    from core.contract_sheet import ContractSheet
    from core.engine import Engine
    from core.journal import Journal
    from core.sheet_price import PricedContract
    from core.snapshot import Mode
    from feeds.host import EngineHost
    from feeds.records import Tap
    from feeds.sim.process import SimulatorProcess
    from feeds.venue import AccountFeed, Credentials, Endpoints, KeyRights, VenueFeed
    from tui.start import DisplayOptions

ENGINE_HZ = 8.0
"""How often an engine cuts its picture: as often as the monitor can be set to look, so that what it shows is fresh."""

DEMO_MAINTENANCE_RATE = Decimal("0.01")
"""What the demo assumes of a venue that tells no tiers; marked as an estimate, as a user's own word is."""

COPY_ATTEMPTS = 5
_LOG_BYTES = 1_000_000
_CHECK_SECONDS = 0.05
_RIGHTS_SECONDS = 5.0
_PIN = re.compile(r"(?P<coin>[A-Za-z0-9]{1,20})=(?P<price>[0-9]{1,12}(\.[0-9]{1,12})?)")


# --- what books need -----------------------------------------------------------------------------------------


def instruments_of(books: Iterable[Book], contracts: Sequence[ContractSheet] = ()) -> tuple[str, ...]:
    """Every instrument of a venue with feeds that the books rely on: contracts of hedges, spot pairs of lots and of
    collateral.

    Contracts that the user's own sheets describe are left out: no feed speaks of them. The pairs that stand for their
    index prices are not: ``contracts`` are those sheets.
    """
    from core.contract_sheet import is_sheet_name

    names: dict[str, None] = {}
    for book in books:
        hedged = (hedge.instrument for hedge in book.hedges)
        names |= dict.fromkeys(name for name in hedged if not is_sheet_name(name))
        names |= dict.fromkeys(lot.price for lot in book.lots if lot.price is not None)
        backing = (item.price for account in book.accounts for item in account.collateral)
        names |= dict.fromkeys(price for price in backing if price is not None)
        names |= dict.fromkeys(item.price.index for item in priced_in([book], contracts) if item.price.index)
    return tuple(names)


def priced_in(books: Iterable[Book], contracts: Sequence[ContractSheet]) -> list[PricedContract]:
    """The contracts of these sheets that the books hedge with and whose price their sheet says how to get."""
    from core.contract_sheet import priced_contracts

    hedged = {hedge.instrument for book in books for hedge in book.hedges}
    return [item for name, item in priced_contracts(contracts).items() if name in hedged]


def venues_of(instruments: Iterable[str]) -> tuple[str, ...]:
    """The venues of these instruments, each once."""
    return tuple(dict.fromkeys(instrument.split(":", 1)[0] for instrument in instruments))


def endpoints_of(config: Config, venue: str) -> Endpoints | None:
    """The addresses configured for a venue; ``None`` for its usual ones."""
    from feeds.venue import Endpoints

    section = config.venues.get(venue)
    if section is None or section.rest is None or section.websocket is None:
        return None
    return Endpoints(rest=section.rest, websocket=section.websocket)


def configured_feeds(config: Config, instruments: Iterable[str]) -> list[VenueFeed]:
    """A feed for every venue of these instruments, at the addresses and with the keys that the user configured.

    Raises ConfigError where a key is configured and cannot be had, or may do what a thief would want.
    """
    from feeds.registry import venue_feed
    from tui.cli.credentials import resolve_credentials

    feeds = []
    for venue in venues_of(instruments):
        endpoints, credentials = endpoints_of(config, venue), resolve_credentials(config, venue)
        if credentials is not None:
            _refuse_dangerous_key(config, venue, endpoints, credentials)
        feeds.append(venue_feed(venue, endpoints, credentials))
    return feeds


class KeptAccount(NamedTuple):
    """An account that its venue keeps, and whether it was seen what the key that reads it may do."""

    feed: AccountFeed
    key_verified: bool


def configured_accounts(config: Config) -> list[KeptAccount]:
    """Every account of the books that its venue keeps, to be read with the key that the user configured.

    Raises ConfigError where the key cannot be had, or may do what a thief would want.
    """
    from feeds.registry import account_feed
    from tui.cli.credentials import resolve_credentials

    found = []
    verified: dict[str, bool] = {}
    for account in dict.fromkeys(account for book in config.books for account in book.accounts if not account.paper):
        credentials = resolve_credentials(config, account.venue)
        assert credentials is not None, "the configuration is refused where there is no key"
        endpoints = endpoints_of(config, account.venue)
        if account.venue not in verified:
            verified[account.venue] = _refuse_dangerous_key(config, account.venue, endpoints, credentials)
        feed = account_feed(account.venue, account.name, endpoints, credentials)
        found.append(KeptAccount(feed, verified[account.venue]))
    return found


def _refuse_dangerous_key(config: Config, venue: str, endpoints: Endpoints | None, credentials: Credentials) -> bool:
    """Raise ConfigError for a key that may move funds; false where its rights were not told, which the log notes."""
    from feeds.examine import key_rights

    async def ask() -> KeyRights | None:
        async with asyncio.timeout(_RIGHTS_SECONDS):
            return await key_rights(venue, endpoints, credentials)

    try:
        rights = asyncio.run(ask())
    except (VenueError, TimeoutError) as error:
        logging.getLogger("hedgerow.key").warning("what the key of %s may do is not told: %s", venue, error)
        return False
    if rights is None:
        logging.getLogger("hedgerow.key").warning("%s does not tell what a key may do: unverified", venue)
        return False
    if rights.withdraws or rights.moves:
        able = "withdraw" if rights.withdraws else "transfer"
        raise ConfigError(str(config.file), 0, f"venues.{venue}", "a key that only reads", f"one that may {able} funds")
    return True


def load(venues: Iterable[str]) -> None:
    """Import what running an engine on these venues takes: best done while something else is waited for."""
    for module in ("core.engine", "feeds.host", "feeds.paper", "feeds.rest"):
        importlib.import_module(module)
    from core.symbols import exchange_of

    for venue in venues:
        if exchange_of(venue):
            importlib.import_module("feeds.ccxt.client")
            continue
        importlib.import_module(f"feeds.{venue}.client")
        importlib.import_module(f"feeds.{venue}.venue")
        importlib.import_module(f"feeds.{venue}.rest")


# --- running an engine ---------------------------------------------------------------------------------------


@contextmanager
def running_engine(
    books: Sequence[Book],
    feeds: Sequence[VenueFeed],
    *,
    mode: Mode,
    source: str,
    journal: Journal | None = None,
    tap: Tap | None = None,
    contracts: Sequence[ContractSheet] = (),
    read: Sequence[KeptAccount] = (),
) -> Iterator[EngineHost]:
    """An engine with its feeds and the paper broker, in a thread of its own for as long as the context lasts.

    ``contracts`` are the user's own sheets: engine and broker know them before anything else is heard, and the prices
    of those that the books hedge with are got where their sheets say. ``read`` are the accounts that venues keep.

    Raises RequestError where the books contradict one another and JournalError where the journal cannot be read.
    """
    from core.contract_sheet import listings
    from core.engine import Engine
    from feeds.clock import Clock
    from feeds.host import AccountToRead, EngineHost
    from feeds.paper import PaperBroker

    engine = Engine(books, mode=mode, source=source, journal=journal, sheets=contracts)
    accounts = {account.name: account for book in books for account in book.accounts}
    broker = PaperBroker(accounts.values(), engine.positions, engine.sheet_mark)
    clock = Clock()
    for sheet in contracts:
        for event in listings(sheet, clock.now_ns()):
            engine.apply(event)
            broker.observe(event)
    begun_ns = clock.now_ns()
    asked = [
        AccountToRead(
            feed, partial(_known_since, engine, feed.account, begun_ns), _held_in(books, feed.account), verified
        )
        for feed, verified in read
    ]
    instruments, priced = instruments_of(books, contracts), priced_in(books, contracts)
    host = EngineHost(engine, feeds, instruments, broker, clock, ENGINE_HZ, tap=tap, accounts=asked, priced=priced)
    host.start()
    try:
        yield host
    finally:
        host.stop()


def _held_in(books: Iterable[Book], account: str) -> tuple[str, ...]:
    """The contracts that the books hold in an account."""
    return tuple(dict.fromkeys(hedge.instrument for book in books for hedge in book.hedges if hedge.account == account))


def _known_since(engine: Engine, account: str, begun_ns: int) -> int:
    """From when on an account's records are wanted: from its last whole sweep that the journal knows, else from now."""
    from feeds.account_keeper import OVERLAP_NS

    read_ns = engine.read_ns(account)
    return read_ns - OVERLAP_NS if read_ns else begun_ns


@contextmanager
def outline(mode: str) -> Iterator[None]:
    """The monitor's outline on the screen at once; whatever ends the context gives the screen back.

    An error must be printed to the screen that stays, not to the one that goes.
    """
    from tui.start import skeleton

    skeleton.show(mode)
    try:
        yield
    finally:
        skeleton.withdraw()


def display_options(config: Config) -> DisplayOptions:
    """How the user wants the monitor to look."""
    from tui.start import DisplayOptions

    display = config.display
    return DisplayOptions(
        refresh_hz=float(display.refresh),
        theme=display.theme,
        mouse=display.mouse,
        private=display.private,
        ascii=display.ascii,
        bell=display.bell,
    )


# --- journal and log -----------------------------------------------------------------------------------------


def journal_file(config: Config) -> Path | None:
    """Where the journal is kept; ``None`` where it is switched off."""
    if not config.journal.enabled:
        return None
    return config.resolve(config.journal.path) if config.journal.path is not None else journal_path()


@contextmanager
def open_configured_journal(config: Config) -> Iterator[Journal | None]:
    """The user's journal, to be written. Raises JournalError, also where another Hedgerow has it open."""
    from core.journal import open_journal

    path = journal_file(config)
    journal = open_journal(path) if path is not None else None
    try:
        yield journal
    finally:
        if journal is not None:
            journal.close()


@contextmanager
def copied_journal(config: Config) -> Iterator[Journal | None]:
    """The user's journal as it is now, in a copy that is thrown away: for a look beside a monitor that is running.

    ``None`` where there is no journal. Raises JournalError where it cannot be read.
    """
    path = journal_file(config)
    if path is None or not path.exists():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="hedgerow-") as folder:
        journal = _copy(path, Path(folder))
        try:
            yield journal
        finally:
            journal.close()


def _copy(path: Path, folder: Path) -> Journal:
    """A copy that holds together: one taken while the writer moved pages between its two files does not."""
    problem = ""
    for attempt in range(COPY_ATTEMPTS):
        try:
            return _copy_once(path, folder / str(attempt))
        except (JournalError, OSError) as error:
            problem = str(error)
    raise JournalError(f"journal {path} cannot be looked at: {problem}")


def _copy_once(path: Path, folder: Path) -> Journal:
    from core.journal import open_journal

    folder.mkdir()
    pages_not_yet_moved = path.with_name(f"{path.name}-wal")
    for file in (path, pages_not_yet_moved):
        if file.exists():
            shutil.copyfile(file, folder / file.name)
    journal = open_journal(folder / path.name)
    try:
        deque(journal.rows(), maxlen=0)  # reading checks every row
    except JournalError:
        journal.close()
        raise
    return journal


def log_to_file() -> None:
    """Send warnings and our own notes to the log file; nowhere at all where it cannot be written.

    Never to the terminal: a line there would tear the picture.
    """
    path = log_path()
    handler: logging.Handler = logging.NullHandler()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
        path.touch(mode=0o600)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("hedgerow").setLevel(logging.INFO)


# --- the simulated exchange ----------------------------------------------------------------------------------


class Simulation:
    """A simulated exchange being started in the background, so that its start costs no time of ours.

    Use it as a context: the child process is gone when the context ends, whatever happened.
    """

    def __init__(self, seed: int, pins: Mapping[str, Decimal], venues: Sequence[str]) -> None:
        """Only the venues named are started."""
        self._venues = tuple(venues)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="hedgerow-simulation")
        self._process = self._executor.submit(_start_simulator, seed, pins, venues)

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *_ignored: object) -> None:
        self._executor.shutdown()
        if self._process.exception() is None:
            self._process.result().stop()

    def feeds(self, check: Callable[[], None] = lambda: None) -> list[VenueFeed]:
        """The feeds of all its venues, once they listen; ``check`` is called while they do not.

        Raises VenueError where they do not start, and what ``check`` raises.
        """
        from feeds.registry import venue_feed
        from feeds.venue import Credentials

        while not wait([self._process], _CHECK_SECONDS).done:
            check()
        process = self._process.result()
        found = []
        for venue in self._venues:
            key = process.api_key(venue, "read")
            credentials = Credentials(key=key.key, secret=key.secret, passphrase=key.passphrase)
            found.append(venue_feed(venue, process.venues[venue], credentials))
        return found


def _start_simulator(seed: int, pins: Mapping[str, Decimal], venues: Sequence[str]) -> SimulatorProcess:
    from feeds.sim.process import start_simulator

    return start_simulator(venues=venues, seed=seed, pins=pins)


def demo_venues(arguments: argparse.Namespace) -> list[str]:
    """The venues that a demo is asked for. Raises RequestError for one that is not simulated."""
    from feeds.sim.registry import parse_venues

    return list(parse_venues(arguments.venue if arguments.venues is None else arguments.venues))


def demo_book(venues: Sequence[str]) -> Book:
    """The demo's book, 5 BTC bought at 60,000 and half of it hedged, on these simulated venues."""
    from core.demo_book import LINEAR_MARKETS, DemoLeg, seed_book
    from core.symbols import linear_symbol, spot_symbol
    from feeds.registry import venue_module
    from feeds.sim.registry import venue_rules

    legs = []
    for venue in venues:
        market = LINEAR_MARKETS[venue]
        contract = f"{venue}:{market}:{linear_symbol(venue, 'BTC')}"
        size = venue_rules(venue).contract_size(market, "BTC")
        rate = None if venue_module(venue).TELLS_TIERS else DEMO_MAINTENANCE_RATE
        legs.append(DemoLeg(contract, f"{venue}:spot:{spot_symbol(venue, 'BTC')}", size, rate))
    return seed_book(*legs)


def parse_pins(texts: Sequence[str]) -> dict[str, Decimal]:
    """``COIN=PRICE`` texts as prices by coin. Raises RequestError."""
    pins: dict[str, Decimal] = {}
    for text in texts:
        match = _PIN.fullmatch(text)
        if match is None or not Decimal(match["price"]):
            raise RequestError("--pin", "COIN=PRICE such as BTC=48000", repr(text))
        pins[match["coin"].upper()] = Decimal(match["price"])
    return pins
