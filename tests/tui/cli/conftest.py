"""A simulated exchange for the commands, and configurations that point at it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feeds.sim.process import SimulatorProcess, start_simulator
from tui.cli.main import main

KEY_NAME, SECRET_NAME = "HEDGEROW_TEST_KEY", "HEDGEROW_TEST_SECRET"
Configure = Callable[..., Path]


def usual_signals() -> None:
    """Undo what whoever runs the tests ignores (a background job ignores SIGINT): commands inherit it."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="module")
def _exchange() -> Iterator[SimulatorProcess]:
    with start_simulator() as simulator:
        yield simulator


@pytest.fixture
def exchange(_exchange: SimulatorProcess) -> Iterator[SimulatorProcess]:
    """The simulated exchange, without faults left over from another test; BTC stands at 60,000."""
    _exchange.control("pin", coin="BTC", price="60000")
    yield _exchange
    _exchange.control("clear")


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders of the test's own for configuration, journal and log."""
    monkeypatch.delenv("HEDGEROW_CONFIG", raising=False)
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return tmp_path


@pytest.fixture
def configure(
    exchange: SimulatorProcess, own_folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Configure:
    """Writes a configuration by ``init`` with these options, at the exchange's addresses and with its key."""

    def write(venue: str = "bybit", *options: str, with_key: bool = True, permissions: str = "read") -> Path:
        path = own_folders / f"{venue}.toml"
        assert main(["init", "--defaults", "--force", "--config", str(path), "--venue", venue, *options]) == 0
        capsys.readouterr()
        addresses, key = exchange.venues[venue], exchange.api_key(venue, permissions)
        section = f'[venues.{venue}]\nrest = "{addresses.rest}"\nwebsocket = "{addresses.websocket}"\n'
        if with_key:
            section += f'api_key_env = "{KEY_NAME}"\nsecret_env = "{SECRET_NAME}"\n'
            monkeypatch.setenv(KEY_NAME, key.key)
            monkeypatch.setenv(SECRET_NAME, key.secret)
        text = path.read_text()
        assert f"# [venues.{venue}]\n" in text
        path.write_text(text.replace(f"# [venues.{venue}]\n", section, 1))
        return path

    return write
