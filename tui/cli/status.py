"""``hedgerow status``: one complete snapshot, for scripts and for a quick look; the exit code tells the worst alert."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from core.alerts import worst_open
from core.books import Book
from core.commands import Explain
from core.errors import ConfigError, HedgerowError, RequestError
from core.figures import Freshness
from core.paths import config_path
from core.plain_json import plain_json
from core.snapshot import Mode, Severity, Snapshot
from core.why.explainer import nearest_path, paths
from tui.cli.complete import is_complete
from tui.cli.demo import add_market_options
from tui.cli.signals import deferred_signals
from tui.cli.status_text import status_lines
from tui.cli.wiring import (
    Simulation,
    configured_accounts,
    configured_feeds,
    copied_journal,
    demo_book,
    demo_venues,
    instruments_of,
    parse_pins,
    running_engine,
)

if TYPE_CHECKING:
    from feeds.host import EngineHost
    from tui.cli.main import Commands

BLIND = 3
EVERY_PATH = "?"
EXIT_CODES = {
    None: 0,
    Severity.NOTICE: 0,
    Severity.WARNING: 1,
    Severity.BLIND: BLIND,
    Severity.ALARM: 3,
    Severity.CRITICAL: 4,
}
"""By the worst open alert. 2 is left for wrong usage and configuration."""

_DESCRIPTION = """\
Prints one snapshot of the configured books, or of the demo's, as soon as every figure of the market is there. A figure
that is not there when time is up is printed as missing. A running monitor is not disturbed, and nothing is written."""
_EPILOG = """\
Exit codes, by the worst open alert: 0 none, or notices only; 1 a warning; 2 wrong usage or configuration; 3 an alarm,
or blind: a figure of the market is missing or stale, or a feed failed; 4 critical. An alert counts at once, without the
time that the monitor lets pass before it speaks."""


def add_parser(commands: Commands) -> None:
    """Add ``status``."""
    parser = commands.add_parser(
        "status",
        help="print one snapshot; the exit code tells the worst alert",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("--json", action="store_true", help="the whole snapshot as JSON, decimals as text")
    parser.add_argument("--timeout", type=_seconds, default=15.0, metavar="SECONDS", help="how long to wait (15)")
    parser.add_argument("--book", metavar="NAME", help="only this book")
    parser.add_argument("--why", metavar="PATH", help="explain this figure too; ? lists the paths of all figures")
    parser.add_argument("--config", metavar="FILE", help="the configuration (default: the usual place)")
    parser.add_argument("--demo", action="store_true", help="the demo's book on a simulated exchange")
    add_market_options(parser)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError("a number above 0 and up to 3600 is expected")
    return seconds


def run(arguments: argparse.Namespace) -> int:
    """Print the snapshot. Raises ConfigError and RequestError; every other failure is blindness."""
    try:
        snapshot = _look(arguments)
    except (ConfigError, RequestError):
        raise
    except HedgerowError as error:
        return _blind(str(error))
    if snapshot is None:
        return _blind("the engine gave no snapshot in time")
    shown = _only(snapshot, arguments.book)
    if arguments.why == EVERY_PATH:
        print(plain_json(paths(shown)).decode() if arguments.json else "\n".join(paths(shown)))
        return exit_code(shown)
    print(plain_json(shown).decode() if arguments.json else "\n".join(status_lines(shown)))
    return exit_code(shown)


def _look(arguments: argparse.Namespace) -> Snapshot | None:
    with ExitStack() as stack:
        with deferred_signals() as signals:
            engine = _demo(arguments, signals.check) if arguments.demo else _configured(arguments)
            host = stack.enter_context(engine)
            signals.check()
        snapshot = host.wait_until(is_complete, arguments.timeout)
        if snapshot is None or arguments.why in (None, EVERY_PATH):
            return snapshot
        return _explained(host, snapshot, arguments.why, arguments.timeout)


def _explained(host: EngineHost, snapshot: Snapshot, path: str, seconds: float) -> Snapshot | None:
    """The next snapshot with the figure at ``path`` explained."""
    known = paths(snapshot)
    if path not in known:
        nearest = nearest_path(path, known)
        raise RequestError("--why", f"a figure of the snapshot (the nearest is {nearest}; ? lists all)", repr(path))
    host.send(Explain(path=path))
    return host.wait_until(lambda later: later.explanation is not None, seconds)


def _blind(reason: str) -> int:
    print(f"hedgerow: {reason}", file=sys.stderr)
    return BLIND


@contextmanager
def _demo(arguments: argparse.Namespace, check: Callable[[], None]) -> Iterator[EngineHost]:
    if arguments.config is not None:
        raise RequestError("--config", "no configuration beside --demo", "one")
    venues = demo_venues(arguments)
    book = demo_book(venues)
    _check_book(arguments.book, [book])
    with Simulation(arguments.seed, parse_pins(arguments.pin), venues) as simulation:
        feeds = simulation.feeds(check)
        source = f"simulated {', '.join(venues)}, seed {arguments.seed}"
        with running_engine([_at_once(book)], feeds, mode=Mode.DEMO, source=source) as host:
            yield host


@contextmanager
def _configured(arguments: argparse.Namespace) -> Iterator[EngineHost]:
    from core.config import load_config

    if arguments.pin:
        raise RequestError("--pin", "--demo beside it: a real market cannot be held", "no --demo")
    config = load_config(config_path(arguments.config))
    _check_book(arguments.book, config.books)
    feeds = configured_feeds(config, instruments_of(config.books, config.contracts))
    with copied_journal(config) as journal:
        # All books, whichever is asked for: they share accounts, and so margin.
        books = [_at_once(book) for book in config.books]
        source, sheets = str(config.file), config.contracts
        with running_engine(
            books,
            feeds,
            mode=Mode.PAPER,
            source=source,
            journal=journal,
            contracts=sheets,
            read=configured_accounts(config),
        ) as host:
            yield host


def _check_book(name: str | None, books: Sequence[Book]) -> None:
    names = [book.name for book in books]
    if name is not None and name not in names:
        raise RequestError("--book", f"one of {', '.join(names)}", repr(name))


def _at_once(book: Book) -> Book:
    """The book with alerts that do not wait: one look cannot tell how long a breach has lasted."""
    return msgspec.structs.replace(book, thresholds=msgspec.structs.replace(book.thresholds, dwell_seconds=Decimal(0)))


# --- what a snapshot says ------------------------------------------------------------------------------------


def exit_code(snapshot: Snapshot) -> int:
    """The exit code that a snapshot deserves: see ``EXIT_CODES``."""
    code = EXIT_CODES[worst_open(snapshot.alerts)]
    blind = not is_complete(snapshot) or snapshot.worst_freshness in (Freshness.STALE, Freshness.UNKNOWN)
    return max(code, BLIND) if blind else code


def _only(snapshot: Snapshot, book: str | None) -> Snapshot:
    """The snapshot with one book, its alerts and those of the feeds."""
    if book is None:
        return snapshot
    others = tuple(f"{view.name}/" for view in snapshot.books if view.name != book)
    return msgspec.structs.replace(
        snapshot,
        books=tuple(view for view in snapshot.books if view.name == book),
        alerts=tuple(alert for alert in snapshot.alerts if not alert.key.startswith(others)),
    )
