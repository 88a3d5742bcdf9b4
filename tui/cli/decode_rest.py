"""``hedgerow decode --rest``: bodies of one REST endpoint to events."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import IO

import msgspec

from core.errors import DecodeError, RequestError, VenueError
from feeds.registry import rest_answer, venue_module
from tui.cli.decode import GOOD, SOME_BAD, print_events

LARGEST_INPUT_BYTES = 64 * 1024 * 1024


def decode_bodies(venue: str, market: str, endpoint: str, stream: IO[bytes]) -> int:
    """Decode what the endpoint answered; the result is the exit code. Raises RequestError for an endpoint that is not
    read and for too long an input."""
    rest_answer(venue, market, endpoint, b"", 0)  # refused before anything is read
    content = stream.read(LARGEST_INPUT_BYTES + 1)
    if len(content) > LARGEST_INPUT_BYTES:
        raise RequestError("body", f"at most {LARGEST_INPUT_BYTES} bytes", "more")
    code = GOOD
    for place, body in _bodies(content):
        answer = rest_answer(venue, market, endpoint, body, 0)
        try:
            told = venue_module(venue).rest_events(answer)
            good = print_events(told, place)
            if not told:
                print(f"{place}: nothing in it that is used here, as {endpoint!r} asks", file=sys.stderr)
        except (DecodeError, VenueError) as error:
            print(f"{place}: {_described(error)}", file=sys.stderr)
            good = False
        if not good:
            code = SOME_BAD
    return code


def _bodies(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The body, or one a line where the whole is no JSON but its first line is."""
    lines = content.splitlines()
    if len(lines) > 1 and not _is_json(content) and _is_json(lines[0]):
        yield from ((f"line {number}", line) for number, line in enumerate(lines, 1) if line.strip())
    elif content.strip():
        yield "body", content


def _is_json(content: bytes) -> bool:
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _described(error: DecodeError | VenueError) -> str:
    if isinstance(error, DecodeError):
        return str(error)
    outcome = " (it may have been carried out all the same)" if error.outcome_unknown else ""
    wait = "" if error.retry_after_seconds is None else f" (to be left alone for {error.retry_after_seconds:g} s)"
    return f"refused: {error}{outcome}{wait}"
