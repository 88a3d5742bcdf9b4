"""``hedgerow replay``: a recorded file through the monitor, or its last picture as JSON."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from core.demo_book import LINEAR_MARKETS, REPLAY_LOTS, replay_book
from core.errors import RequestError
from core.paths import config_path
from core.plain_json import plain_json
from core.snapshot import Mode
from tui.cli.wiring import display_options, outline
from tui.start import DisplayOptions, require_terminal

if TYPE_CHECKING:
    from core.books import Book
    from core.engine import Engine
    from feeds.paper import PaperBroker
    from tui.cli.main import Commands

_DESCRIPTION = """\
Plays a file written by `hedgerow record` (or by cryptofeed's recorder) through the same decoders into the same monitor,
on the file's own clock. Without --config, the bag is 2 BTC and 20 ETH, half hedged on the linear contracts at the first
mark prices seen. A file that is damaged is played up to the damage, and where that is is said."""
_EPILOG = """\
With --json the same file gives the same output to the byte, every time. Exit codes: 0 done; 1 the file is damaged or is
no capture; 2 wrong usage or configuration, or no terminal (then use --json)."""


def add_parser(commands: Commands) -> None:
    """Add ``replay``."""
    parser = commands.add_parser(
        "replay", help="play a recorded file through the monitor", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("file", metavar="FILE", help="the capture")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="how many times as fast, or: max (1)")
    parser.add_argument("--json", action="store_true", help="print the last snapshot instead of opening the screen")
    parser.add_argument(
        "--lot", action="append", default=[], metavar="COIN=QUANTITY", help="a coin of the bag; may be repeated"
    )
    parser.add_argument("--ratio", default="0.5", metavar="R", help="the hedge ratio to hold, as a fraction (0.5)")
    parser.add_argument("--venue", choices=tuple(LINEAR_MARKETS), help="venue of the hedge (default: the capture's)")
    parser.add_argument("--config", metavar="FILE", help="play into the configured books instead")
    parser.add_argument("--book", metavar="NAME", help="only this one of the configured books")


def run(arguments: argparse.Namespace) -> int:
    """Play it. Raises CaptureError, RequestError and ConfigError."""
    path = Path(arguments.file)
    if arguments.json:
        return _print_last(path, _books(arguments, path))
    require_terminal()
    with outline("REPLAY"):
        from feeds.replay import ReplayHost
        from tui.app import run_monitor

        books = _books(arguments, path)
        speed = "as fast as possible" if arguments.speed is None else f"at {arguments.speed:g}x"
        engine, broker = _engine(books, f"{path.name} {speed}")
        display = _display(arguments)
        host = ReplayHost(path, engine, broker, speed=arguments.speed, refresh_hz=display.refresh_hz)
        host.start()
        try:
            return run_monitor(host, display)
        finally:
            host.stop()


def _print_last(path: Path, books: Sequence[Book]) -> int:
    from feeds.replay import Replay
    from feeds.runner import Runner

    replay = Replay(path, Runner(*_engine(books, path.name)))
    print(plain_json(replay.to_end()).decode())
    for note in replay.notes:
        print(f"hedgerow: {note}", file=sys.stderr)
    return 1 if replay.capture.damage else 0


def _engine(books: Sequence[Book], source: str) -> tuple[Engine, PaperBroker]:
    from core.engine import Engine
    from feeds.paper import PaperBroker

    engine = Engine(books, mode=Mode.REPLAY, source=source)
    accounts = {account.name: account for book in books for account in book.accounts}
    return engine, PaperBroker(accounts.values(), engine.positions)


def _books(arguments: argparse.Namespace, path: Path) -> Sequence[Book]:
    if arguments.config is not None or arguments.book is not None:
        return _configured(arguments)
    lots = _lots(arguments.lot) or REPLAY_LOTS
    return [replay_book(lots, _ratio(arguments.ratio), arguments.venue or _venue_of(path))]


def _configured(arguments: argparse.Namespace) -> Sequence[Book]:
    from core.config import load_config

    if arguments.lot or arguments.venue is not None:
        raise RequestError("--lot and --venue", "no --config or --book beside them")
    books = load_config(config_path(arguments.config)).books
    if arguments.book is None:
        return books
    chosen = [book for book in books if book.name == arguments.book]
    if not chosen:
        raise RequestError("--book", "one of " + ", ".join(book.name for book in books), repr(arguments.book))
    return chosen


def _venue_of(path: Path) -> str:
    """The venue of the first connection in a capture that one of ours serves."""
    from feeds.capture import Capture
    from feeds.origins import market_at
    from feeds.records import Connected

    opened = (record for record in Capture(path).records() if isinstance(record, Connected))
    origins = (market_at(record.addr, record.venue) for record in opened)
    return next((origin[0] for origin in origins if origin is not None), next(iter(LINEAR_MARKETS)))


def _display(arguments: argparse.Namespace) -> DisplayOptions:
    if arguments.config is None:
        return DisplayOptions()
    from core.config import load_config

    return display_options(load_config(config_path(arguments.config)))


def _lots(texts: Iterable[str]) -> dict[str, Decimal]:
    lots: dict[str, Decimal] = {}
    for text in texts:
        coin, _, quantity = text.partition("=")
        if not (coin.isascii() and coin.isalnum()) or coin.upper() in lots:
            raise RequestError("--lot", "COIN=QUANTITY such as BTC=2, each coin once", repr(text))
        lots[coin.upper()] = _number("--lot", quantity, Decimal(0), Decimal("1e15"))
    return lots


def _ratio(text: str) -> Decimal:
    return _number("--ratio", text, Decimal(-1), Decimal("1.05"))


def _number(option: str, text: str, above: Decimal, most: Decimal) -> Decimal:
    """A number in the range; 0 is allowed where ``above`` is negative. Raises RequestError."""
    expected = f"a number above 0 and up to {most:f}" if above == 0 else f"a number from 0 to {most:f}"
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise RequestError(option, expected, repr(text)) from None
    if not value.is_finite() or not above < value <= most or value < 0:
        raise RequestError(option, expected, repr(text))
    return value


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    with contextlib.suppress(ValueError):
        speed = float(text)
        if 0 < speed <= 10_000:
            return speed
    raise argparse.ArgumentTypeError(f"a number above 0 and up to 10000, or max, is expected, found {text!r}")
