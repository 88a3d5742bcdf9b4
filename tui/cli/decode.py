"""``hedgerow decode``: raw venue frames on standard input, normalised events on standard output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import msgspec

from core.errors import RequestError
from core.events import FrameFault, Heard, Ticker
from core.plain_json import plain_json
from core.symbols import MARKETS

if TYPE_CHECKING:
    from tui.cli.main import Commands

GOOD, SOME_BAD = 0, 1
_DESCRIPTION = """\
Read raw websocket frames, one a line, and print each one's events as JSON, one a line. Decimals are strings. Frames
of one connection belong in one run, in their order: deltas are merged. Blank lines are skipped. A line that cannot
be used, or only in part, prints nothing; standard error says its number, the reason and the field."""
_EPILOG = "Exit status: 0 if every line was used, 1 if any was not, 2 for wrong usage."


def add_parser(commands: Commands) -> None:
    """Add ``decode`` to the command line."""
    parser = commands.add_parser(
        "decode", help="turn raw frames on stdin into events on stdout", description=_DESCRIPTION, epilog=_EPILOG
    )
    markets = "; ".join(f"{venue}: {', '.join(names)}" for venue, names in MARKETS.items())
    parser.add_argument("--venue", choices=sorted(MARKETS), help="whose frames they are")
    parser.add_argument("--market", metavar="M", help=f"which of its markets ({markets}); the first if not given")
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of the events and stop")


def run(arguments: argparse.Namespace) -> int:
    """Decode standard input; the result is the exit code. Raises RequestError for wrong usage."""
    if arguments.schema:
        print(json.dumps(msgspec.json.schema(Ticker | Heard), indent=2))
        return GOOD
    if arguments.venue is None:
        raise RequestError("--venue", f"one of {', '.join(sorted(MARKETS))}", "nothing")
    allowed = MARKETS[arguments.venue]
    market = allowed[0] if arguments.market is None else arguments.market
    if market not in allowed:
        raise RequestError("--market", f"one of {', '.join(allowed)} on {arguments.venue}", repr(market))
    if sys.stdin is None or sys.stdin.isatty():
        raise RequestError("frames", f"on standard input: hedgerow decode --venue {arguments.venue} < frames", "none")
    return _decode(arguments.venue, market, sys.stdin.buffer, sys.stdout.buffer, sys.stderr)


def _decode(venue: str, market: str, frames: IO[bytes], events: IO[bytes], complaints: IO[str]) -> int:
    from feeds.registry import decoder_for

    decoder = decoder_for(venue, market)
    code = GOOD
    for number, frame in _lines(frames):
        told = decoder.decode(frame, 0)
        faults = [event for event in told if isinstance(event, FrameFault)]
        for fault in faults:
            code = SOME_BAD
            print(f"line {number}: {_described(fault)}", file=complaints)
        if not faults:
            events.writelines(plain_json(event) + b"\n" for event in told)
            events.flush()
    return code


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Number and content of each line that is not blank. A line too long to be used is cut, so memory stays bounded."""
    from feeds.frames import MAX_FRAME_BYTES

    longest = MAX_FRAME_BYTES + 1
    number = 0
    while line := stream.readline(longest):
        number += 1
        rest = line
        while len(rest) == longest and not rest.endswith(b"\n"):
            rest = stream.readline(longest)
        if frame := line.strip():
            yield number, frame if rest is line else line


def _described(fault: FrameFault) -> str:
    return ": ".join(part for part in (fault.kind.value, fault.channel, fault.field, fault.detail) if part)


if __name__ == "__main__":
    from tui.cli.main import main

    sys.exit(main(["decode", *sys.argv[1:]]))
