"""The command line's manners: help, exit codes, one line for an error, never a traceback; and what it imports."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.errors import ConfigError, ConfigErrors, JournalError, RequestError, VenueError
from tests.support.patience import PATIENCE
from tui.cli import main as command_line
from tui.cli.main import COMMANDS, Commands, main


def _python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def _imported_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after ``statement``."""
    result = _python(f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})")
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


NETWORK = {"httpx", "httpcore", "websockets", "aiohttp", "socketserver", "ssl"}


def test_core_loads_no_terminal_and_no_network_library() -> None:
    every_module = (
        "import importlib, pkgutil, core\n"
        "for module in pkgutil.walk_packages(core.__path__, 'core.'): importlib.import_module(module.name)"
    )
    assert _imported_by(every_module) & {"textual", "rich", "feeds", "tui", *NETWORK} == set()


def test_the_command_line_itself_loads_almost_nothing() -> None:
    loaded = _imported_by("import tui.cli.main")
    assert loaded & {"textual", "rich", "pydantic", "msgspec", "feeds", *NETWORK} == set()


@pytest.mark.parametrize("command", [["--help"], ["--version"], ["init", "--help"]])
def test_help_needs_no_screen_and_no_network(command: list[str]) -> None:
    loaded = _imported_by(
        f"import os; from tui.cli.main import main; os.dup2(2, 1); main({command!r}); sys.stdout.flush()"
    )
    assert loaded & {"textual", *NETWORK} == set()


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for name, command in COMMANDS.items() if name not in shown or command.summary not in shown] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"hedgerow {command}" in capsys.readouterr().out


def test_an_unknown_command_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dmeo"]) == 2
    told = capsys.readouterr().err
    assert "dmeo" in told
    assert "demo" in told


class _Spy:
    """Stands in for a command's module."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.seen: argparse.Namespace | None = None
        self._failure = failure

    def add_parser(self, commands: Commands) -> None:
        commands.add_parser("run", help="").add_argument("--config")

    def run(self, arguments: argparse.Namespace) -> int:
        self.seen = arguments
        if self._failure is not None:
            raise self._failure
        return 3


def _instead_of_run(monkeypatch: pytest.MonkeyPatch, spy: _Spy) -> None:
    monkeypatch.setattr(command_line, "importlib", SimpleNamespace(import_module=lambda _name: spy))


@pytest.mark.parametrize("arguments", [["--config", "x.toml"], ["run", "--config", "x.toml"]])
def test_without_a_command_the_monitor_runs(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    spy = _Spy()
    _instead_of_run(monkeypatch, spy)
    assert main(arguments) == 3
    assert spy.seen is not None
    assert spy.seen.config == "x.toml"


FIRST, SECOND = ConfigError("f.toml", 3, "a.b", "a number", "true"), ConfigError("f.toml", 9, "c", "text")


@pytest.mark.parametrize(
    ("failure", "code", "lines"),
    [
        (FIRST, 2, ["hedgerow: f.toml:3: a.b: expected a number, found true"]),
        (ConfigErrors([FIRST, SECOND]), 2, [f"hedgerow: {FIRST}", f"hedgerow: {SECOND}"]),
        (RequestError("--pin", "COIN=PRICE"), 2, ["hedgerow: --pin: expected COIN=PRICE"]),
        (VenueError("bybit", "10003", "no"), 1, ["hedgerow: bybit: 10003: no"]),
        (JournalError("full"), 1, ["hedgerow: full"]),
        (KeyboardInterrupt(), 130, []),
    ],
)
def test_a_failure_is_one_line_and_an_exit_code(
    failure: BaseException,
    code: int,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _instead_of_run(monkeypatch, _Spy(failure))
    assert main(["run"]) == code
    assert capsys.readouterr().err.splitlines() == lines


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this platform has no always-full device")
@pytest.mark.parametrize(
    ("command", "given"),
    [
        (["calc", "--list"], b""),
        (["decode", "--venue", "bybit"], b'{"success":true,"ret_msg":"pong","op":"ping"}\n'),
        (["--version"], b""),
    ],
)
def test_output_to_a_full_disk_fails_in_one_line(command: list[str], given: bytes) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "tui.cli.main", *command],
            input=given, stdout=full, stderr=subprocess.PIPE, check=False, timeout=PATIENCE,
        )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.decode().splitlines() == ["hedgerow: nothing more can be written: No space left on device"]


def test_a_reader_that_leaves_early_is_no_error() -> None:
    program = (
        "import sys, types, tui.cli.main as line\n"
        "def run(_): [print('x' * 1000) for _ in range(1000)]; return 0\n"
        "module = types.SimpleNamespace(add_parser=lambda c: c.add_parser('run'), run=run)\n"
        "line.importlib = types.SimpleNamespace(import_module=lambda name: module)\n"
        "sys.exit(line.main(['run']))"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 141
