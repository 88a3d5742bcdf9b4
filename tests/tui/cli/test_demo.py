"""The demo and the monitor as a user starts them: in a terminal of their own, and where there is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE
from tests.terminal.pseudo import PseudoTerminal, environment
from tests.tui.cli.conftest import SECRET_NAME, Configure, usual_signals
from tui.cli.main import main

ALTERNATE_SCREEN_LEFT = b"\x1b[?1049l"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui.cli.main", *arguments]


def children_of(process: int) -> list[int]:
    """The processes that this one has started and that still run."""
    threads = Path(f"/proc/{process}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def assert_gone(process: int, seconds: float = PATIENCE) -> None:
    """Wait for the end of a process that is not ours to wait for."""
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{process}").exists():
        if "State:\tZ" in Path(f"/proc/{process}/status").read_text():
            return
        assert time.monotonic() < deadline, f"{process} is still there"
        time.sleep(0.01)


@pytest.fixture
def demo(own_folders: Path) -> Iterator[PseudoTerminal]:
    """The demo at 48,000, with all its figures on the screen."""
    with PseudoTerminal(command("demo", "--pin", "BTC=48000"), before_exec=usual_signals) as terminal:
        terminal.wait_for_text("+30,000.00")
        yield terminal


def test_the_demo_shows_its_book_at_a_price_and_leaves_nothing_behind(demo: PseudoTerminal, own_folders: Path) -> None:
    for shown in ("DEMO", "−60,000.00", "−30,000.00", "simulated bybit", "LIVE", "nothing is kept"):
        demo.wait_for_text(shown)
    (exchange,) = children_of(demo.pid)
    demo.send("q")
    assert demo.exit_code() == 0
    assert ALTERNATE_SCREEN_LEFT in demo.output
    assert_gone(exchange)
    assert list(own_folders.rglob("*")) == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_however_the_demo_ends_its_exchange_ends_with_it(
    demo: PseudoTerminal, number: signal.Signals, code: int
) -> None:
    (exchange,) = children_of(demo.pid)
    demo.signal(number)
    assert demo.exit_code() == code
    assert_gone(exchange)
    assert number == signal.SIGKILL or ALTERNATE_SCREEN_LEFT in demo.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_demo_ended_while_it_starts_ends_its_exchange_too(own_folders: Path, number: signal.Signals) -> None:
    with PseudoTerminal(command("demo"), before_exec=usual_signals) as terminal:
        terminal.wait_for(lambda: bool(children_of(terminal.pid)), what="the exchange to be started")
        (exchange,) = children_of(terminal.pid)
        terminal.signal(number)
        assert terminal.exit_code() == 128 + number
        assert_gone(exchange)
        assert ALTERNATE_SCREEN_LEFT in terminal.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--pin", "BTC=free"], 2, "--pin: expected COIN=PRICE"),
        (["--pin", "NOCOIN=1"], 1, "NOCOIN"),
        (["--seed", "x"], 2, "--seed"),
        (["--venue", "okx"], 2, "okx"),
    ],
)
def test_a_demo_that_cannot_start_says_why_on_the_screen_that_stays(
    own_folders: Path, arguments: list[str], code: int, said: str
) -> None:
    with PseudoTerminal(command("demo", *arguments)) as terminal:
        assert terminal.exit_code() == code
        last = bytes(terminal.output).rpartition(ALTERNATE_SCREEN_LEFT)[2].decode()
    assert said in last
    assert "Traceback" not in last


@pytest.mark.parametrize("name", ["demo", "run"])
def test_without_a_terminal_the_way_for_scripts_is_named(name: str, own_folders: Path) -> None:
    result = subprocess.run(
        command(name), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert "hedgerow status" in result.stderr
    assert "--json" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_monitor_refuses_a_bad_configuration_before_it_takes_the_screen(own_folders: Path) -> None:
    path = own_folders / "config.toml"
    path.write_text("[[books]]\nname = 3\n")
    with PseudoTerminal(command("--config", str(path))) as terminal:
        assert terminal.exit_code() == 2
        output = terminal.output.decode()
    assert f"hedgerow: {path}:2: books[0].name: expected a name" in output
    assert "\x1b[?1049h" not in output


def test_a_hedge_opened_by_keys_is_there_in_the_next_run(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    path = configure("bybit")
    with PseudoTerminal(command("run", "--config", str(path)), env=environment(**os.environ)) as terminal:
        terminal.wait_for_text("PAPER")
        terminal.wait_for_text("LIVE")
        terminal.wait_for_text("60,000.00")
        terminal.send("\r")
        terminal.wait_for_text("2.5")
        terminal.wait_for_text("send")
        terminal.read(0.6)
        terminal.send("y")
        terminal.wait_for_text("−2.5000")
        terminal.send("q")
        assert terminal.exit_code() == 0
    assert main(["status", "--json", "--config", str(path)]) == 0
    (book,) = json.loads(capsys.readouterr().out)["books"]
    assert Decimal(book["hedges"][0]["quantity"]["value"]) == Decimal("-2.5")
    assert Decimal(book["hedges"][0]["ratio"]["value"]) == Decimal("0.5")


def test_a_key_that_the_venue_refuses_is_seen_nowhere(
    configure: Configure, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configure("binance")
    monkeypatch.setenv(SECRET_NAME, "canary-5ec2e7")
    with PseudoTerminal(command("--config", str(path)), env=environment(**os.environ)) as terminal:
        terminal.wait_for_text("60,000.00")
        terminal.send("q")
        assert terminal.exit_code() == 0
        assert b"canary" not in terminal.output
    assert "what the key of binance may do is not told" in (own_folders / "state/hedgerow/hedgerow.log").read_text()
    for file in own_folders.rglob("*"):
        assert not file.is_file() or b"canary" not in file.read_bytes()


def test_two_monitors_do_not_write_one_journal(configure: Configure) -> None:
    path = configure("bybit")
    with PseudoTerminal(command("--config", str(path)), env=environment(**os.environ)) as first:
        first.wait_for_text("PAPER")
        first.wait_for_text("60,000.00")
        with PseudoTerminal(command("--config", str(path)), env=environment(**os.environ)) as second:
            assert second.exit_code() == 1
            assert "in use by another Hedgerow" in second.output.decode()
        first.send("q")
        assert first.exit_code() == 0
