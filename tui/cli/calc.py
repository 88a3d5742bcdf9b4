"""``hedgerow calc``: the public calculators, JSON in and JSON out."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from core.calculators import CALCULATORS, answer_json, schema
from core.errors import RequestError

if TYPE_CHECKING:
    from tui.cli.main import Commands

REFUSED = 2


def add_parser(commands: Commands) -> None:
    """Add ``calc`` to the command line."""
    parser = commands.add_parser(
        "calc",
        help="exact figures from a JSON request on standard input",
        description="Read one JSON request from standard input and print the answer as JSON; decimals are strings.",
        epilog="Exit status: 0 with an answer, 2 where the request is refused (the reason is on standard error).",
    )
    _add_arguments(parser)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"one of {', '.join(CALCULATORS)}")
    parser.add_argument("--list", action="store_true", help="print the names of the calculators and what they do")
    parser.add_argument("--schema", action="store_true", help="print the JSON schemas of request and answer")


def run(args: argparse.Namespace) -> int:
    """Do what the arguments ask; returns the exit status."""
    if args.list:
        for calculator in CALCULATORS.values():
            print(f"{calculator.name:<12} {calculator.summary}")
        return 0
    try:
        if args.name is None:
            raise RequestError("NAME", f"one of {', '.join(CALCULATORS)}", "nothing")
        if args.schema:
            print(json.dumps(schema(args.name), indent=2, ensure_ascii=False))
            return 0
        print(answer_json(args.name, _request(args.name)))
    except RequestError as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    return 0


def _request(name: str) -> bytes:
    if sys.stdin.isatty():
        usage = f"a JSON request on standard input, as in: hedgerow calc {name} < request.json"
        raise RequestError("request", usage, "a terminal")
    return sys.stdin.buffer.read()


def main(argv: list[str] | None = None) -> int:
    """``python -m tui.cli.calc``: this one command by itself."""
    parser = argparse.ArgumentParser(prog="hedgerow calc", description=__doc__)
    _add_arguments(parser)
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
