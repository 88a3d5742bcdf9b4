"""``hedgerow demo``: the monitor on a simulated exchange, with a book to look at."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from core.demo_book import LINEAR_MARKETS
from tui.cli.complete import is_complete
from tui.cli.signals import deferred_signals
from tui.cli.wiring import Simulation, demo_book, demo_venues, load, outline, parse_pins, running_engine
from tui.start import DisplayOptions, require_terminal

if TYPE_CHECKING:
    from tui.cli.main import Commands

_DESCRIPTION = """\
Starts a simulated exchange on this machine and opens the monitor on it: 5 BTC bought at 60,000, half of it hedged by a
short of 2.5 BTC. Orders are paper orders, nothing leaves this machine, and nothing is kept: the demo has no journal."""
_EPILOG = """\
Exit codes: 0 the monitor was left; 1 it could not go on; 2 wrong usage, or no terminal (then use: hedgerow status
--demo --json)."""


_FIRST_PICTURE_SECONDS = 1.0
"""How long the monitor is held back for figures to show: it looks for new ones twice a second only."""


def add_parser(commands: Commands) -> None:
    """Add ``demo``."""
    parser = commands.add_parser(
        "demo", help="open the monitor on a simulated exchange", description=_DESCRIPTION, epilog=_EPILOG
    )
    add_market_options(parser)


def add_market_options(parser: argparse.ArgumentParser) -> None:
    """The options that choose the simulated market; ``status --demo`` has them too."""
    parser.add_argument("--seed", type=int, default=1, help="which market to play (default: %(default)s)")
    parser.add_argument(
        "--pin", action="append", default=[], metavar="COIN=PRICE", help="hold a coin at a price; may be repeated"
    )
    parser.add_argument(
        "--venue", choices=tuple(LINEAR_MARKETS), default="bybit", help="venue of the hedge (default: %(default)s)"
    )
    parser.add_argument(
        "--venues", metavar="NAMES", help="spread the hedge over all venues, or over some with commas between them"
    )


def run(arguments: argparse.Namespace) -> int:
    """Open the monitor and stay until it is left. Raises VenueError where the simulated exchange does not start."""
    pins = parse_pins(arguments.pin)
    require_terminal()
    venues = demo_venues(arguments)
    started = Simulation(arguments.seed, pins, venues)
    with deferred_signals() as signals, outline("DEMO"), started as simulation:
        from core.snapshot import Mode
        from tui.app import run_monitor

        load(venues)
        feeds = simulation.feeds(signals.check)
        source = f"simulated {', '.join(venues)}, seed {arguments.seed}, nothing is kept"
        with running_engine([demo_book(venues)], feeds, mode=Mode.DEMO, source=source) as host:
            host.wait_until(is_complete, _FIRST_PICTURE_SECONDS)
            signals.hand_over()
            return run_monitor(host, DisplayOptions())
