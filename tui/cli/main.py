"""The command line: find the command, import only its module, run it, and turn every failure into one clear line.

Exit codes: 0 done; 1 a command failed, or found bad input; 2 wrong usage or configuration; 130 interrupted; 129 or 143
told to end by SIGHUP or SIGTERM; 141 whoever read the output has gone. ``status`` and ``doctor`` document their own.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

from core.errors import ConfigError, HedgerowError, RequestError

DONE, FAILED, USAGE, INTERRUPTED, READER_GONE = 0, 1, 2, 130, 141
_DEFAULT_COMMAND = "run"
_OWN_OPTIONS = frozenset({"-h", "--help", "--version"})
_OUTPUT_FAILED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What writing to a full or broken disk raises; any other OSError is a fault of ours and must not look like this."""


class Commands(Protocol):
    """Where a command module adds its parser: what ``ArgumentParser.add_subparsers`` returns."""

    def add_parser(
        self, name: str, *, help: str = ..., description: str = ..., epilog: str = ...
    ) -> argparse.ArgumentParser:
        """A new parser for the command ``name``."""
        ...


class CommandModule(Protocol):
    """What a module of a command offers."""

    def add_parser(self, commands: Commands) -> object:
        """Add the command's parser."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the result is the exit code."""
        ...


class _Command(NamedTuple):
    module: str
    summary: str


COMMANDS = {
    "demo": _Command("tui.cli.demo", "open the monitor on a simulated exchange"),
    "run": _Command("tui.cli.monitor", "open the monitor on your configuration (the default)"),
    "status": _Command("tui.cli.status", "print one snapshot; the exit code tells the worst alert"),
    "init": _Command("tui.cli.init", "write a commented configuration by asking"),
    "doctor": _Command("tui.cli.doctor", "check configuration, credentials, terminal and venues"),
    "record": _Command("tui.cli.record", "write raw frames of the configured venues to a file"),
    "replay": _Command("tui.cli.replay", "play a recorded file through the monitor"),
    "sim": _Command("tui.cli.sim", "run the simulated exchange alone"),
    "decode": _Command("tui.cli.decode", "turn raw frames on stdin into events on stdout"),
    "calc": _Command("tui.cli.calc", "exact figures from a JSON request"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; never raises for anything the user can cause."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        _clean_up_on_signals()
        _print_what_can_be_printed()
    try:
        code = _run(given)
        sys.stdout.flush()
        return code
    except (ConfigError, RequestError) as error:
        return _fail(error, USAGE)
    except HedgerowError as error:
        return _fail(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return READER_GONE
    except OSError as error:
        if error.errno not in _OUTPUT_FAILED:
            raise
        _drop_output()
        print(f"hedgerow: nothing more can be written: {error.strerror}", file=sys.stderr)
        return FAILED
    except SystemExit as stop:  # argparse: usage errors, --help, --version
        return stop.code if isinstance(stop.code, int) else FAILED


def _drop_output() -> None:
    """What is still buffered can go nowhere; without this, the interpreter would complain of it when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _clean_up_on_signals() -> None:
    """Let SIGTERM and SIGHUP end the process as an exit does, so that children and temporary files go with it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)


def _print_what_can_be_printed() -> None:
    """Escape what the terminal's encoding has no sign for, instead of failing at it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _run(given: list[str]) -> int:
    if not given or (given[0].startswith("-") and given[0] not in _OWN_OPTIONS):
        given = [_DEFAULT_COMMAND, *given]
    parser = _parser()
    commands = cast(Commands, parser.add_subparsers(dest="command", metavar="COMMAND", title="commands"))
    module: CommandModule | None = None
    for name, command in COMMANDS.items():
        if name == given[0]:
            module = cast(CommandModule, importlib.import_module(command.module))
            module.add_parser(commands)
        else:
            commands.add_parser(name, help=command.summary)
    options = parser.parse_args(given)
    return module.run(options) if module is not None else USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hedgerow",
        description="Watch a hedged bag of spot crypto: value, hedge, margin, liquidation, funding.",
        epilog='"hedgerow COMMAND --help" tells the options of a command. Without a command the monitor opens.',
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: package metadata is slow to read."""

    def __call__(self, parser: argparse.ArgumentParser, *_ignored: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"hedgerow {version('hedgerow')}")
        except PackageNotFoundError:
            print("hedgerow, not installed")
        parser.exit()


def _fail(error: HedgerowError, code: int) -> int:
    for line in str(error).splitlines():
        print(f"hedgerow: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
