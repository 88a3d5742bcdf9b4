"""Keys are found where the configuration says, and no way of failing to find one shows it."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from core.config import Config, parse_config
from core.errors import ConfigError
from feeds.venue import Credentials
from tui.cli.credentials import resolve_credentials

KEY, SECRET = "canary-key-51", "canary-secret-77"
BOOK = '[[books]]\nname = "a"\nlots = [{ asset = "BTC", quantity = 1, price = "bybit:spot:BTCUSDT" }]\n'
ENVIRONMENT = {"KEY": KEY, "SECRET": SECRET, "BLANK": " "}


def config(folder: Path, *lines: str) -> Config:
    return parse_config("\n".join(["[venues.bybit]", *lines, "", BOOK]), folder / "config.toml")


def printing(*lines: str) -> str:
    """A ``secret_command`` that prints these lines."""
    words = [sys.executable, "-c", f"print({chr(10).join(lines)!r})"]
    return "secret_command = [" + ", ".join(f"'''{word}'''" for word in words) + "]"


def secret_file(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "bybit.key"
    path.write_text(text)
    path.chmod(mode)
    return 'secret_file = "bybit.key"'


SOURCES: dict[str, Callable[[Path], list[str]]] = {
    "environment": lambda _: ['api_key_env = "KEY"', 'secret_env = "SECRET"'],
    "command for the secret": lambda _: ['api_key_env = "KEY"', printing(SECRET)],
    "command for both": lambda _: [printing(KEY, SECRET)],
    "file for the secret": lambda folder: ['api_key_env = "KEY"', secret_file(folder, f"{SECRET}\n")],
    "file for both": lambda folder: [secret_file(folder, f"{KEY}\n\n{SECRET}")],
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_key_is_found_where_the_file_says(source: str, tmp_path: Path) -> None:
    found = resolve_credentials(config(tmp_path, *SOURCES[source](tmp_path)), "bybit", ENVIRONMENT)
    assert found == Credentials(key=KEY, secret=SECRET)
    assert KEY not in repr(found)
    assert SECRET not in f"{found} {[found]}"


def test_without_a_source_there_is_no_key(tmp_path: Path) -> None:
    assert resolve_credentials(config(tmp_path), "bybit", ENVIRONMENT) is None
    assert resolve_credentials(config(tmp_path), "binance", ENVIRONMENT) is None


FAILURES: dict[str, tuple[Callable[[Path], list[str]], str, str]] = {
    "variable not set": (lambda _: ['api_key_env = "KEY"', 'secret_env = "NONE"'], "secret_env", "that is set"),
    "blank variable": (lambda _: ['api_key_env = "BLANK"', 'secret_env = "SECRET"'], "api_key_env", "that is set"),
    "no such command": (lambda _: [f'secret_command = ["/{SECRET}"]'], "secret_command", "that can be run"),
    "failing command": (
        lambda _: [f"secret_command = ['{sys.executable}', '-c', 'print(\"{SECRET}\"); exit(3)']"],
        "secret_command",
        "exit code 3",
    ),
    "three lines": (lambda _: [printing(KEY, SECRET, "more")], "secret_command", "on two lines"),
    "one line, key elsewhere not said": (lambda _: [printing(SECRET)], "secret_command", "on two lines"),
    "two lines, key in the environment": (
        lambda _: ['api_key_env = "KEY"', printing(KEY, SECRET)],
        "secret_command",
        "on one line",
    ),
    "words in a line": (lambda _: ['api_key_env = "KEY"', printing(f"the secret: {SECRET}")], "secret_command", "line"),
    "file readable by others": (lambda folder: [secret_file(folder, SECRET, 0o640)], "secret_file", "mode 0640"),
    "no file": (lambda _: [f'secret_file = "{SECRET}"'], "secret_file", "that can be read"),
    "a folder": (lambda _: ['secret_file = "."'], "secret_file", "that can be read"),
    "a device": (lambda _: ['secret_file = "/dev/null"'], "secret_file", "mode 0600"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_key_that_cannot_be_had_is_refused_without_showing_it(failure: str, tmp_path: Path) -> None:
    lines, setting, said = FAILURES[failure]
    with pytest.raises(ConfigError) as caught:
        resolve_credentials(config(tmp_path, *lines(tmp_path)), "bybit", ENVIRONMENT)
    assert caught.value.key == f"venues.bybit.{setting}"
    assert said in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert KEY not in str(caught.value)


def test_a_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = config(tmp_path, secret_file(tmp_path, f"{KEY}\n{SECRET}"))
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(ConfigError) as caught:
        resolve_credentials(chosen, "bybit", ENVIRONMENT)
    assert "a file of yours" in str(caught.value)
