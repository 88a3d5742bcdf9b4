"""``hedgerow record``: raw frames of live venues, with their receive times, in a file."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RequestError
from core.events import AnyEvent, ConnectionChanged, FrameFault, InstrumentListed, Ticker
from core.paths import config_path
from tui.cli.demo import add_market_options
from tui.cli.wiring import Simulation, configured_feeds, demo_book, demo_venues, instruments_of, parse_pins, venues_of

if TYPE_CHECKING:
    from feeds.capture import CaptureWriter
    from feeds.clock import Clock
    from feeds.connection import Connection
    from feeds.keeper import Reader
    from feeds.venue import VenueFeed
    from tui.cli.main import Commands

_DESCRIPTION = """\
Connects to the venues of the configured books, or of the instruments named, and writes every raw frame and every public
REST answer to FILE, with the time it was received: compressed lines of JSON, which `hedgerow replay` plays. Only public
market data is recorded. FILE must not exist yet. A kill costs the last second at most."""
_EPILOG = """\
Ctrl+c ends the recording. Exit codes: 0 done; 1 no market data came, or the disk failed; 2 wrong usage or
configuration."""


def add_parser(commands: Commands) -> None:
    """Add ``record``."""
    parser = commands.add_parser(
        "record", help="write raw frames of the configured venues to a file", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("--out", metavar="FILE", required=True, help="the file to write")
    parser.add_argument(
        "--instrument",
        action="append",
        default=[],
        metavar="ID",
        help="such as bybit:linear:BTCUSDT; may be repeated (default: what the configured books need)",
    )
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="stop after so long (default: when interrupted)")
    parser.add_argument("--config", metavar="FILE", help="the configuration (default: the usual place)")
    parser.add_argument(
        "--sim", action="store_true", help="record a simulated exchange; --seed, --pin and --venue go with it"
    )
    add_market_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Record until it is time. Raises CaptureError, RequestError, ConfigError and VenueError."""
    with _feeds(arguments) as (feeds, instruments):
        from feeds.capture import CaptureWriter
        from feeds.clock import Clock

        if not instruments:
            raise RequestError("--instrument", "at least one instrument")
        clock = Clock()
        writer = CaptureWriter(Path(arguments.out), started_ns=clock.now_ns(), sources=instruments)
        try:
            observer = _Observer(instruments)
            asyncio.run(_record(feeds, instruments, writer, clock, observer, arguments.seconds))
        finally:
            writer.close()
    return _sum_up(writer, observer)


@contextlib.contextmanager
def _feeds(arguments: argparse.Namespace) -> Iterator[tuple[Sequence[VenueFeed], Sequence[str]]]:
    named = _checked(arguments.instrument)
    if arguments.sim:
        instruments = named or instruments_of([demo_book(demo_venues(arguments))])
        venues = list(venues_of(instruments))
        with Simulation(arguments.seed, parse_pins(arguments.pin), venues) as simulation:
            yield simulation.feeds(), instruments
        return
    if named and arguments.config is None:
        from feeds.registry import venue_feed

        yield [venue_feed(venue) for venue in venues_of(named)], named
        return
    from core.config import load_config

    config = load_config(config_path(arguments.config))
    instruments = named or instruments_of(config.books, config.contracts)
    yield configured_feeds(config, instruments), instruments


def _checked(instruments: Sequence[str]) -> tuple[str, ...]:
    from feeds.registry import split_instrument

    for instrument in instruments:
        split_instrument(instrument)
    return tuple(dict.fromkeys(instruments))


class _Observer:
    """Hears every event of the recording and says on standard error what the connections do, and when all instruments
    of a venue are described: before, a replay knows prices and not what a contract is worth."""

    def __init__(self, instruments: Sequence[str]) -> None:
        self.data_came = False
        self._undescribed = set(instruments)

    def hear(self, event: AnyEvent) -> None:
        """Take one event."""
        if isinstance(event, Ticker):
            self.data_came = True
        elif isinstance(event, InstrumentListed):
            self._described(event.instrument.id)
        elif isinstance(event, ConnectionChanged):
            reason = f": {event.reason}" if event.reason else ""
            print(f"{event.venue} {event.connection}: {event.state.value}{reason}", file=sys.stderr)
        elif isinstance(event, FrameFault):
            print(f"{event.venue} {event.connection}: {event.kind.value.replace('_', ' ')} frame", file=sys.stderr)

    def _described(self, instrument: str) -> None:
        if instrument in self._undescribed:
            self._undescribed.remove(instrument)
            venue = instrument.partition(":")[0]
            if not any(other.startswith(f"{venue}:") for other in self._undescribed):
                print(f"{venue}: every instrument is described", file=sys.stderr)


async def _record(
    feeds: Sequence[VenueFeed],
    instruments: Sequence[str],
    writer: CaptureWriter,
    clock: Clock,
    observer: _Observer,
    seconds: float | None,
) -> None:
    from feeds.host import connections_of

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    writer.on_problem = lambda: loop.call_soon_threadsafe(stop.set)
    connections, keepers = connections_of(feeds, instruments, observer.hear, clock, tap=writer.tap)
    try:
        await _run_until(connections, keepers, stop, seconds)
    finally:
        writer.on_problem = lambda: None


async def _run_until(
    connections: Sequence[Connection], keepers: Sequence[Reader], stop: asyncio.Event, seconds: float | None
) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(connection.run()) for connection in connections]
        tasks += [group.create_task(keeper.run()) for keeper in keepers]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stop.wait()
        for task in tasks:
            task.cancel()


def _sum_up(writer: CaptureWriter, observer: _Observer) -> int:
    print(f"{writer.path}: {writer.frames} frames, {writer.bytes_written:,} bytes", file=sys.stderr)
    if writer.dropped:
        print(f"hedgerow: {writer.dropped} records were dropped: the disk was too slow", file=sys.stderr)
    if writer.problem:
        print(f"hedgerow: {writer.problem}", file=sys.stderr)
        return 1
    if not observer.data_came:
        print("hedgerow: no market data came: see above what the connections said", file=sys.stderr)
        return 1
    return 0


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        seconds = float(text)
        if 0 < seconds < float("inf"):
            return seconds
    raise argparse.ArgumentTypeError(f"a number above 0 is expected, found {text!r}")
