"""``hedgerow doctor``: is everything in place to watch what is configured? One line for each check.

Checks in order: the file and its references, credentials, journal and log, the terminal, the prices of contract sheets,
and for every venue whether it answers, knows the instruments, tells the margin tiers, and agrees with this machine
about the time.
"""

from __future__ import annotations

import argparse
import locale
import os
import shutil
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import msgspec

from core.config import Config, load_config
from core.errors import ConfigError, ConfigErrors, JournalError
from core.journal import open_journal
from core.paths import config_path, log_path
from tui.cli.credentials import is_configured, resolve_credentials
from tui.cli.main import Commands
from tui.cli.wiring import instruments_of, journal_file, venues_of

_DESCRIPTION = """\
Checks the configuration and everything it needs, without opening the monitor or changing anything. Secrets are looked
up and never shown."""
_EPILOG = "Exit codes: 0 all well; 1 at least one warning; 2 at least one failure, or wrong usage."
_SMALLEST_SCREEN = (80, 24)
_HIGH_LEVERAGE = 5


class Verdict(StrEnum):
    """How a check ended; the exit code is the place of the worst one in this order."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(msgspec.Struct, frozen=True):
    """One finding: what was looked at, how it is, and what to do where it is not well."""

    subject: str
    verdict: Verdict
    text: str
    advice: str = ""


def add_parser(commands: Commands) -> None:
    """Add ``doctor``."""
    parser = commands.add_parser(
        "doctor",
        help="check configuration, credentials, terminal and venues",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("--config", metavar="FILE", help="the configuration to check (default: the usual place)")
    parser.add_argument("--offline", action="store_true", help="leave the venues alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Print every check as it is done; the exit code tells the worst."""
    worst = 0
    for check in checks(config_path(arguments.config), offline=arguments.offline):
        worst = max(worst, [*Verdict].index(check.verdict))
        print(msgspec.json.encode(check).decode() if arguments.json else _line(check), flush=True)
    return worst


def _line(check: Check) -> str:
    advice = f"\n      → {check.advice}" if check.advice else ""
    return f"{check.verdict:<4}  {check.subject}: {check.text}{advice}"


def checks(path: Path, *, offline: bool) -> Iterator[Check]:
    """Every check, in order. Without a valid file only those that need none are made."""
    config: Config | None = None
    try:
        config = load_config(path)
    except ConfigError as error:
        yield from _refused(error)
    if config is not None:
        yield from _check_config(config)
        yield from _check_credentials(config)
        yield _check_journal(config)
    yield _check_folder("log", log_path())
    yield from _check_terminal()
    if config is not None and config.contracts:
        from tui.cli.doctor_prices import check_prices  # so is the HTTP client

        yield from check_prices(config, offline=offline)
    if config is not None and not offline:
        from tui.cli.doctor_venues import check_venues  # the venues' clients are slow to import

        yield from check_venues(config)


def _refused(error: ConfigError) -> Iterator[Check]:
    for fault in error.errors if isinstance(error, ConfigErrors) else (error,):
        advice = "" if fault.line else 'write one with "hedgerow init", or name one with --config'
        yield Check("config", Verdict.FAIL, str(fault), advice)


def _check_config(config: Config) -> Iterator[Check]:
    books = ", ".join(f"{book.name} ({len(book.lots)} lots, {len(book.hedges)} hedges)" for book in config.books)
    yield Check("config", Verdict.OK, f"{config.file}: {books}")
    yield from _check_file_mode(config)
    used = {account.name for book in config.books for account in book.accounts}
    for account in config.accounts:
        if account.name not in used:
            yield Check("config", Verdict.WARN, f"account {account.name} is used by no hedge", "remove it, or use it")
        if account.leverage > _HIGH_LEVERAGE:
            rise = 1 / account.leverage
            text = f"account {account.name}: at leverage {account.leverage} a rise of about {rise:.0%} ends a short"
            yield Check("config", Verdict.WARN, text, "2 or 3 is usual for a hedge that is held")


def _check_file_mode(config: Config) -> Iterator[Check]:
    """A file that others may change can run their command as yours."""
    runs_commands = any(section.secret_command for section in config.venues.values())
    mode = config.file.stat().st_mode
    if mode & 0o022:
        verdict = Verdict.FAIL if runs_commands else Verdict.WARN
        text = f"others may change {config.file} (mode {mode & 0o777:04o})"
        yield Check("config", verdict, text, f"chmod 600 {config.file}")


def _check_credentials(config: Config) -> Iterator[Check]:
    for venue in venues_of(instruments_of(config.books, config.contracts)):
        if not is_configured(config.venues.get(venue)):
            yield _without_key(config, venue)
            continue
        try:
            resolve_credentials(config, venue)
        except ConfigError as error:
            text = f"{error.key}: expected {error.expected}, found {error.found}"
            yield Check(f"key of {venue}", Verdict.FAIL, text, "correct it where the key is kept, or the setting")
        else:
            yield Check(f"key of {venue}", Verdict.OK, "found (not shown)")


def _without_key(config: Config, venue: str) -> Check:
    from feeds.registry import tiers_need_key

    hedged = any(hedge.instrument.startswith(f"{venue}:") for book in config.books for hedge in book.hedges)
    if hedged and tiers_need_key(venue):
        text = f"none: {venue} tells margin tiers only to a key, so margin and liquidation stay unknown"
        advice = f"make a read-only key and name its place in [venues.{venue}] (api_key_env, secret_env)"
        return Check(f"key of {venue}", Verdict.WARN, text, advice)
    return Check(f"key of {venue}", Verdict.OK, "none, and none is needed")


def _check_journal(config: Config) -> Check:
    path = journal_file(config)
    if path is None:
        return Check("journal", Verdict.WARN, "switched off: orders and targets are forgotten when the monitor ends")
    if not path.exists():
        return _check_folder("journal", path)
    try:
        open_journal(path).close()
    except JournalError as error:
        busy = "in use by another" in str(error)
        advice = "" if busy else "name another file in [journal] path, or move this one away"
        return Check("journal", Verdict.OK if busy else Verdict.FAIL, str(error), advice)
    return Check("journal", Verdict.OK, str(path))


def _check_folder(subject: str, path: Path) -> Check:
    """Whether a file that is not there yet could be made."""
    folder = next(parent for parent in path.parents if parent.exists())
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Check(subject, Verdict.OK, f"{path} can be written")
    return Check(subject, Verdict.FAIL, f"{path} cannot be written", f"{folder} must be a folder that you may write to")


def _check_terminal() -> Iterator[Check]:
    if not sys.stdout.isatty():
        yield Check("terminal", Verdict.OK, "the output is not one, so it was not checked")
        return
    columns, rows = shutil.get_terminal_size()
    wanted_columns, wanted_rows = _SMALLEST_SCREEN
    if columns < wanted_columns or rows < wanted_rows:
        advice = f"{wanted_columns}x{wanted_rows} shows every panel"
        yield Check("terminal", Verdict.WARN, f"{columns}x{rows} is small", advice)
    else:
        yield Check("terminal", Verdict.OK, f"{columns}x{rows}, {_colours()}")
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        text = f"TERM is {os.environ.get('TERM', '') or 'not set'}, so the monitor cannot draw"
        yield Check("terminal", Verdict.FAIL, text, "set TERM to what the terminal is, such as xterm-256color")
    if locale.getpreferredencoding(do_setlocale=False).upper().replace("-", "") != "UTF8":
        advice = "use a UTF-8 locale, or set ascii = true in [display]"
        yield Check("terminal", Verdict.WARN, "the locale is not UTF-8", advice)


def _colours() -> str:
    if "NO_COLOR" in os.environ:
        return "no colour (NO_COLOR is set)"
    if os.environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        return "true colour"
    return "256 colours" if "256" in os.environ.get("TERM", "") else "16 colours"
