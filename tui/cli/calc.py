"""``hedgerow calc``: the public calculators, JSON in and JSON out."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from typing import TYPE_CHECKING

from core.calculators import CALCULATORS, answer_json, explain_json, explain_text, schema
from core.errors import RequestError

if TYPE_CHECKING:
    from tui.cli.main import Commands

REFUSED = 2
PLAIN_WIDTH = 80


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
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON schemas of request, answer and explanation"
    )
    parser.add_argument(
        "--explain",
        nargs="?",
        const="json",
        choices=("json", "text"),
        help="print the answer with the formulas and the numbers it was made of; =text to read, JSON otherwise",
    )


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
        print(_answer(args.name, args.explain))
    except RequestError as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    return 0


def _answer(name: str, explanation: str | None) -> str:
    request = _request(name)
    if explanation == "text":
        return explain_text(name, request, _width())
    return explain_json(name, request) if explanation == "json" else answer_json(name, request)


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PLAIN_WIDTH


def _request(name: str) -> bytes:
    if sys.stdin.isatty():
        usage = f"a JSON request on standard input, as in: hedgerow calc {name} < request.json"
        raise RequestError("request", usage, "a terminal")
    return sys.stdin.buffer.read()


def main(argv: list[str] | None = None) -> int:
    """``python -m tui.cli.calc``: this one command by itself, ending as ``hedgerow`` does."""
    from tui.cli.main import main as hedgerow

    return hedgerow(["calc", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    sys.exit(main())
