"""Coverage-guided fuzzing of one venue's decoders, outside the test suite: ``python -m tests.fuzz.decoders VENUE``.

Needs ``atheris``. Every input is taken as a public frame, as a private frame and as the body of each REST endpoint of
every market. It fails (and leaves the input in a file that libFuzzer names) where anything is raised that should not
be, where one input takes longer than a second, and where a public frame yields a number that it does not hold. The
seeds are the recorded samples beside the checkout, where they are, and the options after ``--`` are libFuzzer's.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import pkgutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import atheris

with atheris.instrument_imports(include=["feeds", "core.history", "core.tiers"]):
    from core.errors import DecodeError, VenueError
    from core.events import AnyEvent
    from core.symbols import MARKETS
    from feeds.registry import VENUES, account_decoder_for, decoder_for, rest_answer, venue_module

from tests.support.frames import SHARED, numbers_in, numbers_of

RECEIVED_NS: Final = 1_790_000_000_000_000_000
LONGEST_SECONDS: Final = 1.0


def load(venue: str) -> None:
    """Import everything of a venue with its branches counted: its modules are imported late otherwise."""
    with atheris.instrument_imports(include=["feeds"]):
        package = importlib.import_module(f"feeds.{venue}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"feeds.{venue}.{module.name}")


class Target:
    """Everything of one venue that reads bytes from outside."""

    def __init__(self, venue: str) -> None:
        self._venue, self._module = venue, venue_module(venue)
        self._paths = sorted(self._module.rest_paths())

    def __call__(self, content: bytes) -> None:
        """Take one input: its first byte chooses the market and what it is taken for."""
        if not content:
            return
        choice, raw = content[0], content[1:]
        markets = MARKETS[self._venue]
        market, kind = markets[choice % len(markets)], choice // len(markets) % 3
        begun = time.perf_counter()
        if kind == 0:
            self._public(market, raw)
        elif kind == 1:
            self._private(market, raw)
        else:
            self._body(market, raw)
        if time.perf_counter() - begun > LONGEST_SECONDS:
            raise AssertionError("one input took longer than a second")

    def _public(self, market: str, raw: bytes) -> None:
        decoder = decoder_for(self._venue, market)
        held = numbers_in(raw)
        for frame in raw.split(b"\n"):
            events = decoder.decode(frame, RECEIVED_NS)
            invented = [number for number in numbers_of(events) if number not in held]
            if invented:
                raise AssertionError(f"{market}: invented {invented}")

    def _private(self, market: str, raw: bytes) -> None:
        decoder = account_decoder_for(self._venue, market, "account")
        if decoder is not None:
            for frame in raw.split(b"\n"):
                _iterate(decoder.decode(frame, RECEIVED_NS))

    def _body(self, market: str, raw: bytes) -> None:
        if not raw:
            return
        path = self._paths[raw[0] % len(self._paths)]
        answer = rest_answer(self._venue, market, path, raw[1:], RECEIVED_NS)
        with contextlib.suppress(DecodeError, VenueError):
            _iterate(self._module.rest_events(answer))


def _iterate(events: Sequence[AnyEvent]) -> None:
    for event in events:
        repr(event)


def seeds(venue: str) -> Iterator[bytes]:
    """The venue's samples, each as every kind of input."""
    markets, paths = MARKETS[venue], sorted(venue_module(venue).rest_paths())
    for folder in sorted((SHARED / "wire").glob(f"{venue}*")):
        for file in sorted(folder.glob("*.json")):
            raw = json.dumps(json.loads(file.read_text()), separators=(",", ":")).encode()
            for market in range(len(markets)):
                if file.name.startswith("rest"):
                    yield from (bytes([market + 2 * len(markets), path]) + raw for path in range(len(paths)))
                else:
                    yield bytes([market]) + raw
                    yield bytes([market + len(markets)]) + raw


def main() -> None:
    """Fuzz until the time is up."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz.decoders", description=__doc__)
    options.add_argument("venue", choices=VENUES)
    options.add_argument("--minutes", type=float, default=10)
    arguments, more = options.parse_known_args()
    load(arguments.venue)
    with tempfile.TemporaryDirectory(prefix="hedgerow-fuzz-") as folder:
        corpus = Path(folder)
        for number, seed in enumerate(seeds(arguments.venue)):
            (corpus / str(number)).write_bytes(seed)
        command = [sys.argv[0], str(corpus), f"-max_total_time={round(arguments.minutes * 60)}", "-max_len=20000"]
        atheris.Setup([*command, *(option for option in more if option != "--")], Target(arguments.venue))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
