"""``hedgerow run``: the monitor on the configured books."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from core.paths import config_path
from tui.cli.signals import deferred_signals
from tui.cli.wiring import (
    configured_accounts,
    configured_feeds,
    display_options,
    instruments_of,
    log_to_file,
    open_configured_journal,
    outline,
    running_engine,
)
from tui.start import require_terminal

if TYPE_CHECKING:
    from tui.cli.main import Commands

_DESCRIPTION = """\
Opens the monitor on the configured books, with live market data. Orders are paper orders; what money depends on is kept
in the journal, so that the next run goes on where this one ended."""
_EPILOG = "Exit codes: 0 the monitor was left; 1 it could not go on; 2 wrong usage or configuration, or no terminal."


def add_parser(commands: Commands) -> None:
    """Add ``run``."""
    parser = commands.add_parser(
        "run", help="open the monitor on your configuration (the default)", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("--config", metavar="FILE", help="the configuration (default: the usual place)")


def run(arguments: argparse.Namespace) -> int:
    """Open the monitor and stay until it is left. Raises ConfigError and JournalError."""
    require_terminal()
    with deferred_signals() as signals:
        from core.config import load_config

        config = load_config(config_path(arguments.config))
        log_to_file()
        with outline("PAPER"), open_configured_journal(config) as journal:
            from core.snapshot import Mode
            from tui.app import run_monitor

            with running_engine(
                config.books,
                configured_feeds(config, instruments_of(config.books, config.contracts)),
                mode=Mode.PAPER,
                source=str(config.file) if journal is not None else f"{config.file}, nothing is kept",
                journal=journal,
                contracts=config.contracts,
                read=configured_accounts(config),
            ) as host:
                signals.hand_over()
                return run_monitor(host, display_options(config))
