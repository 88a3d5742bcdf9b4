"""The simulator as a process and as a command: what it prints, how it stops, what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from core.errors import RequestError, VenueError
from feeds.sim.command import parse_pins
from feeds.sim.process import start_simulator
from feeds.sim.registry import VENUES
from tests.support.patience import PATIENCE
from tests.support.ports import ports_in_a_row

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tui.cli.main", "sim"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_a_child_serves_takes_faults_and_stops() -> None:
    with start_simulator(seed=7, pins={"BTC": Decimal("48000")}) as simulator:
        assert {key.venue for key in simulator.api_keys} == VENUES.keys()
        address = simulator.venues["bybit"].rest + "/v5/market/tickers?category=linear&symbol=BTCUSDT"
        ticker = httpx.get(address, trust_env=False, timeout=PATIENCE).json()["result"]["list"][0]
        assert ticker["markPrice"] == "48000"
        assert simulator.control("unpin", coin="BTC")["ok"]
        with pytest.raises(VenueError, match="coin"):
            simulator.control("unpin")
    assert gone(simulator.pid)
    simulator.stop()


def test_a_child_that_cannot_start_says_why() -> None:
    with pytest.raises(VenueError, match="BTC"):
        start_simulator(pins={"BTC": Decimal("0.001")})


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see a process end")
def test_a_child_dies_with_a_killed_parent() -> None:
    script = (
        "import sys, time; from feeds.sim.process import start_simulator\n"
        "print(start_simulator().pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert not gone(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + PATIENCE
    while not gone(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert gone(child)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_one_line_and_ends_cleanly(number: signal.Signals) -> None:
    process = subprocess.Popen([*COMMAND, "--pin", "BTC=48000"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    assert line["venues"].keys() == VENUES.keys()
    for venue in line["venues"].values():
        assert venue["rest"].startswith("http://127.0.0.1:")
        assert venue["websocket"].startswith("ws://127.0.0.1:")
    assert line["api_keys"][0].keys() >= {"venue", "key", "secret"}
    process.send_signal(number)
    assert process.wait(PATIENCE) == 0
    assert process.stdout.read() == ""
    process.stdout.close()


def test_consecutive_ports_from_a_fixed_one_and_a_taken_port() -> None:
    port = ports_in_a_row(3)
    with start_simulator(port=port, venues=["binance", "bybit"]) as simulator:
        assert simulator.venues["bybit"].rest.endswith(f":{port}")
        assert simulator.venues["binance"].websocket.endswith(f":{port + 1}")
        assert f":{port + 2}/" in simulator.control_url
        refused = run("--port", str(port))
    assert refused.returncode == 2
    assert "already in use" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--host", "0.0.0.0"], "--allow-remote"),
        (["--pin", "BTC"], "--pin"),
        (["--pin", "BTC=abc"], "BTC=abc"),
        (["--pin", "XRP=1"], "XRP"),
        (["--port", "99999"], "--port"),
        (["--funding-every", "0"], "--funding-every"),
        (["--venues", "bybit,mtgox"], "mtgox"),
        (["--venues", ","], "--venues"),
        (["--weather", "1", "--weather-every", "0"], "--weather-every"),
    ],
)
def test_wrong_options_are_refused(arguments: list[str], named: str) -> None:
    refused = run(*arguments)
    assert refused.returncode == 2
    assert named in refused.stderr
    assert refused.stdout == ""
    assert "Traceback" not in refused.stderr


def test_pins_are_read_exactly() -> None:
    assert parse_pins(["BTC=48000.10", "eth=3000"]) == {"BTC": Decimal("48000.10"), "ETH": Decimal(3000)}
    with pytest.raises(RequestError):
        parse_pins(["BTC:5"])


def test_the_simulator_shares_no_code_with_the_adapters() -> None:
    script = """
import sys
from feeds.sim.simulator import Simulator, SimulatorOptions
names = list(Simulator(SimulatorOptions(), 1_786_310_400_000).venues)
print([name for name in sys.modules if name.startswith(("tui", *(f"feeds.{venue}" for venue in names)))])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, env=dict(os.environ)
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("venue", VENUES)
def test_a_venue_that_starts_alone_imports_no_other(venue: str) -> None:
    script = f"""
import sys
from feeds.sim.registry import VENUES
from feeds.sim.simulator import Simulator, SimulatorOptions
Simulator(SimulatorOptions(venues=({venue!r},)), 1_786_310_400_000)
print([name for name in VENUES if f"feeds.sim.{{name}}" in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, env=dict(os.environ)
    )
    assert done.stdout.strip() == str([venue])
