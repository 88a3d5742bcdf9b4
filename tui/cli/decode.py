"""``hedgerow decode``: raw venue frames on standard input, normalised events on standard output."""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING

import msgspec

from core.errors import RequestError
from core.events import AnyEvent, FrameFault
from core.plain_json import plain_json
from core.symbols import MARKETS, exchange_of

if TYPE_CHECKING:
    from tui.cli.main import Commands

GOOD, SOME_BAD = 0, 1
_OPENINGS, _CLOSINGS = (b"{", b"["), (b"}", b"]")
_DESCRIPTION = """\
Read raw websocket frames, public and private, one a line, and print each one's events as JSON, one a line. Decimals are
strings. Frames of one connection belong in one run, in their order: deltas are merged. Blank lines are skipped; a line
that is only an opening bracket begins a frame that goes on to the line that closes it. A line that cannot be used, or
only in part, prints nothing; standard error says its number, the reason and the field. With --rest
the whole input is one REST body, or one on each line."""
_EPILOG = "Exit status: 0 if all of it was used, 1 if anything was not, 2 for wrong usage."


def add_parser(commands: Commands) -> None:
    """Add ``decode`` to the command line."""
    parser = commands.add_parser(
        "decode",
        help="turn raw frames and REST bodies on stdin into events on stdout",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    markets = "; ".join(f"{venue}: {', '.join(names)}" for venue, names in MARKETS.items())
    parser.add_argument("--venue", help=f"whose frames they are: one of {', '.join(sorted(MARKETS))}")
    parser.add_argument("--market", metavar="M", help=f"which of its markets ({markets}); the first if not given")
    parser.add_argument(
        "--rest", metavar="ENDPOINT", help="the input is what this endpoint answered: its path, with a query if need be"
    )
    parser.add_argument("--base64", action="store_true", help="each line is a binary frame (compressed, say) as Base64")
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of the events and stop")


def run(arguments: argparse.Namespace) -> int:
    """Decode standard input; the result is the exit code. Raises RequestError for wrong usage."""
    if arguments.schema:
        print(json.dumps(msgspec.json.schema(AnyEvent), indent=2))
        return GOOD
    if arguments.venue is None:
        raise RequestError("--venue", f"one of {', '.join(sorted(MARKETS))}", "nothing")
    if exchange_of(arguments.venue):
        expected = f"one of {', '.join(sorted(MARKETS))}: ccxt leaves nothing raw to decode"
        raise RequestError("--venue", expected, repr(arguments.venue))
    if arguments.venue not in MARKETS:
        raise RequestError("--venue", f"one of {', '.join(sorted(MARKETS))}", repr(arguments.venue))
    allowed = MARKETS[arguments.venue]
    market = allowed[0] if arguments.market is None else arguments.market
    if market not in allowed:
        raise RequestError("--market", f"one of {', '.join(allowed)} on {arguments.venue}", repr(market))
    if sys.stdin is None or sys.stdin.isatty():
        raise RequestError("frames", f"on standard input: hedgerow decode --venue {arguments.venue} < frames", "none")
    if arguments.rest is None:
        frames = _binary(sys.stdin.buffer) if arguments.base64 else _lines(sys.stdin.buffer)
        return _decode(arguments.venue, market, frames)
    from tui.cli.decode_rest import decode_bodies

    return decode_bodies(arguments.venue, market, arguments.rest, sys.stdin.buffer)


def _decode(venue: str, market: str, frames: Iterator[tuple[int, bytes]]) -> int:
    from feeds.decoding import AnyFrameDecoder

    decoder = AnyFrameDecoder(venue, market)
    code = GOOD
    for number, frame in frames:
        if not print_events(decoder.decode(frame, 0), f"line {number}"):
            code = SOME_BAD
    return code


def print_events(told: Sequence[AnyEvent], place: str) -> bool:
    """Print events, one a line; where there are faults among them, only those, to standard error: then false."""
    faults = [event for event in told if isinstance(event, FrameFault)]
    for fault in faults:
        print(f"{place}: {_described(fault)}", file=sys.stderr)
    if not faults:
        sys.stdout.buffer.writelines(plain_json(event) + b"\n" for event in told)
        sys.stdout.buffer.flush()
    return not faults


def _binary(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Number and content of each line that is Base64; others as they are, for the decoder to refuse."""
    for number, line in _lines(stream):
        try:
            yield number, base64.b64decode(line, validate=True)
        except ValueError:
            yield number, line


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
        if line.strip() in _OPENINGS:
            frame, more = _spread(line, stream)
            yield number, frame
            number += more
        elif frame := line.strip():
            yield number, frame if rest is line else line


def _spread(opening: bytes, stream: IO[bytes]) -> tuple[bytes, int]:
    """A frame written over several lines, up to the line at its margin that closes it; how many more lines it took."""
    from feeds.frames import MAX_FRAME_BYTES

    frame, more = opening, 0
    while len(frame) <= MAX_FRAME_BYTES and (line := stream.readline(MAX_FRAME_BYTES)):
        frame, more = frame + line, more + 1
        if line.rstrip() in _CLOSINGS:
            break
    return frame, more


def _described(fault: FrameFault) -> str:
    return ": ".join(part for part in (fault.kind.value, fault.channel, fault.field, fault.detail) if part)


if __name__ == "__main__":
    from tui.cli.main import main

    sys.exit(main(["decode", *sys.argv[1:]]))
